"""What is the market taken to do while rules run, and which knobs have the plan's own rules?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from analysis.errors import QuestionError
from analysis.messages import N_, Message, Name, say
from analysis.rules.conditions import hours, whole_hours
from analysis.rules.ready import plan
from analysis.rules.rule_set import RuleSet, on_the_clock
from analysis.rules.words import length
from analysis.values import Pairs, Value, duration, many, number, one_of, optional, pairs, text, value, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Shock:
    """What a kind of card does unless it says otherwise.

    Parameters
    ----------
    label : str
    demand, price, health, tracked : float
        What it multiplies: orders of all channels, price of all traffic, response and tracking of the channels it hits.
    size : str
        Which of these `Card.size` sets.
    everywhere : bool
        Whether it hits all channels unless one is named; else a random one.
    lasts : str
    """

    label: str
    demand: float = 1.0
    price: float = 1.0
    health: float = 1.0
    tracked: float = 1.0
    size: str = "demand"
    everywhere: bool = True
    lasts: str = "1d"


SHOCKS: Mapping[str, Shock] = MappingProxyType(
    {
        "surge": Shock(label=N_("demand surge"), demand=2.0, price=1.25),
        "creative": Shock(label=N_("broken creative"), health=0.5, size="health", everywhere=False, lasts="3d"),
        "tracking": Shock(label=N_("tracking outage"), tracked=0.0, size="tracked", lasts="12h"),
        "slow-pages": Shock(label=N_("slow pages"), health=0.7, size="health"),
        "stock-out": Shock(label=N_("stock-out"), health=0.2, size="health", lasts="12h"),
        "viral": Shock(label=N_("viral hit"), health=3.0, size="health", everywhere=False),
        "price-cut": Shock(label=N_("a competitor's price cut"), demand=0.8, price=1.1, lasts="3d"),
        "decoy": Shock(label=N_("decoy: nothing happens")),
    }
)
"""Kinds of shock cards."""
SIZES: Mapping[str, str] = MappingProxyType(
    {
        "demand": N_("{times} times the usual demand"),
        "health": N_("{times} times the usual response"),
        "tracked": N_("{times} times what is usually tracked"),
    }
)
"""What a card's size says, by what it multiplies."""


