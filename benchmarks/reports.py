"""How often is a report's sum wrong without a question, and how often is asked what stands in the file?

    python -m benchmarks.reports [--count 1000] [--seed 1] [--kept FOLDER]

Random reports whose true sums are known (`tests/imports/made_reports.py`) are read as a colleague's upload is. Half of
them hold every fact, the others lack one that nobody could know from the file. Three things are printed: sums that are
wrong although nothing is asked; how often something is asked though every fact stands there; and, by what is lacking,
how often just that is asked.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis import read_export
from analysis.errors import SluiceError
from analysis.imports import Export
from analysis.imports.rows.reconcile import Reconciliation
from tests.imports.made_reports import PAID, PLANTED, Made, Truth, made_report

ANSWERED: dict[str, frozenset[str]] = {
    "day or month first": frozenset({"day_first", "year_first"}),
    "decimal sign": frozenset({"decimal"}),
    "currency": frozenset({"currency"}),
    "channel": frozenset({"channel"}),
    "total or row": frozenset({"totals"}),
    "which amount": frozenset({"settled", "spend", "revenue"}),
    "order status": frozenset({"statuses"}),
    "part refund": frozenset({"part_refunds"}),
    "result type": frozenset({"results"}),
    "period": frozenset({"period_start"}),
}
"""What must be asked, by what a report lacks: a decision that is open or a column that is still needed."""

MOST_ASKED = 0.10
"""At most so many reports with every fact may ask anything."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one report: what was asked, and which figures are not the true ones."""

    made: Made
    asked: frozenset[str]
    wrong: tuple[str, ...]

    @property
    def silent(self) -> bool:
        """Whether a figure is wrong and nothing was asked."""
        return bool(self.wrong) and not self.asked

    @property
    def met(self) -> bool:
        """Whether what the report lacks was asked."""
        return bool(self.asked & ANSWERED[self.made.planted])


def rows(short: bool) -> Iterator[tuple[str, float, float, float, str]]:
    """Yield the shares that are wrong without a question, asked in vain, and asked where something is lacking."""
    verdicts = [verdict(made) for made in reports(200 if short else 1_000)]
    fair, lacking = ([one for one in verdicts if bool(one.made.planted) == planted] for planted in (False, True))
    silent, vain = sum(one.silent for one in verdicts) / len(verdicts), sum(bool(one.asked) for one in fair) / len(fair)
    yield "reports wrong without a question", silent, 0.0, silent, "none"
    yield "reports asked about in vain", vain, MOST_ASKED, vain / MOST_ASKED, f"at most {MOST_ASKED:.0%}"
    met = sum(one.met for one in lacking) / len(lacking)
    yield "lacking facts that are asked for", met, 1.0, met, "all"


