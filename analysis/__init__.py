"""Sluice's library: questions about campaigns, and their answers.

>>> from analysis import Funnel
>>> Funnel(steps=("view", "cart"), window="7 d".replace(" ", ""))
Funnel(steps=('view', 'cart'))
"""

from analysis.journey.funnel import Funnel
from analysis.tables import Tables
from analysis.values import Campaign, Filter, Phase
from analysis.workspace import ColumnMapping, open_workspace, read_export

__all__ = [
    "Campaign",
    "ColumnMapping",
    "Filter",
    "Funnel",
    "Phase",
    "Tables",
    "open_workspace",
    "read_export",
]
