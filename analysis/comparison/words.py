"""What a comparison found, in words: the headline, what differs between the questions, and how far to trust it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from analysis.answer import Answer, Note
from analysis.charts import TOTAL
from analysis.comparison.differences import Difference
from analysis.messages import N_, Message, Names, Points, figure, say

MOST = 12
"""Differences between two questions that are told one by one."""


class Found(NamedTuple):
    """The figure that a comparison speaks of: what it is, of whom, on both sides, and how far apart."""

    label: Message
    row: Message
    unit: str
    currency: str | None
    left: float
    right: float
    people: tuple[int | None, int | None]
    bounds: tuple[float, float]

    @property
    def by(self) -> float:
        """The right's less the left's."""
        return self.right - self.left


def sides(differ: Sequence[Difference]) -> tuple[Message, Message]:
    """Return what the sides are called: by what differs, where that is one thing."""
    return differ[0].sides if len(differ) == 1 else (say("left"), say("right"))


def apart_by(unit: str) -> str:
    """Return the unit of a difference of figures."""
    return "points" if unit == "share" else unit


def headline(found: Found | None, differ: Sequence[Difference], same: Message) -> Message:
    """Say how far the figures are apart, and whether chance explains it.

    Parameters
    ----------
    found : Found, optional
        None where no row has the figure on both sides.
    differ : sequence of Difference
        Nothing where both sides ask the same.
    same : Message
        What the left's answer says.
    """
    if not differ:
        return say("Both sides ask the same: {headline}", headline=same)
    if found is None:
        return say("Nothing can be subtracted: no row has the figure on both sides.")
    left, right = sides(differ)
    label = found.label if found.row.id == TOTAL else say("{label}, {row}", label=found.label, row=found.row)
    one, other = (_of(found, value, n)
                  for value, n in zip((found.left, found.right), found.people, strict=True))  # fmt: skip
    return say("{label}: {right} ({right_side}) against {left} ({left_side}): {verdict}.", label=label, right=other,
               right_side=right, left=one, left_side=left, verdict=_verdict(found))  # fmt: skip


def _of(found: Found, value: float, n: int | None) -> Message:
    said = figure(found.unit, value, found.currency)
    return said if n is None else say("{share} of {users} users", share=said, users=n)


def _verdict(found: Found) -> Message:
    low, high = found.bounds
    unit = apart_by(found.unit)
    many = say("{n} percentage points", n=Points(abs(found.by))) if unit == "points" else figure(
        unit, abs(found.by), found.currency)  # fmt: skip
    if np.isnan(low) or np.isnan(high):
        if found.by == 0:
            return say("no difference")
        return say("{many} more", many=many) if found.by > 0 else say("{many} less", many=many)
    if low <= 0 <= high:
        return say("no difference that chance would not explain (95% interval {low} to {high})",
                   **_bounds(found, low, high))  # fmt: skip
    if found.by > 0:
        return say("{many} more (95% interval {low} to {high})", many=many, **_bounds(found, low, high))
    return say("{many} less (95% interval {low} to {high})", many=many, **_bounds(found, -high, -low))


def _bounds(found: Found, low: float, high: float) -> dict[str, object]:
    """Return both bounds; of points only the numbers, as the sentence's first figure names them."""
    if apart_by(found.unit) == "points":
        return {"low": Points(low), "high": say("{n} percentage points", n=Points(high))}
    return {name: figure(found.unit, bound, found.currency) for name, bound in (("low", low), ("high", high))}


def two_kinds(left: Message, right: Message, alike: bool) -> Message:
    """Say that there is nothing to subtract."""
    if alike:
        return say("Both sides count different things: there is nothing to subtract.")
    return say("Two different questions, {left} and {right}: there is nothing to subtract.", left=left, right=right)


def what_differs(differ: Sequence[Difference]) -> Iterator[Note]:
    """Say what differs between the questions, each thing on its own."""
    for each in differ[:MOST]:
        yield Note("differs", each.said)
    if len(differ) > MOST:
        yield Note("differs", say("And {n} more settings differ.", n=len(differ) - MOST))


LEFT, RIGHT = N_("Left: {headline}"), N_("Right: {headline}")


def each_side(left: Answer, right: Answer) -> Iterator[Note]:
    """Say what each side found, and its caveats; what both sides warn of once."""
    yield Note("left", say(LEFT, headline=left.headline))
    yield Note("right", say(RIGHT, headline=right.headline))
    one, other = ([note for note in side.notes if note.level != "info"] for side in (left, right))
    yield from (note for note in one if note in other)
    for text, own, its in ((LEFT, one, other), (RIGHT, other, one)):
        yield from (Note(note.code, say(text, headline=note.message), note.level) for note in own if note not in its)


def trust(by: Message | None, known: bool, bounded: bool, different: bool) -> Iterator[Note]:
    """Say how sure the differences are.

    Parameters
    ----------
    by : Message, optional
        What keeps the sides' rows apart; None where the same may be on both.
    known : bool
        Whether there is any difference to speak of.
    bounded : bool
        Whether any difference has an interval.
    different : bool
        Whether the questions differ at all.
    """
    if not known or not different:
        return
    if by is None:
        text = say("The same people or rows stand on both sides, or some of them do: the differences have no interval. "
                   "Set dates, campaigns, channels, devices or segments that do not overlap to get one.")  # fmt: skip
        yield Note("same-people", text, "warning")
    elif not bounded:
        text = say("These figures have no interval on one side or the other: whether chance explains a difference "
                   "cannot be told.")  # fmt: skip
        yield Note("no-interval", text, "warning")
    else:
        text = say(
            "The sides are kept apart by {by}. The interval of a difference is made of both sides' intervals and takes "
            "the sides as independent; a user may be on both, which was not checked.",
            by=by,
        )
        yield Note("independent", text)


def other_rows(names: Sequence[Message], of: int) -> Iterator[Note]:
    """Say which rows differ beyond chance, where there are several."""
    if of < 2:
        return
    if not names:
        yield Note("rows", say("Of {n} rows on both sides none differs by more than chance explains, allowing for how "
                               "many were looked at.", n=of))  # fmt: skip
        return
    text = say(
        "Of {n} rows on both sides, these differ by more than chance explains, allowing for how many were looked at: "
        "{rows}.",
        n=of, rows=Names(tuple(names[:MOST])),
    )  # fmt: skip
    yield Note("rows", text)
