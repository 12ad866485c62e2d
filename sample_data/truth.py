"""The planted truth in words and numbers, each with a definition that needs nothing but the files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from math import floor, log10
from typing import TypeVar

import numpy as np

from sample_data import plan
from sample_data.spend import Spending, split_exactly

Facts = dict[str, object]
K = TypeVar("K")
NAMES = [campaign.name for campaign in plan.CAMPAIGNS]


def campaign_facts(spending: Spending) -> Facts:
    """The 2026 campaign, in the form in which the workbench keeps campaigns; days are local and inclusive."""
    budget = round_number(spending.total / 100 / 0.85)
    phases = [
        {"kind": "phase", "version": 1, "name": name, "start": first.isoformat(), "end": last.isoformat()}
        for name, first, last in plan.CURRENT.phase_spans
    ]
    return {
        "kind": "campaign",
        "version": 2,
        "name": plan.CURRENT.name,
        "start": phases[0]["start"],
        "end": phases[-1]["end"],
        "phases": phases,
        "budget": budget,
        "margin": plan.MARGIN,
        "zone": plan.ZONE,
        "currency": plan.CURRENCY,
    }


def record_facts(spending: Spending) -> list[Facts]:
    """What people wrote down beside the files: the plan, the peak days, the tags of channels.

    The media budget is what the plan has for execution; the other stages stand beside it in their shares. A reserve
    of it is held back, the rest goes to the paid channels and phases as their spend was meant to go.
    """
    budget = int(str(campaign_facts(spending)["budget"]))
    share = plan.STAGES["execution"]
    lines = [
        line(stage, purpose, None, amount)
        for stage, purposes in plan.PURPOSES.items()
        for purpose, amount in split(round(budget * plan.STAGES[stage] / share), purposes).items()
    ]
    reserve = budget * plan.RESERVE // 100
    lines += [line("execution", channel, phase, own) for (channel, phase), own in media(budget - reserve).items()]
    lines.append(line("execution", "reserve", None, reserve))
    first, last = plan.SURGE_DATES
    days = {"name": plan.PEAK, "start": first.isoformat(), "end": last.isoformat()}
    tags = [recorded("channel-tag", channel=channel, tag=tag) for channel, tag in plan.TAGS]
    aims = (*plan.GOALS, {"name": "Revenue", "figure": "revenue", "target": revenue(budget)})
    unset = {"base": None, "lift": False, "campaign": None, "date": None}
    goals = [recorded("goal", **{**unset, **aim}) for aim in aims]
    trials = [recorded("trial", name=name, tries=tries, share=share, variant=None, start=None, end=None)
              for name, tries, share in plan.TRIALS]  # fmt: skip
    planned = [*goals, *map(task, plan.TASKS), *trials, *lessons(), forecast(budget - reserve)]
    return [*lines, recorded("calendar-day", **days), *tags, *planned]


def name_facts() -> list[Facts]:
    """What people call creatives, and those who read Chinese what is written down."""
    called = [
        recorded("display-name", column="creative", code=code, language=language, name=f"{name} {code[-1]}")
        for code in plan.CREATIVES
        for language, name in zip(("en", "zh_CN"), plan.CREATIVES_CALLED[code[:2]], strict=True)
    ]
    return called + [
        recorded("display-name", column=column, code=code, language="zh_CN", name=name)
        for column, names in plan.IN_CHINESE.items()
        for code, name in names.items()
    ]


def forecast(media_money: int) -> Facts:
    low, high = (round(media_money * bound) for bound in plan.FORECAST_BOUNDS)
    return recorded("forecast", name=plan.PLANNED, made="2026-09-06", start=None, end=None,
                    spend=media_money, revenue=round(media_money * plan.FORECAST), low=low, high=high,
                    basis="claims")  # fmt: skip


def revenue(budget: int) -> int:
    """What the campaign was to bring, of all sales: so many times its budget."""
    return round_number(plan.REVENUE_PER_BUDGET * budget)


def task(told: tuple[str, str, str, str | None]) -> Facts:
    stage, name, who, done = told
    return recorded("task", name=name, stage=stage, due=None, who=who, done=done, campaign=None)


def lessons() -> list[Facts]:
    before, now = plan.CAMPAIGNS[-2].name, plan.CURRENT.name
    carried = [recorded("lesson", learnt=told, campaign=before, next=now, evidence=why) for told, why in plan.LESSONS]
    return [*carried, recorded("lesson", learnt=plan.KEPT, campaign=now, next=None, evidence=plan.SHOWN)]


def media(amount: int) -> dict[tuple[str, str], int]:
    """So many yuan over the paid channels and phases, as each channel's spend was planned day by day."""
    phase = plan.CURRENT.phases
    weights = {
        (channel.name, name): channel.daily * float(sum(plan.SPENDING[[own == name for own in phase]]))
        for channel in plan.PAID
        for name, _, _ in plan.CURRENT.phase_spans
    }
    return split(amount, weights)


