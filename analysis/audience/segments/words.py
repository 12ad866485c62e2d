"""What is said of segments: who brings more than their number, who are the same people, and how that is counted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from analysis.answer import Note
from analysis.charts import GROUP_WORDS
from analysis.estimates import SMALL, Interval, clear, doubts, small_groups
from analysis.messages import Message, Money, Name, Names, Share, say
from analysis.vocabulary import MEMBER


def nothing_saved() -> Message:
    """Return what to do where no segment is saved."""
    return say("No segment is saved yet. Open an answer about people, such as Funnel, Retention or Lifecycle, and save "
               "some of them under Segment; or put conditions together below.")  # fmt: skip


def nobody() -> Message:
    """Return what to do where nobody is in any of the segments."""
    return say("Nobody is in these segments under these filters. Clear a filter, or choose others.")


def called(segment: str, group: str) -> Message:
    """Return what a row is called: a segment of one group by its name alone."""
    if group == MEMBER:
        return say("{segment}", segment=segment)
    own: Message | Name = say(GROUP_WORDS[group]) if group in GROUP_WORDS else Name(group, segment)
    return say("{segment}: {group}", segment=segment, group=own)


def headline(table: pd.DataFrame, overlap: pd.DataFrame, currency: str | None, fair: Collection[str]) -> Message:
    """Return who brings most beside their number, else how many there are; and who are largely the same people.

    Parameters
    ----------
    table, overlap : DataFrame
    currency : str, optional
    fair : collection of str
        Segments whose people were told before what they paid: of others it may be that they are in it for having paid.
    """
    first = _worth(table[table["segment"].isin(fair)], currency) or _size(table)
    same = _same(overlap)
    return say("{one} {other}", one=first, other=same) if same else first


def _size(table: pd.DataFrame) -> Message:
    most: Any = table.iloc[int(table["users"].astype(float).argmax())]
    facts = {"row": called(most["segment"], most["group"]), "n": int(most["users"]),
             "share": Share(float(most["share"]))}  # fmt: skip
    if pd.isna(most["share_of_revenue"]):
        return say("{row} is the largest: {n} users, {share} of all.", **facts)
    return say("{row} is the largest: {n} users, {share} of all, with {revenue} of revenue.", **facts,
               revenue=Share(float(most["share_of_revenue"])))  # fmt: skip


def _worth(table: pd.DataFrame, currency: str | None) -> Message | None:
    """Name the row whose share of revenue is farthest from its share of users, beyond chance among all rows."""
    bounds = (table[name] - table["share"] for name in ("share_of_revenue", "revenue_low", "revenue_high"))
    sure = table[clear(doubts(Interval(*(bound.to_numpy(float) for bound in bounds))))]
    if sure.empty:
        return None
    most: Any = sure.iloc[int((sure["share_of_revenue"] - sure["share"]).abs().argmax())]
    facts = {
        "row": called(most["segment"], most["group"]),
        "users": Share(float(most["share"])),
        "share": Share(float(most["share_of_revenue"])),
        "low": Share(float(most["revenue_low"])),
        "high": Share(float(most["revenue_high"])),
        "amount": Money(float(most["revenue"]), currency),
    }
    if most["share_of_revenue"] > most["share"]:
        return say("{row} brings more than its number: {users} of users, {share} of revenue (95% {low} to {high}), "
                   "{amount}.", **facts)  # fmt: skip
    return say("{row} brings less than its number: {users} of users, {share} of revenue (95% {low} to {high}), "
               "{amount}.", **facts)  # fmt: skip


def _same(overlap: pd.DataFrame) -> Message | None:
    """Name the row most of which is in a row of another segment, if any is by more than half."""
    pairs = overlap[(overlap["segment"] != overlap["other"]) & (overlap["share"] > 0.5)]
    if pairs.empty:
        return None
    most: Any = pairs.iloc[int(pairs["share"].argmax())]
    return say("{share} of {row} is in {other} as well: who speaks to both speaks to them twice.",
               share=Share(float(most["share"])), row=called(most["segment"], most["group"]),
               other=called(most["other"], most["other_group"]))  # fmt: skip


def instead(chosen: tuple[str, ...], *, saved: bool) -> tuple[Note, ...]:
    """Say what is shown where no segment is saved yet, and how one is."""
    if saved:
        return ()
    text = say("No segment is saved yet, so these are the groups of {column}. Open an answer about people, such as "
               "Funnel, Retention or Lifecycle, and save some of them under Segment; or put conditions together below.",
               column=say(chosen[0]))  # fmt: skip
    return (Note("none-saved", text, "missing"),)


def left_out(names: tuple[str, ...]) -> tuple[Note, ...]:
    """Name the segments that there is no room for."""
    if not names:
        return ()
    text = say("Not shown, as there are too many at once: {names}. Choose those to look at.", names=Names(names))
    return (Note("left-out", text, "warning"),)


def notes(table: pd.DataFrame, money: tuple[Note, ...] | None) -> tuple[Note, ...]:
    """Return the caveats and the rules; `money` is None where nobody's payments are known."""
    found: list[Note] = list(money or ())
    if money is None:
        text = say("What people paid is not known: that needs orders with who bought and when they paid, or purchase "
                   "events with a value.")  # fmt: skip
        found.append(Note("no-revenue", text, "missing"))
    small = [f"{row['segment']}: {row['group']}" for row in _rows(table) if row["users"] < SMALL]
    if small:
        found.append(small_groups(small))
    found.append(Note("who", say("Everybody counts who has an event or an order under the filter. Somebody may be in "
                                 "several segments, so rows do not add up.")))  # fmt: skip
    if money is not None:
        found.append(Note("revenue", say("Revenue is paid less refunds, of orders whose buyer is known, under the "
                                         "filter and whenever that was.")))  # fmt: skip
    return tuple(found)


def _rows(table: pd.DataFrame) -> list[Mapping[Any, Any]]:
    return list(table.to_dict("records"))
