"""A notebook's cells: changed, copied, moved and read back; what they say, quote, and said before."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from children import begin
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import Alias, Filter, Funnel, Lesson, Notebook, PlanCheck, Retention, Sales, Tables, Words, open_workspace
from analysis.charts import Look
from analysis.errors import QuestionError, WorkspaceError
from analysis.notebook import Cell, Quote, Unread, called_of, dated, digest_of, filled, looked, quotable, told
from analysis.question import Question
from analysis.values import Campaign, Value, kinds

FUNNEL = Funnel(steps=("view", "cart"))


def log(*rows: str) -> Tables:
    """Build tables from "user event" texts, an hour apart, and a late event that closes everybody's window."""
    shown = [row.split() for row in rows]
    frame = pd.DataFrame(shown, columns=["user_id", "event"])
    frame["timestamp"] = pd.Timestamp("2026-11-01") + pd.to_timedelta(range(len(frame)), unit="h")
    late = pd.DataFrame({"user_id": ["z"], "event": ["visit"], "timestamp": [pd.Timestamp("2026-12-24")]})
    return Tables(events=pd.concat([frame, late]))


OLD, NEW = log("u view", "u cart", "v view"), log("u view", "u cart", "v view", "v cart")


def rate(tables: Tables, cell: str) -> Quote:
    """Return the quote of the share that went on to the cart."""
    found = quotable(cell, FUNNEL.run(tables), Look())
    return next(q for q, words in found if q.column == "from_previous" and words.endswith(": 50.0%"))


# ---- changes ----------------------------------------------------------------------------------------------


def test_every_change_is_another_notebook() -> None:
    book = Notebook(title="A")
    one = book.add(Words(text="first")).add(FUNNEL)
    assert book.cells == ()
    words, asked = one.cells
    copied = one.copy(words.id)
    assert [c.holds for c in copied.cells] == [words.holds, words.holds, FUNNEL]
    assert len({c.id for c in copied.cells}) == 3
    assert one.add(Sales(), after=words.id).cells[1].holds == Sales()
    assert [c.id for c in one.move(words.id, 99).cells] == [asked.id, words.id] == [
        c.id for c in one.move(asked.id, -3).cells
    ]  # fmt: skip
    assert one.delete(words.id).cells == (asked,)
    assert one.change(words.id, folded=True).cell(words.id).folded
    for missing in (one.delete, one.copy, one.cell):
        with pytest.raises(QuestionError, match="not in this notebook"):
            missing("nobody")


@pytest.mark.parametrize("kind", kinds(Question))
def test_every_question_can_be_a_cell(kind: str, ask: Callable[[str], Question]) -> None:
    book = Notebook(title="A").add(ask(kind))
    assert Notebook.from_json(book.to_json()) == book
    assert repr(Notebook.from_json(book.to_json())) == repr(book)


def test_what_is_no_cell_and_too_many_are_refused() -> None:
    with pytest.raises(QuestionError, match="a text, a question or a record"):
        Notebook(title="A").add(Filter())
    cell = Cell(id="a", holds=Words(text="x"))
    with pytest.raises(QuestionError, match="two cells have this id"):
        Notebook(title="A", cells=(cell, cell))
    many = tuple(Cell(id=f"{n}", holds=Words()) for n in range(501))
    assert len(Notebook(title="A", cells=many[:500]).cells) == 500
    with pytest.raises(QuestionError, match="list of Cell"):
        Notebook(title="A", cells=many)


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)


@settings(max_examples=40)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["add", "copy", "move", "delete", "fold"]), st.integers(0, 9)), max_size=12
    ),
    words=TEXTS,
)
def test_any_order_of_changes_reads_back(steps: list[tuple[str, int]], words: str) -> None:
    book = Notebook(title="A")
    for what, n in steps:
        ids = [cell.id for cell in book.cells]
        if what == "add" or not ids:
            book = book.add((Words(text=words), FUNNEL, Alias(column="channel", code="b", meant="a"))[n % 3])
            continue
        id = ids[n % len(ids)]
        book = {
            "copy": book.copy, "move": lambda id, n=n, b=book: b.move(id, n), "delete": book.delete,
            "fold": lambda id, b=book: b.change(id, folded=True),
        }[what](id)  # fmt: skip
    assert Notebook.from_json(book.to_json()) == book


