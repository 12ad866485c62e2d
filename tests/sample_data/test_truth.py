"""The committed sample says what truth.json says, by its definitions and from nothing but the files.

Rates may be off by four standard errors of their own sample; what is planted exactly is compared exactly.
Standard errors of ratios are those of their logarithm (delta method).
"""

from __future__ import annotations

import json
from datetime import date, datetime
from math import exp, log, sqrt
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.optimize import curve_fit

from analysis.values import Campaign

SAMPLE = Path(__file__).parents[2] / "sample_data"
TRUTH: dict[str, dict[str, Any]] = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
CURVES = TRUTH["response_curves"]["value"]
CHANNELS = CURVES["channels"]
SIGMA = CURVES["noise_sigma"]
SURGE = [date.fromisoformat(day) for day in TRUTH["surge"]["value"]["days"]]
CLEAR = 4  # standard errors

# Everyone who views in 2026, how slow their pages are, and whether they cart within 7 days of a view.
VIEWERS = """
    CREATE TABLE viewers AS
    SELECT v.user_id, min(v.load_ms) AS fastest, max(v.load_ms) AS slowest,
        bool_or(c.user_id IS NOT NULL) AS carts
    FROM this_year v
    LEFT JOIN this_year c ON c.user_id = v.user_id AND c.event = 'cart'
        AND c.timestamp > v.timestamp AND c.timestamp <= v.timestamp + INTERVAL 7 DAY
    WHERE v.event = 'view' GROUP BY v.user_id
"""
# Everyone who does view, cart, checkout within 7 days of the view, and whether a purchase follows in them.
BUYERS = """
    CREATE TABLE checkouts AS
    SELECT k.user_id, any_value(k.device) AS device, bool_or(p.user_id IS NOT NULL) AS buys
    FROM this_year v
    JOIN this_year c ON c.user_id = v.user_id AND c.event = 'cart' AND c.timestamp > v.timestamp
    JOIN this_year k ON k.user_id = v.user_id AND k.event = 'checkout' AND k.timestamp > c.timestamp
        AND k.timestamp <= v.timestamp + INTERVAL 7 DAY
    LEFT JOIN this_year p ON p.user_id = v.user_id AND p.event = 'purchase' AND p.timestamp > k.timestamp
        AND p.timestamp <= v.timestamp + INTERVAL 7 DAY
    WHERE v.event = 'view' GROUP BY k.user_id
"""
CHANNEL_DAYS = """
    CREATE TABLE channel_days AS
    SELECT campaign, channel, phase, (period_start + INTERVAL 8 HOUR)::DATE AS day,
        sum(spend) AS spend, sum(clicks)::BIGINT AS clicks, sum(attributed_revenue) AS revenue
    FROM spend GROUP BY ALL
"""


@pytest.fixture(scope="module")
def data() -> duckdb.DuckDBPyConnection:
    """The three files, with money as exact decimals, and the groups that several definitions speak of."""
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE events AS FROM '{SAMPLE / 'events.parquet'}'")
    for table, money in (("orders", ("revenue", "refund")), ("spend", ("spend", "attributed_revenue"))):
        types = dict.fromkeys(money, "DECIMAL(14, 2)")
        connection.execute(f"CREATE TABLE {table} AS FROM read_csv('{SAMPLE / table}.csv', types={types})")
    connection.execute("CREATE VIEW this_year AS FROM events WHERE campaign = 'Double 11 2026'")
    for table in (VIEWERS, BUYERS, CHANNEL_DAYS):
        connection.execute(table)
    return connection


