"""Files that were read and wait to be imported: what was made of each, and what the analyst corrected since."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from analysis import read_export
from analysis.errors import SluiceError
from analysis.messages import Message, Names, say
from analysis.vocabulary import TABLES
from analysis.workspace import ColumnMapping, Export, Reconciliation, Workspace
from server.limits import REFUSED
from ui import session
from ui.language import _, shown

KEY = "staged"
ROUND = "staged.round"
UNDECIDED = {
    "day_first": say("day or month first?"),
    "year_first": say("which part is the year?"),
    "decimal": say("point or comma: which is the decimal sign?"),
    "totals": say("are rows named like totals rows of their own?"),
    "settled": say("which of several columns is meant?"),
    "statuses": say("what do the words for how an order stands mean?"),
    "row_kinds": say("which rows are sales, and which refunds?"),
    "results": say("which results are orders?"),
    "part_refunds": say("how much was given back?"),
    "end_included": say("which day ends a period?"),
    "below_zero": say("are lines below zero discounts or refunds?"),
    "currency": say("which currency are the amounts in?"),
}


@dataclass(slots=True)
class Staged:
    """One file: as it was proposed, as it would be imported, and what a check of its rows found."""

    id: str
    name: str
    read: Export | None = None
    export: Export | None = None
    refused: Message | None = None
    fixed: set[str] = field(default_factory=set)
    """Columns that are to get one value for all rows, given or not yet."""
    open: bool | None = None
    """Whether its details are shown; None before it was first drawn."""
    loaded: bool = False
    told: bool = False
    """Whether somebody said what the file holds."""
    remember: bool = True
    label: str = ""
    confirmed: set[Message] = field(default_factory=set)
    """What was confirmed of what the mapping assumes."""
    left_out: tuple[Message, ...] = ()
    """What of the upload could not be read, where the rest could."""
    number: int = 0
    """A small number of its own among the files staged with it."""
    lock: Any = field(default_factory=threading.Lock)
    checked: tuple[Any, Reconciliation | SluiceError] | None = None
    shared: dict[Any, int] = field(default_factory=dict)
    """How many rows it shares with others, by both mappings."""

    @property
    def corrected(self) -> bool:
        """Whether the mapping is no longer the one that the file's recognition proposed."""
        return self.export is not None and self.export.mapping != self.export.recognition.mapping

    @property
    def to_keep(self) -> bool:
        """Whether there is anything to remember that recognition would not find again."""
        return self.corrected or self.loaded or bool(self.confirmed)

    def propose(self, export: Export) -> None:
        """Start again from a proposal."""
        self.export, self.loaded = export, False
        self.confirmed = set(export.assumptions) if export.kept else set()
        self.fixed = {column for column, _text in export.mapping.constants}
        if "period_start" in export.mapping.missing():  # a report without days: both ends are asked for
            self.fixed.add("period_start")

    def turn(self, key: str) -> None:
        """Show or hide the details, as the expander with this key now says."""
        self.open = bool(st.session_state[key])

    def fresh(self) -> Export:
        """Return the table that is looked at as it was recognised."""
        assert self.read is not None and self.export is not None
        scratch = self.export.scratch
        place = next(i for i, table in enumerate(self.read.tables) if table.scratch is scratch)
        return self.read.table(place)

    def without_days(self) -> None:
        """Take the report's days back, so that a column can be chosen for them."""
        self.fixed.discard("period_start")
        for column in ("period_start", "period_end"):
            self.assign(column)

    def change(self, mapping: ColumnMapping) -> None:
        """Take over a corrected mapping."""
        if self.export:
            self.export = self.export.mapped(mapping)

    @property
    def unconfirmed(self) -> list[Message]:
        """What the mapping assumes and nobody has confirmed."""
        return [asked for asked in self.export.assumptions if asked not in self.confirmed] if self.export else []

    def confirm(self, asked: Message, key: str) -> None:
        """Note whether an assumption is right, as the checkbox with this key now says."""
        (self.confirmed.add if st.session_state[key] else self.confirmed.discard)(asked)

    def spread(self, columns: dict[str, str]) -> None:
        """Make rows of these columns, each under its name, or of none."""
        if self.export:
            self.export = self.export.spreading(columns)
            self.fixed = {c for c, _text in self.export.mapping.constants} | (self.fixed & {"period_start"})

    def assign(self, column: str, *, heading: str = "", text: str = "") -> None:
        """Fill a table's column from a file column, with one value for all rows, or not at all."""
        if self.export is None:
            return
        if column == "currency" and text:
            self.export = self.export.in_currency(text)
            return
        mapping = self.export.mapping
        columns = {c: h for c, h in mapping.columns if c != column} | ({column: heading} if heading else {})
        constants = {c: t for c, t in mapping.constants if c != column} | ({column: text} if text else {})
        self.change(mapping.replace(columns=columns, constants=constants))

    def settle(self, column: str, heading: str) -> None:
        """Take a file column for a table's column that several could be."""
        if self.export:
            mapping = self.export.mapping
            columns = {c: h for c, h in mapping.columns if h != heading} | {column: heading}
            self.change(mapping.replace(columns=columns, settled=(*mapping.settled, column)))


def files() -> dict[str, Staged]:
    """Return this session's staged files by id, in the order they came."""
    found: dict[str, Staged] = st.session_state.setdefault(KEY, {})
    return found


