"""One file's columns: what each was taken to be, how sure that is, and correcting it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from analysis.errors import SluiceError
from analysis.imports.columns.mapping import DERIVED, SPREAD
from analysis.imports.lexicon.kinds import OTHER as NO_SALE
from analysis.imports.lexicon.kinds import REFUND, SALE
from analysis.imports.lexicon.results import ORDER, OTHER
from analysis.imports.lexicon.statuses import NOTHING
from analysis.imports.rows.choices import Choice, Option
from analysis.imports.rows.orders import UnknownStatus
from analysis.imports.rows.results import UnknownResult
from analysis.vocabulary import EVENTS, ORDER_STATUSES, TABLES, Column
from analysis.workspace import ColumnMapping, Export, FileMapping
from ui import kept, session, staging
from ui.language import N_, _, currency_called, shown
from ui.staging import Staged, proposal

NONE, CONSTANT = "\x00none", "\x00constant"
CURRENCIES = ("CNY", "USD", "EUR", "GBP", "JPY", "HKD", "TWD", "SGD", "INR")
ZONES = ("Asia/Shanghai", "UTC", "Asia/Hong_Kong", "Asia/Tokyo", "Asia/Singapore", "Europe/Berlin", "Europe/London",
         "America/New_York", "America/Los_Angeles")  # fmt: skip
PERIODS = {"1h": N_("one hour"), "1d": N_("one day"), "7d": N_("one week"), "month": N_("one calendar month")}
SURE = ((0.95, N_("sure")), (0.75, N_("likely")), (0.0, N_("a guess")))
MOST_EVENTS = MOST_SPREAD = 24
DAYS = ("period_start", "period_end")
AMOUNT = {"orders": "revenue", "events": "value"}
"""Amounts that may be a price of one piece times the pieces."""


def card(staged: Staged, key: str) -> None:
    """Draw what a file was taken for, column by column, with a way to correct each."""
    export = staged.export
    assert export is not None
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"{key}.what"):
        _which(staged, export, key)
        _holds(staged, export, key)
        _proposals(staged, export, key)
    for column in _columns(export, staged):
        if not (column.name in DAYS and _without_days(export.mapping, staged)):
            _row(staged, export, column, key)
        elif column.name == "period_start":
            _report_days(staged, export, key)
    if export.mapping.spread:
        _spread(staged, export, key)
    filled = (*_columns(export, staged), *(c for c in TABLES[export.mapping.table] if c.name in _of_spread(export)))
    rest = [c for c in TABLES[export.mapping.table] if c not in filled]
    if rest and st.toggle(_("Columns not found in the file ({n})", n=len(rest)), key=f"{key}.rest"):
        for column in rest:
            _row(staged, export, column, key)
        if not export.mapping.spread:
            _spread(staged, export, key)
    _settings(staged, export, key)
    _kept(staged, export, key)


def incomplete(staged: Staged) -> None:
    """Say what is missing, and show the file's columns to choose from."""
    export = staged.export
    assert export is not None
    if export.recognition.notice:
        st.info(shown(export.recognition.notice))
    if staging.unknown(staged):
        st.warning(_("I do not know this export. Say what it holds, then which of its columns is what."))
    else:
        text = _(
            "Still needed: {columns}. Choose the file's column for each, or one value for all rows.",
            columns=staging.missing(export),
        )
        st.warning(shown(text))
    _preview(export)


def _preview(export: Export) -> None:
    frame = export.preview()
    st.dataframe(
        frame.assign(looks=frame["looks"].map(lambda look: _(look) if look else "")),
        hide_index=True,
        width="stretch",
        column_config={"heading": _("File column"), "values": _("First values"), "looks": _("Looks like")},
    )


# ---- what the file is -------------------------------------------------------------------------------------


