"""What does each round of the plan ask? A template asks its questions of the data there is, and says what it cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from analysis.audience.lifecycle import Lifecycle
from analysis.budget.allocation.question import Allocation
from analysis.budget.curves.question import ResponseCurves
from analysis.errors import DataError, SluiceError
from analysis.journey.attribution.question import Attribution
from analysis.journey.funnel.change import FunnelChange
from analysis.journey.funnel.dropoffs import DropOffs
from analysis.journey.funnel.question import Funnel
from analysis.journey.loyalty.participation import Participation
from analysis.journey.loyalty.retention import Retention
from analysis.journey.nodes.question import Nodes
from analysis.journey.speed import PageSpeed
from analysis.messages import N_, begun, say, translate
from analysis.notebook.book import Cell, Notebook, Words, new_id
from analysis.plan.baselines import Baselines
from analysis.plan.check import PlanCheck
from analysis.plan.progress import GoalProgress
from analysis.plan.review import CampaignReview
from analysis.plan.scorecard import Scorecard
from analysis.question import Question
from analysis.reallocation.simulation import Simulation
from analysis.results.performance.question import Performance
from analysis.results.sales.question import Sales
from analysis.tables import Tables
from analysis.values import Filter, Value

Asked = tuple[type[Question], Callable[[Tables], Question]]
"""A kind, which says what it needs of the data, and what is asked of the data there is."""


@dataclass(frozen=True, slots=True)
class Template:
    """A round of the plan.

    Parameters
    ----------
    title, about : str
        In English (translated when shown).
    parts : tuple of str, Words or Asked
        Texts in Markdown, perhaps with a hint (in English, translated when a notebook is made), and questions.
    """

    title: str
    about: str
    parts: tuple[str | Words | Asked, ...]

    def made(self, tables: Tables, language: str = "en") -> Notebook:
        """Return a notebook that asks this round's questions; what cannot be asked is said in its place.

        Parameters
        ----------
        tables : Tables
        language : str
            Of its texts.

        Examples
        --------
        >>> import pandas as pd
        >>> from analysis import Tables
        >>> spend = pd.DataFrame({"period_start": ["2026-11-01"], "period_end": ["2026-11-02"], "channel": ["search"],
        ...                       "spend": [100.0], "currency": ["CNY"]})
        >>> spend[["period_start", "period_end"]] = spend[["period_start", "period_end"]].apply(pd.to_datetime)
        >>> book = TEMPLATES["budget"].made(Tables(spend=spend))
        >>> [type(cell.holds).__name__ for cell in book.cells][:3]
        ['Performance', 'Words', 'ResponseCurves']
        """
        held = [value for part in self.parts for value in _held(part, tables, language)]
        title = translate(self.title, language)
        if tables.campaign:
            title = f"{title} · {tables.display(tables.campaign.name, 'campaign', language)}"
        return Notebook(title=title[:200], cells=tuple(Cell(id=new_id(), holds=value) for value in held))


def _held(part: str | Words | Asked, tables: Tables, language: str) -> Iterator[Value]:
    if not isinstance(part, tuple):
        words = Words(text=part) if isinstance(part, str) else part
        yield Words(text=translate(words.text, language), hint=words.hint and translate(words.hint, language))
        return
    kind, ask = part
    try:
        for lacking in kind.lacks(tables):
            raise lacking
        yield ask(tables)
    except SluiceError as error:
        title, why = translate(kind.title, language), begun(error.message.text(language, tables.display))
        yield Words(text=say("**{title}** This cannot be asked yet. {why}", title=title, why=why).text(language))


# ---- questions --------------------------------------------------------------------------------------------


def _usual(kind: type[Question]) -> Asked:
    """Return what the kind's own page begins with, so that both say the same."""
    return kind, kind.opening


def _dropoffs(tables: Tables) -> Question:
    funnel = Funnel.opening(tables)
    return DropOffs(funnel=funnel, where=funnel.where)


def _by_variant(tables: Tables) -> Question:
    """Return the funnel by what was tested, where events tell, else by channel."""
    held = tables.texts("events")
    by = next((column for column in ("variant", "channel") if column in held), None)
    return Funnel.opening(tables).replace(breakdown=by)


