"""Which figures of an answer can be pointed at, and what are they now?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd

from analysis.answer import Answer
from analysis.charts import Look, Plot
from analysis.errors import QuestionError
from analysis.messages import Message, Money, Names, Points, Share, say
from analysis.values import Metadata, Value, is_text, text, value

FIGURES = ("count", "share", "points", "money", "ratio", "number", "p", "seconds")
"""Units of the columns that can be pointed at."""
LABELS = ("text", "day", "time", "flag")
"""Units of the columns that say what a row is about."""


def row_of() -> Metadata:
    """Pairs of a column's name and what stands there, as text; a mapping is accepted."""

    def check(name: str, got: Any) -> tuple[tuple[str, str], ...]:
        items = got.items() if isinstance(got, Mapping) else got
        try:
            found = tuple((column, held) for column, held in items)
        except (TypeError, ValueError):
            found = ((None, None),)
        if not all(is_text(column) and isinstance(held, str) for column, held in found):
            raise QuestionError.field(name, got, say("it must map columns to what stands there."))
        return found

    return {"check": check}


@value("quote")
class Quote(Value):
    """A figure of another cell's answer: the row is told by what stands in its columns, not by its number.

    Parameters
    ----------
    cell : str
        Id of the cell whose question is answered.
    column : str
    row : mapping of str to str
        Columns of text or day, and what stands there in the row.
    frame : str
        Which of the answer's tables.
    """

    cell: str = field(metadata=text(longest=40))
    column: str = field(metadata=text())
    row: tuple[tuple[str, str], ...] = field(default=(), metadata=row_of())
    frame: str = field(default="table", metadata=text())


def quotable(id: str, answer: Answer, look: Look, *, most: int = 400) -> Iterator[tuple[Quote, str]]:
    """Yield the figures of an answer that a text can quote, each with what it is called and what it is.

    What the headline says comes first, bounds and p-values last; within these the shortest tables, and totals before
    days.

    Parameters
    ----------
    id : str
        Of the answer's cell.
    answer : Answer
    look : Look
    most : int
        Figures that are offered.

    Examples
    --------
    >>> from analysis.charts import Look
    >>> import pandas as pd
    >>> from analysis import Funnel, Tables
    >>> log = pd.DataFrame({"user_id": ["u", "u", "v"], "timestamp": pd.to_datetime(["2026-11-01"] * 3),
    ...                     "event": ["view", "cart", "view"]})
    >>> answer = Funnel(steps=("view", "cart")).run(Tables(events=log))
    >>> any(words.endswith("Users: 2") for quote, words in quotable("a", answer, Look()))
    True
    """
    frames = [_Frame.of(answer, n, look) for n in sorted(answer.frames, key=lambda name: len(answer.frames[name]))]
    said = tuple(_numbers(answer.headline))
    found = [(rank, one, i, column) for one in frames for rank, i, column in one.figures(said, most)]
    for _, one, i, column in sorted(found, key=itemgetter(0))[:most]:
        yield one.quote(id, i, column), one.words(i, column)


def called_of(quote: Quote, others: Mapping[str, Answer], look: Look) -> str | None:
    """Return what a quoted figure is called and what it is; None where it is not there any more."""
    answer = others.get(quote.cell)
    if answer is None or row_at(answer, quote.frame, quote.column, quote.row) is None:
        return None
    one = _Frame.of(answer, quote.frame, look)
    place = next((i for i in one.rows() if one.quote(quote.cell, i, quote.column) == quote), None)
    return figure_of(quote, others, look) if place is None else one.words(place, quote.column)


