"""Columns that become rows, steps without times, parts that cannot be read, and the line each row stands on."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from imports.exports.biff import xls
from imports.exports.fixtures import MADE, STEPS, archive, gzipped, lines, utf16, workbook
from imports.exports.outcome import imported

from analysis.errors import ImportFileError, QuestionError
from analysis.imports.file import limits
from analysis.journey.funnel.question import Funnel
from analysis.tables import collect
from analysis.workspace import ColumnMapping, Export, open_workspace, read_export

KEY = b"k" * 32


def rows(export: Export, **answers: str) -> list[dict[str, Any]]:
    constants = {**dict(export.mapping.constants), **answers}
    made = export.mapped(export.mapping.replace(constants=constants)).clean(KEY)
    export.close()
    return made.rows.to_pylist()  # type: ignore[no-any-return]


# ---- media ------------------------------------------------------------------------------------------------


def test_a_wide_media_table_agrees_with_its_total_and_says_what_it_assumed() -> None:
    fixture = MADE["media-by-channel"]()
    export = read_export(fixture.content, fixture.file)
    assert export.mapping.missing() == ()
    assert dict(export.mapping.spread) == {"抖音花费(元)": "抖音", "小红书花费(元)": "小红书", "展会花费(元)": "展会"}
    assert {g.confidence for g in export.recognition.guesses if g.column == "spend"} == {0.6}
    found = export.reconcile()
    assert (found.lines, found.kept, found.set_aside) == (10, 7, (("total", 3),))
    assert [(c.column, c.file, c.ours, c.verdict) for c in found.totals] == [("spend", 2650.25, 2650.25, "match")]
    assert [q.id for q in found.questions] == [
        "{headings}: each is read as a channel, its numbers as money. Is that right?",
        "{heading} looks like the revenue of each row. To keep it, import the file once more, as orders.",
    ]
    export.close()


def test_its_revenue_is_one_paid_order_for_each_row() -> None:
    fixture = MADE["media-by-channel"]()
    orders = read_export(fixture.content, fixture.file, zone="UTC").as_table("orders")
    assert orders.mapping.missing() == ("currency",)
    found = rows(orders, currency="CNY")
    assert [(r["order_id"], str(r["paid_at"]), r["revenue"]) for r in found] == [
        ("2026-08-03", "2026-08-03 00:00:00", 9000.0),
        ("2026-08-10", "2026-08-10 00:00:00", 7000.0),
        ("2026-08-17", "2026-08-17 00:00:00", 6500.0),
    ]


@pytest.mark.parametrize(
    ("headings", "channels"),
    [
        ("date,tv_spend,radio_spend", ["tv", "radio"]),
        ("date,Spend - TV,Cost_Radio", ["TV", "Radio"]),
        ("DATE,tv_S,facebook_S", ["tv", "facebook"]),
        ("date,Facebook,Google", ["Facebook", "Google"]),
        ("day,tv ad spend,radio ad spend", ["tv", "radio"]),
        ("日期,抖音,微信", ["抖音", "微信"]),
        ("week,x1,x2", ["x1", "x2"]),
        ("date,media_1,media_2", ["media_1", "media_2"]),
    ],
)
def test_headings_that_are_channels(headings: str, channels: list[str]) -> None:
    export = read_export(lines(headings, "2026-08-01,1.5,2", "2026-08-02,3,4").encode())
    assert export.mapping.table == "spend"
    assert sorted(dict(export.mapping.spread).values()) == sorted(channels)
    assert all(g.confidence < 0.8 for g in export.recognition.guesses if g.column == "spend")
    export.close()


@pytest.mark.parametrize(
    "headings",
    [
        "date,total_spend,clicks",
        "date,temperature,visitors",
        "date,facebook_impressions,google_clicks",
        "user_id,tv_spend,radio_spend",
        "date,spend,clicks",
    ],
)
def test_headings_that_are_not(headings: str) -> None:
    export = read_export(lines(headings, "2026-08-01,1.5,2", "2026-08-02,3,4").encode())
    assert export.mapping.spread == ()
    export.close()


@pytest.mark.parametrize(
    ("days", "period"),
    [
        (("2026-08-03", "2026-08-10", "2026-08-24"), "7d"),
        (("2026-08-03", "2026-08-04", "2026-08-05"), "1d"),
        (("2026-08-03 00:00", "2026-08-03 01:00", "2026-08-03 02:00"), "1h"),
        (("2026-08-03", "2026-08-03", "2026-08-03"), "1d"),
    ],
)
def test_a_row_lasts_until_the_next(days: tuple[str, ...], period: str) -> None:
    export = read_export(lines("date,tv,radio", *(f"{day},1,2" for day in days)).encode())
    assert export.mapping.period == period
    export.close()


def test_a_spread_mapping_is_a_value() -> None:
    asked = ColumnMapping(
        table="spend",
        columns={"period_start": "d"},
        constants={"currency": "CNY"},
        spread={"fb": "meta", "ig": "meta", "tv": "tv"},
    )
    assert ColumnMapping.from_json(asked.to_json()) == asked
    assert asked.missing() == ()
    export = read_export(lines("d,fb,ig,tv", "2026-08-01,1,2,3", "2026-08-02,4,,x").encode(), "m.csv", zone="UTC")
    made = export.mapped(asked).clean(KEY)
    assert [(r["channel"], r["spend"]) for r in made.rows.to_pylist()] == [
        ("meta", 1.0), ("meta", 2.0), ("tv", 3.0), ("meta", 4.0),
    ]  # fmt: skip
    aside = made.set_aside.to_pylist()
    assert [(r["file"], r["line"], r["reason"], r["column"]) for r in aside] == [("m.csv", 3, "not-a-number", "spend")]
    with pytest.raises(ImportFileError, match="it has no column radio"):
        export.mapped(asked.replace(spread={"radio": "radio"})).clean(KEY)
    export.close()
    with pytest.raises(QuestionError, match="channel"):
        asked.replace(constants={"channel": "x", "currency": "CNY"})
    with pytest.raises(QuestionError):
        asked.replace(delays={"visit": "soon"})


# ---- outcomes ---------------------------------------------------------------------------------------------


def test_outcomes_of_users_become_their_events() -> None:
    text = lines(
        "user_id,分组,clicked,是否购买,age",
        "u1,A,yes,1,30",
        "u2,A,no,0,40",
        "u3,B,Yes,0,50",
        "u4,B,,maybe,60",
        "u5,B,no,12.5,70",
    )
    export = read_export(text.encode(), "ab.csv", zone="UTC")
    assert dict(export.mapping.spread) == {"clicked": "clicked"}  # 是否购买 holds more than two answers
    assert export.mapping.missing() == ("timestamp",)
    spread = {"clicked": "click", "是否购买": "purchase"}
    told = export.mapped(export.mapping.replace(spread=spread, delays={"click": "1s", "purchase": "2s"}))
    made = told.mapped(told.mapping.replace(constants={"event": "visit", "timestamp": "2026-08-01"})).clean(KEY)
    assert sorted((r["user_id"], r["event"], str(r["timestamp"])[11:], r["value"]) for r in made.rows.to_pylist()) == [
        ("u1", "click", "00:00:01", None),
        ("u1", "purchase", "00:00:02", None),
        ("u1", "visit", "00:00:00", None),
        ("u2", "visit", "00:00:00", None),
        ("u3", "click", "00:00:01", None),
        ("u3", "visit", "00:00:00", None),
        ("u4", "visit", "00:00:00", None),
        ("u5", "purchase", "00:00:02", 12.5),
        ("u5", "visit", "00:00:00", None),
    ]
    assert {r["variant"] for r in made.rows.to_pylist()} == {"A", "B"}
    aside = made.set_aside.to_pylist()
    assert [(r["line"], r["reason"], r["column"]) for r in aside] == [(5, "not-a-number", "value")]
    export.close()


def test_users_with_times_of_their_own_keep_them() -> None:
    text = lines("user_id,date,bought", "u1,2026-08-01,true", "u2,2026-08-02,false")
    export = read_export(text.encode(), zone="UTC")
    assert (export.mapping.delays, export.mapping.missing()) == ((), ())
    assert [(r["event"], str(r["timestamp"])[:10]) for r in rows(export)] == [
        ("visit", "2026-08-01"), ("bought", "2026-08-01"), ("visit", "2026-08-02"),
    ]  # fmt: skip


# ---- steps without times ----------------------------------------------------------------------------------


def test_files_of_users_per_page_make_a_funnel(tmp_path: Path) -> None:
    with imported(MADE["page-steps"](), tmp_path) as (export, workspace, _batch):
        asked = export.reconcile().questions
        assert [q.text() for q in asked] == [
            "The file has no times. Each user's first event is placed at 2026-08-01 10:00, the others after it: "
            "search_page, payment_page, payment_confirmation_page. Their order counts; the time between them does not."
        ]
        funnel = Funnel(steps=tuple(STEPS), window="1h").run(workspace.tables())
        assert funnel.table["users"].tolist() == [5, 3, 2, 1]
        backwards = Funnel(steps=tuple(reversed(STEPS)), window="1h").run(workspace.tables())
        assert backwards.table["users"].tolist() == [1, 0, 0, 0]


def test_the_same_files_one_by_one(tmp_path: Path) -> None:
    """Each file knows only its own page; the pages of a shop have their place all the same."""
    files = [
        read_export(lines("user_id,page", *(f"{u},{page}" for u in users)).encode(), f"{page}.csv", zone="UTC")
        for page, users in STEPS.items()
    ]
    workspace = open_workspace(tmp_path / "w.duckdb")
    workspace.add(*(f.mapped(f.mapping.replace(constants={"timestamp": "2026-08-01"})) for f in files))
    funnel = Funnel(steps=tuple(STEPS), window="1h").run(workspace.tables())
    assert funnel.table["users"].tolist() == [5, 3, 2, 1]
    moments = collect(workspace.tables().frame("events")).groupby("event")["timestamp"].unique()
    assert {event: [str(at)[11:19] for at in found] for event, found in moments.items()} == {
        "home_page": ["00:00:00"],
        "search_page": ["00:00:01"],
        "payment_page": ["00:00:05"],
        "payment_confirmation_page": ["00:00:06"],
    }
    workspace.close()
    for file in files:
        file.close()


def test_other_steps_stand_by_how_many_reached_them() -> None:
    files = {f"{n}.csv": lines("user_id,page", *(f"u{u},step {n}" for u in range(n))).encode() for n in (2, 9, 5)}
    export = read_export(archive(files), "steps.zip")
    assert dict(export.mapping.delays) == {"step 5": "1s", "step 2": "2s"}
    export.close()


def test_steps_with_dates_of_their_own_keep_them() -> None:
    export = read_export(
        lines("user_id,page,date", "u1,home_page,2026-08-01", "u1,cart,2026-08-02").encode(), zone="UTC"
    )
    assert (export.recognition.format, export.mapping.delays, export.mapping.missing()) == (
        "Users who reached a page (one file per step)", (), (),
    )  # fmt: skip
    assert [(r["event"], str(r["timestamp"])[:10]) for r in rows(export)] == [
        ("home_page", "2026-08-01"), ("cart", "2026-08-02"),
    ]  # fmt: skip


# ---- what cannot be read ----------------------------------------------------------------------------------

GOOD = lines("date,channel,cost,currency", "2026-08-01,x,1,CNY", "2026-08-02,x,2,CNY").encode()


def broken(content: bytes, name: str) -> bytes:
    """Damage one member's bytes so that its checksum is wrong."""
    found = archive({"good.csv": GOOD, name: content})
    at = found.index(name.encode()) + len(name)
    return found[:at] + bytes(byte ^ 0x55 for byte in found[at : at + 6]) + found[at + 6 :]


