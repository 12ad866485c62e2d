"""What do people call the codes that stand in the data? Standard names in both languages, and a team's own.

Files and code keep the codes. A name is only what is shown for one: two codes of one name stay two.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from analysis.messages import say, translate
from analysis.records import DisplayName
from analysis.vocabulary import DEEDS, NAMES


@dataclass(frozen=True)
class DisplayNames:
    """The names shown for codes.

    Parameters
    ----------
    own : tuple of DisplayName
        A team's own, which go before the standard vocabulary's.

    Examples
    --------
    >>> names = DisplayNames((DisplayName(column="channel", code="live_stream", language="en", name="Evening show"),))
    >>> names("live_stream", "channel", "en"), names("top_kol", "channel", "zh_CN"), names("i001", "item", "en")
    ('Evening show', '头部达人', 'i001')
    >>> names("Double 11 2026", "campaign", "zh_CN")
    '2026年双11'
    """

    own: tuple[DisplayName, ...] = ()

    @cached_property
    def _own(self) -> dict[tuple[str, str, str], str]:
        return {(one.column, one.code, one.language): one.name for one in self.own}

    def __call__(self, code: str, column: str | None, language: str) -> str:
        """Return what a code of a column is called in a language; the code itself where it has no name."""
        if column is None:
            return code
        if own := self._own.get((column, code, language)):
            return own
        standard = NAMES.get(column, {})
        if code in standard:
            return translate(standard[code], language)
        name, _, year = code.rpartition(" ")
        if column == "campaign" and name in standard and year.isdigit():
            return say("{campaign} {year}", campaign=translate(standard[name], language), year=year).text(language)
        return code

    def deed(self, event: str, language: str) -> str | None:
        """Return the verb for doing an event; none for one without, or that a team calls by a name of its own.

        Examples
        --------
        >>> names = DisplayNames((DisplayName(column="event", code="cart", language="en", name="basket"),))
        >>> names.deed("purchase", "en"), names.deed("cart", "en"), names.deed("scan", "en")
        ('bought', None, None)
        """
        verb = None if ("event", event, language) in self._own else DEEDS.get(event)
        return translate(verb, language) if verb else None

    def codes(self, column: str, names: Iterable[str], language: str) -> dict[str, str]:
        """Return each code with its name; where two would read alike, with the code beside the name.

        Examples
        --------
        >>> DisplayNames().codes("event", ["cart", "add to cart"], "en")
        {'cart': 'add to cart (cart)', 'add to cart': 'add to cart (add to cart)'}
        """
        shown = {code: self(code, column, language) for code in names}
        alike = {name for name in shown.values() if list(shown.values()).count(name) > 1}
        return {code: f"{name} ({code})" if name in alike else name for code, name in shown.items()}