def row(data: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    found = data.execute(query).fetchall()
    assert len(found) == 1
    return tuple(found[0])


def assert_rate(hits: int, size: int, *, planted: float) -> None:
    error = sqrt(planted * (1 - planted) / size)
    assert CLEAR * error < planted / 2, "too few to tell"
    assert abs(hits / size - planted) <= CLEAR * error


def assert_ratio(hits: int, size: int, base_hits: int, base_size: int, *, planted: float) -> None:
    ratio = (hits / size) / (base_hits / base_size)
    error = sqrt(1 / hits - 1 / size + 1 / base_hits - 1 / base_size)
    assert CLEAR * error < abs(log(planted)), "too few to tell the planted ratio from 1"
    assert abs(log(ratio / planted)) <= CLEAR * error


def test_every_fact_has_a_definition_and_a_value() -> None:
    assert list(TRUTH) == [
        "browse_to_cart", "android_checkout_to_purchase", "slow_pages", "response_curves", "low_intent_spend",
        "fatigue", "broken_creative", "surge", "private_domain",
    ]  # fmt: skip
    for fact in TRUTH.values():
        assert fact["definition"].endswith(".")
        assert fact["value"]


def test_browse_to_cart(data: duckdb.DuckDBPyConnection) -> None:
    hits, size = row(data, "SELECT count(*) FILTER (carts), count(*) FROM viewers")
    assert_rate(hits, size, planted=TRUTH["browse_to_cart"]["value"])


def test_who_does_not_convert_never_carts(data: duckdb.DuckDBPyConnection) -> None:
    (strays,) = row(
        data,
        """SELECT count(*) FROM this_year WHERE event IN ('cart', 'checkout', 'purchase')
        AND user_id NOT IN (SELECT user_id FROM viewers WHERE carts)""",
    )
    assert strays == 0


def test_android_checkout_to_purchase(data: duckdb.DuckDBPyConnection) -> None:
    counts = row(
        data,
        """SELECT count(*) FILTER (buys AND device = 'android'), count(*) FILTER (device = 'android'),
        count(*) FILTER (buys AND device <> 'android'), count(*) FILTER (device <> 'android')
        FROM checkouts""",
    )
    fact = TRUTH["android_checkout_to_purchase"]
    assert_ratio(*counts, planted=fact["value"])
    assert_rate(*counts[:2], planted=fact["rates"]["android"])
    assert_rate(*counts[2:], planted=fact["rates"]["others"])


def test_a_user_keeps_one_device_in_a_campaign(data: duckdb.DuckDBPyConnection) -> None:
    (most,) = row(
        data,
        """SELECT max(devices) FROM (SELECT count(DISTINCT device) AS devices FROM events
        GROUP BY user_id, campaign)""",
    )
    assert most == 1


def test_slow_pages(data: duckdb.DuckDBPyConnection) -> None:
    (mixed,) = row(data, "SELECT count(*) FROM viewers WHERE fastest <= 3000 AND slowest > 3000")
    assert mixed == 0
    counts = row(
        data,
        """SELECT count(*) FILTER (carts AND fastest > 3000), count(*) FILTER (fastest > 3000),
        count(*) FILTER (carts AND fastest <= 3000), count(*) FILTER (fastest <= 3000) FROM viewers""",
    )
    assert_ratio(*counts, planted=TRUTH["slow_pages"]["value"])
    share = TRUTH["slow_pages"]["population"]["slow_share_of_viewing_users"]
    assert_rate(counts[1], counts[1] + counts[3], planted=share)


def channel_days(data: duckdb.DuckDBPyConnection, channel: str) -> pd.DataFrame:
    """The channel's days in all campaigns, `s` and `expected` being what the definition says."""
    days = data.execute("SELECT * FROM channel_days WHERE channel = ?", [channel]).df()
    curve = CHANNELS[channel]
    surging = pd.to_datetime(days["day"]).dt.date.isin(SURGE)
    days["s"] = days["spend"].astype(float) / np.where(surging, 1.25, 1)
    multiplier = days["phase"].map(CURVES["phase_multiplier"])
    days["expected"] = multiplier * curve["ceiling"] * days["s"] / (curve["half_saturation"] + days["s"])
    days["revenue"] = days["revenue"].astype(float)
    return days


@pytest.mark.parametrize("channel", CHANNELS)
def test_contributions(data: duckdb.DuckDBPyConnection, channel: str) -> None:
    days = channel_days(data, channel).query("campaign == 'Double 11 2026'")
    assert len(days) == 56
    planted = CHANNELS[channel]["contribution"]
    assert days["expected"].sum() == pytest.approx(planted, abs=0.0051, rel=0)
    noise = sqrt(exp(SIGMA**2) - 1)
    error = noise * sqrt((days["expected"] ** 2).sum())
    assert abs(days["revenue"].sum() - planted) <= CLEAR * error


@pytest.mark.parametrize("channel", CHANNELS)
def test_revenue_scatters_about_the_curve_as_stated(data: duckdb.DuckDBPyConnection, channel: str) -> None:
    days = channel_days(data, channel)
    assert (days.loc[days["s"] == 0, "revenue"] == 0).all()
    days = days[days["s"] > 0]
    noise = np.log(days["revenue"] / days["expected"]) + SIGMA**2 / 2
    assert abs(noise.mean()) <= CLEAR * SIGMA / sqrt(len(days))
    assert abs(noise.std() - SIGMA) <= CLEAR * SIGMA / sqrt(2 * len(days))


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_regression_finds_the_curve(data: duckdb.DuckDBPyConnection, channel: str) -> None:
    days = channel_days(data, channel).query("s > 0")
    burst, wrap_up = (days["phase"] == "burst").to_numpy(), (days["phase"] == "wrap-up").to_numpy()

    def log_revenue(s: Any, ceiling: float, half: float, in_burst: float, after: float) -> Any:
        return ceiling + np.log(s) - np.log(np.exp(half) + s) + burst * in_burst + wrap_up * after

    s = days["s"].to_numpy()
    start = [log(days["revenue"].max()), log(s.mean()), 0, 0]
    fitted, covariance = curve_fit(log_revenue, s, np.log(days["revenue"]) + SIGMA**2 / 2, p0=start)
    curve, phases = CHANNELS[channel], CURVES["phase_multiplier"]
    planted = np.log([curve["ceiling"], curve["half_saturation"], phases["burst"], phases["wrap-up"]])
    errors = np.sqrt(np.diag(covariance))
    assert errors[0] < 1, "the ceiling is not even known to a factor of three"
    assert (abs(fitted - planted) <= CLEAR * errors).all()


def marginal_roi(channel: str, phase: str, s: float) -> float:
    curve = CHANNELS[channel]
    half = curve["half_saturation"]
    return float(CURVES["phase_multiplier"][phase] * curve["ceiling"] * half / (half + s) ** 2)


def test_the_saturated_channel(data: duckdb.DuckDBPyConnection) -> None:
    channel = TRUTH["response_curves"]["saturated"]["value"]
    days = channel_days(data, channel).set_index("day")
    spend, s = (float(days[name]["2026-11-11"]) for name in ("spend", "s"))
    assert spend > 4 * CHANNELS[channel]["half_saturation"]
    assert marginal_roi(channel, "burst", s) / 1.25 < 0.5


def test_the_starved_channel(data: duckdb.DuckDBPyConnection) -> None:
    starved = TRUTH["response_curves"]["starved"]["value"]
    most = row(data, f"SELECT max(spend)::DOUBLE FROM channel_days WHERE channel = '{starved}'")[0]
    assert most < CHANNELS[starved]["half_saturation"] / 2
    for phase in CURVES["phase_multiplier"]:
        slope = {name: marginal_roi(name, phase, mean_spend(data, name, phase)) for name in CHANNELS}
        assert max(slope, key=slope.__getitem__) == starved


def mean_spend(data: duckdb.DuckDBPyConnection, channel: str, phase: str) -> float:
    days = channel_days(data, channel)
    return float(days.loc[(days["campaign"] == "Double 11 2026") & (days["phase"] == phase), "s"].mean())


def test_low_intent_spend(data: duckdb.DuckDBPyConnection) -> None:
    found = data.execute(
        """SELECT sum(spend) FILTER (audience = 'low_intent'), sum(spend) FROM spend
        WHERE channel = 'display' AND campaign = 'Double 11 2026' GROUP BY period_start"""
    ).fetchall()
    assert len(found) == 56
    assert TRUTH["low_intent_spend"]["value"] == 0.8
    assert all(5 * low == 4 * whole for low, whole in found)
    assert sum(whole for _, whole in found) > 0


def test_low_intent_converts_less(data: duckdb.DuckDBPyConnection) -> None:
    counts = row(
        data,
        """WITH reached AS (
            SELECT user_id, audience, any_value(carts) AS carts
            FROM this_year JOIN viewers USING (user_id)
            WHERE event = 'visit' AND audience IS NOT NULL GROUP BY ALL)
        SELECT count(*) FILTER (carts AND audience = 'low_intent'), count(*) FILTER (audience = 'low_intent'),
            count(*) FILTER (carts AND audience = 'high_intent'), count(*) FILTER (audience = 'high_intent')
        FROM reached""",
    )
    assert_ratio(*counts, planted=TRUTH["low_intent_spend"]["conversion_ratio"]["value"])


def test_fatigue(data: duckdb.DuckDBPyConnection) -> None:
    data.execute(
        """CREATE TABLE loyal AS SELECT user_id FROM orders
        WHERE paid_at < TIMESTAMP '2024-09-20 16:00:00' GROUP BY user_id HAVING count(*) >= 2"""
    )
    (size,) = row(data, "SELECT count(*) FROM loyal")
    active = "SELECT count(DISTINCT user_id) FROM loyal JOIN events USING (user_id) WHERE campaign = '{}'"
    for campaign, share in TRUTH["fatigue"]["value"].items():
        (hits,) = row(data, active.format(campaign))
        assert_rate(hits, size, planted=share)


def test_broken_creative(data: duckdb.DuckDBPyConnection) -> None:
    fact = TRUTH["broken_creative"]["value"]
    sessions = data.execute(
        """SELECT creative, min(timestamp) FILTER (event = 'visit') >= ? AS late,
            bool_or(event = 'view') AS views
        FROM this_year WHERE channel = ? GROUP BY session_id, creative""",
        [datetime.fromisoformat(fact["from_utc"]), fact["channel"]],
    ).df()
    broken = sessions["creative"] == fact["creative"]
    views = dict(iter(sessions["views"].groupby([broken, sessions["late"]])))
    after = views[True, True]
    assert len(after) > 100
    assert after.sum() == 0
    for group in (views[True, False], views[False, False], views[False, True]):
        assert_rate(int(group.sum()), len(group), planted=fact["view_share_before"])


def test_clicks_on_the_broken_creative_keep_costing_money(data: duckdb.DuckDBPyConnection) -> None:
    spend, clicks, conversions, revenue = row(
        data,
        """SELECT sum(spend), sum(clicks), sum(conversions), sum(attributed_revenue) FROM spend
        WHERE creative = 'sv_c3' AND period_start >= TIMESTAMP '2026-11-05 16:00:00'""",
    )
    assert spend > 0 < clicks
    assert conversions == revenue == 0


def test_surge_price(data: duckdb.DuckDBPyConnection) -> None:
    found = data.execute(
        """SELECT sum(spend) FILTER (day IN (?, ?)), sum(clicks) FILTER (day IN (?, ?)),
            sum(spend) FILTER (day NOT IN (?, ?)), sum(clicks) FILTER (day NOT IN (?, ?))
        FROM channel_days WHERE campaign = 'Double 11 2026' GROUP BY channel""",
        SURGE * 4,
    ).fetchall()
    assert TRUTH["surge"]["value"]["cpc_ratio"] == 1.25
    assert len(found) == len(CHANNELS)
    for surge_spend, surge_clicks, spend, clicks in found:
        assert 4 * surge_spend * clicks == 5 * spend * surge_clicks > 0


def test_surge_orders(data: duckdb.DuckDBPyConnection) -> None:
    days = data.execute(
        """SELECT (timestamp + INTERVAL 8 HOUR)::DATE AS day, count(*) AS orders FROM orders
        WHERE campaign = 'Double 11 2026' GROUP BY day"""
    ).df()
    surging = pd.to_datetime(days["day"]).dt.date.isin(SURGE)
    orders = days["orders"]
    ratio = (orders[surging].sum() / 2) / (orders[~surging].sum() / 54)
    assert ratio >= TRUTH["surge"]["value"]["orders_per_hour_ratio_at_least"]
    assert days["day"][orders.argmax()] == pd.Timestamp(2026, 11, 11)


def test_private_domain(data: duckdb.DuckDBPyConnection) -> None:
    fact = TRUTH["private_domain"]
    for campaign, share in {**fact["earlier"], "Double 11 2026": fact["value"]}.items():
        counts = row(
            data,
            f"""SELECT count(*) FILTER (channel = 'private_domain'), count(*) FROM events
            WHERE event = 'visit' AND campaign = '{campaign}'""",
        )
        assert_rate(*counts, planted=share)


def test_events_lie_within_their_campaign(data: duckdb.DuckDBPyConnection) -> None:
    (strays,) = row(
        data,
        """WITH stamped AS (SELECT timestamp + INTERVAL 8 HOUR AS local, campaign[11:] AS year FROM events)
        SELECT count(*) FROM stamped
        WHERE NOT local::DATE BETWEEN (year || '-09-21')::DATE AND (year || '-11-15')::DATE""",
    )
    assert strays == 0


def test_most_of_the_volume_is_this_years(data: duckdb.DuckDBPyConnection) -> None:
    this_year, events, users = row(
        data,
        """SELECT count(*) FILTER (campaign = 'Double 11 2026'), count(*), count(DISTINCT user_id)
        FROM events""",
    )
    assert this_year > 0.6 * events
    assert 9 < events / users < 12


def test_purchases_are_the_paid_orders(data: duckdb.DuckDBPyConnection) -> None:
    paid, matched, purchases = row(
        data,
        """SELECT count(*) FILTER (o.order_id IS NOT NULL),
            count(*) FILTER (e.value::DECIMAL(14, 2) = o.revenue AND e.timestamp = o.paid_at
                AND e.user_id = o.user_id AND e.channel = o.channel AND e.campaign = o.campaign),
            count(e.event)
        FROM (FROM events WHERE event = 'purchase') e
        FULL JOIN (FROM orders WHERE paid_at IS NOT NULL AND campaign IS NOT NULL) o USING (order_id)""",
    )
    assert paid == matched == purchases > 0


def test_orders_are_plausible(data: duckdb.DuckDBPyConnection) -> None:
    unpaid, in_part, in_full, with_coupon, wrong = row(
        data,
        """SELECT count(*) FILTER (paid_at IS NULL), count(*) FILTER (refund > 0 AND refund < revenue),
            count(*) FILTER (refund = revenue), count(*) FILTER (coupon IS NOT NULL),
            count(*) FILTER (refund > revenue OR (refund > 0 AND paid_at IS NULL) OR paid_at <= timestamp
                OR (discount > 0) <> (coupon IS NOT NULL) OR cost <= 0)
        FROM orders""",
    )
    assert min(unpaid, in_part, in_full, with_coupon) > 0
    assert wrong == 0


def test_money_in_and_out_are_of_one_order(data: duckdb.DuckDBPyConnection) -> None:
    spend, attributed = row(
        data, """SELECT sum(spend), sum(revenue) FROM channel_days WHERE campaign = 'Double 11 2026'"""
    )
    (realised,) = row(
        data,
        """SELECT sum(revenue - refund) FROM orders WHERE paid_at IS NOT NULL AND campaign = 'Double 11 2026'
        AND channel IN (SELECT channel FROM channel_days)""",
    )
    assert 2.5 < attributed / spend < 3.5
    assert 0.5 < attributed / realised < 2


def test_the_campaign_file_fits_the_data(data: duckdb.DuckDBPyConnection) -> None:
    campaign = Campaign.from_json((SAMPLE / "campaign.json").read_text(encoding="utf-8"))
    assert (campaign.name, campaign.zone, campaign.currency) == ("Double 11 2026", "Asia/Shanghai", "CNY")
    days = data.execute(
        "SELECT day::VARCHAR, phase FROM channel_days WHERE campaign = ? GROUP BY ALL ORDER BY ALL",
        [campaign.name],
    ).fetchall()
    assert (campaign.start, campaign.end) == (days[0][0], days[-1][0])
    assert [campaign.phase_of(day) for day, _ in days] == [phase for _, phase in days]
    (total,) = row(data, "SELECT sum(spend)::DOUBLE FROM spend WHERE campaign = 'Double 11 2026'")
    assert campaign.budget == pytest.approx(total / 0.85, rel=0.05)
