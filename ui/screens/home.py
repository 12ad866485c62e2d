"""How is the campaign going, and what is most worth acting on?"""

from __future__ import annotations

from analysis import Findings, Overview, Tables
from ui.controls import currency_of, sentence
from ui.language import N_
from ui.screens.base import Screen, View


def controls(tables: Tables, start: Overview) -> Overview:
    """Draw in which currency money is counted, where there are several."""
    with sentence():
        return start.replace(currency=currency_of(tables, start.currency))


SCREEN = Screen(
    Overview,
    name="home",
    label=N_("Home"),
    icon=":material/home:",
    controls=controls,
    waiting=N_("Adding up the campaign…"),
    views=(
        View(
            Findings,
            N_("Findings"),
            lambda tables, asked, last: Findings(where=asked.where),
            lambda opened: Overview(where=opened.where),
        ),
    ),
)
