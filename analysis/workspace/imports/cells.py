"""How exports write numbers and times, decided from the whole column, as SQL over the scratch table.

All SQL here is made of fixed names (`c0`, `c1`, …) and fixed texts; what people typed is never part of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from analysis.workspace.imports.dates import ShortDates, parsed, short_dates

_BLANKS = "('', '-', '--', '—', 'null', 'nan', 'none', 'n/a', '\\n')"
_WIDE = ("０１２３４５６７８９，．－／：％（）", "0123456789,.-/:%()")
_CURRENCY = "(?i)(US|HK|NT|CA|AU|A|R)?[¥￥$€£₹₩₺₽฿₫]"
_ABOUT = "^[<>]\\s*[\\d.]+\\s*%$"
# No campaign is outside these; a typing error or "infinity" is.
_EARLIEST, _LATEST = "TIMESTAMP '1970-01-01'", "TIMESTAMP '2200-01-01'"
_OFFSET = ":\\d\\d(\\.\\d+)?\\s*([+-]\\d\\d:?(\\d\\d)?|[zZ])$"
_COUNTED = {
    "serial": ("^\\d{5}(\\.\\d+)?$", ""),
    "seconds": ("^\\d{9,10}(\\.\\d+)?$", "1e6"),
    "millis": ("^\\d{12,13}$", "1e3"),
    "micros": ("^\\d{15,16}$", "1"),
    "nanos": ("^\\d{18,19}$", "1e-3"),
}
"""Times written as one number: how each looks and how many microseconds one of it is."""
_ANY_ORDER = (
    "%Y-%m-%d %H", "%Y%m%d", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d %H", "%Y/%m/%d", "%Y.%m.%d",
    "%y年%m月%d日", "%Y年%m月%d日", "%Y年%m月%d日 %H:%M:%S", "%d-%b-%y", "%d %b %y", "%d-%b-%Y",
    "%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%a, %d %b %Y", "%a, %b %d, %Y", "%b %d, %Y %H:%M:%S",
)  # fmt: skip
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
        Whether there are such dates at all.
    short : ShortDates, optional
        How two-digit years are read.
    """

    kind: str
    comma: bool = False
    day_first: bool | None = None
    ambiguous: bool = False
    short: ShortDates | None = None


def filled(source: str) -> str:
    """Return SQL for a cell's text, null where the export writes that there is none."""
    text = f"trim({source}::VARCHAR, E' \\t\\r\\n\u00a0\u3000')"
    return f"CASE WHEN lower({text}) NOT IN {_BLANKS} THEN {text} END"


def _half(source: str) -> str:
    return f"translate({filled(source)}, '{_WIDE[0]}', '{_WIDE[1]}')"


# ---- numbers ----------------------------------------------------------------------------------------------


def number_style(con: duckdb.DuckDBPyConnection, table: str, source: str, kind: str) -> Style:
    """Look at a whole column of numbers."""
    if kind != "VARCHAR":
        return Style("plain")
    text, half = filled(source), _half(source)
    given, plain = _one(con, f"SELECT count({text}), count(TRY_CAST({text} AS DOUBLE)) FROM {table}")
    if given == plain:
        return Style("plain")
    both, ends, points, groups = _one(
        con,
        f"SELECT count_if(regexp_matches(x, '\\.\\d{{3}},\\d')), "
        f"count_if(regexp_matches(x, '^\\D*\\d*,\\d{{1,2}}\\D*$')), "
        "count_if(regexp_matches(x, '\\.\\d{1,2}\\D*$')), count_if(regexp_matches(x, ',\\d{3}(,|\\.|\\D*$)')) "
        f"FROM (SELECT {half} AS x FROM {table})",
    )
    return Style("text", comma=both > 0 or (ends > 0 and not points and not groups))


