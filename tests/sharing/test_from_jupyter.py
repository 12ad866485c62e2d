"""What comes back from Jupyter: ours as it was or as it was changed, the rest listed; nothing runs, nothing is lost."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import Alias, Filter, Funnel, Notebook, Sales, Tables, Words
from analysis.charts import Look
from analysis.errors import ImportFileError, SluiceError
from analysis.notebook import Cell, Quote, Seen, Unread
from analysis.question import Question
from analysis.sharing import from_jupyter
from analysis.sharing.from_jupyter import Read, read
from analysis.sharing.notebooks import bundle
from analysis.values import kinds

EMPTY = Tables()
ASKED = Funnel(steps=("view", "cart"), where=Filter(channel="x"))
QUOTE = Quote(cell="ask", column="users", row=(("step", "view"),))
BOOK = Notebook(
    title="Review",
    cells=(
        Cell(id="ask", holds=ASKED, folded=True, seen=Seen(data="d", figures="e", said=(("en", "half"),))),
        Cell(id="text", holds=Words(text="Of [[1]] people", quotes=(QUOTE,))),
        Cell(id="name", holds=Alias(column="channel", code="Google Ads", meant="google")),
        Cell(id="new", holds=Unread(json='{"kind":"telepathy","version":1}')),
    ),
)


def written(book: Notebook = BOOK) -> Any:
    """Return a notebook's .ipynb as JSON."""
    with zipfile.ZipFile(io.BytesIO(bundle(book, EMPTY, Look()))) as archive:
        return json.loads(archive.read("sluice.ipynb"))


def again(data: Any, name: str = "review.ipynb") -> Read:
    return read(json.dumps(data).encode(), name)


def cell(kind: str, source: str, **more: Any) -> dict[str, Any]:
    return {"cell_type": kind, "source": source, "metadata": {}, **more}


# ---- back as it was ---------------------------------------------------------------------------------------


def test_what_was_not_touched_comes_back_the_same() -> None:
    assert again(written()) == Read(BOOK)
    assert repr(again(written()).notebook) == repr(BOOK)


def test_saved_by_jupyter_it_is_the_same() -> None:
    """Jupyter writes sources line by line, gives cells ids, keeps what they answered."""
    notebook = nbformat.reads(json.dumps(written()), as_version=4)
    for one in notebook.cells:
        if one.cell_type == "code":
            one.outputs = [nbformat.v4.new_output("stream", text="x" * 100)]
            one.execution_count = 3
    assert read(nbformat.writes(notebook).encode(), "a.ipynb") == Read(BOOK)


@pytest.mark.parametrize("kind", kinds(Question))
def test_every_question_comes_back(kind: str, ask: Callable[[str], Question]) -> None:
    book = Notebook(title="A").add(ask(kind)).add(ask(kind).replace(where=Filter(end="2026-11-11")))
    assert again(written(book)) == Read(book)


TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], min_codepoint=32) | st.sampled_from("\n\t[]1`#'\""), max_size=30
)
CELLS = st.lists(
    TEXTS.map(lambda text: Words(text=text, quotes=(QUOTE,)))
    | st.sampled_from([ASKED, Sales(), BOOK.cells[2].holds, BOOK.cells[3].holds]),
    max_size=6,
)


@settings(max_examples=40)
@given(CELLS, st.booleans(), TEXTS.filter(str.strip).map(lambda t: " ".join(t.split()) or "x"))
def test_any_notebook_comes_back(holds: list[Any], folded: bool, title: str) -> None:
    book = Notebook(title=title, cells=tuple(Cell(id=f"{n}", holds=one, folded=folded) for n, one in enumerate(holds)))
    assert again(written(book)) == Read(book)


# ---- changed in Jupyter -----------------------------------------------------------------------------------


def test_a_changed_question_counts() -> None:
    data = written()
    asked = next(c for c in data["cells"] if "question = " in "".join(c["source"]))
    asked["source"] = "".join(asked["source"]).replace("'cart'", "'purchase'")
    found = again(data)
    assert found.notebook.cells[0] == BOOK.cells[0].replace(holds=ASKED.replace(steps=("view", "purchase")))
    assert (found.changed, found.foreign, found.unquoted) == (("ask",), (), ())
    assert [m.text() for m in found.words] == ["Written or changed outside of Sluice: 1."]


