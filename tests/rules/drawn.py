"""Rule sets drawn at random, over every field that a rule can have."""

from __future__ import annotations

from hypothesis import strategies as st

from analysis.rules.actions import (
    ChangeBudget,
    DrawReserve,
    Notify,
    Pause,
    Rebalance,
    RefillReserve,
    ReleaseTranche,
    Resume,
    StandDown,
)
from analysis.rules.conditions import METRICS, OPERATORS, AllOf, AnyOf, Compare, Condition, NotOf, Reading
from analysis.rules.rule_set import MODES, Limits, Review, Rule, RuleSet

CODES = (
    *("off", "no", "~", "null", "true", "1e3", "12:30", "0x1", "- a", "a: b", "#", "&a", "*a", "!x", "{", "%", "今晚"),
    *(
        "a\u2028b",
        "\x85x",
        "😀",
        "\x7f",
        "'",
        '"',
        "\ufeffa",
        "<<",
        "=",
        ">",
        "|",
        "a b ",
        " a",
        "2026-11-11",
        "\\u0041",
    ),
)
texts = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    str.strip
) | st.sampled_from(CODES)
names = st.lists(texts, max_size=3).map(tuple)
windows = st.integers(1, 500).map("{}h".format) | st.integers(1, 30).map("{}d".format)
maybe = st.none() | windows
amounts = (
    st.floats(-1e12, 1e12)
    | st.sampled_from([0.0, -0.0, 0.1, 1 / 3, 0.07, 1e-300, 1e12, 123456.789])
    | st.integers(-9, 99)
)
shares = st.floats(0, 1) | st.sampled_from([0.0, 0.1, 0.07, 1 / 3, 1.0])
positive = st.floats(1e-6, 1) | st.sampled_from([0.1, 0.29, 1 / 3, 1.0])
readings = st.builds(
    Reading,
    metric=st.sampled_from(list(METRICS)),
    over=windows,
    excluding=maybe,
    per=st.sampled_from(["window", "hour", "day"]),
    of=st.none() | st.just("all") | texts,
)
comparisons = st.builds(
    Compare, left=readings, is_=st.sampled_from(OPERATORS), than=amounts, right=st.none() | readings
)


def joined(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    parts = st.lists(inner, max_size=3).map(tuple)
    return st.builds(AllOf, of=parts) | st.builds(AnyOf, of=parts) | inner.map(lambda one: NotOf(of=(one,)))


def conditions(leaves: st.SearchStrategy[Compare] = comparisons, deep: int = 2) -> st.SearchStrategy[Condition]:
    found: st.SearchStrategy[Condition] = leaves
    for _ in range(deep):
        found = leaves | joined(found)
    return found


actions = st.one_of(
    st.builds(ChangeBudget, percent=st.floats(-1, 100) | st.sampled_from([0.2, -0.2, 0.0])),
    st.builds(ChangeBudget, amount=amounts),
    st.builds(
        Rebalance, by=st.sampled_from(["marginal_roi", "roi", "even"]), step=positive, over=windows, excluding=maybe
    ),
    st.builds(DrawReserve, share=positive, min_roi=st.floats(0, 1000)),
    st.builds(RefillReserve, share=positive),
    st.just(ReleaseTranche()),
    st.just(Pause()),
    st.just(Resume()),
    st.builds(Notify, message=st.none() | texts),
    st.builds(StandDown, lasts=windows),
)
rules = st.builds(
    Rule,
    name=texts,
    when=conditions(),
    then=st.lists(actions, min_size=1, max_size=3).map(tuple),
    on=st.booleans(),
    per=st.sampled_from(["channel", "campaign"]),
    channels=names,
    priority=st.integers(0, 1000),
    pending=st.integers(1, 100),
    least_orders=st.integers(0, 10**9),
    sample_over=windows,
    no_data=st.sampled_from(["skip", "hold", "fire"]),
    cooldown=maybe,
)
limits = st.builds(
    Limits,
    floor=shares,
    ceiling=st.none() | st.floats(1, 1000),
    step=st.none() | positive,
    day=st.none() | positive,
    cooldown=maybe,
    per_day=st.none() | st.integers(1, 10_000),
    beyond=st.sampled_from(["clamp", "skip"]),
)
reviews = st.builds(
    Review,
    share=shares,
    by=st.sampled_from(["random", "risk"]),
    answers_in=windows,
    time_out=windows,
    then=st.sampled_from(["apply", "drop"]),
    rejects=shares,
)


@st.composite
def rule_sets(draw: st.DrawFn, most: int = 4) -> RuleSet:
    looks = draw(st.integers(1, 48))
    return RuleSet(
        name=draw(texts),
        rules=tuple(draw(st.lists(rules, max_size=most, unique_by=lambda rule: rule.name))),
        evaluate_every=f"{looks}h",
        adjust_every=f"{looks * draw(st.integers(1, 4))}h",
        mode=draw(st.sampled_from(MODES)),
        reserve=draw(st.floats(0, 0.4) | st.just(0.15)),
        tranches=tuple(draw(st.lists(st.floats(0.01, 0.15) | st.just(0.1), max_size=3))),
        limits=draw(st.just(Limits()) | limits),
        review=draw(st.none() | st.just(Review()) | reviews),
    )
