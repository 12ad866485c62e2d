"""The frozen answer to a question: a headline, a tidy table, notes, a chart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pandas as pd

from analysis.charts import Look
from analysis.messages import Message
from analysis.values import Value


@dataclass(frozen=True, slots=True)
class Field:
    """A column of an answer's table: its label for people and its unit.

    `unit` is one of "text", "count", "share", "seconds", "money", "ratio", "number", "time", "flag". `words` puts the
    column's own codes into (translatable) words; all else in a text column is somebody's data and stays as it is.
    """

    label: str
    unit: str
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Note:
    """A caveat: a stable code, what it means and what to do about it.

    `level` is "info" (a rule that was applied), "warning" (read the figure with care) or "missing" (something
    is not estimable).
    """

    code: str
    message: Message
    level: str = "info"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Base of every answer.

    Parameters
    ----------
    question : Question
        What was asked.
    version : str
        Digest of the data it was asked of.
    headline : Message
        The one sentence with the number that matters.
    frames : mapping of str to DataFrame
        Tidy tables by name; "table" is the main one.
    notes : tuple of Note
        What was dropped, assumed or extrapolated.
    currency : str, optional
        Of the columns whose unit is "money".
    """

    fields: ClassVar[Mapping[str, Mapping[str, Field]]] = {}

    question: Value
    version: str
    headline: Message
    frames: Mapping[str, pd.DataFrame]
    notes: tuple[Note, ...] = ()
    currency: str | None = None

    @property
    def caveat(self) -> Note | None:
        """The one note that changes how the figures are to be read, if there is any: the first that is no mere rule."""
        return next((note for note in self.notes if note.level != "info"), None)

    @property
    def table(self) -> pd.DataFrame:
        """The main table, tidy; a copy that may be changed freely."""
        return self.frame("table")

    def frame(self, name: str) -> pd.DataFrame:
        """Return one of the answer's tables; changing it leaves the answer as it is (copy on write)."""
        return self.frames[name].copy(deep=False)

    def shown(self, name: str, language: str) -> pd.DataFrame:
        """Return one of the tables with its sentences in a reader's language."""
        return self.frame(name)

    def chart(self, look: Look | None = None) -> Any:
        """Return the answer as an Altair chart for a reader's language and theme."""
        raise NotImplementedError

    def text(self, language: str = "en") -> str:
        """Return headline and notes as plain text."""
        return "\n".join([self.headline.text(language), *(f"- {n.message.text(language)}" for n in self.notes)])

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = self.chart()._repr_mimebundle_(**kwargs)
        data, meta = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**data, "text/plain": f"{self.text()}\n\n{self.table.to_string()}"}, meta

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.headline.text()}>"
