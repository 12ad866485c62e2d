"""What is aimed at: the goals that are written down, by the figure of Home that each is about."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from analysis.audience.private_domain.question import PrivateDomain
from analysis.errors import SluiceError
from analysis.goals import Goal
from analysis.plan.dates import before, rows_of
from analysis.plan.measures import MEASURES, Side
from analysis.tables import Tables
from analysis.values import Filter

FIGURES_OF: Mapping[str, str] = MappingProxyType({
    "revenue": "realised", "orders": "paid", "conversion": "conversion", "aov": "aov", "refund_rate": "refund_rate",
    "paid_rate": "paid_rate", "spend": "spend", "roi": "roi", "new_buyers": "new_buyers",
    "private_share": "private_share",
})  # fmt: skip
"""Codes of the plan's figures, and the figure of Home that each is."""
MOST = frozenset({"spend", "refund_rate", "cpa"})
"""Figures of which a goal says how much there may be at most."""


class Aims(NamedTuple):
    """What is aimed at.

    Parameters
    ----------
    targets : mapping of str to float
        By figure of Home.
    others : tuple of str
        Names of goals that are about no figure here, or about another day: the plan's page tells of them.
    """

    targets: Mapping[str, float]
    others: tuple[str, ...] = ()


def aims(tables: Tables, where: Filter | None) -> Aims:
    """Return what is aimed at in the campaign looked at: its goals, its budget, and the share of the private domain.

    Parameters
    ----------
    tables : Tables
    where : Filter, optional
        Goals are those of the workspace's own campaign, of all of its rows.

    Examples
    --------
    >>> from analysis.values import Campaign
    >>> plan = Campaign(name="autumn", start="2026-11-01", end="2026-11-15", budget=9_000)
    >>> goals = [Goal(name="ROI 3.5", figure="roi", target=3.5), Goal(name="Fame", figure="participation", target=0.3)]
    >>> aims(Tables(campaign=plan, records=goals), None)
    Aims(targets={'private_share': 0.4, 'spend': 9000.0, 'roi': 3.5}, others=('Fame',))
    """
    found, others = {"private_share": PrivateDomain().goal}, []
    campaign = tables.campaign
    if campaign is None or not _of(tables, where):
        return Aims(found)
    if campaign.budget:
        found["spend"] = campaign.budget
    for goal in _goals(tables):
        code = goal.figure if isinstance(goal.figure, str) else ""
        target = _target(goal, tables) if code in FIGURES_OF and goal.date in (None, campaign.end) else math.nan
        if target > 0:
            found[FIGURES_OF[code]] = target
        else:
            others.append(goal.name)
    return Aims(found, tuple(others))


def _goals(tables: Tables) -> Iterator[Goal]:
    assert tables.campaign is not None  # the caller looked
    own = (None, tables.campaign.name)
    yield from (goal for goal in tables.recorded(Goal) if goal.campaign in own)


def _target(goal: Goal, tables: Tables) -> float:
    """Return what a goal is to reach; of a change, from what it says or from what the campaign before came to."""
    if not goal.lift:
        return goal.target
    base = goal.base
    if base is None:
        name = before(tables)
        try:
            told = MEASURES[str(goal.figure)].read(Side(tables, rows_of(tables, name))) if name else None
        except SluiceError:  # the campaign before does not tell
            told = None
        base = float(told.at.value) if told else math.nan
    return base * (1 + goal.target)


def _of(tables: Tables, where: Filter | None) -> bool:
    """Say whether the rows looked at are all of the workspace's campaign, so that its goals are theirs."""
    campaign, other = tables.campaign, where.columns() if where else {}
    assert campaign is not None  # the caller looked
    own = other.pop("campaign", None) == (campaign.name,) or not tables.names("campaign")
    return own and not other and not (where and (where.start or where.end))
