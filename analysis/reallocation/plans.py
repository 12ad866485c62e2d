"""How does a plan of Budget become a campaign to rehearse, and what the rules spent a plan again?"""

from __future__ import annotations

from analysis.budget.allocation.question import AllocationAnswer
from analysis.budget.allocation.rules import BUDGET
from analysis.charts import TOTAL
from analysis.reallocation.rules import Rules
from analysis.reallocation.simulation import Simulation, SimulationAnswer
from analysis.rules.ready import plan
from analysis.rules.rule_set import RuleSet


def rehearsal(best: AllocationAnswer, rules: Rules | RuleSet) -> Simulation:
    """Return a simulation that starts from a plan of Budget: its split, its money, its curves.

    What the rules hold back comes on top of what the plan spends.

    Parameters
    ----------
    best : AllocationAnswer
    rules : Rules or RuleSet
    """
    own = best.table[(best.table["channel"] != TOTAL) & best.table["revenue"].notna()]
    total = float(own["spend"].sum())
    split = tuple((str(c), float(s) / total) for c, s in zip(own["channel"], own["spend"], strict=True))
    asked = best.question
    held = rules.rule_set() if isinstance(rules, Rules) else rules
    budget = total / (1 - held.held_back)
    return Simulation(split=split, budget=budget, rules=rules, curves=asked.curves, where=asked.where)


def rules_of(best: AllocationAnswer) -> RuleSet:
    """Return the plan's own rules, with what a plan of Budget holds in reserve and lets a channel change by.

    Parameters
    ----------
    best : AllocationAnswer
    """
    limits = best.question.limits
    reserve = max((1 - each.most for each in limits if each.of == BUDGET and each.most is not None), default=0.0)
    changes = [each.change for each in limits if each.change]
    made = plan(reserve=round(min(reserve, 0.9), 6))
    return made.replace(limits=made.limits.replace(day=min(changes))) if changes else made


def plan_of(answer: SimulationAnswer) -> dict[str, float]:
    """Return what the rules spent by channel in the first run: a plan to go on with in Budget."""
    frame = answer.frame("channels")
    spent = frame[frame["policy"] == "rules"].groupby("channel")["spent"].sum()
    return {str(channel): round(float(amount), 2) for channel, amount in spent.items()}
