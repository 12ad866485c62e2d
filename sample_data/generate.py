"""Write a sample campaign of any size: `python -m sample_data.generate --users 20000 --seed 11 --out DIR`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from sample_data import plan
from sample_data.files import FORMATS, TableWriter, event_table, order_table, spend_table
from sample_data.people import Chunk, simulate
from sample_data.spend import Spending, spend_money
from sample_data.truth import campaign_facts, name_facts, planted_truth, record_facts

CHUNK_USERS = 25_000  # part of the data's identity: another size draws other numbers
PEOPLE, SPEND = range(2)  # the random streams


def generate(users: int, seed: int, out: Path, format: str | None = None) -> None:
    """Write events, orders, spend, campaign.json, records.json, names.json and truth.json of a sample campaign.

    Equal arguments write identical rows. Memory does not grow with `users`.

    Parameters
    ----------
    users
        How many users there are, from 1,000 to 10 million; each has about ten events.
    seed
        Where the random numbers start, 0 or more.
    out
        The folder to write to; it is made if need be.
    format
        "parquet" or "csv" for all three tables; by default events are Parquet and the others CSV.

    Raises
    ------
    ValueError
        If an argument is outside of what is said above.
    """
    check(users, seed, out, format)
    out.mkdir(parents=True, exist_ok=True)
    spending = spend_money(users, np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(SPEND,))))
    with ExitStack() as stack:
        events, orders, spend = (
            stack.enter_context(TableWriter(out, table, format or usual)) for table, usual in FORMATS.items()
        )
        spend.write(spend_table(spending.rows))
        first_order = 1
        for first_user, chunk in chunks(users, seed):
            events.write(event_table(chunk, first_user, first_order))
            orders.write(order_table(chunk, first_user, first_order))
            first_order += len(chunk.orders.user)
    describe(users, spending, out)


def chunks(users: int, seed: int) -> Iterator[tuple[int, Chunk]]:
    """All users, some thousand at a time, each chunk with its own stream of random numbers."""
    for number, first in enumerate(range(0, users, CHUNK_USERS)):
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(PEOPLE, number)))
        yield first, simulate(min(CHUNK_USERS, users - first), rng)


def describe(users: int, spending: Spending, out: Path) -> None:
    told = {
        "campaign": campaign_facts(spending),
        "records": record_facts(spending),
        "names": name_facts(),
        "truth": planted_truth(users, spending),
    }
    for name, facts in told.items():
        text = json.dumps(facts, indent=2, ensure_ascii=False) + "\n"
        (out / f"{name}.json").write_text(text, encoding="utf-8", newline="\n")


def check(users: int, seed: int, out: Path, format: str | None) -> None:
    if not plan.MIN_USERS <= users <= plan.MAX_USERS:
        raise ValueError(f"users must be from {plan.MIN_USERS:,} to {plan.MAX_USERS:,}, not {users:,}")
    if seed < 0:
        raise ValueError(f"seed must be 0 or more, not {seed}")
    if format not in (None, "csv", "parquet"):
        raise ValueError(f"format must be csv or parquet, not {format!r}")
    blocker = next((path for path in (out, *out.parents) if path.exists() and not path.is_dir()), None)
    if blocker:
        raise ValueError(f"out must be a folder, but {blocker} is a file")


def main(arguments: list[str] | None = None) -> None:
    """Read the command line, write the sample."""
    parser = argparse.ArgumentParser(
        prog="python -m sample_data.generate", description="Write a sample campaign with a planted truth."
    )
    parser.add_argument("--users", type=int, required=True, help="how many users: 1,000 to 10,000,000")
    parser.add_argument("--seed", type=int, required=True, help="equal seeds write equal data")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")
    parser.add_argument("--format", help="csv or parquet for all; default: events Parquet, the rest CSV")
    chosen = parser.parse_args(arguments)
    try:
        generate(chosen.users, chosen.seed, chosen.out, chosen.format)
    except (ValueError, OSError) as problem:
        parser.error(str(problem))


if __name__ == "__main__":
    main()
