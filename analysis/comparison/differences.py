"""What differs between two questions, setting by setting?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from analysis.comparison.settings import KINDS, PARTS, SETTINGS, days, setting
from analysis.messages import Message, Names, say
from analysis.question import Question
from analysis.values import Filter, Value


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting in which two questions differ, and what stands in it on each side."""

    label: Message
    left: Message
    right: Message

    @property
    def said(self) -> Message:
        """The whole difference in words, such as "Window: 7 days → 14 days"."""
        return say("{label}: {left} → {right}", label=self.label, left=self.left, right=self.right)

    @property
    def sides(self) -> tuple[Message, Message]:
        """What each side is called by it."""
        left, right = (say("{label}: {held}", label=self.label, held=held) for held in (self.left, self.right))
        return left, right


def differences(left: Question, right: Question) -> tuple[Difference, ...]:
    """Return in which settings two questions differ.

    Parameters
    ----------
    left, right : Question
        Of two kinds, only the kind and the filter are compared.

    Examples
    --------
    >>> from analysis import Filter, Funnel
    >>> one = Funnel(steps=("view", "cart"), where=Filter(campaign="Double 11 2025"))
    >>> other = one.replace(steps=("view", "purchase"), where=Filter(campaign="Double 11 2026"))
    >>> [each.said.text() for each in differences(one, other)]
    ['Campaign: Double 11 2025 → Double 11 2026', 'Step 2: cart → purchase']
    """
    if left.kind == right.kind:
        return tuple(dict.fromkeys(_of_values(left, right)))
    kinds = (say(KINDS[side.kind]) for side in (left, right))
    return Difference(say("Question"), *kinds), *_of_values(left.where or Filter(), right.where or Filter())


def restrictions(where: Filter | None) -> tuple[Message, ...]:
    """Return in words what a filter keeps, column by column.

    Examples
    --------
    >>> from analysis import Filter
    >>> [each.text() for each in restrictions(Filter(device="ios", start="2026-11-01"))]
    ['Days looked at: 2026-11-01 – …', 'Device: ios']
    """
    return tuple(each.sides[1] for each in _of_filters(Filter(), where or Filter(), ""))


def _of_values(left: Value, right: Value, part: str = "") -> Iterator[Difference]:
    """Yield the differences of two values of one kind; `part` says which part of the question they are."""
    if isinstance(left, Filter) and isinstance(right, Filter):
        yield from _of_filters(left, right, part)
        return
    for name in (each.name for each in fields(left)):  # type: ignore[arg-type]
        one, other = getattr(left, name), getattr(right, name)
        if one == other:
            continue
        if name == "where" or _alike(one, other):
            yield from _of_values(one or Filter(), other or Filter(), PARTS.get(name, part))
        elif name == "steps" and len(one) == len(other):
            yield from _of_steps(one, other)
        else:
            own = setting(left.kind, name)
            words, others = own.words(one, left), own.words(other, right)
            # What has the same name and is not the same, such as two rule sets, is told apart.
            others = say("{held}, but set otherwise", held=others) if others == words else others
            yield Difference(_labelled(say(own.label), part), words, others)


def _alike(one: object, other: object) -> bool:
    """Say whether two values are of one kind whose settings have names of their own."""
    return isinstance(one, Value) and type(one) is type(other) and one.kind != "rule-set"


def _of_steps(left: tuple[Any, ...], right: tuple[Any, ...]) -> Iterator[Difference]:
    own = setting("funnel", "steps")
    for n, (step, other) in enumerate(zip(left, right, strict=True), 1):
        if step != other:
            yield Difference(say("Step {n}", n=n), own.words((step,)), own.words((other,)))


def _of_filters(left: Filter, right: Filter, part: str) -> Iterator[Difference]:
    """Yield in which columns and days two filters differ."""
    if (left.start, left.end) != (right.start, right.end):
        both = (days(side.start, side.end) for side in (left, right))
        yield Difference(_labelled(say("Days looked at"), part), *both)
    kept = left.columns(), right.columns()
    for column in dict.fromkeys([*kept[0], *kept[1]]):
        one, other = (side.get(column, ()) for side in kept)
        if one != other:
            known = column in SETTINGS
            label = say(SETTINGS[column].label) if known else say("{name}", name=column)
            words = (say("{names}", names=Names(names, column)) if names else say("All") for names in (one, other))
            yield Difference(_labelled(label, part), *words)


def _labelled(label: Message, part: str) -> Message:
    return say("{part}, {label}", part=say(part), label=label) if part else label
