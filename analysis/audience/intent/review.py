"""Do people who look at a sample of users judge their intent as the model does?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis.arrays import Ints
from analysis.audience.behaviour import behaviour
from analysis.audience.intent.question import Intent, fitted
from analysis.errors import DataError
from analysis.estimates import Interval, proportion
from analysis.messages import LANGUAGES, N_, Message, Share, say, translate
from analysis.tables import Tables
from analysis.vocabulary import INTENTS

USER, JUDGED = N_("user"), N_("your judgement: high, medium or low intent")
SHARE, MOST = 0.3, 20_000
"""The part of people that is looked at, and the most that a list for people holds."""
_SHORT = {N_("high"): INTENTS[0], N_("medium"): INTENTS[1], N_("low"): INTENTS[2]}


@dataclass(frozen=True)
class Review:
    """What people judged beside what the model says.

    Parameters
    ----------
    drawn : int
        How many were drawn.
    table : DataFrame
        One row per pair: `intent` (the model's), `judged` (people's) and `users`.
    disagreement : Interval
        The share of those judged on whom both differ, with Wilson's interval.
    """

    drawn: int
    table: pd.DataFrame
    disagreement: Interval

    @property
    def judged(self) -> int:
        """How many were judged."""
        return int(self.table["users"].sum())

    @property
    def headline(self) -> Message:
        """On how many both differ."""
        apart = int(self.table.query("intent != judged")["users"].sum())
        share, low, high = map(Share, self.disagreement.floats())
        return say(
            "Of {drawn} people drawn, {judged} were judged; on {apart} of them ({share}, 95% interval {low} to {high}) "
            "the judgement differs from the model's.",
            drawn=self.drawn,
            judged=self.judged,
            apart=apart,
            share=share,
            low=low,
            high=high,
        )


def drawn(asked: Intent, tables: Tables, *, share: float = SHARE, seed: int = 0, language: str = "en") -> pd.DataFrame:
    """Draw people for review: what they did, and an empty column for what somebody thinks of it.

    The model's own intent is not in it, so nobody copies it.

    Parameters
    ----------
    asked : Intent
    tables : Tables
    share : float
        The part of people that is drawn, each as likely; at most :data:`MOST` of them.
    seed : int
        The same seed draws the same people.
    language : str
        Of the headings.

    Raises
    ------
    DataError
        Nobody can be scored.
    """
    scored = asked.scored(tables)
    ids = _ids(scored["user_id"], share, seed)
    model = fitted(asked, tables)
    rows = behaviour(tables, asked.where, model.habits, model.at, asked.lookback).collect("pyarrow").to_arrow()
    frame: pd.DataFrame = rows.to_pandas().set_index("user_id").loc[ids].reset_index()
    columns = [*model.habits.columns, "recency"]
    headings = {column: model.habits.words(column).text(language, tables.display) for column in columns}
    frame = frame[["user_id", *columns]].rename(columns={"user_id": translate(USER, language), **headings})
    frame[translate(JUDGED, language)] = ""
    return frame


def _ids(users: pa.ChunkedArray, share: float, seed: int) -> list[str]:
    known = sorted(users.to_pylist())
    size = min(int(np.ceil(share * len(known))), MOST)
    places: Ints = np.random.default_rng(seed).permutation(len(known))[:size]
    return [known[place] for place in np.sort(places)]


def compared(asked: Intent, tables: Tables, returned: pd.DataFrame, *, share: float = SHARE, seed: int = 0) -> Review:
    """Compare what people judged of a sample with the model.

    Parameters
    ----------
    asked, tables, share, seed
        As the sample was drawn.
    returned : DataFrame
        The sample with its last column filled in, in either language; rows without a judgement do not count.

    Raises
    ------
    DataError
        The columns are missing, a judgement is no intent, a user was not drawn or is judged twice, or nobody was.
    """
    user, judged = (_column(returned, heading) for heading in (USER, JUDGED))
    told = pd.DataFrame({"user_id": returned[user].astype(str), "judged": returned[judged].fillna("").astype(str)})
    told = told[told["judged"].str.strip() != ""]
    told["judged"] = [_intent(word) for word in told["judged"]]
    scored = asked.scored(tables)
    sample = set(_ids(scored["user_id"], share, seed))
    # A spreadsheet's guard against formulas is no part of an id.
    told["user_id"] = [one if one in sample else one.removeprefix("'") for one in told["user_id"]]
    if strange := [one for one in told["user_id"] if one not in sample]:
        text = say("{n} users of this file were not drawn, such as {user}: it belongs to another day, filter or seed. "
                   "Ask as you did when you drew it.", n=len(strange), user=strange[0])  # fmt: skip
        raise DataError.not_reviewed(text)
    if told["user_id"].duplicated().any():
        raise DataError.not_reviewed(say("Some users are judged twice. Leave one row for each."))
    if told.empty:
        raise DataError.not_reviewed(say("Nobody is judged yet. Write high, medium or low into the last column."))
    model = scored.select(["user_id", "stage"]).to_pandas().rename(columns={"stage": "intent"})
    both = told.merge(model, on="user_id")
    table = both.groupby(["intent", "judged"]).size().rename("users").reset_index()
    apart = int((both["intent"] != both["judged"]).sum())
    return Review(len(sample), table, proportion(apart, len(both)))


def _column(frame: pd.DataFrame, heading: str) -> str:
    named = {translate(heading, language) for language in LANGUAGES}
    for column in frame.columns:
        if str(column).strip() in named:
            return str(column)
    text = say("The file has no column {column}. Fill in the file as it was drawn, and leave its headings.",
               column=say(heading))  # fmt: skip
    raise DataError.not_reviewed(text)


def _meant() -> Mapping[str, str]:
    words = {**_SHORT, **{intent: intent for intent in INTENTS}}
    return {translate(word, language): intent for word, intent in words.items() for language in LANGUAGES}


def _intent(word: str) -> str:
    meant = _meant()
    if (own := word.strip().lower()) in meant:
        return meant[own]
    raise DataError.not_reviewed(say("{word} is no judgement. Write high, medium or low.", word=word[:40]))
