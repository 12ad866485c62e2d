"""The notebook: run as it is, it gives the very same answers, and nobody's words become its code."""

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

from analysis import Alias, Attribution, Notebook, Performance, ResponseCurves, Retention, Sales, Words
from analysis.audience.lifecycle import Lifecycle
from analysis.charts import Look
from analysis.errors import DataError
from analysis.journey.funnel.question import Funnel
from analysis.messages import translate
from analysis.notebook import Cell, Unread, digest_of, quotable, told
from analysis.question import Question
from analysis.sharing import from_jupyter
from analysis.sharing.notebooks import INTRO, bundle, of
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


def packed(question: Question, tables: Tables, language: str = "en") -> bytes:
    """Return the ZIP of one question."""
    look = Look(language)
    return bundle(of(question, look), tables, look)


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


@pytest.mark.long
def test_running_the_notebook_gives_the_answer(tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = unpack(packed(ASKED, tables), tmp_path)
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


def six(tables: Tables) -> Notebook:
    """Return a notebook of six questions and one that cannot be answered, a quote, a record and what cannot be read."""
    book = Notebook(title="Review «2026»").add(Words(text="# What happened"))
    questions = (Sales(by="channel"), Attribution(), Retention(), ResponseCurves(draws=100), Performance())
    for question in (ASKED, Funnel(steps=("visit", "nothing")), *questions):
        book = book.add(question)
    asked = book.cells[1]
    quote = next(q for q, _ in quotable(asked.id, ASKED.run(tables), Look()) if q.column == "settled")
    book = book.add(Words(text="Of [[1]], '''\n\n[[2]]", quotes=(quote, quote.replace(column="gone"))))
    book = book.add(Alias(column="channel", code="Google Ads", meant="google"))
    book = book.replace(cells=(*book.cells, Cell(id="unread", holds=Unread(json='{"kind":"telepathy","version":1}'))))
    for id, said in told(book, tables).items():
        book = book.change(id, seen=said.seen, folded=said.error is not None)
    return book


@pytest.mark.long
def test_six_questions_run_to_the_same_and_come_back_the_same(
    tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = six(tables)
    content = bundle(book, tables, Look())
    notebook = unpack(content, tmp_path)
    kept = "\ntry:\n    digests.append(digest_of(answer))\nexcept NameError:\n    pass"
    for cell in notebook.cells:
        if cell.source.startswith("question = "):
            cell.source += kept
    notebook.cells.insert(2, nbformat.v4.new_code_cell("from analysis.notebook import digest_of\ndigests = []"))
    notebook.cells.append(nbformat.v4.new_code_cell("import json\njson.dump(digests, open('digests', 'w'))"))
    execute(notebook, tmp_path, monkeypatch)
    said = told(book, tables)
    answered = [digest_of(found) for cell in book.cells if (found := said[cell.id].answer)]
    assert len(answered) == 6
    found = json.loads((tmp_path / "digests").read_text())
    assert found == answered
    failed = [o for c in notebook.cells if c.cell_type == "code" for o in c.outputs if o.output_type == "error"]
    assert len(failed) == 1 and "nothing" in failed[0]["evalue"]

    for again in (content, (tmp_path / "sluice.ipynb").read_bytes()):
        read = from_jupyter.read(again, "review.zip")
        assert read.notebook == book and repr(read.notebook) == repr(book)
        assert (read.foreign, read.changed, read.unquoted, read.words) == ((), (), (), ())
    (quoting,) = (
        c.source for c in nbformat.reads((tmp_path / "sluice.ipynb").read_text(), 4).cells if "'''" in c.source
    )
    assert quoting == f"Of {said[book.cells[8].id].figures[0]}, '''\n\n—"
    assert said[book.cells[8].id].figures[0] not in (None, "—")


def test_what_was_told_before_is_not_asked_again(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    book = six(tables)
    known = told(book, tables)
    plain = bundle(book, tables, Look())
    monkeypatch.setattr(Question, "run", lambda *_: pytest.fail("asked again"))
    assert notebook_of(bundle(book, tables, Look(), told=known)) == notebook_of(plain)
    packed(ASKED, tables)  # no text quotes it


def notebook_of(content: bytes) -> list[tuple[str, str]]:
    """Return a bundle's cells."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [(c["cell_type"], "".join(c["source"])) for c in json.loads(archive.read("sluice.ipynb"))["cells"]]


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
    notebook = unpack(packed(asked, workspace.tables()), tmp_path / "book")
    workspace.close()
    space: dict[str, Any] = {}
    for cell in code(notebook):
        exec(cell.replace('"."', repr(str(tmp_path / "book"))), space)
    pd.testing.assert_frame_equal(space["answer"].table, answer.table, check_exact=True)
    assert {"reach", "interest", "conversion"} & set(answer.table["breakdown"])


@pytest.mark.long
def test_data_that_was_changed_is_refused(tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = unpack(packed(ASKED, tables), tmp_path)
    other = pd.read_parquet(tmp_path / "events.parquet").iloc[1:]
    other.to_parquet(tmp_path / "events.parquet")
    with pytest.raises(
        CellExecutionError, match=r"events\.parquet is missing or has changed since this notebook was made"
    ):
        execute(notebook, tmp_path, monkeypatch)


@pytest.mark.parametrize("name", ["events.parquet", "orders.parquet", "campaign.json"])
def test_files_are_checked_by_their_digest(tables: Tables, tmp_path: Path, name: str) -> None:
    notebook = unpack(packed(ASKED, tables), tmp_path)
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
    unpack(packed(ASKED, tables), tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "campaign.json", "events.parquet", "orders.parquet", "sluice.ipynb", "sluice_marimo.py", "spend.parquet",
    ]  # fmt: skip
    assert Campaign.from_json((tmp_path / "campaign.json").read_text(encoding="utf-8")) == tables.campaign
    again = Tables.from_parquet(tmp_path)
    assert [again.count(t) for t in ("events", "orders", "spend")] == [
        tables.count(t) for t in ("events", "orders", "spend")
    ]
    frame = pd.DataFrame({"user_id": ["u"] * 2, "timestamp": pd.to_datetime(["2026-11-11"] * 2), "event": ["a", "b"]})
    with zipfile.ZipFile(io.BytesIO(packed(ASKED, Tables(events=frame)))) as archive:
        assert sorted(archive.namelist()) == ["events.parquet", "sluice.ipynb", "sluice_marimo.py"]


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
    with zipfile.ZipFile(io.BytesIO(packed(asked, tables))) as archive:
        notebook = nbformat.reads(archive.read("sluice.ipynb").decode(), as_version=4)
    load, ask = (ast.parse(source) for source in code(notebook))
    assert [type(node) for node in load.body] == [ast.ImportFrom, ast.Assign]
    assert [type(node) for node in ask.body] == [ast.Assign, ast.Assign, ast.Expr]
    assert ast.unparse(ask.body[2]) == "answer"
    assert len(code(notebook)[1].splitlines()) == 3
    space: dict[str, Any] = {}
    exec("from analysis import *", space)
    exec(compile(ast.Module(ask.body[:1], []), "cell", "exec"), space)
    assert space["question"] == asked
    words = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    assert not any(text in cell for cell in words if len(text) > 3)


@pytest.mark.parametrize("text", [text for text in HOSTILE if "\x00" not in text and "\r" not in text], ids=repr)
def test_peoples_words_cannot_break_out_of_the_marimo_script(text: str, tables: Tables) -> None:
    line = " ".join(text.split()) or "x"
    book = Notebook(title=line).add(Words(text=text)).add(Funnel(steps=(text, "Sales(")))
    with zipfile.ZipFile(io.BytesIO(bundle(book, tables, Look()))) as archive:
        script = archive.read("sluice_marimo.py").decode()
    assert "<script" not in script.replace(repr(text), "")
    made = ast.parse(script)
    cells = [node for node in made.body if isinstance(node, ast.FunctionDef)]
    assert [type(node) for node in made.body] == [ast.Import, ast.Assign, *[ast.FunctionDef] * 4, ast.If]
    assert [ast.unparse(node.decorator_list[0]) for node in cells] == ["app.cell"] * 4
    assert [[type(node) for node in cell.body] for cell in cells[1:]] == [[ast.Expr, ast.Return]] * 3
    given = {name.arg for cell in cells for name in cell.args.args}
    names = cells[0].body[-1]
    assert isinstance(names, ast.Return) and isinstance(names.value, ast.Tuple)
    assert given <= {ast.unparse(name) for name in names.value.elts}
    assert given == {"mo", "Funnel", "tables"}


def test_a_marimo_cell_runs(tables: Tables, tmp_path: Path) -> None:
    """Each cell is a function of the names that others make, so a stand-in for marimo can run them."""
    unpack(packed(ASKED, tables), tmp_path)
    tree = ast.parse((tmp_path / "sluice_marimo.py").read_text(encoding="utf-8").replace('"."', repr(str(tmp_path))))
    first, _, ask = (node for node in tree.body if isinstance(node, ast.FunctionDef))
    space: dict[str, Any] = {}
    exec(compile(ast.Module([n for n in first.body[:-1] if not isinstance(n, ast.Import)], []), "cell", "exec"), space)
    answer = eval(compile(ast.Expression(ask.body[0].value), "cell", "eval"), space)  # type: ignore[attr-defined]
    pd.testing.assert_frame_equal(answer.table, ASKED.run(tables).table, check_exact=True)


def test_every_value_of_a_cell_can_be_written_from_the_public_face() -> None:
    """What a notebook imports names every class a question's or a record's code may need."""
    import analysis
    from analysis.records import Record
    from analysis.values import classes

    missing = {name for name, cls in classes().items() if issubclass(cls, Question | Record)} - set(analysis.__all__)
    assert not missing, f"not in analysis.__all__: {sorted(missing)}"


def test_the_notebook_speaks_the_readers_language(tables: Tables) -> None:
    for language in ("en", "zh_CN"):
        (kind, first), *_ = notebook_of(packed(ASKED, tables, language))
        assert kind == "markdown"
        assert first == f"# {translate(ASKED.title, language)}\n\n{translate(INTRO, language)}"
