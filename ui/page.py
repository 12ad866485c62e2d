"""A page is one question: guard, controls, question, show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from analysis import Tables
from analysis.answer import Answer
from analysis.errors import QuestionError, SluiceError
from analysis.messages import say
from analysis.question import Question
from analysis.sharing import links
from analysis.values import Filter
from analysis.workspace import Segment
from ui import filters, session
from ui.language import _, shown
from ui.show import show

DOOR = "came through the door"
Controls = Callable[[Tables, Question], Question]


@dataclass(frozen=True)
class View:
    """Another question about what a page's controls say; the page shows one of its views at a time.

    Parameters
    ----------
    kind : type of Question
    label : str
        On the switch, marked with `N_`.
    ask : callable
        Takes the tables, what the controls say, and the view's last question, which a link may have opened, or None;
        draws what controls the view adds and returns its question.
    base : callable
        Takes a question of the view and returns what the page's controls start from.
    """

    kind: type[Question]
    label: str
    ask: Callable[[Tables, Question, Question | None], Question]
    base: Callable[[Question], Question]


def through_the_door() -> None:
    """Run the app where Streamlit ran a page alone.

    With a `pages/` folder it does so when a server's first visitors follow a link straight to a page, before
    `st.navigation` was ever called.
    """
    if not st.session_state.pop(DOOR, False):
        PagesManager.uses_pages_directory = False
        st.rerun()


def ask_and_show(
    name: str,
    kind: type[Question],
    default: Callable[[Tables], Question],
    controls: Controls,
    *,
    waiting: str,
    across: bool = False,
    label: str = "",
    views: Sequence[View] = (),
    under: Callable[[Answer], None] | None = None,
) -> None:
    """Run a page.

    Parameters
    ----------
    name : str
        Prefix of the page's widget keys.
    kind : type of Question
        What this page asks.
    default : callable
        The question a first-time visitor sees answered.
    controls : callable
        Draws the controls, set to a question (its `where` is the filter bar's), and returns the question they
        now say.
    waiting : str
        What is said while the answer is on its way.
    across : bool
        Whether the page compares campaigns: its campaign filter is then its own, and open at first.
    label : str
        What the page's own question is called among the views.
    views : sequence of View
        Other questions about what the controls say; only the chosen one is asked.
    under : callable, optional
        Draws what can be done with the answer beside what every page offers.
    """
    through_the_door()
    with session.said_plainly():
        with st.spinner(_("Opening the workspace…")):
            tables = session.workspace().tables()
        if not any(tables.count(t) for t in ("events", "orders", "spend")):
            st.info(_("This workspace is empty. Import your first export, or look at the sample campaign."))
            st.page_link("pages/data.py", label=_("Go to Data"), icon=":material/upload:")
            return
        start = _start(name, kind, default, tables, across, views)
        question = controls(tables, start.replace(where=filters.bar(tables, across)))
        st.session_state[f"{name}.start"] = question
        if view := _chosen(name, kind, label, views):
            kept = f"{name}.{view.kind.kind}.start"
            question = st.session_state[kept] = view.ask(tables, question, st.session_state.get(kept))
        with st.spinner(waiting):
            answer = session.ask(question)
        _said_of_segments(question)
        show(answer, name)
        if under:
            under(answer)


def _said_of_segments(question: Question) -> None:
    """Warn where people are told apart by where they stood after they were first counted: that says it of itself."""
    asked = question.to_dict()
    where = question.where or Filter()
    by = asked.get("by") or ()
    used = {asked.get("breakdown"), asked.get("hold"), *([by] if isinstance(by, str) else by), *dict(where.segment)}
    used.add(asked.get("funnel", {}).get("breakdown"))
    for segment in session.workspace().kept(Segment):
        at = getattr(segment.value.question, "at", None)
        if segment.name in used and at and (where.start is None or where.start <= at):
            text = say(
                "{name} says where people stood at the end of {day}. Who is counted from earlier on may be in it for "
                "what they did then: set the first date after {day}.",
                name=segment.name,
                day=at,
            )
            st.warning(shown(text), icon=":material/sync_problem:")


def _chosen(name: str, kind: type[Question], label: str, views: Sequence[View]) -> View | None:
    """Draw the switch between a page's views, if it has any; return the one chosen, None for the page's own."""
    if not views:
        return None
    key, kept = f"{name}.view", f"{name}.view.start"
    labels = {kind.kind: label, **{view.kind.kind: view.label for view in views}}
    session.keep(key, st.session_state.get(kept, kind.kind))
    chosen = st.segmented_control(
        _("View"), list(labels), key=key, format_func=lambda k: _(labels[k]), label_visibility="collapsed"
    )
    st.session_state[kept] = chosen or kind.kind
    return next((view for view in views if view.kind.kind == chosen), None)


def _start(
    name: str,
    kind: type[Question],
    default: Callable[[Tables], Question],
    tables: Tables,
    across: bool,
    views: Sequence[View],
) -> Question:
    """Return what the controls start from: a link or saved question just opened, the last one, the default."""
    opened = st.session_state.pop(f"{name}.open", None) or _linked(name, (kind, *(view.kind for view in views)))
    if opened is not None:
        _forget_widgets(name)
        filters.start(opened.where, across)
        st.session_state[f"{name}.{opened.kind}.start"] = opened
        st.session_state[f"{name}.view.start"] = opened.kind
        return next((view.base(opened) for view in views if isinstance(opened, view.kind)), opened)
    start = st.session_state.get(f"{name}.start")
    if start is None:
        start = default(tables)
        if "filter.campaign" not in st.session_state:
            filters.start(filters.default(tables))
    return start


def _linked(name: str, known: tuple[type[Question], ...]) -> Question | None:
    text = st.query_params.get("question")
    if not text or st.session_state.get(f"{name}.link") == text:
        return None
    try:
        question = links.decode(text)
        if not isinstance(question, known):
            raise QuestionError.unknown_kind(question.kind, [kind.kind for kind in known])
    except SluiceError as error:
        st.error(shown(error.message), icon=":material/link_off:")
        return None
    st.session_state[f"{name}.link"] = text
    return question


def _forget_widgets(name: str) -> None:
    for key in [k for k in st.session_state if str(k).startswith(f"{name}.") and not str(k).endswith(".link")]:
        del st.session_state[key]
