"""What would rules that move budget while the campaign runs have earned, against a fixed split?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.answer import Answer
from analysis.charts import AnyChart, Look
from analysis.fields import Field, Fields, Figure, described
from analysis.messages import N_
from analysis.money import roi
from analysis.reallocation import chart as picture
from analysis.reallocation import decisions as told
from analysis.reallocation.decisions import Decision
from analysis.reallocation.definition import SimulationDefinition
from analysis.reallocation.money import CENTS
from analysis.reallocation.play import Played, alarms, found, interval, play
from analysis.reallocation.setting import setting
from analysis.reallocation.words import headline, notes
from analysis.tables import Tables
from analysis.values import value

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
        "oracle": N_("best within the limits"),
        "bound": N_("best without limits"),
    },
)


@value("simulation")
class Simulation(SimulationDefinition):
    """What rules that move budget between channels earn in a market simulated from the response curves.

    Parameters
    ----------
    curves : ResponseCurves
        The market's curves; a filter of its own goes before `where`.
    rules : Rules
        How budget is moved.
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

    def _answer(self, tables: Tables) -> SimulationAnswer:
        given = setting(self, tables)
        played = play(self.rules, given, runs=self.runs, seed=self.seed)
        table = _table(played)
        return SimulationAnswer(
            question=self,
            version=tables.version,
            headline=headline(played, table),
            frames={
                "table": table,
                "log": told.frame(played.decisions),
                "hours": _hours(played),
                "channels": _channels(played),
                "runs": _runs(played),
                "days": _days(played),
            },
            notes=notes(played),
            currency=given.currency,
            decisions=played.decisions,
            accuracy=float(played.accuracy),
        )


def _money(**labels: str) -> dict[str, Field]:
    return {name: Field(label, "money") for name, label in labels.items()}


