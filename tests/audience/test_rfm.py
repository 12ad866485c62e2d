"""RFM: cuts that ties are safe from, groups that add up, and a twin that reckons them row by row."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from analysis import RFM, ExchangeRate, Filter, Funnel, LifecycleStates, Tables, open_workspace, read_export
from analysis.audience.cuts import passed, quantile_cuts
from analysis.audience.rfm.kernel import PROSPECTS, QUIET, Customers, Cuts
from analysis.audience.rfm.question import UNSEEN, RFMAnswer
from analysis.charts import TOTAL
from analysis.errors import DataError, QuestionError
from analysis.overview.sources import _quiet
from analysis.values import Campaign
from analysis.vocabulary import RFM_GROUPS
from analysis.workspace import Segment

DAY = pd.Timedelta(days=1)
START = pd.Timestamp("2026-01-01")


def orders(rows: list[tuple[str, int, float]], **more: object) -> pd.DataFrame:
    """Return paid orders: who, on which day of the year, for how much."""
    at = [START + day * DAY for _, day, _ in rows]
    found = pd.DataFrame({"order_id": [f"o{i}" for i in range(len(rows))], "user_id": [user for user, _, _ in rows],
                          "timestamp": at, "paid_at": at, "revenue": [float(paid) for *_, paid in rows],
                          "currency": "CNY"})  # fmt: skip
    return found.assign(**more)


def answered(question: RFM, tables: Tables) -> RFMAnswer:
    answer = question.run(tables)
    assert isinstance(answer, RFMAnswer)
    return answer


def sizes(answer: RFMAnswer) -> dict[str, int]:
    table = answer.table.query("customers > 0")
    return dict(zip(table["group"], table["customers"], strict=True))


# ---- cuts and scores --------------------------------------------------------------------------------------


def test_scores_by_median_cuts() -> None:
    """Frequency 2, 4, 1, 3; money 100, 400, 200, 300; last bought 10, 20, 30, 40 days ago."""
    rows = ([10, 20, 30, 40], [2, 4, 1, 3], [100, 400, 200, 300])
    customers = Customers(*(np.array(row, float) for row in rows))
    recency, frequency, monetary = Cuts.of(customers, 2).scores(customers)
    assert recency.tolist() == [1, 1, 0, 0]
    assert frequency.tolist() == [0, 1, 0, 1]
    assert monetary.tolist() == [0, 1, 0, 1]


def test_five_customers_of_one_order_each_have_one_frequency_score() -> None:
    customers = Customers(np.arange(1.0, 6.0), np.ones(5), np.array([3.0, 9.0, 27.0, 81.0, 243.0]))
    for parts in (2, 5, 10):
        cuts = Cuts.of(customers, parts)
        assert not len(cuts.frequency)
        assert set(cuts.scores(customers)[1]) == {0}


measures = hnp.arrays(np.float64, st.shared(st.integers(1, 40), key="n"), elements=st.integers(1, 6).map(float))


@given(measures, measures, measures, st.integers(2, 10))
def test_groups_are_exhaustive_and_equals_stand_together(
    recency: np.ndarray, frequency: np.ndarray, monetary: np.ndarray, parts: int
) -> None:
    customers = Customers(recency, frequency, monetary)
    cuts = Cuts.of(customers, parts)
    scores, groups = cuts.scores(customers), cuts.groups(customers)
    assert ((groups >= 0) & (groups < PROSPECTS)).all()
    for values, own, lines, better in zip(customers, scores, (cuts.recency, cuts.frequency, cuts.monetary),
                                          (-1, 1, 1), strict=True):  # fmt: skip
        assert len(lines) < parts
        assert ((own >= 0) & (own <= len(lines))).all()
        # Equals have one score, and who is better never a lower one.
        for one, score in zip(values, own, strict=True):
            assert set(own[values == one]) == {score}
            assert (own[better * values > better * one] >= score).all()
        # No cut is kept that does not tell anybody apart.
        assert len(set(own)) == len(lines) + 1
    rows = list(zip(recency, frequency, monetary, strict=True))
    assert len({(row, int(group)) for row, group in zip(rows, groups, strict=True)}) == len(set(rows))


def test_fixed_cuts_go_before_quantiles_and_who_stands_on_one_is_on_its_near_side() -> None:
    customers = Customers(np.array([30.0, 31.0]), np.array([2.0, 3.0]), np.array([500.0, 501.0]))
    fixed = {"recency": (30.0,), "frequency": (2.0,), "monetary": (500.0,)}
    recency, frequency, monetary = Cuts.of(customers, 5, fixed).scores(customers)
    assert (recency.tolist(), frequency.tolist(), monetary.tolist()) == ([1, 0], [0, 1], [0, 1])


def test_quantile_cuts_part_a_spread_evenly() -> None:
    values = np.random.default_rng(1).permutation(1000).astype(float)
    assert np.bincount(passed(values, quantile_cuts(values, 5))).tolist() == [200] * 5


@pytest.mark.parametrize(
    ("recency", "frequency", "monetary", "group"),
    [
        (1, 5, 900, "champions"), (21, 5, 900, "loyal"), (11, 3, 300, "active"), (1, 1, 10, "new"),
        (25, 3, 300, "needs attention"), (21, 1, 10, "promising"), (50, 5, 900, "previously loyal"),
        (50, 4, 300, "at risk"), (31, 1, 10, "almost lost"), (50, 1, 10, "dormant"),
    ],
)  # fmt: skip
def test_what_each_group_is(recency: float, frequency: float, monetary: float, group: str) -> None:
    lines = Cuts(*(np.array(row, float) for row in ([10, 20, 30, 40], [1, 2, 3, 4], [100, 200, 400, 800])))
    found = lines.groups(Customers(*(np.array([value], float) for value in (recency, frequency, monetary))))
    assert RFM_GROUPS[found[0]] == group


# ---- from the tables --------------------------------------------------------------------------------------


def test_an_order_of_two_lines_is_one_and_one_refunded_in_full_is_none() -> None:
    rows = orders([("a", 0, 60), ("a", 0, 40), ("a", 5, 50), ("b", 1, 30), ("b", 3, 20), ("c", 9, 500)])
    rows["order_id"] = ["o1", "o1", "o2", "o3", "o4", "o5"]
    rows["refund"] = [0.0, 0.0, 0.0, 10.0, 20.0, 0.0]
    table = answered(RFM(quantiles=2), Tables(orders=rows)).table.set_index("group")
    # a bought twice for 150; b once, for 20 kept; c once for 500.
    assert table.loc[TOTAL, ["customers", "orders", "monetary"]].tolist() == [3, 4, 670.0]


def test_a_twin_reckons_the_same_row_by_row(tables: Tables, frames: dict[str, pd.DataFrame]) -> None:
    asked = RFM(at="2026-11-10", since="2026-10-20", quantiles=4)
    answer = answered(asked, tables)
    now, before = (_bought(frames["orders"], day) for day in (asked.at, asked.since))
    seen = _seen(frames["events"], "2026-11-10")
    lines = {name: _lines([row[i] for row in now.values()], 4) for i, name in enumerate(Customers._fields)}
    held = answer.frame("cuts")
    for name, own in lines.items():
        assert held[held["measure"] == name]["at"].tolist() == pytest.approx(own)
    groups = {user: _group(row, lines) for user, row in now.items()}
    groups |= {user: "prospects" for user in seen if user not in now}
    counted = pd.Series(groups).value_counts()
    assert sizes(answer) == {TOTAL: len(groups), **{g: int(counted[g]) for g in RFM_GROUPS if g in counted}}
    members = asked.members(tables).to_pandas()
    assert dict(zip(members["user_id"], members["stage"], strict=True)) == groups
    paid = answer.table.set_index("group")["monetary"]
    assert paid["champions"] == pytest.approx(sum(now[user][2] for user, g in groups.items() if g == "champions"))
    _same_since(answer, now, before, groups, lines, _seen(frames["events"], "2026-10-20"))


def _same_since(answer: RFMAnswer, now: dict, before: dict, groups: dict, lines: dict, seen: set[str]) -> None:
    then = {user: _group(row, lines) for user, row in before.items()} | dict.fromkeys(seen - before.keys(), "prospects")
    since = answer.frame("since").set_index("group")
    for group in {*then.values()}:
        users = [user for user, own in then.items() if own == group]
        again = [u for u in users if u in now and now[u][1] > before.get(u, (0, 0, 0))[1]]
        brought = sum(now[u][2] - before.get(u, (0, 0, 0))[2] for u in users if u in now)
        assert since.loc[group, ["customers", "buyers"]].tolist() == [len(users), len(again)]
        assert since.loc[group, "brought"] == pytest.approx(brought)
    fresh = [user for user in now if user not in then]
    assert since.loc[UNSEEN, "customers"] == len(fresh)
    moved = answer.frame("movement")
    pairs = pd.Series([(then.get(user, UNSEEN), group) for user, group in groups.items()]).value_counts()
    held = dict(zip(zip(moved["from_group"], moved["to_group"], strict=True), moved["customers"], strict=True))
    assert held == {pair: int(n) for pair, n in pairs.items()}


def _bought(rows: pd.DataFrame, until: str | None) -> dict[str, tuple[float, float, float]]:
    """Return each buyer's days since, orders and money by the end of a day in Shanghai."""
    assert until is not None
    today, found = dt.date.fromisoformat(until), {}
    for row in rows.dropna(subset="paid_at").itertuples():
        day = (row.paid_at + pd.Timedelta(hours=8)).date()
        left = row.revenue - row.refund
        if day <= today and left > 0:
            ago, n, paid = found.get(row.user_id, (9999, 0, 0.0))
            found[row.user_id] = (min(ago, (today - day).days), n + 1, paid + left)
    return found


