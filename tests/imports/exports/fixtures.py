"""Invented exports in the shapes the platforms give them, each with what must come out of it.

Nothing here is copied from a real file: the headings, encodings and quirks are the platforms', the rows are made up.
"""

# ruff: noqa: E501 (rows are as wide as the exports write them)
from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from xml.sax.saxutils import escape

from imports.exports import shop_texts as sold
from imports.exports import spend_texts as spent
from imports.exports.biff import xls
from imports.exports.log_texts import AMPLITUDE, MIXPANEL, POSTHOG, SEGMENT
from imports.exports.order_texts import AFFILIATES, ANALYTICS, DOUYIN, ETSY, ITEMS, JD, KUAISHOU, PAYMENTS, PDD

NO: Mapping[str, str] = {}


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What one file must give.

    Parameters
    ----------
    table : str
        events, orders or spend; empty where the file holds none of them, and then only `headings` and `lines` count.
    rows : int
        Rows kept.
    created : tuple of int and str
        What the page shows of orders created where some rows are refunds: count, amount.
    sums : mapping of str to str
        Column to its exact sum.
    aside : mapping of str to int
        Rows not kept, by kind: total, header, footer, continuation, window, or a reason of the cleaning.
    first, last : str
        First moment and last (spend: end of the last period, exclusive), in the file's zone, or UTC with a Z.
    title : str
        Which of several stacked tables.
    lines : int
        Data lines, where there is no table.
    """

    table: str
    rows: int = 0
    sums: Mapping[str, str] = field(default_factory=dict)
    aside: Mapping[str, int] = field(default_factory=dict)
    first: str = ""
    last: str = ""
    currency: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    events: Mapping[str, int] = field(default_factory=dict)
    created: tuple[int, str] = (0, "")
    realised: str = ""
    paid: int | None = None
    title: str = ""
    headings: tuple[str, ...] = ()
    lines: int = 0
    private: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Fixture:
    """One export: its name, its bytes, what the analyst is asked for, and what comes out."""

    grade: str
    file: str
    content: bytes
    expected: Expected
    asked: Mapping[str, str] = field(default_factory=dict)
    zone: str = "Asia/Shanghai"
    text: str = ""
    """The decoded text where it may also be written in another encoding."""


MADE: dict[str, Callable[[], Fixture]] = {}


def made(function: Callable[[], Fixture]) -> Callable[[], Fixture]:
    MADE[function.__name__.replace("_", "-")] = function
    return function


# ---- how files are written --------------------------------------------------------------------------------


def lines(*rows: str, end: str = "\n") -> str:
    return end.join(rows) + end


def separated(*rows: Sequence[object], by: str = ",", end: str = "\n") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=by, lineterminator=end).writerows(rows)
    return out.getvalue()


def utf16(text: str) -> bytes:
    return b"\xff\xfe" + text.encode("utf-16-le")


def zipped(**files: bytes) -> bytes:
    return archive(files)


def archive(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def gzipped(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
)
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def workbook(*rows: Sequence[object]) -> bytes:
    """Write a workbook by hand as the advertising back ends do.

    Texts stand inside their cells (inlineStr), there is no styles part, and the sheet claims to be one cell large,
    which is why some readers see an empty table.
    """
    body = "".join(
        f'<row r="{r}">' + "".join(_cell(r, c, value) for c, value in enumerate(row)) + "</row>"
        for r, row in enumerate(rows, 1)
    )
    rels = '<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="{p}"><Relationship Id="rId1" Type="{t}" Target="{to}"/></Relationships>'
    return archive(
        {
            "[Content_Types].xml": _TYPES.encode(),
            "_rels/.rels": rels.format(p=_PACKAGE, t=f"{_OFFICE}/officeDocument", to="xl/workbook.xml").encode(),
            "xl/workbook.xml": (
                f'<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
                '<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>'
            ).encode(),
            "xl/_rels/workbook.xml.rels": rels.format(
                p=_PACKAGE, t=f"{_OFFICE}/worksheet", to="worksheets/sheet1.xml"
            ).encode(),
            "xl/worksheets/sheet1.xml": (
                f'<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="{_MAIN}"><dimension ref="A1"/>'
                f"<sheetData>{body}</sheetData></worksheet>"
            ).encode(),
        }
    )


def _cell(row: int, column: int, value: object) -> str:
    at = f"{_letters(column)}{row}"
    if value is None:
        return ""
    if isinstance(value, int | float):
        return f'<c r="{at}"><v>{value}</v></c>'
    return f'<c r="{at}" t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t></is></c>'


def _letters(column: int) -> str:
    return (chr(64 + column // 26) if column >= 26 else "") + chr(65 + column % 26)


# ---- Google Ads -------------------------------------------------------------------------------------------

_GOOGLE = (
    "Campaign status,Campaign,Budget,Budget name,Budget type,Status,Status reasons,Campaign type,Impr.,Interactions,"
    "Interaction rate,Currency code,Avg. cost,Cost,Clicks,Conv. rate,Conversions,Cost / conv."
)
_GOOGLE_TEXT = lines(
    "Campaign report",
    '"July 8, 2025 - July 31, 2025"',
    _GOOGLE,
    'Enabled,Lanterns north,80.00, --,Daily,Eligible,,Search,"14,117,313","31,200",0.22%,EUR,0.02,700.01,"31,100",< 10%,12.00,58.33',
    'Paused,"Lanterns, south",40.00, --,Daily,Paused,paused; ended,Search,"1,204",77,6.40%,EUR,3.90,300.31,70,> 90%,3.50,85.80',
    "Enabled,Paper kites,15.00, --,Daily,Eligible,,Display,900,0,0.00%,EUR, --,0.00,0, --,0.00, --",
    'Total: Campaigns, --, --, --, --, --,, --,"14,119,417","31,277",0.22%,EUR,0.03,1000.31,"31,170",0.05%,15.50,64.54',
    'Total: Account, --, --, --, --, --,, --,"14,119,417","31,277",0.22%,EUR,0.03,1000.31,"31,170",0.05%,15.50,64.54',
    ' --,Total: Search, --, --, --, --,, --,"14,118,517","31,277",0.22%,EUR,0.03,1000.32,"31,170",0.05%,15.50,64.54',
)
_GOOGLE_OUT = Expected(
    table="spend",
    rows=3,
    sums={"spend": "1000.32", "impressions": "14119417", "clicks": "31170", "conversions": "15.5"},
    aside={"total": 3},
    first="2025-07-08",
    last="2025-08-01",
    currency=("EUR",),
    channels=("google",),
)


@made
def google_ads_campaigns() -> Fixture:
    return Fixture(
        grade="A", file="Campaign report.csv", content=_GOOGLE_TEXT.encode(), text=_GOOGLE_TEXT, expected=_GOOGLE_OUT
    )


@made
def google_ads_utf16_tabs() -> Fixture:
    text = separated(*csv.reader(io.StringIO(_GOOGLE_TEXT)), by="\t")
    return Fixture(grade="A", file="Campaign report.csv", content=utf16(text), text=text, expected=_GOOGLE_OUT)


@made
def google_ads_ad_groups() -> Fixture:
    text = lines(
        "Ad group report",
        "All time",
        "Ad group status,Ad group,Campaign,Currency code,Default max. CPC,Currency code,Clicks,Impr.,Cost",
        'Enabled,Red,Lanterns,GBP,0.40,GBP,"1,010","20,500",404.40',
        "Enabled,Blue,Lanterns,GBP,0.30,GBP,9,310, --",
        "Enabled,Green,Kites,GBP,0.30,GBP,1,12,0.15",
        'Total: Account, --, --,GBP, --,GBP,"1,020","20,822",404.55',
    )
    return Fixture(
        grade="A",
        file="Ad group report.csv",
        content=text.encode("utf-8-sig"),
        text=text,
        asked={"period_start": "2025-01-01", "period_end": "2025-02-01"},
        expected=Expected(
            table="spend",
            rows=2,
            sums={"spend": "404.55", "clicks": "1011", "impressions": "20512"},
            aside={"total": 1, "missing": 1},
            first="2025-01-01",
            last="2025-02-01",
            currency=("GBP",),
            channels=("google",),
        ),
    )


@made
def google_ads_daily() -> Fixture:
    text = lines(
        "Campaign performance",
        '"March 1, 2026 - March 3, 2026"',
        "Day,Campaign,Currency code,Cost,Impr.,Clicks",
        '2026-03-01,Kites,USD,"1,200.10","10,000",400',
        "2026-03-02,Kites,USD,0.90,20,1",
        '2026-03-03,Kites,USD,99.00,"1,000",30',
        'Total: Campaigns, --,USD,"1,300.00","11,020",431',
    )
    return Fixture(
        grade="A",
        file="daily.csv",
        content=text.encode(),
        text=text,
        expected=Expected(
            table="spend",
            rows=3,
            sums={"spend": "1300.00", "impressions": "11020", "clicks": "431"},
            aside={"total": 1},
            first="2026-03-01",
            last="2026-03-04",
            currency=("USD",),
            channels=("google",),
        ),
    )


@made
def google_ads_overview_card() -> Fixture:
    text = lines(
        "Date,Clicks,Impressions,Cost",
        '"Thu, 5 Feb 2026",12,400,US$34.15',
        '"Fri, 6 Feb 2026","1,002","30,000","US$1,200.05"',
        '"Sat, 7 Feb 2026",0,3,US$0.00',
    )
    return Fixture(
        grade="A",
        file="Time_series(2026.02.05-2026.02.07).csv",
        content=text.encode(),
        text=text,
        asked={"channel": "google"},
        expected=Expected(
            table="spend",
            rows=3,
            sums={"spend": "1234.20", "clicks": "1014", "impressions": "30403"},
            first="2026-02-05",
            last="2026-02-08",
            currency=("USD",),
            channels=("google",),
        ),
    )


# ---- Microsoft, LinkedIn ----------------------------------------------------------------------------------


@made
def microsoft_ads_week() -> Fixture:
    text = lines(
        "Week,Campaign name,Impressions,Clicks,Spend",
        '8/3/2026,Umbrellas,"12,000",310,155.50',
        '8/10/2026,Umbrellas,"9,000",205,102.25',
        '8/17/2026,Umbrellas,"1,500",20,12.00',
        'Total,,"22,500",535,269.75',
        "©2026 Microsoft Corporation. All rights reserved.,,,,",
    )
    return Fixture(
        grade="B",
        file="Campaign_Performance.csv",
        content=text.encode("utf-8-sig"),
        text=text,
        asked={"currency": "USD", "channel": "microsoft"},
        expected=Expected(
            table="spend",
            rows=3,
            sums={"spend": "269.75", "impressions": "22500", "clicks": "535"},
            aside={"total": 1, "footer": 1},
            first="2026-08-03",
            last="2026-08-24",
            currency=("USD",),
            channels=("microsoft",),
        ),
    )


@made
def microsoft_ads_api() -> Fixture:
    text = lines(
        "TimePeriod,CampaignName,Impressions,Clicks,Spend",
        "2026-08-03,Umbrellas,1200,31,15.55",
        "2026-08-04,Umbrellas,900,20,10.20",
        "Total,,2100,51,25.75",
        "©2026 Microsoft Corporation. All rights reserved.,,,,",
    )
    return Fixture(
        grade="B",
        file="report.csv",
        content=text.encode(),
        text=text,
        asked={"currency": "USD", "channel": "microsoft"},
        expected=Expected(
            table="spend",
            rows=2,
            sums={"spend": "25.75", "impressions": "2100", "clicks": "51"},
            aside={"total": 1, "footer": 1},
            first="2026-08-03",
            last="2026-08-05",
            currency=("USD",),
            channels=("microsoft",),
        ),
    )


@made
def microsoft_ads_iso_week() -> Fixture:
    text = lines(
        "Week,Campaign name,Impressions,Clicks,Spend",
        "2026-08-03,Umbrellas,100,3,1.50",
        "2026-08-10,Umbrellas,200,4,2.50",
        "Total,,300,7,4.00",
        "©2026 Microsoft Corporation. All rights reserved.,,,,",
    )
    return Fixture(
        grade="B",
        file="weeks.csv",
        content=text.encode("utf-8-sig"),
        text=text,
        asked={"currency": "USD"},
        expected=Expected(
            table="spend",
            rows=2,
            sums={"spend": "4.00", "impressions": "300", "clicks": "7"},
            aside={"total": 1, "footer": 1},
            first="2026-08-03",
            last="2026-08-17",
            currency=("USD",),
            channels=("microsoft",),
        ),
    )


@made
def linkedin_ads() -> Fixture:
    text = (
        lines(
            "Campaign Performance Report (in UTC)",
            'Report Start: June 1, 2026, 12:00 AM',
            'Report End: June 3, 2026, 11:59 PM',
            'Date Generated: June 4, 2026, 8:00 AM',
            "",
            end="\r\n",
        )
        + separated(
            ("Start Date (in UTC)", "Account Name", "Currency", "Campaign Group Name", "Campaign Name", "Campaign ID",
             "Total Spent", "Impressions", "Clicks"),
            ("6/1/2026", "Workshop", "USD", "Autumn", "Engineers", "700001", "120.40", "4,000", "31"),
            ("6/2/2026", "Workshop", "USD", "Autumn", "Engineers", "700001", "80.10", "2,500", "-"),
            ("6/13/2026", "Workshop", "USD", "Autumn", "Buyers", "700002", "0.50", "10", "0"),
            by="\t",
            end="\r\n",
        )
    )  # fmt: skip
    return Fixture(
        grade="B",
        file="account_campaign_performance_report.csv",
        content=utf16(text),
        text=text,
        zone="UTC",
        asked={"channel": "linkedin"},
        expected=Expected(
            table="spend",
            rows=3,
            sums={"spend": "201.00", "impressions": "6510", "clicks": "31"},
            first="2026-06-01",
            last="2026-06-14",
            currency=("USD",),
            channels=("linkedin",),
        ),
    )


# ---- analytics --------------------------------------------------------------------------------------------


def _ga4() -> str:
    def comments(title: str, start: str, end: str) -> list[str]:
        return [
            "# ----------------------------------------", f"# {title}", "# Account: Teahouse", "# Property: Teahouse - web",
            "# ----------------------------------------", "# All Users", f"# Start date: {start}", f"# End date: {end}",
        ]  # fmt: skip

    return lines(
        *comments("Active users by day", "20250801", "20250803"),
        "Nth day,Active users",
        "0000,120",
        "0001,98",
        "0002,143",
        "",
        *comments("Active users by day", "20250729", "20250731"),
        "Nth day,Active users",
        "0000,77",
        "0001,78",
        "0002,79",
        "",
        *comments("Advertising by day", "20250801", "20250803"),
        "Nth day,Session campaign,Ads cost,Ads clicks,Total revenue",
        "0000,Spring tea,40.10,30,120.00",
        "0001,Spring tea,0.40,1,0.00",
        "0002,Spring tea,9.50,7,33.33",
        "",
        end="\r\n",
    )


@made
def ga4_stacked() -> Fixture:
    text = _ga4()
    return Fixture(
        grade="C",
        file="Reports_snapshot.csv",
        content=text.encode(),
        text=text,
        asked={"channel": "google", "currency": "EUR"},
        expected=Expected(
            table="spend",
            title="Advertising by day",
            rows=3,
            sums={"spend": "50.00", "attributed_revenue": "153.33", "clicks": "38"},
            first="2025-08-01",
            last="2025-08-04",
            currency=("EUR",),
            channels=("google",),
        ),
    )


@made
def ga4_bigquery() -> Fixture:
    def row(at: int, user: str, name: str, page: str) -> str:
        return json.dumps(
            {
                "event_date": "20260811",
                "event_timestamp": str(at),
                "event_name": name,
                "event_params": [{"key": "page_location", "value": {"string_value": page, "int_value": None}}],
                "user_pseudo_id": user,
                "items": [],
            }
        )

    start = 1_786_406_400_000_000  # 2026-08-11 00:00 UTC
    rows = (
        row(start, "p.1", "session_start", "/"),
        row(start + 61_000_000, "p.1", "page_view", "/cups"),
        row(start + 90_500_000, "p.1", "add_to_cart", "/cups"),
        row(start + 7_200_000_000, "p.2", "page_view", "/"),
        row(start + 9_000_000_000, "p.1", "purchase", "/done"),
    )
    return Fixture(
        grade="docs",
        file="events.jsonl",
        content=lines(*rows).encode(),
        zone="UTC",
        expected=Expected(
            table="events",
            rows=5,
            first="2026-08-11 00:00:00",
            last="2026-08-11 02:30:00",
            events={"visit": 1, "view": 2, "cart": 1, "purchase": 1},
        ),
    )


_MATOMO = ("label", "nb_uniq_visitors", "nb_visits", "nb_actions", "max_actions", "bounce_count")
_MATOMO_ROWS = (("Direct Entry", 10, 12, 40, 9, 3), ("Search Engines", 20, 25, 60, 8, 11), ("Websites", 3, 3, 4, 2, 2))


@made
def matomo_two_marks() -> Fixture:
    text = separated(_MATOMO, *_MATOMO_ROWS)
    return Fixture(
        grade="A",
        file="Export _ Referrers _ 2026-08-11.csv",
        content=b"\xef\xbb\xbf" * 2 + text.encode(),
        expected=Expected(table="", headings=_MATOMO, lines=3),
    )


@made
def matomo_utf16() -> Fixture:
    text = separated(_MATOMO, *_MATOMO_ROWS)
    return Fixture(
        grade="A",
        file="Export _ Referrers _ 2026-08-11.csv",
        content=utf16("\ufeff" + text),
        expected=Expected(table="", headings=_MATOMO, lines=3),
    )


@made
def ga4_acquisition() -> Fixture:
    headings = (
        "Session source / medium", "Sessions", "Engaged sessions", "Engagement rate", "Events per session",
        "Event count", "Key events", "Total revenue",
    )  # fmt: skip
    text = separated(
        headings, ("google / cpc", 50, 31, 0.62, 7.1, 355, 4, 120.5), ("(direct) / (none)", 20, 9, 0.45, 4, 80, 1, 30)
    )
    return Fixture(
        grade="C",
        file="Traffic_acquisition.csv",
        content=text.encode(),
        expected=Expected(table="", headings=headings, lines=2),
    )


# ---- shops ------------------------------------------------------------------------------------------------

_ADDRESS = ("Name", "Street", "Address1", "Address2", "Company", "City", "Zip", "Province", "Country", "Phone")
SHOPIFY = (
    "Name", "Email", "Financial Status", "Paid at", "Fulfillment Status", "Fulfilled at", "Accepts Marketing",
    "Currency", "Subtotal", "Shipping", "Taxes", "Total", "Discount Code", "Discount Amount", "Shipping Method",
    "Created at", "Lineitem quantity", "Lineitem name", "Lineitem price", "Lineitem compare at price", "Lineitem sku",
    "Lineitem requires shipping", "Lineitem taxable", "Lineitem fulfillment status",
    *(f"Billing {part}" for part in _ADDRESS), *(f"Shipping {part}" for part in _ADDRESS),
    "Notes", "Note Attributes", "Cancelled at", "Payment Method", "Payment Reference", "Refunded Amount", "Vendor",
    "Outstanding Balance", "Employee", "Location", "Device ID", "Id", "Tags", "Risk Level", "Source",
    "Lineitem discount", *(f"Tax {n} {part}" for n in range(1, 6) for part in ("Name", "Value")),
    "Phone", "Receipt Number", "Duties", "Billing Province Name", "Shipping Province Name", "Payment ID",
    "Payment Terms Name", "Next Payment Due At", "Payment References",
)  # fmt: skip


def _shopify(**given: str) -> tuple[str, ...]:
    return tuple(given.get(heading.replace(" ", "_"), "") for heading in SHOPIFY)


def _first_line(
    name: str, email: str, status: str, paid: str, total: str, created: str, **more: str
) -> tuple[str, ...]:
    return _shopify(
        Name=name, Email=email, Financial_Status=status, Paid_at=paid, Currency="PKR", Subtotal=total, Shipping="0.00",
        Taxes="0.00", Total=total, Discount_Amount=more.pop("discount", "0.00"), Created_at=created,
        Lineitem_quantity="1", Lineitem_name="Kettle", Lineitem_price=total, Billing_Name="Mira Test",
        Billing_Phone="0300 5550100", Refunded_Amount=more.pop("refund", "0.00"), Vendor="Kettles", **more,
    )  # fmt: skip


@made
def shopify_orders() -> Fixture:
    def more(name: str, email: str, created: str, item: str) -> tuple[str, ...]:
        return _shopify(
            Name=name, Email=email, Created_at=created, Lineitem_quantity="2", Lineitem_name=item,
            Lineitem_price="10.00", Vendor="Kettles",
        )  # fmt: skip

    first, second = "2026-04-05 22:47:47 +0500", "2026-04-06 01:10:00 +0500"
    text = separated(
        SHOPIFY,
        _first_line("#1001", "mira@example.org", "paid", "2026-04-05 22:47:48 +0500", "2499.50", first),
        more("#1001", "mira@example.org", first, 'Cup, 9" wide'),
        more("#1001", "mira@example.org", first, "Line one\nline two"),
        _first_line("Her2066", "omar@example.org", "pending", "", "100.25", second),
        _first_line(
            "#1003", "mira@example.org", "partially_refunded", "2026-04-07 09:00:00 +0500", "800.00",
            "2026-04-07 08:59:00 +0500", refund="300.00", Discount_Code="SPRING", discount="50.00",
        ),
        more("#1003", "mira@example.org", "2026-04-07 08:59:00 +0500", "Saucer"),
    )  # fmt: skip
    return Fixture(
        grade="A",
        file="orders_export_1.csv",
        content=text.encode(),
        text=text,
        expected=Expected(
            table="orders",
            rows=3,
            sums={"revenue": "3399.75", "refund": "300.00", "discount": "50.00"},
            aside={"continuation": 3},
            first="2026-04-05 17:47:47Z",
            last="2026-04-07 03:59:00Z",
            currency=("PKR",),
            paid=2,
            realised="2999.50",
            private=("mira@example.org", "omar@example.org", "5550100", "Mira Test"),
        ),
    )


@made
def woocommerce_orders() -> Fixture:
    headings = (
        "order_id", "order_number_formatted", "order_number", "date", "status", "order_shipping", "order_shipping_tax",
        "order_tax", "order_cart_discount", "order_discount", "order_total", "payment_method", "customer_id",
        "billing_first_name", "billing_last_name", "billing_email", "billing_phone", "order_item_1",
    )  # fmt: skip
    text = separated(
        headings,
        (501, "#501", 501, "5/31/2016 0:37", "completed", 5, 0, 0, 0, 0, 45.5, "card", 7, "Ada", "Test",
         "ada@example.org", "555-0101", "name:Mug|sku:M1|quantity:1|total:40.50"),
        (502, "#502", 502, "6/1/2016 13:05", "processing", 0, 0, 0, 0, 0, 20, "card", 8, "Bo", "Test",
         "bo@example.org", "555-0102", "name:Cup|sku:C1|quantity:2|total:20.00"),
        (503, "#503", 503, "6/12/2016 23:59", "cancelled", 0, 0, 0, 0, 0, 9.99, "card", 7, "Ada", "Test",
         "ada@example.org", "555-0101", "name:Lid|sku:L1|quantity:1|total:9.99"),
    )  # fmt: skip
    return Fixture(
        grade="B",
        file="orders.csv",
        content=text.encode(),
        text=text,
        asked={"currency": "USD"},
        expected=Expected(
            table="orders",
            rows=3,
            sums={"revenue": "75.49"},
            first="2016-05-31 00:37:00",
            last="2016-06-12 23:59:00",
            currency=("USD",),
            private=("ada@example.org", "bo@example.org", "555-0101"),
        ),
    )


AMAZON = (
    "amazon-order-id", "merchant-order-id", "purchase-date", "last-updated-date", "order-status",
    "fulfillment-channel", "sales-channel", "order-channel", "url", "ship-service-level", "product-name", "sku", "asin",
    "item-status", "quantity", "currency", "item-price", "item-tax", "shipping-price", "shipping-tax",
    "gift-wrap-price", "gift-wrap-tax", "item-promotion-discount", "ship-promotion-discount", "ship-city", "ship-state",
    "ship-postal-code", "ship-country", "promotion-ids", "is-business-order", "purchase-order-number",
    "price-designation",
)  # fmt: skip


@made
def amazon_seller_orders() -> Fixture:
    def row(order: str, at: str, status: str, item: str, price: str, quantity: int = 1) -> tuple[str, ...]:
        given = {
            "amazon-order-id": order, "purchase-date": at, "last-updated-date": at, "order-status": status,
            "sales-channel": "Amazon.de", "product-name": item, "quantity": str(quantity),
            "currency": "EUR" if price else "", "item-price": price, "ship-city": "Invented", "ship-country": "DE",
        }  # fmt: skip
        return tuple(given.get(heading, "") for heading in AMAZON)

    text = separated(
        AMAZON,
        row("900-0000001-0000001", "2026-08-13T23:30:00+00:00", "Shipped", "Teapot 1,2 l", "39.90"),
        row("900-0000001-0000001", "2026-08-13T23:30:00+00:00", "Shipped", 'Lid 4"', "5.10"),
        row("900-0000002-0000002", "2026-08-14T01:00:00+02:00", "Cancelled", "Teapot", "", 0),
        row("900-0000003-0000003", "2026-08-14T08:15:30-07:00", "Shipped", "Tray", "12.34", 2),
        by="\t",
        end="\r\n",
    )
    return Fixture(
        grade="B",
        file="orders.txt",
        content=text.encode(),
        text=text,
        expected=Expected(
            table="orders",
            rows=2,
            sums={"revenue": "57.34"},
            aside={"missing": 1, "continuation": 1},
            first="2026-08-13 23:30:00Z",
            last="2026-08-14 15:15:30Z",
            currency=("EUR",),
        ),
    )


# ---- Chinese platforms ------------------------------------------------------------------------------------


@made
def qianchuan_materials() -> Fixture:
    headings = (
        "素材名称", "素材ID", "素材评估", "素材时长", "素材创建时间", "素材来源", "标签", "整体消耗", "净成交ROI",
        "净成交金额", "1小时内退款率", "整体支付ROI", "整体成交金额", "净成交金额结算率", "净成交订单数",
    )  # fmt: skip
    content = workbook(
        headings,
        ("茶壶开箱.mp4", "730000000000000001", "优质", "00:31", "2026-08-01 10:00:00", "本地上传", "-", "1,200.50", "2.00",
         "2401.00", "3.10%", "2.5", "3001.25", "88%", "20"),
        ("茶杯<对比>&评测.mp4", "730000000000000002", "-", "00:15", "2026-08-02 09:00:00", "本地上传", "新", "300.00", "1.00",
         "300.00", "0%", "1.1", "330.00", "90%", "3"),
        ("汇总", "", "-", "-", "-", "-", "-", "1500.50", "1.80", "2701.00", "2.8%", "2.22", "3331.25", "88%", "23"),
    )  # fmt: skip
    return Fixture(
        grade="B",
        file="素材数据_2026-08-13.xlsx",
        content=content,
        asked={"period_start": "2026-08-13", "period_end": "2026-08-14", "currency": "CNY"},
        expected=Expected(
            table="spend",
            rows=2,
            sums={"spend": "1500.50"},
            aside={"total": 1},
            first="2026-08-13",
            last="2026-08-14",
            currency=("CNY",),
            channels=("巨量千川",),
        ),
    )


@made
def qianchuan_products() -> Fixture:
    text = separated(
        ("商品ID", "商品名称", "整体展示次数", "整体点击次数", "整体点击率", "整体转化率", "整体消耗", "整体成交金额", "整体支付ROI"),
        ("3500000000000000001", "白瓷茶壶", "10,200", "310", "3.04%", "4.1%", "¥1,234.50", "¥5,000.00", "4.05"),
        ("3500000000000000002", "竹制茶盘", "800", "9", "1.13%", "0%", "65.50", "0.00", "0.00"),
    )  # fmt: skip
    return Fixture(
        grade="B",
        file="商品.csv",
        content=text.encode("utf-8-sig"),
        text=text,
        asked={"period_start": "2026-08-01", "period_end": "2026-09-01", "currency": "CNY"},
        expected=Expected(
            table="spend",
            rows=2,
            sums={"spend": "1300.00", "attributed_revenue": "5000.00", "impressions": "11000", "clicks": "319"},
            first="2026-08-01",
            last="2026-09-01",
            currency=("CNY",),
            channels=("巨量千川",),
        ),
    )


@made
def ocean_engine() -> Fixture:
    text = separated(
        ("时间", "广告计划id", "广告计划", "广告组id", "广告组", "展示数", "点击数", "点击率(%)", "平均点击单价(元)",
         "平均千次展现费用(元)", "总花费(元)"),
        ("2026-08-13", "1700000000000001", "计划甲", "1600000000000001", "组一", "20000", "400", "2.00", "0.75", "15.00", "300.00"),
        ("2026-08-14", "1700000000000001", "计划甲", "1600000000000001", "组一", "10000", "100", "1.00", "0.51", "5.10", "51.05"),
        ("2026-08-14", "1700000000000002", "计划乙", "1600000000000001", "组一", "500", "0", "0.00", "-", "0.00", "0.00"),
        ("总计 3 项", "", "", "", "", "30500", "500", "1.64", "0.70", "11.51", "351.05"),
    )  # fmt: skip
    return Fixture(
        grade="B",
        file="广告计划.csv",
        content=text.encode("gb18030"),
        text=text,
        asked={"currency": "CNY"},
        expected=Expected(
            table="spend",
            rows=3,
            sums={"spend": "351.05", "impressions": "30500", "clicks": "500"},
            aside={"total": 1},
            first="2026-08-13",
            last="2026-08-15",
            currency=("CNY",),
            channels=("巨量引擎",),
        ),
    )


@made
def ocean_engine_units() -> Fixture:
    text = separated(
        ("单元名称", "消耗(元)", "展示数", "点击数", "转化数"),
        ("茶叶_通投", "1,000.10", "90,000", "1,100", "30"),
        ("茶具_定向", "0.90", "15", "1", "0"),
        ("总计 2 项", "1,001.00", "90,015", "1,101", "30"),
    )
    return Fixture(
        grade="B",
        file="单元.csv",
        content=text.encode("utf-8-sig"),
        text=text,
        asked={"period_start": "2026-08-01", "period_end": "2026-08-08", "currency": "CNY"},
        expected=Expected(
            table="spend",
            rows=2,
            sums={"spend": "1001.00", "impressions": "90015", "clicks": "1101", "conversions": "30"},
            aside={"total": 1},
            first="2026-08-01",
            last="2026-08-08",
            currency=("CNY",),
            channels=("巨量引擎",),
        ),
    )


_WANXIANG = (
    "日期", "主体ID", "主体类型", "主体名称", "花费", "净成交金额", "总成交金额", "净实际投产比", "实际投产比", "展现量", "点击量",
)  # fmt: skip


@made
def wanxiangtai() -> Fixture:
    text = separated(
        _WANXIANG,
        ("2026-08-11", "800001", "商品", "紫砂壶", "210.55", "900.00", "1000.00", "4.27", "4.75", "5000", "120"),
        ("2026-08-12", "800001", "商品", "紫砂壶", "89.45", "nan", "nan", "nan", "nan", "2000", "40"),
        ("2026-08-12", "800002", "商品", "茶漏", "nan", "0.00", "0.00", "nan", "nan", "10", "0"),
        ("合计", "", "", "", "300.00", "900.00", "1000.00", "3.00", "3.33", "7010", "160"),
    )
    return Fixture(
        grade="B",
        file="万相台报表.csv",
        content=text.encode("gb18030"),
        text=text,
        asked={"currency": "CNY"},
        expected=Expected(
            table="spend",
            rows=2,
            sums={"spend": "300.00", "impressions": "7000", "clicks": "160"},
            aside={"total": 1, "missing": 1},
            first="2026-08-11",
            last="2026-08-13",
            currency=("CNY",),
            channels=("万相台",),
        ),
    )


@made
def wanxiangtai_windows() -> Fixture:
    headings = ("日期", "转化周期", *_WANXIANG[1:])
    text = separated(
        headings,
        ("2026-08-11", "1天", "800001", "商品", "紫砂壶", "210.55", "500.00", "600.00", "2.4", "2.9", "5000", "120"),
        (
            "2026-08-11",
            "15天",
            "800001",
            "商品",
            "紫砂壶",
            "210.55",
            "900.00",
            "1000.00",
            "4.27",
            "4.75",
            "5000",
            "120",
        ),
        ("2026-08-12", "1天", "800001", "商品", "紫砂壶", "89.45", "10.00", "20.00", "0.1", "0.2", "2000", "40"),
        ("2026-08-12", "15天", "800001", "商品", "紫砂壶", "89.45", "90.00", "100.00", "1.0", "1.1", "2000", "40"),
        ("总计", "", "", "", "", "600.00", "1500.00", "1720.00", "2.5", "2.9", "14000", "320"),
    )
    return Fixture(
        grade="B",
        file="万相台报表.zip",
        content=archive({"报表/万相台_20260813.csv": text.encode()}),
        asked={"currency": "CNY"},
        expected=Expected(
            table="spend",
            rows=2,
            sums={"spend": "300.00", "impressions": "7000", "clicks": "160"},
            aside={"total": 1, "window": 2},
            first="2026-08-11",
            last="2026-08-13",
            currency=("CNY",),
            channels=("万相台",),
        ),
    )


SYCM = (
    "统计日期", "商品ID", "商品名称", "主商品ID", "商品类型", "货号", "商品状态", "商品标签", "商品访客数", "商品浏览量",
    "平均停留时长", "商品详情页跳出率", "商品收藏人数", "商品加购件数", "商品加购人数", "下单买家数", "支付金额", "商品支付转化率",
)  # fmt: skip


@made
def sycm_products() -> Fixture:
    def row(day: str, item: str, name: str, visitors: str, paid: str, rate: str) -> tuple[str, ...]:
        return (day, item, name, "-", "普通商品", "NULL", "当前在线", "-", visitors, "2,000", "15.2", "50%", "3", "9", "8",
                "4", paid, rate)  # fmt: skip

    content = workbook(
        ("商品排行",),
        ("统计周期", "2026-08-12 ~ 2026-08-13"),
        (),
        SYCM,
        row("2026-08-12", "610000000001", "紫砂壶", "1,024", "12,345.60", "10%"),
        row("2026-08-12", "610000000002", "茶漏", "5", "-", "NULL"),
        SYCM,
        row("2026-08-13", "610000000001", "紫砂壶", "900", "10,000.00", "9.5%"),
    )
    return Fixture(
        grade="B",
        file="【生意参谋平台】商品_全部_2026-08-12_2026-08-13.xlsx",
        content=content,
        expected=Expected(table="", headings=SYCM, lines=3),
    )


@made
def sycm_products_xls() -> Fixture:
    row = ("2026-08-12", "610000000001", "紫砂壶", "-", "普通商品", "NULL", "当前在线", "-", "1,024", "2,000", 15.2, "50%", "3",
           "9", "8", "4", "12,345.60", "10%")  # fmt: skip
    return Fixture(
        grade="B",
        file="【生意参谋平台】商品.xls",
        content=xls(("商品排行",), ("统计周期", "2026-08-12 ~ 2026-08-12"), (), (), SYCM, row, SYCM, row),
        expected=Expected(table="", headings=SYCM, lines=2),
    )


@made
def tmall_orders() -> Fixture:
    text = separated(
        ("订单编号", "总金额", "买家实际支付金额", "收货地址 ", "订单创建时间", "订单付款时间 ", "退款金额"),
        ("9001", "178.80", "178.80", "云南省", "2026-02-21 00:00:00", "2026-02-21 00:00:09", "0.0"),
        ("9002", "21.00", "0.0", "四川省", "2026-02-20 23:59:54", "", "0.0"),
        ("9003", "100.00", "70.00", "浙江省", "2026-02-20 23:59:35", "2026-02-20 23:59:48", "30.0"),
        ("9004", "50.05", "0.0", "上海", "2026-02-19 08:00:00", "2026-02-19 08:00:01", "50.05"),
    )
    return Fixture(
        grade="A",
        file="tmall_order_report.csv",
        content=text.encode(),
        text=text,
        asked={"currency": "CNY"},
        expected=Expected(
            table="orders",
            rows=4,
            sums={"revenue": "349.85"},
            first="2026-02-19 08:00:00",
            last="2026-02-21 00:00:00",
            currency=("CNY",),
            paid=3,
            realised="248.80",
        ),
    )


@made
def tencent_ads() -> Fixture:
    text = separated(
        ("推广计划名称", "限额(元)", "状态", "曝光量", "点击量", "点击率", "花费(元)", "点击均价(元)"),
        ("朋友圈_茶", "不限", "投放中", "120,000", "2,400", "2%", "1,200.00", "0.50"),
        ("公众号_壶", "500", "暂停", "1,000", "10", "1%", "12.30", "1.23"),
        ("总计", "-", "-", "121,000", "2,410", "1.99%", "1,212.30", "0.50"),
    )
    return Fixture(
        grade="B",
        file="推广计划.csv",
        content=text.encode("gb18030"),
        text=text,
        asked={"period_start": "2026-08-01", "period_end": "2026-08-08", "currency": "CNY"},
        expected=Expected(
            table="spend",
            rows=2,
            sums={"spend": "1212.30", "impressions": "121000", "clicks": "2410"},
            aside={"total": 1},
            first="2026-08-01",
            last="2026-08-08",
            currency=("CNY",),
            channels=("腾讯广告",),
        ),
    )


@made
def tencent_ads_new() -> Fixture:
    text = separated(
        ("日期", "广告名称", "曝光次数", "点击次数", "花费", "目标转化量"),
        ("2026-08-11", "视频号_茶", "3,000", "60", "45.60", "2"),
        ("2026-08-12", "视频号_茶", "4,000", "70", "54.40", "3"),
    )
    return Fixture(
        grade="B",
        file="广告报表.csv",
        content=text.encode("utf-8-sig"),
        text=text,
        asked={"currency": "CNY", "channel": "腾讯广告"},
        expected=Expected(
            table="spend",
            rows=2,
            sums={"spend": "100.00", "impressions": "7000", "clicks": "130", "conversions": "5"},
            first="2026-08-11",
            last="2026-08-13",
            currency=("CNY",),
            channels=("腾讯广告",),
        ),
    )


@made
def kuaishou() -> Fixture:
    content = workbook(
        (
            "账户名称",
            "账户ID",
            "时间",
            "账户类型",
            "快手昵称",
            "快手ID",
            "总花费(元)",
            "当日累计GMV(元)",
            "当日累计ROI",
        ),
        ("茶具账户", 88001, 46245, "信息流", "茶小二", 5001, 500.25, 1500.75, 3.0),
        ("茶具账户", 88001, 46246, "信息流", "茶小二", 5001, 99.75, 0, 0),
    )
    return Fixture(
        grade="B",
        file="快手.xlsx",
        content=content,
        expected=Expected(
            table="spend",
            rows=2,
            sums={"spend": "600.00", "attributed_revenue": "1500.75"},
            first="2026-08-11",
            last="2026-08-13",
            currency=("CNY",),
            channels=("快手",),
        ),
    )


@made
def kuaishou_xls() -> Fixture:
    """Days are numbers with a date's format, as Excel 97 keeps them."""
    content = xls(
        (
            "账户名称",
            "账户ID",
            "时间",
            "账户类型",
            "快手昵称",
            "快手ID",
            "总花费(元)",
            "当日累计GMV(元)",
            "当日累计ROI",
        ),
        ("茶具账户", 88001, ("day", 46245.0), "信息流", "茶小二", 5001, 500.25, 1500.75, 3.0),
        ("茶具账户", 88001, ("day", 46246.0), "信息流", "茶小二", 5001, "1,099.75", 0, 0),
    )
    return Fixture(
        grade="B",
        file="快手.xls",
        content=content,
        expected=Expected(
            table="spend",
            rows=2,
            sums={"spend": "1600.00", "attributed_revenue": "1500.75"},
            first="2026-08-11",
            last="2026-08-13",
            currency=("CNY",),
            channels=("快手",),
        ),
    )


