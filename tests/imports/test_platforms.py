"""Single traps of platforms' exports: what stands beside the figures, and what looks like one and is none."""

from __future__ import annotations

import json

import pytest
from imports.opened import opened, rows


def _call(kind: str, time: str, **more: object) -> str:
    moment = f"2026-11-01T{time}.000Z"
    call = {"messageId": f"{kind} {time}", "type": kind, "anonymousId": "a1", "userId": "u1", "timestamp": moment}
    return json.dumps({**call, "originalTimestamp": moment, "receivedAt": moment, "sentAt": moment, **more}) + "\n"


CALLS = (
    _call("identify", "09:59:00", traits={"plan": "pro"})
    + _call("page", "10:00:00", name="Home", properties={"path": "/"})
    + _call("track", "10:02:00", event="Order Completed", properties={"revenue": 9, "order_id": "o1"})
)
VIEWED = _call("track", "10:01:00", event="Product Viewed", properties={"price": 9})


@pytest.mark.parametrize(
    ("log", "events"), [(CALLS, ["view", "purchase"]), (CALLS + VIEWED, ["page", "purchase", "view"])]
)
def test_pages_are_seen_and_who_somebody_is_was_not_done(log: str, events: list[str]) -> None:
    with opened(log, "calls.jsonl") as export:
        found = export.reconcile()
        assert [row["event"] for row in rows(export)] == events
        assert (found.set_aside, found.lost, found.undecided) == ((("no-event", 1),), 0, ())


@pytest.mark.parametrize("name", ["metrics.costMicros", "metrics_cost_micros"])
def test_a_field_in_micros_is_in_millionths(name: str) -> None:
    """The advertising platform's API, its JSON and its transfers write one name in three ways."""
    gap = "_" if "_" in name else "."
    text = f"campaign{gap}name,segments{gap}date,customer{gap}currencyCode,{name}\nLamps,2026-11-01,EUR,12340000\n"
    with opened(text) as export:
        (row,) = rows(export)
        assert (row["spend"], row["currency"], row["channel"]) == (12.34, "EUR", "google")


@pytest.mark.parametrize(
    "headings",
    [
        "Date,Campaign name,Ad group name,Ad name,Cost,Clicks,Impressions",
        "Giorno,Campagna,Costo,Clic,Impressioni",
        "Dia,Campanha,Grupo de anúncios,Custo,Cliques",
        "日,キャンペーン,広告グループ,費用,クリック数",
    ],
)
def test_a_teams_own_report_is_no_platforms(headings: str) -> None:
    with opened(f"{headings}\n2026-11-01,A,B,C,5,1,10\n") as export:
        assert export.recognition.format == ""
        assert {"channel", "currency"} == set(export.mapping.missing())
        assert dict(export.mapping.columns)["spend"] in ("Cost", "Costo", "Custo", "費用")
