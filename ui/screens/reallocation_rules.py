"""Rules as cards: each a sentence to switch, move, copy and change; the text beside; what is to be mended."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from analysis import Rules, RuleSet, Simulation, Tables
from analysis.errors import SluiceError
from analysis.reallocation.check import findings
from analysis.rules import words
from analysis.rules.actions import Notify
from analysis.rules.findings import Finding
from analysis.rules.ready import READY
from analysis.rules.rule_set import MOST_RULES, Limits, Review, Rule
from analysis.rules.text import read, write
from ui import session
from ui.controls import become, choose, choose_words, several, widget_key
from ui.language import N_, _, shown, unseen
from ui.screens.reallocation_editor import FIRST, draft, flag, labelled, line, share, window

MODES = {"apply": N_("carry decisions out"), "notify": N_("only tell people"), "dry-run": N_("only write down"),
         "off": N_("switched off")}  # fmt: skip
BEYOND = {"clamp": N_("make it smaller"), "skip": N_("do not make it")}
LOOKED = {"random": N_("drawn at random"), "risk": N_("that move much")}
UNANSWERED = {"apply": N_("carry it out"), "drop": N_("drop it")}
LEVELS = {"error": ":material/error:", "warning": ":material/warning:", "hint": ":material/lightbulb:"}
LISTED = 60
"""Cards that are drawn; the text holds all."""
Change = Callable[[RuleSet], RuleSet]


def controls(tables: Tables, start: Simulation) -> Simulation:
    """Draw the rule set; return the question with what was chosen."""
    channels = tables.names("channel", "spend")
    asked = start.rule_set()
    _begin(start)
    against = _compared(start)
    cards, text = st.columns([3, 2], gap="medium")
    with text:
        _text(start, asked)
    with cards:
        st.markdown(session.worded(words.clock(asked)))
        if isinstance(start.rules, Rules):
            lacking(start.rules)
        _settings(start, asked)
        _cards(channels, start, asked)
    return start.replace(against=against)


def lacking(rules: Rules) -> None:
    """Say which of the plan's own rules there is not, as its knobs are set."""
    if said := rules.left_out():
        st.caption(session.worded(said))


def _become(place: str, start: Simulation, rules: RuleSet | Rules) -> None:
    become(place, start.replace(rules=rules, against=st.session_state[f"{place}against"]))


def _changed(place: str, start: Simulation, change: Change) -> None:
    _become(place, start, change(start.rule_set()))


# ---- where one begins, and what it is compared with -----------------------------------------------------------


def _begin(start: Simulation) -> None:
    titles = {ready.code: ready.title.id for ready in READY}
    place = widget_key("")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(_("Begin with"), width="content")
        code = choose_words(widget_key("ready"), _("Ready rules"), titles, READY[0].code, 300)
        ready = next(each for each in READY if each.code == code)
        rules = Rules() if code == "plan" else ready.rules
        st.button(_("Take these rules"), icon=":material/playlist_add_check:", key=widget_key("take"),
                  on_click=_become, args=(place, start, rules))  # fmt: skip
        st.markdown(session.worded(ready.about))


def _compared(start: Simulation) -> tuple[RuleSet, ...]:
    """Draw which rule sets meet the same campaigns."""
    known = _others(start)
    labels = {rules: label for label, rules in known.items()}
    first = [labels[rules] for rules in start.against]
    chosen = several(widget_key("compare"), _("Compare with…"), known, first, N_("no other rules"))
    found = tuple(dict.fromkeys(known[label] for label in chosen))[:4]
    if len(chosen) > 4:
        st.caption(_("The first four are compared."))
    st.session_state[widget_key("against")] = found
    return found


def _others(start: Simulation) -> Mapping[str, RuleSet]:
    """Return what the rules can be compared with: ready sets, those of saved questions, and those of a link."""
    found = {ready.title.id: ready.rules for ready in READY}
    for saved in session.workspace().kept(Simulation):
        found[saved.name] = saved.value.rule_set()
    known = set(map(RuleSet.digest, found.values()))
    for other in start.against:
        if other.digest() not in known:
            found[other.name] = other
    return found


# ---- cards ------------------------------------------------------------------------------------------------


def _cards(channels: tuple[str, ...], start: Simulation, asked: RuleSet) -> None:
    told: dict[str, list[Finding]] = {}
    for one in findings(start, channels):
        told.setdefault(one.rule, []).append(one)
    _mend(told.get("", []))
    for n, rule in enumerate(asked.rules[:LISTED]):
        with st.container(border=True, key=widget_key(f"card.{n}")):
            _card(channels, start, n, rule)
            _mend(told.get(rule.name, []))
    if len(asked.rules) > LISTED:
        more = len(asked.rules) - LISTED
        st.caption(_("{n} more rules stand in the text.", n=more))
    if len(asked.rules) < MOST_RULES:
        st.button(_("Add a rule"), icon=":material/add:", key=widget_key("add"), on_click=_add,
                  args=(widget_key(""), start))  # fmt: skip


