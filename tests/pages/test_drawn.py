"""A chart is made once for all who look at it alike, and is what Streamlit would make of it each time."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from harness import headline, run

from analysis import DisplayName, DropOffs, Funnel
from analysis.answer import Answer
from analysis.journey.funnel.dropoffs import DropOffsAnswer
from analysis.journey.funnel.question import FunnelAnswer
from analysis.messages import say
from ui import drawn, tabled
from ui.language import look, shown

Sent = tuple[str, list[tuple[str, bytes]], str, str]


def charts(app: Any) -> list[Sent]:
    """Return the charts as they are sent to the browser, the numbers left out that Altair counts views by."""

    def within(node: Any) -> list[Any]:
        return [node, *(found for child in getattr(node, "children", {}).values() for found in within(child))]

    protos = [node.proto for node in within(app.main) if "vega_lite_chart" in getattr(node, "type", "")]
    return [
        (re.sub(r"(view|param)_\d+", "", p.spec), sorted((d.name, d.data.data) for d in p.datasets), p.id, p.theme)
        for p in protos
    ]


@pytest.mark.parametrize("page", ["funnel", "attribution", "budget"])
def test_it_is_sent_as_streamlit_sends_it(opened, monkeypatch: pytest.MonkeyPatch, page: str) -> None:
    first, again = charts(opened(page)), charts(opened(page))
    monkeypatch.setattr(
        drawn, "chart", lambda answer, key: st.altair_chart(answer.chart(look()), theme=None, width="stretch", key=key)
    )
    assert len(first) == 1
    assert first == again == charts(opened(page))


def test_it_is_made_once_for_each_way_to_look_at_it(opened, own, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn._spec.clear()
    made, chart = [], FunnelAnswer.chart

    def counted(self: Answer, look: Any = None) -> Any:
        made.append(look.language)
        return chart(self, look)

    monkeypatch.setattr(FunnelAnswer, "chart", counted)
    own.keep("q", Funnel(steps=("view", "cart")))
    for language in ("en", "en", "zh_CN", "zh_CN"):
        opened(workspace=own.path.stem, language=language)
    assert made == ["en", "zh_CN"]
    app = opened(workspace=own.path.stem)
    own.keep("name", DisplayName(column="event", code="view", language="en", name="saw the page"))
    assert "saw the page" in str(charts(run(app))) + headline(app)
    assert made == ["en", "zh_CN", "en"]


@pytest.mark.parametrize("page", ["funnel", "attribution"])
def test_a_table_is_laid_out_once_and_shown_as_if_it_were_each_time(
    opened, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    tabled._laid.clear()
    laid: list[str] = []
    lay = tabled._lay
    monkeypatch.setattr(tabled, "_lay", lambda answer, name, *rest: laid.append(name) or lay(answer, name, *rest))
    first = [table.value for table in opened(page).dataframe]
    made = len(laid)
    again = [table.value for table in opened(page).dataframe]
    assert made
    assert len(laid) == made + sum(len(table) > tabled.KEPT for table in first)
    assert all(one.equals(other) for one, other in zip(first, again, strict=True))
    assert opened(page, language="zh_CN").dataframe
    assert len(laid) > made


def test_numbers_of_a_column_are_written_alike_and_none_reads_as_nought() -> None:
    rows = pd.DataFrame({"worth": [14_166.0, 0.0], "worth_high": [1_234.5, 79_397.694], "lost": [181.7, np.nan],
                         "p_value": [3e-12, 0.0444]})  # fmt: skip
    asked = DropOffs(funnel=Funnel(steps=("view", "cart")))
    answer = DropOffsAnswer(question=asked, version="", headline=say("a"), frames={"table": rows})
    laid = tabled._lay(answer, "table", (), ())
    steps = {column: one["type_config"].get("step") for column, one in laid.config.items()}
    assert steps == {"worth": 1, "worth_high": 0.01, "lost": 1, "p_value": None}
    assert laid.frame["worth_high"].tolist() == [1234.5, 79397.69]
    assert laid.frame["lost"].tolist()[0] == 182
    assert laid.frame["p_value"].tolist() == ["<0.001", "0.044"]
    assert rows["lost"].tolist()[0] == 181.7


def test_tables_and_code_are_drawn_once_somebody_opens_their_fold(opened) -> None:
    app = opened(unfolded=False)
    assert not app.dataframe and not [code for code in app.code if "Funnel(" in code.value]
    app.session_state["details.funnel"] = True
    assert len(run(app).dataframe) == 2 and [code for code in app.code if "Funnel(" in code.value]


def test_a_line_never_ends_between_a_sign_and_its_amount() -> None:
    assert shown("-CN¥5, +CN¥7 of 1-2") == "-\u2060CN¥5, \\+\u2060CN¥7 of 1-2"
