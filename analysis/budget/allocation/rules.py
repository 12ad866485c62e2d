"""What must a plan keep to? Bounds on what goes to channels, phases and stages of work, as frozen values in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from analysis.arrays import Bools
from analysis.budget.allocation.programme import Rule
from analysis.errors import DataError, QuestionError
from analysis.messages import Message, Money, Names, Share, say
from analysis.values import Value, names, number, one_of, optional, value

MONEY, SPEND, BUDGET = "money", "spend", "budget"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What gets an amount of its own.

    Parameters
    ----------
    channel : str
    phase : str, optional
    tags : frozenset of str
        What the channel is marked with: a stage of work, "private", "own".
    last : float, optional
        What it was given last time; None where nobody knows.
    """

    channel: str
    phase: str | None = None
    tags: frozenset[str] = frozenset()
    last: float | None = None


@value("limit")
class Limit(Value):
    """A bound on the money that some channels get in some phases.

    Parameters
    ----------
    channels, phases, tags : tuple of str
        What it bounds together: cells of one of these channels, in one of these phases, with one of these tags. What is
        empty restricts nothing.
    least, most : float, optional
        In money or shares, as `of` says.
    of : {"money", "spend", "budget"}
        What the bounds are: amounts, shares of all that is spent, or shares of the budget, what is held back included.
    change : float, optional
        Instead of bounds, the largest change from last time, as a share of it and of each channel apart.

    Raises
    ------
    QuestionError
        There is no bound, the bounds cross, a share is above 1, or a change stands beside other bounds.

    Examples
    --------
    >>> private = Limit.floor(0.4, tags="private")
    >>> private, str(private.words())
    (Limit(tags=('private',), least=0.4, of='spend'), 'at least 40.0% of the spend in private')
    >>> str(Limit.reserve(0.15).words()), str(Limit.fixed("display", 9000.0).words("CNY"))
    ('15.0% of the budget held in reserve', 'exactly CN¥9,000 in display')
    """

    channels: tuple[str, ...] = field(default=(), metadata=names())
    phases: tuple[str, ...] = field(default=(), metadata=names())
    tags: tuple[str, ...] = field(default=(), metadata=names())
    least: float | None = field(default=None, metadata=optional(number(least=0)))
    most: float | None = field(default=None, metadata=optional(number(least=0)))
    of: str = field(default=MONEY, metadata=one_of(MONEY, SPEND, BUDGET))
    change: float | None = field(default=None, metadata=optional(number(least=0)))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.least is self.most is self.change is None:
            raise QuestionError.crossed(say("A rule needs a bound: give the least, the most or the largest change."))
        if self.change is not None and (self.least is not None or self.most is not None):
            raise QuestionError.crossed(say("A largest change stands alone: put the other bounds into another rule."))
        if self.least is not None and self.most is not None and self.least > self.most:
            text = say("The bounds cross: at least {least}, but at most {most}.", least=self._said(self.least, None),
                       most=self._said(self.most, None))  # fmt: skip
            raise QuestionError.crossed(text)
        for name in ("least", "most"):
            if self.of != MONEY and (bound := getattr(self, name)) is not None and bound > 1:
                raise QuestionError.field(name, bound, say("a share must be 1 or less."))

    @classmethod
    def total(cls, most: float, least: float | None = None) -> Self:
        """Return that of all spend."""
        return cls(most=most, least=least)

    @classmethod
    def reserve(cls, share: float) -> Self:
        """Return that a share of the budget is held back."""
        return cls(most=1.0 - share, of=BUDGET)

    @classmethod
    def stage(cls, tag: str, least: float | None = None, most: float | None = None) -> Self:
        """Return a band of shares of the spend for a stage of work."""
        return cls(tags=(tag,), least=least, most=most, of=SPEND)

    @classmethod
    def phase(cls, name: str, least: float | None = None, most: float | None = None) -> Self:
        """Return a band of shares of the spend for a phase."""
        return cls(phases=(name,), least=least, most=most, of=SPEND)

    @classmethod
    def floor(cls, share: float, *, channels: Any = (), tags: Any = ()) -> Self:
        """Return a least share of the spend for a group of channels."""
        return cls(channels=channels, tags=tags, least=share, of=SPEND)

    @classmethod
    def minimum(cls, channel: str, amount: float) -> Self:
        """Return the least amount for a channel."""
        return cls(channels=(channel,), least=amount)

    @classmethod
    def maximum(cls, channel: str, amount: float) -> Self:
        """Return the largest amount for a channel."""
        return cls(channels=(channel,), most=amount)

    @classmethod
    def fixed(cls, channel: str, amount: float) -> Self:
        """Return that a channel gets an amount, no more and no less."""
        return cls(channels=(channel,), least=amount, most=amount)

    @classmethod
    def off(cls, channel: str) -> Self:
        """Return that a channel gets nothing."""
        return cls(channels=(channel,), most=0.0)

    @classmethod
    def changed(cls, share: float, *channels: str) -> Self:
        """Return the largest change of each channel from last time; of every one with a last time, if none is named."""
        return cls(channels=channels, change=share)

    def holds(self, cell: Cell) -> bool:
        """Say whether it bounds a cell."""
        return (
            (not self.channels or cell.channel in self.channels)
            and (not self.phases or cell.phase in self.phases)
            and (not self.tags or not cell.tags.isdisjoint(self.tags))
        )

    def words(self, currency: str | None = None) -> Message:
        """Return it as people say it.

        Parameters
        ----------
        currency : str, optional
            Of its amounts.
        """
        where, least, most = self._where(), self._said(self.least, currency), self._said(self.most, currency)
        if self.change is not None:
            change = Share(self.change)
            if where is None:
                return say("each channel at most {change} more or less than last time", change=change)
            return say("{where}: at most {change} more or less than last time", where=where, change=change)
        if where is None:
            return self._of_all(least, most)
        if self.most == 0:
            return say("nothing in {where}", where=where)
        if self.least is None:
            return say("at most {most} in {where}", most=most, where=where)
        if self.most is None:
            return say("at least {least} in {where}", least=least, where=where)
        if self.least == self.most:
            return say("exactly {amount} in {where}", amount=most, where=where)
        return say("{least} to {most} in {where}", least=least, most=most, where=where)

    def _of_all(self, least: Any, most: Any) -> Message:
        if self.of == BUDGET and self.least is None and self.most is not None:
            return say("{share} of the budget held in reserve", share=Share(1.0 - self.most))
        if self.least is None:
            return say("at most {most} in all", most=most)
        if self.most is None:
            return say("at least {least} in all", least=least)
        if self.least == self.most:
            return say("exactly {amount} in all", amount=most)
        return say("{least} to {most} in all", least=least, most=most)

    def _where(self) -> Message | Names | None:
        """Return what it bounds, in words; None for everything."""
        who = [Names(self.channels, "channel"), Names(self.tags)]
        said: list[Names | Message] = [names for names in who if names.values]
        what = next(iter(said), None)
        if len(said) == 2:
            what = say("{channels} among {tags}", channels=said[0], tags=said[1])
        if not self.phases:
            return what
        phases = Names(self.phases, "phase")
        return phases if what is None else say("{what} during {phases}", what=what, phases=phases)

    def _said(self, bound: float | None, currency: str | None) -> Message | Money | None:
        if bound is None:
            return None
        if self.of == MONEY:
            return Money(bound, currency)
        if self.of == SPEND:
            return say("{share} of the spend", share=Share(bound))
        return say("{share} of the budget", share=Share(bound))