def _which(staged: Staged, export: Export, key: str) -> None:
    """Let a table be chosen where the file holds several."""
    if len(export.tables) < 2:
        return
    here = next((i for i, t in enumerate(export.tables) if t.scratch is export.scratch), 0)

    def choose() -> None:
        assert staged.read is not None
        staged.propose(proposal(staged.read.table(st.session_state[f"{key}.part"]), session.workspace()))

    st.session_state[f"{key}.part"] = here
    st.selectbox(
        _("Table in this file"),
        range(len(export.tables)),
        format_func=lambda i: export.tables[i].title or _("Table {n}", n=i + 1),
        key=f"{key}.part",
        on_change=choose,
        width=320,
    )


def _holds(staged: Staged, export: Export, key: str) -> None:
    def choose() -> None:
        table = st.session_state[f"{key}.table"]
        if table is None:
            return
        staged.told = True
        staged.propose(proposal(staged.fresh().as_table(table), session.workspace(), kept=False))

    st.session_state[f"{key}.table"] = None if staging.unknown(staged) else export.mapping.table
    st.selectbox(
        _("This file holds"), list(TABLES), index=None, format_func=_, key=f"{key}.table", on_change=choose, width=180,
        placeholder=_("Choose"),
    )  # fmt: skip


def _proposals(staged: Staged, export: Export, key: str) -> None:
    """Let a kept mapping be chosen instead of the recognised one, where one fits the file's headings."""
    here = session.workspace()
    fitting = {found.id: found for found in here.fitting(export)}
    if not fitting:
        return

    def choose() -> None:
        chosen = st.session_state[f"{key}.proposal"]
        fresh = staged.fresh()
        found = fitting.get(chosen)
        staged.propose(fresh.under(found.value.mapping, found.name) if found else proposal(fresh, here, kept=False))

    now = next((id for id, found in fitting.items() if found.name == export.kept), 0)
    st.session_state[f"{key}.proposal"] = now
    st.selectbox(
        _("Mapping"),
        [*fitting, 0],
        format_func=lambda id: fitting[id].name if id else _("as recognised"),
        key=f"{key}.proposal",
        on_change=choose,
        width=260,
    )


# ---- the grid ---------------------------------------------------------------------------------------------


def _columns(export: Export, staged: Staged) -> list[Column]:
    """Return the columns to look at: those the table needs, and those the file has."""
    given = {c for c, _source in (*export.mapping.columns, *export.mapping.constants)} | staged.fixed
    made = (*DERIVED, *_of_spread(export))
    needed = [c for c in TABLES[export.mapping.table] if c.required and c.name not in made]
    return [*needed, *(c for c in TABLES[export.mapping.table] if c not in needed and c.name in given)]


def _row(staged: Staged, export: Export, column: Column, key: str) -> None:
    """Draw one column: the file column it comes from, some of its values, how sure that is and why."""
    heading = dict(export.mapping.columns).get(column.name, "")
    fixed = column.name in staged.fixed and not heading
    with st.container(key=f"{key}.row.{column.name}"):
        left, middle, right = st.columns([4, 4, 4], vertical_alignment="bottom")
        with left:
            _source(staged, export, column, key, CONSTANT if fixed else heading or NONE)
        with middle:
            if fixed:
                _constant(staged, export, column, key)
            else:
                st.caption(shown(_values(export, heading)) if heading else "—")
        with right:
            st.caption(_why(export, column, heading, fixed=fixed))


def _source(staged: Staged, export: Export, column: Column, key: str, now: str) -> None:
    key = f"{key}.{column.name}"
    names = {NONE: "—", CONSTANT: _("one value for all rows")}
    required = " " + _("(required)") if column.required else ""

    def choose() -> None:
        chosen = st.session_state[key]
        (staged.fixed.add if chosen == CONSTANT else staged.fixed.discard)(column.name)
        first = _first_constant(column) if chosen == CONSTANT else ""
        staged.assign(column.name, heading="" if chosen in names else chosen, text=first)

    st.session_state[key] = now
    st.selectbox(
        f"**{column.name}**{required} · {_(column.meaning)}",
        [NONE, CONSTANT, *export.headings],
        key=key,
        format_func=lambda h: names.get(h, h),
        on_change=choose,
    )


