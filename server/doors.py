"""The pages people see before they are known: signing in, and entering a guest room.

They are plain HTML of the server's own, without scripts: what stands before the door must work when all else is shut.
Who people are is asked of the provider by Authlib, as `st.login` does; but the session that follows is this server's
own, so that it ends when it should: Streamlit's cookie lives for thirty days, also after one has signed out.
"""

from __future__ import annotations

import asyncio
import html
import logging
import secrets
import time
from collections import deque
from typing import Any
from urllib.parse import parse_qs, urlencode

from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from analysis.errors import SluiceError
from analysis.messages import N_, Message, say, translate
from server import audit, discovery, gate
from server.config import Config
from server.guests import RoomError, Rooms, no_room
from server.people import Claims, Person, of_provider
from server.registry import Registry

WHY = {
    "ended": N_("Your time is over, or you were signed out. Sign in again to go on where you were."),
    "left": N_("You are signed out."),
    "failed": N_("The provider did not say who you are. Try again; if it stays so, tell who looks after the server."),
    "away": N_("This server cannot reach the provider that knows who people are. Tell who looks after the server."),
    "refused": N_("Your account may not use this server. Ask who looks after it to let you in."),
}
"""What is said above the button, by what the address gives as the reason."""
BACK = "/sign-in/back"
"""Where the provider leads back to; it has to know this address."""
TRIES, WHILE = 20, 60.0
"""Wrong codes that are answered at once within so many seconds; whoever goes on guessing waits."""
AFTER = 7 * 86400.0
"""Seconds for which a guest's cookie outlives the room as it ends by now: the room may be kept longer, and who comes
back after its end is told so."""
STYLE = """
body{font:16px/1.6 system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;margin:0;color:#24292f;
background:#f4f6f8;display:grid;place-items:center;min-height:100vh}
main{background:#fff;border:1px solid #d8dee4;border-radius:12px;padding:2rem;box-sizing:border-box;
width:min(27rem,calc(100vw - 2rem))}
h1{font-size:1.4rem;margin:0 0 .25rem}p{margin:.5rem 0}label{display:block;margin:1rem 0 .25rem}
input{font:inherit;width:100%;box-sizing:border-box;padding:.5rem .75rem;border:1px solid #8b949e;border-radius:8px;
background:inherit;color:inherit}
.go{display:block;width:100%;box-sizing:border-box;text-align:center;font:inherit;font-weight:600;
margin:1.25rem 0 .5rem;padding:.6rem;border:0;border-radius:8px;background:#0b6e99;color:#fff;
text-decoration:none;cursor:pointer}
.said{border-left:3px solid #0b6e99;padding-left:.75rem}.wrong{border-color:#b42318}
footer{display:flex;justify-content:space-between;margin-top:1.5rem;font-size:.9rem}a{color:#0b6e99}
@media(prefers-color-scheme:dark){body{background:#14181d;color:#e6e8eb}main{background:#1e242b;border-color:#30363d}
.go{background:#4da8da;color:#14181d}a{color:#4da8da}.said{border-color:#4da8da}.wrong{border-color:#f97066}}
"""


