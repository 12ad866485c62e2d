"""Guess what a file is from its headings and a few values; a guess is only ever a proposal."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from analysis.imports.columns.headings import heading_currency, plain_heading, sign_currency
from analysis.imports.columns.mapping import MONTH, ColumnMapping
from analysis.imports.columns.personal import is_personal
from analysis.imports.columns.wide import Media, media, outcome_delays, outcomes, step_delays
from analysis.imports.file.read import Scratch
from analysis.imports.file.structure import currency, period
from analysis.imports.formats import Format, formats
from analysis.imports.rows.clean import WHOLE, item
from analysis.messages import Message, Names, say
from analysis.vocabulary import TABLES, TIME_COLUMN, column_names

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
                "动作",
            ),
            "session_id": ("session", "visit_id", "会话"),
            "campaign": ("campaign_name", "utm_campaign", "活动"),
            "channel": ("source", "utm_source", "traffic_source", "渠道", "来源"),
            "item": ("item_id", "product_id", "sku", "商品id", "商品"),
            "device": ("platform", "os", "device_type", "设备", "端"),
            "variant": ("version", "experiment_group", "test_group", "ab_group", "bucket", "分组", "实验分组"),
            "page": ("url", "page_location", "页面"),
            "value": ("price", "amount", "event_value", "金额"),
            "order_id": ("transaction_id", "订单编号", "订单号"),
        },
        "orders": {
            "order_id": ("order", "order_number", "orderid", "订单编号", "订单号"),
            "timestamp": ("created_at", "created", "order_date", "date", "order_time", "订单创建时间", "下单时间"),
            "revenue": ("total", "order_total", "amount", "gross", "总金额", "订单金额", "实付金额"),
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

EVENT_ALIASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "visit": ("session_start", "first_visit", "访问", "进店"),
        "view": (
            "view_item", "product_view", "product_viewed", "view_product", "view_content", "detail_view", "pv",
            "page_view", "浏览商品", "商品浏览", "浏览",
        ),
        "search": ("view_search_results", "product_search", "搜索"),
        "favorite": ("fav", "favourite", "add_to_wishlist", "wishlist", "collect", "收藏"),
        "cart": ("add_to_cart", "add_cart", "cart_add", "product_added", "加购", "加入购物车"),
        "checkout": ("begin_checkout", "checkout_started", "start_checkout", "initiate_checkout", "结算"),
        "purchase": ("order_completed", "complete_payment", "buy", "payment", "pay", "购买", "支付", "付款", "成交"),
        "share": ("分享",),
        "invite": ("邀请",),
        "join_private": ("进私域",),
    }
)  # fmt: skip
"""Event names seen in logs, by standard event, the most telling first."""
_EVENT_NAMES = 200
AMOUNT = {"orders": "revenue", "spend": "spend"}
"""The amount of money that a table is about."""


@dataclass(frozen=True, slots=True)
class Guess:
    """What a column was taken to be: how sure that is, from 0 to 1, and why."""

    column: str
    heading: str
    confidence: float
    reason: Message


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a file was taken for.

    Parameters
    ----------
    format : str
        The platform's export; empty where none fits.
    grade : str
        Evidence behind the format: A, B or C; empty where none fits.
    mapping : ColumnMapping
    guesses : tuple of Guess
    hints : tuple of Message
        What else the file seems to hold.
    """

    format: str
    grade: str
    mapping: ColumnMapping
    guesses: tuple[Guess, ...]
    hints: tuple[Message, ...] = ()


def recognise(scratch: Scratch, samples: Mapping[str, Sequence[str]], zone: str) -> Recognition:
    """Propose what a table is: the format with the most telling headings, else a guess for each column."""
    found = _format(scratch, samples)
    if found is None or found.table not in TABLES:
        guessed = guess_for(_table(scratch, samples), scratch, samples, zone)
        return guessed if found is None else replace(guessed, format=found.name, grade=found.grade)
    columns = _of_format(found, scratch.headings)
    sure = {"A": 0.99, "B": 0.95, "C": 0.85}[found.grade]
    reason = say("named so in exports of {format}", format=found.name)
    guesses = tuple(Guess(column, heading, sure, reason) for column, heading in columns.items())
    mapping = ColumnMapping(
        table=found.table,
        columns=tuple(columns.items()),
        zone="UTC" if any("(in UTC)" in h for h in scratch.headings) else zone,
        events=tuple((code.casefold(), event) for code, event in found.events.items()),
        only=tuple(_window(scratch, _present(found.choose, scratch.headings)).items()),
        lines=found.lines,
        identified=_present(found.identified, scratch.headings),
        day_first=found.day_first,
        end_included=found.end_included,
        first_day=_first_day(scratch, found, columns),
        spread=tuple((h, e) for name, e in found.spread.items() if (h := _present(name, scratch.headings))),
        delays=tuple(_delays(scratch, found, columns).items()),
    )
    return Recognition(found.name, found.grade, _finished(mapping, scratch, samples, found), guesses)


