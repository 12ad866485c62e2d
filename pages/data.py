"""What data is here, and bringing in more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import streamlit as st

from analysis import Campaign, Phase, read_export
from analysis.errors import SluiceError
from analysis.messages import Names
from analysis.sharing import downloads
from analysis.vocabulary import TABLES, Column
from analysis.workspace import Batch, Export
from analysis.workspace.contents import Contents
from analysis.workspace.imports import Reconciliation
from analysis.workspace.imports.clean import REASONS
from analysis.workspace.imports.mapping import DERIVED
from ui import session
from ui.language import N_, _, shown
from ui.page import through_the_door
from ui.session import keep, said_plainly
from ui.show import show

PAGE = "data"
NONE, CONSTANT = "\x00none", "\x00constant"
CURRENCIES = ("CNY", "USD", "EUR", "GBP", "JPY", "HKD", "TWD", "SGD", "INR")
ZONES = ("Asia/Shanghai", "UTC", "Asia/Hong_Kong", "Asia/Tokyo", "Asia/Singapore", "Europe/Berlin", "Europe/London",
         "America/New_York", "America/Los_Angeles")  # fmt: skip
PERIODS = {"1h": N_("one hour"), "1d": N_("one day"), "7d": N_("one week")}
FILES = ("csv", "tsv", "txt", "parquet", "xlsx", "xls", "json", "jsonl", "gz", "zip")


def workspaces() -> None:
    """Choose a workspace or make one."""
    names = session.names()
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"{PAGE}.workspaces"):
        st.session_state[f"{PAGE}.workspace"] = session.current()
        st.selectbox(
            _("Workspace"),
            list(names),
            key=f"{PAGE}.workspace",
            format_func=lambda id: _("Sample campaign") if id == session.SAMPLE else names[id],
            on_change=_switch,
            width=320,
        )
        with st.popover(_("New workspace"), icon=":material/add:"):
            _new_workspace()


def _switch() -> None:
    session.choose(st.session_state[f"{PAGE}.workspace"])


def _new_workspace() -> None:
    name = st.text_input(_("Name"), key=f"{PAGE}.new.name", max_chars=80).strip()
    zone = st.selectbox(_("Time zone"), ZONES, key=f"{PAGE}.new.zone")
    currency = st.selectbox(_("Currency"), CURRENCIES, key=f"{PAGE}.new.currency")
    if st.button(_("Create"), type="primary", key=f"{PAGE}.new"):
        if name:
            session.choose(session.create(name, zone=zone, currency=currency))
            st.rerun()
        st.warning(_("Give it a name first."))


def contents() -> None:
    """Show what is stored."""
    with said_plainly():
        with st.spinner(_("Counting what is stored…")):
            answer = session.ask(Contents())
        show(answer, PAGE)


# ---- uploading --------------------------------------------------------------------------------------------


def upload() -> None:
    """Read files, show how each was understood, and import them as one batch."""
    st.subheader(_("Import exports"))
    keep(f"{PAGE}.round", 0)
    files = st.file_uploader(
        _("Exports with events, orders or spend (CSV, XLSX, Parquet, JSON, ZIP); several at once are one batch"),
        type=FILES,
        accept_multiple_files=True,
        key=f"{PAGE}.files.{st.session_state[f'{PAGE}.round']}",
    )
    exports = [e for e in (_read(file) for file in files) if e is not None]
    _forget({file.file_id for file in files})
    if not exports:
        return
    mapped = [_mapping(export, f"{PAGE}.map.{i}") for i, export in enumerate(exports)]
    ready = [m for m in mapped if m is not None]
    target = _target()
    with st.container(horizontal=True, vertical_alignment="center", key=f"{PAGE}.do"):
        pressed = st.button(
            _("Import {n} files", n=len(exports)) if len(exports) > 1 else _("Import"),
            type="primary",
            key=f"{PAGE}.import",
            disabled=len(ready) < len(exports),
        )
        if len(ready) < len(exports):
            st.caption(_("Fill in the required columns above first."))
    if pressed:
        _import(ready, target)


def _read(file: Any) -> Export | None:
    """Read an uploaded file once per session; say plainly why it cannot be read."""
    kept = st.session_state.setdefault(f"{PAGE}.exports", {})
    if file.file_id not in kept:
        campaign = session.workspace().campaign
        with st.spinner(_("Reading {file}…", file=file.name)):
            try:
                kept[file.file_id] = read_export(
                    file.getvalue(), file.name, zone=campaign.zone if campaign else "Asia/Shanghai"
                )
            except SluiceError as error:
                kept[file.file_id] = error
    found = kept[file.file_id]
    if isinstance(found, SluiceError):
        st.error(shown(found.message), icon=":material/error:")
        return None
    return found


def _forget(present: set[str]) -> None:
    """Drop the scratch copies of files taken out of the uploader."""
    kept = st.session_state.get(f"{PAGE}.exports", {})
    for id in [id for id in kept if id not in present]:
        if isinstance(gone := kept.pop(id), Export):
            gone.close()


def _mapping(export: Export, key: str) -> Export | None:
    """Draw one file's mapping; return the export under it, or None while a required column is open."""
    with st.container(border=True, key=key):
        export = _which_table(export, key)
        export = export.as_table(_holds(export, key))
        table = export.mapping.table
        key = f"{key}.{table}"
        required = [c for c in TABLES[table] if c.required and c.name not in DERIVED]
        rest = [c for c in TABLES[table] if c not in required]
        chosen = _grid(export, required, key)
        recognised = sum(c.name in dict(export.mapping.columns) for c in rest)
        with st.expander(_("More columns: {n} of {all} recognised", n=recognised, all=len(rest))):
            chosen |= _grid(export, rest, key)
        extra = _settings(export, table, key)
        with st.expander(_("Sample values of the file")):
            st.dataframe(
                export.preview(),
                hide_index=True,
                width="stretch",
                column_config={"heading": _("File column"), "values": _("First values")},
            )
        with said_plainly():
            # What the recogniser found besides (event codes, attribution windows, order lines) stays.
            mapping = export.mapping.replace(
                columns={c: h for c, (h, _text) in chosen.items() if h not in (NONE, CONSTANT)},
                constants={c: text.strip() for c, (h, text) in chosen.items() if h == CONSTANT and text.strip()},
                **extra,
            )
            if not mapping.missing():
                export = export.mapped(mapping)
                reconciliation(export, key)
                return export
    return None


