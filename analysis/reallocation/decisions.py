"""What did the rules decide in one campaign, why, what held them back, and what did each decision bring?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.answer import Answer
from analysis.messages import N_, Message, Money, Name, Share, Span, say
from analysis.reallocation.effects import Effects, misread
from analysis.reallocation.play import Played
from analysis.reallocation.state import (
    CARRIED_OUT,
    CENTS,
    CONFLICT,
    FULL_DAY,
    IN_REVIEW,
    LIMIT,
    MODE,
    NOT_MET,
    NOTHING,
    REJECTED,
    RESTING,
    STANDING_DOWN,
    TIMED_OUT,
)
from analysis.reallocation.world import REST
from analysis.rules import program as code
from analysis.rules.conditions import HOUR
from analysis.rules.ready import called

KINDS = {
    "reserve": N_("held back"),
    "shift": N_("moved"),
    "hold": N_("held still"),
    "change": N_("budget changed"),
    "release": N_("reserve drawn"),
    "refill": N_("reserve refilled"),
    "tranche": N_("tranche released"),
    "pause": N_("paused"),
    "resume": N_("resumed"),
    "notify": N_("told people"),
    "stand-down": N_("rules stopped"),
}
"""What a decision can be."""
OUTCOMES = {
    "done": N_("carried out"),
    "limit": N_("beyond a limit"),
    "resting": N_("resting after the last change"),
    "conflict": N_("another rule went first"),
    "standing-down": N_("rules are stopped"),
    "mode": N_("not in apply mode"),
    "in-review": N_("waits for a person"),
    "rejected": N_("rejected by a person"),
    "timed-out": N_("nobody answered in time"),
    "nothing": N_("nothing to move"),
    "not-met": N_("condition not met"),
    "full-day": N_("most decisions of a day made"),
}
"""What can become of it."""
_OUTCOME = {
    CARRIED_OUT: "done", LIMIT: "limit", RESTING: "resting", CONFLICT: "conflict", STANDING_DOWN: "standing-down",
    MODE: "mode", IN_REVIEW: "in-review", REJECTED: "rejected", TIMED_OUT: "timed-out", NOTHING: "nothing",
    NOT_MET: "not-met", FULL_DAY: "full-day",
}  # fmt: skip
_KIND = {
    code.CHANGE_SHARE: "change", code.CHANGE_AMOUNT: "change", code.BY_MARGINAL: "shift", code.BY_ROI: "shift",
    code.BY_EVEN: "shift", code.DRAW: "release", code.REFILL: "refill", code.TRANCHE: "tranche", code.PAUSE: "pause",
    code.RESUME: "resume", code.NOTIFY: "notify", code.STAND_DOWN: "stand-down",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One line of the decision log.

    Parameters
    ----------
    time : Timestamp
        Local time.
    kind : str
        One of :data:`KINDS`.
    outcome : str
        One of :data:`OUTCOMES`.
    reason : Message
    rule : str, optional
        Its name.
    from_channel, to_channel : str, optional
        The one that gave, and the one that got, most.
    amount : float, optional
        Money moved over the rest of the campaign, or released until the next adjustment.
    proposed : float, optional
        What the rule asked for.
    roi_from, roi_to : float, optional
        Marginal ROI as the rules estimated it.
    left, right : float, optional
        Both sides of the rule's first comparison.
    effect : float, optional
        What it truly brought by the campaign's end, added to those before it: effects add up to the gain.
    last_in : float, optional
        What the rules would have earned less without it alone.
    naive : float, optional
        Revenue seen until the next adjustment less that of as long a time before.
    budgets : tuple of (str, float, float, float)
        By channel: money a day before, what it changed by, and what was released for it.
    """

    time: pd.Timestamp
    kind: str
    outcome: str = "done"
    reason: Message
    rule: str | None = None
    from_channel: str | None = None
    to_channel: str | None = None
    amount: float | None = None
    proposed: float | None = None
    roi_from: float | None = None
    roi_to: float | None = None
    left: float | None = None
    right: float | None = None
    effect: float | None = None
    last_in: float | None = None
    naive: float | None = None
    budgets: tuple[tuple[str, float, float, float], ...] = ()


