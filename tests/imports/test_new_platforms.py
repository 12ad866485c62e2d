"""Another platform is another file of data: no code knows its name, its headings or its words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from imports.opened import opened, rows

from analysis.imports.columns import platforms
from analysis.imports.formats import formats, read_format
from analysis.imports.lexicon import statuses

CODE = sorted(Path(platforms.__file__).parents[1].rglob("*.py"))
ORDERS = """
name = "Vendujo orders"
grade = "C"
table = "orders"
least = 3
lines = "sum"
day_first = true
telling = ["mendo-numero", "mendita je", "pagita je", "prezo entute"]

[columns]
order_id = ["mendo-numero"]
timestamp = ["mendita je"]
paid_at = ["pagita je"]
revenue = ["prezo entute"]
status = ["stato"]

[constants]
currency = "EUR"

[statuses]
"plenumita" = "delivered"
"rezignita" = "cancelled"
"""
SPEND = """
name = "Reklamo reports"
grade = "C"
table = "spend"
least = 3
end_included = true
telling = ["unua tago", "lasta tago", "elspezo", "montroj"]

[columns]
period_start = ["unua tago"]
period_end = ["lasta tago"]
spend = ["elspezo"]
impressions = ["montroj"]

[constants]
channel = "reklamo"
"""
LOG = """
name = "Spuro log"
grade = "C"
table = "events"
least = 3
zone = "UTC"
telling = ["kiu", "anonima kiu", "kiam", "kio"]

[columns]
user_id = ["kiu"]
timestamp = ["kiam"]
event = ["kio"]

[otherwise]
user_id = "anonima kiu"

[events]
"aĉetis" = "purchase"
"rigardis" = "view"
"""


@pytest.fixture
def three_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Add three files of data, and nothing else."""
    added = []
    for name, text in (("orders", ORDERS), ("spend", SPEND), ("log", LOG)):
        path = tmp_path / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        added.append(read_format(path))
    monkeypatch.setattr(platforms, "formats", lambda: (*formats(), *added))


@pytest.mark.usefixtures("three_more")
def test_three_files_of_data_are_three_more_platforms() -> None:
    with opened(
        "mendo-numero;mendita je;pagita je;prezo entute;stato\n7;01/02/2026;01/02/2026;10,50;plenumita\n"
        "7;01/02/2026;01/02/2026;4,00;plenumita\n8;03/02/2026;;9,00;rezignita\n"
    ) as export:
        found = export.reconcile()
        assert (export.recognition.format, found.undecided) == ("Vendujo orders", ())
        stored = [(r["order_id"], r["revenue"], r["status"], str(r["timestamp"])[:10]) for r in rows(export)]
        assert stored == [("7", 14.5, "delivered", "2026-02-01"), ("8", 9.0, "cancelled", "2026-02-03")]
    with opened("unua tago,lasta tago,elspezo (EUR),montroj\n2026-02-01,2026-02-07,70,900\n") as export:
        found = export.reconcile()
        assert (export.recognition.format, found.days) == ("Reklamo reports", ("2026-02-01", "2026-02-07"))
        assert dict(found.sums) == {"spend": 70.0, "impressions": 900.0}
    log = "kiu,anonima kiu,kiam,kio\n,x9,2026-02-01 10:00:00,rigardis\nu1,x9,2026-02-01 10:01:00,aĉetis\n"
    with opened(log, zone="Asia/Tokyo") as export:
        assert export.recognition.format == "Spuro log"
        events = [(r["user_id"], r["event"], str(r["timestamp"])) for r in rows(export)]
        assert events == [("x9", "view", "2026-02-01 10:00:00"), ("u1", "purchase", "2026-02-01 10:01:00")]


def test_without_their_files_they_are_none() -> None:
    with opened("unua tago,lasta tago,elspezo (EUR),montroj\n2026-02-01,2026-02-07,70,900\n") as export:
        assert (export.recognition.format, export.mapping.missing() != ()) == ("", True)


@pytest.mark.parametrize(
    "name",
    ["AWIN transactions", "Etsy sold items", "Klaviyo (campaigns)", "PostHog (raw events)", "京东订单", "快手订单"],
)
def test_no_code_mentions_what_was_added_as_data(name: str) -> None:
    """Neither its name nor a heading of its own stands in a module of the room."""
    found = next(f for f in formats() if f.name == name)
    others = {h for f in formats() if f is not found for h in (*f.telling, *(h for n in f.columns.values() for h in n))}
    shared = "".join(path.read_text(encoding="utf-8") for path in Path(statuses.__file__).parent.glob("*.toml"))
    free = [h for h in found.telling if h not in others and f'"{h.lower()}"' not in shared]
    own = [h for h in free if re.search(r"\w[ _.]\w|[^\x00-\x7f]", h)]
    assert len(own) >= 2
    words = [name.removesuffix("订单").split()[0], *own]
    for path in CODE:
        text = path.read_text(encoding="utf-8")
        assert not [w for w in words if re.search(rf"(?<!\w){re.escape(w)}(?!\w)", text, re.IGNORECASE)], path.name
