"""What do files that are imported together say of each other, and of what is stored already?

Nothing here changes anything: spellings are offered, periods without a common day are named, a currency and the
campaign's days are proposed.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from analysis.imports import Reconciliation
from analysis.messages import Message, Names, say
from analysis.periods import UNSET, covered
from analysis.records import Alias
from analysis.spellings import spellings
from analysis.vocabulary import TABLES
from analysis.workspace.store import Workspace

ONE_SERIES = dt.timedelta(days=400)
"""Longest gap between files of one table that go together all the same, as this year's campaign and the last one's."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Two values that differ in writing only; kept as an alias, they count as one.

    Parameters
    ----------
    alias : Alias
    here, there : tuple of str
        The files with the spelling, and those with the value it would count as; empty where that is stored.
    """

    alias: Alias
    here: tuple[str, ...]
    there: tuple[str, ...]

    @property
    def question(self) -> Message:
        """What is asked."""
        return say("{code} ({here}) counts as {meant} ({there}): one channel, written in two ways",
                   code=self.alias.code, here=_found_in(self.here), meant=self.alias.meant,
                   there=_found_in(self.there))  # fmt: skip


def _found_in(files: tuple[str, ...]) -> Message:
    return say("in {files}", files=Names(files)) if files else say("stored")


def offers(coming: Sequence[Reconciliation], workspace: Workspace | None = None) -> tuple[Offer, ...]:
    """Return which channels of files are other spellings of each other's, or of one that is stored.

    :meth:`analysis.workspace.Workspace.keep` keeps the `alias` of one that is accepted; until then they stay two. Of
    what is stored alone, ``spellings(tables.names("channel"))`` tells.

    Parameters
    ----------
    coming : sequence of Reconciliation
        Of each file; see :meth:`analysis.workspace.Export.reconcile`.
    workspace : Workspace, optional
        Where they are to be imported.

    Examples
    --------
    >>> from analysis import read_export
    >>> texts = (b"date,channel,cost\\n2026-11-01,Google Ads,9\\n", b"date,channel,cost\\n2026-11-02,google,5\\n")
    >>> files = [read_export(text, f"{n}.csv").assuming(currency="EUR") for n, text in enumerate(texts)]
    >>> found = offers([file.reconcile() for file in files])
    >>> [(offer.alias.code, offer.alias.meant, offer.here) for offer in found]
    [('google', 'Google Ads', ('1.csv',))]
    >>> for file in files: file.close()
    """
    tables = workspace.tables() if workspace else None
    meant, stored = (tables.meanings.get("channel", {}), tables.names("channel")) if tables else ({}, ())
    rows, files = Counter[str](), dict[str, dict[str, None]]()
    for found in coming:
        for name, n in found.channels:
            own = meant.get(name, name)
            rows[own] += n
            files.setdefault(own, {})[found.file] = None
    both = {**dict.fromkeys(stored, 0), **rows}
    return tuple(
        Offer(one, tuple(files.get(one.code, ())), tuple(files.get(one.meant, ())))
        for one in spellings(both, before=stored)
        if one.code in files or one.meant in files
    )


@dataclass(frozen=True, slots=True)
class Stretch:
    """The days that a file is about, or what is stored of a table (then `file` is empty); both ends included."""

    file: str
    table: str
    first: dt.date
    last: dt.date

    @property
    def words(self) -> Message:
        """Which rows these are, and of which days."""
        what = say("{file}", file=self.file) if self.file else say("the {table} stored", table=say(self.table))
        return say("{what} ({first} to {last})", what=what, first=self.first.isoformat(), last=self.last.isoformat())


def apart(coming: Sequence[Reconciliation], workspace: Workspace | None = None) -> tuple[tuple[Stretch, ...], ...]:
    """Return files in groups whose periods have no day in common, the earliest first; none where all go together.

    Parts of one table go together over a gap of at most :data:`ONE_SERIES`.

    Examples
    --------
    >>> from analysis import read_export
    >>> texts = (b"date,channel,cost\\n2014-11-01,tv,9\\n", b"order_id,date,total\\n1,2025-11-01,5\\n")
    >>> files = [read_export(text, f"{n}.csv").assuming(currency="EUR") for n, text in enumerate(texts)]
    >>> for group in apart([file.reconcile() for file in files]): print(group[0].words.text())
    0.csv (2014-11-01 to 2014-11-01)
    1.csv (2025-11-01 to 2025-11-01)
    >>> for file in files: file.close()
    """
    parts = [Stretch(f.file, f.table, *map(dt.date.fromisoformat, f.days)) for f in coming if f.days]
    if workspace:
        tables = workspace.tables()
        stored = {table: covered(tables, table) for table in TABLES}
        parts += [Stretch("", table, *map(dt.date.fromisoformat, days)) for table, days in stored.items() if days]
    groups = [{part} for part in parts]
    for one, other in combinations(parts, 2):
        here, there = (next(group for group in groups if part in group) for part in (one, other))
        if here is not there and _together(one, other):
            here |= there
            groups.remove(there)
    if len(groups) < 2:
        return ()
    return tuple(sorted((tuple(sorted(g, key=lambda p: (p.first, p.file, p.table))) for g in groups),
                        key=lambda group: group[0].first))  # fmt: skip


def _together(one: Stretch, other: Stretch) -> bool:
    gap = max(one.first, other.first) - min(one.last, other.last)
    return gap <= (ONE_SERIES if one.table == other.table else dt.timedelta())


def currency(coming: Sequence[Reconciliation]) -> str | None:
    """Return the currency that most rows of files name; None where none names any."""
    rows = Counter[str]()
    for found in coming:
        rows.update({} if found.assumed_currency else dict(found.rows_by_currency))
    return min(rows, key=lambda code: (-rows[code], code)) if rows else None


def fit_campaign(workspace: Workspace, before: tuple[str, str] | None = None) -> None:
    """Set the days of the workspace's campaign to those of all that is stored, unless somebody set others.

    Parameters
    ----------
    workspace : Workspace
    before : tuple of str, optional
        What :func:`analysis.periods.covered` said before the import: days that equal these nobody set.
    """
    campaign, days = workspace.campaign, covered(workspace.tables())
    if campaign and days and (campaign.start, campaign.end) in (UNSET, before):
        workspace.campaign = campaign.replace(start=days[0], end=days[1])