@dataclass(frozen=True, kw_only=True, repr=False)
class LoggedAnswer(Answer):
    """An answer with a frame "log".

    Parameters
    ----------
    decisions : tuple of Decision
        Of the first run, row by row of the log, their reasons ready for any language.
    """

    decisions: tuple[Decision, ...] = ()

    def shown(self, name: str, language: str) -> pd.DataFrame:
        """Return one of the tables; the log's reasons in a reader's language."""
        frame = self.frame(name)
        if name == "log":
            frame["reason"] = [self.say(decision.reason, language) for decision in self.decisions]
        return frame


NO_REASON = Message("")
"""Until the facts of a decision stand."""
COLUMNS = (
    "time", "kind", "outcome", "rule", "from_channel", "to_channel", "amount", "proposed", "roi_from", "roi_to", "left",
    "right", "effect", "last_in", "naive",
)  # fmt: skip
_NUMBERS = COLUMNS[6:]
MOST_SHOWN = 400
"""Changes of budgets that a stream shows one by one."""


def decisions(played: Played, brought: Effects) -> tuple[Decision, ...]:
    """Return every decision of the logged run in order of time, what was held back among them."""
    return tuple(_all(played, brought))


def _all(played: Played, brought: Effects) -> Iterator[Decision]:
    given, log = played.given, played.walked.log
    if given.reserve or given.tranches:
        held = (given.reserve + sum(given.tranches)) / CENTS
        reason = say(
            "{amount} ({share} of the budget) is held back at the start.",
            amount=Money(held, given.currency),
            share=Share(held * CENTS / given.budget),
        )
        yield Decision(
            time=given.market.times[0],
            kind="reserve",
            reason=reason,
            amount=held,
            effect=brought.held_back,
            last_in=brought.held_back_last,
        )
    places = {row: n for n, row in enumerate(brought.rows.tolist())}
    own = played.walked.place("rules")
    for row in range(min(int(log.filled[0]), len(log.whole))):
        if log.whole[row, 1] == own:
            yield _told(played, brought, row, places.get(row))


def _told(played: Played, brought: Effects, row: int, place: int | None) -> Decision:
    """Tell one row of the log."""
    given, log = played.given, played.walked.log
    names, world = given.market.channels, played.world
    moment, _, rule, kind, channel, held = (int(x) for x in log.whole[row])
    days = world.hours[REST, moment] * CENTS
    before, change, release = log.cents[:, row]
    moved = change + release
    giver, taker = (names[int(i)] if moved[i] else None for i in (change.argmin(), moved.argmax()))
    if change.min(initial=0) >= 0:
        giver = None
    if channel >= 0 and not moved.any():
        taker = names[channel]
    name, outcome = rule_name(played, rule), _OUTCOME[held]
    what = _KIND[kind]
    if what == "shift" and not moved.any():
        what = "hold"
    left, right, roi_from, roi_to, asked = (float(x) if np.isfinite(x) else None for x in log.reals[row])
    found = Decision(
        time=given.market.times[min(moment, len(given.market.times) - 1)],
        kind=what,
        outcome=outcome,
        rule=name,
        from_channel=giver,
        to_channel=taker,
        amount=float(np.maximum(moved, 0).sum()) / CENTS if moved.any() else None,
        proposed=asked / CENTS if asked else None,
        roi_from=roi_from,
        roi_to=roi_to,
        left=left,
        right=right,
        effect=None if place is None else float(brought.ordered[place]),
        last_in=None if place is None else float(brought.last[place]),
        naive=None if place is None else float(brought.naive[place]),
        budgets=tuple(
            (c, float(b) / days, float(d) / days, float(r) / CENTS)
            for c, b, d, r in zip(names, before, change, release, strict=True)
        ),
        reason=NO_REASON,
    )
    return replace(found, reason=_reason(played, found))


def rule_name(played: Played, place: int) -> str:
    """Return the name of the rule at a place of the packed program."""
    policy = played.policies[played.walked.place("rules")]
    first = sum(len(p.rules.rules) for p in played.policies[: played.walked.place("rules")])
    return played.rule_set.rules[int(policy.rules.order[place - first])].name


def _reason(played: Played, found: Decision) -> Message:
    """Say why a decision was made, and what held it back."""
    why = _why(played, found)
    if found.outcome in ("done", "nothing", "not-met"):
        return why
    return say("{reason} Held back: {outcome}.", reason=why, outcome=say(OUTCOMES[found.outcome]))