@made
def xiaohongshu() -> Fixture:
    text = separated(
        ("时间", "创意名称", "创意ID", "笔记ID", "单元ID", "计划ID", "消费", "展现量", "点击量", "点击率", "平均点击成本",
         "平均千次展示费用", "点赞", "评论", "收藏", "关注", "分享", "互动量"),
        ("2026-08-12", "晨茶", "c1", "64aa00000001", "u1", "p1", "66.60", "3,000", "90", "3.00%", "0.74", "22.2", "9", "1", "4", "0", "2", "16"),
        ("2026-08-13", "晚茶", "c2", "64aa00000002", "u1", "p1", "33.40", "1,000", "10", "1.00%", "3.34", "33.4", "1", "0", "0", "0", "0", "1"),
    )  # fmt: skip
    return Fixture(
        grade="B",
        file="创意报表.csv",
        content=text.encode("utf-8-sig"),
        text=text,
        expected=Expected(
            table="spend",
            rows=2,
            sums={"spend": "100.00", "impressions": "4000", "clicks": "100"},
            first="2026-08-12",
            last="2026-08-14",
            currency=("CNY",),
            channels=("小红书",),
        ),
    )


@made
def baidu() -> Fixture:
    text = lines(
        "数据生成时间：2026-08-13 09:00",
        "数据生成条件：",
        "1. 时间范围：20260811-20260812",
        "2. 时间单位：分日",
        "3. 推广设备：移动设备，计算机",
        "4. 投放网络：全部",
        "5. 投放物料：全部",
        "",
        "日期,推广计划,账户,展现,点击,消费,点击率,平均点击价格,网页转化,商桥转化,电话转化",
        '2026-08-11,品牌词,茶馆测试,"1,500",45,90.45,3.00%,2.01,2,0,0',
        "2026-08-12,品牌词,茶馆测试,500,5,9.55,1.00%,1.91,0,0,0",
        end="\r\n",
    )
    return Fixture(
        grade="B",
        file="账户报告.csv",
        content=text.encode("gb18030"),
        text=text,
        expected=Expected(
            table="spend",
            rows=2,
            sums={"spend": "100.00", "impressions": "2000", "clicks": "50", "conversions": "2"},
            first="2026-08-11",
            last="2026-08-13",
            currency=("CNY",),
            channels=("百度",),
        ),
    )


