"""What of a spend report is not to be taken at its word: absent rows, credits, slips of the hand, unripe last days?"""

from __future__ import annotations

import numpy as np
from scipy.stats import t

from analysis.answer import Note
from analysis.arrays import Bools, Floats, Ints
from analysis.budget.curves.lengths import listed, unit
from analysis.budget.curves.panel import Panel
from analysis.messages import Money, Name, say
from analysis.values import local_day

CREDITED = 0.1
"""Share of a period's spend from which on a credit in it hides what was spent."""
TENFOLD = float(np.log(10))
"""How far above its neighbours a value must be, at the least, to look like a slip of the hand."""
ON_A_PEAK = float(np.log(50))
"""The same on a day that is known to be a peak."""
SLIP = 0.007
"""How often chance may make any value of a report stand out, were spend log-normal around its neighbours."""
TOGETHER = float(np.log(3))
"""How far the other channels must have risen for it to be a day on which all did."""
RISES = 1 / 3
"""Revenue that rises with at least this power of spend is taken to have followed it."""
NEIGHBOURS = 7
"""On either side of a period."""
FEWEST = 8
"""Periods with spend below which no value stands out."""
LATEST = 3
"""Most periods at the end that may be unripe."""
RIPE = 0.7
"""Share of the revenue expected below which the last periods may be unripe."""
FEWEST_RIPE = 10
"""Earlier periods of the same phase that the last ones are measured by."""
SURE = 0.002
"""How often chance may make one run of last periods look unripe."""


def suspects(panel: Panel, peaks: Bools) -> Bools:
    """Return which values of spend look like slips of the hand: tenfold and more, and revenue did not follow.

    A value is measured on the log scale against the median of its channel's nearest periods with spend and of those of
    the same phase, and less what the other channels rose by at the same time. By the channel's own spread (the median
    absolute deviation) it must also be farther out than chance hardly ever is.

    Parameters
    ----------
    panel : Panel
    peaks : ndarray of bool, shape (periods,)
        Periods known to be peaks of demand.

    Returns
    -------
    ndarray of bool, shape (periods, channels)
    """
    phases = np.unique(panel.phase, return_inverse=True)[1]
    rises = np.column_stack([_above(own, phases) for own in panel.spend.T])
    alone = rises - _common(rises)
    limit = np.maximum(TENFOLD, [_limit(own, SLIP / rises.shape[1]) for own in rises.T])
    limit = np.where(peaks[:, None], np.maximum(limit, ON_A_PEAK), limit)
    gains = np.column_stack([_above(own, phases) for own in panel.revenue.T])
    followed = np.nan_to_num(gains, nan=-np.inf) >= RISES * alone
    found: Bools = np.nan_to_num(alone, nan=-np.inf) >= limit
    return found & ~followed


def _above(values: Floats, phases: Ints) -> Floats:
    """Return by how much log values lie above their neighbours'; one that its phase explains does not lie above."""
    found = np.full(len(values), np.nan)
    some = np.flatnonzero(np.nan_to_num(values) > 0)
    if len(some) < FEWEST:
        return found
    logs, own = np.log(values[some]), phases[some]
    near = logs - _around(logs)
    for phase in np.unique(own):
        mine = np.flatnonzero(own == phase)
        if len(mine) > FEWEST // 2:
            usual = logs[mine] - np.median(logs[mine]) < TENFOLD
            near[mine] = np.where(usual, np.minimum(near[mine], TENFOLD * 0.99), near[mine])
    found[some] = near
    return found


