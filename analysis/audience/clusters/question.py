"""Are there different sorts of users, and what sets each apart?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import ClassVar, NamedTuple, Self

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analysis.answer import Answer, Note
from analysis.arrays import Floats, Ints
from analysis.audience.behaviour import Habits, behaviour, habits
from analysis.audience.clusters import chart
from analysis.audience.clusters.kernel import MOST, STABLE, Groups, apart, groups, nearest
from analysis.audience.days import Lazy, last_day
from analysis.charts import TOTAL, AnyChart, Look
from analysis.errors import DataError
from analysis.estimates import SMALL
from analysis.fields import Field, Fields, Figure, bounds, described
from analysis.messages import N_, Message, Names, Share, say
from analysis.question import Segmentation
from analysis.tables import Tables, collect
from analysis.values import day, optional, value, whole

SAMPLE = 2_000
"""How many people are looked at, of more: groups of a part are those of the whole, in half the time of 4,000."""
NAMES = "ABCDEFGH"
"""What groups are called, the largest first."""
FEWEST = 100
"""People that groups are looked for among at least."""
_TRAIT, _TRAITS = 0.3, 3
"""Standard deviations from all others that make a trait, and how many are named."""


@value("clusters")
class Clusters(Segmentation):
    """Which groups users fall into by what they do, how many there are, and what sets each apart.

    Parameters
    ----------
    at : str or date, optional
        The day at whose end people are looked at, in the campaign's time zone; by default the last day observed.
    lookback : int
        Days of behaviour that count.
    seed : int
        Of the people drawn and of everything random after.
    where : Filter, optional
        Which events and orders count, whenever they were.

    Notes
    -----
    Counts of each event, of days and of purchases, and the days since they last came, as logarithms and in standard
    deviations. Of more than 2,000 people so many are drawn, each as likely; groups are looked for among these (see
    :func:`analysis.audience.clusters.kernel.groups`), and then everybody is put into the nearest.

    Examples
    --------
    >>> Clusters(at="2026-11-15", lookback=28)
    Clusters(at='2026-11-15', lookback=28)
    """

    title: ClassVar[str] = N_("Are there different sorts of users?")
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"events": ()})

    at: str | None = field(default=None, metadata=optional(day()))
    lookback: int = field(default=56, metadata=whole(least=1, most=1000))
    seed: int = field(default=0, metadata=whole(least=0, most=2**31))

    @property
    def heavy(self) -> bool:
        """Hundreds of groupings of thousands of people."""
        return True

    @classmethod
    def suggested(cls, tables: Tables) -> Self:
        """Return the groups of those seen in the last eight weeks."""
        return cls()

    def members(self, tables: Tables) -> pa.Table:
        """Return everybody's group.

        Parameters
        ----------
        tables : Tables

        Returns
        -------
        pyarrow.Table
            user_id and stage (the group's letter), one row per user seen in the days looked back, in no order.

        Raises
        ------
        DataError
            There are no clear groups, too few people, or the tables lack what the question needs.
        """
        for lacking in self.lacks(tables):
            raise lacking
        drawn = _drawn(self, tables)
        if not drawn.found.clear:
            raise DataError.empty(_unclear())
        found = _placed(self, tables, drawn).select("user_id", "place").collect("pyarrow").to_arrow()
        return pa.table(
            {"user_id": found["user_id"], "stage": pc.take(pa.array(list(NAMES)), found["place"].cast("int32"))}
        )

    def _answer(self, tables: Tables) -> ClustersAnswer:
        drawn = _drawn(self, tables)
        frames = _frames(self, tables, drawn)
        found = frames["traits"].groupby("group", sort=False)
        traits = {str(name): _sentence(own, drawn.habits.said) for name, own in found}
        return ClustersAnswer(
            question=self,
            version=tables.version,
            headline=_headline(frames["table"], traits, drawn),
            frames=frames,
            notes=tuple(_notes(self, drawn)),
            at=drawn.at,
            deeds=drawn.habits.said,
            traits=traits,
        )


_GROUP = Field(N_("Group"), "text", {TOTAL: TOTAL})


@dataclass(frozen=True, kw_only=True, repr=False)
class ClustersAnswer(Answer):
    """One row per group, the largest first, and what sets it apart; one row for all where there are no clear groups.

    "traits" has a row per group and count: the mean of its people (of the count's logarithm, turned back), that of
    everybody, and by how many standard deviations it lies from all others, with 95% bounds. "stability" says for each
    number of groups how far two resamples agree: 1 is entirely, 0 as by chance.
    """

    fields: ClassVar[Fields] = described(
        table={
            "group": _GROUP,
            "users": Field(N_("Users"), "count"),
            "share": Field(N_("Share of users"), "share"),
            "traits": Field(N_("What sets it apart"), "text"),
        },
        traits={
            "group": _GROUP,
            "count": Field(N_("What they did"), "text"),
            "own": Field(N_("Typical of the group"), "number"),
            "everybody": Field(N_("Typical of everybody"), "number"),
            "apart": Field(N_("Standard deviations from all others"), "number"),
            **bounds("number"),
        },
        stability={
            "groups": Field(N_("Groups"), "count"),
            "stability": Field(N_("Agreement of resamples"), "number"),
            "chosen": Field(N_("Chosen"), "flag"),
        },
    )
    figures = (Figure("share", ("group",), "", "", n="users"),)

    question: Clusters
    at: str
    deeds: Mapping[str, Message]
    """What the codes in "traits" mean."""
    traits: Mapping[str, Message]
    """What sets each group apart, in words."""

    @property
    def people(self) -> tuple[Clusters, ...]:
        """Everybody by group, where there are any, as of the day."""
        return (self.question.replace(at=self.at),) if self.traits.keys() != {TOTAL} else ()

    def shown(self, name: str, language: str) -> pd.DataFrame:
        """Return one of the tables, what people did in the reader's language."""
        frame = self.frame(name)
        if name == "table":
            frame["traits"] = [self.say(self.traits[group], language) for group in frame["group"]]
        if name == "traits":
            frame["count"] = [self.say(self.deeds[code], language) for code in frame["count"]]
        return frame

    def _chart(self, look: Look) -> AnyChart:
        return chart.traits(self.shown("traits", look.language), self.plot("traits", look), look(self.headline))


# ---- the work ---------------------------------------------------------------------------------------------


class _Drawn(NamedTuple):
    """Who was drawn of how many, what is counted of them, how it is standardised, and the groups found."""

    habits: Habits
    at: str
    columns: tuple[str, ...]
    users: int
    people: Floats
    middle: Floats
    spread: Floats
    found: Groups


def _drawn(asked: Clusters, tables: Tables) -> _Drawn:
    at = asked.at or last_day(tables)
    of = replace(habits(tables, asked.where, at), channels=())
    rows = behaviour(tables, asked.where, of, at, asked.lookback)
    ids = sorted(rows.select("user_id").collect("pyarrow").to_arrow()["user_id"].to_pylist())
    if len(ids) < FEWEST:
        raise DataError.empty(_too_few(len(ids), asked, at))
    random = np.random.default_rng(asked.seed)
    if len(ids) > SAMPLE:
        rows = rows.filter(nw.col("user_id").is_in([ids[i] for i in random.choice(len(ids), SAMPLE, replace=False)]))
    frame = rows.collect("pyarrow").to_pandas().sort_values("user_id")
    every = (*of.columns, "recency")
    counts = np.log1p(frame[list(every)].to_numpy(float))
    kept = np.ptp(counts, axis=0) > 0
    columns = tuple(column for column, own in zip(every, kept, strict=True) if own)
    if not columns:
        raise DataError.empty(say("Everybody did exactly the same, so there are no groups to tell apart."))
    middle, spread = counts[:, kept].mean(axis=0), counts[:, kept].std(axis=0)
    people = (counts[:, kept] - middle) / spread
    return _Drawn(of, at, columns, len(ids), people, middle, spread, groups(people, random))


def _placed(asked: Clusters, tables: Tables, drawn: _Drawn) -> Lazy:
    """Return everybody's nearest group, reckoned where the data are: user_id and place."""
    rows = behaviour(tables, asked.where, drawn.habits, drawn.at, asked.lookback)
    # Of the squared distances to two middles, what both share does not matter.
    distances = {}
    for place, centre in enumerate(drawn.found.centres):
        distance = nw.lit(float((centre**2).sum()))
        for column, own, middle, spread in zip(drawn.columns, centre, drawn.middle, drawn.spread, strict=True):
            distance = distance - 2 * float(own) * ((nw.col(column) + 1.0).log() - float(middle)) / float(spread)
        distances[f"distance {place}"] = distance
    rows = rows.select("user_id", **distances)
    best, least = nw.lit(0), nw.col("distance 0")
    for place in range(1, len(distances)):
        own = nw.col(f"distance {place}")
        best, least = nw.when(own < least).then(nw.lit(place)).otherwise(best), nw.min_horizontal(least, own)
    return rows.select("user_id", place=best)


# ---- the tables -------------------------------------------------------------------------------------------


def _frames(asked: Clusters, tables: Tables, drawn: _Drawn) -> dict[str, pd.DataFrame]:
    clear = drawn.found.clear
    labels = nearest(drawn.people, drawn.found.centres) if clear else np.zeros(len(drawn.people), np.int64)
    names = list(NAMES[: drawn.found.number]) if clear else [TOTAL]
    if clear:
        sizes = collect(_placed(asked, tables, drawn).group_by("place").agg(users=nw.len())).set_index("place")["users"]
        users = sizes.reindex(range(len(names)), fill_value=0).to_numpy("int64")
    else:
        users = np.array([drawn.users])
    traits = _traits(drawn, labels, names)
    table = {"group": names, "users": users, "share": users / users.sum()}
    apart_ = [_signed(traits[traits["group"] == name]) for name in names]
    number = np.arange(2, MOST + 1)
    stability = {"groups": number, "stability": drawn.found.stability, "chosen": (number == drawn.found.number) & clear}
    return {"table": pd.DataFrame(table).assign(traits=apart_), "traits": traits, "stability": pd.DataFrame(stability)}


def _traits(drawn: _Drawn, labels: Ints, names: list[str]) -> pd.DataFrame:
    """Lay out each group's counts, those that set it apart most first."""
    found = apart(drawn.people, labels, len(names))
    parts = []
    for place, name in enumerate(names):
        own = drawn.people[labels == place].mean(axis=0) * drawn.spread + drawn.middle
        part = pd.DataFrame(
            {
                "group": name,
                "count": [drawn.habits.code(column) for column in drawn.columns],
                "own": np.maximum(np.expm1(own), 0),
                "everybody": np.expm1(drawn.middle),
                "apart": found.value[place],
                "low": found.low[place],
                "high": found.high[place],
            }
        )
        parts.append(part.iloc[np.argsort(-np.abs(np.nan_to_num(found.value[place])), kind="stable")])
    return pd.concat(parts, ignore_index=True)


# ---- the words --------------------------------------------------------------------------------------------


def _unclear() -> Message:
    return say("There are no clear groups among these people, so none can be saved. Look back further, or look at "
               "lifecycle or intent.")  # fmt: skip


def _too_few(n: int, asked: Clusters, at: str) -> Message:
    return say("Only {n} users were seen in the {days} days up to {at}: too few to look for groups. Look back further, "
               "or clear a filter.", n=n, days=asked.lookback, at=at)  # fmt: skip


def _clearly(traits: pd.DataFrame) -> pd.DataFrame:
    """Return what clearly sets a group apart, the most telling first."""
    return traits[(traits["low"] > _TRAIT) | (traits["high"] < -_TRAIT)].head(_TRAITS)


def _signed(traits: pd.DataFrame) -> str:
    """Return a group's traits as codes, with + where it lies above all others."""
    clear = _clearly(traits)
    signs = np.where(clear["apart"] > 0, "+", "-")
    return "; ".join(f"{code} ({sign})" for code, sign in zip(clear["count"], signs, strict=True))


def _sentence(traits: pd.DataFrame, said: Mapping[str, Message]) -> Message:
    """Say what sets a group apart: what it does clearly more and clearly less than all others."""
    clear = _clearly(traits)
    more, less = (tuple(said[code] for code in clear.loc[side, "count"])
                  for side in (clear["apart"] > 0, clear["apart"] < 0))  # fmt: skip
    if more and less:
        return say("above others in {more} and below them in {less}", more=Names(more), less=Names(less))
    if more:
        return say("above others in {more}", more=Names(more))
    return say("below others in {less}", less=Names(less)) if less else say("nothing in particular")


def _headline(table: pd.DataFrame, traits: Mapping[str, Message], drawn: _Drawn) -> Message:
    if not drawn.found.clear:
        return say("There are no clear groups among {users} users: what they do shades from one into another.",
                   users=drawn.users)  # fmt: skip
    row = table.iloc[0]
    return say(
        "{users} users fall into {n} groups. The largest, {name} with {share} of them, is {traits}.",
        users=drawn.users,
        n=len(table),
        name=str(row["group"]),
        share=Share(float(row["share"])),
        traits=traits[str(row["group"])],
    )


def _notes(asked: Clusters, drawn: _Drawn) -> list[Note]:
    notes = []
    if drawn.users > len(drawn.people):
        text = say("Groups were looked for among {n} users drawn of {users}; then everybody was put into the nearest.",
                   n=len(drawn.people), users=drawn.users)  # fmt: skip
        notes.append(Note("sampled", text))
    if not drawn.found.number:
        text = say("No number of groups comes out alike when other people are drawn: the best agrees to {best}, and "
                   "{least} is asked for.", best=float(np.nanmax(drawn.found.stability)), least=STABLE)  # fmt: skip
        notes.append(Note("unstable", text, "warning"))
    elif not drawn.found.clear:
        text = say("{n} groups come out alike time and again, but are no tighter than those of made-up people without "
                   "any: they would be cuts through one crowd.", n=drawn.found.number)  # fmt: skip
        notes.append(Note("cuts", text, "warning"))
    else:
        text = say("{n} groups come out alike best when other people are drawn (agreement of {least} or "
                   "more), and they are tighter than those of made-up people without any.",
                   n=drawn.found.number, least=STABLE)  # fmt: skip
        notes.append(Note("stable", text))
        if min(np.bincount(nearest(drawn.people, drawn.found.centres))) < SMALL:
            small = say("The smallest group is of few of the users drawn: read its traits with care.")
            notes.append(Note("small", small, "warning"))
    text = say("People are told apart by what they did in the {days} days up to {at}: it says what they are "
               "like, not why.",
               days=asked.lookback, at=drawn.at)  # fmt: skip
    return [*notes, Note("counted", text)]
