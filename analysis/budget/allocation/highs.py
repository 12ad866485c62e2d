"""What does HiGHS make of a linear programme?"""

from __future__ import annotations

from typing import Any, NamedTuple

from scipy.optimize import linprog

from analysis.arrays import Floats


class Linear(NamedTuple):
    """A linear programme: the least ``cost @ x`` with ``kept @ x <= most``, ``equal @ x == to`` and bounds (x, 2)."""

    cost: Floats
    kept: Any
    most: Floats
    bounds: Floats
    equal: Any = None
    to: Floats | None = None


def highs(asked: Linear) -> Any:
    """Return what HiGHS finds; `x` is None where there is nothing."""
    kept, most = (asked.kept, asked.most) if len(asked.most) else (None, None)
    close = {"presolve": False, "primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    return linprog(asked.cost, kept, most, asked.equal, asked.to, asked.bounds, "highs", options=close)
