"""Frozen values: round trips are exact, digests are stable, and nothing but a SluiceError ever comes out."""

from __future__ import annotations

import datetime as dt
import json
import math
import sys
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.audience.coverage import Coverage
from analysis.audience.lifecycle import Lifecycle
from analysis.budget.allocation.rules import Limit
from analysis.comparison.question import Comparison
from analysis.errors import QuestionError, SluiceError
from analysis.goals import FigureOf, Goal
from analysis.imports.columns.mapping import ColumnMapping
from analysis.journey.funnel.change import FunnelChange
from analysis.journey.funnel.conventions import FunnelRules
from analysis.journey.funnel.dropoffs import DropOffs
from analysis.journey.funnel.duration import TimeToConvert
from analysis.journey.funnel.money import FunnelMoney
from analysis.journey.funnel.question import Funnel
from analysis.journey.funnel.stop import FunnelStop
from analysis.journey.loyalty.retention import Retention, RetentionCell
from analysis.journey.paths.of_funnel import FunnelPaths
from analysis.journey.steps import Exclusion, Step
from analysis.messages import translate
from analysis.notebook import Cell, Notebook, Quote, Seen, Unread, Words
from analysis.people import InAll, InAny, InGroup, InSegment, NotIn, WithRows
from analysis.plan.scorecard import QuarterWeights
from analysis.question import Question
from analysis.reallocation.challenge import Challenge
from analysis.reallocation.rules import Card
from analysis.records import (
    Adjustment,
    Alias,
    CalendarDay,
    ChannelTag,
    DisplayName,
    ExchangeRate,
    Forecast,
    Lesson,
    LiftTest,
    PlanLine,
    Task,
    Trial,
)
from analysis.rules.actions import ChangeBudget, Pause
from analysis.rules.conditions import AnyOf, Compare, NotOf, Reading
from analysis.rules.rule_set import Rule
from analysis.values import Campaign, Filter, Phase, Value, base, kinds, local_day, local_midnight, seconds
from analysis.vocabulary import TABLES, column_names
from analysis.workspace import FileMapping, Segment

PLAIN: dict[str, Value] = {
    "funnel": Funnel(steps=("view", "cart")),
    "funnel-paths": FunnelPaths(funnel=Funnel(steps=("view", "cart"))),
    "funnel-rules": FunnelRules(funnel=Funnel(steps=("view", "cart"))),
    "time-to-convert": TimeToConvert(funnel=Funnel(steps=("view", "cart"))),
    "drop-offs": DropOffs(funnel=Funnel(steps=("view", "cart"))),
    "funnel-money": FunnelMoney(funnel=Funnel(steps=("view", "cart"))),
    "comparison": Comparison(left=Funnel(steps=("view", "cart")), right=Lifecycle()),
    "funnel-change": FunnelChange(
        funnel=Funnel(steps=("view", "cart")), before=Filter(end="2026-11-01"), after=Filter(start="2026-11-02")
    ),
    "coverage": Coverage(audience=Filter(channel="search")),
    "step": Step("view"),
    "exclusion": Exclusion("refund"),
    "phase": Phase(name="burst", start="2026-11-01", end="2026-11-11"),
    "campaign": Campaign(name="Double 11", start="2026-11-01", end="2026-11-15"),
    "mapping": ColumnMapping(table="orders"),
    "file-mapping": FileMapping(headings=("day", "cost"), mapping=ColumnMapping(table="spend")),
    "segment": Segment(question=Lifecycle(at="2026-11-10"), users=3, data="0a"),
    "funnel-stop": FunnelStop(funnel=Funnel(steps=("view", "cart")), step=2),
    "retention-cell": RetentionCell(retention=Retention(), cohort="2026-11-02"),
    "in-group": InGroup(of=Lifecycle(), groups="reach"),
    "in-segment": InSegment(name="vip"),
    "not-in": NotIn(part=InSegment(name="vip")),
    "in-all": InAll(parts=[InSegment(name="vip"), WithRows(values="cart")]),
    "in-any": InAny(parts=[InSegment(name="vip"), NotIn(part=InSegment(name="new"))]),
    "exchange-rate": ExchangeRate(currency="USD", day="2026-11-11", rate=7.1, into="CNY"),
    "adjustment": Adjustment(day="2026-11-02", from_channel="display", to_channel="search", amount=1200),
    "alias": Alias(column="channel", code="Google Ads", meant="google"),
    "calendar-day": CalendarDay(name="peak", start="2026-11-11"),
    "lift-test": LiftTest(
        channel="display", start="2026-10-01", end="2026-10-07", spend_change=-1400, sales_change=-2100, error=400
    ),
    "plan-line": PlanLine(stage="execution", line="display", amount=9_000),
    "channel-tag": ChannelTag(channel="display", tag="own"),
    "forecast": Forecast(
        name="best split", made="2026-11-16", spend=9_000, revenue=20_000, low=18_000, high=22_000, basis="claims"
    ),
    "figure": FigureOf(question=Lifecycle(), column="users", row={"stage": "reach"}),
    "goal": Goal(name="ROI 3.5", figure="roi", target=3.5),
    "task": Task(name="Interview regulars", stage="diagnosis"),
    "lesson": Lesson(learnt="Begin earlier", campaign="Double 11"),
    "trial": Trial(name="Bundle", tries="price", share=0.05),
    "quarter-weights": QuarterWeights(quarter="Q4"),
    "display-name": DisplayName(column="channel", code="live_stream", language="zh_CN", name="直播"),
    "quote": Quote(cell="a", column="rate", row={"event": "cart"}),
    "unread": Unread(json='{"kind":"telepathy"}'),
    "seen": Seen(data="0a", figures="1b", said={"en": "50% went on."}),
    "cell": Cell(id="a", holds=Words(text="x")),
    "reading": Reading(metric="roi"),
    "compare": Compare(left=Reading(metric="roi"), is_="<", than=0.8),
    "not-of": NotOf(of=(AnyOf(),)),
    "change-budget": ChangeBudget(percent=-0.2),
    "challenge": Challenge(name="the long weekend"),
    "sealed-challenge": Challenge(name="the long weekend").sealed(),
    "shock-card": Card(shock="surge"),
    "rule": Rule(name="stop", then=(Pause(),)),
    "limit": Limit(tags=("private",), least=0.4, of="spend"),
    "notebook": Notebook(title="Review", cells=(Cell(id="a", holds=Words(text="x")),)),
}
"""Instances of kinds that need something; the others are made with their defaults."""
NAMES = {name: cls for cls in base._KINDS.values() for name in (cls.__name__,)}


