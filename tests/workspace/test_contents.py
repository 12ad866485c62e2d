"""What a workspace holds: its sums, its days, and what people read of them."""

from __future__ import annotations

import pandas as pd

from analysis import Campaign, Contents, Tables
from analysis.charts import Look


def test_a_strip_tells_what_which_day_and_how_many_rows(tables: Tables) -> None:
    answer = Contents().run(tables)
    drawn = answer.chart(Look("zh_CN")).to_dict()
    tips = [(tip["field"], tip["title"], tip.get("format")) for tip in drawn["encoding"]["tooltip"]]
    assert tips == [("table_name", "内容", None), ("day", "日期", "%Y-%m-%d"), ("rows", "行数", ",d")]
    assert drawn["description"] == answer.say(answer.headline, "zh_CN")
    rows = drawn["datasets"][drawn["data"]["name"]]
    assert {row["table_name"] for row in rows} == {"行为", "订单", "投放消耗"}


def test_a_day_begins_and_ends_at_midnight_wherever_it_is_read(tables: Tables) -> None:
    drawn = Contents().run(tables).chart().to_dict()
    for row in drawn["datasets"][drawn["data"]["name"]]:
        # A date alone would be read as midnight in London; with a time it is the reader's own.
        assert len(row["day"]) > len("2026-11-11")
        assert pd.Timestamp(row["end"]) - pd.Timestamp(row["day"]) == pd.Timedelta(days=1)


def test_a_row_lies_on_its_local_day_in_zones_of_half_hours() -> None:
    at = pd.to_datetime(["2026-11-10 18:20", "2026-11-10 18:40"])  # 23:50 and, the day after, 00:10
    events = pd.DataFrame({"user_id": ["a", "b"], "timestamp": at, "event": "view"})
    campaign = Campaign(name="Diwali", start="2026-11-01", end="2026-11-30", zone="Asia/Kolkata")
    daily = Contents().run(Tables(events=events, campaign=campaign)).frame("daily")
    assert daily[["day", "rows"]].to_numpy().tolist() == [["2026-11-10", 1], ["2026-11-11", 1]]
