"""Where do people drop off?"""

from __future__ import annotations

import datetime as dt
from typing import Any

import streamlit as st

from analysis import (
    DropOffs,
    Exclusion,
    Filter,
    Funnel,
    FunnelChange,
    FunnelMoney,
    FunnelPaths,
    FunnelRules,
    Step,
    Tables,
    TimeToConvert,
)
from analysis.charts import GROUP_WORDS, NOT_SET
from analysis.comparison.settings import CHOICES
from analysis.values import local_day
from ui.controls import (
    called,
    choose,
    choose_words,
    currency_of,
    event_names,
    length,
    number,
    sentence,
    several,
    text_columns,
    widget_key,
    with_kept,
)
from ui.language import N_, _, listed, unseen
from ui.screens.base import Screen, View
from ui.session import keep

SESSION = {"session": N_("one session")}
MOST_STEPS, MOST_VALUES = 8, 200
RULES = {name: CHOICES[name] for name in ("order", "entry", "dates")}
RULES["profile"] = {"": N_("Sluice's own"), **CHOICES["profile"]}
WAYS = {"after": N_("after dropping at"), "before": N_("before reaching")}
LABELS = {"order": N_("Order"), "entry": N_("Entry"), "dates": N_("Dates"), "profile": N_("Rules of")}


def controls(tables: Tables, start: Funnel) -> Funnel:
    """Draw the sentence that is the question."""
    keep(widget_key("count"), len(start.steps))
    with sentence():
        st.markdown(_("Of people who"), width="content")
        steps = [_step(tables, start, i) for i in range(st.session_state[widget_key("count")])]
        _add_and_remove()
        st.markdown(_("within"), width="content")
        window = length(start.window, SESSION)
        st.markdown(_(", by"), width="content")
        breakdown = _column(tables, "breakdown", _("Breakdown"), start.breakdown)
        with st.popover(_("More rules"), icon=":material/tune:", key=widget_key("more")):
            rules = _rules(tables, start, len(steps))
    return start.replace(steps=steps, window=window, breakdown=breakdown, **rules)


# ---- steps ------------------------------------------------------------------------------------------------


def _step(tables: Tables, start: Funnel, i: int) -> Step:
    names = event_names(tables)
    used = [event for step in start.steps[: i + 1] for event in _whole(step).events]
    fresh = Step(next((n for n in names if n not in used), names[-1]))
    stored = _whole(start.steps[i]) if i < len(start.steps) else fresh
    key = widget_key(f"step.{i}")
    if i:
        st.markdown(_("then"), width="content")
    event = choose(key, _("Step {n}", n=i + 1), names, stored.events[0], called("event"))
    with st.popover(
        _set(tables, key, stored), icon=":material/filter_alt:", key=f"{key}.more", help=_("Conditions of this step")
    ):
        also = several(
            f"{key}.also", _("Or any of these events"), names, stored.events[1:], N_("None"), words=called("event")
        )
        where = _where(tables, key, stored)
        last = i in (0, st.session_state[widget_key("count")] - 1)
        keep(f"{key}.optional", stored.optional)
        skip = st.toggle(_("May be skipped"), key=f"{key}.optional", disabled=last)
    return Step((event, *(e for e in also if e != event)), where=where, optional=skip and not last)


def _set(tables: Tables, key: str, stored: Step) -> str:
    """Return how many conditions a step has, so that they show while their list is closed."""
    columns = with_kept(text_columns(tables), *dict(stored.where))
    held = [st.session_state.get(k) for k in (f"{key}.also", *(f"{key}.where.{c}" for c in columns))]
    skipped = st.session_state.get(f"{key}.optional")
    if skipped is None:  # not drawn yet
        held, skipped = [stored.events[1:], *stored.where], stored.optional
    count = sum(map(bool, [*held, skipped]))
    return f"{unseen(_('Conditions of this step'))}{count or ''}"


def _events_called(names: str) -> str:
    """Return what a step or an exclusion of one event or of several is called."""
    return "/".join(map(called("event"), names.split("/")))


def _whole(step: str | Step) -> Step:
    return Step((step,)) if isinstance(step, str) else step