def instance(kind: str) -> Value:
    return PLAIN[kind] if kind in PLAIN else base._KINDS[kind]()


# ---- strategies -------------------------------------------------------------------------------------------

lines = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), min_size=1, max_size=30).filter(str.strip)
names = st.lists(lines, max_size=3).map(tuple)
days = st.dates(dt.date(1970, 1, 1), dt.date(2199, 12, 31))
windows = st.builds("{}{}".format, st.integers(1, 999), st.sampled_from("smhdw"))
moments = st.datetimes(timezones=st.sampled_from([None, dt.UTC, dt.timezone(dt.timedelta(hours=8))]),
                       min_value=dt.datetime(1971, 1, 1), max_value=dt.datetime(2199, 1, 1))  # fmt: skip
zones = st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York", "Europe/Berlin", "Asia/Kathmandu"])


kept = st.lists(lines, min_size=1, max_size=2)


@st.composite
def filters(draw: st.DrawFn) -> Filter:
    start, end = sorted(draw(st.tuples(days, days)))
    ends = {"start": draw(st.sampled_from([start, None])), "end": draw(st.sampled_from([end, None]))}
    own = draw(st.dictionaries(lines.filter(lambda n: n not in ("campaign", "channel", "device")), kept, max_size=2))
    return Filter(**ends, campaign=draw(names), channel=draw(names), device=draw(names), segment=own)


conditions = st.dictionaries(lines, kept, max_size=2)
events = st.lists(lines, min_size=1, max_size=3)
funnels = st.builds(
    Funnel,
    steps=st.lists(lines | st.builds(Step, events, where=conditions), min_size=2, max_size=5),
    window=windows | st.just("session"),
    order=st.sampled_from(["ordered", "strict"]),
    entry=st.sampled_from(["every", "first"]),
    exclusions=st.lists(lines | st.builds(Exclusion, events, where=conditions), max_size=2),
    hold=st.none() | lines,
    breakdown_at=st.sampled_from(["first", "last", 1, 2]),
    dates=st.sampled_from(["entry", "conversion"]),
    profile=st.sampled_from([None, "posthog", "mixpanel"]),
    breakdown=st.none() | lines,
    observed_until=st.none() | moments,
    where=st.none() | filters(),
)


