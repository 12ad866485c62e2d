"""A word in the search leads to what is called so: a page, one of its views, what was kept, a term."""

from __future__ import annotations

import pytest
from harness import PAGES, headline, run, stands_on
from streamlit.testing.v1 import AppTest

from analysis import ChannelTag, Funnel, Notebook, Words
from analysis.terms import TERMS
from analysis.workspace import Workspace
from ui.screens import SCREENS


def typed(app: AppTest, words: str) -> list[str]:
    app.text_input(key="search.words").set_value(words)
    run(app)
    return [b.label.replace("\\", "") for b in app.sidebar.button if str(b.key).startswith("search.")]


def choose(app: AppTest, label: str) -> AppTest:
    button = next(b for b in app.sidebar.button if b.label.replace("\\", "") == label)
    button.click()
    return run(app)


def title(app: AppTest) -> str:
    return app.main.title[0].value


@pytest.mark.parametrize(
    ("language", "words", "label", "shown"),
    [
        ("en", "payb", "Payback", "When has a new customer paid back what they cost?"),
        ("en", "回本", "Payback", "When has a new customer paid back what they cost?"),
        ("zh_CN", "payback", "回本", "新客多久回本？"),
        ("en", "marginal", "Marginal ROI", "What do the words mean?"),
        ("zh_CN", "术语", "术语表", "这些词是什么意思？"),
    ],
)
def test_a_word_in_either_language_opens_what_is_called_so(opened, language, words, label, shown) -> None:
    app = opened("glossary", language=language)
    assert typed(app, words)[0] == label
    choose(app, label)
    assert title(app) == shown
    assert app.text_input(key="search.words").value == ""


def test_a_view_of_a_page_opens_there(opened) -> None:
    app = opened("retention")
    assert "Funnel · Drop-offs" in typed(app, "drop-offs")
    choose(app, "Funnel · Drop-offs")
    assert "at the others' rate it would bring" in headline(app).lower()


def test_what_was_kept_is_found_and_opened(opened, own: Workspace) -> None:
    own.keep("weekly look", Funnel(steps=("view", "cart")))
    own.keep("Diagnosis of 2026", Notebook(title="Diagnosis of 2026").add(Words(text="Why?")))
    own.keep("chat groups", ChannelTag(channel="chat", tag="private"))
    app = opened("sales", workspace=own.path.stem)
    assert stands_on(app) is own
    assert typed(app, "WEEKLY") == ["weekly look · Funnel"]
    choose(app, "weekly look · Funnel")
    assert title(app) == "Where do people drop off?"
    assert "add to cart" in headline(app)
    assert typed(app, "diagnosis")[0] == "Diagnosis of 2026"
    choose(app, "Diagnosis of 2026")
    assert any("Why?" in m.value for m in app.main.markdown)
    assert typed(app, "chat groups")[0] == "chat groups"
    choose(app, "chat groups")
    assert title(app) == "What do the data not say?"


def test_nothing_found_is_said(opened) -> None:
    app = opened()
    assert typed(app, "xyzzy") == []
    assert any("Nothing is called so" in c.value for c in app.sidebar.caption)


def test_every_page_is_found_by_its_name(opened) -> None:
    app = opened("glossary")
    for name in PAGES[:-1]:
        assert typed(app, SCREENS[name].label)[0] == SCREENS[name].label


def test_the_glossary_shows_each_term_and_narrows(opened) -> None:
    app = opened("glossary")
    assert len([m for m in app.main.markdown if m.value.startswith("**")]) == len(TERMS)
    app.text_input(key="glossary.words").set_value("客单价")
    run(app)
    first = next(m.value for m in app.main.markdown if m.value.startswith("**"))
    assert "AOV" in first
