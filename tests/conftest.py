"""What all tests share: a small data set, one instance of every kind of value, the real files if they are here."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from browser_tools import CHROMIUM, browsing
from hypothesis import HealthCheck, settings

import analysis
from analysis import read_export
from analysis.answer import Answer
from analysis.question import Question
from analysis.records import DisplayName, PlanLine, Recorded
from analysis.store.kernels import forget_stale
from analysis.tables import Tables
from analysis.values import Campaign, Phase


def pytest_configure(config: pytest.Config) -> None:
    """Let no test meet a kernel that was compiled from another source: once, before any worker starts."""
    if not hasattr(config, "workerinput"):
        forget_stale(Path(analysis.__file__).parent)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let one worker take the tests that share what takes long to make: a module's answers, servers with a provider."""
    for item in items:
        made = item._fixtureinfo.name2fixturedefs if isinstance(item, pytest.Function) else {}
        if next(item.iter_markers("xdist_group"), None) is None:
            if "iam_server" in made:
                item.add_marker(pytest.mark.xdist_group("provider"))
            elif any(found[-1].scope == "module" for found in made.values()):
                item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Call files by their parameter: what is in them tells when they were made, on which workers do not agree."""
    return argname if isinstance(val, bytes) else None


settings.register_profile("sluice", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("sluice")

SAMPLE = Path(__file__).resolve().parents[1] / "sample_data"
REAL = Path(__file__).resolve().parents[2] / "shared" / "data"
CAMPAIGN = Campaign(
    name="Double 11",
    start="2026-09-21",
    end="2026-11-15",
    phases=(
        Phase(name="warm-up", start="2026-09-21", end="2026-10-31"),
        Phase(name="burst", start="2026-11-01", end="2026-11-15"),
    ),
    budget=50_000,
    margin=0.3,
)

PLAN = (
    PlanLine(stage="execution", line="search", phase="burst", amount=2_000),
    PlanLine(stage="execution", line="video", amount=20_000),
    PlanLine(stage="design", line="film", amount=5_000),
)

FUNNEL = {"kind": "funnel", "version": 1, "steps": ["visit", "view", "purchase"]}
SMALL: dict[str, dict[str, Any]] = {
    "coverage": {"audience": {"kind": "filter", "version": 1, "channel": ["display"]}, "at": "2026-10-20"},
    "comparison": {"left": FUNNEL, "right": {**FUNNEL, "window": "14d"}},
    "drop-offs": {"funnel": FUNNEL, "by": ["channel"], "least": 1},
    "funnel-money": {"funnel": FUNNEL},
    "funnel-change": {
        "funnel": FUNNEL,
        "before": {"kind": "filter", "version": 1, "end": "2026-10-31"},
        "after": {"kind": "filter", "version": 1, "start": "2026-11-01"},
    },
    "funnel": {"steps": ["visit", "view", "purchase"], "breakdown": "channel"},
    "funnel-paths": {"funnel": FUNNEL},
    "nodes": {"nodes": ["visit", "view"]},
    "funnel-rules": {"funnel": {"kind": "funnel", "version": 1, "steps": ["visit", "purchase"]}},
    "time-to-convert": {
        "funnel": {"kind": "funnel", "version": 1, "steps": ["visit", "view", "cart"], "breakdown": "channel"}
    },
    "private-domain": {"channels": ["display"]},
    "response-curves": {"draws": 100},
    "sales": {"by": "channel"},
    "segments": {"by": ["channel", "device"]},
    "scenario": {"curves": {"kind": "response-curves", "version": 1, "draws": 100}},
    "simulation": {"runs": 20},
    "baselines": {
        "before": {"kind": "filter", "version": 1, "end": "2026-10-18"},
        "since": {"kind": "filter", "version": 1, "start": "2026-10-19"},
    },
    "campaign-review": {"target": 30_000},
    "break-even": {"runs": 4},
    "rule-sweep": {"runs": 4, "across_values": [4, 8], "down_values": [0.1, 0.2]},
    "rule-check": {"runs": 4},
    "rule-replay": {"runs": 4},
}
"""What a question of each kind is asked with in the tests that take every kind."""

for module in pkgutil.walk_packages(analysis.__path__, "analysis."):
    importlib.import_module(module.name)  # so that every kind of value is registered


@pytest.fixture(scope="session")
def ask() -> Callable[[str], Question]:
    """Return a function that makes a question of a kind: its defaults, but small, and what it cannot do without."""

    def make(kind: str) -> Question:
        return Question.from_dict({"kind": kind, "version": 1, **SMALL.get(kind, {})})

    return make


@pytest.fixture(scope="session")
def answer_to(ask: Callable[[str], Question], _tables: Tables) -> Callable[[str], Answer]:
    """Return a function that answers a question of a kind on the small campaign, once per session."""
    return cache(lambda kind: ask(kind).run(_tables))


@pytest.fixture(autouse=True)
def _key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the key that hashes identifiers out of the home folder."""
    monkeypatch.setenv("SLUICE_KEY_FILE", str(tmp_path / "keys" / "key"))