# ---- what this release cannot read ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("holds", "says"),
    [
        ({"kind": "funnel", "version": 99, "steps": ["a", "b"]}, "newer"),
        ({"kind": "telepathy", "version": 1, "depth": 3}, "telepathy"),
        ({"kind": "funnel", "version": 1, "steps": []}, "steps"),
    ],
)
def test_a_cell_that_cannot_be_read_loses_nothing(holds: dict[str, Any], says: str) -> None:
    book = Notebook(title="A").add(Words(text="first")).add(FUNNEL)
    data = json.loads(book.to_json())
    data["cells"].insert(1, {"kind": "cell", "version": 1, "id": "x", "holds": holds, "folded": False, "seen": None})
    read = Notebook.from_dict(data)
    unread = read.cells[1].holds
    assert isinstance(unread, Unread) and json.loads(unread.json) == holds
    assert says in unread.why.text()
    assert [c.holds for c in read.cells if c.id != "x"] == [Words(text="first"), FUNNEL]
    again = Notebook.from_json(read.to_json())
    assert again == read


def test_what_an_older_release_could_not_read_is_a_question_again() -> None:
    kept = Unread(json=FUNNEL.to_json())
    book = Notebook(title="A", cells=(Cell(id="x", holds=kept),))
    assert Notebook.from_json(book.to_json()).cells[0].holds == FUNNEL


# ---- what cells say ---------------------------------------------------------------------------------------


def looked_at(book: Notebook, tables: Tables) -> Notebook:
    """Return the notebook as it is once somebody looked at every cell."""
    for id, said in told(book, tables).items():
        book = book.change(id, seen=said.seen)
    return book


def test_only_cells_that_new_data_change_are_stale_and_say_what_they_said() -> None:
    book = Notebook(title="A").add(FUNNEL).add(Funnel(steps=("visit", "view"))).add(Words(text="no figure"))
    quoting = Words(text="Half: [[1]].", quotes=(rate(OLD, book.cells[0].id),))
    book = looked_at(book.add(quoting), OLD)
    assert not any(said.stale for said in told(book, OLD).values())
    now = told(book, NEW)
    assert [now[c.id].stale for c in book.cells] == [True, False, False, True]
    funnel, _, _, words = book.cells
    before, after = funnel.seen, now[funnel.id].seen
    assert before is not None and after is not None
    assert "50.0% of 2" in before.sentence("en") and "100% of 2" in after.sentence("en")
    assert "浏览商品" in before.sentence("zh_CN")
    assert filled(quoting, now[words.id].figures) == "Half: 100%."
    assert words.seen is not None and words.seen.sentence("en") == "50.0%"
    assert not any(said.stale for said in told(looked_at(book, NEW), NEW).values())


def test_a_cell_about_the_plan_is_as_new_as_the_plan() -> None:
    plan = Campaign(name="autumn", start="2026-11-01", end="2026-12-24", zone="UTC")
    events = pd.DataFrame(
        {"user_id": ["u", "v"], "event": ["view", "cart"], "timestamp": pd.to_datetime(["2026-11-01"] * 2)}
    )
    tables, replanned = (
        Tables(events=events, campaign=plan, records=[Lesson(learnt=learnt, campaign="spring")])
        for learnt in ("Fewer banners.", "More banners.")
    )
    book = Notebook(title="A").add(FUNNEL).add(PlanCheck()).add(Words(text="so"))
    seen = looked(book, told(book, tables))
    assert all(cell.seen for cell in seen.cells)
    assert [dated(cell, tables) for cell in seen.cells] == [False, False, False]
    assert [dated(cell, replanned) for cell in seen.cells] == [False, True, False]
    assert not any(dated(cell, replanned) for cell in book.cells)


