"""The page of notebooks: rounds of the plan, cells that change in place, and what new data change."""

from __future__ import annotations

from dataclasses import fields

import pandas as pd
import pytest
from harness import finding, headline, run, stands_on

from analysis import (
    Funnel,
    FunnelChange,
    Lifecycle,
    Notebook,
    Performance,
    Sales,
    Scorecard,
    Tables,
    Words,
    read_export,
)
from analysis.charts import Look
from analysis.notebook import looked, quotable, told
from analysis.notebook.templates import TEMPLATES
from analysis.sharing import as_read
from ui import page
from ui.screens import SCREENS

STEPS = ("view", "cart", "checkout", "purchase")


def headlines(app) -> list[str]:
    return [m.value.removeprefix("#### ").replace("\\", "") for m in app.main.markdown if m.value.startswith("#### ")]


def desk(app) -> Notebook:
    return app.session_state["notebook.desk"].book


@pytest.mark.long
def test_a_round_of_the_plan_becomes_a_notebook_that_is_kept(opened) -> None:
    app = opened("notebooks")
    app.button(key="notebook.template.diagnosis").click()
    run(app)
    assert app.title[0].value.startswith("Diagnosis")
    found = headlines(app)
    assert len(found) == 9 and any("went on to purchase" in one for one in found)
    (kept,) = stands_on(app).kept(Notebook)
    assert kept.value == desk(app)
    assert all(cell.seen for cell in kept.value.cells)
    # A copy of the sample was made for it meanwhile, which is said: the same data.
    assert [one.value for one in app.toast] == [
        "The sample itself stays as it is: you now work on your own copy of it."
    ]
    assert "notebook.check" not in [button.key for button in app.button]


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("name", TEMPLATES)
def test_every_round_can_be_begun_in_both_languages(name: str, language: str, sample) -> None:
    book = TEMPLATES[name].made(sample, language)
    texts = " ".join(cell.holds.text for cell in book.cells if isinstance(cell.holds, Words))
    assert "cannot be asked" not in texts and "回答不了" not in texts
    assert book.title not in texts  # it stands above, once
    hints = [cell.holds.hint for cell in book.cells if isinstance(cell.holds, Words) and cell.holds.awaited]
    assert not any(hint in texts for hint in hints)
    assert name != "diagnosis" or book.cells[0].holds.hint == hints[0]  # what was found stands first
    assert ("##" in texts) and (language == "en" or not set("abcdefg") & set(book.title.lower()))


ASKED = [part for template in TEMPLATES.values() for part in template.parts if isinstance(part, tuple)]
KINDS = {kind for kind, _ in ASKED}
MEANT = {Funnel: {"breakdown"}, FunnelChange: {"before", "after", "by", "where"}, Performance: {"every"}}
"""What a template sets itself."""


@pytest.mark.parametrize("kind", sorted(KINDS, key=lambda kind: kind.kind))
def test_a_round_asks_what_the_kinds_own_page_begins_with(kind, opened, sample, monkeypatch) -> None:
    monkeypatch.setattr(page, "_answer", lambda *_: None)  # what is asked counts, not the answer
    screen = next(one for one in SCREENS.values() if kind in one.kinds)
    app = opened(screen.name)
    if kind is not screen.kind:
        app.session_state[f"{screen.name}.view.start"] = kind.kind
        app.session_state[f"{screen.name}.view"] = kind.kind
        run(app)
        begun = app.session_state[f"{screen.name}.{kind.kind}.start"]
    else:
        begun = app.session_state[f"{screen.name}.start"]
    asked = [ask(sample) for own, ask in ASKED if own is kind]
    assert asked and isinstance(begun, kind)
    for one in asked:
        differs = {each.name for each in fields(kind) if getattr(one, each.name) != getattr(begun, each.name)}
        assert differs <= MEANT.get(kind, set()), (one, begun)
    if kind not in (Scorecard, FunnelChange):  # their headlines name two campaigns
        assert all(as_read.scope(one, sample) for one in asked)


def test_the_lifecycle_page_and_a_round_say_the_same(opened, sample) -> None:
    app = opened("lifecycle")
    assert headline(app) == finding(Lifecycle.opening(sample), sample)
    assert "28,000" in headline(app)


def test_a_round_says_what_it_cannot_ask_and_what_to_bring(tables) -> None:
    orders = tables.arrow("orders")

    texts = [
        c.holds.text for c in TEMPLATES["diagnosis"].made(Tables(orders=orders)).cells if isinstance(c.holds, Words)
    ]
    lacking = [text for text in texts if "cannot be asked yet" in text]
    assert len(lacking) == 7 and all("events" in text or "spend" in text for text in lacking)


def test_texts_are_written_undone_and_done_again(opened) -> None:
    app = opened("notebooks")
    app.button(key="notebook.new").click()
    run(app)
    app.button(key="notebook.add.text").click()
    run(app)
    app.text_area[0].set_value("## My own words")
    run(app)
    assert desk(app).cells[-1].holds == Words(text="## My own words")
    app.button(key="notebook.undo").click()
    assert desk(run(app)).cells[-1].holds == Words()
    app.button(key="notebook.redo").click()
    assert desk(run(app)).cells[-1].holds == Words(text="## My own words")


