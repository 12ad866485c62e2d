"""What is said of a plan and of what was spent: where it was kept, where not, and what nobody reports."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from analysis.answer import Note
from analysis.budget.curves.lengths import listed
from analysis.messages import Message, Money, Name, Names, say
from analysis.values import Campaign, Filter


def headline(lines: pd.DataFrame, currency: str | None, until: str | None) -> Message:
    """Say who went furthest over and under the plan, and what was spent in all.

    Parameters
    ----------
    lines : DataFrame
        As of :func:`analysis.budget.flow.kernel.by_line`.
    currency : str or None
    until : str or None
        The last day reported, while the campaign runs.
    """
    known = lines[lines["status"] != "unknown"]
    if known.empty:
        return say("{planned} is planned, and none of it for anything that a spend report tells of.",
                   planned=Money(float(lines["planned"].sum()), currency))  # fmt: skip
    whole = say(
        "In all {spent} was spent of {planned} planned for these channels.",
        spent=Money(float(known["spent"].sum()), currency),
        planned=Money(float(known["planned"].sum()), currency),
    )
    found = _furthest(known, currency)
    text = say("{one} {other}", one=found, other=whole) if found else whole
    return say("Until {day}: {text}", day=until, text=text) if until else text


def _furthest(known: pd.DataFrame, currency: str | None) -> Message | None:
    over, under, loose = (known[known["status"] == own] for own in ("over", "under", "unplanned"))
    most, least, free = over["difference"].max(), -under["difference"].min(), loose["spent"].sum()
    if free > max(most if len(over) else 0, least if len(under) else 0):
        return say("{amount} went to {channels}, for which nothing was planned.", amount=Money(float(free), currency),
                   channels=Names(tuple(loose.sort_values("spent", ascending=False)["line"]), "channel"))  # fmt: skip
    facts: dict[str, object] = {}
    if len(over):
        top = over.sort_values("difference", ascending=False, kind="stable").iloc[0]
        facts |= {
            "over": Name(top["line"], top["of"]),
            "more": Money(float(top["difference"]), currency),
            "spent": Money(float(top["spent"]), currency),
            "planned": Money(float(top["planned"]), currency),
        }
    if len(under):
        low = under.sort_values("difference", kind="stable").iloc[0]
        facts |= {"under": Name(low["line"], low["of"]), "less": Money(float(-low["difference"]), currency)}
    if len(over) and len(under):
        return say("Furthest over plan: {over}, by {more} ({spent} for {planned}). Furthest under: {under}, by {less}.",
                   **facts)  # fmt: skip
    if len(over):
        return say("Furthest over plan: {over}, by {more} ({spent} for {planned}).", **facts)
    return say("Furthest under plan: {under}, by {less}.", **facts) if len(under) else None


def notes(
    lines: pd.DataFrame,
    currency: str | None,
    campaign: Campaign | None,
    where: Filter | None,
    *,
    until: str | None,
    crossing: float,
    phases: tuple[str, ...],
) -> Iterator[Note]:
    """Say what was spent without a plan, planned without a report, and what the comparison rests on."""
    loose, unknown = (lines[lines["status"] == own] for own in ("unplanned", "unknown"))
    if len(loose):
        text = say("Spent without a line in the plan: {parts}.", parts=_parts(loose, "spent", currency))
        yield Note("unplanned", text, "warning")
    if len(unknown):
        text = say(
            "Planned, but in no spend report, so what became of it is not known: {parts}. Bring it as rows of spend "
            "whose channel is called as in the plan.",
            parts=_parts(unknown, "planned", currency),
        )
        yield Note("not-reported", text, "missing")
    if phases:
        text = say("The campaign has no phase called {phases}; these lines meet no spend. Change them in the plan.",
                   phases=Names(phases))  # fmt: skip
        yield Note("unknown-phase", text, "warning")
    if until and campaign:
        text = say("The campaign runs until {end}, the report until {day}: what is left of phases that are not over is "
                   "not under plan yet.", end=campaign.end, day=until)  # fmt: skip
        yield Note("running", text)
    if where and (where.start or where.end):
        text = say("The plan is for the whole campaign; spend is that of the days chosen above.")
        yield Note("filtered-days", text, "warning")
    if crossing:
        text = say("{amount} lies in periods that two phases share; it counts in the phase of their middle.",
                   amount=Money(crossing, currency))  # fmt: skip
        yield Note("two-phases", text)


def _parts(rows: pd.DataFrame, amount: str, currency: str | None) -> Names:
    most = rows.sort_values(amount, ascending=False, kind="stable")
    return listed(
        [
            say("{line} ({amount})", line=Name(line, of), amount=Money(float(own), currency))
            for line, of, own in zip(most["line"], most["of"], most[amount], strict=True)
        ]
    )
