"""A question is a frozen value; running it on tables gives a frozen answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import ClassVar, Self

from analysis.answer import Answer, Note
from analysis.errors import DataError
from analysis.messages import N_, Message, say
from analysis.people import Grouping
from analysis.tables import MOST_NAMES, Tables
from analysis.values import Filter, Value, a, optional
from analysis.vocabulary import TABLES


@dataclass(frozen=True, kw_only=True, repr=False)
class Question(Value):
    """Base of every question.

    Subclasses are made with :func:`analysis.values.value`, say in words what they ask (`title`, marked with `N_`), name
    the columns they need, and implement `_answer`. Tables are passed to :meth:`run` as they are: `where` belongs to
    the question.

    Parameters
    ----------
    where : Filter, optional
        Which rows to look at; all of them without one.
    """

    title: ClassVar[str]
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({})
    planned: ClassVar[bool] = False
    """Whether its answer changes with what the team plans (goals, tasks, lessons), which no other figure does."""
    of_all: ClassVar[bool] = False
    """Whether it looks across campaigns, or at all that people ever did, on purpose: it begins with none chosen."""

    where: Filter | None = field(default=None, metadata=optional(a(Filter)))

    @property
    def heavy(self) -> bool:
        """Whether an answer takes the processor for a second or so: a server works on one of these at a time."""
        return False

    @property
    def whole(self) -> bool:
        """Whether all days are looked at where its filter names none; else it settles by itself which."""
        return not self.planned

    def version_of(self, tables: Tables) -> str:
        """Return the version of what its answer is of: of the data, with the plan where that counts."""
        return tables.planned if self.planned else tables.version

    def filtered(self, where: Filter | None) -> Self:
        """Return the question with a filter, where it has none of its own."""
        return self if self.where else self.replace(where=where)

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
        WorkspaceError
            The file that they lie in is damaged.
        """
        with tables.reading():
            for lacking in self.lacks(tables):
                raise lacking
            for each in fields(self):
                if isinstance(where := getattr(self, each.name), Filter):
                    _known(where, tables)
            answer = self._answer(tables)
        return replace(answer, names=tables.display, notes=(*self._told(tables), *answer.notes))

    def _told(self, tables: Tables) -> tuple[Note, ...]:
        """Return what is to be said of every question of what it tells people apart by."""
        return _later(self, tables)

    @classmethod
    def lacks(cls, tables: Tables) -> tuple[DataError, ...]:
        """Return what the tables do not have of what questions of this kind need; nothing where they can be asked.

        Parameters
        ----------
        tables : Tables
        """
        found = []
        for table, columns in cls.needs.items():
            try:
                tables.require(table, *columns)
            except DataError as error:
                found.append(error.with_traceback(None))  # where it was raised, the tables would be held by it
        return tuple(found)

    @classmethod
    def suggested(cls, tables: Tables) -> Self:
        """Return the question of this kind that tables suggest: the one to begin with.

        Parameters
        ----------
        tables : Tables

        Raises
        ------
        DataError
            The tables hold nothing of this kind to ask about.
        """
        return cls()

    @classmethod
    def opening(cls, tables: Tables) -> Self:
        """Return what a page, or a cell of a notebook, of this kind begins with.

        That is the question :meth:`suggested`, of the current campaign unless the kind is `of_all`.

        Parameters
        ----------
        tables : Tables

        Raises
        ------
        DataError
            The tables hold nothing of this kind to ask about.
        """
        return cls.suggested(tables).replace(where=None if cls.of_all else tables.current())

    def _answer(self, tables: Tables) -> Answer:
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True, repr=False)
class Segmentation(Question, Grouping):
    """Base of questions that put every user into a group: the groups can be saved as a segment."""

    @property
    def words(self) -> Message:
        """What tells its people: the question."""
        return say(self.title)


def _later(question: Question, tables: Tables) -> tuple[Note, ...]:
    """Warn where people are told apart by where they stood after they were first counted: that says it of itself."""
    start = question.where.start if question.where else None
    told = _told_apart_by(question)
    late = {name: day for name, day in tables.dated.items() if name in told and (start is None or start <= day)}
    text = N_("{name} says where people stood at the end of {day}. Who is counted from earlier on may be in it for "
              "what they did then: set the first date after {day}.")  # fmt: skip
    return tuple(Note("later-segment", say(text, name=name, day=day), "warning") for name, day in late.items())


def _told_apart_by(question: Question) -> set[str]:
    """Return the columns by which a question tells people apart, those of the questions it asks included."""
    found = set[str]()
    for each in fields(question):
        held = getattr(question, each.name)
        if isinstance(held, Filter):
            found |= held.columns().keys()
        elif isinstance(held, Question):
            found |= _told_apart_by(held)
        elif each.name in ("breakdown", "by", "hold"):
            found |= {held} if isinstance(held, str) else set(held or ())
    return found


def _known(where: Filter, tables: Tables) -> None:
    """Raise if a filter names values that no table holds; a column that no table has is the question's to say."""
    of_text = {column for table in TABLES if tables.count(table) for column in tables.texts(table)}
    for column, kept in where.columns().items():
        known = tables.names(column) if column in of_text else ()
        unknown = tuple(name for name in kept if name not in known)
        if unknown and known and len(known) < MOST_NAMES:
            raise DataError.unknown(say(column), unknown, known)
