"""The open workspace, and asking it questions with a bounded cache."""

from __future__ import annotations

import atexit
import datetime as dt
import gc
import hashlib
import json
import logging
import shutil
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime import Runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx
from threadpoolctl import threadpool_limits

from analysis import Campaign, Tables, open_workspace, read_export
from analysis.answer import Answer
from analysis.audience.value import buying
from analysis.errors import SluiceError
from analysis.journey import speed
from analysis.journey.attribution import kernel as credits
from analysis.journey.funnel import conventions as rules
from analysis.journey.funnel import question as funnel
from analysis.journey.loyalty import retention
from analysis.journey.nodes import question as nodes
from analysis.journey.paths import question as paths
from analysis.messages import Message, begun
from analysis.periods import UNSET
from analysis.question import Question
from analysis.reallocation import play
from analysis.records import Record
from analysis.workspace import Batch, Workspace, WorkspaceFile, workspace_files
from analysis.workspace.disk import spoken
from analysis.workspace.folder import is_id, new_id, sweep, used
from analysis.workspace.kept import unused
from analysis.workspace.shelf import Shelf
from server import audit, limits, running
from server import registry as registries
from server.allowed import Allowed, not_here, standing
from server.backups import standing as standing_backups
from server.guests import Rooms
from server.health import meters
from server.house import House
from server.keeping import Keeping
from server.registry import Holding, Registry
from server.rights import Action, NotAllowed, Role, allows
from server.work import Answers, Bounds, Line
from ui import language, waiting, who
from ui.language import _, shown
from ui.once import forget as once_forget
from ui.once import once
from ui.who import folder

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = "sample"
WORD = "data.word"
COPY = "room.copy"
"""Which copy a guest was seen to have: where it is another by now, they are told."""
BROWSER = "_streamlit_xsrf"
"""The cookie that Streamlit gives each browser; its tabs share it."""
_TO_BRING = ("no-table", "no-column")
"""Codes of what is no fault of anybody's: the data does not say it."""
_QUIET = ("empty", "stopped", "crowded")
UNUSED = dt.timedelta(days=7)
"""After which a visitor's own copy of the sample goes."""


def visitors() -> Path:
    """Return where the copies of the sample lie that a first change in it makes; one unused for :data:`UNUSED` goes."""
    return folder() / "visitors"


def files() -> tuple[WorkspaceFile, ...]:
    """Return the files of workspaces that there are for this person, each as what it is."""
    return once("files", _files)


def _files() -> tuple[WorkspaceFile, ...]:
    found = (file for file in workspace_files(folder()) if not file.id.startswith(f"{SAMPLE}-"))
    return tuple(file for file in found if role(file.id) is not None)


def names() -> dict[str, str]:
    """Return the workspaces to choose from by id: the sample, copies that are one's own, then the rest."""
    here = current()
    rest = {file.id: file.name for file in files() if file.state == "ready" or file.id == here}
    aside = dict.fromkeys([*_copies(), *([here] if here not in (*rest, SAMPLE) else [])], "")
    return {**({SAMPLE: ""} if not guest() else {}), **aside, **rest}


def _copies() -> list[str]:
    """Return the copies that a person has beside the workspaces: of the sample, and as a guest of a room."""
    if who.held() is None:
        return []
    mine = holdings().values()
    kinds = ("sample-copy", "room")
    return [one.id for one in mine if one.kind in kinds and one.role is Role.OWNER and _path(one.id).exists()]


def role(id: str) -> Role | None:
    """Return what this person is to a workspace; None: to them there is none."""
    held, person = who.held(), who.person()
    if held is None:
        return Role.OWNER
    if id == SAMPLE:
        return None if guest() else Role.EDITOR  # nothing in it can be changed; a copy of it can
    if person.kind == "anyone":
        return Role.OWNER
    if one := holdings().get(id):
        return one.role
    return once(f"role.{id}", lambda: held.role(person, id)) if person.admin else None


def holdings() -> Mapping[str, Holding]:
    """Return the workspaces that there are for this person on a server, the same throughout a run."""
    return once("holdings", lambda: registry().holdings(who.person()))


def guest() -> bool:
    """Say whether this is somebody in a guest room without an account."""
    return who.person().kind == "guest"


