"""Which rows of orders are sales, which give something back, which are neither, and which are tests?

The words stand as data in ``kinds.toml`` beside this.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files

from analysis.imports.lexicon.brackets import best_heading
from analysis.imports.lexicon.looks import FALSE, TRUE
from analysis.imports.lexicon.reductions import REFUND_WORDS
from analysis.imports.lexicon.statuses import folded

_GIVEN = tomllib.loads((files("analysis.imports.lexicon") / "kinds.toml").read_text(encoding="utf-8"))
SALE, REFUND, OTHER = "sale", "refund", "other"
_WORDS = {**_GIVEN["kinds"], REFUND: [*_GIVEN["kinds"]["refund"], *REFUND_WORDS]}
_LOOKS = {kind: re.compile("|".join(_WORDS[kind]), re.IGNORECASE) for kind in (OTHER, REFUND, SALE)}
_VOID = re.compile("|".join(_WORDS["void"]), re.IGNORECASE)
TESTED = (*TRUE, *_GIVEN["tested"])
"""What stands under the heading of tests where an order is one, lower case."""


def kind_headings(headings: Sequence[str]) -> list[str]:
    """Return the headings that may say what kind of transaction a row is."""
    return [h for h in headings if best_heading(_GIVEN["headings"], [h])]


def headings_of_tests(headings: Sequence[str]) -> list[str]:
    """Return the headings that may say whether an order is a test."""
    return [h for h in headings if best_heading(_GIVEN["tests"], [h])]


def kinds_of_rows(words: Sequence[str]) -> Mapping[str, str]:
    """Return the kind of each word that is known, where they say that not all rows are sales; else nothing.

    Examples
    --------
    >>> kinds_of_rows(["sale", "authorization", "capture", "void", "refund", "zebra"])
    {'sale': 'sale', 'authorization': 'other', 'capture': 'sale', 'void': 'other', 'refund': 'refund'}
    >>> kinds_of_rows(["sale", "void"]), kinds_of_rows(["normal", "express"]), kinds_of_rows(["returnable", "deposit"])
    ({'sale': 'sale'}, {}, {})
    """
    plain = {word: folded(word) for word in words}
    kinds = {w: next((kind for kind, look in _LOOKS.items() if look.search(text)), "") for w, text in plain.items()}
    found = {w: kind for w, kind in kinds.items() if kind}
    voids = {w for w in found if _VOID.search(plain[w])}
    told = set(found.values())
    if len(told) < 2 and not (told == {REFUND} and len(found) == len(words)):
        return {}
    if voids and not any(kind == OTHER for w, kind in found.items() if w not in voids):
        found = {w: kind for w, kind in found.items() if w not in voids}
    return found


def says_tests(words: Sequence[str]) -> bool:
    """Say whether the words under such a heading say of each order whether it is a test.

    Examples
    --------
    >>> says_tests(["false", "true"]), says_tests(["variant a"]), says_tests([])
    (True, False, False)
    """
    return bool(words) and {*FALSE, *TESTED, "live", "production"}.issuperset(words)
