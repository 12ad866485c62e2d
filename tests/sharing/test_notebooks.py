"""The notebook: run as it is, it gives the very same answer, and nobody's words become its code."""

from __future__ import annotations

import ast
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from analysis.audience.lifecycle import Lifecycle
from analysis.errors import DataError
from analysis.journey.funnel.question import Funnel
from analysis.question import Question
from analysis.sharing.notebooks import bundle
from analysis.tables import Tables
from analysis.values import Campaign, Filter
from analysis.workspace import Segment, open_workspace, read_export

ROOT = Path(__file__).resolve().parents[2]
ASKED = Funnel(
    steps=("visit", "cart", "purchase"),
    window="9h",
    breakdown="channel",
    where=Filter(start="2026-10-01", device="ios"),
)


def unpack(content: bytes, folder: Path) -> Any:
    """Unpack a bundle and return its notebook."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert all("/" not in name and ".." not in name for name in archive.namelist())
        archive.extractall(folder)
    (path,) = folder.glob("*.ipynb")
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def execute(notebook: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("IPYTHONDIR", str(folder / "ipython"))
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()


def code(notebook: Any) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def test_running_the_notebook_gives_the_answer(tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = unpack(bundle(ASKED, tables), tmp_path)
    kept = nbformat.v4.new_code_cell(
        "answer.table.to_pickle('table.pkl')\n"
        "open('text', 'w').write(answer.text())\n"
        "open('asked', 'w').write(question.to_json())"
    )
    notebook.cells.append(kept)
    execute(notebook, tmp_path, monkeypatch)
    answer = ASKED.run(tables)
    pd.testing.assert_frame_equal(pd.read_pickle(tmp_path / "table.pkl"), answer.table, check_exact=True)
    assert (tmp_path / "text").read_text() == answer.text()
    assert (tmp_path / "asked").read_text() == ASKED.to_json()
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert any("vega" in output.get("data", {}).get("text/html", "") for output in shown)


def test_a_funnel_split_by_a_saved_segment_runs_in_the_notebook(
    frames: dict[str, pd.DataFrame], campaign: Campaign, tmp_path: Path
) -> None:
    workspace = open_workspace(tmp_path / "w.duckdb")
    workspace.campaign = campaign
    for table in ("events", "orders"):
        workspace.add(read_export(frames[table].to_csv(index=False).encode(), f"{table}.csv", zone="UTC"))
    workspace.keep("stage 阶段", Segment(question=Lifecycle(at="2026-10-20")))
    asked = Funnel(steps=("visit", "view", "purchase"), breakdown="stage 阶段", where=Filter(start="2026-10-21"))
    answer = asked.run(workspace.tables())
    (tmp_path / "book").mkdir()
    notebook = unpack(bundle(asked, workspace.tables()), tmp_path / "book")
    workspace.close()
    space: dict[str, Any] = {}
    for cell in code(notebook):
        exec(cell.replace('"."', repr(str(tmp_path / "book"))), space)
    pd.testing.assert_frame_equal(space["answer"].table, answer.table, check_exact=True)
    assert {"reach", "interest", "conversion"} & set(answer.table["breakdown"])


def test_data_that_was_changed_is_refused(tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = unpack(bundle(ASKED, tables), tmp_path)
    other = pd.read_parquet(tmp_path / "events.parquet").iloc[1:]
    other.to_parquet(tmp_path / "events.parquet")
    with pytest.raises(
        CellExecutionError, match=r"events\.parquet is missing or has changed since this notebook was made"
    ):
        execute(notebook, tmp_path, monkeypatch)


@pytest.mark.parametrize("name", ["events.parquet", "orders.parquet", "campaign.json"])
def test_files_are_checked_by_their_digest(tables: Tables, tmp_path: Path, name: str) -> None:
    notebook = unpack(bundle(ASKED, tables), tmp_path)
    load = code(notebook)[0].replace('"."', repr(str(tmp_path)))
    exec(load, {})
    path = tmp_path / name
    content = path.read_bytes()
    for changed in (content[:-1] + bytes([content[-1] ^ 1]), content + b" ", b""):
        path.write_bytes(changed)
        with pytest.raises(DataError) as raised:
            exec(load, {})
        assert raised.value.code == "changed"
    path.unlink()
    with pytest.raises(DataError):
        exec(load, {})


def test_a_bundle_holds_what_is_needed_and_no_more(tables: Tables, tmp_path: Path) -> None:
    unpack(bundle(ASKED, tables), tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "campaign.json", "events.parquet", "orders.parquet", "sluice-funnel.ipynb", "spend.parquet",
    ]  # fmt: skip
    assert Campaign.from_json((tmp_path / "campaign.json").read_text(encoding="utf-8")) == tables.campaign
    again = Tables.from_parquet(tmp_path)
    assert [again.count(t) for t in ("events", "orders", "spend")] == [
        tables.count(t) for t in ("events", "orders", "spend")
    ]
    frame = pd.DataFrame({"user_id": ["u"] * 2, "timestamp": pd.to_datetime(["2026-11-11"] * 2), "event": ["a", "b"]})
    with zipfile.ZipFile(io.BytesIO(bundle(ASKED, Tables(events=frame)))) as archive:
        assert sorted(archive.namelist()) == ["events.parquet", "sluice-funnel.ipynb"]


HOSTILE = [
    '"); import os; os._exit(1)  #',
    "'); raise SystemExit  #",
    '"""',
    "'''",
    "\\",
    "\\'",
    "a\nimport os",
    "a\r\nb",
    "\u2028x",
    "\x00",
    "{x}",
    "%s",
    "```",
    "# heading",
    "<script>alert(1)</script>",
    "![x](http://x)",
    "$HOME",
    "!ls",
    "%pip install x",
    "\u202egnirts",
    "🙂",
]


