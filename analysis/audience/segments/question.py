"""Who is in the saved segments: how many, what do they bring, and how far are they the same people?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

import narwhals as nw
import numpy as np
import pandas as pd

from analysis.answer import Answer, Note
from analysis.audience.segments import chart, words
from analysis.charts import GROUP_WORDS, AnyChart, Look
from analysis.errors import DataError
from analysis.estimates import Interval, Moments, mean, proportion, share_of_sum
from analysis.fields import Field, Fields, Figure, bounds, described
from analysis.groups import GROUPS
from analysis.messages import N_, say
from analysis.money import Currency, currency_of, known
from analysis.people import HOLDERS
from analysis.purchases import Purchases, purchases, source_of
from analysis.question import Question
from analysis.store.columns import stored
from analysis.tables import Tables, collect, count_if
from analysis.values import Filter, currency_code, names, optional, value
from analysis.vocabulary import OTHER

AT_ONCE = 8
"""Most segments that are looked at beside each other."""
INSTEAD = ("audience", "channel", "device")
"""Columns that are looked at where no segment is saved yet."""
ROWS = 60
"""Most groups that they may have together."""
_ROW = ["segment", "group"]
_POWERS = ("revenue", "squares", "cubes", "fourths")


@value("segments")
class Segments(Question):
    """How many are in each segment, what they have paid, and how many of them are in each of the others.

    Parameters
    ----------
    by : sequence of str
        Saved segments, or other text columns of the events or orders; where empty, the segments that are dated, and
        where there are none, the first there is of :data:`INSTEAD`.
    currency : str, optional
        That revenue is counted in; see :func:`analysis.money.currency_of`.
    where : Filter, optional
        Which events and orders count: somebody without any is not there, and what others paid is what they paid in
        these orders.

    Notes
    -----
    A row is a group of a segment: of a segment of one group, who is in it. Somebody is in a group with all they did and
    paid. Revenue is what :func:`analysis.purchases.purchases` says was realised of known people, less refunds that name
    them alone and no order; `share_of_revenue` is of all of
    that, with the 95% bounds of :func:`analysis.estimates.share_of_sum`.

    Examples
    --------
    >>> events = pd.DataFrame({"user_id": ["u1", "u2", "u3"], "timestamp": pd.Timestamp("2026-11-11"), "event": "view",
    ...                        "vip": ["in", "in", "out"], "age": ["old", "new", "new"]})
    >>> answer = Segments(by=("vip", "age")).run(Tables(events=events))
    >>> answer.table[["segment", "group", "users", "share"]].round(3).values.tolist()
    [['vip', 'in', 2, 0.667], ['age', 'new', 2, 0.667], ['age', 'old', 1, 0.333]]
    >>> answer.frame("overlap").query("segment == 'vip'")[["other_group", "both", "share"]].values.tolist()
    [['in', 2, 1.0], ['new', 1, 0.5], ['old', 1, 0.5]]
    """

    title: ClassVar[str] = N_("Who is in the segments, and what do they bring?")

    by: tuple[str, ...] = field(default=(), metadata=names(at_most=AT_ONCE))
    currency: str | None = field(default=None, metadata=optional(currency_code()))

    @classmethod
    def lacks(cls, tables: Tables) -> tuple[DataError, ...]:
        """Return what there is not: anything that says whose rows they are."""
        if any(tables.count(table) and "user_id" in tables.present(table) for table in HOLDERS):
            return ()
        return (DataError.no_users() if any(map(tables.count, HOLDERS)) else DataError.no_table("events"),)

    def _told(self, tables: Tables) -> tuple[Note, ...]:
        return super(Segments, self.replace(by=self._chosen(tables)))._told(tables)

    def _chosen(self, tables: Tables) -> tuple[str, ...]:
        """Return what is looked at: those asked for, else the saved ones, else the first of the data's own groups."""
        own = (column for column in INSTEAD if column in tables.texts("events"))
        return self.by or tuple(tables.dated)[:AT_ONCE] or tuple(own)[:1]

    def _answer(self, tables: Tables) -> SegmentsAnswer:
        chosen = self._chosen(tables)
        if not chosen:
            raise DataError.empty(words.nothing_saved())
        who = _standing(tables, chosen, self.where)
        whole, spent = _spent(self, tables)
        everybody = _everybody(tables, self.where)
        sizes = _sizes(who, spent.rows if spent else None)
        if sizes.empty:
            raise DataError.empty(words.nobody())
        if len(sizes) > ROWS:
            raise DataError.too_many(sizes["segment"].mode()[0], len(sizes), ROWS)
        table = _table(sizes, everybody, whole, chosen, spent)
        overlap = _overlap(who, table)
        return SegmentsAnswer(
            question=self,
            version=tables.version,
            headline=words.headline(table, overlap, spent.money.code if spent else None, _told_before(self, tables)),
            frames={"table": table, "overlap": overlap},
            notes=(
                *words.instead(chosen, saved=bool(self.by or tables.dated)),
                *words.left_out(tuple(tables.dated)[AT_ONCE:] if not self.by else ()),
                *words.notes(table, spent.money.notes(say("revenue"), people=True) if spent else None),
            ),
            currency=spent.money.code if spent else None,
        )


