"""When do two headings say the same, across languages and exports?"""

from __future__ import annotations

import re
import unicodedata
from itertools import chain, count


def plain_heading(heading: str) -> str:
    """Fold a heading for comparison: full-width to half-width, case, spaces, units in brackets.

    Examples
    --------
    >>> plain_heading("总花费（元） "), plain_heading("Amount spent (EGP)")
    ('总花费', 'amountspent')
    """
    text = unicodedata.normalize("NFKC", heading).casefold().strip("﻿")
    bare = re.sub(r"\([^()]*\)", "", text)
    return re.sub(r"[\s_\-./﻿]+", "", bare) or re.sub(r"[\s_\-./]+", "", text)


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
