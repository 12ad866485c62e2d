"""What tests of the app share."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

PAGES = ("funnel", "retention", "participation", "nodes", "segments", "budget", "reallocation", "data")


def run(app: AppTest) -> AppTest:
    """Run the app again; no page may raise."""
    app.run()
    assert not app.exception, [e.value for e in app.exception]
    return app


def headline(app: AppTest) -> str:
    """Return the answer's headline as shown, markdown escapes taken out."""
    found = [m.value for m in app.main.markdown if m.value.startswith("#### ")]
    assert found, [e.value for e in app.error]
    return found[0][5:].replace("\\", "")


def errors(app: AppTest) -> str:
    """Return the error messages as shown, markdown escapes taken out."""
    return " ".join(e.value for e in app.error).replace("\\", "")
