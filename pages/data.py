"""What data is here, and bringing in more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import streamlit as st

from analysis import Campaign, Phase
from analysis.errors import SluiceError
from analysis.messages import Names
from analysis.periods import covered
from analysis.records import Alias
from analysis.sharing import downloads
from analysis.workspace import Batch, Export, Reconciliation, Workspace
from analysis.workspace.across import currency as currency_of_most
from analysis.workspace.across import fit_campaign
from analysis.workspace.contents import Contents
from analysis.workspace.store import BatchFile
from ui import across, frame, importing, mapping, reconciled, session, staging, workspaces
from ui.language import N_, _, shown
from ui.mapping import CURRENCIES, ZONES
from ui.page import through_the_door
from ui.show import show
from ui.staging import Staged

PAGE = "data"
MOST_LEFT_OUT = 8
FILES = ("csv", "tsv", "txt", "parquet", "xlsx", "xls", "json", "jsonl", "gz", "zip")


def contents() -> None:
    """Show what is stored."""
    with session.said_plainly():
        with st.spinner(_("Counting what is stored…")):
            answer = session.ask(Contents())
        show(answer, PAGE)


# ---- importing --------------------------------------------------------------------------------------------


def upload() -> None:
    """Read files, show how each was understood and what it would bring, and import them as one batch."""
    st.subheader(_("Import exports"))
    if importing.follow(session.workspace()):
        return
    staging.uploader(
        _("Exports with events, orders or spend (CSV, XLSX, Parquet, JSON, ZIP); several at once are one batch"), FILES
    )
    if not staging.files():
        return
    target = _target()
    files = list(staging.files().values())
    checked = [_file(staged, target) for staged in files]
    pairs = [(staged, *seen) for staged, seen in zip(files, checked, strict=True) if staged.export]
    _go(pairs, target)


def _file(staged: Staged, target: Workspace | None) -> tuple[Reconciliation | None, bool]:
    """Draw one file: a line that says what it is, its details on demand; return what it would bring, and if decided."""
    if staged.export is None:
        with st.container(horizontal=True, vertical_alignment="center", key=f"{PAGE}.refused.{staged.id}"):
            st.error(shown(staged.refused or ""), icon=":material/error:")
            _take_out(staged)
        return None, False
    found = staging.check(staged, target)
    points = staging.open_points(staged, found, target)
    sums = found if isinstance(found, Reconciliation) else None
    key = f"{PAGE}.file.{staged.id}"
    if staged.open is None:
        staged.open = bool(points) or sums is None or not sums.matches
    st.session_state[key] = staged.open
    box = st.expander(reconciled.line(staged, sums, points), key=key, on_change=staged.turn, args=(key,))
    if staged.open:
        with box, session.said_plainly():
            _details(staged, found)
    for left_out in staged.left_out[:MOST_LEFT_OUT]:
        st.caption(f":orange[:material/warning: {shown(left_out)}]")
    if (more := len(staged.left_out) - MOST_LEFT_OUT) > 0:
        st.caption(_("{n} more parts of it were left out.", n=more))
    return sums, sums is not None and not points


def _details(staged: Staged, found: Reconciliation | SluiceError | None) -> None:
    key = f"{PAGE}.map.{staged.number}"
    if isinstance(found, SluiceError):
        st.error(shown(found.message), icon=":material/error:")
    elif found:
        reconciled.panel(staged, found)
        mapping.order_of_dates(staged, found.undecided, key)
        mapping.left_open(staged, found.undecided, key)
        mapping.columns_that_could_serve(staged, found.choices, key)
        mapping.confirm(staged, key)
        if staged.export and staged.export.mapping.table == "orders":
            mapping.order_statuses(staged, found.unknown_statuses, key)
            mapping.kinds_of_rows(staged, found.unknown_kinds, key)
        if staged.export and staged.export.mapping.table == "spend":
            mapping.result_types(staged, found.unknown_results, key)
        if staged.export and staged.export.mapping.table == "events":
            mapping.event_names(staged, found.unknown_events, key)
    elif staged.export:
        mapping.incomplete(staged)
    mapping.card(staged, key)
    _take_out(staged)


def _take_out(staged: Staged) -> None:
    st.button(
        _("Take this file out"), key=f"{PAGE}.out.{staged.id}", icon=":material/close:", type="tertiary",
        on_click=staging.remove, args=(staged.id,),
    )  # fmt: skip


def _target() -> Workspace | None:
    """Ask where to; None is a new workspace: one's own data is not mixed with the sample unless that is wanted."""
    if session.current() != session.SAMPLE:
        return session.workspace()
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"{PAGE}.target.row"):
        into = st.radio(
            _("Import into"),
            ["new", session.SAMPLE],
            format_func=lambda v: (
                _("a new workspace") if v == "new" else _("a copy of the sample campaign, beside its own data")
            ),
            key=f"{PAGE}.target",
            horizontal=True,
        )
        if into == "new":
            first = next(iter(staging.files().values())).name.rsplit(".", 1)[0]
            st.text_input(_("Name"), first, key=f"{PAGE}.target.name", max_chars=80, width=320)
            return None
    return session.workspace()