def _first_constant(column: Column) -> str:
    here = session.workspace()
    return here.campaign.currency if column.name == "currency" and here.campaign else ""


def _constant(staged: Staged, export: Export, column: Column, key: str) -> None:
    key, now = f"{key}.{column.name}.constant", dict(export.mapping.constants).get(column.name, "")

    def choose() -> None:
        staged.assign(column.name, text=str(st.session_state[key] or "").strip())

    known = {"currency": CURRENCIES, "event": EVENTS}.get(column.name)
    st.session_state[key] = now if known is None else now or None
    if known is None:
        st.text_input(_("Value for all rows"), key=key, max_chars=100, on_change=choose)
    else:
        options = list(dict.fromkeys([*known, *([now] if now else [])]))
        st.selectbox(
            _("Value for all rows"), options, key=key, on_change=choose, accept_new_options=True,
            placeholder=_("Choose"), format_func=currency_called if column.name == "currency" else _,
        )  # fmt: skip


def _values(export: Export, heading: str, n: int = 4) -> str:
    """Return some different values of a file column."""
    return " · ".join(v[:40] for v in list(dict.fromkeys(export.samples.get(heading, [])))[:n])


def _needed() -> str:
    text = _("needed, and not found")
    return f":orange[{text}]"


def _why(export: Export, column: Column, heading: str, *, fixed: bool) -> str:
    """Say how sure a proposal is, and why; or that the analyst chose it."""
    guess = export.guess(column.name)
    if guess is None:
        if heading or (fixed and column.name in dict(export.mapping.constants)):
            return _("chosen by you")
        return _needed() if column.required else _("not found")
    words = next(_(text) for least, text in SURE if guess.confidence >= least)
    colour = "" if guess.confidence >= SURE[1][0] else ":orange"
    sure = f"{words} ({guess.confidence:.0%})"
    return f"{colour}[{sure}]: {shown(guess.reason)}" if colour else f"{sure}: {shown(guess.reason)}"


# ---- columns that become rows -----------------------------------------------------------------------------


def _of_spread(export: Export) -> tuple[str, ...]:
    """Return the columns that are filled by columns that become rows."""
    return export.mapping.spread_to()


def _spread(staged: Staged, export: Export, key: str) -> None:
    """Let columns be chosen that become rows, and say what each becomes."""
    chosen, (name, cell) = dict(export.mapping.spread), SPREAD[export.mapping.table]
    spread = {heading: chosen[heading] for heading in export.headings if heading in chosen}
    taken = {heading for _column, heading in export.mapping.columns}

    def choose() -> None:
        staged.spread({heading: spread.get(heading, heading) for heading in st.session_state[f"{key}.spread"]})

    with st.container(key=f"{key}.row.spread"):
        st.session_state[f"{key}.spread"] = list(spread)
        st.multiselect(
            _("Columns that become rows: **{name}** is what each stands for, **{cell}** what it holds",
              name=name, cell=cell),
            [heading for heading in export.headings if heading not in taken],
            key=f"{key}.spread",
            on_change=choose,
            placeholder=_("None"),
        )  # fmt: skip
        with st.container(horizontal=True, key=f"{key}.spread.names"):
            for heading in list(spread)[:MOST_SPREAD]:
                _spread_name(staged, spread, heading, f"{key}.spread.{heading}")


def _spread_name(staged: Staged, spread: dict[str, str], heading: str, key: str) -> None:
    def choose() -> None:
        staged.spread({**spread, heading: st.session_state[key].strip() or heading})

    st.session_state[key] = spread[heading]
    st.text_input(_("{heading} becomes", heading=heading), key=key, max_chars=100, width=180, on_change=choose)


