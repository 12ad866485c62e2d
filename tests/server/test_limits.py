"""What is too much is refused in words, before anything is lost, and counts for one person alone."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from server import limits
from server.config import Limits
from server.limits import MB, LimitError, Refusals, Uploads, may_grow


class Uploaded:
    """A server that holds files by session, as Streamlit's does, behind the middleware."""

    def __init__(self, own: Limits) -> None:
        self.files: dict[str, dict[str, tuple[str, bytes]]] = {}
        app = Starlette(routes=[Route("/_stcore/upload_file/{session}/{file}", self._put, methods=["PUT", "DELETE"])])
        self.client = TestClient(Uploads(app, limits=own, held=self.held, whose=self._whose))

    def held(self) -> dict[str, int]:
        return {session: sum(len(data) for _, data in files.values()) for session, files in self.files.items()}

    @staticmethod
    def _whose(scope) -> str:  # type: ignore[no-untyped-def]
        return dict(scope["headers"]).get(b"x-person", b"").decode()

    async def _put(self, request: Request) -> Response:
        session, file = request.path_params["session"], request.path_params["file"]
        (one,) = (await request.form()).values()
        self.files.setdefault(session, {})[file] = (one.filename, await one.read())  # type: ignore[union-attr]
        return Response(status_code=204)

    def put(self, session: str, file: str, size: int, person: str = "") -> int:
        files = {"file": ("九月.csv", os.urandom(1) * size)}
        headers = {"x-person": person} if person else {}
        return self.client.put(f"/_stcore/upload_file/{session}/{file}", files=files, headers=headers).status_code


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> Iterator[Refusals]:
    own = Refusals()
    monkeypatch.setattr(limits, "REFUSED", own)
    yield own


def test_a_file_that_fits_comes_in_whole(refused: Refusals) -> None:
    server = Uploaded(Limits(upload_mb=2, held_mb=4))
    assert server.put("s", "f", 2 * MB) == 204
    name, data = server.files["s"]["f"]
    assert (name, len(data)) == ("九月.csv", 2 * MB)
    assert refused.of("f") is None


def test_one_that_is_too_large_is_not_held_keeps_its_name_and_says_why(refused: Refusals) -> None:
    server = Uploaded(Limits(upload_mb=2, held_mb=4))
    assert server.put("s", "f", 3 * MB) == 204
    assert server.files["s"]["f"] == ("九月.csv", b"")
    assert "larger than 2 MB, the most that this server takes" in str(refused.of("f"))


@pytest.mark.parametrize("cut", [0, 1, 40, 100, 70_000])
def test_a_form_that_comes_in_pieces_is_refused_as_one_that_comes_at_once(cut: int, refused: Refusals) -> None:
    """However the network cuts it: within the file's name too."""
    server = Uploaded(Limits(upload_mb=1, held_mb=4))
    head = '--edge\r\nContent-Disposition: form-data; name="file"; filename="九月.csv"\r\n\r\n'.encode()
    body = head + b"x" * (MB + 100_000) + b"\r\n--edge--\r\n"
    said = {"content-type": "multipart/form-data; boundary=edge", "content-length": str(len(body))}
    scope = {"type": "http", "method": "PUT", "path": "/_stcore/upload_file/s/f", "query_string": b"",
             "headers": [(name.encode(), value.encode()) for name, value in said.items()]}  # fmt: skip
    pieces = iter([(body[:cut], True), (body[cut : cut + 90], True), (body[cut + 90 :], False)])
    answered = []

    async def receive() -> dict[str, object]:
        piece, more = next(pieces)
        return {"type": "http.request", "body": piece, "more_body": more}

    async def send(message: Mapping[str, object]) -> None:
        answered.append(message.get("status"))

    with start_blocking_portal() as portal:
        portal.call(server.client.app, scope, receive, send)
    assert answered[0] == 204
    assert server.files["s"]["f"] == ("九月.csv", b"")


def test_one_person_holds_so_much_in_all_their_browsers_and_others_are_free(refused: Refusals) -> None:
    server = Uploaded(Limits(upload_mb=2, held_mb=4, held_by_all_mb=100))
    assert [server.put(f"a{n}", f"a{n}", 2 * MB, "ann") for n in range(3)] == [204] * 3
    assert server.held() == {"a0": 2 * MB, "a1": 2 * MB, "a2": 0}
    assert "Your files that wait to be imported would hold more than 4 MB" in str(refused.of("a2"))
    server.put("b", "b", 2 * MB, "bo")
    assert server.held()["b"] == 2 * MB
    server.files["a0"].clear()  # imported
    server.put("a2", "again", 2 * MB, "ann")
    assert refused.of("again") is None


def test_where_nobody_is_told_apart_each_browser_counts_for_itself(refused: Refusals) -> None:
    server = Uploaded(Limits(upload_mb=2, held_mb=2, held_by_all_mb=5))
    assert [server.put(f"s{n}", f"f{n}", 2 * MB) for n in range(3)] == [204] * 3
    assert sum(server.held().values()) == 4 * MB
    assert "Files of many people wait to be imported" in str(refused.of("f2"))


def test_a_file_of_unknown_length_is_not_begun(refused: Refusals) -> None:
    server = Uploaded(Limits())
    told = server.client.put("/_stcore/upload_file/s/f", content=iter([b"x"]), headers={"content-type": "text/plain"})
    assert told.status_code == 411
    assert not server.files


def test_only_so_many_refusals_are_remembered() -> None:
    own = Refusals(most=2)
    for name in "abc":
        own.note(name, LimitError.all_held().message)
    assert [own.of(name) is None for name in "abc"] == [True, False, False]


def test_workspaces_and_disk_have_their_bounds(tmp_path: Path) -> None:
    own = [tmp_path / f"{n}.duckdb" for n in range(3)]
    for path in own[:2]:
        path.write_bytes(b"x" * MB)
    may_grow(Limits(workspaces=3, person_gb=1), tmp_path, own, another=True)
    may_grow(Limits(workspaces=2, person_gb=1), tmp_path, own)  # what is there may be worked on
    with pytest.raises(LimitError, match="You own 2 workspaces, as many as one person may"):
        may_grow(Limits(workspaces=2), tmp_path, own, another=True)
    os.truncate(own[0], 2**30)  # a hole: it takes no disk
    with pytest.raises(LimitError, match="Your workspaces take 1 GB of disk"):
        may_grow(Limits(person_gb=1), tmp_path, own)
    with pytest.raises(LimitError, match="disk is nearly full"):
        may_grow(Limits(free_gb=1e6), tmp_path / "not" / "yet", ())
