"""From one period to another, did conversion change because other people came, or because they did otherwise?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from analysis import charts
from analysis.answer import Answer, Note
from analysis.charts import GROUP_WORDS, TOTAL, AnyChart, Look
from analysis.errors import DataError, QuestionError
from analysis.estimates import SMALL, Z, difference, proportion, small_groups
from analysis.fields import Field, Fields, Figure, bounds, described
from analysis.journey.funnel.chains import chains
from analysis.journey.funnel.definition import OfFunnel, within
from analysis.journey.funnel.money import nobody, too_early
from analysis.later import alt
from analysis.messages import N_, Message, Points, Share, say
from analysis.tables import Tables
from analysis.values import Filter, a, optional, text, value, whole


@value("funnel-change")
class FunnelChange(OfFunnel):
    """A funnel before and after, the change split into mix and rate.

    Parameters
    ----------
    funnel : Funnel
        Its steps and rules; its breakdown does not count here. Its filter becomes the question's own, where that has
        none.
    before, after : Filter
        The two periods: their dates, or another campaign each.
    by : str
        The text column whose mix is looked at.
    from_step, to_step : int, optional
        Which two steps the rate is between, counted from one; by default the first and the last.
    where : Filter, optional
        Columns that restrict both periods; where a period restricts the same column, the period counts.

    Notes
    -----
    With shares s and rates r of each group before (0) and after (1), the change of the whole rate is exactly

    mix + rate = sum (s1 - s0) (r0 + r1) / 2  +  sum (r1 - r0) (s0 + s1) / 2,

    each effect taken at the average of the two periods (Kitagawa 1955). A group that only one period has is all mix.
    Users count who came to the earlier step at least a window before the data, the dates or the campaign ends, and as
    gone on who got to the later one within that window: the same time for everybody.
    Their group is that of the event that first brought them in.
    Intervals are 95%: Newcombe's for the change, the delta method for the effects, users being independent.

    Examples
    --------
    >>> import pandas as pd
    >>> from analysis import Funnel
    >>> def made(day, device, n, done):
    ...     rows = [(f"{day}{device}{u}", f"2026-11-{day} 10:00", "view", device) for u in range(n)]
    ...     return rows + [(f"{day}{device}{u}", f"2026-11-{day} 11:00", "cart", device) for u in range(done)]
    >>> rows = made("01", "ios", 80, 40) + made("01", "android", 20, 4) + made("05", "ios", 20, 10)
    >>> rows += made("05", "android", 80, 16)
    >>> events = pd.DataFrame(rows, columns=["user_id", "timestamp", "event", "device"])
    >>> events["timestamp"] = pd.to_datetime(events["timestamp"])
    >>> asked = FunnelChange(funnel=Funnel(steps=("view", "cart"), window="1h"), by="device",
    ...                      before=Filter(end="2026-11-03"), after=Filter(start="2026-11-04"))
    >>> asked.run(Tables(events=events)).table[["before", "after", "mix", "rate"]].round(6).to_numpy().tolist()[0]
    [0.44, 0.26, -0.18, 0.0]
    """

    title: ClassVar[str] = N_("Why did conversion change?")

    before: Filter = field(metadata=a(Filter))
    after: Filter = field(metadata=a(Filter))
    by: str = field(default="channel", metadata=text())
    from_step: int = field(default=1, metadata=whole(least=1, most=20))
    to_step: int | None = field(default=None, metadata=optional(whole(least=2, most=20)))

    def __post_init__(self) -> None:
        super().__post_init__()
        last = len(self.funnel.steps)
        if not self.from_step < (self.to_step or last) <= last:
            raise QuestionError.crossed(
                say("The rate must be between two of the {n} steps, the later one last.", n=last)
            )  # fmt: skip
        if self.before == self.after:
            raise QuestionError.crossed(say("Both periods are the same. Change the dates of one."))

    @property
    def whole(self) -> bool:
        """Its two periods are its own."""
        return False

    def _answer(self, tables: Tables) -> FunnelChangeAnswer:
        (before, left_before), (after, left_after) = (_side(self, tables, own) for own in (self.before, self.after))
        table = _table(before, after)
        return FunnelChangeAnswer(
            question=self,
            version=tables.version,
            headline=_headline(self, table),
            frames={"table": table},
            notes=(*_left_out(self, left_before, left_after), *_notes(self, table)),
            universe=tables.names(self.by),
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class FunnelChangeAnswer(Answer):
    """The whole first, then one row per group; the groups' `mix` and `rate` add up to the whole's."""

    fields: ClassVar[Fields] = described(
        table={
            "group": Field(N_("Group"), "text", GROUP_WORDS, of="by"),
            "users_before": Field(N_("Users before"), "count"),
            "users_after": Field(N_("Users after"), "count"),
            "share_before": Field(N_("Share of users before"), "share"),
            "share_after": Field(N_("Share of users after"), "share"),
            "before": Field(N_("Rate before"), "share"),
            "after": Field(N_("Rate after"), "share"),
            "change": Field(N_("Change"), "points"),
            **bounds("points"),
            "mix": Field(N_("From mix"), "points"),
            "mix_low": Field(N_("Mix: 95% from"), "points"),
            "mix_high": Field(N_("Mix: 95% to"), "points"),
            "rate": Field(N_("From rates"), "points"),
            "rate_low": Field(N_("Rates: 95% from"), "points"),
            "rate_high": Field(N_("Rates: 95% to"), "points"),
        },
    )
    figures = (Figure("change", ("group",)),)

    question: FunnelChange
    universe: tuple[str, ...] = ()

    def _chart(self, look: Look) -> AnyChart:
        return _picture(self, look)


# ---- the work ---------------------------------------------------------------------------------------------


def _side(asked: FunnelChange, tables: Tables, period: Filter) -> tuple[pd.DataFrame, int]:
    """Return users and how many went on, by group, in one period; and how many came too late to tell."""
    where = asked.where or Filter()
    both = {name: getattr(period, name) or getattr(where, name) for name in ("campaign", "channel", "device")}
    both["segment"] = {**dict(where.segment), **dict(period.segment)}
    dated = period if period.start or period.end else where
    funnel = asked.funnel.replace(
        where=Filter(start=dated.start, end=dated.end, **both), breakdown=asked.by, breakdown_at="first"
    )
    found = chains(funnel, tables)
    came = found.took(asked.from_step - 1)
    if not came.any():
        raise DataError.empty(nobody(funnel))
    here = found.known(asked.from_step - 1)
    if not here.any():
        raise DataError.empty(too_early(funnel))
    on = found.went_on(asked.from_step - 1, (asked.to_step or len(found.steps)) - 1)
    size = len(found.groups)
    counts = {
        "users": np.bincount(found.group[here], minlength=size),
        "went": np.bincount(found.group[here & on], minlength=size),
    }
    return pd.DataFrame(counts, index=pd.Index(found.groups)), int(came.sum() - here.sum())


def _table(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    names = [name for name in before.index if before["users"][name] or after["users"][name]]
    n0, n1 = (side.loc[names, "users"].to_numpy(float) for side in (before, after))
    x0, x1 = (side.loc[names, "went"].to_numpy(float) for side in (before, after))
    s0, s1 = n0 / n0.sum(), n1 / n1.sum()
    # A group that one period lacks has, for the split, the rate it has in the other.
    r0, r1 = (
        np.where(n0 > 0, x0 / np.maximum(n0, 1), x1 / np.maximum(n1, 1)),
        np.where(n1 > 0, x1 / np.maximum(n1, 1), x0 / np.maximum(n0, 1)),
    )
    mix, rate = (s1 - s0) * (r0 + r1) / 2, (r1 - r0) * (s0 + s1) / 2
    table = pd.DataFrame(
        {
            "group": [TOTAL, *names],
            "users_before": np.append(n0.sum(), n0).astype(int),
            "users_after": np.append(n1.sum(), n1).astype(int),
            "share_before": np.append(1.0, s0),
            "share_after": np.append(1.0, s1),
            "before": np.append(x0.sum() / n0.sum(), np.where(n0 > 0, r0, np.nan)),
            "after": np.append(x1.sum() / n1.sum(), np.where(n1 > 0, r1, np.nan)),
            "mix": np.append(mix.sum(), mix),
            "rate": np.append(rate.sum(), rate),
        }
    )
    went = np.append(x0.sum(), x0), np.append(x1.sum(), x1)
    first, last = (proportion(x, table[name]) for x, name in zip(went, ("users_before", "users_after"), strict=True))
    table["change"], table["low"], table["high"] = difference(last, first)
    spread = _spread(s0, r0, n0.sum(), s1, r1, n1.sum())
    for name, error in spread.items():
        reach = Z * error
        table[f"{name}_low"] = np.where(table.index == 0, table[name] - reach, np.nan)
        table[f"{name}_high"] = np.where(table.index == 0, table[name] + reach, np.nan)
    return table[list(FunnelChangeAnswer.fields["table"])]


def _spread(s0: Any, r0: Any, n0: float, s1: Any, r1: Any, n1: float) -> dict[str, float]:
    """Return the standard errors of mix and rate: each user of a period moves its shares and its group's rate."""

    def part(by_share: Any, by_rate: Any, s: Any, r: Any, n: float) -> float:
        of_share = (s * by_share**2).sum() - (s * by_share).sum() ** 2
        of_rate = np.divide(by_rate**2 * r * (1 - r), s, out=np.zeros_like(s), where=s > 0).sum()
        return float((of_share + of_rate) / n)

    mean_r, mean_s, dr, ds = (r0 + r1) / 2, (s0 + s1) / 2, (r1 - r0) / 2, (s1 - s0) / 2
    mix = part(-mean_r, ds, s0, r0, n0) + part(mean_r, ds, s1, r1, n1)
    rate = part(dr, -mean_s, s0, r0, n0) + part(dr, mean_s, s1, r1, n1)
    return {"mix": float(np.sqrt(mix)), "rate": float(np.sqrt(rate))}