@made
def baidu_feed() -> Fixture:
    text = lines(
        "数据生成时间：2026-08-13 09:00,,,,,,,,,,",
        "数据生成条件：,,,,,,,,,,",
        "1. 时间范围：20260811,,,,,,,,,,",
        ",,,,,,,,,,",
        "日期,推广计划,推广计划ID,展现,点击,消费,点击率,平均点击价格,千次展现消费,移动营销页浏览量,网页转化",
        "20260811,信息流_茶,7001,9000,90,45.50,1.00%,0.51,5.06,80,3",
        "20260811,信息流_壶,7002,1000,1,4.50,0.10%,4.50,4.50,1,0",
        end="\r\n",
    )
    return Fixture(
        grade="B",
        file="信息流.csv",
        content=text.encode("gb18030"),
        text=text,
        expected=Expected(
            table="spend",
            rows=2,
            sums={"spend": "50.00", "impressions": "10000", "clicks": "91", "conversions": "3"},
            first="2026-08-11",
            last="2026-08-12",
            currency=("CNY",),
            channels=("百度",),
        ),
    )


@made
def sogou() -> Fixture:
    text = lines(
        "编号,日期,账户,推广计划,消耗,点击数,展示数,点击率,点击均价,有消耗词量",
        "总计,--,--,--,30.30,11,330,3.33%,2.75,7",
        "1,2026-08-11,茶馆测试,品牌词,10.10,4,110,3.64%,2.53,3",
        "2,2026-08-12,茶馆测试,品牌词,20.20,7,220,3.18%,2.89,4",
    )
    return Fixture(
        grade="B",
        file="搜狗.csv",
        content=text.encode("gb18030"),
        text=text,
        expected=Expected(
            table="spend",
            rows=2,
            sums={"spend": "30.30", "impressions": "330", "clicks": "11"},
            aside={"total": 1},
            first="2026-08-11",
            last="2026-08-13",
            currency=("CNY",),
            channels=("搜狗",),
        ),
    )


