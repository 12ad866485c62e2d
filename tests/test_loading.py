"""The library loads what is asked of it, and knows every kind of value all the same."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import analysis

LIGHT = """
import sys
from analysis import Funnel, Tables
print([m for m in ("altair", "statsmodels", "scipy.stats", "streamlit", "analysis.budget") if m in sys.modules])
"""
KNOWN = """
import importlib, json, pkgutil
from analysis.values import kinds
before = kinds()
import analysis
for module in pkgutil.walk_packages(analysis.__path__, "analysis."):
    importlib.import_module(module.name)
print(json.dumps([before, kinds()]))
"""
STORED = """
from analysis.sharing import links
print(type(links.decode({text!r})).__name__)
"""


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_a_funnel_loads_neither_what_draws_nor_what_fits() -> None:
    assert run(LIGHT) == "[]"


def test_every_kind_is_known_from_the_start() -> None:
    before, after = json.loads(run(KNOWN))
    assert sorted(before) == sorted(after)


def test_a_link_opens_whatever_was_loaded() -> None:
    from analysis.sharing import links

    assert run(STORED.format(text=links.encode(analysis.Scenario()))) == "Scenario"


def test_every_public_name_is_there_and_others_are_not() -> None:
    assert {*analysis.__all__} <= {*dir(analysis)}
    assert all(getattr(analysis, name).__name__ == name for name in analysis.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Fnnel'"):
        analysis.Fnnel  # noqa: B018
