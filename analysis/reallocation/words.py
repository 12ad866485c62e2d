"""How is a simulation put into words: the headline, and what it rests on?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.answer import Note
from analysis.arrays import Bools
from analysis.messages import Message, Money, Names, Share, say
from analysis.reallocation.money import CENTS
from analysis.reallocation.play import Played, alarms, found, interval
from analysis.reallocation.setting import Setting


def headline(played: Played, table: pd.DataFrame) -> Message:
    """Return the sentence with the gain; where its interval holds zero, it says that nothing can be shown."""
    policies = {row["policy"]: row for row in table.to_dict("records")}
    row, unit = policies["rules"], played.given.currency
    if not played.moves.moved.any() and not played.moves.released.any():
        return say(
            "In simulation the rules moved nothing in {runs} runs, so they earn what the fixed split does.",
            runs=played.runs,
        )
    params: dict[str, object] = {
        "gain": Money(float(row["gain"]), unit),
        "low": Money(float(row["gain_low"]), unit),
        "high": Money(float(row["gain_high"]), unit),
        "base": Money(float(policies["fixed"]["revenue"]), unit),
        "share": Share(float(row["share_of_runs_better"])),
        "runs": played.runs,
        "parts": _parts(played),
    }
    if np.isnan(row["gain_low"]):
        return say("In simulation, moving budget by the rules earns {gain} more than the fixed split of the whole "
                   "budget, {base}, in every run: {parts}.", **params)  # fmt: skip
    if row["gain_low"] > 0:
        return say("In simulation, moving budget by the rules earns {gain} ({low} to {high}) more than the fixed split "
                   "of the whole budget, {base}: {parts}. Better in {share} of {runs} runs.", **params)  # fmt: skip
    if row["gain_high"] < 0:
        params |= {"gain": Money(-float(row["gain"]), unit), "low": Money(-float(row["gain_high"]), unit)}
        params |= {"high": Money(-float(row["gain_low"]), unit)}
        return say("In simulation, the rules lose {gain} ({low} to {high}) against the fixed split of the whole "
                   "budget, which earns {base}: {parts}. Better in {share} of {runs} runs.", **params)  # fmt: skip
    return say("In simulation no difference between the rules and the fixed split of the whole budget, which earns "
               "{base}, can be shown: {gain} ({low} to {high}) on average over {runs} runs ({parts}).",
               **params)  # fmt: skip


def _parts(played: Played) -> Message:
    """Say what the gain is made of: one split before the first hour, holding a reserve, and the rest."""
    unit = played.given.currency
    split, reserve, watching = (float(own.mean()) for own in played.parts.values())
    facts = {"split": Money(split, unit), "reserve": Money(reserve, unit), "watching": Money(watching, unit)}
    if not played.given.reserve:
        return say("{split} from splitting once by the curves, {watching} from moving money while it runs", **facts)
    return say("{split} from splitting once by the curves, {reserve} from holding the reserve back, {watching} from "
               "moving money while it runs", **facts)  # fmt: skip


def notes(played: Played) -> tuple[Note, ...]:
    """Say what the figures rest on."""
    simulated = say(
        "This is a simulated market built from the fitted curves: it shows how the rules behave if those curves, "
        "within their uncertainty, are right. It does not test the curves, and no competitor reacts."
    )
    notes = [Note("simulated", simulated, "warning"), _by_the_curves(played.given)]
    notes += _money_notes(played)
    notes += _surge_notes(played)
    limits = say(
        "Best within the limits moves the rules' own money in the same steps and above the same floors, but knows each "
        "run's curves and surges beforehand; best without limits also spends the reserve, whenever and wherever it "
        "earns most."
    )
    notes.append(Note("benchmarks", limits))
    notes += _assumed(played.given)
    notes += played.given.notes
    if played.accuracy > 1e-4:
        loose = say("The best within the limits is known to {share} of revenue only.", share=Share(played.accuracy))
        notes.append(Note("loose-oracle", loose, "warning"))
    return tuple(notes)


def _by_the_curves(given: Setting) -> Note:
    """Say what the budget page expects of the same plan."""
    text = say(
        "The curves alone expect {revenue} of this plan of {spend}, as Budget does; in the simulation shocks and each "
        "run's own truth come on top.",
        revenue=Money(given.expected, given.currency),
        spend=Money(float(given.plan.sum()) / CENTS, given.currency),
    )
    return Note("by-the-curves", text)


def _money_notes(played: Played) -> list[Note]:
    """Say how much of the gain comes from spending more, and what stayed where it was."""
    notes, unit = [], played.given.currency
    drawn = float(played.released.mean())
    if drawn >= 0.5 / CENTS:
        equal = played.total("rules") - played.same_money
        low, high = interval(equal)
        text = say(
            "The rules drew {drawn} of the reserve on average; the split that holds it back leaves it untouched. "
            "With the same money hour by hour in the fixed shares, the rules earn {gain} more ({low} to {high}).",
            drawn=Money(drawn, unit),
            gain=Money(float(equal.mean()), unit),
            low=Money(low, unit),
            high=Money(high, unit),
        )
        if np.isnan(low):
            text = say(
                "The rules drew {drawn} of the reserve on average; the split that holds it back leaves it untouched.",
                drawn=Money(drawn, unit),
            )
        notes.append(Note("equal-spend", text))
    elif played.given.reserve:
        text = say("The reserve of {amount} was never drawn: no run declared a surge worth it.",
                   amount=Money(played.given.reserve / CENTS, unit))  # fmt: skip
        notes.append(Note("reserve-unused", text))
    seen = played.given.observed * played.given.market.weight[:, None] + 1 / CENTS
    beyond: Bools = np.any(played.paths["rules"].spent / CENTS > seen, axis=(0, 1))
    names = tuple(name for name, far in zip(played.given.market.channels, beyond, strict=True) if far)
    if names:
        text = say(
            "In {channels} the rules spent at rates above any observed, up to {headroom} times; the curves are a guess "
            "there.",
            channels=Names(names, "channel"),
            headroom=played.given.market.settings.headroom,
        )
        notes.append(Note("extrapolated", text, "warning"))
    left = float(played.paths["rules"].unspent[:, -1].mean()) / CENTS
    if left > 0.001 * played.given.budget / CENTS:
        text = say("{amount} could not be spent on average: channels took up no more.", amount=Money(left, unit))
        notes.append(Note("not-taken-up", text, "warning"))
    return notes


def _surge_notes(played: Played) -> list[Note]:
    surges, declared, wrong = (int(part.sum()) for part in alarms(played))
    hits, waited = found(played)
    facts = {"runs": played.runs, "surges": surges, "declared": declared, "wrong": wrong, "found": int(hits.sum())}
    if not hits.any():
        return [Note("surges", say("{runs} runs had {surges} surges in all, and none was found; the rules declared "
                                   "{declared}, {wrong} of them without one.", **facts))]  # fmt: skip
    text = say("{runs} runs had {surges} surges in all, of which {found} were found while they were on, after {hours} "
               "hours on average; the rules declared {declared}, {wrong} of them without one.",
               hours=float(np.nanmean(waited)), **facts)  # fmt: skip
    return [Note("surges", text)]


def _assumed(given: Setting) -> list[Note]:
    """Say what was left out or assumed."""
    notes = []
    if given.left_out:
        text = say("Left out, because no response curve can be estimated: {channels}. See the response curves for why.",
                   channels=Names(given.left_out, "channel"))  # fmt: skip
        notes.append(Note("left-out", text, "missing"))
    budget = Money(given.budget / CENTS, given.currency)
    words = {
        "scaled-budget": say("Only the part of the campaign's budget that channels with a curve spend is simulated: "
                             "{budget}.", budget=budget),
        "observed-budget": say("The budget is taken from the spend observed, with the reserve on top: {budget}.",
                               budget=budget),
        "flat-hours": say("There are too few orders and events to see when people buy; all hours count as alike."),
        "assumed-order-value": say("No order value is known; {amount} an order is assumed, which only sets how coarse "
                                   "hourly orders are.", amount=Money(given.market.order_value, given.currency)),
        "adstock": say("Some curves carry spend over to later days; the simulation counts its effect at once."),
    }  # fmt: skip
    return notes + [Note(code, message) for code, message in words.items() if code in given.facts]
