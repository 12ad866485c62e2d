"""A question has one answer, whether the events lie in frames, in a workspace or on a Spark cluster."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from pandas.testing import assert_frame_equal
from sizes import cases

from analysis import (
    Campaign,
    Filter,
    Funnel,
    FunnelStop,
    InAll,
    InAny,
    InSegment,
    NotIn,
    Retention,
    RetentionCell,
    Segments,
    Tables,
    WithRows,
    open_workspace,
    read_export,
)  # fmt: skip
from analysis.answer import Answer
from analysis.people import People
from analysis.question import Question
from analysis.records import Recorded
from analysis.values import kinds

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data"
CAMPAIGN = Campaign.from_json((SAMPLE / "campaign.json").read_text(encoding="utf-8"))
PLAN = tuple(map(Recorded.from_dict, json.loads((SAMPLE / "records.json").read_text(encoding="utf-8"))))
NOVEMBER = Filter(start="2026-11-01", end="2026-11-11")
PAID = Filter(start="2026-10-25", campaign="Double 11 2026", channel=("paid_search", "short_video"))
WAY = ("view", "cart", "checkout", "purchase")

VARIANTS: Mapping[str, tuple[dict[str, Any], ...]] = {
    "funnel": (
        {"steps": WAY, "where": NOVEMBER},
        {"steps": WAY, "breakdown": "channel", "where": PAID},
        {"steps": WAY, "breakdown": "device", "entry": "first", "window": "36h"},
        {"steps": ("view", "cart", "purchase"), "order": "strict", "window": "session", "where": NOVEMBER},
        {"steps": ("view", "favorite", "cart"), "order": "any", "hold": "campaign", "exclusions": "share"},
        {"steps": ("view", "view", "cart"), "breakdown": "page", "observed_until": "2026-11-10 15:59:59.999999"},
    ),
    "retention": (
        {"start": "visit", "returns": (), "breakdown": "channel", "where": NOVEMBER},
        {"period": "month", "counting": "rolling", "unbounded": True, "where": PAID.replace(start="2026-09-21")},
        {"period": "campaign", "start": "purchase"},
        {"period": "day", "measure": "revenue", "periods": 30, "where": NOVEMBER},
    ),
    "participation": ({"by": "purchase"}, {"paid_orders": 1}),
    "attribution": (
        {"where": NOVEMBER},
        {"where": PAID, "by": "campaign", "repeats": "session", "touches": (), "paths": "all"},
        {"value": "revenue", "window": "36h", "direct": "organic"},
        {"value": "value", "by": "creative", "repeats": "row", "models": ("linear", "markov")},
        {"by": "phase", "models": ("first", "last"), "where": NOVEMBER},
    ),
    "paths": (
        {"where": NOVEMBER},
        {"start": "purchase", "direction": "before", "session": True, "where": PAID},
        {"start": "view", "until": "purchase", "count": "occurrences", "collapse": False},
    ),
    "page-speed": ({"where": NOVEMBER}, {"breakdown": "channel", "window": "36h", "slow": 2.5}),
    "funnel-paths": (
        {"funnel": Funnel(steps=WAY, breakdown="device"), "step": 2, "group": "android", "where": NOVEMBER},
        {"funnel": Funnel(steps=WAY, window="session"), "step": 3, "direction": "before", "where": NOVEMBER},
    ),
    "drop-offs": ({"funnel": Funnel(steps=WAY), "where": NOVEMBER, "least": 20},),
    "funnel-money": ({"funnel": Funnel(steps=WAY, breakdown="channel"), "where": NOVEMBER},),
    "funnel-change": (
        {
            "funnel": Funnel(steps=WAY),
            "before": Filter(campaign="Double 11 2025"),
            "after": Filter(campaign="Double 11 2026"),
            "by": "device",
        },
    ),
    "funnel-rules": ({"funnel": Funnel(steps=WAY), "where": NOVEMBER},),
    "time-to-convert": ({"funnel": Funnel(steps=WAY, breakdown="device"), "where": NOVEMBER},),
    "nodes": ({"nodes": ("share", "invite"), "window": "36h", "where": NOVEMBER}, {"nodes": "view", "phases": False}),
}
"""How each question about journeys is asked beside its plainest form. A new one has to stand here."""

Ask = Callable[[str], Question]


def _classes(base: type[Question]) -> Iterator[type[Question]]:
    for cls in base.__subclasses__():
        yield cls
        yield from _classes(cls)


JOURNEY = {
    cls.kind: cls
    for cls in _classes(Question)
    if "kind" in cls.__dict__ and cls.__module__.startswith("analysis.journey.")
}
CASES = [(kind, n) for kind in JOURNEY for n in range(len(VARIANTS.get(kind, ())))]
DATA = ("sample", "tied")
IN_TURN = [(DATA[(i + k) % 2], kind, n) for i, (kind, n) in enumerate(CASES) for k in range(cases(2))]
"""Each of one of the data sets in turn; with `THOROUGH=true` of both."""
ELSEWHERE = ("frames", "workspace")


# ---- the same data in three places ------------------------------------------------------------------------


def _sample() -> dict[str, pd.DataFrame]:
    times = {"orders": ["timestamp", "paid_at"], "spend": ["period_start", "period_end"]}
    read = {t: pd.read_csv(SAMPLE / f"{t}.csv", parse_dates=columns) for t, columns in times.items()}
    return {"events": pd.read_parquet(SAMPLE / "events.parquet"), **read}


def _tied() -> dict[str, pd.DataFrame]:
    """Return a part of the sample with ids that are numbers, clocks that tick by the hour, gaps, and guests' orders."""
    random, whole = np.random.default_rng(7), _sample()
    events, orders = whole["events"].sample(60_000, random_state=1), whole["orders"].sample(3_000, random_state=2)
    for frame in (events, orders):
        frame["user_id"] = frame["user_id"].str[1:].astype(int) % 3_000
        for column in frame.select_dtypes("datetime"):
            frame[column] = frame[column].dt.floor("h").dt.tz_localize("UTC")
    events["channel"] = events["channel"].where(random.random(len(events)) > 0.2)
    events["load_ms"] = events["load_ms"].where(random.random(len(events)) > 0.2).astype(float)
    orders["user_id"] = orders["user_id"].astype("Int64").where(random.random(len(orders)) > 0.1)
    return {"events": events, "orders": orders}


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Mapping[str, Path]]:
    """Return a function from a data set to its tables' files; in "tied" the times carry a zone."""

    @cache
    def write(data: str) -> Mapping[str, Path]:
        folder = tmp_path_factory.mktemp(data)
        for table, frame in {"sample": _sample, "tied": _tied}[data]().items():
            times = {
                column: frame[column].dt.as_unit("us") for column in frame.select_dtypes(["datetime", "datetimetz"])
            }
            frame.assign(**times).to_parquet(folder / f"{table}.parquet", index=False)
        return {path.stem: path for path in sorted(folder.iterdir())}

    return write


