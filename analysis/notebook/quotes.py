"""How does a text read whose quotes stand in their places?"""

from __future__ import annotations

import re

from analysis.notebook.book import PLACE, Words


def filled(words: Words, figures: tuple[str | None, ...]) -> str:
    """Return a text with its quotes in their places; one that is not there any more is a dash.

    Examples
    --------
    >>> filled(Words(text="At [[1]], of [[2]]."), ("4.6%", None))
    'At 4.6%, of —.'
    """

    def each(found: re.Match[str]) -> str:
        n = int(found[1]) - 1
        return found[0] if n >= len(figures) or n < 0 else figures[n] or "—"

    return PLACE.sub(each, words.text)
