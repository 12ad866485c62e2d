"""When is each stage of the plan due, and which days of a campaign are over?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from analysis.answer import Note
from analysis.errors import DataError
from analysis.messages import Name, say
from analysis.periods import campaign_before, covered, known_until, outside, stretches
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
    """Return the filter for a campaign's rows, within the days on which it ran; see :func:`analysis.periods.stretches`.

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
        first, last = own.start, own.end
        named = (own.name,) if own.name in tables.names("campaign") else ()
    elif name in (ran := stretches(tables)):
        first, last = (day.isoformat() for day in ran[name])
        named = (name,)
    else:
        raise DataError.unknown(say("campaign"), name, (*ran, *((own.name,) if own else ())))
    return Filter(campaign=named, start=first, end=max(first, min(last, until or last)))


def before(tables: Tables) -> str | None:
    """Return the campaign that ended last of those that were over when the workspace's own began."""
    return campaign_before(tables, own_campaign(tables).name)


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


def of_one_name(tables: Tables, *names: str) -> Iterator[Note]:
    """Yield a warning where rows of campaigns lie outside their days, so that they are not counted.

    Parameters
    ----------
    tables : Tables
    names : str
        The workspace's own without any; its name two campaigns may share.
    """
    own = tables.campaign
    if own and own.name in (names or (own.name,)) and (days := outside(tables, own.name)):
        text = say("Rows called {campaign} lie outside its days, {start} to {end}: from {first} to {last}. Two "
                   "campaigns of one name are one to Sluice: only the rows within the days count here. Give the other "
                   "another name, or mend the days on the Data page.", campaign=Name(own.name, "campaign"),
                   start=own.start, end=own.end, first=days[0], last=days[1])  # fmt: skip
        yield Note("two-of-one-name", text, "warning")
    for name in names:
        if (own is None or name != own.name) and (days := outside(tables, name)):
            start, end = (day.isoformat() for day in stretches(tables)[name])
            text = say("Rows called {campaign} lie outside its days, {start} to {end}: from {first} to {last}. They "
                       "are not counted here. If they are another campaign's, give it another name.",
                       campaign=Name(name, "campaign"), start=start, end=end, first=days[0], last=days[1])  # fmt: skip
            yield Note("rows-outside", text, "warning")
