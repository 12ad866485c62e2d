"""Texts in Markdown become HTML in which nothing runs and nothing loads, whatever somebody typed."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analysis.notebook import Quote, Words
from analysis.sharing.prose import LINKS, Heading, Prose, prose

TAGS = {
    "p", "h2", "h3", "h4", "h5", "h6", "em", "strong", "s", "code", "pre", "a", "ul", "ol", "li", "blockquote", "hr",
    "br", "table", "thead", "tbody", "tr", "th", "td", "span",
}  # fmt: skip
"""All that a text may become."""
ATTRIBUTES = {"href", "rel", "title", "id", "class", "start", "style"}


class Tags(HTMLParser):
    """Which tags stand in HTML, with their attributes, and what people read."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.read = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.read += data


def harmless(html: str) -> None:
    """Fail if HTML holds anything but text with its marks, or a link that leads elsewhere than to web or mailbox."""
    for tag, attributes in Tags(html).found:
        assert tag in TAGS
        assert set(attributes) <= ATTRIBUTES
        if tag == "a":
            assert LINKS.match(attributes["href"] or "")
            assert attributes["rel"] == "noopener noreferrer"
        assert (attributes.get("style") or "text-align:").startswith("text-align:")


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](&#106;avascript:alert(1))",
    "[a](java\tscript:alert(1))",
    "[a](data:text/html,<script>alert(1)</script>)",
    "[a](data:image/svg+xml;base64,PHN2Zz4=)",
    "![a](http://x.example/pixel.png)",
    "![a](data:image/png;base64,iVBORw0KGgo=)",
    "![[a](javascript:x)](http://x)",
    "<javascript:alert(1)>",
    "[a]: javascript:alert(1)\n\n[a]",
    '[a](http://x "\'onmouseover=alert(1)")',
    '[a](http://x"onmouseover="alert(1))',
    "```<script>\nalert(1)\n```",
    '```x" onclick="alert(1)\n</code></pre><script>alert(1)</script>\n```',
    "`<script>alert(1)</script>`",
    "> <iframe src=http://x></iframe>",
    "# <b onclick=alert(1)>x</b>",
    "| <script>x</script> | b |\n|---|---|\n| <a href=javascript:x>y</a> | [z](vbscript:x) |",
    "<!-- --><style>*{display:none}</style>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "[[1]](javascript:alert(1))",
    "[x]([[1]])",
    "\\<script\\>alert(1)\\</script\\>",
    "\ue0001\ue001",
    "**" * 500 + "x" + "**" * 500,
    "[" * 2000 + "](x)" * 2000,
    "> " * 1000 + "x",
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:30])
def test_what_somebody_typed_does_not_run(text: str) -> None:
    for figures in ((), ("<script>alert(1)</script>", None)):
        quotes = (Quote(cell="a", column="b"),) * len(figures)
        harmless(prose(Words(text=text, quotes=quotes), figures, gone='"><script>').html)


PARTS = st.lists(
    st.sampled_from(["<", ">", "script", "[", "]", "(", ")", "!", "javascript:", "data:", "http://x", '"', "'", "`",
                     "\n", "&", "#", " ", "on", "=", "*", "|", "---", "[[1]]", "[[2]]", "\\", "&#60;", "~", "x", "。"])
    | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=5),
    max_size=30,
).map("".join)  # fmt: skip


@given(PARTS, st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=9))
@example("[a [[1]]](http://x)", "<b>")
def test_no_text_and_no_figure_runs(text: str, figure: str | None) -> None:
    harmless(prose(Words(text=text), (figure, "4%"), gone=text).html)


def test_markdown_is_what_it_says() -> None:
    found = Tags(prose(Words(text="**a** *b* ~~c~~ `d` [e](https://f.example)\n\n- g\n\n| h |\n|--:|\n| i |")).html)
    assert [tag for tag, _ in found.found] == [
        "p", "strong", "em", "s", "code", "a", "ul", "li", "table", "thead", "tr", "th", "tbody", "tr", "td",
    ]  # fmt: skip
    assert "![k](http://l)" not in found.read
    image = Tags(prose(Words(text="![k](http://l)")).html)
    assert [tag for tag, _ in image.found] == ["p", "a"]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("At [[1]].", "At 4.6%."),
        ("`[[1]]`", "4.6%"),
        ("    [[1]]", "4.6%\n"),
        ("[see [[1]]](http://x)", "see 4.6%"),
        ("[[2]] of [[1]]", "— of 4.6%"),
        ("[[3]] [[0]] [[99999]]", "[[3]] [[0]] [[99999]]"),
        ("安卓**[[1]]**的人", "安卓4.6%的人"),
    ],
)
def test_figures_stand_in_their_places(text: str, read: str) -> None:
    found = prose(Words(text=text), ("4.6%", None), gone="gone").html
    assert Tags(found).read.strip("\n") == read.strip("\n")
    assert found.count('<span class="gone" title="gone">—</span>') == text.count("[[2]]")


def test_a_figure_beside_chinese_is_bold_where_its_marks_say_so() -> None:
    assert "<strong>4.6%</strong>" in prose(Words(text="安卓**[[1]]**的人"), ("4.6%",)).html


def test_headings_are_one_lower_and_can_be_pointed_at() -> None:
    found = prose(Words(text="# A [[1]] *b*\n\n###### C\n\n## `d` <e>"), ("4",), anchor="c")
    assert isinstance(found, Prose) and found.headings == (
        Heading(2, "A 4 b", "c-1"), Heading(6, "C", "c-2"), Heading(3, "d <e>", "c-3"),
    )  # fmt: skip
    assert [a["id"] for tag, a in Tags(found.html).found if tag.startswith("h")] == ["c-1", "c-2", "c-3"]
