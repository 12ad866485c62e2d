"""What is said of a campaign as a whole: the headline and the caveats, from plain facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from analysis.answer import Note
from analysis.messages import N_, Message, Names, Share, say
from analysis.messages import figure as in_unit
from analysis.overview.figures import FIGURES, Standing
from analysis.overview.goals import MISSED, Reached
from analysis.overview.parts import Parts

WOULD_ADD = "would-add"
"""Code of the note on what another export would add."""
ADDS = {
    "orders": N_("An export of orders would add revenue, order value, refunds and new buyers."),
    "spend": N_("An ad-spend report would add spend, ROI and where the next money earns most."),
    "events": N_("An event log would add conversion, where people drop off and who comes back."),
}
SIDES = {
    "all": N_("all that is looked at"),
    "alike": N_("days compared"),
    "before": N_("the same days of the campaign before"),
}


def written(figure: str, number: float, currency: str | None) -> Message:
    """Return a figure in its unit.

    Examples
    --------
    >>> written("conversion", 0.0464, None).text(), written("spend", 1234.5, "EUR").text()
    ('4.6%', '€1,234')
    """
    return in_unit(FIGURES[figure].unit, float(number), currency)


def headline(parts: Parts, found: Sequence[Standing], goals: Mapping[str, Reached], currency: str | None) -> Message:
    """Return what came in, and beside it what went worse or is short of its goal: no gain hides its cost."""
    answers = (parts.sales, parts.performance, parts.funnel, parts.growth)
    first = next((answer.headline for answer in answers if answer is not None), None)
    then = _apart(parts.apart) if parts.apart else _attention(found, goals, currency)
    if first is None:
        return then or say("There is too little here to tell how the campaign goes.")
    return say("{one} {other}", one=first, other=then) if then else first


def _apart(days: Mapping[str, tuple[str, str]]) -> Message:
    told = [say("{table} of {first} to {last}", table=say(table), first=first, last=last)
            for table, (first, last) in days.items()]  # fmt: skip
    return say("These figures are not of one time: {parts}. Bring exports of the same days before you set them side by "
               "side.", parts=Names(tuple(told), sign="; "))  # fmt: skip


def _attention(found: Sequence[Standing], goals: Mapping[str, Reached], currency: str | None) -> Message | None:
    worse = [one for one in found if one.better is False]
    if worse:
        told = [_then(one, currency) for one in worse[:3]]
        return say("Worse than before by more than chance explains: {figures}.", figures=Names(tuple(told), sign="; "))
    missed = [one for one in found if one.figure in goals and goals[one.figure].state in MISSED]
    if missed:
        one = max(missed, key=lambda one: abs(1 - goals[one.figure].reached))
        facts = {"figure": say(FIGURES[one.figure].label), "now": written(one.figure, float(one.now.value), currency),
                 "goal": written(one.figure, goals[one.figure].target, currency)}  # fmt: skip
        if goals[one.figure].state == "over":
            return say("Over its limit: {figure}, {now} of {goal}.", **facts)
        if goals[one.figure].state == "behind":
            return say("Behind its goal's pace: {figure}, {now} of {goal} with {share} of the days over.", **facts,
                       share=Share(goals[one.figure].elapsed))  # fmt: skip
        if len(missed) > 1:
            aimed = len(goals.keys() - {"spend"})  # a budget is a limit, no goal
            return say("Short of {n} of the {all} goals on this page, by most: {figure}, {now} where {goal} was aimed "
                       "at.", **facts, n=sum(one.figure != "spend" for one in missed), all=aimed)  # fmt: skip
        return say("Short of its goal: {figure}, {now} where {goal} was aimed at.", **facts)
    return None


def _then(one: Standing, currency: str | None) -> Message:
    return say("{figure} {now} (before: {then})", figure=say(FIGURES[one.figure].label),
               now=written(one.figure, one.alike, currency), then=written(one.figure, one.then, currency))  # fmt: skip


def notes(parts: Parts, found: Sequence[Standing], unread: Sequence[str], absent: Sequence[str]) -> Iterator[Note]:
    """Yield what the figures' own questions warn of, which goals are about no figure here, and the rules.

    Parameters
    ----------
    parts : Parts
    found : sequence of Standing
    unread : sequence of str
        Names of goals that are about no figure of Home, or about another day.
    absent : sequence of str
        Tables that are not there.
    """
    if absent:
        yield Note(WOULD_ADD, say("{parts}", parts=Names(tuple(say(ADDS[table]) for table in absent), sign=" ")))
    seen = [note.message for note in parts.notes]
    for answer in (parts.sales, parts.performance):
        for note in answer.notes if answer is not None else ():
            if note.level == "warning" and note.message not in seen:
                yield note
                seen.append(note.message)
    if unread:
        yield Note(
            "goals-elsewhere", say("The page Plan tells of further goals: {names}.", names=Names(tuple(unread), "goal"))
        )
    if any(np.isfinite(one.then) for one in found):
        text = say("Figures are set beside the same days of the campaign before. An arrow stands where chance does not "
                   "explain the change: of all arrows, at most one in twenty is chance after all.")  # fmt: skip
        yield Note("beside", text)
    text = say("Each figure is that of its own question, which says how it is counted. ROI is all realised revenue "
               "over spend; what platforms claim over spend is ROAS, what a model credits to a channel over its spend "
               "is attributed ROI.")  # fmt: skip
    yield Note("own-questions", text)
