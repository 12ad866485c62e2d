"""Does the plan keep its own rules: dates, money, experiments, traffic, and tasks in order?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

import narwhals as nw
import pandas as pd

from analysis import charts
from analysis.answer import Answer, Note
from analysis.audience.private_domain.question import PrivateDomain
from analysis.charts import AnyChart, Look
from analysis.errors import SluiceError
from analysis.estimates import Interval
from analysis.fields import Field, Fields, Figure, described
from analysis.later import alt
from analysis.messages import N_, Message, Name, Names, Share, say
from analysis.plan.dates import Stage, of_one_name, own_campaign, rows_of, stages, today
from analysis.plan.measures import MEASURES, Side
from analysis.question import Question
from analysis.records import STAGES, Lesson, PlanLine, Task, Trial
from analysis.tables import Tables, collect, count_if
from analysis.values import Campaign, Filter, day, value

SPLIT: Mapping[str, float] = MappingProxyType({"design": 0.25, "technology": 0.40, "execution": 0.35})
"""What of all the money each stage of the work gets."""
ROOM = 0.01
"""By how much a share of money may miss its rule: a hundredth, for whole amounts."""
RESERVE, RESERVED = 0.15, ("reserve", "储备金", "预备金")
PRICE, SCENE, PRIVATE = 0.05, 0.20, 0.40
"""Most traffic of price tests together, least of scene tests together, least that is private."""

PASSED, FAILED, OPEN = "passed", "failed", "open"
_FIRST = (FAILED, OPEN, PASSED)
STATES = {PASSED: N_("adhered to"), FAILED: N_("broken"), OPEN: N_("open")}
CHECKS = {
    "dates": N_("Dates"), "diagnosis": N_("Diagnosis in time"), "design": N_("Design in time"),
    "test": N_("Test in time"), "campaign": N_("Campaign in time"), "review": N_("Review in time"),
    "order": N_("Tasks in order"), "split": N_("Money by stage"), "reserve": N_("Reserve"),
    "price": N_("Price tests"), "scene": N_("Scene tests"), "private": N_("Private domain"),
}  # fmt: skip


@value("plan-check")
class PlanCheck(Question):
    """Each rule of the plan: kept, broken or open, with its reason and what to do.

    Parameters
    ----------
    at : str or date, optional
        The day on which it is looked at; by default the last one that the data tell of.

    Notes
    -----
    Stages are planned back from the campaign's first day: three weeks of diagnosis, four of design, two of test; the
    review is due 28 days after its last day, all in the campaign's zone. The plan's money is that of the plan lines
    (:class:`analysis.records.PlanLine`); shares of traffic are counted where events tell of a variant, else they are
    the planned ones. Tasks and experiments are records.

    Examples
    --------
    >>> campaign = Campaign(name="Double 11", start="2026-09-21", end="2026-11-15")
    >>> lines = [PlanLine(stage=stage, line="all", amount=1000 * share) for stage, share in SPLIT.items()]
    >>> table = PlanCheck(at="2026-09-01").run(Tables(campaign=campaign, records=lines)).table
    >>> table.set_index("check")["state"][["split", "reserve"]].tolist()
    ['passed', 'failed']
    """

    title: ClassVar[str] = N_("Does the plan keep its own rules?")
    planned: ClassVar[bool] = True

    at: str | None = field(default=None, metadata=day())

    def _answer(self, tables: Tables) -> PlanCheckAnswer:
        campaign, now = own_campaign(tables), today(tables, self.at)
        found = tuple(sorted(_checked(campaign, tables, now, self.where), key=lambda one: _FIRST.index(one.state)))
        tasks = own_tasks(tables, campaign, now)
        rows = [(one.code, one.state, one.found.text(), one.todo.text() if one.todo else "") for one in found]
        return PlanCheckAnswer(
            question=self,
            version=tables.planned,
            headline=_headline(found, now),
            frames={
                "table": pd.DataFrame(rows, columns=list(PlanCheckAnswer.fields["table"])),
                "stages": _stages(campaign, tasks, now),
                "tasks": _tasks(campaign, tasks, now),
                "lessons": _lessons(tables, campaign),
            },
            notes=(*of_one_name(tables), *_notes(tasks, now, given=self.at is not None)),
            checks=found,
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class PlanCheckAnswer(Answer):
    """One row per rule; "stages" has the calendar, "tasks" who does what by when, "lessons" what was taught before."""

    fields: ClassVar[Fields] = described(
        table={
            "check": Field(N_("Rule"), "text", CHECKS),
            "state": Field(N_("State"), "text", STATES),
            "found": Field(N_("What it shows"), "text"),
            "todo": Field(N_("What to do"), "text"),
        },
        stages={
            "stage": Field(N_("Stage"), "text", {name: name for name in STAGES}),
            "first": Field(N_("First day"), "day"),
            "last": Field(N_("Last day"), "day"),
            "tasks": Field(N_("Tasks"), "count"),
            "done": Field(N_("Tasks done"), "count"),
            "state": Field(N_("State"), "text", {
                "over": N_("finished"), "now": N_("under way"), "ahead": N_("to come"),
            }),
        },
        tasks={
            "stage": Field(N_("Stage"), "text", {name: name for name in STAGES}),
            "task": Field(N_("Task"), "text", of="task"),
            "who": Field(N_("Person"), "text", of="person"),
            "due": Field(N_("Due on"), "text"),
            "done": Field(N_("Done on"), "text"),
            "state": Field(N_("State"), "text", {
                "done": N_("done"), "late": N_("done late"), "overdue": N_("overdue"), "open": N_("open"),
            }),
        },
        lessons={
            "lesson": Field(N_("Lesson"), "text", of="lesson"),
            "campaign": Field(N_("Learnt from"), "text", of="campaign"),
            "evidence": Field(N_("Evidence"), "text", of="evidence"),
        },
    )  # fmt: skip
    figures = (Figure("done", ("stage",), "", "", n="tasks", frame="stages"),)

    question: PlanCheck
    checks: tuple[Check, ...] = ()

    def shown(self, name: str, language: str) -> pd.DataFrame:
        """Return one of the tables, its sentences in a reader's language."""
        table = self.frame(name)
        if name != "table":
            return table
        said = [[self.say(text, language) if text else "" for text in (one.found, one.todo)] for one in self.checks]
        return table.assign(found=[one for one, _ in said], todo=[other for _, other in said])

    def _chart(self, look: Look) -> AnyChart:
        plot, table = self.plot("stages", look), self.frame("stages")
        table["end"] = table["last"] + pd.Timedelta(days=1)
        shown = plot.named(table)
        shown["row"] = [f"{name}\n{first:%m-%d} – {last:%m-%d}" for name, first, last in
                        zip(shown["stage_name"], shown["first"], shown["last"], strict=True)]  # fmt: skip
        colours = {"over": look.faint, "now": charts.ACCENT, "ahead": charts.PENDING}
        scale = alt.Scale(domain=[plot.name("state", one) for one in colours], range=list(colours.values()))
        bars = alt.Chart(shown).mark_bar(height=20, cornerRadius=3).encode(
            x=plot.x("first", title=None), x2=alt.X2("end:T"), y=charts.rows("row", list(shown["row"]), lines=2),
            color=alt.Color("state_name:N", scale=scale, legend=alt.Legend(title=None)),
            tooltip=plot.tips("stage", "first", "last", "tasks", "done"),
        )  # fmt: skip
        return charts.finish(bars, look, describe=self.say(self.headline, look.language), height=48 * len(shown) + 60)


