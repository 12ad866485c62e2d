"""The frozen answer to a question: a headline, a tidy table, notes, a chart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import pandas as pd

from analysis.charts import AnyChart, Look, Plot
from analysis.fields import Field, Fields, Figure, described
from analysis.messages import Message, begun
from analysis.names import DisplayNames
from analysis.people import Grouping
from analysis.values import Value


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
    names : DisplayNames
        What people call the codes in it.
    said : mapping of str to Message
        What the answer itself names in columns of :data:`analysis.charts.SAID`, in words: a step of several events,
        a rule set of somebody's own.
    """

    fields: ClassVar[Fields] = described()
    figures: ClassVar[tuple[Figure, ...]] = ()
    """By what two answers of its kind are compared; the first is what a comparison speaks of."""

    question: Value
    version: str
    headline: Message
    frames: Mapping[str, pd.DataFrame]
    notes: tuple[Note, ...] = ()
    currency: str | None = None
    names: DisplayNames = field(default_factory=DisplayNames)
    said: Mapping[str, Message] = field(default_factory=dict)

    @property
    def caveat(self) -> Note | None:
        """The one note that changes how the figures are to be read, if there is any: the first that is no mere rule."""
        return next((note for note in self.notes if note.level != "info"), None)

    @property
    def people(self) -> tuple[Grouping, ...]:
        """Whoever stands in its rows, each to be kept as a segment; nobody where it counts no people."""
        return (self.question,) if isinstance(self.question, Grouping) else ()

    @property
    def table(self) -> pd.DataFrame:
        """The main table, tidy; a copy that may be changed freely."""
        return self.frame("table")

    @property
    def nbytes(self) -> int:
        """What its tables hold in memory, in bytes."""
        return sum(int(frame.memory_usage(deep=True).sum()) for frame in self.frames.values())

    def frame(self, name: str) -> pd.DataFrame:
        """Return one of the answer's tables; changing it leaves the answer as it is (copy on write)."""
        return self.frames[name].copy(deep=False)

    def plot(self, name: str, look: Look) -> Plot:
        """Return how one of the tables is drawn: titles, formats, tooltips and names from its fields."""
        fields = self.fields[name]
        codes = {column: self.column_of(own) for column, own in fields.items()}
        return Plot(replace(look, names=self.names), fields, self.currency, codes, self.said)

    def shown(self, name: str, language: str) -> pd.DataFrame:
        """Return one of the tables with its sentences in a reader's language."""
        return self.frame(name)

    def chart(self, look: Look | None = None) -> AnyChart:
        """Return the answer as an Altair chart for a reader's language and theme."""
        return self._chart(replace(look or Look(), names=self.names))

    def _chart(self, look: Look) -> AnyChart:
        raise NotImplementedError

    def say(self, message: Message, language: str = "en") -> str:
        """Return one of the answer's sentences in a reader's language, codes by their names."""
        return begun(message.text(language, self.names))

    def text(self, language: str = "en") -> str:
        """Return headline and notes as plain text."""
        return "\n".join(
            [self.say(self.headline, language), *(f"- {self.say(n.message, language)}" for n in self.notes)]
        )

    def column_of(self, field: Field) -> str | None:
        """Return the column of the data whose codes a field holds, if it holds any."""
        if field.of is None:
            return None
        # A question about a funnel has its own fields, and the funnel's.
        funnel = getattr(self.question, "funnel", self.question)
        found = getattr(self.question, field.of, getattr(funnel, field.of, field.of))
        return found if isinstance(found, str) else None

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle: Any = self.chart()._repr_mimebundle_(**kwargs)
        data, meta = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**data, "text/plain": f"{self.text()}\n\n{self.table.to_string()}"}, meta

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.say(self.headline)}>"
