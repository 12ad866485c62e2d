"""Which touches get the credit for conversions, under one model and another?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import pandas as pd

from analysis.answer import Answer
from analysis.arrays import Floats
from analysis.charts import TOTAL, AnyChart, Look
from analysis.errors import DataError
from analysis.fields import Field, Fields, Figure, bounds, described
from analysis.journey.attribution import chart as credit_picture
from analysis.journey.attribution import words
from analysis.journey.attribution.costs import Cost, spent, worth_of
from analysis.journey.attribution.definition import COLUMNS, MODEL_WORDS, MODELS, AttributionDefinition
from analysis.journey.attribution.headline import Headline
from analysis.journey.attribution.models import MOST
from analysis.journey.attribution.naming import named_again
from analysis.journey.attribution.plan import credited, span, tallied
from analysis.journey.attribution.ranking import Figures, Ranking, figures_of, ranked
from analysis.journey.attribution.shares import Shares, largest_remainder
from analysis.journey.attribution.words import NO_TOUCH, TOUCH_WORDS
from analysis.messages import N_, Message
from analysis.money import roi
from analysis.tables import Tables
from analysis.values import local_day, value


@value("attribution")
class Attribution(AttributionDefinition):
    """How much of the conversions, or of their revenue, each touch is credited with, under several models.

    Parameters
    ----------
    conversion : str
        The event that is credited.
    touches : sequence of str
        Names of events that are touches; none means every event. Only events with a value in `by` count.
    by : {"channel", "campaign", "creative", "audience", "phase"}
        Which column's values get the credit; "phase" is the campaign's phase in which a touch falls.
    value : {"conversions", "revenue", "value"}
        What is shared out: each conversion as one, the realised revenue of its order (by order_id), or the conversion
        event's own `value`.
    window : str or timedelta
        How far back from a conversion touches count, boundary included.
    paths : {"since_last_conversion", "all"}
        Whether touches before an earlier conversion count again. Conversions of one moment share one path.
    repeats : {"each", "session", "row"}
        Of a path's touches that follow each other and have the same value: each counts; those of one session count
        once; all of them count once. What counts once counts when it was last.
    models : sequence of str, optional
        Of :data:`MODELS`, in the order wanted; none means all that can be had.
    direct : str, optional
        The value that means no campaign led here; gives the model last_non_direct.
    half_life : str or timedelta
        Time decay: how long before the path's end a touch weighs half.
    first, last : float
        Position-based: the shares of the first and the last touch. The rest is split among those between; with two
        touches all is split in the ratio of these.
    currency : str, optional
        That revenue and cost are counted in; see :func:`analysis.money.currency_of`.
    draws, seed : int
        Bootstrap: how often users are drawn anew, and the seed of the draws.
    where : Filter, optional
        Dates restrict when people convert; touches count from the window before. The other conditions restrict
        touches and conversions alike.

    Notes
    -----
    An order is one conversion, however many events name it: the first under the filter, whatever its date, by whomever.
    Later ones are left out, and in `value` all of them are added up.

    Touches that no conversion follows within the window make journeys that came to nothing (two touches further
    apart than the window are in different ones). Markov and Shapley weigh them; see
    :mod:`analysis.journey.attribution.models`. Attribution shares out what happened; it does not say what would have
    happened otherwise.

    Intervals hold 95% of a bootstrap over users, who are drawn in 128 random groups.

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame({
    ...     "user_id": "u1",
    ...     "timestamp": pd.to_datetime(["2026-11-01", "2026-11-03", "2026-11-04"]),
    ...     "event": ["visit", "visit", "purchase"],
    ...     "channel": ["display", "search", None],
    ... })
    >>> answer = Attribution(models=("first", "linear")).run(Tables(events=events))
    >>> answer.frame("models")[["touch", "first", "linear"]].values.tolist()
    [['display', 1.0, 0.5], ['search', 0.0, 0.5], ['(total)', 1.0, 1.0]]
    """

    title: ClassVar[str] = N_("Who brings most?")

    @classmethod
    def suggested(cls, tables: Tables) -> Self:
        """Return what purchases by channel bring, credited to visits where there are any."""
        filled = tables.present("events")
        return cls(
            value="revenue" if tables.count("orders") and "order_id" in filled else "conversions",
            conversion=tables.goal,
            touches=("visit",) if "visit" in tables.event_keys else (),
            by=next((c for c in COLUMNS if c in filled), "channel"),
        )

    def _answer(self, tables: Tables) -> Answer:
        known = credited(self, tables)
        observed = span(self, tables)
        worth = worth_of(tables, self.value, self.conversion, self.where, self.currency)
        again = named_again(self, tables)
        counted = tallied(self, tables, known, observed, worth, again)
        if not counted.conversions:
            raise DataError.empty(words.nothing(self.conversion, self.where is not None))
        shares = Shares(counted, known, measure=int(self.value != "conversions"))
        models = tuple(m for m in self.asked_models if m != "shapley" or shares.players <= MOST)
        if not models:
            raise DataError.empty(words.too_many_players(shares.players, self.by))
        if not shares.total > 0:
            raise DataError.empty(words.worth_nothing(self.conversion))
        first, last = (local_day(moment, tables.zone) for moment in observed)
        cost = spent(tables, self.by, self.where, (first, last), worth.currency or self.currency)
        drawn = shares.draw(models, self.draws, self.seed)
        credits = shares.credits(models)
        figures = figures_of(shares, credits, drawn, tuple(sorted(set(cost.amounts) - set(shares.names))))
        ranking, table = ranked(figures, shares, drawn, cost.amounts), _table(figures, credits, shares, cost)
        currency = worth.currency if shares.measure else cost.currency
        kind = RevenueAttribution if shares.measure else AttributionAnswer
        frames = {
            "ranking": _rows(ranking, table, shares.measure),
            "models": _side_by_side(table, shares.total),
            "table": table,
        }
        named = (*words.unnamed(self, worth), *words.again(self, again, counted, tables.zone))
        given = (*named, *worth.notes, *cost.notes)
        return kind(
            question=self,
            version=tables.version,
            headline=self._headline(ranking, shares, currency, spend_known=bool(tables.count("spend"))),
            frames={name: frame.reindex(columns=list(kind.fields[name])) for name, frame in frames.items()},
            notes=words.notes(self, counted, shares, models, observed[0], tables.zone, given, worth.elsewhere),
            currency=currency,
            universe=tables.names(self.by),
        )

    def _headline(self, ranking: Ranking, shares: Shares, currency: str | None, *, spend_known: bool) -> Message:
        whole = words.whole(self, shares, currency)
        if not ranking.share.found.any():
            return words.untouched(self, whole)
        money = bool(shares.measure)
        return Headline(
            ranking=ranking, by=self.by, whole=whole, total=shares.total, money=money, currency=currency,
            spend_known=spend_known,
            filtered=bool(self.where and self.by in self.where.columns()),
        ).message()  # fmt: skip


_MODELS = {model: Field(label, "number") for model, label in MODEL_WORDS.items()}
_TOUCH = Field(N_("Touch"), "text", TOUCH_WORDS, of="by")
_CREDIT = Field(N_("Credited conversions"), "number")
_VALUE, _ROI = Field(N_("Credited revenue"), "money"), Field(N_("Attributed ROI"), "ratio")
_COST = {
    "cost": Field(N_("Spend"), "money"),
    "cost_per_conversion": Field(N_("Spend per credited conversion"), "money"),
}
_TABLE = {
    "touch": _TOUCH,
    "model": Field(N_("Model"), "text", MODEL_WORDS),
    "credit": _CREDIT,
    "share": Field(N_("Share"), "share"),
    **bounds("share"),
    **_COST,
}
_SHARE = {
    "share": Field(N_("Share, mean of the models"), "share"),
    **bounds("share"),
    "models_low": Field(N_("Share, lowest of the models"), "share"),
    "models_high": Field(N_("Share, highest of the models"), "share"),
    "lead": Field(N_("Ahead of the next"), "points"),
    "lead_low": Field(N_("Ahead of the next, 95% from"), "points"),
    "lead_high": Field(N_("Ahead of the next, 95% to"), "points"),
}


@dataclass(frozen=True, kw_only=True, repr=False)
class AttributionAnswer(Answer):
    """Credits by touch and model; within a model they sum to all conversions, those without a touch included.

    "ranking" has a row per touch, those that bring most first: the mean of the models, with its 95% interval, the
    smallest and largest share a model gives, and how far it is ahead of the touch below it. "models" has a column per
    model; "table" has a row per touch and model, with each share's 95% interval.

    Parameters
    ----------
    universe : tuple of str
        All values of the credited column, for their colours.
    """

    fields: ClassVar[Fields] = described(
        ranking={
            "touch": _TOUCH,
            "credit": _CREDIT,
            **_SHARE,
            **_COST,
            "cost_low": Field(N_("Spend per credited conversion, 95% from"), "money"),
            "cost_high": Field(N_("Spend per credited conversion, 95% to"), "money"),
        },
        models={"touch": _TOUCH, **_MODELS},
        table=_TABLE,
    )
    figures = (Figure("share", ("touch",), frame="ranking"),)

    question: Attribution
    universe: tuple[str, ...] = ()

    def shown(self, name: str, language: str) -> pd.DataFrame:
        """Return a table with its credits in hundredths that sum to the total's, without columns that are empty."""
        frame = self.frame(name).dropna(axis="columns", how="all")
        if name == "models":
            for column in frame.columns[1:]:
                rounded = largest_remainder(frame[column].iloc[:-1])
                frame[column] = [*rounded, round(rounded.sum(), 2)]
            return frame
        for column in ("credit", "value"):
            if column in frame:
                whole = frame["model"] if "model" in frame else np.zeros(len(frame))
                frame[column] = frame.groupby(whole, sort=False)[column].transform(largest_remainder)
        return frame

    def _chart(self, look: Look) -> AnyChart:
        return credit_picture.bars(
            self.frame("ranking"),
            self.table,
            self.plot("ranking", look),
            value=self.question.value,
            universe=self.universe,
            describe=self.say(self.headline, look.language),
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class RevenueAttribution(AttributionAnswer):
    """Credits of revenue by touch and model, with return on investment (revenue / spend) where spend is known.

    Shares, their bounds and the ranking are of the revenue.
    """

    fields: ClassVar[Fields] = described(
        ranking={
            "touch": _TOUCH,
            "value": _VALUE,
            "credit": _CREDIT,
            **_SHARE,
            **_COST,
            "roi": _ROI,
            "roi_low": Field(N_("Attributed ROI, 95% from"), "ratio"),
            "roi_high": Field(N_("Attributed ROI, 95% to"), "ratio"),
        },
        models={"touch": _TOUCH, **{m: Field(label, "money") for m, label in MODEL_WORDS.items()}},
        table={**_TABLE, "value": _VALUE, "roi": _ROI},
    )


# ---- the tables -------------------------------------------------------------------------------------------


def _rows(ranking: Ranking, table: pd.DataFrame, measure: int) -> pd.DataFrame:
    """Lay out a row per touch, those that bring most first; what no touch brings comes last."""
    order = ranking.share.order
    rows = [_row(ranking, name, measure) for name in order]
    lead = dict(zip(("lead", "lead_low", "lead_high"), ranking.share.ahead(order), strict=True))
    means = table.groupby("touch")[["credit", "value", "share", "cost"]].mean()
    if NO_TOUCH in means.index:
        rows.append({"touch": NO_TOUCH})
    laid_out = pd.DataFrame(rows).join(means, on="touch").join(pd.DataFrame(lead))
    return laid_out.assign(cost_per_conversion=(laid_out["cost"] / laid_out["credit"]).where(laid_out["credit"] > 0))


def _row(ranking: Ranking, name: str, measure: int) -> dict[str, object]:
    (_, low, high), (least, most) = ranking.share.of(name).floats(), ranking.spread(name)
    row: dict[str, object] = {"touch": name, "low": low, "high": high, "models_low": least, "models_high": most}
    if name in ranking.returns.names:
        rate, low, high = ranking.returns.of(name).floats()
        if measure:
            row |= {"roi": rate, "roi_low": low, "roi_high": high}
        elif low > 0:  # the more conversions for the money, the less each costs
            row |= {"cost_low": 1 / high, "cost_high": 1 / low}
    return row


def _table(
    figures: Mapping[str, Figures], credits: Mapping[str, tuple[Floats, Floats]], shares: Shares, cost: Cost
) -> pd.DataFrame:
    """Lay out a row per touch and model; touches without credit stay where they cost something."""
    parts = []
    for model, own in figures.items():
        credit, brought = (pd.Series(each, [*shares.names, NO_TOUCH]) for each in credits[model])
        given = pd.DataFrame({"touch": own.names, "model": model, "share": own.found})
        given["credit"], given["value"] = (given["touch"].map(each).fillna(0.0) for each in (credit, brought))
        parts.append(given.assign(low=own.intervals.low, high=own.intervals.high))
    table = pd.concat(parts, ignore_index=True)
    table["cost"] = table["touch"].map(cost.amounts).astype(float)
    table["cost_per_conversion"] = (table["cost"] / table["credit"]).where(table["credit"] > 0)
    table["roi"] = roi(table["value"], table["cost"])
    return table if shares.untouched else table[table["touch"] != NO_TOUCH].reset_index(drop=True)


def _side_by_side(table: pd.DataFrame, total: float) -> pd.DataFrame:
    """Return a column per model; its last row is the total."""
    wide = table.assign(credit=table["share"] * total).pivot(index="touch", columns="model", values="credit")
    wide = wide.reindex(index=table["touch"].unique(), columns=MODELS)
    wide.loc[TOTAL] = wide.sum(min_count=1)
    return wide.rename_axis(index="touch", columns=None).reset_index()
