"""What is said of sales: the headline and the caveats, from plain facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from analysis.answer import Note
from analysis.charts import NOT_SET, TOTAL
from analysis.estimates import LEVEL, SMALL, clear, score_test
from analysis.messages import N_, Message, Money, Name, Names, Share, say
from analysis.periods import SameDays
from analysis.results.against import OTHERS, change_of, latest

STEPS = {"created": N_("created"), "paid": N_("paid"), "kept": N_("kept, not refunded")}
"""An order's steps, with their words."""
RETURNS = pd.Timedelta(days=15)
"""For so long after an order refunds still come in numbers."""


def headline(
    by: str | None, table: pd.DataFrame, campaigns: pd.DataFrame, change: pd.DataFrame, currency: str | None, *,
    told: bool,
) -> Message:  # fmt: skip
    """Return what came in, against the campaign before where it is known, and what to look at next."""
    whole: Any = table.iloc[0]
    if not told:
        return say("{n} orders were created for {amount}. Which of them were paid is not in the export: bring one with "
                   "the time of payment or the status.", n=int(whole["created"]),
                   amount=Money(float(whole["created_amount"]), currency))  # fmt: skip
    if not whole["paid"]:
        return say("None of {n} orders created was paid. Check the time of payment or the status on the Data page.",
                   n=int(whole["created"]))  # fmt: skip
    first = _alone(whole, currency) if campaigns.empty else _compared(campaigns, change, currency)
    grew = None if campaigns.empty or by in (None, "campaign") else _driver(by, campaigns, change, currency)
    then = grew or _sent_back(by, table) or (_leak(whole) if campaigns.empty else _refunds(campaigns, change))
    return say("{one} {other}", one=first, other=then) if then else first


def _alone(whole: Mapping[str, Any], currency: str | None) -> Message:
    return say("{realised} realised from {kept} orders kept: of {created} created, {paid} were paid.",
               realised=Money(float(whole["realised"]), currency), kept=int(whole["kept"]),
               created=int(whole["created"]), paid=int(whole["paid"]))  # fmt: skip


def _leak(whole: Mapping[str, Any]) -> Message | None:
    """Say where most orders are lost: before they are paid, or after."""
    unpaid, back = int(whole["created"] - whole["paid"]), int(whole["refunded"])
    if back > unpaid:
        return say("More orders are lost after paying than before: {rate} of those paid were refunded in full (95% "
                   "{low} to {high}). Split by item or region to see where.", **_rate(whole, "refund"))  # fmt: skip
    if unpaid:
        return say("More orders are lost before paying than after: {rate} of those created were paid (95% {low} to "
                   "{high}). Look at how people pay and at reminders.", **_rate(whole, "paid"))  # fmt: skip
    return None


def _rate(row: Mapping[str, Any], name: str) -> dict[str, Share]:
    columns = {"rate": f"{name}_rate", "low": f"{name}_low", "high": f"{name}_high"}
    return {key: Share(float(row[column])) for key, column in columns.items()}


def _compared(campaigns: pd.DataFrame, change: pd.DataFrame, currency: str | None) -> Message:
    now, then = latest(campaigns).to_dict("records")
    facts: dict[str, Any] = {
        "realised": Money(float(now["realised"]), currency),
        "then": Money(float(then["realised"]), currency),
        "before": Name(str(then["campaign"]), "campaign"),
        "days": int((now["last"] - now["first"]).days) + 1,
    }
    found = change_of(change, now["group"], "realised")
    value, low, high = found.floats() if found else (float("nan"),) * 3
    if low != low or high != high:
        return say("{realised} realised on {days} days; {then} on the same days of {before}. That is too little to "
                   "tell a difference from chance.", **facts)  # fmt: skip
    if low <= 0 <= high:
        return say("{realised} realised on {days} days; {then} on the same days of {before}. Chance alone explains the "
                   "difference (95% {low} to {high}).", **facts, low=Share(low), high=Share(high))  # fmt: skip
    if value > 0:
        return say("{realised} realised on {days} days: {change} more than {then} on the same days of {before} (95% "
                   "{low} to {high}).", **facts, change=Share(value), low=Share(low), high=Share(high))  # fmt: skip
    return say("{realised} realised on {days} days: {change} less than {then} on the same days of {before} (95% {low} "
               "to {high}).", **facts, change=Share(-value), low=Share(-high), high=Share(-low))  # fmt: skip


def _driver(by: str, campaigns: pd.DataFrame, change: pd.DataFrame, currency: str | None) -> Message | None:
    """Name the group that changed most among those that did beyond chance."""
    stands = change[
        (change["measure"] == "realised") & change["clear"] & ~change["group"].isin([TOTAL, OTHERS, NOT_SET])
    ]
    own = campaigns[campaigns["group"].isin(stands["group"])]
    if own.empty:
        return None
    now, then = (own.drop_duplicates("group", keep=keep).set_index("group")["realised"] for keep in ("first", "last"))
    most = str((now - then).abs().idxmax())
    facts = {"group": group_name(most, by), "now": Money(float(now[most]), currency),
             "then": Money(float(then[most]), currency)}  # fmt: skip
    if now[most] > then[most]:
        return say("Most of the growth is {group}: {now} after {then}. See on Performance what it cost.", **facts)
    return say("The largest fall is {group}: {now} after {then}. Look there first.", **facts)


