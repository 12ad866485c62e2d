"""The names of things: which tables there are, their columns with type, unit and meaning, and the events.

Nobody spells a column elsewhere without it standing here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from analysis.messages import N_


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name : str
    type : {"text", "time", "number", "count"}
    meaning : str
        What it holds and in which unit, in English (translated when shown).
    required : bool
    """

    name: str
    type: str
    meaning: str
    required: bool = False

    @property
    def sql(self) -> str:
        """The column's DuckDB type."""
        return {"text": "VARCHAR", "time": "TIMESTAMP", "number": "DOUBLE", "count": "BIGINT"}[self.type]

    @property
    def arrow(self) -> Any:
        """The column's Arrow type."""
        return {
            "text": pa.string(),
            "time": pa.timestamp("us"),
            "number": pa.float64(),
            "count": pa.int64(),
        }[self.type]


_TEXT, _TIME, _NUMBER, _COUNT = "text", "time", "number", "count"

TABLES: Mapping[str, tuple[Column, ...]] = MappingProxyType(
    {
        "events": (
            Column("user_id", _TEXT, N_("who acted"), required=True),
            Column("timestamp", _TIME, N_("when, UTC"), required=True),
            Column("event", _TEXT, N_("what was done"), required=True),
            Column("session_id", _TEXT, N_("the visit it belongs to")),
            Column("campaign", _TEXT, N_("campaign name")),
            Column("channel", _TEXT, N_("where the visit came from")),
            Column("creative", _TEXT, N_("ad material that led here")),
            Column("audience", _TEXT, N_("audience package targeted")),
            Column("item", _TEXT, N_("product")),
            Column("device", _TEXT, N_("device or system")),
            Column("page", _TEXT, N_("page")),
            Column("load_ms", _NUMBER, N_("page load time in milliseconds")),
            Column("variant", _TEXT, N_("experiment variant")),
            Column("value", _NUMBER, N_("amount of the action, in the campaign's currency")),
            Column("quantity", _NUMBER, N_("how many pieces of the product")),
            Column("order_id", _TEXT, N_("the order it led to")),
        ),
        "orders": (
            Column("order_id", _TEXT, N_("order number"), required=True),
            Column("timestamp", _TIME, N_("when it was created, UTC"), required=True),
            Column("revenue", _NUMBER, N_("gross amount at creation"), required=True),
            Column("currency", _TEXT, N_("three-letter currency code"), required=True),
            Column("user_id", _TEXT, N_("who ordered")),
            Column("paid_at", _TIME, N_("when it was paid, UTC; empty if unpaid")),
            Column("status", _TEXT, N_("how it stands, such as paid, open or refunded")),
            Column("refund", _NUMBER, N_("amount refunded, not yet subtracted")),
            Column("cost", _NUMBER, N_("cost of the goods")),
            Column("discount", _NUMBER, N_("discount given")),
            Column("campaign", _TEXT, N_("campaign name")),
            Column("channel", _TEXT, N_("where the order came from")),
            Column("coupon", _TEXT, N_("coupon used")),
            Column("item", _TEXT, N_("product")),
            Column("region", _TEXT, N_("where it goes")),
        ),
        "spend": (
            Column("period_start", _TIME, N_("start of the period, UTC"), required=True),
            Column("period_end", _TIME, N_("end of the period, UTC, not included"), required=True),
            Column("channel", _TEXT, N_("advertising channel"), required=True),
            Column("spend", _NUMBER, N_("money spent"), required=True),
            Column("currency", _TEXT, N_("three-letter currency code"), required=True),
            Column("campaign", _TEXT, N_("campaign name")),
            Column("phase", _TEXT, N_("campaign phase")),
            Column("creative", _TEXT, N_("ad material")),
            Column("audience", _TEXT, N_("audience package")),
            Column("impressions", _COUNT, N_("times shown")),
            Column("clicks", _COUNT, N_("clicks")),
            Column("conversions", _NUMBER, N_("conversions the platform counts")),
            Column("attributed_revenue", _NUMBER, N_("revenue the platform attributes")),
        ),
        "controls": (
            Column("day", _TIME, N_("the day, or the first of the period, UTC"), required=True),
            Column("name", _TEXT, N_("what was measured, such as a holiday or the temperature"), required=True),
            Column("value", _NUMBER, N_("how much it was"), required=True),
        ),
    }
)