@pytest.fixture(scope="session")
def where(files: Any, spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Tables]:
    """Return a function from a place and a data set to the tables there."""

    @cache
    def find(place: str, data: str) -> Tables:
        paths: Mapping[str, Path] = files(data)
        if place == "workspace":
            workspace = open_workspace(tmp_path_factory.mktemp(place) / f"{data}.duckdb")
            workspace.campaign = CAMPAIGN
            for line in PLAN:
                workspace.keep(line.title, line)
            workspace.add(*(read_export(path, zone="UTC") for path in paths.values()))
            return workspace.tables()
        if place == "frames":
            return Tables(
                **{table: pq.read_table(path) for table, path in paths.items()}, campaign=CAMPAIGN, records=PLAN
            )
        read = {table: spark.read.parquet(str(path)).repartition(5) for table, path in paths.items()}
        return Tables.from_spark(**read, campaign=CAMPAIGN, records=PLAN)

    return find


# ---- the answers ------------------------------------------------------------------------------------------


DRAWN = {"attribution"}
"""Questions with bounds from a bootstrap over users: who is drawn with whom depends on how a place numbers its users.
So do their columns `low`, `high` and the like, and what the headline says of them."""

CLOSE: Mapping[str, float] = {
    **dict.fromkeys(("response-curves", "scenario", "allocation", "budget-frontier", "plans"), 1e-6),
    **dict.fromkeys(("simulation", "break-even", "rule-sweep", "rule-check", "rule-replay"), 1e-9),
}
"""Where figures are more than sums: a fit and a search stop within a tolerance, regret and effects are differences of
large sums."""


