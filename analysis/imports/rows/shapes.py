"""How do tables of another shape get ours: columns become rows, and rows without times get stand-ins?

The rows are laid in a relation of the shape that judging expects, before it looks at them; the mapping is brought
along. All SQL here is made of fixed names (`c0`, `c1`, …); texts from people are parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from analysis.imports.columns.amounts import LEAD
from analysis.imports.columns.cells import filled
from analysis.imports.columns.mapping import SPREAD, ColumnMapping
from analysis.imports.file.scratch import Scratch, readable
from analysis.imports.lexicon.headings import bracketed
from analysis.imports.lexicon.looks import FALSE, TRUE
from analysis.imports.lexicon.prices import of_one_piece
from analysis.imports.lexicon.units import heading_unit, is_unit
from analysis.messages import Message, Names, say
from analysis.values import seconds
from analysis.vocabulary import TIME_COLUMN

NAME, CELL, TIME = "\x00name", "\x00cell", "\x00time"
"""Headings of the columns made here: none that a file could have."""
_Param = str | Sequence[str] | Sequence[int]


@dataclass(frozen=True, slots=True, eq=False)
class Shaped:
    """A file's rows in the shape of the table they become, and the mapping that fits them."""

    scratch: Scratch
    mapping: ColumnMapping


def shaped(scratch: Scratch, mapping: ColumnMapping) -> Shaped:
    """Return the rows in the shape judging expects, and the mapping that fits them."""
    if not mapping.spread and not _stands_in(mapping):
        return Shaped(scratch, mapping)

    def make(relation: str) -> Shaped:
        found = _spread(Shaped(scratch, mapping), f"{relation}_spread") if mapping.spread else Shaped(scratch, mapping)
        return _delayed(found, f"{relation}_delayed") if _stands_in(mapping) else found

    return scratch.database.once(f"shaped_{scratch.id}_{mapping.table}", mapping.to_json(), make)


def _stands_in(mapping: ColumnMapping) -> bool:
    return mapping.table == "events" and bool(mapping.delays) and "timestamp" in dict(mapping.constants)


# ---- columns into rows ------------------------------------------------------------------------------------


def _spread(given: Shaped, relation: str) -> Shaped:
    """Unpivot: one row for each filled cell of the spread columns, and for the event given for all rows."""
    scratch, mapping = given.scratch, given.mapping
    spread = dict(mapping.spread)
    headings = [heading for heading in scratch.headings if heading in spread]
    events, constants = mapping.table == "events", dict(mapping.constants)
    kinds = {kind for heading, kind in zip(scratch.headings, scratch.types(), strict=True) if heading in spread}
    parts, names = list[str](), list[str]()
    if own := constants.pop("event", None) if events else None:
        parts.append("SELECT line, {kept}, ?::VARCHAR, NULL::VARCHAR, mark FROM {table}")
        names.append(own)
    for heading in headings:
        cell, condition = _cell(scratch.column(heading), flags=events, alike=len(kinds) == 1)
        once = "" if parts else " OR mark IS NOT NULL"
        parts.append(
            f"SELECT line + {len(parts)} AS line, {{kept}}, ?::VARCHAR, {cell}, mark FROM {{table}} "
            f"WHERE mark IS NULL AND {condition}{once}"
        )
        names.append(spread[heading])
    units = {h: heading_unit(h, money=mapping.table == "spend") for h in headings}
    said = next((inside for inside in bracketed(headings[0]) if is_unit(inside)), "")
    values = f"{CELL} ({said})" if said and len(set(units.values())) == 1 else CELL
    made = _made(scratch, relation, " UNION ALL ".join(parts), names, (NAME, values))
    name, cell = SPREAD[mapping.table]
    columns = {**dict(mapping.columns), name: NAME}
    if not events or (cell not in {*columns, *constants} and _any(made)):
        columns[cell] = values
    return Shaped(made, mapping.replace(columns=columns, constants=constants, spread={}))


def _cell(column: str, *, flags: bool, alike: bool) -> tuple[str, str]:
    """Return SQL for what a spread cell says, and for whether it makes a row; a type common to all (`alike`) stays."""
    text = filled(column)
    if not flags:
        return column if alike else f"{column}::VARCHAR", f"({text}) IS NOT NULL"
    return f"CASE WHEN lower({text}) NOT IN {TRUE} THEN {text} END", f"lower({text}) NOT IN {FALSE}"


