"""What attribution says: its models' names, its headline and its notes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import pandas as pd

from analysis.answer import Note
from analysis.charts import PHASES, TOTAL
from analysis.estimates import SMALL
from analysis.journey.attribution.costs import Worth
from analysis.journey.attribution.definition import MODEL_WORDS, AttributionDefinition
from analysis.journey.attribution.kernel import Tally
from analysis.journey.attribution.models import MOST
from analysis.journey.attribution.shares import Shares
from analysis.messages import N_, Message, Money, Names, Share, Span, say
from analysis.values import local_moment, seconds

NO_TOUCH = N_("(no touch)")
TOUCH_WORDS = MappingProxyType({name: name for name in (NO_TOUCH, TOTAL, *PHASES)})
_JOURNEYS = ("markov", "shapley")
_CENT = 0.01


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
            "Nobody did {conversion} under these filters. Widen the dates or clear a filter.", conversion=conversion
        )
    return say("Nobody did {conversion} in the time observed.", conversion=conversion)


def worth_nothing(conversion: str) -> Message:
    """Conversions that bring no revenue, all together."""
    return say(
        "The {conversion} events under these filters bring no revenue that could be shared out. Share out conversions "
        "instead, or import the orders they lead to.",
        conversion=conversion,
    )


# ---- the headline -----------------------------------------------------------------------------------------


def headline(asked: AttributionDefinition, table: pd.DataFrame, shares: Shares, currency: str | None) -> Message:
    """Say who gains and who loses most from one model to another, or who has most."""
    whole: Any = (
        say("{amount} of revenue", amount=Money(shares.total, currency))
        if shares.measure
        else say("{n} conversions ({event})", n=shares.conversions, event=asked.conversion)
    )
    wide: Any = table[table["touch"] != NO_TOUCH].pivot(index="touch", columns="model", values="share")
    if wide.empty or not wide.to_numpy().any():
        return say("None of {whole} had a touch within {window}.", whole=whole, window=Span(seconds(asked.window)))
    models = list(table["model"].unique())
    base, other = _compared(models)
    if base == other:
        top = wide[base].idxmax()
        return say(
            "{model} credits {touch} with the most: {share} of {whole}.",
            model=_model(base),
            touch=_touch(top),
            share=Share(float(wide.loc[top, base])),
            whole=whole,
        )
    change: Any = wide[other] - wide[base]
    up, down = change.idxmax(), change.idxmin()
    if change[up] < 5e-4:
        return say("{base} and {other} share out {whole} alike.", base=_model(base), other=_model(other), whole=whole)
    return say(
        "Of {whole}, {other} credits {up} with {up_other} where {base} gives {up_base}; "
        "{down} loses most: {down_other} instead of {down_base}.",
        whole=whole,
        other=_model(other),
        base=_model(base),
        up=_touch(up),
        up_other=Share(float(wide.loc[up, other])),
        up_base=Share(float(wide.loc[up, base])),
        down=_touch(down),
        down_other=Share(float(wide.loc[down, other])),
        down_base=Share(float(wide.loc[down, base])),
    )


def _model(model: str) -> Message:
    return say(MODEL_WORDS[model])


def _touch(name: str) -> Message | str:
    """Put a touch that is a phase into the reader's words; other names are somebody's data."""
    return say(name) if name in TOUCH_WORDS else name


def _compared(models: Sequence[str]) -> tuple[str, str]:
    """Choose two models to compare: last touch and Markov where they are there."""
    base = "last" if "last" in models else models[0]
    others = [m for m in ("markov", "shapley", *models) if m in models and m != base]
    return base, others[0] if others else base


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
    """Say what was counted how, what was left out, and what the figures are not."""
    found = [
        *_coverage(asked, tallied, first, zone, elsewhere),
        *_estimates(asked, tallied, shares, models),
        *given,
        _rule(asked),
    ]
    if asked.where and (asked.where.start or asked.where.end):
        text = say("Dates restrict when people convert; touches count from {window} before.", window=_window(asked))
        found.append(Note("conversion-dates", text))
    if asked.where and asked.where.columns():
        found.append(Note("filtered-events", say("Touches and conversions must both match the filter.")))
    text = say(
        "Attribution shares out what happened. What would have happened without a touch only an experiment can tell."
    )
    return (*found, Note("not-incremental", text))


def _window(asked: AttributionDefinition) -> Span:
    return Span(seconds(asked.window))


def _coverage(
    asked: AttributionDefinition, tallied: Tally, first: dt.datetime, zone: str, elsewhere: int
) -> list[Note]:
    found = []
    if tallied.untouched:
        text = say(
            "{n} of {total} conversions had no touch within {window}; every model shows them as {name}.",
            n=tallied.untouched,
            total=tallied.conversions,
            window=_window(asked),
            name=say(NO_TOUCH),
        )
        found.append(Note("no-touch", text, "warning"))
    if tallied.cut:
        text = say(
            "{n} of {total} conversions look back to before the data begins ({first}, {zone}); earlier touches of "
            "theirs are not known.",
            n=tallied.cut,
            total=tallied.conversions,
            first=local_moment(first, zone),
            zone=zone,
        )
        found.append(Note("before-the-data", text, "warning"))
    if (worthless := tallied.worthless - elsewhere) > 0 and asked.value != "conversions":
        unpaid = say("{n} of {total} conversions lead to no paid order and bring nothing.",
                     n=worthless, total=tallied.conversions)  # fmt: skip
        without = say("{n} of {total} conversions have no value and bring nothing.",
                      n=worthless, total=tallied.conversions)  # fmt: skip
        found.append(Note("no-revenue", unpaid if asked.value == "revenue" else without, "warning"))
    return found


def unnamed(asked: AttributionDefinition, worth: Worth) -> tuple[Note, ...]:
    """Say how much of the paid revenue no conversion event names, so that no touch can have it."""
    if worth.paid - worth.named < _CENT:
        return ()
    text = say("{amount} of {whole} of paid revenue is shared out; no {conversion} event names the orders of the rest.",
               amount=Money(worth.named, worth.currency), whole=Money(worth.paid, worth.currency),
               conversion=asked.conversion)  # fmt: skip
    if asked.where:
        text = say(
            "{amount} of {whole} of paid revenue under these filters is shared out; no {conversion} event under them "
            "names the orders of the rest.",
            **dict(text.params),
        )
    return (Note("unnamed-orders", text, "warning"),)


def _estimates(asked: AttributionDefinition, tallied: Tally, shares: Shares, models: Sequence[str]) -> list[Note]:
    found = []
    weighed = [m for m in _JOURNEYS if m in models]
    if weighed and tallied.open:
        text = say(
            "{n} of {total} journeys without a conversion were less than {window} old when the data ends and may yet "
            "convert. Counted as lost by: {models}.",
            n=tallied.open,
            total=tallied.lost,
            window=_window(asked),
            models=Names(tuple(MODEL_WORDS[m] for m in weighed)),
        )
        found.append(Note("still-open", text, "warning"))
    if "shapley" in asked.asked_models and "shapley" not in models:
        found.append(Note("too-many-touches", too_many_players(shares.players, asked.by), "missing"))
    if "shapley" in models and (even := shares.split_evenly()):
        text = say(
            "Shapley splits {n} conversions evenly over their touches: some smaller sets of these touches were never "
            "seen on their own.",
            n=round(even),
        )
        found.append(Note("even-split", text))
    if shares.conversions < SMALL:
        text = say("There are too few conversions ({n}) for intervals; {least} are needed.",
                   n=shares.conversions, least=SMALL)  # fmt: skip
        found.append(Note("few-conversions", text, "missing"))
    return found


def _rule(asked: AttributionDefinition) -> Note:
    events = Names(asked.touches)
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
