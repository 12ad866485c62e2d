"""What of Streamlit's runtime do health and metrics ask? Like the gate's entry, a module that knows Streamlit."""

from __future__ import annotations

from streamlit.runtime import Runtime, exists, get_instance


async def script_runs() -> str:
    """Run the app's script as for a visitor; say what is wrong with that."""
    if not exists():
        return "not started"
    runs, said = await get_instance().does_script_run_without_error()
    return "" if runs else f"the app's page cannot be shown: {said}"


def sessions() -> int:
    """Return how many browsers are connected."""
    return _runtime()._session_mgr.num_active_sessions() if exists() else 0


def held() -> dict[str, int]:
    """Return the bytes of uploaded files that are held, by session."""
    if not exists():
        return {}
    stored = _runtime()._uploaded_file_mgr.file_storage  # type: ignore[attr-defined]
    return {session: sum(len(file.data) for file in list(files.values())) for session, files in list(stored.items())}


def _runtime() -> Runtime:
    return get_instance()
