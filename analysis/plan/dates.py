"""When is each stage of the plan due, and which days of a campaign are over?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from analysis.answer import Note
from analysis.errors import DataError
from analysis.messages import Name, say
from analysis.periods import covered, known_until, stretches
from analysis.records import CalendarDay
from analysis.tables import Tables
from analysis.values import Campaign, Filter, local_day

WEEKS: Mapping[str, int] = MappingProxyType({"diagnosis": 3, "design": 4, "test": 2})
"""How long the stages before a campaign take."""
REVIEW = 28
"""Days after a campaign's last day by which it is reviewed."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of the plan: its first and last day."""

    name: str
    first: dt.date
    last: dt.date


def stages(campaign: Campaign) -> dict[str, Stage]:
    """Return the plan's stages by name, planned back from a campaign's first day.

    Examples
    --------
    >>> found = stages(Campaign(name="Double 11", start="2026-09-21", end="2026-11-15"))
    >>> [str(found[name].first) for name in ("diagnosis", "design", "test", "campaign")], str(found["review"].last)
    (['2026-07-20', '2026-08-10', '2026-09-07', '2026-09-21'], '2026-12-13')
    """
    start, end = dt.date.fromisoformat(campaign.start), dt.date.fromisoformat(campaign.end)
    first, found = start - dt.timedelta(weeks=sum(WEEKS.values())), {}
    for name, weeks in WEEKS.items():
        found[name] = Stage(name, first, first + dt.timedelta(days=7 * weeks - 1))
        first += dt.timedelta(weeks=weeks)
    found["campaign"] = Stage("campaign", start, end)
    found["review"] = Stage("review", end + dt.timedelta(days=1), end + dt.timedelta(days=REVIEW))
    return found


def own_campaign(tables: Tables) -> Campaign:
    """Return the workspace's campaign.

    Raises
    ------
    DataError
        None is set: nothing says when it begins and ends.
    """
    if tables.campaign is None:
        raise DataError.empty(
            say("No campaign is set, so nothing says when it begins and ends. Give it a name, a first and a last day "
                "on the Data page.")
        )  # fmt: skip
    return tables.campaign


def rows_of(tables: Tables, name: str | None = None, until: str | None = None) -> Filter:
    """Return the filter for a campaign's rows: the workspace's own within its days, another's all.

    Parameters
    ----------
    tables : Tables
    name : str, optional
        The workspace's own without one.
    until : str, optional
        The last day that counts.

    Raises
    ------
    DataError
        There is no campaign of that name.
    """
    own = tables.campaign
    if name is None or (own and name == own.name):
        own = own_campaign(tables)
        ends = [own.end, *([until] if until else [])]
        named = (own.name,) if own.name in tables.names("campaign") else ()
        return Filter(campaign=named, start=own.start, end=max(own.start, min(ends)))
    if name not in tables.names("campaign"):
        raise DataError.unknown(say("campaign"), name, (*tables.names("campaign"), *((own.name,) if own else ())))
    return Filter(campaign=(name,), end=until)


def before(tables: Tables) -> str | None:
    """Return the campaign that ended last of those that were over when the workspace's own began."""
    own, ran = own_campaign(tables), stretches(tables)
    over = {name: days[1] for name, days in ran.items() if name != own.name and days[1].isoformat() < own.start}
    return max(over, key=lambda name: (over[name], name)) if over else None


def today(tables: Tables, at: str | None) -> str:
    """Return the day that a plan is looked at: the one asked for, else the last that the data tell of."""
    span = covered(tables)
    return at or (span[1] if span else own_campaign(tables).start)


def whole_day(tables: Tables, *which: str) -> str:
    """Return the last day that is known to be whole in some tables."""
    after = known_until(tables, of=which) + dt.timedelta(microseconds=1)
    return (dt.date.fromisoformat(local_day(after, tables.zone)) - dt.timedelta(days=1)).isoformat()


def kinds(tables: Tables, first: dt.date, days: int, *, since: dt.date | None = None) -> list[str]:
    """Return what kind of day each day of a campaign is: a peak that people wrote down, else its phase.

    Parameters
    ----------
    tables : Tables
    first : date
    days : int
    since : date, optional
        The first day of another campaign: its days are of the kind of this one's as many days after it began.
    """
    own = own_campaign(tables)
    shift = dt.date.fromisoformat(own.start) - since if since else dt.timedelta()
    peaks = tables.recorded(CalendarDay)
    found = []
    for n in range(days):
        day = (first + dt.timedelta(days=n) + shift).isoformat()
        peak = next((one.name for one in peaks if one.start <= day <= one.last), None)
        found.append(peak or own.phase_of(day) or "")
    return found


def of_one_name(tables: Tables) -> tuple[Note, ...]:
    """Warn where rows called as the workspace's campaign lie outside its days: two campaigns may share the name."""
    own = own_campaign(tables)
    outside = [day for day in _outside(tables, own) if day]
    if not outside:
        return ()
    text = say("Rows called {campaign} lie outside its days, {start} to {end}: from {first} to {last}. Two campaigns "
               "of one name are one to Sluice: only the rows within the days count here. Give the other another name, "
               "or mend the days on the Data page.", campaign=Name(own.name, "campaign"), start=own.start, end=own.end,
               first=min(outside), last=max(outside))  # fmt: skip
    return (Note("two-of-one-name", text, "warning"),)


def _outside(tables: Tables, own: Campaign) -> list[str]:
    ran = stretches(tables).get(own.name)
    return [day for day in (day.isoformat() for day in ran or ()) if day < own.start or day > own.end]