def _any(made: Scratch) -> bool:
    """Say whether any spread cell holds more than that it happened."""
    last = len(made.headings) - 1
    return bool(made.con.execute(f"SELECT count(c{last}) FROM {made.relation}").fetchall()[0][0])


def _made(scratch: Scratch, relation: str, select: str, params: Sequence[_Param], more: tuple[str, ...]) -> Scratch:
    """Lay the rows in a relation of their own and return the scratch that reads it; headings in `more` come last."""
    headings = (*scratch.headings, *more)
    kept = ", ".join(f"c{i}" for i in range(len(scratch.headings)))
    columns = ", ".join(["line", *(f"c{i}" for i in range(len(headings))), "mark"])
    query = select.replace("{kept}", kept).replace("{table}", scratch.relation)
    with readable(scratch.name):
        scratch.con.execute(f"CREATE TEMP TABLE {relation} ({columns}) AS FROM ({query}) ORDER BY line", params)
    rows = int(scratch.con.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0])
    return replace(scratch, relation=relation, head=relation, headings=headings, rows=rows, whole=True, in_order=False)


# ---- times that stand in ----------------------------------------------------------------------------------


def _delayed(given: Shaped, relation: str) -> Shaped:
    """Place each event its delay after the one time given for all rows, so that they stand in their order."""
    scratch, mapping = given.scratch, given.mapping
    columns, constants, delays = dict(mapping.columns), dict(mapping.constants), dict(mapping.delays)
    moment, event = constants.pop("timestamp"), columns.get("event")
    if event is None:  # one event for all rows: where it stands does not matter
        return given
    place = scratch.column(event)
    codes = [code.casefold() for code in delays], [seconds(span) for span in delays.values()]
    select = (
        "SELECT line, {kept}, coalesce(strftime(TRY_CAST(?::VARCHAR AS TIMESTAMP) + to_seconds(coalesce("
        f"map(?::VARCHAR[], ?::BIGINT[])[lower(trim({place}::VARCHAR))], 0)), '%Y-%m-%d %H:%M:%S.%f'), ?::VARCHAR), "
        "mark FROM {table}"
    )
    made = _made(scratch, relation, select, [moment, *codes, moment], (TIME,))
    return Shaped(made, mapping.replace(columns={**columns, "timestamp": TIME}, constants=constants, delays={}))


# ---- what should be confirmed -----------------------------------------------------------------------------


def questions(mapping: ColumnMapping) -> tuple[Message, ...]:
    """Say what of a mapping the file does not say itself."""
    asked, headings = list[Message](), Names(tuple(heading for heading, _ in mapping.spread))
    if mapping.spread and mapping.table == "events":
        asked.append(say("{headings}: true, yes or 1 becomes an event of the user. Is that right?", headings=headings))
    elif mapping.spread and mapping.table in LEAD:
        asked.append(say("{headings}: each is read as a channel, its numbers as money. Is that right?",
                         headings=headings))  # fmt: skip
    if _stands_in(mapping):
        asked.append(_stand_ins(mapping))
    columns = dict(mapping.columns)
    asked += [
        say("{price} × {pieces} is the amount of each row. Is that right?", price=columns[column], pieces=heading)
        for column, heading in mapping.factors
        if column in columns and column not in mapping.settled and not of_one_piece(columns[column])
    ]
    if amount := mapping.names_currency:
        asked.append(say("{heading} names several currencies: each row is in that of its cell, “$” alone is US "
                         "dollars, “¥” and “元” are yuan. Is that right?", heading=amount))  # fmt: skip
    if mapping.table == "orders" and columns.get("order_id") == columns.get(TIME_COLUMN["orders"], ""):
        asked.append(say("Each row becomes one paid order: the revenue of its whole period. Is that right?"))
    return tuple(asked)


def _stand_ins(mapping: ColumnMapping) -> Message:
    order = sorted(mapping.delays, key=lambda pair: seconds(pair[1]))
    return say(
        "The file has no times. Each user's first event is placed at {start}, the others after it: {events}. "
        "Their order counts; the time between them does not.",
        start=dict(mapping.constants)["timestamp"],
        events=Names(tuple(event for event, _ in order)),
    )
