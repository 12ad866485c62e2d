"""When something was done, by the reader's own clock."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from ui.once import once


def moment(at: dt.datetime | float | None, form: str = "%Y-%m-%d %H:%M", *, zoned: bool = False) -> str:
    """Return a moment (seconds since 1970, or a time in UTC) in the zone of the reader's browser, else in UTC, said.

    Parameters
    ----------
    at : datetime or float, optional
    form : str
    zoned : bool
        Whether the browser's zone is said, too: of what others read by clocks of their own.
    """
    if at is None:
        return ""
    known = at if isinstance(at, dt.datetime) else dt.datetime.fromtimestamp(at, dt.UTC)
    zone = once("zone", _zone)
    local = (known if known.tzinfo else known.replace(tzinfo=dt.UTC)).astimezone(zone or dt.UTC)
    if zone is None:
        return f"{local:{form}} UTC"
    return f"{local:{form}} ({zone.key})" if zoned else f"{local:{form}}"


def _zone() -> ZoneInfo | None:
    try:
        return ZoneInfo(st.context.timezone or "")
    except (ZoneInfoNotFoundError, ValueError):  # no browser, or one that hides it
        return None
