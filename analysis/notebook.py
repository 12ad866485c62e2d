"""A notebook: an ordered tuple of cells, each a text, a question or a record. Cells never read one another.

A text may quote figures of a question's answer. What a cell said when somebody last looked is kept with it, so that
new data show which cells now say something else, and what they said before.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

import pandas as pd

from analysis.answer import Answer
from analysis.charts import Look
from analysis.errors import QuestionError, SluiceError
from analysis.messages import LANGUAGES, Message, say
from analysis.question import Question
from analysis.records import Record
from analysis.tables import Tables
from analysis.values import Metadata, Value, a, flag, is_text, many, optional, text, value

LONGEST = 20_000
"""Characters of one text."""
MOST = 500
"""Cells of one notebook."""
PLACE = re.compile(r"\[\[(\d+)\]\]")
"""Where a text quotes its n-th figure, counted from one."""
_FIGURES = ("count", "share", "points", "money", "ratio", "number", "seconds")


def _prose() -> Metadata:
    def check(name: str, got: Any) -> str:
        if got != "" and not is_text(got):
            raise QuestionError.field(name, got, say("it must be a text."))
        if len(got) > LONGEST or any(ord(c) < 32 and c not in "\n\t" for c in got):
            raise QuestionError.field(name, got, say("it must be a text of at most {n} characters.", n=LONGEST))
        return str(got)

    return {"check": check}


def _row() -> Metadata:
    """Which row: pairs of a column's name and what stands there, as text."""

    def check(name: str, got: Any) -> tuple[tuple[str, str], ...]:
        items = got.items() if isinstance(got, Mapping) else got
        try:
            found = tuple((column, held) for column, held in items)
        except (TypeError, ValueError):
            found = ((None, None),)  # type: ignore[assignment]
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
    row: tuple[tuple[str, str], ...] = field(default=(), metadata=_row())
    frame: str = field(default="table", metadata=text())


@value("words")
class Words(Value):
    """A text in Markdown; ``[[1]]`` in it stands for the first of its quotes.

    Parameters
    ----------
    text : str
    quotes : sequence of Quote

    Examples
    --------
    >>> Words(text="Android converts at [[1]].", quotes=(Quote(cell="a", column="rate"),)).text
    'Android converts at [[1]].'
    """

    text: str = field(default="", metadata=_prose())
    quotes: tuple[Quote, ...] = field(default=(), metadata=many(Quote))


@value("unread")
class Unread(Value):
    """What this release cannot read, such as a question of a newer one; nothing of it is lost.

    Parameters
    ----------
    json : str
        The cell's value as it was found.
    """

    json: str = field(metadata=_prose())

    @property
    def why(self) -> Message:
        """What is said in its place."""
        try:
            Value.from_json(self.json)
        except SluiceError as error:
            return error.message
        return say("It was kept by another version of Sluice.")


@value("seen")
class Seen(Value):
    """What a cell said when somebody last looked.

    Parameters
    ----------
    data : str
        Version of the data.
    digest : str
        Of the answer, or of the figures that a text quoted.
    said : sequence of (str, str)
        Languages, and the sentence in each.
    """

    data: str = field(metadata=text())
    digest: str = field(metadata=text())
    said: tuple[tuple[str, str], ...] = field(default=(), metadata=_row())

    def sentence(self, language: str) -> str:
        """Return what was said, in a reader's language."""
        return dict(self.said).get(language, "")


def _held() -> Metadata:
    def check(name: str, got: Any) -> Value:
        if not isinstance(got, Words | Question | Record | Unread):
            raise QuestionError.field(name, got, say("a cell is a text, a question or a record."))
        return got

    return {"check": check}


@value("cell")
class Cell(Value):
    """One cell.

    Parameters
    ----------
    id : str
        Tells it from the other cells; stays with it wherever it moves.
    holds : Words, Question or Record
    folded : bool
    seen : Seen, optional
        None until somebody looked.
    """

    id: str = field(metadata=text(longest=40))
    holds: Value = field(metadata=_held())
    folded: bool = field(default=False, metadata=flag())
    seen: Seen | None = field(default=None, metadata=optional(a(Seen)))


