"""Where did the planned money go: to which stage, channel and phase, and was it spent?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

import pandas as pd

from analysis.answer import Answer
from analysis.budget.curves.report import booked, phases_of
from analysis.budget.flow import chart as picture
from analysis.budget.flow import words
from analysis.budget.flow.kernel import BEYOND, ENDS, NO_STAGE, PLAN, WHOLE, by_line, leaves, links, parts
from analysis.charts import NOT_SET, AnyChart, Look
from analysis.errors import DataError
from analysis.fields import Field, Fields, Figure, described
from analysis.messages import N_, say
from analysis.question import Question
from analysis.records import ChannelTag, PlanLine
from analysis.tables import Tables
from analysis.values import Campaign, local_day, local_midnight, value
from analysis.vocabulary import NAMES

_STATUS = {
    "over": N_("over plan"),
    "under": N_("under plan"),
    "open": N_("not over yet"),
    "even": N_("as planned"),
    "unplanned": N_("not planned"),
    "unknown": N_("not reported"),
}
_OF = {"channel": N_("channel"), "purpose": N_("purpose")}
_SAID = {name: name for name in (PLAN, BEYOND, NO_STAGE, WHOLE, NOT_SET, *ENDS)}
_STAGE = Field(N_("Stage of work"), "text", {NO_STAGE: NO_STAGE}, of="stage")
_LINE = Field(N_("Channel or purpose"), "text", row_of="of")
_KIND = Field(N_("Kind"), "text", _OF)
_MONEY = {
    "planned": Field(N_("Planned"), "money"),
    "spent": Field(N_("Spent"), "money"),
    "difference": Field(N_("Spent over plan"), "money"),
    "status": Field(N_("Status"), "text", _STATUS),
}


@value("money-flow")
class MoneyFlow(Question):
    """The plan's money, from the plan to stages, channels or other purposes, and phases, and what was spent of it.

    Plan lines are records (:class:`analysis.records.PlanLine`), in the campaign's currency. Spend is all of the spend
    report's, each period in the phase of its middle.

    Parameters
    ----------
    where : Filter, optional
        Which spend to count; without one, that of the current campaign where several are stored. A filter by channel
        keeps the lines of these channels only.

    Examples
    --------
    >>> import pandas as pd
    >>> day = pd.Timestamp("2026-11-01")
    >>> spend = pd.DataFrame({"period_start": [day], "period_end": [day + pd.Timedelta(days=1)], "channel": ["display"],
    ...                       "spend": [120.5], "currency": ["CNY"]})
    >>> plan = [PlanLine(stage=stage, line=line, amount=amount)
    ...         for stage, line, amount in (("execution", "display", 100), ("design", "film", 50))]
    >>> answer = MoneyFlow().run(Tables(spend=spend, records=plan))
    >>> answer.table[["line", "planned", "spent", "status"]].values.tolist()
    [['film', 50.0, nan, 'unknown'], ['display', 100.0, 120.5, 'over']]
    """

    title: ClassVar[str] = N_("Where did the planned money go?")
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"spend": ()})

    @property
    def whole(self) -> bool:
        """Without a filter it is about the current campaign."""
        return False

    def _answer(self, tables: Tables) -> MoneyFlowAnswer:
        where = self.where or tables.current()
        given = booked(tables, where, _currency(tables))
        plan = _plan(tables, where.channel if where else ())
        rows = given.rows.assign(phase=phases_of(tables, given.rows))
        until = _until(tables.campaign, rows)
        table = leaves(plan, _cells(rows), _channels(tables), _open(tables.campaign, rows))
        lines, split = by_line(table), parts(table)
        code = given.currency.code
        told = words.notes(
            lines, code, tables.campaign, self.where, until=until, crossing=_crossing(tables.campaign, rows),
            phases=_unknown(tables.campaign, plan),
        )  # fmt: skip
        return MoneyFlowAnswer(
            question=self,
            version=tables.version,
            headline=words.headline(lines, code, until),
            frames={"table": table, "lines": lines, "links": links(split), "parts": split},
            notes=(*given.currency.notes(say("spend")), *told),
            currency=code,
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class MoneyFlowAnswer(Answer):
    """What became of the plan: one row per line and phase, one per line, links from level to level, and their parts.

    Plan and spend are to the cent: the lines' planned amounts are the plan's, what was spent adds up to the spend
    report. What is planned for purposes of which no report tells has no spend, rather than none spent.
    """

    fields: ClassVar[Fields] = described(
        table={
            "stage": _STAGE,
            "line": _LINE,
            "of": _KIND,
            "phase": Field(N_("Phase"), "text", {WHOLE: WHOLE, NOT_SET: NOT_SET}, of="phase"),
            **_MONEY,
        },
        lines={"stage": _STAGE, "line": _LINE, "of": _KIND, **_MONEY},
        links={
            "level": Field(N_("Level"), "count"),
            "from": Field(N_("From"), "text", _SAID, row_of="from_of"),
            "to": Field(N_("To"), "text", _SAID, row_of="to_of"),
            "from_of": Field(N_("From, kind"), "text"),
            "to_of": Field(N_("To, kind"), "text"),
            "end": Field(N_("Outcome"), "text", _SAID),
            "amount": Field(N_("Amount"), "money"),
        },
        parts={
            "stage": _STAGE,
            "line": _LINE,
            "of": _KIND,
            "phase": Field(N_("Phase"), "text", {WHOLE: WHOLE, NOT_SET: NOT_SET}, of="phase"),
            "source": Field(N_("From"), "text", _SAID),
            "end": Field(N_("Outcome"), "text", _SAID),
            "amount": Field(N_("Amount"), "money"),
        },
    )
    figures = (Figure("spent", ("stage", "line", "phase"), "", ""),)

    question: MoneyFlow

    def _chart(self, look: Look) -> AnyChart:
        return picture.sankey(self.frame("parts"), self.plot("links", look), describe=look(self.headline))


# ---- the work ---------------------------------------------------------------------------------------------


def _plan(tables: Tables, channels: tuple[str, ...]) -> tuple[PlanLine, ...]:
    found = tuple(line for line in tables.recorded(PlanLine) if not channels or line.line in channels)
    if not found:
        text = say("There is no plan to set the spend against. Write its lines down under Names, plan and tests, or "
                   "bring them there as CSV.")  # fmt: skip
        raise DataError.empty(text)
    return found


def _currency(tables: Tables) -> str | None:
    """Return the currency of the plan: the campaign's, where the spend report has it or converts into it."""
    return tables.campaign.currency if tables.campaign else None


