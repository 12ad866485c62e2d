"""What the sample data is made to say: every planted number, and the calendar and channels it is said with.

Money is counted in fen (hundredths of a yuan) until it is written, so that sums and shares are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Rng = np.random.Generator

MIN_USERS, MAX_USERS = 1_000, 10_000_000
ZONE, CURRENCY, MARGIN = "Asia/Shanghai", "CNY", 0.35
MILLISECOND, SECOND, HOUR, DAY = 1_000, 1_000_000, 3_600_000_000, 86_400_000_000  # in microseconds

# --- the planted truth -------------------------------------------------------------------------------

CONVERSION_WINDOW_DAYS = 7
BROWSE_TO_CART = 0.12
CART_TO_CHECKOUT = 0.75
CHECKOUT_TO_PURCHASE, ANDROID_FACTOR = 0.85, 0.70
SLOW_MS, SLOW_SHARE, SLOW_FACTOR = 3_000, 0.22, 0.60
LOW_INTENT_SHARE, LOW_INTENT_FACTOR = 0.25, 0.30
LOW_INTENT_SPEND = 4, 5  # four fifths of display's spend: a fraction, so that it can be kept exactly
LOYAL_SHARE, LOYAL_PAID_ORDERS = 0.08, 2
LOYAL_ACTIVE = 0.45, 0.365, 0.28
PRIVATE_DOMAIN_VISITS = 0.20, 0.28, 0.35
SURGE_DATES = date(2026, 11, 10), date(2026, 11, 11)
SURGE_PRICE = 5, 4
SURGE_ORDERS_AT_LEAST = 1.5
BROKEN_CHANNEL, BROKEN_CREATIVE = "short_video", "sv_c3"
BROKEN_FROM = datetime(2026, 11, 5, 10, tzinfo=ZoneInfo(ZONE))
PHASE_EFFECT = {"warm-up": 1.0, "burst": 1.6, "wrap-up": 0.8}
REVENUE_NOISE = 0.10

# --- what people wrote down --------------------------------------------------------------------------

STAGES = {"design": 25, "technology": 40, "execution": 35}  # per cent of all the money
RESERVE = 15  # per cent of what is for execution
PURPOSES = {"design": {"concept": 2, "film": 3}, "technology": {"data": 3, "interaction": 5}}
TAGS = (("live_stream", "private"), ("private_domain", "private"))
REVENUE_PER_BUDGET = 20 / 3
GOALS = (
    {"name": "Participation +30%", "figure": "participation", "target": 0.3, "lift": True},
    {"name": "Conversion +15%", "figure": "conversion", "target": 0.15, "lift": True},
    {"name": "ROI 3.5", "figure": "roi", "target": 3.5},
    {"name": "Private domain 40%", "figure": "private_share", "target": 0.4},
)
TASKS = (
    ("diagnosis", "Count the drop-offs of last year", "Lin", "2026-08-05"),
    ("diagnosis", "Ask lapsed buyers why", "Zhao", "2026-08-09"),
    ("design", "Split the budget by the curves", "Chen", "2026-08-28"),
    ("design", "Write the script of the live streams", "Zhao", "2026-09-04"),
    ("test", "Try the new checkout on Android", "Wu", "2026-09-18"),
    ("campaign", "Look at the rules every four hours on 10 and 11 November", "Lin", "2026-11-11"),
    ("review", "Write the review", "Lin", None),
    ("review", "Brief the team of the next campaign", "Chen", None),
)  # stage, what, who, when it was done
TRIALS = (("Bundle price", "price", 0.05), ("Item page by scene", "scene", 0.2))
FORECAST = 2.9680  # of the media money without the reserve: what the curves of 2025 foretold in claims,
FORECAST_BOUNDS = 2.8672, 3.0773  # and its 95% interval
KEPT = "A broken creative cost money for ten days: look at each one's views every morning"
LESSONS = (
    ("Mid-tier creators had too little: give them more before anybody else", "response curves of Double 11 2025"),
    ("Every second loyal buyer stayed away: invite them before the warm-up", "participation, 2024 to 2025"),
)
PEAK = "Singles' Day"
PLANNED = "Plan by the curves of 2025"
SHOWN = "Short video 3"
IN_CHINESE = {
    "goal": {"Private domain 40%": "私域占比 40%", "Revenue": "实收收入"},
    "task": {
        "Count the drop-offs of last year": "盘点去年的流失点",
        "Ask lapsed buyers why": "回访流失的老客，问清原因",
        "Split the budget by the curves": "按响应曲线分预算",
        "Write the script of the live streams": "写直播脚本",
        "Try the new checkout on Android": "在安卓端试新结算页",
        "Look at the rules every four hours on 10 and 11 November": "11 月 10、11 日每 4 小时看一次规则",
        "Write the review": "写复盘",
        "Brief the team of the next campaign": "给下一场活动的团队做交接",
    },
    "person": {"Lin": "小林", "Zhao": "小赵", "Chen": "小陈", "Wu": "小吴"},
    "trial": {"Bundle price": "组合价", "Item page by scene": "分场景商品页"},
    "lesson": {
        LESSONS[0][0]: "腰部达人投得太少：加钱先加给他们",
        LESSONS[1][0]: "老客有一半没来：预热前先邀请他们",
        KEPT: "一条失效素材白花了十天的钱：每天早上看一遍各素材的浏览量",
    },
    "evidence": {
        LESSONS[0][1]: "2025 年双11的响应曲线",
        LESSONS[1][1]: "2024 到 2025 年的老客参与率",
        SHOWN: "短视频素材 3",
    },
    "forecast": {PLANNED: "按 2025 年曲线定的计划"},
    "day": {PEAK: "双11高峰"},
}
"""What is written down, as it is called for readers of Chinese; the standard names need none."""
CREATIVES_CALLED = {
    "ps": ("Search ad", "搜索广告素材"), "sv": ("Short video", "短视频素材"), "ls": ("Live stream clip", "直播切片"),
    "tk": ("Top KOL's post", "头部达人内容"), "mk": ("Mid-tier KOL's post", "腰部达人内容"),
    "dp": ("Banner", "展示广告素材"), "ma": ("Marketplace ad", "电商站内素材"),
}  # fmt: skip
"""What a creative is, in English and in Chinese, by how its code begins; its number stands at the code's end."""

