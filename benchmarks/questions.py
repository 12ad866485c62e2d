"""Every journey question as its page first asks it of the sample campaign, for any commit's `analysis`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

STEPS = ("view", "cart", "checkout", "purchase")


def _campaign(house: Any) -> Any:
    return house.Filter(campaign="Double 11 2026")


def _funnel(house: Any) -> Any:
    return house.Funnel(steps=STEPS, window="7d", where=_campaign(house))


def _change(house: Any) -> Any:
    earlier = house.Filter(campaign="Double 11 2025")
    return house.FunnelChange(funnel=_funnel(house), before=earlier, after=_campaign(house), by="channel")


def _nodes(house: Any) -> Any:
    from analysis.vocabulary import NODES

    return house.Nodes(nodes=NODES, goal="purchase", where=_campaign(house))


QUESTIONS: Mapping[str, Callable[[Any], Any]] = {
    "Funnel": _funnel,
    "Funnel: by channel": lambda house: _funnel(house).replace(breakdown="channel"),
    "Funnel: in any order": lambda house: _funnel(house).replace(order="any"),
    "Funnel: Drop-offs": lambda house: house.DropOffs(funnel=_funnel(house)),
    "Funnel: Paths": lambda house: house.FunnelPaths(funnel=_funnel(house)),
    "Funnel: Paths, before": lambda house: house.FunnelPaths(funnel=_funnel(house), step=4, direction="before"),
    "Funnel: Money": lambda house: house.FunnelMoney(funnel=_funnel(house)),
    "Funnel: Change": _change,
    "Funnel: Time to convert": lambda house: house.TimeToConvert(funnel=_funnel(house)),
    "Funnel: Rules compared": lambda house: house.FunnelRules(funnel=_funnel(house)),
    "Paths": lambda house: house.Paths(start="visit", session=True, where=_campaign(house)),
    "Page speed": lambda house: house.PageSpeed(event="view", to="cart", breakdown="device", where=_campaign(house)),
    "Retention": lambda house: house.Retention(start="visit", returns=(), where=_campaign(house)),
    "Participation": lambda house: house.Participation(paid_orders=2),
    "Nodes": _nodes,
    "Attribution": lambda house: house.Attribution(touches="visit", by="channel", where=_campaign(house)),
}
"""By name; each takes the module `analysis`."""
