"""What do the tables of response curves and of plans both hold?"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from analysis.fields import Field, bounds
from analysis.messages import N_

CHANNEL = Field(N_("Channel"), "text", of="channel")
EXPECTED: Mapping[str, Field] = MappingProxyType(
    {
        **bounds("money"),
        "roi": Field(N_("ROI (of claims: ROAS)"), "ratio"),
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
CAUSES: Mapping[str, str] = MappingProxyType(
    {
        "test": N_("measured by a test"),
        "correlation": N_("correlation only"),
        "claim": N_("the platform's claim"),
    }
)
"""What a curve says of cause."""
PRECISIONS: Mapping[str, str] = MappingProxyType(
    {
        "separated": N_("well separated"),
        "wide": N_("wide"),
        "twins": N_("not told apart from another channel"),
        "none": N_("not estimable"),
    }
)
"""How precisely a figure is known."""
SHORT_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "no-spend": N_("nothing spent"),
        "one-period": N_("one period only"),
        "few-periods": N_("too few periods"),
        "no-variation": N_("spend hardly varies"),
        "no-revenue": N_("no revenue attributed"),
        "no-orders": N_("no revenue to fit to"),
        "overlap": N_("periods overlap"),
        "alike": N_("moves with another channel"),
        "not-converged": N_("no stable answer"),
    }
)
"""Why a channel has no curve, as a table says it."""