def _mend(found: list[Finding]) -> None:
    for one in found:
        st.markdown(f"{LEVELS[one.level]} {session.worded(one.message)}")


def _card(channels: tuple[str, ...], start: Simulation, n: int, rule: Rule) -> None:
    place, count = widget_key(""), len(start.rule_set().rules)
    editing = st.session_state.get(f"{place}editing") == n
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        key = widget_key(f"on.{n}")
        session.keep(key, rule.on)
        st.toggle(_("On"), key=key, label_visibility="collapsed", on_change=_changed, width="content",
                  args=(place, start, _replaced(n, on=not rule.on)))  # fmt: skip
        st.markdown(f"**{shown(_(rule.name))}**", width="stretch")
        for name, icon, label, change, off in (
            ("up", "arrow_upward", N_("Up a place"), _moved(n, -1), n == 0),
            ("down", "arrow_downward", N_("Down a place"), _moved(n, 1), n == count - 1),
            ("copy", "content_copy", N_("Duplicate"), _copied(n), count >= MOST_RULES),
            ("drop", "delete", N_("Delete"), _dropped(n), False),
        ):
            st.button(unseen(_(label)), icon=f":material/{icon}:", type="tertiary", key=widget_key(f"{name}.{n}"),
                      help=_(label), on_click=_changed, args=(place, start, change), disabled=off)  # fmt: skip
        st.button(_("Close") if editing else _("Edit"), icon=":material/edit:", key=widget_key(f"edit-rule.{n}"),
                  on_click=_edit, args=(place, None if editing else n))  # fmt: skip
    st.markdown(session.worded(words.rule(rule, _currency())))
    if editing:
        _editor(channels, start, n, rule)


def _editor(channels: tuple[str, ...], start: Simulation, n: int, rule: Rule) -> None:
    made = draft(channels, rule)
    taken = made is not None and any(o.name == made.name for i, o in enumerate(start.rule_set().rules) if i != n)
    if taken:
        st.error(_("Two rules have the same name: give each its own."), icon=":material/error:")
    change = _put(n, made) if made and not taken else _same
    st.button(_("Use this rule"), type="primary", key=widget_key("use"), disabled=made is None or taken,
              on_click=_changed, args=(widget_key(""), start, change))  # fmt: skip


def _currency() -> str | None:
    campaign = session.workspace().campaign
    return campaign.currency if campaign else None


def _edit(place: str, n: int | None) -> None:
    for key in [k for k in map(str, st.session_state) if k.startswith(f"{place}edit.")]:
        del st.session_state[key]
    st.session_state[f"{place}editing"] = n


def _add(place: str, start: Simulation) -> None:
    asked = start.rule_set()
    name = _unused(_("new rule"), asked)
    _become(place, start, asked.replace(rules=(*asked.rules, Rule(name=name, when=FIRST, then=(Notify(),)))))
    st.session_state[f"{place}editing"] = len(asked.rules)


def _unused(name: str, asked: RuleSet) -> str:
    taken = {name for rule in asked.rules for name in (rule.name, _(rule.name))}  # as people read them, too
    return next(each for n in range(1, MOST_RULES + 2) if (each := name if n == 1 else f"{name[:74]} {n}") not in taken)


def _same(asked: RuleSet) -> RuleSet:
    return asked


def _put(n: int, rule: Rule) -> Change:
    return lambda asked: asked.replace(rules=(*asked.rules[:n], rule, *asked.rules[n + 1 :]))


def _replaced(n: int, **changes: bool) -> Change:
    return lambda asked: _put(n, asked.rules[n].replace(**changes))(asked)


def _moved(n: int, by: int) -> Change:
    def change(asked: RuleSet) -> RuleSet:
        rules = list(asked.rules)
        rules.insert(n + by, rules.pop(n))
        return asked.replace(rules=tuple(rules))

    return change


def _copied(n: int) -> Change:
    def change(asked: RuleSet) -> RuleSet:
        copy = asked.rules[n].replace(name=_unused(_(asked.rules[n].name), asked))
        return asked.replace(rules=(*asked.rules[: n + 1], copy, *asked.rules[n + 1 :]))

    return change


def _dropped(n: int) -> Change:
    return lambda asked: asked.replace(rules=asked.rules[:n] + asked.rules[n + 1 :])


# ---- the text ---------------------------------------------------------------------------------------------


