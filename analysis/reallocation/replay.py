"""What would rules have decided in the campaign as it was, and what did decisions that people made bring?

The spend there was is played again. A channel's response in each period is such that this spend earns what it did;
where money moves, the curve says how much more or less. What follows from that is a model's word, and said to be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.answer import Note
from analysis.arrays import Floats
from analysis.budget.curves.report import report
from analysis.charts import AnyChart, Look
from analysis.errors import DataError
from analysis.estimates import TAILS
from analysis.fields import Field, Fields, Figure, bounds, described
from analysis.messages import N_, Message, Money, Share, Span, say
from analysis.reallocation import chart as picture
from analysis.reallocation import decisions as told
from analysis.reallocation.decisions import LoggedAnswer
from analysis.reallocation.definition import SimulationDefinition
from analysis.reallocation.effects import effects
from analysis.reallocation.money import Parted
from analysis.reallocation.play import Played, Policy, by_channel, follow, of_rules, pack, scheduled, walked
from analysis.reallocation.setting import Setting, setting
from analysis.reallocation.simulation import SimulationAnswer
from analysis.reallocation.state import CENTS, FIXED, REVENUE
from analysis.records import Adjustment
from analysis.rules.conditions import HOUR, hours
from analysis.rules.program import BY_MARGINAL, program
from analysis.rules.rule_set import RuleSet
from analysis.tables import Tables
from analysis.values import value

_CAMPAIGNS = {"fixed": N_("as it was"), "rules": N_("with the rules (modelled)")}


@value("rule-replay")
class RuleReplay(SimulationDefinition):
    """What rules would have decided in the campaign as it was, when, and what that would have brought by the curves.

    Parameters
    ----------
    curves : ResponseCurves
    rules : Rules or RuleSet
        Looked at no more often than the spend report has rows: that is all anybody could have seen.
    market : MarketSettings
        Conversion delay and headroom count; nothing else happens than did.
    runs : int
        Draws of the curves, for the interval.
    where : Filter, optional

    Examples
    --------
    >>> RuleReplay(runs=20)
    RuleReplay(runs=20)
    """

    title: ClassVar[str] = N_("What would rules have decided in this campaign?")
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"spend": ()})

    def _answer(self, tables: Tables) -> RuleReplayAnswer:
        given, actual, period = _as_it_was(self, tables)
        own = _no_finer(self.rule_set(), period)
        played = _played(self, own, given, actual)
        log = told.decisions(played, effects(played))
        worth = played.walked.tally.worth[REVENUE]
        gain = worth[:, 1] - worth[:, 0]
        low, high = np.quantile(gain, TAILS)
        done = sum(d.outcome == "done" and d.kind != "reserve" for d in log)
        table = pd.DataFrame(
            {
                "policy": ["fixed", "rules"],
                "revenue": worth.mean(axis=0),
                "spent": played.walked.tally.whole[0].mean(axis=0) / CENTS,
                "gain": [np.nan, gain.mean()],
                "gain_low": [np.nan, low],
                "gain_high": [np.nan, high],
            }
        )
        return RuleReplayAnswer(
            question=self,
            version=tables.version,
            headline=_headline(done, float(gain.mean()), float(low), float(high), given),
            frames={
                "table": table,
                "log": told.frame(log),
                "made": _made(self, tables.recorded(Adjustment), given, actual),
                "budgets": told.budgets(log),
                "channels": by_channel(played, played.walked.names),
            },
            notes=_notes(self, own, period, given),
            currency=given.currency,
            decisions=log,
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class RuleReplayAnswer(LoggedAnswer):
    """The campaign as it was beside the rules' (modelled); "log", "budgets" and "channels" as a simulation has them.

    "made" holds the adjustments that people made (records), each with what it is estimated to have brought: what was,
    less what the curves say had the money stayed where it was.
    """

    fields: ClassVar[Fields] = described(
        table={
            "policy": Field(
                N_("Campaign"), "text", {"fixed": N_("as it was"), "rules": N_("with the rules (modelled)")}
            ),
            "revenue": Field(N_("Revenue"), "money"),
            "spent": Field(N_("Spent"), "money"),
            "gain": Field(N_("More than it was (modelled)"), "money"),
            "gain_low": Field(N_("More than it was, 95% from"), "money"),
            "gain_high": Field(N_("More than it was, 95% to"), "money"),
        },
        log=dict(SimulationAnswer.fields["log"]),
        made={
            "time": Field(N_("Local time"), "time"),
            "from_channel": Field(N_("From channel"), "text", of="channel"),
            "to_channel": Field(N_("To channel"), "text", of="channel"),
            "amount": Field(N_("Amount"), "money"),
            "effect": Field(N_("Brought, estimated"), "money"),
            **bounds("money"),
            "reason": Field(N_("Reason"), "text"),
        },
        budgets=dict(SimulationAnswer.fields["budgets"]),
        channels=dict(SimulationAnswer.fields["channels"]),
    )

    figures = (Figure("gain", ("policy",), "gain_low", "gain_high", main=1),)

    question: RuleReplay

    def _chart(self, look: Look) -> AnyChart:
        return picture.spend_beside(self.frame("channels"), self.plot("channels", look), describe=look(self.headline))


def _no_finer(own: RuleSet, period: int) -> RuleSet:
    """Return rules that look and act no more often than the data has rows."""
    look, act = (max(hours(every), period) for every in (own.evaluate_every, own.adjust_every))
    act = -(-act // look) * look
    return own.replace(evaluate_every=f"{look}h", adjust_every=f"{act}h", mode="apply")


def _as_it_was(asked: SimulationDefinition, tables: Tables) -> tuple[Setting, Floats, int]:
    """Return the campaign's setting, its spend and revenue by hour and channel, and how many hours a row spans."""
    given = setting(asked, tables)
    market = given.market
    rows = report(tables, asked.where, given.currency).rows
    local = {
        name: pd.DatetimeIndex(rows[name]).tz_localize("UTC").tz_convert(tables.zone).tz_localize(None)
        for name in ("period_start", "period_end")
    }
    first = market.times.searchsorted(local["period_start"])
    last = market.times.searchsorted(local["period_end"])
    spend, claimed = rows["spend"].to_numpy(float), rows["revenue"].to_numpy(float)
    actual = np.zeros((2, len(market.times), len(market.channels)))
    for n, name in enumerate(rows["channel"].tolist()):
        inside = np.arange(first[n], last[n])
        if name not in market.channels or not len(inside):
            continue
        c = market.channels.index(name)
        share = market.weight[inside] / market.weight[inside].sum()
        actual[0, inside, c] = share * spend[n]
        actual[1, inside, c] = _fitted(given, c, actual, inside) if np.isnan(claimed[n]) else share * claimed[n]
    if not actual[0].sum() > 0:
        raise DataError.empty(say("Nothing was spent in the campaign's days on channels with a response curve."))
    cents = np.floor(actual[0].sum(axis=0) * CENTS).astype(np.int64)
    span = np.median((local["period_end"] - local["period_start"]) / pd.Timedelta(hours=1))
    settings = asked.market.replace(surges=0, failures=0, cards=(), level_error=0)
    own_setting = replace(
        given, plan=cents, budget=int(cents.sum()), reserve=0, tranches=(), market=replace(market, settings=settings)
    )
    return own_setting, actual, max(1, round(float(span)))


