"""What is found wrong with a rule set, and what is told of each of its rules to find it?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from analysis.messages import Message
from analysis.rules import words
from analysis.rules.actions import Action, ChangeBudget, DrawReserve, Pause, RefillReserve, Resume
from analysis.rules.boxes import Box, boxes
from analysis.rules.conditions import Condition
from analysis.rules.rule_set import Rule, RuleSet

LEVELS = ("error", "warning", "hint")
"""It cannot do what it is for; it will do what nobody wants; it may be better."""
RAISE, CUT, PAUSE, RESUME, DRAW, REFILL = "raise", "cut", "pause", "resume", "draw", "refill"
OPPOSED = ((RAISE, CUT), (RESUME, PAUSE), (RAISE, PAUSE), (REFILL, DRAW))


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to mend in a rule set.

    Parameters
    ----------
    code : str
        A stable name of what kind it is.
    level : {"error", "warning", "hint"}
    rule : str
        The rule's name; empty where it is the set.
    message : Message
        What is wrong, and what to do.
    """

    code: str
    level: str
    rule: str
    message: Message


@dataclass(frozen=True)
class Judged:
    """A rule, and what can be told of it.

    Parameters
    ----------
    rule : Rule
    asked : RuleSet
        The set it is of.
    """

    rule: Rule
    asked: RuleSet

    @cached_property
    def boxes(self) -> list[Box] | None:
        """Where its condition can hold."""
        return boxes(self.rule.when, self.rule.per)

    @cached_property
    def ways(self) -> frozenset[str]:
        """Which ways it goes."""
        return frozenset(way for action in self.rule.then if (way := _way(action)))

    def over(self, channel: str) -> list[Box] | None:
        """Return where its condition can hold for a channel; an empty name stands for any."""
        return boxes(self.rule.when, self.rule.per, channel) if channel else self.boxes

    def says(self, condition: Condition) -> Message:
        """Return a condition in words."""
        return words.condition(condition, self.rule.per)

    def finding(self, code: str, level: str, message: Message) -> Finding:
        """Return a finding about it."""
        return Finding(code, level, self.rule.name, message)


def _way(action: Action) -> str | None:
    match action:
        case ChangeBudget(percent=share, amount=amount):
            change = share or amount or 0.0
            return RAISE if change > 0 else CUT if change < 0 else None
        case Pause():
            return PAUSE
        case Resume():
            return RESUME
        case DrawReserve():
            return DRAW
        case RefillReserve():
            return REFILL
    return None
