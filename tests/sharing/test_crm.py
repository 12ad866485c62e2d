"""A CRM's own file comes back with a column for each segment; nothing of it stays anywhere."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from analysis import InSegment, NotIn, WithRows, open_workspace, read_export
from analysis.errors import DataError, SluiceError
from analysis.imports.file import scratch
from analysis.sharing import crm
from analysis.workspace import Segment, Workspace

PHONES = ("13800138000", "13900139000", "13700137000", "+8613600136000")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Workspace]:
    """Return a workspace whose users are hashed phone numbers: the first carted."""
    made = open_workspace(tmp_path / "w.duckdb")
    rows = [(PHONES[0], "cart"), (PHONES[1], "view"), (PHONES[3], "cart")]
    lines = "".join(f"{phone},2026-11-05 10:00,{event}\n" for phone, event in rows)
    export = read_export(("user_id,timestamp,event\n" + lines).encode(), "a.csv", zone="UTC")
    assert export.mapping.hashed == ("user_id",)
    made.add(export)
    made.keep("carted", Segment(question=WithRows(column="event", values="cart")))
    made.keep("rest", Segment(question=NotIn(part=InSegment(name="carted")), live=True))
    yield made
    made.close()


FILE = "name,phone,note\n安,13800138000,=1+1\nBob, 13900139000 ,\nCat,13700137000,x\nDan,+8613600136000,00123\n,,\n"


def unpacked(file: bytes) -> tuple[pd.DataFrame, str]:
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        frame = pd.read_csv(archive.open(crm.LIST), dtype=str, keep_default_na=False)
        return frame, archive.read(crm.DEFINITION).decode("utf-8-sig")


def test_the_file_comes_back_with_a_column_for_each_segment(here: Workspace) -> None:
    rows = crm.customers(FILE.encode(), "crm.csv")
    assert crm.column_of_ids(here, rows) == "phone"
    found = crm.marked(here, rows, "phone", ["carted", "rest"])
    frame, told = unpacked(crm.bundle(here, found, ["carted", "rest"]))
    assert found.known == 3
    assert frame["carted"].tolist()[:4] == ["in", "out", "", "in"]
    assert frame["rest"].tolist()[:4] == ["out", "in", "", "out"]
    assert frame["name"].tolist()[:4] == ["安", "Bob", "Cat", "Dan"]
    assert (frame["note"][0], frame["phone"][3], frame["note"][3]) == ("'=1+1", "'+8613600136000", "00123")
    assert "of which 3 are of somebody known" in told
    assert "carted: added to cart. 2 users." in told
    assert "A list as of 2026-11-05" in told
    assert "Counted anew whenever data change" in told
    assert "NotIn(part=InSegment(name='carted'))" in told


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_any_usual_encoding_is_read(here: Workspace, encoding: str) -> None:
    rows = crm.customers(FILE.encode(encoding), "crm.csv")
    assert (rows["name"][0], rows["note"][3]) == ("安", "00123")
    assert crm.marked(here, rows, "phone", ["carted"]).known == 3


def test_a_workbook_is_read(here: Workspace) -> None:
    out = io.BytesIO()
    pd.DataFrame({"phone": [int(PHONES[0]), int(PHONES[1])], "name": ["a", "b"]}).to_excel(out, index=False)
    rows = crm.customers(out.getvalue(), "crm.xlsx")
    assert crm.marked(here, rows, "phone", ["carted"]).frame["carted"].tolist() == ["in", "out"]


def test_nothing_of_the_file_is_kept(here: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    before, version = here._rows("SELECT count(*) FROM users"), here.version
    rows = crm.customers(FILE.encode(), "crm.csv")
    assert list((tmp_path / "scratch").glob(f"{scratch._FOLDER}*")) == []
    crm.bundle(here, crm.marked(here, rows, "phone", ["carted"]), ["carted"])
    assert (here._rows("SELECT count(*) FROM users"), here.version) == (before, version)
    with pytest.raises(SluiceError):
        crm.customers(b"\x00\x01\x02", "crm.bin")
    assert list((tmp_path / "scratch").glob(f"{scratch._FOLDER}*")) == []
    here.close()
    for phone in (PHONES[2], "Cat"):
        assert phone.encode() not in b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())


def test_ids_that_were_not_hashed_are_matched_as_they_are(tmp_path: Path) -> None:
    made = open_workspace(tmp_path / "plain.duckdb")
    made.add(read_export(b"user_id,timestamp,event\nu1,2026-11-05 10:00,cart\nu2,2026-11-05 10:00,view\n", "a.csv"))
    made.keep("carted", Segment(question=WithRows(column="event", values="cart")))
    rows = pd.DataFrame({"member": ["u2", "u1", "u9"], "carted": "x"})
    found = crm.marked(made, rows, "member", ["carted"])
    assert found.frame["carted (Sluice)"].tolist() == ["out", "in", ""]
    assert found.frame["carted"].tolist() == ["x"] * 3
    made.close()


def test_a_list_of_one_column_is_refused_in_words() -> None:
    with pytest.raises(DataError, match=r"crm\.csv has only one column. Add a second one"):
        crm.customers(b"phone\n1\n2\n", "crm.csv")


@pytest.mark.parametrize(
    ("column", "names", "said"),
    [
        ("fone", ["carted"], "There is no column 'fone'. Did you mean phone"),
        ("name", ["carted"], "None of the ids under name is known here"),
        ("phone", ["gone"], "There is no saved segment gone"),
    ],
)
def test_what_cannot_be_matched_is_said(here: Workspace, column: str, names: list[str], said: str) -> None:
    with pytest.raises(DataError, match=said):
        crm.marked(here, crm.customers(FILE.encode(), "crm.csv"), column, names)