def _which_table(export: Export, key: str) -> Export:
    """Name the file, and let a table be chosen where it holds several."""
    rows = _("{n} rows", n=export.rows)
    platform = f" · {shown(export.recognition.format)}" if export.recognition.format else ""
    st.markdown(f"**{shown(export.name)}** · {rows}{platform}")
    if len(export.tables) < 2:
        return export
    place = st.selectbox(
        _("Table in this file"),
        range(len(export.tables)),
        format_func=lambda i: export.tables[i].title or _("Table {n}", n=i + 1),
        key=f"{key}.part",
        width=420,
    )
    return export.table(place) if place else export


def _holds(export: Export, key: str) -> str:
    return str(
        st.selectbox(
            _("This file holds"),
            list(TABLES),
            index=list(TABLES).index(export.mapping.table),
            format_func=_,
            key=f"{key}.table",
            width=220,
        )
    )


def reconciliation(export: Export, key: str) -> None:
    """Say what the import would do, before it is done."""
    found = _reconciled(export, key)
    counts = _("{lines} lines read: {kept} kept, {aside} set aside.", lines=found.lines, kept=found.kept,
               aside=found.lines - found.kept)  # fmt: skip
    st.markdown(f":material/fact_check: {counts}")
    for code, n in found.set_aside:
        st.markdown(f"- {_(REASONS.get(code, code))}: {_('{n} rows', n=n)}")
    for check in found.totals:
        verdict = _(VERDICTS[check.verdict])
        values = _("the file says {file}, we count {ours}", file=_exact(check.file), ours=_exact(check.ours))
        st.markdown(f"- `{check.column}`: {values} · {verdict}")
    warnings = [*(shown(q) for q in found.questions)]
    if found.unknown_events:
        names = Names(found.unknown_events[:12])
        warnings.append(_("Event names kept as they are: {names}.", names=names))
    if found.duplicates:
        warnings.append(_("{n} rows repeat another row exactly.", n=found.duplicates))
    if found.stored:
        warnings.append(_("{n} rows are in this workspace already.", n=found.stored))
    for text in warnings:
        st.markdown(f":material/warning: {text}")


VERDICTS = {"match": N_("match"), "rounding": N_("match to rounding"), "differ": N_("differ")}


def _exact(amount: float) -> str:
    return f"{amount:,.2f}"


