"""Messages: parameters in both languages, and errors that name the nearest choice."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from analysis import messages
from analysis.errors import DataError, ImportFileError, QuestionError, SluiceError, WorkspaceError, near
from analysis.messages import LANGUAGES, Money, Names, Points, Share, Span, catalogue, say, translate

CATALOGUE = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "{n} days"
msgstr "{n} 天"

msgid "{n} hours"
msgstr "{n} 小时"

msgid "{n} minute"
msgstr "{n} 分钟"

msgid "purchase"
msgstr "购买"

msgid "{x} again"
msgstr "又是{x}"

msgid "empty"
msgstr ""

#, fuzzy
msgid "guess"
msgstr "猜"
"""


@pytest.fixture
def chinese(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Read a small catalogue in place of the real one."""
    path = tmp_path / "zh_CN" / "LC_MESSAGES" / "sluice.po"
    path.parent.mkdir(parents=True)
    path.write_text(CATALOGUE.strip(), encoding="utf-8")
    monkeypatch.setattr(messages, "CATALOGUES", tmp_path)
    messages.catalogue.cache_clear()
    yield
    messages.catalogue.cache_clear()


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize(
    ("value", "english", "in_chinese"),
    [
        (0, "0", "0"),
        (1234567, "1,234,567", "1,234,567"),
        (-1, "-1", "-1"),
        (1.5, "1.50", "1.50"),
        (123.456, "123.5", "123.5"),
        (12345.6, "12,346", "12,346"),
        (True, "True", "True"),
        ("anything", "anything", "anything"),
        ("purchase", "purchase", "购买"),
        (Share(0.125), "12.5%", "12.5%"),
        (Share(0.0), "0%", "0%"),
        (Share(1.0), "100%", "100%"),
        (Share(0.0042), "0.42%", "0.42%"),
        (Share(-0.0042), "-0.42%", "-0.42%"),
        (Share(12.5), "1,250.0%", "1,250.0%"),
        (Points(-0.125), "-12.5", "-12.5"),
        (Points(0.0042), "0.42", "0.42"),
        (Points(0.0), "0", "0"),
        (Money(1234.5, "CNY", exact=True), "CN¥1,234.50", "¥1,234.50"),
        (Money(1234.4, "USD"), "$1,234", "US$1,234"),
        (Money(1234.4, "USD", signed=True), "+$1,234", "+US$1,234"),
        (Money(-5, None, signed=True), "-5.00", "-5.00"),
        (Money(-5, "EUR"), "-€5.00", "-€5.00"),
        (Money(-500, "EUR"), "-€500", "-€500"),
        (Money(1234.5, None), "1,234", "1,234"),
        (Money(1e300, "CNY"), "1.00e+300", "1.00e+300"),
        (-(10**400), "-1.00e+400", "-1.00e+400"),
        (Span(604_800), "7 days", "7 天"),
        (Span(5400), "1.5 hours", "1.5 小时"),
        (Span(60), "1 minute", "1 分钟"),
        (Span(0.25), "0.2 seconds", "0.2 seconds"),
        (Names(("a", "b", "c")), "a, b, c", "a、b、c"),
        (Names(()), "", ""),
        (dt.datetime(2026, 11, 11, 20, 5, 9), "2026-11-11 20:05", "2026-11-11 20:05"),
        (dt.date(2026, 11, 11), "2026-11-11", "2026-11-11"),
        (say("{x} again", x="purchase"), "purchase again", "又是购买"),
        (None, "None", "None"),
    ],
    ids=repr,
)
def test_parameters_are_put_as_the_language_puts_them(value: Any, english: str, in_chinese: str) -> None:
    assert say("<{v}>", v=value).text("en") == f"<{english}>"
    assert say("<{v}>", v=value).text("zh_CN") == f"<{in_chinese}>"


@pytest.mark.usefixtures("chinese")
def test_texts_without_a_finished_translation_stay_english() -> None:
    assert [translate(text, "zh_CN") for text in ("purchase", "empty", "guess", "unknown", "")] == [
        "购买", "empty", "guess", "unknown", "",
    ]  # fmt: skip
    assert translate("purchase", "en") == "purchase"


texts = st.text(max_size=20)


@given(texts, st.sampled_from(list(LANGUAGES)))
def test_peoples_own_words_are_shown_as_they_are(words: str, language: str) -> None:
    assert say("{who} bought", who=f"\x00{words}").text(language).startswith(f"\x00{words}")
    assume(words not in catalogue(language))  # a list's own words may be ours, such as an event's name
    assert say("{who} bought", who=Names((words, "x"))).text(language).startswith(words)


@given(
    st.one_of(
        st.integers(),
        st.floats(),
        st.builds(Share, st.floats()),
        st.builds(Points, st.floats()),
        st.builds(Money, st.floats(), st.sampled_from(["CNY", "USD", "JPY", "ZZZ", None]), st.booleans()),
        st.builds(Span, st.floats(0)),
        st.builds(Names, st.lists(texts, max_size=4).map(tuple)),
        st.datetimes(),
        st.dates(),
        st.booleans(),
    ),
    st.sampled_from(list(LANGUAGES)),
)
def test_every_parameter_can_be_shown(value: Any, language: str) -> None:
    shown = say("<{v}>", v=value).text(language)
    assert shown[0] + shown[-1] == "<>"


def test_a_message_says_itself_in_english() -> None:
    assert str(say("{n} of {m}", n=1, m=2)) == "1 of 2"
    assert hash(say("{n}", n=1)) == hash(say("{n}", n=1))


def test_errors_name_the_problem_the_choices_and_the_next_step() -> None:
    errors = {
        QuestionError.field("window", "soon", say("give a number.")): "window cannot be 'soon': give a number.",
        QuestionError.unknown_kind(
            "funel", ["funnel", "mapping"]
        ): "There is no question 'funel'. Did you mean funnel?",
        QuestionError.newer("funnel", 3): "This funnel question was saved by a newer version of Sluice (format 3). "
        "Update Sluice to open it.",
        DataError.unknown(say("event"), "Cart", ["view", "cart"]): "There is no event 'Cart'. Did you mean cart?",
        DataError.no_such_column("orders", "user_id", ["revenue", "order_id"]): "The orders have no user_id. Present: "
        "order_id, revenue. Rename a column, or add it.",
        DataError.no_column("events", "page"): "The events do not say: page. "
        "Import an export that has it, or map a column to it on the Data page.",
        DataError.too_many("item", 51, 50): "item has too many different values, 51 were counted; a breakdown "
        "takes at most 50. "
        "Choose a column with fewer values, or filter first.",
        ImportFileError.because("a.csv", say("the file is empty."), "empty-file"): "a.csv: the file is empty. "
        "Nothing was imported.",
        WorkspaceError.because(say("No."), "no"): "No.",
    }
    for error, text in errors.items():
        assert isinstance(error, SluiceError)
        assert str(error) == text


def test_long_values_are_cut_in_errors() -> None:
    text = str(QuestionError.field("name", "x" * 10_000, say("shorter.")))
    assert len(text) < 130


@pytest.mark.parametrize(
    ("got", "known", "found"),
    [
        ("revnue", ["refund", "revenue", "user_id"], ("revenue", "refund")),
        ("CART", ["Cart", "view"], ("Cart",)),
        ("zzz", ["view"], ()),
        (5, ["view"], ()),
        (None, ["none", "view"], ("none",)),
        ("x", [], ()),
    ],
)
def test_near_matches(got: Any, known: list[str], found: tuple[str, ...]) -> None:
    assert near(got, known) == found
