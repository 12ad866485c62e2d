"""Do people whose pages load slowly buy less, and how many conversions does it come to?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar, Self

import narwhals as nw
import numpy as np
import pandas as pd

from analysis import charts
from analysis.answer import Answer, Note
from analysis.charts import NOT_SET, TOTAL, AnyChart, Look
from analysis.errors import DataError, QuestionError
from analysis.estimates import SMALL, difference, proportion, ratio, share, small_groups, standardised
from analysis.fields import CONVERTED, Field, Fields, Figure, bounds, described
from analysis.groups import GROUP, groups_of
from analysis.journey.paths import kernel as following
from analysis.later import alt
from analysis.messages import N_, Message, Name, Names, Share, Span, say
from analysis.periods import known_until
from analysis.question import Question
from analysis.store.walk import Chunk, Columns
from analysis.tables import Tables
from analysis.values import duration, micros, number, optional, seconds, text, value

_BINS = 200
_FAR = np.iinfo(np.int64).max // 4
_SIDES = ("fast", "slow")
PAGES = (*range(1, 11), 12, 15, 20, 30)
"""From which numbers of pages on users are compared among themselves."""


@value("page-speed")
class PageSpeed(Question):
    """How conversion goes with the time a page takes to load.

    Parameters
    ----------
    event : str
        The page event whose `load_ms` counts.
    to : str
        The conversion.
    window : str or timedelta
        Time that everybody is given from their first page event, boundary included.
    slow : float
        Seconds above which a user's page is slow.
    bin : float
        Width of the load-time bins in seconds.
    breakdown : str, optional
        A text column of the events; a user counts under its value at their first page event.
    where : Filter, optional
        Dates restrict when pages load; the conversion counts whenever it falls in the window. The other conditions
        restrict the events.

    Notes
    -----
    Everybody is looked at for one window from their first page: their load time is the median of their pages in it
    (one stalled page does not move it; pages up to the conversion alone would be fewer for those who convert), and
    they convert if they do within it. Those whose window is still open are left out.

    The median of few pages lies further out than that of many, and who sees many pages converts more often. Slow users
    are therefore compared with fast ones who saw as many: the fast rate is standardised to the slow users' numbers of
    pages (direct standardisation, see :func:`analysis.estimates.standardised`), and slow users of whose number there
    is no fast one are left out. The difference of the two rates has the interval made of both Wilson intervals
    (Newcombe 1998, method 10), their ratio the score interval of Miettinen and Nurminen (1985); conversions gained are
    the number of slow users compared times the difference. The rates of the bins are adjusted to the same numbers of
    pages indirectly: conversions over those expected of users with as many pages.

    Examples
    --------
    >>> import pandas as pd
    >>> at = pd.Timestamp("2026-11-11")
    >>> events = pd.DataFrame({
    ...     "user_id": ["u1", "u1", "u2"], "timestamp": [at, at + pd.Timedelta("1min"), at],
    ...     "event": ["view", "cart", "view"], "load_ms": [900.0, None, 4100.0],
    ... })
    >>> table = PageSpeed(breakdown=None, window="1m").run(Tables(events=events)).table
    >>> list(zip(table["from"], table["to"], table["users"], table["converted"]))
    [(0.5, 1.0, 1, 1), (3.0, inf, 1, 0)]
    """

    title: ClassVar[str] = N_("Do slow pages cost conversions?")
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"events": ("load_ms",)})

    event: str = field(default="view", metadata=text())
    to: str = field(default="cart", metadata=text())
    window: str = field(default="7d", metadata=duration())
    slow: float = field(default=3.0, metadata=number(above=0, most=60))
    bin: float = field(default=0.5, metadata=number(least=0.05, most=10))
    breakdown: str | None = field(default="device", metadata=optional(text()))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.event == self.to:
            raise QuestionError.crossed(say("Choose a conversion that is not the page event itself."))

    @classmethod
    def suggested(cls, tables: Tables) -> Self:
        """Return looking against the cart, with the events there are."""
        known = [e for e in ("view", "visit", *tables.common_events()) if e in tables.event_keys]
        goals = [e for e in ("cart", "checkout", "purchase", *known) if e in tables.event_keys and e not in known[:1]]
        asked = cls(breakdown="device" if "device" in tables.present("events") else None)
        return asked.replace(event=known[0], to=goals[0]) if known and goals else asked

    def _answer(self, tables: Tables) -> PageSpeedAnswer:
        for name in (self.event, self.to):
            if name not in tables.event_keys:
                raise DataError.unknown(say("event"), name, tables.event_keys)
        groups = groups_of(self.breakdown, tables)
        found = _walk(self, tables, groups)
        if refused := _refused(self, found):
            raise DataError.empty(refused)
        loss = _loss(self, found, groups)
        return PageSpeedAnswer(
            question=self,
            version=tables.version,
            headline=_headline(self, loss.iloc[0]),
            frames={"table": _bins(self, found), "loss": loss},
            notes=tuple(_notes(self, found, loss)),
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class PageSpeedAnswer(Answer):
    """Conversion by load time, and on both sides of the slow mark.

    "table" has a row per bin: load times above `from` up to and including `to` seconds (inf: and more), `rate` =
    converted / users, and that rate adjusted to the numbers of pages that slow users saw, with its 95% bounds. "loss"
    has a row per group, everybody first and then the greatest loss first: both sides' users, how many of the slow are
    `compared` (some fast user saw as many pages), the rates of these and of fast users at the same numbers of pages,
    the `ratio` and the `difference` of the slow rate to the fast one, and the conversions `gained` if slow users
    converted as the fast ones of their group do. Bounds are 95%. A figure is null where nobody can be compared or, for
    the ratio, nobody converted on either side.
    """

    fields: ClassVar[Fields] = described(
        table={
            "from": Field(N_("Load time above (s)"), "number"),
            "to": Field(N_("Load time to (s)"), "number"),
            **CONVERTED,
            "rate": Field(N_("Conversion rate"), "share"),
            "adjusted": Field(N_("Adjusted to the slow users' numbers of pages"), "share"),
            **bounds("share"),
        },
        loss={
            "breakdown": GROUP,
            "fast_users": Field(N_("Fast: users"), "count"),
            "fast_rate": Field(N_("Fast: conversion rate"), "share"),
            "fast_low": Field(N_("Fast: 95% from"), "share"),
            "fast_high": Field(N_("Fast: 95% to"), "share"),
            "slow_users": Field(N_("Slow: users"), "count"),
            "compared": Field(N_("Slow: compared with fast users of as many pages"), "count"),
            "slow_rate": Field(N_("Slow: conversion rate"), "share"),
            "slow_low": Field(N_("Slow: 95% from"), "share"),
            "slow_high": Field(N_("Slow: 95% to"), "share"),
            "ratio": Field(N_("Slow over fast"), "ratio"),
            "ratio_low": Field(N_("Slow over fast: 95% from"), "ratio"),
            "ratio_high": Field(N_("Slow over fast: 95% to"), "ratio"),
            "difference": Field(N_("Slow less fast"), "points"),
            "difference_low": Field(N_("Slow less fast: 95% from"), "points"),
            "difference_high": Field(N_("Slow less fast: 95% to"), "points"),
            "gained": Field(N_("Conversions gained if as fast"), "number"),
            "gained_low": Field(N_("Gained: 95% from"), "number"),
            "gained_high": Field(N_("Gained: 95% to"), "number"),
        },
    )
    figures = (Figure("difference", ("breakdown",), "difference_low", "difference_high", frame="loss"),)

    question: PageSpeed

    def _chart(self, look: Look) -> AnyChart:
        return _picture(self, look)


# ---- the work ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Walked:
    """Users whose window is over, by group (those without a value last), number of pages, bin, outcome.

    `waiting` has those whose window is open by side: fast, slow.
    """

    users: Any
    waiting: Any

    @classmethod
    def together(cls, parts: Sequence[_Walked]) -> _Walked:
        return cls(*(np.sum([getattr(p, own) for p in parts], axis=0) for own in ("users", "waiting")))


@dataclass(frozen=True, slots=True)
class _Rules:
    """What a walk must know of the question and the data; times in microseconds."""

    asked: PageSpeed
    keys: tuple[int, int]
    entries: tuple[int, int]
    until: int
    groups: int

    @property
    def window(self) -> int:
        return seconds(self.asked.window) * 1_000_000


def _walk(asked: PageSpeed, tables: Tables, groups: tuple[str, ...]) -> _Walked:
    start, end = asked.where.bounds(tables.zone) if asked.where else (None, None)
    keys = (tables.event_keys[asked.event], tables.event_keys[asked.to])
    entries = (micros(start) if start else -_FAR, micros(end) if end else _FAR)
    rules = _Rules(asked, keys, entries, micros(known_until(tables, where=asked.where)), len(groups))
    frame = tables.frame("events", asked.where.replace(start=None, end=None) if asked.where else None)
    frame = frame.filter(nw.col("event").is_in([asked.event, asked.to]))
    columns = Columns(coded={asked.breakdown: groups} if asked.breakdown else {}, numbers=("load_ms",))
    work = partial(_count, rules=rules)
    return _Walked.together([work(Chunk.empty(columns)), *tables.walk(frame, work, columns)])


def _count(chunk: Chunk, rules: _Rules) -> _Walked:
    """Put a chunk's users into bins."""
    asked, settled = rules.asked, chunk.settled(np.zeros(int(chunk.code.max(initial=0)) + 1, np.int8))
    load = settled.numbers["load_ms"]
    inside = (settled.time >= rules.entries[0]) & (settled.time < rules.entries[1])
    page = (settled.code == rules.keys[0]) & inside & (load >= 0)
    size = len(chunk)
    taken, flags, label = np.empty(size), np.empty((size, 3), np.int64), np.empty(size, np.int32)
    kernel: Any = following.loads
    found = kernel(settled.user, settled.time, page, settled.code == rules.keys[1], load,
                   settled.group(asked.breakdown), rules.window, taken, flags, label)  # fmt: skip
    taken, (converted, entered, pages), label = taken[:found], flags[:found].T, label[:found] % (rules.groups + 1)
    over = entered <= rules.until - rules.window
    bins = _bin(taken / 1000, asked)
    shape = (rules.groups + 1, len(PAGES), _below(asked) + _BINS, 2)
    stratum = np.searchsorted(PAGES, pages, side="right") - 1
    place = np.ravel_multi_index((label[over], stratum[over], bins[over], converted[over]), shape)
    users = np.bincount(place, minlength=int(np.prod(shape))).reshape(shape)
    return _Walked(users, np.bincount((bins[~over] >= _below(asked)).astype(int), minlength=2))


