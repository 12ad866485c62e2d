"""Whatever bytes come: an Export or a SluiceError, never anything else, and never without bound on memory."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imports.exports.biff import xls
from imports.exports.fixtures import archive, every, gzipped, utf16, workbook
from sizes import cases

from analysis.errors import SluiceError
from analysis.workspace import Export, read_export

ROOT = Path(__file__).resolve().parents[3]
FIXTURES = {name: fixture.content for name, fixture in every().items()}
_BELOW = (("order_id", "created_at", "item", "total", "currency"), ("1", "2026-11-01", "Soap", "1,012.50", "EUR"),
          ("1", "2026-11-01", "Discount", "12.50-", "EUR"), ("1", "2026-11-09", "Soap", "(10.00)", "EUR"))  # fmt: skip
CONTENTS = [
    *FIXTURES.values(),
    b"Date        Channel  Clicks      Spend\n----------  -------  ------  ---------\n"
    b"2026-11-01  search    1,000   1,012.50\n2026-11-02  social      900       7.25-\n",
    "日期        计划名称    消费\n2026-11-01  亚麻衬衫   12.50\n2026-11-02  长裤        3.00\n".encode("gb18030"),
    workbook(*_BELOW), xls(*_BELOW), "\n".join(map(";".join, _BELOW)).encode(),
]  # fmt: skip
"""Of every format, a print-out, and amounts below zero in cells of text."""
GROUPS, EACH = 20, 90
SEEDS = random.Random(0).sample(range(GROUPS * EACH), GROUPS * EACH)
"""Each says which content meets which mutation; in such an order that a part of them has some of all."""
EXAMPLES = 220
FILL = {
    "channel": "x", "currency": "CNY", "period_start": "2026-08-11", "period_end": "2026-08-12", "user_id": "u",
    "event": "view", "timestamp": "2026-08-11", "order_id": "o", "revenue": "1", "spend": "1",
}  # fmt: skip


def survives(content: bytes, name: str = "file.csv", *, whole: bool = True) -> bool:
    """Read bytes and, if `whole`, go as far with them as an import would; say whether they were a table."""
    try:
        export = read_export(content, name)
    except SluiceError as error:
        assert error.code and str(error)
        return False
    assert isinstance(export, Export)
    try:
        export.preview()
        if not whole:
            return True
        mapping = export.mapping
        given = {column: FILL[column] for column in mapping.missing()}
        ready = export.mapped(mapping.replace(constants={**dict(mapping.constants), **given}))
        lines = ready.reconcile().lines
        made = ready.clean(b"k" * 32)
        assert made.rows.num_rows + made.set_aside.num_rows == lines
    except SluiceError as error:
        assert error.code and str(error)
    finally:
        export.close()
    return True


# ---- mutations --------------------------------------------------------------------------------------------


def _cut(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def _without_start(content: bytes, rng: random.Random) -> bytes:
    return content[rng.randrange(len(content)) :]


def _hole(content: bytes, rng: random.Random) -> bytes:
    start, end = sorted(rng.randrange(len(content) + 1) for _ in range(2))
    return content[:start] + content[end:]


def _spliced(content: bytes, rng: random.Random) -> bytes:
    other = rng.choice(CONTENTS)
    return content[: rng.randrange(len(content))] + other[rng.randrange(len(other)) :]


def _stacked(content: bytes, rng: random.Random) -> bytes:
    return content + rng.choice((b"", b"\n", b"\r\n\r\n")) + rng.choice(CONTENTS)


def _noise(content: bytes, rng: random.Random) -> bytes:
    out = bytearray(content)
    for _ in range(rng.choice((1, 3, 30))):
        out[rng.randrange(len(out))] = rng.randrange(256)
    return bytes(out)


def _bits(content: bytes, rng: random.Random) -> bytes:
    out = bytearray(content)
    out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def _zeros(content: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(content))
    return content[:at] + b"\x00" * rng.choice((1, 2, 50)) + content[at:]


def _inserted(content: bytes, rng: random.Random) -> bytes:
    odd = (b'"', b'""', b",", b"\t", b"\n", b"\r", b"\n\n", b"# x\n", b"\\", b"'", "，".encode(),
           b"\xef\xbb\xbf", b";" * 40,
           b"," * 3000, b'"' + b"x" * 5000, "合计".encode(), b"Total",
           b"1e999", b"-" * 99, b"NaN", b"\x1a", b"\xff", b"\x80")  # fmt: skip
    at = rng.randrange(len(content))
    return content[:at] + rng.choice(odd) + content[at:]


def _wrong_encoding(content: bytes, rng: random.Random) -> bytes:
    taken = rng.choice(("utf-8", "gb18030", "utf-16-le", "cp1252", "utf-16-be"))
    given = rng.choice(("gb18030", "utf-16", "utf-16-be", "cp1252", "shift_jis", "utf-7", "utf-32"))
    return content.decode(taken, errors="replace").encode(given, errors="replace")


def _half_and_half(content: bytes, rng: random.Random) -> bytes:
    half = len(content) // 2
    return content[:half] + content[half:].decode("utf-8", errors="replace").encode("gb18030", errors="replace")


def _shuffled(content: bytes, rng: random.Random) -> bytes:
    rows = content.splitlines(keepends=True)
    rng.shuffle(rows)
    return b"".join(rows)


def _repeated(content: bytes, rng: random.Random) -> bytes:
    rows = content.splitlines(keepends=True)
    return b"".join(row * rng.choice((1, 1, 2, 5)) for row in rows)


def _other_separator(content: bytes, rng: random.Random) -> bytes:
    return content.replace(b",", rng.choice((b";", b"\t", b"|", b"::", b" ", b"")))


def _printed(content: bytes, rng: random.Random) -> bytes:
    """Line cells up with spaces, with a line or two that do not keep to it."""
    cells = [line.split(b",") for line in content.splitlines()[:40]]
    widths = [max((len(row[i]) for row in cells if i < len(row)), default=0) for i in range(max(map(len, cells)))]
    gap = b" " * rng.choice((1, 2, 2, 3))
    out = [gap.join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)) for row in cells]
    for _ in range(rng.choice((0, 0, 1, 2))):
        odd = (b"", b"-" * 40, b"=====  ====", b"a note  in between", b"\x0c", gap.join(reversed(cells[0])))
        out.insert(rng.randrange(len(out) + 1), rng.choice(odd))
    return b"\n".join(out)


def _signed(content: bytes, rng: random.Random) -> bytes:
    """Write some amounts below zero as accounts do."""
    form = rng.choice((rb"\1-", rb"(\1)", rb"-\1-", rb"(-\1)", rb"\1,-"))
    return re.sub(rb"\b(\d+\.\d\d)\b", lambda m: m.expand(form) if rng.random() < 0.4 else m[0], content)


def _nested_records(content: bytes, rng: random.Random) -> bytes:
    """Write rows as nested records, one of which is cut off or another kind of thing."""
    cells = [line.split(",") for line in content.decode("utf-8", errors="replace").splitlines()[:20]]
    named = [dict(zip(cells[0], row, strict=False)) for row in cells]
    records = [json.dumps({"a": row[0], "properties": {"deep": deep}}) for row, deep in zip(cells, named, strict=True)]
    odd = ("[]", "null", '{"a": {"b": [1, {"c": 2}]}}', records[0][:-3], '{"properties": 7}', "")
    records.insert(rng.randrange(len(records) + 1), rng.choice((*odd, records[-1])))
    return "\n".join(records).encode()


def _wrapped(content: bytes, rng: random.Random) -> bytes:
    inner = rng.choice(MUTATIONS)(content, rng)
    return rng.choice(
        (gzipped(inner), archive({"a.csv": inner}), archive({"a.zip": archive({"b": inner}), "c.csv": content}))
    )


def _broken_wrapping(content: bytes, rng: random.Random) -> bytes:
    return rng.choice((_noise, _cut, _bits))(rng.choice((gzipped(content), archive({"a.csv": content}))), rng)


def _random(content: bytes, rng: random.Random) -> bytes:
    start = rng.choice(
        (
            b"",
            b"\xef\xbb\xbf",
            b"\xff\xfe",
            b"PK\x03\x04",
            b"\x1f\x8b\x08",
            b"PAR1",
            b'{"a":',
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        )
    )
    return start + rng.randbytes(rng.randrange(400))


MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _cut, _without_start, _hole, _spliced, _stacked, _noise, _bits, _zeros, _inserted, _wrong_encoding, _half_and_half,
    _shuffled, _repeated, _other_separator, _printed, _signed, _nested_records,
)  # fmt: skip
ALL_MUTATIONS = (*MUTATIONS, _wrapped, _broken_wrapping, _random)
NAMES = (
    "file.csv",
    "file.xlsx",
    "file.zip",
    "file.parquet",
    "file.jsonl",
    "file",
    "名.csv",
    "../../x.csv",
    "a\x00b.csv",
    "",
)


@pytest.mark.parametrize("group", range(GROUPS))
@pytest.mark.long
def test_mutated_exports_are_read_or_refused(group: int) -> None:
    read = 0
    for n, seed in enumerate(SEEDS[group::GROUPS][: cases(EACH)]):
        rng = random.Random(seed)
        content = CONTENTS[seed % len(CONTENTS)]
        mutation = ALL_MUTATIONS[seed // len(CONTENTS) % len(ALL_MUTATIONS)]
        try:
            read += survives(mutation(content, rng), rng.choice(NAMES), whole=n % 3 == 0)
        except Exception as error:
            raise AssertionError(f"seed {seed}, {mutation.__name__}: {type(error).__name__}") from error
    assert read, "not one was still a table: the mutations are too coarse"


@settings(max_examples=cases(EXAMPLES // 2))
@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"\xff\xfe", b"PK\x03\x04", b"PAR1", b"\x1f\x8b", b"{", b"a,b\n", b"# a\n"]),
)
def test_random_bytes_are_read_or_refused(noise: bytes, start: bytes) -> None:
    survives(start + noise)


CELL = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.sampled_from(
        [
            "日期",
            "花费",
            "Total",
            "总计",
            "--",
            "2026-08-11",
            "1,234.50",
            "user_id",
            "timestamp",
            "event",
            "",
            "¥1",
            "#",
            "Cost",
        ]
    ),
    st.floats().map(repr),
)


@settings(max_examples=cases(EXAMPLES // 2))
@given(
    st.lists(st.lists(CELL, max_size=6), max_size=8),
    st.sampled_from([",", "\t", ";"]),
    st.sampled_from(["utf-8", "utf-16", "gb18030"]),
)
@pytest.mark.long
def test_any_small_table_is_read_or_refused(rows: list[list[str]], by: str, encoding: str) -> None:
    survives("\n".join(by.join(row) for row in rows).encode(encoding))


def test_at_least_two_thousand_inputs() -> None:
    assert GROUPS * EACH + EXAMPLES >= 2_000


# ---- bombs ------------------------------------------------------------------------------------------------

MEGABYTE = 1 << 20
_LOOK = """
import json, resource, sys, time
from pathlib import Path
from analysis.errors import SluiceError
from analysis.workspace import read_export

