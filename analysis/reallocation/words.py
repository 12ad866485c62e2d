"""How is a simulation put into words: the headline, and what it rests on?"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analysis.answer import Note
from analysis.arrays import Bools, Floats
from analysis.messages import Message, Money, Names, Share, say
from analysis.reallocation.decisions import Decision, misread_one
from analysis.reallocation.desk import HISTORY, LARGE
from analysis.reallocation.effects import Effects, misread
from analysis.reallocation.learnt import beside
from analysis.reallocation.parts import PARTS
from analysis.reallocation.play import Played, interval
from analysis.reallocation.setting import Setting
from analysis.reallocation.state import (
    CENTS,
    DECISIONS,
    DRAWN,
    FALSE,
    FOUND,
    TOTAL_DECLARED,
    TOTAL_LEFT,
    TOTAL_LOCKED,
    TOTAL_RESERVE,
    WAITED,
)  # fmt: skip
from analysis.reallocation.world import JITTER, LEARNING, LEARNING_COST
from analysis.rules.ready import CHANCE, RATIO

Parts = Mapping[str, Floats]
EACH = 1.25
"""Standard deviations by which one evaluation must clear its bar for two in a row to do so in four of five cases."""
MOST_ORDERS = 1e6
"""Orders an hour beyond which nobody sells."""


def headline(played: Played, table: pd.DataFrame, apart: Parts) -> Message:
    """Return what earns most for the least work, and what other rule sets earn beside the rules."""
    first, compared = _first(played, table, apart), beside(played)
    return say("{first} {compared}", first=first, compared=compared) if compared else first


def _first(played: Played, table: pd.DataFrame, apart: Parts) -> Message:
    """Return what one split by the curves earns where it beats the rules, else what the rules do."""
    low, high = interval(less := played.total("once") - played.total("rules"))
    if not low > 0 or not played.counted(DECISIONS).any():
        return _against_fixed(played, table, apart)
    policies, unit = {row["policy"]: row for row in table.to_dict("records")}, played.given.currency
    facts = {"base": policies["fixed"]["revenue"], "split": played.split.mean(), "less": less.mean(),
             "low": low, "high": high}  # fmt: skip
    return say(
        "Split the whole budget once by the curves, before the first hour: in simulation that is worth {split} over "
        "the fixed split of the whole budget, which earns {base}. {rules}, which is {less} ({low} to {high}) less than "
        "splitting once. Their difference to the fixed split is {parts}.",
        **{name: Money(float(amount), unit) for name, amount in facts.items()},
        rules=_beside_fixed(policies["rules"], unit), parts=_told_apart(apart, unit),
    )  # fmt: skip


def _beside_fixed(row: Mapping[Hashable, Any], unit: str | None) -> Message:
    """Say what the rules earn beside the fixed split, where something else is said first."""
    ends = [float(row[name]) for name in ("gain", "gain_low", "gain_high")]
    if ends[2] < 0:
        ends = [-ends[0], -ends[2], -ends[1]]
    facts = dict(zip(("gain", "low", "high"), (Money(end, unit) for end in ends), strict=True))
    if row["gain_low"] > 0:
        return say("The rules earn {gain} ({low} to {high}) more than the fixed split", **facts)
    if row["gain_high"] < 0:
        return say("The rules lose {gain} ({low} to {high}) against the fixed split", **facts)
    return say("The rules cannot be told from the fixed split ({gain}, {low} to {high})", **facts)


def _against_fixed(played: Played, table: pd.DataFrame, apart: Parts) -> Message:
    """Return the sentence with the gain; where its interval holds zero, it says that nothing can be shown."""
    policies = {row["policy"]: row for row in table.to_dict("records")}
    row, unit = policies["rules"], played.given.currency
    if not played.counted(DECISIONS).any():
        return _nothing_moved(played)
    params: dict[str, object] = {
        "gain": Money(float(row["gain"]), unit),
        "low": Money(float(row["gain_low"]), unit),
        "high": Money(float(row["gain_high"]), unit),
        "base": Money(float(policies["fixed"]["revenue"]), unit),
        "share": Share(float(row["share_of_runs_better"])),
        "runs": played.runs,
        "parts": _told_apart(apart, unit),
    }
    if np.isnan(row["gain_low"]):
        return say(
            "In simulation, moving budget by the rules earns {gain} more than the fixed split of the whole "
            "budget, which earns {base}, in every run: {parts}.",
            **params,
        )
    if row["gain_low"] > 0:
        return say(
            "In simulation, moving budget by the rules earns {gain} ({low} to {high}) more than the fixed split "
            "of the whole budget, which earns {base}: {parts}. Better in {share} of {runs} runs.",
            **params,
        )
    if row["gain_high"] < 0:
        params |= {"gain": Money(-float(row["gain"]), unit), "low": Money(-float(row["gain_high"]), unit)}
        params |= {"high": Money(-float(row["gain_low"]), unit)}
        return say(
            "In simulation, the rules lose {gain} ({low} to {high}) against the fixed split of the whole "
            "budget, which earns {base}: {parts}. Better in {share} of {runs} runs.",
            **params,
        )
    return say(
        "In simulation no difference between the rules and the fixed split of the whole budget, which earns "
        "{base}, can be shown: {gain} ({low} to {high}) on average over {runs} runs ({parts}).",
        **params,
    )


def _nothing_moved(played: Played) -> Message:
    """Say what rules earn that did nothing: what they hold back, they never spend."""
    low, high = interval(less := -played.gain)
    if not low > 0:
        return say(
            "In simulation the rules moved nothing in {runs} runs, so they earn what the fixed split does.",
            runs=played.runs,
        )
    ends = {"less": less.mean(), "low": low, "high": high, "held": played.money(TOTAL_RESERVE, "held").mean()}
    ends["held"] += played.money(TOTAL_LOCKED, "held").mean()
    return say(
        "In simulation the rules moved nothing in {runs} runs. They lose {less} ({low} to {high}) against the fixed "
        "split of the whole budget: {held} was held back and never spent.",
        runs=played.runs, **{name: Money(float(amount), played.given.currency) for name, amount in ends.items()},
    )  # fmt: skip


def _told_apart(apart: Parts, unit: str | None) -> Message:
    """Say what the gain over the fixed split is made of, part by part."""
    there = {name: own for name, own in apart.items() if own.any()} or apart
    said = tuple(
        say("{amount} from {part}", amount=Money(float(own.mean()), unit, signed=True), part=say(PARTS[name]))
        for name, own in there.items()
    )
    return say("{parts}", parts=Names(said, sign=", "))


def story(decision: Decision) -> tuple[Message, ...]:
    """Tell why one decision was made, and what it read."""
    found = [decision.reason]
    if decision.left is not None and decision.right is not None:
        found.append(say("Its first condition read {left}, against {right}.", left=decision.left, right=decision.right))
    if decision.effect is None:
        found.append(say("Nothing was carried out, so it brought nothing."))
    return tuple(found)


class Brought(NamedTuple):
    """One value of what a decision brought, and how far it is to be believed."""

    figure: Message
    about: Message


def brought_by(decision: Decision, currency: str | None) -> tuple[Brought, ...]:
    """Return the values of one decision, the one to go by first and the one that misleads last."""
    if decision.effect is None:
        return ()
    effect = Brought(
        say("True effect by the end: {amount}.", amount=Money(decision.effect, currency)),
        say("Go by this one. The campaign was played to its end with all decisions up to this one, and once more "
            "without it, on the same chance; over all decisions these add up to what the rules gained."),
    )  # fmt: skip
    found = [effect]
    if decision.last_in is not None:
        about = say("The same with all other decisions made, later ones too: they make up for some of it or build on "
                    "it, so these do not add up.")  # fmt: skip
        found.append(Brought(say("True effect, left out alone: {amount}.", amount=Money(decision.last_in, currency)),
                             about))  # fmt: skip
    return (*found, *_naively(decision, currency))


def _naively(decision: Decision, currency: str | None) -> tuple[Brought, ...]:
    """Say what revenue before and after would have made of a decision."""
    if decision.naive is None or decision.effect is None:
        return ()
    figure = say("Revenue seen after less before: {amount}.", amount=Money(decision.naive, currency))
    wrong = say("No effect, though a team sees only this: demand and chance of these hours are in it. Here it points "
                "the wrong way.")  # fmt: skip
    right = say("No effect, though a team sees only this: demand and chance of these hours are in it.")
    return (Brought(figure, wrong if misread_one(decision) else right),)


def notes(played: Played, brought: Effects, log: tuple[Decision, ...]) -> tuple[Note, ...]:
    """Say what the figures rest on."""
    simulated = say(
        "This is a simulated market built from the fitted curves: it shows how the rules behave if those curves, "
        "within their uncertainty, are right. It does not test the curves, and no competitor reacts."
    )
    notes = [Note("simulated", simulated, "warning"), _by_the_curves(played.given)]
    notes += _money_notes(played)
    notes += _surge_notes(played)
    notes.append(_order_of_parts())
    notes += _effect_notes(played, brought, log)
    notes += _learning(played, log)
    notes.append(_most(played))
    notes += _assumed(played.given)
    notes += played.given.notes
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


def _order_of_parts() -> Note:
    """Say how the gain is told apart."""
    text = say(
        "To tell the gain apart, the rules meet the same campaigns again with one thing more at a time: first they see "
        "every order at once and as it is expected, then late, then as chance has it. Each part is what the next step "
        "changes; they add up to the gain, and in another order each would be somewhat another."
    )
    return Note("parts", text)


def _money_notes(played: Played) -> list[Note]:
    """Say how much of the gain comes from spending more, and what stayed where it was."""
    notes, unit = [], played.given.currency
    drawn = float(played.money(DRAWN, "rules").mean())
    if played.given.reserve and drawn < 0.5 / CENTS:
        text = say(
            "The reserve of {amount} was never drawn: no run declared a surge worth it.",
            amount=Money(played.given.reserve / CENTS, unit),
        )
        notes.append(Note("reserve-unused", text))
    elif played.given.reserve > drawn * CENTS:
        text = say(
            "Of the reserve of {amount} the runs drew {drawn} on average. What is not drawn earns nothing.",
            amount=Money(played.given.reserve / CENTS, unit), drawn=Money(drawn, unit),
        )  # fmt: skip
        notes.append(Note("reserve-drawn", text))
    place = played.walked.place("rules")
    seen = played.given.observed * played.given.market.weight[:, None] + 1 / CENTS
    beyond: Bools = np.any(played.walked.trace.spent[place] / CENTS > seen, axis=0)
    names = tuple(name for name, far in zip(played.given.market.channels, beyond, strict=True) if far)
    if names:
        text = say(
            "In {channels} the rules spent at rates above any observed, up to {headroom} times; the curves are a guess "
            "there.",
            channels=Names(names, "channel"),
            headroom=played.given.market.settings.headroom,
        )
        notes.append(Note("extrapolated", text, "warning"))
    left = float(played.money(TOTAL_LEFT, "rules").mean())
    if left > 0.001 * played.given.budget / CENTS:
        text = say("{amount} could not be spent on average: channels took up no more.", amount=Money(left, unit))
        notes.append(Note("not-taken-up", text, "warning"))
    return notes


def _surge_notes(played: Played) -> list[Note]:
    """Say how many surges were found, how soon, how often falsely; and whether one can be told at all."""
    surges, found, wrong = (
        int(played.walked.tally.surges.sum()),
        *(int(played.counted(k).sum()) for k in (FOUND, FALSE)),
    )
    weeks = played.runs * played.given.market.days / 7
    facts = {
        "runs": played.runs,
        "surges": surges,
        "found": found,
        "missed": surges - found,
        "declared": int(played.counted(TOTAL_DECLARED).sum()),
        "wrong": wrong,
        "rate": wrong / max(weeks, 1e-9),
    }
    text = None
    if found:
        text = say(
            "{runs} runs had {surges} surges in all: {found} were found while they were on, after {hours} hours "
            "on average, {missed} were missed; {wrong} of {declared} alarms were false, {rate} a week.",
            hours=float(played.walked.tally.worth[WAITED, :, played.walked.place("rules")].sum()) / found,
            **facts,
        )
    elif surges:
        text = say(
            "{runs} runs had {surges} surges in all, and none was found; {wrong} of {declared} alarms were "
            "false, {rate} a week.",
            **facts,
        )
    elif wrong:
        text = say("No run had a surge, and {wrong} alarms were false, {rate} a week.", **facts)
    notes = [Note("surges", text)] if text else []
    size = max(
        (card.size or 2.0 for card in played.given.market.settings.dealt() if card.shock == "surge"), default=0.0
    )
    if size > 1:
        hourly, needed = orders_an_hour(played), detectable(played, size)
        if needed == np.inf:
            text = say(
                "Not detectable: orders vary so much from hour to hour that a surge of {size} times the demand cannot "
                "be told from chance within 12 hours, however many orders there are.",
                size=size,
            )
            notes.append(Note("surge-not-detectable", text, "warning"))
        elif hourly < needed:
            text = say(
                "Not detectable: at {hourly} orders an hour a surge of {size} times the demand cannot be told "
                "from chance within 12 hours; it needs {needed} orders an hour.",
                hourly=hourly,
                size=size,
                needed=needed,
            )
            notes.append(Note("surge-not-detectable", text, "warning"))
    return notes


def orders_an_hour(played: Played) -> float:
    """Return the orders an hour that the fixed split of the whole budget sells on average."""
    market = played.given.market
    return float(played.total("fixed").mean() / market.order_value / len(market.times))


def detectable(played: Played, size: float) -> float:
    """Return the orders an hour from which a surge is found within 12 hours in four of five cases; infinite if never.

    Two evaluations in a row must see both more than the plan's multiple of the forecast and `CHANCE` standard
    deviations above it. A surge of `size` times the demand sells less than that where traffic gets dearer; orders
    spread by their count and by what sways the market besides, which no volume averages out.
    """
    ratio, sway = _surging(played, size), _sway(played)
    window = max(played.policies[played.walked.place("rules")].rules.every, 1)
    known = min(HISTORY, len(played.given.market.times) / 2)

    def told(orders: float) -> bool:
        spread = (1 / (orders * window) + sway / window + 1 / (orders * known)) ** 0.5
        noise = (ratio / (orders * window) + ratio**2 * sway / window) ** 0.5
        return bool(ratio >= max(RATIO, 1 + CHANCE * spread) + EACH * noise)

    if not told(MOST_ORDERS):
        return np.inf
    low, high = 1e-3, MOST_ORDERS
    while high / low > 1.01:
        middle = (low * high) ** 0.5
        low, high = (low, middle) if told(middle) else (middle, high)
    return float(high)


def _earning(played: Played) -> tuple[Floats, Floats]:
    """Return what each channel earns a day by the plan's split of the whole budget, and a surge's over the usual."""
    market = played.given.market
    plan = played.given.plan / played.given.plan.sum() * played.given.budget
    rate = np.minimum(plan / CENTS / market.days, market.most)
    usual = (market.multiplier[market.phase].T @ market.weight) * market.fitted.value(rate)
    dearer = market.fitted.value(rate / (1 + market.settings.surge_price)) / np.maximum(
        market.fitted.value(rate), 1e-12
    )
    return usual, dearer


def _surging(played: Played, size: float) -> float:
    """Return the orders in a surge as a multiple of the usual ones: dearer traffic takes some of them back."""
    usual, dearer = _earning(played)
    return size * float((usual * dearer).sum() / max(float(usual.sum()), 1e-12))


def _sway(played: Played) -> float:
    """Return the relative variance of an hour's orders of all channels, besides their count."""
    usual, _ = _earning(played)
    share = usual / max(float(usual.sum()), 1e-12)
    return float((share**2 * played.world.channels[JITTER]).sum())


