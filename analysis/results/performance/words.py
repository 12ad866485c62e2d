"""What is said of advertising: the headline and the caveats, from plain facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from analysis.answer import Note
from analysis.charts import NOT_SET, TOTAL
from analysis.estimates import LEVEL, Interval, doubt, relative
from analysis.messages import N_, Message, Money, Name, Names, Share, say
from analysis.results.against import OTHERS, change_of, latest

LACKS = {
    "impressions": N_("impressions (for CTR and CPM)"),
    "clicks": N_("clicks (for CTR, CPC and CVR)"),
    "conversions": N_("conversions (for CVR and CPA)"),
    "attributed_revenue": N_("attributed revenue (for ROAS)"),
}
"""What a report may not say, and what then cannot be told."""


CHEAP = ("cpa", "cpc", "cpm")
"""Figures of which little is good."""


_CENT = 0.01


def main(table: pd.DataFrame) -> str:
    """Return the figure that tells most of what money brings, of those the report allows."""
    whole = table.iloc[0]
    return next((figure for figure in ("roas", "cpa", "cpc", "cpm") if whole[figure] == whole[figure]), "spend")


def headline(
    by: str | None, table: pd.DataFrame, rates: pd.DataFrame, campaigns: pd.DataFrame, change: pd.DataFrame,
    currency: str | None,
) -> Message:  # fmt: skip
    """Return what the money brought, against the campaign before where it is known, and who brings most and least."""
    figure = main(table)
    whole: Any = table.iloc[0]
    if campaigns.empty:
        first = say("{what}.", what=_brought(whole, figure, currency))
    else:
        first = _compared(campaigns, change, figure, currency)
    row: Any = whole if campaigns.empty else latest(campaigns).iloc[0]
    if (rest := float(row["spend"]) - _told(row, figure)) >= _CENT:
        untold = say(
            "A further {amount} was spent of which the report gives no such figure.", amount=Money(rest, currency)
        )
        first = say("{one} {other}", one=first, other=untold)
    then = _apart(by, rates, figure, currency) if by and figure != "spend" else None
    return say("{one} {other}", one=first, other=then) if then else first


def _told(row: Mapping[Any, Any], figure: str) -> float:
    """Return what of the spend a figure is of: the rest is of rows that do not say what it needs."""
    if figure == "roas" and row["roas"]:
        return float(row["attributed_revenue"] / row["roas"])
    of = {"cpa": ("conversions", 1), "cpc": ("clicks", 1), "cpm": ("impressions", 1000)}.get(figure)
    return float(row[of[0]] * row[figure] / of[1]) if of and row[figure] == row[figure] else float(row["spend"])


def _brought(row: Mapping[Any, Any], figure: str, currency: str | None) -> Message:
    spend = Money(_told(row, figure), currency)
    if figure == "roas":
        return say("Platforms claim {revenue} for {spend}, a ROAS of {roas}",
                   revenue=Money(float(row["attributed_revenue"]), currency), spend=spend,
                   roas=float(row["roas"]))  # fmt: skip
    if figure == "cpa":
        return say("Platforms count {n} conversions for {spend}, {each} each", n=float(row["conversions"]), spend=spend,
                   each=Money(float(row["cpa"]), currency))  # fmt: skip
    if figure == "cpc":
        return say("{spend} bought {n} clicks, {each} each", n=int(row["clicks"]), spend=spend,
                   each=Money(float(row["cpc"]), currency))  # fmt: skip
    if figure == "cpm":
        return say("{spend} bought {n} impressions, {each} per thousand", n=int(row["impressions"]), spend=spend,
                   each=Money(float(row["cpm"]), currency))  # fmt: skip
    return say("{spend} was spent", spend=spend)


def figure_words(figure: str, value: float, currency: str | None) -> Any:
    """Return a figure as it stands in a sentence."""
    return float(value) if figure == "roas" else Money(float(value), currency)


def _compared(campaigns: pd.DataFrame, change: pd.DataFrame, figure: str, currency: str | None) -> Message:
    now, then = latest(campaigns).to_dict("records")
    facts: dict[str, Any] = {
        "what": _brought(now, figure, currency),
        "then": figure_words(figure, then[figure], currency),
        "before": Name(str(then["campaign"]), "campaign"),
    }
    found = change_of(change, now["group"], figure)
    if found is None:
        return say("{what}. {before} does not tell as much of the same days.", what=facts["what"],
                   before=facts["before"])  # fmt: skip
    value, low, high = found.floats()
    if low != low or high != high:
        return say("{what}; {then} on the same days of {before}. That is too little to tell a difference from chance.",
                   **facts)  # fmt: skip
    if low <= 0 <= high:
        return say("{what}; {then} on the same days of {before}. Chance alone explains the difference (95% {low} to "
                   "{high}).", **facts, low=Share(low), high=Share(high))  # fmt: skip
    if value > 0:
        return say("{what}: {change} more than {then} on the same days of {before} (95% {low} to {high}).", **facts,
                   change=Share(value), low=Share(low), high=Share(high))  # fmt: skip
    return say("{what}: {change} less than {then} on the same days of {before} (95% {low} to {high}).", **facts,
               change=Share(-value), low=Share(-high), high=Share(-low))  # fmt: skip


def _apart(by: str, rates: pd.DataFrame, figure: str, currency: str | None) -> Message | None:
    """Name the groups at both ends, where they differ by more than the choice of both among all explains."""
    known = rates[rates[f"{figure}_low"].notna() & ~rates["group"].isin([TOTAL, OTHERS, NOT_SET])]
    if len(known) < 2:
        return None
    known = known.sort_values(figure, ascending=figure in CHEAP)
    best, worst = known.iloc[0], known.iloc[-1]
    ends = [
        Interval(*(np.asarray(row[c]) for c in (figure, f"{figure}_low", f"{figure}_high"))) for row in (best, worst)
    ]
    pairs = len(known) * (len(known) - 1) / 2
    if not float(doubt(relative(*ends))) * pairs < 1 - LEVEL:
        return say("Chance alone may explain how {groups} differ.", groups=Names(tuple(known["group"]), by))
    facts = {"best": Name(str(best["group"]), by), "worst": Name(str(worst["group"]), by),
             "most": figure_words(figure, best[figure], currency),
             "least": figure_words(figure, worst[figure], currency)}  # fmt: skip
    if figure == "roas":
        return say("The highest is {best} ({most}), the lowest {worst} ({least}). Ask Budget what more money "
                   "brings before moving any.", **facts)  # fmt: skip
    return say("The cheapest is {best} ({most}), the dearest {worst} ({least}). Ask Budget what more money brings "
               "before moving any.", **facts)  # fmt: skip


def notes(
    by: str | None, table: pd.DataFrame, *, rows: int, without: Mapping[str, int],
    spent: Mapping[str, pd.Series[float]], long: int, currency: str | None,
) -> Iterator[Note]:  # fmt: skip
    """Yield what the report does not say, how long its periods are, and the rules.

    Parameters
    ----------
    by : str, optional
    table : DataFrame
    rows : int
        All that are counted.
    without : mapping of str to int
        Of them, by column, those that do not have it.
    spent : mapping of str to Series
        What these cost, of all and of each group.
    long : int
        Of them, those that cover several days.
    currency : str, optional
    """
    none = [c for c, n in without.items() if n == rows]
    if main(table) == "roas":
        text = say("ROAS is what platforms claim for themselves: several may claim one order, and refunds are seldom "
                   "taken off. What was realised is on Sales.")  # fmt: skip
        yield Note("claimed", text, "warning")
    if none:
        text = say("Left out, as the report does not have them: {columns}. Export it with these columns.",
                   columns=Names(tuple(say(LACKS[c]) for c in none)))  # fmt: skip
        yield Note("left-out", text, "missing")
    for column, n in without.items():
        if n and column not in none:
            own = spent[column]
            groups = tuple(str(name) for name in own.index[own.abs() >= _CENT] if name != TOTAL)
            text = say("{n} of {rows} rows, {amount} of the spend, say nothing of this: {column}. They are in no rate "
                       "that needs it.", n=n, rows=rows, amount=Money(float(own[TOTAL]), currency),
                       column=say(LACKS[column]))  # fmt: skip
            if by and groups:
                text = say("{n} of {rows} rows, {amount} of the spend, say nothing of this: {column}. They are in no "
                           "rate that needs it, and are of: {groups}.", **dict(text.params),
                           groups=Names(groups, by))  # fmt: skip
            yield Note("rows-without", text, "warning")
    if long:
        text = say("{n} of {rows} rows cover several days: each stands on the day its period begins. Choose weeks or "
                   "months to see them evenly; ROI spreads each evenly over its days.", n=long, rows=rows)  # fmt: skip
        yield Note("long-periods", text, "warning")
    rule = say("Each rate is a ratio of sums, never a mean of ratios; its interval is told by how single days differ.")
    yield Note("ratios-of-sums", rule)