@pytest.fixture
def real_file() -> Callable[[str], Path]:
    """Return a function that finds a real export by name, or skips the test where the folder is absent."""

    def find(name: str) -> Path:
        path = REAL / name
        if not path.exists():
            pytest.skip(f"no real file {name} here")
        return path

    return find


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Start Chromium; without one these tests skip on a laptop and fail in CI."""
    if CHROMIUM is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no Chromium on this machine")
        pytest.skip("no Chromium on this machine")
    with browsing() as browser:
        yield browser


@pytest.fixture(scope="session")
def sample() -> Tables:
    """Return the sample campaign's tables, read as anyone would."""
    found = {}
    for table, name in (("events", "events.parquet"), ("orders", "orders.csv"), ("spend", "spend.csv")):
        export = read_export(SAMPLE / name, zone="UTC")
        found[table] = export.clean(b"").rows
        export.close()
    records, names = (
        json.loads((SAMPLE / f"{name}.json").read_text(encoding="utf-8")) for name in ("records", "names")
    )
    return Tables(
        **found,
        campaign=Campaign.from_json((SAMPLE / "campaign.json").read_text(encoding="utf-8")),
        records=map(Recorded.from_dict, records),
        display=map(DisplayName.from_dict, names),
    )


@pytest.fixture(scope="session")
def frames() -> dict[str, pd.DataFrame]:
    """Return a small campaign as pandas frames: 150 users, 56 days, three channels."""
    return {"events": _events(), "orders": _orders(), "spend": _spend()}


@pytest.fixture(scope="session")
def campaign() -> Campaign:
    """Return the small campaign."""
    return CAMPAIGN


@pytest.fixture(scope="session")
def plan() -> tuple[PlanLine, ...]:
    """Return the plan of the small campaign."""
    return PLAN


@pytest.fixture(scope="session")
def _tables(frames: dict[str, pd.DataFrame]) -> Tables:
    return Tables(**frames, campaign=CAMPAIGN, records=PLAN)


@pytest.fixture
def tables(_tables: Tables) -> Iterator[Tables]:
    """Return the small campaign's tables."""
    yield _tables


def _events() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    rows = []
    for user in range(150):
        at = pd.Timestamp("2026-09-20 16:00") + pd.Timedelta(hours=int(rng.integers(0, 54 * 24)))
        channel = ("search", "display", "video", None)[user % 4]
        for depth, event in enumerate(("visit", "view", "cart", "checkout", "purchase")):
            if depth and rng.random() > 0.7:
                break
            rows.append((f"u{user:03d}", at, event, channel, ("ios", "android")[user % 2], "Double 11", f"s{user}"))
            at += pd.Timedelta(minutes=int(rng.integers(0, 600)))
    columns = ["user_id", "timestamp", "event", "channel", "device", "campaign", "session_id"]
    loads = np.random.default_rng(8).gamma(4, 600, len(rows)).round()
    return pd.DataFrame(rows, columns=columns).astype({"timestamp": "datetime64[us]"}).assign(load_ms=loads)


def _orders() -> pd.DataFrame:
    rng = np.random.default_rng(6)
    n = 400
    at = pd.Timestamp("2026-09-20 16:00") + pd.to_timedelta(rng.integers(0, 56 * 24 * 60, n), unit="min")
    paid = pd.Series(at + pd.Timedelta(minutes=3)).where(rng.random(n) < 0.85)
    return pd.DataFrame(
        {
            "order_id": [f"o{i:04d}" for i in range(n)],
            "timestamp": at,
            "revenue": rng.lognormal(4, 0.6, n).round(2),
            "currency": "CNY",
            "user_id": [f"u{u:03d}" for u in rng.integers(0, 150, n)],
            "paid_at": paid,
            "refund": np.where(rng.random(n) < 0.1, 5.0, 0.0),
            "channel": rng.choice(["search", "display", "video"], n),
            "campaign": "Double 11",
        }
    ).astype({"timestamp": "datetime64[us]", "paid_at": "datetime64[us]"})


def _spend() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    days = pd.date_range("2026-09-20 16:00", periods=56, unit="us")
    parts = []
    for channel, ceiling, half in (("search", 900, 100), ("display", 700, 300), ("video", 1200, 500)):
        spent = rng.gamma(4, half / 4, len(days)).round(2)
        earned = ceiling * spent / (half + spent) * rng.lognormal(0, 0.05, len(days))
        frame = pd.DataFrame({"period_start": days, "period_end": days + pd.Timedelta(days=1), "channel": channel})
        parts.append(frame.assign(spend=spent, currency="CNY", campaign="Double 11", attributed_revenue=earned))
    return pd.concat(parts, ignore_index=True)
