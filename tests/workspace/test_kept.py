"""Kept things: one list, one history, and nothing that was kept is ever lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from analysis import ChannelTag, Contents, DisplayName, ExchangeRate, Funnel, Lifecycle, PlanLine, Record
from analysis.errors import QuestionError, WorkspaceError
from analysis.imports.columns.mapping import ColumnMapping
from analysis.question import Question
from analysis.values import Value
from analysis.workspace import FileMapping, Workspace, open_workspace, read_export, store

ASKED = Funnel(steps=("view", "cart"))
RATE = ExchangeRate(currency="USD", day="2026-11-11", rate=7.1, into="CNY")
NAME = DisplayName(column="channel", code="live_stream", language="zh_CN", name="直播")


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    here = open_workspace(tmp_path / "w.duckdb")
    yield here
    here.close()


def states(workspace: Workspace, id: int) -> list[tuple[int, str, bool]]:
    return [(k.revision, k.what, k.current) for k in workspace.history(id)]


# ---- keeping ----------------------------------------------------------------------------------------------


def test_any_value_is_kept_with_when_and_which(workspace: Workspace) -> None:
    before = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
    for id, value in enumerate(
        (ASKED, NAME, RATE, FileMapping(headings=("a",), mapping=ColumnMapping(table="spend"))), 1
    ):
        kept = workspace.keep("名 *it*", value)
        assert (kept.id, kept.name, kept.value, kept.revision, kept.what, kept.current) == (
            id, "名 *it*", value, 1, "kept", True,
        )  # fmt: skip
        assert before <= kept.at <= before + dt.timedelta(minutes=1)
        assert workspace.kept(type(value)) == workspace.history(id) == (kept,)
    assert [k.id for k in workspace.kept(Value)] == [4, 3, 2, 1]
    assert [k.id for k in workspace.kept(Record)] == [3, 2]
    assert [k.id for k in workspace.kept(Question)] == [1]


def test_a_name_is_one_things_among_those_of_its_kind(workspace: Workspace) -> None:
    first = workspace.keep("x", ASKED)
    other = workspace.keep("x", Contents())
    second = workspace.keep("x", ASKED.replace(window="1h"))
    assert (other.id != first.id, second.id, second.revision) == (True, first.id, 2)
    assert workspace.kept(Question) == (second, other)
    assert states(workspace, first.id) == [(2, "kept", True), (1, "kept", False)]
    assert workspace.history(first.id)[1].value == ASKED


def test_what_is_kept_already_is_no_change(workspace: Workspace) -> None:
    first = workspace.keep("x", ASKED)
    assert workspace.keep("x", ASKED) == first
    assert states(workspace, first.id) == [(1, "kept", True)]


def test_a_forgotten_name_is_free_for_another_thing(workspace: Workspace) -> None:
    first = workspace.keep("x", ASKED)
    workspace.forget(first.id)
    second = workspace.keep("x", ASKED)
    assert (second.id != first.id, second.revision) == (True, 1)
    assert [k.id for k in workspace.forgotten(Question)] == [first.id]


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 256])
def test_a_name_is_one_line(workspace: Workspace, name: str) -> None:
    with pytest.raises(QuestionError, match="name cannot be"):
        workspace.keep(name, ASKED)
    assert workspace.kept(Value) == ()


# ---- forgetting and taking back ---------------------------------------------------------------------------


def test_each_change_is_taken_back_by_one_more(workspace: Workspace) -> None:
    first = workspace.keep("x", ASKED)
    second = workspace.keep("x", ASKED.replace(window="1h"))
    assert workspace.restore(first.id).value == ASKED
    workspace.forget(first.id)
    workspace.forget(first.id)
    assert workspace.kept(Question) == ()
    assert workspace.restore(first.id).value == ASKED
    assert workspace.restore(first.id, second.revision).value == second.value
    assert states(workspace, first.id) == [
        (6, "restored", True), (5, "restored", False), (4, "forgotten", False), (3, "restored", False),
        (2, "kept", False), (1, "kept", False),
    ]  # fmt: skip
    assert [k.value for k in workspace.kept(Question)] == [second.value]


def test_there_must_be_something_to_go_back_to(workspace: Workspace) -> None:
    first = workspace.keep("x", ASKED)
    for id, revision in ((first.id, None), (first.id, 7), (99, None), (99, 1)):
        with pytest.raises(WorkspaceError, match="nothing earlier to go back to") as refused:
            workspace.restore(id, revision)
        assert refused.value.code == "no-revision"
    workspace.forget(first.id)
    with pytest.raises(WorkspaceError):
        workspace.restore(first.id, 2)
    assert states(workspace, first.id) == [(2, "forgotten", False), (1, "kept", False)]


def test_a_thing_does_not_come_back_over_another_of_its_name(workspace: Workspace) -> None:
    first = workspace.keep("x", ASKED)
    workspace.forget(first.id)
    second = workspace.keep("x", ASKED.replace(window="1h"))
    with pytest.raises(WorkspaceError, match="Something else is kept as x by now") as refused:
        workspace.restore(first.id)
    assert (refused.value.code, workspace.kept(Question)) == ("name-taken", (second,))
    workspace.forget(second.id)
    assert workspace.restore(first.id).value == ASKED


def test_all_of_it_is_there_after_reopening(tmp_path: Path) -> None:
    here = open_workspace(tmp_path / "w.duckdb")
    first, second = here.keep("x", ASKED), here.keep("y", Lifecycle(at="2026-11-10"))
    here.keep("x", ASKED.replace(window="1h"))
    here.forget(second.id)
    whole = [here.kept(Value), here.forgotten(Value), here.history(first.id), here.history(second.id)]
    here.close()
    again = open_workspace(tmp_path / "w.duckdb")
    assert [again.kept(Value), again.forgotten(Value), again.history(first.id), again.history(second.id)] == whole
    assert again.keep("z", Contents()).id == 3
    again.close()


def test_many_threads_keep_at_once(workspace: Workspace) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: workspace.keep(f"name {n % 4}", ASKED.replace(window=f"{n + 1}h")), range(40)))
    assert sorted(k.name for k in workspace.kept(Question)) == [f"name {n}" for n in range(4)]
    assert sorted(k.revision for k in workspace.kept(Question)) == [10] * 4
    assert all([k.revision for k in workspace.history(id)] == list(range(10, 0, -1)) for id in range(1, 5))


# ---- records ----------------------------------------------------------------------------------------------


def test_the_current_rates_go_with_the_tables_and_are_part_of_the_version(workspace: Workspace) -> None:
    seen = [workspace.version]
    assert workspace.tables().rates == ()
    dollar = workspace.keep("dollar", RATE)
    workspace.keep("euro", euro := RATE.replace(currency="EUR", rate=8))
    seen.append(workspace.version)
    assert workspace.tables().rates == (euro, RATE)
    assert workspace.tables().version == workspace.version
    workspace.keep("dollar", better := RATE.replace(rate=7.2))
    seen.append(workspace.version)
    assert workspace.tables().rates == (euro, better)
    workspace.restore(dollar.id)
    assert (workspace.tables().rates, workspace.version) == ((euro, RATE), seen[1])
    workspace.keep("the same day", RATE.replace(rate=7.3))
    assert [rate.rate for rate in workspace.tables().rates] == [8, 7.3]
    for kept in workspace.kept(ExchangeRate):
        workspace.forget(kept.id)
    assert (workspace.tables().rates, workspace.version) == ((), seen[0])
    assert len(set(seen)) == 3


def test_what_is_known_beside_the_rows_goes_with_the_tables(workspace: Workspace) -> None:
    line, tag = PlanLine(stage="design", line="film", amount=1), ChannelTag(channel="a", tag="own")
    seen = [workspace.version]
    assert workspace.tables().records == ()
    first = workspace.keep(line.title, line)
    workspace.keep(tag.title, tag)
    seen.append(workspace.version)
    assert workspace.tables().records == (tag, line)
    workspace.keep(line.title, line.replace(amount=2))
    seen.append(workspace.version)
    assert [own.amount for own in workspace.tables().recorded(PlanLine)] == [2]
    workspace.keep("the same line", line.replace(amount=3))
    assert [own.amount for own in workspace.tables().recorded(PlanLine)] == [3]
    workspace.forget(workspace.kept(PlanLine)[0].id)
    workspace.restore(first.id)
    assert (workspace.tables().records, workspace.version) == ((tag, line), seen[1])
    for kept in workspace.kept(Record):
        workspace.forget(kept.id)
    assert (workspace.tables().records, workspace.version) == ((), seen[0])
    assert len(set(seen)) == 3


def test_names_for_codes_change_no_figure(workspace: Workspace) -> None:
    version = workspace.version
    workspace.keep("live", NAME)
    assert workspace.version == version


# ---- mappings ---------------------------------------------------------------------------------------------


def test_a_heading_that_looks_like_an_address_is_never_kept(workspace: Workspace) -> None:
    with pytest.raises(QuestionError, match="heading of column 2 looks like") as refused:
        FileMapping(headings=("a", "ann@example.com"), mapping=ColumnMapping(table="spend"))
    assert "ann" not in str(refused.value)
    export = read_export(b"day,channel,cost,ann@example.com\n2026-11-01,a,1,x\n", "f.csv")
    with pytest.raises(WorkspaceError, match=r"The mapping of f\.csv was not kept: the heading of column 4") as said:
        workspace.remember(export, "x")
    assert (said.value.code, workspace.kept(Value)) == ("personal-heading", ())


def test_names_shown_are_read_again_only_once_something_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = open_workspace(tmp_path / "w.duckdb")
    name = DisplayName(column="channel", code="a", language="en", name="Ads")
    first = here.keep("ads", name)
    assert [here.display("a", "channel", "en") for _ in range(2)] == ["Ads", "Ads"]
    monkeypatch.setattr(store, "_display", lambda con: pytest.fail("nothing has changed"))
    assert here.display("a", "channel", "en") == "Ads"
    monkeypatch.undo()
    here.keep("ads", name.replace(name="Adverts"))
    assert here.display("a", "channel", "en") == "Adverts"
    here.restore(first.id)
    assert here.display("a", "channel", "en") == "Ads"
    here.forget(first.id)
    assert here.display("a", "channel", "en") == "a"
    here.close()
