"""Which figures of an answer can be pointed at, and what are they now?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

import pandas as pd

from analysis.answer import Answer
from analysis.charts import Look, Plot
from analysis.errors import QuestionError
from analysis.messages import say
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
    left = most
    # The shortest tables first: what is found at a glance, and totals before days.
    for frame in sorted(answer.frames, key=lambda name: len(answer.frames[name])):
        plot, table = answer.plot(frame, look), answer.frame(frame)
        labels = _labels(table, [c for c in map(str, table) if c in plot.fields], plot)
        numbers = [
            c for c in map(str, table) if c in plot.fields and plot.fields[c].unit in FIGURES and c not in labels
        ]
        named = plot.named(table)
        alone = ~table[labels].astype(str).duplicated(keep=False) if labels else pd.Series(len(table) == 1, table.index)
        for i in map(int, alone.to_numpy().nonzero()[0]):
            if not left:
                return
            row = tuple((c, _text(table[c].iloc[i])) for c in labels)
            called = [_called(plot, named, c, i)[:60] for c in labels]
            for column in numbers:
                if left and pd.notna(table[column].iloc[i]):
                    left -= 1
                    what = " · ".join([*filter(None, called), look(plot.fields[column].label)])
                    figure = plot.written(column, table[column].iloc[i])
                    yield Quote(cell=id, column=column, row=row, frame=frame), f"{what}: {figure}"


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
