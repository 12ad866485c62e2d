"""How often is a difference called where there is none, and how often is one found that is there?

    python -m benchmarks.nulls [--runs 400] [--only NAME]

Each simulation makes data sets of which the truth is known, asks the question that a page asks, and counts in how many
runs it claims a difference. One table is printed: simulation, runs, false alarms or found, and what is aimed at.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis import DropOffs, Funnel, Nodes, PageSpeed, Participation, Tables

START = pd.Timestamp("2026-11-01")
LATER = "2027-01-01"


@dataclass(frozen=True, slots=True)
class Simulation:
    """Data sets of one kind and whether the question asked of one claims a difference.

    Parameters
    ----------
    claims : callable
        Makes one data set and asks; takes a Generator.
    null : bool
        Whether there is nothing to find: then claims are false alarms.
    aim : float
        At most so many false alarms, or at least so many found, as a share of runs.
    """

    claims: Callable[[np.random.Generator], bool]
    null: bool
    aim: float

    def count(self, runs: int, seed: int = 1) -> int:
        """Return in how many runs a difference is claimed; run k is the same whatever the number of runs."""
        return sum(self.claims(np.random.default_rng([seed, run])) for run in range(runs))

    def met(self, claimed: int, runs: int) -> bool:
        """Whether the aim is met."""
        return claimed / runs <= self.aim if self.null else claimed / runs >= self.aim


# ---- page speed -------------------------------------------------------------------------------------------


def pages(rng: np.random.Generator, users: int, *, slow: float, times: float, rate: float, mean: float) -> pd.DataFrame:
    """Return people who view 1 + Poisson(mean) pages, and who may buy after any of them.

    Parameters
    ----------
    users : int
    slow : float
        Share of people whose pages are slow throughout; the others' are slow one in four times.
    times : float
        What slow pages make of the chance to go on.
    rate : float
        Chance to go on after one page.
    mean : float
        Of the pages beyond the first.
    """
    n = 1 + rng.poisson(mean, users)
    user = np.repeat(np.arange(users), n)
    after = np.arange(len(user)) - np.repeat(np.cumsum(n) - n, n)
    late = rng.random(users) < slow
    load = np.where(
        late[user], rng.uniform(3500, 6000, len(user)), rng.choice((1000.0, 5000.0), len(user), p=(0.75, 0.25))
    )
    on = rng.random(len(user)) < rate * np.where(late, times, 1.0)[user]
    begun = rng.integers(0, 10 * 86_400, users)
    at = START + pd.to_timedelta(begun[user] + 60 * after, unit="s")
    seen = pd.DataFrame({"user_id": user, "timestamp": at, "event": "view", "load_ms": load})
    bought = pd.DataFrame({"user_id": user[on], "timestamp": at[on] + pd.Timedelta("20s"), "event": "cart"})
    last = pd.DataFrame({"user_id": [-1], "timestamp": [START + pd.Timedelta("30D")], "event": ["other"]})
    return pd.concat([seen, bought, last]).astype({"user_id": str})


def _speed(events: pd.DataFrame) -> pd.Series:
    asked = PageSpeed(window="1d", breakdown=None)
    return asked.run(Tables(events=events)).frame("loss").iloc[0]


def speed_null(rng: np.random.Generator) -> bool:
    """Load times that have nothing to do with who goes on, who does so the more often the more pages they see."""
    total = _speed(pages(rng, 2000, slow=0.0, times=1.0, rate=0.1, mean=3.0))
    return bool(total["difference_low"] > 0 or total["difference_high"] < 0)


def speed_power(rng: np.random.Generator) -> bool:
    """Slow pages at 0.6 of the others' rate, as many people and of as few pages as in the sample."""
    total = _speed(pages(rng, 19_000, slow=0.22, times=0.6, rate=0.09, mean=0.1))
    return bool(total["gained_low"] > 0)


# ---- drop-offs --------------------------------------------------------------------------------------------

SHARES = {
    "device": {"android": 0.46, "ios": 0.29, "mini_program": 0.18, "desktop": 0.07},
    "channel": {"search": 0.3, "display": 0.25, "video": 0.25, "social": 0.2},
    "audience": {"new": 0.6, "known": 0.4},
}