def _below(asked: PageSpeed) -> int:
    """Return how many bins lie below the slow mark: bins are laid out from it, so that none is on both sides."""
    return int(np.ceil(asked.slow / asked.bin - 1e-9))


def _bin(load: Any, asked: PageSpeed) -> Any:
    """Return each load time's bin, its upper edge included."""
    edges = _edges(asked)
    return np.searchsorted(edges[1:-1], load, side="left")


def _edges(asked: PageSpeed) -> Any:
    below = _below(asked)
    edges = asked.slow + asked.bin * np.arange(-below, _BINS + 1)
    edges[[0, below, -1]] = 0.0, asked.slow, np.inf
    return edges.round(9)


def warm() -> None:
    """Compile the kernel, or load it from its cache, so that the first question asked need not wait."""
    columns = Columns(numbers=("load_ms",))
    _count(Chunk.empty(columns), _Rules(PageSpeed(breakdown=None), (0, 1), (-_FAR, _FAR), 0, 0))


# ---- the tables -------------------------------------------------------------------------------------------


def _bins(asked: PageSpeed, found: _Walked) -> pd.DataFrame:
    """Lay out the bins that hold anybody; the last is open, and takes in the thin ones before it."""
    users, edges, below = found.users.sum(axis=0), _edges(asked), _below(asked)
    counts = users.sum(axis=(0, 2))
    last = len(counts) - 1
    while last > below and counts[last:].sum() < SMALL:
        last -= 1
    held = np.append(users[:, :last], users[:, last:].sum(axis=1, keepdims=True), axis=1)
    table = pd.DataFrame({"from": edges[: last + 1], "to": np.append(edges[1 : last + 1], np.inf),
                          "users": held.sum(axis=(0, 2)), "converted": held[:, :, 1].sum(axis=0)})  # fmt: skip
    rate, low, high = proportion(table["converted"], table["users"])
    factor = _adjustment(held, users[:, below:].sum(axis=1))
    adjusted = {name: np.minimum(factor * own, 1.0) for name, own in (("adjusted", rate), ("low", low), ("high", high))}
    table = table.assign(rate=rate, **adjusted)
    return table[table["users"] > 0].reset_index(drop=True)


