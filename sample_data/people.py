"""Who takes part, when they come, what they do and what they buy: one chunk of users at a time.

A chunk runs users -> participations (a user in a campaign) -> sessions -> events and orders. Everything is
an array with one entry per row of its level, and each level points to the one above by position.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sample_data import plan
from sample_data.plan import Flags, Floats, Ints, Rng


@dataclass(frozen=True, kw_only=True)
class Participations:
    """One entry per user and campaign. `stage` is how far the user gets: 1 cart, 2 checkout, 3 purchase."""

    user: Ints
    campaign: Ints
    device: Ints
    slow: Flags
    low_intent: Flags
    stage: Ints


@dataclass(frozen=True, kw_only=True)
class Sessions:
    """One entry per session, by user and time. `who` points into Participations."""

    who: Ints
    day: Ints
    start: Ints
    channel: Ints
    creative: Ints
    viewed: Flags
    stage: Ints
    item: Ints


@dataclass(frozen=True, kw_only=True)
class Events:
    """One entry per event, by user and time. `session` points into Sessions; -1 stands for none."""

    session: Ints
    step: Ints
    timestamp: Ints
    item: Ints
    load_ms: Ints


@dataclass(frozen=True, kw_only=True)
class Orders:
    """One entry per order. Money in fen; `session` points into Sessions; -1 stands for none."""

    user: Ints
    session: Ints
    timestamp: Ints
    paid_at: Ints
    campaign: Ints
    channel: Ints
    coupon: Ints
    revenue: Ints
    discount: Ints
    cost: Ints
    refund: Ints

    def take(self, rows: Ints) -> Orders:
        return replace(self, **{name: column[rows] for name, column in vars(self).items()})

    def join(self, other: Orders) -> Orders:
        added = vars(other)
        return replace(self, **{name: np.r_[column, added[name]] for name, column in vars(self).items()})


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Everything some neighbouring users did; users are counted from the chunk's first."""

    users: int
    people: Participations
    sessions: Sessions
    events: Events
    orders: Orders


def simulate(users: int, rng: Rng) -> Chunk:
    """Live through the three campaigns and the year before them with so many users."""
    loyal = rng.random(users) < plan.LOYAL_SHARE
    people = take_part(loyal, rng)
    sessions = come(people, rng)
    events = act(people, sessions, rng)
    orders = order(people, sessions, events, rng).join(order_before(loyal, rng))
    orders = orders.take(np.lexsort((orders.timestamp, orders.user)))
    return Chunk(users=users, people=people, sessions=sessions, events=events, orders=orders)


def take_part(loyal: Flags, rng: Rng) -> Participations:
    """Decide who is in which campaign, on what device, and how far each gets if they view anything."""
    guests = [campaign.guests for campaign in plan.CAMPAIGNS]
    active = rng.random((len(loyal), len(guests))) < np.where(loyal[:, None], plan.LOYAL_ACTIVE, guests)
    active[:, -1] |= ~loyal & ~active.any(axis=1)  # so that every user appears in the files
    user, campaign = active.nonzero()
    size = len(user)
    device = draw(plan.DEVICE_SHARE, size, rng)
    slow = rng.random(size) < plan.SLOW_SHARE
    low_intent = rng.random(size) < plan.LOW_INTENT_SHARE
    cart = rng.random(size) < plan.CART_RATE[slow.astype(int), low_intent.astype(int)]
    checkout = cart & (rng.random(size) < plan.CART_TO_CHECKOUT)
    purchase = checkout & (rng.random(size) < plan.PURCHASE_RATE[device])
    return Participations(
        user=user,
        campaign=campaign,
        device=device,
        slow=slow,
        low_intent=low_intent,
        stage=np.add.reduce([cart, checkout, purchase], dtype=np.int64),
    )


