"""What would rules that move budget while the campaign runs have earned, against a fixed split?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.answer import Note
from analysis.arrays import Floats
from analysis.charts import AnyChart, Look
from analysis.fields import Field, Fields, Figure, described
from analysis.messages import N_, Message, say
from analysis.money import roi
from analysis.reallocation import cards
from analysis.reallocation import chart as picture
from analysis.reallocation import decisions as told
from analysis.reallocation.decisions import LoggedAnswer, misread_one, rule_name
from analysis.reallocation.definition import SimulationDefinition
from analysis.reallocation.effects import Effects, effects
from analysis.reallocation.learnt import CALLED, LEARNT, learnt
from analysis.reallocation.parts import PARTS, parts
from analysis.reallocation.play import BOUNDS, Played, by_channel, interval, others, play
from analysis.reallocation.setting import setting
from analysis.reallocation.state import (
    CENTS,
    DECISIONS,
    DRAWN,
    FALSE,
    FOUND,
    HELD,
    TOTAL_DECLARED,
    TOTAL_LEFT,
    TOTAL_LOCKED,
    TOTAL_RESERVE,
    TOTAL_SPENT,
    WAITED,
)  # fmt: skip
from analysis.reallocation.words import Brought, brought_by, headline, notes, orders_an_hour, story
from analysis.tables import Tables
from analysis.values import one_of, optional, value

BAND = (0.05, 0.95)
"""Between which quantiles nine of ten runs lie."""
_POLICY = Field(
    N_("Policy"),
    "text",
    {
        "fixed": N_("fixed split of the whole budget"),
        "held": N_("fixed split, reserve held back"),
        "once": N_("split once by the curves"),
        "rules": N_("rules"),
        "thompson": N_("Thompson sampling"),
        "oracle": N_("at most, within the limits"),
        "bound": N_("at most, without limits"),
    },
    of="policy",
)


@value("simulation")
class Simulation(SimulationDefinition):
    """What rules that move budget between channels earn in a market simulated from the response curves.

    Parameters
    ----------
    curves : ResponseCurves
        The market's curves; a filter of its own goes before `where`.
    rules : Rules or RuleSet
        How budget is moved: the plan's own rules by their knobs, or any others.
    against : sequence of RuleSet
        Up to four more, which meet the same campaigns.
    market : MarketSettings
        What happens besides: surges, failing creatives, what a channel can take up.
    budget : float, optional
        The whole budget, reserve included; by default the campaign's (the part of it that belongs to channels with
        a curve), else what the spend observed would be the working budget of.
    split : mapping of str to float, optional
        Each channel's share of the working budget, adding up to 1; by default that of the spend observed.
    runs : int
        Simulated campaigns. Each has its own curves (drawn from the bootstrap), shocks and noise; every policy
        meets the same ones, so differences are paired.
    seed : int
    lesson : str, optional
        The lesson under way, by its code: the headline then answers what that asks.
    where : Filter, optional
        Which rows the curves and the hours of a day are taken from.

    Notes
    -----
    Revenue is what is expected under each run's truth at what a policy spent: noise only reaches what the rules see.
    The campaign runs through its own days and phases; without one, through those of the spend. Money is planned
    evenly over days, and over the hours of a day as orders fall.

    Examples
    --------
    >>> from analysis.reallocation.rules import Rules
    >>> Simulation(rules=Rules(step=0.05), runs=20)
    Simulation(rules=Rules(step=0.05), runs=20)
    """

    title: ClassVar[str] = N_("What would rules that move the budget have earned?")

    lesson: str | None = field(default=None, metadata=optional(one_of(*LEARNT)))

    @property
    def lesson_name(self) -> str:
        """What the lesson under way is called; nothing without one."""
        return CALLED[self.lesson] if self.lesson else ""

    def _answer(self, tables: Tables) -> SimulationAnswer:
        given = setting(self, tables)
        played = play(self.rule_set(), self.against, given, runs=self.runs, seed=self.seed)
        brought = effects(played)
        log = told.decisions(played, brought)
        table, apart, dealt = _table(played), parts(played), cards.changed(played)
        usual = headline(played, table, apart)
        return SimulationAnswer(
            question=self,
            version=tables.version,
            headline=learnt(self.lesson, played, log) if self.lesson else usual,
            frames={
                "table": table,
                "log": told.frame(log),
                "budgets": told.budgets(log),
                "stream": told.stream(played, log),
                "parts": _parts(played, apart, brought),
                "cards": cards.frame(dealt),
                "hours": _hours(played),
                "channels": by_channel(played, played.seen),
                "runs": _runs(played, apart),
                "days": _days(played),
            },
            notes=(
                *([Note("in-all", usual)] if self.lesson else []),
                *notes(played, brought, log),
                *cards.notes(played, dealt),
            ),
            currency=given.currency,
            decisions=log,
            orders_an_hour=orders_an_hour(played),
            order_value=given.market.order_value,
            universe=tables.names("channel"),
            said={
                **{policy: say("{name}", name=other.name) for policy, other in others(self.against).items()},
                **cards.words(played),
            },
        )


def _money(**labels: str) -> dict[str, Field]:
    return {name: Field(label, "money") for name, label in labels.items()}


@dataclass(frozen=True, kw_only=True, repr=False)
class SimulationAnswer(LoggedAnswer):
    """What each policy earned, one row per policy; averages over the runs.

    `low` and `high` are the 95% bounds of the average, `run_low` and `run_high` hold nine of ten runs. `gain` is over
    the fixed split of the whole budget and `regret` what is lacking to the most that anybody could earn within the
    limits, both paired by run. The frame "log" holds the decisions of the first run with what each brought, "budgets"
    what each found and changed, "stream" these budgets over time, "hours" and "channels" that run's money, "runs" every
    run and the parts of its gain, "parts" these on average, and Shapley shares of the first run's, "cards" what each
    shock card changed, left out alone, where there are several, "days" the gain as it builds up.

    Parameters
    ----------
    orders_an_hour : float
        That the fixed split of the whole budget sells on average.
    order_value : float
    universe : tuple of str
        All channels of the data, so that each keeps its colour.
    """

    fields: ClassVar[Fields] = described(
        table={
            "policy": _POLICY,
            **_money(
                revenue=N_("Revenue"),
                low=N_("95% from"),
                high=N_("95% to"),
                run_low=N_("Runs from (5%)"),
                run_high=N_("Runs to (95%)"),
            ),
            "roi": Field(N_("ROI"), "ratio"),
            **_money(
                spent=N_("Spent"),
                reserved=N_("Still reserved"),
                unspent=N_("Not taken up"),
                gain=N_("More than the fixed split"),
                gain_low=N_("More than the fixed split, 95% from"),
                gain_high=N_("More than the fixed split, 95% to"),
                regret=N_("Below the best within the limits"),
                regret_low=N_("Below the best within the limits, 95% from"),
                regret_high=N_("Below the best within the limits, 95% to"),
            ),
            "share_of_runs_better": Field(N_("Runs better than the fixed split"), "share"),
        },
        log={
            "time": Field(N_("Local time"), "time"),
            "kind": Field(N_("Decision"), "text", told.KINDS),
            "outcome": Field(N_("What became of it"), "text", told.OUTCOMES),
            "rule": Field(N_("Rule"), "text"),
            "from_channel": Field(N_("From channel"), "text", of="channel"),
            "to_channel": Field(N_("To channel"), "text", of="channel"),
            "amount": Field(N_("Amount"), "money"),
            "proposed": Field(N_("Asked for"), "money"),
            "roi_from": Field(N_("Marginal ROI from"), "ratio"),
            "roi_to": Field(N_("Marginal ROI to"), "ratio"),
            "left": Field(N_("Seen"), "number"),
            "right": Field(N_("Compared with"), "number"),
            **_money(
                effect=N_("True effect by the end"),
                last_in=N_("True effect, left out alone"),
                naive=N_("Revenue seen after less before"),
            ),
            "reason": Field(N_("Reason"), "text"),
        },
        budgets={
            "decision": Field(N_("Decision"), "count"),
            "channel": Field(N_("Channel"), "text", of="channel"),
            **_money(
                before=N_("Budget a day before"),
                after=N_("Budget a day after"),
                change=N_("Change a day"),
                released=N_("Released"),
            ),
        },
        stream={
            "time": Field(N_("Local time"), "time"),
            "channel": Field(N_("Channel"), "text", of="channel"),
            "budget": Field(N_("Budget a day"), "money"),
        },
        parts={
            "part": Field(
                N_("Part of the gain"),
                "text",
                {
                    **PARTS,
                    "holding": N_("first run: holding money back"),
                    "rule": N_("first run: a rule"),
                    "others": N_("first run: other rules"),
                },
            ),
            "rule": Field(N_("Rule"), "text"),
            **_money(amount=N_("Amount"), low=N_("95% from"), high=N_("95% to")),
        },
        cards={
            "card": Field(N_("Shock card"), "text", of="card"),
            **_money(
                fixed=N_("Of the fixed split"),
                low=N_("95% from"),
                high=N_("95% to"),
                gain=N_("Of the gain"),
                gain_low=N_("Gain from"),
                gain_high=N_("Gain to"),
            ),
        },
        hours={
            "policy": _POLICY,
            "hour": Field(N_("Hour"), "count"),
            "time": Field(N_("Local time"), "time"),
            **_money(
                spent=N_("Spent so far"),
                reserved=N_("Reserved"),
                unspent=N_("Unspent"),
                revenue=N_("Revenue of the hour"),
            ),
        },
        channels={
            "policy": _POLICY,
            "hour": Field(N_("Hour"), "count"),
            "time": Field(N_("Local time"), "time"),
            "channel": Field(N_("Channel"), "text", of="channel"),
            **_money(spent=N_("Spend of the hour"), revenue=N_("Revenue of the hour")),
        },
        runs={
            "run": Field(N_("Run"), "count"),
            **_money(
                fixed=N_("Fixed split of the whole budget"),
                held=N_("Fixed split, reserve held back"),
                once=N_("Split once by the curves"),
                rules=N_("Rules"),
                thompson=N_("Thompson sampling"),
                oracle=N_("At most, within the limits"),
                bound=N_("At most, without limits"),
                gain=N_("More than the fixed split"),
                regret=N_("Below the best within the limits"),
                released=N_("Drawn from the reserve"),
            ),
            **_money(
                reserve=N_("Of the gain: holding money back"),
                tranches=N_("Of the gain: releasing it in parts"),
                moving=N_("Of the gain: moving money, chance aside"),
                cost=N_("Of the gain: dearer traffic and learning anew"),
                late=N_("Of the gain: orders that come in late"),
                chance=N_("Of the gain: chance in the orders"),
                shocks=N_("Of the gain: answering shocks"),
            ),
            "decisions": Field(N_("Decisions carried out"), "count"),
            "held_back": Field(N_("Decisions held back"), "count"),
            "surges": Field(N_("Surges"), "count"),
            "found": Field(N_("Surges found while on"), "count"),
            "missed": Field(N_("Surges missed"), "count"),
            "hours_until_found": Field(N_("Hours until found"), "number"),
            "declared": Field(N_("Surges declared"), "count"),
            "false_alarms": Field(N_("Declared without a surge"), "count"),
        },
        days={
            "policy": _POLICY,
            "time": Field(N_("Day"), "day"),
            **_money(
                gain=N_("More than the fixed split so far"),
                run_low=N_("Runs from (5%)"),
                run_high=N_("Runs to (95%)"),
            ),
        },
    )
    figures = (Figure("gain", ("policy",), "", "", main=3),)

    question: Simulation
    orders_an_hour: float = 0.0
    order_value: float = 0.0
    universe: tuple[str, ...] = ()

    def places(self, which: str = "all") -> tuple[int, ...]:
        """Return rows of the log, from 1: all, those carried out, held back, or misread by revenue before and after.

        Parameters
        ----------
        which : {"all", "done", "held", "wrong"}
        """
        kept = {
            "all": lambda one: True,
            "done": lambda one: one.outcome == "done",
            "held": lambda one: one.outcome != "done",
            "wrong": misread_one,
        }[which]
        return tuple(n for n, one in enumerate(self.decisions, start=1) if kept(one))

    def story(self, at: int) -> tuple[Message, ...]:
        """Return one decision in words: why it was made, what it read, what held it back.

        Parameters
        ----------
        at : int
            Its row in the log, from 1.
        """
        return story(self.decisions[at - 1])

    def brought_by(self, at: int) -> tuple[Brought, ...]:
        """Return what one decision brought, the value to go by first; nothing where it was not carried out.

        Parameters
        ----------
        at : int
            Its row in the log, from 1.
        """
        return brought_by(self.decisions[at - 1], self.currency)

    def stream(self, look: Look, at: int = 1) -> AnyChart:
        """Return the first run's budgets over time as a chart, with a decision marked.

        Parameters
        ----------
        look : Look
        at : int
            Its row in the log, from 1.
        """
        look = replace(look, names=self.names)
        describe = look(say("The budgets of the first run over time, by channel, with {n} decisions marked.",
                            n=len(self.decisions)))  # fmt: skip
        plots = self.plot("stream", look), self.plot("log", look)
        return picture.stream(self.frame("stream"), self.frame("log"), *plots, at, self.universe, describe=describe)

    def _chart(self, look: Look) -> AnyChart:
        plots = self.plot("table", look), self.plot("parts", look)
        frames = self.frame("table"), self.frame("parts")
        return picture.scoreboard(*frames, *plots, describe=look(self.headline))


# ---- the work ---------------------------------------------------------------------------------------------


def _table(played: Played) -> pd.DataFrame:
    rows = []
    for policy in played.shown:
        total, spent = played.total(policy), played.money(TOTAL_SPENT, policy)
        low, high = interval(total)
        run_low, run_high = np.quantile(total, BAND)
        row = {"policy": policy, "revenue": total.mean(), "low": low, "high": high, "run_low": run_low}
        row |= {"run_high": run_high, "roi": float(roi(total.mean(), spent.mean())), "spent": spent.mean()}
        row |= {"reserved": (played.money(TOTAL_RESERVE, policy) + played.money(TOTAL_LOCKED, policy)).mean()}
        row |= {"unspent": played.money(TOTAL_LEFT, policy).mean()}
        if policy != "fixed":
            gain = total - played.total("fixed")
            low, high = interval(gain)
            row |= {"gain": gain.mean(), "gain_low": low, "gain_high": high}
            row |= {"share_of_runs_better": float((gain > 0).mean())}
        if policy not in BOUNDS:
            regret = played.total("oracle") - total
            low, high = interval(regret)
            row |= {"regret": regret.mean(), "regret_low": low, "regret_high": high}
        rows.append(row)
    return pd.DataFrame(rows, columns=[*SimulationAnswer.fields["table"]])


def _hours(played: Played) -> pd.DataFrame:
    """Lay out the first run's money hour by hour."""
    trace, times = played.walked.trace, played.given.market.times
    parts = [
        pd.DataFrame(
            {
                "policy": policy,
                "hour": np.arange(len(times)),
                "time": times,
                "spent": trace.spent[n].sum(axis=1).cumsum() / CENTS,
                "reserved": (trace.held[0, n] + trace.held[1, n]) / CENTS,
                "unspent": trace.held[2, n] / CENTS,
                "revenue": trace.cells[0, n].sum(axis=1),
            }
        )
        for policy, n in zip(played.seen, map(played.walked.place, played.seen), strict=True)
    ]
    return pd.concat(parts, ignore_index=True)


