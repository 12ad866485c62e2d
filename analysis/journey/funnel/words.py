"""What a funnel found, in words: the headline, and what one must know to read it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from analysis.answer import Note
from analysis.charts import TOTAL
from analysis.estimates import SMALL, clear, score_test, small_groups
from analysis.journey.funnel.definition import PROFILE_RULES, FunnelDefinition, within
from analysis.journey.funnel.plan import SESSION_GAP, Plan
from analysis.journey.funnel.windows import Suggested
from analysis.messages import Message, Name, Names, Share, Span, say
from analysis.values import local_moment


def nobody(asked: FunnelDefinition) -> Message:
    """Say that nobody entered."""
    first = asked.step_words[0]
    if asked.order == "any":
        return say("Nobody took any of the steps. Widen the dates or clear a filter.")
    if asked.where:
        return say(
            "Nobody took the first step, {step}, under these filters. Widen the dates or clear a filter.", step=first
        )
    return say("Nobody took the first step, {step}, in the time observed.", step=first)


def headline(asked: FunnelDefinition, table: pd.DataFrame) -> Message:
    """Say how many of those whose window is over went on, and which group or step stands out."""
    total = table[table["breakdown"] == TOTAL]
    if not (settled := int(total["settled"].iloc[0])):
        return _all_open(asked, total)
    params: dict[str, Any] = {
        "share": Share(float(total["from_start"].iloc[-1])),
        "users": settled,
        "window": within(asked),
    }
    if asked.order == "any":
        count = len(asked.steps)
        whole = say("{share} of {users} users who took any of the {count} steps took all of them within {window}.",
                    count=count, **params)  # fmt: skip
    else:
        first, last = asked.deed(asked.step_names[0]), asked.step_words[-1]
        whole = say("{share} of {users} users who {first} went on to {last} within {window}.",
                    first=first, last=last, **params)  # fmt: skip
    if later := int(total["later"].iloc[-1]):
        whole = say("{whole} In a later attempt {later} more did: {share} in all.",
                    whole=whole, later=later, share=_in_all(total))  # fmt: skip
    return say("{whole} {more}", whole=whole, more=_worst_group(asked, table) or _worst_step(asked, total))


def _all_open(asked: FunnelDefinition, total: pd.DataFrame) -> Message:
    """Say that there is no rate yet."""
    return say(
        "There is no rate yet: nobody has had {window} to go on. Of {users} users who entered, {converted} have taken "
        "all steps so far.",
        window=within(asked), users=int(total["users"].iloc[0]), converted=int(total["users"].iloc[-1]),
    )  # fmt: skip


def _worst_step(asked: FunnelDefinition, total: pd.DataFrame) -> Message:
    steps = total[~total["step"].isin([k + 1 for k in range(len(asked.steps)) if asked.skippable >> k & 1])]
    stopped = -steps["settled"].diff().fillna(0).to_numpy(int)
    worst = int(stopped.argmax())
    if not stopped[worst]:
        return say("Nobody dropped out.")
    return say("Most stop before {step}: {dropped} users.",
               step=asked.in_words(str(steps["event"].iloc[worst])), dropped=int(stopped[worst]))  # fmt: skip


def _worst_group(asked: FunnelDefinition, table: pd.DataFrame) -> Message | None:
    """Name the groups with the lowest and the highest rate among those that clearly differ from all others together.

    Taken at a later step, a group tells of itself how far its people got.
    """
    if not asked.breakdown:
        return None
    ends = table[table["breakdown"] != TOTAL].groupby("breakdown", sort=False)["settled"].agg(["last", "first"])
    ends = ends[ends["first"] >= SMALL]
    known = {str(name): (int(row["last"]), int(row["first"])) for name, row in ends.iterrows()}
    if asked.breakdown_at not in ("first", 1) or len({converted / users for converted, users in known.values()}) < 2:
        return None
    differ = _apart_from_others(known)
    if not differ:
        return say("The groups' rates do not clearly differ.")
    rates = {name: known[name][0] / known[name][1] for name in differ}
    worst, best = min(rates, key=lambda g: rates[g]), max(rates, key=lambda g: rates[g])
    if len(differ) == 1:
        return say("{group} stands apart with {share} of {users}.",
                   group=Name(worst, asked.breakdown), share=Share(rates[worst]), users=known[worst][1])  # fmt: skip
    return say(
        "The lowest is {worst} with {low} of {low_users}, the highest {best} with {high} of {high_users}.",
        worst=Name(worst, asked.breakdown), low=Share(rates[worst]), low_users=known[worst][1],
        best=Name(best, asked.breakdown), high=Share(rates[best]), high_users=known[best][1],
    )  # fmt: skip


def _apart_from_others(known: Mapping[str, tuple[int, int]]) -> list[str]:
    """Return the groups whose rate differs from the others', with one in twenty called so by chance (Benjamini)."""
    converted, users = (sum(own[i] for own in known.values()) for i in (0, 1))
    tests = [score_test(x, n, converted - x, users - n) for x, n in known.values()]
    return [name for name, own in zip(known, clear(tests), strict=True) if own]


