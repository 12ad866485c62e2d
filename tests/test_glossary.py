"""Every figure on a page has its term, or says by its label alone what it is; and every term is of something."""

from __future__ import annotations

from collections import Counter

import pytest

from analysis.answer import Answer
from analysis.glossary import term_of
from analysis.messages import LANGUAGES, translate
from analysis.question import Question
from analysis.terms import TERMS, Term
from analysis.values.base import kinds

METRICS = ("share", "points", "money", "ratio", "seconds", "number", "count", "flag")
PLAIN = frozenset(
    """
    Across | Active people | Again | Amount | Asked for | Bought | Bought in the 30 days after
    Bought in the 30 days before | Budget | Budget a day | Budget a day after | Budget a day before | Buyers | Campaigns
    Campaigns later | Change a day | Change in spend | Chosen | Compared with | Complete | Count | Customers
    Days on which they bought | Days with a value | Days with spend | Decision | Decisions carried out
    Decisions held back | Down | Estimable | Fast: users | For the first time | Groups | Highest | Hour | Left
    Left: users | Level | Lowest | Matched orders | Not taken up | Observed spend | Observed to its end
    Of the goal | On average | Paid orders | People at its last step | People at the funnel's first step
    Orders | Other users | People | Periods | Place | Planned spend | Right | Right: users | Rows | Rules
    Run | Seen | Share | Share of customers | Share of people | Share of the channel's spend
    Share of users | Shown | Slow: users | Spend | Spend of a period | Spend of the hour | Spend per credited conversion
    Cost per user | Revenue of the hour | Spent so far | Step | Tasks | Tasks done | Unspent | Users | Users after
    Users before | Users counted | Value (shares; hours for the cadence)
    """.replace("\n", " | ").split(" | ")
)
"""Labels that need no term: counts of what they name, amounts as they are, and sides of what is compared."""


def labels() -> dict[str, set[str]]:
    """Return the labels of all figures, each with the kinds of answers that have it."""
    found: dict[str, set[str]] = {}
    for kind in _below(Answer):
        for columns in kind.fields.values():
            for own in columns.values():
                if own.unit in METRICS:
                    found.setdefault(own.label, set()).add(kind.__name__)
    return found


def _below(kind: type[Answer]) -> set[type[Answer]]:
    return {kind, *(lower for own in kind.__subclasses__() for lower in _below(own))}


def test_every_figure_has_its_term() -> None:
    plain = {label.strip() for label in PLAIN}
    bare = {label for label in labels() if term_of(label) is None} - plain
    assert not bare, f"no term, and not plain: {sorted(bare)}"


def test_what_is_plain_is_there_and_has_no_term() -> None:
    plain = {label.strip() for label in PLAIN} - {""}
    assert {label for label in plain if term_of(label)} == set()
    assert plain <= labels().keys()


def test_every_label_of_a_term_is_some_columns() -> None:
    known = {own.label for kind in _below(Answer) for columns in kind.fields.values() for own in columns.values()}
    named = [label for term in TERMS for label in term.labels]
    assert set(named) <= known
    assert [label for label, n in Counter(named).items() if n > 1] == []


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term.name)
def test_a_term_is_whole_in_every_language(term: Term) -> None:
    assert set(term.kinds) <= set(kinds(Question))
    assert term.meaning.endswith(".")
    for language in set(LANGUAGES) - {"en"}:
        for text in (term.meaning, term.formula):
            assert not text or translate(text, language) != text, text
        assert term.meaning not in term.text(language)


def test_what_teams_speak_of_is_there() -> None:
    """Names that campaign teams use lead to a term, in either language."""
    said = " ".join(f"{t.name} {translate(t.name, 'zh_CN')} {t.also}" for t in TERMS).lower()
    english = [
        "roi",
        "roas",
        "aov",
        "gmv",
        "ctr",
        "cpa",
        "adstock",
        "saturation",
        "rfm",
        "clv",
        "ltv",
        "srm",
        "credible",
        "confidence",
        "retention",
    ]
    chinese = ["投产比", "客单价", "私域", "置信区间", "可信区间", "留存", "归因", "回本", "人群包", "增量"]
    assert [word for word in (*english, *chinese) if word not in said] == []


def test_terms_have_one_name_each() -> None:
    for language in LANGUAGES:
        names = [translate(term.name, language) for term in TERMS]
        assert len(set(names)) == len(names)