def checkouts(rng: np.random.Generator, users: int, *, android: float) -> pd.DataFrame:
    """Return people who check out, 0.86 of whom pay; on Android `android` times as many."""
    drawn = {c: rng.choice(list(own), users, p=list(own.values())) for c, own in SHARES.items()}
    paid = rng.random(users) < 0.86 * np.where(drawn["device"] == "android", android, 1.0)
    seen = pd.DataFrame({"user_id": np.arange(users), "timestamp": START, "event": "checkout", **drawn})
    bought = seen[paid].assign(event="purchase", timestamp=START + pd.Timedelta("1min"))
    bought["value"] = rng.lognormal(5.0, 0.8, len(bought))
    return pd.concat([seen, bought]).astype({"user_id": str})


def _dropoffs(events: pd.DataFrame) -> pd.DataFrame:
    funnel = Funnel(steps=("checkout", "purchase"), window="1d", observed_until=LATER)
    return DropOffs(funnel=funnel, by=tuple(SHARES)).run(Tables(events=events)).table


def dropoffs_null(rng: np.random.Generator) -> bool:
    """Groups that differ in nothing."""
    return bool(_dropoffs(checkouts(rng, 1477, android=1.0))["clear"].any())


def dropoffs_power(rng: np.random.Generator) -> bool:
    """Android at 0.7 of the others' rate, at the sample's size, called clear and the dearest of all."""
    top = _dropoffs(checkouts(rng, 1477, android=0.7)).iloc[0]
    return bool(top["clear"] and top["group"] == "android")


# ---- touchpoints ------------------------------------------------------------------------------------------

HOUR = 3600.0


def touched(
    rng: np.random.Generator, users: int, *, days: int, met: float, rate: float, times: float = 1.0
) -> pd.DataFrame:
    """Return people who view once, may meet a touchpoint within six hours, and may buy at any time of the day after.

    Parameters
    ----------
    users, days : int
        So many people, on so many days.
    met : float
        Share that meets the touchpoint.
    rate : float
        Chance to buy.
    times : float
        What meeting the touchpoint makes of it.
    """
    viewed = rng.uniform(0, days * 24 * HOUR, users)
    meets, met_at = rng.random(users) < met, viewed + rng.uniform(0, 6 * HOUR, users)
    buys, bought_at = rng.random(users) < rate, viewed + rng.uniform(0, 24 * HOUR, users)
    moved = meets & ~buys & (rng.random(users) < (times - 1) * rate / (1 - rate))
    bought_at = np.where(moved, met_at + rng.uniform(0, 24 * HOUR, users), bought_at)
    kinds = [
        (np.full(users, True), viewed, "view"),
        (meets, met_at, "social_seeding"),
        (buys | moved, bought_at, "cart"),
    ]
    rows = [pd.DataFrame({"user_id": np.flatnonzero(own), "at": at[own], "event": event}) for own, at, event in kinds]
    rows.append(pd.DataFrame({"user_id": [-1], "at": [(days + 30) * 24 * HOUR], "event": ["other"]}))
    log = pd.concat(rows, ignore_index=True)
    return log.assign(user_id=log["user_id"].astype(str), timestamp=START + pd.to_timedelta(log.pop("at"), unit="s"))


def _touchpoint(events: pd.DataFrame) -> pd.Series:
    asked = Nodes(nodes=("social_seeding",), goal="cart", window="3d", phases=False)
    return asked.run(Tables(events=events)).table.iloc[0]


def touchpoint_null(rng: np.random.Generator) -> bool:
    """Purchases at any time after the first view, whoever meets the touchpoint."""
    row = _touchpoint(touched(rng, 2000, days=10, met=0.4, rate=0.3))
    return bool(row["low"] > 0 or row["high"] < 0)


def touchpoint_power(rng: np.random.Generator) -> bool:
    """1.6 times the others' rate, with the sample's viewers, days and rate to the cart; 4% of them meet it."""
    return bool(_touchpoint(touched(rng, 19_000, days=56, met=0.04, rate=0.12, times=1.6))["low"] > 0)


# ---- participation ----------------------------------------------------------------------------------------


