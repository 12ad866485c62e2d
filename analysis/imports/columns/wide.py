"""Are a table's headings values: channels beside each other, outcomes of a user, steps that have no times?

What is found here is a proposal with its evidence: the analyst is asked to confirm it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.imports.columns.cells import Source, filled
from analysis.imports.columns.times import local, time, time_style
from analysis.imports.file.scratch import Scratch
from analysis.imports.lexicon.headings import plain_heading
from analysis.imports.lexicon.known import CHANNELS
from analysis.imports.lexicon.looks import FALSE, TRUE, is_value

_SPENT = r"spend|spent|cost|adspend|花费|消耗|消费|费用|投放|投入"
_PREFIX = re.compile(rf"^(?:{_SPENT})[\s_\-]+|^(?:花费|消耗|消费|费用|投放|投入)", re.IGNORECASE)
_SUFFIX = re.compile(
    rf"[\s_\-]+(?:ad[\s_\-]?)?(?:{_SPENT}|s)\s*(?:\([^)]*\))?$|(?:花费|消耗|消费|费用|投放|投入)\s*(?:[(（].*)?$",
    re.IGNORECASE,
)
_ALL = r"total|all|sum|总|合计|整体|全域|全部"
_SPENT_IN_ALL = re.compile(rf"(?:(?:{_ALL})[\s_\-]*)?(?:{_SPENT})(?:[\s_\-]*(?:{_ALL}))?", re.IGNORECASE)
_PERFORMED = r"impr|click|conver|曝光|展示|展现|点击|转化|播放"
_NUMBERED = re.compile(r"(?:x|media|channel|渠道)[\s_]?\d{1,3}", re.IGNORECASE)
_REVENUE = (
    "y",
    "revenue",
    "sales",
    "totalrevenue",
    "totalsales",
    "gmv",
    "销售额",
    "成交金额",
    "营收",
    "收入",
    "支付金额",
)
_RETURNED = re.compile(r"(?:retention|retained|returned|d|day)[\s_]?(\d{1,3})", re.IGNORECASE)
_STEPS = (
    r"home|landing|index|首页",
    r"search|list|categor|搜索|列表",
    r"product|detail|item|商品|详情",
    r"cart|basket|购物车",
    r"checkout|shipping|address|结算|提交订单",
    r"pay|支付|付款",
    r"confirm|thank|success|complete|支付成功|完成",
)
"""Pages of a shop in the order of a journey; where several fit, the last does."""


@dataclass(frozen=True, slots=True)
class Media:
    """A wide media table: the time column, each spending column's channel, the length of a row, and the revenue."""

    time: str
    spread: Mapping[str, str]
    period: str
    revenue: str | None
    telling: bool
    """Whether the headings name channels or spending, and are not only numbered."""
    controls: tuple[str, ...]
    """Further columns of numbers that are no channel's: what else was measured."""


def media(scratch: Scratch, samples: Mapping[str, Sequence[str]], time: str) -> Media | None:
    """Find columns of spend per channel beside a time column: two or more, by their names and their numbers."""
    numeric = [h for h in scratch.headings if h != time and _numeric(samples.get(h, ()))]
    named = {h: name for h in numeric if (name := _spending(h))}
    known = {h: h for h in numeric if h not in named and plain_heading(h) in CHANNELS}
    numbered = {h: h for h in numeric if _NUMBERED.fullmatch(h.strip())}
    spread = named if len(named) >= 2 else named | known if len(named | known) >= 2 else numbered
    if len(spread) < 2:
        return None
    revenue = next((h for name in _REVENUE for h in numeric if plain_heading(h) == name and h not in spread), None)
    controls = tuple(h for h in numeric if h not in spread and not _of_a_channel(h, spread))
    return Media(time, spread, _period(scratch, time), revenue, spread is not numbered, controls)


def measured(scratch: Scratch, samples: Mapping[str, Sequence[str]], taken: Sequence[str]) -> dict[str, str]:
    """Return the columns of numbers that are not taken, each as the control it is."""
    return {h: h for h in scratch.headings if h not in taken and _numeric(samples.get(h, ()))}


