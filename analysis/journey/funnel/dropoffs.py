"""Which groups go on less often than the others at each step, what does that cost, and where is it worth looking?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, ClassVar

import narwhals as nw
import numpy as np
import pandas as pd
from scipy.special import ndtr

from analysis import charts
from analysis.answer import Answer, Note
from analysis.charts import GROUP_WORDS, NOT_SET, AnyChart, Look, Plot
from analysis.errors import DataError
from analysis.estimates import (
    SMALL,
    UNKNOWN,
    Interval,
    Moments,
    Z,
    clear,
    difference,
    mean,
    proportion,
    ratio,
    score_test,
)
from analysis.fields import Field, Fields, Figure, bounds, described
from analysis.groups import told_apart_by
from analysis.journey.funnel.chains import Chains
from analysis.journey.funnel.definition import FunnelDefinition, OfFunnel, within
from analysis.journey.funnel.money import Carried, carried, nobody, too_early
from analysis.journey.loyalty.participation import Participation, ParticipationAnswer, loyal
from analysis.later import alt
from analysis.messages import N_, Message, Money, Name, Names, Share, say
from analysis.money import currency_of, known
from analysis.periods import campaigns
from analysis.purchases import purchases, source_of
from analysis.store.walk import Columns
from analysis.tables import Tables, collect
from analysis.values import Filter, currency_code, names, number, optional, value, whole

BY = ("device", "channel", "audience", "creative")
"""Columns that are looked through unless others are named."""
SPEED, SLOW = N_("page speed"), N_("slow page")
LOYALTY, LOYAL = N_("loyalty"), N_("loyal users")
_COLUMN_WORDS = {
    **{column: column for column in BY},
    SPEED: SPEED,
    LOYALTY: LOYALTY,
}
GROUPS = 200
"""Most values a column may have; one with more is left out, with a note."""


@value("drop-offs")
class DropOffs(OfFunnel):
    """Drop-offs by group, priced and ranked: what it is worth to bring a group to the others' rate.

    Parameters
    ----------
    funnel : Funnel
        Its steps and rules. Its filter becomes the question's own, where that has none.
    by : sequence of str
        Text columns to look through, taken from the event of the step before; by default those of device, channel,
        audience and creative that hold values.
    slow : float
        Seconds from which a page counts as slow, where events carry load times; 0 leaves pages out.
    loyal_orders : int
        Users with so many paid orders before the first campaign are loyal, and their return from campaign to
        campaign is priced as well; 0 leaves that out.
    least : int
        Fewest users a group and its others must have.
    false_discovery : float
        Share of false alarms tolerated among those called clear (Benjamini and Hochberg 1995).
    currency : str, optional
        That amounts are counted in; see :func:`analysis.money.currency_of`.
    where : Filter, optional

    Notes
    -----
    Each group stands beside all others with a value in the same column. `lost` is the group's users times the
    others' lead; `worth` is `lost` times the realised revenue of the matched orders per user of the group who got so
    far. Rows overlap (an Android user has a channel, too), so they do not add up.

    Intervals are 95%: Wilson's for a rate, Newcombe's for a difference, Miettinen and Nurminen's for a ratio; loyal
    users are compared with themselves, as pairs (McNemar's test), across all campaigns whatever the dates; `worth`
    takes in the spread of revenue as well. Users count who took the earlier step at least a window before the data (the
    dates, the campaign) ends, and as gone on who got further within one window of it: everybody has had the same time.
    Their group is taken where they first got so far, which does not depend on what they did next.

    Examples
    --------
    >>> import pandas as pd
    >>> from analysis import Funnel
    >>> def user(n, device, done):
    ...     rows = [(f"{device}{n}", 0, "view", device)] + [(f"{device}{n}", 1, "cart", device)] * done
    ...     return rows
    >>> rows = [r for n in range(100) for r in user(n, "ios", n < 40) + user(n, "android", n < 20)]
    >>> events = pd.DataFrame(rows, columns=["user_id", "timestamp", "event", "device"])
    >>> events["timestamp"] = pd.Timestamp("2026-11-11") + pd.to_timedelta(events["timestamp"], unit="h")
    >>> answer = DropOffs(funnel=Funnel(steps=("view", "cart"), window="1h")).run(Tables(events=events))
    >>> answer.table[["group", "users", "share", "others_share", "lost"]].to_numpy().tolist()[0]
    ['android', 100, 0.2, 0.4, 20.0]
    """

    title: ClassVar[str] = N_("Which groups drop off more than others?")

    by: tuple[str, ...] = field(default=(), metadata=names(at_most=12))
    slow: float = field(default=3.0, metadata=number(least=0, most=600))
    loyal_orders: int = field(default=2, metadata=whole(least=0, most=1000))
    least: int = field(default=50, metadata=whole(least=1, most=1_000_000))
    false_discovery: float = field(default=0.05, metadata=number(least=0.0001, most=0.5))
    currency: str | None = field(default=None, metadata=optional(currency_code()))

    def _answer(self, tables: Tables) -> DropOffsAnswer:
        asked = self.asked
        known(tables, self.currency, "events", "orders")
        columns, skipped = _columns(self, tables)
        timed = ("load_ms",) if self.slow and "load_ms" in tables.present("events") else ()
        found = carried(asked, tables, Columns(coded=columns, numbers=timed), currency=self.currency)
        if not len(found.chains):
            raise DataError.empty(nobody(asked))
        if not found.chains.known(0).any():
            raise DataError.empty(too_early(asked))
        rows = [row for side in _sides(self, found.chains, columns) for row in _compared(self, found, *side)]
        rows += _fatigue(self, tables, found.currency)
        table = _ranked(self, rows)
        return DropOffsAnswer(
            question=self,
            version=tables.version,
            headline=_headline(asked, table, found.currency, self.least),
            frames={"table": table},
            notes=(*_left_out(asked, found.chains), *_notes(self, table, skipped), *found.notes),
            currency=found.currency,
            said={**asked.said, **_campaigns(table)},
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class DropOffsAnswer(Answer):
    """One row per step, column and group, the dearest clear drop-off first.

    `lift` is `share` / `others_share`; `clear` says whether the difference stands after allowing for how many were
    looked at. `lost` and `worth` are empty where the group does better than the others, `worth` also without money.
    """

    fields: ClassVar[Fields] = described(
        table={
            "after": Field(N_("After"), "text", of="event"),
            "event": Field(N_("Step"), "text", of="event"),
            "column": Field(N_("Column"), "text", _COLUMN_WORDS),
            "group": Field(N_("Group"), "text", {**GROUP_WORDS, SLOW: SLOW, LOYAL: LOYAL}, row_of="column"),
            "users": Field(N_("Users"), "count"),
            "share": Field(N_("Went on"), "share"),
            **bounds("share"),
            "others": Field(N_("Other users"), "count"),
            "others_share": Field(N_("Others went on"), "share"),
            "lift": Field(N_("Times the others' rate"), "ratio"),
            "lift_low": Field(N_("Times the others' rate: 95% from"), "ratio"),
            "lift_high": Field(N_("Times the others' rate: 95% to"), "ratio"),
            "p_value": Field(N_("p-value"), "p"),
            "clear": Field(N_("Beyond chance"), "flag"),
            "lost": Field(N_("Users lost, estimated"), "count"),
            "worth": Field(N_("Worth"), "money"),
            "worth_low": Field(N_("Worth: 95% from"), "money"),
            "worth_high": Field(N_("Worth: 95% to"), "money"),
        },
    )
    figures = (Figure("share", ("after", "event", "column", "group"), n="users"),)

    question: DropOffs

    def _chart(self, look: Look) -> AnyChart:
        return _picture(self, look)


# ---- the work ---------------------------------------------------------------------------------------------


def _columns(asked: DropOffs, tables: Tables) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """Return the columns to look through with their values, and those with too many."""
    for column in asked.by:
        told_apart_by(column, tables)
    wanted = asked.by or [c for c in BY if c in tables.present("events")]
    found = {column: tables.names(column) for column in wanted}
    if asked.by and (wide := [c for c, own in found.items() if len(own) > GROUPS]):
        raise DataError.too_many(wide[0], len(found[wide[0]]), GROUPS)
    return {c: own for c, own in found.items() if len(own) <= GROUPS}, tuple(
        c for c, own in found.items() if len(own) > GROUPS
    )


def _sides(asked: DropOffs, found: Chains, columns: Mapping[str, Sequence[str]]) -> Iterator[tuple[Any, ...]]:
    """Yield each column: its name, its values, and each user's at each step as positions."""
    for column, own in columns.items():
        yield column, own, found.reached.coded[column]
    if "load_ms" in found.reached.numbers:
        load = found.reached.numbers["load_ms"]
        yield SPEED, (SLOW,), np.where(np.isnan(load), -1, np.where(load > asked.slow * 1000, 0, 1))


def _compared(
    asked: DropOffs, found: Carried, column: str, own: Sequence[str], places: Any
) -> Iterator[dict[str, Any]]:
    """Yield one row for each value and step, where there are users enough on both sides."""
    steps = found.chains.steps
    for before, k in pairwise(found.chains.required):
        here = found.chains.known(before) & (places[:, before] >= 0)
        at, on, money = places[here, before], found.chains.went_on(before, k)[here], found.revenue[here]
        size = max(len(own), 2) if column == SPEED else len(own)
        users, went = np.bincount(at, minlength=size), np.bincount(at[on], minlength=size)
        priced = on & found.counted[here]
        worths = _Worth(Moments.of(money[priced], at[priced], size))
        for g, name in enumerate(own):
            counts = (int(went[g]), int(users[g]), int(went.sum() - went[g]), int(users.sum() - users[g]))
            if name != NOT_SET and min(counts[1], counts[3]) >= asked.least:
                places_ = {"after": steps[before], "event": steps[k], "column": column, "group": name}
                yield places_ | _measured(counts, worths.each(g))


@dataclass(frozen=True, slots=True)
class _Worth:
    """Revenue of users who went on, by group."""

    moments: Moments

    def each(self, g: int) -> Interval:
        """Return revenue per user of a group; of everybody where the group has too few."""
        own = slice(g, g + 1) if self.moments.n[g] >= SMALL else slice(None)
        return mean(Moments(*(part[own].sum() for part in self.moments)), least=0)


def _measured(counts: tuple[int, int, int, int], each: Interval, both: int | None = None) -> dict[str, Any]:
    """Compare a group with the others, or with itself at another time: then `both` of its users went on both times."""
    went, users, others_went, others = counts
    share, rest = went / users, others_went / others
    _, low, high = proportion(went, users).floats()
    row: dict[str, Any] = {"users": users, "share": share, "low": low, "high": high}
    row |= {"others": others, "others_share": rest}
    row |= _of_pairs(*counts, both) | {"p_value": _p_value(*counts, both)}
    row |= dict.fromkeys(("lost", "worth", "worth_low", "worth_high"), np.nan)
    if share >= rest:
        return row
    least, most = _gap(*counts, both)
    gap, (price, low, high) = rest - share, each.floats()
    # The interval of a product from those of its factors, as Newcombe does for a difference.
    below = np.hypot(price * (gap - least), gap * (price - low))
    above = np.hypot(price * (most - gap), gap * (high - price))
    worth = {"worth": gap * price, "worth_low": gap * price - below, "worth_high": gap * price + above}
    return row | {"lost": users * gap} | {name: users * money for name, money in worth.items()}


def _gap(went: int, users: int, others_went: int, others: int, both: int | None) -> tuple[float, float]:
    """Return the 95% interval of the others' lead (Newcombe's method 10, for pairs with their correlation)."""
    share, rest, together = went / users, others_went / others, 0.0
    if both is not None and (spread := np.sqrt(share * (1 - share) * rest * (1 - rest))):
        together = (both / users - share * rest) / spread
    _, least, most = difference(proportion(others_went, others), proportion(went, users), correlation=together).floats()
    return least, most


_LIFT = ("lift", "lift_low", "lift_high")


def _of_pairs(went: int, users: int, others_went: int, others: int, both: int | None) -> dict[str, float]:
    """Return the ratio of pairs; that of two groups is found of all rows at once, see :func:`_lifts`."""
    if both is None or not others_went or not went:
        return dict.fromkeys(_LIFT, np.nan)
    lift = (went / users) / (others_went / others)
    once = went + others_went - 2 * both
    reach = float(np.exp(Z * np.sqrt(once / (went * others_went))))  # delta method on the log
    return dict(zip(_LIFT, (lift, lift / reach, lift * reach), strict=True))


def _lifts(table: pd.DataFrame) -> pd.DataFrame:
    """Fill in the ratios of two groups' shares, where both have any."""
    users, others = (table[name].to_numpy(float) for name in ("users", "others"))
    went, others_went = (np.rint(n * table[name]) for n, name in ((users, "share"), (others, "others_share")))
    own = (table["lift"].isna() & (went > 0) & (others_went > 0)).to_numpy()
    found = ratio(went[own], users[own], others_went[own], others[own])
    for name, values in zip(_LIFT, found, strict=True):
        table.loc[own, name] = values
    return table


def _p_value(went: int, users: int, others_went: int, others: int, both: int | None) -> float:
    """Return the two-sided p-value of the score test, McNemar's for pairs; NaN where nothing differs at all."""
    if both is None:
        return score_test(went, users, others_went, others)
    once = went + others_went - 2 * both
    return float(2 * ndtr(-abs(went - others_went) / np.sqrt(once))) if once else np.nan


_NUMBERS = [name for name, own in DropOffsAnswer.fields["table"].items() if own.unit not in ("text", "flag")]


def _ranked(asked: DropOffs, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Say which differences are clear, and put the dearest clear one first."""
    columns = list(DropOffsAnswer.fields["table"])
    table = pd.DataFrame(rows, columns=columns)
    table = _lifts(table.astype(dict.fromkeys(_NUMBERS, float))).astype({"users": "Int64", "others": "Int64"})
    table["clear"] = clear(table["p_value"].to_numpy(float), false_alarms=asked.false_discovery)
    by = "worth" if table["worth"].notna().any() else "lost"
    order = table.assign(behind=table["clear"] & (table["lost"] > 0), rank=table[by].fillna(-np.inf))
    order = order.sort_values(["behind", "rank", "p_value"], ascending=[False, False, True], kind="stable")
    return order[columns].reset_index(drop=True)


def _fatigue(asked: DropOffs, tables: Tables, currency: str | None) -> list[dict[str, Any]]:
    """Return the loyal users' return to the last campaign, beside the first, where several were run."""
    if not asked.loyal_orders or not _several(tables):
        return []
    try:
        answer = Participation(paid_orders=asked.loyal_orders, where=_across(asked)).run(tables)
    except DataError:  # nobody is loyal
        return []
    assert isinstance(answer, ParticipationAnswer)
    runs = answer.frame("campaigns")
    runs = runs[runs["complete"]]
    if len(runs) < 2 or runs["known"].min() < asked.least:
        return []
    first, last = runs.iloc[0], runs.iloc[-1]
    counts = (int(last["came"]), int(last["known"]), int(first["came"]), int(first["known"]))
    names_ = {"after": str(first["campaign"]), "event": str(last["campaign"]), "column": LOYALTY, "group": LOYAL}
    together = answer.table
    both = together[(together["cohort"] == names_["after"]) & (together["campaign"] == names_["event"])]
    each = _each_loyal(asked, tables, names_["event"], currency)
    return [names_ | _measured(counts, each, both=int(both["took_part"].iloc[0]))]


def _across(asked: DropOffs) -> Filter | None:
    """Return the question's filter without its campaigns and dates: loyalty is looked at across them."""
    where = asked.where
    return where.replace(campaign=(), start=None, end=None) if where and where.columns() else None


def _several(tables: Tables) -> bool:
    return "campaign" in tables.present("events") and len(tables.names("campaign")) > 1


def _each_loyal(asked: DropOffs, tables: Tables, campaign: str, currency: str | None) -> Interval:
    """Return what a loyal user who came under the filter brought in a campaign."""
    if not source_of(tables, Filter(campaign=(campaign,))).orders:
        return UNKNOWN
    runs = campaigns(tables, None, dated=True)
    base = loyal(Participation(paid_orders=asked.loyal_orders), tables, runs[0]).to_pylist()
    where = (_across(asked) or Filter()).replace(campaign=(campaign,))
    came = collect(tables.frame("events", where).select("user_id").unique())["user_id"]
    paid = purchases(tables, Filter(campaign=(campaign,))).rows
    factor = currency_of(tables, paid, currency).factor()
    rows = collect(paid.select("user_id", amount=nw.col("amount") * factor))
    own = rows.assign(elsewhere=rows["amount"].isna()).groupby("user_id").agg({"amount": "sum", "elsewhere": "max"})
    whom = came[came.isin(base)]
    # Whoever paid in a currency that is not counted is in no mean.
    whom = whom[~whom.isin(own.index[own["elsewhere"]])]
    return mean(Moments.of(own["amount"].reindex(whom, fill_value=0.0)), least=0)


# ---- the words --------------------------------------------------------------------------------------------


def _campaigns(table: pd.DataFrame) -> dict[str, Message]:
    """Return the campaigns that stand where steps do, by the names that people have for them."""
    runs = table[table["column"] == LOYALTY][["after", "event"]].to_numpy().ravel()
    return {run: say("{campaign}", campaign=Name(run, "campaign")) for run in runs}


def _headline(asked: FunnelDefinition, table: pd.DataFrame, currency: str | None, least: int) -> Message:
    behind = table[table["clear"] & (table["lost"] > 0)]
    if table.empty:
        return say("Nothing was compared: at no step are {n} users or more in a group, and as many outside it.",
                   n=least)  # fmt: skip
    if behind.empty:
        return say("Of {n} groups none falls behind the others by more than chance explains.", n=len(table))
    return drop_off(asked, behind.iloc[0], currency)


def drop_off(asked: FunnelDefinition, top: pd.Series[Any], currency: str | None) -> Message:
    """Say what one row of the table tells: who goes on less often than the others, and what that costs."""
    facts: dict[str, Any] = {
        "group": Name(top["group"], top["column"]),
        "after": asked.in_words(top["after"]),
        "event": asked.in_words(top["event"]),
        "share": Share(float(top["share"])),
        "users": int(top["users"]),
        "others": Share(float(top["others_share"])),
    }
    if top["column"] == LOYALTY:
        facts |= {end: Name(top[end], "campaign") for end in ("after", "event")}
        return say(
            "{share} of {users} loyal users came to {event}; {others} had come to {after}. Bringing that back is worth "
            "{worth} (95% {low} to {high}).",
            **facts,
            **_amounts(top, currency),
        )
    if pd.isna(top["worth"]):
        return say(
            "{group} loses most from {after} to {event}: {share} of {users} users go on, {others} of the others. "
            "At the others' rate {lost} more would.",
            **facts,
            lost=round(float(top["lost"])),
        )
    return say(
        "{group} costs most from {after} to {event}: {share} of {users} users go on, {others} of the others. "
        "At the others' rate it would bring {worth} more (95% {low} to {high}).",
        **facts,
        **_amounts(top, currency),
    )


def _amounts(row: Any, currency: str | None) -> dict[str, Money]:
    pairs = {"worth": "worth", "low": "worth_low", "high": "worth_high"}
    return {word: Money(float(row[column]), currency) for word, column in pairs.items()}


def _left_out(asked: FunnelDefinition, found: Chains) -> Iterator[Note]:
    """Say who came too late to tell."""
    late = [int((found.took(k) & ~found.seen[:, k]).sum()) for k in found.required[:-1]]
    if any(late):
        text = say(
            "At each step users are left out who got there less than {window} before the data ends, {users} at the "
            "first: they may still go on.",
            window=within(asked),
            users=late[0],
        )
        yield Note("still-open", text, "warning")


def _notes(asked: DropOffs, table: pd.DataFrame, skipped: tuple[str, ...]) -> tuple[Note, ...]:
    notes = [
        Note(
            "association",
            say("Groups differ in more than one way, and rows overlap: the amounts do not add up. They say where to "
                "look, not what a fix would bring."),
            "warning",
        )
    ]  # fmt: skip
    if skipped:
        text = say("Left out, with more than {n} values: {columns}.", n=GROUPS, columns=Names(skipped))
        notes.append(Note("too-many-values", text))
    if table["worth"].isna().all() and len(table):
        text = say("No money is known for this funnel's last step, so drop-offs are ranked by users lost.")
        notes.append(Note("no-money", text, "missing"))
    compared = say(
        "{n} comparisons of groups with at least {least} users. Of the drop-offs called beyond chance, at most {share} "
        "are chance after all.",
        n=len(table),
        least=asked.least,
        share=Share(asked.false_discovery),
    )
    return (*notes, Note("comparisons", compared))


# ---- the picture ------------------------------------------------------------------------------------------

SHOWN = 10
"""Most drop-offs drawn; the table has all."""


def _picture(answer: DropOffsAnswer, look: Look) -> AnyChart:
    plot, table = answer.plot("table", look), answer.table
    priced = table["worth"].notna().any()
    by = "worth" if priced else "lost"
    shown = table[table["lost"] > 0].nlargest(SHOWN, by) if not table["clear"].any() else (
        table[table["clear"] & (table["lost"] > 0)].head(SHOWN)
    )  # fmt: skip
    shown = plot.named(shown)
    shown = shown.assign(
        row=shown["group_name"] + "\n" + shown["after_name"] + " → " + shown["event_name"],
        text=[_amount(plot, *pair) for pair in zip(shown["worth"], shown["lost"], strict=True)],
    )
    gain = plot.title("worth", N_("worth of the others' rate, with 95% interval"))
    told = ["worth", "worth_low", "worth_high"] if priced else ["lost"]
    base = alt.Chart(shown).encode(y=charts.rows("row", shown["row"].tolist(), lines=2))
    bars = base.mark_bar(height=18, color=charts.LOSS, opacity=0.8).encode(
        x=plot.x(by, title=gain if priced else look(N_("users lost"))),
        tooltip=plot.tips("column", "group", "after", "event", "users", "share", "others_share", *told),
    )
    whiskers = [charts.whiskers(base, look, "worth_low", "worth_high")] if priced else []
    label = base.mark_text(align="left", dx=6, color=look.ink).encode(x=alt.X("worth_high:Q" if priced else "lost:Q"),
                                                                      text=alt.Text("text:N"))  # fmt: skip
    return charts.finish(
        alt.layer(bars, *whiskers, label),
        look,
        describe=look(answer.headline),
        height=46 * max(len(shown), 1) + 50,
    )


def _amount(plot: Plot, worth: float, lost: float) -> str:
    return plot.written("lost", round(lost)) if np.isnan(worth) else plot.written("worth", worth)
