"""Orders that several files have: the furthest state stands, whichever came first, and undoing brings back what was."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pytest

from analysis.imports import Export, read_export
from analysis.tables import collect
from analysis.workspace import Workspace, open_workspace
from analysis.workspace.contents import Contents

HEAD = "order_id,created_at,total,currency,status,refund"
PENDING, PAID, SHIPPED, CANCELLED, REFUNDED = (
    f"1,2026-11-01 10:00,10,EUR,{word}," for word in ("pending", "paid", "delivered", "cancelled", "refunded")
)
PART, CLOSED = "1,2026-11-01 10:00,10,EUR,partially refunded,4", "1,2026-11-01 10:00,10,EUR,交易关闭,10"
OTHER = "2,2026-11-01 11:00,7,EUR,paid,"


def export(name: str, *rows: str, head: str = HEAD) -> Export:
    return read_export("\n".join((head, *rows, "")).encode(), name, zone="UTC")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Workspace]:
    workspace = open_workspace(tmp_path / "w.duckdb")
    yield workspace
    workspace.close()


def money(workspace: Workspace) -> tuple[int, float, float]:
    """Return how many orders were created, for how much, and what was paid less refunds."""
    shown = Contents().run(workspace.tables()).table.set_index("measure")
    realised = "orders paid, less refunds"
    created = shown.loc["orders created"]
    return (
        int(created["count"]),
        float(created["amount"]),
        float(shown.loc[realised, "amount"]) if realised in shown.index else 0.0,
    )


def rows(workspace: Workspace) -> list[tuple[object, ...]]:
    """Return every column of what stands."""
    found = collect(workspace.tables().frame("orders")).drop(columns="batch").astype(object).fillna("").astype(str)
    return sorted(found[sorted(found.columns)].itertuples(index=False, name=None))


@pytest.mark.parametrize(
    ("before", "after", "words", "realised"),
    [
        (PENDING, PAID, "Orders that came further, from “not paid yet” to “paid”: 1.", 10.0),
        (PAID, SHIPPED, "Orders that came further, from “paid” to “delivered”: 1.", 10.0),
        (PAID, REFUNDED, "Orders that came further, from “paid” to “refunded”: 1.", 0.0),
        (SHIPPED, CANCELLED, "Orders that came further, from “delivered” to “cancelled”: 1.", 0.0),
        (PAID, PART, "Orders that came further, from “paid” to “partly refunded”: 1.", 6.0),
        (PART, PART.replace(",4", ",5"),
         "Orders that stay “partly refunded” and have another refund or time of payment now: 1.", 5.0),
        (PART, CLOSED, "Orders that came further, from “partly refunded” to “refunded”: 1.", 0.0),
    ],
)  # fmt: skip
def test_the_later_state_stands_whichever_file_came_first(
    before: str, after: str, words: str, realised: float, here: Workspace
) -> None:
    first = here.add(export("a.csv", before, OTHER))
    alone = rows(here)
    later = export("b.csv", after, OTHER)
    told = later.reconcile(here)
    assert (told.overlaps, told.differing) == ((), 0)
    second = here.add(later)
    assert [c.words.text() for c in second.changes] == [c.words.text() for c in told.changes]
    assert [c.words.text() for c in second.changes] == [
        words, "Orders that were there already, just as they stand here: 1. They count once."
    ]  # fmt: skip
    assert money(here) == (2, 17.0, 7.0 + realised)
    stood = rows(here)
    here.undo(second.id)
    assert rows(here) == alone
    here.undo(first.id)
    # The older file after the newer one.
    here.add(later)
    third = here.add(export("a.csv", before, OTHER))
    assert [c.verdict for c in third.changes] == ["earlier", "same"]
    assert (money(here), rows(here)) == ((2, 17.0, 7.0 + realised), stood)
    here.undo(third.id - 1)
    assert rows(here) == alone


def test_a_file_of_changed_orders_alone_leaves_the_others(here: Workspace) -> None:
    here.add(export("a.csv", PAID, OTHER, "3,2026-11-01 12:00,5,EUR,pending,"))
    here.add(export("b.csv", REFUNDED, "4,2026-11-01 12:00,1,EUR,paid,"))
    assert money(here) == (4, 23.0, 8.0)


@pytest.mark.long
def test_any_order_of_files_and_any_undo_leave_what_the_files_left_say(tmp_path: Path) -> None:
    """The twin: what stands is that of the files that are left, imported in any order, without one that was undone."""
    files = [(PENDING, OTHER), (PAID,), (PART, "3,2026-11-02 09:00,5,EUR,paid,"), (REFUNDED, OTHER)]
    wanted: dict[frozenset[int], list[tuple[object, ...]]] = {}
    for n, order in enumerate(list(permutations(range(4)))[::5]):
        here = open_workspace(tmp_path / f"{n}.duckdb")
        batches = {place: here.add(export(f"{place}.csv", *files[place])).id for place in order}
        left = frozenset(range(4))
        for place in (None, *order[1:], order[0]) if n % 2 else (None, *order[::-1]):
            if place is not None:
                here.undo(batches[place])
                left -= {place}
            if left:
                assert wanted.setdefault(left, rows(here)) == rows(here), (order, left)
        here.close()
    assert len(wanted[frozenset(range(4))]) == 3


def test_files_of_one_import_count_an_order_once(here: Workspace) -> None:
    older, newer = export("a.csv", PAID, OTHER), export("b.csv", PART, OTHER)
    assert newer.shares(older) == 0  # nothing is to be asked
    batch = here.add(newer, older)
    assert [c.verdict for c in batch.changes] == ["earlier", "same"]
    assert money(here) == (2, 17.0, 13.0)
    later = here.add(export("c.csv", REFUNDED))
    assert money(here) == (2, 17.0, 7.0)
    here.undo(later.id)
    assert money(here) == (2, 17.0, 13.0)
    here.undo(batch.id)
    assert here.tables().count("orders") == 0


@pytest.mark.parametrize(
    ("how", "amounts"), [("keep", (1, 14.0, 14.0)), ("replace", (1, 4.0, 4.0)), ("skip", (1, 10.0, 10.0))]
)
def test_another_amount_is_asked_about(how: str, amounts: tuple[int, float, float], here: Workspace) -> None:
    here.add(export("a.csv", PAID))
    other = export("b.csv", PAID.replace(",10,", ",4,"))
    told = other.reconcile(here)
    assert told.differing == 1
    assert told.changes[0].words.text() == (
        "Orders that were there under the same number with another amount, time or currency: 1, such as 1: "
        "10.00 EUR, 2026-11-01 10:00 UTC there, 4.00 EUR, 2026-11-01 10:00 UTC here."
    )
    batch = here.add(other, overlap=how)
    assert money(here) == amounts
    # What was said of it holds when another batch goes.
    third = here.add(export("c.csv", OTHER.replace("2,", "1,", 1)), overlap="keep")
    here.undo(third.id)
    assert money(here) == amounts
    here.undo(batch.id)
    assert money(here) == (1, 10.0, 10.0)


@pytest.mark.parametrize(
    "row", [PAID.replace("10:00", "12:30"), PAID.replace("EUR", "USD"), REFUNDED.replace(",10,", ",4,")]
)
def test_the_same_number_of_what_may_be_another_order_is_asked_about(row: str, here: Workspace) -> None:
    """Two shops count from one; a line that is refunded is not its order."""
    here.add(export("a.csv", PAID))
    assert export("b.csv", row).reconcile(here).differing == 1


def test_lines_of_an_order_are_one_order_in_every_file(here: Workspace) -> None:
    head = "order_id,created_at,item,amount,currency,status"
    lines = ["1,2026-11-01,Soap,60,EUR,{}", "1,2026-11-01,Candle,40,EUR,{}"]
    first = here.add(export("a.csv", *(line.format("paid") for line in lines), head=head))
    assert money(here) == (1, 100.0, 100.0)
    here.add(export("b.csv", lines[0].format("paid"), lines[1].format("refunded"), head=head))
    assert money(here) == (1, 100.0, 60.0)
    alone = export("c.csv", lines[1].format("refunded"), head=head)
    assert alone.reconcile(here).differing == 1
    here.undo(first.id)
    assert money(here) == (1, 100.0, 60.0)


def test_refunds_that_are_rows_count_once(here: Workspace) -> None:
    back = "1,2026-11-05 10:00,-4,EUR,refunded,"
    here.add(export("a.csv", PAID))
    second = here.add(export("b.csv", PAID, back))
    assert money(here) == (1, 10.0, 6.0)
    third = here.add(export("c.csv", PAID, back, "1,2026-11-06 10:00,-1,EUR,refunded,"))
    assert money(here) == (1, 10.0, 5.0)
    here.undo(second.id)
    assert money(here) == (1, 10.0, 5.0)
    here.undo(third.id)
    assert money(here) == (1, 10.0, 10.0)


def test_what_the_later_state_does_not_say_is_as_the_earlier_says(here: Workspace) -> None:
    head = "order_id,created_at,paid_at,total,currency,status,user_id,channel"
    here.add(export("a.csv", "1,2026-11-01 10:00,2026-11-02 09:00,10,EUR,paid,ann,search", head=head))
    later = here.add(export("b.csv", PART))
    (row,) = collect(here.tables().frame("orders")).to_dict("records")
    assert (row["user_id"], row["channel"], str(row["paid_at"])) == ("ann", "search", "2026-11-02 09:00:00")
    assert (row["status"], row["refund"]) == ("partly_refunded", 4.0)
    here.undo(later.id - 1)
    (row,) = collect(here.tables().frame("orders")).to_dict("records")
    assert (isinstance(row["user_id"], str), isinstance(row["channel"], str)) == (False, False)
    assert str(row["paid_at"]) == "2026-11-01 10:00:00"


def test_files_without_words_for_how_orders_stand_go_by_payment_and_refund(here: Workspace) -> None:
    head = "order_id,created_at,paid_at,total,currency,refund_amount"
    here.add(export("a.csv", "1,2026-11-01,,10,EUR,", "2,2026-11-01,2026-11-01,20,EUR,", head=head))
    assert money(here) == (2, 30.0, 20.0)
    second = here.add(export("b.csv", "1,2026-11-01,2026-11-03,10,EUR,", "2,2026-11-01,2026-11-01,20,EUR,5", head=head))
    assert [(c.before, c.after, c.orders) for c in second.changes] == [("", "paid", 1), ("paid", "partly_refunded", 1)]
    assert money(here) == (2, 30.0, 25.0)


def test_orders_replaced_by_their_days_take_their_states_along(here: Workspace) -> None:
    first = here.add(export("a.csv", PAID))
    second = here.add(export("b.csv", PART))
    others = here.add(export("c.csv", "9,2026-11-01 10:00,50,EUR,paid,"), overlap="replace")
    assert money(here) == (1, 50.0, 50.0)
    here.undo(second.id)
    assert money(here) == (1, 50.0, 50.0)
    here.undo(others.id)
    assert money(here) == (1, 10.0, 10.0)
    here.undo(first.id)
    assert here.tables().count("orders") == 0


def test_an_order_that_came_anew_meanwhile_meets_what_comes_back(here: Workspace) -> None:
    here.add(export("a.csv", PAID))
    others = here.add(export("c.csv", "9,2026-11-01 10:00,50,EUR,paid,"), overlap="replace")
    here.add(export("b.csv", REFUNDED))
    here.undo(others.id)
    assert money(here) == (1, 10.0, 0.0)


def test_orders_of_a_day_that_no_file_shares_are_asked_about_as_ever(here: Workspace) -> None:
    here.add(export("a.csv", PAID))
    told = export("b.csv", OTHER).reconcile(here)
    assert ([o.rows for o in told.overlaps], told.changes) == ([1], ())
