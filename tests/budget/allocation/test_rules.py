"""Rules as values: their words, their linear form, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.budget.allocation.rules import Cell, Limit, PriceIndex, linear
from analysis.errors import DataError, QuestionError
from analysis.names import DisplayNames
from analysis.values import Value

CELLS = [
    Cell(channel="top_kol", phase="burst", tags=frozenset({"execution"}), last=300.0),
    Cell(channel="top_kol", phase="wrap-up", tags=frozenset({"execution"}), last=100.0),
    Cell(channel="live_stream", phase="burst", tags=frozenset({"execution", "private"}), last=0.0),
    Cell(channel="crm", phase="burst", tags=frozenset({"technology"})),
]
SAID = [
    (Limit.total(1000.0), "at most CN¥1,000 in all", "合计不超过¥1,000"),
    (Limit.total(1000.0, least=900.0), "CN¥900 to CN¥1,000 in all", "合计¥900至¥1,000"),
    (Limit.reserve(0.15), "15.0% of the budget held in reserve", "预算的 15.0% 留作预留金"),
    (Limit.stage("technology", 0.35, 0.45), "35.0% of the spend to 45.0% of the spend in technology", None),
    (Limit.phase("burst", least=0.5), "at least 50.0% of the spend in burst", "爆发不少于总花费的 50.0%"),
    (Limit.floor(0.4, channels=("live_stream", "private_domain")),
     "at least 40.0% of the spend in live streams, private domain", "直播、私域不少于总花费的 40.0%"),
    (Limit.minimum("display", 9000.0), "at least CN¥9,000 in display ads", "展示广告不少于¥9,000"),
    (Limit.maximum("display", 9000.0), "at most CN¥9,000 in display ads", None),
    (Limit.fixed("display", 9000.0), "exactly CN¥9,000 in display ads", None),
    (Limit.off("display"), "nothing in display ads", "展示广告不投"),
    (Limit.changed(0.3, "display"), "display ads: at most 30.0% more or less than last time",
     "展示广告与上次相比增减不超过 30.0%"),
    (Limit.changed(0.3), "each channel at most 30.0% more or less than last time", None),
    (Limit(channels="display", phases="burst", most=100.0), "at most CN¥100 in display ads during burst", None),
]  # fmt: skip


@pytest.mark.parametrize(("limit", "english", "chinese"), SAID)
def test_words(limit: Limit, english: str, chinese: str | None) -> None:
    names = DisplayNames()
    assert limit.words("CNY").text("en", names) == english
    if chinese:
        assert limit.words("CNY").text("zh_CN", names) == chinese


@pytest.mark.parametrize("value", [*(said[0] for said in SAID), PriceIndex(rate=0.03, years=2.0)])
def test_kept_and_read_again(value: Value) -> None:
    assert Value.from_json(value.to_json()) == value


def test_rows() -> None:
    def row(limit: Limit) -> tuple[list[float], float, float]:
        [rule] = linear([limit], CELLS, 2000.0)
        assert rule.name == limit
        return np.round(rule.weights, 12).tolist(), rule.least, rule.most

    inf = np.inf
    assert row(Limit.total(1000.0)) == ([1, 1, 1, 1], -inf, 1000.0)
    assert row(Limit.reserve(0.15)) == ([1, 1, 1, 1], -inf, 1700.0)
    assert row(Limit.phase("burst", least=0.5)) == ([0.5, -0.5, 0.5, 0.5], 0.0, inf)
    assert row(Limit.stage("execution", most=0.3)) == ([0.7, 0.7, 0.7, -0.3], -inf, 0.0)
    assert row(Limit.off("top_kol")) == ([1, 1, 0, 0], -inf, 0.0)
    assert row(Limit(tags=("private", "technology"), phases="burst", least=7.0)) == ([0, 0, 1, 1], 7.0, inf)
    assert row(Limit.changed(0.25, "top_kol")) == ([1, 1, 0, 0], 300.0, 500.0)


def test_a_band_of_shares_is_two_rows() -> None:
    low, high = linear([Limit.stage("technology", 0.2, 0.4)], CELLS)
    assert (low.least, low.most, high.least, high.most) == (0.0, np.inf, -np.inf, 0.0)
    spend = np.array([30.0, 30.0, 10.0, 30.0])  # 30% in technology
    assert low.weights @ spend == pytest.approx(30 - 0.2 * 100)
    assert high.weights @ spend == pytest.approx(30 - 0.4 * 100)


def test_changes_of_each_channel_with_a_last_time() -> None:
    rules = linear([Limit.changed(0.5)], CELLS)
    assert [(rule.name, rule.least, rule.most) for rule in rules] == [
        (Limit.changed(0.5, "top_kol"), 200.0, 600.0),
        (Limit.changed(0.5, "live_stream"), 0.0, 0.0),
    ]


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (Limit.off("top_kols"), "Did you mean 'top_kol'?|Did you mean top_kol?"),
        (Limit.phase("bursts", most=0.5), "Did you mean burst?"),
        (Limit.floor(0.4, tags="privat"), "Did you mean private?"),
        (Limit(channels="crm", phases="wrap-up", most=5.0), "bounds nothing"),
        (Limit.changed(0.2, "crm"), "not known"),
    ],
)
def test_what_no_cell_has(limit: Limit, said: str) -> None:
    with pytest.raises(DataError) as error:
        linear([limit], CELLS)
    assert any(one in str(error.value) for one in said.split("|"))


def test_a_share_of_no_budget() -> None:
    with pytest.raises(QuestionError, match="needs a budget"):
        linear([Limit.reserve(0.15)], CELLS)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"channels": "display"}, "needs a bound"),
        ({"least": 5.0, "most": 4.0}, "bounds cross: at least 5.00, but at most 4.00"),
        ({"least": 0.5, "most": 0.4, "of": "spend"}, "at least 50.0% of the spend"),
        ({"most": 1.5, "of": "budget"}, "1 or less"),
        ({"change": 0.2, "most": 5.0}, "stands alone"),
        ({"least": -1.0}, "0"),
        ({"most": 1.0, "of": "share"}, "choose from"),
    ],
)
def test_what_is_no_rule(fields: dict[str, object], said: str) -> None:
    with pytest.raises(QuestionError) as error:
        Limit(**fields)  # type: ignore[arg-type]
    assert said in str(error.value)
