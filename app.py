"""The door: page list, language, workspace."""

from __future__ import annotations

import streamlit as st

st.set_page_config(page_title="Sluice", page_icon="ui/icon.png", layout="wide")
with st.spinner("Starting… / 正在启动…"):  # a server's first visitor waits for these
    from ui import account, address, filters, frame, importing, once, session, tour
    from ui.language import _
    from ui.page import DOOR
    from ui.screens import DATA, HOME, NOTEBOOKS

once.begin()
account.known()
address.arrive()
filters.keep_alive()
session.warm()
with st.spinner(_("Opening the workspace…")):
    navigation = frame.pages(session.tables())  # held by no name here: the script outlives its run
data = st.Page("pages/data.py", title=_("Data"), icon=":material/database:", url_path="data")
notebooks = st.Page("pages/notebooks.py", title=_("Notebooks"), icon=":material/book:", url_path="notebooks")
glossary = st.Page("pages/glossary.py", title=_("Glossary"), icon=":material/menu_book:", url_path="glossary")
kept = st.Page("pages/workspaces.py", title=_("Workspaces"), icon=":material/inventory_2:", url_path="workspaces")
names = st.Page("pages/records.py", title=_("Names, plan and tests"), icon=":material/label:", url_path="records")
navigation[frame.heading(NOTEBOOKS)] += [notebooks]
navigation[frame.heading(DATA)] += [data, names, kept, glossary, *account.pages()]
navigation[frame.heading(HOME)] += address.moved()
page = st.navigation({room: found for room, found in navigation.items() if found}, expanded=True)
address.stay()
account.seen(page.url_path)
importing.settle(toast=page.url_path != "data")
with st.sidebar:
    frame.aside(navigation, session.tables())
    if page.url_path != "data":
        importing.follow()
st.session_state[DOOR] = True
tour.draw(page.url_path)
page.run()
address.drawn()