# Dividing by the mean of the two modifiers, which are independent of each other and of viewing at all,
# makes the expected rate over everyone who views exactly BROWSE_TO_CART. Indexed [slow, low intent].
CART_RATE: Floats = (
    BROWSE_TO_CART
    * np.outer([1, SLOW_FACTOR], [1, LOW_INTENT_FACTOR])
    / (1 - SLOW_SHARE * (1 - SLOW_FACTOR))
    / (1 - LOW_INTENT_SHARE * (1 - LOW_INTENT_FACTOR))
)

# --- the calendar ------------------------------------------------------------------------------------

PHASES = (("warm-up", (9, 21), (10, 31)), ("burst", (11, 1), (11, 11)), ("wrap-up", (11, 12), (11, 15)))
CAMPAIGN_DAYS = 56
WEEKEND = 1.15
HOURS: Floats = np.array([2.2, 1.2, .7, .5, .4, .5, 1.1, 2, 3, 4, 4.8, 5, 5.6, 5.2, 4.6, 4.4, 4.5, 4.6,
                          5.2, 6.6, 8.4, 9.2, 8, 4.6])  # fmt: skip
HOURS /= HOURS.sum()


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """One year's Double 11.

    Parameters
    ----------
    year
        The year it runs in.
    guests
        Share of the users who are not loyal that take part.
    spend
        Its spend as a part of 2026's.
    """

    year: int
    guests: float
    spend: float

    @property
    def name(self) -> str:
        return f"Double 11 {self.year}"

    @property
    def dates(self) -> list[date]:
        return [date(self.year, 9, 21) + timedelta(days=day) for day in range(CAMPAIGN_DAYS)]

    @cached_property
    def start(self) -> int:
        """Local midnight of its first day, in UTC microseconds since 1970."""
        return microseconds(datetime(self.year, 9, 21, tzinfo=ZoneInfo(ZONE)))

    @property
    def phase_spans(self) -> list[tuple[str, date, date]]:
        """Each phase with its first and last day."""
        return [(name, date(self.year, *first), date(self.year, *last)) for name, first, last in PHASES]

    @cached_property
    def phases(self) -> list[str]:
        """Each day's phase."""
        return [next(name for name, _, last in self.phase_spans if day <= last) for day in self.dates]

    @cached_property
    def surges(self) -> Flags:
        return np.array([day in SURGE_DATES for day in self.dates])

    @cached_property
    def crowd(self) -> Floats:
        """Each day's share of the visits."""
        weekend = np.array([WEEKEND if day.weekday() >= 5 else 1.0 for day in self.dates])
        weights = day_plan(warm_up=(0.55, 1.0), burst=(1.2, 2.0), eve=3.2, peak=8.0, after=0.9) * weekend
        return np.array(weights / weights.sum(), dtype=np.float64)


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970 in UTC of a moment with a zone."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def day_plan(
    *, warm_up: tuple[float, float], burst: tuple[float, float], eve: float, peak: float, after: float
) -> Floats:
    """A weight for each day of a campaign: two slopes up to the eve, 11-11 itself, and what follows."""
    slopes = np.linspace(*warm_up, 41), np.linspace(*burst, 9)
    return np.concatenate([*slopes, [eve, peak], np.full(4, after)])


