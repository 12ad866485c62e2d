"""Whom to ask for findings, and which of an answer's rows is one: a loss beyond chance, or money to be had."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analysis.audience.intent.question import Intent
from analysis.audience.intent.words import wasteful
from analysis.audience.rfm.question import RFM
from analysis.budget.allocation.question import Allocation
from analysis.budget.allocation.words import better
from analysis.charts import NOT_SET, TOTAL
from analysis.errors import SluiceError
from analysis.estimates import UNKNOWN, Interval
from analysis.journey.funnel.change import FunnelChange
from analysis.journey.funnel.dropoffs import LOYALTY, SPEED, DropOffs, drop_off
from analysis.journey.funnel.question import Funnel
from analysis.messages import N_, Message, Money, Name, Share, say
from analysis.periods import same_days
from analysis.question import Question
from analysis.results.against import OTHERS
from analysis.results.sales.question import Sales
from analysis.results.sales.words import group_name, sent_back
from analysis.tables import Tables
from analysis.values import Filter

ABOUT = {
    "drop-off": N_("Where people drop off"),
    "pages": N_("Slow pages"),
    "budget": N_("Where money earns more"),
    "loyal": N_("Loyal people lost"),
    "quiet": N_("Good customers gone quiet"),
    "waste": N_("Money on people who will not buy"),
    "fall": N_("What fell most"),
    "conversion": N_("Why conversion fell"),
    "refunds": N_("What comes back"),
}
"""What findings are about; of one thing, only the dearest stands."""
MEANINGS = {
    "others-rate": N_("realised revenue more, at the others' rate"),
    "came-back": N_("realised revenue more, if they came as before"),
    "claimed": N_("revenue more, as platforms claim it, for the same money"),
    "earned": N_("revenue more for the same money"),
    "fallen": N_("realised revenue less than on the same days before"),
    "sent-back": N_("refunds more than at the others' rate"),
    "spent": N_("spent on them"),
    "had-paid": N_("what they had paid before"),
    "people": N_("people, no amount known"),
}
"""What a finding's amount is; those further down say less of what acting on it brings."""
COLUMNS = ("channel", "item", "region")
"""Columns of orders that are looked through for what fell and what comes back."""


class Finding(NamedTuple):
    """Something worth acting on.

    Parameters
    ----------
    about : str
        A key of :data:`ABOUT`.
    said : Message
        The sentence, with the amount in it.
    question : Question
        Whose answer says it.
    amount : Interval
        NaN where no money is known; without bounds where it is no estimate.
    meaning : str
        What the amount is: a key of :data:`MEANINGS`.
    people : float
        How many it is about; NaN where nobody is counted.
    """

    about: str
    said: Message
    question: Question
    amount: Interval
    meaning: str
    people: float = np.nan


class Source(NamedTuple):
    """Where findings come from.

    Parameters
    ----------
    ask : callable
        Takes tables and a filter, and returns the question; may raise a SluiceError where it cannot be asked.
    read : callable
        Takes an answer to it and yields what is worth acting on.
    """

    ask: Callable[[Tables, Filter | None], Question]
    read: Callable[[Any], Iterator[Finding]]


# ---- the journey ------------------------------------------------------------------------------------------


def _drop_offs(tables: Tables, where: Filter | None) -> Question:
    return DropOffs(funnel=Funnel.suggested(tables).replace(where=where), where=where)


def _behind(answer: Any) -> Iterator[Finding]:
    table = answer.table
    for _, row in table[table["clear"] & (table["lost"] > 0)].iterrows():
        about = {LOYALTY: "loyal", SPEED: "pages"}.get(row["column"], "drop-off")
        amount = _amount(row, "worth", "worth_low", "worth_high")
        meaning = "people" if np.isnan(amount.value) else "came-back" if about == "loyal" else "others-rate"
        said = drop_off(answer.question.asked, row, answer.currency)
        yield Finding(about, said, answer.question, amount, meaning, float(row["lost"]))


def _conversion(tables: Tables, where: Filter | None) -> Question:
    same = same_days(tables, where, "events") if tables.count("events") else None
    if same is None or where is None:
        raise _not_asked()
    before = where.replace(campaign=(same.before,), start=same.earlier[0], end=same.earlier[1])
    after = where.replace(start=same.days[0], end=same.days[1])
    by = next((column for column in ("channel", "device") if column in tables.texts("events")), "campaign")
    return FunnelChange(funnel=Funnel.suggested(tables), before=before, after=after, by=by)


def _fell(answer: Any) -> Iterator[Finding]:
    whole = answer.table.iloc[0]
    if whole["high"] < 0:
        lost = -float(whole["change"]) * float(whole["users_after"])
        yield Finding("conversion", answer.headline, answer.question, UNKNOWN, "people", lost)


# ---- money ------------------------------------------------------------------------------------------------


