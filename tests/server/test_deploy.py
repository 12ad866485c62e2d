"""What stands in deploy/ works: the unit, the image's steps, and a real nginx before a real server."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx2
import pytest
from browser_tools import PATIENCE, Wire, settled
from playwright.sync_api import Browser
from tools import ROOT, Served, Visitor, free_port, serving

DEPLOY = ROOT / "deploy"
NGINX, OPENSSL, SYSTEMD = (shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
                           for name in ("nginx", "openssl", "systemd-analyze"))  # fmt: skip
needs_nginx = pytest.mark.skipif(not (NGINX and OPENSSL), reason="needs nginx and openssl")
NAME = "sluice.example.com"
IDENTITY = (
    "X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Groups", "X-Forwarded-Preferred-Username", "X-Sluice-Proxy",
    "X-Sluice-Pass",
)  # fmt: skip
"""Headers that say who somebody is."""


# ---- nginx ------------------------------------------------------------------------------------------------


@contextmanager
def nginx(folder: Path, upstream: int, place: str = "") -> Iterator[tuple[str, str, ssl.SSLContext]]:
    """Run the site of deploy/ before a port of this machine; yield its https and http address and whom to trust."""
    secure, plain = free_port(), free_port()
    key, cert = folder / "sluice.key", folder / "sluice.pem"
    subprocess.run(
        [OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", cert,
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True,
    )  # fmt: skip
    site = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    if place:  # in place of the site's own `location /`, its last part
        site = f"{site[: site.index('    location / {')]}{place}\n}}\n"
    for old, new in {
        "/etc/ssl/certs/sluice.pem": str(cert),
        "/etc/ssl/private/sluice.key": str(key),
        "/etc/nginx/sluice_proxy.conf": str(DEPLOY / "sluice_proxy.conf"),
        "/opt/sluice/deploy": str(DEPLOY),
        "/var/log/nginx/sluice.access.log": str(folder / "sluice.access.log"),
        "127.0.0.1:8501": f"127.0.0.1:{upstream}",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl": f"listen 127.0.0.1:{secure} ssl",
        f"server_name {NAME}": "server_name localhost",
        "https://$host$request_uri": f"https://$host:{secure}$request_uri",
        # The port belongs to the name here, as this is not the usual one.
    }.items():
        assert old in site, old
        site = site.replace(old, new)
    own = "".join(
        f"{kind}_temp_path {folder / kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    conf = folder / "nginx.conf"
    conf.write_text(
        f"daemon off; pid {folder / 'pid'}; error_log {folder / 'error.log'};\nevents {{ worker_connections 256; }}\n"
        f"http {{ access_log {folder / 'access.log'}; {own} {site} }}\n"
    )
    subprocess.run([NGINX, "-t", "-q", "-c", conf, "-p", folder], check=True)
    process = subprocess.Popen([NGINX, "-c", conf, "-p", folder])
    try:
        trusted = ssl.create_default_context(cafile=str(cert))
        for _ in range(100):
            try:
                httpx2.get(f"http://localhost:{plain}/")
                break
            except httpx2.TransportError:
                time.sleep(0.1)
        yield f"https://localhost:{secure}", f"http://localhost:{plain}", trusted
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, str, Path]]:
    """A server behind nginx, and the plain address; the server can be stopped and started."""
    folder, before = tmp_path_factory.mktemp("served"), tmp_path_factory.mktemp("nginx")
    port = free_port()
    with nginx(before, port) as (url, plain, trusted):
        yield Served(port, folder, folder / "log", url, trusted), plain, before


def settings(served: Served) -> dict[str, str]:
    return {"SLUICE_SIGN_IN_MODE": "open", "SLUICE_LIMITS_UPLOAD_MB": "4", "SLUICE_SERVER_URL": served.url}


@needs_nginx
@pytest.mark.long
def test_people_come_through_it_bring_files_and_find_their_place_after_a_restart(
    there: tuple[Served, str, Path],
) -> None:
    served, plain, _ = there
    with served.client() as browser:
        down = browser.get("/")
        assert (down.status_code, down.headers["retry-after"]) == (502, "5")
        assert "正在重启" in down.text
    with serving(served.folder, settings(served), served.port):
        moved = httpx2.get(f"{plain}/paths?workspace=x", follow_redirects=False)
        assert (moved.status_code, moved.headers["location"]) == (301, f"{served.url}/paths?workspace=x")
        with served.client() as browser:
            _has_headers(browser.get("/"))
            assert browser.get("/_stcore/health").status_code == 200
            _ready(served.port)
            assert browser.get("/readyz").status_code == 200  # of this machine
        with Visitor(served) as visitor:
            session = visitor.visit("funnel").session
            visitor.run(visitor.chosen("funnel.breakdown", visitor.widget("funnel.breakdown").options[1]))
            place, headline = visitor.query, _headline(visitor)
            assert "question=" in place
            _uploads(served, session)
    with serving(served.folder, settings(served), served.port), Visitor(served, query=place) as visitor:
        assert _headline(visitor.visit("funnel")) == headline


def _ready(port: int) -> None:
    """Wait until a server says that it can answer."""
    waits = [sys.executable, DEPLOY / "ready.py", f"http://127.0.0.1:{port}/readyz", "--wait", "170"]
    subprocess.run(waits, check=True)


def _has_headers(page: httpx2.Response) -> None:
    assert page.status_code == 200
    assert page.headers["strict-transport-security"].startswith("max-age=")
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["referrer-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["server"] == "nginx"


def _headline(visitor: Visitor) -> str:
    return next(text for text in visitor.texts if text.startswith("#### "))


def _uploads(served: Served, session: str) -> None:
    """Bring a file that nginx's own limit would refuse, and one that is too much for the server."""
    with served.client() as browser:
        xsrf = browser.get("/_stcore/health").cookies["_streamlit_xsrf"]
        for size, file in ((3, "fits"), (6, "does-not")):
            put = browser.put(
                f"/_stcore/upload_file/{session}/{file}", files={"file": ("a.csv", b"x" * size * 2**20)},
                headers={"X-Xsrftoken": xsrf},
            )  # fmt: skip
            assert put.status_code == 204
        told = browser.get("/metrics").text
    held = next(line for line in told.splitlines() if line.startswith("sluice_uploads_bytes "))
    assert float(held.split()[1]) == 3 * 2**20