def _adjustment(held: Any, slow: Any) -> Any:
    """Return by what each bin's rate is to be multiplied to stand at the numbers of pages that slow users saw.

    That is indirect standardisation: what users of as many pages convert on the average, at those numbers over at the
    bin's own. `held` is by number of pages, bin and whether they converted; `slow` by number of pages and the last.
    """
    users = held.sum(axis=2)
    average = np.nan_to_num(share(held[:, :, 1].sum(axis=1), users.sum(axis=1)))
    wanted = slow.sum(axis=1) if slow.any() else users.sum(axis=1)
    expected = share(average @ users, users.sum(axis=0))
    return np.where(expected > 0, share((average * wanted).sum() / wanted.sum(), expected), 1.0)


def _loss(asked: PageSpeed, found: _Walked, groups: tuple[str, ...]) -> pd.DataFrame:
    """Lay out both sides of the slow mark, for everybody and by group; the greatest loss first."""
    below = _below(asked)
    sides = np.stack([found.users[:, :, :below].sum(axis=2), found.users[:, :, below:].sum(axis=2)], axis=1)
    named = [*zip(groups, sides, strict=False), (NOT_SET, sides[-1])] if asked.breakdown else []
    rows = [_sides(name, own) for name, own in named if own.any()]
    rows.sort(key=lambda row: -np.inf if np.isnan(row["gained"]) else row["gained"], reverse=True)
    return pd.DataFrame([_sides(TOTAL, sides.sum(axis=0)), *rows])