_GROUP = Field(N_("Group"), "text", GROUP_WORDS, row_of="segment")
_FIGURES: Mapping[str, Field] = MappingProxyType(
    {
        "users": Field(N_("Users"), "count"),
        "share": Field(N_("Share of users"), "share"),
        **bounds("share"),
        "buyers": Field(N_("Buyers"), "count"),
        "orders": Field(N_("Orders"), "count"),
        "revenue": Field(N_("Revenue"), "money"),
        "share_of_revenue": Field(N_("Share of revenue"), "share"),
        "revenue_low": Field(N_("Share of revenue: 95% from"), "share"),
        "revenue_high": Field(N_("Share of revenue: 95% to"), "share"),
        "per_user": Field(N_("Revenue per user"), "money"),
        "per_user_low": Field(N_("Revenue per user: 95% from"), "money"),
        "per_user_high": Field(N_("Revenue per user: 95% to"), "money"),
    }
)


@dataclass(frozen=True, kw_only=True, repr=False)
class SegmentsAnswer(Answer):
    """One row per group of a segment; "overlap" has one per pair of rows.

    `share` is of all users there are. In "overlap", `both` counts who is in the row's group and in the other one, and
    `share` is that of the row's users.
    """

    fields: ClassVar[Fields] = described(
        table={"segment": Field(N_("Segment"), "text"), "group": _GROUP, **_FIGURES},
        overlap={
            "segment": Field(N_("Segment"), "text"),
            "group": _GROUP,
            "other": Field(N_("Other segment"), "text"),
            "other_group": Field(N_("Its group"), "text", GROUP_WORDS, row_of="other"),
            "both": Field(N_("In both"), "count"),
            "share": Field(N_("Share of the row's users"), "share"),
        },
    )
    figures = (Figure("share", ("segment", "group"), n="users"),)

    def _chart(self, look: Look) -> AnyChart:
        table, overlap = self.plot("table", look), self.plot("overlap", look)
        return chart.matrix((self.table, table), (self.frame("overlap"), overlap), describe=look(self.headline))


def _told_before(asked: Segments, tables: Tables) -> set[str]:
    """Return the segments whose people were told before the first order that counts, or are not dated at all."""
    start = asked.where.start if asked.where else None
    dated = {name: day for name, day in tables.dated.items() if start is None or start <= day}
    return set(asked._chosen(tables)) - dated.keys()


# ---- the sums ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Spent:
    """What each buyer paid, one row each: user_id, orders and the powers of revenue; and in which currency."""

    rows: nw.LazyFrame[Any]
    money: Currency


def _standing(tables: Tables, chosen: tuple[str, ...], where: Filter | None) -> nw.LazyFrame[Any]:
    """Return who is in which group of which segment: user_id, segment, group, each once."""
    parts = []
    for name in chosen:
        held = [table for table in HOLDERS if {name, "user_id"} <= set(tables.texts(table))]
        if not held:
            raise DataError.no_segment(name)
        if len(found := tables.names(name, *held)) > GROUPS:
            raise DataError.too_many(name, len(found), GROUPS)
        parts += [
            tables.frame(table, where).select("user_id", segment=nw.lit(name), group=nw.col(stored(name)))
            for table in held
        ]
    rows = nw.concat(parts).filter(~nw.col("user_id").is_null(), ~nw.col("group").is_null(), nw.col("group") != OTHER)
    return rows.group_by("user_id", *_ROW).agg(rows=nw.len()).drop("rows")


def _everybody(tables: Tables, where: Filter | None) -> int:
    held = [table for table in HOLDERS if tables.count(table) and "user_id" in tables.present(table)]
    rows = nw.concat([tables.frame(table, where).select("user_id") for table in held])
    each = rows.filter(~nw.col("user_id").is_null()).group_by("user_id").agg(rows=nw.len())
    return int(collect(each.select(users=nw.len()))["users"].iloc[0])


