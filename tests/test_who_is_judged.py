"""Who is judged: every question that gives a rate leaves out the same people, and counts the same ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis import (
    Campaign,
    DropOffs,
    Filter,
    Funnel,
    FunnelChange,
    FunnelRules,
    PageSpeed,
    Phase,
    Retention,
    Tables,
    TimeToConvert,
)
from analysis.charts import TOTAL
from analysis.periods import known_until

AUTUMN = Campaign(name="autumn", start="2026-11-01", end="2026-11-10", zone="Asia/Shanghai")


def people(name: str, n: int, came: str, bought: int, after: str = "1h", **columns: Any) -> pd.DataFrame:
    """Return people who view at a moment (of clocks in Shanghai), half of them slowly, of whom some buy later."""
    at = pd.Timestamp(came, tz="Asia/Shanghai").tz_convert("UTC").tz_localize(None)
    user = [f"{name}{u}" for u in range(n)]
    load = np.where(np.arange(n) % 2, 1000.0, 5000.0)
    seen = pd.DataFrame({"user_id": user, "timestamp": at, "event": "view", "load_ms": load})
    paid = pd.DataFrame({"user_id": user[:bought], "timestamp": at + pd.Timedelta(after), "event": "buy"})
    whole = pd.concat([seen, paid], ignore_index=True)
    mixed = np.where(whole["user_id"].str[-1].isin(list("147")), "app", "web")
    return whole.assign(**{"device": mixed, "campaign": "autumn"} | columns)


def judged(events: pd.DataFrame, window: str, own: Campaign | None = None, **where: Any) -> dict[str, list[int]]:
    """Return whom each question judges: how many, how many of them went on, how many are left out."""
    tables = Tables(events=events, campaign=own)
    within = Filter(**where) if where else None
    funnel = Funnel(steps=("view", "buy"), window=window, where=within)
    entered = int(funnel.run(tables).table["users"].iloc[0])

    def counted(users: float, rate: float) -> list[int]:
        return [int(users), round(users * rate), entered - int(users)]

    whole = funnel.run(tables).table
    rules = FunnelRules(funnel=funnel).run(tables).table.iloc[0]
    drops = DropOffs(funnel=funnel, by=("device",), least=1).run(tables).table
    drops = drops[drops["column"] == "device"]
    shift = FunnelChange(funnel=funnel, before=Filter(end="2026-12-31"), after=Filter(end="2026-12-30"), by="device")
    change = shift.run(tables).table.iloc[0]
    loss = PageSpeed(event="view", to="buy", window=window, breakdown=None, where=within).run(tables).frame("loss")
    speed = loss.iloc[0]
    times = TimeToConvert(funnel=funnel).run(tables).table.iloc[0]
    assert times["still_open"] == entered - whole["settled"].iloc[0] - (whole["users"] - whole["settled"]).iloc[1]
    return {
        "funnel": counted(whole["settled"].iloc[0], whole["from_start"].iloc[1]),
        "rules": counted(rules["users"], rules["rate"]),
        "drop-offs": counted(drops["users"].sum(), (drops["users"] * drops["share"]).sum() / drops["users"].sum()),
        "change": counted(change["users_before"], change["before"]),
        "page speed": counted(
            speed["fast_users"] + speed["slow_users"],
            (speed["fast_users"] * speed["fast_rate"] + speed["slow_users"] * speed["slow_rate"])
            / (speed["fast_users"] + speed["slow_users"]),
        ),
    }


def all_agree(found: dict[str, list[int]]) -> list[int]:
    assert len({tuple(own) for own in found.values()}) == 1, found
    return found["funnel"]


# ---- a campaign that is cut off ---------------------------------------------------------------------------


def test_the_last_day_of_the_workspaces_campaign_counts_to_its_end() -> None:
    """Forty people come on the last day, the data's last row is at noon: at midnight the campaign is over."""
    events = pd.concat([people("w", 20, "2026-11-10 09:00", 8), people("a", 20, "2026-11-10 12:00", 4)])
    assert all_agree(judged(events, "6h", AUTUMN)) == [40, 12, 0]
    day = Retention(start="view", period="day", periods=1).run(Tables(events=events, campaign=AUTUMN)).table
    assert day[["cohort", "later", "complete"]].to_numpy().tolist() == [["2026-11-10", 0, True]]
    # A day later it is a day like any other: whoever came less than two hours before the last row is not judged.
    later = events.assign(timestamp=events["timestamp"] + pd.Timedelta("1D"))
    assert all_agree(judged(later, "2h", AUTUMN)) == [20, 8, 20]
    day = Retention(start="view", period="day", periods=1).run(Tables(events=later, campaign=AUTUMN)).table
    assert not day["complete"].any()


