"""How does a column write its times, and which moment is a cell?"""

from __future__ import annotations

import datetime as dt
import re

import duckdb

from analysis.imports.columns.cells import Source, Style, filled, halved
from analysis.imports.columns.dates import parsed, short_dates
from analysis.imports.lexicon.calendar import month_of

Spans = tuple[tuple[dt.datetime, dt.datetime, int], ...]
"""From when to when (local), and how many microseconds local time is ahead of UTC."""
# No campaign is outside these; a typing error or "infinity" is.
EARLIEST, _LATEST = "TIMESTAMP '1970-01-01'", "TIMESTAMP '2200-01-01'"
OFFSET = ":\\d\\d(\\.\\d+)?\\s*([+-]\\d\\d:?(\\d\\d)?|[A-Za-z][\\w/:+-]*)$"
_NOON = "\\d\\s*[AaPp][Mm]$"
"""Ends of a time that say its own zone, or its half of the day: as a local time, DuckDB reads it without the word."""
_ABBREVIATED = (
    "MAP {'CST': ['Asia/Shanghai', 'Asia/Taipei', 'Asia/Macau', 'Asia/Chongqing'], 'BST': ['Europe/London'], "
    "'IST': ['Asia/Kolkata', 'Europe/Dublin', 'Asia/Jerusalem'], 'HKT': ['Asia/Hong_Kong'], 'MSK': ['Europe/Moscow'], "
    "'SGT': ['Asia/Singapore'], 'JST': ['Asia/Tokyo'], 'KST': ['Asia/Seoul']}"
)
COUNTED = {
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
    "%Y.%m.%d", "%y年%m月%d日", "%Y年%m月%d日", "%Y年%m月%d日 %H:%M:%S", "%d-%b-%y", "%b-%d-%y", "%d %b %y",
    "%d-%b-%Y", "%b-%d-%Y", "%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%a, %d %b %Y", "%a, %b %d, %Y",
    "%Y-%m", "%Y/%m", "%Y年%m月", "%B %Y", "%b %Y", "%B, %Y", "%b, %Y", "%b-%Y",
)  # fmt: skip
_ABBREVIATIONS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ENGLISH = {
    *_ABBREVIATIONS, "january", "february", "march", "april", "june", "july", "august", "september", "october",
    "november", "december",
}  # fmt: skip
"""What DuckDB reads as a month."""
_WORD = "\\p{L}{3,}\\.?"
_DAYS = ("%d %b %y", "%d %b %Y", "%b %d %Y", "%Y %b %d", "%b %Y")
_SPELLED = [day + clock for day in _DAYS for clock in ("", " %H:%M", " %H:%M:%S")]
"""How times with a word for the month are written, once only spaces are between their parts."""
_YEARS = 20
_CLOCKS = (" %H:%M:%S", " %H:%M", " %I:%M %p", " %I:%M:%S %p", "")
_NAMED = [day + clock for day in ("%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y") for clock in _CLOCKS if clock]
"""How English exports write a moment whose month is a word."""


def time_style(
    source: Source, *, day_first: bool | None = None, year_first: bool | None = None, nth: bool = False
) -> Style:
    """Look at a whole column of times.

    Parameters
    ----------
    source : Source
    day_first, year_first : bool, optional
        What was said of their order; what the column proves goes before it.
    nth : bool
        Whether they are days since the report's first.
    """
    kind = source.kind
    if kind != "VARCHAR" and not kind.endswith("INT"):
        return Style("native")
    if nth:
        return Style("nth")
    text, half = filled(source.name), halved(source.name)
    given, iso, zoned = source.one(
        f"count(x), count_if(TRY_CAST(x AS TIMESTAMP) >= {EARLIEST}), count_if(regexp_matches(x, '{OFFSET}'))",
        f"{text} AS x",
    )
    if given == iso and not zoned:
        return Style("iso")
    if iso >= 0.9 * given:  # the rest is looked at for the order of day and month alone
        return _day_style(source, 0, day_first)
    dated, stamps, *counted = source.one(
        "count_if(regexp_matches(x, '^\\d')), "
        f"count_if(regexp_matches(x, '{_STAMP}') AND try_strptime(x, {_STAMPS}) IS NOT NULL), "
        + ", ".join(f"count_if(regexp_matches(x, '{look}'))" for look, _ in COUNTED.values()),
        f"{half} AS x",
    )
    for name, many in zip(COUNTED, counted, strict=True):
        # An epoch may look like a stamp, but not all of them do.
        if dated and many >= 0.9 * dated and stamps < many and (name != "serial" or _serial(source)):
            return Style(name)
    if short := short_dates(source.con, source.relation, half, dated, day_first, year_first):
        return Style("text", day_first=short.day_first, ambiguous=short.day_unsure, short=short)
    return _day_style(source, dated, day_first)


def _serial(source: Source) -> bool:
    low, high = source.one("min(n), max(n)", f"TRY_CAST({halved(source.name)} AS DOUBLE) AS n")
    return low >= 20_000 and high <= 80_000


def _day_style(source: Source, dated: float, told: bool | None) -> Style:
    look = "^(\\d{1,2})([/.\\-])(\\d{1,2})[/.\\-]\\d{2,4}"
    first, second = (f"TRY_CAST(regexp_extract(x, '{look}', {n}) AS INTEGER)" for n in (1, 3))
    written, days, months, dots = source.one(
        f"count(*), count_if({first} > 12), count_if({second} > 12), count_if(regexp_extract(x, '{look}', 2) = '.')",
        f"{halved(source.name)} AS x",
        where=f"regexp_matches(x, '{look}')",
    )
    found = True if days and not months else False if months and not days else None
    if not written and (named := _months(source)):
        return Style("text", months=named)
    kind = "dotted" if dated and dots >= 0.9 * dated else "text"
    unclear = bool(written) and found is None and kind != "dotted"  # 01.02.2026 is the first of February everywhere
    return Style(kind, day_first=told if found is None else found, ambiguous=unclear)