def split(amount: int, weights: Mapping[K, float]) -> dict[K, int]:
    """Whole parts of an amount in proportion to weights, adding up to it."""
    parts = split_exactly(np.array([amount]), np.array([list(weights.values())], dtype=float))[0]
    return dict(zip(weights, parts.tolist(), strict=True))


def line(stage: str, purpose: str, phase: str | None, amount: int) -> Facts:
    return recorded("plan-line", stage=stage, line=purpose, phase=phase, amount=amount)


def recorded(kind: str, **fields: object) -> Facts:
    return {"kind": kind, "version": 1, **fields}


def planted_truth(users: int, spending: Spending) -> Facts:
    """Every planted fact by name: its definition and its value."""
    return {
        "browse_to_cart": browse_to_cart(),
        "android_checkout_to_purchase": android_checkout_to_purchase(),
        "slow_pages": slow_pages(),
        "response_curves": response_curves(users, spending),
        "low_intent_spend": low_intent_spend(),
        "fatigue": fatigue(),
        "broken_creative": broken_creative(),
        "surge": surge(),
        "private_domain": private_domain(),
    }


def browse_to_cart() -> Facts:
    return {
        "definition": (
            "Of the users with a view event in campaign 'Double 11 2026', the share with a cart event in "
            f"that campaign after one of those views and within {plan.CONVERSION_WINDOW_DAYS} days of it."
        ),
        "value": plan.BROWSE_TO_CART,
    }


def android_checkout_to_purchase() -> Facts:
    return {
        "definition": (
            "Among users who in campaign 'Double 11 2026' do view, then cart, then checkout, all within "
            f"{plan.CONVERSION_WINDOW_DAYS} days of that view: the share who then purchase within the same "
            f"{plan.CONVERSION_WINDOW_DAYS} days, on device android, divided by that share on all other "
            "devices together. A user has one device in a campaign."
        ),
        "value": plan.ANDROID_FACTOR,
        "rates": {
            "android": round(plan.CHECKOUT_TO_PURCHASE * plan.ANDROID_FACTOR, 4),
            "others": plan.CHECKOUT_TO_PURCHASE,
        },
        "population": {"cart_to_checkout": plan.CART_TO_CHECKOUT, "android_share": plan.DEVICE_SHARE[0]},
    }


def slow_pages() -> Facts:
    return {
        "definition": (
            "The browse_to_cart rate of users whose view events in 'Double 11 2026' have load_ms above "
            f"{plan.SLOW_MS}, divided by that of users whose view events have load_ms of {plan.SLOW_MS} or "
            "less. A user's views in a campaign are all slow or all fast."
        ),
        "value": plan.SLOW_FACTOR,
        "population": {"slow_share_of_viewing_users": plan.SLOW_SHARE},
    }


