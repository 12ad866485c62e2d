"""How exports write numbers and times, decided from the whole column, as SQL over the scratch table.

All SQL here is made of fixed names (`c0`, `c1`, …) and fixed texts; what people typed is never part of it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import duckdb

from analysis.imports.columns.dates import ShortDates, parsed, short_dates
from analysis.imports.columns.decimals import COMMA, OPEN_POINT, POINT, Signs, signs
from analysis.imports.columns.headings import CURRENCIES, SIGNS

if TYPE_CHECKING:
    from analysis.imports.rows.beside import Beside

Spans = tuple[tuple[dt.datetime, dt.datetime, int], ...]
"""From when to when (local), and how many microseconds local time is ahead of UTC."""

_BLANK = "(?i:-|--|—|–|null|nan|none|n/a|n[.]a[.]|#n/a|#div/0!|#value!|#ref!|\\\\n)"
_SPACE = "\\s\\x{0b}\\x{1c}-\\x{1f}\\x{85}\\pZ"
_WHITE = "".join(c for c in map(chr, range(0x3001)) if c.isspace())
"""What is white to Unicode, as a pattern and one by one."""
_UNTIDY = f"^(?s:[{_SPACE}].*|.*[{_SPACE}]|{_BLANK}?)$"
"""Cells with a blank at either end and cells that say there is nothing; all others are taken as they stand."""
_TIDY = (
    "{0} >= '0' AND {0} < 'N' OR {0} >= 'O' AND {0} < '\\' OR {0} >= ']' AND {0} < 'n' OR {0} >= 'o' AND {0} < '~' "
    "OR {0} >= '一' AND {0} < '龥'",
    "({0})[-1] >= '!' AND ({0})[-1] < '~' OR ({0})[-1] >= '一' AND ({0})[-1] < '龥'",
)
"""Most cells that are tidy, by their first and last letter: a comparison takes a tenth of what a pattern takes."""
_WIDE = ("０１２３４５６７８９，．－−／：％（）＄　", "0123456789,.--/:%()$ ")
_CURRENCY = "(?i)(US|HK|NT|CA|AU|A|R)?[¥￥$€£₹₩₺₽฿₫]|元|zł|Rs[.]?"
_GAPS = f"[{_SPACE}\\x{{2009}}\\x{{202f}}'']"
_CODES = "|".join(sorted(CURRENCIES))
_CODE = f"(?i)^([(+-]*)(?:{_CODES})|(?:{_CODES})([)]?)$"
_TOLD, _OWED = '^="(.*)"$', "^[(]([\\d.,]+)[)]$"
"""Cells of a spreadsheet, ``="10.50"``, and of an account, ``(50)``, which is below zero."""
_ABOUT = "^[<>]\\s*[\\d.]+\\s*%$"
# No campaign is outside these; a typing error or "infinity" is.
_EARLIEST, _LATEST = "TIMESTAMP '1970-01-01'", "TIMESTAMP '2200-01-01'"
_OFFSET = ":\\d\\d(\\.\\d+)?\\s*([+-]\\d\\d:?(\\d\\d)?|[A-Za-z][\\w/:+-]*)$"
_NOON = "\\d\\s*[AaPp][Mm]$"
"""Ends of a time that say its own zone, or its half of the day: as a local time, DuckDB reads it without the word."""
_ABBREVIATED = (
    "MAP {'CST': ['Asia/Shanghai', 'Asia/Taipei', 'Asia/Macau', 'Asia/Chongqing'], 'BST': ['Europe/London'], "
    "'IST': ['Asia/Kolkata', 'Europe/Dublin', 'Asia/Jerusalem'], 'HKT': ['Asia/Hong_Kong'], 'MSK': ['Europe/Moscow'], "
    "'SGT': ['Asia/Singapore'], 'JST': ['Asia/Tokyo'], 'KST': ['Asia/Seoul']}"
)
_COUNTED = {
    "serial": ("^\\d{5}(\\.\\d+)?$", ""),
    "seconds": ("^\\d{9,10}(\\.\\d+)?$", "1e6"),
    "millis": ("^\\d{12,13}$", "1e3"),
    "micros": ("^\\d{15,16}$", "1"),
    "nanos": ("^\\d{18,19}$", "1e-3"),
}
"""Times written as one number: how each looks and how many microseconds one of it is."""
_STAMP = "^20\\d{8}(\\d\\d)?$"
"""Such as 2026081310, the hour of a day, which as an epoch would be 2034; with minutes it would be 1976."""
_STAMPS = ["%Y%m%d%H", "%Y%m%d%H%M"]
_ANY_ORDER = (
    "%Y-%m-%d %H", "%Y%m%d", *_STAMPS, "%Y%m%d%H%M%S", "%Y-%m-%d %I:%M:%S %p", "%Y-%m-%d %I:%M %p",
    "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d %H", "%Y/%m/%d %I:%M:%S %p", "%Y/%m/%d %I:%M %p", "%Y/%m/%d",
    "%Y.%m.%d", "%y年%m月%d日", "%Y年%m月%d日", "%Y年%m月%d日 %H:%M:%S", "%d-%b-%y", "%d %b %y", "%d-%b-%Y",
    "%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%a, %d %b %Y", "%a, %b %d, %Y", "%b %d, %Y %H:%M:%S",
    "%Y-%m", "%Y/%m", "%Y年%m月", "%B %Y", "%b %Y", "%B, %Y", "%b, %Y", "%b-%Y",
)  # fmt: skip
_EXACT = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "DOUBLE")
"""Types that are cast to a number as they are; others go by their text (0.1 stored short is 0.1)."""
_YEARS = 20
_CLOCKS = (" %H:%M:%S", " %H:%M", " %I:%M %p", " %I:%M:%S %p", "")


@dataclass(frozen=True, slots=True)
class Style:
    """How one column writes its values.

    Parameters
    ----------
    kind : str
        "native" (typed by the file), "plain" (numbers only), "serial", "seconds", "millis", "micros", "nanos",
        "nth" (days since the report's first), "iso" (2026-12-31 only), "dotted" (31.12.2026), else "text".
    comma : bool
        Whether the comma is the decimal sign.
    day_first : bool or None
        Order of 01/02/2026; None where the column cannot tell.
    ambiguous : bool
        Whether there are values that can be read in two ways and nothing of the file says in which.
    short : ShortDates, optional
        How two-digit years are read.
    codes : bool
        Whether its currency codes, such as ``USD 5``, are those of one currency.
    small : bool
        Whether it writes nothing but whole numbers below a thousand, so that it may part thousands further on.
    """

    kind: str
    comma: bool = False
    day_first: bool | None = None
    ambiguous: bool = False
    short: ShortDates | None = None
    codes: bool = False
    small: bool = False


def filled(source: str) -> str:
    """Return SQL for a cell's text, null where the export writes that there is none."""
    whole = f"{source}::VARCHAR"
    text = f"trim({whole}, '{_WHITE}')"
    # No part of it stands here twice: DuckDB would work that out for every row first, and not only for the untidy.
    tidied = f"nullif(regexp_replace({text}, '^{_BLANK}$', ''), '')"
    tidy = " AND ".join(f"({ends.format(whole)})" for ends in _TIDY)
    return f"CASE WHEN {tidy} THEN {whole} WHEN regexp_matches({whole}, '{_UNTIDY}') THEN {tidied} ELSE {whole} END"


def halved(source: str) -> str:
    """Return SQL for a cell's text in half-width digits and signs, null where there is none."""
    return f"translate({filled(source)}, '{_WIDE[0]}', '{_WIDE[1]}')"


LIKELY = ("native", "plain", "iso", "seconds", "millis", "micros", "nanos")
"""Styles that the first rows show and every later row can confirm with :func:`misfit`."""


def misfit(source: str, kind: str, style: Style) -> str:
    """Return SQL for whether a cell is not in a style of :data:`LIKELY` that its column's first rows have."""
    if style.kind == "native" or (style.kind == "plain" and kind != "VARCHAR"):
        return "false"
    text = f"{source}::VARCHAR"
    if style.kind == "plain":
        other = f"TRY_CAST({text} AS DOUBLE) IS NULL"
        if style.small:
            other += f" OR contains({text}, '.') AND regexp_matches({text}, '{OPEN_POINT}')"
    elif style.kind == "iso":
        possible = f"coalesce(TRY_CAST({text} AS TIMESTAMP) >= {_EARLIEST}, false)"
        other = f"NOT {possible} OR regexp_matches({text}, '{_OFFSET}')"
    else:
        other = f"{source} IS NULL OR NOT regexp_matches({text}, '{_COUNTED[style.kind][0]}')"
    return f"CASE WHEN {other} THEN {filled(source)} IS NOT NULL ELSE false END"


# ---- numbers ----------------------------------------------------------------------------------------------


def number_style(
    con: duckdb.DuckDBPyConnection,
    table: str,
    source: str,
    kind: str,
    *,
    whole: bool = False,
    told: str | None = None,
    beside: Beside | None = None,
) -> Style:
    """Look at a whole column of numbers.

    Parameters
    ----------
    whole : bool
        Whether the numbers count something.
    told : {".", ","}, optional
        The decimal sign, as the analyst said.
    beside : Beside, optional
        The file's other columns.
    """
    if kind != "VARCHAR":
        return Style("plain")
    plain, coded, *counts = _one(
        con,
        f"SELECT count(TRY_CAST(x AS DOUBLE)), count(DISTINCT nullif(upper(trim(code, '(+-)')), '')), {signs('b')} "
        f"FROM (SELECT {filled(source)} AS x, regexp_extract({_signless(source)}, '{_CODE}') AS code, "
        f"{bare(source)} AS b FROM {table})",
    )
    found, codes = Signs(*counts), coded == 1
    comma = found.proven(whole=whole)
    if found.given == plain and not (found.open and comma is not False):
        return Style("plain", small=not (found.point or found.long))
    if comma is not None or not found.open:
        return Style("text", comma=bool(comma), codes=codes)
    comma, semicolons = (beside.comma, beside.semicolons) if beside else (None, False)
    unclear = comma is None and (found.open_point > 0 or semicolons)  # 1,234 is most often more than a thousand
    if comma is None:
        comma = told == "," if told else semicolons and found.open_point > 0
    return Style("text", comma=comma, ambiguous=unclear, codes=codes)


def bare(source: str, *, codes: bool = True) -> str:
    """Return SQL for a number's text alone: without spaces, currency (codes only if `codes`), and with its minus."""
    text = _signless(source)
    text = f"regexp_replace({text}, '{_CODE}', '\\1\\2')" if codes else text
    return f"regexp_replace({text}, '{_OWED}', '-\\1')"


def _signless(source: str) -> str:
    told = f"regexp_replace({halved(source)}, '{_TOLD}', '\\1')"
    return f"regexp_replace(regexp_replace({told}, '{_CURRENCY}', '', 'g'), '{_GAPS}', '', 'g')"


def number(source: str, kind: str, style: Style) -> str:
    """Return SQL for a number, which may be infinite; what only the other decimal sign would make one is none."""
    if kind in _EXACT:
        return f"{source}::DOUBLE"
    if style.kind == "plain":
        return f"coalesce(TRY_CAST({source}::VARCHAR AS DOUBLE), TRY_CAST({filled(source)} AS DOUBLE))"
    text = f"regexp_replace({bare(source, codes=style.codes)}, '{POINT if style.comma else COMMA}', '?')"
    point = f"replace(replace({text}, '.', ''), ',', '.')" if style.comma else f"replace({text}, ',', '')"
    return f"TRY_CAST({point} AS DOUBLE)"


_SHARED = {"¥": ("CNY", "JPY"), "$": ("USD", "AUD", "CAD", "HKD", "TWD", "SGD", "NZD", "MXN", "ARS", "CLP", "COP")}
"""Signs that several currencies write."""


def contrary(source: str, currency: str) -> str:
    """Return SQL for whether an amount has the sign or the code of another currency than its row's."""
    text = f"translate({halved(source)}, '￥', '¥')"
    cases = []
    for sign, code in SIGNS.items():
        codes = ", ".join(f"'{c}'" for c in _SHARED.get(sign, (code,)))
        cases.append(f"WHEN contains({text}, '{sign}') THEN {currency} NOT IN ({codes})")
    code = f"upper(regexp_extract({text}, '(?i)(?:^|[^a-z])({_CODES})(?:$|[^a-z])', 1))"
    return f"coalesce(CASE {' '.join(cases)} WHEN {code} <> '' THEN {currency} <> {code} END, false)"


def given_number(source: str) -> str:
    """Return SQL for whether a cell says a number at all: ``< 10%`` does not."""
    return f"({filled(source)} IS NOT NULL AND NOT regexp_matches({filled(source)}, '{_ABOUT}'))"


# ---- times ------------------------------------------------------------------------------------------------


def time_style(
    con: duckdb.DuckDBPyConnection,
    table: str,
    source: str,
    kind: str,
    day_first: bool | None,
    nth: bool,
    year_first: bool | None = None,
    beside: Beside | None = None,
) -> Style:
    """Look at a whole column of times.

    `day_first` and `year_first` are what the analyst said, if anything. Where the column cannot tell its order, the
    dates `beside` it go before that.
    """
    given = con, table, source, kind
    style = _time_style(*given, day_first, nth, year_first)
    if beside and style.short and style.short.year_unsure and beside.year_first is not None:
        year_first = beside.year_first
        style = _time_style(*given, None, nth, year_first)
    if beside and style.ambiguous and beside.day_first is not None:
        style = replace(_time_style(*given, beside.day_first, nth, year_first), ambiguous=False)
    return style


def _time_style(
    con: duckdb.DuckDBPyConnection,
    table: str,
    source: str,
    kind: str,
    day_first: bool | None,
    nth: bool,
    year_first: bool | None,
) -> Style:
    if kind != "VARCHAR" and not kind.endswith("INT"):
        return Style("native")
    if nth:
        return Style("nth")
    text, half = filled(source), halved(source)
    given, iso, zoned = _one(
        con,
        f"SELECT count(x), count_if(TRY_CAST(x AS TIMESTAMP) >= {_EARLIEST}), count_if(regexp_matches(x, '{_OFFSET}')) "
        f"FROM (SELECT {text} AS x FROM {table})",
    )
    if given == iso and not zoned:
        return Style("iso")
    if iso >= 0.9 * given:  # the rest is looked at for the order of day and month alone
        return _day_style(con, table, half, 0, day_first)
    dated, stamps, *counted = _one(
        con,
        "SELECT count_if(regexp_matches(x, '^\\d')), "
        f"count_if(regexp_matches(x, '{_STAMP}') AND try_strptime(x, {_STAMPS}) IS NOT NULL), "
        + ", ".join(f"count_if(regexp_matches(x, '{look}'))" for look, _ in _COUNTED.values())
        + f" FROM (SELECT {half} AS x FROM {table})",
    )
    for name, many in zip(_COUNTED, counted, strict=True):
        # An epoch may look like a stamp, but not all of them do.
        if dated and many >= 0.9 * dated and stamps < many and (name != "serial" or _serial(con, table, half)):
            return Style(name)
    if short := short_dates(con, table, half, dated, day_first, year_first):
        return Style("text", day_first=short.day_first, ambiguous=short.day_unsure, short=short)
    return _day_style(con, table, half, dated, day_first)


def _serial(con: duckdb.DuckDBPyConnection, table: str, half: str) -> bool:
    low, high = _one(con, f"SELECT min(n), max(n) FROM (SELECT TRY_CAST({half} AS DOUBLE) AS n FROM {table})")
    return low >= 20_000 and high <= 80_000


def _day_style(con: duckdb.DuckDBPyConnection, table: str, half: str, dated: float, told: bool | None) -> Style:
    look = "^(\\d{1,2})([/.\\-])(\\d{1,2})[/.\\-]\\d{2,4}"
    written, days, months, dots = _one(
        con,
        f"SELECT count(*), count_if(a > 12), count_if(b > 12), count_if(dot) FROM (SELECT "
        f"TRY_CAST(regexp_extract(x, '{look}', 1) AS INTEGER) AS a, "
        f"TRY_CAST(regexp_extract(x, '{look}', 3) AS INTEGER) AS b, "
        f"regexp_extract(x, '{look}', 2) = '.' AS dot FROM (SELECT {half} AS x FROM {table}) "
        f"WHERE regexp_matches(x, '{look}'))",
    )
    found = True if days and not months else False if months and not days else None
    kind = "dotted" if dated and dots >= 0.9 * dated else "text"
    unclear = bool(written) and found is None and kind != "dotted"  # 01.02.2026 is the first of February everywhere
    return Style(kind, day_first=told if found is None else found, ambiguous=unclear)


def time(source: str, kind: str, style: Style) -> str:
    """Return SQL for a moment in UTC; the one-row table `constants` gives `zone` and `first_day`.

    A column of local times alone goes by :func:`local` and :func:`in_zone`.
    """
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"timezone('UTC', {source})"
    if style.kind in _COUNTED:
        return _counted(source, style.kind)
    return _written(source, style)


def local(source: str, kind: str, style: Style) -> str | None:
    """Return SQL for the local time of a column that writes nothing but local times, else None."""
    if kind in ("TIMESTAMP", "DATE"):
        return f"{source}::TIMESTAMP"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return None
    if style.kind == "nth":
        return f"(first_day::DATE + TRY_CAST({filled(source)} AS INTEGER))::TIMESTAMP"
    if style.kind == "iso":
        return f"coalesce(TRY_CAST({source} AS TIMESTAMP), TRY_CAST({filled(source)} AS TIMESTAMP))"
    if style.kind == "serial":  # days since 1899-12-30, to the second
        return f"(TIMESTAMP '1899-12-30' + to_seconds(round(TRY_CAST({halved(source)} AS DOUBLE) * 86400)::BIGINT))"
    return None


def possible(moment: str) -> str:
    """Return SQL for a moment where a campaign could be at all, else null."""
    return f"CASE WHEN {moment} BETWEEN {_EARLIEST} AND {_LATEST} THEN {moment} END"


def in_zone(local: str, spans: Spans = ()) -> str:
    """Return SQL for a local time's moment in UTC: by the zone's rules, or by plain subtraction inside `spans`."""
    found = f"timezone('UTC', timezone(zone, {local}))"
    if not spans:
        return found
    cases = (
        f"WHEN {local} >= TIMESTAMP '{start}' AND {local} < TIMESTAMP '{end}' THEN {local} - to_microseconds({apart})"
        for start, end, apart in spans
    )
    return f"CASE {' '.join(cases)} ELSE {found} END"


def spans(con: duckdb.DuckDBPyConnection, table: str, local: str) -> Spans:
    """Return where the zone's offset stays the same, in the years of a column's local times and one around them.

    The day before and after each change of the clocks is left to the zone's own rules.
    """
    low, high = con.execute(
        f"SELECT min(local), max(local) FROM (SELECT {local} AS local FROM {table} CROSS JOIN constants) "
        f"WHERE local BETWEEN {_EARLIEST} AND {_LATEST}"
    ).fetchall()[0]
    if low is None or high.year - low.year > _YEARS:
        return ()
    found = con.execute(
        "SELECT min(local) + INTERVAL 1 DAY, max(local) - INTERVAL 1 DAY, apart FROM (SELECT *, "
        "sum(CASE WHEN apart <> before THEN 1 ELSE 0 END) OVER (ORDER BY local) AS part FROM (SELECT *, "
        "lag(apart) OVER (ORDER BY local) AS before FROM (SELECT local, "
        "epoch_us(local) - epoch_us(timezone('UTC', timezone(zone, local))) AS apart FROM "
        "(SELECT unnest(generate_series(?::TIMESTAMP, ?::TIMESTAMP, INTERVAL 1 HOUR)) AS local) "
        "CROSS JOIN constants))) "
        "GROUP BY part, apart ORDER BY 1",
        [dt.datetime(low.year - 1, 1, 1), dt.datetime(high.year + 2, 1, 1)],
    ).fetchall()
    return tuple((start, end, apart) for start, end, apart in found if start < end)


def _counted(source: str, kind: str) -> str:
    whole = f"TRY_CAST(round(TRY_CAST({halved(source)} AS DOUBLE) * {_COUNTED[kind][1]}) AS BIGINT)"
    if kind in ("micros", "nanos"):
        exact = f"TRY_CAST({halved(source)} AS BIGINT)"
        whole = exact if kind == "micros" else f"({exact} // 1000)"
    return f"make_timestamp({whole})"


def _written(source: str, style: Style) -> str:
    text = halved(source)
    if style.short:
        return in_zone(parsed(text, style.short, _CLOCKS))
    spelled, noon = f"try_strptime({text}, {_formats(style)})", f"regexp_matches({text}, '{_NOON}')"
    local = f"coalesce(CASE WHEN NOT {noon} THEN TRY_CAST({text} AS TIMESTAMP) END, {spelled})"
    exact = f"coalesce(TRY_CAST({text} AS TIMESTAMPTZ), try_strptime({text}, '%Y-%m-%d %H:%M:%S %z'))"
    offset = f"regexp_matches({text}, '{_OFFSET}') AND NOT {noon}"
    # Several zones share an abbreviation: it is that of the file's own zone, where that has it.
    named = f"regexp_extract({text}, '[ \\d]([A-Za-z]{{3,4}})$', 1)"
    own = f"coalesce(list_contains({_ABBREVIATED}[upper({named})], zone), false)"
    bare = in_zone(f"TRY_CAST(trim(regexp_replace({text}, '[A-Za-z]+$', '')) AS TIMESTAMP)")
    zoned = f"WHEN {offset} AND {own} THEN {bare} WHEN {offset} THEN timezone('UTC', {exact})"
    return f"CASE {zoned} ELSE {in_zone(local)} END"


def _formats(style: Style) -> list[str]:
    slashes = "%d/%m/%Y" if style.day_first else "%m/%d/%Y"
    dashes = "%m-%d-%Y" if style.day_first is False else "%d-%m-%Y"
    dots = ["%d.%m.%Y"] if style.kind == "dotted" else []
    return [*_ANY_ORDER, *(day + clock for day in (slashes, dashes, *dots) for clock in _CLOCKS)]


def _one(con: duckdb.DuckDBPyConnection, query: str) -> tuple[float, ...]:
    return tuple(found or 0 for found in con.execute(query).fetchall()[0])