def attended(rng: np.random.Generator, campaigns: int, users: int, rates: Sequence[float], gone: float) -> pd.DataFrame:
    """Return events of campaigns that each bring new people, a share of whom never come again.

    The others come to the later campaigns at these rates, whatever they did before.

    Parameters
    ----------
    campaigns, users : int
    rates : sequence of float
        Per campaign.
    gone : float
        Share that never comes again.
    """
    first = rng.integers(0, campaigns, users)
    stays = rng.random(users) >= gone
    came = (rng.random((users, campaigns)) < np.array(rates)) & stays[:, None]
    came &= np.arange(campaigns) > first[:, None]
    came[np.arange(users), first] = True
    return visits(*np.nonzero(came))


def visits(user: np.ndarray, place: np.ndarray) -> pd.DataFrame:
    """Return events of who came to which campaign, a hundred days apart, the last of which is over."""
    at = pd.Timestamp("2020-01-01") + pd.to_timedelta(place * 100, unit="D")
    names = [f"c{p}" for p in place]
    seen = pd.DataFrame({"user_id": user.astype(str), "timestamp": at, "event": "visit", "campaign": names})
    after = seen.iloc[-1:].assign(timestamp=pd.Timestamp("2030-01-01"), campaign=None)  # the last one is over
    return pd.concat([seen, after], ignore_index=True)


def participation_null(campaigns: int) -> Callable[[np.random.Generator], bool]:
    """Half of the people never come again, the others as often to every campaign."""

    def claims(rng: np.random.Generator) -> bool:
        events = attended(rng, campaigns, 3000, [0.4] * campaigns, gone=0.5)
        trend = Participation().run(Tables(events=events)).frame("trend").iloc[0]
        return bool(trend["change_high"] < 0 or trend["change_low"] > 0)

    return claims


def participation_power(rng: np.random.Generator) -> bool:
    """Loyal users, as many as in the sample, of whom 45%, 36.5% and 28% come to three campaigns."""
    users = 2161
    user, place = np.nonzero(rng.random((users, 3)) < np.array([0.45, 0.365, 0.28]))
    bought = pd.DataFrame({"order_id": np.arange(users).astype(str), "user_id": np.arange(users).astype(str)})
    bought = bought.assign(timestamp=pd.Timestamp("2019-01-01"), paid_at=pd.Timestamp("2019-01-01"), revenue=1.0)
    tables = Tables(events=visits(user, place), orders=bought.assign(currency="CNY"))
    trend = Participation(paid_orders=1).run(tables).frame("trend").iloc[0]
    return bool(trend["change_high"] < 0)


SIMULATIONS: Mapping[str, Simulation] = {
    "speed-null": Simulation(speed_null, null=True, aim=0.08),
    "speed-power": Simulation(speed_power, null=False, aim=0.85),
    "dropoffs-null": Simulation(dropoffs_null, null=True, aim=0.08),
    "dropoffs-power": Simulation(dropoffs_power, null=False, aim=0.9),
    "touchpoint-null": Simulation(touchpoint_null, null=True, aim=0.08),
    "touchpoint-power": Simulation(touchpoint_power, null=False, aim=0.85),
    "participation-null-4": Simulation(participation_null(4), null=True, aim=0.08),
    "participation-null-6": Simulation(participation_null(6), null=True, aim=0.08),
    "participation-power": Simulation(participation_power, null=False, aim=0.85),
}
"""By name; each is described at its function."""


def rows(short: bool) -> Iterable[tuple[str, float, float, float, str]]:
    """Yield what, share of runs that claim a difference, the bound, their ratio, and the aim."""
    runs = 40 if short else 400
    for name, one in SIMULATIONS.items():
        share = one.count(runs) / runs
        yield name, share, one.aim, share / one.aim, f"{'at most' if one.null else 'at least'} {one.aim:.0%}"


def main(argv: list[str] | None = None) -> None:
    """Run the simulations and print their table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--only", choices=SIMULATIONS)
    asked = parser.parse_args(argv)
    print(f"{'simulation':<22}{'runs':>6}  {'':<14}{'aim':<16}")
    for name, one in SIMULATIONS.items():
        if asked.only in (None, name):
            claimed = one.count(asked.runs)
            what = f"{claimed / asked.runs:.1%} {'false' if one.null else 'found'}"
            aim = f"{'at most' if one.null else 'at least'} {one.aim:.0%}"
            print(
                f"{name:<22}{asked.runs:>6}  {what:<14}{aim:<16}{'' if one.met(claimed, asked.runs) else 'missed'}",
                flush=True,
            )


if __name__ == "__main__":
    main()