def _reconciled(export: Export, key: str) -> Reconciliation:
    """Reconcile once per mapping and data version."""
    here = session.workspace()
    wanted = (export.scratch.digest, export.title, export.mapping.digest(), here.version)
    kept = st.session_state.get(f"{key}.reconciled")
    if kept is None or kept[0] != wanted:
        with st.spinner(_("Checking every row…")):
            kept = (wanted, export.reconcile(here if session.current() != session.SAMPLE else None))
        st.session_state[f"{key}.reconciled"] = kept
    return kept[1]


def _grid(export: Export, columns: Sequence[Column], key: str) -> dict[str, tuple[str, str]]:
    """Draw one choice per table column: a file column, one value for all rows, or nothing."""
    guessed, fixed = dict(export.mapping.columns), dict(export.mapping.constants)
    chosen = {}
    cells = st.columns(3)
    for i, column in enumerate(columns):
        with cells[i % 3]:
            keep(f"{key}.{column.name}", CONSTANT if column.name in fixed else guessed.get(column.name, NONE))
            marked = _("{column} (required)", column=column.name) if column.required else column.name
            heading = st.selectbox(
                marked,
                [NONE, CONSTANT, *export.headings],
                key=f"{key}.{column.name}",
                format_func=lambda h: {NONE: "—", CONSTANT: _("one value for all rows")}.get(h, h),
                help=_(column.meaning),
            )
            text = _constant(column, key, fixed.get(column.name, "")) if heading == CONSTANT else ""
            chosen[column.name] = (heading, text)
    return chosen


def _constant(column: Column, key: str, start: str) -> str:
    key = f"{key}.{column.name}.constant"
    if column.name == "currency":
        keep(key, start or CURRENCIES[0])
        return str(st.selectbox(_("Value for all rows"), list(dict.fromkeys([*CURRENCIES, start or "CNY"])), key=key))
    keep(key, start)
    return st.text_input(_("Value for all rows"), key=key, max_chars=100)


def _settings(export: Export, table: str, key: str) -> dict[str, Any]:
    cells = st.columns(3)
    zones = list(dict.fromkeys([export.mapping.zone, *ZONES]))
    extra: dict[str, Any] = {"zone": cells[0].selectbox(_("Time zone of times without one"), zones, key=f"{key}.zone")}
    if table == "spend":
        keep(f"{key}.period", export.mapping.period if export.mapping.period in PERIODS else "1d")
        extra["period"] = cells[1].selectbox(
            _("Length of a row's period"), list(PERIODS), format_func=lambda p: _(PERIODS[p]), key=f"{key}.period",
            help=_("Used where the file has no end of the period."),
        )  # fmt: skip
    else:
        keep(f"{key}.hash", "user_id" in export.mapping.hashed)
        hide = cells[1].checkbox(
            _("Hash user ids"), key=f"{key}.hash",
            help=_("Replaces them by a keyed hash. On by default where they look like e-mails or phone numbers."),
        )  # fmt: skip
        rest = tuple(c for c in export.mapping.hashed if c != "user_id")
        extra["hashed"] = (*rest, *(("user_id",) if hide else ()))
    return extra


def _target() -> str:
    """Ask where to: the sample campaign is not mixed with one's own data unless that is wanted."""
    if session.current() != session.SAMPLE:
        return session.current()
    into = st.radio(
        _("Import into"),
        ["new", session.SAMPLE],
        format_func=lambda v: _("a new workspace") if v == "new" else _("the sample campaign, beside its own data"),
        key=f"{PAGE}.target",
        horizontal=True,
    )
    return str(into)


