"""What is said of what customers are worth, and why nothing is said where nothing may be."""

from __future__ import annotations

import pandas as pd

from analysis.answer import Note
from analysis.estimates import Interval
from analysis.messages import N_, Message, Money, Share, Span, say
from analysis.values import Filter

MODELS = {"mbg-nbd": N_("MBG/NBD"), "bg-nbd": N_("BG/NBD"), "gamma-gamma": N_("gamma-gamma")}
_DAY = 86_400


def headline(table: pd.DataFrame, days: int, at: str, currency: str | None) -> Message:
    """Say what customers are expected to bring, and where most of it lies."""
    whole, best = table.iloc[0], table.iloc[1]
    if pd.isna(whole["value"]):
        return say(
            "{customers} customers are expected to buy {n} times ({low} to {high}) in the {days} days after {at}; "
            "{alive} of them still buy. What that brings cannot be said: see below.",
            customers=int(whole["customers"]), n=round(whole["purchases"]), low=round(whole["purchases_low"]),
            high=round(whole["purchases_high"]), days=days, at=at, alive=Share(float(whole["alive"])),
        )  # fmt: skip
    return say(
        "{customers} customers are expected to bring {value} ({low} to {high}) in the {days} days after {at}. The best "
        "{n} bring {share} of it; {alive} of all still buy.",
        customers=int(whole["customers"]), value=Money(float(whole["value"]), currency),
        low=Money(float(whole["low"]), currency), high=Money(float(whole["high"]), currency), days=days, at=at,
        n=int(best["customers"]), share=Share(float(best["value_share"])), alive=Share(float(whole["alive"])),
    )  # fmt: skip


def nobody(at: str) -> Message:
    """Say that there are no customers left."""
    return say(
        "Nobody bought for the first time by {at} under these filters. Widen the dates or clear a filter.", at=at
    )


def few(repeaters: int, customers: int, least: int) -> Message:
    """Say that too few bought again."""
    return say(
        "Only {n} of {customers} customers bought on a second day, and fewer than {least} do not tell how customers "
        "buy. Import orders of a longer time, or clear a filter.",
        n=repeaters,
        customers=customers,
        least=least,
    )


def unsettled(customers: int) -> Message:
    """Say that a model did not converge."""
    return say(
        "The model did not converge: what these {customers} customers bought does not tell how many have left, as "
        "where people buy in bursts with campaigns and not each in their own time. Try the other model, or customers "
        "of one stretch of time by the filter's dates.",
        customers=customers,
    )


def no_amounts(n: int, least: int) -> Note:
    """Say that too few amounts are known."""
    text = say(
        "No value: the amount of a purchase after the first is known of {n} customers, and {least} are needed.",
        n=n, least=least,
    )  # fmt: skip
    return Note("value-few", text, "missing")


def no_spending() -> Note:
    """Say that the model of amounts did not converge."""
    return Note("value-unsettled", say("No value: the model of what a purchase comes to did not converge."), "missing")


def endless(q: Interval) -> Note:
    """Say that the mean amount may have no end."""
    text = say(
        "No value: amounts differ so much between customers that their mean may have no end (q is {q}, 95% {low} to "
        "{high}; it must be above 1). Look for a few huge orders, such as resellers', and filter them out.",
        q=float(q.value), low=float(q.low), high=float(q.high),
    )  # fmt: skip
    return Note("value-endless", text, "missing")


def tied(tie: Interval) -> Note:
    """Say that frequency and spend go together."""
    text = say(
        "No value: how often and for how much customers buy go together (correlation {r}, 95% {low} to {high}), and "
        "the model of amounts takes them for independent. Look at channels or items one by one.",
        r=float(tie.value), low=float(tie.low), high=float(tie.high),
    )  # fmt: skip
    return Note("value-tied", text, "missing")


def leaning(tie: Interval) -> Note:
    """Say that frequency and spend go together a little."""
    text = say(
        "How often and for how much customers buy go together a little (correlation {r}, 95% {low} to {high}), which "
        "the model of amounts leaves out: read the fifths' values with care.",
        r=float(tie.value), low=float(tie.low), high=float(tie.high),
    )  # fmt: skip
    return Note("value-leans", text, "warning")