def _sides(name: str, sides: Any) -> dict[str, Any]:
    """Compare a group's slow users with its fast ones; `sides`: (fast, slow) by number of pages by (not, converted)."""
    users = sides.sum(axis=2)
    both = (users > 0).all(axis=0)
    compared = int(users[1, both].sum())
    row: dict[str, Any] = {"breakdown": name, "compared": compared}
    # A side that stands alone is shown as it is.
    weights = np.where(both, users[1], 0) if compared else users
    counts = [standardised(sides[i, :, 1], users[i], weights if compared else weights[i]) for i in range(2)]
    rates = [proportion(*own) for own in counts]
    for side, n, rate in zip(_SIDES, users.sum(axis=1), rates, strict=True):
        names = (f"{side}_rate", f"{side}_low", f"{side}_high")
        row |= {f"{side}_users": int(n)} | dict(zip(names, rate.floats(), strict=True))
    known = compared > 0
    apart = difference(rates[1], rates[0]) if known else proportion(0, 0)
    times = ratio(*counts[1], *counts[0]) if known else proportion(0, 0)
    for what, figures in (("ratio", times), ("difference", apart), ("gained", apart.times(-compared))):
        row |= dict(zip((what, f"{what}_low", f"{what}_high"), figures.floats(), strict=True))
    return {name: row[name] for name in PageSpeedAnswer.fields["loss"]}


# ---- the words --------------------------------------------------------------------------------------------


def _event(asked: PageSpeed) -> Name:
    return Name(asked.event, "event")


def _to(asked: PageSpeed) -> Name:
    return Name(asked.to, "event")


def _nobody(asked: PageSpeed) -> Message:
    if asked.where:
        return say("No {event} with a load time is left under these filters. Widen the dates or clear a filter.",
                   event=_event(asked))  # fmt: skip
    return say("No {event} has a load time. Choose a page event that has one.", event=_event(asked))


def _refused(asked: PageSpeed, found: _Walked) -> Message | None:
    """Say why nothing can be told yet: nobody loaded a page, or all of a side still have time to go on."""
    judged = [int(found.users[:, :, part].sum()) for part in (slice(None, _below(asked)), slice(_below(asked), None))]
    if not any(judged) and not found.waiting.any():
        return _nobody(asked)
    window = Span(seconds(asked.window))
    if not any(judged):
        return say("Nobody has had {window} to go on before the data ends. Choose a shorter window, or earlier dates.",
                   window=window)  # fmt: skip
    fast, slow = (waiting and not here for waiting, here in zip(found.waiting.tolist(), judged, strict=True))
    if not fast and not slow:
        return None
    side = say("more than {mark}", mark=Span(asked.slow)) if slow else say("at most {mark}", mark=Span(asked.slow))
    return say(
        "All {n} users whose pages took {side} came less than {window} before the data ends: whether they go on is not "
        "known yet. Choose a shorter window, or earlier dates.",
        n=int(found.waiting[int(slow)]), side=side, window=window,
    )  # fmt: skip


