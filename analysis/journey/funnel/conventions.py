"""How much of a funnel's result is the rule it was counted by?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from analysis import charts
from analysis.answer import Answer, Note
from analysis.charts import AnyChart, Look
from analysis.errors import DataError, QuestionError
from analysis.estimates import proportion
from analysis.fields import Field, Fields, Figure, bounds, described
from analysis.journey.funnel.chains import follow
from analysis.journey.funnel.definition import PROFILE_RULES, FunnelDefinition, OfFunnel
from analysis.journey.funnel.plan import Plan
from analysis.later import alt
from analysis.messages import N_, Message, Names, Share, say
from analysis.store.walk import Chunk
from analysis.tables import Tables
from analysis.values import value

ASKED = N_("as asked")
EFFECTS: Mapping[str, str] = MappingProxyType(
    {
        ASKED: N_("The funnel as it stands."),
        N_("any entry counts"): N_("Every entry may start the chain; the one that gets furthest is used."),
        N_("only the first entry counts"): N_("Later entries cannot start the chain again."),
        N_("only the first entry ever counts"): N_("People who entered before the dates do not count."),
        N_("in order"): N_("Other events may come between the steps."),
        N_("in strict order"): N_("Nothing may come between the steps but repeats of the step last taken."),
        N_("in any order"): N_("The steps count in whichever order they were taken."),
        N_("dates for entry only"): N_("Later steps count after the last day, too."),
        N_("dates for every step"): N_("Steps after the last day do not count."),
        N_("without exclusions"): N_("Excluded events do no harm."),
        N_("nothing held constant"): N_("The steps need not have the same value."),
        N_("within one session"): N_("All steps in one visit."),
        N_("ClickHouse's rules"): PROFILE_RULES["clickhouse"],
        N_("PostHog's rules"): PROFILE_RULES["posthog"],
        N_("Mixpanel's rules"): PROFILE_RULES["mixpanel"],
    }
)
"""What each rule is called, and what it changes."""
_PROFILES = {"clickhouse": "ClickHouse's rules", "posthog": "PostHog's rules", "mixpanel": "Mixpanel's rules"}


@value("funnel-rules")
class FunnelRules(OfFunnel):
    """The same funnel counted by other rules, one at a time.

    Parameters
    ----------
    funnel : Funnel
        Its breakdown is left aside.

    Notes
    -----
    Each row changes one rule of the funnel, or follows a peer's where that peer can ask such a funnel. Of people whose
    window is over it counts who took the last step, in later attempts too where the rule allows these: the same people
    are compared with themselves, so nobody has more time than another. The rows are not independent: their intervals
    say how far chance reaches, the differences are what the rule does.

    Examples
    --------
    >>> import pandas as pd
    >>> from analysis import Funnel
    >>> at = lambda clock: pd.Timestamp(f"2026-11-11 {clock}")
    >>> events = pd.DataFrame({
    ...     "user_id": "u1",
    ...     "timestamp": [at("01:00"), at("01:30"), at("01:45"), at("02:15")],
    ...     "event": ["view", "view", "cart", "purchase"],
    ... })
    >>> asked = Funnel(steps=("view", "cart", "purchase"), window="1h")
    >>> answer = FunnelRules(funnel=asked).run(Tables(events=events))
    >>> answer.table.set_index("rule")["converted"].loc[["as asked", "only the first entry counts"]].tolist()
    [1, 0]
    """

    title: ClassVar[str] = N_("How much of the funnel is the rule it is counted by?")

    def _answer(self, tables: Tables) -> FunnelRulesAnswer:
        asked = self.asked.replace(breakdown=None, breakdown_at="first")
        first = asked.run(tables)
        rows = [_row(ASKED, first.table)]
        for name, other in alternatives(asked):
            try:
                rows.append(_row(name, other.run(tables).table))
            except DataError:  # by this rule nobody is left
                rows.append(_row(name, None))
        table = pd.DataFrame(rows)
        table["rate"], table["low"], table["high"] = proportion(table["converted"], table["users"])
        table["difference"] = (table["rate"] - table["rate"].iloc[0]).mask(table["rule"] == ASKED)
        return FunnelRulesAnswer(
            question=self,
            version=tables.version,
            headline=_headline(table),
            frames={"table": table[list(FunnelRulesAnswer.fields["table"])]},
            notes=(*first.notes, *_notes(table)),
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class FunnelRulesAnswer(Answer):
    """One row per rule: who entered, who took the last step, and what that rule makes of the rate."""

    fields: ClassVar[Fields] = described(
        table={
            "rule": Field(N_("Rule"), "text", {name: name for name in EFFECTS}),
            "effect": Field(N_("What it changes"), "text", {text: text for text in EFFECTS.values()}),
            "users": Field(N_("Users whose window is over"), "count"),
            "converted": Field(N_("At the last step"), "count"),
            "rate": Field(N_("From first step"), "share"),
            **bounds("share"),
            "difference": Field(N_("Difference"), "points"),
        },
    )
    figures = (Figure("rate", ("rule",), n="users"),)

    def _chart(self, look: Look) -> AnyChart:
        return _dots(self, look)


# ---- the work ---------------------------------------------------------------------------------------------


def alternatives(asked: FunnelDefinition) -> Iterator[tuple[str, FunnelDefinition]]:
    """Yield the funnel under each other rule it can be counted by, with the rule's name."""
    dated = asked.where is not None and bool(asked.where.start or asked.where.end)
    changes: list[tuple[str, dict[str, Any]]] = [
        ("any entry counts", {"entry": "every"}),
        ("only the first entry counts", {"entry": "first"}),
        *([("only the first entry ever counts", {"entry": "first_ever"})] * dated),
        ("in order", {"order": "ordered"}),
        ("in strict order", {"order": "strict"}),
        ("in any order", {"order": "any"}),
        *([("dates for entry only", {"dates": "entry"}), ("dates for every step", {"dates": "conversion"})] * dated),
        ("without exclusions", {"exclusions": ()}),
        ("nothing held constant", {"hold": None}),
        ("within one session", {"window": "session"}),
        *((_PROFILES[name], {"profile": name}) for name in _PROFILES),
    ]
    for name, change in changes:
        try:
            other = (asked if "profile" in change else asked.effective.replace(profile=None)).replace(**change)
        except QuestionError:  # this rule cannot take such a funnel
            continue
        if other != asked and other != asked.effective.replace(profile=None):
            yield name, other


