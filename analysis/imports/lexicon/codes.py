"""Which codes, words and signs are currencies?"""

from __future__ import annotations

CURRENCIES = frozenset([
    "CNY", "USD", "EUR", "GBP", "JPY", "HKD", "TWD", "SGD", "INR", "EGP", "KRW", "AUD", "CAD", "CHF", "SEK",
    "NOK", "DKK", "PLN", "CZK", "HUF", "RON", "TRY", "RUB", "UAH", "BRL", "MXN", "ARS", "CLP", "COP", "PEN",
    "ZAR", "NGN", "KES", "MAD", "AED", "SAR", "QAR", "KWD", "BHD", "OMR", "JOD", "ILS", "THB", "VND", "IDR",
    "MYR", "PHP", "PKR", "BDT", "LKR", "NZD", "KZT",
])  # fmt: skip
"""Codes that are believed when they stand in brackets in a heading or in a preamble."""
WORDS = {
    "元": "CNY", "人民币": "CNY", "rmb": "CNY", "美元": "USD", "美金": "USD", "港币": "HKD", "港元": "HKD",
    "欧元": "EUR", "日元": "JPY", "英镑": "GBP", "韩元": "KRW", "新台币": "TWD", "euro": "EUR", "euros": "EUR",
}  # fmt: skip
SIGNS = {
    "US$": "USD", "HK$": "HKD", "NT$": "TWD", "CA$": "CAD", "A$": "AUD", "R$": "BRL", "¥": "CNY", "€": "EUR",
    "£": "GBP", "₹": "INR", "₩": "KRW", "₺": "TRY", "₽": "RUB", "฿": "THB", "₫": "VND", "$": "USD",
}  # fmt: skip
