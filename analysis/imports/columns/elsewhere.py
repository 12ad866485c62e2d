"""What does a file say beside its columns: its period, its currency, and that values must be hidden?"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from analysis.imports.columns.amounts import LEAD
from analysis.imports.columns.mapping import MONTH, ColumnMapping
from analysis.imports.columns.numbers import named_currency
from analysis.imports.file.scratch import Scratch
from analysis.imports.lexicon.brackets import converted_into, heading_zone, kinds_of
from analysis.imports.lexicon.calendar import WHOLE_MONTH, is_about
from analysis.imports.lexicon.codes import WORDS
from analysis.imports.lexicon.currencies import heading_currency, said_currency, sign_currency
from analysis.imports.lexicon.days import period
from analysis.imports.lexicon.personal import is_personal
from analysis.imports.lexicon.units import unit_currency
from analysis.vocabulary import TABLES, TIME_COLUMN, column_names

_DOLLAR = re.compile(r"\s*[$＄].*")  # several countries write theirs so
_MONTH = re.compile(WHOLE_MONTH)


def finished(
    mapping: ColumnMapping, scratch: Scratch, samples: Mapping[str, Sequence[str]], usual: Mapping[str, str]
) -> ColumnMapping:
    """Return a mapping with what the file says elsewhere: the period and the currency; who somebody is, is hidden.

    Parameters
    ----------
    mapping : ColumnMapping
    scratch : Scratch
    samples : mapping of str to sequence of str
        Some values of each column, by heading.
    usual : mapping of str to str
        Constants of the platform's exports; what the file says goes before them.
    """
    columns, constants = _days(mapping, scratch.above)
    constants = {**usual, **constants}
    amount = columns.get(LEAD.get(mapping.table, ""), next(iter(dict(mapping.spread)), ""))
    columns = _unless_contrary(in_its_currency(columns, amount, scratch.headings), amount, samples)
    named = "currency" in column_names(mapping.table) and "currency" not in columns
    if named and not mapping.spread and _in_several(scratch, amount, samples):
        columns["currency"] = amount  # each row is in that of its cell
    elif named and (code := currency_of(amount, samples.get(amount, ()), scratch.above)):
        constants["currency"] = code
    texts = {c.name for c in TABLES[mapping.table] if c.type == "text"}
    hidden = [c for c, h in columns.items() if c in texts and _personal(scratch, c, h, samples.get(h, ()))]
    return mapping.replace(
        columns=columns,
        constants={c: text for c, text in constants.items() if c not in columns} | dict(mapping.constants),
        hashed=tuple(hidden),
        zone=heading_zone(columns.get(TIME_COLUMN[mapping.table], "")) or mapping.zone,
        period=_length(mapping, columns.get("period_start", ""), samples),
    )


def _in_several(scratch: Scratch, amount: str, samples: Mapping[str, Sequence[str]]) -> bool:
    """Say whether the cells of an amount name several currencies, and neither heading nor lines above say one."""
    signed = (sign_currency(v) or any(word in v.casefold() for word in WORDS) for v in samples.get(amount, ()))
    if heading_currency(amount) or said_currency(scratch.above) or not any(signed):
        return False
    own = named_currency(scratch.column(amount))
    query = f"SELECT count(DISTINCT {own}) FROM {scratch.relation} WHERE mark IS NULL"
    return int(scratch.con.execute(query).fetchall()[0][0]) > 1


def in_its_currency(columns: Mapping[str, str], amount: str, headings: Sequence[str]) -> dict[str, str]:
    """Return the columns with the currency that an amount is in: one that was converted has a column of its own."""
    if "converted" not in kinds_of(amount):
        return dict(columns)
    own = {c: heading for c, heading in columns.items() if c != "currency"}
    into = converted_into(headings)
    return {**own, "currency": into} if into else own


def _unless_contrary(columns: Mapping[str, str], amount: str, samples: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the columns but for one of currencies that are not all the one that the amount's own heading names."""
    code = heading_currency(amount)
    said = {v.strip().upper() for v in samples.get(columns.get("currency", ""), ()) if v.strip()}
    return {c: h for c, h in columns.items() if c != "currency" or code is None or said <= {code}}


def _days(mapping: ColumnMapping, above: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the columns, and the days that the lines above give where the rows of spend have none."""
    columns, constants = dict(mapping.columns), dict[str, str]()
    if mapping.table != "spend":
        return columns, constants
    if "period_start" not in columns and (days := period(above)):
        constants["period_start"] = days[0].isoformat()
        constants["period_end"] = (days[1] + dt.timedelta(days=1)).isoformat()
        columns.pop("period_end", None)
    if is_about("day", columns.get("period_start", "")):
        columns.pop("period_end", None)  # it ends the report, not the day
    return columns, constants


def _length(mapping: ColumnMapping, start: str, samples: Mapping[str, Sequence[str]]) -> str:
    """Return how long a row's period is, by the heading and the values of its start."""
    if mapping.table != "spend":
        return mapping.period
    if _monthly(start, samples.get(start, ())):
        return MONTH
    weekly = not mapping.spread and is_about("week", start)
    return "7d" if weekly else mapping.period


def _personal(scratch: Scratch, column: str, heading: str, values: Sequence[str]) -> bool:
    if column != "user_id":
        return is_personal(heading, values)
    return heading in scratch.mailed or is_personal(heading, scratch.head_of(heading), who=True)


def currency_of(heading: str, values: Sequence[str], above: Sequence[str]) -> str | None:
    """Return the currency of a column of amounts: as its heading says, the lines above, or most of its cells."""
    if code := heading_currency(heading) or unit_currency(heading):
        return code
    if code := said_currency(above):
        return code
    numbers = (v for v in values if re.search(r"\d", v) and not _DOLLAR.fullmatch(v))
    codes = Counter(code for v in numbers if (code := sign_currency(v)))
    return codes.most_common(1)[0][0] if codes else None


def _monthly(heading: str, values: Sequence[str]) -> bool:
    """Say whether a column is about whole months: by its heading, or because its values name no day."""
    return is_about("month", heading) or (bool(values) and all(_MONTH.fullmatch(v.strip()) for v in values))
