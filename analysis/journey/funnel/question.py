"""Of the people who took the first step, how many took each next one in time, and where did the rest stop?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import altair as alt
import numpy as np
import pandas as pd

from analysis import charts
from analysis.answer import Answer, Field, Note
from analysis.charts import GROUP_WORDS, NOT_SET, TOTAL, Look
from analysis.errors import DataError
from analysis.estimates import SMALL, clear, proportion, score_test, small_groups
from analysis.journey.funnel.chains import Times, follow, timed, times
from analysis.journey.funnel.definition import PROFILE_RULES, FunnelDefinition, within
from analysis.journey.funnel.kernel import MOST_IN_REGISTERS, NO_TIME
from analysis.journey.funnel.plan import SESSION_GAP, Plan, before
from analysis.messages import N_, Message, Names, Share, Span, say
from analysis.store.walk import Chunk
from analysis.tables import Tables
from analysis.values import value
from analysis.vocabulary import EVENT_WORDS


@value("funnel")
class Funnel(FunnelDefinition):
    """How many users take each step, in order, within a window of the first.

    Parameters
    ----------
    steps : sequence of str or Step
        Event names, two or more, in order; a :class:`Step` for one with conditions, of several events, or optional.
        A name may stand twice: each event serves one step.
    window : str or timedelta
        Longest time from the first step to the last, boundary included, such as "7d"; or "session": all steps in one
        session (by `session_id` where the events have it, else without a pause of more than 30 minutes).
    order : {"ordered", "strict", "any"}
        Steps count in this order with other events between; with nothing between but repeats of the step last taken;
        or in any order. Events of the same moment count in whichever order serves.
    entry : {"every", "first"}
        Whether any entry may start the chain (ClickHouse, PostHog) or only a user's first (Mixpanel's default).
    exclusions : sequence of str or Exclusion
        Events that end a chain when they come between its steps. The user stays where they were, and may enter again.
    hold : str, optional
        A text column whose value must be the same at every step (an item, a campaign); events without a value do not
        count.
    breakdown : str, optional
        A text column of the events; a user counts under its value where they first got to a step.
    breakdown_at : {"first", "last"} or int
        To which step: the first, the last one taken, or the one of that number.
    dates : {"entry", "conversion"}
        Whether the filter's dates say when people enter only, or when they take every step.
    profile : {"clickhouse", "posthog", "mixpanel"}, optional
        Follow a peer's rules where they differ, whatever `entry` and `dates` say.
    observed_until : str or datetime, optional
        Until when (UTC) the data is complete; by default the last event of the unfiltered tables.
    where : Filter, optional
        Dates restrict when a user may enter, see `dates`. The other conditions restrict the events.

    Notes
    -----
    A user's chain is the latest-starting one that first reached their deepest step; times are taken from it. The
    breakdown's value is not: it is that of the event that first took the user to the step, by whatever chain, so it
    does not depend on how they went on. ``docs/funnel-rules.md`` states every rule and how peers differ.

    Examples
    --------
    >>> import pandas as pd
    >>> at = lambda clock: pd.Timestamp(f"2026-11-11 {clock}")
    >>> events = pd.DataFrame({
    ...     "user_id": "u1",
    ...     "timestamp": [at("01:00"), at("01:30"), at("01:45"), at("02:15")],
    ...     "event": ["view", "view", "cart", "purchase"],
    ... })
    >>> answer = Funnel(steps=("view", "cart", "purchase"), window="1h").run(Tables(events=events))
    >>> answer.table["users"].tolist()
    [1, 1, 1]
    """

    def _answer(self, tables: Tables) -> FunnelAnswer:
        plan, parts = timed(self, tables, _counted)
        counts = _Counts.together(parts)
        table = counts.table(self, plan.groups)
        if not table["users"].iloc[0]:
            raise DataError.empty(_nobody(self))
        return FunnelAnswer(
            question=self,
            version=tables.version,
            headline=_headline(self, table, dict(zip((*plan.groups, NOT_SET), counts.settled, strict=True))),
            frames={"table": table},
            notes=_notes(self.effective, table, plan.session),
            universe=tables.names(self.breakdown) if self.breakdown else (),
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class FunnelAnswer(Answer):
    """A funnel's figures, one row per group and step.

    On the row of step k: users of step k-1 = users + dropped + still_open; `from_previous` is users / users of
    step k-1 with its 95% Wilson bounds `low` and `high`; `from_start` is users / users of step 1, likewise.
    """

    fields: ClassVar[Mapping[str, Mapping[str, Field]]] = MappingProxyType(
        {
            "table": MappingProxyType(
                {
                    "breakdown": Field(N_("Group"), "text", GROUP_WORDS),
                    "step": Field(N_("Step"), "count"),
                    "event": Field(N_("Event"), "text", EVENT_WORDS),
                    "users": Field(N_("Users"), "count"),
                    "from_previous": Field(N_("From previous step"), "share"),
                    "low": Field(N_("95% from"), "share"),
                    "high": Field(N_("95% to"), "share"),
                    "from_start": Field(N_("From first step"), "share"),
                    "start_low": Field(N_("From first step: 95% from"), "share"),
                    "start_high": Field(N_("From first step: 95% to"), "share"),
                    "dropped": Field(N_("Dropped"), "count"),
                    "still_open": Field(N_("Still open"), "count"),
                    "median_seconds_from_previous": Field(N_("Median time from previous step"), "seconds"),
                }
            )
        }
    )

    question: Funnel
    universe: tuple[str, ...] = ()

    def _chart(self, look: Look) -> Any:
        return _by_group(self, look) if self.question.breakdown else _steps(self, look)


# ---- the work ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Counts:
    """How many of a chunk's users came how far; groups by position, those without a value last.

    Users are counted as they are walked, so that nothing grows with them but the gaps, whose medians need each.
    """

    users: Any  # (group, steps taken, still open): how many
    took: Any  # (group, step): how many took it
    gaps: list[Any]  # from the second step on: the time from the last step before that may not be skipped
    labels: list[Any]  # their groups
    settled: Any  # (group, whether converted): users whose window has passed since they first entered

    @classmethod
    def together(cls, parts: Sequence[_Counts]) -> _Counts:
        joined = ([np.concatenate(step) for step in zip(*lists, strict=True)]
                  for lists in ([p.gaps for p in parts], [p.labels for p in parts]))  # fmt: skip
        users, took, settled = (
            np.sum([getattr(p, own) for p in parts], axis=0) for own in ("users", "took", "settled")
        )
        gaps, labels = joined
        return cls(users, took, gaps, labels, settled)

    def table(self, asked: Funnel, groups: tuple[str, ...]) -> pd.DataFrame:
        parts = [_rows(asked, TOTAL, self.users.sum(axis=0), self.took.sum(axis=0), self.gaps)]
        if asked.breakdown:
            apart = [_apart(*pair, len(groups) + 1) for pair in zip(self.gaps, self.labels, strict=True)]
            for g, name in enumerate((*groups, NOT_SET)):
                if self.users[g].any():
                    parts.append(_rows(asked, name, self.users[g], self.took[g], [step[g] for step in apart]))
        return pd.concat(parts, ignore_index=True)


def _apart(gaps: Any, labels: Any, count: int) -> list[Any]:
    order = np.argsort(labels, kind="stable")
    return np.split(gaps[order], np.searchsorted(labels[order], np.arange(1, count)))


def _counted(plan: Plan, came: Times) -> _Counts:
    steps, groups = plan.steps, len(plan.groups) + 1
    place = came.level * 2 + came.still_open
    if plan.by:
        place = place + came.group * (2 * (steps + 1))
    users = np.bincount(place, minlength=groups * (steps + 1) * 2).reshape(groups, steps + 1, 2)
    gaps, labels, took = [], [], [_users_by_group(plan, came.group)]
    for k in range(1, steps):
        own = np.flatnonzero(came.at[k] != NO_TIME if plan.optional else came.level > k)
        gaps.append(came.at[k][own] - came.at[before(plan.optional, k)][own])
        labels.append(came.group[own].astype(np.uint8))
        took.append(_users_by_group(plan, labels[-1]))
    return _Counts(users, np.stack(took, axis=1), gaps, labels, _settled(plan, came))


def _users_by_group(plan: Plan, labels: Any) -> Any:
    return np.bincount(labels, minlength=len(plan.groups) + 1) if plan.by else np.array([len(labels)])


def _settled(plan: Plan, came: Times) -> Any:
    """Count, by group, the users whose window has passed since they first entered: who did not convert, and who did."""
    groups = len(plan.groups) + 1
    if not plan.by:
        return np.zeros((groups, 2), np.int64)
    deadline = came.entered + plan.patience
    over, last = deadline <= plan.until, came.at[-1]
    went_on = (last != NO_TIME) & (last <= deadline)
    place = came.group[over] * 2 + went_on[over]
    return np.bincount(place, minlength=groups * 2).reshape(groups, 2)


def warm() -> None:
    """Compile the kernels, or load them from their cache, so that the first funnel asked need not wait for them."""
    follow(Chunk.empty(), Plan.plain(("", "")))
    for steps in range(2, MOST_IN_REGISTERS + 1):
        times(Chunk.empty(), Plan.plain(("",) * steps))


def _rows(asked: Funnel, name: str, taken: Any, took: Any, gaps: Sequence[Any]) -> pd.DataFrame:
    """Turn one group's counts into rows; the columns are those of the public table.

    An optional step's row says how many took it; the rates of the others pass it over.
    """
    reached = taken.sum(axis=1)[::-1].cumsum()[::-1]
    optional = asked.skippable
    came = [before(optional, k) for k in range(1, len(asked.steps))]
    skipped = np.array([bool(optional >> k & 1) for k in range(len(asked.steps))])
    users = np.where(skipped, took, reached[1:])
    previous = np.append(0, users[came])
    waiting = np.append(0, [taken[p + 1 : k + 1, 1].sum() for k, p in enumerate(came, 1)])
    known = previous > 0
    _, low, high = proportion(users, previous)
    _, start_low, start_high = proportion(users, np.append(0, np.full(len(users) - 1, users[0])))
    table = pd.DataFrame(
        {
            "breakdown": name,
            "step": range(1, len(users) + 1),
            "event": asked.row_names,
            "users": users,
            "from_previous": np.divide(users, previous, out=np.full(len(users), np.nan), where=known),
            "low": low,
            "high": high,
            "from_start": users / users[0] if users[0] else np.nan,
            "start_low": start_low,
            "start_high": start_high,
            "dropped": previous - users - waiting,
            "still_open": waiting,
            "median_seconds_from_previous": [np.nan, *map(_median, gaps)],
        }
    )
    table.loc[skipped, "median_seconds_from_previous"] = np.nan
    table = table.astype({"dropped": "Int64", "still_open": "Int64"})
    table.loc[skipped | (table["step"] == 1), ["dropped", "still_open"]] = pd.NA
    return table


def _median(gaps: Any) -> float:
    return float(np.median(gaps)) / 1e6 if len(gaps) else np.nan


# ---- the words --------------------------------------------------------------------------------------------


def _nobody(asked: Funnel) -> Message:
    first = asked.step_names[0]
    if asked.order == "any":
        return say("Nobody took any of the steps. Widen the dates or clear a filter.")
    if asked.where:
        return say(
            "Nobody took the first step, {step}, under these filters. Widen the dates or clear a filter.", step=first
        )
    return say("Nobody took the first step, {step}, in the time observed.", step=first)


def _headline(asked: Funnel, table: pd.DataFrame, settled: Mapping[str, Any]) -> Message:
    total = table[table["breakdown"] == TOTAL]
    share, users = Share(float(total["from_start"].iloc[-1])), int(total["users"].iloc[0])
    first, last = asked.step_names[0], asked.step_names[-1]
    if asked.order == "any":
        whole = say(
            "{share} of {users} users who took any of the {count} steps took all of them within {window}.",
            share=share, users=users, count=len(asked.steps), window=within(asked),
        )  # fmt: skip
    else:
        whole = say(
            "{share} of {users} users who did {first} went on to {last} within {window}.",
            share=share, users=users, first=first, last=last, window=within(asked),
        )  # fmt: skip
    return say("{whole} {more}", whole=whole, more=_worst_group(asked, settled) or _worst_step(asked, total))


def _worst_step(asked: Funnel, total: pd.DataFrame) -> Message:
    dropped = total["dropped"].fillna(0).astype(int).to_numpy()
    worst = int(dropped.argmax())
    if not dropped[worst]:
        return say("Nobody dropped out.")
    return say("Most stop before {step}: {dropped} users.",
               step=asked.row_names[worst], dropped=int(dropped[worst]))  # fmt: skip


def _worst_group(asked: Funnel, settled: Mapping[str, Any]) -> Message | None:
    """Name the groups with the lowest and the highest rate among those that clearly differ from all others together.

    Of people who may still go on nothing is known yet: the rates are of those whose window is over. Taken at a later
    step, a group tells of itself how far its people got.
    """
    known = {name: (int(own[1]), int(own.sum())) for name, own in settled.items() if own.sum() >= SMALL}
    if asked.breakdown_at not in ("first", 1) or len({converted / users for converted, users in known.values()}) < 2:
        return None
    differ = _apart_from_others(known)
    if not differ:
        return say("Within one window of first entering, the groups' rates do not clearly differ.")
    rates = {name: known[name][0] / known[name][1] for name in differ}
    worst, best = min(rates, key=lambda g: rates[g]), max(rates, key=lambda g: rates[g])
    if len(differ) == 1:
        return say(
            "Within one window of first entering, {group} stands apart with {share} of {users}.",
            group=worst, share=Share(rates[worst]), users=known[worst][1],
        )  # fmt: skip
    return say(
        "Within one window of first entering, the lowest is {worst} with {low} of {low_users}, the highest {best} with "
        "{high} of {high_users}.",
        worst=worst, low=Share(rates[worst]), low_users=known[worst][1],
        best=best, high=Share(rates[best]), high_users=known[best][1],
    )  # fmt: skip


def _apart_from_others(known: Mapping[str, tuple[int, int]]) -> list[str]:
    """Return the groups whose rate differs from the others', with one in twenty called so by chance (Benjamini)."""
    converted, users = (sum(own[i] for own in known.values()) for i in (0, 1))
    tests = [score_test(x, n, converted - x, users - n) for x, n in known.values()]
    return [name for name, own in zip(known, clear(tests), strict=True) if own]


