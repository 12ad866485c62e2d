"""Who bought lately, often and for much; what did each group bring since an earlier day, and where is it now?"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, ClassVar

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa

from analysis.answer import Answer
from analysis.arrays import Bools, Floats, Ints
from analysis.audience.buyers import Bought, bought, days_of, lacking, numbers_of
from analysis.audience.days import bought_on, date_of, earlier, iso, number
from analysis.audience.rfm import chart, words
from analysis.audience.rfm.kernel import PROSPECTS, Customers, Cuts, gone_quiet
from analysis.audience.states.kernel import gaps_of, neighbours
from analysis.charts import TOTAL, AnyChart, Look
from analysis.errors import DataError, QuestionError
from analysis.estimates import Moments, mean, proportion, share
from analysis.fields import Field, Fields, Figure, bounds, described
from analysis.messages import N_, say
from analysis.question import Segmentation
from analysis.tables import Tables, instant
from analysis.values import (
    Filter,
    currency_code,
    day,
    local_day,
    local_midnight,
    optional,
    rising,
    value,
    whole,
)
from analysis.vocabulary import RFM_GROUPS

BEFORE = 28
"""How many days before `at` what groups brought is counted from, where no campaign says."""
UNSEEN = N_("first seen since")
"""Whoever was not seen yet on the earlier day."""
PLACES = (*RFM_GROUPS, UNSEEN)
_WORDS = {name: name for name in (*PLACES, TOTAL)}
MEASURES = {"recency": N_("days since the last purchase"), "frequency": N_("purchases"), "monetary": N_("amount paid")}


@value("rfm")
class RFM(Segmentation):
    """Customers by how recently, how often and for how much they bought, in Shopify's groups.

    Every customer is in one group alone, and everybody seen who has not bought is a prospect.

    Parameters
    ----------
    at : str or date, optional
        The day at whose end customers are placed, in the campaign's time zone; by default the last day known.
    since : str or date, optional
        The earlier day since which is told what each group of then brought and where it is now; by default the day
        before the campaign began where that lies in the data, else 28 days before `at`.
    quantiles : int, optional
        Into how many parts each measure is cut; 2 cuts at the medians.
    recency, frequency, monetary : sequence of float
        Fixed cuts instead: days since the last purchase, purchases, money. Empty for quantiles.
    currency : str, optional
        That money is counted in; see :func:`analysis.money.currency_of`. Who paid in another is in no group.
    where : Filter, optional
        Which purchases count, its dates being those of ordering.

    Notes
    -----
    Purchases and what is left of them after refunds are those of :func:`analysis.purchases.purchases`. Cuts are safe
    against ties: who bought equally often has one score, however many they are, so there may be fewer cuts than asked
    for; those drawn are in the frame "cuts". A score is how many cuts somebody has on the better side, from 0. The
    groups of both days are drawn with the same cuts, those of `at`, so that nobody moves because others did.

    Groups follow Shopify's words for them (CustomerRfmGroup in its Admin API): by recency, and by the mean of
    frequency and money.

    Examples
    --------
    >>> orders = pd.DataFrame({"order_id": list("abcd"), "user_id": ["u1", "u2", "u2", "u3"], "currency": "CNY",
    ...     "timestamp": pd.to_datetime(["2026-11-01", "2026-11-02", "2026-11-11", "2026-11-12"]),
    ...     "revenue": [10.0, 20.0, 40.0, 5.0]}).assign(paid_at=lambda t: t["timestamp"])
    >>> answer = RFM(at="2026-11-12", quantiles=2).run(Tables(orders=orders))
    >>> answer.table.query("customers > 0")[["group", "customers", "monetary"]].values.tolist()
    [['(total)', 3, 75.0], ['champions', 1, 60.0], ['new', 1, 5.0], ['dormant', 1, 10.0]]
    """

    title: ClassVar[str] = N_("Who are the best customers, and what became of them?")
    of_all: ClassVar[bool] = True

    at: str | None = field(default=None, metadata=day())
    since: str | None = field(default=None, metadata=day())
    quantiles: int = field(default=5, metadata=whole(least=2, most=10))
    recency: tuple[float, ...] = field(default=(), metadata=rising(least=0, at_most=9))
    frequency: tuple[float, ...] = field(default=(), metadata=rising(least=0, at_most=9))
    monetary: tuple[float, ...] = field(default=(), metadata=rising(least=0, at_most=9))
    currency: str | None = field(default=None, metadata=optional(currency_code()))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.since and self.at and self.since >= self.at:
            _in_order(self.since, self.at)

    @classmethod
    def lacks(cls, tables: Tables) -> tuple[DataError, ...]:
        """Return what the tables do not have: orders that tell who paid, or purchase events with their value."""
        return lacking(tables)

    def members(self, tables: Tables) -> pa.Table:
        """Return which group everybody is in at the end of the day.

        Returns
        -------
        pyarrow.Table
            user_id and stage, one row per user who bought or was seen, in no order.

        Raises
        ------
        DataError
            Nobody bought, or the tables do not tell.
        """
        people = _People.of(self, tables, named=True)
        assert people.ids is not None  # asked for
        stages = pa.array(RFM_GROUPS).take(pa.array(people.cuts(self).groups(people.now)))
        return pa.table({"user_id": people.ids, "stage": stages})

    def _answer(self, tables: Tables) -> RFMAnswer:
        people = _People.of(self, tables)
        cuts = people.cuts(self)
        groups = cuts.groups(people.now)
        # As buyers' states tell it, whose limit is in days: a fifth of all is always least recent.
        gaps = gaps_of(neighbours(bought_on(tables, self.where, ids=False)), people.bought.today)
        quiet = gone_quiet(people.now, groups, gaps.lapsed)
        before = people.before_groups(cuts)
        frames = {
            "table": _table(people, groups),
            "cuts": _cuts(cuts),
            "since": _since(people, before),
            "movement": _movement(before, groups),
        }
        return RFMAnswer(
            question=self,
            version=tables.version,
            headline=words.headline(frames, quiet, people.bought.at, people.since, people.bought.currency.code),
            frames=frames,
            notes=(*people.bought.notes, *words.notes(self.where, people.known_before, people.since, people.unpriced,
                                                      seen=people.seen)),
            currency=people.bought.currency.code,
            at=people.bought.at,
            since=people.since,
            quiet=quiet,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True, repr=False)
class RFMAnswer(Answer):
    """All customers, then each group, the best first.

    `monetary` is what a group's customers paid in all and `per_customer` its mean with 95% bounds; `recency` is a
    median. "cuts" has the lines drawn; "since" what each group of the earlier day has bought and brought after it,
    and "movement" in which group its customers are now. `quiet` is how many once bought well and have lapsed by the
    rule of buyers' states, and what they had paid.
    """

    fields: ClassVar[Fields] = described(
        table={
            "group": Field(N_("Group"), "text", _WORDS),
            "customers": Field(N_("People"), "count"),
            "share": Field(N_("Share of people"), "share"),
            "recency": Field(N_("Days since the last purchase, half of them less"), "number"),
            "orders": Field(N_("Purchases"), "count"),
            "monetary": Field(N_("Amount paid"), "money"),
            "monetary_share": Field(N_("Share of the amount paid"), "share"),
            "per_customer": Field(N_("Paid per customer"), "money"),
            **bounds("money"),
        },
        cuts={
            "measure": Field(N_("Measure"), "text", MEASURES),
            "cut": Field(N_("Cut"), "count"),
            "at": Field(N_("Where it is"), "number"),
        },
        since={
            "group": Field(N_("Group then"), "text", _WORDS),
            "customers": Field(N_("People"), "count"),
            "buyers": Field(N_("Bought since"), "count"),
            "share": Field(N_("Share who bought since"), "share"),
            "share_low": Field(N_("Share who bought: 95% from"), "share"),
            "share_high": Field(N_("Share who bought: 95% to"), "share"),
            "brought": Field(N_("Paid since"), "money"),
            "brought_share": Field(N_("Share of what was paid since"), "share"),
            "per_customer": Field(N_("Paid since, per person"), "money"),
            **bounds("money"),
        },
        movement={
            "from_group": Field(N_("From group"), "text", _WORDS),
            "to_group": Field(N_("To group"), "text", _WORDS),
            "customers": Field(N_("People"), "count"),
            "share_of_from": Field(N_("Share of the group they were in"), "share"),
            **bounds("share"),
        },
    )
    figures = (
        Figure("per_customer", ("group",), n="customers"),
        Figure("share", ("group",), "share_low", "share_high", n="customers", frame="since"),
    )

    question: RFM
    at: str
    since: str
    quiet: tuple[int, float]

    def _chart(self, look: Look) -> AnyChart:
        return chart.draw(self.table, self.plot("table", look), describe=look(self.headline))


# ---- the work ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _People:
    """Everybody who bought or was seen, one element each, as they stood on both days.

    Parameters
    ----------
    bought : Bought
    since : str
        The earlier day.
    now, before : Customers
    seen_before : ndarray of bool
        Who had been seen, or had bought, by the earlier day.
    known_before : bool
        Whether anything is known of the earlier day.
    seen : bool
        Whether events tell who was seen without buying.
    unpriced : int
        Purchases whose amount is not known.
    ids : pyarrow.Array, optional
    """

    bought: Bought
    since: str
    now: Customers
    before: Customers
    seen_before: Bools
    known_before: bool
    seen: bool
    unpriced: int
    ids: Any = None

    @classmethod
    def of(cls, asked: RFM, tables: Tables, *, named: bool = False) -> _People:
        found = bought(tables, asked.where, at=asked.at, currency=asked.currency)
        span = tables.span(*[table for table in ("orders", "events") if tables.count(table)])
        assert span is not None  # somebody bought
        first = local_day(span[0], tables.zone)
        since = _since_day(asked, tables, found.at, first)
        parts = [_purchased(found, since), *_seen(asked.where, tables, found.at, since)]
        sums = ("n", "n_before", "value", "value_before", "priced")
        each = nw.concat(parts).group_by("user_id").agg(
            nw.col("day", "day_before", "elsewhere", "seen_before").max(), nw.col(*sums).sum()
        )  # fmt: skip
        # Who paid in another currency has no amount that could be set beside the others'.
        each = each.filter(nw.col("elsewhere") == 0).drop("elsewhere")
        rows = (each if named else each.drop("user_id")).collect("pyarrow").to_arrow()
        # Engines give rows in no order, and floats add up to the last digit in one order alone.
        amounts = [numbers_of(rows[name]).round(6) for name in ("value_before", "value")]
        rows = rows if named else rows.take(pa.array(np.lexsort(amounts)))
        sums_of = {name: numbers_of(rows[name]) for name in (*sums, "seen_before")}
        sums_of |= {name: sums_of[name].round(6) for name in ("value", "value_before")}
        now = Customers(_ago(rows["day"], found.today), sums_of["n"], sums_of["value"])
        before = Customers(_ago(rows["day_before"], number(since)), sums_of["n_before"], sums_of["value_before"])
        _tell(asked, found, now, sums_of["priced"])
        unpriced = int(sums_of["n"].sum() - sums_of["priced"].sum())
        return cls(found, since, now, before, sums_of["seen_before"] > 0, since >= first, len(parts) > 1, unpriced,
                   rows["user_id"] if named else None)  # fmt: skip

    def cuts(self, asked: RFM) -> Cuts:
        """Return where the lines are drawn."""
        fixed = {"recency": asked.recency, "frequency": asked.frequency, "monetary": asked.monetary}
        return Cuts.of(self.now, asked.quantiles, fixed)

    def before_groups(self, cuts: Cuts) -> Ints:
        """Return each one's place in :data:`PLACES` on the earlier day."""
        seen = self.seen_before | self.before.bought
        return np.where(seen, cuts.groups(self.before), len(PLACES) - 1)


