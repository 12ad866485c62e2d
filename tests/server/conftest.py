"""A provider of OpenID Connect, and servers behind their gate."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tools import Served, free_port, serving

from server.registry import Registry

Provider = Any


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Registry]:
    """Return a register of a test's own."""
    registry = Registry(tmp_path / "server.db")
    yield registry
    registry.close()


@pytest.fixture(scope="session")
def client_of_provider(iam_server: Provider) -> tuple[Any, int]:
    """Register this application with the provider; return what it is there, and the port it will have."""
    port = free_port()
    with iam_server.app.app_context():
        client = iam_server.models.Client(
            client_id=str(uuid.uuid4()),
            client_secret=str(uuid.uuid4()),
            client_name="Sluice",
            client_uri=f"http://localhost:{port}",
            redirect_uris=[f"http://localhost:{port}/sign-in/back"],
            post_logout_redirect_uris=[f"http://localhost:{port}/sign-in"],
            grant_types=["authorization_code"],
            response_types=["code"],
            scope=["openid", "profile", "email", "groups"],
            token_endpoint_auth_method="client_secret_basic",
            client_id_issued_at=dt.datetime.now(dt.UTC),
        )
        client.audience = [client]
        iam_server.backend.save(client)
    return client, port


@pytest.fixture(scope="session")
def oidc(
    iam_server: Provider, client_of_provider: tuple[Any, int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A server whose people sign in at the provider: analysts may come in, `leads` look after it."""
    client, port = client_of_provider
    settings = {
        "SLUICE_SIGN_IN_MODE": "oidc",
        "SLUICE_SERVER_URL": f"http://localhost:{port}",
        "SLUICE_OIDC_ISSUER": iam_server.url,
        "SLUICE_OIDC_CLIENT_ID": client.client_id,
        "SLUICE_OIDC_CLIENT_SECRET": client.client_secret,
        "SLUICE_OIDC_SCOPE": "openid profile email groups",
        "SLUICE_SIGN_IN_GROUPS": "analysts",
        "SLUICE_SIGN_IN_ADMIN_GROUPS": "leads",
        "SLUICE_SERVER_METRICS_TOKEN": "a-collector-of-metrics",
    }
    with serving(tmp_path_factory.mktemp("oidc"), settings, port) as served:
        yield served


@pytest.fixture(scope="session")
def groups(iam_server: Provider) -> dict[str, Any]:
    """Groups of the provider."""
    return {name: iam_server.random_group(display_name=name) for name in ("analysts", "leads", "buyers")}


class People:
    """People of the provider, and how they sign in."""

    def __init__(self, iam: Provider, client: Any, groups: dict[str, Any], served: Served) -> None:
        self._iam, self._client, self._groups, self._served = iam, client, groups, served

    def make(self, name: str, *groups: str) -> Any:
        """Make somebody with an account there."""
        own = [self._groups[group] for group in groups]
        mail = f"{uuid.uuid4().hex[:8]}@example.cn"
        return self._iam.random_user(formatted_name=name, groups=own, emails=[mail])

    def sign_in(self, user: Any, leads: str = "/") -> tuple[str, httpx2.Response]:
        """Sign in as a browser does; return the session's cookie, if there is one, and where one has arrived."""
        self._iam.consent(user, self._client)
        self._iam.login(user)
        try:
            with httpx2.Client(follow_redirects=False, timeout=60) as browser:
                answer = browser.get(f"{self._served.url}/sign-in/go", params={"next": leads})
                while answer.is_redirect and f":{self._served.port}/sign-in/back" not in str(answer.url):
                    answer = browser.get(answer.headers["location"])
                return answer.cookies.get("sluice", ""), answer
        finally:
            self._iam.logout()


@pytest.fixture(scope="session")
def people(iam_server: Provider, client_of_provider: tuple[Any, int], groups: dict[str, Any], oidc: Served) -> People:
    """People of the provider."""
    return People(iam_server, client_of_provider[0], groups, oidc)


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A folder for a server of a test's own."""
    return tmp_path
