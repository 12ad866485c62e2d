"""What was planned and what happened, by channel and phase: spend, clicks and realised revenue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd

from analysis.arrays import Floats, Ints
from analysis.money import Currency, currency_of
from analysis.periods import day_of, stretches
from analysis.plan.check import RESERVED
from analysis.plan.dates import before, own_campaign, rows_of
from analysis.plan.parts import Cells, Parts, parted
from analysis.purchases import purchases
from analysis.records import PlanLine
from analysis.tables import Tables, collect
from analysis.values import Campaign, Filter

STAGE = "execution"
"""Stage of the work whose plan lines are media."""
OTHER = ""
"""Phase of days that no phase has, and channel of orders that name none."""


class Happened(NamedTuple):
    """What one campaign's rows came to, indexed by channel and phase: `spend`, `clicks` and `revenue`."""

    cells: pd.DataFrame
    spend: Currency
    revenue: Currency
    named: bool
    """Whether orders say which channel they came through."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A campaign beside its plan.

    Parameters
    ----------
    channels : tuple of str
        Those that were planned or paid for.
    revenue, spend : Parts
        Of the gap of either, by channel.
    planned, actual : DataFrame
        By channel: `spend` and `revenue`.
    aim, reserve : float
        Revenue aimed at, and money held back.
    elsewhere, expected : float
        Revenue of channels without spend, and what of the aim was expected of them.
    prior : str, optional
        The campaign before, whose rates the plan is taken to expect.
    happened : Happened
    """

    channels: tuple[str, ...]
    revenue: Parts
    spend: Parts
    planned: pd.DataFrame
    actual: pd.DataFrame
    aim: float
    reserve: float
    elsewhere: float
    expected: float
    prior: str | None
    happened: Happened

    @property
    def realised(self) -> float:
        """All realised revenue."""
        return float(self.actual["revenue"].sum() + self.elsewhere)

    @property
    def spent(self) -> float:
        """All spend."""
        return float(self.actual["spend"].sum())

    @property
    def budget(self) -> float:
        """All planned spend, the reserve included."""
        return float(self.planned["spend"].sum() + self.reserve)

    def by_channel(self) -> dict[str, Ints]:
        """Return revenue's planned and actual amounts and parts in cents, each by channel; they add up exactly."""
        planned, actual = (whole(table["revenue"]) for table in (self.planned, self.actual))
        return {"planned": planned, "actual": actual, **_parts(self.revenue, actual - planned)}

    def parts(self) -> tuple[tuple[int, int, int, int], tuple[int, int, int, int]]:
        """Return in cents the parts of the gap of revenue, and of spend: volume, timing, rates and what is left."""
        revenue = self.by_channel()
        spend = _parts(self.spend, whole(self.actual["spend"]) - whole(self.planned["spend"]))
        return _with_rest(self.realised - self.aim, revenue), _with_rest(self.spent - self.budget, spend)


def whole(amounts: pd.Series[Any]) -> Ints:
    """Return amounts in whole cents."""
    found: Ints = np.rint(100 * amounts.to_numpy(float)).astype(np.int64)
    return found


def _parts(parts: Parts, gaps: Ints) -> dict[str, Ints]:
    """Return a gap's parts in whole cents by channel: rates are what volume and timing leave of each, as they must."""
    volume, timing = (np.rint(100 * part).astype(np.int64) for part in (parts.volume, parts.timing))
    alone = (parts.rates == 0) & (parts.timing == 0)
    volume = np.where(alone, gaps, volume)
    return {"volume": volume, "timing": timing, "rates": gaps - volume - timing}


def _with_rest(gap_: float, parts: Mapping[str, Ints]) -> tuple[int, int, int, int]:
    volume, timing, rates = (int(parts[name].sum()) for name in ("volume", "timing", "rates"))
    return volume, timing, rates, round(100 * gap_) - volume - timing - rates