def confirm(staged: Staged, key: str) -> None:
    """Ask whether what the mapping assumes is right."""
    for n, asked in enumerate(staged.export.assumptions if staged.export else ()):
        place = f"{key}.confirm.{n}"
        st.session_state[place] = asked in staged.confirmed
        st.checkbox(shown(asked), key=place, on_change=staged.confirm, args=(asked, place))


# ---- a report without days --------------------------------------------------------------------------------


def _without_days(mapping: ColumnMapping, staged: Staged) -> bool:
    return mapping.table == "spend" and "period_start" not in dict(mapping.columns) and "period_start" in staged.fixed


def _report_days(staged: Staged, export: Export, key: str) -> None:
    """Ask which days a report is about whose rows have none."""
    first, last = export.mapping.days or (None, None)

    def choose() -> None:
        begin, end = (st.session_state[f"{key}.days.{end}"] for end in ("first", "last"))
        if begin and end and begin <= end:
            staged.change(export.mapping.over(begin, end))

    with st.container(key=f"{key}.row.days"):
        left, middle, right = st.columns([4, 4, 4], vertical_alignment="bottom")
        for place, name, label, day in (
            (left, "first", _("**First day of the report** (its rows have none)"), first),
            (middle, "last", _("**Last day of the report**"), last),
        ):
            st.session_state.setdefault(f"{key}.days.{name}", day)
            place.date_input(label, key=f"{key}.days.{name}", format="YYYY-MM-DD", on_change=choose)
        guess = export.guess("period_start")
        with right:
            st.caption(_why(export, TABLES["spend"][0], "", fixed=True) if guess or first else _needed())
            st.button(_("Choose a column instead"), key=f"{key}.days.column", type="tertiary",
                      on_click=staged.without_days)  # fmt: skip


# ---- settings ---------------------------------------------------------------------------------------------


def _settings(staged: Staged, export: Export, key: str) -> None:
    """Draw what holds for the whole file."""
    mapping = export.mapping

    def set_field(field: str, made: Any = lambda value: value) -> None:
        staged.change(mapping.replace(**{field: made(st.session_state[f"{key}.{field}"])}))

    cells = st.columns(3, vertical_alignment="bottom")
    st.session_state[f"{key}.zone"] = mapping.zone
    zones = list(dict.fromkeys([mapping.zone, *ZONES]))
    cells[0].selectbox(
        _("Time zone of times without one"), zones, key=f"{key}.zone", on_change=set_field, args=("zone",)
    )
    if mapping.table == "spend" and "period_end" not in {c for c, _s in (*mapping.columns, *mapping.constants)}:
        st.session_state[f"{key}.period"] = mapping.period
        periods = list(dict.fromkeys([*PERIODS, mapping.period]))
        cells[1].selectbox(
            _("Length of a row's period"), periods, format_func=lambda p: _(PERIODS.get(p, p)), key=f"{key}.period",
            on_change=set_field, args=("period",),
        )  # fmt: skip
    if (amount := AMOUNT.get(mapping.table)) in dict(mapping.columns):
        st.session_state[f"{key}.factors"] = dict(mapping.factors).get(str(amount), "")
        cells[2].selectbox(
            _("Amount of each row: times"), ["", *export.headings], key=f"{key}.factors", on_change=set_field,
            args=("factors", lambda heading: {amount: heading} if heading else {}), format_func=lambda h: h or "—",
            help=_("For a price of one piece, choose how many pieces there are."),
        )  # fmt: skip
    if "user_id" in {c for c, _s in mapping.columns}:
        st.session_state[f"{key}.hashed"] = "user_id" in mapping.hashed
        rest = tuple(c for c in mapping.hashed if c != "user_id")
        cells[1].checkbox(
            _("Hash user ids"), key=f"{key}.hashed", on_change=set_field,
            args=("hashed", lambda on: (*rest, *(("user_id",) if on else ()))),
            help=_("Replaces them by a keyed hash. On by default where they look like e-mails or phone numbers."),
        )  # fmt: skip


