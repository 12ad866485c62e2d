"""Whatever has a name here, found by typing a word: pages, saved questions, notebooks, records, terms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import streamlit as st

from analysis import Notebook
from analysis.errors import SluiceError
from analysis.guides import guide
from analysis.messages import LANGUAGES, translate
from analysis.question import Question
from analysis.records import DisplayName, Record
from analysis.search import Entry, search
from analysis.terms import TERMS
from analysis.values import kinds
from ui import session
from ui.going import go
from ui.kept import TO_OPEN
from ui.language import _, shown
from ui.notebook import desk
from ui.screens import PLACES, SCREENS, Screen, screen_of

WORDS, CHOSEN, TERM, CLOSING = "search.words", "search.chosen", "glossary.term", "search.closing"
_CLOSER = st.components.v2.component(
    "sluice.menu",
    js="""
export default () => {
  if (window.innerWidth < 768) document.querySelector("[data-testid=stSidebarCollapseButton] button")?.click();
}
""",
)
ICONS = {
    "page": "",
    "question": ":material/bookmark:",
    "notebook": ":material/book:",
    "record": ":material/label:",
    "term": ":material/menu_book:",
}


def box() -> None:
    """Draw the field and, below it, what was found; choosing one opens it."""
    _close()
    if chosen := st.session_state.pop(CHOSEN, None):
        st.session_state[CLOSING] = True
        _open(chosen)
    words = st.text_input(
        _("Search"), key=WORDS, placeholder=_("Search pages, questions, terms"), icon=":material/search:", max_chars=80,
        label_visibility="collapsed",
    )  # fmt: skip
    if not words.strip():
        return
    hits = search(words, entries())
    if not hits:
        st.caption(_("Nothing is called so. Try one word of it, in English or Chinese."))
    with st.container(key="search-hits", gap=None):
        for hit in hits:
            st.button(
                shown(hit.name), key=f"search.{hit.what}.{hit.key}", icon=_icon(hit), type="tertiary",
                on_click=_choose, args=(hit,),
            )  # fmt: skip


def entries() -> tuple[Entry, ...]:
    """Return all that has a name here, pages first."""
    kept: list[Entry] = []
    try:
        here = session.workspace()
        kept += [_question(one.id, one.name, one.value) for one in here.kept(Question)]
        kept += [Entry(one.name, "notebook", str(one.id), texts=(_("Notebooks"),)) for one in here.kept(Notebook)]
        kept += [_record(one.id, one.name, one.value) for one in here.kept(Record)]
    except SluiceError:
        pass  # the page says why it cannot be opened; pages and terms are there all the same
    return (*_pages(), *kept, *term_entries())


# ---- what there is ----------------------------------------------------------------------------------------


def _pages() -> Iterator[Entry]:
    for screen in SCREENS.values():
        yield _page(f"{screen.name} {screen.kind.kind}", screen.label, screen.kind)
        for view in screen.views:
            yield _page(f"{screen.name} {view.kind.kind}", view.label, view.kind, screen)
    for name, (label, _icon, title) in PLACES.items():
        yield Entry(_(label), "page", name, _everywhere(label, title))


def _page(key: str, label: str, kind: type[Question], screen: Screen[Any] | None = None) -> Entry:
    name = f"{_(screen.label)} · {_(label)}" if screen else _(label)
    told = [part.text for each in LANGUAGES if (page := guide(kind.kind, each)) for part in page.sections["answers"]]
    return Entry(name, "page", key, _everywhere(label, kind.title), tuple(told))


def _question(id: int, name: str, question: Question) -> Entry:
    screen = screen_of(question)
    return Entry(f"{name} · {_(screen.label)}", "question", str(id), (name,), _everywhere(screen.label, question.title))


def _record(id: int, name: str, record: Record) -> Entry:
    called = record.name if isinstance(record, DisplayName) else name
    return Entry(called, "record", str(id), texts=(record.kind, *(str(v) for v in record.to_dict().values())))


def term_entries() -> Iterator[Entry]:
    """Yield the terms of the glossary."""
    for term in TERMS:
        also = (*_everywhere(term.name), *term.also.split())
        yield Entry(_(term.name), "term", term.name, also, _everywhere(term.meaning))


def _everywhere(*texts: str) -> tuple[str, ...]:
    """Return texts in every language."""
    return tuple(translate(text, language) for text in texts if text for language in LANGUAGES)


# ---- opening ----------------------------------------------------------------------------------------------


def _icon(hit: Entry) -> str:
    if hit.what != "page":
        return ICONS[hit.what]
    name = hit.key.split()[0]
    return SCREENS[name].icon if name in SCREENS else PLACES[name][1]


def _choose(hit: Entry) -> None:
    st.session_state[CHOSEN], st.session_state[WORDS] = hit, ""


def _close() -> None:
    """Close the menu behind a find, where it lies over the page: Streamlit does so behind its own links alone."""
    if st.session_state.pop(CLOSING, False):
        _CLOSER(key="search.closer", height=0)


def _open(hit: Entry) -> None:
    _OPENERS[hit.what](hit.key)


def _open_page(key: str) -> None:
    go(*key.split())


def _open_question(key: str) -> None:
    found = next((one.value for one in session.workspace().kept(Question) if one.id == int(key)), None)
    if found:
        st.session_state[TO_OPEN] = found


def _open_notebook(key: str) -> None:
    desk.lay(desk.newest(int(key)))
    st.switch_page("pages/notebooks.py")


def _open_record(key: str) -> None:
    found = next((one.value for one in session.workspace().kept(Record) if one.id == int(key)), None)
    if found:
        kind = found.column if isinstance(found, DisplayName) else found.kind
        st.session_state["records.view"] = kind if kind in kinds(Record) else "names"
    st.switch_page("pages/records.py")


def _open_term(key: str) -> None:
    st.session_state[TERM] = key
    st.switch_page("pages/glossary.py")


_OPENERS: dict[str, Callable[[str], None]] = {
    "page": _open_page,
    "question": _open_question,
    "notebook": _open_notebook,
    "record": _open_record,
    "term": _open_term,
}
