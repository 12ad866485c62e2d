"""Which figures of an answer can a text quote, and what are they now?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pandas as pd

from analysis.answer import Answer
from analysis.charts import Look, Plot
from analysis.notebook.book import PLACE, Quote, Words

FIGURES = ("count", "share", "points", "money", "ratio", "number", "seconds")
"""Units of the columns that can be quoted."""
LABELS = ("text", "day", "time", "flag")
"""Units of the columns that say what a row is about."""


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
        for i in range(len(table)):
            row = tuple((c, _text(table[c].iloc[i])) for c in labels)
            called = [_called(plot, named, c, i)[:60] for c in labels]
            for column in numbers:
                if left and alone.iloc[i] and pd.notna(table[column].iloc[i]):
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
    return _text(named.get(f"{column}_name", named[column]).iloc[i])


def _text(held: object) -> str:
    """Return what stands in a row's label as it is kept; nothing for none."""
    return "" if pd.isna(held) else str(held)  # type: ignore[call-overload]


def figure_of(quote: Quote, others: Mapping[str, Answer], look: Look) -> str | None:
    """Return what a quote is, in its unit and the reader's language; None where it is not there any more."""
    answer = others.get(quote.cell)
    if answer is None or quote.frame not in answer.frames:
        return None
    table, plot = answer.frame(quote.frame), answer.plot(quote.frame, look)
    row = dict(quote.row)
    if quote.column not in table or not row.keys() <= set(table.columns):
        return None
    for column, held in row.items():
        table = table[[_text(one) == held for one in table[column]]]
    if len(table) != 1 or table[quote.column].isna().iloc[0]:
        return None
    return plot.written(quote.column, table[quote.column].iloc[0])


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
