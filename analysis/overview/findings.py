"""What is most worth acting on, and how much money is in it?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis import charts
from analysis.answer import Answer, Note
from analysis.charts import AnyChart, Look
from analysis.errors import DataError, SluiceError
from analysis.fields import Field, Fields, Figure, bounds, described
from analysis.later import alt
from analysis.messages import N_, Message, say
from analysis.overview.sources import ABOUT, MEANINGS, SOURCES, Finding, Source
from analysis.question import Question
from analysis.tables import Tables
from analysis.values import value

FIRST = 3
"""How many findings stand in front."""


@value("findings")
class Findings(Question):
    """What is most worth acting on: the worst drop-off, the money best moved, people lost, what fell most.

    Parameters
    ----------
    where : Filter, optional

    Notes
    -----
    Other questions are asked, each as its page asks it at first, and of each answer what it calls a loss or a gain
    beyond chance is taken, with its amount. What an amount is, is said beside it: what acting on it would bring (at the
    others' rate, by the response curves), what is less than before, or what people had paid. They are of different
    kinds and overlap, so they do not add up. Those that say what acting would bring stand before what people had
    paid, and what has an amount before what has none; among these the dearest is first. Of one thing, such as
    drop-offs, only the dearest finding is taken.

    Examples
    --------
    >>> def user(n, device, done):
    ...     return [(f"{device}{n}", 0, "view", device)] + [(f"{device}{n}", 1, "cart", device)] * done
    >>> rows = [r for n in range(100) for r in user(n, "ios", n < 40) + user(n, "android", n < 20)]
    >>> events = pd.DataFrame(rows, columns=["user_id", "timestamp", "event", "device"])
    >>> events["timestamp"] = pd.Timestamp("2026-11-01") + pd.to_timedelta(events["timestamp"], unit="h")
    >>> later = pd.DataFrame([("z", pd.Timestamp("2026-11-20"), "view", "ios")], columns=events.columns)
    >>> answer = Findings().run(Tables(events=pd.concat([events, later])))
    >>> answer.table[["about", "people", "meaning"]].values.tolist()
    [['drop-off', 20.0, 'people']]
    """

    title: ClassVar[str] = N_("What is most worth acting on?")

    @property
    def heavy(self) -> bool:
        """Several questions, some of which fit models."""
        return True

    @classmethod
    def lacks(cls, tables: Tables) -> tuple[DataError, ...]:
        """Return what is missing where there is nothing at all; any one table is enough."""
        held = [table for table in ("orders", "spend", "events") if tables.count(table)]
        return () if held else (DataError.no_table("orders"),)

    def asks(self, tables: Tables) -> tuple[tuple[Source, Question], ...]:
        """Return whom to ask and what: the questions whose answers :meth:`together` ranks.

        Parameters
        ----------
        tables : Tables
        """
        return tuple(self._asks(tables))

    def _asks(self, tables: Tables) -> Iterator[tuple[Source, Question]]:
        for source in SOURCES:
            try:
                question = source.ask(tables, self.where)
            except SluiceError:
                continue
            if not question.lacks(tables):
                yield source, question

    def _answer(self, tables: Tables) -> FindingsAnswer:
        answers = []
        for source, question in self.asks(tables):
            try:
                answers.append((source, question.run(tables)))
            except SluiceError:  # the data do not tell, which is no finding
                continue
        return self.together(tables, answers)

    def together(self, tables: Tables, answers: Sequence[tuple[Source, Answer]]) -> FindingsAnswer:
        """Rank what answers found.

        Parameters
        ----------
        tables : Tables
        answers : sequence of (Source, Answer)
            To the questions of :meth:`asks`, as many as there are.
        """
        found = ranked([finding for source, answer in answers for finding in source.read(answer)])
        currency = next((answer.currency for _, answer in answers if answer.currency), None)
        return FindingsAnswer(
            question=self,
            version=tables.version,
            headline=_headline(found, len(answers)),
            frames={"table": _table(found)},
            notes=tuple(_notes(found)),
            currency=currency,
            findings=found,
            names=tables.display,
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class FindingsAnswer(Answer):
    """One row per finding, the one most worth acting on first.

    Parameters
    ----------
    findings : tuple of Finding
    """

    fields: ClassVar[Fields] = described(
        table={
            "place": Field(N_("Place"), "count"),
            "about": Field(N_("About"), "text", ABOUT),
            "finding": Field(N_("Finding"), "text"),
            "amount": Field(N_("Amount"), "money"),
            **bounds("money"),
            "meaning": Field(N_("What the amount is"), "text", MEANINGS),
            "people": Field(N_("People"), "count"),
        },
    )

    figures = (Figure("amount", ("about",)),)

    question: Findings
    findings: tuple[Finding, ...] = ()

    @property
    def first(self) -> tuple[Finding, ...]:
        """The few that stand in front."""
        return self.findings[:FIRST]

    def shown(self, name: str, language: str) -> pd.DataFrame:
        """Return the table with the findings as sentences in a reader's language."""
        return self.frame(name).assign(finding=[self.say(one.said, language) for one in self.findings])

    def _chart(self, look: Look) -> AnyChart:
        plot = self.plot("table", look)
        table = plot.named(self.table.dropna(subset="amount"))
        labels = [plot.written("amount", amount) for amount in table["amount"]]
        table["row"] = [f"{about}\n{label}" for about, label in zip(table["about_name"], labels, strict=True)]
        base = alt.Chart(table).encode(y=charts.rows("row", table["row"].tolist(), lines=2))
        bars = base.mark_bar(height=18, color=charts.ACCENT, opacity=0.8).encode(
            x=plot.x("amount"), tooltip=plot.tips("about", "amount", "low", "high", "meaning")
        )
        drawn = alt.layer(bars, charts.whiskers(base, look))
        return charts.finish(drawn, look, describe=look(self.headline), height=46 * max(len(table), 1) + 50)


# ---- the order --------------------------------------------------------------------------------------------


def ranked(found: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return findings in the order in which they are worth acting on, of one thing the first.

    Parameters
    ----------
    found : sequence of Finding
    """
    kept: Mapping[str, Finding] = {}
    for finding in sorted(found, key=_worth):
        kept = kept if finding.about in kept else {**kept, finding.about: finding}
    return tuple(kept.values())


def _worth(one: Finding) -> tuple[bool, bool, float, float]:
    amount = float(one.amount.value)
    unpriced = np.isnan(amount)
    return unpriced, one.meaning == "had-paid", 0.0 if unpriced else -amount, -np.nan_to_num(one.people)


def _table(found: Sequence[Finding]) -> pd.DataFrame:
    rows = [
        {"place": n, "about": one.about, "finding": one.said.text(), "meaning": one.meaning, "people": one.people,
         **dict(zip(("amount", "low", "high"), one.amount.floats(), strict=True))}
        for n, one in enumerate(found, 1)
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=list(FindingsAnswer.fields["table"]))
    return table.astype({"place": "Int64", **dict.fromkeys(("amount", "low", "high", "people"), float)})


def _headline(found: Sequence[Finding], asked: int) -> Message:
    if not found:
        return say("Nothing stands out: of {n} questions asked, none found a loss or a gain that chance does not "
                   "explain.", n=asked)  # fmt: skip
    return say("First: {finding}", finding=found[0].said)


def _notes(found: Sequence[Finding]) -> Iterator[Note]:
    if len(found) > 1:
        text = say("Amounts are of different kinds and overlap: they do not add up. What each is, is said beside it.")
        yield Note("no-sum", text, "warning")
    text = say("Each finding is another question's, asked as its page asks it at first; what chance explains is left "
               "out.")  # fmt: skip
    yield Note("of-others", text)