@st.composite
def campaigns(draw: st.DrawFn) -> Campaign:
    edges = sorted(draw(st.lists(days, min_size=2, max_size=8, unique=True)))
    edges = edges[: len(edges) // 2 * 2]
    phases = [Phase(name=draw(lines), start=a, end=b) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return Campaign(
        name=draw(lines),
        start=edges[0],
        end=edges[-1],
        phases=phases,
        budget=draw(st.none() | st.floats(0, 1e12) | st.integers(0, 10**12)),
        margin=draw(st.none() | st.floats(0, 1)),
        zone=draw(zones),
        currency=draw(st.sampled_from(["CNY", "usd", "Eur"])),
    )


@st.composite
def mappings(draw: st.DrawFn) -> ColumnMapping:
    table = draw(st.sampled_from(list(TABLES)))
    columns = draw(st.lists(st.sampled_from(column_names(table)), unique=True, max_size=6))
    cut = draw(st.integers(0, len(columns)))
    return ColumnMapping(
        table=table,
        columns={c: draw(lines) for c in columns[:cut]},
        constants={c: draw(lines) for c in columns[cut:]},
        zone=draw(zones),
        period=draw(windows),
        hashed=draw(st.lists(st.sampled_from([c.name for c in TABLES[table] if c.type == "text"]), max_size=2)),
    )


drawn = st.one_of(funnels, filters(), campaigns(), mappings())


# ---- round trips ------------------------------------------------------------------------------------------


def assert_round_trip(value: Value) -> None:
    again = (
        type(value).from_dict(value.to_dict()),
        Value.from_dict(json.loads(json.dumps(value.to_dict()))),
        Value.from_json(value.to_json()),
        eval(repr(value), dict(NAMES)),
    )
    for other in again:
        assert type(other) is type(value)
        assert other == value
        assert other.digest() == value.digest()
        assert repr(other) == repr(value)


@settings(max_examples=60)
@given(drawn)
def test_values_survive_every_way_of_writing_them(value: Value) -> None:
    assert_round_trip(value)


@pytest.mark.parametrize("kind", kinds())
def test_every_registered_kind_survives_every_way_of_writing_it(kind: str) -> None:
    value = instance(kind)
    assert value.kind == kind
    assert_round_trip(value)
    assert list(json.loads(value.to_json())) == sorted(value.to_dict())
    if isinstance(value, Question):
        assert_round_trip(value.replace(where=Filter(channel=("a", "b"), end="2026-11-11")))


@settings(max_examples=40)
@given(drawn, drawn)
def test_digests_tell_different_values_apart(one: Value, other: Value) -> None:
    same = one.to_json() == other.to_json()
    assert (one.digest() == other.digest()) == same
    assert (repr(one) == repr(other)) == same


def test_digest_is_the_same_in_every_release() -> None:
    # printf '{"campaign":[],"channel":[],"device":[],"end":null,"kind":"filter","start":null,"version":1}' | sha256sum
    asked = Funnel(steps=("view", "cart"))
    assert asked.to_json() == (
        '{"breakdown":null,"breakdown_at":"first","dates":"entry","entry":"every","exclusions":[],"hold":null,'
        '"kind":"funnel","observed_until":null,"order":"ordered","profile":null,"steps":["view","cart"],"version":1,'
        '"where":null,"window":"7d"}'
    )
    assert Filter().digest() == "7941e834c4fab1060c3ff997aa62188dcf59ca0ab51498cba41e9b20688eabef"


def test_a_filter_of_segments_is_one_value_however_it_is_given() -> None:
    where = Filter(segment={"stage": "reach", "a b": ["x", "y", "x"]}, channel="c")
    assert where.segment == (("a b", ("x", "y")), ("stage", ("reach",)))
    assert where.columns() == {"channel": ("c",), "a b": ("x", "y"), "stage": ("reach",)}
    assert where.to_json() == (
        '{"campaign":[],"channel":["c"],"device":[],"end":null,"kind":"filter",'
        '"segment":[["a b",["x","y"]],["stage",["reach"]]],"start":null,"version":1}'
    )
    assert where.without("a b", "channel") == Filter(segment={"stage": ("reach",)})
    assert "segment" not in where.without("a b", "stage").to_dict()
    assert_round_trip(Funnel(steps=("view", "cart"), where=where))


@pytest.mark.parametrize("given", [{"stage": ()}, {"": "x"}, {"stage": 1}, "stage", 5, [("a",)], {"stage": [""]}])
def test_a_filter_of_segments_maps_columns_to_names(given: Any) -> None:
    with pytest.raises(QuestionError, match="it must map columns to the values to keep"):
        Filter(segment=given)


@pytest.mark.parametrize("column", ["campaign", "channel", "device"])
def test_what_a_filter_has_a_place_for_is_no_segment(column: str) -> None:
    with pytest.raises(QuestionError, match="the filter has a place of its own for it"):
        Filter(segment={column: "x"})


def test_equal_fields_of_different_type_do_not_share_a_digest() -> None:
    assert len({Filter(channel=text).digest() for text in ("1", "1.0", "True", "true")}) == 4
    assert Funnel(steps=("1", "2")).digest() != Funnel(steps=("1", "2"), breakdown="1").digest()


def test_a_number_is_stored_one_way() -> None:
    written = {
        Campaign(name="c", start="2026-01-01", end="2026-01-01", budget=b).to_json()
        for b in (1, 1.0, np.float32(1), Decimal(1))
    }
    assert len(written) == 1
    assert '"budget":1.0' in written.pop()


def test_what_people_give_becomes_the_one_stored_form() -> None:
    given_ = Funnel(
        steps=["view", "cart"], window=dt.timedelta(hours=48), where=Filter(start=dt.date(2026, 1, 2), channel="x")
    )
    assert given_ == Funnel(steps=("view", "cart"), window="2d", where=Filter(start="2026-01-02", channel=("x",)))
    assert (Funnel(steps=("a", "b"), window="1w").window, Funnel(steps=("a", "b"), window="90M").window) == (
        "7d",
        "90m",
    )


@pytest.mark.parametrize("kind", kinds(Question))
def test_every_question_says_what_it_asks(kind: str) -> None:
    titles = {other: base._KINDS[other].title for other in kinds(Question)}  # type: ignore[attr-defined]
    assert titles[kind].endswith("?")
    assert list(titles.values()).count(titles[kind]) == 1
    assert translate(titles[kind], "zh_CN").endswith("？")


# ---- what is refused --------------------------------------------------------------------------------------

BAD_WINDOWS = [
    0,
    -1,
    1,
    1.0,
    True,
    False,
    None,
    math.nan,
    math.inf,
    -math.inf,
    "",
    "0d",
    "-1d",
    "1",
    "d",
    "1.5h",
    "7 d",
    "1y",
    "１d",
    "inf",
    "nan",
    "9999999999d",
    "36501d",
    "7d\n7d",
    dt.timedelta(0),
    dt.timedelta(days=-1),
    [],
    {},
    b"7d",
]


@pytest.mark.parametrize("window", BAD_WINDOWS, ids=repr)
def test_a_window_is_a_length_of_time(window: Any) -> None:
    with pytest.raises(QuestionError) as raised:
        Funnel(steps=("a", "b"), window=window)
    assert raised.value.code == "bad-value"


@pytest.mark.parametrize(
    "window", [dt.timedelta(microseconds=1), dt.timedelta(seconds=90, microseconds=500_000), dt.timedelta.max]
)
def test_a_window_is_never_cut_short_silently(window: dt.timedelta) -> None:
    with pytest.raises(QuestionError):
        Funnel(steps=("a", "b"), window=window)


@pytest.mark.parametrize("budget", [math.nan, math.inf, -math.inf, -1, -0.01, True, False, "1", 1j, [], {}], ids=repr)
def test_a_number_is_finite_and_in_range(budget: Any) -> None:
    with pytest.raises(QuestionError):
        Campaign(name="c", start="2026-01-01", end="2026-01-01", budget=budget)


@pytest.mark.parametrize("budget", [10**400, Decimal("1e400"), np.array([1.0, 2.0])], ids=["int", "decimal", "array"])
def test_a_number_too_large_for_a_float_is_refused_politely(budget: Any) -> None:
    with pytest.raises(QuestionError):
        Campaign(name="c", start="2026-01-01", end="2026-01-01", budget=budget)


@pytest.mark.parametrize(
    "fields",
    [
        {"steps": ("a",)},
        {"steps": "ab"},
        {"steps": ()},
        {"steps": ("a", "")},
        {"steps": ("a", 1)},
        {"steps": ("a", None)},
        {"steps": None},
        {"steps": 5},
        {"steps": ("a", "\ud800")},
        {"breakdown": "\udfff"},
        {"entry": "second"},
        {"entry": ["every"]},
        {"entry": None},
        {"order": "sideways"},
        {"breakdown": ""},
        {"breakdown": "  "},
        {"breakdown": "a\nb"},
        {"breakdown": "x" * 201},
        {"breakdown": 3},
        {"observed_until": "yesterday"},
        {"observed_until": 5},
        {"observed_until": ""},
        {"observed_until": "0001-01-01T00:00+14:00"},
        {"where": "x"},
        {"where": {}},
    ],
    ids=repr,
)
def test_fields_that_do_not_fit_are_named(fields: dict[str, Any]) -> None:
    with pytest.raises(QuestionError) as raised:
        Funnel(**{"steps": ("a", "b"), **fields})
    assert str(raised.value).startswith(next(iter(fields)))


@pytest.mark.parametrize(
    "fields",
    [
        {"start": "2026-02-30"},
        {"start": "11/11/2026"},
        {"start": 20261111},
        {"start": "1969-12-31"},
        {"end": "2200-01-01"},
        {"start": "2026-01-02", "end": "2026-01-01"},
        {"channel": ("a", "")},
        {"device": 5},
        {"campaign": ("x",) * 1001},
    ],
    ids=lambda f: repr(f)[:40],
)
def test_filters_that_do_not_fit_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(QuestionError):
        Filter(**fields)


def test_phases_and_mappings_that_contradict_themselves_are_refused() -> None:
    days_ = {"name": "c", "start": "2026-01-01", "end": "2026-01-31"}
    first = Phase(name="a", start="2026-01-01", end="2026-01-10")
    Campaign(**days_, phases=(first, Phase(name="b", start="2026-01-11", end="2026-01-12")))
    for phases in ((first, Phase(name="b", start="2026-01-10", end="2026-01-12")), (first, "x"), 5):
        with pytest.raises(QuestionError):
            Campaign(**days_, phases=phases)
    with pytest.raises(QuestionError):
        Campaign(**days_ | {"end": "2025-12-31"})
    for field in (
        {"zone": "Mars/Olympus"},
        {"zone": ["UTC"]},
        {"zone": None},
        {"currency": "YUAN"},
        {"currency": "CN¥"},
        {"margin": 1.01},
        {"name": " "},
    ):
        with pytest.raises(QuestionError):
            Campaign(**days_ | field)
    for mapping in (
        {"table": "users"},
        {"table": ["events"]},
        {"columns": {"nothing": "x"}},
        {"columns": {"event": ""}},
        {"columns": [1]},
        {"columns": 5},
        {"columns": {"event": "x"}, "constants": {"event": "y"}},
        {"period": "0d"},
        {"columns": [("event", "x"), ("event", "y")]},
        {"hashed": ("nothing",)},
        {"hashed": ("timestamp",)},
    ):
        with pytest.raises(QuestionError):
            ColumnMapping(**{"table": "events", **mapping})


def test_values_are_frozen() -> None:
    asked = Funnel(steps=("a", "b"))
    with pytest.raises(AttributeError):
        asked.window = "1d"  # type: ignore[misc]
    assert asked.replace(window="1d") != asked
    with pytest.raises(QuestionError):
        asked.replace(window="soon")
    assert len({asked, Funnel(steps=["a", "b"])}) == 1


# ---- what was stored elsewhere ----------------------------------------------------------------------------

STORED = Funnel(steps=("a", "b"), where=Filter(channel="x")).to_dict()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": "funnnel"}, "unknown-kind"),
        ({"kind": ["funnel"]}, "unknown-kind"),
        ({"kind": None}, "unknown-kind"),
        ({"version": 2}, "newer-version"),
        ({"version": None}, "newer-version"),
        ({"version": "1"}, "newer-version"),
        ({"colour": "red"}, "unknown-field"),
        ({"where": {"kind": "filter"}}, "newer-version"),
        ({"where": {"kind": "filter", "version": 1, "color": 1}}, "unknown-field"),
        (
            {"where": {"kind": "phase", "version": 1, "name": "x", "start": "2026-01-01", "end": "2026-01-01"}},
            "bad-value",
        ),
        ({"where": {"start": "2026-01-01"}}, "unreadable"),
        ({"steps": {"a": 1}}, "unreadable"),
    ],
    ids=repr,
)
def test_stored_values_we_do_not_know_are_refused_by_name(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(QuestionError) as raised:
        Question.from_dict({**STORED, **changes})
    assert raised.value.code == code


def test_unknown_kind_names_the_nearest() -> None:
    with pytest.raises(QuestionError, match=r"There is no question 'funel'\. Did you mean funnel"):
        Question.from_dict({**STORED, "kind": "funel"})
    with pytest.raises(QuestionError, match=r"There is no setting 'windw'\. Did you mean window"):
        Question.from_dict({**STORED, "windw": "7d"})


def test_a_field_that_is_needed_is_named() -> None:
    with pytest.raises(QuestionError, match="steps cannot be None: it is needed"):
        Question.from_dict({"kind": "funnel", "version": 1})
    assert Question.from_dict({"kind": "funnel", "version": 1, "steps": ["a", "b"]}) == Funnel(steps=("a", "b"))


def test_a_value_of_another_kind_is_not_taken_for_a_question() -> None:
    with pytest.raises(QuestionError) as raised:
        Question.from_dict(Filter().to_dict())
    assert raised.value.code == "unknown-kind"


texts = st.text(max_size=60) | st.sampled_from(["NaN", "[", "null", "1e999", '{"kind":1}', "[" * 5000, '"\\ud800"'])


@given(texts)
def test_random_text_is_refused(text: str) -> None:
    with pytest.raises(SluiceError):
        Question.from_json(text)


keys = st.text(max_size=4) | st.sampled_from(["kind", "version", *STORED, *Filter().to_dict()])
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(kinds())
trees = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)


