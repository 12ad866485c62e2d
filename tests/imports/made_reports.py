"""What do random ad reports and order exports look like whose true sums are known?

Nothing here knows how files are read: headings are those of real platforms (:mod:`imports.made_headings`), rows are
random, and the truth is added up before anything is written as text. A report either has every fact in it, or lacks
exactly one that no person could know from the file (:data:`PLANTED`).
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from tests.imports.made_headings import (
    ADS,
    CAMPAIGNS,
    CHANNELS,
    GOOGLE_DE,
    GOOGLE_EN,
    GOOGLE_ZH,
    GROUPS,
    META_DE,
    META_EN,
    META_ZH,
    PARTS,
    SALES,
    SHEET_DE,
    SHEET_EN,
    SHEET_ZH,
    SHOP_DE,
    SHOP_EN,
    SHOPIFY,
    TIKTOK,
    TOTALS,
    UNSAID,
    UTF16,
    WORDS,
    Ads,
    Sales,
)

T = TypeVar("T")
Record = dict[str, str | int | dt.date | None]
"""What one row holds, by what its columns hold: money in cents, counts, texts, days."""

PLANTED: Mapping[str, tuple[Ads | Sales, ...]] = {
    "day or month first": (SHEET_EN, SHOP_EN),
    "decimal sign": (SHEET_EN,),
    "currency": (META_EN, META_DE, META_ZH, TIKTOK, SHEET_EN, SHEET_DE, SHOP_EN, SHOP_DE, *UNSAID),
    "channel": (SHEET_EN, SHEET_DE, SHEET_ZH),
    "total or row": (SHEET_EN, SHEET_DE, SHEET_ZH),
    "which amount": (SHEET_EN, SHEET_DE, SHOP_EN, SHOP_DE),
    "order status": tuple(layout for layout in SALES if layout.statuses),
    "part refund": (SHOPIFY, SHOP_EN),
    "result type": (META_EN, META_DE, META_ZH),
    "period": (GOOGLE_EN, GOOGLE_DE, GOOGLE_ZH, SHEET_EN, SHEET_DE, SHEET_ZH),
}
"""The one fact that a report may lack, and the layouts in which it can be lacking."""

AMOUNTS, COUNTS = ("spend", "value", "revenue", "refund", "second"), ("impressions", "clicks", "conversions")
MEASURES = {"value": "attributed_revenue"}
"""What the truth calls a measure, where that is another name."""
NAMED = ("status", "day", "channel", "campaign", "group", "creative")
"""Columns in which a total may call itself one."""
PAID = ("paid", "delivered", "refunded", "partly")
STRANGE = {"en": ("Phase 7", "On ice"), "de": ("Klärfall", "Stufe 7"), "zh": ("二期核销", "甲类")}
GOALS = {"en": "Custom goal 12", "de": "Eigenes Ziel 12", "zh": "自定义目标 12"}
TWO = {
    "sheet_en": ("Spend (incl. VAT)", "Spend (excl. VAT)"), "sheet_de": ("Kosten (brutto)", "Kosten (netto)"),
    "shop_en": ("Total (incl. tax)", "Total (excl. tax)"), "shop_de": ("Gesamtbetrag (brutto)", "Gesamtbetrag (netto)"),
}  # fmt: skip
STATES = {"en": ("Enabled", "Paused"), "de": ("Aktiviert", "Pausiert"), "zh": ("已启用", "已暂停")}
MONTHS = {"de": ("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
                 "November", "Dezember")}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Truth:
    """What a report adds up to.

    Parameters
    ----------
    table : {"spend", "orders"}
    sums : mapping of str to int
        By measure: money in cents, the others as they are. What the file does not hold is not there.
    channels : mapping of str to int
        Cents by channel, where the report has a column of them.
    paid : int or None
        Cents of orders that were paid, whether refunded later or not; None for spend.
    currency : str
    days : tuple of str
        First and last day, both included.
    """

    table: str
    sums: Mapping[str, int]
    channels: Mapping[str, int]
    paid: int | None
    currency: str
    days: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Made:
    """A report as a file, with its truth and what it was drawn from."""

    name: str
    content: bytes
    truth: Truth
    layout: str
    planted: str


@dataclass(frozen=True, slots=True)
class Writing:
    """How a report is written: signs of numbers, days, currency, and the file itself."""

    thousands: str
    decimal: str
    date: str
    money: str
    currency: str
    bracket: str
    encoding: str
    separator: str
    language: str

    def amount(self, cents: int) -> str:
        """Write cents."""
        whole, rest = divmod(cents, 100)
        return self._signed(f"{self.grouped(whole)}{self.decimal}{rest:02d}")

    def grouped(self, count: int) -> str:
        """Write a whole number."""
        return f"{count:,}".replace(",", self.thousands)

    def day(self, moment: dt.date) -> str:
        """Write a day, or a moment."""
        if self.date == "serial":
            return str((moment - dt.date(1899, 12, 30)).days)
        text = moment.strftime(self.date)
        if self.language == "de" and "%b" in self.date:
            for english, german in (("May", "Mai"), ("Oct", "Okt"), ("Dec", "Dez")):
                text = text.replace(english, german)
        return text

    def _signed(self, number: str) -> str:
        if self.money != "cell":
            return number
        if self.language == "de":
            return f"{number} {'€' if self.currency == 'EUR' else self.currency}"
        return {"EUR": "€", "GBP": "£", "USD": "US$", "CNY": "CNY "}[self.currency] + number


@dataclass(slots=True)
class Sheet:
    """A report's columns and rows before they are text."""

    columns: list[tuple[str, str]]
    """What each holds (or the kind of an extra), and its heading."""
    records: list[Record]
    above: list[list[str]] = field(default_factory=list)
    below: list[list[str]] = field(default_factory=list)


