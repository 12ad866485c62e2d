"""Which settings of rules and market can be tried at other values, and what does a simulation earn at many of them?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import gcd
from types import MappingProxyType

import numpy as np

from analysis.arrays import Floats
from analysis.messages import N_
from analysis.reallocation.definition import SimulationDefinition
from analysis.reallocation.play import follow, of_rules, split_whole
from analysis.reallocation.rules import MarketSettings
from analysis.reallocation.setting import Setting
from analysis.reallocation.state import REVENUE
from analysis.rules.actions import Action, Rebalance
from analysis.rules.conditions import AllOf, AnyOf, Compare, Condition, NotOf, hours
from analysis.rules.program import program
from analysis.rules.rule_set import RuleSet
from analysis.store.watch import watching


@dataclass(frozen=True, slots=True)
class Knob:
    """A setting that can be swept.

    Parameters
    ----------
    label : str
    unit : str
        As of a field: "share", "ratio", "number" (hours for clocks and delays).
    values : tuple of float
        What is tried unless a question says otherwise.
    rules : callable, optional
        Returns a rule set with the value.
    market : callable, optional
        Returns the market's settings with it.
    now : callable
        Returns the value that rules and market have; None where the rules have none, or several.
    """

    label: str
    unit: str
    values: tuple[float, ...]
    now: Callable[[RuleSet, MarketSettings], float | None]
    rules: Callable[[RuleSet, float], RuleSet] | None = None
    market: Callable[[MarketSettings, float], MarketSettings] | None = None


def _clock(own: RuleSet, every: float) -> RuleSet:
    """Adjust every so many hours; looks come as often as before where they fall on it."""
    look = gcd(hours(own.evaluate_every), round(every))
    return own.replace(evaluate_every=f"{look}h", adjust_every=f"{round(every)}h")


def _step(own: RuleSet, share: float) -> RuleSet:
    def changed(action: Action) -> Action:
        return action.replace(step=share) if isinstance(action, Rebalance) else action

    rules = tuple(rule.replace(then=tuple(changed(action) for action in rule.then)) for rule in own.rules)
    return own.replace(rules=rules)


def _advantage(own: RuleSet, times: float) -> RuleSet:
    def changed(condition: Condition) -> Condition:
        if isinstance(condition, Compare) and condition.left.metric == "spread" and condition.right is None:
            return condition.replace(than=times)
        if isinstance(condition, (AllOf, AnyOf, NotOf)):
            return condition.replace(of=tuple(changed(part) for part in condition.of))
        return condition

    return own.replace(rules=tuple(rule.replace(when=changed(rule.when)) for rule in own.rules))


def _one(found: Iterable[float]) -> float | None:
    several = set(found)
    return several.pop() if len(several) == 1 else None


def _steps(own: RuleSet, _market: MarketSettings) -> float | None:
    return _one(act.step for rule in own.rules if rule.on for act in rule.then if isinstance(act, Rebalance))


def _advantages(own: RuleSet, _market: MarketSettings) -> float | None:
    def found(condition: Condition) -> Iterator[float]:
        if isinstance(condition, Compare) and condition.left.metric == "spread" and condition.right is None:
            yield condition.than
        elif isinstance(condition, (AllOf, AnyOf, NotOf)):
            for part in condition.of:
                yield from found(part)

    return _one(than for rule in own.rules if rule.on for than in found(rule.when))


def _delay(_own: RuleSet, at: MarketSettings) -> float | None:
    return float(hours(at.conversion_delay)) if at.conversion_delay else 0.0


KNOBS: Mapping[str, Knob] = MappingProxyType(
    {
        "reserve": Knob(
            N_("share held in reserve"), "share", (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.45, 0.6),
            now=lambda own, _: own.reserve,
            rules=lambda own, v: own.replace(reserve=v),
        ),
        "cadence": Knob(
            N_("hours between adjustments"), "number", (1, 2, 4, 8, 12, 24, 48, 96),
            now=lambda own, _: float(hours(own.adjust_every)), rules=_clock,
        ),
        "step": Knob(
            N_("share moved by an adjustment"), "share", (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5),
            now=_steps, rules=_step,
        ),
        "advantage": Knob(
            N_("times as high that marginal ROI must be"), "ratio", (1, 1.05, 1.1, 1.2, 1.5, 2, 3, 5),
            now=_advantages,
            rules=_advantage,
        ),
        "floor": Knob(
            N_("share of its plan that a channel keeps"), "share", (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9),
            now=lambda own, _: own.limits.floor,
            rules=lambda own, v: own.replace(limits=own.limits.replace(floor=v)),
        ),
        "surges": Knob(
            N_("surges in a campaign"), "number", (0, 1, 2, 3, 4, 6, 8, 12),
            now=lambda _, at: at.surges,
            market=lambda own, v: own.replace(surges=v),
        ),
        "surge-size": Knob(
            N_("times the demand in a surge"), "ratio", (1.25, 1.5, 1.75, 2, 2.5, 3, 4, 6),
            now=lambda _, at: at.surge_size,
            market=lambda own, v: own.replace(surge_size=v),
        ),
        "surge-price": Knob(
            N_("how much dearer traffic is in a surge"), "share", (0, 0.1, 0.25, 0.4, 0.6, 0.8, 1, 1.5),
            now=lambda _, at: at.surge_price,
            market=lambda own, v: own.replace(surge_price=v),
        ),
        "failures": Knob(
            N_("broken creatives in a campaign"), "number", (0, 1, 2, 3, 4, 6, 8, 12),
            now=lambda _, at: at.failures,
            market=lambda own, v: own.replace(failures=v),
        ),
        "delay": Knob(
            N_("hours until an order is reported"), "number", (0, 2, 6, 12, 24, 48, 72, 120),
            now=_delay,
            market=lambda own, v: own.replace(conversion_delay=f"{round(v)}h" if v else None),
        ),
        "level-error": Knob(
            N_("how far off the curves are together"), "share", (0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8),
            now=lambda _, at: at.level_error,
            market=lambda own, v: own.replace(level_error=v),
        ),
        "dearer": Knob(
            N_("how much dearer spending twice as fast is"), "share", (0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1),
            now=lambda _, at: at.dearer,
            market=lambda own, v: own.replace(dearer=v),
        ),
    }
)  # fmt: skip
"""What can be swept."""


def gains(
    asked: SimulationDefinition, given: Setting, settings: Sequence[Mapping[str, float]]
) -> tuple[Floats, Floats]:
    """Return each run's gain at each setting, over the fixed split of the whole budget and over one by the curves.

    Parameters
    ----------
    asked : SimulationDefinition
    given : Setting
    settings : sequence of mapping
        Values by the names of :data:`KNOBS`; what is not named stays as asked.

    Returns
    -------
    tuple of ndarray, each of shape (settings, runs)
        All meet the same chance.
    """
    over_fixed, over_once = np.empty((len(settings), asked.runs)), np.empty((len(settings), asked.runs))
    markets: dict[MarketSettings, list[int]] = {}
    for n, values in enumerate(settings):
        markets.setdefault(_market(asked.market, values), []).append(n)
    runs = np.arange(asked.runs, dtype=np.int64)
    watching().expect(sum(2 + len(which) for which in markets.values()) * asked.runs)
    for market, which in markets.items():
        own = replace(given, market=replace(given.market, settings=market))
        ruled = [of_rules(str(n), _rules(asked.rule_set(), settings[n]), own) for n in which]
        base = split_whole(program(asked.rule_set(), own.market.channels), own)
        found = follow((*base, *ruled), own.market.world(own.plan), seed=asked.seed, runs=runs)
        worth = found.tally.worth[REVENUE].T
        over_fixed[which], over_once[which] = worth[2:] - worth[0], worth[2:] - worth[1]
    return over_fixed, over_once


def _market(own: MarketSettings, values: Mapping[str, float]) -> MarketSettings:
    for name, value in values.items():
        if change := KNOBS[name].market:
            own = change(own, value)
    return own


def _rules(own: RuleSet, values: Mapping[str, float]) -> RuleSet:
    for name, value in values.items():
        if change := KNOBS[name].rules:
            own = change(own, value)
    return own
