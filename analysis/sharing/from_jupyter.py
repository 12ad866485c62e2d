"""Which notebook does a Jupyter file hold? Its code is read, never run; what is not ours is listed."""

from __future__ import annotations

import ast
import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from analysis.errors import ImportFileError, QuestionError, SluiceError
from analysis.messages import Message, say
from analysis.notebook import Cell, Notebook, Unread, Words
from analysis.notebook.book import MOST, new_id
from analysis.question import Question
from analysis.records import Record
from analysis.sharing.notebooks import FORMAT, MARK, digest
from analysis.sharing.source import statements, value_at
from analysis.values import Value

LARGEST = 100 * 2**20
"""Bytes of one .ipynb; the answers that Jupyter keeps in it count, too."""
NBFORMAT = 4
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Read:
    """What a Jupyter file holds.

    Parameters
    ----------
    notebook : Notebook
    foreign : tuple of str
        Sources of the cells that are not ours: other code, raw cells, texts too long. They were not run.
    changed : tuple of str
        Ids of cells that were written otherwise since Sluice wrote them, or that are new.
    unquoted : tuple of str
        Ids of texts among them whose quotes are plain figures now.
    """

    notebook: Notebook
    foreign: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unquoted: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[Message, ...]:
        """What there is to say of it."""
        found = list[Message]()
        if self.changed:
            found.append(say("Written or changed outside of Sluice: {n}.", n=len(self.changed)))
        if self.unquoted:
            text = say("Texts changed outside, whose quoted figures are plain text now: {n}.", n=len(self.unquoted))
            found.append(text)
        if self.foreign:
            text = say(
                "Cells that are not Sluice's were not run and are not in the notebook: {n}.", n=len(self.foreign)
            )
            found.append(text)
        return tuple(found)


@dataclass(slots=True)
class _Found:
    """What was read so far."""

    title: str
    cells: list[Cell] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unquoted: list[str] = field(default_factory=list)


def read(content: bytes, name: str) -> Read:
    """Read a Jupyter notebook, such as :func:`analysis.sharing.notebooks.bundle` writes, as a file or in its ZIP.

    Parameters
    ----------
    content : bytes
    name : str
        Of the file, for what is said of it; the title of a notebook that has none.

    Raises
    ------
    ImportFileError
        It is no Jupyter notebook, is damaged, too large, or of a newer version.

    Examples
    --------
    >>> from analysis import Sales, Tables
    >>> from analysis.charts import Look
    >>> from analysis.sharing.notebooks import bundle
    >>> import pandas as pd
    >>> orders = pd.DataFrame({"order_id": ["a"], "timestamp": [pd.Timestamp("2026-11-01")], "revenue": [1.0],
    ...                        "currency": "CNY"})
    >>> book = Notebook(title="Review").add(Sales())
    >>> read(bundle(book, Tables(orders=orders), Look()), "review.zip").notebook == book
    True
    """
    data = _json(_unpacked(content, name), name)
    about = _mark(data)
    title = about.get("title")
    found = _Found(title if isinstance(title, str) else PurePath(name).stem)
    for cell in data["cells"]:
        _take(found, cell, name)
    try:
        book = Notebook(title=_one_line(found.title), cells=tuple(found.cells))
    except QuestionError as error:
        raise ImportFileError.because(name, error.message, error.code) from error
    return Read(book, tuple(found.foreign), tuple(found.changed), tuple(found.unquoted))


# ---- the file ---------------------------------------------------------------------------------------------