ORDERS = {
    "day_first": {
        (True, None): N_("the first of February"),
        (False, None): N_("the second of January"),
    },
    "year_first": {
        (True, False): N_("5 June 2007"),
        (False, False): N_("6 May 2007"),
        (None, True): N_("7 June 2005"),
    },
}
"""What can be said of a date's order, as (day first, year first), by the field that a file leaves open."""
EXAMPLES = {"day_first": N_("In this file, 01/02/2026 is"), "year_first": N_("In this file, 05-06-07 is")}


def order_of_dates(staged: Staged, undecided: tuple[str, ...], key: str) -> None:
    """Ask the order of day, month and year where the file cannot tell; what was said stays open to change."""
    export = staged.export
    assert export is not None
    said, proposed = export.mapping, export.recognition.mapping
    now = (said.day_first, said.year_first)
    if not ORDERS.keys() & set(undecided) and now == (proposed.day_first, proposed.year_first):
        return
    asked = "year_first" if "year_first" in undecided or said.year_first is not None else "day_first"

    def take(order: tuple[bool | None, bool | None]) -> None:
        staged.change(said.replace(day_first=order[0], year_first=order[1]))

    _ask(_(EXAMPLES[asked]), ORDERS[asked], f"{key}.{asked}", now, take)


OPEN = {
    "end_included": (
        N_("The day in the column of ends is"),
        {True: N_("the last day of its period"), False: N_("the day after it")},
    ),
    "decimal": (N_("In this file, 1.234 is"), {",": N_("more than a thousand"), ".": N_("between one and two")}),
    "totals": (
        N_("Rows named like totals, or without a name, are"),
        {True: N_("totals: leave them out"), False: N_("rows like the others")},
    ),
    "part_refunds": (
        N_("Of orders partly refunded, no amount stated, take as given back"),
        {"none": N_("nothing"), "whole": N_("all of it")},
    ),
    "below_zero": (
        N_("Lines of an order below zero that could be either are"),
        {"discount": N_("discounts: part of the order"), "refund": N_("refunds")},
    ),
}
"""Fields of a mapping that a file may leave open: what is asked, and what can be said."""


def left_open(staged: Staged, undecided: tuple[str, ...], key: str) -> None:
    """Ask what the file cannot tell; what was said stays open to change."""
    export = staged.export
    assert export is not None
    said, proposed = export.mapping, export.recognition.mapping
    for name, (label, words) in OPEN.items():
        if name in undecided or getattr(said, name) != getattr(proposed, name):
            _ask(
                _(label), words, f"{key}.{name}", getattr(said, name),
                lambda own, name=name: staged.change(said.replace(**{name: own})),
            )  # fmt: skip


def columns_that_could_serve(staged: Staged, choices: Sequence[Choice], key: str) -> None:
    """Ask which of several columns of the file is meant, each with what it adds up to and some values."""
    for each in choices:
        place = f"{key}.settled.{each.column}"
        st.session_state.setdefault(place, None)
        st.radio(
            _("Which column is {column}?", column=each.column),
            [option.heading for option in each.options],
            index=None,
            captions=[shown(_option(option)) for option in each.options],
            key=place,
            on_change=lambda column=each.column, place=place: staged.settle(column, st.session_state[place]),
        )


def _option(option: Option) -> str:
    values = " · ".join(option.values)
    return values if option.total is None else _("adds up to {total}: {values}", total=f"{option.total:,.2f}",
                                                 values=values)  # fmt: skip


def _ask(label: str, words: Mapping[Any, str], key: str, now: Any, take: Callable[[Any], None]) -> None:
    """Draw what can be said, none of it chosen before it is said."""
    st.session_state[key] = now if now in words else None
    st.radio(
        label,
        list(words),
        index=None,
        format_func=lambda own: _(words[own]),
        key=key,
        on_change=lambda: take(st.session_state[key]),
        horizontal=True,
    )


