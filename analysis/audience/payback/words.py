"""What is said of payback."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from analysis.answer import Note
from analysis.charts import TOTAL
from analysis.estimates import SMALL
from analysis.messages import Message, Money, Name, Names, Share, say


def too_short(every: str) -> Message:
    """Say that no period is whole."""
    if every == "month":
        return say("No month is whole in both orders and spend with new customers in it. Look at weeks, or import more "
                   "of both.")  # fmt: skip
    return say("No week is whole in both orders and spend with new customers in it. Import more of both.")


def headline(table: pd.DataFrame, weeks: int, currency: str | None) -> Message:
    """Say what a new customer costs, when that is back, and which channels are soonest or never."""
    whole = table.iloc[0]
    if not whole["customers"]:
        return say(
            "No cohort was observed for {weeks} weeks after its first purchases. Choose fewer weeks.", weeks=weeks
        )
    if not whole["spend"]:
        return say("Nothing was spent in the weeks in which these {customers} customers first bought.",
                   customers=int(whole["customers"]))  # fmt: skip
    return _best_and_worst(_in_all(whole, weeks, currency), table.iloc[1:], weeks)


def _in_all(whole: pd.Series[Any], weeks: int, currency: str | None) -> Message:
    """Say what a new customer costs, and in which week that is back."""
    cost, customers = Money(float(whole["cost"]), currency), int(whole["customers"])
    if np.isnan(whole["week"]):
        return say(
            "A new customer costs {cost}, of which {share} has come back within {weeks} weeks ({customers} customers).",
            cost=cost, customers=customers, share=Share(float(whole["back"])), weeks=weeks,
        )  # fmt: skip
    week = int(whole["week"])
    if np.isnan(whole["soonest"]):
        return say("A new customer costs {cost} and has paid it back in week {week} ({customers} customers).",
                   cost=cost, customers=customers, week=week)  # fmt: skip
    if np.isnan(whole["latest"]):
        return say(
            "A new customer costs {cost} and has paid it back in week {week} ({customers} customers; 95%: week "
            "{soonest} to later than week {weeks}).",
            cost=cost, customers=customers, week=week, soonest=int(whole["soonest"]), weeks=weeks,
        )  # fmt: skip
    return say(
        "A new customer costs {cost} and has paid it back in week {week} ({customers} customers; 95%: week {soonest} "
        "to {latest}).",
        cost=cost, customers=customers, week=week, soonest=int(whole["soonest"]), latest=int(whole["latest"]),
    )  # fmt: skip


def _best_and_worst(said: Message, channels: pd.DataFrame, weeks: int) -> Message:
    """Add which channel pays back soonest for certain, and which does not for certain."""
    told = channels[(channels["customers"] >= SMALL) & (channels["spend"] > 0)]
    sure = told[told["latest"].notna()].sort_values("latest", kind="stable")
    never = told[told["soonest"].isna()].sort_values("back", kind="stable")
    if len(sure):
        said = say("{said} Soonest by {channel}: week {week}.", said=said, week=int(sure["week"].iloc[0]),
                   channel=Name(str(sure["group"].iloc[0]), "channel"))  # fmt: skip
    if len(never):
        said = say("{said} Not within {weeks} weeks: {channels}; spend less there or find what brings these customers "
                   "back.", said=said, weeks=weeks, channels=Names(tuple(never["group"]), "channel"))  # fmt: skip
    return said


def notes(
    table: pd.DataFrame, cohorts: pd.DataFrame, weeks: int, margin: float | None, begun: dt.date, *, spread: bool
) -> tuple[Note, ...]:
    """Say who is not judged yet, what is not known, and what is counted how."""
    found = list(_doubts(table, margin))
    whole = cohorts[cohorts["group"] == TOTAL]
    if waiting := int((whole["observed"] < weeks).sum()):
        text = say("{n} of {cohorts} cohorts have not had {weeks} weeks yet and are in no sum; the table of cohorts "
                   "tells how far they are.", n=waiting, cohorts=len(whole), weeks=weeks)  # fmt: skip
        found.append(Note("still-open", text))
    text = say("Who bought before {day}, where these purchases begin, and again after it counts as new.",
               day=begun.isoformat())  # fmt: skip
    found.append(Note("since-data-begins", text))
    if spread:
        found.append(Note("spread-spend", say("Spend of several days at once is spread evenly over them.")))
    if margin is not None:
        found.append(Note("margin", say("Margin is {share} of revenue after refunds.", share=Share(margin))))
    text = say("Spend is that of the period in which customers bought for the first time, whoever it reached; a "
               "customer belongs to the channel of the first order.")  # fmt: skip
    return (*found, Note("who-is-new", text))


def _doubts(table: pd.DataFrame, margin: float | None) -> Iterator[Note]:
    if margin is None:
        text = say("Nobody said what share of revenue is left after the cost of the goods, so revenue stands for "
                   "margin and payback looks sooner than it is. Set the margin here or in the campaign.")  # fmt: skip
        yield Note("margin-unknown", text, "warning")
    lone = table[(table["customers"] == 0) & (table["spend"] > 0) & (table["group"] != TOTAL)]
    if len(lone):
        text = say("Spend without a new customer whose first order names the channel: {channels}.",
                   channels=Names(tuple(lone["group"]), "channel"))  # fmt: skip
        yield Note("no-new-customers", text, "warning")