def number(source: str, style: Style) -> str:
    """Return SQL for a finite number: thousands, signs of currency and spaces go."""
    if style.kind == "plain":
        found = f"TRY_CAST({filled(source)} AS DOUBLE)"
        return f"CASE WHEN isfinite({found}) THEN {found} END"
    half = _half(source)
    bare = f"regexp_replace(regexp_replace({half}, '{_CURRENCY}', '', 'g'), '[\\s'']', '', 'g')"
    point = f"replace(replace({bare}, '.', ''), ',', '.')" if style.comma else f"replace({bare}, ',', '')"
    found = f"TRY_CAST({point} AS DOUBLE)"
    return f"CASE WHEN isfinite({found}) THEN {found} END"


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
) -> Style:
    """Look at a whole column of times; `day_first` and `year_first` are what the analyst said, if anything."""
    if kind != "VARCHAR" and not kind.endswith("INT"):
        return Style("native")
    if nth:
        return Style("nth")
    text, half = filled(source), _half(source)
    given, iso, zoned = _one(
        con,
        f"SELECT count(x), count_if(TRY_CAST(x AS TIMESTAMP) >= {_EARLIEST}), count_if(regexp_matches(x, '{_OFFSET}')) "
        f"FROM (SELECT {text} AS x FROM {table})",
    )
    if given == iso and not zoned:
        return Style("iso")
    dated, *counted = _one(
        con,
        "SELECT count_if(regexp_matches(x, '^\\d')), "
        + ", ".join(f"count_if(regexp_matches(x, '{look}'))" for look, _ in _COUNTED.values())
        + f" FROM (SELECT {half} AS x FROM {table})",
    )
    for name, many in zip(_COUNTED, counted, strict=True):
        if dated and many >= 0.9 * dated and (name != "serial" or _serial(con, table, half)):
            return Style(name)
    if short := short_dates(con, table, half, dated, day_first, year_first):
        return Style("text", ambiguous=short.day_unsure, short=short)
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
    return Style(kind, day_first=told if found is None else found, ambiguous=bool(written) and found is None)


def time(source: str, kind: str, style: Style) -> str:
    """Return SQL for a moment in UTC; the one-row table `constants` gives `zone` and `first_day`."""
    if kind == "TIMESTAMP WITH TIME ZONE":
        found = f"timezone('UTC', {source})"
    elif style.kind in _COUNTED:
        found = _counted(source, style.kind)
    elif style.kind == "nth":
        found = _in_zone(f"(first_day::DATE + TRY_CAST({filled(source)} AS INTEGER))::TIMESTAMP")
    elif style.kind == "iso":
        found = _in_zone(f"TRY_CAST({filled(source)} AS TIMESTAMP)")
    else:
        found = _written(source, style)
    return f"CASE WHEN {found} BETWEEN {_EARLIEST} AND {_LATEST} THEN {found} END"


def _in_zone(local: str) -> str:
    return f"timezone('UTC', timezone(zone, {local}))"


def _counted(source: str, kind: str) -> str:
    n = f"TRY_CAST({_half(source)} AS DOUBLE)"
    if kind == "serial":  # days since 1899-12-30, to the second
        return _in_zone(f"(TIMESTAMP '1899-12-30' + to_seconds(round({n} * 86400)::BIGINT))")
    whole = f"TRY_CAST(round({n} * {_COUNTED[kind][1]}) AS BIGINT)"
    if kind in ("micros", "nanos"):
        exact = f"TRY_CAST({_half(source)} AS BIGINT)"
        whole = exact if kind == "micros" else f"({exact} // 1000)"
    return f"make_timestamp({whole})"


def _written(source: str, style: Style) -> str:
    text = filled(source)
    if style.short:
        return _in_zone(parsed(_half(source), style.short, _CLOCKS))
    local = f"coalesce(TRY_CAST({text} AS TIMESTAMP), try_strptime({_half(source)}, {_formats(style)}))"
    exact = f"coalesce(TRY_CAST({text} AS TIMESTAMPTZ), try_strptime({text}, '%Y-%m-%d %H:%M:%S %z'))"
    offset = f"regexp_matches({text}, '{_OFFSET}')"
    return f"CASE WHEN {offset} THEN timezone('UTC', {exact}) ELSE {_in_zone(local)} END"


def _formats(style: Style) -> list[str]:
    slashes = "%d/%m/%Y" if style.day_first else "%m/%d/%Y"
    dashes = "%m-%d-%Y" if style.day_first is False else "%d-%m-%Y"
    dots = ["%d.%m.%Y"] if style.kind == "dotted" else []
    return [*_ANY_ORDER, *(day + clock for day in (slashes, dashes, *dots) for clock in _CLOCKS)]


def _one(con: duckdb.DuckDBPyConnection, query: str) -> tuple[float, ...]:
    return tuple(found or 0 for found in con.execute(query).fetchall()[0])
