"""The open workspace, and asking it questions with a bounded cache."""

from __future__ import annotations

import atexit
import datetime as dt
import gc
import hashlib
import json
import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

from analysis import Campaign, Tables, open_workspace, read_export
from analysis.answer import Answer
from analysis.audience.value import buying
from analysis.errors import SluiceError, WorkspaceError
from analysis.journey import speed
from analysis.journey.attribution import kernel as credits
from analysis.journey.funnel import conventions as rules
from analysis.journey.funnel import question as funnel
from analysis.journey.loyalty import retention
from analysis.journey.nodes import question as nodes
from analysis.journey.paths import question as paths
from analysis.messages import Message, begun, say
from analysis.question import Question
from analysis.reallocation import play
from analysis.records import Record
from analysis.workspace import Batch, Workspace, WorkspaceFile, workspace_files
from analysis.workspace.across import UNSET
from analysis.workspace.folder import is_id, new_id, sweep, used
from analysis.workspace.kept import unused
from ui import language
from ui.language import _, shown
from ui.once import once

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = "sample"
WORD = "data.word"
_TO_BRING = ("no-table", "no-column")
"""Codes of what is no fault of anybody's: the data does not say it."""
_HEAVY = threading.Lock()
UNUSED = dt.timedelta(days=7)
"""After which a visitor's own copy of the sample goes."""


def folder() -> Path:
    """Return where workspaces are kept: `SLUICE_WORKSPACES`, else `workspaces/` beside the app."""
    return Path(os.environ.get("SLUICE_WORKSPACES") or ROOT / "workspaces")


def visitors() -> Path:
    """Return where the copies of the sample lie that a first change in it makes; one unused for :data:`UNUSED` goes."""
    return folder() / "visitors"


def files() -> tuple[WorkspaceFile, ...]:
    """Return the files of the team's workspaces, each as what it is."""
    return tuple(file for file in workspace_files(folder()) if not file.id.startswith(f"{SAMPLE}-"))


def names() -> dict[str, str]:
    """Return the workspaces to choose from by id: the sample, a copy of it that is open here, then the team's."""
    here = current()
    team = {file.id: file.name for file in files() if file.state == "ready" or file.id == here}
    return {SAMPLE: "", **({here: ""} if is_visitors(here) else {}), **team}


def current() -> str:
    """Return the id of this session's workspace."""
    return wanted() if is_id(wanted()) and _path(wanted()).exists() else SAMPLE


def wanted() -> str:
    """Return the id of the workspace this session is to stand on; :func:`workspace` says where there is none."""
    return str(st.session_state.get("workspace") or SAMPLE)


def is_visitors(id: str) -> bool:
    """Say whether a workspace is a visitor's own copy of the sample."""
    return id != SAMPLE and _path(id).parent == visitors()


def _path(id: str) -> Path:
    """Return where a workspace lies; a visitor's own is not among the team's."""
    own = visitors() / f"{id}.duckdb"
    return own if own.exists() else folder() / own.name


def touch() -> None:
    """Note that this session's workspace is used: a visitor's own goes when nobody does."""
    if (here := current()) != SAMPLE:
        used(_path(here))


def choose(id: str) -> None:
    """Make another workspace this session's own."""
    st.session_state["workspace"] = id
    forget_choices()


def leave_word(word: Batch | Message) -> None:
    """Leave word for the Data page of what was just done; it stays there until the next thing is done."""
    st.session_state[WORD] = word


def word() -> Batch | Message | None:
    """Return what was done last."""
    return st.session_state.get(WORD)


def forget_word() -> None:
    """Drop it: something else is begun."""
    st.session_state.pop(WORD, None)


def forget_choices() -> None:
    """Drop what was chosen about the data that stood here before."""
    forget_word()
    own = ("filter.", "notebook.")
    for key in [k for k in st.session_state if str(k).endswith(".start") or str(k).startswith(own)]:
        del st.session_state[key]


def workspace() -> Workspace:
    """Return this session's workspace, open.

    Raises
    ------
    WorkspaceError
        There is none of this id: it was deleted, or its address was cut off.
    """
    if wanted() != current():
        text = say("The workspace of this address is not here: it was deleted, or the address was cut off when copied. "
                   "Nothing is shown in its place; choose another one above.")  # fmt: skip
        raise WorkspaceError.because(text, "no-workspace")
    return _open(current())


def tables() -> Tables | None:
    """Return the workspace's tables, the same throughout a run; None where it cannot be opened, which its page says."""
    try:
        return once("tables", lambda: workspace().tables())
    except SluiceError:
        return None


def to_change() -> Workspace:
    """Return the workspace that this session may change: of the sample, a copy of its own, on which it then stands."""
    here = workspace()
    if not here.read_only:
        return here
    sweep(visitors(), UNUSED)
    id = new_id()
    here.copy(visitors() / f"{id}.duckdb")
    st.session_state["workspace"] = id  # what was chosen on the sample holds: the data are the same
    return _open(id)


def create(name: str, *, zone: str, currency: str) -> str:
    """Make an empty workspace and return its id; a name that is taken gets a number."""
    id, name = new_id(), _unused(name)
    campaign = Campaign(name=name, start=UNSET[0], end=UNSET[1], zone=zone, currency=currency)
    made = _opened(str(folder() / f"{id}.duckdb"))
    made.name, made.campaign = name, campaign
    return id