def _purchased(found: Bought, since: str) -> nw.LazyFrame[Any]:
    before = nw.col("day") <= nw.lit(dt.date.fromisoformat(since))
    return found.rows.select(
        "user_id", "day", "value", "priced", "elsewhere",
        day_before=nw.when(before).then(nw.col("day")),
        n=nw.lit(1),
        n_before=nw.when(before).then(nw.lit(1)).otherwise(nw.lit(0)),
        value_before=nw.when(before).then(nw.col("value")).otherwise(nw.lit(0.0)),
        seen_before=nw.when(before).then(nw.lit(1)).otherwise(nw.lit(0)),
    )  # fmt: skip


def _seen(where: Filter | None, tables: Tables, at: str, since: str) -> list[nw.LazyFrame[Any]]:
    """Return who was seen in the events, where these can be filtered alike."""
    if not tables.count("events") or set(where.columns() if where else ()) - set(tables.present("events")):
        return []
    until, before = (instant(local_midnight(end, tables.zone, days=1)) for end in (at, since))
    users = tables.frame("events", where).filter(nw.col("timestamp") < until).group_by("user_id")
    each = users.agg(begun=nw.col("timestamp").min())
    nothing, never = nw.lit(0), nw.lit(None, nw.Date)
    return [
        each.select(
            "user_id", day=never, value=nw.lit(0.0), priced=nothing, elsewhere=nothing, day_before=never, n=nothing,
            n_before=nothing, value_before=nw.lit(0.0),
            seen_before=nw.when(nw.col("begun") < before).then(nw.lit(1)).otherwise(nw.lit(0)),
        )
    ]  # fmt: skip