def _table(scratch: Scratch, samples: Mapping[str, Sequence[str]]) -> str:
    """Choose the table most of whose required columns are there; channels beside each other are spend."""
    found = {table: _columns(table, scratch.headings) for table in TABLES}
    best = max(TABLES, key=lambda t: _coverage(t, found[t]))
    if not any(found.values()) and _only(samples, (), _money):
        return "spend"
    if {"user_id", "order_id"} & {*found["events"], *found["orders"]} or "spend" in found["spend"]:
        return best
    return "spend" if _media(scratch, samples) else best


def guess_for(table: str, scratch: Scratch, samples: Mapping[str, Sequence[str]], zone: str) -> Recognition:
    """Propose a mapping onto a table the analyst chose, column by column."""
    columns = _columns(table, scratch.headings)
    guesses = [Guess(c, h, *_why(c, h)) for c, h in columns.items()]
    time = TIME_COLUMN[table]
    if time not in columns and (heading := _only(samples, columns.values(), _dated)):
        columns[time] = heading
        guesses.append(Guess(time, heading, 0.6, say("the only column whose values are times")))
    amount = AMOUNT.get(table)
    if amount and amount not in columns and (heading := _only(samples, columns.values(), _money)):
        columns[amount] = heading
        guesses.append(Guess(amount, heading, 0.6, say("the only column whose values are amounts of money")))
    mapping = ColumnMapping(table=table, columns=tuple(columns.items()), zone=zone)
    found = Recognition("", "", mapping, tuple(guesses))
    if table == "spend":
        found = _with_window(found, scratch)
    if table == "orders":
        found = _with_lines(found, scratch)
    found = {"events": _with_outcomes, "orders": _with_revenue, "spend": _with_media}[table](found, scratch, samples)
    found = _with_event_names(found, scratch)
    return replace(found, mapping=_finished(found.mapping, scratch, samples, None))


def _with_window(found: Recognition, scratch: Scratch) -> Recognition:
    """Propose one attribution window where a column names several."""
    named = (h for h in scratch.headings if h not in dict(found.mapping.columns).values())
    heading = next((h for h in named if _WINDOW.search(plain_heading(h))), None)
    only = _window(scratch, heading)
    proposed = found.mapping.replace(only=only)
    if heading is None or not only or not _repeats(proposed, scratch, heading):
        return found
    hint = say("The same spend stands once for each {heading}: only the longest is kept.", heading=heading)
    return replace(found, mapping=proposed, hints=(*found.hints, hint))


def _repeats(proposed: ColumnMapping, scratch: Scratch, heading: str) -> bool:
    """Say whether the same spend stands once per window: of ad sets with windows of their own, each has its spend."""
    spent = dict(proposed.columns).get("spend")
    if spent is None:
        return False
    amount, window = (f"c{scratch.headings.index(h)}::VARCHAR" for h in (spent, heading))
    several, alike = scratch.con.execute(
        f"SELECT count(*), count_if(low = high) FROM (SELECT min({amount}) AS low, max({amount}) AS high "
        f"FROM {scratch.table} WHERE mark IS NULL GROUP BY {item(scratch, proposed)} "
        f"HAVING count(DISTINCT {window}) > 1)"
    ).fetchall()[0]
    return bool(several) and alike >= 0.9 * several


