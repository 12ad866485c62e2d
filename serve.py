"""The server: the app behind its gate. `streamlit run serve.py`; what it asks of whom stands in `sluice.toml`."""

from streamlit.starlette import App

from server import entry

app = App("app.py", **entry.around())
