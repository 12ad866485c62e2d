"""What does a file leave open of how its orders stand?"""

from __future__ import annotations

from dataclasses import dataclass

from analysis.imports.columns.cells import filled
from analysis.imports.lexicon.kinds import OTHER, REFUND
from analysis.imports.rows.judged import Judged
from analysis.imports.rows.kinds import kind_sql
from analysis.messages import Message, Names, say
from analysis.vocabulary import ORDER_STATUSES

_KEPT = "(bad IS NULL OR bad = 'continuation|')"
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class UnknownStatus:
    """A word for how orders stand, or what a row is, that nobody knows: in how many rows, with which amount."""

    word: str
    rows: int
    amount: float


def unknown_statuses(judged: Judged) -> tuple[UnknownStatus, ...]:
    """Return the words for how orders stand that the mapping does not read, the most frequent first."""
    mapping, known = judged.mapping, dict(judged.mapping.statuses)
    found = list[UnknownStatus]()
    if mapping.table == "orders" and "status" in judged.columns:
        query = f"SELECT min(status), count(*), coalesce(sum(revenue), 0) FROM {judged.relation} WHERE {_KEPT} " \
                "AND status IS NOT NULL GROUP BY lower(status)"  # fmt: skip
        found += [UnknownStatus(*row) for row in judged.con.execute(query).fetchall()]
    if mapping.after_sales in judged.scratch.headings:
        word = filled(judged.scratch.column(mapping.after_sales))
        query = (
            "SELECT min(word), count(*), coalesce(sum(revenue), 0) FROM "
            f"{judged.beside(f'{word} AS word', _KEPT, 'revenue')} WHERE word IS NOT NULL GROUP BY lower(word)"
        )
        found += [UnknownStatus(*row) for row in judged.con.execute(query).fetchall()]
    left = {u.word: u for u in found if u.word not in ORDER_STATUSES and u.word.casefold() not in known}
    return tuple(sorted(left.values(), key=lambda u: (-u.rows, u.word))[:1000])


def unknown_kinds(judged: Judged) -> tuple[UnknownStatus, ...]:
    """Return the words for what a row is that the mapping does not read, where amounts above zero stand beside them."""
    mapping, scratch = judged.mapping, judged.scratch
    if mapping.table != "orders" or kind_sql(scratch, mapping) is None:
        return ()
    word = filled(scratch.column(str(mapping.row_kind)))
    amount = "line_amount" if mapping.lines == "sum" else "revenue"
    query = (
        "SELECT min(word), count(*), sum(amount) FROM "
        f"{judged.beside(f'{word} AS word', _KEPT, f'{amount} AS amount')} "
        "WHERE amount > 0 AND word IS NOT NULL GROUP BY lower(word) ORDER BY count(*) DESC, 1 LIMIT 1000"
    )
    known = dict(mapping.row_kinds)
    found = (UnknownStatus(*row) for row in judged.con.execute(query).fetchall())
    return tuple(u for u in found if u.word.casefold() not in known)


def _listed(unknown: tuple[UnknownStatus, ...]) -> Names:
    return Names(tuple(f"{u.word} × {u.rows} = {u.amount:,.2f}" for u in unknown[:_SHOWN]))


def open_kinds(unknown: tuple[UnknownStatus, ...]) -> list[tuple[Message, str]]:
    """Return what must be asked of the rows' kinds, with the field of the mapping that says it."""
    if not unknown:
        return []
    text = say("Kinds of rows that are not known: {words}. Is each of them a sale?", words=_listed(unknown))
    return [(text, "row_kinds")]


def open_statuses(judged: Judged, unknown: tuple[UnknownStatus, ...]) -> list[tuple[Message, str]]:
    """Return what must be asked of how orders stand, each with the field of the mapping that says it."""
    asked = list[tuple[Message, str]]()
    if unknown:
        text = say("Words for how an order stands that are not known: {words}. What does each mean?",
                   words=_listed(unknown))  # fmt: skip
        asked.append((text, "statuses"))
    if judged.mapping.part_refunds is None and (part := _part_refunds(judged))[0]:
        text = say("Orders partly refunded by no stated amount: {n}, {amount} in all. How much was given back?",
                   n=part[0], amount=f"{part[1]:,.2f}")  # fmt: skip
        asked.append((text, "part_refunds"))
    return asked


def _part_refunds(judged: Judged) -> tuple[int, float]:
    if judged.mapping.table != "orders" or "status" not in judged.columns:
        return 0, 0.0
    nothing = "coalesce(refund, 0) = 0 AND " if "refund" in judged.columns else ""
    query = f"SELECT count(*), coalesce(sum(revenue), 0) FROM {judged.relation} " \
            f"WHERE bad IS NULL AND {nothing}status = 'partly_refunded' AND revenue > 0"  # fmt: skip
    found = judged.con.execute(query).fetchall()[0]
    return int(found[0]), float(found[1])


