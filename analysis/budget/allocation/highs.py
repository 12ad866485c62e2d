"""What does HiGHS make of a linear programme, and of one with integers?"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from analysis.arrays import Floats

MIP_GAP = 1e-4
"""Share of the value that may be missing where curves are not concave; half of it is left to HiGHS."""
NODES = 20_000
"""Most nodes an integer programme looks at; not a time, so that answers do not depend on the machine."""


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


def integers(asked: Linear, count: int, order: Any) -> Any:
    """Return what HiGHS finds with so many more variables, each 0 or 1, and rows ``order @ x <= 0``."""
    more = [sparse.csr_matrix((rows.shape[0], count)) for rows in (asked.kept, asked.equal)]
    rows = sparse.vstack([sparse.hstack([asked.kept, more[0]]), sparse.hstack([asked.equal, more[1]]), order])
    assert asked.to is not None
    none = np.full(len(asked.most) + order.shape[0], -np.inf)
    least = np.concatenate([none[: len(asked.most)], asked.to, none[len(asked.most) :]])
    most = np.concatenate([asked.most, asked.to, np.zeros(order.shape[0])])
    low, high = np.vstack([asked.bounds, np.tile([0.0, 1.0], (count, 1))]).T
    return milp(
        np.append(asked.cost, np.zeros(count)),
        bounds=Bounds(low, high),
        constraints=LinearConstraint(rows, least, most),
        integrality=np.repeat([0, 1], [len(asked.cost), count]),
        options={"mip_rel_gap": MIP_GAP / 2, "node_limit": NODES},
    )