def notes(
    asked: FunnelDefinition,
    table: pd.DataFrame,
    plan: Plan,
    zone: str,
    through: tuple[int, int],
    found: Suggested | None,
) -> tuple[Note, ...]:
    """Return what one must know to read a funnel's table.

    Parameters
    ----------
    asked : FunnelDefinition
    table : DataFrame
    plan : Plan
    zone : str
        In which moments are told.
    through : tuple of int
        Users who took the last step in the time looked at, and those of them who came through the others.
    found : Suggested, optional
        A shorter window.
    """
    own = asked.effective
    return (
        *_open_notes(own, table, plan, zone),
        _through(own, through),
        *([Note("window", found.message())] if found else ()),
        *_small(own, table),
        *_date_notes(own),
        *_rule_notes(own, plan.session),
    )


def _in_all(total: pd.DataFrame) -> Share:
    """Return the share of those who had the time that took the last step, in a later attempt or not."""
    last = total.iloc[-1]
    return Share((int(last["later"]) + int(last["settled"])) / int(total["settled"].iloc[0]))


def _open_notes(asked: FunnelDefinition, table: pd.DataFrame, plan: Plan, zone: str) -> Iterator[Note]:
    """Say who is in no rate, and who went on too late for one."""
    total, window = table[table["breakdown"] == TOTAL], Span(plan.patience / 1e6)
    entered, settled = int(total["users"].iloc[0]), int(total["settled"].iloc[0])
    if entered > settled:
        until = local_moment(dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=plan.until), zone)
        text = say("{users} of {n} users entered less than {window} before {until}, until when the data is known: they "
                   "may still go on. They are counted, but in no rate.",
                   users=entered - settled, n=entered, window=window, until=until)  # fmt: skip
        yield Note("still-open", text, "warning")
    if later := int(total["later"].iloc[-1]):
        text = say("With {n} who took the last step in a later attempt it is {share}. A rate gives everybody the same "
                   "time, {window} from first entering: who came earlier has had more attempts.",
                   n=later, window=window, share=_in_all(total))  # fmt: skip
        yield Note("later-attempts", text)


def _through(asked: FunnelDefinition, through: tuple[int, int]) -> Note:
    """Say how many of those who took the last step came through the others."""
    text = say("Of {n} users who {last} in the time looked at, {through} came through these steps.",
               n=through[0], last=asked.deed(asked.step_names[-1]), through=through[1])  # fmt: skip
    return Note("came-through", text)


def _small(asked: FunnelDefinition, table: pd.DataFrame) -> Iterator[Note]:
    few = table[(table["step"] == 1) & (table["settled"] < SMALL)]["breakdown"].tolist()
    if few:
        yield small_groups(few, asked.breakdown)


def _date_notes(asked: FunnelDefinition) -> list[Note]:
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


def _rule_notes(asked: FunnelDefinition, session: str) -> list[Note]:
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
        names = Names(tuple(say("{events}", events=Names(one.events, "event", sign="/")) for one in asked.exclusions))
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
    elif asked.entry == "first":
        rule = say("Only each user's first entry starts the chain.")
    else:
        rule = say("Only each user's first entry in the data starts the chain, where it is within the dates.")
    return [*notes, Note("entry-rule", rule)]
