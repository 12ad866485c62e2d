"""Who comes through? Everything the server answers passes here; what is nobody's business is turned away.

A page of Streamlit is more than its script: the socket it talks through, files to download, uploads, metrics. Each of
them asks this gate first. A socket that is open when its session ends is closed within seconds, and a file answers only
those to whom the server itself gave its address.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import logging
import re
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from http.cookies import SimpleCookie
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlencode, urlsplit

from server import audit
from server.config import Config
from server.people import ANYONE, LOCAL, Person, of_proxy
from server.registry import GUEST, Registry, digest

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

PASS = b"x-sluice-pass"
"""The header in which the gate tells the app whose request this is; one from outside is dropped."""
HEALTH = frozenset({"/_stcore/health", "/healthz", "/readyz"})
METRICS = frozenset({"/_stcore/metrics", "/metrics"})
DOORS = re.compile(r"/sign-in(/(go|back|out)?)?|/room(/[^/]*)?")
"""Where people without a session may knock; beyond these stands Streamlit."""
SOCKET = "/_stcore/stream"
CORE = (SOCKET, "/_stcore/host-config", "/_stcore/upload_file/", "/_stcore/bidi-components/")
"""Of Streamlit's own addresses those that the app uses; the others lead nowhere."""
OVER = "/room?why=over"
"""Where a guest goes whose room is over."""
PULSE = 10.0
"""Seconds after which an open socket's session is looked at again."""
STANDING: list[Config] = []
"""The configuration of the gate before this process; none where there is no gate."""
_LEFT: deque[str] = deque(maxlen=1000)
"""Digests of the sessions that people ended themselves, of late."""
_REMEMBERED = 50_000


class Told(NamedTuple):
    """What a message to a browser gives it: the addresses of files, and the name of its Streamlit session."""

    files: frozenset[str]
    session: str


class Wire(Protocol):
    """What the gate has to know of Streamlit's messages."""

    def told(self, frame: bytes, *, first: bool) -> Told:
        """Return what a message gives away; `first`, while the session's name is not known."""
        ...

    def farewell(self, url: str) -> bytes:
        """Return the message that leads a browser to another address."""
        ...


class Pass(NamedTuple):
    """Who somebody is, and the cookie that says so; `fresh` where the browser has yet to get it."""

    person: Person
    token: str
    fresh: bool = False


class Memory:
    """Which people were told of what, the longest unused forgotten first."""

    def __init__(self) -> None:
        self._told: OrderedDict[tuple[str, str], None] = OrderedDict()

    def add(self, what: str, person: str) -> None:
        """Note that a person was told of something."""
        self._told[what, person] = None
        self._told.move_to_end((what, person))
        while len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)

    def knows(self, what: str, person: str) -> bool:
        """Say whether a person was told of something."""
        return (what, person) in self._told


