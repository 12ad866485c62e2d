"""Records go out as CSV and come back the same; what does not fit is said with its row, and nothing is taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import ImportFileError
from analysis.records import Alias, CalendarDay, DisplayName, ExchangeRate, LiftTest, PlanLine
from analysis.sharing.tables_of_records import read, table, written

TEXTS = st.text(st.characters(min_codepoint=32, exclude_categories=("Cs", "Cc")), min_size=1, max_size=30).filter(
    lambda text: text.strip() == text and "'" not in text[:1] and text
)


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=5))
def test_names_come_back_as_they_went(pairs: list[tuple[str, str]]) -> None:
    names = tuple(DisplayName(column="channel", code=code, language="zh_CN", name=name) for code, name in pairs)
    names = tuple(one for one in names if ";" not in one.code + one.name)  # a formula behind one is made harmless
    assert read(DisplayName, written(DisplayName, names), "names.csv") == names


def test_rates_come_back_as_numbers() -> None:
    rates = (ExchangeRate(currency="USD", day="2026-11-11", rate=7.125, into="CNY"),)
    assert read(ExchangeRate, written(ExchangeRate, rates), "rates.csv") == rates
    assert table(ExchangeRate, rates)["rate"].tolist() == [7.125]


def test_what_may_be_left_out_of_a_line_may_be_empty() -> None:
    lines = (
        PlanLine(stage="design", line="film", amount=42_857),
        PlanLine(stage="execution", line="display", phase="burst", amount=5_331.5),
    )
    assert read(PlanLine, written(PlanLine, lines), "plan.csv") == lines
    assert read(CalendarDay, b"name,start,end\npeak,2026-11-11,\n", "days.csv")[0].end == "2026-11-11"
    tested = b"channel,start,end,spend_change,sales_change,error\na,2026-10-01,2026-10-07,-700,-900.5,200\n"
    (found,) = read(LiftTest, tested, "tests.csv")
    assert (found.spend_change, found.sales_change, found.error) == (-700, -900.5, 200)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"column,code\nchannel,a\n", "it has no column meant"),
        (b"column,code,meant\nchannel,a,b\nchannel,c,\n", "Row 2: Counts as is missing"),
        (b"column,code,meant\nplace,a,b\n", "Row 1: column cannot be"),
        (b"\xff\xfe\x00", "could not be read as a CSV"),
    ],
)
def test_a_bad_file_is_refused_whole(content: bytes, said: str) -> None:
    with pytest.raises(ImportFileError, match=said):
        read(Alias, content, "aliases.csv")
    with pytest.raises(ImportFileError, match="Row 1: rate cannot be"):
        read(ExchangeRate, b"currency,day,rate,into\nUSD,2026-11-11,much,CNY\n", "rates.csv")