def test_parts_that_cannot_be_read_are_named() -> None:
    inner = archive({"deep.csv": GOOD.replace(b"2026-08", b"2026-09"), "notes.txt": b"just words"})
    content = archive({"good.csv": GOOD, "scan.pdf": b"%PDF-1.7", "empty.csv": b"", "inner.zip": inner})
    export = read_export(content, "all.zip")
    assert export.rows == 4
    assert [(error.code, str(error)) for error in export.unread] == [
        ("empty-file", "all.zip: empty.csv: the file is empty. It was left out."),
        (
            "not-a-table",
            "all.zip: scan.pdf: this is not a table but a picture, a document or another binary file. "
            "Upload CSV, Parquet or XLSX. It was left out.",
        ),
        (
            "one-column",
            "all.zip: inner.zip: notes.txt: it has only one column. A table needs at least a time and a value; "
            "check the separator. It was left out.",
        ),
    ]
    export.close()


def test_a_damaged_member_is_left_out_and_the_rest_read() -> None:
    export = read_export(broken(b"date,cost\n" + b"2026-08-01,5\n" * 50, "bad.csv"), "a.zip")
    assert export.rows == 2
    assert [(e.code, str(e)) for e in export.unread] == [
        ("damaged", "a.zip: bad.csv: it is damaged in the archive. Pack it again. It was left out.")
    ]
    export.close()


