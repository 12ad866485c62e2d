"""Every page opens on the sample campaign with an answer, in both languages."""

from __future__ import annotations

import re

import pytest
from harness import PAGES, errors, headline


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("page", PAGES)
def test_page_opens_with_figures(opened, page: str, language: str) -> None:
    app = opened(page, language=language)
    assert errors(app) == ""
    assert re.search(r"\d", headline(app))


@pytest.mark.parametrize("page", PAGES)
def test_chinese_pages_hold_no_english_sentence(opened, page: str) -> None:
    app = opened(page, language="zh_CN")
    texts = [m.value for m in app.main.markdown] + [c.value for c in app.caption] + [e.label for e in app.expander]
    texts += [b.label for b in app.button] + [s.label for s in app.selectbox] + [n.label for n in app.number_input]
    for text in texts:
        words = re.sub(r":material/\w+:|`[^`]*`", "", text)
        # Names from the data and from tables (view, paid_search, order_id) stay; three plain words in a row do not.
        assert not re.search(r"\b[A-Za-z]{3,} [a-z]{2,} [a-z]{2,}\b", words), text
