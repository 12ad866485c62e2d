"""What a funnel's matched orders brought, its drop-offs priced, and its change split: against plain twins."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from analysis import Campaign, DropOffs, Filter, Funnel, FunnelChange, FunnelMoney, Phase, Tables
from analysis.errors import DataError, QuestionError
from analysis.estimates import Moments, mean
from analysis.journey.funnel import change
from analysis.journey.funnel.chains import chains
from ui.session import ROOT

STEPS = ("view", "cart", "purchase")
LATER = "2027-01-01"
"""Until when the small shops are observed: everybody's window has passed."""


def _shop(rng: np.random.Generator, users: int = 300) -> dict[str, pd.DataFrame]:
    """Make people with a device and a channel who view, put in the cart and buy; some orders go unpaid or come back."""
    events, orders = [], []
    for u in range(users):
        device, channel = rng.choice(["ios", "android"]), rng.choice(["feed", "mail", "live"])
        at = pd.Timestamp("2026-11-01") + pd.Timedelta(hours=float(rng.uniform(0, 200)))
        depth = 1 + (rng.random() < (0.5 if device == "ios" else 0.3)) + 0
        depth += depth == 2 and rng.random() < 0.5
        for k in range(depth):
            order = f"o{u}" if k == 2 else None
            events.append((f"u{u}", at + pd.Timedelta(minutes=k), STEPS[k], device, channel, order))
        if depth == 3:
            paid = at + pd.Timedelta(minutes=9) if rng.random() < 0.9 else pd.NaT
            refund = float(rng.choice([0, 0, 5]))
            currency = "USD" if rng.random() < 0.1 else "CNY"
            orders.append((f"o{u}", at, float(rng.integers(20, 90)), currency, f"u{u}", paid, refund))
        # An order of the same person that the funnel did not match.
        orders.append((f"x{u}", at, 1000.0, "CNY", f"u{u}", at, 0.0))
    return {
        "events": pd.DataFrame(events, columns=["user_id", "timestamp", "event", "device", "channel", "order_id"]),
        "orders": pd.DataFrame(
            orders, columns=["order_id", "timestamp", "revenue", "currency", "user_id", "paid_at", "refund"]
        ),
    }


