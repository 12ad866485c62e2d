"""What docs/rules.md shows can be read, and it names all that there is."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from analysis.rules import findings, lint, pairs
from analysis.rules.conditions import METRICS, Reading
from analysis.rules.rule_set import Limits, Review, Rule, RuleSet
from analysis.rules.text import ACTIONS, read, write

ROOT = Path(__file__).resolve().parents[2]
DOCS = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_every_example_is_read(number: int) -> None:
    asked = read(EXAMPLES[number])
    assert asked.rules
    assert read(write(asked)) == asked


def test_the_first_example_has_nothing_to_mend() -> None:
    assert len(EXAMPLES) == 3
    assert not [str(finding.message) for finding in lint.lint(read(EXAMPLES[0]))]


@pytest.mark.parametrize("named", [METRICS, ACTIONS], ids=["metrics", "actions"])
def test_every_metric_and_action_is_named(named: dict[str, object]) -> None:
    rows = [line.split("|")[1] for line in DOCS.splitlines() if line.startswith("| `")]
    told = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}
    assert not named.keys() - told


def test_every_setting_is_named() -> None:
    names = {field.name for cls in (RuleSet, Rule, Reading, Limits, Review) for field in fields(cls)}
    assert not {name for name in names if not re.search(rf"\b{name}\b", DOCS)}


def test_every_finding_is_named() -> None:
    sources = [Path(str(module.__file__)).read_text(encoding="utf-8") for module in (findings, lint, pairs)]
    codes = {code for text in sources for code in re.findall(r'[fF]inding\("([a-z-]+)"', text)}
    codes |= {code for text in sources for code in re.findall(r'[A-Z]+, "([a-z-]+)", "(?:warning|hint)"', text)}
    assert {"never", "ratchet", "swings", "idle-reserve", "nothing-to-resume"} <= codes
    assert not {code for code in codes if f"`{code}`" not in DOCS}


def test_defaults_are_as_told() -> None:
    """The tables give defaults; these are the ones that numbers stand for."""
    asked = read("rules: [{name: a, then: [rebalance, refill-reserve, stand-down]}]")
    assert asked == RuleSet(
        rules=asked.rules, evaluate_every="4h", adjust_every="8h", mode="apply", reserve=0, tranches=()
    )
    rule = asked.rules[0]
    assert (rule.per, rule.priority, rule.pending, rule.least_orders, rule.sample_over) == ("channel", 0, 1, 0, "1d")
    assert (rule.no_data, rule.cooldown) == ("skip", None)
    assert [repr(action) for action in rule.then] == ["Rebalance()", "RefillReserve()", "StandDown()"]
    assert write(read("rules: [{name: a, then: [{rebalance: {by: marginal_roi, step: 10%, over: 1d}}]}]")) == (
        "rules:\n- name: a\n  then: [rebalance]\n"
    )