@made
def shenma() -> Fixture:
    text = lines(
        "时间,账户,推广计划,展现量,点击量,消费,点击率,平均点击价格",
        "2026-08-11,茶馆测试,移动词,300,6,12.12,2.00%,2.02",
        "2026-08-12,茶馆测试,移动词,200,4,7.88,2.00%,1.97",
    )
    return Fixture(
        grade="B",
        file="神马.csv",
        content=text.encode("gb18030"),
        text=text,
        expected=Expected(
            table="spend",
            rows=2,
            sums={"spend": "20.00", "impressions": "500", "clicks": "10"},
            first="2026-08-11",
            last="2026-08-13",
            currency=("CNY",),
            channels=("神马",),
        ),
    )


@made
def qihoo_360() -> Fixture:
    text = lines(
        "时间,推广计划,展示次数,点击次数,点击率,总费用,平均点击费用,广告模式,产品线",
        "2026-08-11,品牌,4000,40,1.00%,60.40,1.51,竞价,搜索推广",
        "2026-08-12,品牌,1000,10,1.00%,9.60,0.96,竞价,搜索推广",
    )
    return Fixture(
        grade="B",
        file="效果评估报告_2026-08-11至2026-08-12_20260813.csv",
        content=text.encode("gb18030"),
        text=text,
        expected=Expected(
            table="spend",
            rows=2,
            sums={"spend": "70.00", "impressions": "5000", "clicks": "50"},
            first="2026-08-11",
            last="2026-08-13",
            currency=("CNY",),
            channels=("360",),
        ),
    )


