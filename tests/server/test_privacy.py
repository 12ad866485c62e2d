"""What is A's alone is nowhere in B's browser: not in lists, widgets, the address, links, nor among the files."""

from __future__ import annotations

from typing import Any

import pytest
from tools import Served, Visitor, written

from analysis import open_workspace, read_export
from analysis.workspace.folder import new_id
from server.rights import Role

PAGES = ("", "data", "notebooks", "records", "workspaces", "performance", "budget", "rooms", "people", "comparison")
NAME = "Quietly planned"
SPEND = "date,platform,cost,currency\n2026-11-01,hushhush,4321.5,CNY\n"


@pytest.fixture(scope="module")
def private(oidc: Served, people: Any) -> tuple[str, str, str]:
    """A's cookie, B's cookie, and the id of a workspace that is A's alone."""
    a, _answer = people.sign_in(people.make("A", "analysts"))
    b, _answer = people.sign_in(people.make("B", "analysts"))
    id, path = new_id(), oidc.folder / "hush.csv"
    path.write_text(SPEND)
    here = open_workspace(oidc.folder / f"{id}.duckdb")
    export = read_export(path)
    here.add(export)
    export.close()
    here.name = NAME
    here.close()
    session = oidc.registry.standing(a)
    assert session
    oidc.registry.own(id, session.person)
    return a, b, id


@pytest.mark.long
def test_the_owner_sees_it_everywhere(oidc: Served, private: tuple[str, str, str]) -> None:
    """The witness of the next test: the same pages do show it to whose it is."""
    a, _b, id = private
    with Visitor(oidc, a, query=f"workspace={id}") as here:
        seen = [here.visit(page).heard for page in PAGES]
    assert all(NAME.encode() in heard for heard in seen)
    assert any(b"hushhush" in heard for heard in seen)


@pytest.mark.long
def test_nothing_of_it_reaches_anybody_else(oidc: Served, private: tuple[str, str, str]) -> None:
    a, b, id = private
    with Visitor(oidc, a, query=f"workspace={id}") as owner, Visitor(oidc, b) as other:
        for page in (*PAGES, "glossary", "plan", "review", "team"):
            owner.visit(page)
            other.visit(page)
            for secret in (NAME.encode(), id.encode(), b"hushhush", b"4321.5"):
                assert secret not in other.heard, page
            assert id not in other.query


def test_its_address_reads_as_one_that_is_not_there(oidc: Served, private: tuple[str, str, str]) -> None:
    _a, b, id = private
    texts = []
    for address in (id, new_id()):
        with Visitor(oidc, b, query=f"workspace={address}") as here:
            for page in ("data", "performance"):
                here.visit(page)
                assert NAME not in here.text and b"hushhush" not in here.heard
                assert "The workspace of this address is not here" in here.text
                texts.append((page, here.text.replace(address, "")))
    assert texts[:2] == texts[2:]


def test_its_files_answer_nobody_else(oidc: Served, private: tuple[str, str, str]) -> None:
    a, b, id = private
    with Visitor(oidc, a, query=f"workspace={id}") as owner, Visitor(oidc, b) as other:
        file = owner.visit("performance").download("performance.table.csv")
        other.visit("data")
        with oidc.client(a) as mine, oidc.client(b) as theirs:
            assert b"hushhush" in mine.get(file).content
            assert theirs.get(file).status_code == 404
            assert theirs.get(f"{oidc.url}/{file}").status_code == 404
            upload = f"/_stcore/upload_file/{owner.session}/0a"
            assert theirs.put(upload, files={"file": ("x.csv", b"x")}).status_code == 404
            # A page that repeats what somebody typed does not make it an address that the server gave.
            other.run(other.typed("data.new.name", f"{oidc.url}{file}"))
            assert theirs.get(file).status_code == 404


def test_a_session_is_not_taken_over_by_its_name(oidc: Served, private: tuple[str, str, str]) -> None:
    """Streamlit gives a browser that comes back the state it had; only to the person who had it."""
    a, b, id = private
    owner = Visitor(oidc, a, query=f"workspace={id}")
    name = owner.visit("data").session
    owner.socket.close()
    with Visitor(oidc, b, again=name) as other:
        other.visit("data")
        assert other.session != name and NAME not in other.text and id not in other.query
    with Visitor(oidc, a, again=name) as back:
        assert back.visit("data").session == name


def test_sharing_is_seen_at_once_and_taking_back_too(oidc: Served, private: tuple[str, str, str]) -> None:
    _a, b, id = private
    held = oidc.registry
    session = held.standing(b)
    assert session
    whom = f"person:{session.person.id}"
    with Visitor(oidc, b) as other:
        assert NAME not in other.visit("data").text and NAME.encode() not in other.heard
        held.share(id, whom, Role.VIEWER)
        assert NAME.encode() in other.visit("data").heard
        other.run(other.chosen("frame.workspace", NAME))
        assert b"hushhush" in other.visit("performance").heard
        held.share(id, whom, None)
        other.visit("performance")
        assert "The workspace of this address is not here" in other.text and b"hushhush" not in other.heard


def test_the_list_of_what_was_done_holds_ids_and_counts(oidc: Served, private: tuple[str, str, str]) -> None:
    a, _b, id = private
    person = oidc.registry.standing(a)
    assert person
    with Visitor(oidc, a, query=f"workspace={id}") as owner, oidc.client(a) as browser:
        assert browser.get(owner.visit("performance").download("performance.table.csv")).status_code == 200
    mine = [row for row in written(oidc.folder) if row["workspace"] == id and row["person"] == person.person.id]
    assert {"open", "download"} <= {row["action"] for row in mine}
    whole = " ".join(str(tuple(row)) for row in written(oidc.folder))
    for secret in (a, NAME, "hush", "example.cn", "spend", "4321"):
        assert secret not in whole
