"""Charts draw tooltips, axes and names from an answer's fields, and sentences, tables and charts name codes alike."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeGuard

import pandas as pd
import pytest

from analysis import Attribution, DisplayName, Funnel, Payback, Performance, Step, Tables
from analysis.answer import Answer
from analysis.charts import Look, Plot
from analysis.errors import DataError
from analysis.fields import Field
from analysis.journey.funnel.dropoffs import DropOffs
from analysis.journey.funnel.money import FunnelMoney
from analysis.journey.paths.of_funnel import FunnelPaths
from analysis.messages import LANGUAGES, Message, Name, Names, say
from analysis.names import DisplayNames
from analysis.question import Question
from analysis.records import PlanLine
from analysis.values import Campaign, kinds

ROOT = Path(__file__).resolve().parents[1]
KINDS = kinds(Question)
LIBRARY = sorted((ROOT / "analysis").rglob("*.py"))
CODES = {
    "event": ("visit", "view", "cart", "checkout", "purchase", "search", "favorite"),
    "channel": ("search", "display", "video"),
    "device": ("ios", "android"),
    "campaign": ("Double 11",),
    "phase": ("warm-up", "burst"),
}
OWN = tuple(
    DisplayName(column=column, code=code, language=language, name=f"«{column} {n}»")
    for column, codes in CODES.items()
    for n, code in enumerate(codes)
    for language in LANGUAGES
)
"""A team's own name for every code of the small campaign: a code that is seen was not named."""
EVERY = {code for codes in CODES.values() for code in codes}
AnswerTo = Callable[[str], Answer]


@pytest.fixture(scope="module")
def named(
    ask: Callable[[str], Question], frames: dict[str, pd.DataFrame], campaign: Campaign, plan: tuple[PlanLine, ...]
) -> AnswerTo:
    """Return a function that answers a question of a kind where every code has a name of its own."""
    tables = Tables(**frames, campaign=campaign, display=OWN, records=plan)
    return cache(lambda kind: ask(kind).run(tables))


# ---- drawn from fields ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", LIBRARY, ids=lambda p: str(p.relative_to(ROOT)))
def test_tooltips_and_formats_are_made_in_one_place(path: Path) -> None:
    if path == ROOT / "analysis" / "charts.py":
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    made = [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "Tooltip"]
    assert not made, f"{path.name}: tooltips come from Plot.tips"
    told = [
        keyword.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "tooltip"
    ]
    assert not any(isinstance(value, ast.List | ast.Constant) for value in told), f"{path.name}: a tooltip by hand"
    if path.is_relative_to(ROOT / "analysis" / "workspace"):
        return  # its strip of days has an axis and a legend that no column of its tables stands for
    formats = [k.arg for node in ast.walk(tree) if _of_altair(node) for k in node.keywords if k.arg == "format"]
    assert not formats, f"{path.name}: formats come from Plot.axis"


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.name)
def test_what_is_encoded_is_named_with_its_channel(path: Path) -> None:
    """For a bare text Altair goes through all its classes each time, which takes longer than the chart itself."""
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    encoded = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "encode"]
    bare = [k.value.lineno for call in encoded for k in call.keywords
            if isinstance(k.value, ast.JoinedStr)
            or (isinstance(k.value, ast.Constant) and isinstance(k.value.value, str))]  # fmt: skip
    assert not bare


@pytest.mark.parametrize("path", LIBRARY, ids=lambda p: str(p.relative_to(ROOT)))
def test_fields_come_from_where_they_are_defined(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "analysis.answer"]
    assert "Field" not in {alias.name for node in froms for alias in node.names}
    by_hand = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_bound(node)]
    assert path.name == "fields.py" or not by_hand, f"{path.name}: `bounds` has the columns of an interval"