def _headline(asked: PageSpeed, total: Any) -> Message:
    params: dict[str, Any] = {"to": _to(asked), "slow": Span(asked.slow)}
    for side in _SIDES:
        if not total[f"{side}_users"]:
            other = _SIDES[side == "fast"]
            params |= {"users": int(total[f"{other}_users"]), "rate": Share(float(total[f"{other}_rate"]))}
            if side == "slow":
                return say("Nobody's pages took more than {slow}: {rate} of {users} users went on to {to}.", **params)
            return say("Everybody's pages took more than {slow}: {rate} of {users} users went on to {to}.", **params)
    if not total["compared"]:
        return say("No fast user saw as many pages as any of the {n} users whose pages took more than {slow}: there is "
                   "nobody to compare them with.", n=int(total["slow_users"]), slow=params["slow"])  # fmt: skip
    params |= {f"{side}_rate": Share(float(total[f"{side}_rate"])) for side in _SIDES}
    params["n"] = int(total["compared"])
    gained, low, high = (round(float(total[f"gained{bound}"])) for bound in ("", "_low", "_high"))
    if low > 0:
        return say(
            "Of {n} users whose pages took more than {slow}, {slow_rate} went on to {to}, against {fast_rate} of "
            "others who saw as many pages: at that rate there would be {gained} more ({low} to {high}).",
            **params, gained=gained, low=low, high=high,
        )  # fmt: skip
    return say(
        "Of {n} users whose pages took more than {slow}, {slow_rate} went on to {to}, against {fast_rate} of others "
        "who saw as many pages: no loss can be told from chance.",
        **params,
    )


def _notes(asked: PageSpeed, found: _Walked, loss: pd.DataFrame) -> Iterator[Note]:
    yield Note("association", say("This is an association: slow pages may go with other devices, places or hours, and "
                                  "speeding them up may bring less. An experiment would tell."), "warning")  # fmt: skip
    window = Span(seconds(asked.window))
    if waiting := int(found.waiting.sum()):
        text = say("{users} users are left out: they came less than {window} before the data ends and may still go on.",
                   users=waiting, window=window)  # fmt: skip
        yield Note("still-open", text, "warning")
    yield from _worst(asked, loss)
    unknown = tuple(loss.loc[loss["compared"] == 0, "breakdown"])
    if unknown:
        text = say("Nothing to compare in: {groups}. One side of {slow} has no users of as many pages.",
                   groups=Names(unknown, asked.breakdown), slow=Span(asked.slow))  # fmt: skip
        yield Note("one-sided", text, "missing")
    thin = loss[(loss["compared"] > 0) & (loss[["fast_users", "slow_users"]].min(axis=1) < SMALL)]
    if len(thin):
        yield small_groups(thin["breakdown"].tolist(), asked.breakdown)
    if alone := int(loss["slow_users"].iloc[0] - loss["compared"].iloc[0]):
        text = say("{n} slow users are left out of the comparison: no fast user saw as many pages.", n=alone)
        yield Note("not-compared", text, "warning")
    if asked.where and (asked.where.start or asked.where.end):
        yield Note("entry-dates", say("Dates restrict when pages load; the conversion counts whenever it falls within "
                                      "{window}.", window=window))  # fmt: skip
    yield Note("load-time", say("A user's load time is the median of their {event} pages within {window} of the first.",
                                event=_event(asked), window=window))  # fmt: skip
    yield Note("as-many-pages", say("Who sees more pages goes on more often, and a median of few pages lies further "
                                    "out: slow users are compared with fast ones who saw as many."))  # fmt: skip


def _worst(asked: PageSpeed, loss: pd.DataFrame) -> Iterator[Note]:
    """Say which group loses most; the chart shows everybody."""
    if not asked.breakdown:
        return
    sure = loss[1:][loss["gained_low"][1:] > 0]
    if sure.empty:
        yield Note("by-group", say("By {column}, no group's loss can be told from chance.", column=asked.breakdown))
        return
    worst: Any = sure.iloc[0]
    gained, low, high = (round(float(worst[f"gained{bound}"])) for bound in ("", "_low", "_high"))
    text = say(
        "By {column}, {group} loses most: of its {n} slow users {slow_rate} went on, of its fast ones {fast_rate}; at "
        "that rate there would be {gained} more ({low} to {high}). The table has every group.",
        column=asked.breakdown, group=Name(worst["breakdown"], asked.breakdown), n=int(worst["slow_users"]),
        gained=gained, low=low, high=high,
        **{f"{side}_rate": Share(float(worst[f"{side}_rate"])) for side in _SIDES},
    )  # fmt: skip
    yield Note("by-group", text)


