"""Which simulations teach something? Ready ones to begin with, each set so that one thing matters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from analysis.budget.allocation.question import AllocationAnswer
from analysis.errors import DataError
from analysis.groups import private_among
from analysis.messages import N_, Names, say
from analysis.reallocation.learnt import CALLED, LEFT_OUT, ONCE_A_DAY
from analysis.reallocation.plans import rehearsal
from analysis.reallocation.rules import Card, MarketSettings, Rules
from analysis.reallocation.setting import Setting, setting
from analysis.reallocation.simulation import Simulation, SimulationAnswer
from analysis.rules.ready import dying_creatives, plan, proportional, waiting
from analysis.tables import Tables

BUSY = 50
"""Orders an hour at which a surge can be told from chance."""
_QUIET = MarketSettings(surges=0, failures=0)
_AT_ONCE = plan(reserve=0.0).replace(name=N_("all handed out from the first day"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """A simulation to begin with.

    Parameters
    ----------
    code : str
    sentence : str
        What is to be seen, and what to try.
    given : mapping of str to object
        What it sets of a :class:`Simulation`; the rest stays as it is by default.
    hourly : int, optional
        Orders an hour that the fixed split is to sell: an order's value is set so.
    split : bool
        Whether it starts from Budget's best split.
    waiting : float, optional
        Share of the budget that is held back until the burst: the phase with the most demand a day.
    private : float, optional
        Share of the budget that the private domain's channels get, the others keeping theirs of the rest.
    """

    code: str
    sentence: str
    given: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    hourly: int | None = None
    split: bool = False
    waiting: float | None = None
    private: float | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        return CALLED[self.code]


LESSONS = (
    Lesson(
        code="wrong-curves",
        sentence=N_("All curves may be off by a third together, and nothing else happens. One split by the curves "
                    "still earns most of the gain. Beside the rules stand a smaller step and a longer clock: which of "
                    "the two pays?"),
        given={
            "market": _QUIET.replace(level_error=0.35),
            "rules": Rules(reserve=0.0),
            "against": (
                plan(reserve=0.0, step=0.02).replace(name=N_("a smaller step (2%)")),
                plan(reserve=0.0, evaluate_every="1d", adjust_every="2d").replace(name=N_("a longer clock (2 days)")),
            ),
        },
    ),
    Lesson(
        code="best-split",
        sentence=N_("The campaign starts from Budget's best split, so there is nothing left to gain by splitting: what "
                    "moving money earns now is watching alone. Try to earn anything above zero."),
        given={"market": _QUIET.replace(dearer=0.1), "rules": Rules(reserve=0.0)},
        split=True,
    ),
    Lesson(
        code="busy",
        sentence=N_("The same money in small orders: now a surge can be told from chance. See when the reserve is "
                    "drawn, then what it earns against handing it out on the first day."),
        given={"market": MarketSettings(surges=3), "against": (_AT_ONCE,)},
        hourly=BUSY,
    ),
    Lesson(
        code="late-orders",
        sentence=N_("Orders are reported a day and a half late on average, and the rules read the last day. Leave the "
                    "most recent hours out, and see what comes back."),
        given={
            "market": _QUIET.replace(conversion_delay="36h"),
            "rules": proportional(over="1d", excluding="1h").replace(evaluate_every="4h", adjust_every="8h"),
            "against": (
                proportional(over="3d", excluding="96h").replace(
                    name=LEFT_OUT, evaluate_every="4h", adjust_every="8h"
                ),
            ),
        },
        hourly=BUSY,
    ),
    Lesson(
        code="broken",
        sentence=N_("A creative breaks on day 10, tracking fails on day 20, and on day 30 nothing happens at all. Do "
                    "the rules stop what is broken, and leave alone what is only unseen?"),
        given={
            "market": _QUIET.replace(
                cards=(Card(shock="creative", at="9d", lasts="5d"), Card(shock="tracking", at="19d", lasts="1d"),
                       Card(shock="decoy", at="29d"))
            ),
            "rules": dying_creatives(),
        },
        hourly=BUSY,
    ),
    Lesson(
        code="burst",
        sentence=N_("60% of the budget waits for the phase with the most demand a day, and nothing else happens. "
                    "Demand is higher then, and so is the spend it has to carry: what does waiting bring, and with "
                    "what share would you wait?"),
        given={"market": _QUIET, "against": (_AT_ONCE,)},
        waiting=0.6,
    ),
    Lesson(
        code="private-half",
        sentence=N_("Half of the budget goes to the private domain from the first day. Its curve bends early or late: "
                    "read what one split by the curves would have brought, and let the rules win it back."),
        given={"market": _QUIET, "rules": plan(reserve=0.0)},
        private=0.5,
    ),
    Lesson(
        code="daily",
        sentence=N_("The plan looks every 4 hours and moves money every 8; beside it stand the same rules once a day, "
                    "on the same chance. What do the further looks earn?"),
        given={
            "rules": plan(),
            "against": (plan(evaluate_every="1d", adjust_every="1d").replace(name=ONCE_A_DAY),),
        },
    ),
)  # fmt: skip
"""What a team can begin with."""


def begun(
    lesson: Lesson, tables: Tables, usual: SimulationAnswer | None = None, best: AllocationAnswer | None = None
) -> Simulation:
    """Return a lesson's simulation on the data that two answers are of.

    Parameters
    ----------
    lesson : Lesson
    tables : Tables
    usual : SimulationAnswer, optional
        Of `Simulation()`: tells what an hour sells.
    best : AllocationAnswer, optional
        Of `Allocation()`: the split to start from.

    Raises
    ------
    DataError
        No channel has a response curve, or none of those that have one is the private domain's.
    """
    question = rehearsal(best, Rules()) if lesson.split and best else Simulation()
    question = question.replace(lesson=lesson.code, **lesson.given)
    if lesson.waiting:
        burst = _burst(setting(question, tables))
        half = waiting(day=burst, share=lesson.waiting / 2).replace(name=N_("half as much waiting"))
        rules = waiting(day=burst, share=lesson.waiting)
        question = question.replace(rules=rules, against=(*question.against, half))
    if lesson.private:
        question = question.replace(split=_private(setting(question, tables), tables, lesson.private))
    if lesson.hourly is None or usual is None:
        return question
    worth = round(usual.orders_an_hour * usual.order_value / lesson.hourly, 4)
    return question.replace(market=question.market.replace(order_value=max(worth, 0.0001)))


def _burst(given: Setting) -> int:
    """Return the day of the campaign on which the phase with the most demand a day begins; the first is 1."""
    market = given.market
    demand = market.multiplier @ (given.plan / given.plan.sum())
    begins = market.times[market.phase == int(np.argmax(demand))][0]
    return int((begins.normalize() - market.times[0].normalize()).days) + 1


def _private(given: Setting, tables: Tables, share: float) -> dict[str, float]:
    """Return a split that gives the private domain its share, whoever is on either side keeping theirs of it."""
    names = given.market.channels
    private = private_among(names, tables)
    if not private:
        text = say(
            "None of the channels with a response curve is the private domain's: {names}. Mark one of them private "
            "under Names, plan and tests.",
            names=Names(names),
        )
        raise DataError.empty(text)
    own = given.plan / given.plan.sum()
    inside = np.array([name in private for name in names])
    if inside.all():
        return dict(zip(names, own.tolist(), strict=True))
    parts = np.where(inside, share * own / own[inside].sum(), (1 - share) * own / own[~inside].sum())
    return dict(zip(names, parts.tolist(), strict=True))
