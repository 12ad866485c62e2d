"""Guess what a file is from its headings and a few values; a guess is only ever a proposal."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from analysis.vocabulary import TABLES, column_names
from analysis.workspace.imports.headings import plain_heading
from analysis.workspace.imports.mapping import ColumnMapping

ALIASES: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "events": {
            "user_id": ("user", "userid", "uid", "visitor_id", "distinct_id", "member_id", "用户", "用户id"),
            "timestamp": ("time", "event_time", "event_timestamp", "datetime", "date", "ts", "时间", "行为时间"),
            "event": (
                "event_name",
                "action",
                "behavior_type",
                "behaviour",
                "behavior",
                "事件",
                "行为",
                "行为类型",
            ),
            "session_id": ("session", "visit_id", "会话"),
            "campaign": ("campaign_name", "utm_campaign", "活动"),
            "channel": ("source", "utm_source", "traffic_source", "渠道", "来源"),
            "item": ("item_id", "product_id", "sku", "商品id", "商品"),
            "device": ("platform", "os", "device_type", "设备"),
            "page": ("url", "page_location", "页面"),
            "value": ("price", "amount", "event_value", "金额"),
            "order_id": ("transaction_id", "订单编号", "订单号"),
        },
        "orders": {
            "order_id": ("order", "order_number", "orderid", "订单编号", "订单号"),
            "timestamp": ("created_at", "created", "order_date", "date", "order_time", "订单创建时间", "下单时间"),
            "revenue": ("total", "order_total", "amount", "gross", "总金额", "订单金额"),
            "currency": ("currency_code", "币种"),
            "user_id": ("user", "customer_id", "buyer_id", "uid", "买家id", "用户id"),
            "paid_at": ("payment_time", "paid", "订单付款时间", "买家付款时间", "付款时间"),
            "refund": ("refund_amount", "refunded", "退款金额"),
            "discount": ("discount_amount", "优惠金额"),
            "channel": ("source", "utm_source", "渠道", "销售渠道"),
            "coupon": ("coupon_code", "discount_code", "优惠券"),
        },
        "spend": {
            "period_start": ("date", "day", "date_week", "start", "reporting_starts", "日期", "时间"),
            "period_end": ("end", "reporting_ends"),
            "channel": ("platform", "source", "media", "渠道", "平台"),
            "spend": ("ad_spend", "cost", "amount_spent", "spent", "花费", "总花费", "消耗", "消费"),
            "currency": ("currency_code", "币种"),
            "campaign": ("campaign_name", "广告系列名称", "推广计划名称", "广告计划"),
            "creative": ("ad_name", "creative_name", "创意名称", "素材名称"),
            "audience": ("ad_group_name", "adset_name", "人群"),
            "impressions": ("impr", "展现量", "展示数", "曝光量"),
            "clicks": ("link_clicks", "点击量", "点击数"),
            "conversions": ("conv", "results", "approved_conversion", "成交订单数", "转化数"),
            "attributed_revenue": ("revenue", "conversion_value", "total_complete_payment_value", "成交金额"),
        },
    }
)
"""Headings seen in exports, by table and column, lower case; `ColumnMapping` carries any correction."""


def guess(headings: Sequence[str], samples: Mapping[str, Sequence[str]], zone: str) -> ColumnMapping:
    """Propose a mapping: the table whose required columns the headings cover best."""
    found = {table: _columns(table, headings) for table in TABLES}
    table = max(TABLES, key=lambda t: _coverage(t, found[t]))
    return guess_for(table, headings, samples, zone)


def guess_for(table: str, headings: Sequence[str], samples: Mapping[str, Sequence[str]], zone: str) -> ColumnMapping:
    """Propose a mapping onto a table the analyst chose; ids that look personal are hidden."""
    columns = _columns(table, headings)
    personal = [t for t, source in columns.items() if t in ("user_id",) and _personal(samples.get(source, ()))]
    return ColumnMapping(table=table, columns=tuple(columns.items()), zone=zone, hashed=tuple(personal))


def _columns(table: str, headings: Sequence[str]) -> dict[str, str]:
    plain = {plain_heading(h): h for h in reversed(headings)}
    taken: dict[str, str] = {}
    for column in column_names(table):
        for alias in (column, *ALIASES[table].get(column, ())):
            source = plain.get(plain_heading(alias))
            if source is not None and source not in taken.values():
                taken[column] = source
                break
    return taken


def _coverage(table: str, columns: Mapping[str, str]) -> tuple[float, int]:
    required = column_names(table, required=True)
    return sum(c in columns for c in required) / len(required), len(columns)


_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"(\+?86)?1[3-9]\d{9}")


def _personal(values: Sequence[str]) -> bool:
    """Say whether most values look like an e-mail address or a mobile number."""
    hits = sum(bool(_EMAIL.fullmatch(v) or _PHONE.fullmatch(v)) for v in values)
    return bool(values) and hits > len(values) / 2


def known(heading: str) -> bool:
    """Say whether a folded heading is one that some export uses."""
    return heading in _KNOWN


_KNOWN = frozenset(
    plain_heading(alias)
    for columns in ALIASES.values()
    for column, aliases in columns.items()
    for alias in (column, *aliases)
)