def _around(logs: Floats) -> Floats:
    """Return the median of each value's nearest neighbours, itself left out."""
    wide = min(2 * NEIGHBOURS + 1, len(logs))
    first = np.clip(np.arange(len(logs)) - wide // 2, 0, len(logs) - wide)
    at = first[:, None] + np.arange(wide)
    others = at[at != np.arange(len(logs))[:, None]].reshape(len(logs), wide - 1)
    found: Floats = np.median(logs[others], axis=1)
    return found


def _limit(above: Floats, chance: float) -> float:
    """Return how far above its neighbours a value of a channel hardly gets by chance, in a way outliers do not move."""
    held = above[np.isfinite(above)]
    if not len(held):
        return np.inf
    spread = 1.4826 * float(np.median(np.abs(held - np.median(held))))
    # A spread by absolute deviations from the median is worth 37% of the values that a standard deviation is.
    return spread * float(t.isf(chance / len(held), max(0.37 * len(held), 2)))


def _common(rises: Floats) -> Floats:
    """Return by how much the other channels rose in a period, where there are two or more and they rose together."""
    found = np.zeros_like(rises)
    for c in range(rises.shape[1]):
        others = np.delete(rises, c, axis=1)
        told = np.isfinite(others).sum(axis=1) >= 2
        found[told, c] = np.nanmedian(others[told], axis=1)
    return np.where(found >= TOGETHER, found, 0.0)


def unripe(panel: Panel) -> int:
    """Return of how many of the last periods, up to three, claimed revenue has not yet arrived in full.

    All channels that claim revenue are taken together, and measured by what the earlier periods of the same phase
    claimed at their spend (a straight line of logs). Each of the last ones must lie below the line and together they
    must lie so far below that chance hardly does it; with fewer than ten earlier periods nothing is said.
    """
    claim = np.isfinite(panel.revenue).any(axis=0)
    spend, revenue = panel.spend[:, claim].sum(axis=1), panel.revenue[:, claim].sum(axis=1)
    plain = ~(panel.credit | panel.suspect)[:, claim].any(axis=1)
    usable = plain & np.isfinite(spend + revenue) & (np.nan_to_num(spend) > 0)
    last = [phase == panel.phase[-1] for phase in panel.phase]
    held = np.flatnonzero(usable & np.array(last))
    if len(held) < LATEST + FEWEST_RIPE or held[-1] != len(spend) - 1:
        return 0
    return next((k for k in range(LATEST, 0, -1) if _late(spend[held], revenue[held], k)), 0)


def _late(spend: Floats, revenue: Floats, k: int) -> bool:
    """Say whether the last k claims lie too far below the line through those before the last three."""
    before, now = slice(None, -LATEST), slice(len(spend) - k, None)
    earned = revenue[before] > 0
    if earned.sum() < FEWEST_RIPE:
        return False
    x, y = np.log(spend[before][earned]), np.log(revenue[before][earned])
    centre, wide = x.mean(), float(np.sum((x - x.mean()) ** 2))
    slope = float((x - centre) @ y) / wide if wide > 1e-12 else 1.0
    free = len(x) - 2
    left = y - y.mean() - slope * (x - centre)
    noise = float(np.sqrt(left @ left / free))
    at = np.log(spend[now]) - centre
    expected = y.mean() + slope * at
    below = np.log(np.maximum(revenue[now], 1e-3 * np.exp(expected))) - expected
    error = noise * np.sqrt(1 / k + 1 / len(x) + (at.mean() ** 2 / wide if wide > 1e-12 else 0))
    low = bool((below < np.log(RIPE)).all())
    return low and float(below.mean()) <= -float(t.isf(SURE, free)) * max(error, 1e-12)


# ---- the words --------------------------------------------------------------------------------------------


def notes(panel: Panel, zone: str, currency: str, hours: float) -> tuple[Note, ...]:
    """Say what of the report is not to be taken at its word."""
    told = [
        *_absent(panel, zone),
        *_credits(panel, zone, currency),
        *_suspects(panel, zone, currency),
        *_unripe(panel, zone, hours),
    ]
    return tuple(told)


def _absent(panel: Panel, zone: str) -> list[Note]:
    parts = [
        say(
            "{channel} ({n} rows, {first} to {last})",
            channel=Name(channel, "channel"),
            n=len(at),
            first=_day(panel, int(at[0]), zone),
            last=_day(panel, int(at[-1]), zone, end=True),
        )
        for channel, own in zip(panel.channels, panel.spend.T, strict=True)
        if len(at := np.flatnonzero(np.isnan(own)))
    ]
    if not parts:
        return []
    text = say(
        "Rows are missing that other channels have: {parts}. What was spent then is unknown, not zero; bring these "
        "rows, with a zero where nothing was spent.",
        parts=listed(parts),
    )
    return [Note("rows-absent", text, "warning")]


def _credits(panel: Panel, zone: str, currency: str) -> list[Note]:
    parts = [
        say(
            "{channel} ({amount}, {days})",
            channel=Name(channel, "channel"),
            amount=Money(float(own.sum()), currency, exact=True),
            days=listed([_day(panel, int(p), zone) for p in np.flatnonzero(own)]),
        )
        for channel, own in zip(panel.channels, panel.credited.T, strict=True)
        if own.any()
    ]
    if not parts:
        return []
    return [Note("credit", say("Credits are subtracted from spend, as in the report: {parts}.", parts=listed(parts)))]


def _suspects(panel: Panel, zone: str, currency: str) -> list[Note]:
    parts = [
        say(
            "{channel} on {day} ({amount})",
            channel=Name(panel.channels[c], "channel"),
            day=_day(panel, int(p), zone),
            amount=Money(float(panel.spend[p, c]), currency),
        )
        for p, c in np.argwhere(panel.suspect)
    ]
    if not parts:
        return []
    text = say(
        "Spend is more than ten times that of its neighbours, and nothing else rose with it: {parts}. A slip of the "
        "hand? Compare it with the platform's bill.",
        parts=listed(parts),
    )
    return [Note("suspect-spend", text, "warning")]


def _unripe(panel: Panel, zone: str, hours: float) -> list[Note]:
    if not panel.unripe.any():
        return []
    first = int(np.flatnonzero(panel.unripe)[0])
    text = say(
        "From {day} on, claimed revenue falls far below what the same spend brought before, in all channels together: "
        "conversions of the last {unit} or so have probably not all arrived. Export the report again in some days.",
        day=_day(panel, first, zone),
        unit=unit(hours),
    )
    return [Note("unripe", text, "warning")]


def _day(panel: Panel, period: int, zone: str, *, end: bool = False) -> str:
    moment = panel.ends[period] - np.timedelta64(1, "us") if end else panel.starts[period]
    return local_day(moment.astype("datetime64[us]").item(), zone)