def _fitted(given: Setting, c: int, actual: Floats, inside: np.ndarray) -> Floats:
    """Return what the fitted curve makes of a channel's spend in some hours."""
    market = given.market
    rate = np.zeros((len(inside), len(market.channels)))
    rate[:, c] = actual[0, inside, c] / market.weight[inside]
    usual = market.multiplier[market.phase[inside], c] * market.weight[inside]
    return np.asarray(usual * market.fitted.value(rate)[:, c])


def _played(asked: RuleReplay, own: RuleSet, given: Setting, actual: Floats) -> Played:
    """Play the campaign as it was, and with the rules."""
    world = given.market.world(given.plan, actual)
    silent = program(RuleSet(), given.market.channels)
    as_it_was, ruled = Policy("fixed", FIXED, given.plan, 0, (), silent), of_rules("rules", own, given)
    runs = np.arange(asked.runs, dtype=np.int64)
    found = follow((as_it_was, ruled), world, seed=asked.seed, runs=runs, logged=0)
    held = replace(given, plan=ruled.plan, reserve=ruled.reserve, tranches=ruled.tranches)
    nothing = np.zeros((asked.runs, 2))
    return Played(
        rule_set=own,
        against=(),
        given=held,
        world=world,
        policies=(as_it_was, ruled),
        walked=found,
        most=nothing,
        most_spent=nothing,
        seed=asked.seed,
    )


