"""Is a column about days, weeks or months, and which month does a word name?

The words stand as data in ``calendar.toml`` beside this.
"""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files

from analysis.imports.lexicon.headings import plain_heading

_GIVEN = tomllib.loads((files("analysis.imports.lexicon") / "calendar.toml").read_text(encoding="utf-8"))
_HEADINGS = {span: frozenset(map(plain_heading, _GIVEN[span])) for span in ("day", "week", "month")}
WHOLE_MONTH = r"(19|20)\d\d([-/]\d{1,2}|年\d{1,2}月)|[A-Z][a-z]{2,8},?[ -](19|20)\d\d"
"""A pattern of Python and of DuckDB for a text that names a month, and no day of it."""
_MONTHS: dict[str, int] = {
    name: number
    for names in _GIVEN["months"].values()
    for number, spellings in enumerate(names, 1)
    for name in spellings.split()
}


def is_about(span: str, heading: str) -> bool:
    """Say whether a heading is that of a column about each "day", "week" or "month".

    Examples
    --------
    >>> is_about("day", "Tag"), is_about("week", "周（开始）"), is_about("month", "Day")
    (True, True, False)
    """
    plain = plain_heading(heading)
    return plain in _HEADINGS[span] or (span == "week" and bool(re.search(r"week|^周", plain)))


def month_of(word: str) -> int | None:
    """Return the number of the month that a word names.

    Examples
    --------
    >>> month_of("Nov"), month_of("févr."), month_of("noviembre"), month_of("Total")
    (11, 2, 11, None)
    """
    return _MONTHS.get(word.casefold().rstrip("."))