def _notes(asked: Funnel, table: pd.DataFrame, session: str) -> tuple[Note, ...]:
    total = table[table["breakdown"] == TOTAL]
    waiting = int(total["still_open"].sum())
    notes = []
    if waiting:
        open_note = say(
            "{users} users still have time to go on: their window ends after the last event in the data. They are "
            "not counted as dropped, so the rates are lower bounds.",
            users=waiting,
        )
        notes.append(Note("still-open", open_note, "warning"))
    small = table[(table["step"] == 1) & (table["users"] < SMALL)]["breakdown"].tolist()
    if small:
        notes.append(small_groups(small))
    return (*notes, *_date_notes(asked), *_rule_notes(asked, session))


def _date_notes(asked: Funnel) -> list[Note]:
    notes = []
    if asked.where and (asked.where.start or asked.where.end):
        if asked.dates == "conversion":
            dated = say("Every step must be taken within the dates.")
        else:
            dated = say("Dates restrict when people enter; later steps count whenever they fall within {window}.",
                        window=within(asked))  # fmt: skip
        notes.append(Note("entry-dates", dated))
    if asked.where and asked.where.columns():
        notes.append(Note("filtered-events", say("Every step must match the filter, not only the first.")))
    return notes


def _rule_notes(asked: Funnel, session: str) -> list[Note]:
    """Say which rules were applied."""
    notes = []
    if asked.order == "strict":
        notes.append(Note("strict", say("Nothing may come between two steps but repeats of the step last taken.")))
    if session == "gap":
        gap = say("The events have no session_id: a session ends after {gap} without an event.", gap=Span(SESSION_GAP))
        notes.append(Note("session-gap", gap))
    if asked.profile:
        notes.append(Note("profile", say(PROFILE_RULES[asked.profile])))
    if asked.exclusions and asked.profile != "posthog":
        names = Names(tuple("/".join(one.events) for one in asked.exclusions))
        ended = say("A chain ends at {events}; its user stays at the step reached and may enter again.", events=names)
        notes.append(Note("exclusions", ended))
    if asked.hold:
        held = say("All of a chain's events have the same {column}; events without one do not count.",
                   column=asked.hold)  # fmt: skip
        notes.append(Note("hold", held))
    if asked.breakdown and isinstance(asked.breakdown_at, int) and asked.breakdown_at > 1:
        later = say("{column} is taken at step {step}; people who did not get there have none.",
                    column=asked.breakdown, step=asked.breakdown_at)  # fmt: skip
        notes.append(Note("breakdown-at", later, "warning"))
    if asked.breakdown and asked.breakdown_at == "last":
        later = say("{column} is taken at the last step each user took: how far people got and their group are not "
                    "independent.", column=asked.breakdown)  # fmt: skip
        notes.append(Note("breakdown-at", later, "warning"))
    if asked.entry == "every":
        rule = say("Any entry may start the chain, counted once per user; the latest start that gets furthest is used.")
    else:
        rule = say("Only each user's first entry starts the chain.")
    return [*notes, Note("entry-rule", rule)]