def _go(seen: list[tuple[Staged, Reconciliation | None, bool]], target: Workspace | None) -> None:
    """Draw the button that imports, once everything is decided."""
    if not seen:
        return
    files, found = [staged for staged, _found, _decided in seen], [f for _staged, f, _decided in seen if f]
    twice = _twice([staged for staged, f, _decided in seen if f])
    across.periods(found, target)
    accepted = across.one_thing(found, target)
    across.currencies(files, found, target)
    overlap = reconciled.overlap_choice(found, twice=twice)
    waiting = [staged.name for staged, _found, decided in seen if not decided]
    with st.container(horizontal=True, vertical_alignment="center", key=f"{PAGE}.do"):
        rows = sum(f.kept for f in found)
        st.button(
            _("Import {n} files", n=len(files)) if len(found) < len(files)
            else _("Import {n} files, {rows} rows", n=len(files), rows=rows) if len(files) > 1
            else _("Import {rows} rows", rows=rows),
            type="primary",
            key=f"{PAGE}.import",
            disabled=bool(waiting) or overlap is None,
            on_click=_import,
            args=(files, found, target, overlap or "keep", accepted),
        )  # fmt: skip
        if waiting:
            st.caption(shown(_("First decide what is open in {files}.", files=Names(tuple(waiting)))))
        elif overlap is None:
            st.caption(_("First choose what should happen with what is stored already."))


def _twice(files: list[Staged]) -> bool:
    """Say of each file which rows an earlier one of them has too; return whether any has."""
    any_ = False
    for n, later in enumerate(files):
        for earlier in files[:n]:
            if rows := staging.shared(later, earlier):
                any_ = True
                text = _("{n} rows of {later} are about the same as rows of {earlier}: kept both, they count twice.",
                         n=rows, later=later.name, earlier=earlier.name)  # fmt: skip
                st.warning(shown(text), icon=":material/difference:")
    return any_


def _import(
    files: list[Staged],
    found: list[Reconciliation],
    target: Workspace | None,
    overlap: str,
    accepted: tuple[Alias, ...],
) -> None:
    exports = [f.export for f in files if f.export]
    kept = [(f.export, f.label.strip() or f.name) for f in files if f.export and f.remember and f.to_keep]
    try:
        into = session.to_change() if target else _new(exports, found)
        before = covered(into.tables())

        def after() -> None:
            fit_campaign(into, before)
            for alias in accepted:
                into.keep(alias.title, alias)
            for export, label in kept:
                into.remember(export, label)

        importing.begin(into, exports, overlap, after)
    except SluiceError as error:
        session.leave_word(error.message)


def _new(exports: list[Export], found: list[Reconciliation]) -> Workspace:
    """Make the workspace that was asked for, in the first file's zone and the currency of most rows, and go there."""
    campaign = session.workspace().campaign
    currency = currency_of_most(found) or (campaign.currency if campaign else "CNY")
    name = st.session_state[f"{PAGE}.target.name"].strip() or exports[0].name
    session.choose(session.create(name, zone=exports[0].mapping.zone, currency=currency))
    return session.workspace()


# ---- batches and campaign ---------------------------------------------------------------------------------


def batches() -> None:
    """List what was imported, with undo and what was set aside."""
    found = session.workspace().batches()
    if not found:
        return
    st.subheader(_("Imported batches"))
    for batch in found:
        _batch(batch)


def _batch(batch: Batch) -> None:
    with st.container(border=True, key=f"{PAGE}.batch.{batch.id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{importing.summary(batch)}** · {batch.imported_at:%Y-%m-%d %H:%M} UTC")
            with st.popover(_("Undo"), icon=":material/undo:"):
                st.markdown(_("Takes these rows out again. The files themselves are not touched."))
                st.button(
                    _("Undo batch {n}", n=batch.id), key=f"{PAGE}.undo.{batch.id}", on_click=_undo, args=(batch.id,)
                )
        _brought(batch)
        if any(file.set_aside for file in batch.files):
            _set_aside(batch)


def _brought(batch: Batch) -> None:
    """Say what each file brought, and what became of orders that were there."""
    for file in batch.files:
        st.markdown(_imported(file))
    for change in batch.changes:
        st.markdown(shown(change.words))


def _imported(file: BatchFile) -> str:
    rows = _("{n} rows", n=file.rows)
    aside = ", " + _("{n} set aside", n=file.set_aside) if file.set_aside else ""
    return f"{shown(file.file)} → {_(file.table)}: {rows}{aside}"