def response_curves(users: int, spending: Spending) -> Facts:
    channels: Facts = {}
    for channel in plan.PAID:
        ceiling, half_saturation = channel.curve(users)
        channels[channel.name] = {
            "ceiling": ceiling,
            "half_saturation": half_saturation,
            "contribution": round(spending.expected[channel.name], 2),
        }
    return {
        "definition": (
            "A paid channel's attributed_revenue of a day (its rows of that day added up) is "
            "phase_multiplier x ceiling x s / (half_saturation + s) x noise, s being the channel's spend "
            "of the day in CNY, divided by 1.25 on 2026-11-10 and 2026-11-11; the noise is log-normal "
            "with mean 1 and the given sigma, independent by channel and day. Ceilings are per day. "
            "Earlier campaigns follow the same curves. contribution is the revenue without noise, added "
            "up over the days of 'Double 11 2026'."
        ),
        "value": {
            "phase_multiplier": plan.PHASE_EFFECT,
            "noise_sigma": plan.REVENUE_NOISE,
            "channels": channels,
        },
        "saturated": {
            "definition": (
                "On 2026-11-11 this channel's spend is more than 4 times its half_saturation, and by its "
                "curve one more yuan spent that day brings less than half a yuan."
            ),
            "value": "paid_search",
        },
        "starved": {
            "definition": (
                "This channel's spend is below half of its half_saturation on every day, and at its mean "
                "daily spend in each phase of 'Double 11 2026' its curve is the steepest of all channels."
            ),
            "value": "mid_kol",
        },
    }


def low_intent_spend() -> Facts:
    low, whole = plan.LOW_INTENT_SPEND
    return {
        "definition": (
            "Of the spend of channel display in 'Double 11 2026', the share in rows with audience "
            "low_intent; exact, on every day. The rest is high_intent."
        ),
        "value": low / whole,
        "conversion_ratio": {
            "definition": (
                "The browse_to_cart rate of viewing users with a visit of audience low_intent in 'Double 11 "
                "2026', divided by that of viewing users with a visit of audience high_intent. No user has "
                "both."
            ),
            "value": plan.LOW_INTENT_FACTOR,
        },
    }


def fatigue() -> Facts:
    return {
        "definition": (
            f"Loyal users have {plan.LOYAL_PAID_ORDERS} or more orders with paid_at before the start of "
            "'Double 11 2024' (2024-09-21 in Asia/Shanghai, 2024-09-20 16:00 UTC). Of them, the share "
            "with at least one event in each campaign."
        ),
        "value": dict(zip(NAMES, plan.LOYAL_ACTIVE, strict=True)),
        "population": {"loyal_share_of_users": plan.LOYAL_SHARE},
    }


def broken_creative() -> Facts:
    return {
        "definition": (
            "From the given hour to the end of 'Double 11 2026', no session whose visit event has this "
            "channel and creative has a view event. Before it, such sessions have a view as often as "
            "those of the channel's other creatives."
        ),
        "value": {
            "channel": plan.BROKEN_CHANNEL,
            "creative": plan.BROKEN_CREATIVE,
            "from_local": plan.BROKEN_FROM.replace(tzinfo=None).isoformat(sep=" "),
            "from_utc": str(plan.BROKEN_FROM.astimezone(UTC).replace(tzinfo=None)),
            "view_share_before": plan.SESSION_VIEWS,
            "view_share_after": 0.0,
        },
    }


def surge() -> Facts:
    over, under = plan.SURGE_PRICE
    return {
        "definition": (
            "On 2026-11-10 and 2026-11-11 (Asia/Shanghai) spend / clicks of each paid channel is "
            "cpc_ratio times that of its other days in 'Double 11 2026', exactly; orders created per hour "
            "on these two days are at least orders_per_hour_ratio_at_least times those per hour on the "
            "campaign's other days."
        ),
        "value": {
            "days": [day.isoformat() for day in plan.SURGE_DATES],
            "cpc_ratio": over / under,
            "orders_per_hour_ratio_at_least": plan.SURGE_ORDERS_AT_LEAST,
        },
    }


def private_domain() -> Facts:
    return {
        "definition": (
            "Of the visit events of a campaign, the share with channel private_domain; value is that of "
            "'Double 11 2026'."
        ),
        "value": plan.PRIVATE_DOMAIN_VISITS[-1],
        "earlier": dict(zip(NAMES[:-1], plan.PRIVATE_DOMAIN_VISITS[:-1], strict=True)),
    }


def round_number(value: float) -> int:
    """The value to two significant digits; it is at least 1,000."""
    return int(round(value, 1 - floor(log10(value))))