def _best_split(tables: Tables, where: Filter | None) -> Question:
    return Allocation.suggested(tables).filtered(where)


def _moved(answer: Any) -> Iterator[Finding]:
    rows = answer.table[answer.table["channel"] == TOTAL]
    if len(rows) and better(rows.iloc[0]):
        claimed = bool((answer.table["cause"] == "claim").any())
        amount = _amount(rows.iloc[0], "change", "change_low", "change_high")
        yield Finding("budget", answer.headline, answer.question, amount, "claimed" if claimed else "earned")


def _intent(tables: Tables, where: Filter | None) -> Question:
    if not tables.count("spend"):
        raise _not_asked()
    return Intent.suggested(tables).filtered(where)


def _wasted(answer: Any) -> Iterator[Finding]:
    worst = wasteful(answer.frame("spend"))
    if worst is not None and worst["share"] > 0.5:
        said = say("{share} of the spend on {channel}, {amount}, brings people of low intent.",
                   share=Share(float(worst["share"])), channel=Name(str(worst["channel"]), "channel"),
                   amount=Money(float(worst["spend"]), answer.currency))  # fmt: skip
        yield Finding("waste", said, answer.question, Interval.of(float(worst["spend"])), "spent")


# ---- orders -----------------------------------------------------------------------------------------------


def _split(column: str) -> Callable[[Tables, Filter | None], Question]:
    def ask(tables: Tables, where: Filter | None) -> Question:
        if not tables.count("orders") or column not in tables.texts("orders"):
            raise _not_asked()
        return Sales(by=column, every=None, where=where)

    return ask


def _of_orders(answer: Any) -> Iterator[Finding]:
    yield from _fallen(answer)
    worst = sent_back(answer.question.by, answer.table)
    if worst:
        row, rest = worst
        share = 1 - rest / float(row["refund_rate"])
        amount = share * float(row["refunds"])
        said = say("{rate} of {n} paid orders of {group} were refunded in full, {rest} elsewhere: {amount} of refunds "
                   "more than at that rate.", group=group_name(str(row["group"]), answer.question.by),
                   rate=Share(float(row["refund_rate"])), n=int(row["paid"]), rest=Share(rest),
                   amount=Money(amount, answer.currency))  # fmt: skip
        yield Finding("refunds", said, answer.question, Interval.of(amount), "sent-back")


def _fallen(answer: Any) -> Iterator[Finding]:
    """Yield the group that brought less than on the same days before by most, beyond chance."""
    change, campaigns = answer.frame("change"), answer.frame("campaigns")
    fell = change[(change["measure"] == "realised") & change["clear"] & (change["high"] < 0)]
    fell = fell[~fell["group"].isin([TOTAL, NOT_SET, OTHERS])]
    if fell.empty:
        return
    rows = campaigns[campaigns["group"].isin(fell["group"])]
    now, then = (rows.drop_duplicates("group", keep=keep).set_index("group")["realised"] for keep in ("first", "last"))
    group = str((then - now).idxmax())
    own = fell[fell["group"] == group].iloc[0]
    before = float(then[group])
    amount = Interval.of(*(-before * own[c] for c in ("change", "high", "low")))
    said = say("{group} brought {now}, {amount} less than on the same days of {before}.",
               group=group_name(group, answer.question.by), now=Money(float(now[group]), answer.currency),
               amount=Money(float(amount.value), answer.currency),
               before=Name(str(rows["campaign"].iloc[-1]), "campaign"))  # fmt: skip
    yield Finding("fall", said, answer.question, amount, "fallen")


def _customers(tables: Tables, where: Filter | None) -> Question:
    # Of all orders, as its page asks: within a campaign everybody's last purchase is lately.
    return RFM.suggested(tables).filtered(where.without("campaign").replace(start=None, end=None) if where else None)


def _quiet(answer: Any) -> Iterator[Finding]:
    people, paid = answer.quiet
    if people:
        said = say("Customers who once bought well and have lapsed: {n}, who had paid {amount}. Speak to these first.",
                   n=people, amount=Money(paid, answer.currency))  # fmt: skip
        yield Finding("quiet", said, answer.question, Interval.of(paid), "had-paid", people)


SOURCES: tuple[Source, ...] = (
    Source(_drop_offs, _behind),
    Source(_best_split, _moved),
    *(Source(_split(column), _of_orders) for column in COLUMNS),
    Source(_customers, _quiet),
    Source(_conversion, _fell),
    Source(_intent, _wasted),
)
"""Whom to ask, those who tell most first."""


class NotAsked(SluiceError):
    """A source has nothing to ask of these tables."""


def _not_asked() -> NotAsked:
    return NotAsked(say("This cannot be asked of these data."), "not-asked")


def _amount(row: pd.Series[Any], *columns: str) -> Interval:
    return Interval.of(*(row[column] for column in columns))
