"""What a column that people name is called where rows lie, so that no engine reads more than a name into it.

DuckDB and narwhals take ``*`` for all columns, Spark takes ``.`` for a part of one and a backtick for a quote. Such
names are written like those of a web address; all others stay as they are.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

_SPECIAL = re.compile(r"[%.`]|^\*+$")


def stored(name: str) -> str:
    """Return what a column is called where rows lie.

    Examples
    --------
    >>> stored("channel"), stored("vip.2026"), stored("*"), stored("*new*")
    ('channel', 'vip%2E2026', '%2A', '*new*')
    """
    return _SPECIAL.sub(lambda found: "".join(f"%{ord(c):02X}" for c in found[0]), name)


def shown(column: str) -> str:
    """Return the name that people gave a column; the inverse of :func:`stored`.

    Examples
    --------
    >>> [shown(stored(name)) for name in ("channel", "*", "%2A", "50%.")]
    ['channel', '*', '%2A', '50%.']
    """
    return unquote(column) if "%" in column else column