def test_a_campaign_ends_for_whom_the_filter_keeps() -> None:
    """Autumn ends on the tenth while the data goes on: who came a day before midnight is not judged by three days."""
    events = pd.concat([
        people("early", 30, "2026-11-03 10:00", 12),
        people("app", 10, "2026-11-03 11:00", 2),
        people("late", 20, "2026-11-09 20:00", 0),
        people("winter", 10, "2026-12-01 10:00", 5, campaign="winter"),
        people("apps", 10, "2026-12-01 10:00", 5, campaign="winter"),
    ])  # fmt: skip
    assert all_agree(judged(events, "3d", campaign="autumn")) == [40, 14, 20]
    assert all_agree(judged(events, "3h", campaign="autumn")) == [60, 14, 0]
    # Of everybody, what is known ends with the winter's first hour: these twenty are not judged.
    assert all_agree(judged(events, "3d")) == [60, 14, 20]


def test_what_is_known_ends_with_campaigns_and_phases() -> None:
    events = pd.concat([people("a", 2, "2026-11-03 10:00", 1), people("b", 2, "2026-11-05 10:00", 1, campaign="b")])
    tables = Tables(events=events.assign(channel="x"))
    last = events["timestamp"].max()
    assert known_until(tables) == known_until(tables, where=Filter(channel="x", end="2026-11-03")) == last
    assert known_until(tables, where=Filter(campaign="b")) == last
    assert known_until(tables, where=Filter(campaign=("autumn", "b"))) == last
    end_of_day = pd.Timestamp("2026-11-03 23:59:59.999999")
    assert known_until(tables, where=Filter(campaign="autumn")) == end_of_day
    assert known_until(tables, where=Filter(campaign="nobody")) == last  # questions refuse it by name
    assert known_until(tables, named="2026-11-04 00:00:00", where=Filter(campaign="b")) == pd.Timestamp("2026-11-04")
    phased = AUTUMN.replace(phases=(Phase(name="first", start="2026-11-01", end="2026-11-03"),))
    tables = Tables(events=events, campaign=phased)
    found = known_until(tables, where=Filter(segment={"phase": ("first",)}))
    assert found == pd.Timestamp("2026-11-03 15:59:59.999999")  # Shanghai's midnight


# ---- a total lies between its groups ----------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(40))
def test_a_total_lies_between_its_groups(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(20, 400))
    frame = pd.DataFrame({
        "user_id": rng.integers(0, max(n // 6, 2), n).astype(str),
        "timestamp": pd.Timestamp("2026-11-01") + pd.to_timedelta(rng.integers(0, 3000, n), unit="min"),
        "event": rng.choice(["a", "b", "c"], n),
        "group": rng.choice(["x", "y", "z", None], n),
    })  # fmt: skip
    frame.loc[:2, "event"] = ["a", "b", "c"]
    options: dict[str, Any] = {
        "entry": rng.choice(["every", "first"]), "order": rng.choice(["ordered", "any", "strict"]),
        "window": rng.choice(["30m", "2h", "1d", "session"]), "breakdown_at": ["first", "last", 2][seed % 3],
    }  # fmt: skip
    asked = Funnel(steps=("a", "b", "c"), breakdown="group", **options)
    table = asked.run(Tables(events=frame)).table
    for _, rows in table.groupby("step"):
        total, groups = rows[rows["breakdown"] == TOTAL].iloc[0], rows[rows["breakdown"] != TOTAL]
        for column in ("users", "settled", "later"):
            assert groups[column].sum() == total[column]
        for rate in ("from_previous", "from_start"):
            known = groups[rate].dropna()
            assert known.empty == np.isnan(total[rate])
            assert known.empty or known.min() - 1e-12 <= total[rate] <= known.max() + 1e-12


def test_the_change_of_everybody_lies_between_that_of_the_groups() -> None:
    rng = np.random.default_rng(3)
    parts = [people(f"{day}{g}", int(rng.integers(30, 90)), f"2026-11-0{day} 10:00", int(rng.integers(5, 25)), device=g)
             for day in (1, 4) for g in ("web", "app", "mini")]  # fmt: skip
    parts.append(people("end", 1, "2026-11-05 10:00", 0))
    asked = FunnelChange(
        funnel=Funnel(steps=("view", "buy"), window="2h"), before=Filter(end="2026-11-02"),
        after=Filter(start="2026-11-03"), by="device",
    )  # fmt: skip
    table = asked.run(Tables(events=pd.concat(parts))).table
    for period in ("before", "after"):
        assert table[period][1:].min() <= table[period][0] <= table[period][1:].max()


@pytest.mark.parametrize("window", ["1h", "3d"])
def test_nobody_is_judged_before_their_time(window: str) -> None:
    events = people("a", 10, "2026-11-03 10:00", 5, "10m")
    answer = Funnel(steps=("view", "buy"), window=window).run(Tables(events=events))
    assert answer.table["settled"].tolist() == [0, 0]
    assert answer.table[["from_previous", "from_start"]].isna().all(axis=None)
    assert "There is no rate yet" in answer.headline.text()
    assert "5 have taken all steps so far" in answer.headline.text()
