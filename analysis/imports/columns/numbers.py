"""How does a column write its numbers, and which number is a cell?"""

from __future__ import annotations

from analysis.imports.columns.cells import SPACE, Source, Style, filled, halved
from analysis.imports.columns.decimals import COMMA, POINT, Signs, signs
from analysis.imports.lexicon.codes import CURRENCIES, SIGNS

_CURRENCY = "(?i)(US|HK|NT|CA|AU|A|R)?[¥￥$€£₹₩₺₽฿₫]|元|zł|Rs[.]?"
_GAPS = f"[{SPACE}\\x{{2009}}\\x{{202f}}'']"
_CODES = "|".join(sorted(CURRENCIES))
_CODE = f"(?i)^([(+-]*)(?:{_CODES})|(?:{_CODES})([)-]?)$"
_TOLD, _OWED = '^="(.*)"$', "^(?:[(]([\\d.,]+)[)]|([\\d.,]*\\d)-)$"
"""Cells of a spreadsheet, ``="10.50"``, and of accounts, ``(50)`` and ``50-``, below zero; ``50,-`` is not."""
_ABOUT = "^[<>]\\s*[\\d.]+\\s*%$"
_EXACT = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "DOUBLE")
"""Types that are cast to a number as they are; others go by their text (0.1 stored short is 0.1)."""
_SHARED = {"¥": ("CNY", "JPY"), "$": ("USD", "AUD", "CAD", "HKD", "TWD", "SGD", "NZD", "MXN", "ARS", "CLP", "COP")}
"""Signs that several currencies write."""


def number_style(source: Source, *, whole: bool = False) -> Style:
    """Look at a whole column of numbers.

    Parameters
    ----------
    source : Source
    whole : bool
        Whether the numbers count something.
    """
    if source.kind != "VARCHAR":
        return Style("plain")
    plain, coded, *counts = source.one(
        f"count(TRY_CAST(x AS DOUBLE)), count(DISTINCT nullif(upper(trim(code, '(+-)')), '')), {signs('b')}",
        f"{filled(source.name)} AS x, regexp_extract({_signless(source.name)}, '{_CODE}') AS code, "
        f"{bare(source.name)} AS b",
    )
    found, codes = Signs(*counts), coded == 1
    comma = found.proven(whole=whole)
    if found.given == plain and not (found.open and comma is not False):
        return Style("plain", small=not (found.point or found.long))
    if comma is not None or not found.open:
        return Style("text", comma=bool(comma), codes=codes)
    return Style("text", ambiguous=True, pointed=found.open_point > 0, codes=codes)


def bare(source: str, *, codes: bool = True) -> str:
    """Return SQL for a number's text alone: without spaces, currency (codes only if `codes`), and with its minus."""
    text = _signless(source)
    text = f"regexp_replace({text}, '{_CODE}', '\\1\\2')" if codes else text
    return f"regexp_replace({text}, '{_OWED}', '-\\1\\2')"


def _signless(source: str) -> str:
    told = f"regexp_replace({halved(source)}, '{_TOLD}', '\\1')"
    return f"regexp_replace(regexp_replace({told}, '{_CURRENCY}', '', 'g'), '{_GAPS}', '', 'g')"


def number(source: Source, style: Style) -> str:
    """Return SQL for a number, which may be infinite; what only the other decimal sign would make one is none."""
    if source.kind in _EXACT:
        return f"{source.name}::DOUBLE"
    if style.kind == "plain":
        return f"coalesce(TRY_CAST({source.name}::VARCHAR AS DOUBLE), TRY_CAST({filled(source.name)} AS DOUBLE))"
    text = f"regexp_replace({bare(source.name, codes=style.codes)}, '{POINT if style.comma else COMMA}', '?')"
    point = f"replace(replace({text}, '.', ''), ',', '.')" if style.comma else f"replace({text}, ',', '')"
    return f"TRY_CAST({point} AS DOUBLE)"


def contrary(source: str, currency: str) -> str:
    """Return SQL for whether an amount has the sign or the code of another currency than its row's."""
    text = f"translate({halved(source)}, '￥', '¥')"
    cases = []
    for sign, code in SIGNS.items():
        codes = ", ".join(f"'{c}'" for c in _SHARED.get(sign, (code,)))
        cases.append(f"WHEN contains({text}, '{sign}') THEN {currency} NOT IN ({codes})")
    code = f"upper(regexp_extract({text}, '(?i)(?:^|[^a-z])({_CODES})(?:$|[^a-z])', 1))"
    return f"coalesce(CASE {' '.join(cases)} WHEN {code} <> '' THEN {currency} <> {code} END, false)"


def given_number(source: str) -> str:
    """Return SQL for whether a cell says a number at all: ``< 10%`` does not."""
    return f"({filled(source)} IS NOT NULL AND NOT regexp_matches({filled(source)}, '{_ABOUT}'))"