def assert_same(found: Answer, expected: Answer) -> None:
    """Compare all that is told; Spark adds up in another order, so the last digits of a sum may differ."""
    rtol = CLOSE.get(expected.question.kind, 1e-12)
    drawn = expected.question.kind in DRAWN
    assert list(found.frames) == list(expected.frames)
    for name, frame in expected.frames.items():
        left_out = [c for c in frame if drawn and c.split("_")[-1] in ("low", "high")]
        ours, theirs = (answer.frame(name).drop(columns=left_out) for answer in (found, expected))
        assert_frame_equal(ours, theirs, rtol=rtol, atol=0, obj=name)
    assert drawn or found.headline.text() == expected.headline.text()
    assert [note.message.text() for note in found.notes] == [note.message.text() for note in expected.notes]


def test_every_question_about_journeys_is_asked_here() -> None:
    assert set(VARIANTS) == set(JOURNEY)
    assert all(VARIANTS.values())


@pytest.mark.parametrize(("data", "kind", "n"), IN_TURN)
def test_journeys(where: Callable[[str, str], Tables], data: str, kind: str, n: int) -> None:
    question = JOURNEY[kind](**VARIANTS[kind][n])
    found = question.run(where("spark", data))
    for place in ELSEWHERE:
        assert_same(found, question.run(where(place, data)))


# Findings only asks others, each of which is tried here by itself; all at once they collect more than the bound allows.
PLAINEST = [kind for kind in kinds(Question) if kind != "findings" and (kind not in JOURNEY or cases(2) == 2)]
"""Those about journeys stand above in further forms; with `THOROUGH=true` here too."""


@pytest.mark.parametrize("kind", PLAINEST)
def test_every_question_in_its_plainest_form(where: Callable[[str, str], Tables], ask: Ask, kind: str) -> None:
    question = ask(kind)
    found = question.run(where("spark", "sample"))
    for place in ELSEWHERE:
        assert_same(found, question.run(where(place, "sample")))


PEOPLE: tuple[People, ...] = (
    WithRows(values=("cart", "checkout"), where=NOVEMBER),
    WithRows(column="load_ms", least=4_000, times=3),
    WithRows(table="orders", column="revenue", least=300, times=2),
    FunnelStop(funnel=Funnel(steps=WAY, where=NOVEMBER), step=3),
    RetentionCell(retention=Retention(start="visit", returns=()), cohort="2026-11-02", back=False),
    InSegment(name="channel", groups=("paid_search", "short_video")),
    InAll(parts=[WithRows(values="view"), NotIn(part=InAny(parts=[WithRows(values="cart"), WithRows(table="orders",
          column="revenue")]))]),
)  # fmt: skip
"""Who is meant, in every kind of part."""


@pytest.mark.parametrize(
    ("data", "people"),
    [
        pytest.param(data, people, id=f"{people.kind}-{data}")
        for i, people in enumerate(PEOPLE)
        for data in (DATA if cases(2) == 2 else DATA[i % 2 :][:1])
    ],
)
def test_the_same_people_are_meant(where: Callable[[str, str], Tables], data: str, people: People) -> None:
    found = [sorted(people.ids(where(place, data)).to_pylist()) for place in ("spark", *ELSEWHERE)]
    assert (found[0] or data == "tied") and found[0] == found[1] == found[2]


def test_segments_beside_each_other(where: Callable[[str, str], Tables]) -> None:
    question = Segments(by=("channel", "device", "audience"), where=NOVEMBER)
    found = question.run(where("spark", "tied"))
    for place in ELSEWHERE:
        assert_same(found, question.run(where(place, "tied")))