def _of_a_channel(heading: str, spread: Mapping[str, str]) -> bool:
    """Say whether a column is spend, reach or revenue: by its heading, or as it begins with a channel's name."""
    words = _words(heading)
    named = (_words(channel) for channel in spread.values())
    money = plain_heading(heading) in _REVENUE or _spending(heading) or re.fullmatch(_SPENT_IN_ALL, heading.strip())
    begun = any(own and words[: len(own)] == own for own in named)
    return bool(money or begun or re.search(_PERFORMED, heading.casefold()))


def _words(heading: str) -> list[str]:
    return [word for word in re.split(r"[\s_\-]+", heading.casefold()) if word]


def outcomes(samples: Mapping[str, Sequence[str]], taken: Sequence[str]) -> dict[str, str]:
    """Return the columns that say of each user whether something happened, each as the event it is."""
    words = {*FALSE, *TRUE}
    return {
        heading: heading
        for heading, values in samples.items()
        if heading not in taken
        and values
        and len({v.strip().casefold() for v in values}) == 2
        and all(v.strip().casefold() in words for v in values)
    }


def outcome_delays(events: Sequence[str]) -> dict[str, str]:
    """Place outcomes after their user's first event: by the day they name, else a second apart as they stand."""
    named = {e: m for e in events if (m := _RETURNED.fullmatch(e.strip())) and int(m[1])}
    return {e: f"{int(named[e][1])}d" if e in named else f"{n}s" for n, e in enumerate(events, 1)}


def step_delays(scratch: Scratch, heading: str) -> dict[str, str]:
    """Put steps in order: pages of a shop as a journey goes, others by how many users reached them."""
    text = filled(scratch.column(heading))
    query = (
        f"SELECT {text} AS step FROM {scratch.relation} WHERE mark IS NULL AND {text} IS NOT NULL GROUP BY 1 "
        "ORDER BY count(*) DESC, min(line) LIMIT 101"
    )
    steps = [str(row[0]) for row in scratch.con.execute(query).fetchall()]
    if len(steps) > 100:
        return {}
    ranks = {step: _rank(step) for step in steps}
    known = min(ranks.values(), default=-1) >= 0 and len(set(ranks.values())) == len(ranks)
    order = ranks if known else {step: n for n, step in enumerate(steps)}
    return {step: f"{n}s" for step, n in order.items() if n}


def journey_delay(step: str) -> dict[str, str]:
    """Place a step that is a file's only one where it stands in a shop's journey.

    Examples
    --------
    >>> journey_delay("payment_page"), journey_delay("home_page"), journey_delay("zebra")
    ({'payment_page': '5s'}, {}, {})
    """
    rank = _rank(step)
    return {step: f"{rank}s"} if rank > 0 else {}


def _rank(step: str) -> int:
    """Return which page of a journey a step is; below zero where none."""
    return max((n for n, look in enumerate(_STEPS) if re.search(look, step.casefold())), default=-1)


def _numeric(values: Sequence[str]) -> bool:
    given = [v for v in values if not (is_value(v) and v.strip("- ").casefold() in ("", "nan", "null"))]
    return bool(given) and sum(is_value(v) and any(c.isdigit() for c in v) for v in given) >= 0.9 * len(given)


def _spending(heading: str) -> str:
    """Return the channel that a heading such as ``tv_spend`` or ``抖音花费`` names, else an empty text."""
    text = heading.strip()
    for look in (_SUFFIX, _PREFIX):
        if (bare := look.sub("", text, count=1).strip(" _-")) != text.strip(" _-") and bare:
            return "" if re.fullmatch(rf"{_ALL}|overall", bare.casefold()) else bare
    return ""


def _period(scratch: Scratch, heading: str) -> str:
    """Return the shortest time between two rows' times, which is how long a row lasts."""
    kind = scratch.types()[scratch.headings.index(heading)]
    source = Source(scratch.con, scratch.relation, scratch.column(heading), kind)
    style = time_style(source)
    moment = local(source, style) or time(source, style)
    moments = f"SELECT DISTINCT {moment} AS t FROM {scratch.relation}, (SELECT 'UTC' AS zone)"
    query = f"SELECT min(date_diff('hour', b, t)) FROM (SELECT t, lag(t) OVER (ORDER BY t) AS b FROM ({moments}))"
    hours = scratch.con.execute(query).fetchall()[0][0]
    return f"{hours}h" if hours else "1d"