def gap(tables: Tables, aim: float, where: Filter | None) -> Gap:
    """Return a campaign beside its plan.

    Parameters
    ----------
    tables : Tables
    aim : float
        Realised revenue that was aimed at.
    where : Filter, optional
        Channels and the like that count.
    """
    own, lines = own_campaign(tables), [line for line in tables.recorded(PlanLine) if line.stage == STAGE]
    now = _happened(tables, _also(rows_of(tables), where), dt.timedelta())
    name = before(tables)
    shift = dt.date.fromisoformat(own.start) - stretches(tables)[name][0] if name else dt.timedelta()
    then = _happened(tables, _also(rows_of(tables, name), where), shift) if name else None
    reserve = sum(line.amount for line in lines if line.line.casefold() in RESERVED)
    media = _media(own, [line for line in lines if line.line.casefold() not in RESERVED])
    paid = now.cells["spend"].groupby("channel").sum()
    channels = tuple(sorted({*media["channel"], *paid.index[paid != 0]}))
    phases = tuple(dict.fromkeys([*(phase.name for phase in own.phases), OTHER]))
    planned = media.groupby(["channel", "phase"])["amount"].sum()
    grid = _Grid(channels, phases)
    units = grid.of(planned)
    worth, expected = _expected(units, then.cells if then else None, grid, aim)
    actual = {column: grid.of(now.cells[column]) for column in ("spend", "clicks", "revenue")}
    elsewhere = float(now.cells["revenue"].sum() - actual["revenue"].sum())
    clicks = _clicks(units, actual, then.cells if then else None, grid)
    return Gap(
        channels=channels,
        revenue=parted(Cells(units, worth), Cells(actual["spend"], actual["revenue"])),
        spend=parted(Cells(clicks[0], units), Cells(clicks[1], actual["spend"])),
        planned=pd.DataFrame({"spend": units.sum(axis=1), "revenue": worth.sum(axis=1)}, index=list(channels)),
        actual=pd.DataFrame({c: actual[c].sum(axis=1) for c in ("spend", "revenue")}, index=list(channels)),
        aim=aim, reserve=reserve, elsewhere=elsewhere, expected=expected, prior=name if then else None, happened=now,
    )  # fmt: skip


def _also(rows: Filter, where: Filter | None) -> Filter:
    return rows.replace(channel=where.channel, device=where.device, segment=where.segment) if where else rows


@dataclass(frozen=True, slots=True)
class _Grid:
    """Channels and phases, and tables laid out over them."""

    channels: Sequence[str]
    phases: Sequence[str]

    def of(self, cells: pd.Series[Any]) -> Floats:
        """Return a series by channel and phase as an array of that shape, nought where it has nothing."""
        whole = pd.MultiIndex.from_product([self.channels, self.phases], names=["channel", "phase"])
        found = cells.groupby(["channel", "phase"]).sum().reindex(whole, fill_value=0.0)
        return np.asarray(found, np.float64).reshape(len(self.channels), len(self.phases))


def _media(campaign: Campaign, lines: Sequence[PlanLine]) -> pd.DataFrame:
    """Return what the plan gives to each channel and phase; a line for the whole campaign goes by its days."""
    days = {phase.name: _days(phase.start, phase.end) for phase in campaign.phases}
    whole = _days(campaign.start, campaign.end)
    days |= {OTHER: max(whole - sum(days.values()), 0)}
    rows = []
    for line in lines:
        parts = {line.phase: 1.0} if line.phase else {name: n / sum(days.values()) for name, n in days.items()}
        rows += [(line.line, name if name in days else OTHER, line.amount * part) for name, part in parts.items()]
    return pd.DataFrame(rows, columns=["channel", "phase", "amount"]).astype({"amount": float})


def _days(start: str, end: str) -> int:
    return (dt.date.fromisoformat(end) - dt.date.fromisoformat(start)).days + 1


def _expected(units: Floats, then: pd.DataFrame | None, grid: _Grid, aim: float) -> tuple[Floats, float]:
    """Return what of the aim each cell was to bring, and what was to come without spend.

    The plan says how much in all; how that was to come about is taken from the campaign before, all of its rates raised
    alike. Without one every channel was to bring as much for its money.
    """
    if then is None or not then["revenue"].sum() > 0:
        total = units.sum()
        return (units * aim / total if total else units), 0.0 if total else aim
    spend, revenue = (grid.of(then[column]) for column in ("spend", "revenue"))
    other = float(then["revenue"].sum() - revenue.sum())
    rates = _filled(spend, revenue)
    worth = units * rates
    raised = aim / (worth.sum() + other)
    return worth * raised, other * raised