def _people(shop: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return each person's depth and what their matched order brought, by hand."""
    events, orders = shop["events"], shop["orders"].set_index("order_id")
    people = events.groupby("user_id").agg(
        depth=("event", "size"), device=("device", "first"), channel=("channel", "first"), order=("order_id", "last")
    )
    found = orders.reindex(people["order"])
    good = (found["paid_at"].notna() & (found["currency"] == "CNY")).to_numpy()
    people["money"] = np.where(good, (found["revenue"] - found["refund"]).to_numpy(), 0.0)
    people["paid"] = good
    people["counted"] = ~(found["paid_at"].notna() & (found["currency"] != "CNY")).to_numpy()
    return people


@pytest.mark.parametrize("seed", range(5))
def test_money_is_that_of_the_matched_paid_orders(seed: int) -> None:
    shop = _shop(np.random.default_rng(seed))
    spend = pd.DataFrame({
        "period_start": pd.to_datetime(["2026-11-01", "2026-11-02", "2026-11-02"]),
        "period_end": pd.to_datetime(["2026-11-02", "2026-11-03", "2026-11-03"]),
        "channel": ["feed", "live", "live"], "spend": [100.0, 50.0, 999.0], "currency": ["CNY", "CNY", "USD"],
    })  # fmt: skip
    answer = FunnelMoney(funnel=Funnel(steps=STEPS, window="1h", breakdown="channel")).run(Tables(**shop, spend=spend))
    people, cost = _people(shop), {"(total)": 150.0, "feed": 100.0, "live": 50.0}
    assert answer.currency == "CNY"
    for row in answer.table.itertuples():
        own = people if row.breakdown == "(total)" else people[people["channel"] == row.breakdown]
        own = own[own["depth"] >= row.step]
        assert (row.users, row.orders) == (len(own), own["paid"].sum())
        assert row.revenue == pytest.approx(own["money"].sum(), abs=1e-9)
        money = own.loc[own["counted"], "money"]
        assert row.counted == len(money)
        expected = mean(Moments.of(money), least=0).floats()
        assert (row.revenue_per_user, row.low, row.high) == pytest.approx(expected, nan_ok=True)
        assert row.revenue_per_user == pytest.approx(money.mean())
        spent = cost.get(row.breakdown, np.nan)
        assert row.cost_per_user == pytest.approx(spent / len(own), nan_ok=True)
        assert row.roi == pytest.approx(own["money"].sum() / spent, nan_ok=True)
    assert {"other-currencies"} <= {note.code for note in answer.notes}


def test_without_orders_the_events_values_count() -> None:
    shop = _shop(np.random.default_rng(1))
    events = shop["events"].assign(value=lambda t: np.where(t["event"] == "purchase", 7.0, np.nan))
    answer = FunnelMoney(funnel=Funnel(steps=STEPS)).run(Tables(events=events))
    assert answer.table["revenue"].iloc[-1] == 7.0 * answer.table["users"].iloc[-1]
    assert "event-values" in {note.code for note in answer.notes}
    with pytest.raises(DataError, match="no money to follow"):
        FunnelMoney(funnel=Funnel(steps=STEPS)).run(Tables(events=shop["events"]))


def test_spend_that_cannot_be_filtered_alike_is_no_cost() -> None:
    shop = _shop(np.random.default_rng(1))
    spend = pd.DataFrame({"period_start": pd.to_datetime(["2026-11-01"]), "period_end": pd.to_datetime(["2026-11-02"]),
                          "channel": "feed", "spend": 9.0, "currency": "CNY"})  # fmt: skip
    asked = FunnelMoney(funnel=Funnel(steps=STEPS), where=Filter(device="ios"))
    answer = asked.run(Tables(**shop, spend=spend))
    assert answer.table["cost_per_user"].isna().all()
    assert "no-cost" in {note.code for note in answer.notes}


@pytest.mark.parametrize("seed", range(5))
def test_drop_offs_equal_the_plain_twin(seed: int) -> None:
    shop = _shop(np.random.default_rng(seed), users=900)
    asked = DropOffs(funnel=Funnel(steps=STEPS, window="1h", observed_until=LATER), by=("device", "channel"), least=20)
    table = asked.run(Tables(**shop)).table
    people, seen, ps = _people(shop), 0, []
    for row in table.itertuples():
        k = STEPS.index(row.event)
        here = people[people["depth"] >= k]
        own, rest = here[here[row.column] == row.group], here[here[row.column] != row.group]
        on, rest_on = own[own["depth"] > k], rest[rest["depth"] > k]
        share, others = len(on) / len(own), len(rest_on) / len(rest)
        assert (row.users, row.share, row.others, row.others_share) == (len(own), share, len(rest), others)
        assert row.lift == pytest.approx(share / others)
        pooled = (len(on) + len(rest_on)) / len(here)
        z = (share - others) / np.sqrt(pooled * (1 - pooled) * (1 / len(own) + 1 / len(rest)))
        assert row.p_value == pytest.approx(2 * norm.sf(abs(z)))
        ps.append((row.p_value, row.clear))
        if share < others:
            everybody = here[here["depth"] > k]
            money, rest_money = (part.loc[part["counted"], "money"] for part in (on, everybody))
            money = money if len(money) >= 30 else rest_money
            assert row.lost == pytest.approx(len(own) * (others - share))
            assert row.worth == pytest.approx(row.lost * money.mean())
            assert row.worth_low < row.worth < row.worth_high
            seen += 1
        else:
            assert pd.isna(row.worth)
    assert seen > 3
    assert [clear for _, clear in ps] == _benjamini_hochberg([p for p, _ in ps], 0.05)
    assert {(r.event, r.column, r.group) for r in table.itertuples()} == {
        (event, column, group)
        for event in STEPS[1:]
        for column, names in (("device", ["ios", "android"]), ("channel", ["feed", "mail", "live"]))
        for group in names
    }


def _benjamini_hochberg(ps: list[float], alpha: float) -> list[bool]:
    """Reject the k smallest, k the largest with p(k) <= k / m alpha."""
    ordered = sorted(ps)
    passed = [k for k, p in enumerate(ordered, 1) if p <= k / len(ps) * alpha]
    return [p <= (ordered[passed[-1] - 1] if passed else -1.0) for p in ps]


@pytest.mark.long
def test_the_interval_of_worth_holds_the_planted_loss() -> None:
    """iOS goes on in 50%, Android in 30%; of those half buy for 54.5 on average and 90% pay, 10% of them in USD.

    Who pays in USD is in no mean.
    """
    truth_each = 0.5 * 0.9 * 0.9 * (54.5 - 5 / 3) / (1 - 0.5 * 0.9 * 0.1)
    held = 0
    for seed in range(60):
        shop = _shop(np.random.default_rng(seed), users=600)
        asked = DropOffs(funnel=Funnel(steps=STEPS, window="1h", observed_until=LATER), by=("device",), least=20)
        table = asked.run(Tables(**shop)).table
        row = table[(table["event"] == "cart") & (table["group"] == "android")].iloc[0]
        held += row["worth_low"] <= row["users"] * 0.2 * truth_each <= row["worth_high"]
    assert held >= 57 - 3 * np.sqrt(60 * 0.95 * 0.05)


def test_slow_pages_are_a_group_of_their_own() -> None:
    shop = _shop(np.random.default_rng(3), users=800)
    slow = shop["events"]["user_id"].str[1:].astype(int) % 4 == 0
    events = shop["events"].assign(load_ms=np.where(slow, 3000.5, 3000.0))
    funnel = Funnel(steps=STEPS, observed_until=LATER)
    table = DropOffs(funnel=funnel, by=("device",), slow=3).run(Tables(events=events)).table
    row = table[(table["column"] == "page speed") & (table["event"] == "cart")].iloc[0]
    assert (row["users"], row["others"]) == (200, 600)
    assert "page speed" not in set(
        DropOffs(funnel=funnel, by=("device",), slow=0).run(Tables(events=events)).table["column"]
    )


def test_the_planted_losses_come_out_on_top_of_the_sample(sample: Tables) -> None:
    truth = json.loads((ROOT / "sample_data" / "truth.json").read_text(encoding="utf-8"))
    asked = DropOffs(
        funnel=Funnel(steps=("view", "cart", "checkout", "purchase")), where=Filter(campaign="Double 11 2026")
    )
    table = asked.run(sample).table
    clear = table[table["clear"] & (table["lost"] > 0)]
    # Whatever is called clear was planted; display and its one creative are where the low intent was bought.
    assert set(clear["group"]) == {"android", "slow page", "low_intent", "display", "dp_c1", "loyal users"}
    assert clear["group"].tolist()[:2] == ["android", "slow page"]
    android, slow = clear.iloc[0], clear.iloc[1]
    assert (android["event"], slow["event"]) == ("purchase", "cart")
    assert android["lift_low"] <= truth["android_checkout_to_purchase"]["value"] <= android["lift_high"]
    assert slow["lift_low"] <= truth["slow_pages"]["value"] <= slow["lift_high"]
    tired = clear[clear["group"] == "loyal users"].iloc[0]
    fatigue = truth["fatigue"]["value"]
    assert tired["low"] <= fatigue["Double 11 2026"] <= tired["high"]
    assert tired["lift_low"] <= fatigue["Double 11 2026"] / fatigue["Double 11 2024"] <= tired["lift_high"]


# ---- change -----------------------------------------------------------------------------------------------


def _split(people: dict[str, list[tuple[str, bool]]]) -> dict[str, Any]:
    """Split a change by hand, group by group."""
    sides = []
    for period in ("before", "after"):
        cells: dict[str, list[bool]] = defaultdict(list)
        for group, went in people[period]:
            cells[group].append(went)
        sides.append(cells)
    total = [sum(map(len, s.values())) for s in sides]
    found = {"mix": 0.0, "rate": 0.0}
    for group in set(sides[0]) | set(sides[1]):
        share = [len(s[group]) / n for s, n in zip(sides, total, strict=True)]
        rates = [np.mean(s[group]) if s[group] else None for s in sides]
        r0 = rates[0] if rates[0] is not None else rates[1]
        r1 = rates[1] if rates[1] is not None else rates[0]
        found["mix"] += (share[1] - share[0]) * (r0 + r1) / 2
        found["rate"] += (r1 - r0) * (share[0] + share[1]) / 2
    means = [np.mean([w for own in s.values() for w in own]) for s in sides]
    return found | {"before": means[0], "after": means[1]}


def _two_periods(rng: np.random.Generator, sizes: tuple[int, int] = (60, 90)) -> tuple[pd.DataFrame, dict[str, Any]]:
    rows, people = [], {"before": [], "after": []}
    for period, day, n in (("before", "2026-11-01", sizes[0]), ("after", "2026-11-10", sizes[1])):
        mix = rng.dirichlet([1, 1, 1])
        rate = rng.random(3)
        for u in range(n):
            g = int(rng.choice(3, p=mix))
            went = bool(rng.random() < rate[g])
            people[period].append(("abc"[g], went))
            rows.append((f"{period}{u}", pd.Timestamp(day), "view", "abc"[g]))
            if went:
                rows.append((f"{period}{u}", pd.Timestamp(day) + pd.Timedelta(hours=1), "cart", "abc"[g]))
    return pd.DataFrame(rows, columns=["user_id", "timestamp", "event", "channel"]), people


BEFORE, AFTER = Filter(end="2026-11-05"), Filter(start="2026-11-06")


def _change(**more: Any) -> FunnelChange:
    funnel = Funnel(steps=("view", "cart"), window="1d", observed_until=LATER)
    return FunnelChange(funnel=funnel, before=BEFORE, after=AFTER, **more)


@pytest.mark.long
def test_mix_and_rate_equal_the_twin_and_add_up() -> None:
    rng = np.random.default_rng(2)
    for _ in range(60):
        events, people = _two_periods(rng, (int(rng.integers(1, 30)), int(rng.integers(1, 30))))
        if "cart" not in set(events["event"]):
            continue
        table = _change().run(Tables(events=events)).table
        total, expected = table.iloc[0], _split(people)
        for name, value in expected.items():
            assert total[name] == pytest.approx(value, abs=1e-12), name
        assert total["change"] == pytest.approx(total["mix"] + total["rate"], abs=1e-12)
        assert table["mix"][1:].sum() == pytest.approx(total["mix"], abs=1e-12)


def test_intervals_of_the_effects_hold_the_truth() -> None:
    """Planted shares and rates, 200 samples: 95% hold, give or take three standard deviations."""
    s, r = np.array([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]]), np.array([[0.2, 0.4, 0.6], [0.25, 0.4, 0.5]])
    truth = {"mix": ((s[1] - s[0]) * r.mean(axis=0)).sum(), "rate": ((r[1] - r[0]) * s.mean(axis=0)).sum()}
    held = {"mix": 0, "rate": 0}
    for seed in range(200):
        rng = np.random.default_rng(seed)
        sides = []
        for p in range(2):
            users = rng.multinomial(400, s[p])
            sides.append(pd.DataFrame({"users": users, "went": rng.binomial(users, r[p])}, index=list("abc")))
        row = change._table(*sides).iloc[0]
        for name in held:
            held[name] += row[f"{name}_low"] <= truth[name] <= row[f"{name}_high"]
    assert min(held.values()) >= 190 - 3 * np.sqrt(200 * 0.95 * 0.05)