def cut_short(judged: Judged) -> list[Message]:
    """Say where a spreadsheet has cut order numbers short: several orders have one number then."""
    if judged.mapping.table != "orders":
        return []
    n, example = judged.con.execute(
        f"SELECT count(*), min(order_id) FROM {judged.relation} WHERE {_KEPT} "
        r"AND regexp_full_match(order_id, '\d([.,]\d+)?[eE][+]\d+')"
    ).fetchall()[0]
    if not n:
        return []
    return [say("Order numbers that a spreadsheet has cut short, such as {example}: {n} rows. Different orders may "
                "have one number now: export the file again, and open it with the numbers as text.",
                example=example, n=n)]  # fmt: skip


def order_notes(judged: Judged) -> list[Message]:
    """Say by which rules orders count as paid that the file states no time for, and what lines below zero are."""
    if judged.mapping.table != "orders":
        return []
    return [*_kind_notes(judged), *_payment_notes(judged), *_line_notes(judged), *_state_notes(judged)]


def _state_notes(judged: Judged) -> list[Message]:
    """Say of how many orders a row is kept that stands otherwise than another of theirs."""
    if judged.mapping.lines != "first" or "status" not in judged.columns:
        return []
    query = f"SELECT order_id FROM {judged.relation} WHERE {_KEPT} GROUP BY order_id HAVING count(DISTINCT status) > 1"
    n = int(judged.con.execute(f"SELECT count(*) FROM ({query})").fetchall()[0][0])
    text = say("Orders that stand differently in several rows count once, as where they came furthest: {n}.",
               n=n)  # fmt: skip
    return [text] if n else []


def _kind_notes(judged: Judged) -> list[Message]:
    """Say how many rows are refunds by their kind, and which are no sales and do not count."""
    mapping, scratch = judged.mapping, judged.scratch
    if kind_sql(scratch, mapping) is None:
        return []
    refunds, back, others = judged.con.execute(
        f"SELECT count_if({_KEPT} AND row_kind = '{REFUND}' AND revenue < 0), "
        f"sum(revenue) FILTER ({_KEPT} AND row_kind = '{REFUND}' AND revenue < 0), "
        f"count_if(bad = 'no-sale|') FROM {judged.relation}"
    ).fetchall()[0]
    notes = list[Message]()
    if refunds:
        notes.append(say("Rows that are refunds by {heading} are taken off: {n}, {amount} in all.",
                         heading=mapping.row_kind or "", n=refunds, amount=f"{-back:,.2f}"))  # fmt: skip
    if others:
        words = Names(tuple(word for word, kind in mapping.row_kinds if kind == OTHER)[:_SHOWN])
        notes.append(say("Rows that are no sales by {heading} ({words}) do not count: {n}.",
                         heading=mapping.row_kind or "", words=words, n=others))  # fmt: skip
    return notes


def _line_notes(judged: Judged) -> list[Message]:
    if judged.mapping.lines != "sum":
        return []
    discount = "'discount', 'unclear'" if judged.mapping.below_zero == "discount" else "'discount'"
    query = (
        f"SELECT called IN ({discount}) AS lowers, count(*), sum(line_amount) FROM {judged.relation} "
        f"WHERE {_KEPT} AND called IS NOT NULL GROUP BY lowers"
    )
    found = {bool(lowers): (int(n), f"{amount:,.2f}") for lowers, n, amount in judged.con.execute(query).fetchall()}
    notes = list[Message]()
    if True in found:
        n, amount = found[True]
        notes.append(say("Lines of orders that are discounts are part of their orders: {n}, {amount} in all.",
                         n=n, amount=amount))  # fmt: skip
    if False in found:
        n, amount = found[False]
        notes.append(say("Lines below zero that came after their order, or say so, are refunds: {n}, {amount} in all.",
                         n=n, amount=amount))  # fmt: skip
    return notes


def _payment_notes(judged: Judged) -> list[Message]:
    if "status" not in judged.columns:
        return []
    notes, heading = list[Message](), dict(judged.mapping.columns).get("paid_at")
    if "paid_at" in judged.columns:
        paid = f"SELECT {judged.line} AS key FROM {judged.relation} WHERE bad IS NULL AND paid_at IS NOT NULL"
        if heading:
            told = f"SELECT line FROM {judged.scratch.relation} WHERE {filled(judged.scratch.column(heading))} IS NULL"
            paid += f" AND key IN ({told})"
        if n := int(judged.con.execute(f"SELECT count(*) FROM ({paid})").fetchall()[0][0]):
            notes.append(say("Paid by their status, by no stated time: {n} orders. They count from their creation.",
                             n=n))  # fmt: skip
    if judged.mapping.on_delivery:
        words = Names(tuple(word for word, _ in judged.mapping.on_delivery))
        notes.append(say("Orders paid on delivery ({words}) count as paid once they are delivered.", words=words))
    return notes
