"""How should the budget be split, and what would another one earn?"""

from __future__ import annotations

import datetime as dt

import streamlit as st

from analysis import (
    Allocation,
    Forecast,
    Frontier,
    MoneyFlow,
    PlanLine,
    Plans,
    PriceIndex,
    ResponseCurves,
    Rules,
    RuleSet,
    Scenario,
    Tables,
)
from analysis.answer import Answer
from analysis.budget.allocation.question import AllocationAnswer
from analysis.charts import TOTAL
from analysis.comparison.settings import CHOICES
from analysis.reallocation.plans import rehearsal, rules_of
from ui import session
from ui.controls import choose_words, currency_of, number, sentence, several, widget_key
from ui.language import N_, _, shown
from ui.screens import budget_rules
from ui.screens.base import Screen, View
from ui.screens.budget_hand import by_hand
from ui.tabled import table

SHAPES, BASES = CHOICES["form"], CHOICES["basis"]
GOALS, TIMES, PER = CHOICES["plan-goal"], CHOICES["time"], CHOICES["per"]
BEFORE_AFTER = ("channel", "observed", "spend", "change", "change_low", "change_high", "marginal_was",
                "marginal_roi", "cause", "marginal_precision")  # fmt: skip


def controls(tables: Tables, start: Allocation) -> Allocation:
    """Draw the sentence that is the question, and its rules; of another view, only how curves are fitted."""
    view = st.session_state.get(widget_key("view.start"), Allocation.kind)
    if view in (MoneyFlow.kind, Plans.kind):
        return start
    planned = view in (Allocation.kind, Frontier.kind)
    if planned:
        start = _plan(tables, start)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if planned:
            start = _further(start.replace(limits=budget_rules.drawn(tables, start.limits)))
        return _fitted(tables, start)


def _fitted(tables: Tables, start: Allocation) -> Allocation:
    """Draw how the curves behind a plan are fitted."""
    with st.popover(_("How curves are fitted"), icon=":material/tune:"):
        form = choose_words(widget_key("form"), _("Form"), SHAPES, start.curves.form, None)
        basis = choose_words(widget_key("basis"), _("Revenue"), BASES, start.curves.basis, None)
        worth = number(widget_key("worth"), _("A conversion's worth, where platforms name no revenue"),
                       start.curves.worth or 0.0, 1.0, width=None, min_value=0.0)  # fmt: skip
        currency = currency_of(tables, start.curves.currency)
    curves = start.curves.replace(form=form, basis=basis, worth=worth or None, currency=currency)
    return start.replace(curves=curves)


def _plan(tables: Tables, start: Allocation) -> Allocation:
    """Draw what is sought, with how much, for when."""
    with sentence():
        st.markdown(_("Find"), width="content")
        goal = choose_words(widget_key("goal"), _("Goal"), GOALS, start.goal, 220)
        target = start.target
        if goal in ("budget", "roi", "marginal_roi"):
            if goal == "budget":
                st.markdown(_("that brings"), width="content")
            first = start.target if start.goal == goal and start.target else (100_000.0 if goal == "budget" else 3.5)
            step = 1000.0 if goal == "budget" else 0.1
            target = number(widget_key(f"target.{goal}"), _("Target"), float(first), step, min_value=0.01)
        total = start.total
        if goal in ("revenue", "profit"):
            st.markdown(_("for"), width="content")
            total = _total(start)
        time = choose_words(widget_key("time"), _("Days"), TIMES, start.time, 180) if tables.campaign else "next"
        per = choose_words(widget_key("per"), _("Amounts"), PER, start.per, 200)
    return start.replace(goal=goal, target=target if goal not in ("revenue", "profit") else None,
                         total=total if goal in ("revenue", "profit") else None, time=time, per=per)  # fmt: skip


def _further(start: Allocation) -> Allocation:
    """Draw how far a plan goes, how careful it is, and how much dearer things are."""
    with st.popover(_("How far, how careful"), icon=":material/speed:"):
        reach = number(widget_key("reach"), _("Most of a channel, times its highest spend"), start.reach, 0.1,
                       width=None, min_value=0.1, max_value=10.0)  # fmt: skip
        careful = round(100 * start.caution)
        caution = number(widget_key("caution"), _("Caution: percent of good cases left out"), careful, 10, width=None,
                         min_value=0, max_value=95)  # fmt: skip
        rise = number(widget_key("prices"), _("Prices have risen by, percent"),
                      round(100 * (start.prices.factor - 1), 1) if start.prices else 0.0, 1.0, width=None,
                      min_value=-50.0, max_value=200.0)  # fmt: skip
    prices = PriceIndex(rate=round(rise / 100, 6)) if rise else None
    return start.replace(reach=reach, caution=caution / 100, prices=prices)


def _total(start: Allocation) -> float | None:
    """Draw the total; empty, it is what was spent, or what is left of the budget."""
    key = widget_key("total")
    session.keep(key, start.total)
    found = st.number_input(_("Total"), key=key, min_value=1.0, step=1000.0, label_visibility="collapsed",
                            width=190, placeholder=_("the same money"))  # fmt: skip
    return float(found) if found else None


# ---- under the answer -------------------------------------------------------------------------------------