class Doors:
    """The doors of one server.

    Parameters
    ----------
    config : Config
    registry : Registry
    rooms : Rooms
    """

    def __init__(self, config: Config, registry: Registry, rooms: Rooms) -> None:
        self._config, self._held, self._rooms = config, registry, rooms
        self._wrong: dict[str, deque[float]] = {}
        self._provider = _provider(config) if config.sign_in.mode == "oidc" else None

    def routes(self) -> list[BaseRoute]:
        """Return the routes; the cookie in which the provider's answer is awaited is theirs alone."""
        own = Middleware(
            SessionMiddleware, secret_key=secrets.token_hex(32), session_cookie="sluice-sign-in", max_age=600,
            path="/sign-in", same_site="lax", https_only=self._config.secure,
        )  # fmt: skip
        inner = [Route("/", self.sign_in), Route("/go", self.go), Route("/back", self.back), Route("/out", self.out)]
        return [
            Route("/sign-in", self.sign_in),
            Mount("/sign-in", routes=inner, middleware=[own]),
            Route("/room", self.room, methods=["GET", "POST"]),
            Route("/room/{code}", self.room, methods=["GET", "POST"]),
        ]

    # ---- with an account

    async def sign_in(self, request: Request) -> Response:
        """Show what to sign in with, and why one is here."""
        leads = gate.inside(request.query_params.get("next", "/"))
        if self._here(request):
            return RedirectResponse(leads, 303)
        why = WHY.get(request.query_params.get("why", ""))
        page = Page(request, self._config)
        said = page.said(why, wrong=request.query_params.get("why") in ("failed", "away", "refused")) if why else ""
        if self._provider:
            label = page.word("Sign in with {name}").format(name=self._config.oidc.name or page.word("your account"))
            said += f'<a class="go" href="/sign-in/go?{urlencode({"next": leads})}">{html.escape(label)}</a>'
            if request.query_params.get("why") == "left":
                said += f'<p><a href="/sign-in/out">{page.text("Sign out of the provider, too")}</a></p>'
        elif self._config.sign_in.mode == "proxy":
            said += f'<a class="go" href="{html.escape(leads)}">{page.text("Go on")}</a>'
        if self._config.rooms.allowed:
            said += f'<p><a href="/room">{page.text("I have the code of a workshop’s room")}</a></p>'
        return self._without_cookie(request, page.made("Sign in", said))

    async def go(self, request: Request) -> Response:
        """Lead to the provider."""
        if self._provider is None:
            return RedirectResponse("/sign-in", 303)
        request.session["leads"] = gate.inside(request.query_params.get("next", "/"))
        try:
            answer: Response = await self._provider.authorize_redirect(
                request, self._config.server.url.rstrip("/") + BACK
            )
        except Exception as error:  # the provider is away, or its address is wrong
            self._say_away(error)
            return _again("away", request.session["leads"])
        return answer

    async def back(self, request: Request) -> Response:
        """Take up who the provider says it is, and begin a session."""
        if self._provider is None:
            return RedirectResponse("/sign-in", 303)
        leads = gate.inside(str(request.session.get("leads", "/")))
        try:
            claims = await self._claims(request)
        except Exception as error:
            return self._failed(error, leads)
        person = (
            self._held.arrived(claims, admin=claims.admin(self._config)) if claims.may_enter(self._config) else None
        )
        if person is None:
            self._note_refused(claims)
            return _again("refused", leads)
        request.session.clear()
        return self._begun(person, leads, self._config.sign_in.hours * 3600)

    def _failed(self, error: Exception, leads: str) -> Response:
        """Log why nobody was signed in, and lead back to the sign-in page."""
        if _is_a(error, "HTTPError"):
            self._say_away(error)
            return _again("away", leads)
        # What a provider refuses, or an address that somebody made up, is said in a line; the rest with its trace.
        expected = _is_a(error, "OAuthError")
        secret = (
            ": the provider does not take oidc.client_secret from oidc.client_id; the secret is "
            "SLUICE_OIDC_CLIENT_SECRET in secrets.env"
            if getattr(error, "error", "") in ("invalid_client", "unauthorized_client")
            else ""
        )
        logging.getLogger("sluice").warning("signing in failed: %s%s", error, secret, exc_info=not expected)
        return _again("failed", leads)

    def _say_away(self, error: Exception) -> None:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        logging.getLogger("sluice").error("%s", discovery.unreachable(self._config.oidc.discovery, reason))

    def _note_refused(self, claims: Claims) -> None:
        """Write down that somebody may not come in: the list says why, and the log who, whom nobody knows here yet."""
        why = "removed"
        if not claims.may_enter(self._config):
            why = "in-no-group" if claims.groups else "no-groups"
        reason = {
            "removed": "removed under People and what was done",
            "in-no-group": "in none of sign_in.groups, but in " + ", ".join(sorted(claims.groups)),
            "no-groups": "the provider gave no groups; see oidc.scope and oidc.groups_claim",
        }[why]
        logging.getLogger("sluice").warning("refused at sign-in: %s: %s", claims.email or claims.name, reason)
        audit.note(self._held, self._held.subject(claims.subject), "refused", what=why)

    async def _claims(self, request: Request) -> Claims:
        assert self._provider is not None
        token = await self._provider.authorize_access_token(request)
        said = dict(token.get("userinfo") or {})
        claims = of_provider(said, self._config)
        if not claims.groups:  # some say groups only when asked for the person
            more = await self._provider.userinfo(token=token)
            if more.get("sub") == said["sub"]:
                claims = of_provider({**more, **said}, self._config)
        return claims

    async def out(self, _request: Request) -> Response:
        """Lead to where the provider ends its own session, if it says where."""
        url = None
        if self._provider:
            try:
                url = (await self._provider.load_server_metadata()).get("end_session_endpoint")
            except Exception as error:  # the provider is away
                self._say_away(error)
        if not url:
            return RedirectResponse("/sign-in", 303)
        own = {"client_id": self._config.oidc.client_id,
               "post_logout_redirect_uri": self._config.server.url.rstrip("/") + "/sign-in"}  # fmt: skip
        return RedirectResponse(f"{url}{'&' if '?' in url else '?'}{urlencode(own)}", 303)

    # ---- with a code

    async def room(self, request: Request) -> Response:
        """Ask for the code and a nickname, and let in."""
        page = Page(request, self._config)
        if not self._config.rooms.allowed:
            return page.made("Guest room", page.said("There are no guest rooms on this server."), 404)
        if request.method == "POST":
            return await self._entered(request, page)
        over = say("The room is over, and the copies in it are gone. Enter another one with its code.")
        why = over if request.query_params.get("why") == "over" else None
        form = self._form(page, str(request.path_params.get("code") or ""), why=why)
        return form if self._here(request) else self._without_cookie(request, form)

    def _form(
        self, page: Page, code: str, wrong: Message | None = None, nickname: str = "", why: Message | None = None
    ) -> Response:
        said = page.said(why) if why else f"<p>{page.text('No account is needed.')}</p>"
        said = page.said(wrong, wrong=True) if wrong else said
        said += '<form method="post" action="/room">'
        for name, label, value, more in (
            ("code", "The room’s code", code, "autocapitalize=characters maxlength=20"),
            ("nickname", "Nickname, for the trainer to know you by", nickname, "maxlength=40"),
        ):
            more += " required autocomplete=off" + ("" if value else " autofocus")
            said += f'<label for="{name}">{page.text(label)}</label>'
            said += f'<input id="{name}" name="{name}" value="{html.escape(value)}" {more}>'
        said += f'<button class="go">{page.text("Enter")}</button></form>'
        if why and self._config.signs_in:  # a guest of before may have an account
            said += f'<p><a href="/sign-in">{page.text("Sign in")}</a></p>'
        return page.made("Guest room", said, 400 if wrong else 200)

    async def _entered(self, request: Request, page: Page) -> Response:
        if not gate.from_own_page(request.headers.get("origin"), request.headers.get("host"), self._config):
            return Response("Not from here", 403)
        given = parse_qs((await _short(request)).decode("utf-8", "replace"))
        code, nickname = (given.get(name, [""])[0] for name in ("code", "nickname"))
        address = request.client.host if request.client else ""
        try:
            room = self._rooms.find(code)
            person, seat = await asyncio.to_thread(self._rooms.enter, room, nickname, self._here(request))
        except SluiceError as error:
            if isinstance(error, RoomError) and error.code == "no-room":
                return await self._wrong_code(page, address, code, nickname)
            return self._form(page, code, error.message, nickname)
        leads = f"/?workspace={seat.workspace}"
        if person == self._here(request):  # with an account, or back after a reload
            return RedirectResponse(leads, 303)
        return self._begun(person, leads, self._rooms.seconds(room))

    async def _wrong_code(self, page: Page, address: str, code: str, nickname: str) -> Response:
        """Say that there is no such room; slowly, where many wrong codes came from lately.

        A class sits behind one address: whoever has the code comes in, however much a neighbour guesses. What keeps
        guessers out is that there are some 850 billion codes.
        """
        if len(self._wrong) > 10_000:
            self._wrong.clear()
        lately = self._wrong.setdefault(address, deque(maxlen=TRIES))
        many = len(lately) == TRIES and time.monotonic() - lately[0] < WHILE
        lately.append(time.monotonic())
        if not many:
            return self._form(page, code, no_room().message, nickname)
        await asyncio.sleep(1)
        answer = self._form(page, code, say("Too many wrong codes came from where you are. Wait a minute, then try "
                                            "again."), nickname)  # fmt: skip
        answer.status_code = 429
        return answer

    # ---- both

    def _here(self, request: Request) -> Person | None:
        session = self._held.standing(request.cookies.get(gate.cookie_name(self._config), ""))
        return session.person if session else None

    def _without_cookie(self, request: Request, answer: Response) -> Response:
        """Take a cookie away that is nobody's any more: the next page asks who one is."""
        if request.cookies.get(gate.cookie_name(self._config)):
            answer.headers.append("set-cookie", gate.cookie(self._config, "", 0))
        return answer

    def _begun(self, person: Person, leads: str, seconds: float) -> Response:
        token = self._held.begin(person, seconds)
        audit.note(self._held, person, "sign-in")
        answer = RedirectResponse(leads, 303)
        kept = seconds + (AFTER if person.kind == "guest" else 0)
        answer.headers.append("set-cookie", gate.cookie(self._config, token, int(kept)))
        answer.headers["cache-control"] = "no-store"
        return answer


