"""Is somebody near this place of the page? The browser says so once, when it is scrolled to."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

_WATCHED = st.components.v2.component(
    "sluice.sight",
    html="<div></div>",
    js="""
export default function ({ parentElement, setTriggerValue }) {
  const place = parentElement.host ?? parentElement
  const watch = new IntersectionObserver((found) => {
    if (found.some((one) => one.isIntersecting)) {
      watch.disconnect()
      setTriggerValue("near", true)
    }
  }, { rootMargin: "500px" })
  watch.observe(place)
  return () => watch.disconnect()
}
""",
)


def watch(key: str, came: Callable[[], None]) -> None:
    """Draw nothing; call `came`, before the place is drawn anew, once somebody scrolls near to it.

    Several places may be come to at once: what each run returned would be lost for all but the first.
    """
    _WATCHED(key=key, on_near_change=came, height=1)