def event_names(staged: Staged, others: tuple[str, ...], key: str) -> None:
    """Let the file's own event names be said in the standard ones, which Segments and the first funnel go by."""
    export = staged.export
    assert export is not None
    given, proposed = dict(export.mapping.events), dict(export.recognition.mapping.events)
    if not export.recognition.format:
        proposed = {}  # guessed name by name: each is shown
    named = [name for name in given if given[name] != proposed.get(name)]
    shown_names = [*named, *(n for n in others if n.casefold() not in named)][:MOST_EVENTS]
    if not shown_names:
        return

    def choose(name: str, place: str) -> None:
        events = {n: e for n, e in given.items() if n != name.casefold()}
        if chosen := st.session_state[place]:
            events[name.casefold()] = chosen
        staged.change(export.mapping.replace(events=events))

    st.caption(_("Event names of this file's own: say which standard event each is, or keep it as it is."))
    with st.container(horizontal=True, key=f"{key}.events"):
        for name in shown_names:
            place = f"{key}.event.{name}"
            st.session_state[place] = given.get(name.casefold(), "")
            st.selectbox(
                shown(name), ["", *EVENTS], key=place, width=160, on_change=choose, args=(name, place),
                format_func=lambda e: _(e) if e else _("as it is"),
            )  # fmt: skip


def order_statuses(staged: Staged, unknown: Sequence[UnknownStatus], key: str) -> None:
    """Let words for how an order stands be said in ours, and when an order that is paid on delivery counts."""
    export = staged.export
    assert export is not None
    _on_delivery(staged, export, key)
    given, proposed = dict(export.mapping.statuses), dict(export.recognition.mapping.statuses)
    said = [word for word, status in given.items() if proposed.get(word) != status]
    words = {word.casefold(): "" for word in said} | {u.word.casefold(): f" × {u.rows}" for u in unknown}
    if not words:
        return
    names = {**ORDER_STATUSES, NOTHING: N_("says nothing of it")}

    def choose(word: str, place: str) -> None:
        statuses = {w: s for w, s in given.items() if w != word}
        if chosen := st.session_state[place]:
            statuses[word] = chosen
        staged.change(export.mapping.replace(statuses=statuses))

    st.caption(_("Words for how an order stands that are not known: say what each means."))
    with st.container(horizontal=True, key=f"{key}.statuses"):
        for word, rows in list(words.items())[:MOST_EVENTS]:
            place = f"{key}.status.{word}"
            st.session_state[place] = given.get(word, "")
            st.selectbox(
                f"{shown(word)}{rows}", ["", *names], key=place, width=180, on_change=choose, args=(word, place),
                format_func=lambda s: _(names[s]) if s else _("Choose"),
            )  # fmt: skip


def kinds_of_rows(staged: Staged, unknown: Sequence[UnknownStatus], key: str) -> None:
    """Let it be said which rows are sales, which give something back, and which are neither."""
    export = staged.export
    assert export is not None
    given, proposed = dict(export.mapping.row_kinds), dict(export.recognition.mapping.row_kinds)
    said = [word for word, kind in given.items() if proposed.get(word) != kind]
    names = {SALE: N_("sales"), REFUND: N_("refunds"), NO_SALE: N_("neither: leave them out")}
    for word in [*said, *(w for u in unknown if (w := u.word.casefold()) not in said)][:MOST_EVENTS]:
        _ask(
            _("Rows of the kind {kind} are", kind=word), names, f"{key}.kind.{word}", given.get(word),
            lambda kind, word=word: staged.change(export.mapping.replace(row_kinds={**given, word: kind})),
        )  # fmt: skip


