"""Libraries that are loaded when they are first used: what draws is not needed to count."""

from __future__ import annotations

import importlib.util
import sys
import threading
from types import ModuleType
from typing import TYPE_CHECKING, Any

_LOADING = threading.RLock()


class _Later(ModuleType):
    """Stands for a module; its first use loads it."""

    def __getattr__(self, name: str) -> Any:
        with _LOADING:  # two threads that draw first at once load it once
            module = importlib.import_module(self.__name__)
        return getattr(module, name)


def later(name: str) -> ModuleType:
    """Return a module, or what stands for it until it is first used."""
    if name in sys.modules:
        return sys.modules[name]
    if importlib.util.find_spec(name) is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return _Later(name)


if TYPE_CHECKING:
    import altair as alt
else:
    alt = later("altair")

__all__ = ["alt", "later"]
