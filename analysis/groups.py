"""Into which groups does a breakdown put people?"""

from __future__ import annotations

from collections.abc import Collection

from analysis.charts import GROUP_WORDS, NOT_SET, TOTAL
from analysis.errors import DataError
from analysis.fields import Field
from analysis.messages import N_
from analysis.records import ChannelTag
from analysis.tables import Tables

GROUPS = 50
"""Most values a breakdown may have."""
GROUP = Field(N_("Group"), "text", GROUP_WORDS, of="breakdown")
"""A table's column of groups: the breakdown's values, and everybody together."""


def told_apart_by(column: str, tables: Tables, table: str = "events") -> None:
    """Raise unless a table holds a column of text that can tell groups apart.

    Raises
    ------
    DataError
    """
    tables.require(table, column)
    if column not in (texts := tables.texts(table)):
        raise DataError.not_text(column, texts)


PRIVATE = "private_domain"
"""The standard code of the private domain among channels."""
TAG = "private"
"""The tag of channels that are of it, where none has that code."""


def private_among(channels: Collection[str], tables: Tables) -> tuple[str, ...]:
    """Return which of some channels are the private domain: the one of that name, else those marked so.

    Examples
    --------
    >>> tables = Tables(records=[ChannelTag(channel="live", tag="private")])
    >>> private_among(["live", "search"], tables), private_among(["private_domain", "live"], tables)
    (('live',), ('private_domain',))
    """
    if PRIVATE in channels:
        return (PRIVATE,)
    return tuple(tag.channel for tag in tables.recorded(ChannelTag) if tag.tag == TAG and tag.channel in channels)


def groups_of(breakdown: str | None, tables: Tables) -> tuple[str, ...]:
    """Return a breakdown's values, sorted; none without a breakdown.

    GA4 writes the very text "(not set)": it counts with null, and no value passes for everybody.

    Raises
    ------
    DataError
        The events lack the column, it does not hold text, or it has too many values.
    """
    if not breakdown:
        return ()
    told_apart_by(breakdown, tables)
    found = tuple(name for name in tables.names(breakdown) if name not in (TOTAL, NOT_SET))
    if len(found) > GROUPS:
        raise DataError.too_many(breakdown, len(found), GROUPS)
    return found
