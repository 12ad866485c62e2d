"""What do the tables of response curves and of scenarios both hold?"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from analysis.fields import Field, bounds
from analysis.messages import N_

CHANNEL = Field(N_("Channel"), "text", of="channel")
EXPECTED: Mapping[str, Field] = MappingProxyType(
    {
        **bounds("money"),
        "spread_low": Field(N_("Lowest of the forms"), "money"),
        "spread_high": Field(N_("Highest of the forms"), "money"),
        "roi": Field(N_("ROI"), "ratio"),
        "marginal_roi": Field(N_("Marginal ROI"), "ratio"),
        "marginal_low": Field(N_("Marginal ROI, 95% from"), "ratio"),
        "marginal_high": Field(N_("Marginal ROI, 95% to"), "ratio"),
    }
)
"""How far to trust a revenue that a curve says, and what it returns."""
DRAWN: Mapping[str, Field] = MappingProxyType(
    {**bounds("money"), "beyond": Field(N_("Beyond the spend observed"), "flag")}
)
"""How far to trust one point of a curve."""
