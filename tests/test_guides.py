"""Every kind of question has its page of the manual in every language, and what the page shows is so."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

from analysis.guides import PAGES, SECTIONS, Guide, guide
from analysis.messages import LANGUAGES, translate
from analysis.question import Question
from analysis.tables import Tables
from analysis.values.base import classes, kinds

KINDS = sorted(kinds(Question))
TITLES = {kind.kind: kind.title for kind in classes().values() if issubclass(kind, Question) and kind.kind in KINDS}
ROOT = Path(__file__).resolve().parents[1]


def page(kind: str, language: str) -> Guide:
    found = guide(kind, language)
    where = (PAGES / ("" if language == "en" else language) / f"{kind}.md").relative_to(ROOT)
    assert found, f"{where} is missing: CONTRIBUTING.md says what a page of the manual has"
    return found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_page(kind: str, language: str) -> None:
    found = page(kind, language)
    assert found.title == translate(TITLES[kind], language)
    assert all(found.sections[name] for name in SECTIONS)
    assert any(part.code for part in found.sections["formula"]), "a formula stands in a block of its own"
    assert found.examples


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_says_the_same_in_every_language(kind: str) -> None:
    """Code and what it prints are alike, and so is the number of points; all else is in the reader's language."""
    english, chinese = page(kind, "en"), page(kind, "zh_CN")
    assert chinese.examples == english.examples
    for name in SECTIONS:
        prose, translated = ([part.text for part in g.sections[name] if not part.code] for g in (english, chinese))
        assert len(prose) == len(translated), name
        assert _points("\n".join(prose)) == _points("\n".join(translated)), name
        assert all(re.search(r"[\u4e00-\u9fff]", text) for text in translated), name
        assert not any(re.search(r"[\u4e00-\u9fff]", text) for text in prose), name


def _points(text: str) -> int:
    return sum(line.startswith("- ") for line in text.splitlines())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.long
def test_examples_print_what_the_page_says(kind: str, sample: Tables) -> None:
    for code, printed in page(kind, "en").examples:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(code, f"docs/questions/{kind}.md", "exec"), {"tables": sample})
        assert out.getvalue().strip() == printed.strip()


def test_no_page_is_about_nothing() -> None:
    for language in LANGUAGES:
        folder = PAGES / ("" if language == "en" else language)
        assert {path.stem for path in folder.glob("*.md")} - {"README"} == set(KINDS)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_pages_read_alike_in_a_file_and_in_the_app(kind: str, language: str) -> None:
    """The app shows nobody's HTML, pictures or money signs as more than text, so a page has none."""
    for parts in page(kind, language).sections.values():
        for part in parts:
            assert part.code or not re.search(r"[<$]|!\[|:[a-z_-]+\[", part.text), part.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_list_of_pages_leads_to_each(language: str) -> None:
    folder = PAGES / ("" if language == "en" else language)
    listed = re.findall(r"\]\(([a-z0-9-]+)\.md\)", (folder / "README.md").read_text(encoding="utf-8"))
    assert sorted(listed) == KINDS


def test_a_page_with_other_sections_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "odd.md").write_text("# Odd?\n\n## Formula\n\nNone.\n", encoding="utf-8")
    monkeypatch.setattr("analysis.guides.PAGES", tmp_path)
    with pytest.raises(ValueError, match="sections"):
        guide("odd")
    assert guide("../odd") is None