@dataclass(frozen=True, kw_only=True, repr=False)
class SimulationAnswer(Answer):
    """What each policy earned, one row per policy; averages over the runs.

    `low` and `high` are the 95% bounds of the average, `run_low` and `run_high` hold nine of ten runs. `gain` is over
    the fixed split of the whole budget and `regret` what is lacking to the oracle, both paired by run. The frame "log"
    holds the decisions of the first run, "hours" and "channels" its money, "runs" every run and the parts of its gain,
    "days" the gain as it builds up.

    Parameters
    ----------
    decisions : tuple of Decision
        Of the first run, their reasons ready for any language.
    accuracy : float
        Largest share of a run's revenue by which the oracle may be short of the true best.
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
            "from_channel": Field(N_("From channel"), "text", of="channel"),
            "to_channel": Field(N_("To channel"), "text", of="channel"),
            "amount": Field(N_("Amount"), "money"),
            "roi_from": Field(N_("Marginal ROI from"), "ratio"),
            "roi_to": Field(N_("Marginal ROI to"), "ratio"),
            "effect": Field(N_("Effect until the next adjustment"), "money"),
            "reason": Field(N_("Reason"), "text"),
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
                oracle=N_("Best within the limits"),
                bound=N_("Best without limits"),
                same_money=N_("Fixed split with the rules' money"),
                gain=N_("More than the fixed split"),
                gain_same_money=N_("More than the fixed split at equal spend"),
                regret=N_("Below the best within the limits"),
                released=N_("Drawn from the reserve"),
            ),
            **_money(
                split=N_("Of the gain: splitting once"),
                reserve=N_("Of the gain: holding the reserve"),
                watching=N_("Of the gain: moving while it runs"),
            ),
            "surges": Field(N_("Surges"), "count"),
            "found": Field(N_("Surges found while on"), "count"),
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
    figures = (Figure("gain", ("policy",), "", "", main=1),)

    question: Simulation
    decisions: tuple[Decision, ...] = ()
    accuracy: float = 0.0

    def shown(self, name: str, language: str) -> pd.DataFrame:
        """Return one of the tables; the log's reasons in a reader's language."""
        frame = self.frame(name)
        if name == "log":
            frame["reason"] = [self.say(decision.reason, language) for decision in self.decisions]
        return frame

    def _chart(self, look: Look) -> AnyChart:
        return picture.gains(self.frame("days"), self.plot("days", look), describe=look(self.headline))


# ---- the work ---------------------------------------------------------------------------------------------


def _table(played: Played) -> pd.DataFrame:
    rows = []
    for policy, own in played.paths.items():
        total, spent = played.total(policy), own.spent.sum(axis=(1, 2)) / CENTS
        low, high = interval(total)
        run_low, run_high = np.quantile(total, BAND)
        row = {"policy": policy, "revenue": total.mean(), "low": low, "high": high, "run_low": run_low}
        row |= {"run_high": run_high, "roi": float(roi(total.mean(), spent.mean()))}
        row |= {"spent": spent.mean(), "reserved": own.reserved[:, -1].mean() / CENTS}
        row |= {"unspent": own.unspent[:, -1].mean() / CENTS}
        if policy != "fixed":
            gain = total - played.total("fixed")
            low, high = interval(gain)
            row |= {"gain": gain.mean(), "gain_low": low, "gain_high": high}
            row |= {"share_of_runs_better": float((gain > 0).mean())}
        if policy in ("held", "rules"):
            regret = played.total("oracle") - total
            low, high = interval(regret)
            row |= {"regret": regret.mean(), "regret_low": low, "regret_high": high}
        rows.append(row)
    return pd.DataFrame(rows, columns=[*SimulationAnswer.fields["table"]])


def _hours(played: Played) -> pd.DataFrame:
    """Lay out the first run's money hour by hour."""
    parts = [
        pd.DataFrame(
            {
                "policy": policy,
                "hour": np.arange(len(played.given.times)),
                "time": played.given.times,
                "spent": own.spent[0].sum(axis=1).cumsum() / CENTS,
                "reserved": own.reserved[0] / CENTS,
                "unspent": own.unspent[0] / CENTS,
                "revenue": played.revenue[policy][0],
            }
        )
        for policy, own in played.paths.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _channels(played: Played) -> pd.DataFrame:
    """Lay out the first run's spend and revenue by channel and hour."""
    times, names = played.given.times, played.given.market.channels
    parts = []
    for policy, own in played.paths.items():
        revenue = played.truth.revenue(played.given.market, own.spent / CENTS)[0]
        cells = {"spent": own.spent[0].ravel() / CENTS, "revenue": revenue.ravel()}
        hour, channel = np.repeat(np.arange(len(times)), len(names)), np.tile(names, len(times))
        parts.append(pd.DataFrame({"policy": policy, "hour": hour, "time": times[hour], "channel": channel} | cells))
    return pd.concat(parts, ignore_index=True)


def _runs(played: Played) -> pd.DataFrame:
    totals = {policy: played.total(policy) for policy in played.paths}
    surges, declared, wrong = alarms(played)
    hits, waited = found(played)
    return pd.DataFrame(
        {
            "run": np.arange(1, len(played.gain) + 1),
            **totals,
            "same_money": played.same_money,
            "gain": played.gain,
            "gain_same_money": totals["rules"] - played.same_money,
            "regret": totals["oracle"] - totals["rules"],
            "released": played.released,
            **played.parts,
            "surges": surges,
            "found": hits,
            "hours_until_found": waited,
            "declared": declared,
            "false_alarms": wrong,
        }
    )


def _days(played: Played) -> pd.DataFrame:
    """Add up the gain to the end of each local day, over runs."""
    times = played.given.times
    ends = np.flatnonzero(np.append(times.normalize()[1:] != times.normalize()[:-1], True))
    parts = []
    for policy in ("rules", "oracle"):
        gain = (played.revenue[policy] - played.revenue["fixed"]).cumsum(axis=1)[:, ends]
        low, high = np.quantile(gain, BAND, axis=0)
        own = {"time": times[ends].normalize(), "gain": gain.mean(axis=0), "run_low": low, "run_high": high}
        parts.append(pd.DataFrame({"policy": policy} | own))
    return pd.concat(parts, ignore_index=True)