def peak():
    status = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in status if line.startswith("VmHWM")).split()[1]) * 1024

read_export(b"user_id,timestamp,event\\nu,2026-08-11,view\\n", "warm.csv").close()
resource.setrlimit(resource.RLIMIT_AS, (12 << 30, 12 << 30))
before, start = peak(), time.perf_counter()
try:
    export = read_export(Path(sys.argv[1]).read_bytes(), "bomb.csv")
    code = f"read {export.rows}"
    export.close()
except SluiceError as error:
    code = error.code
print(json.dumps({"code": code, "peak": peak() - before, "seconds": time.perf_counter() - start}))
"""


def _gzip_bomb(size: int = 200 * MEGABYTE) -> bytes:
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=9, mtime=0) as made:
        for _ in range(size // MEGABYTE):
            made.write(b"1,2\n" * (MEGABYTE // 4))
    return out.getvalue()


def _zip_bomb(name: str = "a.csv", size: int = 200 * MEGABYTE, line: bytes = b"1,2\n") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made, made.open(name, "w") as file:
        piece = line * (MEGABYTE // len(line))
        for _ in range(size // MEGABYTE):
            file.write(piece)
    return out.getvalue()


def _lying_zip() -> bytes:
    """Say in both headers that the 200 MB inside are ten bytes."""
    content = bytearray(_zip_bomb())
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as made:
        size = made.infolist()[0].file_size.to_bytes(4, "little")
    ten = (10).to_bytes(4, "little")
    return bytes(content.replace(size, ten))


def _nested(depth: int = 30) -> bytes:
    content = b"a,b\n1,2\n"
    for n in range(depth):
        content = archive({f"{n}.zip": content})
    return content


def _wide_nest() -> bytes:
    """Fifty copies of an archive of fifty copies: 2,500 files from a few kilobytes."""
    inner = archive({f"{n}.csv": b"a,b\n1,2\n" for n in range(50)})
    return archive({f"{n}.zip": inner for n in range(50)})


def _workbook_bomb() -> bytes:
    parts = {}
    with zipfile.ZipFile(io.BytesIO(workbook(("a", "b"), ("1", "2")))) as made:
        parts = {name: made.read(name) for name in made.namelist()}
    row = b'<row><c t="inlineStr"><is><t>aaaaaaaaaa</t></is></c></row>'
    sheet = parts["xl/worksheets/sheet1.xml"].replace(b"<sheetData>", b"<sheetData>" + row * 5_000_000)
    return archive({**parts, "xl/worksheets/sheet1.xml": sheet})


def _far_cell() -> bytes:
    """A sheet of two cells, one of them in the last row and column that a sheet can have."""
    with zipfile.ZipFile(io.BytesIO(workbook(("a", "b"), ("1", "2")))) as made:
        parts = {name: made.read(name) for name in made.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].replace(
        b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    )
    return archive({**parts, "xl/worksheets/sheet1.xml": sheet})


def _laughs() -> bytes:
    with zipfile.ZipFile(io.BytesIO(workbook(("a", "b"), ("1", "LOL")))) as made:
        parts = {name: made.read(name) for name in made.namelist()}
    names = [f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12)]
    kind = '<!DOCTYPE x [<!ENTITY l0 "lol">' + "".join(names) + "]>"
    sheet = parts["xl/worksheets/sheet1.xml"].decode().replace("?>", "?>" + kind, 1).replace("LOL", "&l11;")
    return archive({**parts, "xl/worksheets/sheet1.xml": sheet.encode()})


def _parquet_bomb(rows: int = 20_000_000) -> bytes:
    out = io.BytesIO()
    constant = pa.DictionaryArray.from_arrays(pa.array([0] * 1_000_000, pa.int32()), ["x" * 200])
    piece = pa.table({"user_id": constant, "event": constant})
    with pq.ParquetWriter(out, piece.schema, compression="zstd") as file:
        for _ in range(rows // 1_000_000):
            file.write_table(piece)
    return out.getvalue()


BOMBS: dict[str, tuple[Callable[[], bytes], tuple[str, ...]]] = {
    "gzip": (_gzip_bomb, ("expansion",)),
    "gzip in a gzip": (lambda: gzipped(_gzip_bomb()), ("expansion",)),
    "zip": (_zip_bomb, ("expansion",)),
    "zip that lies about its size": (_lying_zip, ("expansion", "damaged")),
    "nested zip": (_nested, ("nesting",)),
    "zip of zips": (_wide_nest, ("too-many-files",)),
    "workbook": (_workbook_bomb, ("expansion", "too-large", "damaged")),
    "workbook with a far cell": (_far_cell, ("damaged", "too-wide", "too-large", "expansion", "unreadable")),
    "entities": (_laughs, ("damaged", "one-column", "read 1")),
    "parquet": (_parquet_bomb, ("expansion", "too-large", "read 20000000")),
    "one line without end": (lambda: b"a,b\n" + b"x" * (60 * MEGABYTE), ("unreadable", "no-rows")),
    "a quote never closed": (lambda: b'a,b\n"' + b"x,1\n" * (10 * MEGABYTE), ("unreadable",)),
    "too many columns": (lambda: b"a," * (2 * MEGABYTE) + b"\n1,2\n", ("too-wide", "unreadable")),
    "deep json": (lambda: b'{"a":' + b"[" * (5 * MEGABYTE), ("damaged", "unreadable", "one-column")),
    "many tables": (lambda: b"date,cost\n2026-08-11,1\n\n" * 50_000, ("too-many-tables", "read 1")),
}
WITHIN = 700 * MEGABYTE


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads a process's peak memory from /proc")
@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.long
def test_a_bomb_takes_little_memory_and_time(name: str, tmp_path: Path) -> None:
    make, codes = BOMBS[name]
    bomb = tmp_path / "bomb"
    bomb.write_bytes(make())
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path), "SLUICE_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", _LOOK, str(bomb)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=40,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert said["code"] in codes
    assert said["peak"] < WITHIN + 2 * bomb.stat().st_size, said
    assert said["seconds"] < 30, said
    assert [path.name for path in tmp_path.iterdir()] == ["bomb"], "something was left behind"


def test_utf16_of_every_fixture_cut_at_an_odd_byte() -> None:
    for content in CONTENTS:
        text = content.decode("utf-8", errors="replace")
        survives(utf16(text)[:-1])
