"""What does a cell look like: a value or a name, a moment, an address, a yes or a no?"""

from __future__ import annotations

import re
from collections.abc import Iterable

_VALUE = re.compile(
    r"[<>]?\s*[-+]?\(?\s*(?:[A-Z]{2,3}\s?)?[$¥￥€£₹]?\s*[-+]?[\d０-９][\d０-９.,，\s':：/\-年月日T+Z时分秒]*\s?"
    r"(?:%|％|€|[AP]M|[A-Z]{3}|[kw千万亿]元?|Mio\.?)?\)?|"
    r"[A-Z][a-z]{2},? \d{1,2},? [A-Z]?[a-z]*,? ?\d{0,4}|--?|nan|null|true|false",
    re.IGNORECASE,
)
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
MOMENT = re.compile(r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?([T\s].*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}(\s.*)?")
TELLING = (
    MOMENT,
    re.compile(r"1[0-9]{9}(\d{3}){0,2}(\.\d+)?"),  # seconds since 1970, or thousandths of them, or fewer
    EMAIL,
    re.compile(r"(\+?86[\s-]?)?1[3-9]\d([\s-]?[\d*]{4}){2}|\+\d{1,3}[\s\-\d()]{7,16}"),  # a phone number
)
"""What a heading can be like only in a table that has a column for each of them: the cells below are others then."""
FALSE = ("false", "no", "n", "f", "否", "0", "0.0")
TRUE = ("true", "yes", "y", "t", "是", "1", "1.0")
"""How files write an outcome that did not happen and one that did, lower case."""


def is_value(cell: str) -> bool:
    """Say whether a cell reads like a number, a date or a blank mark rather than like a name."""
    return bool(_VALUE.fullmatch(cell.strip()))


def all_like(kind: re.Pattern[str], cells: Iterable[str]) -> bool:
    """Say whether nine in ten of the cells that are filled look so."""
    given = [cell for cell in cells if cell]
    return bool(given) and sum(bool(kind.fullmatch(cell[:200])) for cell in given) >= 0.9 * len(given)
