"""Every page opens on the sample campaign with an answer, in both languages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from harness import PAGES, errors, headline
from streamlit.testing.v1 import AppTest

from analysis.vocabulary import NAMES, TABLES

pytestmark = pytest.mark.xdist_group("render")


@pytest.fixture(scope="module")
def rendered() -> dict[tuple[str, str], AppTest]:
    """Hold pages that were opened, which takes the longest."""
    return {}


@pytest.fixture
def shown(opened, rendered):
    """Return a function that opens a page in a language, once for all tests here."""

    def page_in(page: str, language: str) -> AppTest:
        if (page, language) not in rendered:
            rendered[page, language] = opened(page, language=language)
        return rendered[page, language]

    return page_in


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("page", PAGES)
def test_page_opens_with_figures(shown, page: str, language: str) -> None:
    app = shown(page, language)
    assert errors(app) == ""
    assert re.search(r"\d", headline(app))


@pytest.mark.parametrize("page", PAGES)
def test_chinese_pages_hold_no_english_sentence(shown, page: str) -> None:
    app = shown(page, "zh_CN")
    texts = [m.value for m in app.main.markdown] + [c.value for c in app.caption] + [e.label for e in app.expander]
    texts += [b.label for b in app.button] + [s.label for s in app.selectbox] + [n.label for n in app.number_input]
    for text in texts:
        words = re.sub(r":material/\w+:|`[^`]*`", "", text)
        # Names from the data and from tables (view, paid_search, order_id) stay; three plain words in a row do not.
        assert not re.search(r"\b[A-Za-z]{3,} [a-z]{2,} [a-z]{2,}\b", words), text


CODES = {code for names in NAMES.values() for code in names if "_" in code}
CODES |= {column.name for columns in TABLES.values() for column in columns if "_" in column.name} | {"first_only"}
"""Names that only files and code know."""


def drawn(app: AppTest) -> Iterator[str]:
    """Yield every text of a page: sentences, controls with their options, and what its charts write."""
    for kind in ("markdown", "caption", "info", "warning", "error", "success", "title"):
        yield from (element.value for element in getattr(app, kind))
    for kind in ("selectbox", "multiselect"):
        for element in getattr(app, kind):
            yield from (element.label, *element.options)
    for kind in ("button", "number_input", "toggle", "date_input", "slider", "text_input"):
        yield from (element.label for element in getattr(app, kind))
    for chart in app.get("arrow_vega_lite_chart"):
        yield from _written(json.loads(chart.proto.spec))


def _written(part: Any, key: str = "") -> Iterator[str]:
    """Yield the titles, texts and descriptions of a chart's specification, at any depth."""
    if isinstance(part, dict):
        for name, below in part.items():
            yield from _written(below, name)
    elif isinstance(part, list):
        for below in part:
            yield from _written(below, key)
    elif isinstance(part, str) and key in ("title", "text", "description", "subtitle"):
        yield part


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("page", PAGES)
def test_no_page_shows_a_code(shown, page: str, language: str) -> None:
    app = shown(page, language)
    texts = list(drawn(app))
    assert len(texts) > 5
    for text in texts:
        plain = re.sub(r":material/\w+:|`[^`]*`", "", text.replace("\\", ""))
        assert not CODES & set(re.findall(r"\w+", plain)), text