@made
def taobao_behaviour() -> Fixture:
    start = 1_511_544_070  # 2017-11-24 17:21:10 UTC
    names = ("pv", "pv", "fav", "cart", "pv", "buy", "pv", "cart")
    text = lines(
        *(f"{n % 3 + 1},{2268318 + n},{2520377 + n % 2},{name},{start + 60 * n}" for n, name in enumerate(names))
    )
    return Fixture(
        grade="A",
        file="UserBehavior.csv",
        content=text.encode(),
        text=text,
        expected=Expected(
            table="events",
            rows=8,
            first="2017-11-24 17:21:10Z",
            last="2017-11-24 17:28:10Z",
            events={"view": 4, "favorite": 1, "cart": 2, "purchase": 1},
        ),
    )


@made
def tianchi_codes() -> Fixture:
    text = lines(
        "user_id,item_id,behavior_type,user_geohash,item_category,time",
        "90001,700001,1,,4245,2014-12-06 02",
        "90001,700001,3,,4245,2014-12-06 03",
        "90001,700001,4,,4245,2014-12-06 03",
        "90002,700002,1,94ek6ke,5894,2014-12-09 20",
        "90002,700003,2,,5894,2014-12-09 20",
    )
    return Fixture(
        grade="A",
        file="tianchi.csv",
        content=text.encode(),
        text=text,
        expected=Expected(
            table="events",
            rows=5,
            first="2014-12-06 02:00:00",
            last="2014-12-09 20:00:00",
            events={"view": 2, "favorite": 1, "cart": 1, "purchase": 1},
        ),
    )


# ---- tables of another shape ------------------------------------------------------------------------------


@made
def media_by_channel() -> Fixture:
    text = lines(
        "日期,抖音花费(元),小红书花费(元),展会花费(元),销售额",
        '2026-08-03,"1,200.50",300,,9000',
        "2026-08-10,800,0,50.25,7000",
        "2026-08-17,99.50,200,--,6500",
        '合计,"2,100.00",500,50.25,22500',
    )
    return Fixture(
        grade="C",
        file="渠道周报.csv",
        content=text.encode("gb18030"),
        text=text,
        expected=Expected(
            table="spend",
            rows=7,
            sums={"spend": "2650.25"},
            aside={"total": 3},
            first="2026-08-03",
            last="2026-08-24",
            currency=("CNY",),
            channels=("小红书", "展会", "抖音"),
        ),
    )


