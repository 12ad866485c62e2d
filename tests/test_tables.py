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


def test_text_columns_are_told_from_numbers_and_times(frames: dict[str, pd.DataFrame], campaign: Campaign) -> None:
    events = frames["events"].assign(score=1, tier="gold", blank=None, vip=True, day=pd.Timestamp("2026-11-11"))
    texts = ("user_id", "event", "session_id", "campaign", "channel", "device")
    tables = Tables(events=events, spend=frames["spend"], campaign=campaign)
    assert tables.texts("events") == (*texts, "tier", "vip", "day", "phase")
    assert tables.texts("spend") == ("channel", "currency", "campaign", "phase")
    assert Tables(events=events).texts("events") == (*texts, "tier", "vip", "day")
    assert Tables(events=events).texts("orders") == ()