def _on_delivery(staged: Staged, export: Export, key: str) -> None:
    """Show the rule for orders that are paid when they come, and let it be the other one."""
    proposed = export.recognition.mapping.on_delivery
    if not proposed:
        return
    words = {True: N_("once they are delivered"), False: N_("as their status says")}
    _ask(
        _("Orders paid on delivery count as paid"), words, f"{key}.on_delivery", bool(export.mapping.on_delivery),
        lambda later: staged.change(export.mapping.replace(on_delivery=proposed if later else ())),
    )  # fmt: skip


def result_types(staged: Staged, unknown: Sequence[UnknownResult], key: str) -> None:
    """Let it be said which types of results are orders."""
    export = staged.export
    assert export is not None
    given, proposed = dict(export.mapping.results), dict(export.recognition.mapping.results)
    said = [word for word, kind in given.items() if proposed.get(word) != kind]
    names = {ORDER: N_("orders"), OTHER: N_("something else")}
    for word in [*said, *(u.word for u in unknown if u.word not in said)][:MOST_EVENTS]:
        _ask(
            _("Results of the type {type} are", type=word), names, f"{key}.result.{word}", given.get(word),
            lambda kind, word=word: staged.change(export.mapping.replace(results={**given, word: kind})),
        )  # fmt: skip


# ---- keeping a mapping ------------------------------------------------------------------------------------


def _kept(staged: Staged, export: Export, key: str) -> None:
    """Offer to remember a corrected mapping, and to carry it as a file."""
    if staged.to_keep:
        with st.container(horizontal=True, vertical_alignment="bottom", key=f"{key}.keep"):
            staged.label = st.text_input(_("Name of this mapping"), staged.label, key=f"{key}.label", max_chars=80)
            staged.remember = st.checkbox(
                _("Remember it for files with the same headings"), staged.remember, key=f"{key}.remember"
            )
    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}.files"):
        with st.popover(_("All columns of the file"), icon=":material/table:"):
            _preview(export)
        st.download_button(
            _("Mapping as JSON"),
            data=export.mapping.to_json(),
            file_name=f"sluice-mapping-{export.mapping.table}.json",
            mime="application/json",
            icon=":material/download:",
            on_click="ignore",
            key=f"{key}.json",
        )
        with st.popover(_("Load a mapping"), icon=":material/upload:"):
            _load(staged, export, key)


def _load(staged: Staged, export: Export, key: str) -> None:
    round = st.session_state.setdefault(f"{key}.load.round", 0)
    file = st.file_uploader(_("A mapping downloaded here"), type=["json"], key=f"{key}.load.{round}")
    if file is None:
        return
    name = file.name.rsplit(".", 1)[0]
    try:
        staged.propose(staged.fresh().under(ColumnMapping.from_file(file.getvalue(), file.name), name))
    except SluiceError as error:
        st.error(shown(error.message))
        return
    staged.loaded, staged.label = True, name
    st.session_state[f"{key}.load.round"] += 1
    st.rerun()


def kept_mappings() -> None:
    """List the mappings that this workspace remembers, with a way to forget each."""
    place = "data.kept"
    kept.undo(place)
    found = session.workspace().kept(FileMapping)
    if not found:
        return
    with st.expander(_("Remembered mappings: {n}", n=len(found))):
        st.caption(_("Proposed first for a file with the same headings."))
        for each in found:
            with st.container(horizontal=True, vertical_alignment="center", key=f"data.kept.{each.id}"):
                mapping, n = each.value.mapping, _("{n} columns", n=len(each.value.headings))
                st.markdown(f"**{shown(each.name)}** · {_(mapping.table)} · {n} · {each.at:%Y-%m-%d}")
                st.download_button(
                    _("Mapping as JSON"), data=mapping.to_json(), file_name=f"{each.name}.json",
                    mime="application/json", on_click="ignore", key=f"data.kept.{each.id}.json", type="tertiary",
                )  # fmt: skip
                kept.forget(place, each, f"data.forget.{each.id}")
