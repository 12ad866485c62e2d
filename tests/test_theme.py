"""Whatever is written can be read: on the page, in charts, in the colour of a channel, in both themes."""

from __future__ import annotations

import tomllib
from itertools import product
from pathlib import Path

import pytest

from analysis.charts import LEGIBLE, PALETTE, Look, contrast, inks, mixed

CONFIG = tomllib.loads((Path(__file__).resolve().parents[1] / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
THEMES = {False: CONFIG["theme"]["light"], True: CONFIG["theme"]["dark"]}


@pytest.mark.parametrize("dark", THEMES)
def test_the_theme_can_be_read(dark: bool) -> None:
    theme = THEMES[dark]
    grounds = (theme["backgroundColor"], theme["secondaryBackgroundColor"])
    for letters, ground in product((theme["textColor"], theme["primaryColor"]), grounds):
        assert contrast(letters, ground) >= LEGIBLE, (letters, ground)


@pytest.mark.parametrize("dark", THEMES)
def test_charts_stand_on_the_theme(dark: bool) -> None:
    look = Look(dark=dark)
    assert look.ground == THEMES[dark]["backgroundColor"]
    assert look.ink == THEMES[dark]["textColor"]
    assert contrast(look.faint, look.ground) >= LEGIBLE


@pytest.mark.parametrize(("dark", "colour"), list(product(THEMES, PALETTE)))
def test_letters_in_a_colour_of_the_palette_can_be_read(dark: bool, colour: str) -> None:
    look = Look(dark=dark)
    shade = look.letters(colour)
    assert contrast(shade, look.ground) >= LEGIBLE
    # no darker or lighter than it takes: a step before, it could not be read
    assert shade == colour or contrast(shade, look.ground) < LEGIBLE + 0.5


@pytest.mark.parametrize(("dark", "colour", "share"), list(product(THEMES, (PALETTE[0], PALETTE[5]), range(11))))
def test_words_in_cells_can_be_read(dark: bool, colour: str, share: int) -> None:
    """Black or white, one of them can always be read well enough for large figures (3), nearly always for all."""
    fill = mixed(Look(dark=dark).grid, colour, share / 10)
    assert contrast(inks([fill])[0], fill) >= 3.5


def test_contrast_is_wcags() -> None:
    """Figures of the WCAG's own technique G18 and of its contrast checker."""
    assert contrast("#FFFFFF", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.005)
    assert contrast("#0000FF", "#FFFFFF") == pytest.approx(8.59, abs=0.005)
    assert contrast("#FF0000", "#FFFFFF") == contrast("#FFFFFF", "#FF0000") == pytest.approx(4.0, abs=0.005)