def test_change_between_campaigns_and_of_a_later_step(sample: Tables) -> None:
    funnel = Funnel(steps=("view", "cart", "checkout", "purchase"))
    before, after = Filter(campaign="Double 11 2025"), Filter(campaign="Double 11 2026")
    asked = FunnelChange(funnel=funnel, before=before, after=after, by="device", from_step=3)
    row = asked.run(sample).table.iloc[0]
    for side, where in (("before", before), ("after", after)):
        found = chains(funnel.replace(where=where), sample)
        level = found.level[found.seen[:, 2]]
        assert row[f"users_{side}"] == (level >= 3).sum()
        assert row[side] == (level >= 4).sum() / (level >= 3).sum()


def test_bad_input_is_said_plainly() -> None:
    events, _ = _two_periods(np.random.default_rng(1))
    tables = Tables(events=events)
    with pytest.raises(QuestionError, match="between two of the 2 steps"):
        _change(from_step=2)
    with pytest.raises(QuestionError, match="Both periods are the same"):
        FunnelChange(funnel=Funnel(steps=("view", "cart")), before=BEFORE, after=BEFORE)
    with pytest.raises(DataError, match="device"):
        _change(by="device").run(tables)
    with pytest.raises(DataError, match="Nobody"):
        FunnelChange(funnel=Funnel(steps=("view", "cart")), before=Filter(end="2020-01-01"), after=AFTER).run(tables)
    with pytest.raises(DataError, match="Did you mean cart"):
        DropOffs(funnel=Funnel(steps=("view", "cat"))).run(tables)
    with pytest.raises(DataError, match="device"):
        DropOffs(funnel=Funnel(steps=("view", "cart")), by=("device",)).run(tables)
    many = events.assign(channel=events["user_id"] + events["user_id"])
    wide = pd.concat(
        [many.assign(user_id=many["user_id"] + str(i), channel=many["channel"] + str(i)) for i in range(3)]
    )
    with pytest.raises(DataError, match="channel"):
        DropOffs(funnel=Funnel(steps=("view", "cart")), by=("channel",)).run(Tables(events=wide))
    with pytest.raises(DataError, match="Nobody has had 20 days to go on"):
        DropOffs(funnel=Funnel(steps=("view", "cart"), window="20d")).run(tables)
    left_out = DropOffs(funnel=Funnel(steps=("view", "cart"))).run(Tables(events=wide))
    assert "too-many-values" in {note.code for note in left_out.notes}
    left_out.chart()


