"""Is somebody near this place of the page? The browser says so once, when it is scrolled to."""

from __future__ import annotations

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


def near(key: str) -> bool:
    """Draw nothing; say whether the place has just been scrolled near to."""
    return bool(getattr(_WATCHED(key=key, on_near_change=lambda: None, height=1), "near", False))