def keep_copy(name: str) -> str:
    """Make a workspace of the team's of what stands here, under a name, and return its id."""
    id, name = new_id(), _unused(name)
    path = workspace().copy(folder() / f"{id}.duckdb")
    _opened(str(path)).name = name
    return id


def _unused(name: str) -> str:
    return unused(name, {file.name for file in files()})


def _open(id: str) -> Workspace:
    return _sample() if id == SAMPLE else _opened(str(_path(id)))


@st.cache_resource(show_spinner=False)
def _opened(path: str) -> Workspace:
    return open_workspace(path)


@st.cache_resource(show_spinner=False)
def _sample() -> Workspace:
    return sample()


def sample() -> Workspace:
    """Open the sample campaign to read, imported afresh when its files changed."""
    path = folder() / f"{SAMPLE}-{_sample_digest()}.duckdb"
    here = open_workspace(path, read_only=True) if path.exists() else None
    if here and here.batches():  # an earlier release left an empty file when it was stopped
        return here
    _make_sample(path)
    return open_workspace(path, read_only=True)


def _make_sample(path: Path) -> None:
    """Import the sample campaign, whole or not at all."""
    partial = path.with_name(f"{path.name}.{new_id()}")
    here = open_workspace(partial)
    source = ROOT / "sample_data"
    exports = [read_export(source / f, zone="UTC") for f in ("events.parquet", "orders.csv", "spend.csv")]
    here.add(*exports)
    here.name = "Double 11 2026"
    here.campaign = sample_campaign()
    for record in sample_records():
        here.keep(record.title, record)
    for export in exports:
        export.close()
    here.close()
    path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
    partial.replace(path)


def sample_campaign() -> Campaign:
    """Return the sample's campaign."""
    return Campaign.from_dict(json.loads((ROOT / "sample_data" / "campaign.json").read_text(encoding="utf-8")))


def sample_records() -> tuple[Record, ...]:
    """Return what is written down beside the sample's files."""
    found = json.loads((ROOT / "sample_data" / "records.json").read_text(encoding="utf-8"))
    return tuple(map(Record.from_dict, found))


def _sample_digest() -> str:
    files = sorted((ROOT / "sample_data").glob("*.*"))
    whole = b"".join(p.read_bytes() for p in files if p.suffix in (".parquet", ".csv", ".json"))
    return hashlib.sha256(whole).hexdigest()[:12]


# ---- asking -----------------------------------------------------------------------------------------------


@st.cache_resource(show_spinner=False)
def warm() -> None:
    """Compile kernels beside the first visitor's first page, once per server."""
    threading.Thread(target=_warm, daemon=True).start()


def _warm() -> None:
    for room in (funnel, paths, speed, retention, nodes, credits, rules, buying, play):
        room.warm()
    # Streamlit collects garbage after each run; what is loaded by now stays, and need not be gone through each time.
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)


def ask(question: Question) -> Answer:
    """Answer a question on this session's workspace; equal questions on equal data are answered once."""
    here = workspace()
    version = here.planned if question.planned else here.version
    answer = _answered(question.digest(), version, code_version(), question, here.tables)
    return replace(answer, names=here.display)  # a new name for a code asks nothing again


@st.cache_resource(max_entries=256, show_spinner=False)
def _answered(
    question_digest: str, data_version: str, code: str, _question: Question, _tables: Callable[[], Tables]
) -> Answer:
    # Many at once would take turns for Python's lock, each of them and everybody's light questions waiting for all.
    with _HEAVY if _question.heavy else nullcontext():
        return _question.run(_tables())


@lru_cache(maxsize=1)
def code_version() -> str:
    """Digest of the library's source: an answer computed by other code is not this code's answer."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "analysis").rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@contextmanager
def said_plainly() -> Iterator[None]:
    """Show what went wrong as a message: the one place where pages render errors."""
    try:
        yield
    except SluiceError as error:
        if error.code in _TO_BRING:
            to_bring(error.message)
        elif error.code == "empty":
            st.info(worded(error.message), icon=":material/info:")
        else:
            st.error(worded(error.message), icon=":material/error:")
    except Exception:
        logging.getLogger("sluice").exception("unexpected error")
        st.error(
            _("Something went wrong inside Sluice. Your data is unchanged. Reload the page, or undo your last change."),
            icon=":material/error:",
        )


def worded(message: Message) -> str:
    """Return a message with codes by their names, where the workspace can be opened; safe to put into markdown."""
    try:
        names = workspace().display
    except SluiceError:
        names = None
    return shown(begun(message.text(language.current(), names)))


def to_bring(*messages: Message) -> None:
    """Say, calmly, what the data lack and where it is found, with the way to Data."""
    with st.container(border=True):
        for message in messages:
            st.markdown(worded(message))
        st.page_link("pages/data.py", label=_("Go to Data"), icon=":material/upload:")


def keep(key: str, value: Any) -> None:
    """Give a widget its first value; what the person chose since then stays."""
    st.session_state.setdefault(key, value)
