"""What the campaigns cost and what the ad platforms say it brought: clicks first, money follows exactly.

Whole clicks times a whole price in fen is the spend, so cost per click and display's split hold to the fen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sample_data import plan
from sample_data.plan import Campaign, Flags, Floats, Ints, PaidChannel, Rng


@dataclass(frozen=True, kw_only=True)
class ChannelDays:
    """A paid channel's days in one campaign. `expected` (CNY) is the curve's revenue, free of noise."""

    clicks: Ints
    price: Ints
    expected: Floats
    attributed: Ints


@dataclass(frozen=True, kw_only=True)
class SpendRow:
    """One day of one creative and audience. Money in fen."""

    campaign: Campaign
    day: int
    channel: PaidChannel
    creative: str
    audience: str | None
    spend: int
    impressions: int
    clicks: int
    conversions: int
    attributed: int


@dataclass(frozen=True, kw_only=True)
class Spending:
    """All rows of the spend report, with what the truth needs to know of the current campaign."""

    rows: list[SpendRow]
    total: int
    expected: dict[str, float]


def spend_money(users: int, rng: Rng) -> Spending:
    """Run the paid channels through the three campaigns at the scale of so many users."""
    rows: list[SpendRow] = []
    expected: dict[str, float] = {}
    for campaign in plan.CAMPAIGNS:
        for channel in plan.PAID:
            days = channel_days(users, campaign, channel, rng)
            rows += report(campaign, channel, days, rng)
            if campaign is plan.CURRENT:
                expected[channel.name] = float(days.expected.sum())
    rows.sort(key=lambda row: (row.campaign.year, row.day))
    total = sum(row.spend for row in rows if row.campaign is plan.CURRENT)
    return Spending(rows=rows, total=total, expected=expected)


def channel_days(users: int, campaign: Campaign, channel: PaidChannel, rng: Rng) -> ChannelDays:
    """Clicks bought, their price, and the revenue that the channel's curve gives for them."""
    over, under = plan.SURGE_PRICE
    price = np.where(campaign.surges, channel.click_price * over // under, channel.click_price)
    planned = channel.daily * users / 1_000 * campaign.spend * plan.SPENDING * wobble(campaign.surges, rng)
    step = plan.LOW_INTENT_SPEND[1] if None not in channel.audiences else 1
    clicks = np.rint(planned * 100 / price / step).astype(np.int64) * step
    ceiling, half_saturation = channel.curve(users)
    effective = clicks * channel.click_price / 100  # spend at usual prices: a surge buys fewer clicks
    effect = np.array([plan.PHASE_EFFECT[phase] for phase in campaign.phases])
    expected = effect * ceiling * effective / (half_saturation + effective)
    noise = np.exp(plan.REVENUE_NOISE * rng.standard_normal(len(price)) - plan.REVENUE_NOISE**2 / 2)
    attributed = np.rint(100 * expected * noise).astype(np.int64)
    return ChannelDays(clicks=clicks, price=price, expected=expected, attributed=attributed)


def wobble(surges: Flags, rng: Rng) -> Floats:
    """How far each day's spend is off its plan; some days are dark, and the surge goes to plan."""
    off = np.exp(plan.SPEND_SPREAD * rng.standard_normal(plan.CAMPAIGN_DAYS))
    dark = rng.random(plan.CAMPAIGN_DAYS) < plan.DARK_DAYS
    return np.where(surges, 1.0, np.where(dark, 0.0, np.clip(off, *plan.SPEND_BOUNDS)))


def report(campaign: Campaign, channel: PaidChannel, days: ChannelDays, rng: Rng) -> list[SpendRow]:
    """The channel's days as the rows of a spend report, split by creative or audience."""
    parts = [(creative, audience) for creative in channel.creatives for audience in channel.audiences]
    quality = [plan.LOW_INTENT_FACTOR if audience == "low_intent" else 1.0 for _, audience in parts]
    working = np.array([working_share(campaign, creative) for creative, _ in parts]).T
    clicks = split_clicks(days.clicks, channel, rng)
    # A trace of a click lets revenue fall on a sibling even when only the broken creative was clicked.
    attributed = split_exactly(days.attributed, (clicks + 1e-6) * quality * working)
    conversions = np.minimum(clicks, rng.poisson(attributed / plan.TYPICAL_ORDER))
    shown = clicks / channel.click_rate * np.exp(0.05 * rng.standard_normal(clicks.shape))
    return [
        SpendRow(
            campaign=campaign,
            day=day,
            channel=channel,
            creative=creative,
            audience=audience,
            spend=int(clicks[day, part] * days.price[day]),
            impressions=int(shown[day, part]),
            clicks=int(clicks[day, part]),
            conversions=int(conversions[day, part]),
            attributed=int(attributed[day, part]),
        )
        for day in range(plan.CAMPAIGN_DAYS)
        for part, (creative, audience) in enumerate(parts)
    ]


def split_clicks(clicks: Ints, channel: PaidChannel, rng: Rng) -> Ints:
    """A day's clicks by part: audiences in their fixed shares, creatives evenly but for chance."""
    if None not in channel.audiences:
        low, whole = plan.LOW_INTENT_SPEND
        return np.column_stack([clicks // whole * low, clicks // whole * (whole - low)])
    evenly = np.full(len(channel.creatives), 1 / len(channel.creatives))
    return rng.multinomial(clicks, evenly).astype(np.int64)


def split_exactly(totals: Ints, weights: Floats) -> Ints:
    """Whole parts in proportion to the weights of each row, adding up to the row's total."""
    edges = np.cumsum(weights, axis=1) / weights.sum(axis=1, keepdims=True)
    upto: Ints = np.rint(edges * totals[:, None]).astype(np.int64)
    return np.diff(upto, axis=1, prepend=0)


def working_share(campaign: Campaign, creative: str) -> Floats:
    """For each day, the part of its traffic for which the creative's page worked."""
    whole = np.ones(plan.CAMPAIGN_DAYS)
    if campaign is plan.CURRENT and creative == plan.BROKEN_CREATIVE:
        day = campaign.dates.index(plan.BROKEN_FROM.date())
        whole[day] = plan.HOURS[: plan.BROKEN_FROM.hour].sum()
        whole[day + 1 :] = 0
    return whole
