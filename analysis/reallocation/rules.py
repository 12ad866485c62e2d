"""What may be moved, when and how far while a campaign runs, and what the market is taken to do meanwhile?"""

from __future__ import annotations

from dataclasses import field

from analysis.errors import QuestionError
from analysis.messages import say
from analysis.values import Value, duration, number, optional, seconds, value, whole

HOUR = 3600
LONGEST = 366
"""Most days a rule's clock or a simulated campaign may run."""


@value("rules")
class Rules(Value):
    """How budget is moved between channels: looked at often, acted on less often, in small steps.

    Parameters
    ----------
    evaluate_every : str or timedelta
        How often figures are looked at, in whole hours.
    adjust_every : str or timedelta
        How often money may be moved: a multiple of `evaluate_every`.
    step : float
        Largest share of the working budget's current rate that one adjustment moves.
    min_advantage : float
        Move only if the highest marginal ROI is at least this many times the lowest.
    lookback : str or timedelta
        How far back an evaluation reads each channel's spend and revenue.
    floor : float
        Share of its planned rate that every channel keeps: without it, channels that had a bad week ratchet down
        to nothing and are never measured again.
    reserve : float
        Share of the whole budget that is held back for surges.
    surge_ratio : float
        An evaluation is in breach when orders per hour exceed this many times the forecast.
    surge_evaluations : int
        Evaluations in breach, one after the other, that declare a surge.
    release : float
        Share of the initial reserve that an adjustment may draw while a surge is declared.
    min_roi : float
        The reserve is not drawn for less than this estimated marginal ROI.

    Examples
    --------
    >>> Rules(step=0.05, adjust_every="1d")
    Rules(adjust_every='1d', step=0.05)
    """

    evaluate_every: str = field(default="4h", metadata=duration())
    adjust_every: str = field(default="8h", metadata=duration())
    step: float = field(default=0.10, metadata=number(above=0, most=1))
    min_advantage: float = field(default=1.1, metadata=number(least=1, most=100))
    lookback: str = field(default="1d", metadata=duration())
    floor: float = field(default=0.2, metadata=number(least=0, most=1))
    reserve: float = field(default=0.15, metadata=number(least=0, most=0.9))
    surge_ratio: float = field(default=1.5, metadata=number(above=1, most=100))
    surge_evaluations: int = field(default=2, metadata=whole(least=1, most=100))
    release: float = field(default=1 / 3, metadata=number(above=0, most=1))
    min_roi: float = field(default=1.0, metadata=number(least=0, most=1000))

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("evaluate_every", "adjust_every", "lookback"):
            _whole_hours(name, getattr(self, name))
        if seconds(self.adjust_every) % seconds(self.evaluate_every):
            raise QuestionError.crossed(
                say(
                    "Adjusting every {adjust} does not fall on evaluations every {evaluate}: choose a multiple of it.",
                    adjust=self.adjust_every,
                    evaluate=self.evaluate_every,
                )
            )


@value("market")
class MarketSettings(Value):
    """What happens in the simulated market besides the fitted curves.

    Parameters
    ----------
    surges : float
        Expected number of demand surges in the campaign, at random hours.
    surge_size : float
        Orders during a surge as a multiple of usual ones.
    surge_lasts : str or timedelta
        How long a surge lasts.
    surge_price : float
        How much dearer traffic is during a surge, as a share.
    failures : float
        Expected number of creatives that fail, each in a random channel from a random hour.
    failure_share : float
        Share of its response that the channel keeps until the creative is replaced.
    replaced_after : str or timedelta
        How long that takes.
    headroom : float
        A channel takes up at most this many times the largest spend observed in it.
    order_value : float, optional
        Average value of an order; by default that of the orders, else of the conversions in the spend report.
    """

    surges: float = field(default=2.0, metadata=number(least=0, most=100))
    surge_size: float = field(default=2.0, metadata=number(least=1, most=100))
    surge_lasts: str = field(default="1d", metadata=duration())
    surge_price: float = field(default=0.25, metadata=number(least=0, most=100))
    failures: float = field(default=1.0, metadata=number(least=0, most=100))
    failure_share: float = field(default=0.5, metadata=number(least=0, most=1))
    replaced_after: str = field(default="3d", metadata=duration())
    headroom: float = field(default=2.0, metadata=number(least=1, most=100))
    order_value: float | None = field(default=None, metadata=optional(number(above=0)))

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("surge_lasts", "replaced_after"):
            _whole_hours(name, getattr(self, name))


def hours(window: str) -> int:
    """Return the whole hours of a canonical duration.

    Examples
    --------
    >>> hours("1d")
    24
    """
    return seconds(window) // HOUR


def _whole_hours(name: str, window: str) -> None:
    if seconds(window) % HOUR:
        raise QuestionError.field(name, window, say("it must be whole hours, such as 4h."))
    if hours(window) > LONGEST * 24:
        raise QuestionError.field(name, window, say("it must be at most {n} days.", n=LONGEST))