@given(tree=trees, kind=st.sampled_from(kinds()), data=st.data())
def test_random_json_never_raises_anything_else(tree: Any, kind: str, data: st.DataObject) -> None:
    whole = instance(kind).to_dict()
    field = data.draw(st.sampled_from(sorted(whole)))
    for given_ in (tree, {**whole, field: tree}):
        try:
            made = Value.from_json(json.dumps(given_))
        except SluiceError:
            continue
        assert_round_trip(made)


def test_deep_nesting_is_refused() -> None:
    deep: Any = []
    for _ in range(sys.getrecursionlimit() // 2):
        deep = [deep]
    with pytest.raises(SluiceError):
        Question.from_dict({**STORED, "steps": deep})
    with pytest.raises(SluiceError):
        Question.from_json('{"kind":"funnel","version":1,"steps":' + "[" * 900 + "]" * 900 + "}")


# ---- days and windows -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "zone", "begins"),
    [
        ("2020-01-01", "Asia/Shanghai", "2019-12-31 16:00"),
        ("2020-01-01", "America/Los_Angeles", "2020-01-01 08:00"),
        ("2026-03-09", "America/New_York", "2026-03-09 04:00"),  # the day after clocks went forward
        ("2026-03-08", "America/New_York", "2026-03-08 05:00"),
        ("2026-10-25", "Europe/Berlin", "2026-10-24 22:00"),
        ("2026-10-26", "Europe/Berlin", "2026-10-25 23:00"),
        ("2026-01-01", "Asia/Kathmandu", "2025-12-31 18:15"),
    ],
)
def test_a_day_begins_at_local_midnight(day: str, zone: str, begins: str) -> None:
    assert local_midnight(day, zone) == dt.datetime.fromisoformat(begins)


@given(days, zones)
def test_a_days_first_and_last_moment_belong_to_it(day: dt.date, zone: str) -> None:
    start, end = Filter(start=day, end=day).bounds(zone)
    assert start is not None and end is not None
    tick = dt.timedelta(microseconds=1)
    assert local_day(start, zone) == local_day(end - tick, zone) == day.isoformat()
    assert local_day(start - tick, zone) < day.isoformat() < local_day(end, zone)


@given(windows)
def test_windows_keep_their_length(window: str) -> None:
    sizes = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
    assert seconds(Funnel(steps=("a", "b"), window=window).window) == int(window[:-1]) * sizes[window[-1]]


def test_a_phase_holds_its_first_and_last_day() -> None:
    campaign = PLAIN["campaign"].replace(phases=(PLAIN["phase"],))  # type: ignore[call-arg]
    found = [campaign.phase_of(day) for day in ("2026-10-31", "2026-11-01", "2026-11-11", "2026-11-12")]  # type: ignore[attr-defined]
    assert found == [None, "burst", "burst", None]
