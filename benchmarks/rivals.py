"""The same questions asked of ClickHouse in SQL, each in several forms, and a funnel in pandas.

Every form returns what ours is reduced to by `of_ours`, so that equal answers can be checked.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.made_events import CHANNELS, DAYS, KEYS, START

WINDOW = 7 * 86_400_000_000
WEEK = WINDOW
MONDAY = int(START) - 3 * 86_400_000_000
"""The week of the first event begins: 2026-10-01 is a Thursday."""
WEEKS = (DAYS + 3 + 6) // 7
NO_TOUCH = 255
PLAIN = ""
IN_ORDER = "SETTINGS optimize_aggregation_in_order = 1"
LARGER = "SETTINGS optimize_aggregation_in_order = 1, max_block_size = 1000000"
SETTINGS = {"": PLAIN, ", in order": IN_ORDER, ", in order, larger blocks": LARGER}


# ---- the funnel -------------------------------------------------------------------------------------------


def funnels(steps: tuple[str, ...]) -> dict[str, str]:
    """Return windowFunnel over all rows and over the steps' rows only, under each setting."""
    keys = [KEYS[step] for step in steps]
    conditions = ", ".join(f"event = {key}" for key in keys)
    levels = ", ".join(f"countIf(level >= {k})" for k in range(1, len(steps) + 1))
    rows = {"all rows": "", "steps' rows": f"WHERE event IN ({', '.join(map(str, keys))})"}
    return {
        where + how: f"SELECT {levels} FROM (SELECT windowFunnel({WINDOW})(time, {conditions}) AS level "
        f"FROM bench.events {kept} GROUP BY user) {setting}"
        for where, kept in rows.items()
        for how, setting in SETTINGS.items()
    }


def funnel_in_pandas(events: pd.DataFrame, steps: tuple[str, ...]) -> list[int]:
    """Count the users at each step: every event takes over the latest start among the events of the step before.

    Parameters
    ----------
    events : DataFrame
        user, time (microseconds) and event, sorted by time.
    """
    chains = events.loc[events["event"] == KEYS[steps[0]], ["user", "time"]]
    chains = chains.assign(start=chains["time"])
    users = [chains["user"].nunique()]
    for step in steps[1:]:
        own = events.loc[events["event"] == KEYS[step], ["user", "time"]]
        found = pd.merge_asof(own, chains, on="time", by="user")
        chains = found[found["time"] - found["start"] <= WINDOW]
        users.append(chains["user"].nunique())
    return users


# ---- retention --------------------------------------------------------------------------------------------


def retentions() -> dict[str, str]:
    """Return, by week of the first visit, how many users there are and how many did something in each week."""
    week = f"toUInt8(intDiv(time - {MONDAY}, {WEEK}))"
    first = f"min(if(event = {KEYS['visit']}, {week}, 255)) AS cohort"
    weeks = ", ".join(f"countIf(bitTest(seen, {k}))" for k in range(WEEKS))
    listed = ", ".join(f"countIf(has(seen, {k}))" for k in range(WEEKS))
    twice = (
        f"SELECT cohort, {weeks} FROM (SELECT min(visited) AS cohort, groupBitOr(bitShiftLeft(toUInt32(1), week)) AS "
        f"seen FROM (SELECT user, {week} AS week, if(min(event) = {KEYS['visit']}, week, 255) AS visited "
        "FROM bench.events GROUP BY user, week) GROUP BY user) WHERE cohort < 255 GROUP BY cohort ORDER BY cohort "
    )
    forms = {"weeks as bits": (f"groupBitOr(bitShiftLeft(toUInt32(1), {week})) AS seen", weeks),
             "weeks as arrays": (f"groupUniqArray({week}) AS seen", listed)}  # fmt: skip
    texts = {
        form + how: f"SELECT cohort, {counts} FROM (SELECT {first}, {seen} FROM bench.events GROUP BY user) "
        f"WHERE cohort < 255 GROUP BY cohort ORDER BY cohort {setting}"
        for form, (seen, counts) in forms.items()
        for how, setting in SETTINGS.items()
    }
    return texts | {f"grouped twice{how}": twice + setting for how, setting in list(SETTINGS.items())[:2]}


