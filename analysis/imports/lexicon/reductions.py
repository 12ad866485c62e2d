"""What is called a discount, or something given back: an order's line below zero, or the heading of an amount?

The words stand as data in ``reductions.toml`` beside this.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from importlib.resources import files

from analysis.imports.lexicon.brackets import likeness

_GIVEN = tomllib.loads((files("analysis.imports.lexicon") / "reductions.toml").read_text(encoding="utf-8"))
DISCOUNT, REFUND = (f"(?i)(?:{'|'.join(_GIVEN[kind])})" for kind in ("discount", "refund"))
"""Patterns of DuckDB for what such a line is called."""
REFUND_WORDS: tuple[str, ...] = tuple(_GIVEN["refund"])
"""The patterns of what is called a refund, one by one."""

_HEADING = _GIVEN["heading"]
_BACK = re.compile("|".join((*_GIVEN["refund"], *_HEADING["given_back"])), re.IGNORECASE)
_AMOUNT, _OTHER = (re.compile("|".join(_HEADING[kind]), re.IGNORECASE) for kind in ("amount", "other"))


def refund_headings(headings: Sequence[str]) -> tuple[str, ...]:
    """Return the headings that are called an amount given back.

    Examples
    --------
    >>> refund_headings(["Total", "Erstattungsbetrag", "Refund reason", "订单已退款金额", "退款状态"])
    ('Erstattungsbetrag', '订单已退款金额')
    >>> refund_headings(["Refunds", "Refund date", "Return address"])
    ('Refunds',)
    """
    return tuple(h for h in headings if _gives_back(re.sub(r"[\s_\-./]+", " ", h).strip()))


def _gives_back(name: str) -> bool:
    back = _BACK.search(name)
    if back is None or _OTHER.search(name):
        return False
    return bool(_AMOUNT.search(name)) or back[0].casefold() == name.casefold()


def item_headings(headings: Sequence[str]) -> tuple[str, ...]:
    """Return the headings under which a line says what it is about.

    Examples
    --------
    >>> item_headings(["Order ID", "Product Name", "Line type", "Coupon"])
    ('Product Name', 'Line type')
    """
    return tuple(h for h in headings if any(likeness(h, name) is not None for name in _GIVEN["items"]))