def test_a_sheet_that_is_no_table_is_named() -> None:
    import io

    import openpyxl

    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in GOOD.decode().splitlines():
        book.active.append(row.split(","))
    book.create_sheet("Notes").append(["only words"])
    book.save(out)
    export = read_export(out.getvalue(), "b.xlsx")
    assert (export.rows, [e.code for e in export.unread]) == (2, ["one-column"])
    assert str(export.unread[0]).startswith("b.xlsx: Notes: ")
    export.close()


def test_a_file_that_was_read_whole_names_nothing() -> None:
    export = read_export(archive({"a.csv": GOOD}), "a.zip")
    assert export.unread == ()
    export.close()


def nested(many: int, each: int) -> bytes:
    inner = archive({f"{n}.csv": GOOD for n in range(each)})
    return archive({f"{n}.zip": inner for n in range(many)})


@pytest.mark.parametrize(("many", "each"), [(50, 50), (10, 50), (2, 250)])
def test_archives_inside_archives_are_counted_together(many: int, each: int) -> None:
    assert many + many * each > limits.MEMBERS
    with pytest.raises(ImportFileError) as raised:
        read_export(nested(many, each), "all.zip")
    assert (raised.value.code, str(raised.value)) == (
        "too-many-files", f"all.zip: it holds more than {limits.MEMBERS} files. Split it. Nothing was imported.",
    )  # fmt: skip


