"""What is kept under names: saved, replaced, forgotten, and each of these taken back."""

from __future__ import annotations

from harness import errors, finding, headline, run, stands_on
from streamlit.testing.v1 import AppTest

from analysis import Funnel, Lifecycle
from analysis.question import Question
from analysis.workspace import Segment, Workspace

NAME = "my *funnel*"


def save(app: AppTest, name: str = NAME) -> AppTest:
    app.text_input(key="funnel.save.name").set_value(name)
    app.button(key="funnel.save").click()
    return run(app)


def windows(app: AppTest) -> list[str]:
    return [kept.value.window for kept in stands_on(app).kept(Funnel)]


def said(app: AppTest) -> str:
    return " ".join(m.value for m in app.main.markdown).replace("\\", "")


def test_a_saved_question_is_replaced_and_forgotten_and_both_are_taken_back(opened) -> None:
    app = save(opened())
    (kept,) = stands_on(app).kept(Question)
    assert (kept.name, said(app).count("was replaced"), windows(app)) == (NAME, 0, ["7d"])
    shorter = kept.value.replace(window="1h") if isinstance(kept.value, Funnel) else kept.value
    stands_on(app).keep(NAME, shorter)
    save(app)
    assert (windows(app), f"{NAME} was replaced." in said(app)) == (["7d"], True)
    app.button(key="funnel.saved.undo").click()
    assert f"{NAME} was replaced." not in said(run(app))
    assert windows(app) == ["1h"]
    app.button(key=f"funnel.forget.{kept.id}").click()
    assert f"{NAME} was forgotten." in said(run(app))
    assert windows(app) == []
    app.button(key="funnel.saved.undo").click()
    run(app)
    assert windows(app) == ["1h"]
    app.button(key=f"funnel.open.{kept.id}").click()
    assert headline(run(app)) == finding(shorter, stands_on(app).tables())


def test_what_cannot_be_taken_back_says_why(opened) -> None:
    app = save(opened())
    (kept,) = stands_on(app).kept(Question)
    app.button(key=f"funnel.forget.{kept.id}").click()
    run(app)
    stands_on(app).keep(NAME, kept.value)
    app.button(key="funnel.saved.undo").click()
    assert f"Something else is kept as {NAME} by now" in errors(run(app))
    assert len(stands_on(app).kept(Question)) == 1


def test_a_forgotten_segment_is_taken_back_with_its_column(opened, own: Workspace) -> None:
    here = own
    segment = here.keep("stage", Segment(question=Lifecycle(at="2026-11-05")))
    version = here.version
    app = opened("saved_segments", workspace=own.path.stem)
    app.button(key="saved_segments.kept.stage.forget").click()
    assert "stage was forgotten." in said(run(app))
    assert "stage" not in here.tables().present("events")
    app.button(key="saved_segments.kept.undo").click()
    run(app)
    assert (here.version, here.kept(Segment)[0].value) == (version, segment.value)


def test_a_word_about_one_workspace_is_not_said_in_another(opened) -> None:
    app = save(opened())
    (kept,) = stands_on(app).kept(Question)
    app.button(key=f"funnel.forget.{kept.id}").click()
    run(app)
    app.session_state["funnel.saved.changed"] = (object(), kept.id, None)
    run(app)
    assert "was forgotten" not in said(app)
    assert not [b for b in app.button if b.key == "funnel.saved.undo"]
