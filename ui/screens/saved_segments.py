"""Who is in the saved segments, and what do they bring? Here they are put together, exported and forgotten."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import streamlit as st

from analysis import InAll, InAny, InSegment, NotIn, Segments, Tables, WithRows
from analysis.audience.segments.question import AT_ONCE
from analysis.charts import GROUP_WORDS
from analysis.errors import SluiceError
from analysis.people import HOLDERS, People
from analysis.question import Question
from analysis.sharing import crm
from analysis.vocabulary import MEMBER, MEMBERSHIP
from analysis.workspace import Kept, Segment
from ui import kept, segment, session
from ui.controls import called, currency_of, sentence, several, widget_key
from ui.language import N_, _, current, shown
from ui.screens.base import Screen
from ui.session import worded

PLACE, MADE, CRM = "saved_segments.kept", "saved_segments.made", "saved_segments.crm"
JOINED = {"all": N_("in all of"), "any": N_("in any of")}
TABLES = {"": N_("no condition"), "events": N_("events"), "orders": N_("orders")}


def controls(tables: Tables, start: Segments) -> Segments:
    """Draw the sentence that is the question."""
    with sentence():
        st.markdown(_("Compare"), width="content")
        by = several(widget_key("by"), _("Segments"), tables.dated, start.by, N_("all that are saved"), 520, str)
        currency = currency_of(tables, start.currency)
    return start.replace(by=by[:AT_ONCE], currency=currency)


# ---- those that are saved ---------------------------------------------------------------------------------


def beside(tables: Tables) -> None:
    """Draw the saved segments, what puts further ones together, and what exports them."""
    found = session.workspace().kept(Segment)
    st.markdown("##### " + _("Saved segments"))
    segment.said(PLACE)
    for one in found:
        _kept(one)
    with st.expander(_("Put a segment together"), icon=":material/join_inner:", key=f"{MADE}.fold"):
        _made(tables, found)
    if found:
        with st.expander(_("Mark a customer list from the CRM"), icon=":material/contact_page:", key=f"{CRM}.fold"):
            _crm([one.name for one in found])


def _kept(one: Kept[Segment]) -> None:
    """Draw one segment: its name opens its question where that has a page of its own."""
    held, key = one.value, f"{PLACE}.{one.name}"
    with st.container(horizontal=True, vertical_alignment="center", key=key):
        if isinstance(held.question, Question):
            kept.opens(one.name, held.question, f"{key}.open")
        else:
            st.markdown(f"**{shown(one.name)}**", width="content")
        st.markdown(worded(held.question.words), width="content")
        st.markdown(_size(held), width="content")
        label = _("Freeze") if held.live else _("Make live")
        st.button(label, key=f"{key}.live", on_click=_turned, args=(one,), type="tertiary")
        kept.forget(PLACE, one, f"{key}.forget")
    if held.live and not held.users:
        with session.said_plainly():
            held.question.members(session.workspace().tables())


def _size(held: Segment) -> str:
    facts = {"n": held.users or 0, "day": held.day or ""}
    return shown(_("{n} users, live", **facts) if held.live else _("{n} users as of {day}", **facts))


def _turned(one: Kept[Segment]) -> None:
    """Make a live segment a list, or the other way round."""
    try:
        now = session.to_change().keep(one.name, one.value.replace(live=not one.value.live))
    except SluiceError as error:
        st.session_state[f"{PLACE}.refused"] = error.message
        return
    kept.replaced(PLACE, now)


# ---- put together -----------------------------------------------------------------------------------------


class Group(NamedTuple):
    """A group of a saved segment."""

    name: str
    group: str

    @property
    def people(self) -> InSegment:
        """Who is in it."""
        return InSegment(name=self.name, groups=() if self.group == MEMBER else (self.group,))

    def __str__(self) -> str:
        if self.group == MEMBER:
            return self.name
        return f"{self.name}: {_(GROUP_WORDS.get(self.group, self.group))}"


def _made(tables: Tables, found: Iterable[Kept[Segment]]) -> None:
    """Draw what joins groups of saved segments and a condition, and saves whoever that is."""
    groups = [Group(one.name, group) for one in found for group in _groups(tables, one.name)]
    if groups:
        joined = st.radio(_("Who is"), list(JOINED), key=f"{MADE}.how", format_func=lambda how: _(JOINED[how]),
                          horizontal=True)  # fmt: skip
        inside = st.multiselect(_("Segments"), groups, key=f"{MADE}.in", format_func=str, placeholder=_("None"))
        outside = st.multiselect(_("and in none of"), groups, key=f"{MADE}.out", format_func=str, placeholder=_("None"))
    else:
        joined, inside, outside = "all", [], []
    condition = _condition(tables)
    name, live = segment.named(MADE)
    if st.button(_("Save as a segment"), key=f"{MADE}.save", type="primary"):
        if people := _people(joined or "all", inside, outside, condition):
            segment.save(MADE, name, people, live=live)
        else:
            st.warning(_("Choose a segment or a condition first."))
    segment.said(MADE)


def _groups(tables: Tables, name: str) -> list[str]:
    """Return a segment's groups that a part can be: of a segment of one group, that one."""
    known = tables.names(name, *HOLDERS)
    return [MEMBER] if known and set(known) <= set(MEMBERSHIP) else list(known)