CAMPAIGNS = (
    Campaign(year=2024, guests=0.20, spend=0.25),
    Campaign(year=2025, guests=0.24, spend=0.40),
    Campaign(year=2026, guests=0.85, spend=1.0),
)
CURRENT = CAMPAIGNS[-1]
BUYING: Floats = day_plan(warm_up=(1, 1), burst=(1.5, 2.0), eve=2.5, peak=5.0, after=1.0)
SPENDING: Floats = day_plan(warm_up=(0.6, 1.2), burst=(1.5, 2.1), eve=3.0, peak=5.0, after=0.8)
SPEND_SPREAD, SPEND_BOUNDS, DARK_DAYS = 0.45, (0.35, 2.5), 0.06

# --- the channels ------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class PaidChannel:
    """A channel that money is spent on.

    Parameters
    ----------
    name, creatives, audiences
        As in the files; a channel without audiences has the single audience None.
    visits
        Share of visits that come through it (for display: on average over both intents).
    click_price
        Fen a click, a multiple of 4, so that a surge price is whole fen too.
    click_rate
        Clicks per impression.
    daily, half_saturation, ceiling
        CNY a day per 1,000 users: planned spend on a day of weight 1, and the response curve.
    """

    name: str
    creatives: tuple[str, ...]
    audiences: tuple[str | None, ...] = (None,)
    visits: float
    click_price: int
    click_rate: float
    daily: float
    half_saturation: float
    ceiling: float

    def curve(self, users: int) -> tuple[float, float]:
        """Ceiling and half-saturation in CNY a day for so many users."""
        return round(self.ceiling * users / 1_000, 2), round(self.half_saturation * users / 1_000, 2)


AUDIENCES = ("low_intent", "high_intent")
PAID = (
    PaidChannel(name="paid_search", creatives=("ps_c1",), visits=0.08, click_price=200, click_rate=0.05,
                daily=14, half_saturation=10, ceiling=90),
    PaidChannel(name="short_video", creatives=("sv_c1", "sv_c2", "sv_c3", "sv_c4"), visits=0.12,
                click_price=120, click_rate=0.02, daily=12, half_saturation=25, ceiling=110),
    PaidChannel(name="live_stream", creatives=("ls_c1",), visits=0.09, click_price=160, click_rate=0.04,
                daily=14, half_saturation=30, ceiling=140),
    PaidChannel(name="top_kol", creatives=("tk_c1",), visits=0.04, click_price=240, click_rate=0.03,
                daily=12, half_saturation=15, ceiling=50),
    PaidChannel(name="mid_kol", creatives=("mk_c1",), visits=0.02, click_price=80, click_rate=0.03,
                daily=3, half_saturation=40, ceiling=260),
    PaidChannel(name="display", creatives=("dp_c1",), audiences=AUDIENCES, visits=0.075, click_price=80,
                click_rate=0.004, daily=8, half_saturation=12, ceiling=28),
    PaidChannel(name="marketplace_ads", creatives=("ma_c1",), visits=0.05, click_price=160,
                click_rate=0.03, daily=9, half_saturation=18, ceiling=90),
)  # fmt: skip
CHANNELS = (*(channel.name for channel in PAID), "private_domain", "organic")
DISPLAY, PRIVATE_DOMAIN, ORGANIC = map(CHANNELS.index, ("display", "private_domain", "organic"))
CREATIVES = tuple(creative for channel in PAID for creative in channel.creatives)
FIRST_CREATIVE: Ints = np.array([CREATIVES.index(channel.creatives[0]) for channel in PAID])
CREATIVE_COUNT: Ints = np.array([len(channel.creatives) for channel in PAID])