@needs_nginx
@pytest.mark.browser
@pytest.mark.xdist_group("browser")
@pytest.mark.long
def test_a_browser_shows_the_app_through_it_and_nothing_is_forbidden_there(
    there: tuple[Served, str, Path], chromium: Browser
) -> None:
    served, _plain, _ = there
    said: list[str] = []
    with serving(served.folder, settings(served), served.port):
        _ready(served.port)
        page = chromium.new_page(ignore_https_errors=True)
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.wire = Wire(page)
        page.goto(f"{served.url}/paths", timeout=PATIENCE)
        settled(page)
        assert page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg").count()
        page.close()
    assert not [text for text in said if "Content Security Policy" in text or "Refused" in text]


@needs_nginx
def test_nobody_says_who_they_are_through_it_and_the_log_lets_nobody_in(tmp_path: Path) -> None:
    """What arrives behind nginx: the name that was asked for, the address that asked, and nothing of who it is.

    What it logs are pages: no code of a room or of a sign-in, no question.
    """
    heard: list[dict[str, str]] = []

    class Echo(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    upstream = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    Thread(target=upstream.serve_forever, daemon=True).start()
    forged = dict.fromkeys(IDENTITY, "admin")
    with nginx(tmp_path, upstream.server_port) as (url, plain, trusted):
        httpx2.get(url, headers=forged | {"X-Forwarded-For": "203.0.113.9"}, verify=trusted)
        for path in (
            "/sign-in/back?code=secret&state=x",
            "/room/SECRET23",
            "/room/secret?lang=en",
            "/paths?question=q",
        ):
            httpx2.get(f"{url}{path}", verify=trusted, headers={"referer": f"{url}/room/SECRET23"})
        httpx2.get(f"{plain}/room/SECRET23", follow_redirects=False)
    upstream.shutdown()
    arrived, *_others = heard
    assert not set(map(str.lower, forged)) & arrived.keys()
    assert arrived["host"] == "localhost"
    assert arrived["x-forwarded-for"] == "127.0.0.1"
    assert arrived["x-forwarded-proto"] == "https"
    logged = "".join(path.read_text() for path in tmp_path.glob("*.log")).lower()
    asked = [line.split('"')[1] for line in (tmp_path / "sluice.access.log").read_text().splitlines()]
    assert asked == ["GET /", "GET /sign-in/back", "GET /room/-", "GET /room/-", "GET /paths"]
    assert "secret" not in logged and "question" not in logged


@needs_nginx
def test_the_documented_proxy_alone_says_who_somebody_is(tmp_path: Path) -> None:
    """As docs/sign-in.md shows it: also what its sign-in does not know of somebody is not what a browser says."""
    heard: list[dict[str, str]] = []

    class SignsIn(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            if self.path == "/oauth2/auth":
                self.send_header("X-Auth-Request-User", "li")
            else:
                heard.append({name.lower(): value for name, value in self.headers.items()})
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    text = (ROOT / "docs/sign-in.md").read_text(encoding="utf-8")
    place = text.split("```nginx\n")[1].split("```")[0]
    upstream = ThreadingHTTPServer(("127.0.0.1", 0), SignsIn)
    Thread(target=upstream.serve_forever, daemon=True).start()
    signs_in = "location = /oauth2/auth { internal; proxy_pass http://sluice; }\n"
    with nginx(tmp_path, upstream.server_port, signs_in + place) as (url, _plain, trusted):
        httpx2.get(url, headers=dict.fromkeys(IDENTITY, "admin"), verify=trusted)
    upstream.shutdown()
    (arrived,) = heard
    said = {name.lower(): arrived.get(name.lower()) for name in IDENTITY}
    assert {name: value for name, value in said.items() if value} == {
        "x-forwarded-user": "li", "x-sluice-proxy": "the secret",
    }  # fmt: skip


# ---- the unit ---------------------------------------------------------------------------------------------


def test_the_unit_starts_what_is_there(tmp_path: Path) -> None:
    unit = (DEPLOY / "sluice.service").read_text(encoding="utf-8")
    for line in re.findall(r"^ExecStart(?:Post)?=(.+)$", unit, re.MULTILINE):
        for word in shlex.split(line):
            if word.startswith("/opt/sluice/") and "/.venv/" not in word:
                assert (ROOT / word.removeprefix("/opt/sluice/")).is_file(), word
    assert "User=sluice" in unit
    assert (ROOT / "deploy/sluice.env").is_file() and "EnvironmentFile=/opt/sluice/deploy/sluice.env\n" in unit
    assert re.search(r"^MemoryMax=\d+%$", unit, re.MULTILINE)
    assert (ROOT / "serve.py").is_file()


@pytest.mark.skipif(not SYSTEMD, reason="needs systemd-analyze")
def test_systemd_takes_the_unit_and_finds_it_well_closed(tmp_path: Path) -> None:
    unit, binaries = tmp_path / "sluice.service", tmp_path / "bin"
    binaries.mkdir()
    for name in ("streamlit", "python"):
        (binaries / name).write_text("#!/bin/sh\n")
        (binaries / name).chmod(0o755)
    text = (DEPLOY / "sluice.service").read_text(encoding="utf-8")
    unit.write_text(text.replace("/opt/sluice/.venv/bin", str(binaries)))
    told = subprocess.run([SYSTEMD, "verify", "--man=no", unit], capture_output=True, text=True)
    assert (told.returncode, [line for line in told.stderr.splitlines() if "sluice" in line]) == (0, [])
    judged = subprocess.run(
        [SYSTEMD, "security", "--offline=true", "--threshold=20", unit], capture_output=True, text=True
    )
    assert judged.returncode == 0, judged.stdout[-200:]  # at most 2 of 10


# ---- the command of who looks after it -------------------------------------------------------------------------


def as_root(folder: Path, user: int, *words: str) -> subprocess.CompletedProcess[str]:
    """Run deploy/sluice as somebody; where it would become the service's user, it prints what that one would get."""
    stubs = {"id": f"echo {user}", "setpriv": 'printf "%s\\0" "$@"; env -0'}
    for name, does in stubs.items():
        (folder / name).write_text(f"#!/bin/sh\n{does}\n")
        (folder / name).chmod(0o755)
    env = {"PATH": f"{folder}:/usr/bin:/bin", "SLUICE_SECRETS": str(folder / "secrets.env")}
    return subprocess.run([DEPLOY / "sluice", *words], env=env, cwd=folder, capture_output=True, text=True)


def test_the_command_stands_where_the_service_stands(tmp_path: Path) -> None:
    """Its user, its folders and its secrets, whatever signs stand in them: nothing of a secret is run."""
    secret = """a~b$(touch ran)`touch ran`;c&d"e'f=g #h \\n"""
    lines = f'# a comment\n\nSLUICE_OIDC_CLIENT_SECRET={secret}\nSLUICE_SERVER_METRICS_TOKEN="a token"'
    (tmp_path / "secrets.env").write_text(lines)
    done = as_root(tmp_path, 0, "backups", "restore", "an id")
    *words, _last = done.stdout.split("\0")
    given = dict(word.partition("=")[::2] for word in words if word.startswith(("SLUICE_", "HOME", "PWD")))
    assert words[: words.index(".venv/bin/python")] == [
        "--reuid=sluice", "--regid=sluice", "--init-groups", "--no-new-privs",
    ]  # fmt: skip
    at = words.index(".venv/bin/python")
    assert words[at + 1 : at + 5] == ["-m", "server.backups", "restore", "an id"]
    assert given == {
        "SLUICE_CONFIG": "/etc/sluice/sluice.toml",
        "SLUICE_WORKSPACES": "/var/lib/sluice/workspaces",
        "SLUICE_KEY_FILE": "/var/lib/sluice/key",
        "SLUICE_COMMAND": "sudo sluice",
        "SLUICE_OIDC_CLIENT_SECRET": secret,
        "SLUICE_SERVER_METRICS_TOKEN": "a token",
        "SLUICE_SECRETS": str(tmp_path / "secrets.env"),
        "HOME": "/var/lib/sluice",
        "PWD": str(ROOT),
    }
    assert not list(tmp_path.glob("ran")) and not (ROOT / "ran").exists()


def test_the_command_says_what_it_takes(tmp_path: Path) -> None:
    other = as_root(tmp_path, 1000, "config")
    assert (other.returncode, other.stdout, "with sudo" in other.stderr) == (1, "", True)
    asked = as_root(tmp_path, 0)
    assert asked.returncode == 2
    assert all(f"sudo sluice {word}" in asked.stdout for word in ("config", "backups", "ready"))


# ---- the image --------------------------------------------------------------------------------------------


def steps() -> list[tuple[str, str]]:
    """Return the image's instructions, each with what it says."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines if line.strip())]


def context(into: Path) -> None:
    """Copy what `COPY . .` takes, by .dockerignore; compiled kernels come along, as compiling takes minutes."""
    rules = [r for r in (ROOT / ".dockerignore").read_text(encoding="utf-8").split("\n") if r and r[0] != "#"]

    def left_out(folder: str, names: list[str]) -> set[str]:
        inside = Path(folder).relative_to(ROOT)
        return {
            name for name in names for rule in rules
            if name != "__pycache__"
            and (fnmatch(str(inside / name), rule) or (rule.startswith("**/") and fnmatch(name, rule[3:])))
        }  # fmt: skip

    shutil.copytree(ROOT, into, ignore=left_out, dirs_exist_ok=True)


def test_the_image_is_made_of_what_it_names_and_runs_as_nobody_in_particular() -> None:
    found = steps()
    names = [name for name, _ in found]
    assert names[0] == "FROM"
    assert found[0][1].startswith("python:3.1")
    for name, rest in found:
        if name == "COPY":
            *sources, _into = rest.split()
            assert all((ROOT / source).exists() for source in sources)
    users = [rest for name, rest in found if name == "USER"]
    assert users == ["sluice"]
    assert names.index("USER") < names.index("CMD")
    last = json.loads(dict(found)["CMD"])
    assert last[:3] == [".venv/bin/streamlit", "run", "serve.py"]


@pytest.mark.long
@pytest.mark.parametrize("setting", ["OMP_NUM_THREADS", "MALLOC_ARENA_MAX"])
def test_the_image_and_the_unit_run_as_make_does(setting: str) -> None:
    made = re.search(rf"^export {setting} \?= (\d+)$", (ROOT / "Makefile").read_text(), re.M)
    assert made
    told = f"{setting}={made[1]}"
    assert told in (DEPLOY / "sluice.env").read_text().splitlines()
    assert told in (DEPLOY / "Dockerfile").read_text().split()


def test_a_server_of_what_the_image_holds_becomes_ready(tmp_path: Path) -> None:
    """The image's tree, and its last two steps: byte code is compiled, the command is run."""
    image, kept = tmp_path / "image", tmp_path / "kept"
    context(image)
    assert not (image / "tests").exists()
    bin_ = Path(sys.prefix) / "bin"
    compiled = next(
        part for name, rest in steps() if name == "RUN" for part in rest.split("&&") if "compileall" in part
    )
    subprocess.run([bin_ / "python", *shlex.split(compiled)[1:]], cwd=image, check=True)
    port = free_port()
    command = [word.replace("8501", str(port)) for word in json.loads(dict(steps())["CMD"])]
    env = {key: value for key, value in os.environ.items() if not key.startswith("SLUICE_")}
    env |= {"SLUICE_WORKSPACES": str(kept), "SLUICE_KEY_FILE": str(tmp_path / "key"), "OMP_NUM_THREADS": "1"}
    env |= {"SLUICE_SIGN_IN_MODE": "open"}
    process = subprocess.Popen([bin_ / "streamlit", *command[1:]], cwd=image, env=env, stdout=subprocess.DEVNULL)
    try:
        _ready(port)
        assert list(kept.glob("sample-*.duckdb"))
    finally:
        process.terminate()
        process.wait(timeout=60)


def test_waiting_for_an_address_ends_with_what_it_said_last(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, DEPLOY / "ready.py", f"http://127.0.0.1:{free_port()}/readyz", "--wait", "1"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert told.returncode == 1
    assert "does not answer within 1 s" in told.stderr


@pytest.mark.parametrize("status", [200, 404])
def test_another_programs_page_is_not_taken_for_an_answer(status: int) -> None:
    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"<!DOCTYPE html>\n<html>\n" + b"<p>somebody else</p>\n" * 50)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Other)
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/readyz"
    told = subprocess.run([sys.executable, DEPLOY / "ready.py", url, "--wait", "1"], capture_output=True, text=True)
    server.shutdown()
    assert told.returncode == 1
    assert told.stderr == (
        f"{url} does not answer within 1 s; last: {status} and a page: it is another program that answers there\n"
    )


def test_a_server_whose_script_crashes_is_not_ready_though_streamlit_calls_it_healthy(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("raise RuntimeError('it crashes')\n")
    (tmp_path / "serve.py").write_text(
        "from streamlit.starlette import App\nfrom server import health, running\n"
        "app = App('broken.py', routes=health.routes(health.Readiness({'script': running.script_runs})))\n"
    )
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "serve.py", "--server.headless", "true", "--server.port", str(port)],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        base = f"http://127.0.0.1:{port}"
        subprocess.run([sys.executable, DEPLOY / "ready.py", f"{base}/healthz", "--wait", "100"], check=True)
        assert httpx2.get(f"{base}/_stcore/health").status_code == 200
        told = httpx2.get(f"{base}/readyz", timeout=60)
        assert (told.status_code, list(told.json()["wrong"])) == (503, ["script"])
    finally:
        process.terminate()
        process.wait(timeout=60)