# ---- the rules --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Check:
    """One rule of the plan: its state, what was found and, where it is not kept, what to do."""

    code: str
    state: str
    found: Message
    todo: Message | None = None


def _checked(campaign: Campaign, tables: Tables, now: str, where: Filter | None) -> Iterator[Check]:
    tasks, lines = own_tasks(tables, campaign, now), tables.recorded(PlanLine)
    yield _dates(campaign)
    for stage in stages(campaign).values():
        yield _in_time(stage, [task for task in tasks if task.stage == stage.name], campaign, now)
    yield _order(campaign, tasks)
    yield _split(lines)
    yield _reserve(lines)
    yield from _trials(tables, campaign, where)
    yield _private(tables, now)


def own_tasks(tables: Tables, campaign: Campaign, now: str) -> list[Task]:
    """Return a campaign's tasks in the order of the work, as they stood at the end of a day."""
    own = [task for task in tables.recorded(Task) if task.campaign in (None, campaign.name)]
    stood = [task if (task.done or "") <= now else task.replace(done=None) for task in own]
    return sorted(stood, key=lambda task: (STAGES.index(task.stage), due_of(task, campaign), task.name))


def due_of(task: Task, campaign: Campaign) -> str:
    """Return the last day for a task: its own, else its stage's."""
    return task.due or stages(campaign)[task.stage].last.isoformat()


