"""Which term of the glossary explains a column of an answer?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from analysis.terms import TERMS, Term

_BOUND = re.compile(r"95% (?:from|to)$")
"""How the columns of an interval's ends are labelled, whatever the figure is."""


_BY_LABEL: Mapping[str, Term] = MappingProxyType({label: term for term in TERMS for label in term.labels})


def term_of(label: str) -> Term | None:
    """Return the term that explains a column, by its label in English; None where the label says it all.

    Parameters
    ----------
    label : str

    Examples
    --------
    >>> term_of("Marginal ROI, 95% from").name, term_of("ROAS, as claimed").name, term_of("Users")
    ('95% interval', 'ROAS', None)
    """
    return _BY_LABEL.get("95% from" if _BOUND.search(label) else label)
