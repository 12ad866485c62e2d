"""Sluice's library: questions about campaigns, and their answers.

>>> from analysis import Funnel
>>> Funnel(steps=("view", "cart"), window="7 d".replace(" ", ""))
Funnel(steps=('view', 'cart'))
"""

from __future__ import annotations

import importlib
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.audience.clusters.question import Clusters as Clusters
    from analysis.audience.coverage import Coverage as Coverage
    from analysis.audience.growth import Growth as Growth
    from analysis.audience.intent.question import Intent as Intent
    from analysis.audience.lifecycle import Lifecycle as Lifecycle
    from analysis.audience.payback.question import Payback as Payback
    from analysis.audience.private_domain.question import PrivateDomain as PrivateDomain
    from analysis.audience.rfm.question import RFM as RFM
    from analysis.audience.segments.question import Segments as Segments
    from analysis.audience.states.question import LifecycleStates as LifecycleStates
    from analysis.audience.value.holdout import ValueHoldout as ValueHoldout
    from analysis.audience.value.question import LifetimeValue as LifetimeValue
    from analysis.budget.allocation.frontier import Frontier as Frontier
    from analysis.budget.allocation.question import Allocation as Allocation
    from analysis.budget.allocation.rules import Limit as Limit
    from analysis.budget.allocation.rules import PriceIndex as PriceIndex
    from analysis.budget.curves.question import ResponseCurves as ResponseCurves
    from analysis.budget.flow.question import MoneyFlow as MoneyFlow
    from analysis.budget.plans import Plans as Plans
    from analysis.budget.scenario import Scenario as Scenario
    from analysis.comparison.question import Comparison as Comparison
    from analysis.goals import FigureOf as FigureOf
    from analysis.goals import Goal as Goal
    from analysis.journey.attribution.question import Attribution as Attribution
    from analysis.journey.funnel.change import FunnelChange as FunnelChange
    from analysis.journey.funnel.conventions import FunnelRules as FunnelRules
    from analysis.journey.funnel.dropoffs import DropOffs as DropOffs
    from analysis.journey.funnel.duration import TimeToConvert as TimeToConvert
    from analysis.journey.funnel.money import FunnelMoney as FunnelMoney
    from analysis.journey.funnel.question import Funnel as Funnel
    from analysis.journey.funnel.stop import FunnelStop as FunnelStop
    from analysis.journey.loyalty.participation import Participation as Participation
    from analysis.journey.loyalty.retention import Retention as Retention
    from analysis.journey.loyalty.retention import RetentionCell as RetentionCell
    from analysis.journey.nodes.question import Nodes as Nodes
    from analysis.journey.paths.of_funnel import FunnelPaths as FunnelPaths
    from analysis.journey.paths.question import Paths as Paths
    from analysis.journey.speed import PageSpeed as PageSpeed
    from analysis.journey.steps import Exclusion as Exclusion
    from analysis.journey.steps import Step as Step
    from analysis.notebook.book import Notebook as Notebook
    from analysis.notebook.book import Words as Words
    from analysis.overview.findings import Findings as Findings
    from analysis.overview.question import Overview as Overview
    from analysis.people import InAll as InAll
    from analysis.people import InAny as InAny
    from analysis.people import InGroup as InGroup
    from analysis.people import InSegment as InSegment
    from analysis.people import NotIn as NotIn
    from analysis.people import WithRows as WithRows
    from analysis.plan.baselines import Baselines as Baselines
    from analysis.plan.check import PlanCheck as PlanCheck
    from analysis.plan.progress import GoalProgress as GoalProgress
    from analysis.plan.review import CampaignReview as CampaignReview
    from analysis.plan.scorecard import QuarterWeights as QuarterWeights
    from analysis.plan.scorecard import Scorecard as Scorecard
    from analysis.reallocation.break_even import BreakEven as BreakEven
    from analysis.reallocation.challenge import Challenge as Challenge
    from analysis.reallocation.check import RuleCheck as RuleCheck
    from analysis.reallocation.replay import RuleReplay as RuleReplay
    from analysis.reallocation.rules import Card as Card
    from analysis.reallocation.rules import MarketSettings as MarketSettings
    from analysis.reallocation.rules import Rules as Rules
    from analysis.reallocation.simulation import Simulation as Simulation
    from analysis.reallocation.sweep import RuleSweep as RuleSweep
    from analysis.records import Adjustment as Adjustment
    from analysis.records import Alias as Alias
    from analysis.records import CalendarDay as CalendarDay
    from analysis.records import ChannelTag as ChannelTag
    from analysis.records import DisplayName as DisplayName
    from analysis.records import ExchangeRate as ExchangeRate
    from analysis.records import Forecast as Forecast
    from analysis.records import Lesson as Lesson
    from analysis.records import LiftTest as LiftTest
    from analysis.records import PlanLine as PlanLine
    from analysis.records import Record as Record
    from analysis.records import Task as Task
    from analysis.records import Trial as Trial
    from analysis.results.performance.question import Performance as Performance
    from analysis.results.sales.question import Sales as Sales
    from analysis.rules.actions import ChangeBudget as ChangeBudget
    from analysis.rules.actions import DrawReserve as DrawReserve
    from analysis.rules.actions import Notify as Notify
    from analysis.rules.actions import Pause as Pause
    from analysis.rules.actions import Rebalance as Rebalance
    from analysis.rules.actions import RefillReserve as RefillReserve
    from analysis.rules.actions import ReleaseTranche as ReleaseTranche
    from analysis.rules.actions import Resume as Resume
    from analysis.rules.actions import StandDown as StandDown
    from analysis.rules.conditions import AllOf as AllOf
    from analysis.rules.conditions import AnyOf as AnyOf
    from analysis.rules.conditions import Compare as Compare
    from analysis.rules.conditions import NotOf as NotOf
    from analysis.rules.conditions import Reading as Reading
    from analysis.rules.rule_set import Limits as Limits
    from analysis.rules.rule_set import Review as Review
    from analysis.rules.rule_set import Rule as Rule
    from analysis.rules.rule_set import RuleSet as RuleSet
    from analysis.tables import Tables as Tables
    from analysis.values import Campaign as Campaign
    from analysis.values import Filter as Filter
    from analysis.values import Phase as Phase
    from analysis.workspace import ColumnMapping as ColumnMapping
    from analysis.workspace import open_workspace as open_workspace
    from analysis.workspace import read_export as read_export
    from analysis.workspace.contents import Contents as Contents

