"""One rule, changed by controls: what has to hold, what is then done, and what else it goes by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from analysis.errors import SluiceError
from analysis.rules import words
from analysis.rules.actions import (
    Action,
    ChangeBudget,
    DrawReserve,
    Notify,
    Pause,
    Rebalance,
    RefillReserve,
    ReleaseTranche,
    Resume,
    StandDown,
)
from analysis.rules.conditions import (
    ALL,
    METRICS,
    MOST_PARTS,
    AllOf,
    AnyOf,
    Compare,
    Condition,
    NotOf,
    Reading,
    hours,
)
from analysis.rules.rule_set import Rule
from ui import session
from ui.controls import called, choose, choose_words, number, several, widget_key
from ui.language import N_, _, unseen

ACTIONS: Mapping[str, tuple[str, Action]] = {
    "change-budget": (N_("change its budget"), ChangeBudget(percent=0.2)),
    "rebalance": (N_("move budget between channels"), Rebalance()),
    "draw-reserve": (N_("draw on the reserve"), DrawReserve()),
    "refill-reserve": (N_("refill the reserve"), RefillReserve()),
    "release-tranche": (N_("release the next part"), ReleaseTranche()),
    "pause": (N_("pause the channel"), Pause()),
    "resume": (N_("resume the channel"), Resume()),
    "notify": (N_("tell people"), Notify()),
    "stand-down": (N_("stop all rules for a while"), StandDown()),
}
"""What a rule can do: the words, and what it is at first."""
JOINS = {"all": N_("all of these hold"), "any": N_("one of these holds")}
SIGNS = {">": N_("above"), ">=": N_("at least"), "<": N_("below"), "<=": N_("at most")}
PER = {"window": N_("added up"), "hour": N_("an hour"), "day": N_("a day")}
LOOKS = {"channel": N_("each channel apart"), "campaign": N_("the campaign as a whole")}
NO_DATA = {"skip": N_("start counting again"), "hold": N_("wait"), "fire": N_("go on as if it held")}
BY = {"marginal_roi": N_("by marginal ROI"), "roi": N_("in proportion to ROI"), "even": N_("evenly")}
MOST_ACTIONS = 5
FIRST = Compare(left=Reading(metric="roi"), is_="<", than=0.8)
"""What a new condition says at first."""


def draft(channels: tuple[str, ...], rule: Rule) -> Rule | None:
    """Draw a rule's controls; return what they say, None where it is no rule: what is wrong then stands below them.

    Parameters
    ----------
    channels : tuple of str
        What it may look at.
    rule : Rule
        What the controls say at first.
    """
    kept = widget_key("edit.draft")
    now = st.session_state.setdefault(kept, rule)
    try:
        typed = text("edit.name", _("Name"), _(now.name), max_chars=80)
        name = now.name if typed == _(now.name) else typed
        when = _conditions(channels, now)
        then = _actions(now)
        made = _besides(channels, now.replace(name=name or now.name, when=when, then=then))
    except SluiceError as error:
        st.error(session.worded(error.message), icon=":material/error:")
        return None
    st.session_state[kept] = made
    st.markdown(f":material/notes: {session.worded(words.rule(made, _currency()))}")
    return made


def _currency() -> str | None:
    campaign = session.workspace().campaign
    return campaign.currency if campaign else None


def _again(place: str, change: Callable[[Rule], Rule]) -> None:
    """Set the controls to a draft that is the present one, changed."""
    rule = change(st.session_state[f"{place}edit.draft"])
    for key in [k for k in map(str, st.session_state) if k.startswith(f"{place}edit.")]:
        del st.session_state[key]
    st.session_state[f"{place}edit.draft"] = rule


def line() -> Any:
    """Return a container whose controls stand in a line."""
    return st.container(horizontal=True, vertical_alignment="bottom", gap="small")


def labelled(name: str, label: str, first: float, least: float, most: float, step: float) -> Any:
    """Draw a number with its label above it, beside others."""
    session.keep(widget_key(name), first)
    places = {} if isinstance(first, int) else {"format": "%.6g"}
    return st.number_input(label, least, most, step=step, key=widget_key(name), width=150, **places)


def share(name: str, label: str, first: float, least: float = 0.0, most: float = 100.0) -> float:
    """Draw a share as a percentage, its label above it."""
    written = min(max(round(100 * first, 4), least), most)
    now = float(labelled(name, label, written, least, most, 1.0))
    return first if now == written else round(now / 100, 8)  # a third stays one, however it is written


def text(name: str, label: str, first: str, **also: int) -> str:
    """Draw a line of text."""
    session.keep(widget_key(name), first)
    return str(st.text_input(label, key=widget_key(name), **also))


def flag(name: str, label: str, first: bool) -> bool:
    """Draw a box to tick."""
    session.keep(widget_key(name), first)
    return bool(st.checkbox(label, key=widget_key(name)))


# ---- conditions -------------------------------------------------------------------------------------------


def _parts(when: Condition) -> tuple[str, tuple[Condition, ...]] | None:
    """Return how comparisons are joined, and these; None where they are joined in more than one way."""
    join, parts = "all", (when,)
    if isinstance(when, (AllOf, AnyOf)):
        join, parts = ("all" if isinstance(when, AllOf) else "any"), when.of
    plain = all(isinstance(part.of[0] if isinstance(part, NotOf) else part, Compare) for part in parts)
    return (join, parts) if plain else None


def _joined(join: str, parts: tuple[Condition, ...]) -> Condition:
    if len(parts) == 1:
        return parts[0]
    return AllOf(of=parts) if join == "all" else AnyOf(of=parts)


def _conditions(channels: tuple[str, ...], now: Rule) -> Condition:
    found = _parts(now.when)
    if found is None:
        st.caption(_("Its conditions are joined in more than one way: change them in the text."))
        return now.when
    join, parts = found
    with line():
        if len(parts) > 1:
            join = choose_words(widget_key("edit.join"), _("When"), JOINS, join, 220)
        else:
            st.markdown(_("When") if parts else _("At every evaluation"), width="content")
    made = tuple(_condition(channels, n, part) for n, part in enumerate(parts))
    if len(parts) < MOST_PARTS:
        st.button(_("Add a condition"), icon=":material/add:", type="tertiary", key=widget_key("edit.more"),
                  on_click=_again, args=(widget_key(""), _with_condition))  # fmt: skip
    return _joined(join, made)


def _condition(channels: tuple[str, ...], n: int, part: Condition) -> Condition:
    """Draw one comparison."""
    negated = isinstance(part, NotOf)
    own = part.of[0] if isinstance(part, NotOf) else part
    assert isinstance(own, Compare)
    place = f"edit.when.{n}"
    with line():
        left = _reading(channels, f"{place}.left", own.left)
        sign = choose_words(widget_key(f"{place}.is"), _("Comparison"), SIGNS, own.is_, 110)
        than = number(widget_key(f"{place}.than"), _("Value"), float(own.than), 0.1, format="%.6g", width=120)
        against = {"": N_("a number"), **{name: metric.label for name, metric in METRICS.items()}}
        other = choose_words(widget_key(f"{place}.right"), _("Times"), against, own.right.metric if own.right else "")
        right = None
        if other:
            right = _reading(channels, f"{place}.other", own.right or left.replace(metric=other), other)
        negated = flag(f"{place}.not", _("not"), negated)
        st.button(unseen(_("Take this condition away")), icon=":material/close:", type="tertiary",
                  key=widget_key(f"{place}.less"), on_click=_again,
                  args=(widget_key(""), _without_condition(n)), help=_("Take this condition away"))  # fmt: skip
    made = Compare(left=left, is_=sign, than=than, right=right)
    return NotOf(of=(made,)) if negated else made


def _with_condition(rule: Rule) -> Rule:
    join, parts = _parts(rule.when) or ("all", ())
    return rule.replace(when=_joined(join, (*parts, FIRST)))


def _without_condition(n: int) -> Callable[[Rule], Rule]:
    def change(rule: Rule) -> Rule:
        join, parts = _parts(rule.when) or ("all", ())
        fewer = parts[:n] + parts[n + 1 :]
        return rule.replace(when=_joined(join, fewer) if fewer else AllOf())

    return change


def _reading(channels: tuple[str, ...], place: str, own: Reading, metric: str | None = None) -> Reading:
    """Draw what is read."""
    if metric is None:
        labels = {name: each.label for name, each in METRICS.items()}
        metric = choose_words(widget_key(f"{place}.metric"), _("Metric"), labels, own.metric, 190)
    whose = choose(widget_key(f"{place}.of"), _("Of"), ["", ALL, *channels], own.of or "", _whose, 170)
    found = own.replace(metric=metric, of=whose or None)
    if not METRICS[metric].over:
        return found
    over = window(f"{place}.over", _("over hours"), own.over)
    late = window(f"{place}.excluding", _("without the last hours"), own.excluding)
    found = found.replace(over=over or "1h", excluding=late)
    if METRICS[metric].unit in ("money", "count") and metric not in ("cpa", "rank"):
        found = found.replace(per=choose_words(widget_key(f"{place}.per"), _("Counted"), PER, own.per, 120))
    return found


def _whose(code: str) -> str:
    if code in ("", ALL):
        return _("all channels") if code else _("its own")
    return called("channel")(code)


def window(name: str, label: str, first: str | None) -> str | None:
    """Draw a length of time in hours; none of them is None."""
    n = labelled(name, label, hours(first) if first else 0, 0, 366 * 24, 1)
    return f"{int(n)}h" if n else None


# ---- actions ----------------------------------------------------------------------------------------------


def _actions(now: Rule) -> tuple[Action, ...]:
    st.markdown(_("then"))
    made = tuple(_action(now, n, action) for n, action in enumerate(now.then))
    if len(made) < MOST_ACTIONS:
        st.button(_("Add an action"), icon=":material/add:", type="tertiary", key=widget_key("edit.act"),
                  on_click=_again, args=(widget_key(""), _with_action))  # fmt: skip
    return made


def _with_action(rule: Rule) -> Rule:
    return rule.replace(then=(*rule.then, Notify()))


def _without_action(n: int) -> Callable[[Rule], Rule]:
    return lambda rule: rule.replace(then=rule.then[:n] + rule.then[n + 1 :])


def _action(now: Rule, n: int, own: Action) -> Action:
    place = f"edit.then.{n}"
    labels = {kind: label for kind, (label, _first) in ACTIONS.items()}
    with line():
        kind = choose_words(widget_key(f"{place}.kind"), _("Action"), labels, own.kind, 240)
        action = own if own.kind == kind else ACTIONS[kind][1]
        made = _SETTINGS[kind](f"{place}.{kind}", action) if kind in _SETTINGS else action
        if len(now.then) > 1:
            st.button(unseen(_("Take this action away")), icon=":material/close:", type="tertiary",
                      key=widget_key(f"{place}.less"), on_click=_again,
                      args=(widget_key(""), _without_action(n)), help=_("Take this action away"))  # fmt: skip
    return made


def _change(place: str, own: Any) -> Action:
    kinds = {"percent": N_("by percent"), "amount": N_("by an amount a day")}
    kind = choose_words(
        widget_key(f"{place}.unit"), _("Unit"), kinds, "percent" if own.amount is None else "amount", 180
    )
    if kind == "percent":
        return ChangeBudget(percent=share(f"{place}.percent", _("Percent"), own.percent or 0.2, -100.0, 10_000.0))
    return ChangeBudget(amount=labelled(f"{place}.amount", _("Amount"), own.amount or 100.0, -1e9, 1e9, 100.0))


def _rebalance(place: str, own: Any) -> Action:
    by = choose_words(widget_key(f"{place}.by"), _("How"), BY, own.by, 190)
    step = share(f"{place}.step", _("Percent of all budget, at most"), own.step, 0.1)
    over = window(f"{place}.over", _("over hours"), own.over)
    late = window(f"{place}.excluding", _("without the last hours"), own.excluding)
    return Rebalance(by=by, step=step, over=over or "1h", excluding=late)


def _draw(place: str, own: Any) -> Action:
    drawn = share(f"{place}.share", _("Percent of the reserve"), own.share, 0.1)
    least = labelled(f"{place}.least", _("Least marginal ROI"), float(own.min_roi), 0.0, 1000.0, 0.1)
    return DrawReserve(share=drawn, min_roi=least)


def _refill(place: str, own: Any) -> Action:
    return RefillReserve(share=share(f"{place}.share", _("Percent of every budget"), own.share, 0.1))


def _notify(place: str, own: Any) -> Action:
    return Notify(message=text(f"{place}.text", _("Message"), own.message or "") or None)


def _stand_down(place: str, own: Any) -> Action:
    return StandDown(lasts=window(f"{place}.lasts", _("for hours"), own.lasts) or "1h")


_SETTINGS: Mapping[str, Callable[[str, Any], Action]] = {
    "change-budget": _change,
    "rebalance": _rebalance,
    "draw-reserve": _draw,
    "refill-reserve": _refill,
    "notify": _notify,
    "stand-down": _stand_down,
}


# ---- what else it goes by ---------------------------------------------------------------------------------


def _besides(channels: tuple[str, ...], now: Rule) -> Rule:
    with line():
        per = choose_words(widget_key("edit.looks"), _("It looks at"), LOOKS, now.per, 210)
        pending = labelled("edit.pending", _("Evaluations in a row"), now.pending, 1, 100, 1)
        rest = window("edit.cooldown", _("then rests for hours"), now.cooldown)
        priority = labelled("edit.priority", _("Place in the order"), now.priority, 0, 1000, 1)
    with line():
        least = labelled("edit.least", _("Orders needed"), now.least_orders, 0, 10**9, 10)
        sample = window("edit.sample", _("seen within hours"), now.sample_over)
        no_data = choose_words(widget_key("edit.nothing"), _("Without data"), NO_DATA, now.no_data, 200)
    chosen = several(widget_key("edit.channels"), _("Channels"), channels, now.channels, N_("all channels"),
                     words=called("channel"))  # fmt: skip
    return now.replace(per=per, pending=int(pending), cooldown=rest, priority=int(priority), least_orders=int(least),
                       sample_over=sample or "1h", no_data=no_data, channels=tuple(chosen))  # fmt: skip
