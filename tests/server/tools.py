"""A real server behind its gate, and people who come to it: by HTTP, and through Streamlit's own socket."""

from __future__ import annotations

import os
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import ClientConnection, connect

from server.registry import Registry

ROOT = Path(__file__).resolve().parents[2]
T = TypeVar("T")
COOKIE = "sluice"


def apart(work: Callable[[], T]) -> T:
    """Do something in a thread of its own: a browser of other tests leaves a loop running in this one."""
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(work).result()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Served:
    """A server that runs."""

    port: int
    folder: Path
    log: Path
    before: str = ""
    """The address of a web server before it."""
    tls: ssl.SSLContext | None = None

    @property
    def url(self) -> str:
        return self.before or f"http://localhost:{self.port}"

    @property
    def registry(self) -> Registry:
        """The server's registry, opened beside it."""
        return Registry(self.folder / "server.db")

    def client(self, cookie: str = "", **headers: str) -> httpx2.Client:
        """Return a browser's side, with a session's cookie."""
        cookies = {COOKIE: cookie} if cookie else None
        return httpx2.Client(base_url=self.url, cookies=cookies, headers=headers, timeout=60, verify=self.tls or True)


@contextmanager
def serving(folder: Path, settings: Mapping[str, str], port: int | None = None) -> Iterator[Served]:
    """Serve the app behind its gate, as `streamlit run serve.py` does."""
    port, log = port or free_port(), folder / "log"
    env = {key: value for key, value in os.environ.items() if not key.startswith("SLUICE_")}
    env |= {"SLUICE_WORKSPACES": str(folder), "SLUICE_KEY_FILE": str(folder / "key"), "OMP_NUM_THREADS": "1"}
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "serve.py",
        "--server.headless",
        "true",
        "--server.port",
        f"{port}",
    ]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=env | dict(settings), stdout=out, stderr=out)
        try:
            _answering(port, process, log)
            yield Served(port, folder, log)
        finally:
            process.terminate()
            process.wait(timeout=60)


def _answering(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        if process.poll() is not None:
            break
        try:
            if httpx2.get(f"http://127.0.0.1:{port}/_stcore/health", timeout=5).status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.2)
    raise RuntimeError(log.read_text())


