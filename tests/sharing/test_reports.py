"""The report: figures are the answers' own, nobody's words run in it, and it loads nothing."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis import (
    Alias,
    DisplayName,
    Filter,
    Funnel,
    GoalProgress,
    MoneyFlow,
    Notebook,
    Sales,
    Tables,
    Words,
    periods,
)
from analysis.answer import Answer
from analysis.charts import Look
from analysis.notebook import Cell, Quote, Said, Unread, quotable, told
from analysis.question import Question
from analysis.records import Record
from analysis.sharing import as_read, reports
from analysis.sharing.prose import LINKS
from analysis.values import Campaign, kinds

VOID = {"meta", "br", "hr"}
FUNNEL = Funnel(steps=("visit", "view", "purchase"))
DAY = dt.date(2026, 11, 29)


class Page(HTMLParser):
    """A report taken apart: its tags, its scripts, what people read; fails where tags do not close in order."""

    def __init__(self, html: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.read = ""
        self.feed(html.decode())
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append((dict(attrs), ""))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        assert tag in VOID

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)
        elif self.open and self.open[-1] != "style":
            self.read += data

    def count(self, tag: str) -> int:
        return sum(one == tag for one, _ in self.tags)


def harmless(html: bytes) -> Page:
    """Fail if anything but the two scripts that the policy names would run, or anything would load."""
    page = Page(html)
    (policy,) = (a["content"] or "" for t, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; script-src ")
    assert "unsafe-eval" not in policy and "unsafe-inline" not in policy.split("style-src")[0]
    for attributes, content in page.scripts:
        if attributes.get("type") == "application/json":
            json.loads(content)
            assert not set("<>&\u2028\u2029") & set(content)
        else:
            assert attributes == {}
            digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in policy
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(set(ids)) == len(ids)
    for tag, attributes in page.tags:
        assert tag not in ("img", "link", "iframe", "object", "embed", "base", "form", "svg")
        assert not any(name.startswith("on") or name in ("src", "srcset", "action", "data") for name in attributes)
        if "href" in attributes:
            target = attributes["href"] or ""
            assert LINKS.match(target) or target.removeprefix("#") in ids
    return page


def one(holds: Any, **more: Any) -> Notebook:
    return Notebook(title="A", cells=(Cell(id="a", holds=holds, **more),))


# ---- nothing runs -----------------------------------------------------------------------------------------

EVIL = [
    "</script><script>alert(1)</script>", "<!--<script>", '"><img src=x onerror=alert(1)>', "' onclick='alert(1)",
    "]]>", "</style>", "</title>", "\u2028alert(1)", "{{x}}", "${x}", "&lt;script&gt;", "javascript:alert(1)",
]  # fmt: skip


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.long
def test_no_name_in_the_data_runs(evil: str) -> None:
    steps = ("view", evil)
    log = pd.DataFrame({
        "user_id": ["u", "u", "v"], "timestamp": pd.to_datetime(["2026-11-01", "2026-11-02", "2026-11-20"]),
        "event": ["view", evil, "view"], "channel": [evil, evil, "x"],
    })  # fmt: skip
    clean = " ".join(evil.split())
    names = [DisplayName(column="channel", code="x", language="en", name=clean)]
    campaign = Campaign(name=clean, start="2026-11-01", end="2026-11-20")
    tables = Tables(events=log, campaign=campaign, display=names)
    book = Notebook(title=clean).add(Funnel(steps=steps, breakdown="channel", where=Filter(channel=(evil, "x"))))
    book = book.add(Funnel(steps=("view", f"no {evil}"))).add(Words(text=evil))
    book = book.add(Alias(column="channel", code=clean, meant="x")).add(Unread(json=f'{{"kind":{json.dumps(evil)}}}'))
    for folded in (False, True):
        for cell in book.cells:
            book = book.change(cell.id, folded=folded)
        page = harmless(reports.html(book, tables, Look(), workspace=evil, made=DAY))
        assert clean in " ".join(page.read.split())
        assert len(page.scripts) == 4  # the menu's words, one chart, and the two that draw


TEXTS = st.lists(
    st.sampled_from([*EVIL, "# ", "\n", "[", "](", ")", "`", "| a |\n|---|\n", "[[1]]", "x", "中"]), max_size=6
)
HELD = st.one_of(
    TEXTS.map("".join).map(lambda t: Words(text=t.replace("\u2028", " "), quotes=(Quote(cell="0", column="users"),))),
    st.sampled_from([FUNNEL, Sales(), Funnel(steps=("a", "b")), Alias(column="channel", code="<b>", meant="x")]),
    st.sampled_from(EVIL).map(lambda evil: Unread(json=json.dumps({"kind": evil}))),
)


@settings(max_examples=30)
@given(st.lists(st.tuples(HELD, st.booleans()), max_size=5), st.sampled_from(["en", "zh_CN"]))
@example([], "en")
def test_no_cell_runs(cells: list[tuple[Any, bool]], language: str) -> None:
    made = tuple(Cell(id=f"{n}", holds=held, folded=folded) for n, (held, folded) in enumerate(cells))
    page = harmless(reports.html(Notebook(title="A", cells=made), SMALL, Look(language), made=DAY))
    answered = sum(held == FUNNEL for held, _ in cells)
    assert page.count("figure") == answered
    assert len(page.scripts) == 1 + answered + 2 * bool(answered)
    assert page.count("section") == len(cells)


SMALL = Tables(
    events=pd.DataFrame({
        "user_id": ["u", "u", "v"], "timestamp": pd.to_datetime(["2026-11-01", "2026-11-02", "2026-11-20"]),
        "event": ["visit", "view", "visit"],
    }).assign(event=["visit", "view", "purchase"])
)  # fmt: skip


# ---- what it says -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("kind", kinds(Question))
@pytest.mark.long
def test_every_question_is_written_out(
    kind: str, language: str, answer_to: Callable[[str], Answer], tables: Tables
) -> None:
    answer, look = answer_to(kind), Look(language)
    book = one(answer.question)
    known = {"a": Said(book.cells[0], answer)}
    page = harmless(reports.html(book, tables, look, told=known, made=DAY))
    assert look(type(answer.question).title) in page.read
    for message in (answer.headline, *(note.message for note in answer.notes)):
        assert answer.say(message, language) in page.read
    chart = next(json.loads(content) for _, content in page.scripts if '"$schema"' in content)
    drawn = json.dumps(answer.chart(Look(language, names=tables.display)).to_dict())
    assert chart == json.loads(drawn, parse_constant=lambda _: None)  # no number is null
    assert page.count("figure") == 1
    rows = page.count("tr") - 1
    assert rows == min(len(answer.table), 100)
    said = {
        "en": f"The first 100 of {len(answer.table):,} rows",
        "zh_CN": f"共 {len(answer.table):,} 行，这里是前 100 行",
    }
    assert (said[language] in page.read) == (len(answer.table) > 100)
    assert f"{answer.question!r}.run(tables)" in page.read


@pytest.mark.parametrize("kind", kinds(Question))
def test_tables_are_written_in_their_units(kind: str, answer_to: Callable[[str], Answer]) -> None:
    answer = answer_to(kind)
    for name in answer.frames:
        frame, shown, plot = answer.shown(name, "en"), as_read.table(answer, name, Look()), answer.plot(name, Look())
        assert (shown.count, len(shown.rows)) == (len(frame), min(len(frame), 100))
        for i, column in enumerate(frame.columns):
            if shown.numbers[i]:
                for written, number in zip((row[i] for row in shown.rows), frame[column], strict=False):
                    assert written == ("" if pd.isna(number) else plot.written(column, number))


def test_it_says_whose_data_of_when_and_which(tables: Tables) -> None:
    read = Page(reports.html(one(FUNNEL), tables, Look(), workspace="My shop", made=DAY)).read
    assert "Double 11, 2026-09-21 to 2026-11-15" in read
    assert "Workspace: My shop" in read
    assert "Data from 2026-09-21 to 2026-11-1" in read
    assert f"Written on 2026-11-29 · mark of the data: {tables.version[:12]} (reports with the same mark" in read
    chinese = reports.html(one(FUNNEL), tables, Look("zh_CN"), made=DAY).decode()
    assert '<html lang="zh-CN">' in chinese and f"生成于 2026-11-29 · 数据标识：{tables.version[:12]}" in chinese


def test_figures_are_quoted_in_the_readers_language_and_one_that_is_gone_says_so(tables: Tables) -> None:
    asked = Sales(every=None)
    quote = next(q for q, _ in quotable("a", asked.run(tables), Look()) if q.column == "realised")
    words = Words(text="Earned **[[1]]**, not [[2]].", quotes=(quote, quote.replace(column="x")))
    book = Notebook(title="A", cells=(Cell(id="a", holds=asked), Cell(id="b", holds=words)))
    for language, sign in (("en", "CN¥"), ("zh_CN", "¥")):
        look = Look(language)
        figure = told(book, tables, look)["b"].figures[0]
        assert figure is not None and figure.startswith(sign)
        for known in (None, told(book, tables)):  # what was told to a reader of another language serves as well
            html = reports.html(book, tables, look, told=known, made=DAY).decode()
            assert f"<strong>{figure}</strong>" in html
            assert html.count('<span class="gone" title="') == 1


def test_what_is_to_be_written_is_not_for_readers(tables: Tables) -> None:
    awaited = Words(text="## What we found", hint="One sentence each.")
    written = awaited.replace(text="## What we found\n\nAndroid loses people.")
    assert awaited.awaited and not written.awaited and not Words(text="## How it stands").awaited
    book = Notebook(title="A").add(awaited).add(Words(text="## How it stands"))
    read = Page(reports.html(book, tables, Look(), made=DAY)).read
    assert "What we found" not in read and "How it stands" in read
    read = Page(reports.html(Notebook(title="A").add(written), tables, Look(), made=DAY)).read
    assert "Android loses people." in read and "One sentence each." not in read


def test_contents_lead_to_every_heading_and_question(tables: Tables) -> None:
    book = Notebook(title="A").add(Words(text="# One\n\n## Two")).add(FUNNEL).add(Words(text="# Three")).add(FUNNEL)
    page = harmless(reports.html(book, tables, Look(), made=DAY))
    links = [a["href"] for t, a in page.tags if t == "a"]
    anchors = [a["id"] for t, a in page.tags if t in ("h2", "h3", "h4") and "id" in a]
    assert links == [f"#{anchor}" for anchor in anchors] and len(links) == 5
    tags = [t for t, a in page.tags if t in ("h2", "h3", "h4") and "id" in a]
    assert tags == ["h2", "h3", "h4", "h2", "h3"]


def test_what_cannot_be_answered_or_read_says_why_and_folds_stay_folded() -> None:
    book = Notebook(title="A").add(Sales()).add(Unread(json='{"kind":"telepathy","version":1}')).add(FUNNEL)
    book = book.change(book.cells[2].id, folded=True)
    page = harmless(reports.html(book, SMALL, Look(), made=DAY))
    assert "There is no data on orders yet." in page.read and "There is no question 'telepathy'" in page.read
    assert next(a for t, a in page.tags if t == "details") == {"class": "folded"}
    assert "open" not in {name for _, a in page.tags for name in a}


def test_a_record_is_told_by_its_labels() -> None:
    record = DisplayName(column="channel", code="live_stream", language="zh_CN", name="直播")
    page = harmless(reports.html(one(record), SMALL, Look(), made=DAY))
    for field, label in DisplayName.labels.items():
        assert label in page.read and str(getattr(record, field)) in page.read
    assert page.count("dt") == len(DisplayName.labels)
    assert issubclass(DisplayName, Record)


def test_what_was_told_before_is_not_asked_again(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    book = one(FUNNEL)
    known, plain = told(book, tables), reports.html(one(FUNNEL), tables, Look(), made=DAY)
    monkeypatch.setattr(Question, "run", lambda *_: pytest.fail("asked again"))
    assert reports.html(book, tables, Look(), told=known, made=DAY) == plain


def test_what_a_question_looks_at_is_told_in_words(tables: Tables) -> None:
    kept = Filter(start="2026-11-01", channel=("paid_search", "x"), segment={"my stage": "reach"})

    def scope(question: Question) -> list[str]:
        return [each.text("en", tables.display) for each in as_read.scope(question, tables)]

    assert scope(Sales(where=kept)) == ["Days looked at: 2026-11-01 – …", "Channel: paid search, x", "my stage: reach"]
    first, last = periods.covered(tables, "orders") or ("", "")
    whole = f"All of the data, {first} to {last}"
    assert scope(Sales()) == [whole]
    assert scope(Sales(where=Filter(channel="x"))) == [whole, "Channel: x"]
    assert tables.campaign
    days = f"{tables.campaign.start} to {tables.campaign.end}"
    assert scope(GoalProgress()) == [f"{tables.display(tables.campaign.name, 'campaign', 'en')}, {days}"]
    assert scope(MoneyFlow()) == []