def _ago(days: Any, today: int) -> Floats:
    """Return how many days ago each day was, 0 where there is none."""
    held = np.asarray(days.is_valid())
    return np.where(held, today - days_of(days.fill_null(date_of(0))), 0).astype(float)


def _since_day(asked: RFM, tables: Tables, at: str, first: str) -> str:
    if asked.since:
        _in_order(asked.since, at)
        return asked.since
    campaign = tables.campaign
    if campaign and first < campaign.start <= at:
        return earlier(campaign.start, 1)
    return min(max(earlier(at, BEFORE), first), earlier(at, 1))


def _in_order(since: str, at: str) -> None:
    if since >= at:
        text = say(
            "What became of the groups is told from an earlier day: {since} is not before {at}. Choose an earlier one "
            "for it.",
            since=since,
            at=at,
        )
        raise QuestionError.crossed(text)


def _tell(asked: RFM, found: Bought, now: Customers, priced: Floats) -> None:
    """Raise where customers cannot be told apart at all."""
    own = now.recency[now.bought]
    if len(own) < 2:
        raise DataError.empty(words.alone(len(own), found.at))
    if not priced.sum():
        raise DataError.empty(words.unpriced())
    if own.min() == own.max() and not asked.recency:
        raise DataError.empty(words.one_day(iso(found.today - int(own[0]))))


