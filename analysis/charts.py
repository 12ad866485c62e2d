"""How charts look: one palette, one theme for light and dark, and a colour that stays with its name."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

import pandas as pd
from babel.numbers import get_currency_symbol

from analysis.fields import Field
from analysis.later import alt
from analysis.messages import N_, Message, Money, Namer, Points, Share, Span, figure, say, translate
from analysis.names import DisplayNames
from analysis.vocabulary import INTENTS, MEMBERSHIP, RFM_GROUPS, STAGES, STATES, VALUE_BANDS

if TYPE_CHECKING:
    AnyChart = alt.Chart | alt.LayerChart | alt.VConcatChart | alt.HConcatChart | alt.FacetChart
else:
    AnyChart = Any

PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8C6BB1", "#A6A01F", "#7F7F7F")
"""Okabe and Ito's colour-blind-safe colours (black and yellow replaced, so both themes can carry them)."""

ACCENT, LOSS, PENDING = PALETTE[0], PALETTE[5], PALETTE[1]
TOTAL, NOT_SET = N_("(total)"), N_("(not set)")
"""How a breakdown names everybody together, and those without a value (GA4's own words)."""
GROUP_WORDS: Mapping[str, str] = MappingProxyType(
    {name: name for name in (TOTAL, NOT_SET, *STAGES, *STATES, *INTENTS, *RFM_GROUPS, *VALUE_BANDS)} | dict(MEMBERSHIP)
)
"""Names of groups that Sluice itself gives: everybody, nobody's, and those that a saved segment holds."""

SAID = ("event", "policy", "card")
"""Of which columns an answer itself may name what stands in them."""
TITLE = 30
"""From how many Latin letters on an axis title is broken in two: what a phone has room for."""
NARROW = 420
"""Up to how many pixels a plot counts as narrow."""
FONT = '"Source Sans", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif'


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21 (WCAG 2.2, relative luminance).

    Examples
    --------
    >>> contrast("#000000", "#FFFFFF"), round(contrast("#767676", "#FFFFFF"), 2)
    (21.0, 4.54)
    """
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [part / 255 for part in _parts(colour)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _parts(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour.removeprefix("#")))


def mixed(one: str, other: str, share: float) -> str:
    """Return a colour of which a share is another one, as a scale that interpolates "rgb" draws it.

    Examples
    --------
    >>> mixed("#000000", "#FFFFFF", 0.2)
    '#333333'
    """
    pairs = zip(_parts(one), _parts(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def inks(fills: Sequence[str]) -> list[str]:
    """Return for each fill of a cell in which colour its words can be read: black or white, whichever is plainer."""
    return [max((INK, "#FFFFFF"), key=lambda ink: contrast(ink, fill)) for fill in fills]


LEGIBLE = 4.5
"""The least contrast of letters (WCAG 2.2, level AA)."""
INK = "#24292F"
"""Of letters on a light ground."""


@dataclass(frozen=True, slots=True)
class Look:
    """Who looks: their language, whether their screen is dark, and what they call the codes in the data."""

    language: str = "en"
    dark: bool = False
    names: Namer = field(default_factory=DisplayNames)

    def __call__(self, words: str | Message) -> str:
        """Put words into the reader's language."""
        return words.text(self.language, self.names) if isinstance(words, Message) else translate(words, self.language)

    @property
    def ground(self) -> str:
        """Colour of the page, as `.streamlit/config.toml` has it."""
        return "#14181D" if self.dark else "#FFFFFF"

    def letters(self, colour: str) -> str:
        """Return a colour as letters have it: darker or lighter until it can be read on the page.

        Examples
        --------
        >>> Look().letters("#56B4E9"), Look(dark=True).letters("#56B4E9")
        ('#3a7a9e', '#56B4E9')
        """
        towards = max(("#000000", "#FFFFFF"), key=lambda end: contrast(end, self.ground))
        steps = (colour, *(mixed(colour, towards, share / 50) for share in range(1, 51)))
        return next(shade for shade in steps if contrast(shade, self.ground) >= LEGIBLE)

    @property
    def ink(self) -> str:
        """Colour of text and marks that carry no category."""
        return "#E6E8EB" if self.dark else INK

    @property
    def faint(self) -> str:
        """Colour of grid lines and secondary text."""
        return "#8B939C" if self.dark else "#6B7480"

    @property
    def grid(self) -> str:
        """Colour of grid lines."""
        return "#30363D" if self.dark else "#E4E7EB"


