"""Who brings most, do the models agree, what returns most on its spend, and what is to be asked next: in a few words.

Nothing is said to differ that chance explains: see :mod:`analysis.journey.attribution.ranking`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.estimates import SMALL
from analysis.journey.attribution.definition import MODEL_WORDS
from analysis.journey.attribution.ranking import Ranking
from analysis.messages import Message, Money, Name, Names, Points, Share, say

_NAMED = 4
"""Most touches of one level that are named one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """What the headline is made of.

    Parameters
    ----------
    ranking : Ranking
    by : str
        The credited column.
    whole : Message
        All that is shared out, in words.
    total : float
        And in numbers.
    money : bool
        Whether that is money; else it is conversions.
    currency : str, optional
    spend_known : bool
        Whether there is any spend, be it of these touches or not.
    filtered : bool
        Whether a filter keeps some values of the credited column only.
    """

    ranking: Ranking
    by: str
    whole: Message
    total: float
    money: bool
    currency: str | None
    spend_known: bool
    filtered: bool = False

    def message(self) -> Message:
        """Return the headline: one sentence after the other, those left out of which nothing is known."""
        alone = len(self.ranking.leaders) == 1 and self.ranking.next is None
        told = [self.most(), None if alone else self.models()]
        if len(self.ranking.share.drawn):
            told += [self.returned(), self.next()]
        first, *rest = (part for part in told if part is not None)
        for more in rest:
            first = say("{whole} {more}", whole=first, more=more)
        return first

    def most(self) -> Message:
        """Say who brings most, or who may: only what the draws tell apart is said to differ."""
        ranking = self.ranking
        leaders, after = ranking.leaders, ranking.next
        share, low, high = ranking.share.of(leaders[0]).floats()
        amount = Money(share * self.total, self.currency) if self.money else round(share * self.total)
        facts: dict[str, object] = {
            "touch": self._name(leaders[0]), "by": say(self.by), "whole": self.whole, "amount": amount,
            "share": Share(share), "low": Share(low), "high": Share(high),
        }  # fmt: skip
        if not len(ranking.share.drawn):
            return say("So far {touch} has most, {amount} of {whole} ({share}), but fewer than {least} conversions do "
                       "not tell who brings most. Widen the dates, or wait.", **facts, least=SMALL)  # fmt: skip
        if len(leaders) > _NAMED:
            return say("Which {by} brings most of {whole} cannot be told: {n} are level within chance, {touch} with "
                       "the highest share, {share} ({low} to {high}).", **facts, n=len(leaders))  # fmt: skip
        if len(leaders) > 1:
            facts |= {"touches": self._names(leaders), "least": Share(ranking.share.of(leaders[-1]).floats()[0])}
            return say("{touches} bring most of {whole}, between {share} and {least}; which of them is first cannot "
                       "be told.", **facts)  # fmt: skip
        if after is None:
            if self.filtered:
                return say("Only {touch} can be credited under this filter, with {amount} of {whole} ({share}). Take "
                           "it off to see who brings most.", **facts)  # fmt: skip
            return say("All that any {by} brings comes by {touch}: {amount} of {whole} ({share}).", **facts)
        facts["next"] = self._name(after)
        lead = ranking.share.ahead((leaders[0], after)).at(0)
        if not math.isfinite(low) or not math.isfinite(lead.low):
            return say("{touch} brings most: {amount} of {whole} ({share}); {next} comes next.", **facts)
        more, at_least, at_most = map(Points, lead.floats())
        return say(
            "{touch} brings most: {amount} of {whole}, {share} ({low} to {high}); that is {lead} points ({lead_low} "
            "to {lead_high}) more than {next}, the next.",
            **facts,
            lead=more,
            lead_low=at_least,
            lead_high=at_most,
        )

    def models(self) -> Message | None:
        """Say whether the models agree on who is first, and which do not by more than chance explains."""
        firsts, leaders = self.ranking.firsts(), self.ranking.leaders
        if len(firsts) == 1:
            return say("Only {model} was asked.", model=say(MODEL_WORDS[next(iter(firsts))]))
        if not len(self.ranking.share.drawn):
            return say("All {n} models agree.", n=len(firsts)) if len(set(firsts.values())) == 1 else None
        clear: dict[str, list[str]] = {}
        for model, touch in self.ranking.clear().items():
            clear.setdefault(touch, []).append(MODEL_WORDS[model])
        if len(clear) > 1:
            one, other = sorted(clear, key=lambda touch: -len(clear[touch]))[:2]
            return say("The models do not agree: by {models} it is {touch}, by {others} {other}.",
                       models=Names(tuple(clear[one])), touch=self._name(one),
                       others=Names(tuple(clear[other])), other=self._name(other))  # fmt: skip
        if against := [touch for touch in clear if touch not in leaders]:
            return say("The models do not agree: by {models} it is {touch}.",
                       models=Names(tuple(clear[against[0]])), touch=self._name(against[0]))  # fmt: skip
        agreeing = sum(touch in leaders for touch in firsts.values())
        if agreeing < len(firsts):
            return say("{k} of {n} models agree; by the others it is too close to tell.", k=agreeing, n=len(firsts))
        if len(leaders) > 1:
            return say("All {n} models put one of these first.", n=len(firsts))
        return say("All {n} models agree.", n=len(firsts))

    def returned(self) -> Message | None:
        """Say what returns most on its spend, or that this cannot be told; nothing where nothing is known of it."""
        returns = self.ranking.returns
        if not returns.found.any():
            return None
        touch, *behind = returns.order
        rate, low, high = returns.of(touch).floats()
        if len(returns.leaders) > 1:
            return self._level()
        if not math.isfinite(low) or not (self.money or low > 0):
            return None
        low, high = (low, high) if self.money else (high, low)
        facts = {"touch": self._name(touch), "rate": self._rate(rate), "low": self._rate(low), "high": self._rate(high)}
        if not behind and self.money:
            return say("{touch} has an attributed ROI of {rate} ({low} to {high}).", **facts)
        if not behind:
            return say("A conversion by {touch} costs {rate} ({low} to {high}).", **facts)
        facts |= {"next": self._name(behind[0]), "other": self._rate(returns.of(behind[0]).floats()[0])}
        if self.money:
            return say("{touch} returns most on its spend: an attributed ROI of {rate} ({low} to {high}) against "
                       "{other} for {next}, the next.", **facts)  # fmt: skip
        return say("A conversion costs least by {touch}: {rate} ({low} to {high}) against {other} by {next}, the "
                   "next.", **facts)  # fmt: skip

    def _level(self) -> Message:
        """Say that some touches return most on their spend, and cannot be told apart."""
        returns = self.ranking.returns
        leaders, by = returns.leaders, say(self.by)
        if len(leaders) > _NAMED and self.money:
            return say("Which {by} returns most on its spend cannot be told: {n} are level within chance.",
                       by=by, n=len(leaders))  # fmt: skip
        if len(leaders) > _NAMED:
            return say("By which {by} a conversion costs least cannot be told: {n} are level within chance.",
                       by=by, n=len(leaders))  # fmt: skip
        one, other = (self._rate(returns.of(name).floats()[0]) for name in (leaders[0], leaders[-1]))
        if self.money:
            return say("Which of these returns most on its spend cannot be told: {touches} (attributed ROI {one} to "
                       "{other}).", touches=self._names(leaders), one=one, other=other)  # fmt: skip
        return say("By which of these a conversion costs least cannot be told: {touches} ({one} to {other}).",
                   touches=self._names(leaders), one=one, other=other)  # fmt: skip

    def next(self) -> Message | None:
        """Say what to ask next."""
        returns = self.ranking.returns
        if not self.spend_known:
            return say("Import the spend next, to see what each returns on it.")
        if not returns.found.any():
            return None
        if len(returns.leaders) == 1:
            touch = self._name(returns.leaders[0])
            return say("See under Budget what more money for {touch} would still earn.", touch=touch)
        return say("See under Budget where the next money earns most.")

    def _rate(self, returned: float) -> float | Money:
        """Return ROI; where conversions are shared out, what each of them costs."""
        return returned if self.money else Money(1 / returned if returned > 0 else math.inf, self.currency)

    def _name(self, touch: str) -> Name:
        return Name(touch, self.by)

    def _names(self, touches: Sequence[str]) -> Names:
        return Names(tuple(touches), self.by)
