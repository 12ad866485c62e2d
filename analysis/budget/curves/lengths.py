"""How long is a period? Channels reported in different lengths are brought to the longest, whole periods only."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.answer import Note
from analysis.arrays import Bools, Floats, Ints, Times
from analysis.messages import N_, Message, Money, Name, Names, say

UNEVEN = 0.2
"""How far a period's length may be off the report's own (a 23-hour day, a month of 28 days)."""
FEWEST = 8
"""Periods there must be over all days for channels to be brought to a length; a channel of longer ones is left out."""
MOST_NAMED = 6
"""Channels that a note names before it counts the rest."""
_WHOLE = 0.99
_DAY = 24.0
_MONTH = 27.0, 31.0
_UNITS = ((1.0, N_("hour")), (24.0, N_("day")), (168.0, N_("week")), (730.5, N_("month")))
_OTHER = N_("period")
Span = tuple[pd.Timestamp, pd.Timestamp]


class Even(NamedTuple):
    """Rows of one length.

    Parameters
    ----------
    rows : DataFrame
        As given, those of shorter periods added up, those that fit no period left out.
    hours : float
        Median length of a period.
    notes : tuple of Note
        What was added up, and what was left out.
    """

    rows: pd.DataFrame
    hours: float
    notes: tuple[Note, ...]


def even(rows: pd.DataFrame, zone: str, currency: str) -> Even:
    """Bring a report to one length of period: the longest that some channel is usually reported in.

    A channel whose usual period is so long that fewer than eight fit into the report's days is left out instead,
    unless all are. Days are added up into the weeks (or months) they lie in; where no other channel has such a
    week, the weeks go on as they began. What is left out is named, with its money: rows that lie across two periods
    or beside rows of their channel's usual length, and periods of which not every day is reported. Days before a
    channel's first row, where others were reported earlier, and after its last one are taken for days without spend.

    Parameters
    ----------
    rows : DataFrame
        One row per channel and period: channel, period_start, period_end, phase and amounts to add up. In an amount
        that is null on one day, the week is null as well.
    zone : str
        IANA time zone in which days begin.
    currency : str
    """
    length = _hours(rows)
    usual = length.groupby(rows["channel"]).quantile(0.5, interpolation="lower")
    target = _target(usual, rows)
    beside = _beside(rows, length, usual)
    near = ((length - target).abs() <= UNEVEN * target).to_numpy() & ~beside
    short = (length < target).to_numpy() & ~near & ~beside
    odd = [rows[~near & ~short]]
    parts, notes = [rows[near]], list[Note]()
    if short.any() and near.any():
        starts, ends = _grid(rows[near], rows[short], zone)
        at, inside = _places(rows[short], starts, ends)
        added, partial = _added(rows, rows[short][inside], at[inside], starts, ends)
        odd.append(rows[short][~inside])
        parts.append(added)
        notes += [*_brought(rows, near, added, usual, target), *_partial(partial, target, currency)]
    elif short.any():
        odd.append(rows[short])
    kept = pd.concat(parts, ignore_index=True)
    notes += _odd(pd.concat(odd), target, currency)
    return Even(kept, float(_hours(kept).median()), tuple(notes))


def _hours(rows: pd.DataFrame) -> pd.Series[float]:
    return (rows["period_end"] - rows["period_start"]).dt.total_seconds() / 3600


def _target(usual: pd.Series[float], rows: pd.DataFrame) -> float:
    """Return the length of the report's periods, in hours."""
    whole = (rows["period_end"].max() - rows["period_start"].min()).total_seconds() / 3600
    lengths = sorted(set(usual), reverse=True)
    return float(next((own for own in lengths if whole >= FEWEST * own), lengths[-1]))


def _beside(rows: pd.DataFrame, length: pd.Series[float], usual: pd.Series[float]) -> Bools:
    """Say which rows are of another length than their channel's usual one and fall into time that it covers too."""
    own = rows["channel"].map(usual)
    other = ((length - own).abs() > UNEVEN * own).to_numpy()
    found = np.zeros(len(rows), bool)
    for channel in rows["channel"][other].unique():
        mine = (rows["channel"] == channel).to_numpy()
        held = rows[mine & ~other].sort_values("period_start")
        if held.empty:
            continue
        starts, ends = _times(held["period_start"]), np.maximum.accumulate(_times(held["period_end"]))
        odd = rows[mine & other]
        before = np.searchsorted(starts, _times(odd["period_end"]), side="left") - 1
        found[mine & other] = (before >= 0) & (ends[np.maximum(before, 0)] > _times(odd["period_start"]))
    return found


def _times(column: pd.Series[pd.Timestamp]) -> Times:
    found: Times = column.to_numpy().astype("datetime64[us]")
    return found


# ---- the periods that days are added up into --------------------------------------------------------------


def _grid(long: pd.DataFrame, short: pd.DataFrame, zone: str) -> tuple[Times, Times]:
    """Return periods that do not overlap, ascending: those reported, the most common first, and more of their kind."""
    found = long.groupby(["period_start", "period_end"], as_index=False).size()
    found = found.sort_values(["size", "period_start"], ascending=[False, True], kind="stable")
    held = _apart(list(zip(found["period_start"], found["period_end"], strict=True)))
    held = _apart([*held, *_more(held, short["period_start"].min(), short["period_end"].max(), zone)])
    starts, ends = (pd.Series(part).to_numpy().astype("datetime64[us]") for part in zip(*held, strict=True))
    return starts, ends


