"""The Attribution page: its controls say the question, and the page shows that question's answer."""

from __future__ import annotations

import pytest
from harness import errors, headline, nothing, run
from streamlit.testing.v1 import AppTest

from analysis import Attribution, Filter, Tables
from analysis.sharing import links

WHERE = Filter(campaign="Double 11 2026")


def said(sample: Tables, **asked: object) -> str:
    answer = Attribution(**{"value": "revenue", "where": WHERE, **asked}).run(sample)
    return answer.say(answer.headline)


def select(app: AppTest, key: str, value: object) -> AppTest:
    app.selectbox(key=f"attribution.{key}").set_value(value)
    return run(app)


@pytest.mark.long
def test_first_visit_answers_the_default_question(opened, sample: Tables) -> None:
    app = opened("attribution")
    assert headline(app) == said(sample)
    assert headline(app).startswith("Private domain brings most: CN¥293,")
    ranking, wide = app.dataframe[0].value, app.dataframe[1].value
    assert ranking["touch"].tolist()[:3] == ["private domain", "organic", "short video"]
    assert wide["touch"].iloc[-1] == "(total)"
    assert list(wide.columns) == ["touch", "first", "last", "linear", "decay", "position", "markov", "shapley"]
    for model in wide.columns[1:]:
        assert round(wide[model].iloc[:-1].sum(), 2) == wide[model].iloc[-1] == 892806.39
    assert round(ranking["value"].sum(), 2) == 892806.39


@pytest.mark.long
def test_the_note_that_matters_stands_alone_and_the_rest_are_folded(opened) -> None:
    app = opened("attribution")
    folds = {fold.label: fold for fold in app.expander}
    folded = [m.value for m in folds["How this is counted"].markdown]
    assert len(folded) >= 4 and any("A path holds the visit events" in text for text in folded)
    outside = [m.value for m in app.main.markdown if m.value.startswith(":material/") and m.value not in folded]
    assert len(outside) == 1 and "only an experiment can tell" in outside[0]


def test_each_part_of_the_sentence_changes_the_question(opened, sample: Tables) -> None:
    app = opened("attribution")
    asked: dict[str, object] = {}
    for key, value in (("value", "conversions"), ("by", "creative"), ("paths", "all"), ("conversion", "checkout")):
        asked[key] = value
        assert headline(select(app, key, value)) == said(sample, **asked)
    app.number_input(key="attribution.window").set_value(30)
    assert headline(run(app)) == said(sample, window="30d", **asked)


def test_phases_of_the_campaign_can_get_the_credit(opened, sample: Tables) -> None:
    app = select(opened("attribution"), "by", "phase")
    assert headline(app) == said(sample, by="phase")
    assert sorted(app.dataframe[0].value["touch"]) == ["burst", "warm-up", "wrap-up"]


def test_touches_and_models_have_settings(opened, sample: Tables) -> None:
    app = opened("attribution")
    app.multiselect(key="attribution.touches").set_value(["visit", "view"])
    asked: dict[str, object] = {"touches": ("visit", "view"), "repeats": "session"}
    assert headline(select(app, "repeats", "session")) == said(sample, **asked)
    app.multiselect(key="attribution.models").set_value(["position", "decay"])
    app.number_input(key="attribution.first").set_value(80)
    app.number_input(key="attribution.last").set_value(0)
    app.number_input(key="attribution.half_life").set_value(1)
    asked |= {"models": ("position", "decay"), "first": 0.8, "last": 0.0, "half_life": "1d"}
    assert headline(run(app)) == said(sample, **asked)
    app.number_input(key="attribution.last").set_value(30)
    assert "more than 100%" in errors(run(app))
    app.number_input(key="attribution.last").set_value(20)
    asked |= {"last": 0.2}
    assert headline(run(app)) == said(sample, **asked)


def test_direct_brings_its_model_and_goes_with_its_column(opened, sample: Tables) -> None:
    app = select(opened("attribution"), "direct", "organic")
    app.multiselect(key="attribution.models").set_value(["last", "last_non_direct"])
    asked = {"direct": "organic", "models": ("last", "last_non_direct")}
    assert headline(run(app)) == said(sample, **asked)
    app = select(app, "by", "creative")
    assert headline(app) == said(sample, by="creative", models=("last",))


def test_a_link_opens_its_question(opened, sample: Tables) -> None:
    question = Attribution(
        by="creative", window="36h", value="revenue", models=("last", "linear"), where=Filter(channel="short_video")
    )
    app = opened("attribution", question=links.encode(question))
    answer = question.run(sample)
    assert headline(app) == answer.say(answer.headline)
    assert app.multiselect(key="filter.channel").value == ["short_video"]


def test_what_the_workspace_lacks_is_said(opened) -> None:
    app = opened("attribution", question=links.encode(Attribution(conversion="purchse")))
    assert "Did you mean purchase" in errors(app)
    app = opened("attribution", question=links.encode(Attribution(direct="(direct)", where=WHERE)))
    assert "There is no channel '(direct)'. Choose from" in errors(app)


def test_a_range_without_conversions_is_said(opened) -> None:
    app = opened("attribution", question=links.encode(Attribution(where=Filter(end="2024-09-20"))))
    assert "Nobody bought under these filters" in nothing(app)