def _dates(campaign: Campaign) -> Check:
    found = stages(campaign)
    facts = {name: found[name].first.isoformat() for name in ("diagnosis", "design", "test", "campaign")}
    text = say("Diagnosis from {diagnosis}, design from {design}, test from {test}, campaign from {campaign}; the "
               "review is due on {review}.", review=found["review"].last.isoformat(), **facts)  # fmt: skip
    outside = [phase for phase in campaign.phases if phase.start < campaign.start or phase.end > campaign.end]
    if outside:
        names = Names(tuple(phase.name for phase in outside), "phase")
        return Check("dates", FAILED, say("Outside the campaign's days: {phases}.", phases=names),
                     say("Mend the days of the campaign or of the phase on the Data page."))  # fmt: skip
    return Check("dates", PASSED, text)


def _in_time(stage: Stage, tasks: Sequence[Task], campaign: Campaign, now: str) -> Check:
    if not tasks:
        text = say("No task is written down for it; it is due by {day}.", day=stage.last.isoformat())
        return Check(stage.name, OPEN, text, say("Write its tasks down on Records."))
    late = [task for task in tasks if (task.done or now) > due_of(task, campaign)]
    if late:
        return _late(stage, late, len(tasks), campaign, now)
    if open_ := [task for task in tasks if not task.done]:
        text = say("Open: {n} of {all} tasks; the next, {task}, is due on {due}.", n=len(open_), all=len(tasks),
                   task=Name(open_[0].name, "task"), due=due_of(open_[0], campaign))  # fmt: skip
        return Check(stage.name, OPEN, text)
    return Check(stage.name, PASSED, say("Every task was done in time ({n}).", n=len(tasks)))


def _late(stage: Stage, late: Sequence[Task], tasks: int, campaign: Campaign, now: str) -> Check:
    first = next((task for task in late if not task.done), late[0])
    facts = {"n": len(late), "all": tasks, "task": Name(first.name, "task"), "due": due_of(first, campaign)}
    if first.done:
        text = say("Late: {n} of {all} tasks; {task}, due on {due}, was done on {done}.", done=first.done, **facts)
        return Check(stage.name, FAILED, text, say("Plan the stages after it again, and write down why."))
    text = say("Late: {n} of {all} tasks; {task} was due on {due} and is open on {now}.", now=now, **facts)
    todo = (
        say("Ask {who}, or give it to somebody else.", who=Name(first.who, "person"))
        if first.who
        else say("Give it to somebody.")
    )
    return Check(stage.name, FAILED, text, todo)


def _order(campaign: Campaign, tasks: Sequence[Task]) -> Check:
    """Look whether a stage's task was done while one of an earlier stage was open."""
    if not tasks:
        return Check("order", OPEN, say("No task is written down."), say("Write the plan's tasks down on Records."))
    for task in tasks:
        for earlier in tasks:
            before = STAGES.index(earlier.stage) < STAGES.index(task.stage)
            if before and task.done and (earlier.done or "9999") > task.done:
                text = say("{task} ({stage}) was done on {done}, before {earlier} ({earlier_stage}).",
                           task=Name(task.name, "task"), stage=say(task.stage), done=task.done,
                           earlier=Name(earlier.name, "task"), earlier_stage=say(earlier.stage))  # fmt: skip
                return Check("order", FAILED, text, say("Finish the earlier stage first, or say why it could wait."))
    return Check("order", PASSED, say("No task was done before those of the stage before it."))