@value("notebook")
class Notebook(Value):
    """Many questions, one piece of work.

    Every change returns another notebook; the one it is asked of stays as it is.

    Parameters
    ----------
    title : str
    cells : sequence of Cell

    Examples
    --------
    >>> from analysis import Sales
    >>> book = Notebook(title="Review").add(Words(text="# What happened")).add(Sales())
    >>> [type(cell.holds).__name__ for cell in book.move(book.cells[1].id, 0).cells]
    ['Sales', 'Words']
    >>> Notebook.from_json(book.to_json()) == book
    True
    """

    title: str = field(metadata=text())
    cells: tuple[Cell, ...] = field(default=(), metadata=many(Cell, at_most=MOST))

    def __post_init__(self) -> None:
        super().__post_init__()
        ids = [cell.id for cell in self.cells]
        if len(set(ids)) < len(ids):
            twice = next(id for id in ids if ids.count(id) > 1)
            raise QuestionError.field("cells", twice, say("two cells have this id."))

    @classmethod
    def readable(cls, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what was kept with what this release cannot read set aside, cell by cell."""
        cells = data.get("cells")
        return {**data, "cells": [_readable(cell) for cell in cells]} if isinstance(cells, list) else data

    def cell(self, id: str) -> Cell:
        """Return a cell.

        Raises
        ------
        QuestionError
            There is none with this id.
        """
        for cell in self.cells:
            if cell.id == id:
                return cell
        raise QuestionError.field("cell", id, say("it is not in this notebook."))

    def add(self, holds: Value, after: str | None = None) -> Self:
        """Return the notebook with a new cell behind another, or at its end."""
        return self._with(Cell(id=new_id(), holds=holds), after)

    def copy(self, id: str) -> Self:
        """Return the notebook with a cell twice, the second right behind the first."""
        return self._with(self.cell(id).replace(id=new_id()), id)

    def _with(self, cell: Cell, after: str | None) -> Self:
        at = len(self.cells) if after is None else self._at(after) + 1
        return self.replace(cells=(*self.cells[:at], cell, *self.cells[at:]))

    def _at(self, id: str) -> int:
        return self.cells.index(self.cell(id))

    def move(self, id: str, to: int) -> Self:
        """Return the notebook with a cell at another place, counted from nought; beyond either end is the end."""
        cell, rest = self.cell(id), [one for one in self.cells if one.id != id]
        rest.insert(max(to, 0), cell)
        return self.replace(cells=tuple(rest))

    def delete(self, id: str) -> Self:
        """Return the notebook without a cell."""
        self.cell(id)
        return self.replace(cells=tuple(cell for cell in self.cells if cell.id != id))

    def change(self, id: str, **changes: Any) -> Self:
        """Return the notebook with fields of one cell changed."""
        changed = self.cell(id).replace(**changes)
        return self.replace(cells=tuple(changed if cell.id == id else cell for cell in self.cells))


def new_id() -> str:
    """Return an id that no other cell has."""
    return secrets.token_hex(6)


def _readable(cell: Any) -> Any:
    if not isinstance(cell, Mapping) or not isinstance(holds := cell.get("holds"), Mapping):
        return cell
    if holds.get("kind") == Unread.kind:  # a newer release may read by now what an older one could not
        with suppress(ValueError, TypeError, AttributeError):
            holds = json.loads(holds["json"])
    try:
        Value.from_dict(holds)
    except QuestionError:
        kept = json.dumps(holds, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return {**cell, "holds": Unread(json=kept).to_dict()}
    return {**cell, "holds": holds}


# ---- what cells say ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Said:
    """What a cell says of the data there is.

    Parameters
    ----------
    cell : Cell
    answer : Answer, optional
        Of a question that could be answered.
    error : SluiceError, optional
        Why it could not.
    figures : tuple of str or None
        Of a text: its quotes, in a reader's language; None where one is not there any more.
    seen : Seen, optional
        What it says now, to be kept once somebody looked.
    """

    cell: Cell
    answer: Answer | None = None
    error: SluiceError | None = None
    figures: tuple[str | None, ...] = ()
    seen: Seen | None = None

    @property
    def stale(self) -> bool:
        """Whether it says something else than when somebody last looked."""
        before = self.cell.seen
        return before is not None and (self.seen is None or self.seen.digest != before.digest)


def tell(cell: Cell, others: Mapping[str, Answer], tables: Tables, look: Look, ask: Any = None) -> Said:
    """Return what one cell says.

    Parameters
    ----------
    cell : Cell
    others : mapping of str to Answer
        The answers of the notebook's questions by their cells' ids, for those that a text quotes.
    tables : Tables
    look : Look
        Who reads.
    ask : callable, optional
        Answers a question, as a page does from its cache; :meth:`Question.run` without it.
    """
    holds = cell.holds
    if isinstance(holds, Words):
        figures = tuple(_figure(quote, others, look) for quote in holds.quotes)
        plain = tuple(_figure(quote, others, Look()) for quote in holds.quotes)
        digest = hashlib.sha256(json.dumps([holds.text, plain]).encode()).hexdigest()
        return Said(cell, figures=figures, seen=Seen(data=tables.version, digest=digest, said=_sentences(plain)))
    if not isinstance(holds, Question):
        return Said(cell)
    try:
        answer = ask(holds) if ask else holds.run(tables)
    except SluiceError as error:
        return Said(cell, error=error)
    said = tuple((language, answer.say(answer.headline, language)) for language in LANGUAGES)
    return Said(cell, answer, seen=Seen(data=answer.version, digest=digest_of(answer), said=said))


def _sentences(figures: tuple[str | None, ...]) -> tuple[tuple[str, str], ...]:
    shown = ", ".join(figure or "—" for figure in figures)
    return tuple((language, shown) for language in LANGUAGES) if shown else ()


def told(notebook: Notebook, tables: Tables, look: Look | None = None, ask: Any = None) -> dict[str, Said]:
    """Return what every cell of a notebook says of the data, by the cells' ids.

    Examples
    --------
    >>> import pandas as pd
    >>> from analysis import Funnel, Tables
    >>> log = pd.DataFrame({"user_id": ["u", "u", "v"], "timestamp": pd.to_datetime(["2026-11-01"] * 3),
    ...                     "event": ["view", "cart", "view"]})
    >>> book = Notebook(title="Drop-off").add(Funnel(steps=("view", "cart")))
    >>> found = told(book, Tables(events=log))
    >>> found[book.cells[0].id].stale
    False
    """
    look = look or Look()
    asked = {c.id: tell(c, {}, tables, look, ask) for c in notebook.cells if isinstance(c.holds, Question)}
    answers = {id: said.answer for id, said in asked.items() if said.answer}
    return {c.id: asked.get(c.id) or tell(c, answers, tables, look, ask) for c in notebook.cells}


def digest_of(answer: Answer) -> str:
    """Return the SHA-256 of an answer's figures and headline: to ten digits, which no order of sums changes."""
    sha = hashlib.sha256(answer.say(answer.headline).encode())
    for name, frame in sorted(answer.frames.items()):
        rounded = frame.apply(lambda c: c.map("{:.9e}".format) if pd.api.types.is_float_dtype(c) else c)
        sha.update(f"\0{name}\0{rounded.to_csv(index=False)}".encode())
    return sha.hexdigest()


# ---- quotes -----------------------------------------------------------------------------------------------


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
    for frame in answer.frames:
        plot, table = answer.plot(frame, look), answer.frame(frame)
        labels = [
            c for c in map(str, table) if c in plot.fields and plot.fields[c].unit in ("text", "day", "time", "flag")
        ]
        numbers = [c for c in map(str, table) if c in plot.fields and plot.fields[c].unit in _FIGURES]
        named = plot.named(table)
        for i in range(len(table)):
            row = tuple((c, str(table[c].iloc[i])) for c in labels)
            called = [str(named.get(f"{c}_name", table[c]).iloc[i])[:60] for c in labels]
            for column in numbers:
                if left and table[column].iloc[i] == table[column].iloc[i]:
                    left -= 1
                    what = " · ".join([*filter(None, called), look(plot.fields[column].label)])
                    figure = plot.written(column, table[column].iloc[i])
                    yield Quote(cell=id, column=column, row=row, frame=frame), f"{what}: {figure}"


def _figure(quote: Quote, others: Mapping[str, Answer], look: Look) -> str | None:
    """Return what a quote is, in its unit and the reader's language; None where it is not there any more."""
    answer = others.get(quote.cell)
    if answer is None or quote.frame not in answer.frames:
        return None
    table, plot = answer.frame(quote.frame), answer.plot(quote.frame, look)
    row = dict(quote.row)
    if quote.column not in table or not row.keys() <= set(table.columns):
        return None
    for column, held in row.items():
        table = table[table[column].astype(str) == held]
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


__all__ = [
    "Cell",
    "Notebook",
    "Quote",
    "Said",
    "Seen",
    "Unread",
    "Words",
    "digest_of",
    "filled",
    "quotable",
    "tell",
    "told",
]