def test_a_changed_text_counts_and_says_that_its_figures_are_plain_now() -> None:
    data = written()
    text = next(c for c in data["cells"] if "people" in "".join(c["source"]))
    assert "".join(text["source"]) == "Of — people"
    text["source"] = ["Of — people,\n", "as I see it"]
    found = again(data)
    assert found.notebook.cells[1] == BOOK.cells[1].replace(holds=Words(text="Of — people,\nas I see it"))
    assert (found.changed, found.unquoted) == (("text",), ("text",))
    assert len(found.words) == 2


@pytest.mark.parametrize(
    "source",
    ["Sales().run(tables)", "answer = Sales().run(tables)", "x = Sales().run(t)\nx", "q = Sales()\na = q.run(tables)",
     "# mine\nq = Sales()\n\na = q.run(tables)\na\n"],
)  # fmt: skip
def test_a_question_written_in_jupyter_is_taken(source: str) -> None:
    data = written()
    data["cells"].insert(3, cell("code", source))
    found = again(data)
    assert [c.holds for c in found.notebook.cells][:2] == [ASKED, Sales()]
    assert found.changed == (found.notebook.cells[1].id,)
    assert found.foreign == ()


FOREIGN = [
    "import os\nos._exit(1)",
    "open('/etc/passwd').read()",
    "Sales().run(other_tables())",
    "Sales().run(tables, 1)",
    "Sales().run(tables).table",
    "Sales().walk(tables)",
    "question = Sales()\nanswer = other.run(tables)\nanswer",
    "question = Sales()\nanswer = question.run(tables)\nanswer.table",
    "question = Sales()\nanswer = question.run(tables)\nanswer\nimport os",
    "Sales()",
    "Filter()",
    "Filter().run(tables)",
    "Funnel(steps=('a',)).run(tables)",
    "%pip install x",
    "!ls",
    "tables",
    "a = b = Alias(column='channel', code='a', meant='b')",
    "(" * 500,
    "a" + ".b" * 50_000,
]


@pytest.mark.parametrize("source", FOREIGN, ids=lambda source: source[:40])
def test_foreign_code_is_listed_and_never_run(source: str) -> None:
    data = written()
    data["cells"].append(cell("code", source))
    found = again(data)
    assert found == Read(BOOK, foreign=(source,))
    assert len(found.words) == 1


def test_a_question_changed_into_other_code_is_listed() -> None:
    data = written()
    data["cells"][2]["source"] = "answer = Sales().run(tables)\nanswer.table.plot()"
    found = again(data)
    assert found.foreign == ("answer = Sales().run(tables)\nanswer.table.plot()",)
    assert [c.id for c in found.notebook.cells] == ["text", "name", "new"]


def test_raw_cells_and_texts_too_long_are_listed() -> None:
    data = written()
    long = "x" * 20_001
    data["cells"] += [cell("raw", "---\ntitle: x"), cell("markdown", long), cell("code", " \n"), cell("heading", "old")]
    assert again(data) == Read(BOOK, foreign=("---\ntitle: x", long, "old"))


def test_code_that_reads_the_data_is_listed_once_somebody_changed_it() -> None:
    data = written()
    load = "".join(data["cells"][1]["source"])
    data["cells"][1]["source"] = load + "\nimport os"
    assert again(data) == Read(BOOK, foreign=(load + "\nimport os",))


def test_texts_and_copies_made_in_jupyter_are_cells() -> None:
    data = written()
    copied = json.loads(json.dumps(data["cells"][2]))
    data["cells"] += [copied, cell("markdown", "mine")]
    found = again(data)
    assert len({c.id for c in found.notebook.cells}) == 6
    assert [c.holds for c in found.notebook.cells[4:]] == [ASKED, Words(text="mine")]
    assert found.changed == (found.notebook.cells[5].id,)


def test_a_title_changed_in_jupyter_is_the_title_and_what_was_written_under_it_a_text() -> None:
    data = written()
    head = "".join(data["cells"][0]["source"])
    data["cells"][0]["source"] = head.replace("# Review", "# Our review")
    assert again(data) == Read(BOOK.replace(title="Our review"))
    data["cells"][0]["source"] = head.replace("# Review", "# Our review\n\nmine")
    found = again(data).notebook
    assert (found.title, found.cells[0].holds, found.cells[1:]) == ("Our review", Words(text="mine"), BOOK.cells)