def _seen(rows: pd.DataFrame, until: str) -> set[str]:
    return set(rows[(rows["timestamp"] + pd.Timedelta(hours=8)).dt.date <= dt.date.fromisoformat(until)]["user_id"])


def _lines(values: list[float], parts: int) -> list[float]:
    found: dict[int, float] = {}
    for cut in (float(np.quantile(values, k / parts)) for k in range(1, parts)):
        below = sum(value <= cut for value in values)
        if below < len(values):
            found.setdefault(below, cut)
    return list(found.values())


def _group(row: tuple[float, float, float], lines: dict[str, list[float]]) -> str:
    """Return the group, rule by rule."""
    recency, frequency, monetary = (
        (sum(value > cut for cut in cuts), len(cuts)) for value, cuts in zip(row, lines.values(), strict=True)
    )
    recent = 1 - recency[0] / recency[1]
    worth = (frequency[0] / max(frequency[1], 1) + monetary[0] / max(monetary[1], 1)) / 2
    if recent > 0.8:
        return "champions" if worth > 0.8 else "loyal" if worth > 0.6 else "active" if worth > 0.3 else "new"
    if recent > 0.4:
        middle = "active" if recent > 0.6 else "needs attention"
        return "loyal" if worth > 0.6 else middle if worth > 0.3 else "promising"
    low = "almost lost" if recent > 0.2 else "dormant"
    return "previously loyal" if worth > 0.8 else "at risk" if worth >= 0.5 else low


