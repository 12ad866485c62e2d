"""Which values are one thing, written differently? Offered, never merged: an alias that somebody keeps does that."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping

from analysis.records import Alias
from analysis.vocabulary import NAMES

_SAYS_NOTHING = ("ads", "ad", "advertising", "channel", "广告", "渠道")
"""Words that only say that a name is a channel's; every other word tells two apart."""
_GAPS = re.compile(r"[\s_\-‐-―./|\\:,;'\"·()（）]+")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SHORTEST = 4
"""Letters that must be left of a name of one word, such as ``googleads``, once "ads" at its end is taken away."""


def spellings(
    names: Mapping[str, int] | Iterable[str], column: str = "channel", *, before: Collection[str] = ()
) -> tuple[Alias, ...]:
    """Return which of some values differ from another in writing only, each as the alias that would make them one.

    That is: in case, width, gaps and signs between words, and in words that only say that it is a channel
    (``Google Ads``, ``google``, ``GOOGLE_ADS``). Any other word makes two of them (``google shopping``).

    Parameters
    ----------
    names : mapping of str to int, or iterable of str
        The values, each with how many rows have it where that is known.
    column : str
        One of :data:`analysis.records.ALIASED`.
    before : collection of str
        Values that go before others: what is stored already.

    Returns
    -------
    tuple of Alias
        Each says which value it would count as: a standard one first, then one of those before, then the one of most
        rows.

    Examples
    --------
    >>> found = spellings({"Google Ads": 40, "google": 7, "GOOGLE_ADS": 1, "google shopping": 5})
    >>> [(one.code, one.meant) for one in found]
    [('GOOGLE_ADS', 'Google Ads'), ('google', 'Google Ads')]
    >>> spellings(["live_stream", "Live Stream"])[0].meant
    'live_stream'
    """
    rows = dict(names) if isinstance(names, Mapping) else dict.fromkeys(names, 0)
    standard = NAMES.get(column, {})
    alike: dict[str, list[str]] = {}
    for name, key in _keys(rows).items():
        alike.setdefault(key, []).append(name)
    found = list[Alias]()
    for same in alike.values():
        meant = min(same, key=lambda name: (name not in standard, name not in before, -rows[name], name))
        found += [Alias(column=column, code=name, meant=meant) for name in sorted(same) if name != meant]
    return tuple(sorted(found, key=lambda alias: (alias.meant, alias.code)))


def _keys(names: Iterable[str]) -> dict[str, str]:
    """Return what is left of each name once its writing is taken away; names of signs alone have none."""
    found = {name: key for name in names if (key := _key(name))}
    keys = set(found.values())
    return {name: _short(key, keys) for name, key in found.items()}


def _key(name: str) -> str:
    text = _HUMP.sub(" ", unicodedata.normalize("NFKC", name)).casefold()
    words = [word for word in _GAPS.split(text) if word]
    telling = [word for word in words if word not in _SAYS_NOTHING] or words
    key = telling[0] if telling else ""
    for word in telling[1:]:  # 1.1 and 11 are two numbers
        key += f" {word}" if key[-1].isdigit() and word[0].isdigit() else word
    return key


def _short(key: str, keys: Collection[str]) -> str:
    """Take such a word off the end of a name without gaps, where what is left is another name."""
    for word in _SAYS_NOTHING:
        left = key.removesuffix(word)
        long = len(left) >= (_SHORTEST if word.isascii() else 2)
        if left != key and left in keys and long:
            return left
    return key
