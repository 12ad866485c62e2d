"""What was found out about one channel: its curve and its rivals, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from analysis.answer import Note
from analysis.budget.curves.curve import Curve

FEWEST = 8
"""Fewest periods with spend that a curve is fitted to."""
FLATTEST = 0.05
"""Least standard deviation of log spend: below 5% there is no slope to see."""
USUAL = "hyperbolic"
"""The form taken unless another is clearly ahead."""
CLEAR = 4.0
"""AICc difference from which a form has considerably less support (Burnham and Anderson, 2002, section 2.6)."""
MOST_APART = 10.0
"""AICc difference up to which a form counts as fitting about as well.

Beyond 10 a model has essentially no support (Burnham and Anderson, 2002, section 2.6). Fit is not truth: on a known
market the wrong form was off by a fifth while R² moved by .002, so the bound is a wide one.
"""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """One channel's estimate.

    Parameters
    ----------
    own : DataFrame
        The channel's periods.
    source : {"attributed", "joint", "none"}
    curve : Curve, optional
    rivals : tuple of Curve
        The forms that fit about as well, the chosen one included.
    r_squared : float, optional
    reason : str, optional
        Code of why there is no curve.
    idle : float
        Attributed revenue of periods with next to no spend, which are not fitted.
    alike : tuple of (str, float), optional
        In a joint fit, the channel whose spend moves most like this one's, and the correlation.
    notes : tuple of Note
        In a joint fit, what of the revenue is in other currencies.
    """

    own: pd.DataFrame
    source: str
    curve: Curve | None = None
    rivals: tuple[Curve, ...] = ()
    r_squared: float | None = None
    reason: str | None = None
    idle: float = 0.0
    alike: tuple[str, float] | None = None
    notes: tuple[Note, ...] = ()


def missing(own: pd.DataFrame, source: str, reason: str) -> Estimate:
    """Return the estimate of a channel that has none."""
    return Estimate(own=own, source=source, reason=reason)


def preferred(apart: Mapping[str, float]) -> str:
    """Return the form to use, given each one's AICc above the best: the usual one unless another is clearly ahead.

    Where the data can hardly tell, noise would pick, and channels alike would get ceilings far apart.
    """
    return USUAL if apart[USUAL] <= CLEAR else min(apart, key=lambda form: apart[form])
