"""What attribution says: its models' names, its headline and its notes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from types import MappingProxyType

import numpy as np

from analysis.answer import Note
from analysis.charts import TOTAL
from analysis.estimates import SMALL
from analysis.journey.attribution.costs import Worth
from analysis.journey.attribution.definition import MODEL_WORDS, AttributionDefinition
from analysis.journey.attribution.kernel import Tally
from analysis.journey.attribution.models import MOST
from analysis.journey.attribution.naming import Again
from analysis.journey.attribution.shares import Shares
from analysis.messages import N_, Deed, Message, Money, Name, Names, Span, say
from analysis.values import local_moment, micros, seconds

NO_TOUCH = N_("(no touch)")
TOUCH_WORDS = MappingProxyType({name: name for name in (NO_TOUCH, TOTAL)})
_JOURNEYS = ("markov", "shapley")
_CENT = 0.01
MANY = 0.1
"""Share of the conversions from which on what is left out of them changes how the figures are to be read."""


# ---- what cannot be asked ---------------------------------------------------------------------------------


def too_many_players(count: int, by: str) -> Message:
    """Shapley alone was asked, of too many touches."""
    return say(
        "{count} values of {by} are in people's paths; an exact Shapley value takes at most {most}. Filter to fewer, "
        "credit a column with fewer values, or choose another model.",
        count=count,
        by=say(by),
        most=MOST,
    )


def nothing(conversion: str, filtered: bool) -> Message:
    """No conversion to give credit for."""
    if filtered:
        return say(
            "Nobody {converted} under these filters. Widen the dates or clear a filter.",
            converted=Deed(conversion),
        )
    return say("Nobody {converted} in the time observed.", converted=Deed(conversion))


def worth_nothing(conversion: str) -> Message:
    """Conversions that bring no revenue, all together."""
    return say(
        "The {conversion} events under these filters bring no revenue that could be shared out. Share out conversions "
        "instead, or import the orders they lead to.",
        conversion=Name(conversion, "event"),
    )


def whole(asked: AttributionDefinition, shares: Shares, currency: str | None) -> Message:
    """All that is shared out."""
    if shares.measure:
        return say("{amount} of revenue", amount=Money(shares.total, currency))
    return say("{n} conversions ({event})", n=shares.conversions, event=Name(asked.conversion, "event"))


def untouched(asked: AttributionDefinition, whole: Message) -> Message:
    """Nobody had a touch."""
    return say("None of {whole} had a touch within {window}.", whole=whole, window=Span(seconds(asked.window)))


# ---- the notes --------------------------------------------------------------------------------------------


def notes(
    asked: AttributionDefinition,
    tallied: Tally,
    shares: Shares,
    models: Sequence[str],
    first: dt.datetime,
    zone: str,
    given: Sequence[Note],
    elsewhere: int,
) -> tuple[Note, ...]:
    """Say what was counted how, what was left out, and what the figures are not; what weighs most comes first."""
    found = [*_coverage(asked, tallied, first, zone, elsewhere), *given]
    if shares.conversions < SMALL:
        text = say("There are too few conversions ({n}) for intervals; {least} are needed.",
                   n=shares.conversions, least=SMALL)  # fmt: skip
        found.insert(0, Note("few-conversions", text, "missing"))
    text = say(
        "Attribution shares out what happened. What would have happened without a touch only an experiment can tell."
    )
    found.append(Note("not-incremental", text, "warning"))
    found += _estimates(asked, tallied, shares, models)
    if len(models) > 1:
        text = say(
            "Touches are ranked by the mean of the {n} models. One is said to bring or return most where the 95% "
            "interval of its difference to each of the others is above zero.",
            n=len(models),
        )
        found.append(Note("ranked", text))
    found.append(_rule(asked))
    if asked.where and (asked.where.start or asked.where.end):
        text = say("Dates restrict when people convert; touches count from {window} before.", window=_window(asked))
        found.append(Note("conversion-dates", text))
    if asked.where and asked.where.columns():
        found.append(Note("filtered-events", say("Touches and conversions must both match the filter.")))
    return tuple(found)


def _window(asked: AttributionDefinition) -> Span:
    return Span(seconds(asked.window))


def _level(some: int, of: int) -> str:
    """Return how much it weighs that something holds for some conversions."""
    return "warning" if some >= MANY * of else "info"


def _coverage(
    asked: AttributionDefinition, tallied: Tally, first: dt.datetime, zone: str, elsewhere: int
) -> list[Note]:
    found = []
    # An order paid in another currency is not counted, but it was paid.
    if (worthless := tallied.worthless - elsewhere) > 0 and asked.value != "conversions":
        unpaid = say("{n} of {total} conversions lead to no paid order and bring nothing.",
                     n=worthless, total=tallied.conversions)  # fmt: skip
        without = say("{n} of {total} conversions have no value and bring nothing.",
                      n=worthless, total=tallied.conversions)  # fmt: skip
        text = unpaid if asked.value == "revenue" else without
        found.append(Note("no-revenue", text, _level(worthless, tallied.conversions)))
    if tallied.untouched:
        text = say(
            "{n} of {total} conversions had no touch within {window}; every model shows them as {name}.",
            n=tallied.untouched,
            total=tallied.conversions,
            window=_window(asked),
            name=say(NO_TOUCH),
        )
        found.append(Note("no-touch", text, _level(tallied.untouched, tallied.conversions)))
    if tallied.cut:
        text = say(
            "{n} of {total} conversions look back to before the data begins ({first}, {zone}); earlier touches of "
            "theirs are not known.",
            n=tallied.cut,
            total=tallied.conversions,
            first=local_moment(first, zone),
            zone=zone,
        )
        found.append(Note("before-the-data", text, _level(tallied.cut, tallied.conversions)))
    return found


def unnamed(asked: AttributionDefinition, worth: Worth) -> tuple[Note, ...]:
    """Say how much of the paid revenue no conversion event names, so that no touch can have it."""
    if worth.paid - worth.named < _CENT:
        return ()
    text = say("{amount} of {whole} of paid revenue is shared out; no {conversion} event names the orders of the rest.",
               amount=Money(worth.named, worth.currency), whole=Money(worth.paid, worth.currency),
               conversion=Name(asked.conversion, "event"))  # fmt: skip
    if asked.where:
        text = say(
            "{amount} of {whole} of paid revenue under these filters is shared out; no {conversion} event under them "
            "names the orders of the rest.",
            **dict(text.params),
        )
    return (Note("unnamed-orders", text, "warning"),)


def again(asked: AttributionDefinition, named: Again, tallied: Tally, zone: str) -> tuple[Note, ...]:
    """Say how many events of the dates name an order that one before them named."""
    start, end = (micros(at) if at else None for at in (asked.where.bounds(zone) if asked.where else (None, None)))
    here = (named.further >= start) if start else np.ones(len(named.further), bool)
    here = here & (named.further < end) if end else here
    if not (n := int(here.sum())):
        return ()
    text = say("{n} {conversion} events name an order that one before them named: an order is one conversion, where it "
               "was named first.", n=n, conversion=Name(asked.conversion, "event"))  # fmt: skip
    if asked.value == "value":
        text = say("{n} {conversion} events name an order that one before them named: an order is one conversion, "
                   "where it was named first, with the values of all its events.", **dict(text.params))  # fmt: skip
    return (Note("named-again", text, _level(n, tallied.conversions)),)


def _estimates(asked: AttributionDefinition, tallied: Tally, shares: Shares, models: Sequence[str]) -> list[Note]:
    found = []
    weighed = [m for m in _JOURNEYS if m in models]
    if weighed and tallied.open:
        text = say(
            "{n} of {total} journeys without a conversion began less than {window} before the data ends and may "
            "yet convert. Counted as lost by: {models}.",
            n=tallied.open,
            total=tallied.lost,
            window=_window(asked),
            models=Names(tuple(MODEL_WORDS[m] for m in weighed)),
        )
        found.append(Note("still-open", text))
    if "shapley" in asked.asked_models and "shapley" not in models:
        found.append(Note("too-many-touches", too_many_players(shares.players, asked.by), "missing"))
    if "shapley" in models and (even := shares.split_evenly()):
        text = say(
            "Shapley splits {n} conversions evenly over their touches: some smaller sets of these touches were never "
            "seen on their own.",
            n=round(even),
        )
        found.append(Note("even-split", text))
    return found


def _rule(asked: AttributionDefinition) -> Note:
    events = Names(asked.touches, "event")
    if not asked.touches:
        text = say("A path holds every event with a {by} in the {window} up to a conversion.",
                   by=say(asked.by), window=_window(asked))  # fmt: skip
    elif asked.paths == "all":
        text = say(
            "A path holds the {events} events with a {by} in the {window} up to a conversion, those before an earlier "
            "conversion included.",
            events=events, by=say(asked.by), window=_window(asked),
        )  # fmt: skip
    else:
        text = say(
            "A path holds the {events} events with a {by} in the {window} up to a conversion and since the last one.",
            events=events, by=say(asked.by), window=_window(asked),
        )  # fmt: skip
    return Note("path-rule", text)
