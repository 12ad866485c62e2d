"""Code of values is read back exactly, and nothing else is: nothing runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import Exclusion, Funnel, Notebook, Sales, Step, Words
from analysis.errors import QuestionError, SluiceError
from analysis.notebook import Cell, Quote, Seen, Unread
from analysis.question import Question
from analysis.records import Alias, CalendarDay, DisplayName, ExchangeRate, LiftTest, PlanLine
from analysis.sharing.source import value_of
from analysis.values import Campaign, Filter, Phase, Value, classes, kinds

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(str.strip)
SEGMENTS = st.dictionaries(TEXTS.map("my {}".format), TEXTS, max_size=2)
FILTERS = st.builds(Filter, channel=st.lists(TEXTS, max_size=3), segment=SEGMENTS)
STEPS = TEXTS | st.builds(
    Step, st.lists(TEXTS, min_size=1, max_size=3), where=st.dictionaries(TEXTS, TEXTS, max_size=2)
)
FUNNELS = st.builds(
    Funnel, steps=st.lists(STEPS, min_size=2, max_size=4), where=st.none() | FILTERS,
    exclusions=st.lists(st.builds(Exclusion, TEXTS), max_size=2),
)  # fmt: skip
CAMPAIGNS = st.builds(
    Campaign, name=TEXTS, start=st.just("2026-11-01"), end=st.just("2026-11-11"), margin=st.none() | st.floats(0, 1),
    budget=st.none() | st.floats(0, 1e300),
    phases=st.just((Phase(name="burst", start="2026-11-01", end="2026-11-02"),)),
)  # fmt: skip
LETTERS = st.characters(exclude_categories=["Cs"], min_codepoint=32) | st.sampled_from("\n\t'\"\\{}")
PROSE = st.builds(Words, text=st.text(LETTERS, max_size=40))


def same(value: Value) -> None:
    """Fail unless a value's code is read back as that very value."""
    again = value_of(repr(value))
    assert type(again) is type(value) and again == value
    assert (repr(again), again.to_json()) == (repr(value), value.to_json())


@given(FUNNELS | CAMPAIGNS | PROSE | FILTERS)
def test_any_value_is_read_back(value: Value) -> None:
    same(value)


@pytest.mark.parametrize("kind", kinds(Question))
def test_every_question_is_read_back(kind: str, ask: Callable[[str], Question]) -> None:
    same(ask(kind))
    same(ask(kind).replace(where=Filter(channel=("a", "b"), end="2026-11-11")))


@pytest.mark.parametrize(
    "value",
    [
        Alias(column="channel", code="Google Ads", meant="google"),
        DisplayName(column="channel", code="'", language="zh_CN", name='"'),
        ExchangeRate(currency="USD", day="2026-11-11", rate=7.1, into="CNY"),
        CalendarDay(name="peak", start="2026-11-10", end="2026-11-11"),
        LiftTest(
            channel="a", start="2026-10-01", end="2026-10-07", spend_change=-1.5, sales_change=-2.5, error=1e-9
        ),
        PlanLine(stage="execution", line="a", phase="burst", amount=0),
        Notebook(title="A", cells=(
            Cell(id="a", holds=Sales(), folded=True, seen=Seen(data="d", figures="e", said=(("en", "x\n"),))),
            Cell(id="b", holds=Words(text="[[1]]", quotes=(Quote(cell="a", column="x", row=(("y", ""),)),))),
            Cell(id="c", holds=Unread(json='{"kind":"x"}')),
        )),
    ],
    ids=lambda value: value.kind,
)  # fmt: skip
def test_records_and_notebooks_are_read_back(value: Value) -> None:
    same(value)


def test_no_two_kinds_go_by_one_name() -> None:
    assert len(classes()) == len(kinds())


REFUSED: list[Any] = [
    "", "1", "'x'", "None", "x", "x.y", "Funnel", "Funnel.run", "lambda: 0", "f'{x}'", "b'x'", "...",
    "Sales(); Sales()",
    "import os", "__import__('os')", "os.system('x')", "open('x')", "eval('1')", "Value()", "Question()", "sales()",
    "Sales(**{})", "Sales(*[])", "Sales('x')", "Step('a', 'b', 'c', 'd')", "Step('a', events='b')",
    "Sales(kind='sales')", "Sales(version=1)", "Sales(every='week', every='week')", "Sales(every='we' 'ek' + '')",
    "Funnel(steps=('a', 'b'), window=7 * 'd')", "Funnel(steps=[s for s in 'ab'])", "Funnel(steps={'a', 'b'})",
    "Funnel(steps=('a', 'b'), window=(x := '7d'))", "Sales() if True else 0", "Sales()[0]", "Sales(every=...)",
    "Sales(every=1j)", "Campaign(name='a', start='2026-11-01', end='2026-11-02', budget=--1)", "Sales(\x00)", "Sales(",
    "-" * 100_000 + "1", "a" + ".b" * 100_000, "[" * 10_000, "Sales(every=" * 90 + "1" + ")" * 90, "9" * 10_000,
    "Filter(segment={**{}})", "Sales()" + " " * 200_000, "(" * 150 + "Sales(" + ")" * 151 + "x",
]  # fmt: skip


@pytest.mark.parametrize("source", REFUSED, ids=lambda source: repr(source)[:40])
def test_nothing_else_is_read(source: str) -> None:
    with pytest.raises(QuestionError):
        value_of(source)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("Funnel()", "steps cannot be None: it is needed"),
        ("Funnel(steps=('a', 'b'), windw='7d')", "Did you mean window"),
        ("Funnel(steps=('a', 'b'), window='soon')", "window cannot be"),
        ("Funnel(steps=('a',))", "steps"),
        ("Segment(question=Sales())", "question"),
    ],
)
def test_a_value_that_does_not_fit_is_told_why(source: str, said: str) -> None:
    with pytest.raises(QuestionError, match=said):
        value_of(source)


def test_what_people_write_by_hand_is_read() -> None:
    assert value_of("Funnel(steps=['view', 'cart'], where=Filter(channel='x', segment={'stage': 'reach'}))") == Funnel(
        steps=("view", "cart"), where=Filter(channel="x", segment={"stage": "reach"})
    )
    assert value_of("\n(  # mine\n  Sales()\n)\n") == Sales()


SIGNS = st.lists(
    st.sampled_from(["Funnel", "Sales", "Step", "(", ")", "steps=", "'a'", "'b'", ",", "[", "]", "{", "}", ":", "-",
                     "1", "None", "True", ".", "where=", "Filter", "*", "**", "lambda", " ", "\n", "=",
                     "f''", "__class__"]),
    max_size=15,
).map("".join)  # fmt: skip


@given(SIGNS | st.text(max_size=30))
def test_random_code_is_a_value_or_refused(source: str) -> None:
    try:
        value = value_of(source)
    except SluiceError:
        return
    same(value)