def _made(asked: RuleReplay, made: Sequence[Adjustment], given: Setting, actual: Floats) -> pd.DataFrame:
    """Estimate what each adjustment that was made brought: the campaign is played without it alone."""
    market = given.market
    known = [a for a in made if {a.from_channel, a.to_channel} <= set(market.channels)]
    moments = [int(market.times.searchsorted(pd.Timestamp(a.day) + pd.Timedelta(hours=a.hour))) for a in known]
    inside = [(a, t) for a, t in zip(known, moments, strict=True) if 0 < t < len(market.times)]
    columns = [*RuleReplayAnswer.fields["made"]]
    if not inside:
        return pd.DataFrame(columns=columns).astype(dict.fromkeys(("amount", "effect", "low", "high"), float))
    world = market.world(given.plan, actual)
    silent = program(RuleSet(), market.channels)
    cents = np.zeros((2, len(inside), len(market.channels)), dtype=np.int64)
    for n, (a, _) in enumerate(inside):
        cents[0, n, market.channels.index(a.from_channel)] = round(a.amount * CENTS)
        cents[0, n, market.channels.index(a.to_channel)] = -round(a.amount * CENTS)
    money = Parted(given.plan, 0, ())
    own = [scheduled(str(n), money, silent, market.channels) for n in range(len(inside) + 1)]
    written = {
        "when": np.array([[t, BY_MARGINAL, -1] for _, t in inside], dtype=np.int64),
        "cents": cents,
        "use": np.eye(len(inside) + 1, len(inside), dtype=bool),
    }
    runs = np.arange(asked.runs, dtype=np.int64)
    found = walked(tuple(p.name for p in own), pack(own, world, written), world, asked.seed, runs, -1)
    worth = found.tally.worth[REVENUE]
    effect = worth[:, -1:] - worth[:, :-1]
    low, high = np.quantile(effect, TAILS, axis=0)
    rows = [
        {
            "time": market.times[t],
            "from_channel": a.from_channel,
            "to_channel": a.to_channel,
            "amount": a.amount,
            "effect": effect[:, n].mean(),
            "low": low[n],
            "high": high[n],
            "reason": a.reason,
        }
        for n, (a, t) in enumerate(inside)
    ]
    return pd.DataFrame(rows, columns=columns)


def _headline(done: int, gain: float, low: float, high: float, given: Setting) -> Message:
    facts = {"n": done, "gain": Money(gain, given.currency), "low": Money(low, given.currency),
             "high": Money(high, given.currency)}  # fmt: skip
    if low > 0:
        return say(
            "In this campaign the rules would have made {n} decisions and, by the curves, brought {gain} ({low} "
            "to {high}) more than it did. That is modelled, not measured.",
            **facts,
        )
    if high < 0:
        facts |= {"gain": Money(-gain, given.currency), "low": Money(-high, given.currency)}
        facts |= {"high": Money(-low, given.currency)}
        return say(
            "In this campaign the rules would have made {n} decisions and, by the curves, brought {gain} ({low} "
            "to {high}) less than it did. That is modelled, not measured.",
            **facts,
        )
    return say(
        "In this campaign the rules would have made {n} decisions; whether they would have brought more or less "
        "than it did, the curves cannot say: {gain} ({low} to {high}), modelled.",
        **facts,
    )


def _notes(asked: RuleReplay, own: RuleSet, period: int, given: Setting) -> tuple[Note, ...]:
    modelled = say(
        "Effects are modelled: where money moves, a channel's curve says what more or less of it would have earned on "
        "that day; the rest is as it was."
    )
    notes = [Note("modelled", modelled, "warning")]
    if hours(asked.rule_set().evaluate_every) < hours(own.evaluate_every):
        text = say(
            "The report has a row every {span}, so the rules are looked at every {look} and act every {act}; "
            "finer is nothing anybody could have seen.",
            span=Span(period * HOUR),
            look=Span(hours(own.evaluate_every) * HOUR),
            act=Span(hours(own.adjust_every) * HOUR),
        )
        notes.append(Note("no-finer-than-data", text))
    if own.reserve:
        text = say("The rules hold {share} of what was spent in reserve from the start.", share=Share(own.reserve))
        notes.append(Note("reserve", text))
    return tuple(notes) + given.notes
