"""What is a file whose headings no platform is known by, column by column?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from analysis.imports.columns.amounts import LEAD
from analysis.imports.columns.cells import filled
from analysis.imports.columns.elsewhere import finished
from analysis.imports.columns.lines import lines_of
from analysis.imports.columns.mapping import ColumnMapping
from analysis.imports.columns.pieces import priced, proven
from analysis.imports.columns.recognition import BY_VALUES, Guess, Recognition
from analysis.imports.columns.rivals import rivals
from analysis.imports.columns.wide import Media, journey_delay, measured, media, outcome_delays, outcomes
from analysis.imports.columns.windows import longest_window, repeats, window_heading
from analysis.imports.columns.words import with_kinds, with_words
from analysis.imports.file.scratch import Scratch
from analysis.imports.lexicon.currencies import sign_currency
from analysis.imports.lexicon.headings import plain_heading
from analysis.imports.lexicon.known import EVENT_ALIASES, columns_named, names_of
from analysis.imports.lexicon.looks import TELLING, is_value
from analysis.imports.lexicon.personal import names_people
from analysis.messages import N_, Message, Names, say
from analysis.vocabulary import TABLES, TIME_COLUMN, column_names

_EVENT_NAMES = 200
_ADVERTISED = ("campaign", "creative", "audience", "impressions", "clicks", "conversions", "attributed_revenue")
_TELLING = {
    "events": {"user_id", "event", "session_id"},
    "orders": {"order_id", "revenue"},
    "spend": {"spend", *_ADVERTISED},
    "controls": set[str](),
}
"""Columns that speak for a table: a time alone speaks for none."""
_DATED = re.compile(r"(19|20)\d\d[-/.年]?[01]?\d[-/.月]?[0-3]?\d.*|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}.*")

_LATER = re.compile(
    r"cancel|refund|return|ship|deliver|updat|storn|versand|liefer|annul|expéd|envío|entrega|取消|退|发货|收货|完成|更新|关闭",
    re.IGNORECASE,
)
"""Headings of what became of an order after it was made."""


def likely_table(scratch: Scratch, samples: Mapping[str, Sequence[str]]) -> str:
    """Choose the table most of whose required columns are there, of those that something speaks for.

    Channels beside each other are spend; what customers spent is no advertising.
    """
    found = {table: columns_named(table, scratch.headings) for table in TABLES}
    if not any(found.values()) and _only(samples, (), _money):
        return "spend"
    named = {"user_id", "order_id"} & {*found["events"], *found["orders"]} or "spend" in found["spend"]
    if not named and _media(scratch, samples):
        return "spend"
    if _of_customers(scratch.headings, found["spend"]) and "event" not in found["events"]:
        return "orders"
    likely = [table for table in TABLES if _TELLING[table] & found[table].keys()]
    if not likely and found["controls"].keys() == set(column_names("controls")):
        return "controls"
    return max(likely, key=lambda t: _coverage(t, found[t])) if likely else _by_values(samples)


def _of_customers(headings: Sequence[str], spend: Mapping[str, str]) -> bool:
    """Say whether a table says what people spent: a column names them, and none is about advertisements."""
    return "spend" in spend and not spend.keys() & set(_ADVERTISED) and any(map(names_people, headings))


def _by_values(samples: Mapping[str, Sequence[str]]) -> str:
    """Choose a table for a file none of whose headings says anything: one of amounts by day, else of single things."""
    dated = any(map(_dated, samples.values()))
    amounts = [v for v in samples.values() if v and not _dated(v) and all(map(is_value, v))]
    return "spend" if dated and amounts else "orders"


def guess_for(table: str, scratch: Scratch, samples: Mapping[str, Sequence[str]], zone: str) -> Recognition:
    """Propose a mapping onto a table the analyst chose, column by column."""
    columns = columns_named(table, scratch.headings)
    guesses = [Guess(c, h, *_why(c, h)) for c, h in columns.items()]
    time = TIME_COLUMN[table]
    later = (h for h in scratch.headings if table == "orders" and _LATER.search(h))
    if time not in columns and (heading := _only(samples, [*columns.values(), *later], _dated)):
        columns[time] = heading
        guesses.append(Guess(time, heading, BY_VALUES, say("the only column whose values are times")))
    amount = LEAD.get(table)
    if amount and amount not in columns and (heading := _only(samples, columns.values(), _money)):
        columns[amount] = heading
        guesses.append(Guess(amount, heading, BY_VALUES, say("the only column whose values are amounts of money")))
    mapping = ColumnMapping(table=table, columns=tuple(columns.items()), zone=zone)
    found = Recognition("", "", mapping, tuple(guesses))
    if table == "events":
        found = with_event_names(_with_outcomes(_with_step(_with_price(found, scratch), scratch), samples), scratch)
    if table == "orders":
        found = _with_revenue(_with_lines(_with_price(_with_spent(found, scratch), scratch), scratch), scratch, samples)
    if table == "spend":
        found = _with_media(_with_window(found, scratch), scratch, samples)
    if table == "controls":
        found = _with_controls(found, scratch, samples)
    mapping = with_words(finished(found.mapping, scratch, samples, {}), scratch, {})
    names = {c: names_of(table, c) for c in column_names(table)}
    others = () if mapping.spread else rivals(table, dict(mapping.columns), names, scratch, known=False)
    return replace(found, mapping=mapping, rivals=others)


def _with_window(found: Recognition, scratch: Scratch) -> Recognition:
    """Propose one attribution window where a column names several."""
    heading = window_heading(scratch, found.mapping)
    only = longest_window(scratch, heading)
    proposed = found.mapping.replace(only=only)
    if heading is None or not only or not repeats(scratch, proposed, heading):
        return found
    hint = say("The same spend stands once for each {heading}: only the longest is kept.", heading=heading)
    return replace(found, mapping=proposed, hints=(*found.hints, hint))


def _with_spent(found: Recognition, scratch: Scratch) -> Recognition:
    """Propose what customers spent as the amount of their orders."""
    spend = columns_named("spend", scratch.headings)
    if "revenue" in dict(found.mapping.columns) or not _of_customers(scratch.headings, spend):
        return found
    columns = {**dict(found.mapping.columns), "revenue": spend["spend"]}
    guess = Guess("revenue", spend["spend"], 0.5, say("what customers spent"))
    notice = say("This looks like what customers spent, by customer, and not like advertising costs.")
    mapping = found.mapping.replace(columns=columns)
    return replace(found, mapping=mapping, guesses=(*found.guesses, guess), hints=(notice,), notice=notice)


def _with_price(found: Recognition, scratch: Scratch) -> Recognition:
    """Propose a price as the amount, times the pieces where it is that of one; a log's only where that is proven."""
    columns, orders = dict(found.mapping.columns), found.mapping.table == "orders"
    amount, item = ("revenue" if orders else "value"), columns.get("item") or _item(scratch)
    if orders and "revenue" in columns:
        return found
    taken = [h for c, h in columns.items() if c != amount]
    both = priced(scratch, taken, item)
    if both is None or (not orders and columns.get(amount) not in (None, both[0])):
        return found
    price, pieces = both
    sure = pieces is not None and proven(scratch, price, pieces, item)
    if not orders and not sure:
        return found
    reason = say("a price, times the pieces") if pieces else say("the price of all pieces")
    guess = Guess(amount, price, 0.8 if sure or pieces is None else 0.5, reason)
    mapping = found.mapping.replace(
        columns={**columns, amount: price},
        factors={amount: pieces} if pieces else {},
        settled=(amount,) if sure else (),
    )
    return replace(found, mapping=mapping, guesses=(*(g for g in found.guesses if g.column != amount), guess))


