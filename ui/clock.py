"""When something was done, by the reader's own clock."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from ui.once import once


def moment(at: dt.datetime | float | None, form: str = "%Y-%m-%d %H:%M") -> str:
    """Return a moment (seconds since 1970, or a time in UTC) in the zone of the reader's browser, else in UTC, said."""
    if at is None:
        return ""
    known = at if isinstance(at, dt.datetime) else dt.datetime.fromtimestamp(at, dt.UTC)
    zone = once("zone", _zone)
    local = (known if known.tzinfo else known.replace(tzinfo=dt.UTC)).astimezone(zone or dt.UTC)
    return f"{local:{form}}" if zone else f"{local:{form}} UTC"


def _zone() -> ZoneInfo | None:
    try:
        return ZoneInfo(st.context.timezone or "")
    except (ZoneInfoNotFoundError, ValueError):  # no browser, or one that hides it
        return None
