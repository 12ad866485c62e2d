"""What does intent say: better than recency or not, how far the numbers hold, and where money is wasted?"""

from __future__ import annotations

import pandas as pd

from analysis.answer import Note
from analysis.audience.days import earlier
from analysis.audience.intent.kernel import Told
from analysis.audience.intent.spend import Spent
from analysis.estimates import Interval
from analysis.messages import Message, Money, Name, Points, Share, say
from analysis.vocabulary import INTENTS

_HIGH, _, _LOW = INTENTS


def too_few(bought: int, day: str, within: int) -> Message:
    """Say that too few bought, or did not, to learn from or to judge by."""
    return say(
        "Of the people seen by {day}, {n} bought within {days} days: too few to tell who will, or too few of the "
        "others. Choose more days, a later day, or fewer filters.",
        day=day,
        n=bought,
        days=within,
    )


def nobody(at: str) -> Message:
    """Say that nobody can be scored."""
    return say("Nobody was seen in the days looked back from {at}. Choose another day or look further back.", at=at)


def headline(pairs: Told, within: int, bands: pd.DataFrame, spend: pd.DataFrame, currency: str | None) -> Message:
    """Say whether behaviour tells who buys, how many are likely to, and which channel's money goes to the unlikely."""
    told = {
        "days": within,
        "behaviour": Share(pairs.behaviour),
        "recency": Share(pairs.recency),
        "low": Points(float(pairs.gain.low)),
        "high": Points(float(pairs.gain.high)),
    }
    users = dict(zip(bands["intent"], bands["users"].tolist(), strict=True))
    if pairs.better:
        first = say(
            "Of two people, what they did tells the one who buys within {days} days in {behaviour} of cases, how "
            "lately they came in {recency} ({low} to {high} percentage points more); {users} have a high intent now.",
            **told,
            users=users[_HIGH],
        )
    else:
        first = say(
            "What people did tells no better than how lately they came who buys within {days} days: {behaviour} of "
            "pairs against {recency} ({low} to {high} percentage points).",
            **told,
        )
    wasted = wasteful(spend)
    if wasted is None:
        return first
    second = say(
        "{share} of the spend on {channel}, {amount}, brings people of low intent.",
        share=Share(float(wasted["share"])),
        channel=Name(str(wasted["channel"]), "channel"),
        amount=Money(float(wasted["spend"]), currency),
    )
    return say("{first} {second}", first=first, second=second)


def wasteful(spend: pd.DataFrame) -> pd.Series[float] | None:
    """Return of the channel with most money on people of low intent: its name, that money, its share of the spend."""
    low = spend[spend["intent"] == _LOW].groupby("channel", as_index=False)[["spend", "share"]].sum()
    return low.sort_values("spend").iloc[-1] if len(low) else None


def notes(at: str, within: int, lookback: int, held: Interval, brought: Spent, *, better: bool) -> tuple[Note, ...]:
    """Say how far the probabilities hold, what they were learnt from, and how spend was judged."""
    found = []
    ratio, low, high = held.floats()
    told = {"ratio": ratio, "low": low, "high": high, "day": earlier(at, within), "days": within}
    if low > 1 or high < 1:
        text = say(
            "Of the people seen by {day}, {ratio} times as many bought within {days} days as were expected (95% "
            "interval {low} to {high}): times differ, so trust who comes before whom, not the probability itself.",
            **told,
        )
        found.append(Note("calibration", text, "warning"))
    else:
        text = say(
            "Of the people seen by {day}, {ratio} times as many bought within {days} days as were expected (95% "
            "interval {low} to {high}): the probabilities hold.",
            **told,
        )
        found.append(Note("calibration", text))
    if not better:
        text = say("Do not choose people by it: choose those who came lately, which costs nothing.")
        found.insert(0, Note("no-better", text, "warning"))
    text = say(
        "Learnt from people as they stood on {first} and whether they bought within {days} days, judged on those of "
        "{day}, whose buying it never saw; {back} days of behaviour count.",
        first=earlier(at, 2 * within),
        day=earlier(at, within),
        days=within,
        back=lookback,
    )
    found.append(Note("time-split", text))
    return (*found, *_spend_notes(brought, within))


def _spend_notes(brought: Spent, within: int) -> list[Note]:
    if brought.lacks:
        text = say("Whose intent money is spent on needs spend, and events with the channel people came through.")
        return [Note("no-spend", text, "missing")]
    text = say(
        "Spend is judged by the people it brought, by channel and by audience where both tables have one: low intent "
        "is where they bought within {days} days at most half as often as everybody else, beyond chance.",
        days=within,
    )
    return [*brought.currency.notes(say("spend")), Note("spend", text)]
