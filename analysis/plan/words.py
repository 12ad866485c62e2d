"""What is said of goals: the headline and the caveats, from plain facts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from analysis.answer import Note
from analysis.estimates import LEVEL
from analysis.messages import Message, Name, Names, Share, figure, say
from analysis.plan.forecast import LEAST, OTHERWISE
from analysis.plan.stood import Stood


def headline(found: Sequence[Stood]) -> Message:
    """Return how many goals are reached, and which is furthest off."""
    told = [one for one in found if one.state != "unknown"]
    if not told:
        return say("Of {n} goals nothing can be told yet: {why}", n=len(found), why=found[0].why or "")
    over, open_ = [one for one in told if one.over], [one for one in told if not one.over]
    if not over:
        return _of(min(open_, key=lambda one: one.chance))
    reached = sum(one.state == "reached" for one in over)
    first = say("Goals reached: {n} of {all}.", n=reached, all=len(over))
    worst = min(open_, key=lambda one: one.chance) if open_ else _furthest(over)
    return say("{one} {other}", one=first, other=_of(worst)) if worst else first


def _furthest(over: Sequence[Stood]) -> Stood | None:
    missed = [one for one in over if one.state == "missed"]
    return min(missed, key=lambda one: one.progress(float(one.now.value))) if missed else None


def _of(one: Stood) -> Message:
    facts = {"goal": Name(one.goal.name, "goal"), "now": figure(one.unit, float(one.now.value), one.currency),
             "target": figure(one.unit, one.target, one.currency), "date": one.date}  # fmt: skip
    if one.ahead is None:
        return say("Furthest off is {goal}: {now}, where {target} was aimed at by {date}.", **facts)
    low, high = (figure(one.unit, float(bound), one.currency) for bound in one.ahead.at[1:])
    then = figure(one.unit, float(one.ahead.at.value), one.currency)
    said = say("{goal} stands at {now} and is forecast at {then} (95% {low} to {high}) by {date}, where {target} is "
               "aimed at: the chance is {chance}.", **facts, then=then, low=low, high=high,
               chance=Share(one.chance))  # fmt: skip
    if one.state == "unlikely":
        return say("{what} Change the plan, or the goal.", what=said)
    return said


def standing(one: Stood) -> Message:
    """Return where a goal stands, as it is written beside its bar."""
    if one.state == "unknown" and np.isnan(one.now.value):
        return say("not known yet")
    now, target = (figure(one.unit, each, one.currency) for each in (float(one.now.value), one.target))
    if np.isnan(one.target):
        return say("{now}", now=now)
    if np.isnan(one.chance) or one.over:
        return say("{now} of {target}", now=now, target=target)
    return say("{now} of {target}, chance {chance}", now=now, target=target, chance=Share(one.chance))


def not_forecast(code: str, seen: int) -> Message:
    """Return why a figure cannot be forecast."""
    if code == "few-days":
        return say("Only {n} days have been seen; a forecast needs {least}.", n=seen, least=LEAST)
    if code == "nothing-yet":
        return say("On most days so far there was nothing of it, so nothing can be foretold.")
    return say("Days of another kind are still to come (a phase, a peak), and neither this campaign nor the one before "
               "tells what they bring.")  # fmt: skip


def notes(found: Sequence[Stood], *, written: bool) -> Iterator[Note]:
    """Yield what cannot be told, what a forecast rests on, and the rules."""
    if not written:
        text = say("No goal is written down yet, so the plan's own three are shown. Write yours down on Records, or "
                   "take a figure of any answer for one.")  # fmt: skip
        yield Note("plans-own", text, "warning")
    for one in found:
        if one.why is not None:
            text = say("{goal}: {why}", goal=Name(one.goal.name, "goal"), why=one.why)
            yield Note("not-told", text, "missing")
    yield from dict.fromkeys(note for one in found for note in one.notes)
    if borrowed := sorted({kind for one in found if one.ahead for kind in one.ahead.borrowed}):
        text = say("What {kinds} bring is taken from the campaign before, give or take {share}: they have not begun. "
                   "The forecast gets much closer once they have.", kinds=Names(tuple(borrowed), "phase"),
                   share=Share(OTHERWISE[0]))  # fmt: skip
        yield Note("borrowed", text, "warning")
    unsure = [one.goal.name for one in found if one.over and one.now.low < one.target < one.now.high]
    if unsure:
        text = say("Within chance of the target, on either side: {goals}.", goals=Names(tuple(unsure), "goal"))
        yield Note("within-chance", text)
    if any(one.ahead for one in found):
        text = say("Forecasts go by the days so far: their phase, their weekday, and how one day goes with the next. "
                   "The intervals are {level}%; tried on made-up campaigns, they held as often.",
                   level=round(100 * LEVEL))  # fmt: skip
        yield Note("forecast", text)
    yield Note("ready-figures", say("Each figure is that of its own question, for the days of the campaign."))
