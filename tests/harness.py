"""What tests of the app share."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from analysis.question import Question
from analysis.tables import Tables
from analysis.workspace import Workspace
from ui import session

PAGES = (
    "home",
    "funnel",
    "paths",
    "speed",
    "retention",
    "participation",
    "attribution",
    "nodes",
    "lifecycle",
    "states",
    "growth",
    "saved_segments",
    "intent",
    "clusters",
    "private_domain",
    "rfm",
    "value",
    "sales",
    "comparison",
    "performance",
    "payback",
    "budget",
    "reallocation",
    "plan",
    "review",
    "data",
)


def run(app: AppTest) -> AppTest:
    """Run the app again; no page may raise."""
    app.run()
    assert not app.exception, [e.value for e in app.exception]
    return app


def stands_on(app: AppTest) -> Workspace:
    """Return the workspace that a session stands on."""
    return session._open(address(app))


def address(app: AppTest) -> str:
    """Return the workspace's id in a session's address; none is the sample."""
    given = app.query_params.get("workspace", session.SAMPLE)
    return given if isinstance(given, str) else given[0]


def headline(app: AppTest) -> str:
    """Return the answer's headline as shown, markdown escapes and what keeps a sign with its amount taken out."""
    found = [m.value for m in app.main.markdown if m.value.startswith("#### ")]
    assert found, [e.value for e in app.error]
    return found[0][5:].replace("\\", "").replace("\u2060", "")


def finding(question: Question, tables: Tables) -> str:
    """Return the headline of a question's answer as people read it in English."""
    answer = question.run(tables)
    return answer.say(answer.headline)


def errors(app: AppTest) -> str:
    """Return the error messages as shown, markdown escapes taken out."""
    return " ".join(e.value for e in app.error).replace("\\", "")


def nothing(app: AppTest) -> str:
    """Return what the page says in place of an answer when there is nothing to answer from."""
    return " ".join(i.value for i in app.info).replace("\\", "")
