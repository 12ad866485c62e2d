"""Which currency does a heading, an amount or a line above a table name?"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from analysis.imports.lexicon.headings import bracketed

CURRENCIES = frozenset(
    [
        "CNY",
        "USD",
        "EUR",
        "GBP",
        "JPY",
        "HKD",
        "TWD",
        "SGD",
        "INR",
        "EGP",
        "KRW",
        "AUD",
        "CAD",
        "CHF",
        "SEK",
        "NOK",
        "DKK",
        "PLN",
        "CZK",
        "HUF",
        "RON",
        "TRY",
        "RUB",
        "UAH",
        "BRL",
        "MXN",
        "ARS",
        "CLP",
        "COP",
        "PEN",
        "ZAR",
        "NGN",
        "KES",
        "MAD",
        "AED",
        "SAR",
        "QAR",
        "KWD",
        "BHD",
        "OMR",
        "JOD",
        "ILS",
        "THB",
        "VND",
        "IDR",
        "MYR",
        "PHP",
        "PKR",
        "BDT",
        "LKR",
        "NZD",
        "KZT",
    ]
)
"""Codes that are believed when they stand in brackets in a heading or in a preamble."""
WORDS = {
    "元": "CNY", "人民币": "CNY", "rmb": "CNY", "美元": "USD", "美金": "USD", "港币": "HKD", "港元": "HKD",
    "欧元": "EUR", "日元": "JPY", "英镑": "GBP", "韩元": "KRW", "新台币": "TWD", "euro": "EUR", "euros": "EUR",
}  # fmt: skip
SIGNS = {
    "US$": "USD", "HK$": "HKD", "NT$": "TWD", "CA$": "CAD", "A$": "AUD", "R$": "BRL", "¥": "CNY", "€": "EUR",
    "£": "GBP", "₹": "INR", "₩": "KRW", "₺": "TRY", "₽": "RUB", "฿": "THB", "₫": "VND", "$": "USD",
}  # fmt: skip


def heading_currency(heading: str) -> str | None:
    """Return the currency a heading names in brackets.

    Examples
    --------
    >>> heading_currency("CPM（千次展示费用） [USD]"), heading_currency("总花费(元)"), heading_currency("点击率(%)")
    ('USD', 'CNY', None)
    """
    for inside in bracketed(heading):
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
