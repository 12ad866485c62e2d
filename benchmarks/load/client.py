"""One visitor's side of a Streamlit server, without a browser: reruns over the websocket, and how long each takes."""

from __future__ import annotations

import asyncio
import time
import urllib.request
from collections.abc import Sequence
from typing import NamedTuple

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

PATIENCE = 240.0
"""Seconds to wait for an answer."""


class Widget(NamedTuple):
    """A control as it was last drawn."""

    id: str
    options: tuple[str, ...]


class Session:
    """A visitor: opens a page, changes controls, goes to other pages, and knows what went wrong.

    Parameters
    ----------
    base : str
        Host and port.
    beside : Session, optional
        Another tab of the same browser.
    """

    def __init__(self, base: str, beside: Session | None = None) -> None:
        self._base, self._page, self._query, self._hash = base, "", "", ""
        self._widgets: dict[str, Widget] = {}
        self._id, self._cookie = "", beside._cookie if beside else ""
        self.errors: list[str] = []
        self.answered = 0.0
        """Seconds until the last page's headline, or until the page was done where it has none."""

    async def open(self) -> None:
        """Connect, as a browser does: one that comes for the first time is given its cookie."""
        token = self._cookie = self._cookie or await asyncio.to_thread(self._token)
        self._socket = await websockets.connect(
            f"ws://{self._base}/_stcore/stream",
            subprotocols=[websockets.Subprotocol("streamlit"), websockets.Subprotocol(token)],
            origin=websockets.Origin(f"http://{self._base}"),
            additional_headers={"Cookie": f"_streamlit_xsrf={token}"},
            max_size=None,
            open_timeout=90,
            ping_interval=None,
        )

    def _token(self) -> str:
        with urllib.request.urlopen(f"http://{self._base}/_stcore/health", timeout=60) as answer:
            cookie = answer.headers.get("set-cookie") or ""
        return cookie.split(";")[0].split("=", 1)[1] if "=" in cookie else ""

    async def visit(self, page: str, query: str | None = None) -> float:
        """Go to a page by its address, "" for the first one; return the seconds until it is done.

        A `query` is what stands behind the question mark of a link that is followed; without one the page is gone to
        from where the visitor is.
        """
        self._page, self._hash = page, ""
        if query is not None:
            self._query = query
        return await self.rerun()

    async def press(self, key: str) -> float:
        """Press a button; return the seconds until the page is done."""
        return await self.rerun(WidgetState(id=self._drawn_widget(key).id, trigger_value=True))

    async def bring(self, key: str, name: str, content: bytes) -> float:
        """Upload a file to the field with a key, as a browser does; return the seconds until the page is done."""
        message = BackMsg()
        asked = message.file_urls_request
        asked.request_id, asked.session_id = name, self._id
        asked.file_names.append(name)
        await self._socket.send(message.SerializeToString())
        while True:
            got = ForwardMsg.FromString(await asyncio.wait_for(self._socket.recv(), PATIENCE))
            if got.WhichOneof("type") == "file_urls_response":
                break
        (urls,) = got.file_urls_response.file_urls
        await asyncio.to_thread(self._put, urls.upload_url, name, content)
        state = WidgetState(id=self._drawn_widget(key).id)
        file = state.file_uploader_state_value.uploaded_file_info.add()
        file.file_id, file.name, file.size = urls.file_id, name, len(content)
        file.file_urls.CopyFrom(urls)
        return await self.rerun(state)

    def _put(self, url: str, name: str, content: bytes) -> None:
        edge = "edge-of-the-file"
        head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = head.encode() + content + f"\r\n--{edge}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={edge}", "X-Xsrftoken": self._cookie}
        headers |= {"Cookie": f"_streamlit_xsrf={self._cookie}"}
        request = urllib.request.Request(f"http://{self._base}{url}", body, headers, method="PUT")
        with urllib.request.urlopen(request, timeout=PATIENCE):
            pass

    async def rerun(self, *states: WidgetState) -> float:
        """Run the page with controls as they now are; return the seconds until it is done."""
        begun, self.answered = time.monotonic(), 0.0
        await self._socket.send(self._asked(states).SerializeToString())
        while True:
            left = PATIENCE - (time.monotonic() - begun)
            got = ForwardMsg.FromString(await asyncio.wait_for(self._socket.recv(), left))
            match got.WhichOneof("type"):
                case "new_session":
                    self._hash = got.new_session.page_script_hash
                    self._id = got.new_session.initialize.session_id or self._id
                case "navigation":
                    self._hash = got.navigation.page_script_hash or self._hash
                case "page_info_changed":
                    self._query = got.page_info_changed.query_string
                case "delta":
                    self._drawn(got.delta.new_element)
                    if not self.answered and got.delta.new_element.markdown.body.startswith("#### "):
                        self.answered = time.monotonic() - begun
                case "script_finished":
                    if got.script_finished != ForwardMsg.ScriptFinishedStatus.FINISHED_EARLY_FOR_RERUN:
                        self.answered = self.answered or time.monotonic() - begun
                        return time.monotonic() - begun

    def _asked(self, states: Sequence[WidgetState]) -> BackMsg:
        message = BackMsg()
        run = message.rerun_script
        run.query_string, run.page_name, run.page_script_hash = self._query, self._page, self._hash
        run.context_info.url, run.context_info.locale = f"http://{self._base}/{self._page}", "en-US"
        run.context_info.timezone = "UTC"
        run.widget_states.widgets.extend(states)
        return message

    def _drawn(self, element: Element) -> None:
        kind = element.WhichOneof("type")
        if kind is None:
            return
        drawn = getattr(element, kind)
        if kind == "exception":
            self.errors.append(drawn.message)
        if kind == "alert" and drawn.body.startswith("Something went wrong"):  # a refusal in words is an answer
            self.errors.append(drawn.body)
        if id := getattr(drawn, "id", ""):
            self._widgets[id] = Widget(id, tuple(getattr(drawn, "options", ())))

    def widget(self, key: str) -> Widget | None:
        """Return the control with a key, where one was drawn; of several the last."""
        return next((widget for id, widget in reversed(self._widgets.items()) if id.endswith(f"-{key}")), None)

    def _drawn_widget(self, key: str) -> Widget:
        found = self.widget(key)
        if found is None:
            raise LookupError(f"the page has no {key}")
        return found

    async def close(self) -> None:
        """Leave."""
        await self._socket.close()


def chosen(widget: Widget, text: str) -> WidgetState:
    """Return the state of a select box with an option chosen."""
    return WidgetState(id=widget.id, string_value=text)


def dated(widget: Widget, day: str) -> WidgetState:
    """Return the state of a date field, emptied by ""."""
    state = WidgetState(id=widget.id)
    state.string_array_value.data.extend([day] if day else [])
    return state