class Gate:
    """The gate of one server: a middleware around all of its routes.

    Parameters
    ----------
    app : ASGI application
    config : Config
    registry : Registry
    wire : Wire
    """

    def __init__(self, app: App, *, config: Config, registry: Registry, wire: Wire) -> None:
        self._app, self._config, self._held, self._wire = app, config, registry, wire
        self._files, self._sessions = Memory(), Memory()
        self.cookie = cookie_name(config)
        self._said_plain = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, as somebody's, or turn it away."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope["headers"])
        scope = {**scope, "headers": headers.without(PASS)}
        if scope["type"] == "websocket":
            if not from_own_page(headers.get("origin"), headers.get("host"), self._config):
                await _refused(scope, send, 403, "Not from here")
                return
            # Streamlit compares it with Host alone, and asks the internet for its own address where they differ.
            scope["headers"] = Headers(scope["headers"]).without(b"origin")
        if scope["path"] in HEALTH:
            await self._app(scope, receive, send)
        elif self._config.sign_in.mode == "none":
            await self._alone(scope, headers, receive, send)
        else:
            await self._known(scope, headers, receive, send)

    async def _alone(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        """Serve this computer: what was sent to another name came through something that we know nothing of."""
        if not is_here(headers.get("host")):
            text = "This server is set up for one computer alone. See docs/sign-in.md for how people sign in."
            await _refused(scope, send, 403, text)
            return
        await self._app(scope, receive, send)

    async def _known(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        if self._config.sign_in.mode == "proxy" and not self._from_proxy(headers):
            text = "This server is reached through its proxy alone."
            await _refused(scope, send, 403, text)
            return
        who = self._who(headers)
        for name in (*self._proxy_headers(), b"authorization"):
            scope["headers"] = Headers(scope["headers"]).without(name)
        path: str = scope["path"]
        if path in METRICS and self._collector(headers):
            await self._app(scope, receive, send)
        elif who is None:
            await self._unknown(scope, headers, receive, send)
        elif not self._may(who.person, path):
            await _refused(scope, send, 404, "Not found")
        else:
            scope["headers"] = [*scope["headers"], (PASS, who.token.encode())]
            await self._through(scope, headers, who, receive, send)

    async def _through(self, scope: Scope, headers: Headers, who: Pass, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if scope["path"] == SOCKET:
                self._say_plain()
            await self._app(scope, receive, self._with_cookie(who, send) if who.fresh else send)
            return
        scope["headers"], scope["subprotocols"] = self._own_session_alone(scope["headers"], who)
        socket = Socket(self._wire, receive, send, lambda: self._leads(who), lambda told: self._note(told, who))
        async with socket.watched(lambda: self._stands(who)):
            await self._app(scope, socket.receive, socket.send)

    def _say_plain(self) -> None:
        """Say once that pages stay empty, as their socket arrives as a page that is asked for."""
        if not self._said_plain:
            self._said_plain = True
            logging.getLogger("sluice").warning(
                "a page's socket came without its Upgrade header, so that pages stay empty: the web server before this "
                "one has to pass Upgrade and Connection on, as deploy/sluice_proxy.conf does"
            )

    # ---- who is it?

    def _who(self, headers: Headers) -> Pass | None:
        token = headers.cookie(self.cookie)
        session = self._held.standing(token) if token else None
        if self._config.sign_in.mode == "proxy":
            return self._by_proxy(headers, Pass(session.person, token) if session else None)
        if session:
            return Pass(session.person, token)
        return Pass(ANYONE, "") if self._config.sign_in.mode == "open" else None

    def _by_proxy(self, headers: Headers, now: Pass | None) -> Pass | None:
        """Return who the proxy says it is: the session so far if it is theirs, else a new one."""
        claims = of_proxy(headers.all(), self._config)
        if claims is None:
            return now if now and now.person.kind == "guest" else None
        if not claims.may_enter(self._config):
            return None
        person = self._held.arrived(claims, admin=claims.admin(self._config))
        if person is None:
            return None
        if now and now.person.id == person.id:
            return Pass(person, now.token)
        audit.note(self._held, person, "sign-in")
        return Pass(person, self._held.begin(person, self._config.sign_in.hours * 3600), fresh=True)

    def _from_proxy(self, headers: Headers) -> bool:
        """Say whether a request knows the proxy's secret."""
        given = headers.get("x-sluice-proxy")
        return hmac.compare_digest(given.encode(), self._config.proxy.secret.encode())

    def _proxy_headers(self) -> Iterable[bytes]:
        own = self._config.proxy
        names = ("x-sluice-proxy", own.user_header, own.name_header, own.email_header, own.groups_header)
        return (name.lower().encode() for name in names)

    def _collector(self, headers: Headers) -> bool:
        token = self._config.server.metrics_token
        return bool(token) and hmac.compare_digest(headers.get("authorization").encode(), f"Bearer {token}".encode())

    # ---- what is theirs?

    def _may(self, person: Person, path: str) -> bool:
        """Say whether a path is there for somebody."""
        if path in METRICS:
            return person.admin
        if "//" in path or "\\" in path:  # no address of ours; another layer might read it as one
            return False
        if path.startswith("/media/"):
            return self._files.knows(path.removeprefix("/media/"), person.id)
        if path.startswith("/_stcore/upload_file/"):
            return self._sessions.knows(path.split("/")[3], person.id)
        return not path.startswith(("/_stcore/", "/auth/")) or path.startswith(CORE)

    def _note(self, told: Told, who: Pass) -> None:
        for file in told.files:
            self._files.add(file, who.person.id)
        if told.session:
            self._sessions.add(told.session, who.person.id)

    def _own_session_alone(self, headers: list[tuple[bytes, bytes]], who: Pass) -> Any:
        """Return the headers without the name of a Streamlit session that is somebody else's, and the subprotocols.

        A browser that comes back says which session was its own, and is given what stood in it.
        """
        name = b"sec-websocket-protocol"
        said = [part.strip() for part in Headers(headers).get(name.decode()).split(",")]
        if len(said) > 2 and not self._sessions.knows(said[2], who.person.id):
            said = said[:2]
        value = ", ".join(said)
        kept = [(key, text) for key, text in headers if key != name]
        return ([*kept, (name, value.encode())] if value else kept), [part for part in said if part]

    def _stands(self, who: Pass) -> bool:
        return not who.token or self._held.standing(who.token) is not None

    # ---- turning away

    async def _unknown(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if scope["type"] == "http" and DOORS.fullmatch(path):
            await self._app(scope, receive, send)
        elif self._config.sign_in.mode == "proxy" and of_proxy(headers.all(), self._config):
            await _refused(scope, send, 403, "You may not use this server. Ask who looks after it.")
        elif scope["type"] == "http" and scope["method"] == "GET" and "text/html" in headers.get("accept"):
            query = scope.get("query_string", b"").decode("latin-1")
            over = headers.cookie(self.cookie).startswith(GUEST)
            await _redirected(send, OVER if over else sign_in_for(f"{path}?{query}" if query else path))
        else:
            await _refused(scope, send, 401, "Sign in first.")

    def _leads(self, who: Pass) -> str:
        """Return where a browser goes whose session has ended."""
        if digest(who.token) not in _LEFT:
            return OVER if who.person.kind == "guest" else "/sign-in?why=ended"
        away = self._config.proxy.sign_out_url if self._config.sign_in.mode == "proxy" else ""
        return away or "/sign-in?why=left"

    def _with_cookie(self, who: Pass, send: Send) -> Send:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                seconds = int(self._config.sign_in.hours * 3600)
                header = (b"set-cookie", cookie(self._config, who.token, seconds).encode("latin-1"))
                message = {**message, "headers": [*message.get("headers", ()), header]}
            await send(message)

        return sent


class Socket:
    """One open socket: what goes through it is looked at, and it is closed when its session ends."""

    def __init__(
        self, wire: Wire, receive: Receive, send: Send, leads: Callable[[], str], note: Callable[[Told], None]
    ) -> None:
        self._wire, self._receive, self._send, self._leads, self._note = wire, receive, send, leads, note
        self._over, self._open, self._named = asyncio.Event(), False, False
        self._next: asyncio.Future[Message] | None = None

    def watched(self, stands: Callable[[], bool]) -> Watched:
        """Return what looks, while the socket is open, whether its session still stands."""
        return Watched(self, stands)

    def end(self) -> None:
        """Let the session's end reach the socket."""
        self._over.set()

    async def receive(self) -> Message:
        """Return what the browser says next, or that it is gone: once the session has ended, it is."""
        if self._next is None:
            self._next = asyncio.ensure_future(self._receive())
        over = asyncio.ensure_future(self._over.wait())
        either: set[asyncio.Future[Any]] = {self._next, over}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
        if self._over.is_set():
            self._next.cancel()
            await self._leave()
            return {"type": "websocket.disconnect", "code": 1008}
        message, self._next = self._next.result(), None
        return message

    async def send(self, message: Message) -> None:
        """Pass on what the server says, and remember what it gives away."""
        if message["type"] == "websocket.accept":
            self._open = True
        elif message["type"] == "websocket.close":
            self._open = False
        elif frame := message.get("bytes"):
            if self._over.is_set():
                return
            told = self._wire.told(frame, first=not self._named)
            self._named = self._named or bool(told.session)
            self._note(told)
        await self._send(message)

    async def _leave(self) -> None:
        if self._open:
            self._open = False
            await self._send({"type": "websocket.send", "bytes": self._wire.farewell(self._leads())})
            await self._send({"type": "websocket.close", "code": 1008})


class Watched:
    """Looks every :data:`PULSE` seconds whether a session still stands, and at once when told to."""

    OPEN: set[Watched] = set()  # noqa: RUF012  all of this process

    def __init__(self, socket: Socket, stands: Callable[[], bool]) -> None:
        self._socket, self._stands = socket, stands

    async def __aenter__(self) -> None:
        self._loop, self._look = asyncio.get_running_loop(), asyncio.Event()
        self._task = asyncio.create_task(self._watch())
        Watched.OPEN.add(self)

    async def __aexit__(self, *_error: object) -> None:
        Watched.OPEN.discard(self)
        self._task.cancel()

    async def _watch(self) -> None:
        while self._stands():
            self._look.clear()
            try:
                await asyncio.wait_for(self._look.wait(), PULSE)
            except TimeoutError:
                continue
        self._socket.end()

    def look(self) -> None:
        """Look now; callable from any thread."""
        self._loop.call_soon_threadsafe(self._look.set)


def left(token: str) -> None:
    """Note that somebody signs out themselves, and let their pages go where that leads."""
    _LEFT.append(digest(token))
    look_again()


def look_again() -> None:
    """Let all open sockets see at once whether their sessions still stand: somebody was just signed out."""
    for one in tuple(Watched.OPEN):
        try:
            one.look()
        except RuntimeError:  # its loop is over
            logging.getLogger("sluice").debug("a socket's loop is over")


class Headers:
    """The headers of a request."""

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._raw = list(raw)

    def get(self, name: str) -> str:
        """Return a header; "" where there is none, and where there are two that could be meant."""
        found = [value for key, value in self._raw if key.decode("latin-1").lower() == name]
        return found[0].decode("latin-1") if len(found) == 1 else ""

    def all(self) -> dict[str, str]:
        """Return the headers that stand once, by name in lower case; values are UTF-8 where they can be."""
        names = [key.decode("latin-1").lower() for key, _value in self._raw]
        return {n: _text(v) for n, (_key, v) in zip(names, self._raw, strict=True) if names.count(n) == 1}

    def without(self, name: bytes) -> list[tuple[bytes, bytes]]:
        """Return the headers without one, also where it is written with _ for -."""
        return [(k, v) for k, v in self._raw if k.lower().replace(b"_", b"-") != name]

    def cookie(self, name: str) -> str:
        """Return a cookie; "" where there is none."""
        for key, value in self._raw:
            if key.lower() == b"cookie":
                for part in value.decode("latin-1").split(";"):
                    found, _sign, text = part.strip().partition("=")
                    if found == name:
                        return text
        return ""


def cookie_name(config: Config) -> str:
    """Return what the cookie of a session is called."""
    return "__Host-sluice" if config.secure else "sluice"


def cookie(config: Config, token: str, seconds: int) -> str:
    """Return the Set-Cookie header of a session; one of no seconds takes it away."""
    name = cookie_name(config)
    made: SimpleCookie = SimpleCookie()
    made[name] = token
    made[name]["path"], made[name]["max-age"] = "/", seconds
    made[name]["httponly"], made[name]["samesite"] = True, "Lax"
    if config.secure:
        made[name]["secure"] = True
    return made[name].OutputString()


def sign_in_for(leads: str, why: str = "") -> str:
    """Return the address of the sign-in page that leads on to another one, and says why one is there.

    Examples
    --------
    >>> sign_in_for("/"), sign_in_for("/paths?lang=zh_CN", "failed")
    ('/sign-in', '/sign-in?why=failed&next=%2Fpaths%3Flang%3Dzh_CN')
    """
    said = {"why": why, "next": "" if leads == "/" else leads}
    query = urlencode({name: text for name, text in said.items() if text})
    return f"/sign-in?{query}" if query else "/sign-in"


def inside(leads: str) -> str:
    """Return an address if it is one of this server's own, else its front page.

    Examples
    --------
    >>> inside("/paths?lang=zh_CN"), inside("//evil.example/"), inside("https://evil.example")
    ('/paths?lang=zh_CN', '/', '/')
    """
    parts = urlsplit(leads)
    own = leads.startswith("/") and not leads.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return leads if own and leads.isprintable() and not leads.startswith("/sign-in") else "/"


def from_own_page(origin: str | None, host: str | None, config: Config) -> bool:
    """Say whether a browser's request came from a page of this server: of the name asked for, or of `server.url`.

    Examples
    --------
    >>> from server.config import Server
    >>> there = Config(server=Server(url="https://sluice.example.com:8443"))
    >>> from_own_page("https://sluice.example.com:8443", "sluice.example.com", there)
    True
    >>> from_own_page("https://evil.example", "sluice.example.com", there)
    False
    >>> from_own_page(None, "sluice.example.com", there)  # no browser's
    True
    """
    if not origin:
        return True
    own = {(host or "").lower(), _netloc(config.server.url)} - {""}
    if _netloc(origin) in own:
        return True
    logging.getLogger("sluice").warning(
        "refused what a page of %.100r sent: the web server passes on Host %.100r, and server.url is %r",
        origin, host or "", config.server.url,
    )  # fmt: skip
    return False


def _netloc(url: str) -> str:
    """Return name and port of an address, without the port that goes without saying."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return parts.netloc.lower().removesuffix({"https": ":443", "http": ":80"}.get(parts.scheme, ""))


def is_loopback(host: str | None) -> bool:
    """Say whether an address is reached from this computer alone.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0"), is_loopback(None)
    (True, True, False, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address((host or "").strip("[]")).is_loopback
    except ValueError:
        return False


def is_here(host: str) -> bool:
    """Say whether a Host header, which may be missing, names this computer itself."""
    return not host or is_loopback(urlsplit(f"//{host}").hostname)


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


async def _refused(scope: Scope, send: Send, status: int, text: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})  # before it is accepted: 403
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


async def _redirected(send: Send, url: str) -> None:
    headers = [(b"location", url.encode("latin-1")), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 303, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


__all__ = [
    "ANYONE",
    "LOCAL",
    "PASS",
    "Gate",
    "cookie",
    "digest",
    "from_own_page",
    "inside",
    "is_loopback",
    "look_again",
    "sign_in_for",
]
