"""Records of one kind as a table, to be edited or carried about as CSV, and back."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import MISSING, fields
from typing import Any, TypeVar

import pandas as pd

from analysis.errors import ImportFileError, QuestionError, SluiceError
from analysis.messages import Names, say
from analysis.records import Record
from analysis.sharing.downloads import DANGEROUS, csv
from analysis.values import Value

R = TypeVar("R", bound=Record)


def columns(kind: type[Record]) -> tuple[str, ...]:
    """Return the fields that a kind's table has as columns."""
    return tuple(each.name for each in fields(kind))


def table(kind: type[R], records: Iterable[R]) -> pd.DataFrame:
    """Return one row per record and one column per field.

    Examples
    --------
    >>> from analysis.records import Alias
    >>> table(Alias, [Alias(column="channel", code="Google Ads", meant="google")]).to_dict("records")
    [{'column': 'channel', 'code': 'Google Ads', 'meant': 'google'}]
    """
    names = columns(kind)
    rows = [[_cell(getattr(one, name)) for name in names] for one in records]
    return pd.DataFrame(rows, columns=list(names), dtype=object)


def _cell(held: object) -> object:
    """Return what stands in a cell: a value within a record as its JSON."""
    return held.to_json() if isinstance(held, Value) else held


def record(kind: type[R], row: Mapping[str, object], number: int) -> R:
    """Return the record that a row of a table says; empty cells are fields left out.

    Parameters
    ----------
    kind : type of Record
    row : mapping of str to object
    number : int
        Of the row, from 1, for what is said of a bad one.

    Raises
    ------
    QuestionError
        A field does not fit, or one that has to be there is empty.
    """
    given = {name: row[name] for name in columns(kind) if not _empty(row.get(name))}
    must = [each.name for each in fields(kind) if each.default is MISSING and each.default_factory is MISSING]
    try:
        if lacking := tuple(name for name in must if name not in given):
            raise QuestionError.crossed(say("{names} is missing.", names=Names(tuple(map(kind.label, lacking)))))
        return kind(**{name: getattr(cell, "item", lambda cell=cell: cell)() for name, cell in given.items()})
    except SluiceError as error:
        raise QuestionError.crossed(say("Row {n}: {problem}", n=number, problem=error.message)) from error


def _empty(cell: Any) -> bool:
    return cell is None or cell == "" or bool(pd.isna(cell))


def written(kind: type[R], records: Iterable[R]) -> bytes:
    """Return records as CSV; its headings are the fields' names, which :func:`read` knows again."""
    return csv(table(kind, records))


def read(kind: type[R], content: bytes, name: str) -> tuple[R, ...]:
    """Return the records that a CSV file holds, one per line; all of it is refused where one line does not fit.

    Parameters
    ----------
    kind : type of Record
    content : bytes
    name : str
        Of the file, for what is said of it.

    Raises
    ------
    ImportFileError

    Examples
    --------
    >>> from analysis.records import Alias
    >>> one = Alias(column="channel", code="=Ads", meant="google")
    >>> read(Alias, written(Alias, [one]), "aliases.csv") == (one,)
    True
    """
    try:
        found = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (ValueError, pd.errors.ParserError) as error:
        text = say("it could not be read as a CSV file in UTF-8.")
        raise ImportFileError.because(name, text, "unreadable") from error
    if missing := tuple(c for c in columns(kind) if c not in found.columns):
        text = say(
            "it has no column {names}. Download the table as CSV to see how it is laid out.", names=Names(missing)
        )
        raise ImportFileError.because(name, text, "no-column")
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.map(_as_typed).to_numpy().tolist()]
    try:
        return tuple(record(kind, _numbers(kind, row), i + 1) for i, row in enumerate(rows))
    except SluiceError as error:
        raise ImportFileError.because(name, error.message, error.code) from error


def _as_typed(cell: str) -> str:
    """Return a cell without the sign that kept a spreadsheet from running it."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(DANGEROUS) else cell


def _numbers(kind: type[Record], row: Mapping[str, str]) -> dict[str, object]:
    found: dict[str, object] = dict(row)
    for each in fields(kind):
        if each.type in ("float", "int", "float | None", "int | None") and found.get(each.name):
            with suppress(ValueError):  # the field says what it takes
                found[each.name] = int(row[each.name]) if "int" in str(each.type) else float(row[each.name])
    return found
