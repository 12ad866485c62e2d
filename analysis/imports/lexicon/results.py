"""Which types of result that a report counts are orders?

The words stand as data in ``results.toml`` beside this.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Sequence
from importlib.resources import files

from analysis.imports.lexicon.brackets import best_heading, likeness

_GIVEN = tomllib.loads((files("analysis.imports.lexicon") / "results.toml").read_text(encoding="utf-8"))
ORDER, OTHER = "order", "other"
_PARTS: Sequence[tuple[str, str]] = [(part, kind) for kind in (ORDER, OTHER) for part in _GIVEN["types"][kind]]


def is_typed(heading: str) -> bool:
    """Say whether a heading counts results of whatever type its row has."""
    return any(likeness(heading, name) is not None for name in _GIVEN["amount"])


def type_heading(headings: Sequence[str]) -> str | None:
    """Return the heading of the results' type."""
    return best_heading(_GIVEN["type"], headings)


def result_of(word: str) -> str | None:
    """Say whether a type of results is an "order" or something "other"; None is not known.

    Examples
    --------
    >>> words = ("Website purchases", "actions:fb_pixel_add_to_cart", "网站购物", "加入购物车次数", "Zebra")
    >>> [result_of(word) for word in words]
    ['order', 'other', 'order', 'other', None]
    """
    text = unicodedata.normalize("NFKC", word).casefold()
    found = [(len(part), kind) for part, kind in _PARTS if part in text]
    longest = max((length for length, _ in found), default=0)
    kinds = {kind for length, kind in found if length == longest}
    return kinds.pop() if len(kinds) == 1 else None
