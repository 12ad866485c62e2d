"""What is an order's line below zero called: a discount, or something given back?

The words stand as data in ``reductions.toml`` beside this.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from importlib.resources import files

from analysis.imports.lexicon.brackets import likeness

_GIVEN = tomllib.loads((files("analysis.imports.lexicon") / "reductions.toml").read_text(encoding="utf-8"))
DISCOUNT, REFUND = (f"(?i)(?:{'|'.join(_GIVEN[kind])})" for kind in ("discount", "refund"))
"""Patterns of DuckDB for what such a line is called."""


def item_headings(headings: Sequence[str]) -> tuple[str, ...]:
    """Return the headings under which a line says what it is about.

    Examples
    --------
    >>> item_headings(["Order ID", "Product Name", "Line type", "Coupon"])
    ('Product Name', 'Line type')
    """
    return tuple(h for h in headings if any(likeness(h, name) is not None for name in _GIVEN["items"]))