def warm() -> None:
    """Compile the kernels of the further rules, or load them from their cache."""
    plain = replace(Plan.plain(("", "")), keys=None, exact=True)
    for order, profile in (("ordered", ""), ("any", ""), ("strict", "clickhouse"), ("ordered", "posthog")):
        follow(Chunk.empty(), replace(plain, order=order, profile=profile))


def _row(name: str, table: pd.DataFrame | None) -> dict[str, Any]:
    """Count people whose window is over, by this rule, and those who took the last step in any attempt."""
    reached = table["settled"] + table["later"] if table is not None else pd.Series([0, 0])
    return {"rule": name, "effect": EFFECTS[name], "users": int(reached.iloc[0]), "converted": int(reached.iloc[-1])}


def _headline(table: pd.DataFrame) -> Message:
    rates = table.set_index("rule")["rate"]
    others = rates.drop(ASKED).dropna()
    if np.isnan(rates[ASKED]):
        return say("Nobody's window is over yet, so there is no rate to compare. Choose a shorter window.")
    asked = say("As asked, {share} of {users} users take the last step.",
                share=Share(float(rates[ASKED])), users=int(table["users"].iloc[0]))  # fmt: skip
    if (others == rates[ASKED]).all():
        return say("{asked} All other rules agree.", asked=asked)
    low, high = (say("{share} ({rule})", share=Share(float(others[rule])), rule=rule)
                 for rule in map(str, (others.idxmin(), others.idxmax())))  # fmt: skip
    if others.max() <= rates[ASKED]:
        return say("{asked} Other rules make it as little as {low}.", asked=asked, low=low)
    if others.min() >= rates[ASKED]:
        return say("{asked} Other rules make it as much as {high}.", asked=asked, high=high)
    return say("{asked} Other rules make it {low} to {high}.", asked=asked, low=low, high=high)


def _notes(table: pd.DataFrame) -> list[Note]:
    gone = table[table["users"] == 0]["rule"].tolist()
    if not gone:
        return []
    return [Note("nobody", say("By these rules nobody is left: {rules}.", rules=Names(tuple(gone))), "missing")]


# ---- the picture ------------------------------------------------------------------------------------------


def _dots(answer: FunnelRulesAnswer, look: Look) -> AnyChart:
    plot = answer.plot("table", look)
    table = plot.named(answer.table.dropna(subset="rate"))
    told = zip(table["converted"], table["rate"], strict=True)
    table = table.assign(
        own=table["rule"] == ASKED,
        text=[look(say("{n} ({share})", n=int(n), share=Share(float(share)))) for n, share in told],
    )
    base = alt.Chart(table).encode(y=charts.rows("rule_name", table["rule_name"].tolist()))
    room = alt.Scale(domain=[0, float(table["high"].max() * 1.3)], nice=False)  # for the labels
    x = plot.x("rate", title=look(N_("share of those who entered, with 95% interval")), scale=room)
    colour = alt.condition("datum.own", alt.value(charts.ACCENT), alt.value(look.faint))
    own = alt.Chart(table[table["own"]]).mark_rule(color=charts.ACCENT, strokeDash=[3, 3]).encode(x=x)
    dots = base.mark_point(filled=True, size=90, opacity=1).encode(
        x=x, color=colour, tooltip=plot.tips("rule", "users", "converted", "rate", "low", "high", "difference")
    )
    labels = base.mark_text(align="left", dx=8).encode(x=alt.X("high:Q"), text=alt.Text("text:N"))
    whole = alt.layer(own, charts.whiskers(base, look), dots, labels)
    return charts.finish(whole, look, describe=look(answer.headline), height=30 * len(table) + 40)
