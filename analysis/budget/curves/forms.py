"""Which concave shapes can a response curve have, and how steep are they?

Every form is ``ceiling * u(spend / half)`` with u increasing, concave and u(0) = 0. For the bounded forms u tends
to 1 and u(1) = 1/2, so `ceiling` and `half` mean the same in each: the most a period can bring, and the spend
that brings half of it. The logarithmic form has no ceiling: there `ceiling` is its scale, and `half` the spend at
which its slope has fallen to half.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from analysis.arrays import Floats

_EXP = np.log(2.0)
_TANH = np.arctanh(0.5)


@dataclass(frozen=True, slots=True)
class Form:
    """A shape and its slope, both of spend over half-saturation; `bounded` if it has a ceiling."""

    unit: Callable[[Floats], Floats]
    unit_slope: Callable[[Floats], Floats]
    bounded: bool = True


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        # Michaelis-Menten; the Hill curve with exponent 1.
        "hyperbolic": Form(lambda u: u / (1.0 + u), lambda u: (1.0 + u) ** -2.0),
        # Mitscherlich's law of diminishing returns: 1 - 2^-u.
        "exponential": Form(lambda u: -np.expm1(-_EXP * u), lambda u: _EXP * np.exp(-_EXP * u)),
        # PyMC-Marketing's logistic saturation (1 - e^-λx) / (1 + e^-λx), which is tanh(λx / 2).
        "logistic": Form(lambda u: np.tanh(_TANH * u), lambda u: _TANH * (1.0 - np.tanh(_TANH * u) ** 2)),
        "logarithmic": Form(np.log1p, lambda u: 1.0 / (1.0 + u), bounded=False),
    }
)


def value(form: str, spend: Floats | float, ceiling: Floats | float, half: Floats | float) -> Floats:
    """Return the revenue of a period with this spend; arguments broadcast.

    Examples
    --------
    >>> [round(float(value(form, 50.0, 100.0, 50.0)), 9) for form in ("hyperbolic", "exponential", "logistic")]
    [50.0, 50.0, 50.0]
    """
    return ceiling * FORMS[form].unit(np.asarray(spend, dtype=float) / half)


def slope(form: str, spend: Floats | float, ceiling: Floats | float, half: Floats | float) -> Floats:
    """Return what the next unit of money in a period brings at this spend; arguments broadcast.

    Examples
    --------
    >>> float(slope("logarithmic", 0.0, 100.0, 50.0)), float(slope("logarithmic", 50.0, 100.0, 50.0))
    (2.0, 1.0)
    """
    return ceiling / half * FORMS[form].unit_slope(np.asarray(spend, dtype=float) / half)
