"""What do the words of an export say of how an order stands?

The words stand as data in ``statuses.toml`` beside this.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from importlib.resources import files

from analysis.imports.lexicon.brackets import best_heading

_GIVEN = tomllib.loads((files("analysis.imports.lexicon") / "statuses.toml").read_text(encoding="utf-8"))
NOTHING = "none"
"""What a word is read as that says nothing of how an order stands."""
_ORDER = tuple(_GIVEN["words"])
_PARTS = re.compile(r"[,;/|、·]+")


def folded(word: str) -> str:
    """Fold a word for comparison: width, case, "_", "-" and repeated spaces do not count."""
    return re.sub(r"[\s_\-–]+", " ", unicodedata.normalize("NFKC", word).casefold()).strip(" .。")


_STATUS: Mapping[str, str] = {folded(word): status for status, words in _GIVEN["words"].items() for word in words}
_ON_DELIVERY = frozenset(map(folded, _GIVEN["beside"]["on_delivery"]))


def status_of(word: str, own: Mapping[str, str] | None = None) -> str | None:
    """Return the status that a word, or several in one cell, stand for; "none" says nothing, None is not known.

    Parameters
    ----------
    word : str
    own : mapping of str to str, optional
        A platform's own words, which go before all others; one that ends with "*" is the beginning of sentences.

    Examples
    --------
    >>> [status_of(word) for word in ("on-hold", "已取消，退款成功", "Partially_Refunded", "zebra")]
    ['open', 'refunded', 'partly_refunded', None]
    >>> status_of("Returnable until 1 May", {"Returnable until*": "delivered"})
    'delivered'
    """
    known = {**_STATUS, **{folded(name): status for name, status in (own or {}).items()}}
    if found := known.get(folded(word)):
        return found
    begun = {folded(name[:-1]): status for name, status in (own or {}).items() if name.endswith("*")}
    if found := next((status for begin, status in begun.items() if folded(word).startswith(begin)), None):
        return found
    bare = re.sub(r"\([^()]*\)", "", unicodedata.normalize("NFKC", word))
    if bare != word and (found := known.get(folded(bare))):
        return found
    parts = [known.get(folded(part)) for part in _PARTS.split(unicodedata.normalize("NFKC", word)) if part.strip()]
    told = [part for part in parts if part and part != NOTHING]
    if len(parts) < 2 or None in parts:
        return None
    return max(told, key=_ORDER.index) if told else NOTHING


def after_sales(headings: Sequence[str]) -> str | None:
    """Return the heading that says, beside the status, whether something was given back."""
    return best_heading(_GIVEN["beside"]["after_sales"], headings)


def payment(headings: Sequence[str]) -> str | None:
    """Return the heading of how orders are paid."""
    return best_heading(_GIVEN["beside"]["payment"], headings)


def on_delivery(word: str) -> bool:
    """Say whether a payment method means that an order is paid when it comes."""
    return folded(word) in _ON_DELIVERY