def made_report(rng: np.random.Generator, planted: str = "") -> Made:
    """Return a random report.

    Parameters
    ----------
    rng : numpy Generator
    planted : str
        Which fact the file lacks, one of :data:`PLANTED`; "" for none.
    """
    layouts: Sequence[Ads | Sales] = PLANTED[planted] if planted else (*ADS, *SALES)
    layout = pick(rng, layouts)
    return _spend(rng, layout, planted) if isinstance(layout, Ads) else _orders(rng, layout, planted)


def pick(rng: np.random.Generator, among: Sequence[T]) -> T:
    """Return one of several, each as likely."""
    return among[int(rng.integers(len(among)))]


def chance(rng: np.random.Generator, share: float) -> bool:
    """Whether something happens that happens in this share of reports."""
    return bool(rng.random() < share)


def _writing(rng: np.random.Generator, layout: Ads | Sales, planted: str) -> Writing:
    thousands, decimal = pick(rng, layout.numbers)
    encoding = pick(rng, layout.encodings)
    money = pick(rng, layout.money)
    currency = pick(rng, layout.currencies) if money in ("heading", "column", "cell") else money
    if money == "cell" and currency not in ("EUR", "GBP", "USD"):
        money = "column"
    separator = "\t" if encoding == UTF16 else pick(rng, layout.separators)
    date = pick(rng, layout.dates)
    if planted == "day or month first":
        date = pick(rng, ("%d/%m/%Y", "%m/%d/%Y"))
    elif planted and "/%Y" in date and layout in (SHEET_EN, SHOP_EN):
        date = "%Y-%m-%d"
    if planted == "currency":
        money = ""
    elif planted in ("which amount", "decimal sign"):
        money = "column"
    if planted == "decimal sign":
        thousands, separator = pick(rng, ((",", ";"), (".", ";"), (".", "\t")))  # English parts thousands by ","
    if planted in ("period", "channel") and money == "cell":
        money = "column"
    return Writing(
        thousands, decimal, date, money, currency, pick(rng, layout.brackets), encoding, separator, layout.language
    )


def _heading(writing: Writing, text: str) -> str:
    """Put the currency where a heading has a place for it."""
    bracket = writing.bracket.format(c=writing.currency) if writing.money == "heading" else ""
    return text.format(c=bracket) if "{c}" in text else text


def _day_one(rng: np.random.Generator, writing: Writing) -> dt.date:
    """Return a first day that shows which of a date's numbers is the day."""
    late = "%m/%d" in writing.date or "%d/%m" in writing.date
    return dt.date(2026, int(rng.integers(4, 11)), int(rng.integers(13, 20) if late else rng.integers(1, 20)))


def _either_way(rng: np.random.Generator, n: int) -> list[dt.date]:
    """Return days that are days of the same year with day and month the other way round."""
    days = {dt.date(2026, int(rng.integers(1, 11)), int(rng.integers(1, 11))) for _ in range(n)}
    return sorted(days | {dt.date(2026, 3, 5)})


