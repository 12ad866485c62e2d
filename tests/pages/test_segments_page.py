"""Segments: the stages are saved as a column, listed, opened and forgotten."""

from __future__ import annotations

from harness import errors, finding, headline, run, stands_on
from streamlit.testing.v1 import AppTest

from analysis import Filter, Funnel, Lifecycle, Step, Tables
from analysis.sharing import links
from analysis.workspace import Segment, Workspace

NAME = "before *burst*"
WHERE = Filter(campaign="Double 11 2026")
ASKED = Lifecycle(at="2026-11-15", since="2026-10-18", where=WHERE)


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
    kept = stands_on(app).kept(Segment)
    assert [(s.name, s.value.question, s.value.users) for s in kept] == [(NAME, ASKED, members)]
    assert NAME in stands_on(app).tables().present("events")
    app.multiselect(key="segments.interest").set_value(["cart"])
    assert headline(run(app)) == finding(ASKED.replace(interest="cart"), sample)
    assert "are saved under" not in said(app)
    app.button(key=f"segments.kept.{NAME}.open").click()
    assert headline(run(app)) == finding(ASKED, sample)
    app.button(key=f"segments.kept.{NAME}.forget").click()
    assert f"{members:,} users as of" not in said(run(app))
    assert stands_on(app).kept(Segment) == ()
    assert NAME not in stands_on(app).tables().present("events")


def test_a_segment_without_a_name_or_with_a_columns_name_is_refused_in_words(opened) -> None:
    app = save(opened("segments"), "  ")
    assert [w.value for w in app.warning] == ["Give it a name first."]
    save(app, "Channel")
    assert "There is a column Channel already. Give the segment another name." in errors(app)
    assert stands_on(app).kept(Segment) == ()


def test_a_segment_is_offered_wherever_a_column_is_chosen(opened, own: Workspace) -> None:
    asked = Lifecycle(at="2026-11-05")
    own.keep(NAME, Segment(question=asked))
    tables = own.tables()
    app = opened(workspace=own.path.stem)
    known = ["channel", "device", "campaign"]
    for key in ("funnel.breakdown", "funnel.hold"):
        options = app.selectbox(key=key).options
        assert (options[1:4], options[-1]) == (known, NAME)
    app.selectbox(key="funnel.breakdown").set_value(NAME)
    app.multiselect(key=f"funnel.step.0.where.{NAME}").set_value(["interest", "conversion"])
    steps = (Step("view", where={NAME: ("interest", "conversion")}), "cart", "checkout", "purchase")
    answer = Funnel(steps=steps, breakdown=NAME, where=WHERE).run(tables)
    assert headline(run(app)) == answer.say(answer.headline)
    assert set(app.dataframe[0].value.iloc[:, 0]) == {"(total)", "interest", "conversion"}
    app.button_group(key="funnel.view").set_value("drop-offs")
    assert NAME in run(app).multiselect(key="funnel.dropoffs.by").options
    app.button_group(key="funnel.view").set_value("funnel-change")
    assert NAME in run(app).selectbox(key="funnel.change.by").options
    for page in ("retention", "speed"):
        app = opened(page, workspace=own.path.stem)
        app.selectbox(key=f"{page}.breakdown").set_value(NAME)
        run(app)
        assert not errors(app)
        frame = next(d.value for d in app.dataframe if "interest" in d.value.iloc[:, 0].values)
        assert "reach" in set(frame.iloc[:, 0])


def test_stages_are_said_in_the_readers_language(opened, own: Workspace) -> None:
    own.keep(NAME, Segment(question=Lifecycle(at="2026-11-05")))
    asked = Funnel(steps=("view", "cart"), breakdown=NAME)
    app = opened(language="zh_CN", workspace=own.path.stem, question=links.encode(asked))
    assert set(app.dataframe[0].value.iloc[:, 0]) >= {"触达", "兴趣", "转化", "复购"}


def test_the_filter_bar_offers_saved_segments(opened, own: Workspace) -> None:
    own.keep(NAME, Segment(question=Lifecycle(at="2026-11-05")))
    tables = own.tables()
    key, steps = f"filter.segment.{NAME}", ("view", "cart", "checkout", "purchase")
    app = opened(workspace=own.path.stem)
    app.multiselect(key=key).set_value(["interest", "conversion"])
    where = WHERE.replace(segment={NAME: ("interest", "conversion")})
    asked = Funnel(steps=steps, where=where)
    assert headline(run(app)) == finding(asked, tables)
    app.switch_page("pages/data.py")
    run(app)
    app.switch_page("pages/retention.py")
    assert run(app).multiselect(key=key).value == ["interest", "conversion"]
    app.button(key="filter.clear").click()
    assert run(app).multiselect(key=key).value == []
    linked = opened(workspace=own.path.stem, question=links.encode(asked))
    assert headline(linked) == finding(asked, tables)
    assert linked.multiselect(key=key).value == ["interest", "conversion"]


def test_a_link_that_filters_by_a_segment_that_is_not_here_says_so(opened) -> None:
    asked = Funnel(steps=("view", "cart"), where=Filter(segment={"gone": "reach"}))
    app = opened(question=links.encode(asked))
    assert "cannot be filtered by gone" in errors(app)
    app.multiselect(key="filter.segment.gone").set_value([])
    assert headline(run(app)) == finding(asked.replace(where=None), stands_on(app).tables())
