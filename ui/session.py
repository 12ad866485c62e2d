"""The open workspace, and asking it questions with a bounded cache."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

from analysis import Campaign, Tables, open_workspace, read_export
from analysis.answer import Answer
from analysis.errors import SluiceError, WorkspaceError
from analysis.journey import speed
from analysis.journey.attribution import kernel as credits
from analysis.journey.funnel import conventions as rules
from analysis.journey.funnel import question as funnel
from analysis.journey.loyalty import retention
from analysis.journey.nodes import question as nodes
from analysis.journey.paths import question as paths
from analysis.messages import Message, say
from analysis.question import Question
from analysis.values import local_day
from analysis.workspace import Batch, Workspace
from analysis.workspace.kept import unused
from ui.language import _, shown

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = "sample"
UNSET = ("2026-01-01", "2026-12-31")
"""First and last day of a campaign until data or a person says them."""
WORD = "data.word"
LACKING = ("empty", "no-table", "no-column")
"""Codes of what is no fault of anybody's: the data does not say it."""
_OPENING = threading.Lock()


def folder() -> Path:
    """Return where workspaces are kept: `SLUICE_WORKSPACES`, else `workspaces/` beside the app."""
    return Path(os.environ.get("SLUICE_WORKSPACES") or ROOT / "workspaces")


def names() -> dict[str, str]:
    """Return the workspaces by id, the sample first, with what people call them."""
    own = sorted(p.stem for p in folder().glob("*.duckdb") if not p.stem.startswith(SAMPLE))
    return {SAMPLE: "", **{id: _open(id).name for id in own}}


def current() -> str:
    """Return the id of this session's workspace."""
    known = re.fullmatch(r"[0-9a-f]{12}", wanted()) and (folder() / f"{wanted()}.duckdb").exists()
    return wanted() if known else SAMPLE


def wanted() -> str:
    """Return the id of the workspace this session is to stand on; :func:`workspace` says where there is none."""
    return str(st.session_state.get("workspace") or SAMPLE)


def fit_campaign(here: Workspace) -> None:
    """Set the days of a campaign that nobody has set yet to those of what was first imported."""
    span, campaign = here.tables().span(), here.campaign
    if span and campaign and (campaign.start, campaign.end) == UNSET:
        first, last = (local_day(moment, campaign.zone) for moment in span)
        here.campaign = campaign.replace(start=first, end=last)


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
    for key in [k for k in st.session_state if str(k).endswith(".start") or str(k).startswith("filter.")]:
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
    """Return the workspace's tables; None where it cannot be opened, which its page says."""
    try:
        return workspace().tables()
    except SluiceError:
        return None


def create(name: str, *, zone: str, currency: str) -> str:
    """Make an empty workspace and return its id; a name that is taken gets a number, and none becomes a path."""
    id, taken = hashlib.sha256(os.urandom(16)).hexdigest()[:12], set(names().values())
    name = unused(name, taken)
    made = _open(id)
    made.name = name
    made.campaign = Campaign(name=name, start=UNSET[0], end=UNSET[1], zone=zone, currency=currency)
    return id


def _open(id: str) -> Workspace:
    if id == SAMPLE:
        return _sample(_sample_digest())
    if not re.fullmatch(r"[0-9a-f]{12}", id):
        raise WorkspaceError.because(say("There is no workspace {id}.", id=id), "no-workspace")
    return _opened(str(folder() / f"{id}.duckdb"))


@st.cache_resource(show_spinner=False)
def _opened(path: str) -> Workspace:
    with _OPENING:
        return open_workspace(path)


@st.cache_resource(show_spinner=False)
def _sample(digest: str) -> Workspace:
    """Open the sample campaign, imported afresh when its files changed."""
    workspace = _opened(str(folder() / f"{SAMPLE}-{digest}.duckdb"))
    if not workspace.batches():
        source = ROOT / "sample_data"
        exports = [read_export(source / f, zone="UTC") for f in ("events.parquet", "orders.csv", "spend.csv")]
        workspace.add(*exports)
        workspace.name = "Double 11 2026"
        workspace.campaign = sample_campaign()
        for export in exports:
            export.close()
    return workspace


def sample_campaign() -> Campaign:
    """Return the sample's campaign."""
    return Campaign.from_dict(json.loads((ROOT / "sample_data" / "campaign.json").read_text(encoding="utf-8")))


@lru_cache(maxsize=1)
def _sample_digest() -> str:
    files = sorted((ROOT / "sample_data").glob("*.*"))
    whole = b"".join(p.read_bytes() for p in files if p.suffix in (".parquet", ".csv", ".json"))
    return hashlib.sha256(whole).hexdigest()[:12]


# ---- asking -----------------------------------------------------------------------------------------------


@st.cache_resource(show_spinner=False)
def warm() -> None:
    """Compile the journey's kernels beside the first visitor's first page, once per server."""
    rooms = (funnel, paths, speed, retention, nodes, credits, rules)
    threading.Thread(target=lambda: [room.warm() for room in rooms], daemon=True).start()


def ask(question: Question) -> Answer:
    """Answer a question on this session's workspace; equal questions on equal data are answered once."""
    here = workspace()
    answer = _answered(question.digest(), here.version, code_version(), question, here.tables)
    return replace(answer, names=here.display)  # a new name for a code asks nothing again


@st.cache_resource(max_entries=256, show_spinner=False)
def _answered(
    question_digest: str, data_version: str, code: str, _question: Question, _tables: Callable[[], Tables]
) -> Answer:
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
        if error.code in LACKING:
            with st.container(border=True):
                st.markdown(shown(error.message))
                st.page_link("pages/data.py", label=_("Go to Data"), icon=":material/upload:")
        else:
            st.error(shown(error.message), icon=":material/error:")
    except Exception:
        logging.getLogger("sluice").exception("unexpected error")
        st.error(
            _("Something went wrong inside Sluice. Your data is unchanged. Reload the page, or undo your last change."),
            icon=":material/error:",
        )


def keep(key: str, value: Any) -> None:
    """Give a widget its first value; what the person chose since then stays."""
    st.session_state.setdefault(key, value)
