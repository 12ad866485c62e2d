"""When do two headings say the same, across languages and exports, and what stands in their brackets?"""

from __future__ import annotations

import re
import unicodedata
from itertools import chain, count

from analysis.imports.lexicon.codes import CURRENCIES, SIGNS, WORDS

_BRACKETS = str.maketrans("[]{}【】〔〕〖〗", "()()()()()")
"""Brackets of every shape as round ones; full-width ones are folded before."""
_GAPS = r"[\s_\-./#:\ufeff]+"
_HOW_MANY = re.compile(r"^(?:#|no\.?|number)\s*of\s+")
_IN = re.compile(
    rf"\s+in\s+({'|'.join(re.escape(name) for name in (*sorted(CURRENCIES), *WORDS, *SIGNS))})\s*$", re.IGNORECASE
)
"""A currency after "in" says what it says in brackets."""
_CODES = "|".join(sorted(CURRENCIES - {"COP", "MAD", "PEN", "TRY"}))
_CODE = re.compile(rf"(?<=\w)(?:[\s_]+({_CODES})|(?i:_(?:in_)?({_CODES})))\s*$")
"""As does a code at the end, in capitals or after "_"; those that are words too stand for themselves."""
_UNIT = re.compile(r"(?<=\w)[\s_]+(?:in[\s_]+)?(cents|micros|thousands|millions)\s*$", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z])(Cents|Micros)\s*$")
"""As does a unit at the end, also of a name such as ``costMicros``."""


def _round(heading: str) -> str:
    """Return a heading with round brackets alone."""
    text = _CODE.sub(r" (\1\2)", _IN.sub(r" (\1)", unicodedata.normalize("NFKC", heading).translate(_BRACKETS)))
    return _UNIT.sub(r" (\1)", _CAMEL.sub(r" (\1)", text))


def _folded(heading: str) -> str:
    return _HOW_MANY.sub("", _round(heading).casefold().strip("\ufeff \t"))


def plain_heading(heading: str) -> str:
    """Fold a heading for comparison: full-width to half-width, case, spaces; what stands in brackets is dropped.

    Examples
    --------
    >>> plain_heading("总花费（元） "), plain_heading("Amount spent [EGP]"), plain_heading("# of Impressions")
    ('总花费', 'amountspent', 'impressions')
    >>> plain_heading("Kosten EUR"), plain_heading("cost_usd"), plain_heading("Ballpoint PEN")
    ('kosten', 'cost', 'ballpointpen')
    """
    text = _folded(heading)
    return re.sub(_GAPS, "", re.sub(r"\([^()]*\)", "", text)) or re.sub(_GAPS, "", text)


def whole_heading(heading: str) -> str:
    """Fold a heading for comparison with what stands in its brackets.

    Examples
    --------
    >>> whole_heading("Total （Refunded）"), whole_heading("order_total")
    ('total(refunded)', 'ordertotal')
    """
    return re.sub(_GAPS, "", _folded(heading))


def bracketed(heading: str) -> tuple[str, ...]:
    """Return what stands in a heading's brackets, round, square or full-width, as it is written but for its width.

    Examples
    --------
    >>> bracketed("CPM（千次展示费用） [USD]")
    ('千次展示费用', 'USD')
    """
    return tuple(inside.strip() for inside in re.findall(r"\(([^()]*)\)", _round(heading)) if inside.strip())


def distinct(headings: list[str]) -> tuple[str, ...]:
    """Give blank and repeated headings a name of their own."""
    given, named = set(headings), list[str]()
    for i, heading in enumerate(headings):
        if heading and heading not in named:
            named.append(heading)
            continue
        base = heading or f"column {i + 1}"
        candidates = chain([base], (f"{base} ({n})" for n in count(2)))
        named.append(next(c for c in candidates if c not in given and c not in named))
    return tuple(named)