@made
def media_numbered() -> Fixture:
    text = lines(
        "week,y,x1,x2,event_1",
        "8/3/2026,500.5,0.25,0,0",
        "8/10/2026,610.0,0.5,0.125,1",
        "8/17/2026,480.25,0.25,0.875,0",
    )
    return Fixture(
        grade="A",
        file="mmm.csv",
        content=text.encode(),
        text=text,
        asked={"currency": "USD"},
        expected=Expected(
            table="spend",
            rows=6,
            sums={"spend": "2.00"},
            first="2026-08-03",
            last="2026-08-24",
            currency=("USD",),
            channels=("x1", "x2"),
        ),
    )


@made
def experiment_users() -> Fixture:
    text = lines(
        "userid,version,sum_gamerounds,retention_1,retention_7",
        "11,gate_a,3,FALSE,FALSE",
        "12,gate_a,38,TRUE,FALSE",
        "13,gate_b,165,TRUE,TRUE",
        "14,gate_b,1,FALSE,TRUE",
    )
    return Fixture(
        grade="A",
        file="cookie.csv",
        content=text.encode(),
        text=text,
        asked={"timestamp": "2026-08-01"},
        expected=Expected(
            table="events",
            rows=8,
            first="2026-08-01",
            last="2026-08-08",
            events={"visit": 4, "retention_1": 2, "retention_7": 2},
        ),
    )


STEPS = {
    "home_page": ("u1", "u2", "u3", "u4", "u5"),
    "search_page": ("u1", "u2", "u4"),
    "payment_page": ("u2", "u4"),
    "payment_confirmation_page": ("u4",),
}


@made
def page_steps() -> Fixture:
    files = {
        f"{page}_table.csv": lines("user_id,page", *(f"{u},{page}" for u in users)) for page, users in STEPS.items()
    }
    return Fixture(
        grade="C",
        file="funnel.zip",
        content=archive({name: text.encode() for name, text in files.items()}),
        asked={"timestamp": "2026-08-01 10:00"},
        expected=Expected(
            table="events",
            rows=11,
            first="2026-08-01 10:00:00",
            last="2026-08-01 10:00:06",
            events={page: len(users) for page, users in STEPS.items()},
        ),
    )


# ---- known from others' fixtures and documentation only: headings, one row --------------------------------


def _one(file: str, headings: str, row: Sequence[str], expected: Expected, by: str = ",", **more: object) -> Fixture:
    text = separated(next(csv.reader([headings])), row, by=by)
    return Fixture(grade="C", file=file, content=text.encode(), text=text, expected=expected, **more)  # type: ignore[arg-type]


def _spend(first: str, last: str, currency: str, channel: str, **sums: str) -> Expected:
    return Expected(
        table="spend",
        rows=1,
        sums=sums,
        first=first,
        last=last,
        currency=(currency,),
        channels=(channel,) * bool(channel),
    )


@made
def meta_ads() -> Fixture:
    return _one(
        "meta.csv",
        "Reporting starts,Reporting ends,Campaign name,Campaign delivery,Attribution setting,Results,Result indicator,"
        'Reach,Frequency,Cost per results,Amount spent (EGP),Impressions,"CPM (cost per 1,000 impressions) (EGP)",Link clicks',
        ("2026-08-01", "2026-08-31", "Kites", "active", "7-day click", "4", "actions:purchase", "900", "1.2", "30.1",
         "120.40", "1080", "111.48", "36"),
        _spend("2026-08-01", "2026-09-01", "EGP", "meta", spend="120.40", impressions="1080", clicks="36"),
    )  # fmt: skip


@made
def meta_ads_chinese() -> Fixture:
    return _one(
        "meta.csv",
        "报告开始日期,报告结束日期,广告系列名称,成效,成效指标,已花费金额 (USD),购物转化价值,广告花费回报 (ROAS) - 购物,"
        "CPM（千次展示费用） (USD),链接点击量,加入购物车次数,结账发起次数,展示次数",
        ("2026-08-01", "2026-08-01", "风筝", "2", "actions:purchase", "10.50", "31.50", "3", "5.25", "40", "6", "3", "2000"),
        _spend("2026-08-01", "2026-08-02", "USD", "meta", spend="10.50", attributed_revenue="31.50", impressions="2000", clicks="40"),
    )  # fmt: skip


@made
def meta_ads_by_day() -> Fixture:
    text = lines(
        "Reporting starts,Reporting ends,Day,Campaign name,Amount spent (EUR),Impressions,Link clicks",
        "11-08-2026,13-08-2026,,,60.00,600,6",
        "11-08-2026,13-08-2026,11-08-2026,Kites,10.00,100,1",
        "11-08-2026,13-08-2026,12-08-2026,Kites,20.00,200,2",
        "11-08-2026,13-08-2026,13-08-2026,Kites,30.00,300,3",
    )
    return Fixture(
        grade="C",
        file="days.csv",
        content=text.encode(),
        text=text,
        expected=Expected(
            table="spend",
            rows=3,
            sums={"spend": "60.00", "impressions": "600", "clicks": "6"},
            aside={"total": 1},
            first="2026-08-11",
            last="2026-08-14",
            currency=("EUR",),
            channels=("meta",),
        ),
    )


@made
def meta_ads_dated_total() -> Fixture:
    text = lines(
        "Reporting starts,Reporting ends,Campaign name,Amount spent (EUR),Impressions",
        "2026-08-01,2026-08-31,,60.00,600",
        "2026-08-01,2026-08-31,Kites,50.00,450",
        "2026-08-01,2026-08-31,Cups,10.00,150",
    )
    return Fixture(
        grade="C",
        file="month.csv",
        content=text.encode(),
        text=text,
        expected=Expected(
            table="spend",
            rows=2,
            sums={"spend": "60.00", "impressions": "600"},
            aside={"total": 1},
            first="2026-08-01",
            last="2026-09-01",
            currency=("EUR",),
            channels=("meta",),
        ),
    )


@made
def tiktok_ads() -> Fixture:
    return _one(
        "tiktok.csv",
        "By Day,Campaign name,Ad group name,Ad name,Cost,Impressions,Clicks (destination),Complete payment,"
        "Total complete payment value",
        ("2026-08-01", "Kites", "All", "Video 1", "7.70", "1500", "22", "1", "19.99"),
        _spend(
            "2026-08-01", "2026-08-02", "USD", "tiktok", spend="7.70", attributed_revenue="19.99", impressions="1500"
        ),
        asked={"currency": "USD"},
    )


_AMAZON_ADS = (
    "Date,Portfolio name,Campaign Name,Ad Group Name,Targeting,Match Type,Customer Search Term,Impressions,Clicks,Spend,"
    "7 Day Total Sales,7 Day Total Orders (#)"
)


@made
def amazon_ads() -> Fixture:
    return _one(
        "Sponsored Products Search term report.csv",
        _AMAZON_ADS,
        ("Sep 29, 2026", "No Portfolio", "Teapots", "Auto", "*", "-", "teapot", "300", "9", "$12.34", "$45.00", "1"),
        _spend("2026-09-29", "2026-09-30", "USD", "amazon", spend="12.34", attributed_revenue="45.00", clicks="9"),
        asked={"currency": "USD"},
    )


@made
def amazon_ads_german() -> Fixture:
    return _one(
        "Suchbegriffe.csv",
        _AMAZON_ADS,
        ("Sep 29, 2026", "-", "Teekannen", "Auto", "*", "-", "teekanne", "300", "9", "2.447,18 €", "12.000,00 €", "31"),
        _spend("2026-09-29", "2026-09-30", "EUR", "amazon", spend="2447.18", attributed_revenue="12000.00", clicks="9"),
        by=";",
        asked={"currency": "EUR"},
    )


@made
def amazon_ads_slashes() -> Fixture:
    return _one(
        "report.csv",
        _AMAZON_ADS,
        ("09/10/2026", "-", "Teapots", "Auto", "*", "-", "teapot", "300", "9", "$12.34", "$45.00", "1"),
        _spend("2026-09-10", "2026-09-11", "USD", "amazon", spend="12.34", attributed_revenue="45.00", clicks="9"),
        asked={"currency": "USD"},
    )


@made
def jingzhuntong_parts() -> Fixture:
    head = "日期,跟单SKU ID,产品线,账户昵称,展现数,点击数,花费,总订单行,总订单金额"
    row = "202608{n},1001\t,快车\t,茶馆\t,100,{n},1.{n},1,10.00"
    files = {f"京准通_part{n}.csv": lines(head, row.format(n=n)).encode("gb18030") for n in (9, 10, 11)}
    files["京准通_part9.csv"] = lines(head, row.format(n="09")).encode("gb18030")
    return Fixture(
        grade="C",
        file="京准通.csv",
        content=archive(files),
        expected=Expected(
            table="spend",
            rows=3,
            sums={"spend": "3.30", "impressions": "300", "clicks": "30", "attributed_revenue": "30.00"},
            first="2026-08-09",
            last="2026-08-12",
            currency=("CNY",),
            channels=("京准通",),
        ),
    )


@made
def jingzhuntong() -> Fixture:
    text = separated(
        ("日期", "跟单SKU ID", "产品线", "账户昵称", "展现数", "点击数", "花费", "总订单行", "总订单金额"),
        ("20260813", "1001\t", "快车\t", "茶馆\t", "700", "14", "28.56", "2", "199.80"),
    )
    return Fixture(
        grade="C",
        file="京准通.csv",
        content=archive({"京准通_20260813.csv": text.encode("gb18030")}),
        expected=_spend("2026-08-13", "2026-08-14", "CNY", "京准通", spend="28.56", impressions="700", clicks="14"),
    )


