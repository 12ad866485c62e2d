"""The page of notebooks: templates become notebooks, cells change in place, two people lose nothing."""

from __future__ import annotations

from harness import run

from analysis import Words


def test_a_round_of_the_plan_becomes_a_notebook(opened) -> None:
    app = opened("notebooks")
    app.button(key="notebook.template.diagnosis").click()
    run(app)
    assert not app.exception
    assert app.title[0].value.startswith("Diagnosis")
    headlines = [m.value for m in app.markdown if m.value.startswith("#### ")]
    assert any("went on to purchase" in h for h in headlines) and len(headlines) == 8
    app.button(key="notebook.add.text").click()
    run(app)
    area = app.text_area[0]
    area.set_value("## My own words")
    run(app)
    assert isinstance(app.session_state["notebook.desk"].book.cells[-1].holds, Words)
    app.button(key="notebook.undo").click()
    run(app)
    assert app.session_state["notebook.desk"].book.cells[-1].holds == Words()
    app.button(key="notebook.redo").click()
    assert run(app).session_state["notebook.desk"].book.cells[-1].holds == Words(text="## My own words")
