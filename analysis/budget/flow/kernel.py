"""What of each line of a plan was spent, phase by phase, to the cent?"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import pairwise

import numpy as np
import pandas as pd

from analysis.arrays import Floats, Ints
from analysis.messages import N_
from analysis.records import PlanLine

PLAN, BEYOND = N_("(plan)"), N_("(beyond the plan)")
"""Where money comes from."""
NO_STAGE, WHOLE = N_("(not planned)"), N_("(whole campaign)")
"""The stage of what was spent without a line, and the phase of a line without one."""
SPENT, OVER, LEFT, UNKNOWN = N_("(as planned)"), N_("(over plan)"), N_("(not spent)"), N_("(not reported)")
"""What became of it."""
ENDS = (SPENT, OVER, LEFT, UNKNOWN)
CENT = 100
_LEAF = ["stage", "line", "of", "phase"]

Cells = Mapping[tuple[str, str], float]
"""What was spent, by channel and phase."""


def leaves(
    lines: Iterable[PlanLine], spent: Cells, is_channel: Callable[[str], bool], open_: Collection[str]
) -> pd.DataFrame:
    """Set what was spent against the plan, one row per line and one per channel and phase that has none.

    Spend of a channel in a phase belongs to that phase's line, without one to the channel's line for the whole
    campaign; where several stages have such a line, to each in proportion. Amounts are whole cents: nothing is lost or
    made by rounding.

    Parameters
    ----------
    lines : iterable of PlanLine
    spent : mapping of (str, str) to float
    is_channel : callable
        Whether a spend report could tell of a line: what is no channel is not known, rather than not spent.
    open_ : collection of str
        Phases that are not over, :data:`WHOLE` among them.

    Returns
    -------
    DataFrame
        Columns stage, line, of (channel or purpose), phase, planned, spent and difference (NaN where unknown), status.
    """
    plan = list(lines)
    amounts = dict(zip(spent, cents(np.array(list(spent.values()), float)).tolist(), strict=True))
    planned = cents(np.array([line.amount for line in plan], float))
    taken = np.zeros(len(plan), np.int64)
    loose = []
    for (channel, phase), amount in amounts.items():
        takers = [k for k, line in enumerate(plan) if line.line == channel and line.phase == phase]
        takers = takers or [k for k, line in enumerate(plan) if line.line == channel and line.phase is None]
        if takers:
            taken[takers] += divided(amount, planned[takers])
        elif amount:
            loose.append((NO_STAGE, channel, "channel", phase, 0, amount, True))
    channels = {channel for channel, _ in spent}
    rows = [
        (line.stage, line.line, "channel" if known else "purpose", line.phase or WHOLE, own, got, known)
        for line, own, got in zip(plan, planned.tolist(), taken.tolist(), strict=True)
        for known in (line.line in channels or is_channel(line.line),)
    ]
    found = pd.DataFrame([*rows, *loose], columns=[*_LEAF, "planned", "spent", "known"])
    found["loose"] = found["stage"] == NO_STAGE
    found = found.sort_values(["loose", "stage", "line", "phase"], kind="stable", ignore_index=True)
    found["status"] = [_status(row, open_) for row in found.to_dict("records")]
    money = found["spent"].where(found["known"]).astype(float) / CENT
    found = found.assign(planned=found["planned"] / CENT, spent=money)
    found["difference"] = ((found["spent"] - found["planned"]) * CENT).round() / CENT
    return found[[*_LEAF, "planned", "spent", "difference", "status"]]


def _status(row: Mapping[object, object], open_: Collection[str]) -> str:
    planned, spent = int(str(row["planned"])), int(str(row["spent"]))
    if not row["known"]:
        return "unknown"
    if row["stage"] == NO_STAGE:
        return "unplanned"
    if spent == planned:
        return "even"
    return "over" if spent > planned else "open" if row["phase"] in open_ else "under"


def by_line(table: pd.DataFrame) -> pd.DataFrame:
    """Add leaves up over the phases; a line of which some phase is not over is not under its plan yet."""
    grouped = table.groupby(["stage", "line", "of"], as_index=False, sort=False)
    found = grouped.agg(
        planned=("planned", "sum"),
        spent=("spent", lambda own: own.sum(skipna=False)),
        open=("status", lambda own: bool((own == "open").any())),
        known=("status", lambda own: not (own == "unknown").any()),
    )
    found["difference"] = ((found["spent"] - found["planned"]) * CENT).round() / CENT
    over, under = found["difference"] > 0, found["difference"] < 0
    status = np.select(
        [~found["known"], found["stage"] == NO_STAGE, over, under & found["open"], under],
        ["unknown", "unplanned", "over", "open", "under"],
        "even",
    )
    columns = ["stage", "line", "of", "planned", "spent", "difference", "status"]
    return found.assign(status=status)[columns]


def parts(table: pd.DataFrame) -> pd.DataFrame:
    """Split each leaf by what became of the money: columns stage, line, of, phase, source, end, amount (above zero)."""
    planned, spent = table["planned"].to_numpy(float), table["spent"].clip(lower=0).to_numpy(float)
    unknown = np.isnan(spent)
    amounts = {
        SPENT: np.where(unknown, 0, np.minimum(planned, spent)),
        OVER: np.where(unknown, 0, np.maximum(spent - planned, 0)),
        LEFT: np.where(unknown, 0, np.maximum(planned - spent, 0)),
        UNKNOWN: np.where(unknown, planned, 0),
    }
    split = [
        table[_LEAF].assign(source=BEYOND if end == OVER else PLAN, end=end, amount=np.round(own * CENT) / CENT)
        for end, own in amounts.items()
    ]
    whole = pd.concat(split, ignore_index=True)
    return whole[whole["amount"] > 0].reset_index(drop=True)


LEVELS = ("source", "stage", "line", "phase", "end")
"""Money flows from each to the next."""


def links(split: pd.DataFrame, levels: tuple[str, ...] = LEVELS) -> pd.DataFrame:
    """Add parts up between each two levels: columns level (from 1), from, to, from_of, to_of, end, amount."""
    rows = [
        pd.DataFrame(
            {
                "level": k + 1,
                "from": split[one],
                "to": split[other],
                "from_of": _of(split, one),
                "to_of": _of(split, other),
                "end": split["end"],
                "amount": split["amount"],
            }
        )
        for k, (one, other) in enumerate(pairwise(levels))
    ]
    keys = ["level", "from", "to", "from_of", "to_of", "end"]
    found = pd.concat(rows, ignore_index=True).groupby(keys, as_index=False, sort=False).agg(amount=("amount", "sum"))
    return found.assign(amount=np.round(found["amount"] * CENT) / CENT)


def _of(split: pd.DataFrame, level: str) -> pd.Series[str]:
    """Return of which column of the data a level's codes are."""
    return split["of"] if level == "line" else pd.Series(level, split.index)


# ---- cents ------------------------------------------------------------------------------------------------


def cents(amounts: Floats) -> Ints:
    """Return amounts in whole cents that add up to their sum's cents.

    Examples
    --------
    >>> cents(np.array([0.004, 0.004, 0.004])).tolist()
    [1, 0, 0]
    """
    exact = amounts * CENT
    return _largest(exact, round(float(exact.sum())))


def divided(amount: int, weights: Ints) -> Ints:
    """Return whole parts of an amount in proportion to weights (evenly where all are nought), adding up to it.

    Examples
    --------
    >>> divided(100, np.array([1, 1, 1])).tolist()
    [34, 33, 33]
    """
    total = int(weights.sum())
    shares = weights / total if total else np.full(len(weights), 1 / len(weights))
    return _largest(amount * shares, amount)


def _largest(exact: Floats, total: int) -> Ints:
    """Round down, then give what is missing to the largest remainders, the first of equal ones."""
    floor = np.floor(np.round(exact, 6))
    missing = total - int(floor.sum())
    found = floor.astype(np.int64)
    found[np.argsort(-(exact - floor), kind="stable")[:missing]] += 1
    return found