def test_the_editor_lists_what_is_quoted_and_offers_answers_by_their_cells_names(opened, own, sample) -> None:
    book = Notebook(title="Q").add(Funnel(steps=STEPS)).add(Words(text="## A"))
    asked, words = book.cells
    quote, called = next(iter(quotable(asked.id, asked.holds.run(sample), Look())))
    book = book.change(words.id, holds=Words(text="## A\n\n[[1]]", quotes=(quote,)))
    kept = own.keep("Q", book, over=0)
    app = opened("notebooks", workspace=own.path.stem, notebook=str(kept.id))
    app.session_state["notebook.edited"] = words.id
    run(app)
    listed = [m.value.replace("\\", "") for m in app.main.markdown if m.value.startswith("- ")]
    assert f"- [[1]] = {called}" in listed
    assert any("begins a heading" in one.value for one in app.caption)
    answers = next(box for box in app.selectbox if box.label == "Of which answer")
    assert answers.options == ["Where do people drop off?"]


@pytest.mark.long
def test_every_screens_question_can_be_added_and_its_controls_stand_in_the_cell(opened, own) -> None:
    app = opened("notebooks", workspace=own.path.stem)
    app.button(key="notebook.new").click()
    run(app)
    for n, name in enumerate(SCREENS):
        app.button(key="notebook.add.question").click()
        run(app)
        app.selectbox(key="notebook.question.kind").set_value(name)
        run(app)
        app.button(key="notebook.question.add").click()
        run(app)
        assert not app.error, (name, [e.value for e in app.error])
        cell = desk(app).cells[n]
        assert isinstance(cell.holds, SCREENS[name].kinds), name
        assert app.button(key=f"notebook.{cell.id}.done"), name


def test_a_cells_controls_change_its_own_question(opened, own, sample) -> None:
    book = Notebook(title="A").add(Funnel(steps=STEPS)).add(Funnel(steps=STEPS))
    kept = own.keep("A", book)
    app = opened("notebooks", workspace=own.path.stem, notebook=str(kept.id))
    first, second = book.cells
    app.session_state["notebook.edited"] = first.id
    run(app)
    app.number_input(key=f"notebook.{first.id}.amount").set_value(3)
    run(app)
    assert [c.holds.window for c in desk(app).cells] == ["3d", "7d"]
    assert headlines(app) == [finding(Funnel(steps=STEPS, window=w), sample) for w in ("3d", "7d")]
    app.button(key="notebook.undo").click()
    run(app)
    assert app.number_input(key=f"notebook.{first.id}.amount").value == 7
    assert second.id in {c.id for c in own.kept(Notebook)[0].value.cells}


def test_an_answer_is_added_from_its_page(opened, own) -> None:
    app = opened("sales", workspace=own.path.stem)
    said = headline(app)
    app.button(key="sales.book.add").click()
    run(app)
    (kept,) = own.kept(Notebook)
    assert isinstance(kept.value.cells[0].holds, Sales)
    seen = kept.value.cells[0].seen
    assert seen is not None and seen.sentence("en") == said


def test_new_data_mark_what_they_change_and_what_it_said_before(opened, own) -> None:
    tables = own.tables()
    book = Notebook(title="A").add(Sales(every=None)).add(Funnel(steps=STEPS))
    sales = Sales(every=None).run(tables)
    quote = next(q for q, words in quotable(book.cells[0].id, sales, Look()) if q.column == "realised")
    book = book.add(Words(text="It was [[1]].", quotes=(quote,)))
    before = sales.say(sales.headline)
    kept = own.keep("A", looked(book, told(book, tables)))
    orders = pd.DataFrame({
        "order_id": ["new-1"], "timestamp": ["2026-11-11 10:00:00"], "paid_at": ["2026-11-11 10:01:00"],
        "revenue": [500_000.0], "currency": ["CNY"], "campaign": ["Double 11 2026"],
    })  # fmt: skip
    own.add(read_export(orders.to_csv(index=False).encode(), "orders.csv", zone="UTC"))
    app = opened("notebooks", workspace=own.path.stem, notebook=str(kept.id))
    marks = [m.value.replace("\\", "") for m in app.main.markdown if "orange-badge" in m.value]
    assert len(marks) == 2 and before in marks[0] and "Figures quoted here changed" in marks[1]
    app.button(key="notebook.check").click()
    run(app)
    said = next(m.value for m in app.main.markdown if m.value.startswith("Changed:"))
    assert "How are sales going?" in said and "Where do people drop off?" not in said
    app.button(key="notebook.seen-all").click()
    run(app)
    assert not [m for m in app.main.markdown if "orange-badge" in m.value]


def test_a_deleted_notebook_comes_back(opened, own) -> None:
    kept = own.keep("A", Notebook(title="A").add(Words(text="x")))
    app = opened("notebooks", workspace=own.path.stem)
    app.button(key=f"notebook.forget.{kept.id}").click()
    run(app)
    assert own.kept(Notebook) == ()
    app.button(key=f"notebook.back.{kept.id}").click()
    run(app)
    assert own.kept(Notebook)[0].value == kept.value