# ---- the picture ------------------------------------------------------------------------------------------


def _labelled(answer: FunnelAnswer, look: Look) -> pd.DataFrame:
    table = answer.table
    table["label"] = [
        f"{step}. {look(event) if event in EVENT_WORDS else event}"
        for step, event in zip(table["step"], table["event"], strict=True)
    ]
    return table


def _rate(look: Look, row: Any) -> str:
    if row.step == 1 or pd.isna(row.from_previous):
        return look(say("{n}", n=int(row.users)))
    return look(say("{n} ({share})", n=int(row.users), share=Share(float(row.from_previous))))


def _steps(answer: FunnelAnswer, look: Look) -> Any:
    """Draw one bar per step: who went on, who still may, who dropped."""
    table = _labelled(answer, look)
    # Two lines beside each bar: the step, and how many reached it.
    table["label"] = [f"{row.label}\n{_rate(look, row)}" for row in table.itertuples()]
    words = {"users": look(N_("went on")), "still_open": look(N_("still open")), "dropped": look(N_("dropped"))}
    long = table.melt(id_vars=["label", "step"], value_vars=list(words), var_name="outcome", value_name="n")
    long = long.dropna().assign(
        rank=lambda t: t["outcome"].map({"users": 0, "still_open": 1, "dropped": 2}),
        outcome=lambda t: t["outcome"].map(words),
        n=lambda t: t["n"].astype(int),
    )
    lines = alt.Axis(
        domain=False, ticks=False, labelExpr="split(datum.label, '\\n')", labelLineHeight=17, labelOffset=-9
    )
    colour = alt.Scale(domain=list(words.values()), range=[charts.ACCENT, charts.PENDING, look.grid])
    bars = (
        alt.Chart(long)
        .mark_bar(cornerRadiusEnd=3)
        .encode(
            y=alt.Y("label:N", sort=None, title=None, axis=lines),
            x=alt.X("n:Q", title=look(N_("users")), axis=alt.Axis(format=",d", tickCount=5)),
            color=alt.Color("outcome:N", scale=colour, title=None),
            order=alt.Order("rank:Q"),
            tooltip=[
                alt.Tooltip("label:N", title=look(N_("Step"))),
                alt.Tooltip("outcome:N", title=look(N_("Outcome"))),
                alt.Tooltip("n:Q", title=look(N_("Users")), format=",d"),
            ],
        )
    )
    return charts.finish(bars, look, describe=answer.headline.text(look.language), height=64 * len(table) + 40)