def _split(lines: Sequence[PlanLine]) -> Check:
    whole = sum(line.amount for line in lines)
    if not whole:
        return Check(
            "split", OPEN, say("No plan line is written down."), say("Write the plan's money down on Records.")
        )
    shares = {name: sum(line.amount for line in lines if line.stage == name) / whole for name in SPLIT}
    text = say("Design {design}, technology {technology}, execution {execution}; the plan has 25, 40 and 35 percent.",
               **{name: Share(held) for name, held in shares.items()})  # fmt: skip
    off = {name: held - SPLIT[name] for name, held in shares.items() if abs(held - SPLIT[name]) > ROOM}
    if not off:
        return Check("split", PASSED, text)
    most = max(off, key=lambda name: abs(off[name]))
    facts = {"stage": say(most), "share": Share(SPLIT[most])}
    more = say("Give {stage} {share} of all the money.", **facts)
    return Check("split", FAILED, text, more)


def _reserve(lines: Sequence[PlanLine]) -> Check:
    media = [line for line in lines if line.stage == "execution"]
    whole = sum(line.amount for line in media)
    if not whole:
        return Check(
            "reserve", OPEN, say("No money is planned for execution."), say("Write the plan's money down on Records.")
        )
    held = sum(line.amount for line in media if line.line.casefold() in RESERVED) / whole
    text = say(
        "{held} of the execution budget is held back; the plan holds {wanted}.", held=Share(held), wanted=Share(RESERVE)
    )
    if abs(held - RESERVE) <= ROOM:
        return Check("reserve", PASSED, text)
    more = N_("Move money from the channels into the line called reserve.")
    less = N_("Give some of it to channels: it earns nothing while it waits.")
    return Check("reserve", FAILED, text, say(more) if held < RESERVE else say(less))


def _trials(tables: Tables, campaign: Campaign, where: Filter | None) -> Iterator[Check]:
    """Look at how much of the traffic goes through experiments of either kind."""
    for tries, limit in (("price", PRICE), ("scene", SCENE)):
        own = [trial for trial in tables.recorded(Trial) if trial.tries == tries]
        yield _tried(tries, limit, [_share_of(trial, tables, campaign, where) for trial in own])


def _tried(tries: str, limit: float, parts: Sequence[tuple[float, bool]]) -> Check:
    """Return whether experiments of a kind, each with its share and whether that was counted, keep their rule."""
    few = tries == "price"
    if not parts:
        text = say("No experiment of this kind is written down.")
        todo = say("Try a scene on at least {share} of the traffic, and write it down on Records.", share=Share(limit))
        return Check(tries, PASSED, text) if few else Check(tries, OPEN, text, todo)
    held = sum(share for share, _ in parts)
    kept = held <= limit + _HAIR if few else held >= limit - _HAIR
    rule = N_("at most {limit} is the rule") if few else N_("at least {limit} is the rule")
    facts = {"n": len(parts), "share": Share(held), "rule": say(rule, limit=Share(limit))}
    if all(counted for _, counted in parts):
        text = say("{n} experiments together: {share} of the traffic, as counted; {rule}.", **facts)
    else:
        text = say("{n} experiments together: {share} of the traffic, as planned; {rule}.", **facts)
    if kept:
        return Check(tries, PASSED, text)
    less = N_("Let fewer people see other prices.")
    more = N_("Show the scene to more people, or it tells too little.")
    return Check(tries, FAILED, text, say(less) if few else say(more))


_HAIR = 1e-9


def _share_of(trial: Trial, tables: Tables, campaign: Campaign, where: Filter | None) -> tuple[float, bool]:
    """Return which share of the users of its days went through an experiment, and whether that was counted."""
    if not trial.variant or "variant" not in tables.present("events"):
        return trial.share, False
    days = Filter(start=trial.start or campaign.start, end=trial.end or campaign.end)
    rows = tables.frame("events", where.replace(start=days.start, end=days.end) if where else days)
    inside = nw.when((nw.col("variant") == trial.variant).fill_null(False)).then(nw.lit(1)).otherwise(nw.lit(0)).max()
    users = collect(
        rows.group_by("user_key").agg(inside=inside).select(n=nw.len(), inside=count_if(nw.col("inside") > 0))
    )
    n = int(users["n"].iloc[0])
    return (float(users["inside"].iloc[0]) / n, True) if n else (trial.share, False)


