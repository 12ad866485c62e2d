"""Links: what goes in comes out, and whatever else comes in is refused, quickly."""

from __future__ import annotations

import base64
import json
import time
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analysis.errors import QuestionError, SluiceError
from analysis.journey.funnel.question import Funnel
from analysis.question import Question
from analysis.sharing.links import LONGEST, decode, encode
from analysis.values import Filter, kinds

ASKED = Funnel(
    steps=("view", "购买", 'a"b'), window="36h", breakdown="channel", where=Filter(channel=("搜索", "x&y=z?#"))
)


def packed(data: Any) -> str:
    text = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(zlib.compress(text, 9)).decode().rstrip("=")


def test_a_link_holds_the_question() -> None:
    link = encode(ASKED)
    assert decode(link) == ASKED
    assert set(link) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
    assert encode(decode(link)) == link


@pytest.mark.parametrize("kind", kinds(Question))
def test_every_kind_of_question_has_a_link(kind: str, ask: Callable[[str], Question]) -> None:
    asked = ask(kind)
    again = decode(encode(asked.replace(where=Filter(end="2026-11-11"))))
    assert again == asked.replace(where=Filter(end="2026-11-11"))


names = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20), min_size=2, max_size=20)


@given(names, names)
def test_any_names_survive_a_link(steps: list[str], channels: list[str]) -> None:
    asked = Funnel(steps=steps, where=Filter(channel=channels))
    assert decode(encode(asked)) == asked


def test_the_longest_question_that_can_be_asked_has_a_link_that_opens() -> None:
    asked = Funnel(
        steps=[f"{i:03d}{'事' * 60}" for i in range(20)], where=Filter(channel=[f"channel {i}" for i in range(300)])
    )
    assert decode(encode(asked)) == asked


@given(st.text(max_size=200))
@example("")
@example("A")
@example("====")
@example("é")
@example("\ud800")
@example("\0")
@example("AAAA" * 5001)
def test_random_text_is_refused(text: str) -> None:
    with pytest.raises(SluiceError):
        decode(text)


@given(st.data())
def test_links_that_were_cut_or_changed_are_refused_or_are_questions(data: st.DataObject) -> None:
    link = encode(ASKED)
    at = data.draw(st.integers(0, len(link) - 1))
    letter = data.draw(st.sampled_from("Aa0-_ =/+\n.") | st.characters())
    for broken in (link[:at], link[at:], link[:at] + letter + link[at + 1 :], link[:at] + letter + link[at:]):
        try:
            assert isinstance(decode(broken), Question)
        except SluiceError:
            continue


@given(st.binary(max_size=300))
def test_any_packed_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(SluiceError):
        decode(packed(content))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (None, "unreadable"),
        ([], "unreadable"),
        ({}, "unreadable"),
        ("funnel", "unreadable"),
        (1e999, "unreadable"),
        (Filter().to_dict(), "unknown-kind"),
        ({"kind": "nothing", "version": 1}, "unknown-kind"),
        ({"kind": "__class__", "version": 1}, "unknown-kind"),
        (ASKED.to_dict() | {"version": 2}, "newer-version"),
        (ASKED.to_dict() | {"steps": [["a"], "b"]}, "bad-value"),
        (ASKED.to_dict() | {"window": 1e400}, "bad-value"),
        (ASKED.to_dict() | {"steps": ["a", "\ud800"]}, "bad-value"),
        (ASKED.to_dict() | {"_answer": 1}, "unknown-field"),
        (ASKED.to_dict() | {"where": ASKED.to_dict()}, "bad-value"),
    ],
    ids=lambda v: repr(v)[:40],
)
def test_packed_json_that_is_no_question_is_refused(data: Any, code: str) -> None:
    with pytest.raises(QuestionError) as raised:
        decode(packed(data))
    assert raised.value.code == code


def test_a_bomb_does_not_go_off() -> None:
    bomb = base64.urlsafe_b64encode(zlib.compress(b"[" * 10_000_000, 9)).decode()
    assert len(bomb) < LONGEST
    nested = packed(b'{"kind":"funnel","version":1,"steps":' + b"[" * 90_000 + b"]" * 90_000 + b"}")
    wide = packed(b'{"kind":"funnel","version":1,"steps":[' + b",".join([b'"a"'] * 49_000) + b"]}")
    huge = packed(b'{"kind":"funnel","version":1,"steps":' + b"9" * 100_000 + b"}")
    began = time.perf_counter()
    for text in (bomb, nested, wide, huge, "A" * 10_000_000):
        with pytest.raises(SluiceError):
            decode(text)
    assert time.perf_counter() - began < 2


def test_a_link_that_was_cut_says_what_to_do() -> None:
    with pytest.raises(QuestionError, match=r"it may have been cut off when copied\. Ask for the link again"):
        decode(encode(ASKED)[:-10])