class Page:
    """One page before the door, in the reader's language."""

    def __init__(self, request: Request, config: Config) -> None:
        wanted = request.query_params.get("lang") or request.headers.get("accept-language", "")
        self.language = "zh_CN" if wanted.lower().startswith("zh") else "en"
        self._request, self._config = request, config

    def word(self, text: str) -> str:
        """Return a text in the reader's language."""
        return translate(text, self.language)

    def text(self, text: str) -> str:
        """Return a text in the reader's language, safe to put into HTML."""
        return html.escape(self.word(text))

    def said(self, what: str | Message, *, wrong: bool = False) -> str:
        """Return a paragraph that says something above all else."""
        words = what.text(self.language) if isinstance(what, Message) else self.word(what)
        kind = "said wrong" if wrong else "said"
        return f'<p class="{kind}" role="{"alert" if wrong else "status"}">{html.escape(words)}</p>'

    def made(self, title: str, inner: str, status: int = 200) -> HTMLResponse:
        """Return the page, with the way to the other language."""
        other, label = ("en", "English") if self.language == "zh_CN" else ("zh_CN", "简体中文")
        query = {**self._request.query_params, "lang": other}
        address = f"{self._request.url.path}?{urlencode(query)}"
        text = (
            f'<!doctype html><html lang="{self.language.replace("_", "-")}"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            f"<title>{self.text(title)} · Sluice</title><style>{STYLE}</style>"
            f"<main><h1>{self.text(title)}</h1><p>{self.text('Sluice, the campaign workbench')}</p>{inner}"
            f'<footer><a href="{html.escape(address)}" lang="{other.replace("_", "-")}">{label}</a></footer></main>'
        )
        headers = {
            "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
            "frame-ancestors 'none'; base-uri 'none'",
            "cache-control": "no-store",
            "referrer-policy": "same-origin",
            "x-content-type-options": "nosniff",
        }
        return HTMLResponse(text, status, headers)