@pytest.mark.parametrize("text", HOSTILE, ids=repr)
def test_peoples_words_cannot_break_out_of_the_code(text: str, tables: Tables) -> None:
    asked = Funnel(steps=(text, f"b{text}"), where=Filter(channel=(text,), campaign=(f"x{text}", text)))
    with zipfile.ZipFile(io.BytesIO(bundle(asked, tables))) as archive:
        notebook = nbformat.reads(archive.read("sluice-funnel.ipynb").decode(), as_version=4)
    load, ask, show = (ast.parse(source) for source in code(notebook))
    assert [type(node) for node in load.body] == [ast.ImportFrom, ast.Assign]
    assert [type(node) for node in ask.body] == [ast.Assign, ast.Assign, ast.Expr]
    assert ast.unparse(show) == "answer.table"
    assert len(code(notebook)[1].splitlines()) == 3
    space: dict[str, Any] = {}
    exec("from analysis import *", space)
    exec(compile(ast.Module(ask.body[:1], []), "cell", "exec"), space)
    assert space["question"] == asked
    words = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    assert not any(text in cell for cell in words if len(text) > 3)


def test_every_question_can_be_written_from_the_public_face() -> None:
    """What a notebook imports names every class a question's code may need."""
    import analysis
    from analysis.values import base

    missing = {cls.__name__ for cls in base._KINDS.values() if issubclass(cls, Question)} - set(analysis.__all__)
    assert not missing, f"not in analysis.__all__: {sorted(missing)}"


def test_the_notebook_speaks_the_readers_language(tables: Tables) -> None:
    from analysis.messages import translate
    from analysis.sharing.notebooks import _INTRO

    for language in ("en", "zh_CN"):
        with zipfile.ZipFile(io.BytesIO(bundle(ASKED, tables, language))) as archive:
            notebook = json.loads(archive.read("sluice-funnel.ipynb"))
        assert translate(_INTRO, language) in "".join(notebook["cells"][0]["source"])
