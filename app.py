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
with session.drawing():
    address.arrive()
    filters.keep_alive()
    session.warm()
    with st.spinner(_("Opening the workspace…")):
        navigation = frame.pages(session.tables())  # held by no name here: the script outlives its run
    kept = st.Page("pages/workspaces.py", title=_("Workspaces"), icon=":material/inventory_2:", url_path="workspaces")
    navigation[frame.heading(NOTEBOOKS)] += [frame.place("notebooks")]
    beside = frame.place("data"), frame.place("records"), kept, frame.place("glossary")
    navigation[frame.heading(DATA)] += [*beside, *account.pages()]
    navigation[frame.heading(HOME)] += address.moved()
    page = st.navigation({room: found for room, found in navigation.items() if found}, expanded=True)
    address.stay()
    account.seen(page.url_path)
    account.told()
    importing.settle(toast=page.url_path != "data")
    with st.sidebar:
        frame.aside(navigation, session.tables())
        if page.url_path != "data":
            importing.follow()
    st.session_state[DOOR] = True
    tour.draw(page.url_path)
    page.run()
    address.drawn()
