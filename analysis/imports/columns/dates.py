"""Which part of 11/12/26 is the year, the month and the day: decided from all dates of a column.

The names of the orders are those of pandas and dateutil (`dayfirst`, `yearfirst`).
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

_LOOK = r"^(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{2})(\D.*)?$"
_ORDERS = {"dmy": "%d-%m-%y", "mdy": "%m-%d-%y", "ymd": "%y-%m-%d"}
_SLACK = 30
"""Days by which a tenfold shorter run of dates must be the shorter one, to be believed."""


@dataclass(frozen=True, slots=True)
class ShortDates:
    """How a column of dates with two-digit years is to be read, and what it cannot tell."""

    order: str
    year_unsure: bool
    day_unsure: bool

    @property
    def day_first(self) -> bool | None:
        """Whether the day stands before the month; None where the column cannot tell, or the year is first."""
        unsure = self.year_unsure or self.day_unsure or self.order == "ymd"
        return None if unsure else self.order == "dmy"


def short_dates(
    con: duckdb.DuckDBPyConnection, table: str, text: str, dated: float, day_first: bool | None, year_first: bool | None
) -> ShortDates | None:
    """Look at a column's dates with two-digit years; None where there are few, or none.

    Parameters
    ----------
    table, text : str
        Table and SQL of the column's text.
    dated : float
        How many values begin with a digit.
    day_first, year_first : bool, optional
        What the analyst said.

    Notes
    -----
    An order under which most dates exist is possible. Dates of a report lie close together: between the year first
    and the year last, the one that makes the run of dates at least ten times shorter is taken.
    """
    of = ", ".join(f"{_date(fmt)} AS {order}" for order, fmt in _ORDERS.items())
    counts = ", ".join(f"count({order}), date_diff('day', min({order}), max({order}))" for order in _ORDERS)
    written, dashes, *found = con.execute(
        f"SELECT count(*), count_if(x LIKE '%-%-%'), {counts} FROM (SELECT x, {of} FROM "
        f"(SELECT {text} AS x FROM {table}) WHERE regexp_matches(x, '{_LOOK}'))"
    ).fetchall()[0]
    if not written or written < 0.9 * dated:
        return None
    valid, spans = dict(zip(_ORDERS, found[::2], strict=True)), dict(zip(_ORDERS, found[1::2], strict=True))
    possible = _told([o for o in _ORDERS if valid[o] == max(valid.values())], day_first, year_first)
    ended = [order for order in possible if order != "ymd"]
    if not ended or len(ended) == len(possible):
        year_first = not ended
    else:
        year_first = _shorter(spans["ymd"], min(spans[order] for order in ended))
    if year_first or (year_first is None and dashes == written):
        return ShortDates("ymd", year_first is None, False)
    order = ended[0] if len(ended) == 1 else "dmy" if dashes == written else "mdy"
    return ShortDates(order, year_first is None, len(ended) > 1 and year_first is not None)


def _date(order: str) -> str:
    return f"try_strptime(regexp_replace(x, '{_LOOK}', '\\1-\\2-\\3'), '{order}')"


def _told(possible: list[str], day_first: bool | None, year_first: bool | None) -> list[str]:
    """Keep what the analyst said, if it is possible: who says where the day is has said that the year is last."""
    kept = possible
    if year_first or (year_first is False and day_first is None):
        kept = [order for order in possible if (order == "ymd") == year_first]
    elif day_first is not None:
        kept = [order for order in possible if order == ("dmy" if day_first else "mdy")]
    return kept or possible


def _shorter(one: int, other: int) -> bool | None:
    """Say whether the first run of dates is far shorter than the second, or far longer, or neither."""
    return True if 10 * one + _SLACK <= other else False if 10 * other + _SLACK <= one else None


def parsed(text: str, found: ShortDates, clocks: tuple[str, ...]) -> str:
    """Return SQL for the local moment that a date of a short column stands for."""
    formats = [_ORDERS[found.order] + clock for clock in clocks]
    return f"try_strptime(regexp_replace({text}, '{_LOOK}', '\\1-\\2-\\3\\4'), {formats})"
