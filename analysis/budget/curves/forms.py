"""Which shapes can a response curve have, and how steep are they?

Every shape is ``ceiling * u(spend / half)`` with u increasing and u(0) = 0. For the bounded ones u tends to 1 and
u(1) = 1/2, so `ceiling` and `half` mean the same in each: the most a period can bring, and the spend that brings
half of it. The logarithmic one has no ceiling: there `ceiling` is its scale, and `half` the spend at which its slope
has fallen to half. All are concave but the Hill curves of an exponent above 1, which begin flat: an S-curve.
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
    """A shape and its slope, both of spend over half-saturation.

    Parameters
    ----------
    family : str
        What it is a member of: the Hill curves are one family.
    unit, unit_slope : callable
    exponent : float
        Above 1 it is an S-curve.
    bounded : bool
        Whether it has a ceiling.
    """

    family: str
    unit: Callable[[Floats], Floats]
    unit_slope: Callable[[Floats], Floats]
    exponent: float = 1.0
    bounded: bool = True

    @property
    def concave(self) -> bool:
        """Whether the next unit never earns more than the one before."""
        return self.exponent <= 1


def _hill(exponent: float) -> Form:
    """Return the Hill curve u^e / (1 + u^e)."""

    def unit(u: Floats) -> Floats:
        power = np.asarray(u, float) ** exponent
        return np.asarray(power / (1 + power))

    def slope(u: Floats) -> Floats:
        at = np.asarray(u, float)
        return np.asarray(exponent * at ** (exponent - 1) / (1 + at**exponent) ** 2)

    return Form("hill", unit, slope, exponent)


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        # Michaelis-Menten; the Hill curve with exponent 1.
        "hyperbolic": Form("hyperbolic", lambda u: u / (1.0 + u), lambda u: (1.0 + u) ** -2.0),
        # Mitscherlich's law of diminishing returns: 1 - 2^-u.
        "exponential": Form("exponential", lambda u: -np.expm1(-_EXP * u), lambda u: _EXP * np.exp(-_EXP * u)),
        # PyMC-Marketing's logistic saturation (1 - e^-λx) / (1 + e^-λx), which is tanh(λx / 2).
        "logistic": Form("logistic", lambda u: np.tanh(_TANH * u), lambda u: _TANH * (1.0 - np.tanh(_TANH * u) ** 2)),
        "logarithmic": Form("logarithmic", np.log1p, lambda u: 1.0 / (1.0 + u), bounded=False),
        **{f"hill-{exponent:g}": _hill(exponent) for exponent in (1.5, 2.0, 3.0)},
    }
)
FAMILIES = tuple(dict.fromkeys(form.family for form in FORMS.values()))
"""What a question chooses among."""


def members(family: str) -> tuple[str, ...]:
    """Return the forms of a family, or all of them for "auto".

    Examples
    --------
    >>> members("hill")
    ('hill-1.5', 'hill-2', 'hill-3')
    """
    return tuple(name for name, form in FORMS.items() if family in ("auto", form.family))


def value(form: str, spend: Floats | float, ceiling: Floats | float, half: Floats | float) -> Floats:
    """Return the revenue of a period with this spend; arguments broadcast.

    Examples
    --------
    >>> [round(float(value(form, 50.0, 100.0, 50.0)), 9) for form in ("hyperbolic", "logistic", "hill-2")]
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
