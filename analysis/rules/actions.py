"""What does a rule do when its condition holds?"""

from __future__ import annotations

from dataclasses import field
from typing import ClassVar

from analysis.errors import QuestionError
from analysis.messages import say
from analysis.rules.conditions import whole_hours
from analysis.values import Value, duration, number, one_of, optional, text, value


class Action(Value):
    """Base of what a rule does.

    Attributes
    ----------
    moves : bool
        Whether it moves money, and so happens only at adjustments at which the rule is met; the others act at the
        evaluation.
    """

    moves: ClassVar[bool] = True


@value("change-budget")
class ChangeBudget(Action):
    """Change the channel's own budget; the other channels pay for it, or get it, in proportion to theirs.

    Parameters
    ----------
    percent : float, optional
        Share of the channel's present budget, such as 0.2 or -0.2.
    amount : float, optional
        Money a day instead.

    Examples
    --------
    >>> ChangeBudget(percent=0.2)
    ChangeBudget(percent=0.2)
    """

    percent: float | None = field(default=None, metadata=optional(number(least=-1, most=100)))
    amount: float | None = field(default=None, metadata=optional(number(least=-1e12, most=1e12)))

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.percent is None) == (self.amount is None):
            raise QuestionError.crossed(say("A change of budget needs either a percentage or an amount."))


@value("rebalance")
class Rebalance(Action):
    """Move budget between channels.

    Parameters
    ----------
    by : {"marginal_roi", "roi", "even"}
        From the lowest marginal ROI to the highest, no further than where they meet; towards shares in proportion to
        the ROI seen; or towards equal shares.
    step : float
        Largest share of all budget that one adjustment moves.
    over, excluding : str or timedelta
        What the figures are read over, and the most recent hours left out of it.
    """

    by: str = field(default="marginal_roi", metadata=one_of("marginal_roi", "roi", "even"))
    step: float = field(default=0.1, metadata=number(above=0, most=1))
    over: str = field(default="1d", metadata=duration())
    excluding: str | None = field(default=None, metadata=optional(duration()))

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("over", "excluding"):
            if window := getattr(self, name):
                whole_hours(name, window)


@value("draw-reserve")
class DrawReserve(Action):
    """Spend some of the reserve until the next adjustment, where the next unit of money earns most.

    Parameters
    ----------
    share : float
        Of the reserve there was at the start.
    min_roi : float
        Nothing is drawn for less than this estimated marginal ROI.
    """

    share: float = field(default=1 / 3, metadata=number(above=0, most=1))
    min_roi: float = field(default=1.0, metadata=number(least=0, most=1000))


@value("refill-reserve")
class RefillReserve(Action):
    """Take a share of every channel's budget back into the reserve."""

    share: float = field(default=0.05, metadata=number(above=0, most=1))


@value("release-tranche")
class ReleaseTranche(Action):
    """Hand out the next tranche that was held back for a staged release, in the shares of the plan."""


@value("pause")
class Pause(Action):
    """Stop a channel; its budget goes to the others in proportion to theirs."""

    moves: ClassVar[bool] = False


@value("resume")
class Resume(Action):
    """Start a paused channel again, with its share of the plan taken from the others."""

    moves: ClassVar[bool] = False


@value("notify")
class Notify(Action):
    """Tell people, and do nothing else.

    Parameters
    ----------
    message : str, optional
    """

    moves: ClassVar[bool] = False
    message: str | None = field(default=None, metadata=optional(text()))


@value("stand-down")
class StandDown(Action):
    """Stop all rules for some hours: the circuit breaker.

    Parameters
    ----------
    lasts : str or timedelta
    """

    moves: ClassVar[bool] = False
    lasts: str = field(default="1d", metadata=duration())

    def __post_init__(self) -> None:
        super().__post_init__()
        whole_hours("lasts", self.lasts)