def sent_back(by: str | None, table: pd.DataFrame) -> tuple[pd.Series[Any], float] | None:
    """Return the group whose orders are refunded more often than all others', beyond chance, and the others' rate."""
    # An order of several items is in each of their groups, so all others are those of the groups, not of the total.
    whole: Any = table[1:][["paid", "refunded"]].sum()
    groups = table[1:][table["paid"][1:] >= SMALL]
    groups = groups[(groups["paid"] < whole["paid"]) & ~groups["group"].isin([OTHERS, NOT_SET])]
    if not by or groups.empty:
        return None
    back, paid = groups["refunded"].astype(float), groups["paid"].astype(float)
    others, of = whole["refunded"] - back, whole["paid"] - paid
    doubts = [score_test(*counts) for counts in zip(back, paid, others, of, strict=True)]
    worse = groups[clear(doubts) & (back / paid > others / of).to_numpy()]
    if worse.empty:
        return None
    most: Any = worse.loc[worse["refund_rate"].idxmax()]
    return most, float((whole["refunded"] - most["refunded"]) / (whole["paid"] - most["paid"]))


def _sent_back(by: str | None, table: pd.DataFrame) -> Message | None:
    """Name the group that most comes back from."""
    worst = sent_back(by, table)
    if worst is None or by is None:
        return None
    most, rest = worst
    return say("Most comes back from {group}: {rate} of {n} paid orders were refunded in full, {rest} elsewhere. Look "
               "there first.", group=group_name(str(most["group"]), by), rate=Share(float(most["refund_rate"])),
               n=int(most["paid"]), rest=Share(rest))  # fmt: skip


def _refunds(campaigns: pd.DataFrame, change: pd.DataFrame) -> Message | None:
    """Say that another share of orders comes back than before, where chance does not explain it."""
    rows = latest(campaigns)
    found = change_of(change, rows["group"].iloc[0], "refund_rate")
    if found is None or not (found.low > 0 or found.high < 0):
        return None
    now, then = rows["refund_rate"].tolist()
    if now > then:
        return say("Of paid orders {rate} were refunded in full, {then} before: look at refunds by item.",
                   rate=Share(now), then=Share(then))  # fmt: skip
    return say("Of paid orders {rate} were refunded in full, {then} before.", rate=Share(now), then=Share(then))


def group_name(group: str, by: str) -> Name:
    """Return a group as people call it; those that Sluice itself names are words."""
    return Name(group, None if group in (TOTAL, NOT_SET, OTHERS) else by)


def refunds_compared(same: SameDays, settled: pd.Timestamp) -> Note:
    """Return on which days refund rates are compared, where refunds of the last may still come.

    Parameters
    ----------
    same : SameDays
        What is compared.
    settled : Timestamp
        The last day of whose orders refunds are in.
    """
    before, last = Name(same.before, "campaign"), str(settled.date())
    if last < same.days[0]:
        text = say("Refund rates are not compared: of all these orders refunds may still come, of those of {before} "
                   "they are in. What was realised looks the better for it.", before=before)  # fmt: skip
    else:
        text = say("Refund rates are compared on {first} to {last}: of later orders refunds may still come, of those "
                   "of {before} they are in. What was realised looks the better for it.", first=same.days[0], last=last,
                   before=before)  # fmt: skip
    return Note("refunds-compared", text, "warning")


def notes(
    by: str | None, table: pd.DataFrame, *, told: bool, buyers: bool, since: dt.datetime, waiting: int, late: int
) -> Iterator[Note]:
    """Yield what the orders do not tell, what may still come, and the rules.

    Parameters
    ----------
    by : str, optional
    table : DataFrame
    told, buyers : bool
        Whether orders say what was paid, and who ordered.
    since : datetime
        When the first order was created.
    waiting : int
        Orders that may still be paid.
    late : int
        Kept orders so late that refunds may still come in numbers.
    """
    if not told:
        text = say("The orders do not say which were paid: what was paid, refunded and realised, the order value and "
                   "the buyers are left out.")  # fmt: skip
        yield Note("not-told", text, "missing")
        return
    if late:
        text = say("{n} of the orders kept are of the last {days} days, and refunds come in for that long: what was "
                   "realised is not final.", n=late, days=RETURNS.days)  # fmt: skip
        yield Note("late-refunds", text, "warning")
    few = table[1:][table["created"][1:] < SMALL]["group"].tolist()
    if by and few:
        text = say("Fewer than {n} orders in: {groups}. Read the {level}% interval there, not the rate.", n=SMALL,
                   groups=Names(tuple(few[:12]), by), level=round(100 * LEVEL))  # fmt: skip
        yield Note("small-groups", text, "warning")
    if waiting:
        text = say("Unpaid orders of the last day before the data ends may still be paid and are not judged in the "
                   "share paid: {n}.", n=waiting)  # fmt: skip
        yield Note("still-open", text)
    if buyers:
        text = say("New is who has no purchase before in these data, which begin on {day}; the earlier the orders, the "
                   "more of their buyers are.", day=since.date().isoformat())  # fmt: skip
        yield Note("new-buyers", text)
    else:
        text = say("The orders do not say who bought, so new and returning buyers are not told apart.")
        yield Note("no-buyers", text)
    rule = say("All of an order belongs to the day it was created; a refund that names no order to its own day. "
               "Realised is what was paid less refunds; an order is kept while something of it is.")  # fmt: skip
    yield Note("counted", rule)
    if table["created"][1:].sum() > table["created"].iloc[0]:
        text = say("An order counts for each item in it, with what its lines of it came to and what was given back of "
                   "them; a refund of none of its items is split by what is left of each.")  # fmt: skip
        yield Note("by-line", text)