def _cells(rows: pd.DataFrame) -> dict[tuple[str, str], float]:
    found = rows.groupby(["channel", "phase"], as_index=False)["spend"].sum()
    cells = zip(found["channel"], found["phase"], found["spend"], strict=True)
    return {(str(channel), str(phase)): float(own) for channel, phase, own in cells}


def _channels(tables: Tables) -> Callable[[str], bool]:
    held = {*tables.names("channel"), *NAMES["channel"], *(tag.channel for tag in tables.recorded(ChannelTag))}
    return lambda line: line in held


def _open(campaign: Campaign | None, rows: pd.DataFrame) -> set[str]:
    """Return the phases that are not over by the report's end."""
    if campaign is None:
        return set()
    last = rows["period_end"].max().to_pydatetime()
    ends = {phase.name: phase.end for phase in campaign.phases} | {WHOLE: campaign.end}
    return {name for name, end in ends.items() if local_midnight(end, campaign.zone, days=1) > last}


def _until(campaign: Campaign | None, rows: pd.DataFrame) -> str | None:
    """Return the report's last day while the campaign runs on after it."""
    if campaign is None or WHOLE not in _open(campaign, rows):
        return None
    last = rows["period_end"].max() - pd.Timedelta(microseconds=1)
    return local_day(last.to_pydatetime(), campaign.zone)


def _crossing(campaign: Campaign | None, rows: pd.DataFrame) -> float:
    """Return the spend of periods that begin in one phase and end in another."""
    if campaign is None or not campaign.phases:
        return 0.0
    ends = rows["period_end"] - pd.Timedelta(microseconds=1)
    days = {at: local_day(at.to_pydatetime(), campaign.zone) for at in {*rows["period_start"], *ends}}
    both = zip(rows["period_start"], ends, strict=True)
    across = [campaign.phase_of(days[start]) != campaign.phase_of(days[end]) for start, end in both]
    return float(rows["spend"][across].sum())


def _unknown(campaign: Campaign | None, plan: tuple[PlanLine, ...]) -> tuple[str, ...]:
    """Return the phases of the plan that the campaign does not have."""
    known = {phase.name for phase in campaign.phases} if campaign else set()
    return tuple(dict.fromkeys(line.phase for line in plan if known and line.phase and line.phase not in known))
