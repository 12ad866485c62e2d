"""How far did an order come by a row, and which of several states of one order stands? The furthest does.

The same rule holds for rows of one file, for files of one import, and for what earlier imports stored.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from analysis.messages import Message, say
from analysis.vocabulary import ORDER_STATUSES

STATES = ("open", "failed", "paid", "delivered", "cancelled", "partly_refunded", "refunded")
"""How an order stands, as one comes after the other."""
TOLD_BY = ("order_id", "timestamp", "revenue", "currency", "status", "refund", "paid_at")
"""Columns that say whether two rows are one order, and how it stands."""
_CENT = 0.005


def far(present: Container[str]) -> str:
    """Return SQL for how far an order had come by a row, as its place in :data:`STATES`; 0 where nothing says it.

    What was given back counts as well as the word: platforms close orders that they have paid back.
    """
    said = f"coalesce(list_position({list(STATES)}, status), 0)" if "status" in present else "0"
    told = [said]
    if "refund" in present:
        part, whole = (STATES.index(s) + 1 for s in ("partly_refunded", "refunded"))
        full = f"refund >= revenue - {_CENT}"
        told.append(
            f"CASE WHEN refund > 0 AND revenue > 0 THEN CASE WHEN {full} THEN {whole} ELSE {part} END ELSE 0 END"
        )
    if "paid_at" in present:
        paid = STATES.index("paid") + 1
        told.append(f"CASE WHEN {said} = 0 AND paid_at IS NOT NULL THEN {paid} ELSE 0 END")
    return f"greatest({', '.join(told)})" if len(told) > 1 else said


def by_order(rows: str, present: Container[str]) -> str:
    """Return SQL for one row per order of the rows that are no refunds of their own: its amount and how it stands.

    Parameters
    ----------
    rows : str
        SQL of a relation.
    present : container of str
        Which columns it has.
    """
    back, paid = ("refund" if "refund" in present else "0", "paid_at" if "paid_at" in present else "NULL")
    return (
        "SELECT order_id, round(sum(revenue), 4) AS worth, date_trunc('minute', min(timestamp)) AS moment, "
        "string_agg(DISTINCT currency, ' ' ORDER BY currency) AS code, "
        f"max(far) AS far, round(sum(coalesce({back}, 0)), 4) AS back, avg(far) AS whole, count({paid}) AS paid "
        f"FROM (SELECT *, {far(present)} AS far FROM {rows}) WHERE revenue >= 0 GROUP BY order_id"
    )


def verdicts(new: str, old: str) -> str:
    """Return SQL for what each order of `new` says beside the one of the same number in `old`.

    It is "new" where that has none; "differ" where amount, time or currency are others, so that nothing says which
    holds, or whether they are one order at all; else "further", "same" or "earlier". Both are SQL of :func:`by_order`.
    """
    state = f"coalesce({list(STATES)}[{{}}.far], '')"
    shown = "printf('%.2f ', {0}.worth) || {0}.code || strftime({0}.moment, ', %Y-%m-%d %H:%M UTC')"
    told = (f"row({side}.far, {side}.back, {side}.whole, {side}.paid)" for side in ("n", "o"))
    here, there = told
    return (
        "SELECT n.order_id, CASE WHEN o.order_id IS NULL THEN 'new' "
        f"WHEN abs(n.worth - o.worth) >= {_CENT} OR n.moment <> o.moment OR n.code <> o.code THEN 'differ' "
        f"WHEN {here} > {there} THEN 'further' WHEN {here} = {there} THEN 'same' ELSE 'earlier' END AS verdict, "
        f"{state.format('o')} AS before, {state.format('n')} AS after, "
        f"{shown.format('o')} AS stored, {shown.format('n')} AS coming "
        f"FROM ({new}) AS n LEFT JOIN ({old}) AS o USING (order_id)"
    )


def summed(judged: str) -> str:
    """Return SQL for the fields of :class:`StateChange`, given SQL of :func:`verdicts`."""
    return (
        "SELECT verdict, CASE WHEN verdict IN ('further', 'earlier') THEN before ELSE '' END AS before, "
        "CASE WHEN verdict IN ('further', 'earlier') THEN after ELSE '' END AS after, count(*) AS orders, "
        "min(order_id) AS example, arg_min(stored, order_id) AS stored, arg_min(coming, order_id) AS coming "
        f"FROM ({judged}) WHERE verdict <> 'new' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    )


@dataclass(frozen=True, slots=True)
class StateChange:
    """Orders of an import that were there already, and what becomes of them.

    Parameters
    ----------
    verdict : {"further", "same", "earlier", "differ"}
        They came further by it; they stand just so; they had come further before; amount, time or currency are others.
    before, after : str
        How they stood before and how they do by it: one of :data:`STATES`, empty where nothing says it.
    orders : int
    example, stored, coming : str
        One of them: its number, and what it was and is.
    """

    verdict: str
    before: str
    after: str
    orders: int
    example: str
    stored: str
    coming: str

    @property
    def words(self) -> Message:
        """What it is, in a sentence."""
        before, after, n = _called(self.before), _called(self.after), self.orders
        if self.verdict == "further" and self.before == self.after:
            return say("Orders that stay “{after}” and have another refund or time of payment now: {n}.",
                       after=after, n=n)  # fmt: skip
        if self.verdict == "further":
            return say("Orders that came further, from “{before}” to “{after}”: {n}.", before=before, after=after, n=n)
        if self.verdict == "earlier":
            return say("Orders that had come further before, “{before}” and not “{after}”: {n}. They stay so.",
                       before=before, after=after, n=n)  # fmt: skip
        if self.verdict == "same":
            return say("Orders that were there already, just as they stand here: {n}. They count once.", n=n)
        return say("Orders that were there under the same number with another amount, time or currency: {n}, such as "
                   "{order}: {stored} there, {coming} here.",
                   n=n, order=self.example, stored=self.stored, coming=self.coming)  # fmt: skip


def _called(state: str) -> Message:
    return Message(ORDER_STATUSES[state]) if state else say("not said")
