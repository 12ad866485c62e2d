"""What is said of customers by recency, frequency and money."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from analysis.answer import Note
from analysis.audience.rfm.kernel import QUIET
from analysis.charts import TOTAL
from analysis.messages import Message, Money, Names, Share, say
from analysis.values import Filter


def headline(frames: Mapping[str, pd.DataFrame], at: str, since: str, currency: str | None) -> Message:
    """Say what the best customers brought, and how much lies with those who bought well and went quiet."""
    table, then = frames["table"].set_index("group"), frames["since"].set_index("group")
    best, quiet = table.loc["champions"], table.loc[list(QUIET)]
    customers = int(table.loc[TOTAL, "customers"] - table["customers"].get("prospects", 0))
    said = say(
        "{n} of {customers} customers are champions by {at}; they paid {share} of all.",
        n=int(best["customers"]), customers=customers, at=at, share=Share(float(best["monetary_share"])),
    )  # fmt: skip
    if quiet["customers"].sum():
        said = say(
            "{said} {quiet} who once bought well have gone quiet: they had paid {amount}. Speak to these first.",
            said=said, quiet=int(quiet["customers"].sum()), amount=Money(float(quiet["monetary"].sum()), currency),
        )  # fmt: skip
    if "champions" in then.index and then.loc["champions", "customers"]:
        own = then.loc["champions"]
        said = say(
            "{said} The champions of {since} brought {share} of what was paid since.",
            said=said, since=since, share=Share(float(own["brought_share"])),
        ) if then.loc[TOTAL, "brought"] > 0 else said  # fmt: skip
    return said


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