def test_without_events_nobody_is_a_prospect(frames: dict[str, pd.DataFrame]) -> None:
    answer = answered(RFM(), Tables(orders=frames["orders"]))
    assert "prospects" not in answer.table["group"].tolist()
    assert "no-prospects" in {note.code for note in answer.notes}


def test_a_filter_of_dates_counts_purchases_of_those_days_alone() -> None:
    rows = orders([("a", 0, 10), ("a", 20, 10), ("b", 21, 30), ("c", 0, 90)])
    table = answered(RFM(quantiles=2, where=Filter(start="2026-01-10")), Tables(orders=rows)).table
    assert table.iloc[0][["customers", "orders", "monetary"]].tolist() == [2, 2, 40.0]


def test_groups_are_told_since_the_day_before_the_campaign() -> None:
    rows = orders([("a", 0, 10), ("b", 15, 10), ("a", 20, 10)])
    campaign = Campaign(name="x", start="2026-01-11", end="2026-01-25", zone="UTC")
    assert answered(RFM(), Tables(orders=rows, campaign=campaign)).since == "2026-01-10"
    assert answered(RFM(), Tables(orders=rows)).since == "2026-01-01"


def test_groups_are_kept_as_a_segment_and_filter_other_questions(tmp_path: Path, tables: Tables) -> None:
    asked = RFM(at="2026-11-10")
    workspace = open_workspace(tmp_path / "kept.duckdb")
    for table in ("events", "orders"):
        text = tables.arrow(table).to_pandas().to_csv(index=False)
        export = read_export(text.encode(), f"{table}.csv", zone="UTC")
        workspace.add(export)
        export.close()
    workspace.keep("best", Segment(question=asked))
    now = workspace.tables()
    groups = asked.members(now).to_pandas()["stage"].value_counts()
    assert set(now.names("best")) <= set(RFM_GROUPS)
    reached = Funnel(steps=("visit", "view"), where=Filter(segment={"best": "prospects"})).run(now)
    assert reached.table["users"].iloc[0] == groups["prospects"]
    workspace.close()


