"""The generator: equal arguments give equal rows, in either format, laid out as the tables are defined."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from analysis.names import DisplayNames
from analysis.records import DisplayName
from sample_data.generate import generate, main
from sample_data.plan import CREATIVES

SAMPLE = Path(__file__).parents[2] / "sample_data"
USERS = 1_000
LIMIT = 6_000_000  # bytes

TIME, TEXT, MONEY, COUNT = pa.timestamp("us"), pa.string(), pa.float64(), pa.int64()
SCHEMAS = {
    "events": {
        "user_id": TEXT, "timestamp": TIME, "event": TEXT, "session_id": TEXT, "campaign": TEXT,
        "channel": TEXT, "creative": TEXT, "audience": TEXT, "item": TEXT, "device": TEXT, "page": TEXT,
        "load_ms": pa.int32(), "value": MONEY, "order_id": TEXT,
    },
    "orders": {
        "order_id": TEXT, "timestamp": TIME, "revenue": MONEY, "currency": TEXT, "user_id": TEXT,
        "paid_at": TIME, "refund": MONEY, "cost": MONEY, "discount": MONEY, "campaign": TEXT,
        "channel": TEXT, "coupon": TEXT,
    },
    "spend": {
        "period_start": TIME, "period_end": TIME, "channel": TEXT, "spend": MONEY, "currency": TEXT,
        "campaign": TEXT, "phase": TEXT, "creative": TEXT, "audience": TEXT, "impressions": COUNT,
        "clicks": COUNT, "conversions": COUNT, "attributed_revenue": MONEY,
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str | None, Path]:
    """One sample in each format; None is the default."""
    folders = {format: tmp_path_factory.mktemp(str(format)) for format in (None, "csv", "parquet")}
    for format, folder in folders.items():
        generate(USERS, 5, folder, format)
    return folders


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def read(folder: Path, table: str) -> pa.Table:
    """The table, whichever format it is in; an empty CSV field is a null."""
    if (folder / f"{table}.parquet").exists():
        return pq.read_table(folder / f"{table}.parquet")
    options = pa.csv.ConvertOptions(column_types=SCHEMAS[table], strings_can_be_null=True)
    return pa.csv.read_csv(folder / f"{table}.csv", convert_options=options)


def test_equal_arguments_write_equal_files(made: dict[str | None, Path], tmp_path: Path) -> None:
    generate(USERS, 5, tmp_path)
    assert digests(tmp_path) == digests(made[None])


def test_another_seed_writes_other_rows(made: dict[str | None, Path], tmp_path: Path) -> None:
    generate(USERS, 6, tmp_path)
    for table in SCHEMAS:
        assert not read(tmp_path, table).equals(read(made[None], table))


@pytest.mark.parametrize(
    ("format", "names"),
    [
        (None, {"events.parquet", "orders.csv", "spend.csv"}),
        ("csv", {"events.csv", "orders.csv", "spend.csv"}),
        ("parquet", {"events.parquet", "orders.parquet", "spend.parquet"}),
    ],
)
def test_files_by_format(made: dict[str | None, Path], format: str | None, names: set[str]) -> None:
    assert {path.name for path in made[format].iterdir()} == names | {
        "campaign.json",
        "records.json",
        "names.json",
        "truth.json",
    }


@pytest.mark.parametrize("table", SCHEMAS)
def test_formats_hold_the_same_rows(made: dict[str | None, Path], table: str) -> None:
    rows = read(made["parquet"], table)
    assert rows.num_rows > USERS / 10
    assert read(made["csv"], table).equals(rows)
    assert read(made[None], table).equals(rows)


@pytest.mark.parametrize("table", SCHEMAS)
def test_columns_are_as_defined(made: dict[str | None, Path], table: str) -> None:
    assert pq.read_schema(made["parquet"] / f"{table}.parquet").equals(pa.schema(SCHEMAS[table]))
    header = (made["csv"] / f"{table}.csv").open(encoding="utf-8").readline()
    assert header == ",".join(SCHEMAS[table]) + "\n"


@pytest.mark.parametrize("table", ["orders", "spend"])
def test_money_has_two_decimals_and_time_six_in_csv(made: dict[str | None, Path], table: str) -> None:
    lines = (made["csv"] / f"{table}.csv").read_text(encoding="utf-8").splitlines()
    form = {
        MONEY: re.compile(r"\d+\.\d\d"),
        TIME: re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}|"),
        COUNT: re.compile(r"\d+"),
        TEXT: re.compile(r"[\w .-]*"),
    }
    patterns = [form[type] for type in SCHEMAS[table].values()]
    for line in lines[1:]:
        fields = line.split(",")
        assert len(fields) == len(patterns)
        assert all(pattern.fullmatch(text) for pattern, text in zip(patterns, fields, strict=True)), line


def test_events_are_sorted_by_user_and_time(made: dict[str | None, Path]) -> None:
    keys = read(made["parquet"], "events").select(["user_id", "timestamp"]).to_pylist()
    order = [(key["user_id"], key["timestamp"]) for key in keys]
    assert order == sorted(set(order))


def test_every_user_and_order_appears_once(made: dict[str | None, Path]) -> None:
    orders, events = read(made["parquet"], "orders"), read(made["parquet"], "events")
    numbers = orders["order_id"].to_pylist()
    assert len(set(numbers)) == len(numbers)
    users = {*events["user_id"].to_pylist(), *orders["user_id"].to_pylist()}
    assert users == {f"u{number:07}" for number in range(USERS)}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--users", "999", "--seed", "1"], "users must be from 1,000 to 10,000,000, not 999"),
        (["--users", "10000001", "--seed", "1"], "users must be from 1,000 to 10,000,000, not 10,000,001"),
        (["--users", "many", "--seed", "1"], "argument --users: invalid int value: 'many'"),
        (["--users", "1000", "--seed", "-1"], "seed must be 0 or more, not -1"),
        (["--users", "1000", "--seed", "1", "--format", "xml"], "format must be csv or parquet, not 'xml'"),
        (["--users", "1000", "--seed", "1", "--out", __file__], "out must be a folder, but"),
        (["--users", "1000", "--seed", "1", "--out", f"{__file__}/x"], "out must be a folder, but"),
    ],
)
def test_bad_arguments_are_explained(
    arguments: list[str], complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "sample"
    with pytest.raises(SystemExit) as stop:
        main(["--out", str(out), *arguments])
    assert stop.value.code == 2
    assert complaint in capsys.readouterr().err
    assert not out.exists()


def test_the_committed_sample_is_what_the_readme_says_it_is(tmp_path: Path) -> None:
    readme = (SAMPLE / "README.md").read_text(encoding="utf-8")
    command = re.search(r"python -m sample_data\.generate (.*--out sample_data)$", readme, re.MULTILINE)
    assert command
    for table in SCHEMAS:
        assert f"| {read(SAMPLE, table).num_rows:,} |" in readme
    main([*shlex.split(command[1])[:-1], str(tmp_path)])
    for table in SCHEMAS:
        assert read(tmp_path, table).equals(read(SAMPLE, table))
    for name in ("campaign.json", "records.json", "names.json", "truth.json"):
        assert (tmp_path / name).read_text(encoding="utf-8") == (SAMPLE / name).read_text(encoding="utf-8")


def test_whatever_is_written_down_has_a_name_for_readers_of_chinese() -> None:
    records, names = (
        json.loads((SAMPLE / f"{name}.json").read_text(encoding="utf-8")) for name in ("records", "names")
    )
    shown = DisplayNames(tuple(map(DisplayName.from_dict, names)))
    told = {"goal": ("name",), "task": ("name", "who"), "lesson": ("learnt", "evidence"), "trial": ("name",),
            "forecast": ("name",), "calendar-day": ("name",)}  # fmt: skip
    columns = {"who": "person", "learnt": "lesson", "evidence": "evidence"}
    texts = [
        (columns.get(field, record["kind"].removeprefix("calendar-")), record[field])
        for record in records
        for field in told.get(record["kind"], ())
    ]
    assert len(texts) > 30
    assert [text for column, text in texts if not re.search("[\u4e00-\u9fff]", shown(text, column, "zh_CN"))] == []
    assert {(one["column"], one["code"]) for one in names} <= set(texts) | {("creative", code) for code in CREATIVES}
    assert [code for code in CREATIVES if not re.search("[\u4e00-\u9fff]", shown(code, "creative", "zh_CN"))] == []
    assert shown("sv_c3", "creative", "en") == "Short video 3"


def test_the_committed_sample_is_small() -> None:
    size = sum(path.stat().st_size for path in SAMPLE.iterdir() if path.is_file())
    assert 1_000_000 < size < LIMIT
