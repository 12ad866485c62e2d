"""Who visits, and what each of them does: some stay on one page, some walk through all of them."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from client import Session, chosen, dated

from analysis import Simulation
from analysis.sharing import links

PAGES = (
    "", "funnel", "paths", "speed", "retention", "participation", "nodes", "attribution", "lifecycle", "budget",
    "reallocation", "data",
)  # fmt: skip
DATELESS = "data"
"""The page whose question does not follow the days that are chosen."""
FIRST, LAST = dt.date(2026, 9, 21), dt.date(2026, 11, 15)
KNOWN = (("", ""), ("2026-10-01", ""), ("2026-10-21", ""), ("2026-10-21", "2026-11-10"), ("", "2026-11-10"))
"""Days that many choose."""
Days = tuple[str, str]


@dataclass
class Seen:
    """What the visitors saw, in seconds, and what was asked before."""

    answers: list[float] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    openings: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    asked: set[tuple[str, Days]] = field(default_factory=set)
    cached: int = 0

    def note(self, seconds: float, page: str, days: Days) -> None:
        """Note an answer, and whether somebody asked the same before."""
        question = page, ("", "") if page == DATELESS else days
        self.cached += question in self.asked
        self.asked.add(question)
        self.answers.append(seconds)
        self.pages.append(page or "home")


Visit = Callable[[Session, random.Random, float, Seen], Awaitable[None]]


async def stays(session: Session, chance: random.Random, until: float, seen: Seen) -> None:
    """Change the funnel's breakdown every 5 to 15 seconds."""
    await session.visit("funnel")
    seen.note(session.answered, "funnel", ("", ""))
    while time.monotonic() < until:
        await asyncio.sleep(chance.uniform(5, 15))
        widget = session.widget("funnel.breakdown")
        if widget is None:
            raise LookupError("the Funnel page has no breakdown")
        option = chance.choice(widget.options)
        await session.rerun(chosen(widget, option))
        seen.note(session.answered, "funnel", (option, ""))


async def walks(session: Session, chance: random.Random, until: float, seen: Seen) -> None:
    """Go through all pages in an order of one's own, every 5 to 15 seconds to the next one or to other days."""
    days: Days = ("", "")
    order = chance.sample(PAGES, len(PAGES))
    for turn in range(10_000):
        page = order[turn % len(order)]
        await asyncio.sleep(chance.uniform(5, 15))
        if time.monotonic() > until:
            return
        await session.visit(page)
        seen.note(session.answered, page, days)
        fields = session.widget("filter.from"), session.widget("filter.to")
        if page == DATELESS or fields[0] is None or fields[1] is None:
            continue
        await asyncio.sleep(chance.uniform(5, 15))
        days = _new_days(chance) if chance.random() < 0.5 else chance.choice(KNOWN)
        states = [dated(widget, day) for widget, day in zip(fields, days, strict=True) if widget]
        await session.rerun(*states)
        seen.note(session.answered, page, days)


async def alone(session: Session, pages: Sequence[str], rounds: int) -> dict[str, list[float]]:
    """Go through the pages round by round, each with days that nobody asked about before: when is the headline there?

    Returns
    -------
    dict of str to list of float
        The seconds of each page's answers, at two choices of days a round; of a page without days those of arriving.
    """
    chance, seen = random.Random(1), dict[str, list[float]]()
    for _ in range(rounds):
        for page in pages:
            await session.visit(page)
            seen.setdefault(page, []).append(session.answered)
            fields = session.widget("filter.from"), session.widget("filter.to")
            if fields[0] and fields[1]:
                days = zip(fields, _new_days(chance), strict=True)
                await session.rerun(*(dated(widget, day) for widget, day in days if widget))
                seen[page].append(session.answered)
    return seen


def brings(rows: int) -> Visit:
    """Return a visit that imports a file of so many rows into a workspace of its own."""

    async def visit(session: Session, chance: random.Random, until: float, seen: Seen) -> None:
        await session.visit("data")
        lines = [
            f"u{chance.randrange(10**6)},2026-11-{1 + n % 28:02d}T{n % 24:02d}:00:00+08:00,view" for n in range(rows)
        ]
        content = "\n".join(["user_id,timestamp,event", *lines, ""]).encode()
        seen.answers.append(await session.bring("data.files.0", "events.csv", content))
        seen.answers.append(await session.press("data.import"))

    return visit


async def takes_all(base: str, until: float) -> int:
    """Ask for long simulations that nobody asked before, six at a time, and bring large files: one person's worst."""
    asked = 0

    async def tab(question: Simulation, beside: Session) -> None:
        """Follow a link in a tab of its own: one that is open keeps the question it has."""
        session = Session(base, beside)
        await session.open()
        await session.visit("reallocation", f"question={links.encode(question)}")
        await session.close()

    async def one(n: int, browser: Session) -> None:
        nonlocal asked
        session, chance = Session(base, browser), random.Random(n)
        await session.open()
        await session.visit("")
        await session.visit("data")
        await session.bring("data.files.0", "large.csv", b"user_id,timestamp,event\n" + b"x" * 20 * 2**20)
        while time.monotonic() < until:
            await tab(Simulation(runs=300, seed=chance.randrange(2**31 - 1)), browser)
            asked += 1
        await session.close()

    browser = Session(base)
    await browser.open()
    await asyncio.gather(*(one(n, browser) for n in range(6)))
    await browser.close()
    return asked


def _new_days(chance: random.Random) -> Days:
    """Return days that hardly anybody else chooses: one of some 800 pairs, three weeks at least."""
    length = (LAST - FIRST).days
    first = chance.randrange(length - 21)
    last = chance.randrange(first + 21, length + 1)
    return (FIRST + dt.timedelta(first)).isoformat(), (FIRST + dt.timedelta(last)).isoformat()


async def crowd(base: str, visit: Visit, visitors: int, seconds: float, another: int = 0) -> Seen:
    """Let visitors come within the first ten seconds and stay; return what they saw. `another` crowd chooses anew."""
    seen, until = Seen(), time.monotonic() + seconds

    async def visitor(chance: random.Random) -> None:
        session = Session(base)
        try:
            await asyncio.sleep(chance.random() * min(10, seconds / 6))
            begun = time.monotonic()
            await session.open()
            await session.visit("")
            seen.openings.append(time.monotonic() - begun)
            seen.asked.add(("", ("", "")))
            await visit(session, chance, until, seen)
            await session.close()
        except Exception as error:
            seen.errors.append(f"{type(error).__name__}: {str(error)[:160]}")
        seen.errors.extend(session.errors)

    await asyncio.gather(*(visitor(random.Random(7 * n + visitors + 1000 * another)) for n in range(visitors)))
    return seen
