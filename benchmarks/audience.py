"""How long do a lifecycle with its transitions, RFM and buyers' states take, beside the faster of two Polars forms?

The events lie sorted in a workspace, and as text in a Parquet file for Polars, as an export has them. Both sides count
the same movement between the same stages, groups or states, or it stops; they take turns, each in a process of its own,
so that a busy machine slows both and neither's memory is the other's.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

AIM, EVENTS, THREADS = 1.0, 20_000_000, 2
AT, SINCE, LAPSED = "2026-11-25", "2026-10-28", 14
INTEREST = ("view", "search", "favorite", "cart", "checkout")
STAGES = ("new", "reach", "interest", "conversion", "repurchase")
STATES = ("no order yet", "active", "at risk", "lapsed", "won back")
Counts = dict[str, int]


def rows(short: bool) -> Iterator[tuple[str, float, float, float, str]]:
    """Yield seconds of ours and of the faster Polars form, their ratio's median, and both sides' peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        made(Path(folder), EVENTS)
        for what, taken in measured(Path(folder), 3 if short else 7).items():
            ours, peer = (statistics.median(seconds for seconds, _ in taken[side]) for side in fastest(taken))
            yield f"{what}, 20 M events, 2 M users", ours, peer, ours / peer, f"at most {AIM}"


