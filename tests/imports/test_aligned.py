"""Print-outs: columns that spaces line up are columns, where every line agrees; running text is never a table."""

# ruff: noqa: E501 (rows are as wide as the exports write them)
from __future__ import annotations

import random

import pytest
from imports.opened import opened, rows

from analysis.errors import SluiceError
from analysis.imports import read_export

REPORT = (
    "Spend by campaign                      Page 1\nNovember 2026\n\n"
    "Date        Channel  Campaign        Clicks      Spend\n"
    "2026-11-01  search   Linen shirts     1,000   1,012.50\n"
    "2026-11-01  social   White linen        900       7.25-\n"
    "2026-11-02  search   Linen              800      (3.00)\n"
)
RULED = (
    "order_id created_at channel  total currency\n-------- ---------- ------- ------ --------\n"
    "1        2026-11-01 web      12.50 EUR\n2        2026-11-02 shop      3.00 EUR\n\n(2 rows affected)\n"
)
WIDE_SIGNS = (
    "日期        渠道    计划名称      点击量    消费\n2026-11-01  搜索    亚麻衬衫          10   12.50\n"
    "2026-11-02  信息流  长裤               8    3.00\n==========  ======  ============  ======  ======\n"
    "合计                                  18   15.50\n"
)
NUMBERED = (
    "         date channel  spend\n0  2026-11-01      tv   12.5\n1  2026-11-02   radio    7.0\n"
    "2  2026-11-03   radio    1.0\n"
)


def read(text: str | bytes) -> tuple[dict[str, float], list[int]]:
    """Return what a print-out adds up to, and the lines of it that were set aside."""
    with opened(text, "report.txt", channel="x", currency="EUR") as export:
        assert export.mapping.missing() == ()
        return dict(export.reconcile().sums), sorted(export.set_aside()["line"].tolist())


def test_a_report_with_titles_and_negative_amounts() -> None:
    assert read(REPORT) == ({"spend": 1002.25, "clicks": 2700.0}, [])
    with opened(REPORT, currency="EUR") as export:
        assert export.headings == ("Date", "Channel", "Campaign", "Clicks", "Spend")
        assert [r["campaign"] for r in rows(export)] == ["Linen shirts", "White linen", "Linen"]
        assert export.scratch.above[0] == "Spend by campaign Page 1"


def test_a_rule_tells_columns_that_one_space_parts() -> None:
    """What stands under the table is set aside, under the number of its line."""
    assert read(RULED) == ({"revenue": 15.5}, [6])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_chinese_signs_are_two_places_wide(encoding: str) -> None:
    sums, aside = read(WIDE_SIGNS.encode(encoding))
    assert (sums, aside) == ({"spend": 15.5, "clicks": 18.0}, [5])


def test_a_column_of_numbers_before_the_headings() -> None:
    assert read(NUMBERED) == ({"spend": 20.5}, [])


def test_rows_keep_their_lines_below_rules() -> None:
    text = RULED.replace("3.00 EUR", " x.y EUR")
    assert read(text) == ({"revenue": 12.5}, [4, 6])


@pytest.mark.parametrize(
    "text",
    [
        "Dear all.  Please find below the\nnumbers of last week.  They are\ngood.  I think so.  Do you?\nBest regards\n",
        "2026-11-01 10:00:00 view u1\n2026-11-01 10:00:05 cart u1\n2026-11-01 10:01:00 view u2\n",
        "date channel spend\n2026-11-01 search 10\n2026-11-02 social 20\n",
        "one line  alone\n",
        "a  b\n",
        # the edges of the second column disagree
        "Date        Channel  Spend\n2026-11-01  search   10.00\n2026-11-02     social advertising  20.00\n"
        "2026-11-03  x  1.00\n",
    ],
    ids=["prose", "log", "single spaces", "one line", "two words", "edges"],
)
def test_running_text_is_no_table(text: str) -> None:
    with pytest.raises(SluiceError) as refused:
        read_export(text.encode(), "notes.txt")
    assert refused.value.code == "one-column"


@pytest.mark.parametrize(
    "text",
    [
        "date,      channel, spend, currency\n2026-11-01,  search,    10, EUR\n2026-11-02,  social,    20, EUR\n",
        "time,event,user_id\n2026-11-01  10:00,view,u1\n2026-11-01  11:00,cart,u1\n2026-11-01  12:00,view,u2\n",
        "date       | channel | spend | currency\n2026-11-01 | search  |    10 | EUR\n2026-11-02 | social  |    20 | EUR\n",
        "date\tchannel\tspend\tcurrency\n2026-11-01\ta  b\t10\tEUR\n2026-11-02\tc  d\t20\tEUR\n",
    ],
    ids=["padded", "spaces in a cell", "bars", "tabs"],
)  # fmt: skip
def test_a_separator_goes_before_spaces(text: str) -> None:
    with opened(text) as export:
        assert export.mapping.missing() == ()
        assert all("  " not in heading and "," not in heading and "|" not in heading for heading in export.headings)
        assert export.reconcile().kept >= 2


@pytest.mark.parametrize("seed", range(12))
def test_random_print_outs_add_up(seed: int) -> None:
    """Amounts on the right, texts on the left, as wide as the widest, whatever stands in them."""
    rng = random.Random(seed)

    def amount(cents: int) -> str:
        text = f"{abs(cents) / 100:,.2f}"
        return text if cents >= 0 else f"{text}-" if seed % 2 else f"({text})"

    def name() -> str:
        return " ".join("".join(rng.choices("abcdefghij", k=rng.randint(1, 6))) for _ in range(rng.randint(1, 3)))

    made = [(f"2026-11-{rng.randint(1, 28):02}", name(), rng.randint(-99_999, 9_999_999))
            for _ in range(rng.randint(2, 12))]  # fmt: skip
    table = [("Date", "Campaign name", "Spend"), *((day, text, amount(cents)) for day, text, cents in made)]
    widths = [max(len(row[i]) for row in table) for i in range(3)]
    gap = " " * (2 + seed % 3)
    text = "".join(
        gap.join((d.ljust(widths[0]), n.ljust(widths[1]), a.rjust(widths[2]))).rstrip() + "\n" for d, n, a in table
    )
    with opened(text, channel="x", currency="EUR") as export:
        assert [(r["campaign"], round(100 * r["spend"])) for r in rows(export)] == [(n, c) for _, n, c in made]