TELLING = 10
"""From which on a whole number of a headline says which figure is meant; smaller ones are counts of anything."""
_SAID, _FIGURE, _DOUBT = range(3)
"""Ranks: what the headline says, all else, and what says how sure it is."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """One of an answer's tables, whose figures can be pointed at."""

    name: str
    plot: Plot
    table: pd.DataFrame
    labels: list[str]
    named: pd.DataFrame

    @classmethod
    def of(cls, answer: Answer, name: str, look: Look) -> _Frame:
        plot, table = answer.plot(name, look), answer.frame(name)
        labels = _labels(table, [c for c in map(str, table) if c in plot.fields], plot)
        return cls(name, plot, table, labels, plot.named(table))

    def rows(self) -> list[int]:
        """Return the rows that their labels tell apart."""
        if not self.labels:
            return [0] if len(self.table) == 1 else []
        twice = self.table[self.labels].astype(str).duplicated(keep=False)
        return [int(i) for i in (~twice).to_numpy().nonzero()[0]]

    def figures(self, said: tuple[float, ...], most: int) -> Iterator[tuple[int, int, str]]:
        """Yield rank, row and column of figures: of all rows where the headline says them, else of the first rows."""
        columns = [c for c in map(str, self.table) if c in self.plot.fields and c not in self.labels]
        columns = [c for c in columns if self.plot.fields[c].unit in FIGURES]
        ranks = {column: self._ranks(column, said) for column in columns}
        for n, i in enumerate(self.rows()):
            for column, rank in ranks.items():
                if (n < most or rank[i] == _SAID) and pd.notna(self.table[column].iloc[i]):
                    yield int(rank[i]), i, column

    def _ranks(self, column: str, said: tuple[float, ...]) -> Any:
        if self.plot.fields[column].unit == "p" or column.rsplit("_", 1)[-1] in ("low", "high"):
            return np.full(len(self.table), _DOUBT)
        values = np.abs(pd.to_numeric(self.table[column], errors="coerce").to_numpy(float, na_value=np.nan))
        alike = np.isclose(values[:, None], np.array(said)[None, :], rtol=1e-9, atol=0.0)
        return np.where(alike.any(axis=1), _SAID, _FIGURE)

    def quote(self, id: str, i: int, column: str) -> Quote:
        """Return what points at a figure."""
        row = tuple((c, _text(self.table[c].iloc[i])) for c in self.labels)
        return Quote(cell=id, column=column, row=row, frame=self.name)

    def words(self, i: int, column: str) -> str:
        """Return what a figure is called and what it is."""
        called = [_called(self.plot, self.named, c, i)[:60] for c in self.labels]
        what = " · ".join([*filter(None, called), self.plot.look(self.plot.fields[column].label)])
        return f"{what}: {self.plot.written(column, self.table[column].iloc[i])}"


def _numbers(said: Any) -> Iterator[float]:
    """Yield the figures of a sentence."""
    match said:
        case Message():
            for _, held in said.params:
                yield from _numbers(held)
        case Names():
            for held in said.values:
                yield from _numbers(held)
        case Share() | Points() | Money():
            yield abs(said.value)
        case bool() | str():
            return
        case int() | float() | np.integer():
            value = abs(float(said))
            if value >= TELLING or value % 1:
                yield value


def _labels(table: pd.DataFrame, columns: list[str], plot: Plot) -> list[str]:
    """Return the columns that tell a table's rows apart: texts and days, and the first numbers where these do not."""
    labels = [c for c in columns if plot.fields[c].unit in LABELS]
    for column in columns:
        if not table.duplicated(labels or None).any() and (labels or len(table) == 1):
            break
        labels += [column] if column not in labels else []
    return labels


def _called(plot: Plot, named: pd.DataFrame, column: str, i: int) -> str:
    """Return what tells a row apart, in words."""
    if column in plot.fields and plot.fields[column].unit in FIGURES:
        return f"{plot.look(plot.fields[column].label)} {plot.written(column, named[column].iloc[i])}"
    if column in plot.fields and plot.fields[column].unit == "flag":
        return plot.look(plot.fields[column].label) if _text(named[column].iloc[i]) == "True" else ""
    return _text(named.get(f"{column}_name", named[column]).iloc[i])


def _text(held: object) -> str:
    """Return what stands in a row's label as it is kept; nothing for none."""
    return "" if pd.isna(held) else str(held)  # type: ignore[call-overload]


def figure_of(quote: Quote, others: Mapping[str, Answer], look: Look) -> str | None:
    """Return what a quote is, in its unit and the reader's language; None where it is not there any more."""
    answer = others.get(quote.cell)
    row = None if answer is None else row_at(answer, quote.frame, quote.column, quote.row)
    if answer is None or row is None:
        return None
    return answer.plot(quote.frame, look).written(quote.column, row[quote.column])


def row_at(answer: Answer, frame: str, column: str, row: tuple[tuple[str, str], ...]) -> pd.Series[Any] | None:
    """Return the one row of an answer's table that holds a figure; None where it is not there any more.

    Parameters
    ----------
    answer : Answer
    frame, column : str
    row : tuple of (str, str)
        Columns and what stands there.
    """
    table = answer.frame(frame) if frame in answer.frames else pd.DataFrame()
    if column not in table or not dict(row).keys() <= set(table.columns):
        return None
    for name, held in row:
        table = table[[_text(one) == held for one in table[name]]]
    if len(table) != 1 or table[column].isna().iloc[0]:
        return None
    return table.iloc[0]
