"""What stands around every page: its title, the workspace, the campaign, and what is filtered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from analysis import Filter, Tables
from analysis.errors import DataError
from analysis.messages import say
from analysis.question import Question
from analysis.vocabulary import TABLES
from ui import account, filters, language, search, session, workspaces
from ui.kept import TO_OPEN
from ui.language import _, look
from ui.screens import HOME, PLACES, ROOMS, SCREENS, Screen, family_of, screen_of

STYLE = """
<style>
[data-testid=stMainBlockContainer] { padding: 2.75rem 2rem 3rem; max-width: 84rem; }
[data-testid=stMain] h1 { font-size: 1.45rem; line-height: 1.35; padding: 0 0 0.15rem; }
[data-testid=stMain] [data-testid=stHeading] { min-height: 2.4rem; }
[data-testid=stMain] h2, [data-testid=stMain] h3 { font-size: 1.15rem; line-height: 1.4; padding: 0.25rem 0; }
[data-testid=stMain] h4 { font-size: 1.1rem; line-height: 1.45; padding: 0.25rem 0 0; font-weight: 600; }
[data-testid=stSidebarHeader] { height: 2.75rem; }
[data-testid=stSidebarContent] { display: flex; flex-direction: column; }
[data-testid=stSidebarNav] { order: 2; }
[data-testid=stSidebarUserContent] { order: 1; padding-top: 0.25rem; padding-bottom: 1rem; }
[class*=text-yaml] textarea, [class*=text-json] textarea { font: 0.82rem/1.5 monospace; white-space: pre; }
button .stMarkdownColoredBackground { position: absolute; width: 1px; overflow: hidden; clip-path: inset(50%); }
.st-key-frame, .st-key-page { gap: 0.5rem; }
[data-testid=stCaptionContainer] { color: inherit; opacity: 0.78; }
.st-key-family { gap: 0.25rem; }
.st-key-frame button, .st-key-frame [data-baseweb=select] > div { min-height: 2rem; }
.st-key-frame button { padding-top: 0.1rem; padding-bottom: 0.1rem; }
@media (min-width: 641px) {
  [data-testid=stElementContainer]:has(+ [data-testid=stElementContainer] [data-testid=stVegaLiteChart]) h4
    { padding-right: 7.5rem; } /* a chart's tools come out above it, where the headline ends */
}
@media (max-width: 640px) {
  [data-testid=stMainBlockContainer] { padding: 3.9rem 1rem 2rem; }
  [data-testid=stMain] h1 { font-size: 1.2rem; }
  [data-testid=stMain] h4 { font-size: 1rem; line-height: 1.4; }
  .st-key-page > div:has(.st-key-page-controls) { order: 2; }
}
</style>
"""
"""A page's own words stand at the top, and on a narrow screen the answer before what it is asked with."""


DARK = """
<style>
[data-tag], [data-tag] :is(span, button, svg), [data-testid=stBaseButton-primary]:enabled,
[data-testid=stBaseButton-primary]:enabled :is(p, span) { color: #14181D; }
</style>
"""
"""What stands on the accent, which is light in the dark: white letters could not be read there."""


UPLOAD = """
<style>
[data-testid=stFileUploaderDropzone] button p, [data-testid=stFileUploaderDropzoneInstructions] span {{ font-size: 0; }}
[data-testid=stFileUploaderDropzone] button p::after {{ content: "{choose}"; font-size: 1rem; }}
[data-testid=stFileUploaderDropzoneInstructions] span::after {{ content: "{limit}"; font-size: 0.875rem; }}
</style>
"""
"""Streamlit has no other way to say these two in the reader's language."""


def style() -> None:
    """Lay pages out; the rules and their words are the app's own, nobody's text is in them."""
    st.html(
        STYLE
        + (DARK if look().dark else "")
        + UPLOAD.format(choose=_("Choose files"), limit=_("or drop them here; up to 1 GB each"))
    )


