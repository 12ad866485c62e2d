"""Which currency does a heading, an amount or a line above a table name?"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from analysis.imports.lexicon.codes import CURRENCIES, SIGNS, WORDS
from analysis.imports.lexicon.headings import bracketed
from analysis.imports.lexicon.units import without_unit


def heading_currency(heading: str) -> str | None:
    """Return the currency a heading names in brackets, after "in" or at its end.

    Examples
    --------
    >>> heading_currency("CPM（千次展示费用） [USD]"), heading_currency("总花费(元)"), heading_currency("点击率(%)")
    ('USD', 'CNY', None)
    >>> heading_currency("消耗(万元)"), heading_currency("Cost [USD thousands]")
    ('CNY', 'USD')
    >>> heading_currency("Kosten in EUR"), heading_currency("Time in min")
    ('EUR', None)
    """
    for inside in map(without_unit, bracketed(heading)):
        if (code := inside.upper()) in CURRENCIES:
            return code
        if (word := inside.casefold()) in WORDS:
            return WORDS[word]
        if (sign := inside.upper().replace("￥", "¥")) in SIGNS and sign != "$":  # several countries write "$"
            return SIGNS[sign]
    return None


def sign_currency(text: str) -> str | None:
    """Return the currency of the sign or code in an amount such as ``US$34.15``; the longest sign wins."""
    text = unicodedata.normalize("NFKC", text)
    codes: list[str] = [code for code in re.findall(r"[A-Z]{3}", text) if code in CURRENCIES]
    return codes[0] if codes else next((code for sign, code in SIGNS.items() if sign in text), None)


_SAID = re.compile(r"(?:currency|币种)\W+([A-Z]{3})\b", re.IGNORECASE)


def said_currency(lines: Sequence[str]) -> str | None:
    """Return the currency that the lines above a table name.

    Examples
    --------
    >>> said_currency(["Campaign report", "Currency: EUR"])
    'EUR'
    """
    codes = (match[1] for line in lines if (match := _SAID.search(line)))
    return next((code for code in codes if code in CURRENCIES), None)
