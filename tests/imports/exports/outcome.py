"""What came out of an export, in the words of the fixtures: read, confirmed as an analyst would, added, looked at."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from imports.exports.fixtures import Fixture

from analysis.imports import read_exports
from analysis.tables import Tables, collect
from analysis.workspace import Export, Workspace, open_workspace
from analysis.workspace.contents import Contents


def confirmed(export: Export, fixture: Fixture) -> Export:
    """Give a recognised export only what it says is missing; nothing may be asked that the file holds."""
    mapping = export.mapping
    if missing := mapping.missing():
        unknown = set(missing) - set(fixture.asked)
        assert not unknown, f"asked for {sorted(unknown)}, which the file holds; mapped {mapping.columns}"
        given = {name: fixture.asked[name] for name in missing}
        if "period_start" in given and "period_end" in fixture.asked:
            given["period_end"] = fixture.asked["period_end"]
        mapping = mapping.replace(constants={**dict(mapping.constants), **given})
    return export.mapped(mapping)


def opened(fixture: Fixture, content: bytes | None = None, name: str = "") -> Export:
    """Read a file; of several stacked tables return the one the fixture is about."""
    exports = read_exports(content or fixture.content, name or fixture.file, zone=fixture.zone)
    titles = [export.scratch.title for export in exports]
    wanted = titles.index(fixture.expected.title) if fixture.expected.title else 0
    for n, export in enumerate(exports):
        if n != wanted:
            export.close()
    return exports[wanted]


@contextmanager
def imported(fixture: Fixture, folder: Path, content: bytes | None = None, name: str = "") -> Iterator[tuple[Any, ...]]:
    """Read a fixture, or the same rows in other bytes, into a fresh workspace."""
    export = opened(fixture, content, name)
    workspace = open_workspace(folder / "w.duckdb")
    try:
        assert fixture.expected.table, "nothing to import"
        ready = confirmed(export, fixture)
        yield ready, workspace, workspace.add(ready)
    finally:
        workspace.close()
        export.close()


def found(fixture: Fixture, export: Export, workspace: Workspace, batch: Any) -> dict[str, Any]:
    """Return what the workspace holds, shaped as :func:`wanted`."""
    table = export.mapping.table
    frame = collect(workspace.tables().frame(table))
    out: dict[str, Any] = {"table": table, "rows": len(frame), "recorded": sum(f.rows for f in batch.files)}
    for column in fixture.expected.sums:
        out[column] = cents(frame[column]) if column in frame else "no column"
    first, last = ("period_start", "period_end") if table == "spend" else ("timestamp", "timestamp")
    out["first"], out["last"] = str(frame[first].min()), str(frame[last].max())
    if table != "events":
        out["currency"] = tuple(sorted(frame["currency"].unique()))
    if fixture.expected.channels:
        out["channels"] = tuple(sorted(frame["channel"].unique()))
    if fixture.expected.events:
        out["events"] = frame["event"].value_counts().to_dict()
    if fixture.expected.paid is not None:
        out["paid"] = int(frame["paid_at"].notna().sum()) if "paid_at" in frame else "no column"
    if fixture.expected.realised:
        out["realised"] = realised(workspace.tables())
    out["aside"] = aside(export, workspace, batch)
    return out


def wanted(fixture: Fixture) -> dict[str, Any]:
    """Return what the fixture says must be in the workspace."""
    expected = fixture.expected
    out: dict[str, Any] = {"table": expected.table, "rows": expected.rows, "recorded": expected.rows, **expected.sums}
    out = {key: f"{float(text):.2f}" if key in expected.sums else text for key, text in out.items()}
    out["first"], out["last"] = utc(expected.first, fixture.zone), utc(expected.last, fixture.zone)
    if expected.table != "events":
        out["currency"] = expected.currency
    if expected.channels:
        out["channels"] = expected.channels
    if expected.events:
        out["events"] = dict(expected.events)
    if expected.paid is not None:
        out["paid"] = expected.paid
    if expected.realised:
        out["realised"] = f"{float(expected.realised):.2f}"
    out["aside"] = dict(expected.aside)
    return out


def aside(export: Export, workspace: Workspace, batch: Any) -> dict[str, int]:
    """Return how many lines were not kept, by reason."""
    return dict(Counter(workspace.set_aside(batch.id)["reason"]))


def cents(column: pd.Series) -> str:
    """Return a sum to the cent."""
    return f"{math.fsum(column.dropna()):.2f}"


def realised(tables: Tables) -> str:
    """Return the paid orders' amount less refunds, as the Data page shows it."""
    measures = Contents().run(tables).table
    return cents(measures.loc[measures["measure"] == "orders paid, less refunds", "amount"])


def utc(text: str, zone: str) -> str:
    """Return a local moment (or one in UTC with a Z) as the workspace keeps it."""
    if text.endswith("Z"):
        return text[:-1]
    local = dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    return str(local.astimezone(dt.UTC).replace(tzinfo=None))