class Visitor:
    """Somebody at a browser: a socket, and what the page has drawn.

    Parameters
    ----------
    served : Served
    cookie : str
        Of the session.
    query : str
        What stands in the address behind the question mark.
    again : str
        The Streamlit session that the browser says was its own.
    """

    def __init__(self, served: Served, cookie: str = "", query: str = "", again: str = "", **headers: str) -> None:
        self.served, self.query, self.session = served, query, ""
        self.widgets: dict[str, Any] = {}
        self._parts: dict[str, str] = {}
        self.texts: list[str] = []
        self.page, self._hash, self.heard = "", "", b""
        self.redirected = ""
        self.socket = _socket(served, cookie, again, headers)

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *_error: object) -> None:
        self.socket.close()

    def visit(self, page: str = "") -> Visitor:
        """Go to a page."""
        self.page, self._hash = page, ""
        return self.run()

    def run(self, *states: WidgetState, part: str = "") -> Visitor:
        """Run the page with controls as they now are, or a part of it, and remember all that it draws."""
        self.heard = b""
        if not part:
            self._forget()
        message = BackMsg()
        run = message.rerun_script
        run.query_string, run.page_name, run.page_script_hash = self.query, self.page, self._hash
        run.context_info.url, run.context_info.locale = f"{self.served.url}/{self.page}", "en-US"
        run.context_info.timezone = "UTC"
        run.widget_states.widgets.extend(states)
        run.fragment_id = part
        self.socket.send(message.SerializeToString())
        while True:
            frame = self.socket.recv(timeout=180)
            assert isinstance(frame, bytes)
            self.heard += frame
            got = ForwardMsg.FromString(frame)
            match got.WhichOneof("type"):
                case "new_session":
                    self._hash = got.new_session.page_script_hash
                    self.session = got.new_session.initialize.session_id or self.session
                case "navigation":
                    self._hash = got.navigation.page_script_hash or self._hash
                case "page_info_changed":
                    self.query = got.page_info_changed.query_string
                case "auth_redirect":
                    self.redirected = got.auth_redirect.url
                case "delta":
                    self._drawn(got.delta.new_element, got.delta.fragment_id)
                    if got.delta.WhichOneof("type") == "add_block":
                        self._block(got.delta.add_block)
                case "script_finished":
                    if got.script_finished != ForwardMsg.ScriptFinishedStatus.FINISHED_EARLY_FOR_RERUN:
                        return self
                    part = part and self._forget()  # what follows is the whole page

    def _forget(self) -> str:
        self.widgets, self.texts, self._parts = {}, [], {}
        return ""

    def _drawn(self, element: Element, part: str) -> None:
        kind = element.WhichOneof("type")
        if kind is None:
            return
        drawn = getattr(element, kind)
        assert kind != "exception", drawn.message
        self.texts += [str(text) for name in ("body", "label") if (text := getattr(drawn, name, ""))]
        if id := getattr(drawn, "id", ""):
            self.widgets[id], self._parts[id] = drawn, part

    def _block(self, block: Any) -> None:
        self.texts += [block.expandable.label, block.popover.label]

    @property
    def text(self) -> str:
        """All that the page says, markdown escapes taken out."""
        return "\n".join(self.texts).replace("\\", "")

    def widget(self, key: str) -> Any:
        """Return the control with a key."""
        return next(drawn for id, drawn in reversed(self.widgets.items()) if id.endswith(f"-{key}"))

    def has(self, key: str) -> bool:
        """Say whether a control with a key was drawn."""
        return any(id.endswith(f"-{key}") for id in self.widgets)

    def press(self, key: str, *states: WidgetState) -> Visitor:
        """Press a button; as in a browser, the part of the page that it stands in is run, where that runs by itself."""
        state = WidgetState(id=self.widget(key).id, trigger_value=True)
        return self.run(*states, state, part=self.part(key))

    def part(self, key: str) -> str:
        """Return the part of the page that a control stands in; "" where that is run as a whole."""
        return self._parts[self.widget(key).id]

    def press_and_leave(self, key: str) -> None:
        """Press a button after which there is nothing more to hear."""
        message = BackMsg()
        run = message.rerun_script
        run.query_string, run.page_name, run.page_script_hash = self.query, self.page, self._hash
        run.widget_states.widgets.append(WidgetState(id=self.widget(key).id, trigger_value=True))
        self.socket.send(message.SerializeToString())

    def typed(self, key: str, text: str) -> WidgetState:
        """Return the state of a text field."""
        return WidgetState(id=self.widget(key).id, string_value=text)

    def chosen(self, key: str, text: str) -> WidgetState:
        """Return the state of a select box."""
        return WidgetState(id=self.widget(key).id, string_value=text)

    def uploaded(self, key: str, name: str, content: bytes, cookie: str) -> WidgetState:
        """Send a file as a browser does and return the state of the field it was chosen in."""
        message = BackMsg()
        message.file_urls_request.request_id = "1"
        message.file_urls_request.file_names.append(name)
        message.file_urls_request.session_id = self.session
        self.socket.send(message.SerializeToString())
        got = ForwardMsg()
        while got.WhichOneof("type") != "file_urls_response":
            frame = self.socket.recv(timeout=60)
            got = ForwardMsg.FromString(frame if isinstance(frame, bytes) else frame.encode())
        urls = got.file_urls_response.file_urls[0]
        with self.served.client(cookie) as client:
            token = client.get("/_stcore/health").cookies.get("_streamlit_xsrf", "")
            headers = {"X-Xsrftoken": token, "Cookie": f"_streamlit_xsrf={token}; {COOKIE}={cookie}"}
            answer = httpx2.put(f"{self.served.url}{urls.upload_url}", files={"file": (name, content)}, headers=headers)
            assert answer.status_code in (200, 204), answer.text
        state = WidgetState(id=self.widget(key).id)
        info = state.file_uploader_state_value.uploaded_file_info.add()
        info.file_id, info.name, info.size = urls.file_id, name, len(content)
        info.file_urls.CopyFrom(urls)
        return state

    def download(self, key: str) -> str:
        """Press a download button whose file is made when it is pressed; return the file's address, or what failed."""
        message = BackMsg()
        message.backend_operation_request.request_id = "1"
        message.backend_operation_request.session_id = self.session
        message.backend_operation_request.deferred_file.file_id = self.widget(key).deferred_file_id
        self.socket.send(message.SerializeToString())
        while True:
            frame = self.socket.recv(timeout=60)
            assert isinstance(frame, bytes)
            got = ForwardMsg.FromString(frame)
            if got.WhichOneof("type") == "backend_operation_response":
                answer = got.backend_operation_response
                return answer.deferred_file.url or f"failed: {answer.error_msg}"

    def ends(self, within: float) -> str:
        """Wait until the server closes the socket; return where it leads."""
        end = time.monotonic() + within
        while True:
            try:
                frame = self.socket.recv(timeout=max(0.1, end - time.monotonic()))
            except websockets.ConnectionClosed:
                return self.redirected
            got = ForwardMsg.FromString(frame if isinstance(frame, bytes) else frame.encode())
            if got.WhichOneof("type") == "auth_redirect":
                self.redirected = got.auth_redirect.url


def _socket(served: Served, cookie: str, again: str, headers: Mapping[str, str]) -> ClientConnection:
    with served.client() as client:
        token = client.get("/_stcore/health").cookies.get("_streamlit_xsrf", "")
    cookies = f"_streamlit_xsrf={token}" + (f"; {COOKIE}={cookie}" if cookie else "")
    names = ["streamlit", token, *([again] if again else [])]
    return connect(
        f"ws{served.url.removeprefix('http')}/_stcore/stream",
        ssl=served.tls,
        subprotocols=[websockets.Subprotocol(name) for name in names],
        origin=websockets.Origin(served.url),
        additional_headers={"Cookie": cookies, **headers},
        max_size=None,
        open_timeout=60,
        ping_interval=None,
        legacy=True,
    )


def refused(served: Served, cookie: str = "", **headers: str) -> bool:
    """Say whether the server refuses a socket."""
    try:
        _socket(served, cookie, "", headers).close()
    except websockets.InvalidStatus as error:
        return error.response.status_code in (401, 403)
    return False


def written(folder: Path) -> list[sqlite3.Row]:
    """Return what was noted, the first first."""
    con = sqlite3.connect(folder / "server.db")
    con.row_factory = sqlite3.Row
    try:
        return con.execute("SELECT * FROM audit ORDER BY id").fetchall()
    finally:
        con.close()