@made
def youzan_orders() -> Fixture:
    return _one(
        "有赞订单.csv",
        "订单号,销售渠道,归属店铺,订单类型,订单状态,分销员,订单创建时间,买家付款时间,分销员,订单实付金额",
        ("E20260813001", "微信", "总店", "普通订单", "已完成", "甲", "2026-08-13 10:00:00", "2026-08-13 10:00:30", "乙", "88.80"),
        Expected(
            table="orders", rows=1, sums={"revenue": "88.80"}, first="2026-08-13 10:00:00", last="2026-08-13 10:00:00",
            currency=("CNY",), paid=1,
        ),
    )  # fmt: skip


def _log(file: str, text: str, first: str, last: str, events: Mapping[str, int], **sums: str) -> Fixture:
    expected = Expected(table="events", rows=4, sums=sums, first=first, last=last, events=events)
    return Fixture(grade="C", file=file, content=text.encode(), expected=expected)


@made
def mixpanel_events() -> Fixture:
    events = {"view": 2, "cart": 1, "purchase": 1}
    return _log("export.json", MIXPANEL, "2026-11-01 10:00:00Z", "2026-11-01 10:03:20Z", events, value="18.00")


@made
def amplitude_events() -> Fixture:
    events = {"view": 2, "cart": 1, "purchase": 1}
    return _log("100_2026-11-01.json", AMPLITUDE, "2026-11-01 10:00:00Z", "2026-11-01 11:00:00Z", events, value="9.00")


@made
def segment_events() -> Fixture:
    events = {"view": 2, "cart": 1, "purchase": 1}
    return _log("segment.jsonl", SEGMENT, "2026-11-01 10:00:00Z", "2026-11-01 11:00:00Z", events, value="9.00")


@made
def posthog_events() -> Fixture:
    events = {"view": 2, "cart": 1, "purchase": 1}
    return _log("events.jsonl", POSTHOG, "2026-11-01 10:00:00Z", "2026-11-01 11:00:00Z", events, value="9.00")


def _orders(grade: str, file: str, text: str, expected: Expected, **asked: str) -> Fixture:
    return Fixture(grade=grade, file=file, content=text.encode(), text=text, asked=asked, expected=expected)


@made
def douyin_orders() -> Fixture:
    return _orders(
        "C", "订单.csv", DOUYIN,
        Expected(
            table="orders", rows=2, sums={"revenue": "37.00"}, aside={"continuation": 1}, first="2026-11-01 10:00:00",
            last="2026-11-02 11:00:00", currency=("CNY",), channels=("直播", "短视频"), paid=1, realised="9.00",
        ),
    )  # fmt: skip


@made
def pdd_orders() -> Fixture:
    return _orders(
        "C", "订单导出.csv", PDD,
        Expected(
            table="orders", rows=2, sums={"revenue": "27.00", "refund": "19.00"}, first="2026-11-01 10:01:00",
            last="2026-11-02 11:01:00", currency=("CNY",), paid=2, realised="8.00",
        ),
    )  # fmt: skip


@made
def etsy_orders() -> Fixture:
    return _orders(
        "B", "EtsySoldOrders2026.csv", ETSY,
        Expected(
            table="orders", rows=2, sums={"revenue": "87.10", "discount": "5.00"}, first="2026-09-03 00:00:00",
            last="2026-09-21 00:00:00", currency=("USD",),
        ),
    )  # fmt: skip


@made
def woocommerce_analytics_orders() -> Fixture:
    return _orders(
        "C", "orders.csv", ANALYTICS,
        Expected(
            table="orders", rows=2, sums={"revenue": "30.00", "refund": "21.00"}, first="2026-11-01 10:00:00",
            last="2026-11-02 11:00:00", currency=("EUR",), paid=2, realised="9.00", private=("Ann Example", "Bo Example"),
        ),
        currency="EUR",
    )  # fmt: skip


@made
def stripe_payments() -> Fixture:
    return _orders(
        "B", "unified_payments.csv", PAYMENTS,
        Expected(
            table="orders", rows=4, sums={"revenue": "140.00", "refund": "35.00"}, first="2026-11-01 10:00:00Z",
            last="2026-11-01 13:00:00Z", currency=("USD",), paid=3, realised="65.00",
        ),
    )  # fmt: skip


@made
def jd_orders() -> Fixture:
    return _orders(
        "B", "订单列表.csv", JD,
        Expected(
            table="orders", rows=3, sums={"revenue": "160.00"}, aside={"continuation": 1}, first="2026-11-01 10:00:00",
            last="2026-11-03 12:00:00", currency=("CNY",), paid=2, realised="100.00",
        ),
    )  # fmt: skip


@made
def kuaishou_orders() -> Fixture:
    return _orders(
        "B", "快手订单.csv", KUAISHOU,
        Expected(
            table="orders", rows=3, sums={"revenue": "79.80", "refund": "20.00"}, first="2026-11-01 20:00:00",
            last="2026-11-02 21:00:00", currency=("CNY",), channels=("分销", "自营"), paid=2, realised="39.90",
        ),
    )  # fmt: skip


@made
def awin_transactions() -> Fixture:
    return _orders(
        "B", "transactions.csv", AFFILIATES,
        Expected(
            table="orders", rows=3, sums={"revenue": "1100.00"}, first="2026-11-01 10:00:00", last="2026-11-03 12:00:00",
            currency=("GBP",), channels=("awin",), paid=1, realised="50.00",
        ),
        currency="GBP",
    )  # fmt: skip


@made
def etsy_items() -> Fixture:
    return _orders(
        "C", "EtsySoldOrderItems2026-9.csv", ITEMS,
        Expected(
            table="orders", rows=2, sums={"revenue": "92.00"}, aside={"continuation": 1}, first="2026-09-03 00:00:00",
            last="2026-09-21 00:00:00", currency=("EUR",), paid=2, realised="92.00",
        ),
    )  # fmt: skip


@made
def klaviyo_campaigns() -> Fixture:
    headings = (
        "Campaign Name", "Tags", "Subject", "List", "Send Time", "Send Weekday", "Total Recipients",
        "Unique Placed Order", "Placed Order Rate", "Revenue", "Unique Opens", "Open Rate", "Total Opens",
        "Unique Clicks", "Click Rate", "Total Clicks", "Unsubscribes", "Successful Deliveries", "Campaign Channel",
    )  # fmt: skip
    row = ("Linen", "", "New", "All", "2026-11-01 09:00:00", "Sunday", 900, 4, "0.44%", 120.5, 300, "33%", 410, 40,
           "4.4%", 52, 3, 897, "email")  # fmt: skip
    return Fixture(
        grade="B",
        file="campaigns.csv",
        content=separated(headings, row).encode(),
        expected=Expected(table="", headings=headings, lines=1),
    )


@made
def qianchuan_plans() -> Fixture:
    return _one(
        "标准推广.csv",
        "日期,计划名称,推广类型,消耗(元),展示次数,点击次数,点击率(%),转化数,直接成交金额(元),直接成交订单数,直接支付ROI,直接下单金额(元),7日总支付ROI",
        ("2026-08-13", "新品直播", "推直播间", "1,200.50", "30,100", "410", "1.36", "22", "4,800.00", "20", "4.00",
         "5,000.00", "4.50"),
        _spend("2026-08-13", "2026-08-14", "CNY", "巨量千川", spend="1200.50", impressions="30100", clicks="410",
               conversions="20", attributed_revenue="4800.00"),
    )  # fmt: skip


def _report(
    file: str, text: str, days: tuple[str, str], currency: str, channel: str, rows: int, **sums: str
) -> Fixture:
    """Make a report of spend whose currency the file says, or is asked for; its other rows are totals."""
    expected = Expected(
        table="spend", rows=rows, sums=sums, first=days[0], last=days[1], currency=(currency,), channels=(channel,),
        aside={"total": 1} if any(word in text.casefold() for word in ("total", "合计", "总计", "合計")) else {},
    )  # fmt: skip
    return Fixture(
        grade="C", file=file, content=text.encode(), text=text, expected=expected, asked={"currency": currency}
    )


_TWO_DAYS = ("2026-11-01", "2026-11-03")


@made
def google_ads_api() -> Fixture:
    return _report(
        "report.csv", spent.GOOGLE_API, _TWO_DAYS, "EUR", "google", 2, spend="20.00", impressions="2100", clicks="50",
        conversions="3", attributed_revenue="100.00",
    )  # fmt: skip


@made
def google_ads_italian() -> Fixture:
    return _report(
        "Rapporto campagne.csv", spent.GOOGLE_ITALIAN, _TWO_DAYS, "EUR", "google", 2, spend="1334.46",
        impressions="13245", clicks="129", conversions="3.5", attributed_revenue="320.00",
    )  # fmt: skip


@made
def google_ads_french() -> Fixture:
    return _report(
        "Rapport.csv", spent.GOOGLE_FRENCH, _TWO_DAYS, "CAD", "google", 2, spend="1032.84", impressions="11734",
        clicks="95", conversions="3.5", attributed_revenue="100.00",
    )  # fmt: skip


@made
def google_ads_spanish() -> Fixture:
    return _report(
        "Informe.csv", spent.GOOGLE_SPANISH, _TWO_DAYS, "MXN", "google", 2, spend="500.00", impressions="2100",
        clicks="20",
    )  # fmt: skip


@made
def google_ads_portuguese() -> Fixture:
    return _report(
        "Performance da campanha.csv", spent.GOOGLE_PORTUGUESE, ("2026-11-01", "2026-12-01"), "BRL", "google", 2,
        spend="1030.00", impressions="150", clicks="15", conversions="3.5",
    )  # fmt: skip


