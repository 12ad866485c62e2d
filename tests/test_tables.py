"""What the tables know beside their rows."""

from __future__ import annotations

import pandas as pd

from analysis import Campaign, Phase, Tables
from analysis.tables import collect


def test_events_know_the_campaigns_phase() -> None:
    campaign = Campaign(
        name="c", start="2026-11-01", end="2026-11-03", zone="Asia/Shanghai",
        phases=(Phase(name="early", start="2026-11-01", end="2026-11-01"),
                Phase(name="late", start="2026-11-02", end="2026-11-03")),
    )  # fmt: skip
    # A day in Shanghai begins at 16:00 UTC of the day before.
    times = [
        "2026-10-31T15:59:59",
        "2026-10-31T16:00:00",
        "2026-11-01T15:59:59",
        "2026-11-01T16:00:00",
        "2026-11-03T16:00:00",
    ]
    frame = pd.DataFrame({"user_id": "u", "timestamp": pd.to_datetime(times), "event": "view"})
    tables = Tables(events=frame, campaign=campaign)
    found = collect(tables.frame("events").select("timestamp", "phase").sort("timestamp"))["phase"]
    assert found.astype(object).where(found.notna(), None).tolist() == [None, "early", "early", "late", None]
    assert tables.names("phase") == ("early", "late")
    assert "phase" in tables.present("events")
    assert "phase" not in tables.arrow("events").column_names
    assert "phase" not in Tables(events=frame).present("events")


def test_events_keep_a_phase_of_their_own() -> None:
    campaign = Campaign(
        name="c", start="2026-11-01", end="2026-11-03", phases=(Phase(name="p", start="2026-11-01", end="2026-11-03"),)
    )
    frame = pd.DataFrame({"user_id": "u", "timestamp": pd.to_datetime(["2026-11-02"]), "event": "v", "phase": "mine"})
    assert Tables(events=frame, campaign=campaign).frame("events").collect().to_pandas()["phase"].tolist() == ["mine"]
