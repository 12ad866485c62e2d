"""Tables of another shape than ours: columns that become rows, and rows whose times are stand-ins.

The rows are laid in a scratch table of the shape that cleaning expects, before it looks at them; the mapping is
brought along. All SQL here is made of fixed names (`c0`, `c1`, …); texts from people are parameters.
"""

from __future__ import annotations

import copy
from typing import Any

from analysis.imports.columns import cells
from analysis.imports.columns.mapping import SPREAD, ColumnMapping
from analysis.imports.file.read import Scratch, readable
from analysis.messages import Message, Names, say
from analysis.values import seconds
from analysis.vocabulary import TIME_COLUMN

NAME, CELL, TIME = "\x00name", "\x00cell", "\x00time"
"""Headings of the columns made here: none that a file could have."""
FALSE = ("false", "no", "n", "f", "否", "0", "0.0")
TRUE = ("true", "yes", "y", "t", "是", "1", "1.0")
"""How files write an outcome that did not happen and one that did, lower case."""


def shaped(scratch: Scratch, mapping: ColumnMapping) -> tuple[Scratch, ColumnMapping]:
    """Return the rows in the shape cleaning expects, and the mapping that fits them."""
    if not mapping.spread and not _stands_in(mapping):
        return scratch, mapping
    if scratch.made[0] != (asked := mapping.to_json()):
        found = _spread(scratch, mapping) if mapping.spread else (scratch, mapping)
        scratch.made = (asked, _delayed(*found) if _stands_in(mapping) else found)
    shape: tuple[Scratch, ColumnMapping] = scratch.made[1]
    return shape


def _stands_in(mapping: ColumnMapping) -> bool:
    return mapping.table == "events" and bool(mapping.delays) and "timestamp" in dict(mapping.constants)


# ---- columns into rows ------------------------------------------------------------------------------------


def _spread(scratch: Scratch, mapping: ColumnMapping) -> tuple[Scratch, ColumnMapping]:
    """Unpivot: one row for each filled cell of the spread columns, and for the event given for all rows."""
    place, spread = {heading: f"c{i}" for i, heading in enumerate(scratch.headings)}, dict(mapping.spread)
    headings = [heading for heading in scratch.headings if heading in spread]
    events, constants = mapping.table == "events", dict(mapping.constants)
    kinds = {kind for heading, kind in zip(scratch.headings, scratch.types(), strict=True) if heading in spread}
    parts, names = [], []
    if own := constants.pop("event", None) if events else None:
        parts.append("SELECT line, {kept}, ?::VARCHAR, NULL::VARCHAR, mark FROM {table}")
        names.append(own)
    for heading in headings:
        cell, condition = _cell(place[heading], flags=events, alike=len(kinds) == 1)
        once = "" if parts else " OR mark IS NOT NULL"
        parts.append(
            f"SELECT line + {len(parts)} AS line, {{kept}}, ?::VARCHAR, {cell}, mark FROM {{table}} "
            f"WHERE mark IS NULL AND {condition}{once}"
        )
        names.append(spread[heading])
    made = _made(scratch, f"{mapping.table}_spread", " UNION ALL ".join(parts), names, (NAME, CELL))
    name, cell = SPREAD[mapping.table]
    columns = {**dict(mapping.columns), name: NAME}
    if not events or (cell not in {*columns, *constants} and _any(made)):
        columns[cell] = CELL
    return made, mapping.replace(columns=columns, constants=constants, spread={})


def _cell(column: str, *, flags: bool, alike: bool) -> tuple[str, str]:
    """Return SQL for what a spread cell says, and for whether it makes a row; a type common to all (`alike`) stays."""
    text = cells.filled(column)
    if not flags:
        return column if alike else f"{column}::VARCHAR", f"({text}) IS NOT NULL"
    return f"CASE WHEN lower({text}) NOT IN {TRUE} THEN {text} END", f"lower({text}) NOT IN {FALSE}"


def _any(made: Scratch) -> bool:
    """Say whether any spread cell holds more than that it happened."""
    last = len(made.headings) - 1
    return bool(made.con.execute(f"SELECT count(c{last}) FROM {made.table}").fetchall()[0][0])


def _made(scratch: Scratch, suffix: str, select: str, params: list[Any], more: tuple[str, ...]) -> Scratch:
    """Lay the rows in a table of their own and return the scratch that reads it; headings in `more` come last."""
    kept = ", ".join(f"c{i}" for i in range(len(scratch.headings)))
    made = copy.copy(scratch)
    made.table, made.headings = f"{scratch.table}_{suffix}", (*scratch.headings, *more)
    made.head, made.whole, made.in_order, made.judged_as = made.table, True, False, ""
    columns = ", ".join(["line", *(f"c{i}" for i in range(len(made.headings))), "mark"])
    query = select.replace("{kept}", kept).replace("{table}", scratch.table)
    with readable(scratch.name):
        scratch.con.execute(
            f"CREATE OR REPLACE TEMP TABLE {made.table} ({columns}) AS FROM ({query}) ORDER BY line", params
        )
    made.rows = int(scratch.con.execute(f"SELECT count(*) FROM {made.table}").fetchall()[0][0])
    return made


# ---- times that stand in ----------------------------------------------------------------------------------


def _delayed(scratch: Scratch, mapping: ColumnMapping) -> tuple[Scratch, ColumnMapping]:
    """Place each event its delay after the one time given for all rows, so that they stand in their order."""
    columns, constants, delays = dict(mapping.columns), dict(mapping.constants), dict(mapping.delays)
    given, event = constants.pop("timestamp"), columns.get("event")
    if event is None:  # one event for all rows: where it stands does not matter
        return scratch, mapping
    place = f"c{scratch.headings.index(event)}"
    codes = [code.casefold() for code in delays], [seconds(span) for span in delays.values()]
    select = (
        "SELECT line, {kept}, coalesce(strftime(TRY_CAST(?::VARCHAR AS TIMESTAMP) + to_seconds(coalesce("
        f"map(?::VARCHAR[], ?::BIGINT[])[lower(trim({place}::VARCHAR))], 0)), '%Y-%m-%d %H:%M:%S.%f'), ?::VARCHAR), "
        "mark FROM {table}"
    )
    made = _made(scratch, "delayed", select, [given, *codes, given], (TIME,))
    return made, mapping.replace(columns={**columns, "timestamp": TIME}, constants=constants, delays={})


# ---- what should be confirmed -----------------------------------------------------------------------------


def questions(mapping: ColumnMapping) -> tuple[Message, ...]:
    """Say what of a mapping the file does not say itself."""
    asked, headings = list[Message](), Names(tuple(heading for heading, _ in mapping.spread))
    if mapping.spread and mapping.table == "events":
        asked.append(say("{headings}: true, yes or 1 becomes an event of the user. Is that right?", headings=headings))
    elif mapping.spread:
        asked.append(say("{headings}: each is read as a channel, its numbers as money. Is that right?",
                         headings=headings))  # fmt: skip
    if _stands_in(mapping):
        asked.append(_stand_ins(mapping))
    columns = dict(mapping.columns)
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