def notes(where: Filter | None, days: int, seen: float, model: str, models: pd.DataFrame) -> tuple[Note, ...]:
    """Say how far one looks, which models there are, and what is counted how."""
    found = []
    if days > seen:
        text = say(
            "This looks {ahead} ahead, and customers were observed for {seen} at most: nothing here tells whether "
            "they keep buying that long.",
            ahead=Span(days * _DAY), seen=Span(max(seen, 1) * _DAY),
        )  # fmt: skip
        found.append(Note("far-ahead", text, "warning"))
    if len(models) == 2:
        found.append(_beside(model, models.set_index("model")))
    if where and where.columns():
        text = say("Only purchases that match the filter count, as if there were no others.")
        found.append(Note("filtered-rows", text))
    if where and (where.start or where.end):
        text = say("The filter's dates are those of the first purchase: they say whom this is about.")
        found.append(Note("first-purchase-dates", text))
    errand = say("Days on which somebody bought count: several orders of a day are one purchase, their amounts added "
                 "up. What a purchase comes to is learnt from those after the first.")  # fmt: skip
    expected = say("Intervals are of what is expected; what will come lies around it by chance as well. How that "
                   "turned out on days held back is told by the other view.")  # fmt: skip
    paid = say("Value is revenue less refunds, before costs, and not discounted.")
    return (*found, Note("errands", errand), Note("of-expectation", expected), Note("value-revenue", paid))


def _beside(model: str, models: pd.DataFrame) -> Note:
    """Set the two models beside each other by what they say of those who bought once."""
    rows = {str(row["model"]): row for row in models.reset_index().to_dict("records")}
    mbg, likelihoods = rows["mbg-nbd"], {name: float(row["likelihood"]) for name, row in rows.items()}
    better = max(likelihoods, key=lambda name: likelihoods[name])
    text = say(
        "BG/NBD calls all {n} who bought once alive, as nobody leaves in it before having bought again; MBG/NBD calls "
        "{share} of them alive. What happened is likelier under {better} (log-likelihood {high} against {low}).",
        n=int(mbg["once"]), share=Share(float(mbg["alive_once"])), better=MODELS[better],
        high=max(likelihoods.values()), low=min(likelihoods.values()),
    )  # fmt: skip
    return Note("both-models", text, "warning" if better != model else "info")


# ---- held back --------------------------------------------------------------------------------------------


def foretold(row: pd.Series[float], days: int, cut: str) -> Message:
    """Say how many purchases were foretold, and how many there were."""
    facts = {
        "expected": round(row["expected"]), "low": round(row["low"]), "high": round(row["high"]),
        "actual": int(row["actual"]), "days": days, "cut": cut,
    }  # fmt: skip
    if row["low"] <= row["actual"] <= row["high"]:
        return say(
            "Fitted to purchases until {cut}, the model foretold {expected} more ({low} to {high}) in the {days} days "
            "after it; there were {actual}. It can be relied on for as long.",
            **facts,
        )
    return say(
        "Fitted to purchases until {cut}, the model foretold {expected} more ({low} to {high}) in the {days} days "
        "after it; there were {actual}. It was wrong by more than chance: take its figures ahead for a comparison of "
        "customers, not for a forecast.",
        **facts,
    )


def held_notes(model: str, other: pd.Series[float] | None) -> tuple[Note, ...]:
    """Say how the days held back are judged."""
    rule = say("Customers who had bought by the day until which the model was fitted, and the days on which they "
               "bought again after it; the interval holds both what the fit does not know and chance.")  # fmt: skip
    found = [Note("held-back", rule)]
    if other is not None:
        text = say(
            "{model} would have foretold {n} ({low} to {high}).",
            model=MODELS[next(name for name in ("mbg-nbd", "bg-nbd") if name != model)],
            n=round(other["expected"]), low=round(other["low"]), high=round(other["high"]),
        )  # fmt: skip
        found.append(Note("other-model", text))
    return tuple(found)


def short(days: int) -> Message:
    """Say that there is no time to hold back."""
    return say(
        "The purchases here span only {days} days: too few to hold some back and see how they were foretold. "
        "Import orders of a longer time.",
        days=days,
    )
