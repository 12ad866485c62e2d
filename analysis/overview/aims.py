"""What is aimed at: the campaign's goals, by the figure of Home that each is about."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from analysis.audience.private_domain.question import PrivateDomain
from analysis.tables import Tables
from analysis.values import Filter

GOALS: Mapping[str, str] = MappingProxyType({
    "revenue": "realised", "realised": "realised", "realised_revenue": "realised", "orders": "paid", "paid": "paid",
    "paid_orders": "paid", "conversion": "conversion", "conversion_rate": "conversion", "aov": "aov",
    "refund_rate": "refund_rate", "spend": "spend", "budget": "spend", "roi": "roi", "new_buyers": "new_buyers",
    "private_share": "private_share", "private_domain": "private_share", "roas": "roas", "cpa": "cpa",
})  # fmt: skip
"""Names that campaigns give their goals, and the figure each is about."""
MOST = frozenset({"spend", "refund_rate", "cpa"})
"""Figures of which a goal says how much there may be at most."""


def aims(tables: Tables, where: Filter | None) -> dict[str, float]:
    """Return by figure what is aimed at in the campaign looked at: its goals, its budget, the private domain's share.

    Parameters
    ----------
    tables : Tables
    where : Filter, optional
        Names the campaign that is looked at; goals are those of the workspace's own.

    Examples
    --------
    >>> from analysis.values import Campaign
    >>> plan = Campaign(name="autumn", start="2026-11-01", end="2026-11-15", budget=9_000, goals={"roi": 3})
    >>> aims(Tables(campaign=plan), None)
    {'private_share': 0.4, 'spend': 9000.0, 'roi': 3.0}
    """
    found = {"private_share": PrivateDomain().goal}
    campaign = tables.campaign
    if campaign is None or not _of(tables, where):
        return found
    if campaign.budget:
        found["spend"] = campaign.budget
    return found | {GOALS[name]: goal for name, goal in campaign.goals if name in GOALS and goal > 0}


def unread(tables: Tables, where: Filter | None) -> tuple[str, ...]:
    """Return the names of goals that are about no figure of Home."""
    campaign = tables.campaign
    if campaign is None or not _of(tables, where):
        return ()
    return tuple(name for name, _ in campaign.goals if name not in GOALS)


def _of(tables: Tables, where: Filter | None) -> bool:
    """Say whether the rows looked at are all of the workspace's campaign, so that its goals are theirs."""
    campaign, other = tables.campaign, where.columns() if where else {}
    assert campaign is not None  # the caller looked
    known = tables.names("campaign")
    own = other.pop("campaign", None) == (campaign.name,) or (campaign.name not in known and not known)
    return own and not other and not (where and (where.start or where.end))