def _spent(asked: Segments, tables: Tables) -> tuple[Moments | None, _Spent | None]:
    """Return the moments of what all buyers paid, and what each did; nothing where nobody's payments are known."""
    source = source_of(tables, asked.where)
    if not source.orders and not (source.events and "value" in tables.present("events")):
        return None, None
    known(tables, asked.currency, "orders" if source.orders else "events")
    bought = _known_buyers(purchases(tables, asked.where))
    money = currency_of(tables, bought, asked.currency)
    paid = bought.with_columns(revenue=nw.col("amount") * money.factor()).filter(~nw.col("revenue").is_null())
    each = paid.group_by("user_id").agg(orders=nw.col("order").sum(), revenue=nw.col("revenue").sum())
    each = each.with_columns(**{name: nw.col("revenue") ** n for n, name in enumerate(_POWERS, 1)})
    whole = collect(each.select(*(nw.col(name).sum() for name in _POWERS))).fillna(0.0).astype(float)
    return Moments(np.zeros(1), *(whole[name].to_numpy() for name in _POWERS)), _Spent(each, money)


def _known_buyers(bought: Purchases) -> nw.LazyFrame[Any]:
    """Return what was realised from known people; `order` is 1 for a purchase and 0 for a refund of its day."""
    rows = bought.rows.with_columns(order=nw.lit(1))
    if bought.refunds is not None:
        rows = nw.concat([rows, bought.refunds.with_columns(order=nw.lit(0))])
    return rows.filter(~nw.col("user_id").is_null(), ~nw.col("amount").is_null())


def _sizes(who: nw.LazyFrame[Any], spent: nw.LazyFrame[Any] | None) -> pd.DataFrame:
    """Count each group's users, its buyers, and the powers of what they paid."""
    sums: dict[str, nw.Expr] = {"users": nw.len()}
    if spent is not None:
        who = who.join(spent, on="user_id", how="left")
        sums |= {"buyers": count_if(nw.col("orders") > 0), "orders": nw.col("orders").sum()}
        sums |= {name: nw.col(name).sum() for name in _POWERS}
    found = collect(who.group_by(*_ROW).agg(**sums))
    return found.fillna(dict.fromkeys([c for c in found if c not in _ROW], 0))


def _table(
    sizes: pd.DataFrame, everybody: int, whole: Moments | None, chosen: tuple[str, ...], spent: _Spent | None
) -> pd.DataFrame:
    """Lay out the figures, segments as they were asked for, groups by name."""
    order = sizes["segment"].map({name: n for n, name in enumerate(chosen)})
    table = sizes.assign(order=order).sort_values(["order", "group"], ignore_index=True)
    estimates: dict[str, Interval] = {"": proportion(table["users"], np.full(len(table), everybody))}
    table["share"], table["low"], table["high"] = estimates[""]
    if whole is None or spent is None:
        return table.reindex(columns=list(SegmentsAnswer.fields["table"])).astype(_types(table))
    own = Moments(*(table[name].to_numpy(float) for name in ("users", *_POWERS)))
    shares = share_of_sum(own, whole._replace(n=np.full(1, float(everybody))))
    # Sums differ in their last digits from run to run; a share of all of it is 1 and reads so.
    table["share_of_revenue"], table["revenue_low"], table["revenue_high"] = (bound.round(9) for bound in shares)
    table["per_user"], table["per_user_low"], table["per_user_high"] = mean(own, least=0.0)
    money = ("revenue", "per_user", "per_user_low", "per_user_high")
    table = table[list(SegmentsAnswer.fields["table"])].round(dict.fromkeys(money, 6))
    return table.astype(_types(table))


def _types(table: pd.DataFrame) -> dict[str, str]:
    counts = dict.fromkeys(("users", "buyers", "orders"), "Int64")
    return {c: counts.get(c, "float64") for c in SegmentsAnswer.fields["table"] if c not in _ROW}


def _overlap(who: nw.LazyFrame[Any], table: pd.DataFrame) -> pd.DataFrame:
    """Count who is in each two groups: a few rows, however many the users."""
    others = who.rename({"segment": "other", "group": "other_group"})
    pairs = who.join(others, on="user_id", how="inner").group_by(*_ROW, "other", "other_group").agg(both=nw.len())
    found = collect(pairs).set_index([*_ROW, "other", "other_group"])["both"]
    rows = list(table[_ROW].itertuples(index=False, name=None))
    every = pd.MultiIndex.from_tuples([(*row, *other) for row in rows for other in rows], names=found.index.names)
    filled = found.reindex(every, fill_value=0).reset_index()
    users = filled.merge(table[[*_ROW, "users"]], on=_ROW)["users"].astype(float)
    return filled.astype({"both": "int64"}).assign(share=filled["both"] / users.to_numpy())