@value("price-index")
class PriceIndex(Value):
    """How much dearer everything gets: the same money buys less of what a curve was seen at.

    Parameters
    ----------
    rate : float
        Rise a year, as a share; 0.05 is 5%.
    years : float
        Since the curves were seen.

    Examples
    --------
    >>> PriceIndex(rate=0.05, years=2.0).factor, str(PriceIndex(rate=0.05).words())
    (1.1025, 'prices 5.0% up a year')
    """

    rate: float = field(default=0.05, metadata=number(above=-1.0, most=10.0))
    years: float = field(default=1.0, metadata=number(least=0.0, most=50.0))

    @property
    def factor(self) -> float:
        """What spend is divided by before it meets its curve: `index` of :class:`responses.Dearer`."""
        return float((1.0 + self.rate) ** self.years)

    def words(self) -> Message:
        """Return it as people say it."""
        if self.rate < 0:
            return say("prices {rate} down a year", rate=Share(-self.rate))
        return say("prices {rate} up a year", rate=Share(self.rate))


def linear(limits: Iterable[Limit], cells: Sequence[Cell], budget: float | None = None) -> tuple[Rule, ...]:
    """Return limits as linear rules over cells, each named by its limit, or by that of one channel if of each apart.

    Parameters
    ----------
    limits : iterable of Limit
    cells : sequence of Cell
    budget : float, optional
        What shares of the budget are shares of.

    Raises
    ------
    DataError
        A limit names what no cell has, bounds nothing, or a change from a last time that nobody knows.
    QuestionError
        A share of the budget, and there is none.

    Examples
    --------
    >>> cells = [Cell(channel="display"), Cell(channel="email", tags=frozenset({"private"}))]
    >>> [rule] = linear([Limit.floor(0.4, tags="private")], cells)
    >>> rule.weights.tolist(), rule.least, rule.most
    ([-0.4, 0.6], 0.0, inf)
    """
    return tuple(rule for limit in limits for rule in _rules(limit, cells, budget))


