"""The values every question shares: which rows it looks at, and the campaign they belong to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import field
from itertools import pairwise
from typing import Any

from analysis.errors import QuestionError
from analysis.messages import say
from analysis.values.base import Value, value
from analysis.values.checks import (
    Wanted,
    conditions,
    currency_code,
    day,
    many,
    names,
    number,
    optional,
    text,
    time_zone,
)
from analysis.values.times import local_midnight

_FILTERED = ("campaign", "channel", "device")


@value("filter")
class Filter(Value):
    """Which rows a question looks at; an empty tuple means all.

    Parameters
    ----------
    start, end : str or date, optional
        First and last calendar day, both included, in the campaign's time zone.
    campaign, channel, device : tuple of str
        Names to keep.
    segment : mapping of str to str or sequence of str
        Saved segments and other text columns of one's own, and the names to keep of each.

    Examples
    --------
    >>> Filter(start="2026-11-01", channel="display")
    Filter(start='2026-11-01', channel=('display',))
    >>> Filter(segment={"before the burst": "interest"}).columns()
    {'before the burst': ('interest',)}
    """

    start: str | None = field(default=None, metadata=day())
    end: str | None = field(default=None, metadata=day())
    campaign: tuple[str, ...] = field(default=(), metadata=names())
    channel: tuple[str, ...] = field(default=(), metadata=names())
    device: tuple[str, ...] = field(default=(), metadata=names())
    segment: Wanted = field(default=(), metadata=conditions())

    def __post_init__(self) -> None:
        super().__post_init__()
        if both := next((column for column, _ in self.segment if column in _FILTERED), None):
            raise QuestionError.field("segment", both, say("the filter has a place of its own for it."))
        if self.start and self.end and self.start > self.end:
            raise QuestionError.crossed(
                say("The dates run backwards: {start} to {end}.", start=self.start, end=self.end)
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the value as plain JSON types; without segments, as it was before there were any."""
        found = super().to_dict()
        return found if self.segment else {name: own for name, own in found.items() if name != "segment"}

    def columns(self) -> dict[str, tuple[str, ...]]:
        """Return the columns that are restricted, with the names kept."""
        chosen = {column: getattr(self, column) for column in _FILTERED} | dict(self.segment)
        return {column: kept for column, kept in chosen.items() if kept}

    def without(self, *columns: str) -> Filter:
        """Return the filter with these columns not restricted."""
        kept = tuple(pair for pair in self.segment if pair[0] not in columns)
        return self.replace(segment=kept, **{column: () for column in _FILTERED if column in columns})

    def bounds(self, zone: str) -> tuple[dt.datetime | None, dt.datetime | None]:
        """Return the half-open range of naive UTC moments that the days cover in `zone`."""
        return (
            local_midnight(self.start, zone) if self.start else None,
            local_midnight(self.end, zone, days=1) if self.end else None,
        )


@value("phase")
class Phase(Value):
    """A named stretch of a campaign, first and last day included."""

    name: str = field(metadata=text(longest=60))
    start: str = field(metadata=day())
    end: str = field(metadata=day())


@value("campaign", version=2)
class Campaign(Value):
    """What is being run: its days, phases, budget, time zone and currency; goals are records of their own.

    Parameters
    ----------
    name : str
    start, end : str or date
        First and last day, both included, in `zone`.
    phases : tuple of Phase
        Stretches of the campaign; they may not overlap.
    budget : float, optional
        Planned spend in `currency`, the reserve included.
    margin : float, optional
        Contribution margin as a share of revenue, for profit ROI.
    zone : str
        IANA time zone in which days begin.
    currency : str
        ISO 4217 code.
    """

    name: str = field(metadata=text(longest=80))
    start: str = field(metadata=day())
    end: str = field(metadata=day())
    phases: tuple[Phase, ...] = field(default=(), metadata=many(Phase))
    budget: float | None = field(default=None, metadata=optional(number(least=0)))
    margin: float | None = field(default=None, metadata=optional(number(least=0, most=1)))
    zone: str = field(default="Asia/Shanghai", metadata=time_zone())
    currency: str = field(default="CNY", metadata=currency_code())

    def __post_init__(self) -> None:
        super().__post_init__()
        spans = [(self.start, self.end), *((p.start, p.end) for p in self.phases)]
        for start, end in spans:
            if start > end:
                text = say("The dates run backwards: {start} to {end}.", start=start, end=end)
                raise QuestionError.crossed(text)
        if any(later[0] <= earlier[1] for earlier, later in pairwise(sorted(spans[1:]))):
            raise QuestionError.crossed(say("Two phases of the campaign overlap; end one before the next."))

    @classmethod
    def readable(cls, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Read one of version 1, which held targets by name: a workspace's became records of goals."""
        return {name: own for name, own in data.items() if name != "goals"} if data.get("version") == 1 else data

    def phase_of(self, when: str) -> str | None:
        """Return the name of the phase that holds the ISO day `when`, if any."""
        return next((p.name for p in self.phases if p.start <= when <= p.end), None)