def _private(tables: Tables, now: str) -> Check:
    try:
        for lacking in PrivateDomain.lacks(tables):
            raise lacking
        if now < own_campaign(tables).start:
            return Check("private", OPEN, say("The campaign has not begun: its traffic is not known yet."))
        at: Interval = MEASURES["private_share"].read(Side(tables, rows_of(tables, until=now))).at
    except SluiceError as error:
        return Check("private", OPEN, error.message)
    share, low, high = at.floats()
    if pd.isna(low):
        text = say("{share} of the visits came through the private domain, of too few people for an interval; at least "
                   "{wanted} is the rule.", share=Share(share), wanted=Share(PRIVATE))  # fmt: skip
        return Check("private", OPEN, text, say("Nothing is settled without an interval: wait for more visits."))
    text = say("{share} of the visits came through the private domain (95% {low} to {high}); at least {wanted} is the "
               "rule.", share=Share(share), low=Share(low), high=Share(high), wanted=Share(PRIVATE))  # fmt: skip
    if low <= PRIVATE <= high:
        todo = say("Chance alone may explain on which side of the rule it is: wait for more visits.")
        return Check("private", OPEN, text, todo)
    if share >= PRIVATE:
        return Check("private", PASSED, text)
    todo = say("Invite into groups and live streams what paid channels bring, before paying for more.")
    return Check("private", FAILED, text, todo)


# ---- calendar, tasks, lessons -------------------------------------------------------------------------------


def _stages(campaign: Campaign, tasks: Sequence[Task], now: str) -> pd.DataFrame:
    rows = []
    for stage in stages(campaign).values():
        own = [task for task in tasks if task.stage == stage.name]
        state = "over" if now > stage.last.isoformat() else "now" if now >= stage.first.isoformat() else "ahead"
        rows.append((stage.name, pd.Timestamp(stage.first), pd.Timestamp(stage.last), len(own),
                     sum(task.done is not None for task in own), state))  # fmt: skip
    return pd.DataFrame(rows, columns=list(PlanCheckAnswer.fields["stages"]))


def _tasks(campaign: Campaign, tasks: Sequence[Task], now: str) -> pd.DataFrame:
    rows = [(task.stage, task.name, task.who or "", due_of(task, campaign), task.done or "", state(task, campaign, now))
            for task in tasks]  # fmt: skip
    return pd.DataFrame(rows, columns=list(PlanCheckAnswer.fields["tasks"]), dtype=object)


def state(task: Task, campaign: Campaign, now: str) -> str:
    """Return whether a task is done, done late, overdue or open."""
    late = (task.done or now) > due_of(task, campaign)
    return ("late" if late else "done") if task.done else "overdue" if late else "open"


def _lessons(tables: Tables, campaign: Campaign) -> pd.DataFrame:
    own = [
        one for one in tables.recorded(Lesson) if one.campaign != campaign.name and one.next in (None, campaign.name)
    ]
    rows = [(one.learnt, one.campaign, one.evidence or "") for one in own]
    return pd.DataFrame(rows, columns=list(PlanCheckAnswer.fields["lessons"]), dtype=object)


# ---- the words --------------------------------------------------------------------------------------------


def _headline(found: Sequence[Check], now: str) -> Message:
    failed, open_ = ([one for one in found if one.state == state] for state in (FAILED, OPEN))
    if not failed and not open_:
        return say("On {day} all {n} rules of the plan are kept.", day=now, n=len(found))
    if not failed:
        return say("On {day} no rule of the plan is broken. Open: {n}, the first is {rule}: {found}", day=now,
                   n=len(open_), rule=say(CHECKS[open_[0].code]), found=open_[0].found)  # fmt: skip
    worst = max(failed, key=lambda one: _WEIGHT.get(one.code, 0))
    said = say("On {day} the plan breaks {n} of its {all} rules. {rule}: {found}", day=now, n=len(failed),
               all=len(found), rule=say(CHECKS[worst.code]), found=worst.found)  # fmt: skip
    return say("{one} {other}", one=said, other=worst.todo) if worst.todo else said


_WEIGHT = {"private": 3, "reserve": 3, "split": 2, "price": 2, "scene": 2}
"""Which of several broken rules the headline speaks of: those about money and traffic before those about days."""


def _notes(tasks: Sequence[Task], now: str, *, given: bool) -> Iterator[Note]:
    if not given:
        text = say("It is looked at as of {day}, the last day that the data tell of.", day=now)
        yield Note("as-of", text)
    text = say("Stages are planned back from the campaign's first day: three weeks of diagnosis, four of design, two "
               "of test. The review is due 28 days after its last day.")  # fmt: skip
    yield Note("stages", text)
