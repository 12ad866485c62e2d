"""What are rows called that are sums of others? Patterns of DuckDB, from the words in ``totals.toml`` beside this."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from importlib.resources import files

from analysis.imports.lexicon.headings import plain_heading

_GIVEN = tomllib.loads((files("analysis.imports.lexicon") / "totals.toml").read_text(encoding="utf-8"))
_WORD, _CLOSING, _KIND, _REST, _ALL = (
    f"(?:{'|'.join(_GIVEN[key])})" for key in ("words", "closing", "kinds", "rest", "whole")
)
_OF = r"(?:\s*[:：]|\s+[–—-]\s|\s+(?:of|for|de|für|including|excluding|incl\.?|inkl\.?)\s)"
BARE = (
    rf"(?i)^{_WORD}(?: results?| of \d+ \w+|\s*\(\d+ [a-z ]+\))?$|^{_WORD}\s*[:：]\s*{_KIND}(?:\W.*)?$"
    rf"|^{_CLOSING}(?:\s*[（(].*|\s*共?\s*[\d０-９].*)?$"
)
"""What nothing but a total is called."""
SAYS = rf"(?i)^{_WORD}(?:\s*[（(]?\s*[\d０-９].*|{_OF}.*)?$|{BARE.removeprefix('(?i)')}"
"""What calls itself a total, whatever it is the total of."""
LIKE = rf"(?i)^{_WORD}\s*[:：（(].*$|^.{{1,60}}[\s:：](?:sub[- ]?)?totals?$|^.{{0,60}}{_CLOSING}(?:[:：].*)?$"
"""What a total may be called, and a campaign too."""
REST = rf"(?i)^{_WORD}(?:\s*[:：]|\s+[–—-]\s)\s*{_REST}.*$"
"""What a platform calls the part that it does not itemise."""
WHOLE = rf"(?i)^{_ALL}$"
"""What stands for all of a name's values, and may be a name all the same."""


def items_of(headings: Sequence[str]) -> tuple[str, ...]:
    """Return what a table's rows may be called, by its headings: "Keyword status" is about keywords.

    Examples
    --------
    >>> items_of(["Keyword status", "Campaign"])
    ('keywordstatus', 'keyword', 'campaign')
    """
    plain = [p for heading in headings if (p := plain_heading(heading))]
    bare = [re.sub(rf"(?:{'|'.join(_GIVEN['states'])})$", "", p) for p in plain]
    return tuple(dict.fromkeys(name for pair in zip(plain, bare, strict=True) for name in pair if name))


def is_total_of(label: str, items: Sequence[str]) -> bool:
    """Say whether a label says that it is the total of what the rows are.

    Examples
    --------
    >>> is_total_of("Total: All but removed keywords", ["keyword"]), is_total_of("Total: Account", ["ad", "campaign"])
    (True, False)
    """
    of = plain_heading(totalled(label))
    return any(of.startswith(item) or (item in of and (len(item) > 3 or not item.isascii())) for item in items)


def totalled(label: str) -> str:
    """Return what a label says that it is the total of; empty where it does not say.

    Examples
    --------
    >>> totalled("Total: Ad groups"), totalled("合计：推广计划"), totalled("Total")
    ('Ad groups', '推广计划', '')
    """
    found = re.split(r"[:：]|\s[–—-]\s", label, maxsplit=1)
    return found[1].strip() if len(found) > 1 else ""
