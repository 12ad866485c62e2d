"""In which unit is an amount: thousands, cents, 万, by its heading?

The words stand as data in ``units.toml`` beside this.
"""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files

from analysis.imports.lexicon.codes import CURRENCIES, SIGNS, WORDS
from analysis.imports.lexicon.headings import bracketed

_GIVEN = tomllib.loads((files("analysis.imports.lexicon") / "units.toml").read_text(encoding="utf-8"))
_WORDS: dict[str, float] = {**_GIVEN["any"], **_GIVEN["money"]}
_CELL = _GIVEN["cell"]
CELL_UNITS: dict[str, float] = {
    **{word: unit for word, unit in _GIVEN["any"].items() if word not in _CELL["not"]},
    **{word: unit for word, unit in _CELL.items() if word != "not"},
    "m": 1e6,
}
"""Words for the unit of a number in the cell itself, lower case, and how much one of it is."""
CELL_UNIT = "|".join(
    "M" if word == "m" else f"(?i:{re.escape(word)})" for word in sorted(CELL_UNITS, key=len, reverse=True)
)
"""A pattern of them, of Python and of DuckDB."""
_PIECES = "次人个件单笔条"
_ANY = "|".join(map(re.escape, sorted(_WORDS, key=len, reverse=True)))
_UNIT = re.compile(rf"(?:in\s+)?(?P<before>\D*?)\s*(?P<unit>{_ANY})\s*(?P<after>\D*)", re.IGNORECASE)


def is_unit(inside: str) -> bool:
    """Say whether what stands in a heading's brackets is a unit.

    Examples
    --------
    >>> is_unit("万次"), is_unit("incl. tax")
    (True, False)
    """
    return _said(inside) is not None


def without_unit(inside: str) -> str:
    """Return what stands in a heading's brackets but for a unit.

    Examples
    --------
    >>> without_unit("万元"), without_unit("USD thousands"), without_unit("in cents"), without_unit("EUR")
    ('元', 'USD', '', 'EUR')
    """
    found = _said(inside)
    return inside if found is None else found[0]


def heading_unit(heading: str, *, money: bool) -> float:
    """Return how much one of a heading's unit is; 1 where it names none.

    Examples
    --------
    >>> [heading_unit(h, money=True) for h in ("消耗(万元)", "Spend (USD thousands)", "amount_cents", "Cost (EUR)")]
    [10000.0, 1000.0, 0.01, 1.0]
    >>> heading_unit("观看时长(分)", money=False), heading_unit("展现量(万)", money=False)
    (1.0, 10000.0)
    """
    words = _WORDS if money else _GIVEN["any"]
    named = (found[1] for inside in bracketed(heading) if (found := _said(inside)) and found[1] in words)
    return float(next((words[unit] for unit in named), 1.0))


def unit_currency(heading: str) -> str | None:
    """Return the currency that an amount of money is in by its unit alone.

    Examples
    --------
    >>> unit_currency("支付金额(分)"), unit_currency("amount_cents")
    ('CNY', None)
    """
    units = (found[1] for inside in bracketed(heading) if (found := _said(inside)))
    return next((_GIVEN["currencies"][unit] for unit in units if unit in _GIVEN["currencies"]), None)


def _said(inside: str) -> tuple[str, str] | None:
    """Return what stands beside a unit, which is nothing or a currency, and the unit."""
    found = _UNIT.fullmatch(inside.strip())
    if found is None:
        return None
    beside = f"{found['before']}{found['after']}".strip(" ,/-")
    return (beside, found["unit"].casefold()) if _beside(beside) else None


def _beside(text: str) -> bool:
    """Say whether a text is nothing, a currency, or a word for pieces."""
    return text.upper().replace("￥", "¥") in {"", *CURRENCIES, *SIGNS, *_PIECES} or text.casefold() in WORDS
