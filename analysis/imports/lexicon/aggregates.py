"""Is a table a report that an analytics tool has added up already, and which figures does it hold?

The figures stand as data in ``aggregates.toml`` beside this.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from importlib.resources import files

from analysis.imports.lexicon.headings import plain_heading

_GIVEN = tomllib.loads((files("analysis.imports.lexicon") / "aggregates.toml").read_text(encoding="utf-8"))
_FIGURES = frozenset(map(plain_heading, _GIVEN["figures"]))


def figures_of(headings: Sequence[str]) -> tuple[str, ...]:
    """Return the headings that are figures of such a report; none where there are too few to tell.

    Examples
    --------
    >>> figures_of(["Source", "Sessions", "Engaged sessions", "Bounce rate"]), figures_of(["user", "sessions"])
    (('Sessions', 'Engaged sessions', 'Bounce rate'), ())
    """
    found = tuple(heading for heading in headings if plain_heading(heading) in _FIGURES)
    return found if len(found) >= _GIVEN["least"] else ()
