"""What is said at the door where the provider is away, refuses, or says nothing of groups, and what the log says."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import httpx2
import pytest
from authlib.integrations.base_client import OAuthError
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tools import free_port, written

from server.config import Config, Oidc, Server, SignIn
from server.doors import Doors
from server.guests import Rooms
from server.people import Claims, of_provider
from server.registry import Registry

ISSUER = f"http://127.0.0.1:{free_port()}/realms/team"
CONFIG = Config(
    Server(url="http://testserver"),
    SignIn(mode="oidc", groups=("analysts",), admins=("lead@x.cn",)),
    Oidc(issuer=ISSUER, client_id="sluice", client_secret="hush"),
)
DEEP = "/funnel?x=1"


@pytest.fixture
def doors(held: Registry, tmp_path: Path) -> Doors:
    return Doors(CONFIG, held, Rooms(held, tmp_path, CONFIG))


@pytest.fixture
def browser(doors: Doors) -> TestClient:
    return TestClient(Starlette(routes=doors.routes()), follow_redirects=False)


def back(doors: Doors, browser: TestClient, said: Claims | Exception, monkeypatch: pytest.MonkeyPatch) -> str:
    """Come back from the provider, which says who one is or fails; return where one is led."""

    async def claims(_request: object) -> Claims:
        if isinstance(said, Exception):
            raise said
        return said

    monkeypatch.setattr(doors, "_claims", claims)
    browser.get("/sign-in/go", params={"next": DEEP})  # remembers where one wanted to go
    return browser.get("/sign-in/back").headers["location"]


def person(**said: Any) -> Claims:
    return of_provider({"iss": ISSUER, "sub": "7", "name": "李雷", "email": "li@x.cn", **said}, CONFIG)


def test_a_provider_that_is_away_is_said_in_a_line_and_the_way_is_kept(
    browser: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    away = browser.get("/sign-in/go", params={"next": DEEP}).headers["location"]
    assert away == "/sign-in?why=away&next=%2Ffunnel%3Fx%3D1"
    page = browser.get(away).text
    assert "This server cannot reach the provider" in page and "/sign-in/go?next=%2Ffunnel%3Fx%3D1" in page
    assert [record.exc_info for record in caplog.records if record.name == "sluice"] == [None]
    assert f"The provider cannot be reached at {ISSUER}/.well-known/openid-configuration: ConnectError" in caplog.text
    elsewhere = browser.get("/sign-in/go", params={"next": "https://evil.example/"})
    assert elsewhere.headers["location"] == "/sign-in?why=away"


def test_a_provider_that_goes_while_one_signs_in_is_away_too(
    doors: Doors, browser: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    gone = httpx2.ConnectError("All connection attempts failed")
    assert back(doors, browser, gone, monkeypatch) == "/sign-in?why=away&next=%2Ffunnel%3Fx%3D1"
    assert "Traceback" not in caplog.text


def test_who_was_a_guest_finds_the_way_to_their_account(browser: TestClient) -> None:
    assert '<a href="/sign-in">Sign in</a>' in browser.get("/room?why=over").text
    assert "/sign-in" not in browser.get("/room").text


def test_a_wrong_secret_is_called_that(
    doors: Doors, browser: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "sluice")
    wrong = OAuthError("invalid_client", "no such secret")
    assert back(doors, browser, wrong, monkeypatch) == "/sign-in?why=failed&next=%2Ffunnel%3Fx%3D1"
    assert "invalid_client: no such secret: the provider does not take oidc.client_secret" in caplog.text
    assert "SLUICE_OIDC_CLIENT_SECRET in secrets.env" in caplog.text and "hush" not in caplog.text
    caplog.clear()
    back(doors, browser, OAuthError("access_denied", "not today"), monkeypatch)
    assert "access_denied: not today" in caplog.text and "client_secret" not in caplog.text


@pytest.mark.parametrize(
    ("said", "what", "logged"),
    [
        ({}, "no-groups", "li@x.cn: the provider gave no groups; see oidc.scope and oidc.groups_claim"),
        ({"groups": ["buyers"]}, "in-no-group", "li@x.cn: in none of sign_in.groups, but in buyers"),
    ],
)
def test_who_is_refused_is_logged_with_the_reason_and_the_list_has_the_reason_alone(
    doors: Doors,
    browser: TestClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    said: dict[str, Any],
    what: str,
    logged: str,
) -> None:
    caplog.set_level(logging.WARNING, "sluice")
    assert back(doors, browser, person(**said), monkeypatch) == "/sign-in?why=refused&next=%2Ffunnel%3Fx%3D1"
    assert f"refused at sign-in: {logged}" in caplog.text
    row = written(tmp_path)[-1]
    assert (row["action"], row["person"], row["detail"]) == ("refused", "", f'{{"what": "{what}"}}')


def test_who_was_removed_is_named_in_the_list(
    doors: Doors, browser: TestClient, held: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    li = held.arrived(person(groups=["analysts"]))
    assert li
    held.remove(li.id)
    back(doors, browser, person(groups=["analysts"]), monkeypatch)
    row = written(tmp_path)[-1]
    assert (row["action"], row["person"], row["detail"]) == ("refused", li.id, '{"what": "removed"}')
