"""A notebook: an ordered tuple of cells, each a text, a question or a record. Cells never read one another.

A text may quote figures of a question's answer. What a cell said when somebody last looked is kept with it, so that
new data show which cells now say something else, and what they said before.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import field
from typing import Any, Self

from analysis.errors import QuestionError, SluiceError
from analysis.messages import Message, say
from analysis.question import Question
from analysis.quotes import Quote, row_of
from analysis.records import Record
from analysis.values import Metadata, Value, a, flag, is_text, many, optional, text, value

LONGEST = 20_000
"""Characters of one text."""
MOST = 500
"""Cells of one notebook."""
PLACE = re.compile(r"\[\[(\d{1,4})\]\]")
"""Where a text quotes its n-th figure, counted from one."""


def _prose() -> Metadata:
    def check(name: str, got: Any) -> str:
        if got != "" and not is_text(got):
            raise QuestionError.field(name, got, say("it must be a text."))
        if len(got) > LONGEST or any(ord(c) < 32 and c not in "\n\t" for c in got):
            raise QuestionError.field(name, got, say("it must be a text of at most {n} characters.", n=LONGEST))
        return str(got)

    return {"check": check}


@value("words")
class Words(Value):
    """A text in Markdown; ``[[1]]`` in it stands for the first of its quotes.

    Parameters
    ----------
    text : str
    quotes : sequence of Quote
    hint : str
        What is to be written here; said while nothing but a heading is, and in no report.

    Examples
    --------
    >>> Words(text="Android converts at [[1]].", quotes=(Quote(cell="a", column="rate"),)).text
    'Android converts at [[1]].'
    """

    text: str = field(default="", metadata=_prose())
    quotes: tuple[Quote, ...] = field(default=(), metadata=many(Quote))
    hint: str = field(default="", metadata=_prose())

    @property
    def awaited(self) -> bool:
        """Whether nobody wrote yet what the hint asks for."""
        return bool(self.hint) and all(line.startswith("#") for line in self.text.split("\n") if line.strip())


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
    figures : str
        Digest of the answer, or of the figures that a text quoted.
    said : sequence of (str, str)
        Languages, and the sentence in each.
    """

    data: str = field(metadata=text())
    figures: str = field(metadata=text())
    said: tuple[tuple[str, str], ...] = field(default=(), metadata=row_of())

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
