"""A text in Markdown as HTML in which nothing runs, and its headings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from markdown_it import MarkdownIt
from markdown_it.token import Token

from analysis.notebook import Words
from analysis.notebook.book import PLACE

LINKS = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
"""What a link may lead to; another one stays a text."""
LOWEST = 6
"""The smallest heading there is."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: its level from 1, its words, and the id that it has in the HTML."""

    level: int
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Prose:
    """A text as HTML, and its headings in order."""

    html: str
    headings: tuple[Heading, ...]


def prose(words: Words, figures: Sequence[str | None] = (), *, anchor: str = "text", gone: str = "") -> Prose:
    """Return a text as HTML, the figures it quotes in their places.

    HTML in the text is shown as it was typed, images are links, links lead to the web or to a mailbox.

    Parameters
    ----------
    words : Words
    figures : sequence of str or None
        What is quoted; None is a dash.
    anchor : str
        Before the ids of its headings, whose levels are one lower than in the text: a page has a title of its own.
    gone : str
        What is said of a dash.

    Examples
    --------
    >>> prose(Words(text="At **[[1]]**, <b onclick=x>of</b> [us](javascript:x)."), ("4.6%",)).html
    '<p>At <strong>4.6%</strong>, &lt;b onclick=x&gt;of&lt;/b&gt; [us](javascript:x).</p>\\n'
    >>> prose(Words(text="# Why")).headings
    (Heading(level=2, text='Why', anchor='text-1'),)
    """
    tokens = _MARKDOWN.parse(PLACE.sub("\ue000\\1\ue001", words.text))
    headings = list[Heading]()
    for i, token in enumerate(tokens):
        if token.type == "heading_open":
            level = min(int(token.tag[1]) + 1, LOWEST)
            said = "".join(one.content for one in tokens[i + 1].children or () if not one.nesting).strip()
            headings.append(Heading(level, _in_place(said, figures), f"{anchor}-{len(headings) + 1}"))
            token.tag = tokens[i + 2].tag = f"h{level}"
            token.attrSet("id", headings[-1].anchor)
    dash = f'<span class="gone" title="{escape(gone)}">—</span>'
    for token in _each(tokens):
        if token.type == "link_open":
            token.attrSet("rel", "noopener noreferrer")
        elif token.type == "text":
            shown = [escape(figure) if figure is not None else dash for figure in figures]
            token.type, token.content = "html_inline", _in_place(escape(token.content), shown)
        elif token.type in ("code_inline", "code_block", "fence"):
            token.content = _in_place(token.content, figures)
    return Prose(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}), tuple(headings))


def _each(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _each(token.children or ())


def _in_place(text: str, figures: Sequence[str | None]) -> str:
    """Return a text in which the marks that stood for its quotes are the figures; a mark of none is as it was typed."""

    def each(found: re.Match[str]) -> str:
        n = int(found[1])
        return (figures[n - 1] or "—") if 0 < n <= len(figures) else f"[[{found[1]}]]"

    return _MARK.sub(each, text)


_MARK = re.compile("\ue000(\\d{1,4})\ue001")
"""A quote's place while Markdown is read: brackets would be links, and no letter to what is bold beside them."""


def _markdown() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
    made.validateLink = lambda url: bool(LINKS.match(url))  # type: ignore[method-assign]
    return made


_MARKDOWN = _markdown()