# ---- the picture ------------------------------------------------------------------------------------------


def _picture(answer: PageSpeedAnswer, look: Look) -> AnyChart:
    asked, table, total = answer.question, answer.table, answer.frame("loss").iloc[0]
    plot = answer.plot("table", look).beside(bin=Field(N_("Load time (s)"), "text"))
    end = float(table["from"].iloc[-1]) + asked.bin
    table["until"] = table["to"].clip(upper=end)
    table["middle"] = (table["from"] + table["until"]) / 2
    table["bin"] = [_said(row, look) for row in table[["from", "to"]].itertuples()]
    across = alt.Scale(domain=[0, end], nice=False)
    title = look(say("median load time of a user's {event} pages, seconds", event=_event(asked)))
    x = plot.x("from", title=title, scale=across, axis=plot.axis("from", tickCount=8, grid=False))
    above = look(say("went on to {to}, as of users who saw as many pages", to=_to(asked)))
    # The interval of a bin with few people would stretch the axis until nothing else can be read.
    sure = table.loc[table["users"] >= SMALL, "high"].max()
    top = float(np.nanmax([sure, table["adjusted"].max(), total["fast_rate"], total["slow_rate"]]))
    y = plot.y("adjusted", title=above, scale=alt.Scale(domain=[0, top], nice=True, clamp=True))
    tips = plot.tips("bin", "users", "rate", "adjusted", "low", "high")
    base = alt.Chart(plot.named(table.replace(np.inf, end))).encode(tooltip=tips)
    band = base.mark_rect(color=charts.ACCENT, opacity=0.2).encode(
        x=x, x2=alt.X2("until:Q"), y=alt.Y("low:Q"), y2=alt.Y2("high:Q")
    )
    level = base.mark_rule(color=charts.ACCENT, strokeWidth=2).encode(x=x, x2=alt.X2("until:Q"), y=y)
    size = alt.Size("users:Q", scale=alt.Scale(range=[20, 260], domainMin=0), legend=None)
    dots = base.mark_circle(color=charts.ACCENT, opacity=1).encode(x=alt.X("middle:Q"), y=y, size=size)
    layers = [band, level, dots, *_mark(asked, total, end, look)]
    return charts.finish(alt.layer(*layers), look, describe=look(answer.headline), height=380)


def _said(row: Any, look: Look) -> str:
    low, high = f"{row[1]:g}", f"{row.to:g}"
    return look(say("over {low}", low=low)) if np.isinf(row.to) else f"{low}–{high}"


def _mark(asked: PageSpeed, total: Any, end: float, look: Look) -> list[Any]:
    """Draw the slow mark, and the rate on each side as a line of its own with its figure."""
    sides = pd.DataFrame(
        {
            "from": [0.0, asked.slow],
            "to": [min(asked.slow, end), end],
            "rate": [total["fast_rate"], total["slow_rate"]],
            "text": [_rate(total, side, look) for side in _SIDES],
        }
    ).dropna()
    sides["middle"] = (sides["from"] + sides["to"]) / 2
    at = alt.Chart(sides).encode(y=alt.Y("rate:Q"))
    levels = at.mark_rule(color=charts.LOSS, strokeWidth=2, strokeDash=[6, 4]).encode(
        x=alt.X("from:Q"), x2=alt.X2("to:Q")
    )
    texts = at.mark_text(color=look.ink, baseline="bottom", dy=-14, fontWeight=600).encode(
        x=alt.X("middle:Q"), text=alt.Text("text:N")
    )
    if asked.slow >= end:
        return [levels, texts]
    mark = pd.DataFrame({"at": [asked.slow], "text": [look(say("{span}", span=Span(asked.slow)))]})
    rule = alt.Chart(mark).mark_rule(color=look.faint).encode(x=alt.X("at:Q"))
    name = alt.Chart(mark).mark_text(align="left", baseline="top", dx=5, color=look.faint)
    return [levels, texts, rule, name.encode(x=alt.X("at:Q"), y=alt.value(2), text=alt.Text("text:N"))]


def _rate(total: Any, side: str, look: Look) -> str:
    if not total[f"{side}_users"]:
        return ""
    users = int(total["compared" if side == "slow" and total["compared"] else f"{side}_users"])
    return look(say("{share} of {n}", share=Share(float(total[f"{side}_rate"])), n=users))