def made(folder: Path, events: int) -> None:
    """Lay the same events into a workspace and into a Parquet file."""
    import pyarrow.parquet as pq

    from benchmarks import made_events

    made_events.load_sorted(folder / "events.duckdb", events, worth=True)
    writer = None
    for piece in map(made_events.valued, made_events.pieces_by_user(events)):
        table = made_events._rows(piece).drop_columns(["channel"])
        writer = writer or pq.ParquetWriter(folder / "events.parquet", table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()


# ---- ours -------------------------------------------------------------------------------------------------


@cache
def _tables(folder: Path) -> Any:
    """Return the tables as the app holds them: what is known of their columns is known once."""
    import duckdb

    from analysis.tables import Tables

    con = duckdb.connect(str(folder / "events.duckdb"), config={"threads": THREADS, "memory_limit": "2GB"})
    return Tables.over(con, campaign=None, version="made")


def ours_stages(folder: Path) -> Counts:
    from analysis import Lifecycle

    answer = Lifecycle(at=AT, since=SINCE).run(_tables(folder))
    return _pairs(answer.frame("movement"), "from_stage", "to_stage")


def ours_states(folder: Path) -> Counts:
    from analysis import LifecycleStates

    answer = LifecycleStates(at=AT, since=SINCE, lapsed_after=LAPSED).run(_tables(folder))
    return _pairs(answer.frame("movement"), "from_state", "to_state")


def ours_groups(folder: Path) -> Counts:
    from analysis import RFM

    answer = RFM(at=AT, since=SINCE).run(_tables(folder))
    return _pairs(answer.frame("movement").rename(columns={"customers": "users"}), "from_group", "to_group")


def _pairs(frame: Any, was: str, now: str) -> Counts:
    return {f"{a} > {b}": int(n) for a, b, n in zip(frame[was], frame[now], frame["users"], strict=True) if n}


# ---- Polars -----------------------------------------------------------------------------------------------


def _polars(folder: Path) -> Any:
    import polars as pl

    return pl.scan_parquet(folder / "events.parquet")


def _ends() -> tuple[Any, Any]:
    import datetime as dt

    return tuple(dt.datetime.fromisoformat(day) + dt.timedelta(days=1) for day in (SINCE, AT))  # type: ignore[return-value]


def stages_at_once(folder: Path) -> Counts:
    """Group every row by user once, with a condition in each sum."""
    import polars as pl

    since, at = _ends()
    interested, bought = pl.col("event").is_in(INTEREST), pl.col("event") == "purchase"
    sides = {}
    for side, end in (("was", since), ("now", at)):
        seen = pl.col("timestamp") < end
        sides[f"{side} seen"], sides[f"{side} interested"] = seen.any(), (seen & interested).any()
        sides[f"{side} orders"] = (seen & bought).sum()
    users = _polars(folder).filter(pl.col("timestamp") < at).group_by("user_id").agg(**sides)
    return _counted(users.select(**{side: _stage(side) for side in ("was", "now")}), STAGES)


def stages_in_parts(folder: Path) -> Counts:
    """Turn every row into the stage it brings its user to, group these small numbers, and add purchases by a join."""
    import polars as pl

    since, at = _ends()
    rows_ = _polars(folder).filter(pl.col("timestamp") < at)
    stage = pl.when(pl.col("event").is_in(INTEREST)).then(2).otherwise(1).cast(pl.Int8)
    before = pl.when(pl.col("timestamp") < since)
    seen = rows_.select("user_id", now=stage, was=before.then(stage).otherwise(0).cast(pl.Int8))
    seen = seen.group_by("user_id").agg(pl.col("now", "was").max())
    bought = rows_.filter(pl.col("event") == "purchase").group_by("user_id")
    orders = bought.agg(now_n=pl.len(), was_n=(pl.col("timestamp") < since).sum())
    users = seen.join(orders, on="user_id", how="left").with_columns(pl.col("now_n", "was_n").fill_null(0))
    found = {side: pl.when(pl.col(f"{side}_n") > 1).then(4).when(pl.col(f"{side}_n") == 1).then(3).otherwise(
        pl.col(side)) for side in ("was", "now")}  # fmt: skip
    return _counted(users.select(**found), STAGES)


def _stage(side: str) -> Any:
    import polars as pl

    orders = pl.col(f"{side} orders")
    seen = pl.when(pl.col(f"{side} interested")).then(2).when(pl.col(f"{side} seen")).then(1).otherwise(0)
    return pl.when(orders > 1).then(4).when(orders == 1).then(3).otherwise(seen)


def states_by_window(folder: Path) -> Counts:
    """Give each day somebody bought on the day before by a window over users."""
    import polars as pl

    days = _bought(folder).sort("user_id", "day")
    return _states(days.with_columns(before=pl.col("day").shift(1).over("user_id")))


def states_by_lists(folder: Path) -> Counts:
    """Sort the days within each user's group and explode them again."""
    import polars as pl

    days = _bought(folder).group_by("user_id").agg(pl.col("day").sort())
    days = days.with_columns(before=pl.col("day").list.eval(pl.element().shift(1)))
    return _states(days.explode("day", "before"))


def _bought(folder: Path) -> Any:
    import polars as pl

    rows_ = _polars(folder).filter(pl.col("event") == "purchase", pl.col("timestamp") < _ends()[1])
    return rows_.select("user_id", day=pl.col("timestamp").dt.date()).unique()


def _states(days: Any) -> Counts:
    import polars as pl

    sides: dict[str, Any] = {}
    for side, end in zip(("was", "now"), _ends(), strict=True):
        by = pl.col("day") < end.date()
        sides[f"{side} last"] = pl.col("day").filter(by).max()
        sides[f"{side} before"] = pl.col("before").filter(by).max()
    users = days.group_by("user_id").agg(**sides)
    found = {}
    for side, end in zip(("was", "now"), _ends(), strict=True):
        last = pl.col(f"{side} last")
        silent = (pl.lit(end.date()) - last).dt.total_days() - 1
        back = ((last - pl.col(f"{side} before")).dt.total_days() > LAPSED).fill_null(value=False)
        found[side] = (
            pl.when(last.is_null()).then(0).when(silent > LAPSED).then(3).when(silent > -(-LAPSED // 2)).then(2)
            .when(back).then(4).otherwise(1)
        )  # fmt: skip
    return _counted(users.select(**found), STATES)


def groups_at_once(folder: Path) -> Counts:
    """Group every row by user once, with a condition in each sum."""
    import polars as pl

    rows_, bought = _polars(folder).filter(pl.col("timestamp") < _ends()[1]), pl.col("event") == "purchase"
    sums = {"seen": (pl.col("timestamp") < _ends()[0]).any()}
    for side, end in zip(("was", "now"), _ends(), strict=True):
        by = bought & (pl.col("timestamp") < end)
        sums[f"{side} last"] = pl.col("timestamp").filter(by).max()
        sums[f"{side} orders"], sums[f"{side} paid"] = by.sum(), pl.col("value").filter(by).sum()
    return _grouped(rows_.group_by("user_id").agg(**sums).collect(engine="streaming"))


def groups_in_parts(folder: Path) -> Counts:
    """Group purchases alone, and join who was seen without one."""
    import polars as pl

    rows_ = _polars(folder).filter(pl.col("timestamp") < _ends()[1])
    before = pl.col("timestamp") < _ends()[0]
    seen = rows_.group_by("user_id").agg(seen=pl.col("timestamp").min()).with_columns(pl.col("seen") < _ends()[0])
    bought = rows_.filter(pl.col("event") == "purchase").group_by("user_id").agg(
        **{"now last": pl.col("timestamp").max(), "now orders": pl.len(), "now paid": pl.col("value").sum(),
           "was last": pl.col("timestamp").filter(before).max(), "was orders": before.sum(),
           "was paid": pl.col("value").filter(before).sum()},
    )  # fmt: skip
    users = seen.join(bought, on="user_id", how="left").with_columns(pl.col("^.* (orders|paid)$").fill_null(0))
    return _grouped(users.collect(engine="streaming"))


def _grouped(users: Any) -> Counts:
    """Put both days' customers into groups by the cuts of the later one, and count who moved where."""
    import polars as pl

    for side, end in zip(("was", "now"), _ends(), strict=True):
        ago = (pl.lit(end.date()) - pl.col(f"{side} last").dt.date()).dt.total_days() - 1
        users = users.with_columns(ago.alias(f"{side} recency"))
    now = users.filter(pl.col("now orders") > 0)
    cuts = {measure: _cuts(now[f"now {measure}"]) for measure in ("recency", "orders", "paid")}
    groups = {side: _group(side, cuts) for side in ("was", "now")}
    unseen = pl.when(~pl.col("seen")).then(pl.lit("first seen since")).otherwise(groups["was"])
    counted = users.select(was=unseen, now=groups["now"]).group_by("was", "now").agg(n=pl.len())
    return {f"{was} > {now}": n for was, now, n in counted.iter_rows()}


def _cuts(values: Any) -> list[float]:
    """Return the quintiles that part the customers, each in another way."""
    found: dict[int, float] = {}
    for part in (0.2, 0.4, 0.6, 0.8):
        cut = values.quantile(part, "linear")
        found.setdefault(int((values <= cut).sum()), cut)
    return [cut for below, cut in found.items() if below < len(values)]


def _group(side: str, cuts: dict[str, list[float]]) -> Any:
    import polars as pl

    def above(measure: str) -> Any:
        return pl.sum_horizontal([(pl.col(f"{side} {measure}") > cut).cast(pl.Float64) for cut in cuts[measure]])

    recent = 1 - above("recency") / len(cuts["recency"])
    worth = (above("orders") / len(cuts["orders"]) + above("paid") / len(cuts["paid"])) / 2
    rules = {
        "prospects": pl.col(f"{side} orders") == 0, "champions": (recent > 0.8) & (worth > 0.8),
        "loyal": (recent > 0.4) & (worth > 0.6), "active": (recent > 0.6) & (worth > 0.3), "new": recent > 0.8,
        "needs attention": (recent > 0.4) & (worth > 0.3), "promising": recent > 0.4, "previously loyal": worth > 0.8,
        "at risk": worth >= 0.5, "almost lost": recent > 0.2,
    }  # fmt: skip
    return pl.coalesce(*(pl.when(which).then(pl.lit(name)) for name, which in rules.items()), pl.lit("dormant"))


def _counted(users: Any, names: tuple[str, ...]) -> Counts:
    import polars as pl

    counted = users.group_by("was", "now").agg(n=pl.len()).collect(engine="streaming")
    return {f"{names[was]} > {names[now]}": n for was, now, n in counted.select("was", "now", "n").iter_rows()}


# ---- in turn ----------------------------------------------------------------------------------------------

FORMS: dict[str, dict[str, Callable[[Path], Counts]]] = {
    "lifecycle": {"ours": ours_stages, "at once": stages_at_once, "in parts": stages_in_parts},
    "RFM": {"ours": ours_groups, "at once": groups_at_once, "in parts": groups_in_parts},
    "buyers' states": {"ours": ours_states, "window": states_by_window, "lists": states_by_lists},
}
"""What is asked, and each side's way to answer it."""
Taken = dict[str, list[tuple[float, int]]]


def measured(folder: Path, repeats: int) -> dict[str, Taken]:
    """Return each form's seconds and peak of memory (bytes), time after time."""
    found: dict[str, Taken] = {what: {form: [] for form in forms} for what, forms in FORMS.items()}
    for what, forms in FORMS.items():
        for _ in range(repeats):
            answers = {form: _alone(what, form, folder) for form in forms}
            if len({json.dumps(counts, sort_keys=True) for counts, _, _ in answers.values()}) > 1:
                raise SystemExit(f"{what}: the answers differ: {answers}")
            for form, (_, seconds, peak) in answers.items():
                found[what][form].append((seconds, peak))
    return found


def fastest(taken: Taken) -> tuple[str, str]:
    """Return ours, and the Polars form whose median is the least."""
    peers = [form for form in taken if form != "ours"]
    return "ours", min(peers, key=lambda form: statistics.median(seconds for seconds, _ in taken[form]))


def _alone(what: str, form: str, folder: Path) -> tuple[Counts, float, int]:
    command = [sys.executable, __file__, "--alone", what, form, str(folder)]
    environment = {**os.environ, "POLARS_MAX_THREADS": str(THREADS)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    counts, seconds, peak = json.loads(done.stdout)
    return counts, seconds, peak


def alone(what: str, form: str, folder: Path) -> tuple[Counts, float, int]:
    """Answer once to load what has to be, then once more under the clock."""
    ask = FORMS[what][form]
    ask(folder)
    began = time.perf_counter()
    counts = ask(folder)
    return counts, time.perf_counter() - began, _peak()


def _peak() -> int:
    """Return the most memory this process has held; `getrusage` tells of the parent's too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) * 1024


def main() -> None:
    """Run the benchmark and print a row for each form."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--folder", type=Path, help="where the stores are, or are to be put")
    parser.add_argument("--alone", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.alone:
        print(json.dumps(alone(asked.alone[0], asked.alone[1], Path(asked.alone[2]))))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "events.parquet").exists():
            made(folder, asked.events)
        for what, taken in measured(folder, asked.repeats).items():
            peer = statistics.median(seconds for seconds, _ in taken[fastest(taken)[1]])
            for form, times in taken.items():
                seconds, peak = statistics.median(s for s, _ in times), max(p for _, p in times)
                print(
                    f"{what:<16}{form:<10}{seconds:>8.2f} s{seconds / peer:>8.2f}{peak / 2**20:>9,.0f} MB peak",
                    flush=True,
                )


if __name__ == "__main__":
    main()