def _where(tables: Tables, key: str, stored: Step) -> dict[str, list[str]]:
    """Draw a list of values per column; return those that are restricted."""
    kept = dict(stored.where)
    chosen = {}
    for column in with_kept(text_columns(tables), *kept):
        values = list(tables.names(column))
        if column in kept or 1 < len(values) <= MOST_VALUES:
            label = _("Only where {column} is", column=_(column))
            chosen[column] = several(
                f"{key}.where.{column}", label, values, kept.get(column, ()), "All", words=called(column)
            )
    return {column: values for column, values in chosen.items() if values}


def _add_and_remove() -> None:
    count = st.session_state[widget_key("count")]
    if count < MOST_STEPS:
        st.button(
            unseen(_("Add a step")),
            key=widget_key("add"),
            icon=":material/add:",
            help=_("Add a step"),
            on_click=_resize,
            args=(widget_key(""), 1),
        )
    if count > 2:
        st.button(
            unseen(_("Remove the last step")),
            key=widget_key("remove"),
            icon=":material/remove:",
            help=_("Remove the last step"),
            on_click=_resize,
            args=(widget_key(""), -1),
        )


def _resize(place: str, by: int) -> None:
    count = st.session_state[f"{place}count"]
    last = f"{place}step.{count - 1}"
    if by < 0:
        for key in [k for k in st.session_state if k == last or str(k).startswith(f"{last}.")]:
            del st.session_state[key]
    st.session_state[f"{place}count"] = count + by


# ---- window and columns -----------------------------------------------------------------------------------


def _column(tables: Tables, name: str, label: str, stored: str | None, width: int | None = 150) -> str | None:
    options = ["", *text_columns(tables)]
    return choose(widget_key(name), label, options, stored or "", lambda c: _(c or "nothing"), width) or None


# ---- more rules -------------------------------------------------------------------------------------------


def _rules(tables: Tables, start: Funnel, count: int) -> dict[str, Any]:
    """Draw the rules that the sentence leaves out."""
    chosen: dict[str, Any] = {}
    for name in ("order", "entry", "dates", "profile"):
        keep(widget_key(name), getattr(start, name) or "")
        options = RULES[name]
        ruled = name in ("entry", "dates") and bool(st.session_state.get(widget_key("profile"), start.profile))
        chosen[name] = st.selectbox(
            _(LABELS[name]),
            list(options),
            key=widget_key(name),
            format_func=lambda o, options=options: _(options[o]),
            disabled=ruled,
            help=_("The rules followed say so themselves.") if ruled else None,
        )
    chosen["profile"] = chosen["profile"] or None
    chosen["breakdown_at"] = _breakdown_at(start, count)
    chosen["hold"] = _column(tables, "hold", _("The same at every step"), start.hold, width=None)
    chosen["exclusions"] = _exclusions(tables, start, count)
    return chosen


def _breakdown_at(start: Funnel, count: int) -> str | int:
    key = widget_key("breakdown_at")
    keep(key, start.breakdown_at)
    options: list[str | int] = ["first", "last", *range(2, count)]
    words = {"first": _("the first step"), "last": _("the last step taken")}
    if st.session_state[key] not in options:
        st.session_state[key] = "first"
    return st.selectbox(
        _("Breakdown's value is taken at"),
        options,
        key=listed(key),
        format_func=lambda o: words.get(o) or _("step {n}", n=o),
    )


def _exclusions(tables: Tables, start: Funnel, count: int) -> list[Exclusion]:
    """Draw what ends a chain, and between which steps each does."""
    known = {event: Exclusion((event,)) for event in event_names(tables)}
    known |= {"/".join(one.events): one for one in start.exclusions}
    already = ["/".join(e.events) for e in start.exclusions]
    chosen = several(widget_key("excluded"), _("Ended by"), known, already, N_("None"), words=_events_called)
    return [_between(known[name], name, count) for name in chosen]


def _between(one: Exclusion, name: str, count: int) -> Exclusion:
    if st.session_state[widget_key("order")] == "any":
        return one.replace(after=1, before=None)
    ends = []
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        for end, kept, steps, label in (
            ("after", one.after, range(1, count), _("{event} after step", event=_events_called(name))),
            ("before", one.before or count, range(2, count + 1), _("and before step")),
        ):
            key = widget_key(f"excluded.{name}.{end}")
            keep(key, kept)
            if st.session_state[key] not in steps:
                st.session_state[key] = steps[0] if end == "after" else steps[-1]
            ends.append(st.selectbox(label, list(steps), key=key))
    return one.replace(after=ends[0], before=None if ends[1] == count else ends[1])