def _item(scratch: Scratch) -> str | None:
    """Return the heading of the product, as orders or logs call it."""
    named = (columns_named(table, scratch.headings).get("item") for table in ("orders", "events"))
    return next((heading for heading in named if heading), None)


def _with_step(found: Recognition, scratch: Scratch) -> Recognition:
    """Propose a column that says in every row what its heading says: the step that all these users reached."""
    columns = dict(found.mapping.columns)
    if "user_id" not in columns or "event" in columns:
        return found
    step = next((h for h in scratch.headings if h not in columns.values() and _says_its_heading(scratch, h)), None)
    if step is None:
        return found
    delays = {} if "timestamp" in columns else journey_delay(step)
    guess = Guess("event", step, 0.8, say("says in every row what its heading says"))
    mapping = found.mapping.replace(columns={**columns, "event": step}, delays=delays)
    return replace(found, mapping=mapping, guesses=(*found.guesses, guess))


def _says_its_heading(scratch: Scratch, heading: str) -> bool:
    text = f"trim({scratch.column(heading)}::VARCHAR)"
    query = f"SELECT DISTINCT {text} AS word FROM {scratch.relation} WHERE mark IS NULL AND word <> '' LIMIT 2"
    words = [str(word) for (word,) in scratch.con.execute(query).fetchall()]
    return len(words) == 1 and plain_heading(words[0]) == plain_heading(heading)


