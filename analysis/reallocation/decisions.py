"""What did the rules decide in one campaign, why, and what did each decision bring?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.arrays import Floats
from analysis.messages import N_, Message, Money, Name, Share, Span, say
from analysis.reallocation.market import Truth
from analysis.reallocation.money import CENTS
from analysis.reallocation.oracle import Problem
from analysis.reallocation.policies import Moves, periods
from analysis.reallocation.rules import HOUR, Rules, hours
from analysis.reallocation.setting import Setting

KINDS = {"shift": N_("moved"), "hold": N_("held still"), "surge": N_("surge declared"), "release": N_("reserve drawn")}
"""What a decision can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One line of the decision log.

    Parameters
    ----------
    time : Timestamp
        Local time.
    kind : {"shift", "hold", "surge", "release"}
    reason : Message
    from_channel, to_channel : str, optional
    amount : float, optional
        Money moved over the rest of the campaign, or released for the next period.
    roi_from, roi_to : float, optional
        Marginal ROI as the rules estimated it.
    effect : float, optional
        Expected revenue until the next adjustment, against not having moved; the simulation knows it.
    """

    time: pd.Timestamp
    kind: str
    reason: Message
    from_channel: str | None = None
    to_channel: str | None = None
    amount: float | None = None
    roi_from: float | None = None
    roi_to: float | None = None
    effect: float | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """One run's decisions, told from what the rules recorded."""

    rules: Rules
    setting: Setting
    truth: Truth
    moves: Moves
    asked: Problem
    run: int = 0

    def decisions(self) -> tuple[Decision, ...]:
        """Return every decision in order of time; surges before the adjustment that answers them."""
        found = [*self.surges(), *self.adjustments()]
        return tuple(sorted(found, key=lambda d: d.time))

    def surges(self) -> Iterator[Decision]:
        """Tell each surge that was declared."""
        surge = self.moves.surge[self.run]
        begins = np.flatnonzero(surge & ~np.append(False, surge[:-1]))
        every = hours(self.rules.evaluate_every)
        for k in begins.tolist():
            if (k + 1) * every >= len(self.setting.times):
                continue
            reason = say(
                "Orders exceeded {ratio} times the forecast in {n} evaluations in a row, most recently {orders} "
                "against {expected}: a surge is declared.",
                ratio=self.rules.surge_ratio,
                n=self.rules.surge_evaluations,
                orders=int(self.moves.orders[self.run, k]),
                expected=round(float(self.moves.expected[self.run, k])),
            )
            yield Decision(time=self.setting.times[(k + 1) * every], kind="surge", reason=reason)

    def adjustments(self) -> Iterator[Decision]:
        """Tell what each adjustment did."""
        every = periods(len(self.setting.times), hours(self.rules.adjust_every))
        for p, at in enumerate(every[:-1]):
            time = self.setting.times[at.stop]
            yield self.shift(p, time) if self.moves.moved[self.run, p] else self.hold(p, time)
            yield from self.releases(p, time)

    def shift(self, p: int, time: pd.Timestamp) -> Decision:
        """Tell a move of budget."""
        low, high, roi_low, roi_high = self.pair(p)
        amount = float(self.moves.moved[self.run, p]) / CENTS
        before, after = (
            np.minimum(r[self.run, p], self.setting.market.most) for r in (self.moves.before, self.moves.after)
        )
        reason = say(
            "The next unit of money earns {roi_to} in {to_channel} and {roi_from} in {from_channel}: {amount} of the "
            "remaining budget moved.",
            roi_to=roi_high,
            to_channel=Name(high, "channel"),
            roi_from=roi_low,
            from_channel=Name(low, "channel"),
            amount=Money(amount, self.setting.currency),
        )
        return Decision(
            time=time,
            kind="shift",
            from_channel=low,
            to_channel=high,
            amount=amount,
            roi_from=roi_low,
            roi_to=roi_high,
            reason=reason,
            effect=float((self.worth(p + 1, after) - self.worth(p + 1, before)).sum()),
        )

    def hold(self, p: int, time: pd.Timestamp) -> Decision:
        """Tell why nothing was moved."""
        if self.moves.low[self.run, p] < 0:
            reason = say("No channel may give more without falling below its floor, or none can take up more.")
            return Decision(time=time, kind="hold", reason=reason)
        low, high, roi_low, roi_high = self.pair(p)
        reason = say(
            "The highest marginal ROI, {roi_to} in {to_channel}, is less than {advantage} times the lowest, {roi_from} "
            "in {from_channel}: nothing moved.",
            roi_to=roi_high,
            to_channel=Name(high, "channel"),
            advantage=self.rules.min_advantage,
            roi_from=roi_low,
            from_channel=Name(low, "channel"),
        )
        if roi_high >= self.rules.min_advantage * roi_low:
            reason = say("What could be moved is less than a cent: nothing moved.")
        return Decision(time=time, kind="hold", reason=reason, roi_from=roi_low, roi_to=roi_high, effect=0.0)

    def releases(self, p: int, time: pd.Timestamp) -> Iterator[Decision]:
        """Tell what the reserve gave, a line for each channel."""
        given = self.moves.released[self.run, p]
        base = np.minimum(self.moves.after[self.run, p], self.setting.market.most)
        extra = self.asked.extra[self.run, p + 1] if given.any() else given
        gain = self.worth(p + 1, base + extra) - self.worth(p + 1, base) if given.any() else given
        for c in np.flatnonzero(given):
            reason = say(
                "A surge is on: {amount} of the reserve ({share}) goes to {channel} over the next {span}.",
                amount=Money(float(given[c]) / CENTS, self.setting.currency),
                share=Share(float(given[c]) / self.setting.reserve),
                channel=Name(self.setting.market.channels[c], "channel"),
                span=Span(hours(self.rules.adjust_every) * HOUR),
            )
            yield Decision(
                time=time,
                kind="release",
                to_channel=self.setting.market.channels[c],
                amount=float(given[c]) / CENTS,
                roi_to=float(self.moves.marginal[self.run, p, c]),
                reason=reason,
                effect=float(gain[c]),
            )

    def pair(self, p: int) -> tuple[str, str, float, float]:
        """Return the channels with the lowest and highest marginal ROI, and these."""
        low, high = int(self.moves.low[self.run, p]), int(self.moves.high[self.run, p])
        names = self.setting.market.channels
        return names[low], names[high], float(self.moves.roi_low[self.run, p]), float(self.moves.roi_high[self.run, p])

    def worth(self, p: int, rates: Floats) -> Floats:
        """Return each channel's expected revenue of period p at constant rates."""
        curves = self.asked.curves.run(self.run)
        usual, dear = (
            part[self.run, p] * curves.value(rates / price)[0]
            for part, price in ((self.asked.usual, 1.0), (self.asked.dear, self.asked.price))
        )
        return np.asarray(usual + dear)


def frame(decisions: tuple[Decision, ...]) -> pd.DataFrame:
    """Lay decisions out as a table, reasons in English."""
    columns = ("time", "kind", "from_channel", "to_channel", "amount", "roi_from", "roi_to", "effect")
    rows = [{name: getattr(d, name) for name in columns} | {"reason": d.reason.text()} for d in decisions]
    table = pd.DataFrame(rows, columns=[*columns, "reason"])
    return table.astype(dict.fromkeys(("amount", "roi_from", "roi_to", "effect"), float))
