"""What do the columns of an answer's tables hold: under which label, in which unit, whose codes?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from analysis.messages import N_


@dataclass(frozen=True, slots=True)
class Field:
    """A column of an answer's table: its label for people and its unit.

    Parameters
    ----------
    label : str
        In English (translated when shown).
    unit : {"text", "count", "share", "points", "seconds", "money", "ratio", "number", "p", "time", "day", "flag"}
        "points" is a difference of shares, "p" a p-value.
    words : mapping of str to str
        The column's own codes in (translatable) words, such as "(total)".
    of : str, optional
        The column of the data whose codes it holds, which have names for people; or the field of the question that
        says which column that is, such as "breakdown". All else in a text column is somebody's data and stays as it is.
    row_of : str, optional
        The column beside it that says, row by row, of which column of the data the codes are.
    """

    label: str
    unit: str
    words: Mapping[str, str] = field(default_factory=dict)
    of: str | None = None
    row_of: str | None = None


Fields = Mapping[str, Mapping[str, Field]]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure by which two answers of one kind are compared, row by row.

    Parameters
    ----------
    column : str
    rows : tuple of str
        The columns that tell the rows apart; a day first means that rows are counted from each side's first day.
    low, high : str
        Its interval's columns; empty where it has none.
    n : str
        The column with how many people it is of; empty where nobody is counted.
    frame : str
    main : int
        Which of the first group's rows a comparison speaks of.
    steps : str
        Of `rows`, the column whose rows follow one another; its groups' first rows say how many people there are.
    """

    column: str
    rows: tuple[str, ...]
    low: str = "low"
    high: str = "high"
    n: str = ""
    frame: str = "table"
    main: int = 0
    steps: str = ""


CONVERTED: Mapping[str, Field] = MappingProxyType(
    {"users": Field(N_("Users"), "count"), "converted": Field(N_("Converted"), "count")}
)
"""How many there were, and how many of them went on."""


def bounds(unit: str) -> Mapping[str, Field]:
    """Return the columns of a figure's 95% interval, `low` and `high`.

    Examples
    --------
    >>> list(bounds("share"))
    ['low', 'high']
    """
    return {"low": Field(N_("95% from"), unit), "high": Field(N_("95% to"), unit)}


def described(**frames: Mapping[str, Field]) -> Fields:
    """Return what an answer's tables hold, by table and column.

    Examples
    --------
    >>> described(table={"users": Field("Users", "count")})["table"]["users"].unit
    'count'
    """
    return MappingProxyType({name: MappingProxyType(dict(columns)) for name, columns in frames.items()})
