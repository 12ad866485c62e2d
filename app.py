"""The door: page list, language, workspace."""

from __future__ import annotations

import streamlit as st

from ui import filters, language, session
from ui.language import _
from ui.page import DOOR

st.set_page_config(page_title="Sluice", page_icon="ui/icon.png", layout="wide")
language.current()
filters.keep_alive()
session.warm()
pages = [
    st.Page("pages/funnel.py", title=_("Funnel"), icon=":material/filter_alt:", url_path="funnel", default=True),
    st.Page("pages/nodes.py", title=_("Nodes"), icon=":material/hub:", url_path="nodes"),
    st.Page("pages/retention.py", title=_("Retention"), icon=":material/event_repeat:", url_path="retention"),
    st.Page("pages/participation.py", title=_("Participation"), icon=":material/campaign:", url_path="participation"),
    st.Page("pages/segments.py", title=_("Segments"), icon=":material/group:", url_path="segments"),
    st.Page("pages/budget.py", title=_("Budget"), icon=":material/payments:", url_path="budget"),
    st.Page("pages/reallocation.py", title=_("Reallocation"), icon=":material/swap_horiz:", url_path="reallocation"),
    st.Page("pages/data.py", title=_("Data"), icon=":material/database:", url_path="data"),
]
page = st.navigation(pages)
session.stay()
with st.sidebar:
    language.switch()
st.session_state[DOOR] = True
page.run()