# ---- views ------------------------------------------------------------------------------------------------


def _time(tables: Tables, funnel: Funnel, opened: TimeToConvert | None) -> TimeToConvert:
    """Draw between which two steps time is taken."""
    start = opened or TimeToConvert(funnel=funnel)
    names, count = funnel.step_names, len(funnel.steps)
    chosen = []
    with sentence("between"):
        for end, kept, steps, words in (
            ("from", start.from_step, range(1, count), _("From")),
            ("to", start.to_step or count, range(2, count + 1), _("to")),
        ):
            key = widget_key(f"time.{end}")
            keep(key, kept)
            if st.session_state[key] not in steps:
                st.session_state[key] = steps[0] if end == "from" else steps[-1]
            st.markdown(words, width="content")
            chosen.append(choose(key, words, steps, kept, lambda k: f"{k}. {_events_called(names[k - 1])}", 180))
    first, until = chosen
    return TimeToConvert(funnel=funnel, from_step=first, to_step=None if until == count else until)


def _paths(tables: Tables, funnel: Funnel, opened: FunnelPaths | None) -> FunnelPaths:
    """Draw at which step paths begin, which way they go, and whose they are."""
    start = opened or FunnelPaths(funnel=funnel)
    count = len(funnel.steps)
    with sentence("paths"):
        st.markdown(_("What people did"), width="content")
        way = choose_words(widget_key("paths.direction"), _("Direction"), WAYS, start.direction, 180)
        steps = [k for k in range(1, count + 1) if way == "before" or _may_drop(funnel, k)]
        key = widget_key("paths.step")
        keep(key, start.step)
        if st.session_state[key] not in steps:
            st.session_state[key] = steps[0]
        step = choose(key, _("Step"), steps, start.step, lambda k: _step_name(funnel, k), 180)
        group = _group(tables, funnel, start)
        with st.popover(_("More"), icon=":material/tune:", key=widget_key("paths.more")):
            keep(widget_key("paths.depth"), start.depth)
            keep(widget_key("paths.names"), start.names)
            depth = st.number_input(_("Levels"), min_value=1, max_value=10, key=widget_key("paths.depth"))
            label = _("Events told apart per level")
            most = st.number_input(label, min_value=1, max_value=20, key=widget_key("paths.names"))
    return start.replace(
        funnel=funnel, where=funnel.where, direction=way, step=step, depth=depth, names=most, group=group
    )


def _may_drop(funnel: Funnel, k: int) -> bool:
    return k < len(funnel.steps) and not funnel.skippable >> (k - 1) & 1


def _step_name(funnel: Funnel, k: int) -> str:
    name = funnel.row_names[k - 1]
    return name if funnel.order == "any" else f"{k}. {_events_called(name)}"


def _group(tables: Tables, funnel: Funnel, start: FunnelPaths) -> str | None:
    """Draw which group of the breakdown, if there is one, people are of."""
    column = funnel.breakdown
    if not column:
        return None
    stored = start.group if start.funnel.breakdown == column else None
    words = {"": N_("all groups"), **GROUP_WORDS}
    groups = ["", *tables.names(column), NOT_SET]
    key = widget_key(f"paths.group.{column}")
    return (
        choose(key, _("Group"), groups, stored or "", lambda g: _(words[g]) if g in words else called(column)(g), 150)
        or None
    )


def _dropoffs(tables: Tables, funnel: Funnel, opened: DropOffs | None) -> DropOffs:
    """Draw which columns are looked through."""
    start = opened or DropOffs(funnel=funnel)
    with sentence("dropoffs"):
        st.markdown(_("Compare groups by"), width="content")
        by = several(
            widget_key("dropoffs.by"),
            _("Columns"),
            text_columns(tables),
            start.by,
            N_("device, channel, audience, creative"),
            420,
        )
        slow = start.slow
        if "load_ms" in tables.present("events"):
            st.markdown(_("and pages slower than"), width="content")
            key = widget_key("dropoffs.slow")
            slow = number(key, _("Seconds"), float(start.slow), 0.5, min_value=0.0, max_value=60.0)
            st.markdown(_("seconds"), width="content")
        currency = currency_of(tables, start.currency, "dropoffs.currency")
    return start.replace(funnel=funnel, where=funnel.where, by=by, slow=slow, currency=currency)


