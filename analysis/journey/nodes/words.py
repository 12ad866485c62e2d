"""What is said of touchpoints: the headline and the caveats, from plain facts."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from analysis.answer import Note
from analysis.charts import TOTAL
from analysis.estimates import SMALL
from analysis.messages import Message, Name, Names, Points, Share, say


def no_events() -> Message:
    """Return what is said where nobody is there under the filters."""
    return say("No events are left under these filters. Widen the dates or clear a filter.")


def headline(goal: str, table: pd.DataFrame) -> Message:
    """Return the touchpoint that goes with most, among those beyond chance where there are any."""
    known = table[(table["phase"] == TOTAL) & table["low"].notna()]
    if known.empty:
        return say("There is nobody comparable to set beside those who met a touchpoint. Try a shorter window.")
    clear = known[known["clear"]]
    best = (known if clear.empty else clear).sort_values("difference").iloc[-1]
    facts = {
        "node": Name(best["node"], "event"),
        "users": int(best["users"]),
        "goal": Name(goal, "event"),
        "share": Share(float(best["converted"])),
        "others": Share(float(best["others"])),
        "low": Points(float(best["low"])),
        "high": Points(float(best["high"])),
    }
    if clear.empty:
        return say(
            "No touchpoint stands out: even after {node} (n = {users}) {share} reach {goal} against {others} of "
            "comparable others, difference {low} to {high} percentage points.",
            **facts,
        )
    return say(
        "After {node}, {share} of {users} users reach {goal}; of comparable others {others}. "
        "Difference {low} to {high} percentage points.",
        **facts,
    )


def notes(goal: str, table: pd.DataFrame, *, waiting: int, dated: bool) -> tuple[Note, ...]:
    """Return what to know before reading on: association first, then who is few or missing, then the rules."""
    association = say("This is association: people who meet a touchpoint are there at that moment and may be keener to "
                      "begin with. Only an experiment can tell.")  # fmt: skip
    compared = say(
        "Whoever meets a touchpoint is set beside those whose day began alike (on the same day, in the same quarter "
        "of it, both new that day or both seen before) and who, as long after it began and as lately active, have "
        "neither met it nor reached {goal}. From that moment on both have the same time.",
        goal=Name(goal, "event"),
    )
    left_out = [*_missing(table), *_waiting(waiting), *_dated(dated)]
    return (Note("association", association, "warning"), *_small(table), *left_out, Note("comparison", compared))


def _small(table: pd.DataFrame) -> Iterator[Note]:
    """Name the touchpoints that few people met, then those that few met in a phase; who is few in all is named once."""
    few = table[(table["users"] > 0) & (table["users"] < SMALL)]
    named = few[few["phase"] == TOTAL]["node"]
    if len(named):
        said = say("Fewer than {n} people met: {nodes}. Read the interval, not the rate.", n=SMALL,
                   nodes=Names(tuple(named), "event"))  # fmt: skip
        yield Note("small-groups", said, "warning")
    for phase, own in few[~few["node"].isin(named)].groupby("phase", sort=False):
        said = say("Fewer than {n} people met in {phase}: {nodes}. Read the interval, not the rate.", n=SMALL,
                   phase=Name(str(phase), "phase"), nodes=Names(tuple(own["node"]), "event"))  # fmt: skip
        yield Note("small-groups", said, "warning")


def _missing(table: pd.DataFrame) -> Iterator[Note]:
    whole = table[table["phase"] == TOTAL]
    if none := whole[whole["low"].isna()]["node"].tolist():
        said = say("Not estimable for {nodes}: no meeting had comparable others beside it and a window that ends "
                   "before the data does.", nodes=Names(tuple(none), "event"))  # fmt: skip
        yield Note("not-estimable", said, "missing")
    if alone := int((whole["met"] - whole["users"])[whole["low"].notna()].sum()):
        said = say("{meetings} meetings are left out: nobody comparable was there.", meetings=alone)
        yield Note("nobody-comparable", said)


def _waiting(waiting: int) -> Iterator[Note]:
    if waiting:
        said = say("{meetings} meetings are left out: their window ends after the data.", meetings=waiting)
        yield Note("still-open", said)


def _dated(dated: bool) -> Iterator[Note]:
    if dated:
        said = say("Dates restrict when people are set beside each other; what they did before and conversions "
                   "after count too.")  # fmt: skip
        yield Note("entry-dates", said)
