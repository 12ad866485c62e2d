"""Which of point and comma is a decimal sign and which parts thousands: decided from all numbers of a column."""

from __future__ import annotations

from dataclasses import dataclass


def _proof(decimal: str, group: str) -> str:
    """Return how a number looks that can only be read with this decimal sign."""
    both = rf"\d{{1,3}}([{group}]\d{{2,3}})+[{decimal}]\d*"
    groups = rf"\d{{1,3}}([{group}]\d{{2,3}})+[{group}]\d{{3}}"
    one = rf"(\d{{4,}}|0\d*)[{decimal}]\d+|\d*[{decimal}](\d{{1,2}}|\d{{4,}})"
    return f"^[+-]?({both}|{groups}|{one})%?$"


COMMA, POINT = _proof(",", "."), _proof(".", ",")
"""Numbers that prove their decimal sign: ``1.234,56``, ``1.234.567``, ``12,5``, ``0,125`` prove the comma."""
_OPEN = r"^[+-]?[1-9]\d{{0,2}}[{0}]\d{{3}}%?$"
OPEN_COMMA, OPEN_POINT = _OPEN.format(","), _OPEN.format(".")
"""Numbers that can be read in two ways: ``1.234``."""
_LONG = r"^[+-]?\d{5,}%?$"
_NUMBER = r"^[+-]?[\d.,]*\d[.,]?%?$"


@dataclass(frozen=True, slots=True)
class Signs:
    """How many cells of a column are given, are numbers, and show which sign.

    Parameters
    ----------
    given, numbers, comma, point, open_comma, open_point : int
    long : int
        Numbers of five and more digits without any sign: such a column does not part thousands.
    parted : int
        Numbers that can be read in two ways and are whole in one of them only.
    """

    given: float
    numbers: float
    comma: float
    point: float
    open_comma: float
    open_point: float
    long: float
    parted: float

    @property
    def open(self) -> bool:
        """Whether any number can be read in two ways."""
        return bool(self.open_comma or self.open_point)

    def proven(self, *, whole: bool) -> bool | None:
        """Say whether the comma is proven the decimal sign (else the point); None where the column cannot tell.

        Parameters
        ----------
        whole : bool
            Whether the numbers count something.
        """
        if self.comma or self.point:
            return self.comma > self.point
        if self.open_comma and self.open_point:
            return None
        if self.open_point and self.long:
            return False
        return bool(self.open_point) if whole and self.parted else None


def signs(bare: str) -> str:
    """Return SQL for the fields of :class:`Signs`, given SQL for a number's text without currency and spaces."""
    looks = (_NUMBER, COMMA, POINT, OPEN_COMMA, OPEN_POINT, _LONG)
    counts = [f"count_if(regexp_matches({bare}, '{look}'))" for look in looks]
    parted = f"count_if(regexp_matches({bare}, '{_OPEN.format('.,')}') AND NOT regexp_matches({bare}, '000%?$'))"
    return ", ".join((f"count({bare})", *counts, parted))
