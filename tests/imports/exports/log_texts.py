"""Invented logs of nested records, in the layout of tools that send events."""

from __future__ import annotations

import json
from typing import Any


def _lines(*records: dict[str, Any]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def _mixpanel(event: str, time: int, user: str, **more: Any) -> dict[str, Any]:
    return {"event": event, "properties": {"time": time, "distinct_id": user, **more}}


MIXPANEL = _lines(
    _mixpanel("Page View", 1793527200, "u1", **{"$city": "Lyon"}),
    _mixpanel("Add To Cart", 1793527260, "u1", price=9),
    _mixpanel("Order Completed", 1793527320, "u1", price=9),
    _mixpanel("Page View", 1793527400, "u2"),
)


def _amplitude(event: str, time: str, user: str | None, device: str, **more: Any) -> dict[str, Any]:
    return {
        "event_type": event, "event_time": f"2026-11-01 {time}.000000", "user_id": user, "device_id": device,
        "amplitude_id": 7, "session_id": 1, "event_properties": more, "user_properties": {},
    }  # fmt: skip


AMPLITUDE = _lines(
    _amplitude("Page View", "10:00:00", None, "d1"),
    _amplitude("Add To Cart", "10:01:00", "u1", "d1", item="soap"),
    _amplitude("Order Completed", "10:02:00", "u1", "d1", revenue=9.0, order_id="o1"),
    _amplitude("Page View", "11:00:00", None, "d2"),
)


def _segment(event: str, time: str, user: str | None, anonymous: str, **more: Any) -> dict[str, Any]:
    at = f"2026-11-01T{time}.000Z"
    return {
        "messageId": f"{event} {time}", "anonymousId": anonymous, "userId": user, "type": "track", "event": event,
        "timestamp": at, "receivedAt": at, "properties": more, "context": {"campaign": {"name": "fall"}},
    }  # fmt: skip


SEGMENT = _lines(
    _segment("Product Viewed", "10:00:00", None, "a1"),
    _segment("Product Added", "10:01:00", "u1", "a1"),
    _segment("Order Completed", "10:02:00", "u1", "a1", revenue=9.0, order_id="o1"),
    _segment("Product Viewed", "11:00:00", None, "a2"),
)


def _posthog(event: str, time: str, person: str | None, distinct: str, **more: Any) -> dict[str, Any]:
    return {
        "uuid": f"{event} {time}", "event": event, "distinct_id": distinct, "person_id": person, "team_id": 1,
        "timestamp": f"2026-11-01T{time}.000Z", "elements_chain": "", "created_at": f"2026-11-01T{time}.100Z",
        "properties": {"$lib": "web", "$current_url": "https://shop.example/", **more}, "person_properties": {},
    }  # fmt: skip


POSTHOG = _lines(
    _posthog("$pageview", "10:00:00", None, "d1"),
    _posthog("add_to_cart", "10:01:00", "p1", "d1"),
    _posthog("order_completed", "10:02:00", "p1", "u1", revenue=9.0, order_id="o1"),
    _posthog("$pageview", "11:00:00", None, "d2"),
)