def _text(start: Simulation, asked: RuleSet) -> None:
    """Draw the rule set as text that can be changed; what is wrong with it stands below, with its line."""
    form = choose(widget_key("form"), _("Written as"), ["yaml", "json"], "yaml", str.upper, 110)
    key, of, typed = widget_key(f"text.{form}"), widget_key("text.of"), widget_key("text.typed")
    if st.session_state.get(of) != (asked.digest(), form):
        st.session_state[key], st.session_state[of] = write(asked, form), (asked.digest(), form)
    elif key not in st.session_state:  # Streamlit forgets what is not drawn, as while another side is looked at
        st.session_state[key] = st.session_state[typed]
    given = st.session_state[typed] = st.text_area(_("The rules as text"), key=key, height=360)
    if not st.button(_("Use this text"), icon=":material/check:", key=widget_key("text.use")):
        return
    try:
        made = read(given)
    except SluiceError as error:
        st.error(session.worded(error.message), icon=":material/error:")
        return
    _become(widget_key(""), start, made)
    st.rerun()


# ---- clock, limits, review -------------------------------------------------------------------------------------


def _settings(start: Simulation, asked: RuleSet) -> None:
    """Draw when it looks and acts, what it holds back, how far it may go and who looks first; all taken at once."""
    with st.popover(_("Clock, limits, review"), icon=":material/tune:", key=widget_key("settings")):
        try:
            made = _clock(asked).replace(limits=_limits(asked.limits), review=_review(asked.review))
        except SluiceError as error:
            st.error(session.worded(error.message), icon=":material/error:")
            made = None
        st.button(_("Use these settings"), type="primary", key=widget_key("settings.use"), disabled=made is None,
                  on_click=_become, args=(widget_key(""), start, made or asked))  # fmt: skip
    told = [words.limits(asked.limits), *([words.review(asked.review)] if asked.review else [])]
    for each in told:
        st.caption(session.worded(each))


def _clock(asked: RuleSet) -> RuleSet:
    with line():
        evaluate = window("set.evaluate", _("Evaluate every, hours"), asked.evaluate_every) or "1h"
        adjust = window("set.adjust", _("Adjust every, hours"), asked.adjust_every) or "1h"
        mode = choose_words(widget_key("set.mode"), _("Mode"), MODES, asked.mode, 190)
    with line():
        reserve = share("set.reserve", _("Reserve, percent"), asked.reserve, most=90.0)
        parts = share(
            "set.tranche", _("Parts to release, percent each"), sum(asked.tranches) / (len(asked.tranches) or 1)
        )
        count = labelled("set.tranches", _("how many"), len(asked.tranches), 0, 10, 1)
    held = (sum(asked.tranches) / (len(asked.tranches) or 1), len(asked.tranches))
    tranches = asked.tranches if (parts, count) == held else (parts,) * int(count) if parts else ()
    return asked.replace(evaluate_every=evaluate, adjust_every=adjust, mode=mode, reserve=reserve, tranches=tranches)


def _limits(own: Limits) -> Limits:
    st.markdown(_("Limits; 0 is none"))
    with line():
        floor = share("set.floor", _("Least share of its plan, percent"), own.floor)
        ceiling = labelled("set.ceiling", _("Most, times its plan"), float(own.ceiling or 0), 0.0, 1000.0, 0.5)
        step = share("set.step", _("Change at once, percent"), own.step or 0.0, most=100_000.0)
        day = share("set.day", _("Change in 24 hours, percent"), own.day or 0.0, most=100_000.0)
    with line():
        rest = window("set.rest", _("Rest after a change, hours"), own.cooldown)
        count = labelled("set.count", _("Decisions in 24 hours"), own.per_day or 0, 0, 10_000, 1)
        st.markdown(_("Too large a change:"), width="content")
        beyond = choose_words(widget_key("set.beyond"), _("Too large a change"), BEYOND, own.beyond, 170)
    return own.replace(floor=floor, ceiling=ceiling or None, step=step or None, day=day or None, cooldown=rest,
                       per_day=int(count) or None, beyond=beyond)  # fmt: skip


def _review(own: Review | None) -> Review | None:
    if not flag("set.review", _("A person looks first"), own is not None):
        return None
    now = own or Review()
    with line():
        part = share("set.looked", _("Percent"), now.share)
        by = choose_words(widget_key("set.by"), _("Of decisions"), LOOKED, now.by, 170)
        answers = window("set.answers", _("Answers in, hours"), now.answers_in) or "1h"
    with line():
        late = window("set.late", _("Decided without, hours"), now.time_out) or "1h"
        then = choose_words(widget_key("set.then"), _("Then"), UNANSWERED, now.then, 150)
        rejects = share("set.rejects", _("Turned down, percent"), now.rejects)
    return now.replace(share=part, by=by, answers_in=answers, time_out=late, then=then, rejects=rejects)
