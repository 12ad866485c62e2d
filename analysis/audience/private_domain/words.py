"""What does the private domain's share say against the goal, and what do the data not tell?"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.answer import Note
from analysis.audience.private_domain.kernel import Months
from analysis.messages import Message, Name, Names, Share, say


def no_channel(known: Sequence[str]) -> Message:
    """Say that no channel is of the private domain."""
    return say(
        "No channel is known as the private domain. Choose its channels, or mark them with the tag private under "
        "Records. There are: {channels}.",
        channels=Names(tuple(known), "channel"),
    )


def headline(table: pd.DataFrame, goal: float) -> Message:
    """Say the last period's share of visits against the goal, and of revenue."""
    row = table.iloc[-1]
    told = {
        "share": Share(float(row["share"])),
        "period": Name(str(row["period"]), "campaign"),
        "low": Share(float(row["low"])),
        "high": Share(float(row["high"])),
        "goal": Share(goal),
    }
    if pd.isna(row["low"]):
        first = say("{share} of the visits of {period} came through the private domain, of too few people for an "
                    "interval: whether the {goal} aimed at is reached cannot be told.", **told)  # fmt: skip
    elif row["high"] < goal:
        first = say("{share} of the visits of {period} came through the private domain (95% interval {low} to {high}): "
                    "less than the {goal} aimed at.", **told)  # fmt: skip
    elif row["low"] >= goal:
        first = say("{share} of the visits of {period} came through the private domain (95% interval {low} to {high}): "
                    "the {goal} aimed at is reached.", **told)  # fmt: skip
    else:
        first = say("{share} of the visits of {period} came through the private domain (95% interval {low} to {high}): "
                    "whether the {goal} aimed at is reached cannot be told.", **told)  # fmt: skip
    if pd.isna(row["revenue_share"]):
        return first
    second = say("It brought {share} of the revenue.", share=Share(float(row["revenue_share"])))
    return say("{first} {second}", first=first, second=second)


def notes(private: Sequence[str], events: Sequence[str], table: pd.DataFrame, held: Sequence[Months]) -> list[Note]:
    """Say what the private domain is here, and what of it is not known."""
    found = [Note("private", say("The private domain is here: {channels}.", channels=Names(tuple(private), "channel")))]
    if events:
        found.append(Note("visits", say("Visits are: {events}.", events=Names(tuple(events), "event"))))
    if table["revenue"].isna().all():
        text = say("Its share of revenue needs paid orders with users and channels.")
        found.append(Note("no-revenue", text, "missing"))
    if table["spend"].isna().all():
        found.append(Note("no-spend", say("What a new buyer costs needs spend of the same periods."), "missing"))
    elif not (table["private_spend"] > 0).any():
        text = say("The spend report has nothing on the private domain: its staff, tools and gifts are not in the cost "
                   "of a new buyer, which is of advertising alone.")  # fmt: skip
        found.append(Note("no-private-spend", text, "warning"))
    if not table["acquired"].isna().all():
        text = say("A new buyer is one on their first purchase in the data: in its first periods almost everybody is.")
        found.append(Note("new-buyers", text))
    return [*found, *_months(held)]


def _months(held: Sequence[Months]) -> list[Note]:
    if not held:
        text = say("Who stays after a campaign needs events that name it.")
        return [Note("no-campaigns", text, "missing")]
    found = []
    if open_ := tuple(of.campaign for of in held if not of.whole):
        text = say("The 30 days after {campaigns} are not over or not in the data: who comes back is not known yet.",
                   campaigns=Names(open_, "campaign"))  # fmt: skip
        found.append(Note("month-open", text))
    if silent := tuple(of.campaign for of in held if of.whole and not of.seen):
        text = say("Nobody at all was seen in the 30 days after {campaigns}: the data hold nothing of them, so nobody "
                   "counts as lost. Import the months after campaigns too.",
                   campaigns=Names(silent, "campaign"))  # fmt: skip
        found.append(Note("month-silent", text, "missing"))
    return found
