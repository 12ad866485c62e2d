"""What is the gain over the plan made of? The rules meet the same campaigns again, with one thing more at a time.

From the fixed split of the whole budget to the rules as they are, each part is what the next step changes, run by run:

    fixed -> money held back -> released in parts -> moved, every order seen at once and as expected -> at the cost of
    moving -> orders seen late -> orders seen as chance has them -> the reserve drawn

so that the parts add up to the gain in every run. In another order each would be somewhat another.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from analysis.arrays import Floats
from analysis.messages import N_
from analysis.reallocation.play import Played, Policy, earned, of_rules, only, unanswered_by
from analysis.reallocation.world import DEARER, EXACT, LEARNING, LEARNING_COST, STAY, World
from analysis.rules.actions import ReleaseTranche

PARTS: Mapping[str, str] = MappingProxyType(
    {
        "reserve": N_("holding money back"),
        "tranches": N_("releasing it in parts"),
        "moving": N_("moving money, chance aside"),
        "cost": N_("dearer traffic and learning anew"),
        "late": N_("orders that come in late"),
        "chance": N_("chance in the orders"),
        "shocks": N_("answering shocks"),
    }
)
"""What the gain can be made of, in order; which of them a simulation has depends on its rules and market."""


def parts(played: Played) -> Mapping[str, Floats]:
    """Return what the gain over the fixed split of the whole budget is made of, each of shape (runs,).

    Returns
    -------
    mapping of str to ndarray
        By the names of :data:`PARTS`, in their order; they add up to the gain. What neither rules nor market have
        (a reserve, late orders) is not among them.
    """
    still, moved, cost = _moved(played)
    late = _late(played, moved)
    found = {
        "reserve": played.holding,
        "tranches": still - played.total("held"),
        "moving": moved - still - cost,
        "cost": cost,
        "late": late - moved,
        "chance": played.total("unanswered") - late,
        "shocks": played.answering,
    }
    given, world = played.given, played.world
    there = {
        "reserve": bool(given.reserve or given.tranches),
        "tranches": bool(given.tranches),
        "cost": _costly(world),
        "late": bool(world.channels[STAY].any()),
        "shocks": unanswered_by(played.rule_set) != played.rule_set,
    }
    return {name: values for name, values in found.items() if there.get(name, True)}


def _moved(played: Played) -> tuple[Floats, Floats, Floats]:
    """Return revenue before money is moved and after, with nothing to be misread, and what moving itself cost.

    What is dearer in a market that charges for moving is so for what is not moved as well: its cost is what moving
    earns there less what it earns in the same market without a charge.
    """
    still, own = _still(played), _policy(played, "unanswered")
    clear = _seen(played.world, at_once=True)
    before, after = earned(played, (still, own), clear)
    if not _costly(played.world):
        return before, after, np.zeros_like(after)
    numbers = clear.numbers.copy()
    numbers[[DEARER, LEARNING_COST]] = 0.0
    free = earned(played, (still, own), clear._replace(numbers=numbers))
    return before, after, (after - before) - (free[1] - free[0])


def _late(played: Played, moved: Floats) -> Floats:
    """Return revenue where orders are seen as expected, but only once they have come in."""
    if not played.world.channels[STAY].any():
        return moved
    return np.asarray(earned(played, (_policy(played, "unanswered"),), _seen(played.world, at_once=False))[0])


def _policy(played: Played, name: str) -> Policy:
    return played.policies[played.walked.place(name)]


def _still(played: Played) -> Policy:
    """Return the plan left alone but for what is released in parts."""
    if not played.given.tranches:
        return _policy(played, "held")
    released = only(played.rule_set, lambda rule: all(isinstance(act, ReleaseTranche) for act in rule.then))
    return of_rules("still", released, played.given)


def _costly(world: World) -> bool:
    learns = world.numbers[LEARNING] > 0 and world.numbers[LEARNING_COST] > 0
    return bool(world.numbers[DEARER] > 0 or learns)


def _seen(world: World, *, at_once: bool) -> World:
    """Return a world in which orders are seen as they are expected: what they earn is the same."""
    numbers, channels = world.numbers.copy(), world.channels.copy()
    numbers[EXACT] = 1.0
    if at_once:
        channels[STAY] = 0.0
    return world._replace(numbers=numbers, channels=channels)
