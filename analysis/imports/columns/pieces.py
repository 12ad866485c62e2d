"""Is a price that of one piece, so that it must be taken times the quantity?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analysis.imports.columns.cells import Source, filled
from analysis.imports.columns.numbers import number, number_style
from analysis.imports.file.scratch import Scratch
from analysis.imports.lexicon.prices import of_one_piece, price_heading, quantity_heading

Priced = tuple[str, str | None]
"""The heading of a price, and that of the quantity it is to be taken times, if it is that of one piece."""


def priced(scratch: Scratch, taken: Sequence[str], item: str | None) -> Priced | None:
    """Return the price beside a quantity, if there are both.

    A price that does not say what it is of is that of one piece where the same product has the same one in every
    quantity, and that of all pieces where it grows with them.

    Parameters
    ----------
    scratch : Scratch
    taken : sequence of str
        Headings that are something else.
    item : str, optional
        Heading of the product.
    """
    free = [h for h in scratch.headings if h not in taken]
    price, quantity = price_heading(free), quantity_heading(scratch.headings)
    if price is None or quantity is None:
        return None
    whole = not of_one_piece(price) and item is not None and _grows(scratch, price, quantity, item)
    return price, None if whole else quantity


def proven(scratch: Scratch, price: str, quantity: str, item: str | None) -> bool:
    """Say whether a price is that of one piece: by its heading, or as a product costs the same in every quantity."""
    if of_one_piece(price):
        return True
    several, alike, _ = _compared(scratch, price, quantity, item) if item else (0, 0, 0)
    return several > 0 and alike == several


def _grows(scratch: Scratch, price: str, quantity: str, item: str) -> bool:
    several, _, grown = _compared(scratch, price, quantity, item)
    return several > 0 and grown == several


def _compared(scratch: Scratch, price: str, quantity: str, item: str) -> tuple[int, int, int]:
    """Count products in several quantities: all, those with one price, those whose price grows with the quantity."""
    cells: Mapping[str, str] = {
        name: number(source, number_style(source))
        for name, heading in (("price", price), ("pieces", quantity))
        for source in [Source(scratch.con, scratch.head, scratch.column(heading), _kind(scratch, heading))]
    }
    found = scratch.con.execute(
        "SELECT count(*), count_if(high - low < 0.005), count_if(high - low >= 0.005 AND most - least < 0.005) FROM "
        "(SELECT min(price) AS low, max(price) AS high, min(price / pieces) AS least, max(price / pieces) AS most FROM "
        f"(SELECT {filled(scratch.column(item))} AS item, {cells['price']} AS price, {cells['pieces']} AS pieces "
        f"FROM {scratch.head} WHERE mark IS NULL) WHERE pieces > 0 AND item IS NOT NULL GROUP BY item "
        "HAVING count(DISTINCT pieces) > 1)"
    ).fetchall()[0]
    return int(found[0]), int(found[1] or 0), int(found[2] or 0)


def _kind(scratch: Scratch, heading: str) -> str:
    return scratch.types()[scratch.headings.index(heading)]