FOUND: Mapping[str, str] = MappingProxyType(
    {
        "events": N_("Export one row per action, with user, time and event: from GA4 through BigQuery, from Mixpanel, "
                     "Amplitude or PostHog as raw events, or from your own log."),
        "orders": N_("Export the orders with number, time and amount: in Shopify and WooCommerce under Orders, for "
                     "Taobao and Tmall in the seller centre under sold items."),
        "spend": N_("Export a report by day and campaign: in Google Ads and Meta Ads Manager under reports, for "
                    "Taobao, Tmall and Douyin in the ad console's reports."),
        "controls": N_("They are further columns of a table of spend by day, or a file with a day in each row and a "
                       "column for each thing measured, such as holidays, prices or the weather."),
        "load_ms": N_("Your site's performance monitoring has it; let it be written beside each page view."),
        "campaign": N_("It is the campaign's name on every row; a file of one campaign can be given it as a constant."),
        "channel": N_("It is often called source, medium or utm_source."),
        "session_id": N_("Analytics exports call it session id."),
        "user_id": N_("It has to be the same person's in every file, such as the buyer's account."),
        "paid_at": N_("Order exports call it time of payment."),
    }
)  # fmt: skip
"""Where a table, or a column, is found."""

IDENTIFIERS = ("user_id", "event", "session_id", "order_id")
"""Text columns of the events that tell one from another rather than what sort it is."""

TIME_COLUMN: Mapping[str, str] = MappingProxyType(
    {"events": "timestamp", "orders": "timestamp", "spend": "period_start", "controls": "day"}
)

SERIES_COLUMN: Mapping[str, str] = MappingProxyType(
    {"events": "channel", "orders": "channel", "spend": "channel", "controls": "name"}
)
"""The column by whose values rows of the same days are told apart where two imports have both."""

EVENTS: tuple[str, ...] = (
    N_("visit"),
    N_("view"),
    N_("search"),
    N_("favorite"),
    N_("cart"),
    N_("checkout"),
    N_("purchase"),
    N_("share"),
    N_("invite"),
    N_("join_private"),
)
"""Standard event names, in the order of a journey; other names are kept as they are."""

ORDER_STATUSES: Mapping[str, str] = MappingProxyType(
    {
        "paid": N_("paid"),
        "open": N_("not paid yet"),
        "cancelled": N_("cancelled"),
        "failed": N_("payment failed"),
        "partly_refunded": N_("partly refunded"),
        "refunded": N_("refunded"),
        "delivered": N_("delivered"),
    }
)
"""How an order stands, with its words; other statuses are kept as they are."""

NODES: tuple[str, ...] = (N_("social_seeding"), N_("interactive_fission"), N_("emotional_resonance"))
"""The nodes of a campaign plan, as events: seeding in the warm-up, fission in the burst, resonance after it."""

MARKS: tuple[str, ...] = (*NODES, "share", "invite", "join_private")
"""Events that mark a touchpoint or play of the plan, the most telling first."""

STAGES: tuple[str, ...] = (N_("reach"), N_("interest"), N_("conversion"), N_("repurchase"))
"""How far users come, in the order they pass the stages: what a lifecycle counts and a saved segment holds."""

MEMBER, OTHER = "in", "out"
MEMBERSHIP: Mapping[str, str] = MappingProxyType({MEMBER: N_("in the segment"), OTHER: N_("not in the segment")})
"""What a segment of one group says of everybody, with its words."""
STATES: tuple[str, ...] = (N_("active"), N_("at risk"), N_("lapsed"), N_("won back"))
"""Where buyers stand by how long ago they last bought: what a lifecycle's states count and a saved segment holds."""

INTENTS: tuple[str, ...] = (N_("high intent"), N_("medium intent"), N_("low intent"))
"""How likely people buy soon: what intent puts them into and a saved segment holds."""
RFM_GROUPS: tuple[str, ...] = (
    N_("champions"),
    N_("loyal"),
    N_("active"),
    N_("new"),
    N_("promising"),
    N_("needs attention"),
    N_("at risk"),
    N_("previously loyal"),
    N_("almost lost"),
    N_("dormant"),
    N_("prospects"),
)
"""Shopify's groups of customers by recency, frequency and money; prospects have not bought yet."""