# ---- the words --------------------------------------------------------------------------------------------


def _headline(asked: FunnelChange, table: pd.DataFrame) -> Message:
    whole_ = table.iloc[0]
    steps = [asked.funnel.in_words(row) for row in asked.funnel.row_names]
    facts: dict[str, Any] = {
        "first": steps[asked.from_step - 1],
        "last": steps[(asked.to_step or len(steps)) - 1],
        "by": asked.by,
        "users_before": int(whole_["users_before"]),
        "users_after": int(whole_["users_after"]),
    }
    facts |= {name: Share(float(whole_[name])) for name in ("before", "after")}
    facts |= {name: Points(float(whole_[name])) for name in ("change", "low", "high", "mix", "rate")}
    if whole_["low"] <= 0 <= whole_["high"]:
        return say(
            "From {first} to {last}: {before} (n = {users_before}), then {after} (n = {users_after}). "
            "The change of {change} percentage points may be chance (95% {low} to {high}).",
            **facts,
        )
    return say(
        "From {first} to {last}: {before} (n = {users_before}), then {after} (n = {users_after}). "
        "Of the change of {change} percentage points, {mix} is another mix of {by} and {rate} other rates within it.",
        **facts,
    )


def _left_out(asked: FunnelChange, before: int, after: int) -> Iterator[Note]:
    if before or after:
        text_ = say(
            "Left out, for they came less than {window} before the data ends: {before} users before, {after} after.",
            window=within(asked.funnel), before=before, after=after,
        )  # fmt: skip
        yield Note("still-open", text_, "warning")