def _months(source: Source) -> tuple[tuple[str, int], ...]:
    """Return the words for months in a column that DuckDB does not know, such as ``mai`` and ``sept.``."""
    query = (
        f"SELECT DISTINCT unnest(regexp_extract_all(lower(x), '{_WORD}')) FROM (SELECT {halved(source.name)} AS x "
        f"FROM {source.relation}) WHERE regexp_matches(x, '^[^:]*\\p{{L}}{{3}}') AND length(x) < 40"
    )
    words = [word for (word,) in source.con.execute(query).fetchall()]
    known = {word: month_of(word) for word in words if word not in _ENGLISH}
    return tuple(sorted((word, number) for word, number in known.items() if number))


def time(source: Source, style: Style) -> str:
    """Return SQL for a moment in UTC; the one-row table `constants` gives `zone` and `first_day`.

    A column of local times alone goes by :func:`local` and :func:`in_zone`.
    """
    if source.kind == "TIMESTAMP WITH TIME ZONE":
        return f"timezone('UTC', {source.name})"
    if style.kind in COUNTED:
        return _counted(source.name, style.kind)
    return _written(source.name, style)


def local(source: Source, style: Style) -> str | None:
    """Return SQL for the local time of a column that writes nothing but local times, else None."""
    if source.kind in ("TIMESTAMP", "DATE"):
        return f"{source.name}::TIMESTAMP"
    if source.kind == "TIMESTAMP WITH TIME ZONE":
        return None
    if style.kind == "nth":
        return f"(first_day::DATE + TRY_CAST({filled(source.name)} AS INTEGER))::TIMESTAMP"
    if style.kind == "iso":
        return f"coalesce(TRY_CAST({source.name} AS TIMESTAMP), TRY_CAST({filled(source.name)} AS TIMESTAMP))"
    if style.kind == "serial":  # days since 1899-12-30, to the second
        return (
            f"(TIMESTAMP '1899-12-30' + to_seconds(round(TRY_CAST({halved(source.name)} AS DOUBLE) * 86400)::BIGINT))"
        )
    return None


def possible(moment: str) -> str:
    """Return SQL for a moment where a campaign could be at all, else null."""
    return f"CASE WHEN {moment} BETWEEN {EARLIEST} AND {_LATEST} THEN {moment} END"


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
        f"WHERE local BETWEEN {EARLIEST} AND {_LATEST}"
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
    whole = f"TRY_CAST(round(TRY_CAST({halved(source)} AS DOUBLE) * {COUNTED[kind][1]}) AS BIGINT)"
    if kind in ("micros", "nanos"):
        exact = f"TRY_CAST({halved(source)} AS BIGINT)"
        whole = exact if kind == "micros" else f"({exact} // 1000)"
    return f"make_timestamp({whole})"


def _written(source: str, style: Style) -> str:
    text = halved(source)
    if style.months:
        return in_zone(f"try_strptime({_in_english(text, style.months)}, {_SPELLED})")
    if style.short:
        return in_zone(parsed(text, style.short, _CLOCKS))
    spelled, noon = f"try_strptime({text}, {_formats(style)})", f"regexp_matches({text}, '{_NOON}')"
    local = f"coalesce(CASE WHEN NOT {noon} THEN TRY_CAST({text} AS TIMESTAMP) END, {spelled})"
    exact = f"coalesce(TRY_CAST({text} AS TIMESTAMPTZ), try_strptime({text}, '%Y-%m-%d %H:%M:%S %z'))"
    offset = f"regexp_matches({text}, '{OFFSET}') AND NOT {noon}"
    # Several zones share an abbreviation: it is that of the file's own zone, where that has it.
    named = f"regexp_extract({text}, '[ \\d]([A-Za-z]{{3,4}})$', 1)"
    own = f"coalesce(list_contains({_ABBREVIATED}[upper({named})], zone), false)"
    bare = in_zone(f"TRY_CAST(trim(regexp_replace({text}, '[A-Za-z]+$', '')) AS TIMESTAMP)")
    zoned = f"WHEN {offset} AND {own} THEN {bare} WHEN {offset} THEN timezone('UTC', {exact})"
    return f"CASE {zoned} ELSE {in_zone(local)} END"


def _in_english(text: str, months: tuple[tuple[str, int], ...]) -> str:
    """Return SQL for a time with its month by the name that DuckDB knows, and nothing between its parts but a space."""
    found = f"lower({text})"
    for word, number in sorted(months, key=lambda pair: -len(pair[0])):
        name = re.escape(word).replace("'", "''")
        found = f"regexp_replace({found}, '(^|\\PL){name}($|\\PL)', '\\1{_ABBREVIATIONS[number - 1]}\\2')"
    return f"trim(regexp_replace(regexp_replace({found}, '\\bde[l]?\\b', ' ', 'g'), '[-./, ]+', ' ', 'g'))"


def _formats(style: Style) -> list[str]:
    slashes = "%d/%m/%Y" if style.day_first else "%m/%d/%Y"
    dashes = "%m-%d-%Y" if style.day_first is False else "%d-%m-%Y"
    dots = ["%d.%m.%Y"] if style.kind == "dotted" else []
    return [*_ANY_ORDER, *_NAMED, *(day + clock for day in (slashes, dashes, *dots) for clock in _CLOCKS)]