def _money(tables: Tables, funnel: Funnel, opened: FunnelMoney | None) -> FunnelMoney:
    """Draw in which currency money is counted, where there are several."""
    start = opened.currency if opened else None
    with sentence("money"):
        currency = currency_of(tables, start, "money.currency")
    return FunnelMoney(funnel=funnel, currency=currency)


def _change(tables: Tables, funnel: Funnel, opened: FunnelChange | None) -> FunnelChange:
    """Draw the two periods: two campaigns where there are several, else dates."""
    start = opened
    with sentence("change"):
        st.markdown(_("From"), width="content")
        if len(tables.names("campaign")) > 1 and not (start and start.before.start):
            before, after = _campaigns(tables, start)
        else:
            before, after = _periods(tables, start)
        st.markdown(_("split by"), width="content")
        columns = text_columns(tables)
        own = start.by if start else funnel.breakdown or next(iter(columns), "channel")
        by = choose(widget_key("change.by"), _("Split by"), columns, own)
    return FunnelChange(funnel=funnel, before=before, after=after, by=by, where=funnel.where)


def _campaigns(tables: Tables, start: FunnelChange | None) -> tuple[Filter, Filter]:
    """Draw two campaigns: by default the last two, in order of their names."""
    names = list(tables.names("campaign"))
    chosen = []
    for end, kept in (("before", names[-2]), ("after", names[-1])):
        if start and (own := getattr(start, end).campaign):
            kept = own[0]
        label = _("Before") if end == "before" else _("After")
        chosen.append(choose(widget_key(f"change.{end}"), label, names, kept, called("campaign"), 200))
        if end == "before":
            st.markdown(_("to"), width="content")
    return Filter(campaign=(chosen[0],)), Filter(campaign=(chosen[1],))


def _periods(tables: Tables, start: FunnelChange | None) -> tuple[Filter, Filter]:
    """Draw two stretches of days: by default the two halves of what was observed."""
    span = tables.span("events")
    assert span is not None
    first, last = (dt.date.fromisoformat(local_day(moment, tables.zone)) for moment in span)
    middle = first + (last - first) // 2
    halves = {"before": (first, middle), "after": (min(middle + dt.timedelta(days=1), last), last)}
    chosen = []
    for end, (begin, stop) in halves.items():
        if start and (own := getattr(start, end)).start and own.end:
            begin, stop = dt.date.fromisoformat(own.start), dt.date.fromisoformat(own.end)
        key = widget_key(f"change.{end}.days")
        keep(key, (begin, stop))
        days = st.date_input(
            _("Before") if end == "before" else _("After"),
            key=key,
            min_value=min(first, begin),
            max_value=max(last, stop),
            label_visibility="collapsed",
            width=230,
            format="YYYY-MM-DD",
        )
        chosen.append(Filter(start=days[0], end=days[-1]) if days else Filter(start=begin, end=stop))
        if end == "before":
            st.markdown(_("to"), width="content")
    return chosen[0], chosen[1]


VIEWS = (
    View(DropOffs, N_("Drop-offs"), _dropoffs, lambda opened: opened.asked),
    View(FunnelPaths, N_("Paths"), _paths, lambda opened: opened.asked),
    View(FunnelMoney, N_("Money"), _money, lambda opened: opened.asked),
    View(FunnelChange, N_("Change"), _change, lambda opened: opened.asked),
    View(TimeToConvert, N_("Time to convert"), _time, lambda opened: opened.asked),
    View(
        FunnelRules,
        N_("Rules compared"),
        lambda tables, funnel, last: FunnelRules(funnel=funnel),
        lambda opened: opened.asked,
    ),
)

SCREEN = Screen(
    Funnel,
    name="funnel",
    label=N_("Funnel"),
    icon=":material/filter_alt:",
    controls=controls,
    waiting=N_("Walking through everyone's events…"),
    views=VIEWS,
)