def _table(people: _People, groups: Ints) -> pd.DataFrame:
    size = len(RFM_GROUPS)
    now, n = people.now, np.bincount(groups, minlength=size)
    orders, spent = (np.bincount(groups, part, size) for part in (now.frequency, now.monetary))
    each = mean(Moments.of(now.monetary, groups, size), least=0.0)
    middle = [np.median(now.recency[groups == place]) if n[place] else np.nan for place in range(size - 1)]
    rows = pd.DataFrame({
        "group": RFM_GROUPS, "customers": n, "recency": [*middle, np.nan], "orders": orders, "monetary": spent,
        "per_customer": each.value, "low": each.low, "high": each.high,
    })  # fmt: skip
    rows.loc[PROSPECTS, ["monetary", "per_customer", "low", "high"]] = np.nan
    rows.loc[PROSPECTS, "orders"] = 0
    own = now.bought
    whole = mean(Moments.of(now.monetary[own]), least=0.0).floats()
    total = [TOTAL, int(n.sum()), float(np.median(now.recency[own])), orders.sum(), spent.sum(), *whole]
    table = pd.concat([pd.DataFrame([total], columns=rows.columns), rows], ignore_index=True)
    table["share"] = table["customers"] / table["customers"].iloc[0]
    table["monetary_share"] = share(table["monetary"], table["monetary"].iloc[0])
    if not people.seen:
        table = table[table["group"] != RFM_GROUPS[PROSPECTS]]
    return table.astype({"customers": "int64", "orders": "int64"})[list(RFMAnswer.fields["table"])]


def _cuts(cuts: Cuts) -> pd.DataFrame:
    rows = [(name, n, float(at)) for name in MEASURES for n, at in enumerate(getattr(cuts, name), 1)]
    table = pd.DataFrame(rows, columns=["measure", "cut", "at"])
    return table.astype({"measure": object, "cut": "int64", "at": float})


def _since(people: _People, before: Ints) -> pd.DataFrame:
    """Return what each group of the earlier day has bought and brought since, and those not seen then."""
    size = len(PLACES)
    brought = people.now.monetary - people.before.monetary
    again = people.now.frequency > people.before.frequency
    # Whoever was not seen then and has not bought since has nothing to do with it.
    counted = (before < size - 1) | again
    before, brought, again = before[counted], brought[counted], again[counted]
    places = [*np.flatnonzero(np.bincount(before, minlength=size))]
    parts = [(TOTAL, np.ones(len(before), bool)), *((PLACES[place], before == place) for place in places)]
    rows = []
    for name, which in parts:
        n, buyers = int(which.sum()), int(again[which].sum())
        each = mean(Moments.of(brought[which]), least=0.0).floats()
        bound = proportion(buyers, n).floats() if name != UNSEEN else (np.nan,) * 3
        rows.append((name, n, buyers, *bound, float(brought[which].sum()), *each))
    columns = ["group", "customers", "buyers", "share", "share_low", "share_high", "brought", "per_customer", "low",
               "high"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    known = table["group"].iloc[1:].ne(UNSEEN).to_numpy()
    own = table.iloc[1:][known]
    n, buyers = int(own["customers"].sum()), int(own["buyers"].sum())
    table.loc[0, ["share", "share_low", "share_high"]] = proportion(buyers, n).floats() if n else (np.nan,) * 3
    table["brought_share"] = share(table["brought"], table["brought"].iloc[0])
    return table[list(RFMAnswer.fields["since"])]


def _movement(before: Ints, groups: Ints) -> pd.DataFrame:
    pairs = pd.DataFrame({"from": before, "to": groups}).value_counts().sort_index().reset_index(name="customers")
    of = pairs.groupby("from")["customers"].transform("sum")
    value, low, high = proportion(pairs["customers"], of)
    return pd.DataFrame({
        "from_group": [PLACES[place] for place in pairs["from"]],
        "to_group": [RFM_GROUPS[place] for place in pairs["to"]],
        "customers": pairs["customers"].to_numpy("int64"),
        "share_of_from": value, "low": low, "high": high,
    })  # fmt: skip