def _with_lines(found: Recognition, scratch: Scratch) -> Recognition:
    """Propose that lines of one order are one."""
    mapping = with_kinds(found.mapping, scratch)
    lines, hint = lines_of(mapping, scratch)
    return replace(found, mapping=mapping.replace(lines=lines), hints=(*found.hints, *([hint] if hint else [])))


def _media(scratch: Scratch, samples: Mapping[str, Sequence[str]]) -> Media | None:
    columns = columns_named("spend", scratch.headings)
    time = columns.get("period_start") or _only(samples, (), _dated)
    return media(scratch, samples, time) if time and "spend" not in columns and "channel" not in columns else None


def _with_media(found: Recognition, scratch: Scratch, samples: Mapping[str, Sequence[str]]) -> Recognition:
    """Propose that columns of spend, one for each channel, become rows."""
    if (wide := _media(scratch, samples)) is None:
        return found
    zone = found.mapping.zone
    further = (guess_for("controls", scratch, samples, zone),) if wide.controls else ()
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
        further=further,
    )


def _with_controls(found: Recognition, scratch: Scratch, samples: Mapping[str, Sequence[str]]) -> Recognition:
    """Propose that columns of numbers become rows: beside channels' spend those that are no channel's, else all."""
    columns = dict(found.mapping.columns)
    if {"name", "value"} <= columns.keys():
        return found
    wide = _media(scratch, samples)
    columns = {"day": wide.time} if wide else {c: h for c, h in columns.items() if c == "day"}
    spread = {h: h for h in wide.controls} if wide else measured(scratch, samples, tuple(columns.values()))
    why = say("numbers by day, beside what each channel spent") if wide else say("numbers by day")
    guesses = [Guess(c, h, *_why(c, h)) for c, h in columns.items()]
    guesses += [Guess("value", heading, 0.8, why) for heading in spread]
    return replace(found, mapping=found.mapping.replace(columns=columns, spread=spread), guesses=tuple(guesses))


def _with_revenue(found: Recognition, scratch: Scratch, samples: Mapping[str, Sequence[str]]) -> Recognition:
    """Propose a wide table's revenue as one paid order for each of its rows."""
    wide = _media(scratch, samples)
    if wide is None or wide.revenue is None or "order_id" in dict(found.mapping.columns):
        return found
    columns = {"order_id": wide.time, "timestamp": wide.time, "paid_at": wide.time, "revenue": wide.revenue}
    why = say("the revenue of a period, beside what each channel spent")
    guesses = tuple(Guess(column, heading, 0.5, why) for column, heading in columns.items())
    return replace(found, mapping=found.mapping.replace(columns=columns), guesses=guesses)


def _with_outcomes(found: Recognition, samples: Mapping[str, Sequence[str]]) -> Recognition:
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


def with_event_names(found: Recognition, scratch: Scratch) -> Recognition:
    """Propose which of a log's own event names are standard ones; a name that is there already keeps to itself."""
    heading = dict(found.mapping.columns).get("event")
    if heading is None:
        return found
    places = [filled(scratch.column(h)) for h in (heading, dict(found.mapping.otherwise).get("event")) if h]
    name = f"coalesce({', '.join(places)})"
    query = f"SELECT DISTINCT lower({name}) FROM {scratch.head} WHERE {name} IS NOT NULL LIMIT ?"
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


# ---- by their values --------------------------------------------------------------------------------------


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


def look_of(values: Sequence[str]) -> str:
    """Return a word for what the values of a column look like; empty where it has none.

    Examples
    --------
    >>> look_of(["2026-11-01", "2026-11-02"]), look_of(["$5", "$7.10"]), look_of(["5", "7"]), look_of(["red", "blue"])
    ('a time', 'an amount of money', 'a number', 'a text')
    """
    if not values:
        return ""
    if _dated(values) or all(TELLING[1].fullmatch(v.strip()) for v in values):
        return N_("a time")
    if _money(values):
        return N_("an amount of money")
    return N_("a number") if all(map(is_value, values)) else N_("a text")


def _dated(values: Sequence[str]) -> bool:
    return bool(values) and sum(bool(_DATED.fullmatch(v.strip())) for v in values) >= 0.9 * len(values)


def _money(values: Sequence[str]) -> bool:
    signed = sum(bool(re.search(r"\d", v) and sign_currency(v)) for v in values)
    return bool(values) and signed >= 0.9 * len(values)


def _coverage(table: str, columns: Mapping[str, str]) -> tuple[float, int]:
    required = column_names(table, required=True)
    return sum(c in columns for c in required) / len(required), len(columns)
