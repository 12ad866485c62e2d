"""Every export of the list of formats comes in as it stands and gives the exact figures."""

from __future__ import annotations

from pathlib import Path

import pytest
from imports.exports.fixtures import every
from imports.exports.outcome import confirmed, found, imported, opened, wanted

from analysis.imports import read_exports
from analysis.imports.formats import formats
from analysis.tables import collect
from analysis.workspace import read_export
from analysis.workspace.contents import Contents

ALL = every()
TABLES = sorted(name for name, fixture in ALL.items() if fixture.expected.table)
OTHERS = sorted(set(ALL) - set(TABLES))


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.long
def test_the_exact_figures_come_out(name: str, tmp_path: Path) -> None:
    fixture = ALL[name]
    with imported(fixture, tmp_path) as (export, workspace, batch):
        assert found(fixture, export, workspace, batch) == wanted(fixture)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.long
def test_the_page_shows_the_same_figures(name: str, tmp_path: Path) -> None:
    fixture, expected = ALL[name], ALL[name].expected
    with imported(fixture, tmp_path) as (_, workspace, _batch):
        shown = Contents().run(workspace.tables()).table.set_index("measure")
    column = {"spend": "ad spend", "orders": "orders created", "events": "events"}[expected.table]
    amount = expected.sums.get({"spend": "spend", "orders": "revenue", "events": ""}[expected.table], "")
    count, amount = expected.created if expected.created[1] else (expected.rows, amount)
    assert shown.loc[column, "count"] == count
    if expected.table != "events":
        assert f"{shown.loc[column, 'amount']:.2f}" == f"{float(amount):.2f}"


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_table_of_ours_is_still_read(name: str) -> None:
    fixture = ALL[name]
    export = read_export(fixture.content, fixture.file)
    try:
        assert export.headings == fixture.expected.headings
        assert export.rows - _marked(export) == fixture.expected.lines
        assert export.mapping.missing()
    finally:
        export.close()


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.long
def test_every_line_is_kept_or_set_aside(name: str, tmp_path: Path) -> None:
    fixture = ALL[name]
    with imported(fixture, tmp_path) as (export, workspace, batch):
        kept = sum(file.rows for file in batch.files)
        assert kept + len(workspace.set_aside(batch.id)) == export.reconcile().lines
        assert export.mapping.spread or export.reconcile().lines == export.rows


@pytest.mark.parametrize("name", sorted(n for n in TABLES if ALL[n].expected.private))
def test_nobody_can_be_read_from_the_workspace(name: str, tmp_path: Path) -> None:
    fixture = ALL[name]
    with imported(fixture, tmp_path) as (export, workspace, batch):
        stored = collect(workspace.tables().frame(export.mapping.table)).to_csv()
        stored += workspace.set_aside(batch.id).to_csv()
    raw = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for text in fixture.expected.private:
        assert text not in stored
        assert text.encode() not in raw


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.long
def test_a_confirmed_mapping_can_be_kept_and_used_again(name: str) -> None:
    fixture = ALL[name]
    export = opened(fixture)
    try:
        ready = confirmed(export, fixture)
        again = type(ready.mapping).from_json(ready.mapping.to_json())
        assert again == ready.mapping
        assert ready.mapped(again).clean(b"k" * 32).rows.equals(ready.clean(b"k" * 32).rows)
    finally:
        export.close()


def test_stacked_tables_are_offered_by_their_titles() -> None:
    fixture = ALL["ga4-stacked"]
    exports = read_exports(fixture.content, fixture.file)
    assert [(export.scratch.title, export.rows) for export in exports] == [
        ("Active users by day", 3),
        ("Active users by day", 3),
        ("Advertising by day", 3),
    ]
    for export in exports:
        export.close()


def test_a_footer_that_differs_by_rounding_is_shown_as_matching() -> None:
    """The campaign rows sum to 1,000.32 and the file's own totals say 1,000.31 twice and 1,000.32 once."""
    fixture = ALL["google-ads-campaigns"]
    export = read_export(fixture.content, fixture.file)
    try:
        reconciled = confirmed(export, fixture).reconcile()
        assert (reconciled.lines, reconciled.kept) == (6, 3)
        assert reconciled.matches
    finally:
        export.close()


def _marked(export: object) -> int:
    """Count the lines that are headings again."""
    scratch = export.scratch  # type: ignore[attr-defined]
    return int(scratch.con.execute(f"SELECT count(*) FROM {scratch.relation} WHERE mark IS NOT NULL").fetchall()[0][0])


@pytest.mark.long
def test_every_format_has_a_fixture_that_is_taken_for_it() -> None:
    known = {f.name for f in formats()}
    taken = dict.fromkeys(known, 0)
    for fixture in ALL.values():
        export = opened(fixture)
        if export.recognition.format:
            taken[export.recognition.format] += 1
        export.close()
    assert [name for name, many in taken.items() if not many] == [
        "Facebook Ads (interest report)"
    ]  # the real file is it


def test_the_readme_counts_them() -> None:
    said = (Path(__file__).resolve().parents[3] / "README.md").read_text(encoding="utf-8")
    assert f"{len(formats())} kinds of export" in said