def _rules(limit: Limit, cells: Sequence[Cell], budget: float | None) -> list[Rule]:
    _known(limit, cells)
    inside = np.array([limit.holds(cell) for cell in cells], dtype=bool)
    if not inside.any():
        text = say('The rule "{rule}" bounds nothing: no channel fits all of it. Take a part of it away.',
                   rule=limit.words())  # fmt: skip
        raise DataError.empty(text)
    if limit.change is not None:
        return _changes(limit, limit.change, cells, inside)
    weights, rules = inside.astype(float), []
    unit = _budget(limit, budget) if limit.of == BUDGET else 1.0
    for side, bound in (("least", limit.least), ("most", limit.most)):
        if bound is not None and limit.of == SPEND:
            rules.append(Rule(limit, weights - bound, **{side: 0.0}))
        elif bound is not None:
            rules.append(Rule(limit, weights, **{side: bound * unit}))
    return rules


def _budget(limit: Limit, budget: float | None) -> float:
    if budget is None:
        text = say('A share of the budget needs a budget: give one, or take the rule "{rule}" away.',
                   rule=limit.words())  # fmt: skip
        raise QuestionError.crossed(text)
    return budget


def _changes(limit: Limit, change: float, cells: Sequence[Cell], inside: Bools) -> list[Rule]:
    """Return one rule for each channel whose last time is known."""
    last = np.array([np.nan if cell.last is None else cell.last for cell in cells])
    channels = np.array([cell.channel for cell in cells])
    own = {str(channel): inside & (channels == channel) for channel in dict.fromkeys(channels[inside])}
    spent = {channel: float(last[held].sum()) for channel, held in own.items()}
    new = tuple(channel for channel, amount in spent.items() if np.isnan(amount))
    if new and (limit.channels or len(new) == len(own)):
        text = say("{channels}: what was spent last time is not known, so no change from it can be bounded. Give a "
                   "least and a most instead.", channels=Names(new, "channel"))  # fmt: skip
        raise DataError.empty(text)
    return [
        Rule(
            limit.replace(channels=(channel,)),
            held.astype(float),
            max(0.0, 1.0 - change) * spent[channel],
            (1.0 + change) * spent[channel],
        )
        for channel, held in own.items()
        if channel not in new
    ]


def _known(limit: Limit, cells: Sequence[Cell]) -> None:
    """Refuse names that no cell has."""
    known = {
        "channels": (say("channel"), {cell.channel for cell in cells}),
        "phases": (say("phase"), {cell.phase for cell in cells if cell.phase is not None}),
        "tags": (say("tag"), {tag for cell in cells for tag in cell.tags}),
    }
    for name, (what, have) in known.items():
        if missing := tuple(own for own in getattr(limit, name) if own not in have):
            raise DataError.unknown(what, missing if len(missing) > 1 else missing[0], sorted(have))
