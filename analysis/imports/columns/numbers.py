"""How does a column write its numbers, and which number is a cell?"""

from __future__ import annotations

from analysis.imports.columns.cells import SPACE, Source, Style, filled, halved
from analysis.imports.columns.decimals import COMMA, POINT, Signs, signs
from analysis.imports.lexicon.codes import CURRENCIES, SIGNS, WORDS
from analysis.imports.lexicon.units import CELL_UNIT, CELL_UNITS

_WORDS = "|".join(sorted(WORDS, key=len, reverse=True))
_CURRENCY = f"(?i)(US|HK|NT|CA|AU|A|R)?[¥￥$€£₹₩₺₽฿₫]|{_WORDS}|zł|Rs[.]?"
_GAPS = f"[{SPACE}\\x{{2009}}\\x{{202f}}'']"
_CODES = "|".join(sorted(CURRENCIES))
_CODE = f"(?i)^([(+-]*)(?:{_CODES})|(?:{_CODES})([)-]?)$"
_TOLD, _OWED = '^="(.*)"$', "^(?:[(]([\\d.,]+)[)]|([\\d.,]*\\d)-)$"
"""Cells of a spreadsheet, ``="10.50"``, and of accounts, ``(50)`` and ``50-``, below zero; ``50,-`` is not."""
_UNIT = f"^([(+-]*[\\d.,]*\\d[.,]?)({CELL_UNIT})([)-]?)$"
_FINE = "^([(+-]*\\d{1,3}[.]\\d{3})((?i:[kw千万亿]).*)$"
"""A number with a unit and three places: no thousands are parted by a point where ten thousands or k follow."""
_ABOUT = "^[<>]\\s*[\\d.]+\\s*%$"
_EXACT = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "DOUBLE")
"""Types that are cast to a number as they are; others go by their text (0.1 stored short is 0.1)."""
_SHARED = {
    "¥": ("CNY", "JPY"),
    "元": ("CNY", "HKD", "TWD", "SGD", "JPY"),
    "$": ("USD", "AUD", "CAD", "HKD", "TWD", "SGD", "NZD", "MXN", "ARS", "CLP", "COP"),
}
"""Signs and words that several currencies write."""


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
    plain, coded, unit, *counts = source.one(
        f"count(TRY_CAST(x AS DOUBLE)), count(DISTINCT nullif(upper(trim(code, '(+-)')), '')), "
        f"count(nullif(unit, '')), {signs('b')}",
        f"{filled(source.name)} AS x, regexp_extract({_signless(source.name)}, '{_CODE}') AS code, "
        f"{_unit_of(source.name)} AS unit, {bare(source.name)} AS b",
    )
    found, codes, units = Signs(*counts), coded == 1, bool(unit)
    comma = found.proven(whole=whole)
    if found.given == plain and not (found.open and comma is not False):
        return Style("plain", small=not (found.point or found.long))
    if comma is not None or not found.open:
        return Style("text", comma=bool(comma), codes=codes, units=units)
    return Style("text", ambiguous=True, pointed=found.open_point > 0, codes=codes, units=units)


def bare(source: str, *, codes: bool = True) -> str:
    """Return SQL for a number's text alone: without spaces, unit, currency (codes only if `codes`), with its minus."""
    text = _signless(source)
    text = f"regexp_replace({text}, '{_CODE}', '\\1\\2')" if codes else text
    text = f"regexp_replace(regexp_replace({text}, '{_FINE}', '\\10\\2'), '{_UNIT}', '\\1\\3')"
    return f"regexp_replace({text}, '{_OWED}', '-\\1\\2')"


def _signless(source: str) -> str:
    told = f"regexp_replace({halved(source)}, '{_TOLD}', '\\1')"
    return f"regexp_replace(regexp_replace({told}, '{_CURRENCY}', '', 'g'), '{_GAPS}', '', 'g')"


def _unit_of(source: str) -> str:
    """Return SQL for the word of a number's unit; empty where it names none."""
    return f"regexp_extract(regexp_replace({_signless(source)}, '{_CODE}', '\\1\\2'), '{_UNIT}', 2)"


def number(source: Source, style: Style, *, unit: float = 1) -> str:
    """Return SQL for a number, which may be infinite; what only the other decimal sign would make one is none.

    Parameters
    ----------
    source : Source
    style : Style
    unit : float
        That of its heading: a cell that names the same one says it again, one that names another is none.
    """
    if source.kind in _EXACT:
        return f"{source.name}::DOUBLE"
    if style.kind == "plain":
        return f"coalesce(TRY_CAST({source.name}::VARCHAR AS DOUBLE), TRY_CAST({filled(source.name)} AS DOUBLE))"
    text = f"regexp_replace({bare(source.name, codes=style.codes)}, '{POINT if style.comma else COMMA}', '?')"
    point = f"replace(replace({text}, '.', ''), ',', '.')" if style.comma else f"replace({text}, ',', '')"
    if not style.units:
        return f"TRY_CAST({point} AS DOUBLE)"
    times = {word: by if unit == 1 else 1 for word, by in CELL_UNITS.items() if unit in (1, by)}
    cases = " ".join(f"WHEN '{word}' THEN {by:.0f}" for word, by in {"": 1, **times}.items())
    # What a power of ten leaves of a number that is none in binary is not part of it.
    return f"round(TRY_CAST({point} AS DOUBLE) * CASE lower({_unit_of(source.name)}) {cases} END, 6)"


def contrary(source: str, currency: str) -> str:
    """Return SQL for whether an amount has the sign or the code of another currency than its row's."""
    text = f"translate({halved(source)}, '￥', '¥')"
    cases = []
    for sign, code in {**SIGNS, **{word: WORDS[word] for word in _WORDS.split("|")}}.items():
        codes = ", ".join(f"'{c}'" for c in _SHARED.get(sign, (code,)))
        cases.append(f"WHEN contains(lower({text}), '{sign.lower()}') THEN {currency} NOT IN ({codes})")
    code = _code_of(text)
    return f"coalesce(CASE {' '.join(cases)} WHEN {code} <> '' THEN {currency} <> {code} END, false)"


def named_currency(source: str) -> str:
    """Return SQL for the currency that an amount names; a sign that several write is that of the first of them."""
    text = f"translate({halved(source)}, '￥', '¥')"
    code = _code_of(text)
    cases = [f"WHEN contains({text}, '{sign}') THEN '{own}'" for sign, own in SIGNS.items()]
    cases += [f"WHEN contains(lower({text}), '{word}') THEN '{WORDS[word]}'" for word in _WORDS.split("|")]
    return f"CASE WHEN {code} <> '' THEN {code} {' '.join(cases)} END"


def _code_of(text: str) -> str:
    return f"upper(regexp_extract({text}, '(?i)(?:^|[^a-z])({_CODES})(?:$|[^a-z])', 1))"


def given_number(source: str) -> str:
    """Return SQL for whether a cell says a number at all: ``< 10%`` does not."""
    return f"({filled(source)} IS NOT NULL AND NOT regexp_matches({filled(source)}, '{_ABOUT}'))"
