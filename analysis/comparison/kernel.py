"""Which rows of two answers belong together, and by how much do their figures differ?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analysis.answer import Answer
from analysis.arrays import Floats, Ints
from analysis.charts import SAID, TOTAL
from analysis.estimates import Interval, clear, difference, doubts
from analysis.fields import Figure
from analysis.messages import N_, Message, Name, Names, say

Key = tuple[Hashable, ...]
"""What tells a row of one side from its others: the same on both sides where they belong together."""


class Row(NamedTuple):
    """A row of one side: what it is called, and where it stands in its table."""

    words: Message
    at: int
    group: object


@dataclass(frozen=True, slots=True)
class Pairs:
    """The rows of two answers, put side by side.

    Parameters
    ----------
    words : tuple of Message
        What each row is called.
    left, right : array of int
        Where it stands in each answer's table, -1 where a side does not have it.
    first : int
        How many rows are of the first group; all, where there are no groups.
    """

    words: tuple[Message, ...]
    left: Ints
    right: Ints
    first: int

    @property
    def names(self) -> tuple[str, ...]:
        """What each row is called in tables and files, no two alike."""
        plain = [words.text() for words in self.words]
        twice = Counter(plain)
        return tuple(f"{name} ({i})" if twice[name] > 1 else name for i, name in enumerate(plain, 1))


def paired(left: Answer, right: Answer, figure: Figure) -> Pairs:
    """Put the rows of two answers of one kind side by side: the left's in their order, then what only the right has.

    Parameters
    ----------
    left, right : Answer
    figure : Figure
        Which table, and what tells its rows apart. Steps belong together where the events are the same in order, or
        where as many others stand between; days where they are as many days after each side's first.
    """
    steps = _steps(left, right, figure) if figure.steps else ({}, {})
    rows = _rows(left, figure, steps[0]), _rows(right, figure, steps[1])
    keys = list(dict.fromkeys([*rows[0], *rows[1]]))
    if figure.steps:  # a step that only the right takes stands where it is taken
        groups = list(dict.fromkeys(key[0] for key in keys))
        keys.sort(key=lambda key: (groups.index(key[0]), key[1]))
    both = [rows[0].get(key) or rows[1][key] for key in keys]
    first = sum(row.group == both[0].group for row in both) if both and len(figure.rows) > 1 else len(both)
    one, other = (np.array([side[key].at if key in side else -1 for key in keys], np.int64) for side in rows)
    return Pairs(tuple(row.words for row in both), one, other, first)


def _steps(left: Answer, right: Answer, figure: Figure) -> tuple[dict[int, tuple[int, Message]], ...]:
    """Return by a step's place on either side its place among the steps of both, and its words."""
    sides = [_first_group(side, figure)[figure.steps].tolist() for side in (left, right)]
    words = [[_word(side, figure.steps, name, side.column_of(side.fields[figure.frame][figure.steps])) for name in own]
             for side, own in zip((left, right), sides, strict=True)]  # fmt: skip
    found: tuple[dict[int, tuple[int, Message]], dict[int, tuple[int, Message]]] = ({}, {})
    place = 0
    for tag, a, b, c, d in SequenceMatcher(None, sides[0], sides[1], autojunk=False).get_opcodes():
        if tag == "equal" or b - a == d - c:
            for i, j in zip(range(a, b), range(c, d), strict=True):
                one, other = words[0][i], words[1][j]
                both = one if tag == "equal" else say("{left} → {right}", left=one, right=other)
                found[0][i] = found[1][j] = (place, both)
                place += 1
            continue
        for side, own, places in ((0, words[0], range(a, b)), (1, words[1], range(c, d))):
            for i in places:
                found[side][i] = (place, own[i])
                place += 1
    return found


def _first_group(answer: Answer, figure: Figure) -> pd.DataFrame:
    table = answer.frame(figure.frame)
    return table[table[figure.rows[0]] == table[figure.rows[0]].iloc[0]] if len(table) else table


def _rows(answer: Answer, figure: Figure, steps: Mapping[int, tuple[int, Message]]) -> dict[Key, Row]:
    """Return an answer's rows by what tells them apart."""
    table, first = answer.frame(figure.frame), figure.rows[0]
    columns: dict[str, list[Any]] = {name: table[name].tolist() for name in figure.rows}
    dated, period = answer.fields[figure.frame][first].unit == "day", ""
    if dated:
        columns[first], period = _counted(pd.to_datetime(table[first]), first_day(answer))
    beside = table["campaign"] if dated and "campaign" in table else None
    found: dict[Key, Row] = {}
    times: Counter[Key] = Counter()
    for at in range(len(table)):
        if beside is not None and beside.iloc[at] != beside.iloc[0] and not pd.isna(beside.iloc[at]):
            continue  # the campaign before, which such an answer has beside its own
        plain = {name: None if pd.isna(held[at]) else held[at] for name, held in columns.items()}
        same = tuple(_apart(answer, figure, name, held) for name, held in plain.items() if name != figure.steps)
        place, step = steps[times[same]] if figure.steps else (times[same], None)
        times[same] += 1
        words = [step if name == figure.steps and step else say(period, n=held) if dated and name == first
                 else _held(answer, figure, name, at, held) for name, held in plain.items()]  # fmt: skip
        found[*same, place] = Row(_joined([each for each in words if each]), at, table[first].iloc[at])
    return found


