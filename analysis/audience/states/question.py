"""Which buyers are still active, who is about to be lost, who is lost, and who came back?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analysis.answer import Answer
from analysis.audience.buyers import lacking
from analysis.audience.days import Lazy, bought_on, iso, last_day, number
from analysis.audience.states import chart, words
from analysis.audience.states.kernel import NOBODY, PLACES, Gaps, Rules, gaps_of, neighbours, standing, weekly
from analysis.charts import TOTAL, AnyChart, Look
from analysis.errors import DataError, QuestionError
from analysis.estimates import proportion
from analysis.fields import Field, Fields, Figure, bounds, described
from analysis.messages import N_, Message, say
from analysis.purchases import purchases
from analysis.question import Segmentation
from analysis.tables import Tables, collect
from analysis.values import Filter, day, one_of, optional, value, whole
from analysis.vocabulary import STATES

DAYS, WEEKS = 28, 12
"""How far back movement is measured from, and how many weeks are shown, unless the question says."""
_WORDS = {state: state for state in (*STATES, NOBODY, TOTAL)}


@value("lifecycle-states")
class LifecycleStates(Segmentation):
    """How many buyers are active, at risk, lapsed or won back at a date, who moved since, and week by week.

    A buyer is *lapsed* when more than `lapsed_after` days have gone by since the last day they bought on, *at risk*
    when more than half as many have, *won back* when they are neither and the silence before their last purchase had
    been longer than `lapsed_after`, and else *active*.

    Parameters
    ----------
    at : str or date, optional
        The day at whose end buyers are counted, in the campaign's time zone; by default the last day observed.
    since : str or date, optional
        The earlier day movement is measured from; by default 28 days before.
    lapsed_after : int, optional
        Days without a purchase after which a buyer has lapsed. By default what the data's own gaps say: nine in ten
        of all returns came within as many days; 90 where few returns, or few days, are known.
    weeks : int
        How many weeks before `at` are followed, each ending on its weekday.
    was, now : str, optional
        Which cell of the movement :meth:`members` are of: who stood there at `since`, and stands there at `at`.
    where : Filter, optional
        Which orders count, their dates included.

    Notes
    -----
    Purchases are those of :func:`analysis.purchases.purchases`, of a day those that were paid on it: lines of one
    order are one, and a credit note is none. Gaps are of days between days bought on, of all buyers; a silence that
    nobody has broken yet is no gap.

    Examples
    --------
    >>> import pandas as pd
    >>> orders = pd.DataFrame({
    ...     "order_id": list("abcd"), "user_id": ["u1", "u2", "u3", "u3"], "revenue": 9.0, "currency": "CNY",
    ...     "timestamp": pd.to_datetime(["2026-11-01", "2023-11-01", "2025-01-01", "2026-11-09"]),
    ... })
    >>> asked = LifecycleStates(at="2026-11-10", lapsed_after=90)
    >>> answer = asked.run(Tables(orders=orders.assign(paid_at=orders["timestamp"])))
    >>> dict(zip(answer.table["state"], answer.table["users"]))
    {'active': 1, 'at risk': 0, 'lapsed': 1, 'won back': 1, '(total)': 3}
    """

    title: ClassVar[str] = N_("Who still buys, and who is being lost?")
    of_all: ClassVar[bool] = True

    at: str | None = field(default=None, metadata=day())
    since: str | None = field(default=None, metadata=day())
    lapsed_after: int | None = field(default=None, metadata=optional(whole(least=2, most=3650)))
    weeks: int = field(default=WEEKS, metadata=whole(least=1, most=104))
    was: str | None = field(default=None, metadata=optional(one_of(*PLACES)))
    now: str | None = field(default=None, metadata=optional(one_of(*STATES)))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.since and self.at:
            _in_order(self.since, self.at)

    @classmethod
    def lacks(cls, tables: Tables) -> tuple[DataError, ...]:
        """Return what the tables do not have of what tells who bought."""
        return lacking(tables, valued=False)

    @classmethod
    def suggested(cls, tables: Tables) -> Self:
        """Return where everybody stands on the last day observed."""
        return cls() if cls.lacks(tables) else cls(at=last_day(tables))

    @property
    def words(self) -> Message:
        """What tells its people, in words."""
        if self.was is None and self.now is None:
            return say(self.title)
        return say(
            "{was} on {since}, {now} on {at}",
            was=say(self.was or N_("anywhere")),
            since=self.since or "…",
            now=say(self.now or N_("anywhere")),
            at=self.at or "…",
        )

    def members(self, tables: Tables) -> pa.Table:
        """Return who stands in which state at the end of the day; of one cell of the movement, where one is named.

        Parameters
        ----------
        tables : Tables

        Returns
        -------
        pyarrow.Table
            user_id and stage (the state), one row per buyer, in no order.

        Raises
        ------
        DataError
            Nobody is counted, or the tables lack what the question needs.
        """
        for error in self.lacks(tables):
            raise error
        rows, rules = _settled(self, tables, ids=True)
        users = standing(rows, rules)
        kept = {"was": self.was, "now": self.now}
        wanted = [nw.col(side) == PLACES.index(state) for side, state in kept.items() if state is not None]
        users = users.filter(*wanted) if wanted else users
        found = users.select("user_id", "now").collect("pyarrow").to_arrow()
        if not found.num_rows:
            raise DataError.empty(words.nobody(iso(rules.at)))
        places = pc.subtract(found["now"].cast(pa.int32()), pa.scalar(1, pa.int32()))
        return pa.table({"user_id": found["user_id"], "stage": pc.take(pa.array(STATES), places)})

    def _answer(self, tables: Tables) -> LifecycleStatesAnswer:
        rows, rules = _settled(self, tables, ids=False)
        moved = collect(standing(rows, rules).group_by("was", "now").agg(users=nw.len()))
        if moved.empty:
            raise DataError.empty(words.nobody(iso(rules.at)))
        moves = weekly(rows, rules)
        frames = {
            "table": _table(moved),
            "movement": _movement(moved),
            "weeks": _sizes(moves, rules),
            "weekly_movement": _weekly_movement(moves, rules),
        }
        return LifecycleStatesAnswer(
            question=self,
            version=tables.version,
            headline=words.headline(frames["table"], frames["movement"], rules),
            frames=frames,
            notes=(
                *purchases(tables, self.where).notes,
                *words.notes(rules, chosen=self.lapsed_after is not None, filtered=_filtered(self.where)),
            ),
            at=iso(rules.at),
            since=iso(rules.since),
            lapsed_after=rules.lapsed,
        )


_STATE = Field(N_("State"), "text", _WORDS)
_FROM, _TO = Field(N_("From state"), "text", _WORDS), Field(N_("To state"), "text", _WORDS)


@dataclass(frozen=True, kw_only=True, repr=False)
class LifecycleStatesAnswer(Answer):
    """Buyers by state, a row per state and one for all; `share` is of all buyers, with 95% Wilson bounds.

    `change` is `users` less those who stood there at `since`. "movement" has a row per pair of states that anybody
    went between: who had not bought by `since` comes from "no order yet", and its users add up to the table's by
    `to_state`. "weeks" has the size of each state at the end of each week, the last that of `at`, and
    "weekly_movement" who went where within each: that of one week is the movement between its two ends.
    """

    fields: ClassVar[Fields] = described(
        table={
            "state": _STATE,
            "users": Field(N_("Buyers"), "count"),
            "share": Field(N_("Share of buyers"), "share"),
            **bounds("share"),
            "change": Field(N_("Change"), "count"),
        },
        movement={
            "from_state": _FROM,
            "to_state": _TO,
            "users": Field(N_("Buyers"), "count"),
            "share_of_from": Field(N_("Share of the state they were in"), "share"),
            **bounds("share"),
        },
        weeks={
            "week": Field(N_("Week that ends on"), "day"),
            "state": _STATE,
            "users": Field(N_("Buyers"), "count"),
        },
        weekly_movement={
            "week": Field(N_("Week that ends on"), "day"),
            "from_state": _FROM,
            "to_state": _TO,
            "users": Field(N_("Buyers"), "count"),
        },
    )
    figures = (Figure("share", ("state",), main=2),)

    question: LifecycleStates
    at: str
    since: str
    lapsed_after: int

    @property
    def people(self) -> tuple[LifecycleStates, ...]:
        """Everybody by state, and the people behind each cell of the movement and of that of the last week."""
        whole = self.question.replace(at=self.at, since=self.since, lapsed_after=self.lapsed_after, was=None, now=None)
        last = self.frame("weekly_movement").query("week == week.max()")
        week = whole.replace(since=iso(number(self.at) - 7))
        return (whole, *self._cells(whole, self.frame("movement")), *self._cells(week, last))

    def _cells(self, asked: LifecycleStates, moves: pd.DataFrame) -> list[LifecycleStates]:
        pairs = zip(moves["from_state"], moves["to_state"], strict=True)
        return [asked.replace(was=was, now=now) for was, now in pairs]

    def _chart(self, look: Look) -> AnyChart:
        return chart.weeks(self.frame("weeks"), self.plot("weeks", look), look(self.headline))


# ---- the work ---------------------------------------------------------------------------------------------


def _settled(asked: LifecycleStates, tables: Tables, *, ids: bool) -> tuple[Lazy, Rules]:
    """Return who bought on which day, with the days they bought on before and after, and the rules."""
    rows = neighbours(bought_on(tables, asked.where, ids=ids))
    at = asked.at or last_day(tables, asked.where)
    since = asked.since or iso(number(at) - DAYS)
    _in_order(since, at)
    gaps = Gaps(0, None) if asked.lapsed_after else gaps_of(rows, number(at))
    return rows, Rules(number(at), number(since), asked.lapsed_after or gaps.lapsed, asked.weeks, gaps)


def _in_order(since: str, at: str) -> None:
    if since >= at:
        raise QuestionError.crossed(words.crossed(since, at))


def _filtered(where: Filter | None) -> bool:
    return where is not None and bool(where.start or where.end or where.columns())


# ---- the tables -------------------------------------------------------------------------------------------


def _table(moved: pd.DataFrame) -> pd.DataFrame:
    places = range(1, len(PLACES))
    now, was = (moved.groupby(side)["users"].sum().reindex(places, fill_value=0) for side in ("now", "was"))
    users = np.append(now, now.sum())
    share, low, high = proportion(users, users[-1])
    low[-1] = high[-1] = np.nan
    change = np.append(now - was, (now - was).sum())
    return pd.DataFrame(
        {"state": [*STATES, TOTAL], "users": users, "share": share, "low": low, "high": high, "change": change}
    )


def _movement(moved: pd.DataFrame) -> pd.DataFrame:
    moved = moved.sort_values(["was", "now"])
    of = moved.groupby("was")["users"].transform("sum")
    share, low, high = proportion(moved["users"], of)
    named = {"from_state": _named(moved["was"]), "to_state": _named(moved["now"])}
    return pd.DataFrame({**named, "users": moved["users"].to_numpy(), "share_of_from": share, "low": low, "high": high})


def _named(places: Iterable[int]) -> list[str]:
    return [PLACES[int(place)] for place in places]


def _week_ends(weeks: Iterable[int], rules: Rules) -> pd.Series[Any]:
    return pd.Series(pd.to_datetime([iso(rules.ends[int(week)]) for week in weeks]), dtype="datetime64[us]")


def _sizes(moves: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Lay out every state at every end, also where nobody stands there."""
    every = pd.MultiIndex.from_product([range(rules.weeks + 1), range(1, len(PLACES))], names=["week", "now"])
    users = moves.groupby(["week", "now"])["users"].sum().reindex(every, fill_value=0).reset_index()
    return pd.DataFrame(
        {"week": _week_ends(users["week"], rules), "state": _named(users["now"]), "users": users["users"]}
    )


def _weekly_movement(moves: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    moves = moves[moves["week"] > 0]
    named = {"from_state": _named(moves["was"]), "to_state": _named(moves["now"])}
    return pd.DataFrame({"week": _week_ends(moves["week"], rules), **named, "users": moves["users"].to_numpy()})
