"""Is a sum ever wrong without a question, and is asked what a report lacks, and little else?

`python -m benchmarks.reports` does the same with a thousand.
"""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from benchmarks.reports import MOST_ASKED, Verdict, reports, verdict
from tests.imports import made_headings, made_reports
from tests.imports.made_reports import PLANTED, made_report

COUNT, SEED = 120, 20261111
pytestmark = pytest.mark.xdist_group("reports")  # read once, by one worker


@pytest.fixture(scope="module")
def verdicts() -> list[Verdict]:
    return [verdict(made) for made in reports(COUNT, SEED)]


@pytest.mark.long
def test_no_sum_is_wrong_without_a_question(verdicts: list[Verdict]) -> None:
    assert [(one.made.name, one.wrong) for one in verdicts if one.silent] == []


def test_little_is_asked_where_every_fact_stands_in_the_file(verdicts: list[Verdict]) -> None:
    asked = [one.asked for one in verdicts if not one.made.planted]
    assert len(asked) == COUNT / 2
    assert sum(map(bool, asked)) <= MOST_ASKED * len(asked)


def test_what_a_report_lacks_is_asked(verdicts: list[Verdict]) -> None:
    planted = [one for one in verdicts if one.made.planted]
    assert set(Counter(one.made.planted for one in planted).values()) == {COUNT // 2 // len(PLANTED)}
    assert [(one.made.planted, one.made.name, set(one.asked)) for one in planted if not one.met] == []


def test_the_reports_know_nothing_of_the_importer() -> None:
    for module in (made_reports, made_headings):
        tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
        named = [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
        named += [alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names]
        assert not [name for name in named if name.split(".")[0] in ("analysis", "benchmarks", "ui")]


def test_the_reports_are_of_many_kinds_and_the_same_each_time() -> None:
    made = [made_report(np.random.default_rng([SEED, k])) for k in range(300)]
    layouts = {layout.name for layout in (*made_headings.ADS, *made_headings.SALES)}
    assert {one.layout for one in made} == layouts
    assert made[7] == made_report(np.random.default_rng([SEED, 7]))


def test_a_wrong_sum_is_seen() -> None:
    """The comparison itself: a truth that is one cent off is not met."""
    made = next(one for one in reports(40, SEED) if not one.planted and not verdict(one).asked)
    lead = "spend" if made.truth.table == "spend" else "revenue"
    assert not verdict(made).wrong
    off = made_reports.off_by_a_cent(made, lead)
    assert verdict(off).silent
