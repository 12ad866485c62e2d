"""Which columns hold a price of one piece, and how many pieces there are?

The headings stand as data in ``prices.toml`` beside this.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from importlib.resources import files

from analysis.imports.lexicon.brackets import best_heading, likeness

_GIVEN = tomllib.loads((files("analysis.imports.lexicon") / "prices.toml").read_text(encoding="utf-8"))


def price_heading(headings: Sequence[str]) -> str | None:
    """Return the heading of a price that is, or may be, that of one piece."""
    return best_heading(_GIVEN["unit"], headings) or best_heading(_GIVEN["unsure"], headings)


def of_one_piece(heading: str) -> bool:
    """Say whether a heading says that the price is that of one piece.

    Examples
    --------
    >>> of_one_piece("Unit Price"), of_one_piece("单价(元)"), of_one_piece("price")
    (True, True, False)
    """
    return any(likeness(heading, name) is not None for name in _GIVEN["unit"])


def quantity_heading(headings: Sequence[str]) -> str | None:
    """Return the heading of how many pieces there are."""
    return best_heading(_GIVEN["quantity"], headings)