def _people(how: str, inside: list[Group], outside: list[Group], condition: WithRows | None) -> People | None:
    """Return what was put together; nothing where nothing was chosen."""
    wanted: list[People] = [group.people for group in inside]
    if how == "any" and len(wanted) > 1:
        wanted = [InAny(parts=wanted)]
    wanted += [condition] if condition else []
    wanted += [NotIn(part=group.people) for group in outside]
    if not wanted:
        return None
    return wanted[0] if len(wanted) == 1 else InAll(parts=wanted)


def _condition(tables: Tables) -> WithRows | None:
    """Draw a condition on a column of the events or orders; nothing where no table is chosen."""
    held = ["", *(table for table in HOLDERS if tables.count(table) and "user_id" in tables.present(table))]
    table = st.selectbox(_("and who has"), held, key=f"{MADE}.table", format_func=lambda name: _(TABLES[name]))
    if not table:
        return None
    columns = [c for c in tables.present(table) if c not in ("user_id", "order_id", "session_id", "phase")]
    column = st.selectbox(_("Column"), columns, key=f"{MADE}.column.{table}", format_func=_)
    facts: dict[str, Any] = {}
    if column in tables.texts(table):
        facts["values"] = st.multiselect(_("Values"), tables.names(column, table), key=f"{MADE}.values.{column}",
                                         format_func=called(column), placeholder=_("All"))  # fmt: skip
    elif column in tables.numbers(table):
        facts["least"] = st.number_input(_("At least"), value=None, key=f"{MADE}.least.{column}")
        facts["most"] = st.number_input(_("At most"), value=None, key=f"{MADE}.most.{column}")
    times = st.number_input(_("So many times or more"), 1, key=f"{MADE}.times")
    return WithRows(table=table, column=column, times=times, **facts)


# ---- for a CRM --------------------------------------------------------------------------------------------


@st.fragment
def _crm(names: list[str]) -> None:
    """Draw what takes a CRM's file and hands it back with a column for each segment."""
    st.caption(_("Bring the CRM's own file with ids in clear. It comes back with a column for each segment; "
                 "nothing of it is kept here."))  # fmt: skip
    file = st.file_uploader(_("Customer list"), key=f"{CRM}.file")
    if file is None:
        return
    with session.said_plainly():
        here, rows = session.workspace(), crm.customers(file.getvalue(), file.name)
        columns = list(rows.columns)
        best = crm.column_of_ids(here, rows)
        column = st.selectbox(_("Column with the ids"), columns, index=columns.index(best) if best else 0,
                              key=f"{CRM}.column")  # fmt: skip
        chosen = st.multiselect(_("Segments"), names, default=names[:1], key=f"{CRM}.names", placeholder=_("None"))
        if not chosen:
            return
        found, language = crm.marked(here, rows, column, chosen), current()
        st.markdown(shown(_("{known} of {n} rows are of somebody known here.", known=found.known, n=len(rows))))
        st.download_button(
            _("Download the marked list"),
            data=session.taken("customers", lambda: crm.bundle(here, found, chosen, language)),
            file_name="sluice-customers.zip",
            mime="application/zip",
            on_click="ignore",
            key=f"{CRM}.download",
            icon=":material/download:",
            help=_("A ZIP: the list as CSV, and what each segment is."),
        )


SCREEN = Screen(
    Segments,
    name="saved_segments",
    label=N_("Segments"),
    icon=":material/group:",
    controls=controls,
    waiting=N_("Counting who is in which segment…"),
    beside=beside,
)
