"""Which of many named things does somebody mean who types a word or two, in English or Chinese, whole or in part?"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that can be found.

    Parameters
    ----------
    name : str
        What it is called where it is looked for.
    what : str
        What sort of thing it is, such as "page".
    key : str
        What it is opened by; with `what`, no other entry's.
    names : tuple of str, optional
        What else it is called, in other languages too: as good as the name.
    texts : tuple of str, optional
        What is said of it: found here, it stands behind all that are called so.
    """

    name: str
    what: str
    key: str
    names: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()


def search(words: str, entries: Iterable[Entry], most: int = 8) -> tuple[Entry, ...]:
    """Return what is meant, the likeliest first.

    Every word must stand somewhere in an entry. A whole name goes before a name's beginning, that before the beginning
    of a word in it, that before any other part, and names before what is said of things. Where nothing has all
    the words, those come that have most of their letters, two by two, as in a slip of the pen; what is equally
    good stays in the order given. Letters of any width and case are alike.

    Parameters
    ----------
    words : str
    entries : iterable of Entry
    most : int, optional
        How many to return.

    Examples
    --------
    >>> things = [Entry("Page speed", "page", "speed"), Entry("Private domain", "page", "pd", names=("私域",))]
    >>> [one.key for one in search("spe", things)], [one.key for one in search("私", things)]
    (['speed'], ['pd'])
    >>> [one.key for one in search("pirvate domain", things)]
    ['pd']
    """
    wanted = _plain(words).split()
    if not wanted:
        return ()
    known = list(entries)
    ranked = [(sum(ranks), i) for i, one in enumerate(known) if min(ranks := _ranks(wanted, one), default=0) > 0]
    if not ranked:
        ranked = [(near, i) for i, one in enumerate(known) if (near := _near(wanted, one)) >= NEAR]
    ranked.sort(key=lambda pair: (-pair[0], pair[1]))
    return tuple(known[i] for _, i in ranked[:most])


NEAR = 0.5
"""Share of a word's pairs of letters that a name must have to be taken for a slip of the pen."""
WHOLE, FRONT, WORD, PART, SAID = 16, 8, 4, 2, 1


def _plain(text: str) -> str:
    """Return a text with letters of one width and case, its punctuation as gaps."""
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold()))


def _ranks(wanted: list[str], one: Entry) -> list[float]:
    """Return for each word how good its place in an entry is; 0 where it has none."""
    names, texts = [_plain(text) for text in (one.name, *one.names)], [_plain(text) for text in one.texts]
    whole = " ".join(wanted)
    if whole in names:
        return [WHOLE + (whole == names[0])] * len(wanted)
    return [
        max([*(_place(word, name) for name in names), *(SAID * (word in text) for text in texts)]) for word in wanted
    ]


def _place(word: str, name: str) -> float:
    """Return how good a word's place in a name is, a little better the more of the name it is."""
    if word not in name:
        return 0
    place = FRONT if name.startswith(word) else WORD if f" {word}" in name else PART
    return place + len(word) / (len(name) + 1)


def _near(wanted: list[str], one: Entry) -> float:
    """Return which share of the words' pairs of letters a name has, at best."""
    pairs = _pairs("".join(wanted))
    shared = [len(pairs & _pairs(_plain(name).replace(" ", ""))) for name in (one.name, *one.names)]
    return max(shared) / len(pairs) if pairs else 0.0


def _pairs(text: str) -> set[str]:
    return {text[i : i + 2] for i in range(len(text) - 1)}