def channel_mix(campaign: int, low_intent: bool) -> Floats:
    """Share of visits by channel, for one campaign and one kind of user.

    The two kinds differ only in display and organic. short_video is the same for both, so the broken
    creative costs both the same views, and intent stays independent of viewing.
    """
    mix = np.array([*(channel.visits for channel in PAID), PRIVATE_DOMAIN_VISITS[campaign], 0.0])
    low, whole = LOW_INTENT_SPEND
    share, kind = (low, LOW_INTENT_SHARE) if low_intent else (whole - low, 1 - LOW_INTENT_SHARE)
    mix[DISPLAY] *= share / whole / kind
    mix[ORGANIC] = 1 - mix.sum()
    return mix


# --- what people do ----------------------------------------------------------------------------------

EVENTS = ("visit", "search", "view", "favorite", "share", "invite", "join_private", "social_seeding",
          "interactive_fission", "emotional_resonance", "cart", "checkout", "purchase")  # fmt: skip
VISIT, SEARCH, VIEW, CART, CHECKOUT, PURCHASE = map(
    EVENTS.index, ("visit", "search", "view", "cart", "checkout", "purchase")
)
NODE_PHASE = {"social_seeding": "warm-up", "interactive_fission": "burst", "emotional_resonance": "wrap-up"}
PAGES = ("home", "landing", "community", "search", "item", "invite", "cart", "checkout", "payment")
EVENT_PAGE = ("home", "search", "item", "item", "item", "invite", "community", "community", "community",
              "community", "cart", "checkout", "payment")  # fmt: skip

DEVICES = ("android", "ios", "desktop", "mini_program")
DEVICE_SHARE = 0.45, 0.30, 0.07, 0.18
PURCHASE_RATE: Floats = CHECKOUT_TO_PURCHASE * np.where(np.array(DEVICES) == "android", ANDROID_FACTOR, 1)

SESSIONS_STOP, MAX_SESSIONS = 0.40, 15
VIEWS_STOP, MAX_VIEWS = 0.45, 8
SESSION_VIEWS, SESSION_SEARCHES = 0.80, 0.25
SIDE_STEPS = {"favorite": 0.12, "share": 0.04, "invite": 0.015, "join_private": 0.02}
NODE_STEPS = 0.02
REPEAT_PURCHASE, REPEAT_CART = 0.20, 0.10
PAUSE_MEDIAN, PAUSE_SPREAD, PAUSE_BOUNDS = 18.0, 1.0, (1.0, 150.0)  # seconds between two events

ITEM_COUNT = 240
SHUFFLED: Ints = np.arange(ITEM_COUNT) * 97 % ITEM_COUNT  # so that price and popularity are not in step
ITEM_PRICES: Ints = np.geomspace(39, 1_999, ITEM_COUNT).astype(np.int64)[SHUFFLED] * 100
ITEM_SHARE: Floats = 1 / np.arange(8, 8 + ITEM_COUNT)
ITEM_SHARE /= ITEM_SHARE.sum()
TWO_PIECES = 0.15
UNPAID_ORDER = 0.60  # of the checkouts that end there, the part that leaves an unpaid order
COUPONS = {"save05": 5, "save10": 10, "save15": 15}  # per cent off
COUPON_USE = 0.35
COST_BOUNDS = 0.56, 0.68  # of the list price
REFUNDED, REFUNDED_WHOLE = 0.07, 0.60
TYPICAL_ORDER = float(ITEM_PRICES @ ITEM_SHARE) * (1 + TWO_PIECES)  # fen

HISTORY_DAYS = 365
ONE_ORDER_BEFORE, UNPAID_BEFORE, HISTORY_STOP, MAX_HISTORY = 0.04, 0.12, 0.70, 6