def test_a_strangers_notebook_is_its_texts_and_a_list() -> None:
    data = {"nbformat": 4, "metadata": {}, "cells": [cell("markdown", "# Theirs"), cell("code", "print(1)")]}
    found = again(data, "their work.ipynb")
    assert (found.notebook.title, [c.holds for c in found.notebook.cells]) == ("their work", [Words(text="# Theirs")])
    assert found.foreign == ("print(1)",)


# ---- damaged ----------------------------------------------------------------------------------------------


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"{name}.ipynb", content)
    return out.getvalue()


DAMAGED: list[tuple[bytes, str]] = [
    (b"", "unreadable"),
    (b"\xff\xfe", "unreadable"),
    (b"null", "unreadable"),
    (b"[]", "unreadable"),
    (b"{}", "unreadable"),
    (b'{"nbformat":"4","cells":[]}', "unreadable"),
    (b'{"nbformat":4,"cells":{}}', "unreadable"),
    (b'{"nbformat":4,"cells":[1]}', "unreadable"),
    (b'{"nbformat":4,"cells":[{"cell_type":"code","source":[1]}]}', "unreadable"),
    (b"[" * 100_000, "unreadable"),
    (b'{"nbformat":4,"cells":' + b"[" * 5000 + b"]" * 5000 + b"}", "unreadable"),
    (b'{"nbformat":3,"worksheets":[]}', "older-version"),
    (b'{"nbformat":4}', "older-version"),
    (b'{"nbformat":5,"cells":[]}', "newer-version"),
    (b'{"nbformat":4,"cells":[],"metadata":{"sluice":{"format":2}}}', "newer-version"),
    (b'{"nbformat":4,"cells":[],"metadata":{"sluice":{"format":"x"}}}', "newer-version"),
    (json.dumps({"nbformat": 4, "cells": [cell("markdown", "x")] * 501}).encode(), "bad-value"),
    (json.dumps({"nbformat": 4, "cells": [cell("code", "x")] * 2001}).encode(), "too-large"),
    (zipped(), "no-notebook"),
    (zipped(a=b"{}", b=b"{}"), "no-notebook"),
    (zipped(a=b"{}"), "unreadable"),
    (zipped(a=b"{}")[:-30], "unreadable"),
    (b"PK\x03\x04" + b"\0" * 50, "unreadable"),
]


@pytest.mark.parametrize(("content", "code"), DAMAGED, ids=range(len(DAMAGED)))  # an archive's bytes hold the time
def test_what_is_damaged_is_said(content: bytes, code: str) -> None:
    with pytest.raises(ImportFileError) as raised:
        read(content, "review.ipynb")
    assert raised.value.code == code
    assert str(raised.value).startswith("review.ipynb: ")


def test_a_bomb_does_not_go_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(from_jupyter, "LARGEST", 10_000)
    for content in (zipped(a=b" " * 5_000_000), b" " * 10_001):
        with pytest.raises(ImportFileError) as raised:
            read(content, "a.ipynb")
        assert raised.value.code == "too-large"


def test_metadata_that_somebody_damaged_costs_no_cell() -> None:
    for damage in (None, 1, [], {}, {"role": 1}, {"cell": 1}, {"cell": {"kind": "cell"}}, {"cell": {"id": 1}}):
        data = written()
        for one in data["cells"][2:5]:
            one["metadata"] = {"sluice": damage}
        data["cells"][0]["metadata"] = damage
        found = again(data)
        assert [c.holds for c in found.notebook.cells if c.holds != Words(text="Of — people")][-3:] == [
            ASKED, BOOK.cells[2].holds, BOOK.cells[3].holds,
        ]  # fmt: skip
        assert Words(text="Of — people") in [c.holds for c in found.notebook.cells]


@settings(max_examples=150)
@given(st.data())
def test_whatever_is_changed_is_read_or_said(data: st.DataObject) -> None:
    content = bytearray(json.dumps(written()).encode())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at : at + data.draw(st.integers(0, 5))] = data.draw(
        st.binary(max_size=4) | st.sampled_from([b'"', b"{", b"]"])
    )
    try:
        found = read(bytes(content), "a.ipynb")
    except SluiceError:
        return
    assert Notebook.from_json(found.notebook.to_json()) == found.notebook


@given(st.binary(max_size=60), st.booleans())
def test_random_bytes_are_said(content: bytes, packed: bool) -> None:
    with pytest.raises(SluiceError):
        read(zipped(a=content) if packed else content, "a.ipynb")
    with pytest.raises(SluiceError):
        read(b"PK" + zlib.compress(content), "a.zip")