def reports(count: int, seed: int = 1) -> Iterator[Made]:
    """Yield reports: every other one lacks a fact, each kind in turn; the k-th is the same whatever the count."""
    kinds = tuple(PLANTED)
    for k in range(count):
        planted = kinds[k // 2 % len(kinds)] if k % 2 else ""
        yield made_report(np.random.default_rng([seed, k]), planted)


def verdict(made: Made) -> Verdict:
    """Read a report and compare it with its truth."""
    try:
        export = read_export(made.content, made.name, zone="UTC")
    except SluiceError as error:
        return Verdict(made, frozenset({f"unread: {error}"}), ())
    try:
        found = None if export.mapping.missing() else export.reconcile()
        return Verdict(made, questions(export, found), tuple(differences(export, found, made.truth)) if found else ())
    finally:
        export.close()


def questions(export: Export, found: Reconciliation | None) -> frozenset[str]:
    """Return what has to be decided before the file can be imported, as the page asks it."""
    asked = set(export.mapping.missing()) | {question.text() for question in export.assumptions}
    if not export.recognition.known:
        asked.add("unknown")
    if found:
        asked |= set(found.undecided) | (set() if found.kept else {"no rows"})
    return frozenset(asked)


def differences(export: Export, found: Reconciliation, truth: Truth) -> Iterator[str]:
    """Yield which figures of the rows to store are not the true ones."""
    if export.mapping.table != truth.table:
        yield f"table {export.mapping.table}"
        return
    rows = export.clean(b"k" * 32).rows.to_pylist()
    if found.currencies != (truth.currency,):
        yield f"currency {', '.join(found.currencies)} for {truth.currency}"
    if found.days != truth.days:
        yield f"days {found.days} for {truth.days}"
    read = {column for column, _heading in export.mapping.columns}
    for column in MEASURES[truth.table] & (read | NEEDED):
        ours = sum(row.get(column) or 0 for row in rows)
        true = truth.sums.get(column, 0) / (1 if column in COUNTED else 100)
        if abs(ours - true) > 0.005:
            yield f"{column} {ours:.2f} for {true:.2f}"
    for channel, cents in truth.channels.items():
        ours = sum(row["spend"] for row in rows if row["channel"] == channel)
        if abs(ours - cents / 100) > 0.005:
            yield f"spend of {channel} {ours:.2f} for {cents / 100:.2f}"
    if truth.paid is not None:
        paid = sum(row["revenue"] for row in rows if was_paid(row, read))
        if abs(paid - truth.paid / 100) > 0.005:
            yield f"paid {paid:.2f} for {truth.paid / 100:.2f}"


MEASURES = {
    "spend": {"spend", "impressions", "clicks", "conversions", "attributed_revenue"},
    "orders": {"revenue", "refund"},
}
COUNTED = {"impressions", "clicks", "conversions"}
NEEDED = {"spend", "revenue", "refund"}
"""Amounts that may not be left unread where the file has them."""
STATUSES = {"partly_refunded" if how == "partly" else how for how in PAID}


def was_paid(row: dict[str, object], read: set[str]) -> bool:
    """Whether an order was paid: by its status, else by its time of payment, else nothing says that it was not."""
    if row.get("status") is not None:
        return row["status"] in STATUSES
    return "paid_at" not in read or row["paid_at"] is not None


def main(argv: list[str] | None = None) -> None:
    """Read the reports and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kept", type=Path, help="where to keep the files that are wrong, or asked about in vain")
    asked = parser.parse_args(argv)
    verdicts = list[Verdict]()
    for k, made in enumerate(reports(asked.count, asked.seed)):
        verdicts.append(verdict(made))
        _show(k, verdicts[-1], asked.kept)
    print("\n".join(table(verdicts)))


def table(verdicts: list[Verdict]) -> Iterator[str]:
    """Yield the lines of the table."""
    fair = [one for one in verdicts if not one.made.planted]
    silent, asking = sum(one.silent for one in verdicts), sum(bool(one.asked) for one in fair)
    yield f"{'wrong without a question':<40}{silent:>5} of {len(verdicts):<6}aim: none"
    share = f"{asking / max(len(fair), 1):.1%}"
    asked = f"{'asked though every fact stands there':<40}{asking:>5} of {len(fair):<6}"
    yield f"{asked}{share}, aim: at most {MOST_ASKED:.0%}"
    there, met = Counter(one.made.planted for one in verdicts), Counter(o.made.planted for o in verdicts
                                                                        if o.made.planted and o.met)  # fmt: skip
    for kind in PLANTED:
        yield f"{'asked for what is lacking: ' + kind:<40}{met[kind]:>5} of {there[kind]:<6}aim: all"


def _show(k: int, one: Verdict, folder: Path | None) -> None:
    """Print what is not as it should be, and keep its file."""
    made = one.made
    in_vain = one.asked and not made.planted
    unmet = made.planted and not one.met
    if not (one.silent or in_vain or unmet):
        return
    why = "wrong" if one.silent else "asked in vain" if in_vain else f"not asked: {made.planted}"
    print(f"{k:>5} {made.layout:<16}{why:<32}{sorted(one.asked) or ''} {'; '.join(one.wrong)}", flush=True)
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{k:04d}-{made.name}").write_bytes(made.content)


if __name__ == "__main__":
    main()
