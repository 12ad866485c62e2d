"""Is the day in a column of ends the last of its period, or the one after it? Told by the file, else asked."""

from __future__ import annotations

import pytest

from analysis import read_export

HEAD = "start,end,channel,cost,currency\n"


def periods(text: str, **said: bool) -> tuple[list[str], tuple[str, ...]]:
    """Return the periods that are stored, ends exclusive, and what is asked."""
    export = read_export(text.encode(), "weeks.csv", zone="Asia/Shanghai")
    export = export.mapped(export.mapping.replace(**said))
    found = [
        " to ".join(
            str(row[c].tz_localize("UTC").tz_convert("Asia/Shanghai"))[5:10] for c in ("period_start", "period_end")
        )
        for row in export.clean(b"k" * 32).rows.to_pandas().to_dict("records")
    ]
    asked = export.reconcile().undecided
    export.close()
    return found, asked


@pytest.mark.parametrize(
    ("rows", "stored"),
    [
        # Weeks that follow one another a day later; days alone; one week; one month; dates of other countries.
        (("2026-11-02,2026-11-08", "2026-11-09,2026-11-15"), ["11-02 to 11-09", "11-09 to 11-16"]),
        (("2026-11-02,2026-11-02",), ["11-02 to 11-03"]),
        (("2026-11-02,2026-11-08",), ["11-02 to 11-09"]),
        (("2026-11-01,2026-11-30",), ["11-01 to 12-01"]),
        (("02.11.2026,15.11.2026", "16.11.2026,29.11.2026"), ["11-02 to 11-16", "11-16 to 11-30"]),
        # The order of day and month is told by the other column.
        (("01/11/2026,07/11/2026", "08/11/2026,14/11/2026"), ["11-01 to 11-08", "11-08 to 11-15"]),
        # Ends that are the next one's start, or the day after a week or a month.
        (("2026-11-02,2026-11-12", "2026-11-12,2026-11-22"), ["11-02 to 11-12", "11-12 to 11-22"]),
        (("2026-11-02,2026-11-09",), ["11-02 to 11-09"]),
        (("2026-11-01,2026-12-01",), ["11-01 to 12-01"]),
    ],
)
def test_how_periods_follow_one_another_tells(rows: tuple[str, ...], stored: list[str]) -> None:
    found, asked = periods(HEAD + "".join(f"{row},tv,10,CNY\n" for row in rows))
    assert (found, asked) == (stored, ())


def test_what_no_period_tells_is_asked() -> None:
    text = HEAD + "2026-11-03,2026-11-20,tv,10,CNY\n"
    assert periods(text) == (["11-03 to 11-21"], ("end_included",))
    assert periods(text, end_included=True) == (["11-03 to 11-21"], ())
    assert periods(text, end_included=False) == (["11-03 to 11-20"], ())


def test_the_vocabularys_own_column_ends_before_its_day() -> None:
    text = HEAD.replace("start,end", "period_start,period_end") + "2026-11-03,2026-11-20,tv,10,CNY\n"
    assert periods(text) == (["11-03 to 11-20"], ())