def _with_lines(found: Recognition, scratch: Scratch) -> Recognition:
    """Propose that lines of one order are one: the amount is the order's where all its lines have the same."""
    columns = dict(found.mapping.columns)
    if not {"order_id", "revenue"} <= columns.keys():
        return found
    order, amount = (f"trim(c{scratch.headings.index(columns[c])}::VARCHAR)" for c in ("order_id", "revenue"))
    several, alike = scratch.con.execute(
        f"SELECT count(*), count_if(low = high) FROM (SELECT min({amount}) AS low, max({amount}) AS high "
        f"FROM {scratch.table} WHERE mark IS NULL AND {order} <> '' GROUP BY {order} HAVING count(*) > 1)"
    ).fetchall()[0]
    if not several:
        return found
    lines = "first" if alike == several else "sum"
    hint = (
        say("Orders with several lines have the same amount on each: it counts once for each order.")
        if lines == "first"
        else say("Orders with several lines have an amount on each: they are added up to one order.")
    )
    return replace(found, mapping=found.mapping.replace(lines=lines), hints=(*found.hints, hint))


def _only(
    samples: Mapping[str, Sequence[str]], taken: Iterable[str], looks: Callable[[Sequence[str]], bool]
) -> str | None:
    """Return the heading of the only column, besides those taken, whose values look so."""
    found = [heading for heading in samples if heading not in set(taken) and looks(samples[heading])]
    return found[0] if len(found) == 1 else None


def _why(column: str, heading: str) -> tuple[float, Message]:
    if plain_heading(column) == plain_heading(heading):
        return 0.95, say("has the same name")
    return 0.8, say("other exports name it so")


# ---- formats ----------------------------------------------------------------------------------------------


def _format(scratch: Scratch, samples: Mapping[str, Sequence[str]]) -> Format | None:
    if scratch.headerless:
        return next((f for f in formats() if f.headerless and _shaped(f, scratch.headings, samples)), None)
    plain = {plain_heading(h) for h in scratch.headings}
    scores = {f: _score(f, plain) for f in formats()}
    best = max(scores, key=lambda f: scores[f])
    return best if scores[best] else None


def _score(format: Format, plain: set[str]) -> int:
    telling = {plain_heading(h) for h in format.telling}
    if not telling or any(plain_heading(h) in plain for h in format.never):
        return 0
    if format.exactly:
        others = {plain_heading(h) for names in format.columns.values() for h in names}
        return len(telling) if telling <= plain <= telling | others else 0
    hits = len(telling & plain)
    return hits if hits >= format.least else 0


def _shaped(format: Format, headings: Sequence[str], samples: Mapping[str, Sequence[str]]) -> bool:
    looks = {"id": r"\d{1,20}", "epoch": r"1\d{9}(\d{3})?", "event": "|".join(format.events)}
    return len(headings) == len(format.headerless) and all(
        samples[heading] and all(re.fullmatch(looks[kind], v.strip()) for v in samples[heading])
        for heading, kind in zip(headings, format.headerless, strict=True)
    )


