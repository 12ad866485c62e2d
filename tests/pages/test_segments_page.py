"""Segments: the stages are saved as a column, listed, opened and forgotten."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness import errors, headline, run
from streamlit.testing.v1 import AppTest

from analysis import Filter, Lifecycle, Tables
from ui import session

NAME = "before *burst*"
WHERE = Filter(campaign="Double 11 2026")
ASKED = Lifecycle(at="2026-11-15", since="2026-10-18", where=WHERE)


@pytest.fixture(autouse=True)
def _forget(workspaces: object) -> Iterator[None]:
    """Leave the sample as other tests know it."""
    yield
    for segment in session.workspace().segments():
        session.workspace().forget_segment(segment.name)


def save(app: AppTest, name: str) -> AppTest:
    app.text_input(key="segments.segment.name").set_value(name)
    app.button(key="segments.segment.save").click()
    return run(app)


def said(app: AppTest) -> str:
    return " ".join(m.value for m in (*app.success, *app.main.markdown)).replace("\\", "")


def test_a_segment_is_saved_listed_opened_and_forgotten(opened, sample: Tables) -> None:
    app = opened("segments")
    assert "as of 2026-11-15: use it for what happened after that day" in said(app)
    members = ASKED.members(sample).num_rows
    save(app, NAME)
    assert f"{members:,} users are saved under {NAME}. Choose it on the other pages" in said(app)
    assert f"{members:,} users as of 2026-11-15" in said(app)
    kept = session.workspace().segments()
    assert [(s.name, s.question, s.users) for s in kept] == [(NAME, ASKED, members)]
    assert NAME in session.workspace().tables().present("events")
    app.multiselect(key="segments.interest").set_value(["cart"])
    assert headline(run(app)) == ASKED.replace(interest="cart").run(sample).headline.text()
    assert "are saved under" not in said(app)
    app.button(key=f"segments.kept.{NAME}.open").click()
    assert headline(run(app)) == ASKED.run(sample).headline.text()
    app.button(key=f"segments.kept.{NAME}.forget").click()
    assert f"{members:,} users as of" not in said(run(app))
    assert session.workspace().segments() == ()
    assert NAME not in session.workspace().tables().present("events")


def test_a_segment_without_a_name_or_with_a_columns_name_is_refused_in_words(opened) -> None:
    app = save(opened("segments"), "  ")
    assert [w.value for w in app.warning] == ["Give it a name first."]
    save(app, "Channel")
    assert "There is a column Channel already. Give the segment another name." in errors(app)
    assert session.workspace().segments() == ()