def _runs(played: Played, apart: Mapping[str, Floats]) -> pd.DataFrame:
    totals = {policy: played.total(policy) for policy in played.shown if not policy.startswith("rules-")}
    surges, found = played.walked.tally.surges, played.counted(FOUND)
    waited = played.walked.tally.worth[WAITED, :, played.walked.place("rules")]
    return pd.DataFrame(
        {
            "run": np.arange(1, played.runs + 1),
            **totals,
            "gain": played.gain,
            "regret": totals["oracle"] - totals["rules"],
            "released": played.money(DRAWN, "rules"),
            **{name: apart.get(name, 0.0) for name in PARTS},
            "decisions": played.counted(DECISIONS),
            "held_back": played.counted(HELD),
            "surges": surges,
            "found": found,
            "missed": surges - found,
            "hours_until_found": np.where(found > 0, waited / np.maximum(found, 1), np.nan),
            "declared": played.counted(TOTAL_DECLARED),
            "false_alarms": played.counted(FALSE),
        }
    )


def _days(played: Played) -> pd.DataFrame:
    """Add up the gain to the end of each local day, over runs."""
    days = played.given.market.times.normalize().unique()
    worth = played.walked.tally.days
    parts = []
    for policy in played.seen:
        if policy == "fixed":
            continue
        gain = (worth[:, played.walked.place(policy)] - worth[:, played.walked.place("fixed")]).cumsum(axis=1)
        low, high = np.quantile(gain, BAND, axis=0)
        own = {"time": days, "gain": gain.mean(axis=0), "run_low": low, "run_high": high}
        parts.append(pd.DataFrame({"policy": policy} | own))
    return pd.concat(parts, ignore_index=True)


def _parts(played: Played, apart: Mapping[str, Floats], brought: Effects) -> pd.DataFrame:
    """Say what the gain of all runs, and of the logged one, is made of."""
    rows = []
    for part, values in apart.items():
        low, high = interval(values)
        rows.append({"part": part, "rule": None, "amount": values.mean(), "low": low, "high": high})
    names = {place: rule_name(played, place) if place >= 0 else None for place in brought.shares}
    for place, share in brought.shares.items():
        part = {-1: "holding", -2: "others"}.get(place, "rule")
        rows.append({"part": part, "rule": names[place], "amount": share})
    return pd.DataFrame(rows, columns=["part", "rule", "amount", "low", "high"])