ZEROS = b"0,0\n" * (1 << 20)  # 4 MB


@pytest.mark.parametrize(
    "content",
    [
        lambda: gzipped(ZEROS * 100),
        lambda: archive({"a.csv": ZEROS * 100}),
        lambda: archive({f"{n}.csv": ZEROS * 5 for n in range(20)}),
        lambda: archive({f"{n}.zip": archive({"a.csv": ZEROS * 10}) for n in range(10)}),
        lambda: archive({"a.gz": gzipped(gzipped(ZEROS * 100))}),
    ],
    ids=["gzip", "zip", "many members", "zips in a zip", "gzips in a zip"],
)
@pytest.mark.long
def test_an_expansion_is_refused_before_it_is_written(
    content: Callable[[], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """400 MB never lie on the disk: what is written stays below the limit."""
    written = 0

    def counted(self: Any, size: int) -> None:
        nonlocal written
        count(self, size)
        written += size

    count = limits.Unpacking.writes
    monkeypatch.setattr(limits.Unpacking, "writes", counted)
    packed = content()
    with pytest.raises(ImportFileError) as raised:
        read_export(packed, "big")
    assert raised.value.code == "expansion"
    assert written <= max(limits.EXPANSION_FROM, limits.EXPANSION * len(packed))


# ---- lines ------------------------------------------------------------------------------------------------


def aside(content: bytes, name: str = "f.csv") -> list[tuple[str, int]]:
    """Return where the rows without a day stand: file and line."""
    export = read_export(content, name, zone="UTC")
    constants = {"channel": "x", "currency": "CNY"}
    made = export.mapped(export.mapping.replace(constants=constants)).clean(KEY).set_aside.to_pylist()
    export.close()
    assert {r["reason"] for r in made} == {"not-a-time"}
    return [(r["file"], r["line"]) for r in made]


QUOTED = (
    'date,cost,note\n2026-08-01,1,"one\ntwo\nthree"\nbad,2,x\n2026-08-02,3,"a ""b""\nc"\n"bad",4,"d\ne"\nbad,5,"f"\n'
)
"""Lines 5, 8 and 10 have no day."""


@pytest.mark.parametrize(
    ("content", "name", "where"),
    [
        (b"date,cost\nbad,1\n2026-08-01,2\nbad,3", "f.csv", [2, 4]),
        (QUOTED.encode(), "f.csv", [5, 8, 10]),
        (QUOTED.replace("\n", "\r\n").encode(), "f.csv", [5, 8, 10]),
        (QUOTED.encode("utf-16"), "f.csv", [5, 8, 10]),
        (("report\n\n" + QUOTED).encode(), "f.csv", [7, 10, 12]),
        (("# a comment\n" + QUOTED + "\n\nbad,6,last\n").encode(), "f.csv", [6, 9, 11, 14]),
        (QUOTED.replace("2026-08-02", "\n2026-08-02").encode(), "f.csv", [5, 9, 11]),
        (gzipped(QUOTED.encode()), "f.csv.gz", [5, 8, 10]),
        (workbook(("date", "cost"), ("2026-08-01", 1), ("bad", 2)), "f.xlsx", [3]),
        (workbook(("title",), (), ("date", "cost", "n"), ("2026-08-01", 1, "a\nb"), ("bad", 2, "c")), "f.xlsx", [5]),
        (b'{"date":"2026-08-01","cost":"1"}\n{"date":"bad","cost":"2"}\n', "f.jsonl", [2]),
    ],
)
def test_a_row_set_aside_names_the_line_an_editor_shows(content: bytes, name: str, where: list[int]) -> None:
    assert aside(content, name) == [(name.removesuffix(".gz"), line) for line in where]


def test_parts_name_their_own_lines(tmp_path: Path) -> None:
    head = "date,cost,note\n"
    files = {
        "part1.csv": head + 'bad,1,"a\nb"\n2026-08-01,2,x\nbad,3,y\n',
        "part2.csv": "a report\n\n" + head + "2026-08-01,4,x\nbad,5,z\n",
        "part10.csv": head + "bad,6,w\n",
    }
    content = archive({name: text.encode() for name, text in files.items()})
    where = [
        ("all.zip: part1.csv", 2),
        ("all.zip: part1.csv", 5),
        ("all.zip: part2.csv", 5),
        ("all.zip: part10.csv", 2),
    ]
    assert aside(content, "all.zip") == where
    export = read_export(content, "all.zip", zone="UTC")
    workspace = open_workspace(tmp_path / "w.duckdb")
    ready = export.mapped(export.mapping.replace(constants={"channel": "x", "currency": "CNY"}))
    stored = workspace.set_aside(workspace.add(ready).id)
    assert sorted(zip(stored["file"], stored["line"], strict=True)) == sorted(where)
    workspace.close()
    export.close()


def test_utf16_is_counted_like_any_text() -> None:
    assert aside(utf16("date,cost\r\n2026-08-01,1\r\nbad,2\r\n")) == [("f.csv", 3)]


# ---- Excel 97 ---------------------------------------------------------------------------------------------


def test_cells_of_an_old_workbook_that_lie_far_out_are_refused() -> None:
    rows = [("date", "cost"), *[("2026-08-01", n) for n in range(40)]]
    content = xls(*rows)
    cell = struct.pack("<HHHHH", 0x0203, 14, 40, 1, 0)
    assert content.count(cell) == 1
    far = content.replace(cell, struct.pack("<HHHHH", 0x0203, 14, 65_535, 60_000, 0))
    assert read_export(content, "f.xls").rows == 40
    with pytest.raises(ImportFileError) as raised:
        read_export(far, "f.xls")
    assert raised.value.code == "too-large"


@pytest.mark.parametrize("cut", [8, 600, 4700])
def test_half_an_old_workbook_is_refused(cut: int) -> None:
    with pytest.raises(ImportFileError) as raised:
        read_export(xls(("date", "cost"), ("2026-08-01", 1))[:cut], "f.xls")
    assert raised.value.code == "damaged"
