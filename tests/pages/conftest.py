"""The whole app in Streamlit's own test harness, always through app.py, on workspaces of the test run's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import PAGES, run
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from analysis.workspace import Workspace
from analysis.workspace.folder import new_id
from ui import session

ROOT = Path(__file__).resolve().parents[2]
Open = Callable[..., AppTest]


@pytest.fixture(scope="session")
def workspaces(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One folder of workspaces per test process: the sample is imported once."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("workspaces")
        patch.setenv("SLUICE_WORKSPACES", str(folder))
        patch.setenv("SLUICE_KEY_FILE", str(folder / "key"))
        yield folder


@pytest.fixture
def own(workspaces: Path) -> Workspace:
    """Return a visitor's own copy of the sample; `opened(page, workspace=own.path.stem)` stands on it."""
    id = new_id()
    session._open(session.SAMPLE).copy(session.visitors() / f"{id}.duckdb")
    return session._open(id)


@pytest.fixture(autouse=True)
def warmed_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the app as a server does after its first visitor: the harness starts each run as if it were the first,
    and Streamlit then forgets button presses on its way from the `pages/` folder to `st.navigation`."""
    make = PagesManager.__init__

    def warmed(self: PagesManager, *args: object, **kwargs: object) -> None:
        make(self, *args, **kwargs)
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", warmed)


@pytest.fixture
def opened(workspaces: Path) -> Open:
    """Return a function that opens a page, its tables unfolded, and checks that nothing unexpected happened on it."""

    def open_page(page: str = "funnel", *, language: str = "en", unfolded: bool = True, **query: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        app.session_state["language"] = language
        for name in PAGES:
            app.session_state[f"details.{name}"] = unfolded
        for name, value in query.items():
            app.query_params[name] = value
        if page != "home":
            app.switch_page(f"pages/{page}.py")
        return run(app)

    return open_page