def _notes(asked: FunnelChange, table: pd.DataFrame) -> tuple[Note, ...]:
    groups = table[1:]
    notes = [Note("points", say("Changes are in percentage points; mix and rates add up to the change exactly."))]
    fewest = groups[["users_before", "users_after"]].min(axis=1)
    if small := groups.loc[fewest < SMALL, "group"].tolist():
        notes.append(small_groups(small, asked.by))
    again = say("A user may be in both periods; the intervals take the periods as independent.")
    return (*notes, Note("independent", again))


# ---- the picture ------------------------------------------------------------------------------------------


_EFFECTS = {"mix": N_("mix"), "rate": N_("rates")}
_OWN = {"effect": Field(N_("Effect"), "text", _EFFECTS), "points": Field(N_("Change"), "points")}


def _picture(answer: FunnelChangeAnswer, look: Look) -> AnyChart:
    plot = answer.plot("table", look).beside(**_OWN)
    table = plot.named(answer.table)
    rows: list[Any] = table.to_dict("records")
    table["row"] = [f"{row['group_name']}\n{look(_rates(row))}" for row in rows]
    long = table.melt(id_vars=["row", "group"], value_vars=list(_EFFECTS), var_name="effect", value_name="points")
    words = [plot.name("effect", name) for name in _EFFECTS]
    scale = alt.Scale(domain=words, range=[charts.PENDING, charts.ACCENT])
    bars = (
        alt.Chart(plot.named(long))
        .mark_bar()
        .encode(
            y=charts.rows("row", table["row"].tolist(), lines=2),
            yOffset=alt.YOffset("effect_name:N", sort=words),
            x=plot.x("points", title=look(N_("contribution to the change (percentage points)"))),
            color=alt.Color("effect_name:N", scale=scale, title=None),
            tooltip=plot.tips("group", "effect", "points"),
        )
    )
    whole = alt.layer(bars, charts.zero(look))
    return charts.finish(whole, look, describe=look(answer.headline), height=50 * len(table) + 60)


def _rates(row: Mapping[str, Any]) -> Message:
    before, after = (
        say("{share}", share=Share(float(row[name]))) if not pd.isna(row[name]) else say("none")
        for name in ("before", "after")
    )
    return say("{before} → {after}", before=before, after=after)