# ---- spend ------------------------------------------------------------------------------------------------


def _spend(rng: np.random.Generator, layout: Ads, planted: str) -> Made:
    writing = _writing(rng, layout, planted)
    present = {what for what in layout.headings if what not in layout.optional or chance(rng, 0.6)}
    if planted == "result type":
        present |= {"conversions", "result_type"}
    if "conversions" not in present:
        present.discard("result_type")
    if "currency" in layout.headings and writing.money != "column":
        present.discard("currency")
    if planted == "channel":
        present.discard("channel")
    preamble = layout.preamble
    if planted == "period" or (preamble in ("google", "unnamed") and "day" in present and chance(rng, 0.5)):
        present.discard("day")
    first = _day_one(rng, writing)
    days = [first + dt.timedelta(days=n) for n in range(int(rng.integers(2, 9)))]
    if planted == "day or month first":
        days = _either_way(rng, len(days))
    records = _spend_rows(rng, layout, present, days, planted)
    sheet = Sheet(_spend_columns(rng, layout, writing, present, planted), records)
    channels: dict[str, int] = {}
    for record in records if "channel" in present else ():
        channels[str(record["channel"])] = channels.get(str(record["channel"]), 0) + _number(record, "spend")
    truth = Truth("spend", _sums(records, present), channels, None, writing.currency, (str(days[0]), str(days[-1])))
    if planted == "total or row":
        _stray_total(rng, layout, sheet)
    elif planted not in ("decimal sign",):
        _totals(rng, layout, sheet, present, days)
    _around(rng, layout, sheet, days, planted)
    return _made(rng, sheet, writing, layout.nulls, truth, layout.name, planted)


def _spend_rows(
    rng: np.random.Generator, layout: Ads, present: set[str], days: list[dt.date], planted: str
) -> list[Record]:
    campaigns = [str(c) for c in rng.permutation(CAMPAIGNS[layout.language])[: int(rng.integers(1, 5))]]
    groups = [str(g) for g in rng.permutation(GROUPS[layout.language])[: int(rng.integers(1, 4))]]
    rows: list[Record] = []
    for campaign in campaigns:
        channel, goal = pick(rng, CHANNELS[layout.language]), pick(rng, layout.results) if layout.results else ""
        for group in groups if "group" in present or "creative" in present else groups[:1]:
            for day in (
                days if "day" in present or ("start" in layout.headings and "day" in layout.headings) else days[:1]
            ):
                if "day" not in present and day != days[0]:
                    continue
                rows.append(_spend_row(rng, layout, campaign, group, channel, goal, day, days, present, planted))
    if planted == "result type":
        for row in rows:
            row["result_type"] = layout.results[0]
        rows[0]["result_type"], rows[0]["conversions"] = GOALS[layout.language], int(rng.integers(20, 90))
        if len(rows) == 1:
            rows.append({**rows[0], "campaign": campaigns[0] + " 2", "result_type": layout.results[0]})
    return rows


