"""Downloads: spreadsheets cannot be made to run what a table says, and figures stay figures."""

from __future__ import annotations

import csv as stdlib
import io
import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.answer import Answer
from analysis.question import Question
from analysis.sharing.downloads import csv, harmless, parquet
from analysis.values import kinds


def rows(frame: pd.DataFrame) -> list[list[str]]:
    content = csv(frame)
    assert content.startswith(b"\xef\xbb\xbf")
    return list(stdlib.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


ATTACKS = [
    "=1+1",
    "=cmd|'/c calc'!A0",
    "+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "=",
    "-",
    '=HYPERLINK("http://x","y")',
]


def defused(attack: str) -> str:
    """Return an attack as it stands in a download; a tab or a line's end inside may begin a cell or a row elsewhere."""
    return "'" + attack.replace("\t=", "\t'=").replace("\r=", "\r'=").replace("\n=", "\n'=")


@pytest.mark.parametrize("attack", ATTACKS)
def test_formulas_are_taken_the_sting_out_of(attack: str) -> None:
    frame = pd.DataFrame({attack: [attack, "plain"], "n": [1, 2]})
    header, first, second = rows(frame)
    assert header == [defused(attack), "n"]
    assert first == [defused(attack), "1"]
    assert second == ["plain", "2"]


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("kind", ["object", "string", "category", "str"])
def test_in_every_kind_of_text_column(attack: str, kind: str) -> None:
    assert rows(pd.DataFrame({"t": pd.Series([attack], dtype=kind)}))[1] == [defused(attack)]


@pytest.mark.parametrize("attack", ["\n=1+1", "＝1+1", "＋1", "－1", "＠x"])
def test_line_feeds_and_full_width_signs(attack: str) -> None:
    # Listed by OWASP beside = + - @, tab and carriage return.
    assert rows(pd.DataFrame({"t": [attack]}))[1] == [defused(attack)]


@pytest.mark.parametrize(
    ("attack", "harmless"),
    [
        ("x\r=1+1", "x\r'=1+1"),
        ("x\n=1+1", "x\n'=1+1"),
        ("x\r\n=1+1", "x\r'\n'=1+1"),
        ('"\r=1', "\"\r'=1"),
        ("x,=1",) * 2,
    ],
)
def test_no_cell_can_begin_a_row_of_its_own(attack: str, harmless: str) -> None:
    assert rows(pd.DataFrame({attack: [attack], "n": 1})) == [[harmless, "n"], [harmless, "1"]]


@pytest.mark.parametrize("attack", ["x;=1+1", 'x;=HYPERLINK("http://x.example")', 'x; "=1+1"', "x\t=1+1", "x;＝1"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_cell_begins_where_other_signs_separate(attack: str, separator: str) -> None:
    frame = pd.DataFrame({"event": ["view"], attack: [attack], "channel": ["x;=1+1"]})
    assert not formulas(csv(frame), separator)


def formulas(content: bytes, separator: str) -> list[str]:
    """Return the cells that a spreadsheet would run that takes this sign for what separates."""
    read = stdlib.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=separator)
    return [cell for row in read for cell in row if cell.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))]


@given(st.lists(st.text("=+-@;,\t\n\r\"' x", max_size=9), min_size=1, max_size=4), st.sampled_from(",;\t"))
def test_whatever_separates_no_text_is_run(texts: list[str], separator: str) -> None:
    assert not formulas(csv(pd.DataFrame({"t": texts, "u": texts[::-1]})), separator)


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=10), min_size=1, max_size=6
    )
)
def test_no_cell_starts_a_formula_and_nothing_is_lost(texts: list[str]) -> None:
    got = rows(pd.DataFrame({"t": texts, "n": -1}))[1:]
    for text, (cell, number) in zip(texts, got, strict=True):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
        assert unmarked(cell) == unmarked(text)
        assert number == "-1"


def unmarked(cell: str) -> str:
    """Return a cell without the marks that keep it from being run."""
    return re.sub(r"(^|[;\t\r\n])'", r"\1", cell)


def test_negative_numbers_stay_numbers() -> None:
    frame = pd.DataFrame(
        {
            "i": [-1],
            "f": [-0.5],
            "big": [-1e20],
            "I": pd.array([-2], "Int64"),
            "o": pd.Series([-3], dtype=object),
            "none": [np.nan],
        }
    )
    assert rows(frame)[1] == ["-1", "-0.5", "-1e+20", "-2", "-3", ""]
    assert harmless(-5) == -5 and harmless(None) is None


def test_quotes_commas_line_breaks_and_chinese_survive() -> None:
    frame = pd.DataFrame({"渠道, 名": ['say "hi"', "a\nb", "双十一"]})
    assert rows(frame) == [["渠道, 名"], ['say "hi"'], ["a\nb"], ["双十一"]]


def test_the_table_given_is_left_alone() -> None:
    frame = pd.DataFrame({"=x": ["=1"], "y": [1]})
    before = frame.copy(deep=True)
    csv(frame)
    parquet(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_parquet_round_trip() -> None:
    frame = pd.DataFrame(
        {
            "t": ["=1", None, "双十一"],
            "n": [0.1, np.nan, -1e300],
            "i": pd.array([1, None, 2**60], "Int64"),
            "at": pd.to_datetime(["2026-11-11 20:00:00.123456", None, "1970-01-01 00:00:00.0"]).astype(
                "datetime64[us]"
            ),
            "flag": [True, False, True],
        }
    )
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(parquet(frame))), frame)


@pytest.mark.parametrize("kind", kinds(Question))
@pytest.mark.long
def test_every_answer_can_be_downloaded(kind: str, answer_to: Callable[[str], Answer]) -> None:
    answer = answer_to(kind)
    for name in answer.frames:
        frame = answer.frame(name)
        assert len(rows(frame)) == len(frame) + 1
        again = pd.read_parquet(io.BytesIO(parquet(frame)))
        assert list(again.columns) == list(frame.columns)
        pd.testing.assert_frame_equal(again, frame, check_dtype=False)