def _apart(periods: list[Span]) -> list[Span]:
    """Return the periods, ascending, without those that overlap one given before them."""
    held = list[Span]()
    for start, end in periods:
        at = bisect_left(held, (end, end))  # those before it begin before this one ends
        if at == 0 or held[at - 1][1] <= start:
            held.insert(at, (start, end))
    return held


def _more(held: list[Span], first: pd.Timestamp, last: pd.Timestamp, zone: str) -> list[Span]:
    """Go on with periods of the same kind, by clocks in a zone, until they cover all from first to last."""
    begin, end = _local(held[0][0], zone), _local(held[0][1], zone)
    if begin.day == end.day and _MONTH[0] < (end - begin).days <= _MONTH[1]:
        step: pd.DateOffset = pd.DateOffset(months=1)
    else:
        step = pd.DateOffset(seconds=int((end - begin).total_seconds()))
    edges = [begin]
    while _universal(edges[0], zone) > first:
        edges.insert(0, edges[0] - step)
    while _universal(edges[-1], zone) < last:
        edges.append(edges[-1] + step)
    moments = [_universal(edge, zone) for edge in edges]
    return list(pairwise(moments))


def _local(when: pd.Timestamp, zone: str) -> pd.Timestamp:
    return when.tz_localize("UTC").tz_convert(zone).tz_localize(None)


def _universal(when: pd.Timestamp, zone: str) -> pd.Timestamp:
    shown = when.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
    return shown.tz_convert("UTC").tz_localize(None)


def _places(short: pd.DataFrame, starts: Times, ends: Times) -> tuple[Ints, Bools]:
    """Return which period each row lies in, and whether it does with its whole length."""
    at = np.searchsorted(starts, _times(short["period_start"]), side="right") - 1
    inside = (at >= 0) & (_times(short["period_end"]) <= ends[np.maximum(at, 0)])
    return at, inside


def _added(
    rows: pd.DataFrame, short: pd.DataFrame, at: Ints, starts: Times, ends: Times
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add rows up by channel and period; return the whole periods, and those of which days are missing."""
    amounts = [c for c in rows.columns if c not in ("channel", "period_start", "period_end", "phase")]
    grouped = short.assign(at=at, hours=_hours(short)).groupby(["channel", "at"])
    # A day of which an amount is unknown leaves the week's unknown, as pandas alone would not.
    whole_known = grouped[amounts].count().eq(grouped.size(), axis=0)
    sums = grouped[amounts].sum().where(whole_known)
    found = sums.assign(hours=grouped["hours"].sum(), phase=grouped["phase"].first()).reset_index()
    where = found["at"].to_numpy()
    found = found.assign(period_start=starts[where], period_end=ends[where])
    whole = found["hours"].to_numpy() >= _WHOLE * _wanted(rows, found)
    return found[whole][list(rows.columns)], found[~whole][list(rows.columns)]


def _wanted(rows: pd.DataFrame, found: pd.DataFrame) -> Floats:
    """Return how many hours of each period must be reported: all but those before and after a channel's own time."""
    first, last = (
        found["channel"].map(edge)
        for edge in (rows.groupby("channel")["period_start"].min(), rows.groupby("channel")["period_end"].max())
    )
    later, earlier = first > rows["period_start"].min(), last < rows["period_end"].max()
    begin = found["period_start"].where(~later, np.maximum(found["period_start"], first))
    end = found["period_end"].where(~earlier, np.minimum(found["period_end"], last))
    return np.asarray((end - begin).dt.total_seconds() / 3600, np.float64)


# ---- the words --------------------------------------------------------------------------------------------


def unit(hours: float) -> Message:
    """Return what people call a period of so many hours.

    Examples
    --------
    >>> unit(168).text(), unit(744).text(), unit(23).text()
    ('week', 'month', 'day')
    """
    return say(next((name for own, name in _UNITS if abs(own - hours) <= UNEVEN * own), _OTHER))


def listed(parts: Sequence[Message | str]) -> Names:
    """Return the first of some parts of a sentence, and how many more there are."""
    more = len(parts) - MOST_NAMED
    return Names((*parts[:MOST_NAMED], *([say("{n} others", n=more)] if more > 0 else [])))


def _brought(
    rows: pd.DataFrame, near: Bools, added: pd.DataFrame, usual: pd.Series[float], target: float
) -> list[Note]:
    channels = tuple(sorted(added["channel"].unique()))
    if not channels:
        return []
    text = say(
        "{channels}: reported by {short}, other channels by {long}. The rows are added up, so that every channel "
        "counts by {long}.",
        channels=Names(channels, "channel"),
        short=unit(float(usual[list(channels)].min())),
        long=unit(target),
    )
    return [Note("brought-together", text)]


def _partial(left: pd.DataFrame, target: float, currency: str) -> list[Note]:
    if left.empty:
        return []
    text = say(
        "Left out, since not all days of the {long} are reported: {parts}. Export these days in full.",
        long=unit(target),
        parts=_amounts(left, currency),
    )
    return [Note("partial-periods", text, "warning")]


def _odd(left: pd.DataFrame, target: float, currency: str) -> list[Note]:
    if left.empty:
        return []
    text = say(
        "Left out, since their period is no {long}, nor part of one: {parts}. Export them by {long} or shorter.",
        long=unit(target),
        parts=_amounts(left, currency),
    )
    return [Note("uneven-periods", text, "warning")]


def _amounts(left: pd.DataFrame, currency: str) -> Names:
    parts = [
        say(
            "{channel} ({n} rows, {amount})",
            channel=Name(str(channel), "channel"),
            n=len(own),
            amount=Money(float(own["spend"].sum()), currency),
        )
        for channel, own in left.groupby("channel")
    ]
    return listed(parts)