def _filled(units: Floats, worth: Floats) -> Floats:
    """Return the rate of each cell; where it has no units that of its channel, else that of all."""
    whole = worth.sum() / units.sum() if units.sum() > 0 else 1.0
    own, of = worth.sum(axis=1, keepdims=True), units.sum(axis=1, keepdims=True)
    channel = np.divide(own, of, out=np.full_like(own, whole), where=of > 0)
    found: Floats = np.divide(worth, units, out=np.broadcast_to(channel, worth.shape).copy(), where=units > 0)
    return found


def _clicks(
    units: Floats, actual: Mapping[str, Floats], then: pd.DataFrame | None, grid: _Grid
) -> tuple[Floats, Floats]:
    """Return the clicks that the plan was to buy, at the prices of the campaign before, and those that were bought.

    Where clicks are not told of, money stands for itself: then nothing is due to prices.
    """
    if then is None or not then["clicks"].sum() > 0 or not actual["clicks"].sum() > 0:
        return units, actual["spend"]
    prices = _filled(grid.of(then["clicks"]), grid.of(then["spend"]))
    told = actual["clicks"].sum(axis=1, keepdims=True) > 0
    planned = np.divide(units, prices, out=np.zeros_like(units), where=prices > 0)
    return np.where(told, planned, units), np.where(told, actual["clicks"], actual["spend"])


# ---- what happened ----------------------------------------------------------------------------------------


def _happened(tables: Tables, rows: Filter, shift: dt.timedelta) -> Happened:
    """Return spend, clicks and realised revenue by channel and phase, days called as those of the campaign."""
    spent, spend = _spend(tables, rows, shift)
    sold, revenue, named = _revenue(tables, rows, shift, spend.code)
    cells = pd.concat([spent, sold]).fillna(0.0).groupby(["channel", "phase"]).sum()
    return Happened(cells, spend, revenue, named)


def _held(rows: Filter, tables: Tables, table: str) -> Filter:
    lacks = [column for column in rows.columns() if column not in tables.present(table)]
    return rows.without(*lacks)


def _spend(tables: Tables, rows: Filter, shift: dt.timedelta) -> tuple[pd.DataFrame, Currency]:
    frame = tables.frame("spend", _held(rows, tables, "spend"))
    money = currency_of(tables, frame, amount="spend", at="period_start")
    clicks = nw.col("clicks").cast(nw.Float64) if "clicks" in tables.present("spend") else nw.lit(None, nw.Float64)
    amounts = frame.with_columns(spend=nw.col("spend") * money.factor("period_start"), clicks=clicks)
    found = _by_day(amounts, "period_start", tables, "spend", ("spend", "clicks"))
    return _phased(found, tables, shift, ("spend", "clicks")), money


def _revenue(
    tables: Tables, rows: Filter, shift: dt.timedelta, wanted: str | None
) -> tuple[pd.DataFrame, Currency, bool]:
    named = "channel" in tables.present("orders")
    bought = purchases(tables, _held(rows, tables, "orders"), *(["channel"] if named else []), buyers=False)
    money = currency_of(tables, bought.realised, wanted)
    amounts = bought.realised.with_columns(revenue=nw.col("amount") * money.factor())
    if not named:
        amounts = amounts.with_columns(channel=nw.lit(None, nw.String))
    found = _by_day(amounts, "timestamp", tables, "orders", ("revenue",))
    return _phased(found, tables, shift, ("revenue",)), money, named


def _by_day(frame: nw.LazyFrame[Any], time: str, tables: Tables, table: str, sums: tuple[str, ...]) -> pd.DataFrame:
    span = tables.span(table)
    assert span is not None  # the question needs both tables
    days = frame.with_columns(day=day_of(time, tables.zone, *span))
    return collect(days.group_by("day", "channel").agg(*(nw.col(name).sum() for name in sums)))


def _phased(found: pd.DataFrame, tables: Tables, shift: dt.timedelta, sums: tuple[str, ...]) -> pd.DataFrame:
    own = own_campaign(tables)
    days = pd.to_datetime(found["day"]) + pd.Timedelta(shift)
    phases = [own.phase_of(day.date().isoformat()) or OTHER for day in days]
    table = found.assign(phase=phases, channel=found["channel"].fillna(OTHER).astype(object))
    return table.groupby(["channel", "phase"])[list(sums)].sum().astype(float)