@value("shock-card")
class Card(Value):
    """Something that happens to a simulated campaign.

    Parameters
    ----------
    shock : str
        One of :data:`SHOCKS`.
    channel : str, optional
        Whom it hits, where it hits one.
    at : str or timedelta, optional
        How long after the campaign's start; at a random hour if left out.
    lasts : str or timedelta, optional
    size : float, optional
        Multiple of the usual: of demand for a surge or a price cut, else of response, or of what is tracked.
    times : float
        How often it comes on average, where the hour is random.

    Examples
    --------
    >>> Card(shock="viral", channel="short_video", at="3d")
    Card(shock='viral', channel='short_video', at='3d')
    """

    shock: str = field(metadata=one_of(*SHOCKS))
    channel: str | None = field(default=None, metadata=optional(text()))
    at: str | None = field(default=None, metadata=optional(duration()))
    lasts: str | None = field(default=None, metadata=optional(duration()))
    size: float | None = field(default=None, metadata=optional(number(least=0, most=100)))
    times: float = field(default=1.0, metadata=number(least=0, most=100))

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("at", "lasts"):
            if window := getattr(self, name):
                whole_hours(name, window)

    def words(self) -> Message:
        """Return it as people say it.

        Examples
        --------
        >>> str(Card(shock="viral", channel="short_video", at="3d").words())
        'viral hit: 3 times the usual response, for 24 hours, in short_video; on day 4'
        """
        shock = SHOCKS[self.shock]
        size = self.size if self.size is not None else getattr(shock, shock.size)
        usual, lasts = say(SIZES[shock.size], times=f"{size:g}"), length(self.lasts or shock.lasts)
        text = say("{what}: {usual}, for {lasts}", what=say(shock.label), usual=usual, lasts=lasts)
        if self.shock == "decoy":
            text = say(shock.label)
        if self.channel:
            text = say("{card}, in {channel}", card=text, channel=Name(self.channel, "channel"))
        if self.at:
            return say("{card}; on day {day}", card=text, day=hours(self.at) // 24 + 1)
        often = int(self.times) if self.times == int(self.times) else f"{self.times:g}"
        return say("{card}; {n} times in a campaign on average, at random hours", card=text, n=often)


@value("rules")
class Rules(Value):
    """The plan's own rules by their knobs: looked at often, acted on less often, in small steps.

    Parameters
    ----------
    evaluate_every : str or timedelta
        How often figures are looked at, in whole hours on the local clock.
    adjust_every : str or timedelta
        How often money may be moved: a multiple of `evaluate_every`.
    step : float
        Largest share of the working budget that one adjustment moves.
    min_advantage : float
        Move only if the highest marginal ROI is at least this many times the lowest.
    lookback : str or timedelta
        How far back an evaluation reads each channel's spend and revenue.
    floor : float
        Share of its planned rate that every channel keeps: without it, channels that had a bad week ratchet down
        to nothing and are never measured again.
    reserve : float
        Share of the whole budget that is held back for surges.
    surge_ratio : float
        An evaluation is in breach when orders exceed this many times the forecast, levelled to what was seen before,
        and by more than chance.
    surge_evaluations : int
        Evaluations in breach, one after the other, that declare a surge.
    release : float
        Share of the initial reserve that an adjustment may draw while a surge is declared.
    min_roi : float
        The reserve is not drawn for less than this estimated marginal ROI.

    Examples
    --------
    >>> Rules(step=0.05, adjust_every="1d")
    Rules(adjust_every='1d', step=0.05)
    """

    evaluate_every: str = field(default="4h", metadata=duration())
    adjust_every: str = field(default="8h", metadata=duration())
    step: float = field(default=0.10, metadata=number(above=0, most=1))
    min_advantage: float = field(default=1.1, metadata=number(least=1, most=100))
    lookback: str = field(default="1d", metadata=duration())
    floor: float = field(default=0.2, metadata=number(least=0, most=1))
    reserve: float = field(default=0.15, metadata=number(least=0, most=0.9))
    surge_ratio: float = field(default=1.5, metadata=number(above=1, most=100))
    surge_evaluations: int = field(default=2, metadata=whole(least=1, most=100))
    release: float = field(default=1 / 3, metadata=number(above=0, most=1))
    min_roi: float = field(default=1.0, metadata=number(least=0, most=1000))

    def __post_init__(self) -> None:
        super().__post_init__()
        on_the_clock(self.evaluate_every, self.adjust_every)
        whole_hours("lookback", self.lookback)

    def rule_set(self) -> RuleSet:
        """Return them as rules."""
        return plan(
            evaluate_every=self.evaluate_every, adjust_every=self.adjust_every, step=self.step,
            min_advantage=self.min_advantage, lookback=self.lookback, floor=self.floor, reserve=self.reserve,
            surge_ratio=self.surge_ratio, surge_evaluations=self.surge_evaluations, release=self.release,
            min_roi=self.min_roi,
        )  # fmt: skip

    def left_out(self) -> Message | None:
        """Return which rule there is not, and why; nothing where all are there."""
        if self.reserve:
            return None
        return say("Nothing is held in reserve, so the rule that draws on it in a surge is left out: what is set for "
                   "surges does nothing.")  # fmt: skip


@value("market")
class MarketSettings(Value):
    """What happens in the simulated market besides the fitted curves.

    Parameters
    ----------
    surges : float
        Expected number of demand surges in the campaign, at random hours.
    surge_size : float
        Orders during a surge as a multiple of usual ones.
    surge_lasts : str or timedelta
        How long a surge lasts.
    surge_price : float
        How much dearer traffic is during a surge, as a share.
    failures : float
        Expected number of creatives that fail, each in a random channel from a random hour.
    failure_share : float
        Share of its response that the channel keeps until the creative is replaced.
    replaced_after : str or timedelta
        How long that takes.
    cards : sequence of Card
        What else happens.
    headroom : float
        A channel takes up at most this many times the largest spend observed in it.
    order_value : float, optional
        Average value of an order; by default that of the orders, else of the conversions in the spend report.
    conversion_delay : str or timedelta, optional
        Average time from spend to order; platforms report an order at the hour of its spend, but only once it is there.
    delays : mapping of str to float
        Hours instead, by channel.
    level_error : float
        Standard deviation of the log of what multiplies all curves: how far off they may be together.
    dearer : float
        How much dearer traffic gets, as a share, when spending is twice what a channel had got used to over a day.
    learning : str or timedelta, optional
        How long a channel learns anew after its budget changed by more than a fifth.
    learning_cost : float
        Share of its response it lacks meanwhile.
    """

    surges: float = field(default=2.0, metadata=number(least=0, most=100))
    surge_size: float = field(default=2.0, metadata=number(least=1, most=100))
    surge_lasts: str = field(default="1d", metadata=duration())
    surge_price: float = field(default=0.25, metadata=number(least=0, most=100))
    failures: float = field(default=1.0, metadata=number(least=0, most=100))
    failure_share: float = field(default=0.5, metadata=number(least=0, most=1))
    replaced_after: str = field(default="3d", metadata=duration())
    cards: tuple[Card, ...] = field(default=(), metadata=many(Card, at_most=50))
    headroom: float = field(default=2.0, metadata=number(least=1, most=100))
    order_value: float | None = field(default=None, metadata=optional(number(above=0)))
    conversion_delay: str | None = field(default=None, metadata=optional(duration()))
    delays: Pairs = field(default=(), metadata=pairs(least=0))
    level_error: float = field(default=0.0, metadata=number(least=0, most=3))
    dearer: float = field(default=0.0, metadata=number(least=0, most=10))
    learning: str | None = field(default=None, metadata=optional(duration()))
    learning_cost: float = field(default=0.1, metadata=number(least=0, most=1))

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("surge_lasts", "replaced_after", "conversion_delay", "learning"):
            if window := getattr(self, name):
                whole_hours(name, window)
        for channel, delay in self.delays:
            if delay > 60 * 24:
                raise QuestionError.field("delays", channel, say("a conversion takes at most {n} days.", n=60))

    def dealt(self) -> tuple[Card, ...]:
        """Return all that may happen as cards; what happens never is left out."""
        usual = (
            Card(shock="surge", size=self.surge_size, lasts=self.surge_lasts, times=self.surges),
            Card(shock="creative", size=self.failure_share, lasts=self.replaced_after, times=self.failures),
        )
        return tuple(card for card in (*usual, *self.cards) if card.at or card.times)
