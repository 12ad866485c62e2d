"""How far may a curve's figures be trusted: what do they say of cause, and how precisely are they known?"""

from __future__ import annotations

from analysis.budget.curves.curve import Curve, interval
from analysis.budget.curves.estimate import Estimate

NARROW = 0.75
"""Width of a 95% interval over its figure up to which it counts as well separated."""
LEARNT = 0.2
"""Share of the prior's spread that the data must have taken away for a contribution to be more than the prior."""


def cause(curve: Curve) -> str:
    """Return what a curve says of cause: a code of :data:`analysis.budget.curves.columns.CAUSES`."""
    if curve.tested:
        return "test"
    return "claim" if curve.source == "attributed" else "correlation"


def contribution(found: Estimate) -> str:
    """Return how precisely a contribution is known: a code of :data:`analysis.budget.curves.columns.PRECISIONS`."""
    if found.twin:
        return "twins"
    if found.curve is None:
        return "none"
    low, high = interval(found.curve.total_draws())
    return "separated" if high - low <= NARROW * found.curve.total() and found.learnt >= LEARNT else "wide"


def marginal(found: Estimate) -> str:
    """Return how precisely a marginal ROI is known, likewise."""
    if found.twin:
        return "twins"
    if found.curve is None:
        return "none"
    low, high = interval(found.curve.next_unit_draws())
    return "separated" if high - low <= NARROW * found.curve.next_unit() else "wide"