def test_a_quote_of_what_is_gone_is_said() -> None:
    asked = Notebook(title="A").add(FUNNEL)
    quote = rate(OLD, asked.cells[0].id)
    book = looked_at(asked.add(Words(text="At [[1]], [[7]].", quotes=(quote,))), OLD)
    asked_id, words_id = (c.id for c in book.cells)
    gone = told(book.delete(asked_id), OLD)[words_id]
    assert (gone.figures, gone.stale) == ((None,), True)
    words = book.cell(words_id).holds
    assert isinstance(words, Words) and filled(words, gone.figures) == "At —, [[7]]."
    other = told(book.change(asked_id, holds=Funnel(steps=("view", "visit"))), OLD)[words_id]
    assert other.figures == (None,)
    of_text = Words(text="[[1]]", quotes=(quote.replace(cell=words_id),))
    circle = told(book.change(words_id, holds=of_text), OLD)[words_id]
    assert circle.figures == (None,)  # texts quote answers, so no circle can be


def test_a_question_that_cannot_be_answered_says_why() -> None:
    book = Notebook(title="A").add(Sales())
    said = told(book, OLD)[book.cells[0].id]
    assert said.answer is None and said.error is not None and "orders" in said.error.message.text()


def test_a_figure_is_written_in_its_unit_and_the_readers_language() -> None:
    orders = pd.DataFrame({
        "order_id": ["a", "b"], "timestamp": pd.to_datetime(["2026-11-01", "2026-11-02"]), "revenue": [12_345.0, 1.0],
        "paid_at": pd.to_datetime(["2026-11-01", "2026-11-02"]), "currency": "CNY",
    })  # fmt: skip
    tables = Tables(orders=orders)
    book = Notebook(title="A").add(Sales(every=None))
    answer = Sales(every=None).run(tables)
    quote = next(q for q, words in quotable(book.cells[0].id, answer, Look()) if q.column == "realised")
    book = book.add(Words(text="[[1]]", quotes=(quote,)))
    id = book.cells[1].id
    assert told(book, tables)[id].figures == ("CN¥12,346",)
    assert told(book, tables, Look("zh_CN"))[id].figures == ("¥12,346",)


@pytest.mark.long
def test_every_figure_that_is_offered_can_be_quoted(answer_to: Callable[[str], Any], tables: Tables) -> None:
    for kind in ("funnel", "sales", "retention", "attribution"):
        answer = answer_to(kind)
        for quote, words in quotable("a", answer, Look(), most=60):
            book = Notebook(title="A", cells=(
                Cell(id="a", holds=answer.question), Cell(id="b", holds=Words(text="[[1]]", quotes=(quote,))),
            ))  # fmt: skip
            found = told(book, tables, ask=lambda question, answer=answer: answer)
            figure = found["b"].figures[0]
            assert words.endswith(f": {figure}"), (kind, words)


def test_the_digest_does_not_see_the_last_digits(answer_to: Callable[[str], Any]) -> None:
    from dataclasses import replace

    answer = answer_to("sales")
    shaken = {
        name: frame.apply(lambda c: c * (1 + 1e-14) if c.dtype == float else c) for name, frame in answer.frames.items()
    }
    assert digest_of(replace(answer, frames=shaken)) == digest_of(answer)
    moved = {
        name: frame.apply(lambda c: c * (1 + 1e-6) if c.dtype == float else c) for name, frame in answer.frames.items()
    }
    assert digest_of(replace(answer, frames=moved)) != digest_of(answer)


# ---- kept -------------------------------------------------------------------------------------------------


