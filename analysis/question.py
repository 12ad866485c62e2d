"""A question is a frozen value; running it on tables gives a frozen answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, ClassVar

from analysis.answer import Answer
from analysis.errors import DataError
from analysis.messages import say
from analysis.tables import MOST_NAMES, Tables
from analysis.values import Filter, Value, a, optional
from analysis.vocabulary import TABLES


@dataclass(frozen=True, kw_only=True, repr=False)
class Question(Value):
    """Base of every question.

    Subclasses are made with :func:`analysis.values.value`, name the columns they need, and implement
    `_answer`. Tables are passed to :meth:`run` as they are: `where` belongs to the question.

    Parameters
    ----------
    where : Filter, optional
        Which rows to look at; all of them without one.
    """

    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({})

    where: Filter | None = field(default=None, metadata=optional(a(Filter)))

    def run(self, tables: Tables) -> Answer:
        """Answer the question.

        Parameters
        ----------
        tables : Tables

        Returns
        -------
        Answer
            Frozen; each question has its own kind of answer.

        Raises
        ------
        DataError
            The tables lack what the question needs, or a filter names values that they do not hold.
        QuestionError
            The question names things the tables do not hold.
        """
        for table, columns in self.needs.items():
            tables.require(table, *columns)
        for each in fields(self):
            if isinstance(where := getattr(self, each.name), Filter):
                _known(where, tables)
        return replace(self._answer(tables), names=tables.display)

    def _answer(self, tables: Tables) -> Answer:
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True, repr=False)
class Segmentation(Question):
    """Base of questions that put every user into a group: the groups can be saved as a segment."""

    def members(self, tables: Tables) -> Any:
        """Return one row per user as an Arrow table: user_id, stage.

        Raises
        ------
        DataError
            The tables lack what the question needs.
        """
        raise NotImplementedError


def _known(where: Filter, tables: Tables) -> None:
    """Raise if a filter names values that no table holds; a column that no table has is the question's to say."""
    of_text = {column for table in TABLES if tables.count(table) for column in tables.texts(table)}
    for column, kept in where.columns().items():
        known = tables.names(column) if column in of_text else ()
        unknown = tuple(name for name in kept if name not in known)
        if unknown and known and len(known) < MOST_NAMES:
            raise DataError.unknown(say(column), unknown, known)