def _spend_row(
    rng: np.random.Generator, layout: Ads, campaign: str, group: str, channel: str, goal: str, day: dt.date,
    days: list[dt.date], present: set[str], planted: str,
) -> Record:  # fmt: skip
    shown = int(rng.integers(20, 900 if planted == "decimal sign" else 40_000))
    clicks = int(rng.integers(0, shown // 8 + 1))
    cents = int(rng.integers(50, 250_000)) if chance(rng, 0.95) else 0
    if planted == "decimal sign":
        cents = 100 * int(rng.integers(1_001, 99_999))
    daily = "day" in present
    return {
        "status": pick(rng, STATES[layout.language]), "day": day, "start": day if daily else days[0],
        "end": day if daily else days[-1], "channel": channel, "campaign": campaign, "group": group,
        "creative": f"{group} {int(rng.integers(1, 4))}", "currency": None, "spend": cents, "impressions": shown,
        "clicks": clicks, "conversions": int(rng.integers(0, clicks // 4 + 1)),
        "value": int(rng.integers(0, 500_000)), "result_type": goal, "second": round(cents / 1.19),
    }  # fmt: skip


def _sums(records: Sequence[Record], present: set[str]) -> dict[str, int]:
    measures = [what for what in ("spend", "value", *COUNTS) if what in present]
    return {MEASURES.get(what, what): sum(_number(r, what) for r in records) for what in measures}


def _number(record: Record, what: str) -> int:
    number = record[what]
    assert isinstance(number, int)
    return number


def _spend_columns(
    rng: np.random.Generator, layout: Ads, writing: Writing, present: set[str], planted: str
) -> list[tuple[str, str]]:
    """Return the columns in an order: what things are, then what they came to; now and then all mixed."""
    dims, figures = [], []
    for what, texts in layout.headings.items():
        if what not in present:
            continue
        text = pick(rng, texts)
        if planted == "which amount" and what == "spend":
            figures += list(zip(("spend", "second"), TWO[layout.name], strict=True))
        elif what in AMOUNTS or what in COUNTS:
            money = what in AMOUNTS and "(元)" not in text and (what == "spend" or layout.name.startswith("meta"))
            figures.append((what, _heading(writing, text + "{c}" if money else text)))
        else:
            dims.append((what, text))
    if planted != "decimal sign":
        extras = [
            (kind, _heading(writing, text)) for text, kind in layout.extras if text in layout.marks or chance(rng, 0.5)
        ]
        figures += extras
    if layout in (GOOGLE_EN, SHEET_EN) and writing.money == "column" and not planted and chance(rng, 0.12):
        spent = next(text for what, text in figures if what == "spend")
        figures.append(("previous", f"{spent} (previous period)"))
    figures = [figures[i] for i in rng.permutation(len(figures))]
    columns = dims + figures
    return [columns[i] for i in rng.permutation(len(columns))] if chance(rng, 0.2) else columns


# ---- totals -----------------------------------------------------------------------------------------------


def _totals(rng: np.random.Generator, layout: Ads, sheet: Sheet, present: set[str], days: list[dt.date]) -> None:
    """Put totals of campaigns and of everything before or after what they add up."""
    rows, names = sheet.records, [what for what, _text in sheet.columns if what in NAMED]
    if not names or not chance(rng, 0.75):
        return
    if layout.preamble == "google":
        sheet.records = rows + _google_totals(rng, layout, rows, present)
        return
    if layout.preamble == "unnamed" and len(rows) < 2:  # a row without a name that equals one row may be its twin
        return
    if layout.preamble == "unnamed":  # this platform writes no word, and leaves the campaign's name empty
        whole = _total(rows, {"start": days[0], "end": days[-1]} if chance(rng, 0.7) else {})
        sheet.records = [whole, *rows]
        return
    column, before, listed = pick(rng, names), chance(rng, 0.4), list[Record]()
    parts = len({r["campaign"] for r in rows}) > 1 and chance(rng, 0.4) and "campaign" in names
    inner = pick(rng, [what for what in names if what != "campaign"] or names)
    word = pick(rng, PARTS[layout.language])
    for campaign in dict.fromkeys(r["campaign"] for r in rows):
        own = [r for r in rows if r["campaign"] == campaign]
        part = [_part(rng, layout, own, str(campaign), inner, word)] if parts else []
        listed += part + own if before else own + part
    if not parts or chance(rng, 0.8):
        text = _word(rng, layout, TOTALS[layout.language], len(rows))
        whole = _total(rows, {column: text})
        listed = [whole, *listed] if before else [*listed, whole]
    sheet.records = listed


def _part(rng: np.random.Generator, layout: Ads, rows: list[Record], campaign: str, column: str, word: str) -> Record:
    """Return a campaign's total: called by the campaign's name, or beside it."""
    named = word if "{name}" in word else f"{campaign} {word}"
    if column == "campaign" or "{name}" in word:
        return _total(rows, {"campaign": named.format(name=campaign, word=campaign)})
    return _total(rows, {"campaign": campaign, column: word.format(word=campaign)})


def _google_totals(rng: np.random.Generator, layout: Ads, rows: list[Record], present: set[str]) -> list[Record]:
    """Return the block of totals below: the rows' own kind, then wider ones, which may hold more than the rows."""
    total, own, wider = {
        "en": ("Total: ", ("Campaigns", "Ad groups"), ("Account", "Manager account")),
        "de": ("Gesamt: ", ("Kampagnen", "Anzeigengruppen"), ("Konto", "Verwaltungskonto")),
        "zh": ("总计：", ("广告系列", "广告组"), ("帐号", "经理帐号")),
    }[layout.language]
    column = "status" if "status" in present and chance(rng, 0.6) else "campaign"
    block = [_total(rows, {column: total + own["group" in present]})]
    factor = pick(rng, (1, 1, 3))
    block.append(_total(rows * factor, {column: total + pick(rng, wider)}))
    if chance(rng, 0.4):
        block.append(_total(rows, {column: total + pick(rng, WORDS[layout.language])}))
    return block


def _stray_total(rng: np.random.Generator, layout: Ads, sheet: Sheet) -> None:
    """Put a row that is called like a total, has a day and all else that rows have, and is the sum of nothing."""
    text = pick(rng, (TOTALS[layout.language][0], f"{TOTALS[layout.language][0]}: {WORDS[layout.language][0]}"))
    last = sheet.records[-1]
    stray = {**_total(sheet.records, {}), **{what: last[what] for what in NAMED}, "campaign": text}
    del stray["total"]
    share = 0.3 + 0.5 * rng.random()
    for what in ("spend", "value", "second", *COUNTS):
        stray[what] = int(_number(stray, what) * share) + 1
    sheet.records = [*sheet.records, stray]


def _total(rows: Sequence[Record], named: Record) -> Record:
    sums: Record = {what: sum(_number(r, what) for r in rows) for what in ("spend", "value", "second", *COUNTS)}
    return dict.fromkeys((*NAMED, "start", "end", "result_type")) | {"total": "yes"} | sums | named


def _word(rng: np.random.Generator, layout: Ads, words: Sequence[str], n: int) -> str:
    return pick(rng, words).format(word=pick(rng, WORDS[layout.language]), n=n)


def _around(rng: np.random.Generator, layout: Ads, sheet: Sheet, days: list[dt.date], planted: str) -> None:
    """Put what stands above and below the table."""
    if layout.preamble == "google":
        title = {"en": "Campaign report", "de": "Kampagnenbericht", "zh": "广告系列报告"}[layout.language]
        sheet.above = [[title]] + ([] if planted == "period" else [[_period(rng, layout.language, days)]])
    elif layout.preamble == "title":
        sheet.above = [["Campaign Performance Report (in UTC)"], [f"Report Start: {days[0]:%B %d, %Y}"], [""]]
    if layout.footer and chance(rng, 0.7):
        sheet.below = [[layout.footer]]


def _period(rng: np.random.Generator, language: str, days: list[dt.date]) -> str:
    first, last = days[0], days[-1]
    if language == "zh":
        return f"{first.year}年{first.month}月{first.day}日 - {last.year}年{last.month}月{last.day}日"
    if language == "de":
        return " - ".join(f"{d.day}. {MONTHS['de'][d.month - 1]} {d.year}" for d in (first, last))
    if chance(rng, 0.5):
        return " - ".join(f"{d:%B} {d.day}, {d.year}" for d in (first, last))
    return " - ".join(f"{d.day} {d:%B} {d.year}" for d in (first, last))


# ---- orders -----------------------------------------------------------------------------------------------


def _orders(rng: np.random.Generator, layout: Sales, planted: str) -> Made:
    writing = _writing(rng, layout, planted)
    present = set(layout.headings)
    if writing.money != "column":
        present.discard("currency")
    if layout.name.startswith("shop_") or layout.name == "taobao":
        present -= {what for what in ("user", "status", "refund") if chance(rng, 0.35)}
    if planted == "order status":
        present.add("status")
    if planted == "part refund":
        present = (present | {"status"}) - {"refund"}
    if layout.name == "shopify" and planted != "part refund" and chance(rng, 0.2):
        present.discard("refund")
    orders = _order_rows(rng, layout, writing, present, planted)
    _statuses(rng, layout, orders, present, planted)
    paid = sum(_number(r, "revenue") for r in orders if r["class"] in PAID)
    days = sorted(str(r["created"])[:10] for r in orders)
    sums = {what: sum(_number(r, what) for r in orders) for what in ("revenue", "refund")}
    if "+0500" in writing.date:  # what is written is local, what is true is five hours earlier
        days = sorted(str(_moment(r) - dt.timedelta(hours=5))[:10] for r in orders)
    truth = Truth("orders", sums, {}, paid, writing.currency, (days[0], days[-1]))
    sheet = Sheet(_order_columns(rng, layout, writing, present, planted), _lines(rng, layout, orders))
    if layout.totals and not planted and chance(rng, 0.25):
        total: Record = {what: sum(_number(r, what) for r in orders) for what in ("revenue", "refund", "second")}
        word = pick(rng, TOTALS[layout.language][:3])
        sheet.records.append(dict.fromkeys(layout.headings) | {"total": "yes", "order": word} | total)
    return _made(rng, sheet, writing, ("",), truth, layout.name, planted)


def _moment(record: Record) -> dt.datetime:
    moment = record["created"]
    assert isinstance(moment, dt.datetime)
    return moment


def _order_rows(
    rng: np.random.Generator, layout: Sales, writing: Writing, present: set[str], planted: str
) -> list[Record]:
    n, first = int(rng.integers(3, 20)), _day_one(rng, writing)
    if planted == "day or month first":
        days = _either_way(rng, n)
    else:
        days = [first + dt.timedelta(days=int(d)) for d in np.sort(rng.integers(0, 9, n))]
    rows: list[Record] = []
    for k, day in enumerate(days):
        created = dt.datetime.combine(day, dt.time(int(rng.integers(24)), int(rng.integers(60))))
        number = 4_001 + 7 * k
        name = {
            "shopify": f"#{number}", "amazon_orders": f"111-{number:07d}-{number:07d}", "stripe": f"ch_3Mk{number}a",
            "pinduoduo": f"{day:%y%m%d}-{number}", "ebay_en": f"23-{number:05d}-10{k:03d}", "taobao": f"3310{number}88",
        }.get(layout.name, str(number))  # fmt: skip
        cents = int(rng.integers(300, 200_000))
        rows.append({
            "order": name, "created": created, "paid": created + dt.timedelta(minutes=int(rng.integers(0, 9))),
            "user": f"u{int(rng.integers(100, 130))}", "item": pick(rng, ("Soap", "Candle", "Shirt")),
            "after": "无售后", "quantity": int(rng.integers(1, 5)), "revenue": cents, "refund": 0,
            "second": round(cents / 1.19), "currency": None, "status": "", "class": "paid",
        })  # fmt: skip
        if layout.name == "shopify":
            rows[-1]["user"] = f"{rows[-1]['user']}@example.org"
    return rows


def _statuses(rng: np.random.Generator, layout: Sales, orders: list[Record], present: set[str], planted: str) -> None:
    """Say of each order how it stands, where the export has a way to say it."""
    words = dict(layout.statuses)
    if "refund" not in present and planted != "part refund":
        words = {word: how for word, how in words.items() if how != "partly"}
    for order in orders:
        how = "paid"  # of an order that was refunded in whole its amount is known, in a column or not
        if "status" in present and words:
            word = pick(rng, tuple(words))
            order["status"], how = word, words[word]
        elif "paid" in present and chance(rng, 0.2):
            how = "open"
        _settle(order, how, present)
    if planted == "order status":
        orders[0]["refund"], orders[0]["after"] = 0, "无售后"  # nothing beside the word says how it stands
        _settle(orders[0], "paid", present)
        orders[0]["status"] = pick(rng, STRANGE[layout.language])
    elif planted == "part refund":
        order = pick(rng, orders)
        order["status"] = next(word for word, how in layout.statuses.items() if how == "partly")
        _settle(order, "partly", present)


def _settle(order: Record, how: str, present: set[str]) -> None:
    order["class"] = how
    if how not in PAID:
        order["paid"] = None
    if how == "refunded":
        order["refund"], order["after"] = order["revenue"], "退款成功"
    elif how == "partly":
        order["refund"] = _number(order, "revenue") // 2


def _lines(rng: np.random.Generator, layout: Sales, orders: list[Record]) -> list[Record]:
    """Spread some orders over several lines, as the platform does."""
    if not layout.lines:
        return list(orders)
    rows: list[Record] = []
    for order in orders:
        if not chance(rng, 0.3):
            rows.append(order)
        elif layout.lines == "first":
            kept = {"order", "created", "user"}
            more = {what: value if what in kept else None for what, value in order.items()}
            rows += [order, {**more, "item": "Soap", "quantity": 1, "later": "yes"}]
        else:
            half = _number(order, "revenue") // 3
            rest = _number(order, "revenue") - half
            rows += [{**order, "revenue": half}, {**order, "revenue": rest, "item": "Candle"}]
    return rows


def _order_columns(
    rng: np.random.Generator, layout: Sales, writing: Writing, present: set[str], planted: str
) -> list[tuple[str, str]]:
    columns: list[tuple[str, str]] = []
    for what, texts in layout.headings.items():
        if what not in present:
            continue
        text = pick(rng, texts)
        if planted == "which amount" and what == "revenue":
            columns += list(zip(("revenue", "second"), TWO[layout.name], strict=True))
        elif what == "revenue":
            columns.append((what, _heading(writing, text + "{c}")))
        elif what == "created" and layout is SHOP_EN and "%H" in writing.date and chance(rng, 0.3):
            columns.append((what, f"{text} (UTC)"))
        else:
            columns.append((what, text))
    plain = dict(columns).get("revenue") == "Total"
    for text, kind in layout.extras:
        if (text in layout.marks or chance(rng, 0.5)) and (kind != "more" or (plain and not planted)):
            columns.append((kind, text))
    return [columns[i] for i in rng.permutation(len(columns))] if chance(rng, 0.3) else columns


# ---- as a file --------------------------------------------------------------------------------------------


def _made(
    rng: np.random.Generator, sheet: Sheet, writing: Writing, nulls: Sequence[str], truth: Truth, layout: str,
    planted: str,
) -> Made:  # fmt: skip
    null = pick(rng, nulls)
    if planted == "decimal sign":  # thousands of the currency, with nothing behind them
        writing = replace(writing, date="%Y-%m-%d")
    lines = [*sheet.above, [text for _what, text in sheet.columns]]
    lines += [[_cell(rng, what, r, writing, null, planted) for what, _text in sheet.columns] for r in sheet.records]
    text = io.StringIO()
    end = pick(rng, ("\n", "\r\n"))
    csv.writer(text, delimiter=writing.separator, lineterminator=end).writerows(lines + sheet.below)
    name = f"{layout}.{'tsv' if writing.separator == chr(9) else 'csv'}"
    return Made(name, _encoded(text.getvalue(), writing.encoding), truth, layout, planted)


def _encoded(text: str, encoding: str) -> bytes:
    """Return a text in an encoding; in UTF-8 where that lacks one of its signs, such as a full-width bracket."""
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return text.encode()


def _cell(rng: np.random.Generator, what: str, record: Record, writing: Writing, null: str, planted: str) -> str:
    """Write one cell; what a row does not have is empty, or what the platform writes for nothing."""
    if what == "currency":
        return "" if record.get("later") or (record.get("total") and chance(rng, 0.5)) else writing.currency
    if what in record:
        value = record[what]
        if value is None:
            return null if record.get("total") else ""
        if isinstance(value, dt.date):
            return writing.day(value)
        if isinstance(value, str):
            return value
        if planted == "decimal sign" and what in ("spend", "second"):
            return writing.grouped(value // 100)
        return writing.amount(value) if what in AMOUNTS else writing.grouped(value)
    return _extra(rng, what, record, writing)


def _extra(rng: np.random.Generator, kind: str, record: Record, writing: Writing) -> str:
    """Write a cell of a column that is in the way."""
    figure = record.get("revenue", record.get("spend"))
    if figure is None:
        return ""
    assert isinstance(figure, int)
    plain = replace(writing, money="") if kind in ("rate", "average") else writing
    if kind == "rate":
        return f"{plain.amount(int(rng.integers(1, 9_999)))}%"
    if kind in ("average", "budget", "fee"):
        return plain.amount(int(rng.integers(1, 3_000)))
    if kind in ("previous", "less", "more", "same"):
        return writing.amount(round(figure * {"previous": rng.random() * 2, "less": 0.8, "more": 1.19}.get(kind, 1)))
    if kind == "count":
        return writing.grouped(int(rng.integers(0, 30_000)))
    if kind == "id":
        return "" if record.get("total") else str(int(rng.integers(10**12, 10**13)))
    return "" if record.get("total") else kind


def off_by_a_cent(made: Made, measure: str) -> Made:
    """Return the same file with a truth that is not its own."""
    sums = {**made.truth.sums, measure: made.truth.sums[measure] + 1}
    return replace(made, truth=replace(made.truth, sums=sums))