def come(people: Participations, rng: Rng) -> Sessions:
    """Give every participation its sessions: when, through which channel, and what comes of them."""
    who, day, start = session_times(people, rng)
    size = len(who)
    campaign = people.campaign[who]
    channel = draw_by(CHANNEL_MIX, 2 * campaign + people.low_intent[who], rng)
    creative = pick_creative(channel, rng)
    broken = (creative == plan.CREATIVES.index(plan.BROKEN_CREATIVE)) & (start >= BROKEN_FROM)
    viewed = (rng.random(size) < plan.SESSION_VIEWS) & ~broken
    return Sessions(
        who=who,
        day=day,
        start=start,
        channel=channel,
        creative=creative,
        viewed=viewed,
        stage=session_stage(people.stage[who], who, day, viewed, rng),
        item=draw(plan.ITEM_SHARE, size, rng),
    )


def session_times(people: Participations, rng: Rng) -> tuple[Ints, Ints, Ints]:
    """Participation, day of the campaign and start of each session, in order of user and time."""
    size = len(people.user)
    count = np.minimum(rng.geometric(plan.SESSIONS_STOP, size), plan.MAX_SESSIONS)
    who = np.repeat(np.arange(size), count)
    day = draw_by(CROWD, people.campaign[who], rng)
    hour = draw(plan.HOURS, len(who), rng)
    hour -= (day == plan.CAMPAIGN_DAYS - 1) & (hour == 23)  # a session ends before its campaign does
    minute = rng.integers(plan.HOUR // plan.MILLISECOND, size=len(who)) * plan.MILLISECOND
    start = STARTS[people.campaign[who]] + day * plan.DAY + hour * plan.HOUR + minute
    by_time = np.lexsort((start, who))
    day, start = day[by_time], start[by_time]
    # Two starts within an hour are one session, which also keeps sessions from overlapping.
    apart = np.r_[True, (np.diff(who) != 0) | (np.diff(start) >= plan.HOUR)]
    return who[apart], day[apart], start[apart]


def pick_creative(channel: Ints, rng: Rng) -> Ints:
    """One of the channel's creatives, each as likely; -1 where the channel has none."""
    paid = channel < len(plan.PAID)
    known = np.where(paid, channel, 0)
    pick = (rng.random(len(channel)) * plan.CREATIVE_COUNT[known]).astype(np.int64)
    return np.where(paid, plan.FIRST_CREATIVE[known] + pick, -1)


def session_stage(reach: Ints, who: Ints, day: Ints, viewed: Flags, rng: Rng) -> Ints:
    """How far each session goes: one viewing session as far as its user gets, the others now and then.

    The session is drawn with the days' appetite for buying as its weight (Efraimidis and Spirakis 2006:
    the largest of u ** (1 / weight)). No session goes further than its user, so rates over users hold.
    """
    key = np.where(viewed, rng.random(len(who)) ** (1 / plan.BUYING[day]), -1.0)
    first = np.flatnonzero(np.r_[True, np.diff(who) != 0])
    best = np.repeat(np.maximum.reduceat(key, first), np.diff(np.r_[first, len(who)]))
    again = rng.random(len(who))
    buys_again = (reach == 3) & (again < plan.REPEAT_PURCHASE)
    carts_again = (reach > 0) & (reach < 3) & (again < plan.REPEAT_CART)
    return np.select([~viewed, key == best, buys_again, carts_again], [0, reach, 3, 1])


def act(people: Participations, sessions: Sessions, rng: Rng) -> Events:
    """Play out every session's events in order, seconds to minutes apart."""
    counts = step_counts(people, sessions, rng)
    per_session = counts.sum(axis=1)
    session = np.repeat(np.arange(len(per_session)), per_session)
    step = np.repeat(np.tile(np.arange(len(plan.EVENTS)), len(counts)), counts.ravel())
    return Events(
        session=session,
        step=step,
        timestamp=sessions.start[session] + since_start(per_session, rng),
        item=event_items(step, sessions.item[session], rng),
        load_ms=load_times(step, people.slow[sessions.who[session]], rng),
    )


def step_counts(people: Participations, sessions: Sessions, rng: Rng) -> Ints:
    """How often each session does each step; columns in the order in which the steps happen."""
    size = len(sessions.who)
    counts = np.zeros((size, len(plan.EVENTS)), dtype=np.int64)
    views = np.minimum(rng.geometric(plan.VIEWS_STOP, size), plan.MAX_VIEWS)
    counts[:, plan.VISIT] = 1
    counts[:, plan.SEARCH] = sessions.viewed & (rng.random(size) < plan.SESSION_SEARCHES)
    counts[:, plan.VIEW] = np.where(sessions.viewed, views, 0)
    for name, share in plan.SIDE_STEPS.items():
        counts[:, plan.EVENTS.index(name)] = sessions.viewed & (rng.random(size) < share)
    node = sessions.viewed & (rng.random(size) < plan.NODE_STEPS)
    for name, phase in plan.NODE_PHASE.items():
        in_phase = np.array(plan.CURRENT.phases)[sessions.day] == phase
        counts[:, plan.EVENTS.index(name)] = node & in_phase
    for reached, step in enumerate((plan.CART, plan.CHECKOUT, plan.PURCHASE), start=1):
        counts[:, step] = sessions.stage >= reached
    return counts


def since_start(per_session: Ints, rng: Rng) -> Ints:
    """Microseconds from a session's start to each of its events, to the millisecond."""
    pause = plan.PAUSE_MEDIAN * np.exp(plan.PAUSE_SPREAD * rng.standard_normal(per_session.sum()))
    steps = (np.clip(pause, *plan.PAUSE_BOUNDS) * 1_000).astype(np.int64) * plan.MILLISECOND
    clock: Ints = np.cumsum(steps)
    first: Ints = np.cumsum(per_session) - per_session
    return clock - np.repeat(clock[first], per_session)


def event_items(step: Ints, chosen: Ints, rng: Rng) -> Ints:
    """The last item viewed is the one a session favours, shares and buys; the earlier ones are any."""
    any_item = draw(plan.ITEM_SHARE, len(step), rng)
    earlier_view = (step == plan.VIEW) & np.r_[step[1:] == plan.VIEW, False]
    return np.where(np.isin(step, ITEM_STEPS), np.where(earlier_view, any_item, chosen), -1)


def load_times(step: Ints, slow: Flags, rng: Rng) -> Ints:
    """Milliseconds a page took to load; a user's item pages are all above SLOW_MS or all below it."""
    spread = rng.beta(2, 5, len(step))
    fast_page = 300 + spread * (plan.SLOW_MS - 400)
    slow_page = plan.SLOW_MS + 100 + spread * 5_000
    milliseconds = np.where((step == plan.VIEW) & slow, slow_page, fast_page).astype(np.int64)
    return np.where(np.isin(step, PAGE_STEPS), milliseconds, -1)


def order(people: Participations, sessions: Sessions, events: Events, rng: Rng) -> Orders:
    """The orders of the campaigns: created at checkout, paid at purchase or not at all."""
    checkouts = np.flatnonzero(events.step == plan.CHECKOUT)
    session = events.session[checkouts]
    paid = sessions.stage[session] == 3
    kept = paid | (rng.random(len(session)) < plan.UNPAID_ORDER)
    checkouts, session, paid = checkouts[kept], session[kept], paid[kept]
    who = sessions.who[session]
    # A purchase is the event right after its checkout.
    payment = events.timestamp[np.minimum(checkouts + 1, len(events.timestamp) - 1)]
    return priced(
        user=people.user[who],
        session=session,
        timestamp=events.timestamp[checkouts],
        paid_at=np.where(paid, payment, -1),
        campaign=people.campaign[who],
        channel=sessions.channel[session],
        item=sessions.item[session],
        rng=rng,
    )


def order_before(loyal: Flags, rng: Rng) -> Orders:
    """The orders of the year before the first campaign, by which loyal users are known."""
    size = len(loyal)
    more = np.minimum(rng.geometric(plan.HISTORY_STOP, size) - 1, plan.MAX_HISTORY - plan.LOYAL_PAID_ORDERS)
    once = rng.random(size) < plan.ONE_ORDER_BEFORE
    paid_count = np.where(loyal, plan.LOYAL_PAID_ORDERS + more, once)
    unpaid_count = (paid_count > 0) & (rng.random(size) < plan.UNPAID_BEFORE)
    user = np.repeat(np.arange(size), paid_count + unpaid_count)
    # A user's orders are in no order of time yet, so the unpaid one may as well be the first of the run.
    paid = ~(np.r_[True, np.diff(user) != 0][: len(user)] & unpaid_count[user])
    latest_payment = int(plan.PAUSE_BOUNDS[1]) * plan.SECOND
    before = rng.integers(latest_payment // 1_000 + 1, plan.HISTORY_DAYS * plan.DAY // 1_000, len(user))
    timestamp = plan.CAMPAIGNS[0].start - before * plan.MILLISECOND
    wait = rng.integers(5_000, latest_payment // 1_000, len(user)) * plan.MILLISECOND
    return priced(
        user=user,
        session=np.full(len(user), -1),
        timestamp=timestamp,
        paid_at=np.where(paid, timestamp + wait, -1),
        campaign=np.full(len(user), -1),
        channel=draw(plan.channel_mix(0, low_intent=False), len(user), rng),
        item=draw(plan.ITEM_SHARE, len(user), rng),
        rng=rng,
    )


def priced(
    *,
    user: Ints,
    session: Ints,
    timestamp: Ints,
    paid_at: Ints,
    campaign: Ints,
    channel: Ints,
    item: Ints,
    rng: Rng,
) -> Orders:
    """Put money on orders: list price, coupon, cost, and what is refunded later."""
    size = len(user)
    listed = plan.ITEM_PRICES[item] * (1 + (rng.random(size) < plan.TWO_PIECES))
    coupon = np.where(rng.random(size) < plan.COUPON_USE, rng.integers(len(plan.COUPONS), size=size), -1)
    discount = listed * np.array([*plan.COUPONS.values(), 0])[coupon] // 100
    revenue = listed - discount
    cost = np.rint(listed * rng.uniform(*plan.COST_BOUNDS, size)).astype(np.int64)
    part = np.where(rng.random(size) < plan.REFUNDED_WHOLE, 1.0, rng.uniform(0.1, 0.9, size))
    refunded = (paid_at >= 0) & (rng.random(size) < plan.REFUNDED)
    return Orders(
        user=user,
        session=session,
        timestamp=timestamp,
        paid_at=paid_at,
        campaign=campaign,
        channel=channel,
        coupon=coupon,
        revenue=revenue,
        discount=discount,
        cost=cost,
        refund=np.where(refunded, np.rint(revenue * part), 0).astype(np.int64),
    )


def draw(shares: Floats | tuple[float, ...], size: int, rng: Rng) -> Ints:
    """Positions drawn with the given shares."""
    return draw_by(np.atleast_2d(shares), np.zeros(size, dtype=np.int64), rng)


def draw_by(shares: Floats, row: Ints, rng: Rng) -> Ints:
    """Positions drawn with the shares in each one's own row of a table.

    The rows' distribution functions are laid end to end, so that one search serves them all.
    """
    width = len(shares[0])
    steps = (np.cumsum(shares, axis=1) / shares.sum(axis=1, keepdims=True))[:, :-1]
    ends = (steps + np.arange(len(shares))[:, None]).ravel()
    found: Ints = np.searchsorted(ends, row + rng.random(len(row)), side="right")
    return found - row * (width - 1)


STARTS: Ints = np.array([campaign.start for campaign in plan.CAMPAIGNS])
CROWD: Floats = np.array([campaign.crowd for campaign in plan.CAMPAIGNS])
CHANNEL_MIX: Floats = np.array(
    [plan.channel_mix(campaign, low) for campaign in range(len(plan.CAMPAIGNS)) for low in (False, True)]
)
BROKEN_FROM = plan.microseconds(plan.BROKEN_FROM)
ITEM_STEPS = [
    plan.VIEW,
    *map(plan.EVENTS.index, ("favorite", "share")),
    plan.CART,
    plan.CHECKOUT,
    plan.PURCHASE,
]
PAGE_STEPS = [plan.VISIT, plan.SEARCH, plan.VIEW, plan.CART, plan.CHECKOUT]