def _set_aside(batch: Batch) -> None:
    with st.expander(_("{n} rows set aside", n=sum(f.set_aside for f in batch.files))):
        reconciled.table(session.workspace().set_aside(batch.id))
        here = session.workspace()  # the file is made in another thread, which does not know the session
        st.download_button(
            _("Download all as CSV"),
            data=lambda: downloads.csv(here.set_aside(batch.id)),
            file_name=f"sluice-set-aside-{batch.id}.csv",
            on_click="ignore",
            key=f"{PAGE}.aside.{batch.id}",
        )


def _undo(batch: int) -> None:
    try:
        session.to_change().undo(batch)
        session.forget_choices()
    except SluiceError as error:
        session.leave_word(error.message)


def campaign() -> None:
    """Edit the campaign: its days, phases, budget, zone and currency."""
    now = session.workspace().campaign
    with st.expander(_("Campaign: days, phases, budget, time zone"), key=f"{PAGE}.campaign"), session.said_plainly():
        if now is None:
            now = Campaign(name=session.workspace().name, start="2026-01-01", end="2026-12-31")
        with st.form(f"{PAGE}.campaign.form", border=False):
            changed = _campaign_fields(now, session.current())
            if st.form_submit_button(_("Keep these settings"), type="primary"):
                session.to_change().campaign = changed()
                st.rerun()


def _campaign_fields(now: Campaign, workspace: str) -> Any:
    key = f"{PAGE}.campaign.{workspace}"  # each workspace has its own
    left, middle, right = st.columns(3)
    day = "YYYY-MM-DD"
    name = left.text_input(_("Name"), now.name, max_chars=80, key=f"{key}.name")
    start = middle.date_input(_("First day"), dt.date.fromisoformat(now.start), format=day, key=f"{key}.start")
    end = right.date_input(_("Last day"), dt.date.fromisoformat(now.end), format=day, key=f"{key}.end")
    zone = left.selectbox(_("Time zone"), list(dict.fromkeys([now.zone, *ZONES])), key=f"{key}.zone")
    currencies = list(dict.fromkeys([now.currency, *CURRENCIES]))
    currency = middle.selectbox(_("Currency"), currencies, key=f"{key}.currency")
    budget = right.number_input(
        _("Budget, reserve included"), min_value=0.0, value=now.budget, step=1000.0, key=f"{key}.budget"
    )
    st.markdown(_("Phases: when each begins; it runs to the day before the next."))
    begins = {p.name: dt.date.fromisoformat(p.start) for p in now.phases}
    cells = st.columns(3)
    days = [
        cells[i].date_input(_(phase), begins.get(phase), format=day, key=f"{key}.phase.{i}")
        for i, phase in enumerate(PHASES)
    ]

    def changed() -> Campaign:
        return now.replace(
            name=name, start=start, end=end, zone=zone, currency=currency, budget=budget, phases=_phases(days, end)
        )

    return changed


PHASES = (N_("warm-up"), N_("burst"), N_("wrap-up"))


def _phases(days: Sequence[dt.date | None], end: dt.date) -> tuple[Phase, ...]:
    given = [(name, day) for name, day in zip(PHASES, days, strict=True) if day]
    if not given:
        return ()
    ends = [*(day - dt.timedelta(days=1) for _name, day in given[1:]), end]
    return tuple(Phase(name=name, start=day, end=last) for (name, day), last in zip(given, ends, strict=True))


def announce() -> None:
    """Say what was done last."""
    word = session.word()
    if isinstance(word, Batch):
        _landed(word)
    elif word is not None:
        st.error(shown(word), icon=":material/error:")


def _landed(batch: Batch) -> None:
    st.success(importing.summary(batch), icon=":material/check:")
    _brought(batch)
    with st.container(horizontal=True, key=f"{PAGE}.next"):
        tables = {file.table for file in batch.files if file.rows}
        for table, path, label, icon in NEXT:
            if table in tables:
                st.page_link(path, label=_(label), icon=icon)


# Where a table's data can be looked at.
NEXT = (
    ("events", "pages/funnel.py", N_("Funnel"), ":material/filter_alt:"),
    ("orders", "pages/sales.py", N_("Sales"), ":material/storefront:"),
    ("spend", "pages/performance.py", N_("Performance"), ":material/ads_click:"),
    ("spend", "pages/budget.py", N_("Budget"), ":material/payments:"),
)


def opened() -> bool:
    """Open the workspace; where that fails, say why: another can be chosen above."""
    with session.said_plainly():
        with st.spinner(_("Opening the workspace…")):
            session.workspace()
        return True
    return False


through_the_door()
frame.style()
workspaces.line()
frame.title(Contents.title)
if opened():
    word = st.container()
    upload()  # new files are something else: what was said before goes
    with word:
        announce()
    contents()
    with session.said_plainly():
        batches()
        mapping.kept_mappings()
        campaign()
        workspaces.backup()