def retention_of_ours(table: pd.DataFrame) -> list[tuple[int, ...]]:
    """Return (cohort, later, users back) from the week after the start on."""
    week = (pd.to_datetime(table["cohort"]) - pd.Timestamp(MONDAY, unit="us")).dt.days // 7
    rows = zip(week, table["later"], table["returned"], strict=True)
    return sorted((int(c), int(k), int(n)) for c, k, n in rows if k and c + k < WEEKS)


def retention_of_theirs(csv: str) -> list[tuple[int, ...]]:
    """Return the same from a row of counts by week for each cohort."""
    rows = [[int(cell) for cell in line.split(",")] for line in csv.split()]
    return sorted((c, week - c, n) for c, *counts in rows for week, n in enumerate(counts) if week > c)


# ---- attribution ------------------------------------------------------------------------------------------


def attributions() -> dict[str, str]:
    """Return how many purchases had which first and which last visit's channel, in the window, since the last one.

    By window functions, by arrays of each user's events, and by two ASOF joins.
    """
    visit, purchase = KEYS["visit"], KEYS["purchase"]
    kept = f"FROM bench.events WHERE event IN ({visit}, {purchase})"
    ends = "SELECT first, last, count() FROM"
    # A frame's range takes 32 bits at most: milliseconds, which all the times are whole in.
    windows = (
        f"{ends} (SELECT event, count() OVER w AS n, if(n = 1, {NO_TOUCH}, first_value(channel) OVER w) AS first, "
        f"if(n = 1, {NO_TOUCH}, lagInFrame(channel) OVER w) AS last "
        f"FROM (SELECT user, intDiv(time, 1000) AS ms, event, channel, sum(event = {purchase}) OVER (PARTITION BY user "
        f"ORDER BY time ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS path {kept}) "
        f"WINDOW w AS (PARTITION BY user, path ORDER BY ms RANGE BETWEEN {WINDOW // 1000} PRECEDING AND CURRENT ROW)) "
        f"WHERE event = {purchase} GROUP BY first, last"
    )
    arrays = (
        f"{ends} (SELECT arrayFilter(r -> r.2 = {visit} AND r.1 + {WINDOW} >= path[-1].1, path) AS touches, "
        f"if(empty(touches), {NO_TOUCH}, touches[1].3) AS first, if(empty(touches), {NO_TOUCH}, touches[-1].3) AS last "
        f"FROM (SELECT arrayJoin(arrayReverseSplit(r -> r.2 = {purchase}, %s(groupArray((time, event, channel))))) "
        f"AS path {kept} GROUP BY user HAVING max(event) = {purchase}) WHERE path[-1].2 = {purchase}) "
        "GROUP BY first, last "
    )
    visits = f"(SELECT user, time, channel FROM bench.events WHERE event = {visit})"
    joins = (
        f"{ends} (SELECT if(l.time >= p.since AND l.time > 0, l.channel, {NO_TOUCH}) AS last, "
        f"if(f.time >= p.since AND f.time <= p.time AND f.time > 0, f.channel, {NO_TOUCH}) AS first FROM "
        f"(SELECT user, time, greatest(lagInFrame(time) OVER (PARTITION BY user ORDER BY time ROWS BETWEEN 1 PRECEDING "
        f"AND CURRENT ROW) + 1, time - {WINDOW}) AS since FROM bench.events WHERE event = {purchase}) AS p "
        f"ASOF LEFT JOIN {visits} AS l ON p.user = l.user AND p.time >= l.time "
        f"ASOF LEFT JOIN {visits} AS f ON p.user = f.user AND p.since <= f.time) GROUP BY first, last"
    )
    texts = {f"arrays, sorted{how}": arrays % "arraySort" + setting for how, setting in SETTINGS.items()}
    return {"window functions": windows, "ASOF joins": joins, **texts}


def attribution_of_ours(models: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """Return each channel's conversions by first and by last touch."""
    own = models[models["touch"].isin(CHANNELS)]
    return {touch: (round(first), round(last)) for touch, first, last in own[["touch", "first", "last"]].to_numpy()}


def attribution_of_theirs(csv: str) -> dict[str, tuple[int, int]]:
    """Return the same from counts by pair."""
    rows = np.array([[int(cell) for cell in line.split(",")] for line in csv.split()])
    first, last, n = rows.T
    return {name: (int(n[first == i].sum()), int(n[last == i].sum())) for i, name in enumerate(CHANNELS)}
