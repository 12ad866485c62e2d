"""Imports under way: in a thread of their own, so that a page can be left, with progress and a way to stop them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from analysis.errors import SluiceError, WorkspaceError
from analysis.messages import Message, Span, say
from analysis.workspace import Batch, Export
from analysis.workspace.store import cancelled
from server.allowed import Allowed
from ui import session, staging
from ui.language import _, shown

KEY = "importing"
_UNDER_WAY: dict[Path, Importing] = {}
_LOCK = threading.Lock()


class Importing:
    """One import under way.

    Parameters
    ----------
    workspace : Allowed
    exports : sequence of Export
    overlap : str
        As in :meth:`analysis.workspace.Workspace.add`.
    after : callable
        What is done, in the same thread, once the batch is stored.
    """

    def __init__(self, workspace: Allowed, exports: Sequence[Export], overlap: str, after: Callable[[], None]) -> None:
        self._workspace, self._exports, self._overlap, self._after = workspace, exports, overlap, after
        self._path: Path = workspace.path
        self._cancel, self._over = threading.Event(), threading.Event()
        self._running, self._began = False, time.monotonic()
        self.done, self.total = 0, sum(export.rows for export in exports)
        self.batch: Batch | None = None
        self.error: Message | None = None

    def start(self) -> None:
        """Begin, one import per workspace at a time.

        Raises
        ------
        WorkspaceError
            Another import into this workspace is under way.
        """
        with _LOCK:
            if self._path in _UNDER_WAY:
                text = say("Another import into this workspace is under way. Wait until it is done, then press again.")
                raise WorkspaceError.because(text, "import-under-way")
            _UNDER_WAY[self._path] = self
        self._person = session.asker()
        self._job = session.imports().ask((self._path, id(self)), self._person, self._run)

    def _run(self) -> None:
        self._running, self._began = True, time.monotonic()
        try:
            self.batch = self._workspace.add(
                *self._exports, overlap=self._overlap, progress=self._note, cancel=self._cancel.is_set
            )
            self._after()
        except SluiceError as error:
            self.error = error.message
        except Exception:
            logging.getLogger("sluice").exception("unexpected error")
            self.error = say("Something went wrong inside Sluice, and the import stopped. Check the batches below.")
        finally:
            self._end()

    def _end(self) -> None:
        with _LOCK:
            if _UNDER_WAY.get(self._path) is self:
                del _UNDER_WAY[self._path]
        self._over.set()

    def _note(self, done: int, total: int) -> None:
        self.done, self.total = done, total

    def into(self, workspace: Allowed) -> bool:
        """Say whether it is an import into this workspace."""
        return self._path == workspace.path

    def cancel(self) -> None:
        """Ask it to stop; nothing is imported then."""
        self._cancel.set()
        if self._job.state == "waiting":
            self._job.stop(self._person)
        if not self._running and self._job.wait(0):  # it had not begun, and never will
            self.error = cancelled().message
            self._end()

    @property
    def cancelled(self) -> bool:
        """Whether it was asked to stop."""
        return self._cancel.is_set()

    def over(self, wait: float = 0) -> bool:
        """Say whether it has ended, waiting up to `wait` seconds for that."""
        return self._over.wait(wait)

    @property
    def ahead(self) -> int:
        """How many imports come before it."""
        return self._job.ahead if self._job.state == "waiting" else 0

    @property
    def left(self) -> float | None:
        """Seconds that it will still take at the pace so far; None before there is a pace."""
        spent = time.monotonic() - self._began
        return spent * (self.total - self.done) / self.done if self.done and spent > 1 else None


def begin(workspace: Allowed, exports: Sequence[Export], overlap: str, after: Callable[[], None]) -> None:
    """Start an import of this session's own; a small one is over when this returns."""
    session.make_room()
    running = Importing(workspace, exports, overlap, after)
    running.start()
    session.forget_word()
    st.session_state[KEY] = running
    running.over(wait=0.7)


def under_way(workspace: Allowed) -> Importing | None:
    """Return the import into a workspace that is under way, whoever started it."""
    return _UNDER_WAY.get(workspace.path)


def finished() -> Importing | None:
    """Return this session's import once, when it has ended."""
    running: Importing | None = st.session_state.get(KEY)
    if running is None or not running.over():
        return None
    del st.session_state[KEY]
    return running


def follow(workspace: Allowed | None = None) -> bool:
    """Draw this session's import while it is under way, or anybody's into `workspace`; False where there is none."""
    running = st.session_state.get(KEY) or (under_way(workspace) if workspace else None)
    if running is None or running.over():
        return False
    _progress(running)
    return True


@st.fragment(run_every=0.5)
def _progress(running: Importing) -> None:
    if running.over():
        st.rerun()
    rows = _("{done} of {total} rows", done=running.done, total=running.total)
    left = _("about {time} left", time=Span(max(1, round(running.left)))) if running.left is not None else ""
    if running.ahead:
        left = _("waiting in the line: {count} before this one", count=running.ahead)
    if running.cancelled:
        left = _("stopping…")
    share = running.done / running.total if running.total else 0.0
    st.progress(min(1.0, share), text=" · ".join(filter(None, [_("Importing"), rows, left])))
    if st.session_state.get(KEY) is running:
        st.button(
            _("Cancel"), key="importing.cancel", icon=":material/close:", on_click=running.cancel,
            disabled=running.cancelled,
        )  # fmt: skip
        st.caption(_("You can go on working on other pages; the import goes on by itself."))
    else:
        st.caption(_("Somebody else is importing into this workspace."))


def settle(*, toast: bool) -> None:
    """On every page: when this session's import has ended, leave word for the Data page; on others say it at once."""
    over = finished()
    if over is None:
        return
    session.forget_choices()
    if over.batch:
        staging.clear()
    here = over.into(session.workspace())
    if here and (word := over.batch or over.error):
        session.leave_word(word)
    if over.batch and (toast or not here):
        st.toast(shown(summary(over.batch)), icon=":material/check:")
    if over.error and (toast or not here or over.batch):  # of what came after: the batch is stored
        st.toast(shown(over.error), icon=":material/error:")


def summary(batch: Batch) -> str:
    """Return a batch in one sentence."""
    kept, aside = sum(f.rows for f in batch.files), sum(f.set_aside for f in batch.files)
    return _("Batch {n}: {kept} rows kept, {aside} set aside", n=batch.id, kept=kept, aside=aside)