_HOMES = {
    "Adjustment": "analysis.records",
    "Alias": "analysis.records",
    "AllOf": "analysis.rules.conditions",
    "Allocation": "analysis.budget.allocation.question",
    "AnyOf": "analysis.rules.conditions",
    "Attribution": "analysis.journey.attribution.question",
    "Baselines": "analysis.plan.baselines",
    "BreakEven": "analysis.reallocation.break_even",
    "CalendarDay": "analysis.records",
    "Campaign": "analysis.values",
    "CampaignReview": "analysis.plan.review",
    "Card": "analysis.reallocation.rules",
    "Challenge": "analysis.reallocation.challenge",
    "ChangeBudget": "analysis.rules.actions",
    "ChannelTag": "analysis.records",
    "Clusters": "analysis.audience.clusters.question",
    "ColumnMapping": "analysis.workspace",
    "Compare": "analysis.rules.conditions",
    "Comparison": "analysis.comparison.question",
    "Contents": "analysis.workspace.contents",
    "Coverage": "analysis.audience.coverage",
    "DisplayName": "analysis.records",
    "DrawReserve": "analysis.rules.actions",
    "DropOffs": "analysis.journey.funnel.dropoffs",
    "ExchangeRate": "analysis.records",
    "Exclusion": "analysis.journey.steps",
    "FigureOf": "analysis.goals",
    "Filter": "analysis.values",
    "Findings": "analysis.overview.findings",
    "Forecast": "analysis.records",
    "Frontier": "analysis.budget.allocation.frontier",
    "Funnel": "analysis.journey.funnel.question",
    "FunnelChange": "analysis.journey.funnel.change",
    "FunnelMoney": "analysis.journey.funnel.money",
    "FunnelPaths": "analysis.journey.paths.of_funnel",
    "FunnelRules": "analysis.journey.funnel.conventions",
    "FunnelStop": "analysis.journey.funnel.stop",
    "Goal": "analysis.goals",
    "GoalProgress": "analysis.plan.progress",
    "Growth": "analysis.audience.growth",
    "InAll": "analysis.people",
    "InAny": "analysis.people",
    "InGroup": "analysis.people",
    "InSegment": "analysis.people",
    "Intent": "analysis.audience.intent.question",
    "Lesson": "analysis.records",
    "Lifecycle": "analysis.audience.lifecycle",
    "LifecycleStates": "analysis.audience.states.question",
    "LifetimeValue": "analysis.audience.value.question",
    "LiftTest": "analysis.records",
    "Limit": "analysis.budget.allocation.rules",
    "Limits": "analysis.rules.rule_set",
    "MarketSettings": "analysis.reallocation.rules",
    "MoneyFlow": "analysis.budget.flow.question",
    "Nodes": "analysis.journey.nodes.question",
    "NotIn": "analysis.people",
    "NotOf": "analysis.rules.conditions",
    "Notebook": "analysis.notebook.book",
    "Notify": "analysis.rules.actions",
    "Overview": "analysis.overview.question",
    "PageSpeed": "analysis.journey.speed",
    "Participation": "analysis.journey.loyalty.participation",
    "Paths": "analysis.journey.paths.question",
    "Pause": "analysis.rules.actions",
    "Payback": "analysis.audience.payback.question",
    "Performance": "analysis.results.performance.question",
    "Phase": "analysis.values",
    "PlanCheck": "analysis.plan.check",
    "PlanLine": "analysis.records",
    "Plans": "analysis.budget.plans",
    "PriceIndex": "analysis.budget.allocation.rules",
    "PrivateDomain": "analysis.audience.private_domain.question",
    "QuarterWeights": "analysis.plan.scorecard",
    "RFM": "analysis.audience.rfm.question",
    "Reading": "analysis.rules.conditions",
    "Rebalance": "analysis.rules.actions",
    "Record": "analysis.records",
    "RefillReserve": "analysis.rules.actions",
    "ReleaseTranche": "analysis.rules.actions",
    "ResponseCurves": "analysis.budget.curves.question",
    "Resume": "analysis.rules.actions",
    "Retention": "analysis.journey.loyalty.retention",
    "RetentionCell": "analysis.journey.loyalty.retention",
    "Review": "analysis.rules.rule_set",
    "Rule": "analysis.rules.rule_set",
    "RuleCheck": "analysis.reallocation.check",
    "RuleReplay": "analysis.reallocation.replay",
    "RuleSet": "analysis.rules.rule_set",
    "RuleSweep": "analysis.reallocation.sweep",
    "Rules": "analysis.reallocation.rules",
    "Sales": "analysis.results.sales.question",
    "Scenario": "analysis.budget.scenario",
    "Scorecard": "analysis.plan.scorecard",
    "Segments": "analysis.audience.segments.question",
    "Simulation": "analysis.reallocation.simulation",
    "StandDown": "analysis.rules.actions",
    "Step": "analysis.journey.steps",
    "Tables": "analysis.tables",
    "Task": "analysis.records",
    "TimeToConvert": "analysis.journey.funnel.duration",
    "Trial": "analysis.records",
    "ValueHoldout": "analysis.audience.value.holdout",
    "WithRows": "analysis.people",
    "Words": "analysis.notebook.book",
    "open_workspace": "analysis.workspace",
    "read_export": "analysis.workspace",
}
"""Where each name lives; its module is loaded when the name is first asked for."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(importlib.import_module(_HOMES[name]), name)
    return found


@cache
def load() -> None:
    """Load every module, once: what is stored or linked may be of any kind."""
    for home in sorted(set(_HOMES.values())):
        importlib.import_module(home)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})


__all__ = [
    "RFM",
    "Adjustment",
    "Alias",
    "AllOf",
    "Allocation",
    "AnyOf",
    "Attribution",
    "Baselines",
    "BreakEven",
    "CalendarDay",
    "Campaign",
    "CampaignReview",
    "Card",
    "Challenge",
    "ChangeBudget",
    "ChannelTag",
    "Clusters",
    "ColumnMapping",
    "Compare",
    "Comparison",
    "Contents",
    "Coverage",
    "DisplayName",
    "DrawReserve",
    "DropOffs",
    "ExchangeRate",
    "Exclusion",
    "FigureOf",
    "Filter",
    "Findings",
    "Forecast",
    "Frontier",
    "Funnel",
    "FunnelChange",
    "FunnelMoney",
    "FunnelPaths",
    "FunnelRules",
    "FunnelStop",
    "Goal",
    "GoalProgress",
    "Growth",
    "InAll",
    "InAny",
    "InGroup",
    "InSegment",
    "Intent",
    "Lesson",
    "Lifecycle",
    "LifecycleStates",
    "LifetimeValue",
    "LiftTest",
    "Limit",
    "Limits",
    "MarketSettings",
    "MoneyFlow",
    "Nodes",
    "NotIn",
    "NotOf",
    "Notebook",
    "Notify",
    "Overview",
    "PageSpeed",
    "Participation",
    "Paths",
    "Pause",
    "Payback",
    "Performance",
    "Phase",
    "PlanCheck",
    "PlanLine",
    "Plans",
    "PriceIndex",
    "PrivateDomain",
    "QuarterWeights",
    "Reading",
    "Rebalance",
    "Record",
    "RefillReserve",
    "ReleaseTranche",
    "ResponseCurves",
    "Resume",
    "Retention",
    "RetentionCell",
    "Review",
    "Rule",
    "RuleCheck",
    "RuleReplay",
    "RuleSet",
    "RuleSweep",
    "Rules",
    "Sales",
    "Scenario",
    "Scorecard",
    "Segments",
    "Simulation",
    "StandDown",
    "Step",
    "Tables",
    "Task",
    "TimeToConvert",
    "Trial",
    "ValueHoldout",
    "WithRows",
    "Words",
    "open_workspace",
    "read_export",
]