def _of_format(format: Format, headings: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for column, names in format.columns.items():
        heading = next((h for name in names if (h := _present(name, headings))), None)
        if heading is not None and heading not in found.values():
            found[column] = heading
    return found


def _present(name: str | None, headings: Sequence[str]) -> str | None:
    """Return the heading that is `name`: to the letter, else folded."""
    if name is None:
        return None
    exact = next((h for h in headings if h.strip() == name), None)
    return exact or next((h for h in headings if plain_heading(h) == plain_heading(name)), None)


_WINDOW = re.compile(r"(转化|归因)(周期|窗口|时间窗)|(attribution|conversion)(window|setting|model)s?")


def _window(scratch: Scratch, heading: str | None) -> dict[str, str]:
    """Choose the longest of several attribution windows, each of which repeats the same spend."""
    if heading is None:
        return {}
    place = f"c{scratch.headings.index(heading)}"
    query = f"SELECT DISTINCT trim({place}::VARCHAR) FROM {scratch.table} WHERE {place} IS NOT NULL LIMIT 1000"
    found = [str(row[0]) for row in scratch.con.execute(query).fetchall()]
    days = {v: int(m[0]) for v in found if (m := re.search(r"\d{1,4}", v))}
    days |= {v: 100_000 for v in found if v not in days and re.search(WHOLE, v)}
    days |= {v: 0 for v in found if v and v not in days}  # a model, such as last click
    return {heading: max(sorted(days), key=lambda v: days[v])} if len(days) > 1 else {}


def _delays(scratch: Scratch, format: Format, columns: Mapping[str, str]) -> dict[str, str]:
    if format.steps is None:
        return dict(format.delays)
    heading = _present(format.steps, scratch.headings)
    return step_delays(scratch, heading) if heading and "timestamp" not in columns else {}


def _first_day(scratch: Scratch, format: Format, columns: Mapping[str, str]) -> str | None:
    if format.nth_day is None or plain_heading(columns.get("period_start", "")) != plain_heading(format.nth_day):
        return None
    days = period(scratch.above)
    return days[0].isoformat() if days else None


# ---- tables of another shape ------------------------------------------------------------------------------


def _media(scratch: Scratch, samples: Mapping[str, Sequence[str]]) -> Media | None:
    columns = _columns("spend", scratch.headings)
    time = columns.get("period_start") or _only(samples, (), _dated)
    return media(scratch, samples, time) if time and "spend" not in columns and "channel" not in columns else None


def _with_media(found: Recognition, scratch: Scratch, samples: Mapping[str, Sequence[str]]) -> Recognition:
    """Propose that columns of spend, one for each channel, become rows."""
    if (wide := _media(scratch, samples)) is None:
        return found
    sure, why = (0.6, say("its heading names a channel")) if wide.telling else (0.4, say("numbered beside a date"))
    columns = {c: h for c, h in found.mapping.columns if h not in wide.spread and h != wide.revenue}
    kept = tuple(g for g in found.guesses if g.column in columns)
    hint = say(
        "{heading} looks like the revenue of each row. To keep it, import the file once more, as orders.",
        heading=wide.revenue,
    )
    return replace(
        found,
        mapping=found.mapping.replace(columns=columns, spread=wide.spread, period=wide.period),
        guesses=(*kept, *(Guess("spend", heading, sure, why) for heading in wide.spread)),
        hints=(hint,) if wide.revenue else (),
    )


def _with_revenue(found: Recognition, scratch: Scratch, samples: Mapping[str, Sequence[str]]) -> Recognition:
    """Propose a wide table's revenue as one paid order for each of its rows."""
    wide = _media(scratch, samples)
    if wide is None or wide.revenue is None or "order_id" in dict(found.mapping.columns):
        return found
    columns = {"order_id": wide.time, "timestamp": wide.time, "paid_at": wide.time, "revenue": wide.revenue}
    why = say("the revenue of a period, beside what each channel spent")
    guesses = tuple(Guess(column, heading, 0.5, why) for column, heading in columns.items())
    return replace(found, mapping=found.mapping.replace(columns=columns), guesses=guesses)


def _with_outcomes(found: Recognition, scratch: Scratch, samples: Mapping[str, Sequence[str]]) -> Recognition:
    """Propose that the yes-or-no columns of a table of users become their events."""
    columns = dict(found.mapping.columns)
    if "user_id" not in columns or "event" in columns:
        return found
    spread = outcomes(samples, tuple(columns.values()))
    if not spread:
        return found
    delays = {} if "timestamp" in columns else outcome_delays(tuple(spread.values()))
    guesses = tuple(Guess("event", heading, 0.5, say("true or false for each user")) for heading in spread)
    mapping = found.mapping.replace(constants={"event": "visit"}, spread=spread, delays=delays)
    return replace(found, mapping=mapping, guesses=(*found.guesses, *guesses))


def _with_event_names(found: Recognition, scratch: Scratch) -> Recognition:
    """Propose which of a log's own event names are standard ones; a name that is there already keeps to itself."""
    heading = dict(found.mapping.columns).get("event")
    if heading is None:
        return found
    place = f"c{scratch.headings.index(heading)}"
    query = f"SELECT DISTINCT lower(trim({place}::VARCHAR)) FROM {scratch.head} WHERE {place} IS NOT NULL LIMIT ?"
    names = {plain_heading(name): name for (name,) in scratch.con.execute(query, [_EVENT_NAMES]).fetchall()}
    events = {
        names[plain_heading(own)]: event
        for event, aliases in EVENT_ALIASES.items()
        if plain_heading(event) not in names
        and (own := next((alias for alias in aliases if plain_heading(alias) in names), None))
    }
    if not events:
        return found
    read = Names(tuple(f"{own} → {event}" for own, event in events.items()))
    hint = say("Event names read as standard ones: {names}. Change below what is meant otherwise.", names=read)
    return replace(found, mapping=found.mapping.replace(events=events), hints=(*found.hints, hint))


# ---- what both have in common -----------------------------------------------------------------------------


def _finished(
    mapping: ColumnMapping, scratch: Scratch, samples: Mapping[str, Sequence[str]], format: Format | None
) -> ColumnMapping:
    """Add what the file says elsewhere: the period and the currency, and hide who somebody is."""
    columns, constants = dict(mapping.columns), dict(format.constants if format else {})
    more: dict[str, Any] = {}
    if mapping.table == "spend":
        if "period_start" not in columns and (days := period(scratch.above)):
            constants["period_start"] = days[0].isoformat()
            constants["period_end"] = (days[1] + dt.timedelta(days=1)).isoformat()
            columns.pop("period_end", None)
        if plain_heading(columns.get("period_start", "")) in ("day", "单日"):
            columns.pop("period_end", None)  # it ends the report, not the day
        if not mapping.spread and re.search(r"week|^周", plain_heading(columns.get("period_start", ""))):
            more["period"] = "7d"
        if _monthly(start := columns.get("period_start", ""), samples.get(start, ())):
            more["period"] = MONTH
    if mapping.table != "events" and "currency" not in columns:
        amount = columns.get("spend" if mapping.table == "spend" else "revenue", next(iter(dict(mapping.spread)), ""))
        if code := currency_of(amount, samples.get(amount, ()), scratch.above):
            constants["currency"] = code
    kept = {c: text for c, text in constants.items() if c not in columns} | dict(mapping.constants)
    texts = {c.name for c in TABLES[mapping.table] if c.type == "text"}
    hidden = [c for c, h in columns.items() if c in texts and _personal(scratch, c, h, samples.get(h, ()))]
    return mapping.replace(columns=columns, constants=kept, hashed=tuple(hidden), **more)


def _personal(scratch: Scratch, column: str, heading: str, values: Sequence[str]) -> bool:
    if column != "user_id":
        return is_personal(heading, values)
    return heading in scratch.mailed or is_personal(heading, scratch.head_of(heading), who=True)


def currency_of(heading: str, values: Sequence[str], above: Sequence[str]) -> str | None:
    """Return the currency of a column of amounts: as its heading says, the lines above, or most of its cells."""
    if code := heading_currency(heading):
        return code
    if code := currency(above):
        return code
    numbers = (v for v in values if re.search(r"\d", v) and not _DOLLAR.fullmatch(v))
    codes = Counter(code for v in numbers if (code := sign_currency(v)))
    return codes.most_common(1)[0][0] if codes else None


_DOLLAR = re.compile(r"\s*[$＄].*")  # several countries write theirs so


_DATED = re.compile(r"(19|20)\d\d[-/.年]?[01]?\d[-/.月]?[0-3]?\d.*|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}.*")


def _dated(values: Sequence[str]) -> bool:
    return bool(values) and sum(bool(_DATED.fullmatch(v.strip())) for v in values) >= 0.9 * len(values)


_MONTH = re.compile(r"(19|20)\d\d([-/]\d{1,2}|年\d{1,2}月)|[A-Z][a-z]{2,8},?[ -](19|20)\d\d")


def _monthly(heading: str, values: Sequence[str]) -> bool:
    """Say whether a column is about whole months: by its heading, or because its values name no day."""
    named = re.fullmatch(r"month|月份?|年月", plain_heading(heading))
    return bool(named) or (bool(values) and all(_MONTH.fullmatch(v.strip()) for v in values))


def _money(values: Sequence[str]) -> bool:
    signed = sum(bool(re.search(r"\d", v) and sign_currency(v)) for v in values)
    return bool(values) and signed >= 0.9 * len(values)


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


def known(heading: str) -> bool:
    """Say whether a folded heading is one that some export uses."""
    return heading in _KNOWN


_KNOWN = frozenset(
    plain_heading(name)
    for name in (
        *(a for columns in ALIASES.values() for column, aliases in columns.items() for a in (column, *aliases)),
        *(h for f in formats() for h in (*f.telling, *(h for names in f.columns.values() for h in names))),
    )
)