def current() -> str:
    """Return the id of this session's workspace."""
    id = wanted()
    return id if is_id(id) and _path(id).exists() and role(id) is not None else SAMPLE


def wanted() -> str:
    """Return the id of the workspace this session is to stand on; :func:`workspace` says where there is none."""
    chosen = st.session_state.get("workspace")
    if chosen and guest() and role(str(chosen)) is None and rooms().replaced(who.person(), str(chosen)):
        st.session_state.setdefault(COPY, chosen)
        chosen = home()
        choose(chosen)
    return str(chosen or home())


def home() -> str:
    """Return where somebody stands who chose nothing: on the sample, a guest on their own copy."""
    held = who.held()
    return (held and guest() and rooms().home(who.person())) or SAMPLE


def rooms() -> Rooms:
    """Return the guest rooms of this server."""
    return Rooms(registry(), folder(), who.config())


def registry() -> Registry:
    """Return who is here and whose is what, on a server."""
    return registries.opened(folder())


def may(action: Action) -> bool:
    """Say whether this person may do something that is of no one workspace."""
    return who.held() is None or allows(action, Role.OWNER, standing(who.person()))


def check(action: Action) -> None:
    """Go on only if this person may do something that is of no one workspace.

    Raises
    ------
    NotAllowed
    """
    if not may(action):
        raise NotAllowed.standing(action)


def is_visitors(id: str) -> bool:
    """Say whether a workspace is a visitor's own copy of the sample."""
    return id != SAMPLE and _path(id).parent == visitors()


def in_room(id: str) -> bool:
    """Say whether a workspace is the copy of somebody in a guest room."""
    return id != SAMPLE and _path(id).parent == folder() / "rooms"


def _path(id: str) -> Path:
    """Return where a workspace lies; a visitor's own and a guest's are not among the team's."""
    name = f"{id}.duckdb"
    return next((p for p in (visitors() / name, folder() / "rooms" / name) if p.exists()), folder() / name)


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


def workspace() -> Allowed:
    """Return this session's workspace, open, in this person's hands.

    Raises
    ------
    WorkspaceError
        There is none of this id, or none for this person: it was deleted, or its address was cut off.
    """
    if wanted() != current() or ((id := current()) == SAMPLE and guest()):
        raise not_here(shared=not who.person().alone)
    _open(id)  # what is wrong with it is said here
    return in_hands(id)


def in_hands(id: str) -> Allowed:
    """Return a workspace as this person has it; whether there is one for them is asked when they do something."""
    person = who.person()
    held = None if person.alone else who.held()
    return Allowed(id, person, lambda: _open(id), held, Role.EDITOR if id == SAMPLE and not guest() else None)


def taken(what: str, make: Callable[[], bytes]) -> Callable[[], bytes]:
    """Return what makes a file to take along: whether this person may is asked when the file is made.

    It is made in another thread, which does not know the session.
    """
    here = workspace()
    return lambda: here.out(what, make)


def tables() -> Tables | None:
    """Return the workspace's tables, the same throughout a run; None where it cannot be opened, which its page says."""
    try:
        return once("tables", lambda: workspace().tables())
    except SluiceError:
        return None


def to_change() -> Allowed:
    """Return the workspace that this session may change: of the sample, a copy of its own, on which it then stands.

    Raises
    ------
    NotAllowed
        The person may look at it alone.
    """
    here = workspace()
    if not here.read_only:
        here.check(Action.SAVE)
        return here
    make_room()
    _swept()
    id = new_id()
    here.copy(visitors() / f"{id}.duckdb")
    _own(id, "sample-copy")
    st.session_state["workspace"] = id  # what was chosen on the sample holds: the data are the same
    st.toast(_("The sample itself stays as it is: you now work on your own copy of it."), duration="long",
             icon=":material/content_copy:")  # fmt: skip
    return in_hands(id)


def _swept() -> None:
    gone = sweep(visitors(), UNUSED)
    if (held := who.held()) and gone:
        held.forget(path.stem for path in gone)


def _own(id: str, kind: str = "team") -> None:
    """Note whose a workspace is that was just made."""
    person = who.person()
    if (held := who.held()) and not person.alone:
        held.own(id, person, kind)
        audit.note(held, person, Action.CREATE, id, kind=kind)
    once_forget(f"role.{id}")
    once_forget("holdings")