def _why(played: Played, found: Decision) -> Message:
    moved, rule = Money(found.amount or 0.0, played.given.currency), called(found.rule or "")
    if found.kind == "shift" and found.roi_to is not None and found.roi_from is not None:
        return say(
            "The next unit of money earns {roi_to} in {to_channel} and {roi_from} in {from_channel}: {amount} of the "
            "remaining budget moved.",
            roi_to=found.roi_to,
            to_channel=Name(found.to_channel or "", "channel"),
            roi_from=found.roi_from,
            from_channel=Name(found.from_channel or "", "channel"),
            amount=moved,
        )
    if found.kind == "hold":
        return _still(found)
    if found.kind == "release" and found.amount:
        return say(
            "Orders were {seen}, against {expected} that were to be exceeded: {amount} of the reserve ({share}), most "
            "of it to {channel}, over the next {span}.",
            seen=round(found.left or 0),
            expected=round(found.right or 0),
            amount=moved,
            share=Share((found.amount or 0.0) * CENTS / max(played.given.reserve, 1)),
            channel=Name(found.to_channel or "", "channel"),
            span=Span(played.policies[played.walked.place("rules")].rules.adjust * HOUR),
        )
    if found.left is not None and found.right is not None:
        facts = {"rule": rule, "left": found.left, "right": found.right, "amount": moved}
        if found.amount:
            return say("{rule}: {left} against {right}; {amount} moved.", **facts)
        return say("{rule}: {left} against {right}.", **facts)
    if found.amount:
        return say("{rule}: {amount} moved.", rule=rule, amount=moved)
    return say("{rule}: its condition holds.", rule=rule)


def _still(found: Decision) -> Message:
    """Say why nothing was moved."""
    if found.roi_to is None or found.roi_from is None:
        return say("No channel may give more without falling below its floor, or none can take up more.")
    if found.outcome == "not-met":
        return say(
            "{rule}: the next unit of money earns between {roi_from} and {roi_to}, too close to move anything.",
            rule=called(found.rule or ""),
            roi_from=found.roi_from,
            roi_to=found.roi_to,
        )
    return say("What could be moved within the limits is less than a cent: nothing moved.")


def misread_one(decision: Decision) -> bool:
    """Say whether revenue before and after a decision points the other way than what it brought."""
    if decision.effect is None or decision.naive is None:
        return False
    return misread([decision.effect], [decision.naive])[0] == 1


def frame(found: tuple[Decision, ...]) -> pd.DataFrame:
    """Lay decisions out as a table, reasons in English."""
    rows = [{name: getattr(d, name) for name in COLUMNS} | {"reason": d.reason.text()} for d in found]
    table = pd.DataFrame(rows, columns=[*COLUMNS, "reason"])
    return table.astype(dict.fromkeys(_NUMBERS, float))


def budgets(found: tuple[Decision, ...]) -> pd.DataFrame:
    """Lay out each decision's budgets, one row a channel; what was held back changed nothing."""
    rows = []
    for n, d in enumerate(found, start=1):
        for channel, before, change, released in d.budgets:
            rows.append((n, channel, before, before + change if d.outcome == "done" else before, change, released))
    return pd.DataFrame(rows, columns=["decision", "channel", "before", "after", "change", "released"])


def stream(played: Played, found: tuple[Decision, ...]) -> pd.DataFrame:
    """Lay out the budgets a day from the first hour to the last, one row a channel and change.

    Where more decisions were carried out than a chart can show, each day's last one stands for the day.
    """
    given = played.given
    names, times = given.market.channels, given.market.times
    done = [d for d in found if d.outcome == "done" and d.budgets and any(change for _, _, change, _ in d.budgets)]
    if len(done) > MOST_SHOWN:
        done = list({d.time.normalize(): d for d in done}.values())
    start = tuple((c, float(x) / CENTS / given.market.days) for c, x in zip(names, given.plan, strict=True))
    # Of several at one time the last one tells what they made of it together: a chart would stack them.
    then = {d.time: tuple((c, before + change) for c, before, change, _ in d.budgets) for d in done}
    points = [*({times[0]: start} | then).items()]
    points.append((times[-1] + pd.Timedelta(hours=1), points[-1][1]))
    rows = [(time, channel, budget) for time, own in points for channel, budget in own]
    return pd.DataFrame(rows, columns=["time", "channel", "budget"])