def _effect_notes(played: Played, brought: Effects, log: tuple[Decision, ...]) -> list[Note]:
    """Say what the first run's decisions truly brought, and how far a plain reading is off."""
    wrong, known = misread(brought.ordered.tolist(), brought.naive.tolist())
    if not known:
        return []
    total = float(brought.ordered.sum()) + brought.held_back
    text = say(
        "In the first run {n} decisions brought {total} in all, with what holding money back cost; for {wrong} of "
        "them revenue before and after, as a team sees it, points the other way.",
        n=known,
        total=Money(total, played.given.currency),
        wrong=wrong,
    )
    return [Note("true-effects", text)]


def _learning(played: Played, log: tuple[Decision, ...]) -> list[Note]:
    """Say how often the first run changed a channel's budget by more than a fifth at once."""
    large = [d for d in log if d.outcome == "done" and any(abs(c) > LARGE * max(b, 0.01) for _, b, c, _ in d.budgets)]
    if not large:
        return []
    text = say(
        "In the first run {n} decisions changed a channel's budget by more than {share} at once. Advertising "
        "platforms learn anew after that; here it costs {cost} of the response for {hours} hours. Limit the change "
        "of a step or of a day if that matters to you.",
        n=len(large),
        share=Share(LARGE),
        hours=int(played.world.numbers[LEARNING]),
        cost=Share(float(played.world.numbers[LEARNING_COST] * (played.world.numbers[LEARNING] > 0))),
    )
    return [Note("learning-phase", text)]


def _most(played: Played) -> Note:
    """Say what the bounds are, and how near to them the best policy came."""
    best = max(played.seen, key=lambda name: float(played.total(name).mean()))
    gap = 1 - float(played.total(best).mean()) / max(float(played.total("oracle").mean()), 1e-9)
    text = say(
        "At most, within the limits and without, is what nobody can exceed: it knows each run's curves and shocks "
        "beforehand, and moving and learning cost it nothing. The best policy here falls short by {gap}.",
        gap=Share(gap),
    )
    return Note("benchmarks", text)


def _assumed(given: Setting) -> list[Note]:
    """Say what was left out or assumed."""
    notes = []
    if given.left_out:
        text = say(
            "Left out, because no response curve can be estimated: {channels}. See the response curves for why.",
            channels=Names(given.left_out, "channel"),
        )
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
