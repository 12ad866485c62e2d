"""How charts look: one palette, one theme for light and dark, and a colour that stays with its name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from analysis.messages import N_, Message, translate
from analysis.vocabulary import STAGES

PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8C6BB1", "#A6A01F", "#7F7F7F")
"""Okabe and Ito's colour-blind-safe colours (black and yellow replaced, so both themes can carry them)."""

ACCENT, LOSS, PENDING = PALETTE[0], PALETTE[5], PALETTE[1]
TOTAL, NOT_SET = N_("(total)"), N_("(not set)")
"""How a breakdown names everybody together, and those without a value (GA4's own words)."""
PHASES = (N_("warm-up"), N_("burst"), N_("wrap-up"))
"""What a campaign's phases are usually called."""
GROUP_WORDS = {name: name for name in (TOTAL, NOT_SET, *PHASES, *STAGES)}
"""Names of groups that Sluice itself gives."""

POINTS = alt.Axis(labelExpr="datum.value ? format(100 * datum.value, '+.3~f') : '0'", tickCount=5)
"""For differences of proportions, in percentage points."""

FONT = '"Source Sans", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif'


@dataclass(frozen=True, slots=True)
class Look:
    """Who looks: their language and whether their screen is dark."""

    language: str = "en"
    dark: bool = False

    def __call__(self, words: str | Message) -> str:
        """Put words into the reader's language."""
        return words.text(self.language) if isinstance(words, Message) else translate(words, self.language)

    @property
    def ink(self) -> str:
        """Colour of text and marks that carry no category."""
        return "#E6E8EB" if self.dark else "#24292F"

    @property
    def faint(self) -> str:
        """Colour of grid lines and secondary text."""
        return "#8B939C" if self.dark else "#6B7480"

    @property
    def grid(self) -> str:
        """Colour of grid lines."""
        return "#30363D" if self.dark else "#E4E7EB"


def colours(shown: Sequence[str], universe: Sequence[str]) -> alt.Scale:
    """Return a colour scale in which a name keeps its colour whatever else is shown.

    Parameters
    ----------
    shown : sequence of str
        Names in this chart.
    universe : sequence of str
        All names of this column in the data, in a fixed order.
    """
    order = {name: i for i, name in enumerate(universe)}
    own = {name: PALETTE[order.get(name, len(order)) % len(PALETTE)] for name in shown}
    own |= {TOTAL: "#6B7480", NOT_SET: "#B0B7BF"}
    return alt.Scale(domain=list(shown), range=[own[name] for name in shown])


def finish(chart: Any, look: Look, *, describe: str, height: int | None = None) -> Any:
    """Give a finished chart its theme, its width and its description for screen readers."""
    if height is not None:
        chart = chart.properties(height=height)
    if not isinstance(chart, alt.VConcatChart | alt.HConcatChart | alt.FacetChart):
        chart = chart.properties(width="container")
    return (
        chart.properties(
            description=describe, background="transparent", padding={"left": 4, "right": 12, "top": 4, "bottom": 4}
        )
        .configure(font=FONT, locale=_locale(look.language))
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=look.ink,
            titleColor=look.faint,
            gridColor=look.grid,
            domainColor=look.grid,
            tickColor=look.grid,
            labelFontSize=13,
            titleFontSize=13,
            titleFontWeight="normal",
            labelLimit=220,
        )
        .configure_legend(
            labelColor=look.ink, titleColor=look.faint, labelFontSize=13, titleFontSize=13, orient="top", columns=4
        )
        .configure_header(labelColor=look.ink, titleColor=look.faint, labelFontSize=13)
        .configure_text(color=look.ink, fontSize=13)
        .configure_title(color=look.ink, fontSize=15, anchor="start")
    )


def _locale(language: str) -> dict[str, Any]:
    number: dict[str, Any] = {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["¥", ""]}
    if not language.startswith("zh"):
        return {"number": number | {"currency": ["$", ""]}}
    days = ["周日", "周一", "周二", "周三", "周四", "周五", "周六"]
    months = [f"{m}月" for m in range(1, 13)]
    time = {
        "dateTime": "%Y年%-m月%-d日 %H:%M",
        "date": "%Y/%-m/%-d",
        "time": "%H:%M",
        "periods": ["上午", "下午"],
        "days": days,
        "shortDays": days,
        "months": months,
        "shortMonths": months,
    }
    return {"number": number, "time": time}