@made
def google_ads_japanese() -> Fixture:
    return _report(
        "キャンペーン レポート.csv", spent.GOOGLE_JAPANESE, _TWO_DAYS, "JPY", "google", 2, spend="10500.00",
        impressions="2000", clicks="70", conversions="1.0", attributed_revenue="8500",
    )  # fmt: skip


@made
def tiktok_ads_purchases() -> Fixture:
    return _report(
        "report.csv", spent.TIKTOK_PURCHASES, _TWO_DAYS, "EUR", "tiktok", 2, spend="50.00", impressions="10000",
        clicks="200", conversions="4",
    )  # fmt: skip


@made
def tiktok_ads_api() -> Fixture:
    return _report(
        "report.csv", spent.TIKTOK_API, _TWO_DAYS, "USD", "tiktok", 2, spend="50.00", impressions="10000",
        clicks="200", conversions="4",
    )  # fmt: skip


@made
def pinduoduo_ads() -> Fixture:
    return _report(
        "推广.csv", spent.PINDUODUO, _TWO_DAYS, "CNY", "拼多多", 2, spend="200.00", impressions="24520", clicks="523",
        conversions="33", attributed_revenue="1000.00",
    )  # fmt: skip


@made
def pinduoduo_ads_with_coupons() -> Fixture:
    return _report(
        "推广.csv", spent.PINDUODUO_COUPONS, _TWO_DAYS, "CNY", "拼多多", 2, spend="200.00", impressions="24520",
        clicks="523", conversions="33", attributed_revenue="1000.00",
    )  # fmt: skip


@made
def stripe_payments_created() -> Fixture:
    return _orders(
        "B", "payments.csv", sold.STRIPE,
        Expected(
            table="orders", rows=4, sums={"revenue": "1140.00", "refund": "80.00"}, first="2026-11-01 10:00:00Z",
            last="2026-11-02 13:00:00Z", currency=("USD",), paid=3, realised="1020.00",
        ),
    )  # fmt: skip


@made
def stripe_balance() -> Fixture:
    return _orders(
        "B", "balance_history.csv", sold.BALANCE,
        Expected(
            table="orders", created=(2, "50.00"), rows=3, sums={"revenue": "20.00"}, aside={"no-sale": 2}, first="2026-11-01 10:00:00Z",
            last="2026-11-02 09:00:00Z", currency=("USD",), paid=3, realised="20.00",
        ),
    )  # fmt: skip


@made
def stripe_balance_items() -> Fixture:
    return _orders(
        "B", "Itemized.csv", sold.BALANCE_ITEMS,
        Expected(
            table="orders", created=(2, "50.00"), rows=3, sums={"revenue": "20.00"}, aside={"no-sale": 2}, first="2026-11-01 10:00:00Z",
            last="2026-11-02 09:00:00Z", currency=("USD",), paid=3, realised="20.00",
        ),
    )  # fmt: skip


@made
def square_transactions() -> Fixture:
    return _orders(
        "C", "transactions-2026-11-01-2026-11-30.csv", sold.SQUARE,
        Expected(
            table="orders", created=(2, "1043.16"), rows=3, sums={"revenue": "1014.00"}, first="2026-11-01 00:00:00",
            last="2026-11-02 00:00:00", currency=("USD",), paid=3, realised="1014.00", private=("Dee Example", "Ed Example"),
        ),
    )  # fmt: skip


@made
def square_items() -> Fixture:
    return _orders(
        "C", "items-2026-11-01-2026-11-30.csv", sold.SQUARE_ITEMS,
        Expected(
            table="orders", created=(1, "47.00"), rows=2, sums={"revenue": "20.00"}, aside={"continuation": 1}, first="2026-11-01 00:00:00",
            last="2026-11-02 00:00:00", currency=("USD",), paid=2, realised="20.00",
        ),
    )  # fmt: skip


@made
def magento_orders() -> Fixture:
    return _orders(
        "C", "export.csv", sold.MAGENTO,
        Expected(
            table="orders", rows=5, sums={"revenue": "1206.03", "refund": "89.64"}, first="2026-11-01 10:00:00",
            last="2026-11-05 09:00:00", currency=("USD",), paid=3, realised="1036.39", private=("Ann Example", "ann@example.org"),
        ),
        currency="USD",
    )  # fmt: skip


@made
def woocommerce_order_export() -> Fixture:
    return _orders(
        "C", "orders-2026-11-30.csv", sold.WOOCOMMERCE,
        Expected(
            table="orders", rows=4, sums={"revenue": "149.00", "refund": "25.00"}, aside={"continuation": 1}, first="2026-11-01 10:00:00",
            last="2026-11-03 12:00:00", currency=("EUR",), paid=2, realised="34.00", private=("ann@example.org",),
        ),
        currency="EUR",
    )  # fmt: skip


@made
def prestashop_orders() -> Fixture:
    return _orders(
        "B", "order_2026-11-30.csv", sold.PRESTASHOP,
        Expected(
            table="orders", rows=3, sums={"revenue": "146.60"}, first="2026-11-01 10:00:00",
            last="2026-11-03 10:00:00", currency=("EUR",), paid=1, realised="61.80", private=("A. EXAMPLE",),
        ),
    )  # fmt: skip


@made
def shopee_indonesia() -> Fixture:
    return _orders(
        "C", "Order.all.csv", sold.SHOPEE_INDONESIA,
        Expected(
            table="orders", rows=4, sums={"revenue": "170498"}, aside={"continuation": 1}, first="2026-11-01 07:45:00",
            last="2026-11-02 10:00:00", currency=("IDR",), paid=1, realised="120000",
        ),
    )  # fmt: skip


@made
def shopee_brazil() -> Fixture:
    return _orders(
        "C", "Order.all.csv", sold.SHOPEE_BRAZIL,
        Expected(
            table="orders", rows=3, sums={"revenue": "187.64"}, aside={"continuation": 1}, first="2026-11-01 07:30:00",
            last="2026-11-02 08:30:00", currency=("BRL",), paid=2, realised="128.82",
        ),
    )  # fmt: skip


@made
def shopee_vietnam() -> Fixture:
    return _orders(
        "C", "Order.all.csv", sold.SHOPEE_VIETNAM,
        Expected(
            table="orders", rows=2, sums={"revenue": "4800000"}, aside={"continuation": 1}, first="2026-11-01 10:30:00",
            last="2026-11-02 11:30:00", currency=("VND",), paid=1, realised="3600000",
        ),
    )  # fmt: skip


@made
def shopee_thailand() -> Fixture:
    return _orders(
        "C", "Order.all.csv", sold.SHOPEE_THAILAND,
        Expected(
            table="orders", rows=3, sums={"revenue": "740.00"}, aside={"continuation": 1}, first="2026-11-01 08:30:00",
            last="2026-11-02 09:30:00", currency=("THB",), paid=2, realised="560.00",
        ),
    )  # fmt: skip


@made
def lazada_orders() -> Fixture:
    return _orders(
        "C", "orders.csv", sold.LAZADA,
        Expected(
            table="orders", rows=4, sums={"revenue": "921.00", "refund": "100.00"}, aside={"continuation": 1}, first="2026-11-03 20:41:00",
            last="2026-11-04 22:41:00", currency=("THB",), paid=2, realised="423.00",
        ),
        currency="THB",
    )  # fmt: skip


@made
def pinterest_ads() -> Fixture:
    return _report(
        "pinterest.csv", spent.PINTEREST, _TWO_DAYS, "EUR", "pinterest", 3, spend="27.00", impressions="13500",
        clicks="165", conversions="3", attributed_revenue="26.97",
    )  # fmt: skip


@made
def xiaohongshu_notes() -> Fixture:
    return _report(
        "笔记.csv", spent.XIAOHONGSHU, _TWO_DAYS, "CNY", "小红书", 2, spend="100.00", impressions="3000", clicks="60",
        conversions="5", attributed_revenue="500.00",
    )  # fmt: skip


@made
def jingzhuntong_plans() -> Fixture:
    return replace(_report(
        "推广计划.csv", spent.JINGZHUNTONG, _TWO_DAYS, "CNY", "京准通", 2, spend="5000.00", impressions="26489",
        clicks="1119", conversions="27", attributed_revenue="51672.20",
    ), asked={})  # fmt: skip


@made
def kuaishou_plans() -> Fixture:
    return replace(_report(
        "计划.csv", spent.KUAISHOU, _TWO_DAYS, "CNY", "快手", 2, spend="1000.00", impressions="19000",
        attributed_revenue="4400.00",
    ), asked={})  # fmt: skip


@made
def xiaohongshu_orders() -> Fixture:
    return _orders(
        "C", "订单.csv", sold.XIAOHONGSHU,
        Expected(
            table="orders", rows=4, sums={"revenue": "163.70", "refund": "39.90"}, aside={"continuation": 1},
            first="2026-11-01 10:00:00", last="2026-11-02 11:00:00", currency=("CNY",), paid=3, realised="83.90",
        ),
    )  # fmt: skip


@made
def youzan_orders_by_payment() -> Fixture:
    return _orders(
        "C", "有赞订单.csv", sold.YOUZAN,
        Expected(
            table="orders", rows=2, sums={"revenue": "149.00"}, first="2026-11-01 10:00:00", last="2026-11-01 11:00:00",
            currency=("CNY",), paid=2, realised="99.00", private=("13900000001", "昵称甲"),
        ),
    )  # fmt: skip


def every(grades: str = "ABC") -> dict[str, Fixture]:
    """Return the fixtures of these grades by name; those from documentation count as C."""
    found = {name: make() for name, make in MADE.items()}
    return {name: f for name, f in found.items() if (f.grade if f.grade in "ABC" else "C") in grades}
