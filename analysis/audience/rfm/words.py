"""What is said of customers by recency, frequency and money."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from analysis.answer import Note
from analysis.charts import TOTAL
from analysis.messages import Message, Money, Names, Share, say
from analysis.values import Filter


def headline(
    frames: Mapping[str, pd.DataFrame], quiet: tuple[int, float], at: str, since: str, currency: str | None
) -> Message:
    """Say what the best customers brought, and how much lies with those who bought well and went quiet."""
    table, then = (_by_group(frames[name], "monetary" if name == "table" else "brought") for name in ("table", "since"))
    (everybody, _), (prospects, _) = table[TOTAL], table.get("prospects", (0, 0.0))
    best, share = table["champions"]
    facts = {"n": best, "customers": everybody - prospects, "at": at, "share": Share(share)}
    if best:
        said = say("{n} of {customers} customers are champions by {at}; they paid {share} of all.", **facts)
    else:
        said = say("None of {customers} customers is a champion by {at}.", **facts)
    if quiet[0]:
        said = say("{said} Once bought well and have lapsed: {quiet}, who had paid {amount}. Speak to these first.",
                   said=said, quiet=quiet[0], amount=Money(quiet[1], currency))  # fmt: skip
    champions, brought = then.get("champions", (0, float("nan")))
    if champions and brought == brought:
        said = say("{said} The champions of {since} brought {share} of what was paid since.",
                   said=said, since=since, share=Share(brought))  # fmt: skip
    return said


def _by_group(table: pd.DataFrame, amount: str) -> dict[str, tuple[int, float]]:
    """Return of each group how many it is, and its share of an amount."""
    each = zip(table["group"], table["customers"], table[f"{amount}_share"], strict=True)
    return {str(group): (int(people), float(share)) for group, people, share in each}


def notes(where: Filter | None, known_before: bool, since: str, missing: int, *, seen: bool) -> tuple[Note, ...]:
    """Say what is counted how, and what is not known."""
    found = []
    if not known_before:
        text = say(
            "Nothing counted here was observed by {since}, so everybody is new. For movement, choose an earlier "
            "day that the data covers.",
            since=since,
        )
        found.append(Note("since-before-data", text, "warning"))
    if missing:
        text = say("{purchases} purchases carry no value and add nothing to what their buyers paid.", purchases=missing)
        found.append(Note("unpriced", text, "warning"))
    if where and (where.columns() or where.start or where.end):
        text = say("Only purchases that match the filter count: customers stand where those alone bring them.")
        found.append(Note("filtered-rows", text))
    if not seen:
        text = say("There are no events here that tell who was seen without buying, so nobody is a prospect.")
        found.append(Note("no-prospects", text))
    cuts = say("Cuts never part customers who are alike, so there may be fewer than asked for; both days are cut where "
               "the later one is. The table of cuts says where.")  # fmt: skip
    rules = say("Groups are Shopify's: by how recently somebody bought, and by the mean of how often and for how much.")
    paid = say("Money is what was paid less refunds; an order refunded in full is no purchase.")
    return (*found, Note("tie-safe", cuts), Note("rfm-groups", rules), Note("realised-value", paid))


def alone(n: int, at: str) -> Message:
    """Say that there are too few to compare."""
    return say(
        "Only {customers} customers bought by {at}: groups are told apart by comparing customers. Choose a later day "
        "or clear a filter.",
        customers=n,
        at=at,
    )


def one_day(day: str) -> Message:
    """Say that recency tells nobody apart."""
    return say(
        "Everybody's last purchase fell on {day}, so how recently somebody bought tells nobody apart. Choose a later "
        "day, import orders of more days, or set fixed cuts for recency.",
        day=day,
    )


def unpriced() -> Message:
    """Say that there is no money to go by."""
    columns = Names(("value",))
    return say(
        "No purchase here says what it came to ({columns}), and groups go by money too. Import orders with their "
        "amounts on the Data page.",
        columns=columns,
    )
