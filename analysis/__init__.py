"""Sluice's library: questions about campaigns, and their answers.

>>> from analysis import Funnel
>>> Funnel(steps=("view", "cart"), window="7 d".replace(" ", ""))
Funnel(steps=('view', 'cart'))
"""

from analysis.audience.lifecycle import Lifecycle
from analysis.budget.curves.question import ResponseCurves
from analysis.budget.scenario import Scenario
from analysis.journey.attribution.question import Attribution
from analysis.journey.funnel.change import FunnelChange
from analysis.journey.funnel.conventions import FunnelRules
from analysis.journey.funnel.dropoffs import DropOffs
from analysis.journey.funnel.duration import TimeToConvert
from analysis.journey.funnel.money import FunnelMoney
from analysis.journey.funnel.question import Funnel
from analysis.journey.loyalty.participation import Participation
from analysis.journey.loyalty.retention import Retention
from analysis.journey.nodes.question import Nodes
from analysis.journey.paths.of_funnel import FunnelPaths
from analysis.journey.paths.question import Paths
from analysis.journey.speed import PageSpeed
from analysis.journey.steps import Exclusion, Step
from analysis.reallocation.rules import MarketSettings, Rules
from analysis.reallocation.simulation import Simulation
from analysis.records import DisplayName, ExchangeRate, Record
from analysis.results.performance.question import Performance
from analysis.results.sales.question import Sales
from analysis.tables import Tables
from analysis.values import Campaign, Filter, Phase
from analysis.workspace import ColumnMapping, open_workspace, read_export
from analysis.workspace.contents import Contents

__all__ = [
    "Attribution",
    "Campaign",
    "ColumnMapping",
    "Contents",
    "DisplayName",
    "DropOffs",
    "ExchangeRate",
    "Exclusion",
    "Filter",
    "Funnel",
    "FunnelChange",
    "FunnelMoney",
    "FunnelPaths",
    "FunnelRules",
    "Lifecycle",
    "MarketSettings",
    "Nodes",
    "PageSpeed",
    "Participation",
    "Paths",
    "Performance",
    "Phase",
    "Record",
    "ResponseCurves",
    "Retention",
    "Rules",
    "Sales",
    "Scenario",
    "Simulation",
    "Step",
    "Tables",
    "TimeToConvert",
    "open_workspace",
    "read_export",
]