@dataclass(frozen=True, slots=True)
class Plot:
    """How the columns of one of an answer's tables are drawn; made by :meth:`analysis.answer.Answer.plot`.

    Parameters
    ----------
    look : Look
    fields : mapping of str to Field
    currency : str, optional
    codes : mapping of str to str or None
        Of which column of the data each column holds codes.
    said : mapping of str to Message
        What stands in a column of :data:`SAID` without being one of the data's codes, in words.
    """

    look: Look
    fields: Mapping[str, Field]
    currency: str | None
    codes: Mapping[str, str | None]
    said: Mapping[str, Message] = field(default_factory=dict)

    def beside(self, **fields: Field) -> Plot:
        """Return a plot that knows columns of the chart's own too; those of codes name the column of the data."""
        codes = {column: own.of for column, own in fields.items()}
        return replace(self, fields={**self.fields, **fields}, codes={**self.codes, **codes})

    def name(self, column: str, code: object, of: str | None = None) -> str:
        """Return what stands in a column of text: the column's own word for it, else the name that people have.

        `of` is the column of the data that the code is of, where the rows differ in it.
        """
        if code is None or code != code:
            return ""
        of = of or self.codes[column]
        word = self.fields[column].words.get(str(code)) or (self.said.get(str(code)) if of in SAID else None)
        return self.look(word) if word else self.look.names(str(code), of, self.look.language)

    def names(self, table: pd.DataFrame, column: str) -> list[str]:
        """Return what stands in one of a table's columns of text; the code too, where two codes read alike."""
        own = self.fields[column].row_of
        of = table[own] if own else [None] * len(table)
        shown = [self.name(column, code, each) for code, each in zip(table[column], of, strict=True)]
        meant = Counter(name for name, _ in dict.fromkeys(zip(shown, table[column], strict=True)))
        return [f"{name} ({code})" if name and meant[name] > 1 else name
                for name, code in zip(shown, table[column], strict=True)]  # fmt: skip

    def named(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return a table in which each column of text has its names beside it, such as `channel_name`."""
        texts = [c for c in table.columns if c in self.fields and self.fields[c].unit == "text"]
        return table.assign(**{f"{c}_name": pd.Series(self.names(table, c), table.index, object) for c in texts})

    def title(self, column: str, label: str | None = None) -> str:
        """Return a column's label, or what else it is called here, with its unit, as an axis has it."""
        own, label = self.fields[column], self.look(label or self.fields[column].label)
        unit = {"seconds": self.look(N_("seconds")), "money": unit_of(self.currency, self.look.language)}.get(own.unit)
        return self.look(say("{what}, {unit}", what=label, unit=unit)) if unit else label

    def format(self, column: str) -> str:
        """Return how a column's numbers are written (d3)."""
        return _FORMATS[self.fields[column].unit]

    def axis(self, column: str, **changes: Any) -> alt.Axis:
        """Return a column's axis: few ticks, numbers as the language writes them."""
        unit = self.fields[column].unit
        if unit in ("money", "count", "number"):
            return alt.Axis(**{"labelExpr": _ROUND[self.look.language.startswith("zh")], "tickCount": 5, **changes})
        if unit == "points":
            return alt.Axis(**{"labelExpr": _POINTS, "tickCount": 5, **changes})
        if unit == "day":
            return alt.Axis(**{"labelExpr": _DAYS, "tickCount": 5, **changes})
        return alt.Axis(**{"format": _TICKS.get(unit, ""), "tickCount": 5, **changes})

    def x(self, column: str, **changes: Any) -> alt.X:
        """Return a column as the horizontal axis; a long title stands on two lines."""
        title = changes.pop("title", self.title(column))
        return alt.X(self._typed(column), **{"title": two_lines(title), "axis": self.axis(column), **changes})

    def y(self, column: str, **changes: Any) -> alt.Y:
        """Return a column as the vertical axis."""
        return alt.Y(self._typed(column), **{"title": self.title(column), "axis": self.axis(column), **changes})

    def _typed(self, column: str) -> str:
        return f"{column}:{'T' if self.fields[column].unit in ('time', 'day') else 'Q'}"

    def tips(self, *columns: str) -> list[alt.Tooltip]:
        """Return the tooltip of a row: each column's label, names for codes, numbers in their unit."""
        return [self._tip(column) for column in columns]

    def _tip(self, column: str) -> alt.Tooltip:
        match self.fields[column].unit:
            case "text":
                return alt.Tooltip(f"{column}_name:N", title=self.look(self.fields[column].label))
            case "time" | "day" as unit:
                return alt.Tooltip(f"{column}:T", title=self.title(column), format=_FORMATS[unit])
            case _:
                return alt.Tooltip(f"{column}:Q", title=self.title(column), format=self.format(column))

    def legend(self, column: str, codes: Sequence[str], **changes: Any) -> alt.Legend:
        """Return the legend of a column of codes, which says their names: colours stay with the codes."""
        words = dict(zip(codes, self.names(pd.DataFrame({column: list(codes)}), column), strict=True))
        return alt.Legend(
            **{"title": None, "labelExpr": f"({json.dumps(words, ensure_ascii=False)})[datum.label]", **changes}
        )

    def written(self, column: str, number: float) -> str:
        """Return one of a column's numbers as a text, such as a direct label."""
        match self.fields[column].unit:
            case "share":
                return self.look(say("{n}", n=Share(number)))
            case "points":
                return self.look(say("{n}", n=Points(number)))
            case "money":
                return self.look(say("{n}", n=Money(number, self.currency)))
            case "seconds":
                return self.look(say("{n}", n=Span(number)))
            case "count":
                return self.look(say("{n}", n=int(number)))
            case "p":
                return self.look(figure("p", number, None))
            case _:
                return self.look(say("{n}", n=float(number)))


_POINTS = "datum.value ? format(100 * datum.value, '+.3~f') : '0'"
_DAYS = "dayofyear(datum.value) == 1 ? timeFormat(datum.value, '%Y') : timeFormat(datum.value, '%m-%d')"
"""A day on an axis; where a year begins, the year."""
_FORMATS = {
    "share": ".1%", "points": "+.1%", "count": ",d", "money": ",.2f", "ratio": ",.2f", "number": ",.2f", "p": ".3f",
    "seconds": ",.1f", "time": "%Y-%m-%d %H:%M", "day": "%Y-%m-%d",
}  # fmt: skip
_TICKS = {"share": ".0%", "ratio": ",.3~f", "seconds": ",.3~f", "time": "%m-%d"}
_ROUND = (
    "abs(datum.value) >= 1e6 ? format(datum.value / 1e6, ',.3~f') + 'M' : "
    "abs(datum.value) >= 1e4 ? format(datum.value / 1e3, ',.3~f') + 'k' : format(datum.value, ',.3~f')",
    "abs(datum.value) >= 1e8 ? format(datum.value / 1e8, ',.3~f') + '亿' : "
    "abs(datum.value) >= 1e4 ? format(datum.value / 1e4, ',.3~f') + '万' : format(datum.value, ',.3~f')",
)
"""Large numbers on an axis, in English and in Chinese."""


def briefly(column: str, language: str) -> str:
    """Return an expression (Vega) of a column's numbers in two figures, for cells of a phone's width.

    Examples
    --------
    >>> briefly("gain", "en").rsplit(" : ")[-1]
    "format(datum.gain, ',.2~r')"
    """
    return _ROUND[language.startswith("zh")].replace(",.3~f", ",.2~r").replace("datum.value", f"datum.{column}")


def unit_of(currency: str | None, language: str) -> str:
    """Return a currency as an axis names it: its usual sign or word, nothing where it is unknown.

    Examples
    --------
    >>> unit_of("CNY", "zh_CN"), unit_of("CNY", "en"), unit_of("USD", "en"), unit_of(None, "en")
    ('元', 'CN¥', '$', '')
    """
    if not currency:
        return ""
    return "元" if currency == "CNY" and language.startswith("zh") else str(get_currency_symbol(currency, language))


def two_lines(words: str | list[str] | None) -> str | list[str] | None:
    """Return an axis title, broken near its middle where a narrow screen would cut it off; lines stay as they are.

    Examples
    --------
    >>> two_lines("ROAS, as claimed; line: the same days of the campaign before")
    ['ROAS, as claimed; line: the', 'same days of the campaign before']
    >>> two_lines("users")
    'users'
    """
    if not isinstance(words, str) or _wide(words) <= TITLE:
        return words
    breaks = [i for i in range(1, len(words)) if words[i - 1] in " ，；、：" or words[i] in "（("]
    if not breaks:
        return words
    at = min(breaks, key=lambda i: abs(_wide(words[:i]) - _wide(words[i:])))
    return [words[:at].strip(), words[at:].strip()]


def _wide(words: str) -> int:
    """Return how wide a text is, in Latin letters."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in words)


def narrowly(columns: int, wide: int) -> Any:
    """Return how many columns a legend has: fewer on a narrow screen."""
    return alt.ExprRef(f"width < {NARROW} ? {columns} : {wide}")


def whiskers(base: alt.Chart, look: Look, low: str | alt.X = "low", high: str = "high", **mark: Any) -> alt.Chart:
    """Return the intervals of a chart's rows: thin rules from `low` to `high`, unless `mark` says otherwise."""
    rules = base.mark_rule(**{"strokeWidth": 1.5, "color": look.ink, **mark})
    drawn: alt.Chart = rules.encode(x=alt.X(f"{low}:Q") if isinstance(low, str) else low, x2=alt.X2(f"{high}:Q"))
    return drawn


def zero(look: Look) -> alt.Chart:
    """Return the line of no difference, upright."""
    line: alt.Chart = alt.Chart(pd.DataFrame({"x": [0.0]})).mark_rule(color=look.faint).encode(x=alt.X("x:Q"))
    return line


def handles(line: alt.Chart, tips: Sequence[alt.Tooltip], **mark: Any) -> alt.Chart:
    """Return unseen points along a line that carry its tooltips: a line itself tells of its first point only."""
    points: alt.Chart = line.mark_point(size=160, opacity=0, filled=True, **mark).encode(tooltip=list(tips))
    return points


def rows(column: str, order: Sequence[str], *, lines: int = 1) -> alt.Y:
    """Return a vertical axis of named rows in the order given; a label may have two lines, parted by a line break."""
    axis = alt.Axis(domain=False, ticks=False, labelExpr="split(datum.label, '\\n')")
    if lines > 1:
        axis = alt.Axis(**axis.to_dict(), labelLineHeight=17, labelOffset=-9)
    return alt.Y(f"{column}:N", sort=list(order), title=None, axis=axis)


def colours(shown: Sequence[str], universe: Sequence[str]) -> alt.Scale:
    """Return :func:`fills` as a scale."""
    own = fills(shown, universe)
    return alt.Scale(domain=list(own), range=list(own.values()))


def fills(shown: Sequence[str], universe: Sequence[str]) -> dict[str, str]:
    """Return the colour of each name: it keeps it whatever else is shown.

    Parameters
    ----------
    shown : sequence of str
        Names in this chart.
    universe : sequence of str
        All names of this column in the data, in a fixed order: of all tables (:meth:`analysis.tables.Tables.names`),
        so that a channel has one colour whichever table a question reads.
    """
    order = {name: i for i, name in enumerate(universe)}
    own = {name: PALETTE[order.get(name, len(order)) % len(PALETTE)] for name in shown}
    return own | {name: grey for name, grey in ((TOTAL, "#6B7480"), (NOT_SET, "#B0B7BF")) if name in own}


def finish(chart: AnyChart, look: Look, *, describe: str, height: int | None = None) -> AnyChart:
    """Give a finished chart its theme, its width and its description for screen readers."""
    columns: Any = 4
    size: dict[str, Any] = {} if height is None else {"height": height}
    if not isinstance(chart, alt.VConcatChart | alt.HConcatChart | alt.FacetChart):
        size, columns = size | {"width": "container"}, narrowly(2, 4)
    # All at once: each change of a layered chart copies its layers and all they hold.
    finished: AnyChart = chart.properties(
        description=describe, background="transparent", padding={"left": 4, "right": 12, "top": 4, "bottom": 4}, **size
    ).configure(
        font=FONT,
        locale=_locale(look.language),
        aria=False,
        mark=alt.MarkConfig(aria=False),  # the description says what is seen; of marks a reader would hear codes
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(
            labelColor=look.ink,
            titleColor=look.faint,
            gridColor=look.grid,
            domainColor=look.grid,
            tickColor=look.grid,
            labelFontSize=13,
            titleFontSize=13,
            titleFontWeight="normal",
            labelLimit=220,
            labelSeparation=6,
        ),
        legend=alt.LegendConfig(
            labelColor=look.ink,
            titleColor=look.faint,
            labelFontSize=13,
            titleFontSize=13,
            orient="top",
            columns=columns,
        ),
        header=alt.HeaderConfig(labelColor=look.ink, titleColor=look.faint, labelFontSize=13),
        text=alt.MarkConfig(color=look.ink, fontSize=13),
        title=alt.TitleConfig(color=look.ink, fontSize=15, anchor="start", aria=False),
    )
    return finished


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
