"""Sluice's library: questions about campaigns, and their answers.

>>> from analysis import Funnel
>>> Funnel(steps=("view", "cart"), window="7 d".replace(" ", ""))
Funnel(steps=('view', 'cart'))
"""

from analysis.audience.lifecycle import Lifecycle
from analysis.budget.curves import ResponseCurves
from analysis.budget.scenario import Scenario
from analysis.journey.attribution import Attribution
from analysis.journey.change import FunnelChange
from analysis.journey.dropoffs import DropOffs
from analysis.journey.duration import TimeToConvert
from analysis.journey.funnel import Funnel
from analysis.journey.funnel_paths import FunnelPaths
from analysis.journey.money import FunnelMoney
from analysis.journey.nodes import Nodes
from analysis.journey.participation import Participation
from analysis.journey.paths import Paths
from analysis.journey.retention import Retention
from analysis.journey.rules import FunnelRules
from analysis.journey.speed import PageSpeed
from analysis.journey.steps import Exclusion, Step
from analysis.reallocation.rules import MarketSettings, Rules
from analysis.reallocation.simulation import Simulation
from analysis.tables import Tables
from analysis.values import Campaign, Filter, Phase
from analysis.workspace import ColumnMapping, open_workspace, read_export
from analysis.workspace.contents import Contents

__all__ = [
    "Attribution",
    "Campaign",
    "ColumnMapping",
    "Contents",
    "DropOffs",
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
    "Phase",
    "ResponseCurves",
    "Retention",
    "Rules",
    "Scenario",
    "Simulation",
    "Step",
    "Tables",
    "TimeToConvert",
    "open_workspace",
    "read_export",
]