def uploader(label: str, kinds: Sequence[str]) -> None:
    """Draw the uploader and keep the staged files in step with it; they outlive a visit to another page."""
    key = f"data.files.{st.session_state.setdefault(ROUND, 0)}"
    back = key not in st.session_state  # Streamlit forgets an uploader it did not draw; what it brought stays here
    given = st.file_uploader(label, type=list(kinds), accept_multiple_files=True, key=key)
    ids = {file.file_id for file in given}
    listed: set[str] = set() if back else st.session_state.get("staged.listed", set())
    for id in [id for id in files() if id.split("/")[0] in listed - ids]:
        remove(id)
    for file in given:
        if file.file_id not in listed:
            session.forget_word()
            for staged in _read(file):
                staged.number = 1 + max((other.number for other in files().values()), default=-1)
                files()[staged.id] = staged
    st.session_state["staged.listed"] = ids


def _read(file: Any) -> list[Staged]:
    """Read an upload: an archive or workbook of several complete tables gives each of them."""
    here = session.workspace()
    zone = here.campaign.zone if here.campaign else "Asia/Shanghai"
    if why := REFUSED.of(file.file_id):
        return [Staged(file.file_id, file.name, refused=why)]
    with st.spinner(shown(_("Reading {file}…", file=file.name))):
        try:
            export = read_export(file.getvalue(), file.name, zone=zone)
        except SluiceError as error:
            return [Staged(file.file_id, file.name, refused=error.message)]
    ready = [t for t in export.tables if not proposal(t, here).mapping.missing()]
    left_out = [error.message for error in export.unread]
    if len(ready) < 2:
        found = [_staged(file.file_id, export, here, threading.Lock())]
    else:
        lock = threading.Lock()  # they share one scratch database
        found = [_staged(f"{file.file_id}/{n}", table, here, lock) for n, table in enumerate(ready)]
        for table in export.tables:
            if table not in ready:
                left_out.append(
                    say("{file} was not recognised and left out. Upload it alone to map it.", file=table.name)
                )
                table.close()
    found[0].left_out = tuple(left_out)
    return found


def _staged(id: str, export: Export, here: Workspace, lock: Any) -> Staged:
    label = export.recognition.format or export.name.rsplit(".", 1)[0]
    staged = Staged(id, export.name, export, label=label, lock=lock)
    staged.propose(proposal(export, here))
    return staged


def proposal(export: Export, here: Workspace, *, kept: bool = True) -> Export:
    """Propose what a file is: by a mapping kept for its headings, in the workspace's currency if it names none."""
    export = here.proposed(export) if kept else export
    return export.assuming(currency=here.campaign.currency if here.campaign else "CNY")


def remove(id: str) -> None:
    """Take a file out, with its scratch copy."""
    if (staged := files().pop(id, None)) and staged.export:
        staged.export.close()


def clear() -> None:
    """Take every file out and start with an empty uploader."""
    for id in list(files()):
        remove(id)
    st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1


# ---- checking ---------------------------------------------------------------------------------------------


def check(staged: Staged, target: Workspace | None) -> Reconciliation | SluiceError | None:
    """Say what importing a file would do, once per mapping and data version; None while a column is open."""
    export = staged.export
    if export is None or export.mapping.missing():
        return None
    what = (export.scratch.digest, export.title, export.mapping.digest(), export.assumed_currency)
    wanted = (*what, target and (target.path, target.version))
    if staged.checked is None or staged.checked[0] != wanted:
        with st.spinner(shown(_("Checking every row of {file}…", file=staged.name))), staged.lock:
            try:
                found: Reconciliation | SluiceError = export.reconcile(target)
            except SluiceError as error:
                found = error
        staged.checked = (wanted, found)
    return staged.checked[1]


def shared(later: Staged, earlier: Staged) -> int:
    """Return how many rows of a file are about the same as another's, once per pair of mappings."""
    ours, theirs = later.export, earlier.export
    if ours is None or theirs is None:
        return 0
    wanted = tuple((e.scratch.digest, e.title, e.mapping.digest()) for e in (ours, theirs))
    if wanted not in later.shared:
        with ExitStack() as held:
            for lock in dict.fromkeys((earlier.lock, later.lock)):  # tables of one file have one
                held.enter_context(lock)
            later.shared[wanted] = ours.shares(theirs)
    return later.shared[wanted]


def open_points(staged: Staged, found: Reconciliation | SluiceError | None, target: Workspace | None) -> list[Message]:
    """Say what still has to be decided before a file can be imported."""
    export = staged.export
    if export is None:
        return []
    points = []
    if unknown(staged):
        points.append(say("not recognised: say what it holds, and which column is what"))
    elif export.mapping.missing():
        points.append(say("still needed: {columns}", columns=missing(export)))
    if target and (batch := target.imported(export)):
        points.append(say("imported before, in batch {batch}; take the file out, or undo that batch", batch=batch))
    if twin := next((o for o in files().values() if o is not staged and _same(o, staged)), None):
        points.append(say("the same file as {file}; take one of the two out", file=twin.name))
    if isinstance(found, Reconciliation):
        points += [] if found.kept else [say("no row of it could be used")]
        points += [UNDECIDED[field] for field in found.undecided]
        points += [say("to be confirmed: what the file does not say itself")] if staged.unconfirmed else []
    return points


def missing(export: Export) -> Names:
    """Name the columns a table needs and has not got, each with what it means."""
    names = export.mapping.missing()
    return Names(tuple(f"{c.name} ({_(c.meaning)})" for c in TABLES[export.mapping.table] if c.name in names))


def unknown(staged: Staged) -> bool:
    """Say whether nothing that a table needs was found in a file by its name, and nobody has said yet what it holds."""
    export = staged.export
    if export is None or staged.told or export.mapping != export.recognition.mapping:
        return False
    return not export.recognition.known and export.mapping.table == staged.fresh().mapping.table


def _same(one: Staged, other: Staged) -> bool:
    if one.export is None or other.export is None:
        return False
    whole = [(e.scratch.digest, e.mapping.table) for e in (one.export, other.export)]
    return whole[0] == whole[1]
