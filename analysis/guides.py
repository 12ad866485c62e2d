"""How is a question worked out: what does its page of the manual say, in a language?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from analysis.messages import LANGUAGES, N_, translate

PAGES = Path(__file__).resolve().parent.parent / "docs" / "questions"
"""One page per kind of question in English, those of other languages in folders beside them."""

SECTIONS: Mapping[str, str] = MappingProxyType(
    {
        "answers": N_("What it answers"),
        "formula": N_("Formula"),
        "assumptions": N_("Assumptions"),
        "example": N_("Example"),
        "pitfalls": N_("Pitfalls"),
    }
)
"""What every page says, in this order, and the headings it says it under."""


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a page: Markdown, or what stands in a block of code and of which language that is."""

    text: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Guide:
    """A page of the manual.

    Parameters
    ----------
    title : str
        The question as people ask it.
    sections : mapping of str to tuple of Part
        By the names of :data:`SECTIONS`.
    """

    title: str
    sections: Mapping[str, tuple[Part, ...]]

    @property
    def examples(self) -> tuple[tuple[str, str], ...]:
        """Code to run, each with what it prints."""
        parts = [part for part in self.sections["example"] if part.code]
        return tuple((one.text, two.text) for one, two in zip(parts[::2], parts[1::2], strict=True))


def guide(kind: str, language: str = "en") -> Guide | None:
    """Return the page about a kind of question; None where there is none.

    Parameters
    ----------
    kind : str
        As in links and files, such as "funnel".
    language : str, optional
        One of :data:`analysis.messages.LANGUAGES`.

    Raises
    ------
    ValueError
        A page lacks a section, or has others: every page in this house says the same things.

    Examples
    --------
    >>> guide("funnel").title, list(guide("funnel", "zh_CN").sections)
    ('Where do people drop off?', ['answers', 'formula', 'assumptions', 'example', 'pitfalls'])
    >>> guide("horoscope") is None
    True
    """
    path = PAGES / ("" if language == "en" else language) / f"{kind}.md"
    known = language in LANGUAGES and re.fullmatch(r"[a-z0-9-]+", kind) and path.exists()
    return _read(path, language) if known else None


@lru_cache(maxsize=256)
def _read(path: Path, language: str) -> Guide:
    title, *sections = re.split(r"^##? ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    found = dict(section.split("\n", 1) for section in sections)
    wanted = [translate(heading, language) for heading in SECTIONS.values()]
    if list(found) != wanted:
        raise ValueError(f"{path} has the sections {list(found)} in place of {wanted}")
    return Guide(title.strip(), MappingProxyType(dict(zip(SECTIONS, map(parts, found.values()), strict=True))))


_BLOCK = re.compile(r"^```(\w+)\n(.*?)\n```$", re.MULTILINE | re.DOTALL)


def parts(text: str) -> tuple[Part, ...]:
    r"""Return Markdown taken apart into its prose and its blocks of code.

    Examples
    --------
    >>> parts("So:\n\n```python\n1 + 1\n```\n")
    (Part(text='So:', code=None), Part(text='1 + 1', code='python'))
    """
    found, at = list[Part](), 0
    for block in _BLOCK.finditer(text):
        found += [Part(text[at : block.start()].strip()), Part(block[2], block[1])]
        at = block.end()
    return tuple(part for part in (*found, Part(text[at:].strip())) if part.text)
