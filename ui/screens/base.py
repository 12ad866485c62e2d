"""What a screen is: one kind of question, as the app draws it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from analysis import Tables
from analysis.answer import Answer
from analysis.errors import QuestionError
from analysis.question import Question

Q = TypeVar("Q", bound=Question)
"""A screen's question."""
V = TypeVar("V", bound=Question)
"""A view's."""


@dataclass(frozen=True)
class View(Generic[Q, V]):
    """Another question about what a screen's controls say; a screen shows one of its views at a time.

    Parameters
    ----------
    kind : type of Question
    label : str
        On the switch, marked with `N_`.
    ask : callable
        Takes the tables, what the controls say, and the view's last question, which a link may have opened, or None;
        draws what controls the view adds and returns its question.
    base : callable
        Takes a question of the view and returns what the screen's controls start from.
    """

    kind: type[V]
    label: str
    ask: Callable[[Tables, Q, V | None], V]
    base: Callable[[V], Q]


@dataclass(frozen=True)
class Panel(Generic[Q]):
    """Another side of a screen's own question: other controls for it, and perhaps another look at its answer.

    Parameters
    ----------
    name : str
        Before the keys of its widgets.
    label : str
        On the switch, marked with `N_`.
    controls : callable
        As a screen's.
    look_at : callable, optional
        Draws what stands in the place of the answer's chart; takes the answer and the page's name. Where an answer is
        drawn otherwise than on a page, such a panel is left out.
    """

    name: str
    label: str
    controls: Callable[[Tables, Q], Q]
    look_at: Callable[[Answer, str], None] | None = None


@dataclass(frozen=True)
class Screen(Generic[Q]):
    """How one kind of question is asked: what a page is made of, and what anything else that asks it draws.

    Parameters
    ----------
    kind : type of Question
        Its `needs` say what it needs of the data.
    name : str
        In addresses, and before the keys of its widgets.
    label : str
        In the navigation, marked with `N_`.
    icon : str
    controls : callable
        Draws the controls, set to a question (its `where` is the filter's), and returns the question they now say.
    waiting : str
        What is said while the answer is on its way, marked with `N_`.
    own : str, optional
        On the switch between views, where it is called otherwise than in the navigation; marked with `N_`.
    panels : tuple of Panel
        Further sides of its own question, on the same switch.
    views : tuple of View
        Other questions about what the controls say; only the chosen one is asked.
    under : callable, optional
        Draws what can be done with the answer beside what every page offers.
    beside : callable, optional
        Draws, given the tables, what can be done there whether or not there is an answer.
    """

    kind: type[Q]
    name: str
    label: str
    icon: str
    controls: Callable[[Tables, Q], Q]
    waiting: str
    own: str = ""
    panels: tuple[Panel[Q], ...] = ()
    views: tuple[View[Q, Any], ...] = ()
    under: Callable[[Answer], None] | None = None
    beside: Callable[[Tables], None] | None = None

    @property
    def title(self) -> str:
        """Above the answer: the question as people ask it."""
        return self.kind.title

    @property
    def across(self) -> bool:
        """Whether it goes across campaigns: its campaign filter is then its own, and open at first."""
        return self.kind.of_all

    @property
    def kinds(self) -> tuple[type[Question], ...]:
        """What it asks: its own kind, then those of its views."""
        return (self.kind, *(view.kind for view in self.views))

    @property
    def page(self) -> str:
        """The page's file."""
        return f"pages/{self.name}.py"


def screen_among(screens: Iterable[Screen[Any]], question: Question) -> Screen[Any]:
    """Return the one of several screens that asks a question, be it as one of its views.

    Raises
    ------
    QuestionError
        None asks it.
    """
    known = tuple(screens)
    for screen in known:
        if isinstance(question, screen.kinds):
            return screen
    raise QuestionError.unknown_kind(question.kind, [kind.kind for one in known for kind in one.kinds])
