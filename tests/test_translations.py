"""Every text shown to people stands in the Chinese catalogue with the same placeholders, and nothing else does."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from analysis.messages import LANGUAGES

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = ROOT / "locale" / "zh_CN" / "LC_MESSAGES" / "sluice.po"
MARKS = ("say", "N_", "_")


@dataclass(frozen=True)
class Use:
    """One marked text in the source, with the keywords it was given (None: passed on with **)."""

    text: str
    mark: str
    given: frozenset[str] | None
    place: str


@cache
def uses() -> tuple[Use, ...]:
    folders = ("analysis", "server", "ui", "pages")
    files = [ROOT / "app.py", *(p for d in folders for p in sorted((ROOT / d).rglob("*.py")))]
    return tuple(use for path in files for use in _uses(path))


def _uses(path: Path) -> Iterator[Use]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS and node.args):
            continue
        names = {k.arg for k in node.keywords}
        given = None if None in names else frozenset(str(name) for name in names)
        for text in _literals(node.args[0]):
            yield Use(text, node.func.id, given, f"{path.relative_to(ROOT)}:{node.lineno}")


def _literals(node: ast.expr) -> Iterator[str]:
    """Yield the texts an argument may be: a literal, or the arms of a choice between literals."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=orelse):
            yield from (*_literals(body), *_literals(orelse))
        case ast.BoolOp(values=values):
            for part in values:
                yield from _literals(part)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    assert CATALOGUE.exists(), f"{CATALOGUE.relative_to(ROOT)} is missing; make it with `make locale`"
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="zh_CN", abort_invalid=True)


def _listed(texts: set[str]) -> str:
    return f"{len(texts)}:\n" + "\n".join(repr(text) for text in sorted(texts))


def test_the_source_is_walked() -> None:
    found = {use.text for use in uses()}
    assert {"purchase", "the file is empty.", "Group", "{n} days", "Save this question"} <= found


def test_every_text_is_translated(catalogue: Catalog) -> None:
    done = {str(m.id) for m in catalogue if m.id and m.string and not m.fuzzy}
    missing = {use.text for use in uses()} - done
    assert not missing, f"untranslated {_listed(missing)}"


def test_nothing_is_translated_in_vain(catalogue: Catalog) -> None:
    unused = {str(m.id) for m in catalogue if m.id} - {use.text for use in uses()}
    assert not unused, f"no longer in the source {_listed(unused)}"


def test_translations_keep_the_placeholders(catalogue: Catalog) -> None:
    wrong = {str(m.id) for m in catalogue if m.string and placeholders(str(m.id)) != placeholders(str(m.string))}
    assert not wrong, f"other placeholders {_listed(wrong)}"


def test_translations_are_chinese(catalogue: Catalog) -> None:
    def chinese(text: str) -> bool:
        return any("\u4e00" <= c <= "\u9fff" for c in text)

    words = [
        m for m in catalogue if m.string and any(c.isalpha() for c in Formatter().vformat(str(m.id), (), _Nothing()))
    ]
    wrong = {str(m.id) for m in words if not chinese(str(m.string)) and str(m.id) != str(m.string)}
    assert not wrong, f"not Chinese {_listed(wrong)}"


class _Nothing(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def test_every_text_is_given_what_it_names() -> None:
    wrong = {
        f"{use.place} {use.text!r} got {sorted(use.given)}"
        for use in uses()
        if use.mark != "N_" and use.given is not None and placeholders(use.text) != use.given
        and not (use.mark == "_" and not use.given and not placeholders(use.text))
    }  # fmt: skip
    assert not wrong, f"placeholders and parameters differ {_listed(wrong)}"


def test_languages_have_names_of_their_own() -> None:
    assert dict(LANGUAGES) == {"en": "English", "zh_CN": "简体中文"}
