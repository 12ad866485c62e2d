"""Which headings, words and ways of writing do real ad reports and order exports have, by platform and language?

Only data: :mod:`imports.made_reports` draws files from it. A heading may hold `{c}`, where a currency stands; columns
in `extras` are there to be in the way. Several texts for one column are ways a person or platform may head it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

Texts = tuple[str, ...]
POINT, PLAIN, COMMA, PLAIN_COMMA, SWISS = (",", "."), ("", "."), (".", ","), ("", ","), ("'", ".")
"""Thousands and decimal signs."""

UTF8, BOM, UTF16, GB, LATIN = "utf-8", "utf-8-sig", "utf-16", "gb18030", "cp1252"

TOTALS: Mapping[str, Texts] = {
    "en": ("Total", "Totals", "Grand total", "Total: Account", "Total: Campaigns", "Total: {word}", "Sum"),
    "de": ("Gesamt", "Gesamtsumme", "Summe", "Gesamt: Konto", "Gesamt: {word}", "Gesamtergebnis"),
    "zh": ("总计", "合计", "汇总", "总计：帐号", "总计 {n} 项", "总计: {word}"),
}
PARTS: Mapping[str, Texts] = {
    "en": ("Subtotal", "Total", "Total: {word}", "{name} Total"),
    "de": ("Zwischensumme", "Gesamt", "Summe", "{name} Ergebnis"),
    "zh": ("小计", "合计", "{name} 汇总", "{name}小计"),
}
WORDS: Mapping[str, Texts] = {
    "en": ("Search", "Display", "Brand", "All but removed", "Manager account", "Spring push", "Retargeting"),
    "de": ("Suche", "Alle außer entfernten", "Verwaltungskonto", "Marke", "Frühjahr"),
    "zh": ("搜索", "品牌", "经理账号", "直播间", "新客"),
}
CAMPAIGNS: Mapping[str, Texts] = {
    "en": ("Linen UK", "Trousers", "Brand 2026", "Total Look", "Summer, sun", "Sum of all colours", "7-day push"),
    "de": ("Leinen", "Hosen Süd", "Marke", "Gesamtsortiment", "Sommer; Sonne", "Größen XL"),
    "zh": ("亚麻衬衫", "双11直播", "新客拉新", "总价优惠", "品牌词", "老客召回"),
}
GROUPS: Mapping[str, Texts] = {
    "en": ("Shirts", "Broad", "Exact", "Lookalike 1%", "Video 1"),
    "de": ("Breit", "Genau", "Hemden", "Käufer ähnlich"),
    "zh": ("通投", "达人相似", "收藏加购", "视频一"),
}


@dataclass(frozen=True, slots=True)
class Ads:
    """A platform's report of spend.

    Parameters
    ----------
    headings : mapping of str to texts
        By what a column holds: status, day, start, end, channel, campaign, group, creative, currency, spend,
        impressions, clicks, conversions, value, result_type.
    money : texts
        Where its currency stands: heading, column, cell; or a code, where the platform has but one.
    brackets : texts
        What follows an amount's heading where the currency stands there.
    extras : tuple of (str, str)
        Heading and kind of columns that are in the way: rate, average, budget, count, id, or a fixed text.
    nulls : texts
        What stands for nothing.
    marks : texts
        Headings of extras that are always there: without them nobody would know the platform, nor its currency.
    results : texts
        What stands in `result_type`, all of which are orders.
    """

    name: str
    language: str
    headings: Mapping[str, Texts]
    money: Texts
    dates: Texts
    numbers: tuple[tuple[str, str], ...]
    encodings: Texts
    separators: Texts
    extras: tuple[tuple[str, str], ...] = ()
    brackets: Texts = (" ({c})",)
    currencies: Texts = ("EUR", "GBP", "USD")
    preamble: str = ""
    optional: Texts = ("group", "creative", "conversions", "value", "status")
    nulls: Texts = ("", "-", "--")
    marks: Texts = ()
    results: Texts = ()
    footer: str = ""


_GOOGLE = {"preamble": "google", "nulls": (" --",), "money": ("column",)}

GOOGLE_EN = Ads(
    "google_en", "en",
    {
        "status": ("Campaign status",), "day": ("Day",), "campaign": ("Campaign",), "group": ("Ad group",),
        "currency": ("Currency code",), "spend": ("Cost",), "impressions": ("Impr.",), "clicks": ("Clicks",),
        "conversions": ("Conversions",), "value": ("Conv. value",),
    },
    dates=("%Y-%m-%d",), numbers=(POINT, PLAIN), encodings=(UTF8, UTF16, BOM), separators=(",",),
    extras=(("Interactions", "count"), ("Interaction rate", "rate"), ("Avg. cost", "average"), ("Budget", "budget"),
            ("Campaign type", "Search"), ("CTR", "rate"), ("Cost / conv.", "average")),
    **_GOOGLE,
)  # fmt: skip
GOOGLE_DE = Ads(
    "google_de", "de",
    {
        "status": ("Kampagnenstatus",), "day": ("Tag",), "campaign": ("Kampagne",), "group": ("Anzeigengruppe",),
        "currency": ("Währungscode",), "spend": ("Kosten",), "impressions": ("Impr.",), "clicks": ("Klicks",),
        "conversions": ("Conversions",), "value": ("Conv.-Wert",),
    },
    dates=("%Y-%m-%d", "%d.%m.%Y"), numbers=(COMMA, PLAIN_COMMA), encodings=(UTF8, UTF16), separators=(",",),
    extras=(("Interaktionen", "count"), ("Interaktionsrate", "rate"), ("Durchschn. Kosten", "average"),
            ("Budget", "budget"), ("Kampagnentyp", "Suchnetzwerk")),
    **_GOOGLE,
)  # fmt: skip
GOOGLE_ZH = Ads(
    "google_zh", "zh",
    {
        "status": ("广告系列状态",), "day": ("天",), "campaign": ("广告系列",), "group": ("广告组",),
        "currency": ("货币代码",), "spend": ("费用",), "impressions": ("展示次数",), "clicks": ("点击次数",),
        "conversions": ("转化次数",), "value": ("转化价值",),
    },
    dates=("%Y-%m-%d",), numbers=(POINT, PLAIN), encodings=(UTF8, UTF16, BOM), separators=(",",),
    extras=(("互动次数", "count"), ("互动率", "rate"), ("平均费用", "average"), ("预算", "budget")),
    currencies=("CNY", "USD", "HKD"),
    **_GOOGLE,
)  # fmt: skip
META_EN = Ads(
    "meta_en", "en",
    {
        "start": ("Reporting starts",), "end": ("Reporting ends",), "day": ("Day",), "campaign": ("Campaign name",),
        "group": ("Ad set name",), "creative": ("Ad name",), "status": ("Campaign delivery",),
        "spend": ("Amount spent",), "impressions": ("Impressions",), "clicks": ("Link clicks",),
        "conversions": ("Results",), "result_type": ("Result type", "Result indicator"),
        "value": ("Purchases conversion value",),
    },
    money=("heading",), dates=("%Y-%m-%d",), numbers=(PLAIN,), encodings=(UTF8, BOM), separators=(",",),
    extras=(("Reach", "count"), ("Frequency", "average"), ("CPM (cost per 1,000 impressions){c}", "average"),
            ("Cost per results", "average"), ("Attribution setting", "7-day click or 1-day view")),
    currencies=("USD", "EUR", "EGP"),
    results=("Website purchases", "actions:offsite_conversion.fb_pixel_purchase"), nulls=("",), preamble="unnamed",
)  # fmt: skip
META_DE = Ads(
    "meta_de", "de",
    {
        "day": ("Tag",), "campaign": ("Kampagnenname",), "group": ("Anzeigengruppenname",),
        "creative": ("Anzeigenname",), "spend": ("Ausgegebener Betrag",), "impressions": ("Impressionen",),
        "clicks": ("Link-Klicks",), "conversions": ("Ergebnisse",), "result_type": ("Ergebnistyp",),
        "start": ("Berichtsstart",), "end": ("Berichtsende",),
    },
    money=("heading",), dates=("%Y-%m-%d",), numbers=(PLAIN, PLAIN_COMMA), encodings=(BOM, UTF8),
    separators=(",", ";"), extras=(("Reichweite", "count"), ("Frequenz", "average")),
    results=("Website-Käufe",), nulls=("",), preamble="unnamed",
)  # fmt: skip
META_ZH = Ads(
    "meta_zh", "zh",
    {
        "start": ("报告开始日期",), "end": ("报告结束日期",), "campaign": ("广告系列名称",), "spend": ("已花费金额",),
        "impressions": ("展示次数",), "clicks": ("链接点击量",), "conversions": ("成效",),
        "result_type": ("成效指标",), "value": ("购物转化价值",),
    },
    money=("heading",), dates=("%Y-%m-%d",), numbers=(PLAIN,), encodings=(UTF8, BOM), separators=(",",),
    extras=(("CPM（千次展示费用）{c}", "average"), ("加入购物车次数", "count"), ("结账发起次数", "count"),
            ("广告花费回报 (ROAS) - 购物", "average")),
    brackets=(" ({c})", "（{c}）"), currencies=("USD", "CNY"),
    results=("actions:offsite_conversion.fb_pixel_purchase",), nulls=("",), preamble="unnamed",
)  # fmt: skip
TIKTOK = Ads(
    "tiktok", "en",
    {
        "day": ("By Day",), "campaign": ("Campaign name",), "group": ("Ad group name",), "creative": ("Ad name",),
        "currency": ("Currency",), "spend": ("Cost",), "impressions": ("Impressions",),
        "clicks": ("Clicks (destination)",), "conversions": ("Complete payment",),
        "value": ("Total complete payment value",),
    },
    money=("column",), dates=("%Y-%m-%d",), numbers=(PLAIN, POINT), encodings=(UTF8, BOM), separators=(",",),
    extras=(("CPM", "average"), ("CTR (destination)", "rate")), optional=("group", "creative"),
)  # fmt: skip
MICROSOFT = Ads(
    "microsoft", "en",
    {
        "day": ("Gregorian date",), "campaign": ("Campaign name",), "group": ("Ad group",),
        "currency": ("Currency code",), "spend": ("Spend",), "impressions": ("Impressions",), "clicks": ("Clicks",),
        "conversions": ("Conversions",), "value": ("Revenue",),
    },
    money=("column",), dates=("%m/%d/%Y", "%Y-%m-%d"), numbers=(POINT, PLAIN), encodings=(UTF8, BOM, LATIN),
    separators=(",",), extras=(("Avg. CPC", "average"), ("CTR", "rate"), ("Account name", "Shop Ltd")),
    footer="©2026 Microsoft Corporation. All rights reserved.",
)  # fmt: skip
LINKEDIN = Ads(
    "linkedin", "en",
    {
        "day": ("Start Date (in UTC)",), "campaign": ("Campaign Name",), "group": ("Campaign Group Name",),
        "currency": ("Currency",), "spend": ("Total Spent",), "impressions": ("Impressions",), "clicks": ("Clicks",),
        "conversions": ("Conversions",),
    },
    money=("column",), dates=("%m/%d/%Y",), numbers=(PLAIN, POINT), encodings=(UTF16,), separators=("\t",),
    extras=(("Campaign ID", "id"), ("Account Name", "Shop Ltd"), ("Click Through Rate", "rate")), preamble="title",
    nulls=("-",),
)  # fmt: skip
AMAZON_EN = Ads(
    "amazon_ads_en", "en",
    {
        "day": ("Date",), "campaign": ("Campaign Name",), "group": ("Ad Group Name",), "currency": ("Currency",),
        "spend": ("Spend",), "impressions": ("Impressions",), "clicks": ("Clicks",),
        "conversions": ("7 Day Total Orders (#)",), "value": ("7 Day Total Sales",),
    },
    money=("column", "cell"), dates=("%b %d, %Y", "%m/%d/%Y"), numbers=(POINT, PLAIN), encodings=(UTF8, LATIN),
    separators=(",",), extras=(("Portfolio name", "No Portfolio"), ("Match Type", "BROAD"), ("Targeting", "linen")),
    marks=("Portfolio name", "Match Type"), optional=("group",),
)  # fmt: skip
AMAZON_DE = replace(
    AMAZON_EN, name="amazon_ads_de", language="de", dates=("%d.%m.%Y",), numbers=(COMMA, PLAIN_COMMA),
    separators=(";",), currencies=("EUR",),
)  # fmt: skip
OCEAN = Ads(
    "ocean_engine", "zh",
    {
        "day": ("时间",), "campaign": ("广告计划",), "group": ("广告组",), "spend": ("总花费(元)", "消耗(元)"),
        "impressions": ("展示数",), "clicks": ("点击数",),
    },
    money=("CNY",), dates=("%Y-%m-%d",), numbers=(PLAIN, POINT), encodings=(UTF8, BOM, GB), separators=(",",),
    extras=(("广告计划id", "id"), ("点击率(%)", "average"), ("平均点击单价(元)", "average"),
            ("平均千次展现费用(元)", "average")),
)  # fmt: skip
WANXIANG = Ads(
    "wanxiangtai", "zh",
    {
        "day": ("日期",), "campaign": ("主体名称",), "spend": ("花费",), "impressions": ("展现量",),
        "clicks": ("点击量",), "value": ("总成交金额",),
    },
    money=("CNY",), dates=("%Y-%m-%d",), numbers=(PLAIN,), encodings=(GB, UTF8), separators=(",",),
    extras=(("主体ID", "id"), ("主体类型", "商品"), ("实际投产比", "average"), ("转化周期", "15天")),
    nulls=("nan", ""), marks=("主体ID", "主体类型", "转化周期"),
)  # fmt: skip
JINGZHUN = Ads(
    "jingzhuntong", "zh",
    {
        "day": ("日期",), "campaign": ("产品线",), "spend": ("花费",), "impressions": ("展现数",),
        "clicks": ("点击数",), "conversions": ("总订单行",), "value": ("总订单金额",),
    },
    money=("CNY",), dates=("%Y%m%d",), numbers=(PLAIN,), encodings=(GB, UTF8), separators=(",",),
    extras=(("跟单SKU ID", "id"), ("账户昵称", "店铺一")), marks=("跟单SKU ID",),
)  # fmt: skip
KUAISHOU = Ads(
    "kuaishou", "zh",
    {"day": ("时间",), "campaign": ("账户名称",), "spend": ("总花费(元)",), "value": ("当日累计GMV(元)",)},
    money=("CNY",), dates=("serial", "%Y-%m-%d"), numbers=(PLAIN,), encodings=(UTF8, GB), separators=(",",),
    extras=(("账户ID", "id"), ("账户类型", "信息流"), ("快手昵称", "店铺一"), ("当日累计ROI", "average")),
    marks=("快手昵称",),
)  # fmt: skip
JUGUANG = Ads(
    "juguang", "zh",
    {
        "day": ("时间",), "creative": ("创意名称",), "spend": ("消费",), "impressions": ("展现量",),
        "clicks": ("点击量",),
    },
    money=("CNY",), dates=("%Y-%m-%d",), numbers=(PLAIN, POINT), encodings=(UTF8, BOM), separators=(",",),
    extras=(("创意ID", "id"), ("笔记ID", "id"), ("计划ID", "id"), ("点击率", "rate"), ("平均点击成本", "average"),
            ("点赞", "count"), ("评论", "count")),
    optional=(), marks=("笔记ID",),
)  # fmt: skip
TENCENT = Ads(
    "tencent", "zh",
    {
        "day": ("日期",), "campaign": ("广告名称",), "impressions": ("曝光次数",), "clicks": ("点击次数",),
        "spend": ("花费(元)",), "conversions": ("目标转化量",),
    },
    money=("CNY",), dates=("%Y-%m-%d",), numbers=(PLAIN, POINT), encodings=(UTF8, GB), separators=(",",),
    extras=(("点击率", "rate"), ("点击均价(元)", "average")),
)  # fmt: skip
SHEET_EN = Ads(
    "sheet_en", "en",
    {
        "day": ("Date",), "channel": ("Channel", "Platform"), "campaign": ("Campaign Name", "Campaign"),
        "currency": ("Currency",), "spend": ("Spend", "Cost"), "impressions": ("# of Impressions", "Impressions"),
        "clicks": ("Clicks", "# of Website Clicks"), "conversions": ("# of Purchase", "Conversions"),
    },
    money=("heading", "column", "cell"), dates=("%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%b %d, %Y"),
    numbers=(POINT, PLAIN, SWISS), encodings=(UTF8, BOM, LATIN, UTF16), separators=(",", ";", "\t"),
    extras=(("Reach", "count"), ("CTR", "rate"), ("CPC", "average")),
    brackets=(" [{c}]", " ({c})", "（{c}）", " in {c}"),
)  # fmt: skip
SHEET_DE = Ads(
    "sheet_de", "de",
    {
        "day": ("Datum", "Tag"), "channel": ("Kanal",), "campaign": ("Kampagne",), "currency": ("Währung",),
        "spend": ("Kosten", "Ausgaben"), "impressions": ("Impressionen",), "clicks": ("Klicks",),
        "conversions": ("Conversions",),
    },
    money=("heading", "column", "cell"), dates=("%d.%m.%Y", "%Y-%m-%d"), numbers=(COMMA, PLAIN_COMMA),
    encodings=(UTF8, BOM, LATIN, UTF16), separators=(";", "\t"),
    extras=(("Reichweite", "count"), ("Klickrate", "rate")), brackets=(" [{c}]", " ({c})", " in {c}"),
)  # fmt: skip
SHEET_ZH = Ads(
    "sheet_zh", "zh",
    {
        "day": ("日期",), "channel": ("渠道",), "campaign": ("计划名称", "推广计划"), "spend": ("花费", "消耗"),
        "impressions": ("展现量", "曝光量"), "clicks": ("点击量",), "currency": ("币种",),
    },
    money=("heading", "column"), dates=("%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日"), numbers=(PLAIN, POINT),
    encodings=(UTF8, BOM, GB, UTF16), separators=(",", "\t"), extras=(("点击率", "rate"),),
    brackets=("(元)", "（元）", "（{c}）"), currencies=("CNY",),
)  # fmt: skip

ADS = (
    GOOGLE_EN, GOOGLE_DE, GOOGLE_ZH, META_EN, META_DE, META_ZH, TIKTOK, MICROSOFT, LINKEDIN, AMAZON_EN, AMAZON_DE,
    OCEAN, KUAISHOU, TENCENT, SHEET_EN, SHEET_DE, SHEET_ZH,
)  # fmt: skip
UNSAID = (WANXIANG, JINGZHUN, JUGUANG)
"""Reports whose platform writes no currency anywhere."""
CHANNELS: Mapping[str, Texts] = {
    "en": ("Google", "Meta", "TikTok", "Newsletter"), "de": ("Google", "Meta", "Newsletter"),
    "zh": ("抖音", "小红书", "百度"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sales:
    """A platform's export of orders.

    Parameters
    ----------
    headings : mapping of str to texts
        By what a column holds: order, created, revenue, currency, user, paid, status, refund, item, quantity, after.
    statuses : mapping of str to str
        Its words to paid, delivered, open, cancelled, failed, refunded or partly.
    lines : str
        Over several lines, "first" has an order's amounts in its first line only, "sum" a part in each; "" has one.
    """

    name: str
    language: str
    headings: Mapping[str, Texts]
    statuses: Mapping[str, str]
    money: Texts
    dates: Texts
    numbers: tuple[tuple[str, str], ...]
    encodings: Texts
    separators: Texts
    extras: tuple[tuple[str, str], ...] = ()
    brackets: Texts = (" ({c})",)
    currencies: Texts = ("EUR", "GBP", "USD")
    marks: Texts = ()
    lines: str = ""
    totals: bool = False


SHOPIFY = Sales(
    "shopify", "en",
    {
        "order": ("Name",), "user": ("Email",), "status": ("Financial Status",), "paid": ("Paid at",),
        "currency": ("Currency",), "revenue": ("Total",), "created": ("Created at",),
        "quantity": ("Lineitem quantity",), "item": ("Lineitem name",), "refund": ("Refunded Amount",),
    },
    {"paid": "paid", "pending": "open", "refunded": "refunded", "partially_refunded": "partly", "voided": "cancelled"},
    money=("column",), dates=("%Y-%m-%d %H:%M:%S +0500", "%Y-%m-%d %H:%M:%S +0000"), numbers=(PLAIN,),
    encodings=(UTF8, BOM), separators=(",",), lines="first",
    extras=(("Subtotal", "less"), ("Shipping", "fee"), ("Taxes", "fee"), ("Fulfillment Status", "fulfilled")),
)  # fmt: skip
WOO = Sales(
    "woocommerce", "en",
    {
        "order": ("order_id",), "created": ("date",), "status": ("status",), "revenue": ("order_total",),
        "currency": ("order_currency",), "user": ("customer_id",), "refund": ("refunded_total",),
    },
    {"completed": "delivered", "processing": "paid", "pending": "open", "cancelled": "cancelled", "failed": "failed",
     "refunded": "refunded"},
    money=("column",), dates=("%Y-%m-%d %H:%M:%S", "%m/%d/%Y %H:%M"), numbers=(PLAIN,), encodings=(UTF8, BOM),
    separators=(",",), extras=(("order_shipping", "fee"), ("order_number_formatted", "id")),
)  # fmt: skip
AMAZON_ORDERS = Sales(
    "amazon_orders", "en",
    {
        "order": ("amazon-order-id",), "created": ("purchase-date",), "status": ("order-status",),
        "quantity": ("quantity",), "currency": ("currency",), "revenue": ("item-price",), "item": ("sku",),
    },
    {"Shipped": "paid", "Pending": "open", "Cancelled": "cancelled", "Shipped - Delivered to Buyer": "delivered"},
    money=("column",), dates=("%Y-%m-%dT%H:%M:%S+00:00",), numbers=(PLAIN,), encodings=(UTF8, LATIN),
    separators=("\t",), extras=(("sales-channel", "Amazon.de"), ("item-tax", "fee"), ("shipping-price", "fee")),
)  # fmt: skip
ETSY = Sales(
    "etsy", "en",
    {
        "created": ("Sale Date",), "order": ("Order ID",), "user": ("Buyer User ID",), "quantity": ("Number of Items",),
        "currency": ("Currency",), "revenue": ("Order Total",),
    },
    {}, money=("column",), dates=("%m/%d/%y",), numbers=(PLAIN, POINT), encodings=(UTF8, BOM), separators=(",",),
    extras=(("Order Value", "less"), ("Shipping", "fee"), ("Card Processing Fees", "fee"),
            ("Ship Country", "Canada"), ("Payment Method", "online_cc")),
)  # fmt: skip
STRIPE = Sales(
    "stripe", "en",
    {
        "order": ("id",), "created": ("Created date (UTC)",), "revenue": ("Amount",), "refund": ("Amount Refunded",),
        "currency": ("Currency",), "status": ("Status",), "user": ("Customer ID",),
    },
    {"Paid": "paid", "Failed": "failed", "Refunded": "refunded"}, money=("column",), dates=("%Y-%m-%d %H:%M:%S",),
    numbers=(PLAIN,), encodings=(UTF8,), separators=(",",), extras=(("Fee", "fee"), ("Description", "Soap"),
            ("Captured", "true"), ("Seller Message", "Payment complete.")),
    marks=("Captured", "Seller Message"),
)  # fmt: skip
EBAY_EN = Sales(
    "ebay_en", "en",
    {
        "order": ("Order Number",), "user": ("Buyer Username",), "item": ("Item Title",), "quantity": ("Quantity",),
        "revenue": ("Total Price",), "created": ("Sale Date",), "paid": ("Paid On Date",),
    },
    {}, money=("cell",), dates=("%b-%d-%y",), numbers=(POINT,), encodings=(UTF8, BOM), separators=(",",),
    extras=(("Sales Record Number", "id"), ("Shipping And Handling", "fee"), ("Payment Method", "PayPal")),
)  # fmt: skip
EBAY_DE = Sales(
    "ebay_de", "de",
    {
        "order": ("Bestellnummer",), "user": ("Nutzername des Käufers",), "item": ("Angebotstitel",),
        "quantity": ("Anzahl",), "revenue": ("Gesamtbetrag",), "created": ("Verkauft am",),
        "paid": ("Zahlungsdatum",),
    },
    {}, money=("cell",), dates=("%d-%b-%y",), numbers=(COMMA,), encodings=(UTF8, BOM, LATIN), separators=(";",),
    extras=(("Verkaufsprotokollnummer", "id"), ("Verpackung und Versand", "fee")), currencies=("EUR",),
)  # fmt: skip
DOUYIN = Sales(
    "douyin", "zh",
    {
        "order": ("主订单编号",), "item": ("选购商品",), "quantity": ("商品数量",), "revenue": ("订单应付金额",),
        "created": ("订单提交时间",), "paid": ("支付完成时间",), "status": ("订单状态",),
    },
    {"已完成": "delivered", "已发货": "paid", "备货中": "paid", "待支付": "open", "已关闭": "cancelled"},
    money=("CNY",), dates=("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S"), numbers=(PLAIN,), encodings=(UTF8, BOM, GB),
    separators=(",",), lines="sum", extras=(("子订单编号", "id"), ("流量来源", "直播")),
)  # fmt: skip
PDD = Sales(
    "pinduoduo", "zh",
    {
        "item": ("商品",), "order": ("订单号",), "status": ("订单状态",), "revenue": ("用户实付金额(元)",),
        "quantity": ("商品数量(件)",), "created": ("拼单成功时间",), "paid": ("支付时间",), "after": ("售后状态",),
    },
    {"已发货": "paid", "已收货": "delivered", "待发货": "paid", "已取消，退款成功": "refunded"}, money=("CNY",),
    dates=("%Y-%m-%d %H:%M:%S",), numbers=(PLAIN,), encodings=(UTF8, BOM, GB), separators=(",",),
    extras=(("邮费(元)", "fee"), ("店铺优惠折扣(元)", "fee"), ("商家实收金额(元)", "same")),
)  # fmt: skip
TAOBAO = Sales(
    "taobao", "zh",
    {
        "order": ("订单编号",), "revenue": ("总金额",), "status": ("订单状态",), "created": ("订单创建时间",),
        "paid": ("订单付款时间 ", "订单付款时间"), "refund": ("退款金额",),
    },
    {"交易成功": "delivered", "交易关闭": "cancelled", "等待买家付款": "open", "买家已付款，等待卖家发货": "paid",
     "卖家已发货，等待买家确认": "paid"},
    money=("CNY",), dates=("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M"), numbers=(PLAIN,), encodings=(UTF8, BOM, GB),
    separators=(",",), extras=(("收货地址 ", "浙江省"),),
)  # fmt: skip
JD = Sales(
    "jingdong", "zh",
    {
        "order": ("订单号",), "item": ("商品名称",), "quantity": ("订购数量",), "created": ("下单时间",),
        "revenue": ("订单金额",), "status": ("订单状态",), "paid": ("付款确认时间",),
    },
    {"完成": "delivered", "等待出库": "paid", "等待确认收货": "paid", "等待付款": "open", "已取消": "cancelled"},
    money=("CNY",), dates=("%Y-%m-%d %H:%M:%S",), numbers=(PLAIN,), encodings=(GB, UTF8), separators=(",",),
    extras=(("商品ID", "id"), ("支付方式", "在线支付"), ("京东价", "fee")), marks=("京东价",),
)  # fmt: skip
YOUZAN = Sales(
    "youzan", "zh",
    {
        "order": ("订单号",), "status": ("订单状态",), "created": ("订单创建时间",), "paid": ("买家付款时间",),
        "revenue": ("订单实付金额",),
    },
    {"交易完成": "delivered", "交易关闭": "cancelled", "待付款": "open", "待发货": "paid", "已发货": "paid"},
    money=("CNY",), dates=("%Y-%m-%d %H:%M:%S",), numbers=(PLAIN,), encodings=(UTF8, BOM), separators=(",",),
    extras=(("销售渠道", "微信小程序"), ("归属店铺", "店铺一"), ("分销员", "-"), ("分销员", "-")),
)  # fmt: skip
SHOP_EN = Sales(
    "shop_en", "en",
    {
        "order": ("Order ID", "Order Number", "order_id"), "created": ("Order Date", "Created at"),
        "user": ("Customer ID",), "revenue": ("Total", "Order Total", "Amount"), "currency": ("Currency",),
        "status": ("Status", "Order Status"), "refund": ("Total (refunded)", "Refunded Amount"),
    },
    {"Paid": "paid", "Completed": "delivered", "Cancelled": "cancelled", "Refunded": "refunded", "Failed": "failed",
     "Pending payment": "open", "Partially refunded": "partly", "Delivered": "delivered"},
    money=("heading", "column", "cell"), dates=("%Y-%m-%d", "%Y-%m-%d %H:%M", "%d/%m/%Y", "%m/%d/%Y %H:%M"),
    numbers=(POINT, PLAIN, SWISS), encodings=(UTF8, BOM, LATIN, UTF16), separators=(",", ";", "\t"),
    extras=(("Total (incl. tax)", "more"), ("Shipping", "fee")), brackets=(" [{c}]", " ({c})"), totals=True,
)  # fmt: skip
SHOP_DE = Sales(
    "shop_de", "de",
    {
        "order": ("Bestellnummer",), "created": ("Bestelldatum",), "user": ("Kundennummer",),
        "revenue": ("Gesamtbetrag", "Bestellwert"), "currency": ("Währung",), "status": ("Bestellstatus", "Status"),
    },
    {"Bezahlt": "paid", "Storniert": "cancelled", "Offen": "open", "Erstattet": "refunded", "Zugestellt": "delivered",
     "Fehlgeschlagen": "failed"},
    money=("heading", "column", "cell"), dates=("%d.%m.%Y", "%d.%m.%Y %H:%M", "%Y-%m-%d"),
    numbers=(COMMA, PLAIN_COMMA), encodings=(UTF8, BOM, LATIN, UTF16), separators=(";", "\t"),
    extras=(("Versandkosten", "fee"),), brackets=(" [{c}]", " ({c})"), currencies=("EUR", "CHF"), totals=True,
)  # fmt: skip
SHOP_ZH = Sales(
    "shop_zh", "zh",
    {
        "order": ("订单编号", "订单号"), "created": ("下单时间", "订单创建时间"), "user": ("用户ID", "会员ID"),
        "revenue": ("订单金额",), "paid": ("付款时间", "支付时间"), "status": ("订单状态",), "currency": ("币种",),
        "refund": ("退款金额",),
    },
    {"已付款": "paid", "已完成": "delivered", "已取消": "cancelled", "待付款": "open", "已退款": "refunded"},
    money=("heading", "column"), dates=("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M"), numbers=(PLAIN, POINT),
    encodings=(UTF8, BOM, GB, UTF16), separators=(",", "\t"), extras=(("运费", "fee"),),
    brackets=("(元)", "（元）"), currencies=("CNY",), totals=True,
)  # fmt: skip

SALES = (
    SHOPIFY, WOO, AMAZON_ORDERS, ETSY, STRIPE, EBAY_EN, EBAY_DE, DOUYIN, PDD, TAOBAO, YOUZAN, SHOP_EN, SHOP_DE, SHOP_ZH,
)  # fmt: skip
