"""What is wrong with a rule set before it runs: contradictions, ratchets, and rules that fire where nothing happens?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, NamedTuple

import numpy as np
import pandas as pd

from analysis import charts
from analysis.answer import Answer, Note
from analysis.arrays import Floats
from analysis.charts import AnyChart, Look
from analysis.fields import Field, Fields, Figure, described
from analysis.later import alt
from analysis.messages import N_, Message, say
from analysis.reallocation.definition import SimulationDefinition
from analysis.reallocation.market import Market
from analysis.reallocation.play import follow, of_rules
from analysis.reallocation.rules import MarketSettings
from analysis.reallocation.setting import Setting, setting
from analysis.reallocation.state import ACTS, LOOKS
from analysis.rules.actions import DrawReserve
from analysis.rules.conditions import hours
from analysis.rules.findings import Finding
from analysis.rules.lint import lint
from analysis.rules.ready import NAMES, called
from analysis.rules.rule_set import Rule
from analysis.tables import Tables
from analysis.values import value

LEVELS = {"error": N_("must be mended"), "warning": N_("look at this"), "hint": N_("may be better")}
MARKETS = {"quiet": N_("nothing happens"), "asked": N_("this market")}
ARRIVED = 3.0
"""Average delays after which 95% of orders have come in."""
ALWAYS = 0.999
OFTEN = 0.006
"""Alarms a week in a quiet market from which on it is said: 5% of campaigns of eight weeks have one."""


@value("rule-check")
class RuleCheck(SimulationDefinition):
    """What is wrong with rules before they run, read from them and measured in a quiet market and in the asked one.

    Takes what :class:`analysis.reallocation.simulation.Simulation` takes. In the quiet market nothing happens and the
    curves are as fitted.

    Examples
    --------
    >>> RuleCheck(runs=20)
    RuleCheck(runs=20)
    """

    title: ClassVar[str] = N_("What is wrong with these rules before they run?")

    def _answer(self, tables: Tables) -> RuleCheckAnswer:
        given = setting(self, tables)
        own = self.rule_set()
        quiet, here = _rates(self, _quiet(given)), _rates(self, given)
        found = [*lint(own, channels=given.market.channels, delays=_delays(given.market))]
        found += _measured(self.runs, quiet, here)
        order = sorted(found, key=lambda one: [*LEVELS].index(one.level))
        rows = [{"level": f.level, "code": f.code, "rule": f.rule or None, "finding": str(f.message)} for f in order]
        return RuleCheckAnswer(
            question=self,
            version=tables.version,
            headline=_headline(order),
            frames={
                "table": pd.DataFrame(rows, columns=["level", "code", "rule", "finding"]),
                "fires": _fires(quiet, here),
            },
            notes=(
                Note("measured", say("How often rules fire is measured over {n} simulated campaigns.", n=self.runs)),
            ),
            currency=given.currency,
            findings=tuple(order),
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class RuleCheckAnswer(Answer):
    """One row a finding, the worst first; the frame "fires" says how often a week each rule is met when it could act.

    Parameters
    ----------
    findings : tuple of Finding
        Their sentences ready for any language.
    """

    fields: ClassVar[Fields] = described(
        table={
            "level": Field(N_("Level"), "text", LEVELS),
            "code": Field(N_("Kind"), "text"),
            "rule": Field(N_("Rule"), "text", {name: name for name in NAMES}),
            "finding": Field(N_("What was found"), "text"),
        },
        fires={
            "rule": Field(N_("Rule"), "text", {name: name for name in NAMES}),
            "market": Field(N_("Market"), "text", MARKETS),
            "rate": Field(N_("Times a week that it is met"), "number"),
            "share": Field(N_("Of the times it could act"), "share"),
        },
    )

    figures = (Figure("rate", ("rule", "market"), "", "", frame="fires"),)

    question: RuleCheck
    findings: tuple[Finding, ...] = ()

    def shown(self, name: str, language: str) -> pd.DataFrame:
        """Return one of the tables; findings in a reader's language."""
        frame = self.frame(name)
        if name == "table":
            frame["finding"] = [self.say(one.message, language) for one in self.findings]
        return frame

    def _chart(self, look: Look) -> AnyChart:
        plot = self.plot("fires", look)
        fires = plot.named(self.frame("fires"))
        bars = (
            alt.Chart(fires)
            .mark_bar()
            .encode(
                y=charts.rows("rule_name", fires["rule_name"].drop_duplicates().tolist()),
                yOffset=alt.YOffset("market:N", sort=None),
                x=plot.x("rate"),
                color=alt.Color(
                    "market_name:N",
                    scale=alt.Scale(
                        domain=[look(word) for word in MARKETS.values()], range=[look.faint, charts.ACCENT]
                    ),
                    legend=alt.Legend(title=None, orient="bottom", columns=charts.narrowly(1, 2)),
                ),
                tooltip=plot.tips("rule", "market", "rate", "share"),
            )
        )
        return charts.finish(bars, look, describe=look(self.headline), height=60 + 46 * max(len(fires) // 2, 1))


def _headline(found: list[Finding]) -> Message:
    if not found:
        return say("Nothing is found wrong with these rules.")
    errors = sum(one.level == "error" for one in found)
    worst = found[0]
    first = say("{rule}: {finding}", rule=called(worst.rule), finding=worst.message) if worst.rule else worst.message
    if not errors:
        return say("{n} things to look at, none of which must be mended. First: {first}", n=len(found), first=first)
    return say("{n} things to look at, {errors} of which must be mended. First: {first}", n=len(found), errors=errors,
               first=first)  # fmt: skip


def findings(asked: SimulationDefinition, channels: Sequence[str]) -> tuple[Finding, ...]:
    """Return what is wrong with a simulation's rules as far as reading them tells, before a market is made.

    Parameters
    ----------
    asked : SimulationDefinition
    channels : sequence of str
        Those of the campaign.
    """
    usual, own = asked.market.conversion_delay, dict(asked.market.delays)
    late = {name: round(ARRIVED * own.get(name, hours(usual) if usual else 0)) for name in channels}
    return lint(asked.rule_set(), channels=channels, delays=late)


def _delays(market: Market) -> Mapping[str, float]:
    """Return by channel the hours after which most of its orders have come in."""
    stay = market.stay()
    return {name: round(-ARRIVED / np.log(s)) if s > 0 else 0.0 for name, s in zip(market.channels, stay, strict=True)}


def _quiet(given: Setting) -> Setting:
    """Return the same campaign in a market as fitted, in which nothing happens."""
    market = given.market
    middle = tuple(
        np.concatenate([[market.fitted.ceiling[c], market.fitted.half[c]], market.multiplier[:, c]])[None]
        for c in range(len(market.channels))
    )
    settings: MarketSettings = market.settings.replace(surges=0, failures=0, cards=(), level_error=0)
    return replace(given, market=replace(market, draws=middle, settings=settings))


class Rates(NamedTuple):
    """Rules in the order in which they go, how often each is met a week, and of the times it could act."""

    rules: list[Rule]
    a_week: Floats
    share: Floats


def _rates(asked: RuleCheck, given: Setting) -> Rates:
    """Measure how often rules are met."""
    own = asked.rule_set()
    policy = of_rules("rules", own, given)
    world = given.market.world(given.plan)
    found = follow((policy,), world, seed=asked.seed, runs=np.arange(asked.runs, dtype=np.int64))
    met = found.tally.fires.sum(axis=0)
    rules = [own.rules[n] for n in policy.rules.order]
    ticks = found.ticks[:, 0].sum(axis=1)
    chances = [_chances(rule, ticks, n, policy.rules.scope) * asked.runs for n, rule in enumerate(rules)]
    weeks = asked.runs * given.market.days / 7
    return Rates(rules, met / weeks, met / np.maximum(chances, 1))


def _chances(rule: Rule, ticks: Floats, place: int, scope: np.ndarray) -> int:
    moments = sum(int(ticks[ACTS if action.moves else LOOKS]) for action in rule.then)
    return moments * (1 if rule.per == "campaign" else int(scope[place].sum()))


def _fires(quiet: Rates, here: Rates) -> pd.DataFrame:
    rows = [
        (rule.name, market, rates.a_week[n], rates.share[n])
        for n, rule in enumerate(here.rules)
        for market, rates in zip(MARKETS, (quiet, here), strict=True)
    ]
    return pd.DataFrame(rows, columns=["rule", "market", "rate", "share"]).astype({"rule": object, "market": object})


def _measured(runs: int, quiet: Rates, here: Rates) -> list[Finding]:
    """Return what only running the rules tells."""
    found = []
    for n, rule in enumerate(here.rules):
        alarm = any(isinstance(action, DrawReserve) for action in rule.then)
        if alarm and quiet.a_week[n] > OFTEN:
            text = say(
                "Draws on the reserve {rate} times a week where nothing happens: raise the ratio or the number of "
                "evaluations.",
                rate=round(float(quiet.a_week[n]), 3),
            )
            found.append(Finding("quiet-market", "warning", rule.name, text))
        if here.a_week[n] == 0 and quiet.a_week[n] == 0:
            text = say("Was never met in {n} simulated campaigns: as this market goes, it decides nothing.", n=runs)
            found.append(Finding("never-met", "hint", rule.name, text))
        elif here.share[n] >= ALWAYS and any(rule.when.readings()):
            text = say(
                "Was met whenever it could act in {n} simulated campaigns: its threshold decides nothing.", n=runs
            )
            found.append(Finding("always-met", "hint", rule.name, text))
    return found