def _of_altair(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and ast.unparse(node.func).startswith("alt.")


def _is_bound(call: ast.Call) -> bool:
    text = ast.unparse(call)
    return text.startswith(("Field(N_('95% from')", "Field(N_('95% to')"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_tooltip_tells_of_what_is_drawn(kind: str, language: str, answer_to: AnswerTo) -> None:
    spec = answer_to(kind).chart(Look(language)).to_dict()
    tips = [(tip, rows) for view, rows in _views(spec, spec["datasets"]) for tip in view.get("tooltip", ())]
    assert tips
    for tip, rows in tips:
        assert tip["title"].strip()
        assert tip["field"] in rows[0], f"no column {tip['field']} under the tooltip {tip['title']}"
        assert (tip["type"] == "nominal") == tip["field"].endswith("_name")
        assert tip["type"] == "nominal" or tip["format"]


# ---- named as people do -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_no_sentence_holds_a_bare_code(kind: str, named: AnswerTo) -> None:
    answer = named(kind)
    for message in (answer.headline, *(note.message for note in answer.notes)):
        assert not set(_bare(message)) & EVERY, message.id
        assert not _codes(answer.say(message)) - _codes(message.id), answer.say(message)


@pytest.mark.parametrize("kind", KINDS)
def test_no_table_shows_a_code(kind: str, named: AnswerTo) -> None:
    answer = named(kind)
    for name in answer.frames:
        plot, table = answer.plot(name, Look()), answer.shown(name, "en")
        for column in [c for c in table if plot.fields[str(c)].unit == "text"]:
            shown = plot.names(table, str(column))
            assert not {code for text in shown for code in re.split(" → ", text)} & EVERY, f"{name}.{column}"


@pytest.mark.parametrize("kind", KINDS)
def test_no_chart_shows_a_code(kind: str, named: AnswerTo) -> None:
    spec = named(kind).chart().to_dict()
    for view, rows in _views(spec, spec["datasets"]):
        read = [tip["field"] for tip in view.get("tooltip", ()) if tip["type"] == "nominal"]
        read += [view[channel]["field"] for channel in ("text",) if "field" in view.get(channel, ())]
        if "y" in view and view["y"].get("axis", True) and view["y"].get("type") == "nominal":
            read.append(view["y"]["field"])
        for column in read:
            seen = {str(row[column]) for row in rows if row.get(column) is not None}
            assert not {code for text in seen for code in _codes(text)}, f"{kind}: {column}"
        for channel in ("color", "opacity"):
            legend = view.get(channel, {}).get("legend", None) if isinstance(view.get(channel), dict) else None
            if legend and "labelExpr" in legend:
                assert "«channel 0»" in legend["labelExpr"]


def scales(spec: Any) -> Iterator[tuple[str, str]]:
    """Yield each name of a chart's scales with its colour."""
    if isinstance(spec, dict):
        if isinstance(spec.get("range"), list) and isinstance(spec.get("domain"), list):
            yield from zip(spec["domain"], spec["range"], strict=False)
        for held in spec.values():
            yield from scales(held)
    elif isinstance(spec, list):
        for held in spec:
            yield from scales(held)


def test_a_channel_has_one_colour_whichever_table_a_question_reads(
    ask: Callable[[str], Question], frames: dict[str, pd.DataFrame], campaign: Campaign, plan: tuple[PlanLine, ...]
) -> None:
    first = {"events": "affiliate", "orders": "catalog"}  # known to one table alone, before the others in the alphabet
    added = {name: frame.assign(channel=frame["channel"].where(frame.index != 0, first.get(name)))
             for name, frame in frames.items() if name in first}  # fmt: skip
    tables = Tables(**{**frames, **added}, campaign=campaign, records=plan)
    charts = [ask(kind).run(tables) for kind in ("response-curves", "allocation", "funnel", "sales")]
    charts += [
        Performance(by="channel").run(tables),
        Attribution(draws=100).run(tables),
        Payback(by="channel").run(tables),
    ]
    drawn = [one.chart(Look()).to_dict() for one in charts]
    drawn.append(ask("simulation").run(tables).stream(Look()).to_dict())
    found = [dict(pair for pair in scales(spec) if pair[0] in CODES["channel"]) for spec in drawn]
    assert sum("search" in one for one in found) >= 6
    for channel in CODES["channel"]:
        assert len({one[channel] for one in found if channel in one}) == 1, channel


def test_a_funnels_chart_reads_as_people_speak_in_both_languages(tables: Tables) -> None:
    answer = Funnel(steps=("visit", "view", "cart"), breakdown="channel").run(tables)
    for look, words in ((Look(), ("add to cart", "display ads")), (Look("zh_CN"), ("加购", "展示广告"))):
        drawn = [row for rows in answer.chart(look).to_dict()["datasets"].values() for row in rows]
        shown = " ".join(str(row.get("row")) for row in drawn)
        assert all(word in shown for word in words)
        assert words[0] in answer.say(answer.headline, look.language)


STEP = Step(("cart", "purchase"), where={"device": ("ios", "android")})


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "add to cart/purchase (device=iOS/Android)"), ("zh_CN", "加购/支付（设备=苹果/安卓）")],
)
def test_a_step_of_several_events_is_named_by_them_everywhere(tables: Tables, language: str, said: str) -> None:
    funnel = Funnel(steps=("view", STEP), window="3d")
    for asked in (funnel, FunnelMoney(funnel=funnel), DropOffs(funnel=funnel, least=1),
                  FunnelPaths(funnel=funnel, step=2, direction="before")):  # fmt: skip
        answer = asked.run(tables)
        column = "from" if isinstance(asked, FunnelPaths) else "event"
        plot = answer.plot("table", Look(language))
        assert said in plot.names(answer.table, column)
        assert said in str(answer.chart(Look(language)).to_dict()["datasets"])
        assert STEP.name in answer.table[column].tolist()  # files keep the codes
    assert said in funnel.run(tables).text(language)


