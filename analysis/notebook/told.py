"""What does each cell say of the data there is, and is it what it said when somebody last looked?"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from analysis.answer import Answer
from analysis.charts import Look
from analysis.errors import SluiceError
from analysis.messages import LANGUAGES
from analysis.notebook.book import Cell, Notebook, Seen, Words
from analysis.question import Question
from analysis.quotes import figure_of
from analysis.tables import Tables

Ask = Callable[[Question], Answer]
"""Answers a question, as a page does from its cache."""


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
        return before is not None and (self.seen is None or self.seen.figures != before.figures)


def dated(cell: Cell, tables: Tables) -> bool:
    """Say whether the data, or the plan where it counts, are others than when somebody last looked at a cell."""
    if cell.seen is None:
        return False
    return cell.seen.data != (cell.holds.version_of(tables) if isinstance(cell.holds, Question) else tables.version)


def tell(cell: Cell, others: Mapping[str, Answer], tables: Tables, look: Look, ask: Ask | None = None) -> Said:
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
        figures = tuple(figure_of(quote, others, look) for quote in holds.quotes)
        plain = tuple(figure_of(quote, others, Look()) for quote in holds.quotes)
        digest = hashlib.sha256(json.dumps(plain).encode()).hexdigest()
        return Said(cell, figures=figures, seen=Seen(data=tables.version, figures=digest, said=_sentences(plain)))
    if not isinstance(holds, Question):
        return Said(cell)
    try:
        answer = ask(holds) if ask else holds.run(tables)
    except SluiceError as error:
        return Said(cell, error=error)
    said = tuple((language, answer.say(answer.headline, language)) for language in LANGUAGES)
    return Said(cell, answer, seen=Seen(data=answer.version, figures=digest_of(answer), said=said))


def _sentences(figures: tuple[str | None, ...]) -> tuple[tuple[str, str], ...]:
    shown = ", ".join(figure or "—" for figure in figures)
    return tuple((language, shown) for language in LANGUAGES) if shown else ()


def told(notebook: Notebook, tables: Tables, look: Look | None = None, ask: Ask | None = None) -> dict[str, Said]:
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


def looked(notebook: Notebook, found: Mapping[str, Said]) -> Notebook:
    """Return a notebook as somebody leaves it who has seen what its cells say; what cannot be answered stays as it was.

    Parameters
    ----------
    notebook : Notebook
    found : mapping of str to Said
        By the cells' ids; those of other cells stay as they are.
    """
    for id, said in found.items():
        if said.seen:
            notebook = notebook.change(id, seen=said.seen)
    return notebook
