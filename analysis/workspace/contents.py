"""What is in the workspace: how many events, orders, how much spend and which controls, over which days?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import narwhals as nw
import pandas as pd

from analysis import charts
from analysis.answer import Answer, Note
from analysis.charts import AnyChart, Look
from analysis.errors import DataError
from analysis.fields import Field, Fields, Figure, described
from analysis.later import alt
from analysis.messages import N_, Message, Money, Names, say
from analysis.periods import day_of
from analysis.purchases import purchases, source_of
from analysis.question import Question
from analysis.tables import Tables, collect
from analysis.values import value
from analysis.vocabulary import TABLES, TIME_COLUMN

MEASURES = (
    N_("events"), N_("users with events"), N_("orders created"), N_("orders paid, less refunds"),
    N_("ad spend"), N_("revenue attributed by platforms"), N_("controls"),
)  # fmt: skip


@value("contents")
class Contents(Question):
    """Rows, users and sums per table, and rows per day.

    Examples
    --------
    >>> import pandas as pd
    >>> day = pd.Timestamp("2026-11-11")
    >>> orders = pd.DataFrame({"order_id": ["o1"], "timestamp": [day], "revenue": [9.5], "currency": ["CNY"]})
    >>> Contents().run(Tables(orders=orders)).table[["measure", "count", "amount"]].values.tolist()
    [['orders created', 1, 9.5]]
    """

    title: ClassVar[str] = N_("What data is here?")

    def _answer(self, tables: Tables) -> ContentsAnswer:
        filled = [t for t in TABLES if tables.count(t)]
        if not filled:
            raise DataError.empty(say("There is no data yet. Import a file on the Data page."))
        table = pd.concat([_MEASURES[t](self, tables) for t in filled], ignore_index=True)
        daily = pd.concat([_daily(self, tables, t) for t in filled], ignore_index=True)
        return ContentsAnswer(
            question=self,
            version=tables.version,
            headline=_headline(table),
            frames={"table": table, "daily": daily, "controls": _controls_by_name(self, tables)},
            notes=_notes(tables, filled),
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class ContentsAnswer(Answer):
    """One row per measure and currency, one per table and day, and one per control."""

    fields: ClassVar[Fields] = described(
        table={
            "measure": Field(N_("What"), "text", {name: name for name in MEASURES}),
            "count": Field(N_("Count"), "count"),
            "amount": Field(N_("Amount"), "money"),
            "currency": Field(N_("Currency"), "text"),
            "first": Field(N_("First (UTC)"), "time"),
            "last": Field(N_("Last (UTC)"), "time"),
        },
        daily={
            "table": Field(N_("What"), "text", {name: name for name in TABLES}),
            "day": Field(N_("Day"), "day"),
            "rows": Field(N_("Rows"), "count"),
        },
        controls={
            "name": Field(N_("Control"), "text"),
            "days": Field(N_("Days with a value"), "count"),
            "low": Field(N_("Lowest"), "number"),
            "mean": Field(N_("On average"), "number"),
            "high": Field(N_("Highest"), "number"),
            "first": Field(N_("First (UTC)"), "time"),
            "last": Field(N_("Last (UTC)"), "time"),
        },
    )
    figures = (
        Figure("count", ("measure",), "", ""),
        Figure("rows", ("day", "table"), "", "", frame="daily"),
    )

    def _chart(self, look: Look) -> AnyChart:
        plot = self.plot("daily", look)
        daily = plot.named(self.frame("daily"))
        daily["share"] = daily["rows"] / daily.groupby("table")["rows"].transform("max")
        daily["day"] = pd.to_datetime(daily["day"])
        daily["end"] = daily["day"] + pd.Timedelta(days=1)
        strips = (
            alt.Chart(daily)
            .mark_rect(color=charts.ACCENT)
            .encode(
                x=plot.x("day", axis=_days_axis(daily["day"])),
                x2=alt.X2("end:T"),
                y=charts.rows("table_name", list(dict.fromkeys(daily["table_name"]))),
                opacity=alt.Opacity("share:Q", scale=alt.Scale(domain=[0, 1], range=[0.25, 1]), legend=_shades(look)),
                tooltip=plot.tips("table", "day", "rows"),
            )
        )
        return charts.finish(strips, look, describe=look(self.headline), height=36 * daily["table"].nunique() + 110)


def _days_axis(days: pd.Series[pd.Timestamp]) -> alt.Axis:
    """Mark days, never hours, where only a few are covered."""
    if (days.max() - days.min()).days <= 14:
        return alt.Axis(tickCount="day", format="%m-%d", labelOverlap=True)
    return alt.Axis(tickCount=6, labelOverlap=True)


def _shades(look: Look) -> alt.Legend:
    return alt.Legend(
        title=look(N_("rows, as a share of the busiest day")),
        format=".0%",
        values=[0.01, 0.25, 0.5, 0.75, 1],
        columns=5,
        symbolType="square",
        symbolFillColor=charts.ACCENT,
        symbolStrokeWidth=0,
        titleLimit=320,
    )


# ---- the work ---------------------------------------------------------------------------------------------


def _range(frame: nw.LazyFrame[Any], table: str, *by: str, **more: Any) -> pd.DataFrame:
    time = nw.col(TIME_COLUMN[table])
    if not by:
        return collect(frame.select(nw.len().alias("count"), first=time.min(), last=time.max(), **more))
    return collect(frame.group_by(*by).agg(nw.len().alias("count"), first=time.min(), last=time.max(), **more))


def _rows(found: pd.DataFrame, measure: str, *, count: bool = True) -> pd.DataFrame:
    made = found.assign(measure=measure).reindex(columns=["measure", "count", "amount", "currency", "first", "last"])
    made["count"] = made["count"].astype("Int64") if count else pd.array([None] * len(made), "Int64")
    typed: dict[str, Any] = {"amount": float, "first": "datetime64[us]", "last": "datetime64[us]"}
    # Floats add up to a last digit that depends on which thread came first; amounts have no such digit.
    return made.astype(typed).round({"amount": 4}).sort_values("currency", ignore_index=True)


def _events(asked: Contents, tables: Tables) -> pd.DataFrame:
    frame = tables.frame("events", asked.where)
    users = collect(frame.select(count=nw.col("user_id").n_unique()))
    return pd.concat([_rows(_range(frame, "events"), "events"), _rows(users, "users with events")])


def _orders(asked: Contents, tables: Tables) -> pd.DataFrame:
    created = tables.frame("orders", asked.where).filter(nw.col("revenue") >= 0)
    lines = created.group_by("order_id", "currency").agg(nw.col("timestamp").min(), nw.col("revenue").sum())
    parts = [_rows(_range(lines, "orders", "currency", amount=nw.col("revenue").sum()), "orders created")]
    if source_of(tables, asked.where, buyers=False).orders:
        bought = purchases(tables, asked.where, buyers=False)
        found = _range(bought.realised, "orders", "currency", amount=nw.col("amount").sum()).drop(columns="count")
        counted = collect(bought.paid.group_by("currency").agg(count=nw.len()))
        parts += [
            _rows(found.merge(counted, on="currency", how="left").fillna({"count": 0}), "orders paid, less refunds")
        ]
    return pd.concat(parts)


def _spend(asked: Contents, tables: Tables) -> pd.DataFrame:
    frame = tables.frame("spend", asked.where)
    parts = [_rows(_range(frame, "spend", "currency", amount=nw.col("spend").sum()), "ad spend")]
    if "attributed_revenue" in tables.present("spend"):
        revenue = _range(frame, "spend", "currency", amount=nw.col("attributed_revenue").sum())
        parts.append(_rows(revenue, "revenue attributed by platforms"))
    return pd.concat(parts)


def _controls(asked: Contents, tables: Tables) -> pd.DataFrame:
    """Count controls, not their rows."""
    frame = tables.frame("controls", asked.where)
    found = _range(frame, "controls").assign(count=collect(frame.select(n=nw.col("name").n_unique()))["n"])
    return _rows(found, "controls")


_MEASURES = {"events": _events, "orders": _orders, "spend": _spend, "controls": _controls}


def _controls_by_name(asked: Contents, tables: Tables) -> pd.DataFrame:
    """Return one row per control: on how many days it was measured, and between what."""
    if not tables.count("controls"):
        return pd.DataFrame(columns=list(ContentsAnswer.fields["controls"]))
    day, of = nw.col("day"), nw.col("value")
    found = collect(
        tables.frame("controls", asked.where)
        .group_by("name")
        .agg(days=day.n_unique(), low=of.min(), mean=of.mean(), high=of.max(), first=day.min(), last=day.max())
    ).sort_values("name", ignore_index=True)
    return found.astype({"first": "datetime64[us]", "last": "datetime64[us]"})


def _daily(asked: Contents, tables: Tables, table: str) -> pd.DataFrame:
    span = tables.span(table)
    assert span is not None  # only of tables that hold rows
    rows = tables.frame(table, asked.where).with_columns(day=day_of(TIME_COLUMN[table], tables.zone, *span))
    found = collect(rows.group_by("day").agg(rows=nw.len())).sort_values("day", ignore_index=True)
    found["day"] = found["day"].astype(str)
    return found.assign(table=table)[["table", "day", "rows"]]


# ---- the words --------------------------------------------------------------------------------------------


def _headline(table: pd.DataFrame) -> Message:
    parts = [_part(row) for row in table.to_dict("records") if row["measure"] != "revenue attributed by platforms"]
    return say("{parts}.", parts=_joined(tuple(parts)))


def _joined(parts: tuple[Message, ...]) -> Message:
    whole = parts[0]
    for part in parts[1:]:
        whole = say("{left}; {right}", left=whole, right=part)
    return whole


def _part(row: Mapping[Any, Any]) -> Message:
    what = Message(row["measure"])
    if pd.isna(row["amount"]):
        return say("{n} {what}", n=int(row["count"]), what=what)
    amount = Money(float(row["amount"]), row["currency"], exact=True)
    if row["measure"] == "ad spend":
        return say("{amount} {what}", what=say("ad spend"), amount=amount)
    return say("{n} {what} ({amount})", n=int(row["count"]), what=what, amount=amount)


def _notes(tables: Tables, filled: list[str]) -> tuple[Note, ...]:
    needs = {
        "events": say("Funnel needs events."),
        "orders": say("Sales, and values in Lifecycle, need orders."),
        "spend": say("Performance, Budget and Reallocation need spend."),
    }
    notes = [Note("no-table", text, "missing") for table, text in needs.items() if table not in filled]
    if (codes := tables.names("currency")) and len(codes) > 1:
        text = say("Several currencies are stored ({codes}); they are never added up.", codes=Names(codes))
        notes.append(Note("currencies", text, "warning"))
    return tuple(notes)