def _apart(answer: Answer, figure: Figure, name: str, held: Any) -> Any:
    """Return what tells a row from others on both sides: the code, or the name of somebody's own that it stands for."""
    own = answer.said.get(str(held)) if answer.fields[figure.frame][name].of == "policy" else None
    return own.text() if own else held


def _held(answer: Answer, figure: Figure, name: str, at: int, held: Any) -> Message | None:
    """Return what tells a row apart in words; nothing for everybody, who need none."""
    own = answer.fields[figure.frame][name]
    if held is None or held == TOTAL:
        return None
    if own.unit in ("count", "number"):
        return say("{label} {n}", label=say(own.label), n=held)
    of = answer.frame(figure.frame)[own.row_of].iloc[at] if own.row_of else answer.column_of(own)
    return _word(answer, name, held, of, figure.frame)


def _joined(words: list[Message]) -> Message:
    if not words:
        return say(TOTAL)
    return words[0] if len(words) == 1 else say("{names}", names=Names(tuple(words), sign=" · "))


def _word(answer: Answer, name: str, code: Any, of: str | None, frame: str = "table") -> Message:
    """Return what stands in a column of text in words, as a table has it."""
    own = answer.fields[frame][name].words.get(str(code))
    if own:
        return say(own)
    said = answer.said.get(str(code)) if of in SAID else None
    return said or say("{name}", name=Name(str(code), of))


def first_day(answer: Answer) -> pd.Timestamp | None:
    """Return the first day that an answer's question looks at; None where it does not say."""
    where = getattr(answer.question, "where", None)
    return pd.Timestamp(where.start) if where and where.start else None


def _counted(days: pd.Series, first: pd.Timestamp | None) -> tuple[list[object], str]:
    """Return days counted from a first one, in their own steps: days, weeks or months; and what one is called."""
    if not len(days):
        return [], ""
    apart = np.diff(np.unique(days.to_numpy("datetime64[D]"))).astype(int)
    step = int(apart.min()) if len(apart) else 1
    begin = days.min() if first is None or step > 1 else min(first, days.min())
    if step >= 28:
        months = (days.dt.year - begin.year) * 12 + days.dt.month - begin.month
        return (months + 1).tolist(), N_("Month {n}")
    name = N_("Week {n}") if step >= 7 else N_("Day {n}")
    return ((days - begin).dt.days // (7 if step >= 7 else 1) + 1).tolist(), name


# ---- their figures ----------------------------------------------------------------------------------------


def column(answer: Answer, frame: str, name: str, at: Ints) -> Floats:
    """Return a column of an answer's table in the order of the pairs, NaN where the answer has no such row."""
    held = answer.frame(frame)
    if not name or name not in held:
        return np.full(len(at), np.nan)
    values = np.append(pd.to_numeric(held[name]).to_numpy(float, na_value=np.nan), np.nan)
    return np.asarray(values[at], float)


def interval(answer: Answer, figure: Figure, at: Ints) -> Interval:
    """Return an answer's figure with its bounds in the order of the pairs."""
    return Interval(*(column(answer, figure.frame, name, at) for name in (figure.column, figure.low, figure.high)))


def people(answer: Answer, figure: Figure, at: Ints) -> Floats:
    """Return of how many people each row's figure is: of steps, of those who took the first."""
    if not figure.n:
        return np.full(len(at), np.nan)
    table = answer.frame(figure.frame)
    counts = table.groupby(figure.rows[0], sort=False)[figure.n].transform("first") if figure.steps else table[figure.n]
    return np.asarray(np.append(pd.to_numeric(counts).to_numpy(float), np.nan)[at])


def table(left: Answer, right: Answer, figure: Figure, pairs: Pairs, *, apart: bool) -> pd.DataFrame:
    """Return one row per pair: both figures and the right's less the left's.

    Parameters
    ----------
    left, right : Answer
    figure : Figure
    pairs : Pairs
    apart : bool
        Whether the sides look at different people or rows: only then has a difference an interval. It is made of both
        figures' own (:func:`analysis.estimates.difference`), on their own scale: Newcombe's for shares, and for means
        and ratios what Zou and Donner (2008) call the method of variance estimates recovery.
    """
    one, other = interval(left, figure, pairs.left), interval(right, figure, pairs.right)
    by = difference(other, one)
    low, high = (bound if apart else np.full(len(bound), np.nan) for bound in (by.low, by.high))
    return pd.DataFrame(
        {
            "row": list(pairs.names),
            "left": one.value,
            "right": other.value,
            "difference": by.value,
            "low": low,
            "high": high,
            "clear": clear(doubts(Interval(by.value, low, high))),
            "left_n": pd.array(people(left, figure, pairs.left), "Float64").astype("Int64"),
            "left_low": one.low,
            "left_high": one.high,
            "right_n": pd.array(people(right, figure, pairs.right), "Float64").astype("Int64"),
            "right_low": other.low,
            "right_high": other.high,
        }
    )
