"""What does a team aim at: which figure, from where to where, by when?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Any, ClassVar

from analysis.errors import QuestionError
from analysis.messages import N_, say
from analysis.question import Question
from analysis.quotes import row_of
from analysis.records import Planned
from analysis.values import Metadata, Value, a, day, number, optional, text, value


@value("figure")
class FigureOf(Value):
    """A figure of a question's answer, told as a text's quote tells one.

    Parameters
    ----------
    question : Question
    column : str
    row : mapping of str to str
        Columns of text or day, and what stands there in the row.
    frame : str
        Which of the answer's tables.

    Examples
    --------
    >>> from analysis import Sales
    >>> FigureOf(question=Sales(), column="aov", row={"group": "(total)"}).column
    'aov'
    """

    question: Question = field(metadata=a(Question))
    column: str = field(metadata=text())
    row: tuple[tuple[str, str], ...] = field(default=(), metadata=row_of())
    frame: str = field(default="table", metadata=text())


def _figure() -> Metadata:
    """The code of a ready figure, or a figure of a question; its JSON is read as well, for it stands so in a CSV."""
    code = text(longest=80)["check"]

    def check(name: str, got: Any) -> str | FigureOf:
        if isinstance(got, FigureOf):
            return got
        if isinstance(got, str) and got.lstrip().startswith("{"):
            return FigureOf.from_json(got)
        return str(code(name, got))

    return {"check": check}


@value("goal")
class Goal(Planned):
    """A figure that a campaign is to reach by a day.

    Parameters
    ----------
    name : str
    figure : str or FigureOf
        A ready figure by its code (one of :data:`analysis.plan.measures.MEASURES`), or one of any question's answer.
    base : float, optional
        What it is set out from; the campaign before tells where there is none.
    target : float
        What is aimed at, in the figure's unit (shares from 0 to 1); with `lift`, how much more than the base, as a
        share of it.
    lift : bool
        Whether `target` is a change of the base, such as 0.3 for +30%.
    date : str or date, optional
        The day by which; the campaign's last day without one.
    campaign : str, optional
        Which one it is for; the workspace's own without one.

    Raises
    ------
    QuestionError
        The target is zero: there is nothing to be reached.

    Examples
    --------
    >>> Goal(name="Participation", figure="participation", target=0.3, lift=True).title
    'Participation'
    """

    labels: ClassVar[Mapping[str, str]] = MappingProxyType({
        "name": N_("Goal"), "figure": N_("Figure"), "base": N_("Set out from"), "target": N_("Target"),
        "lift": N_("Target is a change of the base"), "date": N_("By"), "campaign": N_("Campaign"),
    })  # fmt: skip
    told_by: ClassVar[tuple[str, ...]] = ("campaign", "name")
    codes: ClassVar[Mapping[str, str]] = MappingProxyType({"campaign": "campaign"})

    name: str = field(metadata=text(longest=120))
    figure: str | FigureOf = field(metadata=_figure())
    target: float = field(metadata=number())
    lift: bool = field(default=False, metadata={"check": lambda name, got: _flag(name, got)})
    base: float | None = field(default=None, metadata=optional(number()))
    date: str | None = field(default=None, metadata=day())
    campaign: str | None = field(default=None, metadata=optional(text(longest=80)))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.target == 0:
            text_ = say(
                "a goal of zero is reached before anything is done: give what is aimed at, such as 3.5 or 0.15."
            )
            raise QuestionError.field("target", 0, text_)


def _flag(name: str, got: Any) -> bool:
    """Return whether a target is a change; a table that people fill in has it as a word."""
    words = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}
    found = words.get(got.strip().casefold()) if isinstance(got, str) else got
    if not isinstance(found, bool):
        raise QuestionError.field(name, got, say("it must be true or false."))
    return found


READY = (
    Goal(name="Participation +30%", figure="participation", target=0.3, lift=True),
    Goal(name="Conversion +15%", figure="conversion", target=0.15, lift=True),
    Goal(name="ROI 3.5", figure="roi", target=3.5),
)
"""The plan's own three."""
