"""What is compiled ahead is what a question then runs: warming that misses a kernel's types would help nobody."""

from __future__ import annotations

import subprocess
import sys

ASKED = """
import pandas as pd
from analysis import Nodes, Retention, Tables
from analysis.journey.nodes import kernel as exposure
from analysis.journey.nodes import question as nodes
from analysis.journey.loyalty import retention
from analysis.journey.loyalty import kernel as retention_kernel

kernels = (exposure.meetings, exposure.standings, exposure.influences)
kernels += (retention_kernel.place, retention_kernel.retention)
nodes.warm(), retention.warm()
compiled = [list(k.signatures) for k in kernels]
assert all(compiled), compiled
at = pd.date_range("2026-10-01", periods=6, freq="12h")
events = pd.DataFrame({"user_id": list("ababab"), "timestamp": at, "event": ["seed", "view", "purchase"] * 2})
tables = Tables(events=events)
Nodes(nodes=("seed",), window="6h").run(tables)
for asked in (Retention(), Retention(breakdown="event"), Retention(counting="rolling", unbounded=True)):
    asked.run(tables)
assert compiled == [list(k.signatures) for k in kernels], [list(k.signatures) for k in kernels]
"""


def test_retention_and_nodes_compile_nothing_after_warming() -> None:
    done = subprocess.run([sys.executable, "-c", ASKED], capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr


RULES = """
import pandas as pd
from analysis import Funnel, FunnelRules, Tables
from analysis.journey.funnel import question as funnel
from analysis.journey.funnel import kernel as kernels
from analysis.journey.funnel import tally
from analysis.journey.funnel import conventions as rules

own = (kernels.plain, tally.mark, tally.count, tally.entries, kernels.ordered, kernels.unordered)
own += (kernels.clickhouse_strict, kernels.posthog, kernels.settle)
funnel.warm(), rules.warm()
compiled = [list(k.signatures) for k in own]
assert all(compiled), compiled
at = pd.date_range("2026-10-01", periods=6, freq="12h")
events = pd.DataFrame({"user_id": list("ababab"), "timestamp": at, "event": ["view", "cart", "view"] * 2})
FunnelRules(funnel=Funnel(steps=("view", "cart"))).run(Tables(events=events))
assert compiled == [list(k.signatures) for k in own], [list(k.signatures) for k in own]
"""


def test_the_further_rules_compile_nothing_after_warming() -> None:
    done = subprocess.run([sys.executable, "-c", RULES], capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr


PATHS = """
import pandas as pd
from analysis import Funnel, FunnelPaths, Paths, Tables
from analysis.journey.paths import kernel as following
from analysis.journey.funnel import question as funnel
from analysis.journey.paths import question as paths

funnel.warm(), paths.warm()
compiled = list(following.follow.signatures)
assert compiled
at = pd.date_range("2026-10-01", periods=6, freq="12h")
events = pd.DataFrame({"user_id": list("ababab"), "timestamp": at, "event": ["view", "cart", "view"] * 2})
tables = Tables(events=events)
Paths(start="view").run(tables)
for direction in ("after", "before"):
    asked = Funnel(steps=("view", "cart"), window="6h")
    FunnelPaths(funnel=asked, direction=direction).run(tables)
assert compiled == list(following.follow.signatures), list(following.follow.signatures)
"""


def test_paths_compile_nothing_after_warming() -> None:
    done = subprocess.run([sys.executable, "-c", PATHS], capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