def create(name: str, *, zone: str, currency: str) -> str:
    """Make an empty workspace of this person's and return its id; a name that is taken gets a number.

    Raises
    ------
    NotAllowed
        Guests of a room have the copy they were given.
    """
    check(Action.CREATE)
    make_room(another=True)
    id, name = new_id(), _unused(name)
    campaign = Campaign(name=name, start=UNSET[0], end=UNSET[1], zone=zone, currency=currency)
    made = shelf().open(folder() / f"{id}.duckdb", new=True)
    made.name, made.campaign = name, campaign
    _own(id)
    return id


def keep_copy(name: str) -> str:
    """Make a workspace of this person's, or the team's, of what stands here, under a name, and return its id."""
    check(Action.CREATE)
    make_room(another=True)
    id, name = new_id(), _unused(name)
    path = workspace().copy(folder() / f"{id}.duckdb")
    shelf().open(path).name = name
    _own(id)
    return id


def _unused(name: str) -> str:
    return unused(name, {file.name for file in files()})


def _open(id: str) -> Workspace:
    return _sample() if id == SAMPLE else shelf().open(_path(id))


def shelf() -> Shelf:
    """Return the server's workspaces, of which a few are open at once."""
    return house().shelf


@st.cache_resource(show_spinner=False)
def house() -> House:
    """Return what looks after the workspaces: what is open, what is backed up, what goes."""
    said = who.config().workspaces
    open_ = Shelf(
        most=said.open,
        idle=said.idle_minutes * 60,
        threads=said.threads or None,
        memory=said.memory_mb * 10**6 or None,
    )
    return House(open_, standing_backups(open_), who.config().backups.hours, said.trash_days, _forgotten)


def keeping() -> Keeping:
    """Return what this person may do with workspaces as a whole."""
    return Keeping(house(), in_hands, None if who.person().alone else who.held())


def _forgotten(ids: tuple[str, ...]) -> None:
    if who.config().sign_in.mode != "none":
        registry().forget(ids)


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
    texts = ((ROOT / "sample_data" / f"{name}.json").read_text(encoding="utf-8") for name in ("records", "names"))
    return tuple(Record.from_dict(one) for text in texts for one in json.loads(text))


def _sample_digest() -> str:
    files = sorted((ROOT / "sample_data").glob("*.*"))
    whole = b"".join(p.read_bytes() for p in files if p.suffix in (".parquet", ".csv", ".json"))
    return hashlib.sha256(whole).hexdigest()[:12]


# ---- asking -----------------------------------------------------------------------------------------------


@st.cache_resource(show_spinner=False)
def warm() -> None:
    """Compile kernels beside the first visitor's first page, and look after the workspaces, once per server."""
    if isinstance(Runtime._instance, Runtime):  # not where only the script is run
        house().keep()
    threading.Thread(target=_warm, daemon=True).start()
    _measured()


def _warm() -> None:
    for room in (funnel, paths, speed, retention, nodes, credits, rules, buying, play):
        room.warm()
    threadpool_limits(1)  # people's questions share the cores; a sum's own threads would wait for each other
    # Streamlit collects garbage after each run; what is loaded by now stays, and need not be gone through each time.
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)


def _measured() -> None:
    """Let who watches the server see what waits, what runs and what was answered."""
    told, kept = meters(), answers()
    told.read("sluice_browsers", "Browsers that are connected.", running.sessions)
    told.read("sluice_uploads_bytes", "What uploaded files hold in memory.", lambda: sum(running.held().values()))
    told.read("sluice_workspaces_open", "Workspaces that are open.", lambda: len(shelf().open_now()))
    told.read("sluice_disk_free_bytes", "Free where the workspaces are.", lambda: shutil.disk_usage(folder()).free)
    told.read("sluice_answers_kept", "Questions whose answer was there, since the start.", lambda: kept.found)
    told.read("sluice_answers_bytes", "What kept answers hold in memory.", lambda: kept.bytes)
    told.read("sluice_answers_made", "Questions that were answered anew, since the start.", lambda: kept.made)
    for name, own in (("questions", line()), ("imports", imports())):
        told.read(f"sluice_{name}_waiting", f"Long {name} that wait in the line.", lambda own=own: own.waiting)
        told.read(f"sluice_{name}_running", f"Long {name} under way.", lambda own=own: own.under_way)
        for what in own.counts:
            told.read(f"sluice_{name}_{what}", f"Long {name}: {what}, since the start.",
                      lambda own=own, what=what: own.counts[what])  # fmt: skip


