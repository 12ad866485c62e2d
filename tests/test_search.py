"""A word or two find what is meant: whole, in part, in either language, with a slip of the pen."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.messages import translate
from analysis.search import Entry, search
from analysis.terms import TERMS

THINGS = (
    Entry(
        "Funnel", "page", "funnel", names=("Where do people drop off?", "漏斗", "大家在哪里流失？"), texts=("steps",)
    ),
    Entry("Paths", "page", "paths", names=("路径",), texts=("after the funnel",)),
    Entry("Page speed", "page", "speed", names=("页面速度",)),
    Entry("Speed", "question", "7"),
    Entry("Payback", "page", "payback", names=("回本",)),
    Entry("Back in stock", "notebook", "3"),
)
GLOSSARY = [
    Entry(
        t.name,
        "term",
        t.name,
        (translate(t.name, "zh_CN"), *t.also.split()),
        (t.meaning, translate(t.meaning, "zh_CN")),
    )
    for t in TERMS
]


def found(words: str) -> list[str]:
    return [one.key for one in search(words, THINGS)]


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        ("funnel", ["funnel", "paths"]),  # a name before what is said of another
        ("speed", ["7", "speed"]),  # a whole name before a word of one
        ("back", ["3", "payback"]),  # a name's beginning before a part of a word
        ("pa", ["paths", "payback", "speed"]),
        ("drop off", ["funnel"]),
        ("off people", ["funnel"]),  # in any order
        ("ＦＵＮＮＥＬ", ["funnel", "paths"]),  # full-width letters
        ("流失", ["funnel"]),
        ("速度", ["speed"]),
        ("路", ["paths"]),
        ("fnunel", ["funnel"]),
        ("paybcak", ["payback"]),
        ("zzz", []),
        ("funnel zzz", ["funnel"]),  # nothing has all of it
        ("", []),
        ("?!", []),
    ],
)
def test_what_is_meant_comes_first(words: str, keys: list[str]) -> None:
    assert found(words) == keys


def test_a_longer_part_of_a_name_goes_before_a_shorter() -> None:
    longer, shorter = Entry("Sales", "page", "a"), Entry("Sales of last year", "page", "b")
    assert search("sal", [shorter, longer]) == (longer, shorter)


def test_what_is_equally_good_stays_in_order() -> None:
    same = [Entry("Double 11", "notebook", str(n)) for n in range(20)]
    assert [one.key for one in search("double", same, most=5)] == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("entry", GLOSSARY, ids=lambda entry: entry.name)
def test_every_term_is_found_by_its_names(entry: Entry) -> None:
    for name in (entry.name, entry.names[0]):
        assert search(name, GLOSSARY)[0] is entry


@given(st.data())
def test_any_part_of_a_name_finds_it(data: st.DataObject) -> None:
    entry = data.draw(st.sampled_from(GLOSSARY))
    word = data.draw(
        st.sampled_from([w for w in entry.name.split() if w.isalnum()] or [re.sub(r"\W.*", "", entry.name)])
    )
    start = data.draw(st.integers(0, len(word) - 1))
    part = word[start : data.draw(st.integers(start + 1, len(word)))]
    assert entry in search(part, GLOSSARY, most=len(GLOSSARY))


@given(st.text(max_size=40))
def test_whatever_is_typed_finds_something_or_nothing(words: str) -> None:
    hits = search(words, (*THINGS, *GLOSSARY))
    assert len(hits) <= 8
    assert len(set(hits)) == len(hits)