def _unpacked(content: bytes, name: str) -> bytes:
    """Return the notebook's own bytes, out of a ZIP if it is one."""
    if content.startswith(b"PK"):
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                inside = [one for one in archive.infolist() if one.filename.lower().endswith(".ipynb")]
                if len(inside) != 1:
                    text = say("a ZIP must hold one Jupyter notebook (.ipynb); this one holds {n}.", n=len(inside))
                    raise ImportFileError.because(name, text, "no-notebook")
                with archive.open(inside[0]) as file:  # what it says of its size may be a lie
                    content = file.read(LARGEST + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
            raise ImportFileError.because(name, say("the ZIP is damaged. Download it again."), "unreadable") from error
    if len(content) > LARGEST:
        text = say("a notebook may have up to {n} MB. Clear its outputs in Jupyter, and save it.", n=LARGEST // 2**20)
        raise ImportFileError.because(name, text, "too-large")
    return content


def _json(content: bytes, name: str) -> Json:
    """Return the notebook as it stands in its file, once it is one that can be read."""
    try:
        data = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        text = say("it is not a Jupyter notebook, or it is damaged. Save it as .ipynb again.")
        raise ImportFileError.because(name, text, "unreadable") from error
    version = data.get("nbformat") if isinstance(data, dict) else None
    if not isinstance(version, int) or not isinstance(data.get("cells", []), list):
        raise ImportFileError.because(name, say("it is not a Jupyter notebook."), "unreadable")
    if version < NBFORMAT or "cells" not in data:
        text = say("it is of an old format of Jupyter's. Open it in Jupyter, and save it.")
        raise ImportFileError.because(name, text, "older-version")
    ours = _mark(data).get("format", FORMAT)
    if version > NBFORMAT or not isinstance(ours, int) or ours > FORMAT:
        text = say("it was written by a newer version. Update Sluice to open it.")
        raise ImportFileError.because(name, text, "newer-version")
    if len(data["cells"]) > 4 * MOST:
        text = say("it has {n} cells; a notebook has at most {most}.", n=len(data["cells"]), most=MOST)
        raise ImportFileError.because(name, text, "too-large")
    return dict(data)


def _mark(of: Json) -> Json:
    """Return what Sluice wrote beside a cell or a notebook."""
    about = of.get("metadata")
    mark = about.get(MARK) if isinstance(about, dict) else None
    return mark if isinstance(mark, dict) else {}


def _source(cell: Json) -> str | None:
    """Return a cell's text, which stands in its file whole or line by line."""
    found = cell.get("source", "")
    lines = found if isinstance(found, list) else [found]
    return "".join(lines) if all(isinstance(line, str) for line in lines) else None


# ---- cells ------------------------------------------------------------------------------------------------


def _take(found: _Found, cell: Any, name: str) -> None:
    source = _source(cell) if isinstance(cell, dict) else None
    if source is None:
        raise ImportFileError.because(name, say("one of its cells is damaged. Save it in Jupyter again."), "unreadable")
    mark = _mark(cell)
    same = mark.get("written") == digest(source)
    role = mark.get("role")
    if role == "data" and same:
        return
    if role == "head" and cell.get("cell_type") == "markdown":
        source = _headed(found, source, mark) if not same else ""
        mark, same = {}, False
        if not source:
            return
    held = _held(cell, source, mark, same)
    if held is None:
        found.foreign += [source] if source.strip() else []
        return
    made = _cell(mark, held, {one.id for one in found.cells})
    found.cells.append(made)
    if not same:
        found.changed.append(made.id)
        before = mark.get("holds")
        if isinstance(held, Words) and isinstance(before, dict) and before.get("quotes"):
            found.unquoted.append(made.id)


def _headed(found: _Found, source: str, mark: Json) -> str:
    """Take the title of a first cell that was changed, and return what else somebody wrote there."""
    first, _, rest = source.partition("\n")
    if first.startswith("# ") and first[2:].strip():
        found.title, source = first[2:].strip(), rest
    return source.replace(str(mark.get("intro", "")), "").strip()


def _held(cell: Json, source: str, mark: Json, same: bool) -> Value | None:
    """Return what a cell holds; None if it is not ours."""
    kind = cell.get("cell_type")
    if same and kind in ("markdown", "raw"):  # as it was written: the places of its quotes are known
        with suppress(SluiceError, TypeError):
            kept = Value.from_dict(mark["holds"] if isinstance(mark.get("holds"), dict) else {})
            if isinstance(kept, Words if kind == "markdown" else Unread):
                return kept
    if kind == "markdown":
        with suppress(QuestionError):  # too long, or with signs that a text cannot have
            return Words(text="\n".join(source.splitlines()))
    return _coded(source) if kind == "code" else None


def _coded(source: str) -> Question | Record | None:
    """Return the question that a cell asks, or the record it writes out, if it does that and no more."""
    try:
        body = list(_bare(statements(source)))
        match body:
            case [
                ast.Expr(value=ast.Call(func=ast.Attribute(value=asked, attr="run"), args=[ast.Name()], keywords=[]))
            ]:
                held = value_at(asked)
                return held if isinstance(held, Question) else None
            case [ast.Expr(value=said)]:
                held = value_at(said)
                return held if isinstance(held, Record) else None
    except QuestionError:
        pass
    return None


def _bare(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements without names: `question = X; answer = question.run(tables); answer` is `X.run(tables)`."""
    match body:
        case [
            ast.Assign(targets=[ast.Name(id=asked)], value=value),
            ast.Assign(value=ast.Call(func=ast.Attribute(value=ast.Name(id=of)) as run)),
            *rest,
        ] if asked == of:
            run.value = value
            yield from _bare([body[1], *rest])
        case [ast.Assign(targets=[ast.Name(id=name)], value=value), *rest]:
            shown = rest and isinstance(rest[0], ast.Expr) and ast.unparse(rest[0]) == name
            yield from (ast.Expr(value=value), *rest[bool(shown) :])
        case _:
            yield from body


def _cell(mark: Json, held: Value, taken: set[str]) -> Cell:
    """Return a cell with what stood beside it; copied in Jupyter, it gets an id of its own."""
    with suppress(SluiceError, TypeError):
        kept = Cell.from_dict({**mark["cell"], "holds": held.to_dict()}) if isinstance(mark.get("cell"), dict) else None
        if kept is not None:
            return kept.replace(id=new_id()) if kept.id in taken else kept
    return Cell(id=new_id(), holds=held)


def _one_line(title: str) -> str:
    return "".join(c if ord(c) >= 32 else " " for c in title).strip()[:200] or "Jupyter"
