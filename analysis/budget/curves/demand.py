"""What else than spend moves revenue: phases, days with a name, trend, season, weekday, what was measured?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.arrays import Bools, Floats, Ints, Times
from analysis.budget.curves.carry import runs
from analysis.records import CalendarDay
from analysis.tables import Tables
from analysis.values import local_midnight

_YEAR = 365.25 * 24


@dataclass(frozen=True, slots=True)
class Events:
    """Days with a name, as columns: the share of each period that they are.

    Parameters
    ----------
    names : tuple of str
    share : ndarray, shape (periods, names)
    """

    names: tuple[str, ...]
    share: Floats


def share_within(starts: Times, ends: Times, first: str, last: str, zone: str) -> Floats:
    """Return the share of each period that lies within local days, the last included."""
    begin, close = (np.datetime64(local_midnight(day, zone, days=more), "us") for day, more in ((first, 0), (last, 1)))
    both = (np.minimum(ends, close) - np.maximum(starts, begin)).astype(float)
    return np.asarray(np.clip(both / (ends - starts).astype(float), 0.0, 1.0))


def events(tables: Tables, starts: Times, ends: Times) -> Events:
    """Return the calendar days that people wrote down and that fall into the periods given."""
    found: dict[str, Floats] = {}
    for day in tables.recorded(CalendarDay):
        share = share_within(starts, ends, day.start, day.last, tables.zone)
        if share.any():
            found[day.name] = np.minimum(1.0, found.get(day.name, np.zeros(len(starts))) + share)
    return Events(tuple(found), np.stack([*found.values()], axis=1) if found else np.zeros((len(starts), 0)))


def usual_phase(phase: Sequence[str], used: Bools) -> str:
    """Return the phase with most periods: the measure of demand."""
    names, count = np.unique(np.array(phase)[used], return_counts=True)
    first = {name: phase.index(name) for name in names}
    return str(min(names, key=lambda name: (-count[list(names).index(name)], first[name])))


@dataclass(frozen=True, slots=True)
class Multiplying:
    """What multiplies attributed revenue, as columns of a regression of its log.

    Parameters
    ----------
    columns : ndarray, shape (periods, columns)
        The first is 1 throughout.
    phases, events : mapping of str to int
        Which column is a phase's, and a day's with a name.
    """

    columns: Floats
    phases: Mapping[str, int]
    events: Mapping[str, int]


def multiplying(phase: Sequence[str], of: Events, measured: Floats, used: Bools) -> Multiplying:
    """Return what multiplies attributed revenue, of full rank in the periods used: level, phases, events, controls."""
    usual = usual_phase(phase, used)
    names = tuple(name for name in dict.fromkeys(phase) if name != usual)
    every = np.column_stack(
        [np.ones(len(phase)), *(np.array(phase) == name for name in names), of.share, measured]
    ).astype(float)
    kept = independent(every[used])
    place = {int(column): i for i, column in enumerate(kept)}
    phases = {name: place[k] for k, name in enumerate(names, 1) if k in place}
    peaks = {name: place[k] for k, name in enumerate(of.names, 1 + len(names)) if k in place}
    return Multiplying(every[:, kept], phases, peaks)


def adding(
    tables: Tables, starts: Times, hours: float, phase: Sequence[str], of: Events, measured: Floats, known: Bools
) -> Floats:
    """Return what adds to revenue, of full rank in the known periods: level, trend, season, weekday, phases, events.

    Where the data span a year and a half or more, the trend may bend and there is a season.
    """
    at = pd.DatetimeIndex(starts)
    local = (at.tz_localize("UTC").tz_convert(tables.zone) + pd.Timedelta(hours=hours / 2)).tz_localize(None)
    since = (at - at[0]).total_seconds().to_numpy() / 3600
    along = since / max(since[-1], 1.0)
    parts = [np.ones((len(at), 1)), along[:, None], _dummies(phase), of.share, _dummies(runs(starts, hours))]
    if hours <= 24 and len(at) * hours >= 28 * 24:
        parts.append(_dummies(local.day_of_week))
    if hours < 24 and len(at) * hours >= 7 * 24:
        parts.append(_dummies(local.hour))
    if since[-1] >= 1.5 * _YEAR and len(at) * hours >= 0.8 * since[-1]:
        turn = 2 * np.pi * since / _YEAR
        parts += [np.column_stack([np.sin(k * turn), np.cos(k * turn)]) for k in (1, 2)]
        parts.append(np.log1p(since / hours)[:, None])
    every = np.hstack([*parts, measured])
    return every[:, independent(every[known])]


def independent(columns: Floats) -> Ints:
    """Return the columns that those before do not make up, ascending."""
    kept: list[int] = []
    basis = np.zeros((len(columns), 0))
    for k, own in enumerate(columns.T):
        length = float(np.linalg.norm(own))
        left = own - basis @ (basis.T @ own)
        left -= basis @ (basis.T @ left)
        size = float(np.linalg.norm(left))
        if length > 0 and size > 1e-7 * length:
            kept.append(k)
            basis = np.column_stack([basis, left / size])
    return np.array(kept, dtype=np.int64)


def _dummies(of: npt.ArrayLike) -> Floats:
    levels, which = np.unique(np.asarray(of), return_inverse=True)
    return np.eye(len(levels))[which][:, 1:]