def _import(exports: list[Export], target: str) -> None:
    with said_plainly(), st.spinner(_("Importing: cleaning, sorting and storing the rows…")):
        if new := target == "new":
            campaign = session.workspace().campaign
            name = exports[0].name.rsplit(".", 1)[0]
            constants = dict(exports[0].mapping.constants)
            currency = constants.get("currency", campaign.currency if campaign else "CNY")
            target = session.create(name, zone=exports[0].mapping.zone, currency=currency)
        session.choose(target)
        batch = session.workspace().add(*exports)
        if new:
            session.fit_campaign()
        st.session_state[f"{PAGE}.done"] = batch.id
        st.session_state[f"{PAGE}.round"] += 1
        _forget(set())
        st.rerun()


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
    kept, aside = sum(f.rows for f in batch.files), sum(f.set_aside for f in batch.files)
    with st.container(border=True, key=f"{PAGE}.batch.{batch.id}"):
        title = _("Batch {n}: {kept} rows kept, {aside} set aside", n=batch.id, kept=kept, aside=aside)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{title}** · {batch.imported_at:%Y-%m-%d %H:%M} UTC")
            with st.popover(_("Undo"), icon=":material/undo:"):
                st.markdown(_("Takes these rows out again. The files themselves are not touched."))
                st.button(
                    _("Undo batch {n}", n=batch.id), key=f"{PAGE}.undo.{batch.id}", on_click=_undo, args=(batch.id,)
                )
        for file in batch.files:
            rows = _("{n} rows", n=file.rows)
            st.markdown(f"{shown(file.file)} → {_(file.table)}: {rows}")
        if aside:
            _set_aside(batch)


def _set_aside(batch: Batch) -> None:
    with st.expander(_("{n} rows set aside", n=sum(f.set_aside for f in batch.files))):
        frame = session.workspace().set_aside(batch.id)
        frame["reason"] = frame["reason"].map(lambda code: _(REASONS.get(code, code)))
        st.dataframe(
            frame.head(1000),
            hide_index=True,
            width="stretch",
            column_config={
                "file": _("File"),
                "line": st.column_config.NumberColumn(_("Line"), format="%d"),
                "reason": _("Reason"),
                "column": _("Column"),
                "text": _("What it said"),
            },
        )
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
        session.workspace().undo(batch)
        session.forget_choices()
    except SluiceError as error:
        st.session_state[f"{PAGE}.said"] = error.message


def campaign() -> None:
    """Edit the campaign: its days, phases, budget, zone and currency."""
    now = session.workspace().campaign
    with st.expander(_("Campaign: days, phases, budget, time zone"), key=f"{PAGE}.campaign"), said_plainly():
        if now is None:
            now = Campaign(name=session.workspace().name, start="2026-01-01", end="2026-12-31")
        with st.form(f"{PAGE}.campaign.form", border=False):
            changed = _campaign_fields(now)
            if st.form_submit_button(_("Keep these settings"), type="primary"):
                session.workspace().campaign = changed()
                st.rerun()


def _campaign_fields(now: Campaign) -> Any:
    left, middle, right = st.columns(3)
    name = left.text_input(_("Name"), now.name, max_chars=80)
    start = middle.date_input(_("First day"), dt.date.fromisoformat(now.start), format="YYYY-MM-DD")
    end = right.date_input(_("Last day"), dt.date.fromisoformat(now.end), format="YYYY-MM-DD")
    zone = left.selectbox(_("Time zone"), list(dict.fromkeys([now.zone, *ZONES])))
    currency = middle.selectbox(_("Currency"), list(dict.fromkeys([now.currency, *CURRENCIES])))
    budget = right.number_input(_("Budget, reserve included"), min_value=0.0, value=now.budget, step=1000.0)
    st.markdown(_("Phases: when each begins; it runs to the day before the next."))
    begins = {p.name: dt.date.fromisoformat(p.start) for p in now.phases}
    cells = st.columns(3)
    days = [
        cells[i].date_input(_(phase), begins.get(phase), format="YYYY-MM-DD", key=f"{PAGE}.phase.{i}")
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
    ends = [*(day - dt.timedelta(days=1) for _name, day in given[1:]), end]
    return tuple(Phase(name=name, start=day, end=last) for (name, day), last in zip(given, ends, strict=True))


def announce() -> None:
    """Say what the last press of a button did."""
    if (done := st.session_state.pop(f"{PAGE}.done", None)) is not None:
        batch = next((b for b in session.workspace().batches() if b.id == done), None)
        if batch:
            kept, aside = sum(f.rows for f in batch.files), sum(f.set_aside for f in batch.files)
            st.success(_("Batch {n}: {kept} rows kept, {aside} set aside", n=done, kept=kept, aside=aside))
            for file in (f for f in batch.files if not f.rows):
                st.warning(
                    shown(_("No row of {file} could be used. Undo the batch and check its mapping.", file=file.file))
                )
    if (said := st.session_state.pop(f"{PAGE}.said", None)) is not None:
        st.error(shown(said))


through_the_door()
with st.spinner(_("Opening the workspace…")):
    session.workspace()
workspaces()
announce()
contents()
upload()
batches()
campaign()
