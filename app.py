"""The door: page list, language, workspace."""

from __future__ import annotations

import streamlit as st

st.set_page_config(page_title="Sluice", page_icon="ui/icon.png", layout="wide")
with st.spinner("Starting… / 正在启动…"):  # a server's first visitor waits for these
    from ui import filters, importing, language, session
    from ui.language import _
    from ui.page import DOOR

language.settle()
filters.keep_alive()
session.warm()
journey = [
    st.Page("pages/funnel.py", title=_("Funnel"), icon=":material/filter_alt:", url_path="start", default=True),
    st.Page("pages/paths.py", title=_("Paths"), icon=":material/account_tree:", url_path="paths"),
    st.Page("pages/speed.py", title=_("Page speed"), icon=":material/speed:", url_path="speed"),
    st.Page("pages/retention.py", title=_("Retention"), icon=":material/event_repeat:", url_path="retention"),
    st.Page("pages/participation.py", title=_("Participation"), icon=":material/campaign:", url_path="participation"),
    st.Page("pages/nodes.py", title=_("Touchpoints and plays"), icon=":material/hub:", url_path="nodes"),
    st.Page("pages/attribution.py", title=_("Attribution"), icon=":material/call_split:", url_path="attribution"),
]
audience = [st.Page("pages/segments.py", title=_("Segments"), icon=":material/group:", url_path="segments")]
money = [
    st.Page("pages/budget.py", title=_("Budget"), icon=":material/payments:", url_path="budget"),
    st.Page("pages/reallocation.py", title=_("Reallocation"), icon=":material/swap_horiz:", url_path="reallocation"),
]


def funnel() -> None:
    """Lead /funnel to the default page, whose own address is /."""
    st.switch_page(journey[0], query_params=st.query_params.to_dict())


journey.append(st.Page(funnel, title=_("Funnel"), url_path="funnel", visibility="hidden"))
data = [st.Page("pages/data.py", title=_("Data"), icon=":material/database:", url_path="data")]
page = st.navigation({_("Journey"): journey, _("Audience"): audience, _("Budget"): money, _("Workspace"): data})
session.stay()
importing.settle(toast=page.url_path != "data")
with st.sidebar:
    language.switch()
    if page.url_path != "data":
        importing.follow()
st.session_state[DOOR] = True
page.run()
