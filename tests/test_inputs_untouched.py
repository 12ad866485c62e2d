"""Every question leaves its inputs as they were, gives an answer nobody can change, and gives it twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from analysis.answer import Answer
from analysis.charts import Look
from analysis.errors import DataError
from analysis.messages import LANGUAGES, Message, say
from analysis.question import Question
from analysis.records import PlanLine
from analysis.tables import Tables
from analysis.values import Campaign, Filter, kinds

KINDS = kinds(Question)
Ask = Callable[[str], Question]
AnswerTo = Callable[[str], Answer]
Plan = tuple[PlanLine, ...]


def assert_same(one: Answer, other: Answer) -> None:
    assert list(one.frames) == list(other.frames)
    for name in one.frames:
        pd.testing.assert_frame_equal(one.frame(name), other.frame(name), obj=name)
    assert one.version == other.version
    for language in LANGUAGES:  # as it reads: rows in another order add up to another last digit
        assert one.text(language) == other.text(language)


def test_there_are_questions() -> None:
    assert {"funnel", "contents", "lifecycle", "response-curves", "scenario"} <= set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.long
def test_pandas_frames_come_back_untouched(
    kind: str, ask: Ask, frames: dict[str, pd.DataFrame], campaign: Campaign, plan: Plan
) -> None:
    given = {name: frame.sample(frac=1, random_state=1) for name, frame in frames.items()}
    before = {name: frame.copy(deep=True) for name, frame in given.items()}
    ask(kind).run(Tables(**given, campaign=campaign, records=plan))
    for name, frame in given.items():
        pd.testing.assert_frame_equal(frame, before[name], obj=name)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.long
def test_polars_frames_come_back_untouched(
    kind: str, ask: Ask, answer_to: AnswerTo, frames: dict[str, pd.DataFrame], campaign: Campaign, plan: Plan
) -> None:
    given = {name: pl.from_pandas(frame) for name, frame in frames.items()}
    before = {name: frame.clone() for name, frame in given.items()}
    answer = ask(kind).run(Tables(**given, campaign=campaign, records=plan))
    for name, frame in given.items():
        assert_frame_equal(frame, before[name])
    assert_same(answer, answer_to(kind))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.long
def test_an_answer_cannot_be_changed_and_comes_out_twice(
    kind: str, ask: Ask, answer_to: AnswerTo, tables: Tables
) -> None:
    asked = ask(kind)
    digest = asked.digest()
    first, again = answer_to(kind), asked.run(tables)
    for name in first.frames:
        _spoil(first.frame(name))
    _spoil(first.table)
    for language in LANGUAGES:
        first.chart(Look(language, dark=True)).to_dict()
    assert_same(first, again)
    assert asked.digest() == first.question.digest() == digest
    with pytest.raises(AttributeError):
        first.headline = say("other")  # type: ignore[misc]


def _spoil(frame: pd.DataFrame) -> None:
    for column in list(frame.columns):
        frame.loc[:, column] = frame[column].tolist()[::-1]
        frame[column] = None
    frame.drop(frame.index[: len(frame) // 2], inplace=True)
    frame["new"] = 1


@pytest.mark.parametrize("kind", KINDS)
def test_every_column_has_a_label_and_a_unit(kind: str, answer_to: AnswerTo) -> None:
    answer = answer_to(kind)
    units = {"text", "count", "share", "points", "seconds", "money", "ratio", "number", "p", "time", "day", "flag"}
    for name, fields in answer.fields.items():
        assert list(answer.frame(name).columns) == list(fields), name
        assert {field.unit for field in fields.values()} <= units
    assert set(answer.fields) >= {"table"}
    assert (
        "money" not in {f.unit for f in answer.fields["table"].values()}
        or answer.currency
        or "currency" in answer.table
    )
    for note in answer.notes:
        assert note.level in ("info", "warning", "missing")
        assert isinstance(note.message, Message)


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_reads_in_every_language_and_in_a_notebook(kind: str, answer_to: AnswerTo) -> None:
    answer = answer_to(kind)
    for language in LANGUAGES:
        text = answer.text(language)
        assert "{" not in text and "NaN" not in text and "None" not in text
    bundle, _ = answer._repr_mimebundle_()
    assert bundle["text/plain"].startswith(answer.say(answer.headline))
    assert "vega" in bundle["text/html"]
    assert repr(answer) == f"<{type(answer).__name__} {answer.say(answer.headline)}>"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.long
def test_a_question_with_a_filter_looks_at_those_rows_alone(
    kind: str, ask: Ask, frames: dict[str, pd.DataFrame], campaign: Campaign, plan: Plan
) -> None:
    where = Filter(campaign="Double 11")
    other = {name: frame.assign(campaign="another") for name, frame in frames.items()}
    other["orders"] = other["orders"].assign(order_id=other["orders"]["order_id"] + " of another")
    mixed = {name: pd.concat([frame, other[name].head(40)]) for name, frame in frames.items()}
    asked = ask(kind).replace(where=where)
    alone, among = (asked.run(Tables(**given, campaign=campaign, records=plan)) for given in (frames, mixed))
    pd.testing.assert_frame_equal(alone.table, among.table)


@pytest.mark.parametrize("kind", KINDS)
def test_a_question_of_nothing_says_what_is_missing(kind: str, ask: Ask) -> None:
    with pytest.raises(DataError):
        ask(kind).run(Tables())


def test_frames_that_do_not_fit_are_refused(frames: dict[str, pd.DataFrame]) -> None:
    events: Any = frames["events"]
    bad: dict[str, Any] = {
        "no-column": events.drop(columns="event"),
        "bad-frame": events.assign(timestamp="soon"),
    }
    for code, frame in bad.items():
        with pytest.raises(DataError) as raised:
            Tables(events=frame)
        assert raised.value.code == code
    for frame in (5, "text", [1, 2], {"user_id": [1]}, events.assign(event=None), events.assign(timestamp=pd.NaT)):
        with pytest.raises(DataError):
            Tables(events=frame)
