"""What a funnel's steps and exclusions are made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import Any

from analysis.errors import QuestionError
from analysis.messages import Message, Names, say
from analysis.values import Metadata, Value, Wanted, conditions, flag, is_text, names, optional, value, whole

STEPS_AT_MOST, EXCLUSIONS_AT_MOST = 20, 10


@value("step")
class Step(Value):
    """One step of a funnel: an event, or any of several, that meets conditions.

    Parameters
    ----------
    events : str or sequence of str
    where : mapping of str to str or sequence of str
        Text columns of the events and the values that count.
    optional : bool
        The step may be skipped. The first and the last step may not.

    Examples
    --------
    >>> Step("view", where={"device": "android"})
    Step('view', where={'device': 'android'})
    >>> Step(("cart", "favorite"))
    Step(('cart', 'favorite'))
    """

    events: tuple[str, ...] = field(metadata=names(at_least=1, at_most=50), kw_only=False)
    where: Wanted = field(default=(), metadata=conditions())
    optional: bool = field(default=False, metadata=flag())

    @property
    def name(self) -> str:
        """The step as people write it: its events, then what they must meet."""
        events = "/".join(self.events)
        met = ", ".join(f"{column}={'/'.join(kept)}" for column, kept in self.where)
        return f"{events} ({met})" if met else events

    @property
    def said(self) -> Message:
        """The step in words: its events and what they must meet by the names that people have for them."""
        return _said(self)

    def __repr__(self) -> str:
        return f"Step({_call(self)}{', optional=True' if self.optional else ''})"


@value("exclusion")
class Exclusion(Value):
    """An event that ends a chain when it comes between two of its steps.

    Parameters
    ----------
    events : str or sequence of str
    where : mapping of str to str or sequence of str
        As for a step.
    after, before : int, optional
        Between which steps, counted from one; by default between the first and the last.

    Examples
    --------
    >>> Exclusion("refund", after=2)
    Exclusion('refund', after=2)
    """

    events: tuple[str, ...] = field(metadata=names(at_least=1, at_most=50), kw_only=False)
    where: Wanted = field(default=(), metadata=conditions())
    after: int = field(default=1, metadata=whole(least=1, most=STEPS_AT_MOST))
    before: int | None = field(default=None, metadata=optional(whole(least=1, most=STEPS_AT_MOST)))

    @property
    def said(self) -> Message:
        """Its events and what they must meet by the names that people have for them."""
        return _said(self)

    def __repr__(self) -> str:
        after = f", after={self.after}" if self.after > 1 else ""
        before = f", before={self.before}" if self.before else ""
        return f"Exclusion({_call(self)}{after}{before})"


def _call(of: Step | Exclusion) -> str:
    """Return the arguments that steps and exclusions share, written the short way."""
    events = repr(of.events[0] if len(of.events) == 1 else of.events)
    where = {column: kept[0] if len(kept) == 1 else kept for column, kept in of.where}
    return f"{events}, where={where!r}" if where else events


def _said(of: Step | Exclusion) -> Message:
    events = Names(of.events, "event", sign="/")
    if not of.where:
        return say("{events}", events=events)
    met = [say("{column}={kept}", column=column, kept=Names(kept, column, sign="/")) for column, kept in of.where]
    return say("{events} ({met})", events=events, met=Names(tuple(met)))


def steps() -> Metadata:
    """Two or more steps; one that is only an event's name is stored as that name."""

    def check(name: str, got: Any) -> tuple[str | Step, ...]:
        items = _items(name, got, Step)
        if len(items) < 2:
            raise QuestionError.field(name, got, say("it needs {n} or more names.", n=2))
        if len(items) > STEPS_AT_MOST:
            raise QuestionError.field(name, got, say("it takes at most {n} names.", n=STEPS_AT_MOST))
        return tuple(_plain(item) if isinstance(item, Step) else item for item in items)

    return {"check": check}


def exclusions() -> Metadata:
    """Exclusions; an event's name or a step stands for one between the first and the last step."""

    def check(name: str, got: Any) -> tuple[Exclusion, ...]:
        items = _items(name, got, Exclusion)
        if len(items) > EXCLUSIONS_AT_MOST:
            raise QuestionError.field(name, got, say("it takes at most {n} names.", n=EXCLUSIONS_AT_MOST))
        return tuple(Exclusion((item,)) if isinstance(item, str) else item for item in items)

    return {"check": check}


def _items(name: str, got: Any, kind: type[Value]) -> tuple[Any, ...]:
    items = (got,) if isinstance(got, str | kind) else tuple(got) if isinstance(got, Iterable) else None
    if items is None or not all(isinstance(item, kind) or is_text(item) for item in items):
        raise QuestionError.field(name, got, say("it must be a list of {kind}.", kind=Names(("str", kind.__name__))))
    return items


def _plain(step: Step) -> str | Step:
    return step.events[0] if step == Step(step.events[:1]) else step


def as_step(step: str | Step) -> Step:
    """Return a step as stored in a funnel in its full form."""
    return Step((step,)) if isinstance(step, str) else step


def called(step: str | Step) -> str:
    """Return what a step as stored in a funnel is called in tables and files."""
    return step if isinstance(step, str) else step.name