def under(answer: Answer) -> None:
    """Draw the plan beside what was spent, each rule with its price, and what can be done with it."""
    plan = answer.question
    if not isinstance(answer, AllocationAnswer) or not answer.table["revenue"].notna().any():
        return
    table(answer, "table", BEFORE_AFTER)
    budget_rules.priced(answer)
    spend = _by_channel(answer)
    with st.container(horizontal=True):
        st.button(_("Adjust by hand"), icon=":material/tune:", key="budget.to-hand", on_click=_to_hand,
                  args=(Scenario(spend=spend, curves=plan.curves, where=plan.where),))  # fmt: skip
        if st.button(_("Rehearse it"), icon=":material/sync_alt:", key="budget.to-reallocation",
                     help=_("Opens Reallocation with this split: what would rules that move money add?")):  # fmt: skip
            _rehearse(answer, Rules(reserve=0.0))
        if st.button(_("Make rules of it"), icon=":material/rule:", key="budget.to-rules",
                     help=_("Opens Reallocation with this split and rules that hold its reserve and keep its limits, "
                            "to be changed.")):  # fmt: skip
            _rehearse(answer, rules_of(answer))
        if st.button(_("Keep as the plan"), icon=":material/task_alt:", key="budget.keep-plan",
                     help=_("Its amounts become plan lines under Records, against which spend is held, and what it is "
                            "expected to bring is kept for the review.")):  # fmt: skip
            _keep(answer, plan)


def _by_channel(answer: Answer) -> dict[str, float]:
    own = answer.table[answer.table["channel"] != TOTAL]
    return {str(c): round(float(s), 2) for c, s in zip(own["channel"], own["spend"], strict=True)}


def _to_hand(scenario: Scenario) -> None:
    st.session_state["budget.open"] = scenario


def _rehearse(answer: AllocationAnswer, rules: Rules | RuleSet) -> None:
    st.session_state["reallocation.open"] = rehearsal(answer, rules)
    st.switch_page("pages/reallocation.py")


def _keep(answer: Answer, plan: Allocation) -> None:
    here, cells = session.to_change(), answer.frame("cells")
    sums = cells.groupby(["channel", "phase"], dropna=False)["spend"].sum().reset_index()
    for old in here.kept(PlanLine):
        if old.value.stage == STAGE:
            here.forget(old.id)
    for row in sums.to_dict("records"):
        phase = row["phase"] if isinstance(row["phase"], str) else None
        line = PlanLine(stage=STAGE, line=row["channel"], phase=phase, amount=round(float(row["spend"]), 2))
        here.keep(line.title, line)
    forecast = _forecast(answer, plan)
    here.keep(forecast.title, forecast)
    st.toast(shown(_("{n} plan lines were kept under Records.", n=len(sums))), icon=":material/check:")


def _forecast(answer: Answer, plan: Allocation) -> Forecast:
    whole, campaign = answer.table.iloc[-1], session.workspace().campaign
    rest = campaign if plan.time == "rest" else None
    claims = (answer.table["cause"] == "claim").any()
    return Forecast(
        name=shown(_(GOALS[plan.goal])),
        made=dt.date.today().isoformat(),
        start=rest.start if rest else None,
        end=rest.end if rest else None,
        spend=round(float(whole["spend"]), 2),
        revenue=round(float(whole["revenue"]), 2),
        low=round(float(whole["low"]), 2),
        high=round(float(whole["high"]), 2),
        basis="claims" if claims else "effects",
    )


STAGE = "execution"
"""Stage of the work that media belongs to."""


def _plans(_tables: Tables, plan: Allocation, opened: Plans | None) -> Plans:
    """Draw which of the plans that were saved are compared."""
    here = session.workspace()
    saved = {one.name: one.value for kind in (Allocation, Scenario) for one in here.kept(kind)}
    saved |= dict(opened.plans) if opened else {}
    first = [label for label, _plan in opened.plans] if opened else list(saved)[:4]
    chosen = several(widget_key("plans"), _("Plans"), saved, first, N_("None"), words=str)
    return Plans(plans={label: saved[label] for label in chosen}, where=plan.where)


def _curves(_tables: Tables, plan: Allocation, _opened: ResponseCurves | None) -> ResponseCurves:
    """Return the curves behind the plan."""
    return plan.curves.filtered(plan.where)


def _frontier(_tables: Tables, plan: Allocation, _opened: Frontier | None) -> Frontier:
    return Frontier(plan=plan.replace(where=None), where=plan.where)


def _flow(_tables: Tables, plan: Allocation, _opened: MoneyFlow | None) -> MoneyFlow:
    return MoneyFlow(where=plan.where)


VIEWS = (
    View(Scenario, N_("By hand"), by_hand, lambda opened: Allocation(curves=opened.curves, where=opened.where)),
    View(Frontier, N_("More or less"), _frontier, lambda opened: opened.plan.replace(where=opened.where)),
    View(Plans, N_("Side by side"), _plans, lambda opened: Allocation(where=opened.where)),
    View(ResponseCurves, N_("Curves"), _curves, lambda opened: Allocation(curves=opened, where=opened.where)),
    View(MoneyFlow, N_("Money flow"), _flow, lambda opened: Allocation(where=opened.where)),
)

SCREEN = Screen(
    Allocation,
    name="budget",
    label=N_("Budget"),
    own=N_("Best split"),
    icon=":material/payments:",
    controls=controls,
    waiting=N_("Fitting the curves and seeking the best split…"),
    views=VIEWS,
    under=under,
)
