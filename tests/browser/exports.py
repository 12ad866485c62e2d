"""Three platforms' exports of one invented month, with what must come out of them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np

DAYS = tuple(dt.date(2026, 10, 12) + dt.timedelta(days=n) for n in range(35))
USERS = 400
TIANCHI = "user_id,item_id,behavior_type,user_geohash,item_category,time"
TMALL = "订单编号,总金额,买家实际支付金额,收货地址 ,订单创建时间,订单付款时间 ,退款金额"
DOUYIN = "主订单编号,子订单编号,选购商品,商品数量,商品金额,订单应付金额,订单提交时间,支付完成时间,订单状态,流量来源"
QIANCHUAN = "日期,商品ID,商品名称,整体展示次数,整体点击次数,整体点击率,整体消耗,整体成交金额,整体支付ROI"
WANXIANG = "日期,主体ID,主体类型,主体名称,花费,净成交金额,总成交金额,净实际投产比,实际投产比,展现量,点击量"


def three_platforms(folder: Path) -> tuple[list[Path], dict[str, int]]:
    """Write a behaviour log, orders and a spend report; return them and what they hold."""
    rng = np.random.default_rng(11)
    behaviour, buyers = _behaviour(rng)
    spend, cents = _spend(rng)
    files = {"tianchi.csv": behaviour.encode(), "tmall.csv": _orders(buyers).encode()}
    files["万相台.csv"] = spend.encode("gb18030")
    for name, content in files.items():
        (folder / name).write_bytes(content)
    held = {"events": behaviour.count("\n") - 1, "buyers": len(buyers), "cents": cents}
    return [folder / name for name in files], held


def one_of_short_video(folder: Path) -> tuple[list[Path], dict[str, int]]:
    """Write the same month as a video platform's orders and ad report, and the log; return them and what they hold.

    Orders stand in lines, some were never paid; the report is by day and product and names no currency.
    """
    rng = np.random.default_rng(12)
    behaviour, buyers = _behaviour(rng)
    orders, cents_paid = _lines(buyers)
    report, cents = _by_product(rng)
    files = {
        "天池.csv": behaviour.encode(),
        "订单.csv": orders.encode("gb18030"),
        "商品.csv": report.encode("utf-8-sig"),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    held = {"events": behaviour.count("\n") - 1, "buyers": len(buyers), "paid": cents_paid, "cents": cents}
    return [folder / name for name in files], held


def _behaviour(rng: np.random.Generator) -> tuple[str, list[dt.datetime]]:
    """Everybody looks, some put it in the cart an hour later, some of those buy another hour later.

    One more looks on the last day, so that everybody else's window is over.
    """
    rows, buyers = [TIANCHI], list[dt.datetime]()
    for user in range(USERS):
        at = dt.datetime.combine(DAYS[user % 25], dt.time(int(rng.integers(6, 20))))
        depth = 1 + int(rng.random() < 0.4) + int(rng.random() < 0.5)
        for step in range(depth):
            code = (1, 3, 4)[step]
            rows.append(f"{80_000_000 + user},{9_000 + step},{code},,4245,{at + dt.timedelta(hours=step):%Y-%m-%d %H}")
        if depth == 3:
            buyers.append(at + dt.timedelta(hours=2))
    rows.append(f"{80_000_000 + USERS},9000,1,,4245,{DAYS[-1]:%Y-%m-%d} 12")
    return "\n".join(rows) + "\n", buyers


def _orders(buyers: list[dt.datetime]) -> str:
    rows = [TMALL]
    for n, at in enumerate(buyers):
        rows.append(f"{n + 1},{60 + n % 40}.5,{60 + n % 40}.5,浙江省,{at:%Y-%m-%d %H:%M:%S},{at:%Y-%m-%d %H:%M:%S},0.0")
    return "\n".join(rows) + "\n"


def _spend(rng: np.random.Generator) -> tuple[str, int]:
    """Revenue saturates in spend, so that a curve can be fitted; the report ends with its own total."""
    rows, spent, earned = [WANXIANG], 0, 0
    for day in DAYS:
        cents = int(rng.gamma(4, 10_000))
        revenue = int(600_000 * cents / (30_000 + cents) * rng.lognormal(0, 0.03))
        amounts = f"{cents / 100:.2f},{revenue / 100:.2f},{revenue / 100:.2f}"
        rows.append(f"{day},800001,商品,茶壶,{amounts},2,2,{cents},{cents // 50}")
        spent, earned = spent + cents, earned + revenue
    rows.append(f"合计,,,,{spent / 100:.2f},{earned / 100:.2f},{earned / 100:.2f},2,2,,")
    return "\n".join(rows) + "\n", spent


def _lines(buyers: list[dt.datetime]) -> tuple[str, int]:
    """Every third order has two lines, every fifth was closed unpaid; return the rows and what was paid, in cents."""
    rows, paid = [DOUYIN], 0
    for n, at in enumerate(buyers):
        closed = n % 5 == 4
        state = ",已关闭" if closed else f"{at + dt.timedelta(minutes=2):%Y-%m-%d %H:%M:%S},已完成"
        for line in range(1 + (n % 3 == 0)):
            cents = 5_950 + 100 * (n % 40) + line
            paid += 0 if closed else cents
            amounts = f"{cents / 100:.2f},{cents / 100:.2f}"
            rows.append(f"{7_000 + n},{70_000 + 10 * n + line},茶壶,1,{amounts},{at:%Y-%m-%d %H:%M:%S},{state},短视频")
    return "\n".join(rows) + "\n", paid


def _by_product(rng: np.random.Generator) -> tuple[str, int]:
    """Revenue saturates in the day's spend, over two products."""
    rows, spent = [QIANCHUAN], 0
    for day in DAYS:
        cents = int(rng.gamma(4, 10_000))
        revenue = int(600_000 * cents / (30_000 + cents) * rng.lognormal(0, 0.03))
        for item, share in (("茶壶", 3), ("茶盘", 1)):
            own, earned = cents * share // 4, revenue * share // 4
            rows.append(f"{day},{3_500 + share},{item},{own},{own // 50},2%,{own / 100:.2f},{earned / 100:.2f},2")
            spent += own
    return "\n".join(rows) + "\n", spent