def ask(question: Question, words: str = "") -> Answer:
    """Answer a question on this session's workspace; equal questions on equal data are answered once.

    Parameters
    ----------
    question : Question
    words : str
        What is said while a light one is on its way; of a heavy one its place in the line and how far it is.

    Raises
    ------
    SluiceError
        Also where somebody stopped it, or it took more than the server allows.
    """
    here, slot = workspace(), st.empty()
    key = _key(question, here)
    answer = answers().get(key)
    if answer is None:
        with meters().seconds.labels(question.kind).time():
            answer = _made(question, key, here, slot, words)
    return replace(answer, names=here.display)  # a new name for a code asks nothing again


def answered(question: Question) -> bool:
    """Say whether a question's answer is there, so that nobody waits for it."""
    return _key(question, workspace()) in answers()


def _key(question: Question, here: Allowed) -> Hashable:
    return question.digest(), here.planned if question.planned else here.version, code_version()


def _made(question: Question, key: Hashable, here: Allowed, slot: Any, words: str) -> Answer:
    waiting.refuse_stopped(key)
    if not question.heavy:
        with slot, st.spinner(words or _("Working on it…")):
            return answers().of(key, lambda: question.run(here.tables()))
    job = line().ask(key, asker(), lambda: answers().keep(key, question.run(here.tables().watched())))
    return waiting.until_done(job, asker(), slot)


def asker() -> str:
    """Return who asks, for whom a line has one turn: a person, or a browser where nobody is told apart."""
    person, context = who.person(), get_script_run_ctx()
    if not person.alone or context is None:
        return person.id
    return st.context.cookies.get(BROWSER) or context.session_id


@lru_cache(maxsize=1)
def answers() -> Answers[Answer]:
    """Return what was answered last, whoever asked."""
    return Answers(mb=who.config().limits.answers_mb, size=lambda answer: answer.nbytes)


def drawing() -> AbstractContextManager[None]:
    """Note that this session's page is drawn meanwhile: long questions of who has had much rest."""
    return line().drawing(asker())


@lru_cache(maxsize=1)
def line() -> Line:
    """Return the line in which this server's long questions wait."""
    own = who.config().limits
    return Line(own.questions_at_once, Bounds(own.question_seconds, own.question_mb, own.questions_waiting))


@lru_cache(maxsize=1)
def imports() -> Line:
    """Return the line in which imports wait."""
    return Line(who.config().limits.imports_at_once, Bounds(float("inf"), float("inf"), 1000), rests=False)


def make_room(*, another: bool = False) -> None:
    """Go on only where this person's workspaces may take more disk, and where there may be `another`.

    Raises
    ------
    LimitError
    """
    held, person = who.held(), who.person()
    mine = [] if held is None or person.alone else list(held.holdings(person).values())
    own = [_path(one.id) for one in mine if one.owner == person.id and one.kind == "team"]
    limits.may_grow(who.config().limits, folder(), own, another=another)


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
        _say(error)
    except Exception as error:
        if meant := spoken(error, _path(current())):
            _say(meant)
            return
        logging.getLogger("sluice").exception("unexpected error")
        meters().failed.inc()
        st.error(
            _("Something went wrong inside Sluice. Your data is unchanged. Reload the page, or undo your last change."),
            icon=":material/error:",
        )


def _say(error: SluiceError) -> None:
    if error.code in _TO_BRING:
        to_bring(error.message)
    elif error.code in _QUIET:
        st.info(worded(error.message), icon=":material/info:")
    else:
        st.error(worded(error.message), icon=":material/error:")
    if isinstance(error, waiting.StoppedError):
        waiting.offer_again(error)
    if error.code == "damaged":
        st.page_link("pages/workspaces.py", label=_("To the backups"), icon=":material/settings_backup_restore:")


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