def test_what_the_headline_says_is_offered_first_and_how_sure_it_is_last(tables: Tables) -> None:
    answer = Retention(start=("visit",), returns=()).run(tables)
    offered = list(quotable("a", answer, Look(), most=10_000))
    said = {held for name, held in answer.headline.params if name == "share"}
    (share,) = (round(one.value, 9) for one in said)
    first = offered[0][0]
    row = answer.frame(first.frame).set_index("later").loc[1]
    assert first.column in ("share", "users") and round(float(row["share"]), 9) == share
    doubtful = [quote.column in ("low", "high") for quote, _ in offered]
    assert any(doubtful) and doubtful == sorted(doubtful)
    for quote, words in offered[:20]:
        assert called_of(quote, {"a": answer}, Look()) == words
    assert called_of(offered[0][0].replace(cell="b"), {"a": answer}, Look()) is None


def test_two_people_changing_one_notebook_lose_nothing(tmp_path: Path) -> None:
    here = open_workspace(tmp_path / "w.duckdb")
    first = here.keep("review", Notebook(title="review"), over=0)
    mine, theirs = first.value.add(Words(text="mine")), first.value.add(Words(text="theirs"))
    second = here.keep("review", theirs, over=first.revision)
    with pytest.raises(WorkspaceError, match="changed by somebody else") as refused:
        here.keep("review", mine, over=first.revision)
    assert refused.value.code == "changed-meanwhile"
    with pytest.raises(WorkspaceError):
        here.keep("review", mine, over=0)
    third = here.keep("review", mine, over=second.revision)
    assert [k.value for k in here.history(first.id)] == [mine, theirs, first.value]
    assert third.revision == 3
    here.close()


def test_a_kept_notebook_with_a_cell_of_a_newer_release_is_listed(tmp_path: Path) -> None:
    here = open_workspace(tmp_path / "w.duckdb")
    kept = here.keep("review", Notebook(title="review").add(FUNNEL))
    newer = kept.value.to_json().replace('"kind":"funnel","optional"', '"kind":"funnel"').replace(
        '"kind":"funnel"', '"kind":"funnel2"'
    )  # fmt: skip
    with here._transaction() as con:
        con.execute("UPDATE kept SET value = ? WHERE kind = 'notebook'", [newer])
    (read,) = here.kept(Notebook)
    assert isinstance(read.value.cells[0].holds, Unread)
    here.close()


def test_values_of_any_kind_read_themselves() -> None:
    assert Value.readable({"kind": "x"}) == {"kind": "x"}


def keeps_on(say: Callable[[str], None], path: Path) -> None:
    """Change a notebook again and again, saying each time what is kept."""
    here = open_workspace(path)
    book = here.kept(Notebook)[0].value
    for n in range(10_000):
        book = book.add(Words(text=f"{n}"))
        here.keep("review", book if len(book.cells) < 400 else book.replace(cells=book.cells[-1:]))
        say(f"{n}")


def test_killed_at_any_moment_the_last_kept_state_and_its_history_are_there(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    here = open_workspace(path)
    here.keep("review", Notebook(title="review").add(FUNNEL))
    here.close()
    for n in range(10):
        child = begin(keeps_on, path, scratch=str(tmp_path))
        said = [child.hears() for _ in range(n + 1)]
        said += child.kill()
        here = open_workspace(path)
        (kept,) = here.kept(Notebook)
        last = kept.value.cells[-1].holds
        assert isinstance(last, Words) and int(last.text) >= int(said[-1]), (last, said)
        assert len(here.history(kept.id)) == kept.revision
        here.close()


def test_figures_beyond_those_that_are_offered_are_not_put_into_words(
    tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table may have a hundred thousand rows, and a page asks for its figures each time it is drawn."""
    from analysis import quotes

    written: list[object] = []
    words = quotes._text
    monkeypatch.setattr(quotes, "_text", lambda held: str(written.append(held) or words(held)))
    answer = Sales().run(tables)
    longest = max(len(frame) for frame in answer.frames.values())
    assert longest > 20
    assert len(list(quotable("a", answer, Look(), most=3))) == 3
    assert len(written) <= 3 * 2 * 3  # three rows at most, each with a few labels that are written twice