TEXTS = (
    N_("Sign in"), N_("Sign in with {name}"), N_("your account"), N_("Sign out of the provider, too"), N_("Go on"),
    N_("I have the code of a workshop’s room"), N_("Guest room"), N_("There are no guest rooms on this server."),
    N_("No account is needed."), N_("The room’s code"), N_("Nickname, for the trainer to know you by"), N_("Enter"),
    N_("Sluice, the campaign workbench"),
)  # fmt: skip
"""What these pages say, for the catalogue."""


def _provider(config: Config) -> Any:
    """Return Authlib's client of the provider: the code flow, with PKCE, a state and a nonce."""
    from authlib.integrations.starlette_client import OAuth  # who signs in otherwise does without

    known = OAuth()
    known.register(
        "sluice",
        client_id=config.oidc.client_id,
        client_secret=config.oidc.client_secret,
        server_metadata_url=config.oidc.discovery,
        client_kwargs={"scope": config.oidc.scope, "code_challenge_method": "S256", "timeout": 10},
    )
    return known.create_client("sluice")


def _again(why: str, leads: str) -> Response:
    """Lead to the sign-in page, which says why, and from there on to where somebody wanted to go."""
    return RedirectResponse(gate.sign_in_for(leads, why), 303)


def _is_a(error: Exception, kind: str) -> bool:
    """Say whether an error is of a kind of Authlib's or its HTTP client's, which are loaded where people sign in."""
    return any(one.__name__ == kind for one in type(error).__mro__)


async def _short(request: Request) -> bytes:
    """Return what was sent, as far as a form of two fields goes."""
    got = b""
    async for part in request.stream():
        got += part
        if len(got) > 4096:
            break
    return got[:4096]
