"""A page is one question: guard, controls, question, show."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from analysis import Tables
from analysis.errors import QuestionError, SluiceError
from analysis.question import Question
from analysis.sharing import links
from ui import filters, session
from ui.language import _, shown
from ui.show import show

DOOR = "came through the door"
Controls = Callable[[Tables, Question], Question]


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
    """
    through_the_door()
    with session.said_plainly():
        with st.spinner(_("Opening the workspace…")):
            tables = session.workspace().tables()
        if not any(tables.count(t) for t in ("events", "orders", "spend")):
            st.info(_("This workspace is empty. Import your first export, or look at the sample campaign."))
            st.page_link("pages/data.py", label=_("Go to Data"), icon=":material/upload:")
            return
        start = _start(name, kind, default, tables, across)
        question = controls(tables, start.replace(where=filters.bar(tables, across)))
        st.session_state[f"{name}.start"] = question
        with st.spinner(waiting):
            answer = session.ask(question)
        show(answer, name)


def _start(
    name: str, kind: type[Question], default: Callable[[Tables], Question], tables: Tables, across: bool
) -> Question:
    """Return what the controls start from: a link or saved question just opened, the last one, the default."""
    opened = st.session_state.pop(f"{name}.open", None) or _linked(name, kind)
    if opened is not None:
        _forget_widgets(name)
        filters.start(opened.where, across)
        return opened
    start = st.session_state.get(f"{name}.start")
    if start is None:
        start = default(tables)
        if "filter.campaign" not in st.session_state:
            filters.start(filters.default(tables))
    return start


def _linked(name: str, kind: type[Question]) -> Question | None:
    text = st.query_params.get("question")
    if not text or st.session_state.get(f"{name}.link") == text:
        return None
    try:
        question = links.decode(text)
        if not isinstance(question, kind):
            raise QuestionError.unknown_kind(question.kind, (kind.kind,))
    except SluiceError as error:
        st.error(shown(error.message), icon=":material/link_off:")
        return None
    st.session_state[f"{name}.link"] = text
    return question


def _forget_widgets(name: str) -> None:
    for key in [k for k in st.session_state if str(k).startswith(f"{name}.") and not str(k).endswith(".link")]:
        del st.session_state[key]
