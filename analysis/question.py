"""A question is a frozen value; running it on tables gives a frozen answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

from analysis.answer import Answer
from analysis.tables import Tables
from analysis.values import Filter, Value, a, optional


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
            The tables lack what the question needs.
        QuestionError
            The question names things the tables do not hold.
        """
        for table, columns in self.needs.items():
            tables.require(table, *columns)
        return self._answer(tables)

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
