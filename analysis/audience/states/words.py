"""What do the states of buyers say, and by which limits?"""

from __future__ import annotations

import pandas as pd

from analysis.answer import Note
from analysis.audience.days import iso
from analysis.audience.states.kernel import FEWEST, Rules
from analysis.charts import TOTAL
from analysis.messages import Message, Share, say
from analysis.vocabulary import STATES

_, _RISK, _LAPSED, _BACK = STATES


def crossed(since: str, at: str) -> Message:
    """Say that movement runs backwards."""
    return say(
        "Movement is measured from an earlier day: {since} is not before {at}. Choose an earlier one for it.",
        since=since,
        at=at,
    )


def nobody(at: str) -> Message:
    """Say that no buyer is counted."""
    return say(
        "No buyer is counted by {at} under these filters. Choose a later day, another cell, or clear a filter.", at=at
    )


def headline(table: pd.DataFrame, movement: pd.DataFrame, rules: Rules) -> Message:
    """Say how many buyers are lost and about to be, and who moved either way."""
    users = dict(zip(table["state"], table["users"].tolist(), strict=True))
    into = movement[movement["from_state"] != movement["to_state"]].groupby("to_state")["users"].sum()
    return say(
        "{lapsed} of {users} buyers have lapsed by {at} (no order for more than {days} days); {risk} are at risk. "
        "Since {since}, {lost} lapsed and {back} were won back.",
        lapsed=Share(users[_LAPSED] / users[TOTAL]),
        users=users[TOTAL],
        at=iso(rules.at),
        days=rules.lapsed,
        risk=users[_RISK],
        since=iso(rules.since),
        lost=int(into.get(_LAPSED, 0)),
        back=int(into.get(_BACK, 0)),
    )


def notes(rules: Rules, *, chosen: bool, filtered: bool) -> list[Note]:
    """Say where the limit comes from, what the states are, and what a filter does to them."""
    text = say(
        "At risk is a buyer without an order for more than {risk} days, lapsed one for more than {days}; won back is "
        "one whose last order ended a longer silence than that.",
        risk=rules.risk,
        days=rules.lapsed,
    )
    found = [_limit(rules, chosen=chosen), Note("states", text)]
    if filtered:
        text = say("Only orders that match the filter count: whoever bought elsewhere or before looks silent since.")
        found.append(Note("filtered-orders", text, "warning"))
    return found


def _limit(rules: Rules, *, chosen: bool) -> Note:
    if chosen:
        return Note("limit", say("The limit of {days} days is the one chosen.", days=rules.lapsed))
    if rules.gaps.days is None and rules.gaps.returns >= FEWEST:
        text = say("Purchases are known for too few days to tell after how long somebody is lost: {days} days are "
                   "taken. Set the limit yourself.", days=rules.lapsed)  # fmt: skip
        return Note("limit", text, "warning")
    if rules.gaps.days is None:
        text = say(
            "Only {n} returns on a later day are known, too few to tell after how long somebody is lost: {days} days "
            "are taken. Set the limit yourself.",
            n=rules.gaps.returns,
            days=rules.lapsed,
        )
        return Note("limit", text, "warning")
    text = say(
        "Of {n} returns by {at}, nine in ten came within {days} days: that is the limit. Who never came back has no "
        "gap, so it says how long returning takes, not how likely it is.",
        n=rules.gaps.returns,
        at=iso(rules.at),
        days=rules.lapsed,
    )
    return Note("limit", text)
