"""The browser's address: it holds workspace, language and question, so that reload, back and a copy of it come back.

What is in the address is taken up when a session begins, and when somebody goes back or forward. Otherwise the session
knows better: a link to another page drops what the address held, and it is put there again.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from analysis.answer import Answer
from analysis.question import Question
from analysis.sharing import links
from ui import session
from ui.language import SWITCHED, current

MOVED: Mapping[str, str] = MappingProxyType({"home": "home", "segments": "lifecycle", "people": "saved_segments"})
"""Addresses that lead to a page with another one: those of earlier releases, and a name for the first page."""
PRESENT = "present"
"""Says that a page is shown on a projector; see :mod:`ui.home.present`."""
KEPT = (PRESENT, "tour")
"""What stays in the address when the question changes: the projector, and how far a visitor's tour came."""
_BEGUN, _FOLLOWED = "address.begun", "address.followed"


def arrive() -> None:
    """Take up the workspace that the address names, where the address leads."""
    context = get_script_run_ctx()
    leads = _BEGUN not in st.session_state or bool(context and context.is_history_navigation)
    st.session_state[_BEGUN] = True
    # A page may run once more before it is drawn.
    st.session_state[_FOLLOWED] = leads or st.session_state.get(_FOLLOWED, False)
    if leads and (named := st.query_params.get("workspace") or session.home()) != session.wanted():
        session.choose(named)


def drawn() -> None:
    """Note that the page stands: from here on the session knows better than the address."""
    st.session_state.pop(_FOLLOWED, None)


def stay() -> None:
    """Put workspace and language into the address where they are not what it would come back to by itself."""
    session.touch()
    if session.wanted() != (st.query_params.get("workspace") or session.SAMPLE):
        st.query_params["workspace"] = session.wanted()
    switched = st.session_state.get(SWITCHED)
    if switched and st.query_params.get("lang") != switched:
        st.query_params["lang"] = switched


def asked() -> str | None:
    """Return the question that the address leads to: "" for none, where a page begins anew; None: it leads nowhere."""
    if not st.session_state.get(_FOLLOWED):
        return None
    return st.query_params.get("question") or ""


def put(name: str, question: Question) -> None:
    """Put a page's question into the address.

    The one that a page asks by itself stays out of it: going back from there leaves the page.
    """
    text, now = links.encode(question), st.query_params.get("question")
    session.keep(f"{name}.link", text)
    if text != now and not (now is None and text == st.session_state[f"{name}.link"]):
        stays = {name: st.query_params[name] for name in KEPT if name in st.query_params}
        st.query_params.from_dict({**_parts(question), **stays})


def moved() -> list[Any]:
    """Return a hidden page for each address that leads to a page with another one, all that it holds taken along."""
    return [_moved(old, new) for old, new in MOVED.items()]


def _moved(old: str, new: str) -> Any:
    def lead() -> None:
        st.switch_page(f"pages/{new}.py", query_params=st.query_params.to_dict())

    return st.Page(lead, title=old, url_path=old, visibility="hidden")


def of(answer: Answer) -> str:
    """Return the URL that asks an answer's question again."""
    base = urlsplit(st.context.url or "")
    return urlunsplit(base._replace(path=base.path or "/", query=urlencode(_parts(answer.question))))


def _parts(question: Question) -> dict[str, str]:
    return {"workspace": session.wanted(), "lang": current(), "question": links.encode(question)}