VALUE_BANDS: tuple[str, ...] = (
    N_("top fifth"),
    N_("second fifth"),
    N_("third fifth"),
    N_("fourth fifth"),
    N_("bottom fifth"),
)
"""Customers by what they are expected to bring, the best first."""

NAMES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "event": MappingProxyType(
            {
                "visit": N_("visit"),
                "view": N_("product view"),
                "search": N_("search"),
                "favorite": N_("favourite"),
                "cart": N_("add to cart"),
                "checkout": N_("checkout"),
                "purchase": N_("purchase"),
                "share": N_("share"),
                "invite": N_("invite"),
                "join_private": N_("joining the private domain"),
                "social_seeding": N_("social seeding"),
                "interactive_fission": N_("interactive fission"),
                "emotional_resonance": N_("emotional resonance"),
            }
        ),
        "channel": MappingProxyType(
            {
                "private_domain": N_("private domain"),
                "organic": N_("organic"),
                "direct": N_("direct"),
                "referral": N_("referral"),
                "email": N_("e-mail"),
                "sms": N_("text message"),
                "short_video": N_("short video"),
                "live_stream": N_("live streams"),
                "paid_search": N_("paid search"),
                "display": N_("display ads"),
                "marketplace_ads": N_("marketplace ads"),
                "paid_social": N_("paid social"),
                "affiliate": N_("affiliates"),
                "top_kol": N_("top KOLs"),
                "mid_kol": N_("mid-tier KOLs"),
                "koc": N_("KOCs"),
            }
        ),
        "campaign": MappingProxyType({name: name for name in (N_("Double 11"), N_("Double 12"), N_("618"))}),
        "goal": MappingProxyType(
            {name: name for name in (N_("Participation +30%"), N_("Conversion +15%"), N_("ROI 3.5"))}
        ),
        "status": ORDER_STATUSES,
        "phase": MappingProxyType({"warm-up": N_("warm-up"), "burst": N_("burst"), "wrap-up": N_("wrap-up")}),
        "stage": MappingProxyType(
            {"design": N_("design"), "technology": N_("technology"), "execution": N_("execution")}
        ),
        "purpose": MappingProxyType(
            {
                "concept": N_("concept"),
                "film": N_("film and pictures"),
                "data": N_("data and tracking"),
                "interaction": N_("interactive pages"),
                "reserve": N_("reserve"),
            }
        ),
        "audience": MappingProxyType(
            {"high_intent": N_("high intent"), "mid_intent": N_("medium intent"), "low_intent": N_("low intent")}
        ),
        "device": MappingProxyType(
            {
                "android": N_("Android"),
                "ios": N_("iOS"),
                "mini_program": N_("mini program"),
                "desktop": N_("desktop"),
                "web": N_("web"),
            }
        ),
        "page": MappingProxyType(
            {
                "home": N_("home page"),
                "landing": N_("landing page"),
                "item": N_("product page"),
                "search": N_("search results"),
                "cart": N_("cart page"),
                "checkout": N_("checkout page"),
                "payment": N_("payment page"),
                "community": N_("community"),
                "invite": N_("invitation page"),
            }
        ),
    }
)
"""What people call the standard codes of a column, in English (translated when shown); campaigns without their year."""

DEEDS: Mapping[str, str] = MappingProxyType(
    {
        "visit": N_("visited"),
        "view": N_("viewed a product"),
        "search": N_("searched"),
        "favorite": N_("saved a favourite"),
        "cart": N_("added to cart"),
        "checkout": N_("checked out"),
        "purchase": N_("bought"),
        "share": N_("shared"),
        "invite": N_("invited somebody"),
        "join_private": N_("joined the private domain"),
        "social_seeding": N_("met social seeding"),
        "interactive_fission": N_("met interactive fission"),
        "emotional_resonance": N_("met emotional resonance"),
    }
)
"""That people did a standard event, as a verb in the past."""


def column_names(table: str, *, required: bool = False) -> tuple[str, ...]:
    """Return a table's column names in order, or only the required ones."""
    return tuple(c.name for c in TABLES[table] if c.required or not required)


# The tables' names as words, for messages.
TABLE_WORDS = (N_("events"), N_("orders"), N_("spend"), N_("controls"))


def meaning(table: str, name: str) -> str:
    """Return what a column holds, in English; a file's own column is called what it is."""
    return next((column.meaning for column in TABLES[table] if column.name == name), name)