def head(screen: Screen[Any], tables: Tables) -> Filter | None:
    """Draw workspace, campaign and filter in a line, and below it the title; return the filter."""
    with st.container(key="frame"):
        with st.container(horizontal=True, vertical_alignment="center", key="frame-line", gap="small"):
            workspaces.switch()
            where = filters.Bar(screen.across).draw(tables)
        account.role()
        siblings(screen)
        title(screen.title)
    return where


def siblings(screen: Screen[Any]) -> None:
    """Draw links to the pages that stand in the navigation with this one."""
    if family := family_of(screen):
        with st.container(horizontal=True, key="family", gap="small"):
            for one in family[1]:
                st.page_link(one.page, label=_(one.label), icon=one.icon)


def tables(words: str) -> Tables:
    """Return the workspace's tables; where it cannot be opened, the page is its title, with the switch to another.

    Raises
    ------
    WorkspaceError
    """
    found = session.tables()
    if found is None:
        workspaces.switch()
        title(words)
    return found or session.workspace().tables()


def title(words: str) -> None:
    """Draw a page's title, marked with `N_`."""
    st.title(_(words), anchor=False)


def lacking(tables: Tables, errors: Sequence[DataError]) -> None:
    """Say what the question needs that is not here; where nothing is, just that."""
    empty = say("This workspace is empty. Import your first export, or look at the sample campaign.")
    session.to_bring(*(empty,) if holds_nothing(tables) else (error.message for error in errors))
    if holds_nothing(tables) and session.SAMPLE in session.names():
        st.button(_("Look at the sample campaign"), icon=":material/visibility:", key="frame.to-sample",
                  on_click=session.choose, args=(session.SAMPLE,))  # fmt: skip


def holds_nothing(tables: Tables) -> bool:
    """Say whether nothing was imported so far."""
    return not any(tables.count(table) for table in TABLES)


def called(page: str) -> str:
    """Return what a page is called, by the last part of its address."""
    first = next(iter(SCREENS.values()))
    return _(PLACES[page][0] if page in PLACES else SCREENS.get(page, first).label)


def place(name: str) -> Any:
    """Return the navigation's entry of a page that asks no question of its own."""
    label, icon, _title = PLACES[name]
    return st.Page(f"pages/{name}.py", title=_(label), icon=icon, url_path=name)


def pages(tables: Tables | None) -> dict[str, list[Any]]:
    """Return the navigation by heading, in the order of the work; what cannot be answered is marked."""
    return {heading(room): [_page(screen, tables) for screen in screens] for room, screens in ROOMS.items()}


def heading(room: str) -> str:
    """Return what stands over the pages of a room: nothing over Home, which is one page."""
    return "" if room == HOME else _(room)


def _page(screen: Screen[Any], tables: Tables | None) -> Any:
    first, family = screen is next(iter(SCREENS.values())), family_of(screen)
    icon = LACKING if tables is not None and screen.kind.lacks(tables) else screen.icon
    leads = family is None or family[1][0] is screen
    label = family[0] if family and leads else screen.label
    return st.Page(
        screen.page, title=_(label), icon=icon, url_path="start" if first else screen.name, default=first,
        visibility="visible" if leads else "hidden",
    )  # fmt: skip


def aside(navigation: Mapping[str, Sequence[Any]], tables: Tables | None) -> None:
    """Draw what stands over the navigation: what its marks mean, the search, the language."""
    if any(page.icon == LACKING for room in navigation.values() for page in room):
        st.caption(f"{LACKING} " + _("needs an export that is not here yet"))
    search.box()
    if question := st.session_state.pop(TO_OPEN, None):
        open_question(question)
    account.menu()
    language.switch()


def open_question(question: Question) -> None:
    """Go to the page of a question and ask it there."""
    screen = screen_of(question)
    st.session_state[f"{screen.name}.open"] = question
    st.switch_page(screen.page)


LACKING = ":material/upload_file:"
"""Stands before a page whose question needs an export that is not here."""
