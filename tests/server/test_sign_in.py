"""People sign in at a real provider; who may not is refused; a cookie is worth nothing once its session has ended."""

from __future__ import annotations

import time
from typing import Any

import pytest
from tools import Served, Visitor, refused, written

from server.registry import digest

LIVING = 60.0
"""Seconds within which an open socket stops."""


def test_somebody_signs_in_and_arrives_where_their_link_led(oidc: Served, people: Any) -> None:
    cookie, answer = people.sign_in(people.make("李雷", "analysts"), leads="/paths?lang=zh_CN")
    assert answer.status_code == 303 and answer.headers["location"] == "/paths?lang=zh_CN"
    assert len(cookie) == 43
    said = answer.headers["set-cookie"]
    assert "HttpOnly" in said and "SameSite=Lax" in said and "Max-Age=43200" in said and "Path=/" in said
    with oidc.client(cookie) as browser:
        assert browser.get("/").status_code == 200
        assert browser.get("/_stcore/metrics").status_code == 404
    assert [one.person.name for one in oidc.registry.people() if one.person.name == "李雷"] == ["李雷"]


def test_groups_of_the_provider_are_roles_here(oidc: Served, people: Any) -> None:
    cookie, _answer = people.sign_in(people.make("Lead", "leads", "buyers"))
    session = oidc.registry.standing(cookie)
    assert session and session.person.admin and session.person.groups == {"leads", "buyers"}
    with oidc.client(cookie) as browser:
        assert browser.get("/_stcore/metrics").status_code == 200
    plain, _answer = people.sign_in(people.make("Analyst", "analysts"))
    session = oidc.registry.standing(plain)
    assert session and not session.person.admin and session.person.groups == {"analysts"}


def test_who_is_in_no_group_that_may_come_in_is_refused(oidc: Served, people: Any) -> None:
    before = len(oidc.registry.people())
    cookie, answer = people.sign_in(people.make("Buyer", "buyers"))
    assert cookie == "" and answer.headers["location"] == "/sign-in?why=refused"
    assert len(oidc.registry.people()) == before
    assert written(oidc.folder)[-1]["action"] == "refused"
    with oidc.client() as browser:
        assert "may not use this server" in browser.get("/sign-in?why=refused").text


def test_an_answer_that_the_provider_did_not_give_signs_nobody_in(oidc: Served) -> None:
    before = oidc.log.stat().st_size
    with oidc.client() as browser:
        answer = browser.get("/sign-in/back?code=forged&state=forged")
        assert answer.headers["location"] == "/sign-in?why=failed" and "sluice" not in answer.cookies
        browser.get("/sign-in/go")
        state = browser.get("/sign-in/go").headers["location"].split("state=")[1].split("&")[0]
        answer = browser.get(f"/sign-in/back?code=forged&state={state}")
        assert answer.headers["location"] == "/sign-in?why=failed" and "sluice" not in answer.cookies
    logged = oidc.log.read_bytes()[before:].decode()
    assert logged.count("signing in failed: ") == 2
    assert "Traceback" not in logged and "forged" not in logged and state not in logged


def test_a_cookie_is_replayed_in_vain_after_signing_out(oidc: Served, people: Any) -> None:
    cookie, _answer = people.sign_in(people.make("Out", "analysts"))
    with Visitor(oidc, cookie) as visitor:
        visitor.visit("data")
        began = time.monotonic()
        visitor.press_and_leave("account.out")
        assert visitor.ends(within=LIVING) == "/sign-in?why=left"
        assert time.monotonic() - began < LIVING
    assert refused(oidc, cookie)
    with oidc.client(cookie) as browser:
        assert browser.get("/").status_code == 401
        answer = browser.get("/paths?a=1", headers={"accept": "text/html"})
        assert answer.status_code == 303 and answer.headers["location"] == "/sign-in?next=%2Fpaths%3Fa%3D1"


@pytest.mark.parametrize("how", ["removed", "expired"])
def test_a_session_that_ends_takes_its_open_socket_with_it(oidc: Served, people: Any, how: str) -> None:
    user = people.make(how, "analysts")
    cookie, _answer = people.sign_in(user)
    held = oidc.registry
    session = held.standing(cookie)
    assert session
    with Visitor(oidc, cookie) as visitor:
        visitor.visit("data")
        began = time.monotonic()
        if how == "removed":
            held.remove(session.person.id)
        else:
            held.lengthen(session.person.id, time.time() + 1)
        assert visitor.ends(within=LIVING) == "/sign-in?why=ended"
        assert time.monotonic() - began < LIVING
    assert refused(oidc, cookie)
    again, answer = people.sign_in(user)
    assert bool(again) == (how == "expired"), answer.headers["location"]


def test_the_way_out_of_the_provider_is_its_own(oidc: Served, iam_server: Any) -> None:
    with oidc.client() as browser:
        assert "/sign-in/out" in browser.get("/sign-in?why=left").text
        leads = browser.get("/sign-in/out").headers["location"]
        assert leads.startswith(iam_server.url) and "post_logout_redirect_uri=" in leads and "client_id=" in leads


def test_the_file_holds_no_cookie(oidc: Served, people: Any) -> None:
    cookie, _answer = people.sign_in(people.make("Secret", "analysts"))
    held = oidc.registry.rows("SELECT hash FROM sessions")
    assert digest(cookie) in {row["hash"] for row in held}
    whole = b"".join(path.read_bytes() for path in oidc.folder.glob("server.db*"))
    assert cookie.encode() not in whole and (oidc.folder / "server.db").stat().st_mode & 0o077 == 0