def _change(tables: Tables) -> Question:
    """Return the funnel of the last campaign against the one before."""
    names = tables.names("campaign")
    if len(names) < 2:
        raise DataError.empty(say("Two campaigns are needed to compare them; the data has {n}.", n=len(names)))
    before, after = (Filter(campaign=(name,)) for name in names[-2:])
    by = next((column for column in ("channel", "device") if column in tables.texts("events")), "campaign")
    return FunnelChange(funnel=Funnel.suggested(tables), before=before, after=after, by=by)


def _day_by_day(tables: Tables) -> Question:
    return Performance.opening(tables).replace(every="day")


def _hinted(text: str, hint: str) -> Words:
    return Words(text=text, hint=hint)


# ---- rounds -----------------------------------------------------------------------------------------------


_FOUND = Words(
    text=N_("## What we found"),
    hint=N_("One sentence each: who, how much, compared with what, and what next. Figures can be quoted from the "
            "answers, and follow the data."),
)  # fmt: skip
TEMPLATES: Mapping[str, Template] = MappingProxyType({
    "diagnosis": Template(
        N_("Diagnosis"),
        N_("Three weeks: where people drop off, who they are, and what each channel brings."),
        (
            _FOUND, N_("## How it stands"), _usual(Sales), _usual(Performance), _usual(Baselines),
            N_("## Where people drop off"), _usual(Funnel), (DropOffs, _dropoffs), _usual(PageSpeed),
            N_("## Who they are"), _usual(Lifecycle), _usual(Retention),
            N_("## What brings them"), _usual(Attribution),
        ),
    ),
    "budget": Template(
        N_("Budget and design"),
        N_("Four weeks: from fixed splits to effect, and the rules that move money while the campaign runs."),
        (
            _usual(Performance), N_("## What more money would bring"), _usual(ResponseCurves), _usual(Allocation),
            N_("## Rules for while it runs"), _usual(Simulation),
            N_("## What we decide\n\n| channel | budget | why |\n| --- | --- | --- |\n| | | |"),
        ),
    ),
    "pilot": Template(
        N_("Pilot and test"),
        N_("Two weeks: try the plan on a part, and compare like with like before it is rolled out."),
        (
            _hinted(
                N_("## What is tested"), N_("What is changed, for whom, from when to when, and which figure decides.")
            ),
            _usual(PlanCheck),
            (Funnel, _by_variant), (DropOffs, _dropoffs), _usual(Nodes), _usual(PageSpeed),
            _hinted(N_("## Go or no go"), N_("What the test says, how sure it is, and what is rolled out.")),
        ),
    ),
    "check": Template(
        N_("Mid-campaign check"),
        N_("Look every four hours, adjust every eight: how it goes, what slips, and what was changed."),
        (
            _usual(GoalProgress), _usual(Sales), (Performance, _day_by_day), (DropOffs, _dropoffs),
            N_("## Adjustments\n\n| when | what was changed | why | effect |\n| --- | --- | --- | --- |\n| | | | |"),
        ),
    ),
    "review": Template(
        N_("28-day review"),
        N_("What we set out to do, what came of it, why, and what we keep for next time."),
        (
            _hinted(N_("## Goals"), N_("What was aimed for, by when, and who answered for it.")),
            _usual(GoalProgress),
            N_("## Results"), _usual(Sales), _usual(Performance), _usual(Scorecard), _usual(Baselines),
            _usual(Participation),
            N_("## Causes"), _usual(CampaignReview), (FunnelChange, _change), (DropOffs, _dropoffs),
            _usual(Attribution), _usual(Nodes), _usual(PageSpeed),
            _hinted(N_("## Lessons"), N_("What worked and stays, what did not and goes, what is still open.")),
            _usual(PlanCheck),
            N_("## Who does what by when\n\n| what | who | by when |\n| --- | --- | --- |\n| | | |"),
        ),
    ),
})  # fmt: skip
"""The plan's rounds by name."""
