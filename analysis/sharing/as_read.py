"""What stands in an answer's table or in a record, and what a question looks at, as people read it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import pandas as pd

from analysis.answer import Answer
from analysis.charts import Look, Plot
from analysis.comparison.differences import restrictions
from analysis.messages import N_, Message, Name, say
from analysis.periods import covered
from analysis.question import Question
from analysis.records import Record
from analysis.tables import Tables
from analysis.values import Filter

YES, NO = N_("Yes"), N_("No")


@dataclass(frozen=True, slots=True)
class Written:
    """A table as people read it.

    Parameters
    ----------
    heads : tuple of str
    numbers : tuple of bool
        Which columns hold numbers.
    rows : tuple of tuple of str
        The first of them.
    count : int
        How many there are in all.
    """

    heads: tuple[str, ...]
    numbers: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]
    count: int


def table(answer: Answer, name: str, look: Look, most: int = 100) -> Written:
    """Return one of an answer's tables: labels over its columns, figures in their units, names for codes.

    Examples
    --------
    >>> from analysis import Funnel, Tables
    >>> log = pd.DataFrame({"user_id": ["u", "u", "v"], "timestamp": pd.to_datetime(["2026-11-01"] * 3),
    ...                     "event": ["view", "cart", "view"]})
    >>> shown = table(Funnel(steps=("view", "cart")).run(Tables(events=log)), "table", Look())
    >>> dict(zip(shown.heads, shown.rows[0]))["Users"]
    '2'
    """
    whole, plot = answer.shown(name, look.language), answer.plot(name, look)
    columns = [_column(whole.head(most), str(column), plot) for column in whole.columns]
    units = [plot.fields[str(column)].unit for column in whole.columns]
    return Written(
        heads=tuple(look(plot.fields[str(column)].label) for column in whole.columns),
        numbers=tuple(unit not in ("text", "time", "day", "flag") for unit in units),
        rows=tuple(zip(*columns, strict=True)),
        count=len(whole),
    )


def _column(shown: pd.DataFrame, column: str, plot: Plot) -> Sequence[str]:
    values = shown[column]
    match plot.fields[column].unit:
        case "text":
            return plot.names(shown, column)
        case "flag":
            return ["" if pd.isna(held) else plot.look(YES if held else NO) for held in values]
        case "time":
            return ["" if pd.isna(at) else f"{at:%Y-%m-%d %H:%M}" for at in values]
        case "day":
            return ["" if pd.isna(day) else str(day)[:10] for day in values]
        case _:
            return ["" if pd.isna(number) else plot.written(column, number) for number in values]


def record(held: Record, look: Look) -> tuple[tuple[str, str], ...]:
    """Return a record's fields: what each is called, and what it says.

    Examples
    --------
    >>> from analysis import Alias
    >>> record(Alias(column="channel", code="Google Ads", meant="google"), Look())
    (('Column', 'channel'), ('Value in the data', 'Google Ads'), ('Counts as', 'google'))
    """
    found = ((look(held.label(each.name)), getattr(held, each.name)) for each in fields(held))
    return tuple((label, str(said)) for label, said in found if said is not None)


def scope(question: Question, tables: Tables) -> tuple[Message, ...]:
    """Return what a question looks at: what its filter keeps; where that names neither days nor a campaign, of when.

    Examples
    --------
    >>> from analysis import Sales
    >>> orders = pd.DataFrame({"order_id": ["a"], "timestamp": pd.to_datetime(["2026-11-01"]), "revenue": 9.0,
    ...                        "currency": "CNY"})
    >>> [each.text() for each in scope(Sales(where=Filter(channel="display")), Tables(orders=orders))]
    ['All of the data, 2026-11-01 to 2026-11-01', 'Channel: display']
    """
    where, kept = question.where or Filter(), restrictions(question.where)
    if where.campaign or where.start or where.end:
        return kept
    if question.planned and (campaign := tables.campaign):
        name = Name(campaign.name, "campaign")
        return say("{name}, {start} to {end}", name=name, start=campaign.start, end=campaign.end), *kept
    if question.whole and (days := covered(tables, *question.needs)):
        return say("All of the data, {first} to {last}", first=days[0], last=days[1]), *kept
    return kept
