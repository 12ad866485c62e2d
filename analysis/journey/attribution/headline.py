"""Who brings most, do the models agree, what returns most on its spend, and what is to be asked next: in a few words.

Nothing is said to differ that chance explains: see :mod:`analysis.journey.attribution.ranking`.
"""

from __future__ import annotations

import math

from analysis.journey.attribution.definition import MODEL_WORDS, AttributionDefinition
from analysis.journey.attribution.ranking import Figures, Ranking
from analysis.journey.attribution.shares import FEWEST, Shares
from analysis.messages import Message, Money, Names, Points, Share, Span, say
from analysis.values import seconds

_NAMED = 4
"""Most touches of one level that are named one by one."""


def headline(
    asked: AttributionDefinition, ranking: Ranking, shares: Shares, currency: str | None, *, spend_known: bool
) -> Message:
    """Say who brings most, whether the models agree, what returns most on its spend, and what to ask next."""
    whole: Message = (
        say("{amount} of revenue", amount=Money(shares.total, currency))
        if shares.measure
        else say("{n} conversions ({event})", n=shares.conversions, event=asked.conversion)
    )
    if not ranking.share.found.any():
        return say("None of {whole} had a touch within {window}.", whole=whole, window=Span(seconds(asked.window)))
    told: list[Message | None] = [_most(asked, ranking, shares, whole, currency), _models(ranking)]
    if len(ranking.share.drawn):
        told += [_returned(asked, ranking.returns, shares.measure, currency), _next(ranking.returns, spend_known)]
    said = [part for part in told if part is not None]
    text = said[0]
    for more in said[1:]:
        text = say("{whole} {more}", whole=text, more=more)
    return text


def _most(
    asked: AttributionDefinition, ranking: Ranking, shares: Shares, whole: Message, currency: str | None
) -> Message:
    """Say who brings most, or who may: only what the draws tell apart is said to differ."""
    leaders, share = ranking.leaders, ranking.share.of(ranking.leaders[0])
    amount = share.value * shares.total
    facts: dict[str, object] = {
        "touch": leaders[0],
        "amount": Money(amount, currency) if shares.measure else round(amount),
        "whole": whole,
        "share": Share(share.value),
        "low": Share(share.low),
        "high": Share(share.high),
        "by": say(asked.by),
    }
    if not len(ranking.share.drawn):
        return say("So far {touch} has most, {amount} of {whole} ({share}), but fewer than {least} conversions do not "
                   "tell who brings most. Widen the dates, or wait.", **facts, least=FEWEST)  # fmt: skip
    if len(leaders) > _NAMED:
        return say("Which {by} brings most of {whole} cannot be told: {n} are level within chance, {touch} with the "
                   "highest share, {share} ({low} to {high}).", **facts, n=len(leaders))  # fmt: skip
    if len(leaders) > 1:
        facts |= {"touches": Names(leaders), "least": Share(ranking.share.of(leaders[-1]).value)}
        return say("{touches} bring most of {whole}, between {share} and {least}; which of them is first cannot be "
                   "told.", **facts)  # fmt: skip
    if ranking.next is None:
        return say("All that any {by} brings comes by {touch}: {amount} of {whole} ({share}).", **facts)
    (lead,) = ranking.share.ahead((leaders[0], ranking.next))
    facts["next"] = ranking.next
    if not math.isfinite(share.low) or not math.isfinite(lead.low):
        return say("{touch} brings most: {amount} of {whole} ({share}); {next} comes next.", **facts)
    return say(
        "{touch} brings most: {amount} of {whole}, {share} ({low} to {high}); that is {lead} points ({lead_low} to "
        "{lead_high}) more than {next}, the next.",
        **facts,
        lead=Points(lead.value),
        lead_low=Points(lead.low),
        lead_high=Points(lead.high),
    )