def test_cost_by_phase_is_the_spend_of_periods_within_it() -> None:
    campaign = Campaign(
        name="c", start="2026-11-01", end="2026-11-04", zone="UTC",
        phases=(Phase(name="warm-up", start="2026-11-01", end="2026-11-02"),
                Phase(name="burst", start="2026-11-03", end="2026-11-04")),
    )  # fmt: skip
    days = pd.to_datetime(["2026-11-01", "2026-11-02", "2026-11-03", "2026-11-02"])
    spend = pd.DataFrame({
        "period_start": days, "period_end": days + pd.to_timedelta([1, 1, 1, 2], unit="D"),
        "channel": "feed", "spend": [10.0, 20.0, 40.0, 80.0], "currency": "CNY",
    })  # fmt: skip
    rows = [(f"u{day}{n}", f"2026-11-0{day}", "view", 1.0) for day, many in ((1, 3), (3, 8)) for n in range(many)]
    events = pd.DataFrame(rows, columns=["user_id", "timestamp", "event", "value"])
    events["timestamp"] = pd.to_datetime(events["timestamp"])
    bought = events.assign(event="buy", timestamp=lambda t: t["timestamp"] + pd.Timedelta("1h"))
    tables = Tables(events=pd.concat([events, bought]), spend=spend, campaign=campaign)
    table = FunnelMoney(funnel=Funnel(steps=("view", "buy"), breakdown="phase")).run(tables).table
    cost = table[table["step"] == 1].set_index("breakdown")["cost_per_user"].to_dict()
    # The last row lies in both phases: it is in the total alone.
    assert cost == {"(total)": 150 / 11, "burst": 40 / 8, "warm-up": 30 / 3}