def _by_group(answer: FunnelAnswer, look: Look) -> Any:
    """Draw each group's rate from the previous step with its interval, the groups under each step's name."""
    rows = _rows_by_group(answer, look)
    shown = rows.dropna(subset="from_previous")
    groups = list(dict.fromkeys(shown["breakdown"]))
    scale = charts.colours(groups, answer.universe)
    y = alt.Y("row:N", sort=rows["row"].tolist(), title=None, axis=_GROUP_AXIS)
    base = alt.Chart(shown).encode(y=y)
    bars = base.mark_bar(height=14, opacity=0.85).encode(
        x=alt.X(
            "from_previous:Q",
            title=look(N_("share of the previous step's users, with 95% interval")),
            axis=alt.Axis(format=".0%", tickCount=5),
        ),
        color=alt.Color("breakdown:N", scale=scale, legend=None),
        tooltip=[
            alt.Tooltip("group:N", title=look(N_("Group"))),
            alt.Tooltip("label:N", title=look(N_("Step"))),
            alt.Tooltip("users:Q", title=look(N_("Users")), format=",d"),
            alt.Tooltip("from_previous:Q", title=look(N_("From previous step")), format=".1%"),
            alt.Tooltip("low:Q", title=look(N_("95% from")), format=".1%"),
            alt.Tooltip("high:Q", title=look(N_("95% to")), format=".1%"),
        ],
    )
    whisker = base.mark_rule(strokeWidth=1.5, color=look.ink).encode(x="low:Q", x2="high:Q")
    rate = base.mark_text(align="left", dx=6, color=look.ink).encode(x="high:Q", text="text:N")
    headings = alt.Chart(rows).mark_point(opacity=0).encode(y=y)
    whole = alt.layer(headings, bars, whisker, rate)
    return charts.finish(whole, look, describe=answer.headline.text(look.language), height=22 * len(rows) + 40)


_GROUP_AXIS = alt.Axis(
    domain=False,
    ticks=False,
    labelExpr="split(datum.label, '\\n')[1] || split(datum.label, '\\n')[0]",
    labelFontWeight={"condition": {"test": "indexof(datum.label, '\\n') < 0", "value": "bold"}, "value": "normal"},
)


def _rows_by_group(answer: FunnelAnswer, look: Look) -> pd.DataFrame:
    """Lay out one row per step and group, and before each step's rows one for its name; `row` is unique."""
    table = _labelled(answer, look)
    table = table[table["step"] > 1].sort_values(["step", "users"], ascending=[True, False], kind="stable")
    table["group"] = [look(g) if g in GROUP_WORDS else g for g in table["breakdown"]]
    table["row"] = table["label"] + "\n" + table["group"]
    table["text"] = [_rate(look, row) for row in table.itertuples()]
    steps = [
        pd.concat([pd.DataFrame({"row": [label], "label": [label]}), own])
        for label, own in table.groupby("label", sort=False)
    ]
    return pd.concat(steps, ignore_index=True)