def _models(ranking: Ranking) -> Message | None:
    """Say whether the models agree on who is first, and which do not by more than chance explains."""
    firsts, leaders = ranking.firsts(), ranking.leaders
    if len(firsts) == 1:
        return say("Only {model} was asked.", model=_model(next(iter(firsts))))
    if not len(ranking.share.drawn):
        return say("All {n} models agree.", n=len(firsts)) if len(set(firsts.values())) == 1 else None
    by_touch: dict[str, list[str]] = {}
    for model, touch in ranking.clear().items():
        by_touch.setdefault(touch, []).append(MODEL_WORDS[model])
    against = [touch for touch in by_touch if touch not in leaders[:1]]
    if len(by_touch) > 1:
        one, other = sorted(by_touch, key=lambda touch: -len(by_touch[touch]))[:2]
        return say("The models do not agree: by {models} it is {touch}, by {others} {other}.",
                   models=Names(tuple(by_touch[one])), touch=one, others=Names(tuple(by_touch[other])),
                   other=other)  # fmt: skip
    if len(leaders) == 1 and against:
        return say("The models do not agree: by {models} it is {touch}.",
                   models=Names(tuple(by_touch[against[0]])), touch=against[0])  # fmt: skip
    agreeing = sum(touch in leaders for touch in firsts.values())
    if agreeing < len(firsts):
        return say("{k} of {n} models agree; by the others it is too close to tell.", k=agreeing, n=len(firsts))
    if len(leaders) > 1:
        return say("All {n} models put one of these first.", n=len(firsts))
    return say("All {n} models agree.", n=len(firsts))


def _returned(asked: AttributionDefinition, returns: Figures, measure: int, currency: str | None) -> Message | None:
    """Say what returns most on its spend, or that this cannot be told; nothing where nothing is known of it."""
    if not returns.found.any():
        return None
    leaders = returns.leaders
    if len(leaders) > 1:
        return _level(asked, returns, leaders, measure, currency)
    touch, *behind = returns.order
    found = returns.of(touch)
    if not math.isfinite(found.low) or not (measure or found.low > 0):
        return None
    facts = {
        "touch": touch,
        "rate": _rate(found.value, measure, currency),
        "low": _rate(found.low if measure else found.high, measure, currency),
        "high": _rate(found.high if measure else found.low, measure, currency),
    }
    if not behind and measure:
        return say("{touch} has an ROI of {rate} ({low} to {high}).", **facts)
    if not behind:
        return say("A conversion by {touch} costs {rate} ({low} to {high}).", **facts)
    facts |= {"next": behind[0], "other": _rate(returns.of(behind[0]).value, measure, currency)}
    if measure:
        return say(
            "{touch} returns most on its spend: an ROI of {rate} ({low} to {high}) against {other} for {next}, the "
            "next.",
            **facts,
        )
    return say(
        "A conversion costs least by {touch}: {rate} ({low} to {high}) against {other} by {next}, the next.", **facts
    )


def _level(
    asked: AttributionDefinition, returns: Figures, leaders: tuple[str, ...], measure: int, currency: str | None
) -> Message:
    """Say that some touches return most on their spend, and cannot be told apart."""
    if len(leaders) > _NAMED and measure:
        return say("Which {by} returns most on its spend cannot be told: {n} are level within chance.",
                   by=say(asked.by), n=len(leaders))  # fmt: skip
    if len(leaders) > _NAMED:
        return say("By which {by} a conversion costs least cannot be told: {n} are level within chance.",
                   by=say(asked.by), n=len(leaders))  # fmt: skip
    facts = {
        "touches": Names(leaders),
        "one": _rate(returns.of(leaders[0]).value, measure, currency),
        "other": _rate(returns.of(leaders[-1]).value, measure, currency),
    }
    if measure:
        return say("Which of these returns most on its spend cannot be told: {touches} (ROI {one} to {other}).",
                   **facts)  # fmt: skip
    return say("By which of these a conversion costs least cannot be told: {touches} ({one} to {other}).", **facts)


def _rate(returned: float, measure: int, currency: str | None) -> float | Money:
    """Return ROI; where conversions are shared out, what each of them costs."""
    return returned if measure else Money(1 / returned if returned > 0 else math.inf, currency)


def _next(returns: Figures, spend_known: bool) -> Message | None:
    """Say what to ask next."""
    if not spend_known:
        return say("Import the spend next, to see what each returns on it.")
    if not returns.found.any():
        return None
    leaders = returns.leaders
    if len(leaders) == 1:
        return say("See under Budget what more money for {touch} would still earn.", touch=leaders[0])
    return say("See under Budget where the next money earns most.")


def _model(model: str) -> Message:
    return say(MODEL_WORDS[model])