# ---- what is refused --------------------------------------------------------------------------------------


def said(question: RFM, tables: Tables) -> str:
    with pytest.raises(DataError) as raised:
        question.run(tables)
    return str(raised.value)


def test_one_buyer_is_not_grouped() -> None:
    assert said(RFM(), Tables(orders=orders([("a", 0, 10), ("a", 4, 10)]))).startswith("Only 1 customer bought by 2026")


def test_purchases_of_one_day_tell_no_recency() -> None:
    rows = Tables(orders=orders([("a", 3, 10), ("b", 3, 20), ("c", 3, 30)]))
    assert "Everybody's last purchase fell on 2026-01-04" in said(RFM(), rows)
    assert sizes(answered(RFM(recency=(7,), quantiles=2), rows)) == {TOTAL: 3, "active": 1, "new": 2}


def test_no_amounts_and_no_buyers_are_said() -> None:
    at = pd.to_datetime(["2026-01-01", "2026-01-02"])
    events = pd.DataFrame({"user_id": ["a", "b"], "timestamp": at, "event": "purchase"})
    assert "There is no data on orders yet" in said(RFM(), Tables(events=events))
    nameless = orders([("a", 0, 10)]).drop(columns="user_id")
    assert "who ordered" in said(RFM(), Tables(orders=nameless))


def test_two_currencies_are_never_added_up() -> None:
    rows = orders([("a", 0, 10), ("a", 5, 20), ("b", 2, 30), ("c", 4, 900), ("d", 6, 40), ("d", 7, 900)])
    rows["currency"] = ["CNY", "CNY", "CNY", "USD", "CNY", "USD"]
    answer = answered(RFM(quantiles=2), Tables(orders=rows))
    # c and d paid in dollars too: neither has an amount to set beside the others'.
    assert answer.table.iloc[0][["customers", "monetary"]].tolist() == [2, 60.0]
    note = next(note for note in answer.notes if note.code == "other-currencies")
    assert "Left out, with whoever paid it: $1,800.00" in note.message.text()
    rate = ExchangeRate(currency="USD", day="2026-01-01", rate=7.0, into="CNY")
    assert answered(RFM(quantiles=2), Tables(orders=rows, rates=[rate])).table["monetary"].iloc[0] == 60 + 40 + 12600


def test_days_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(QuestionError, match="2026-02-01 is not before 2026-01-31"):
        RFM(at="2026-01-31", since="2026-02-01")
    with pytest.raises(QuestionError, match="each number must be above the one before"):
        RFM(monetary=(5, 5))


# ---- gone quiet -------------------------------------------------------------------------------------------


def pace(seed: int, every: float, spread: float, days: int, silent: int = 0) -> Tables:
    """Return orders of 300 people who all buy at one pace; so many of them stop 200 days before the end."""
    rng, rows = np.random.default_rng(seed), list[tuple[str, int, float]]()
    for n in range(300):
        at, last = rng.uniform(0, every), days - 200 if n < silent else days
        while at < last:
            rows.append((f"u{n}", int(at), float(rng.lognormal(4, 0.5)) * (5 if n < silent else 1)))
            at += max(rng.normal(every, spread), 1.0)
    return Tables(orders=orders(rows))


def test_who_is_merely_last_of_all_has_not_gone_quiet() -> None:
    """A fifth is always least recent: in a sale of ten days, or where all buy every 60 days, hardly one has lapsed."""
    sale = pace(1, 4.0, 2.0, 10)
    for tables, most in ((sale, 0), (pace(2, 60.0, 8.0, 400), 6)):
        answer = answered(RFM(), tables)
        people, paid = answer.quiet
        assert people <= most and (paid > 0) == (people > 0)
        assert int(answer.table[answer.table["group"].isin(QUIET)]["customers"].sum()) > 6
        lapsed = LifecycleStates().run(tables).table.set_index("state")["users"]["lapsed"]
        assert people <= lapsed
    assert not list(_quiet(answered(RFM(), sale)))
    assert "have lapsed" not in answered(RFM(), sale).text()


def test_who_bought_well_and_stopped_has_gone_quiet() -> None:
    answer = answered(RFM(), pace(2, 60.0, 8.0, 500, silent=40))
    people, paid = answer.quiet
    assert 35 <= people <= 46
    (found,) = _quiet(answer)
    assert (found.people, float(found.amount.value)) == (people, paid)
    assert f"Once bought well and have lapsed: {people}, who had paid" in answer.text()