def test_nobody_at_a_step_of_several_events_is_said_in_words(tables: Tables) -> None:
    with pytest.raises(DataError, match=re.escape("Nobody reached purchase (device=ios)")):
        step = Step("purchase", where={"device": "ios"})
        FunnelPaths(funnel=Funnel(steps=("checkout", step), window="1s"), step=2, direction="before").run(tables)


# ---- the pieces -------------------------------------------------------------------------------------------


def _plot(own: tuple[DisplayName, ...] = (), **fields: Field) -> Plot:
    return Plot(Look(names=DisplayNames(own)), fields, None, {name: field.of for name, field in fields.items()})


def test_rows_may_hold_codes_of_different_columns() -> None:
    plot = _plot(
        column=Field("Column", "text"), group=Field("Group", "text", {"(not set)": "(not set)"}, row_of="column")
    )
    table = pd.DataFrame({"column": ["page", "channel", "channel"], "group": ["search", "live_stream", "(not set)"]})
    assert plot.named(table)["group_name"].tolist() == ["search results", "live streams", "(not set)"]


def test_two_codes_that_read_alike_stay_apart() -> None:
    own = tuple(DisplayName(column="channel", code=code, language="en", name="Show") for code in ("a", "b"))
    table = pd.DataFrame({"channel": ["a", "b", "a", "c", None]})
    plot = _plot(own, channel=Field("Channel", "text", of="channel"))
    assert plot.names(table, "channel") == ["Show (a)", "Show (b)", "Show (a)", "c", ""]
    assert plot.legend("channel", ["a", "c"]).to_dict()["labelExpr"] == '({"a": "Show", "c": "c"})[datum.label]'


def test_a_column_of_the_charts_own_may_hold_codes() -> None:
    plot = _plot().beside(node=Field("Event", "text", of="event"), text=Field("Text", "text"))
    assert (plot.name("node", "cart"), plot.name("text", "cart")) == ("add to cart", "cart")


def test_names_are_joined_by_a_sign_where_one_is_given() -> None:
    assert say("{x}", x=Names(("a", "b"), sign="/")).text("zh_CN") == "a/b"


# ---- help -------------------------------------------------------------------------------------------------


def _codes(text: str) -> set[str]:
    return {code for code in EVERY if re.search(rf"(?<![\w«-]){re.escape(code)}(?![\w»-])", text)}


def _bare(message: Message) -> Iterator[str]:
    """Yield the texts in a message that no name is looked up for."""
    for _, value in message.params:
        match value:
            case Message():
                yield from _bare(value)
            case Names(values=values, column=None):
                for one in values:
                    yield from _bare(one) if isinstance(one, Message) else (one,)
            case Name(code=code, column=None):
                yield code
            case str():
                yield value


def _views(spec: dict[str, Any], sets: dict[str, list[Any]], data: str = "") -> Iterator[tuple[Any, list[Any]]]:
    """Yield the encoding of every mark with the rows it draws."""
    data = spec.get("data", {}).get("name", data)
    for inner in ("layer", "vconcat", "hconcat"):
        for part in spec.get(inner, ()):
            yield from _views(part, sets, data)
    if "mark" in spec and sets.get(data):
        yield spec.get("encoding", {}), sets[data]
