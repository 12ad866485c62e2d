"""What can go wrong, said so that a person can act: what was wrong, the nearest choice, the next step.

Everything raised on purpose is a :class:`SluiceError`. Its named constructors are the only place where
an error's words are written.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, Self

from analysis.messages import Code, Message, Names, Span, say
from analysis.vocabulary import FOUND, meaning


class SluiceError(Exception):
    """An error meant to be read by the person who asked.

    Parameters
    ----------
    message : Message
        What was wrong and what to do next.
    code : str
        A short stable name, for tests and logs.
    """

    def __init__(self, message: Message, code: str) -> None:
        super().__init__(message)
        self.message = message
        self.code = code

    def __str__(self) -> str:
        return self.message.text()


class QuestionError(SluiceError):
    """A question (or another value) that cannot be asked as it stands."""

    @classmethod
    def field(cls, name: str, got: Any, expected: Message) -> Self:
        """A field's value does not fit."""
        said = got if isinstance(got, Span) else _shown(got)
        text = say("{field} cannot be {got}: {expected}", field=Code(name), got=said, expected=expected)
        return cls(text, "bad-value")

    @classmethod
    def unknown_kind(cls, got: Any, known: Iterable[str]) -> Self:
        """A stored question's kind is not one we have."""
        return cls(_unknown(say("question"), got, known), "unknown-kind")

    @classmethod
    def unknown_field(cls, got: str, known: Iterable[str]) -> Self:
        """A stored question has a field that its kind does not know."""
        return cls(_unknown(say("setting"), got, map(Code, known)), "unknown-field")

    @classmethod
    def newer(cls, kind: str, version: int) -> Self:
        """The question was stored by a later release."""
        text = say(
            "This {kind} question was saved by a newer version of Sluice (format {version}). Update Sluice to open it.",
            kind=kind,
            version=version,
        )
        return cls(text, "newer-version")

    @classmethod
    def unreadable(cls) -> Self:
        """A link or stored text that does not hold a question at all."""
        text = say(
            "This link does not hold a question Sluice can read; it may have been cut off when copied. "
            "Ask for the link again, or start from the settings below."
        )
        return cls(text, "unreadable")

    @classmethod
    def no_value(cls) -> Self:
        """Code that is not that of a value; it is read and never run."""
        text = say("This code is not one of Sluice's values written out, such as Funnel(steps=('view', 'cart')). "
                   "Nothing else is read, and nothing is run.")  # fmt: skip
        return cls(text, "no-value")

    @classmethod
    def personal_heading(cls, n: int) -> Self:
        """A heading that is not kept, as it looks like a cell about somebody; the text does not repeat it."""
        text = say(
            "the heading of column {n} looks like an e-mail address or a phone number. "
            "Check that the file has headings.",
            n=n,
        )
        return cls(text, "personal-heading")

    @classmethod
    def in_text(cls, line: int, place: str, reason: Message) -> Self:
        """A text that a person wrote says something that cannot be; the line counts from 1, the place may be empty."""
        if place:
            return cls(
                say("Line {line}, {place}: {reason}", line=str(line), place=Code(place), reason=reason), "bad-text"
            )
        return cls(say("Line {line}: {reason}", line=str(line), reason=reason), "bad-text")

    @classmethod
    def crossed(cls, message: Message) -> Self:
        """Two fields that do not go together."""
        return cls(message, "crossed-fields")


class DataError(SluiceError):
    """The data at hand cannot answer the question."""

    @classmethod
    def no_table(cls, table: str) -> Self:
        """The question needs a table that is empty."""
        return cls(
            say("There is no data on {table} yet. {found}", table=say(table), found=say(FOUND[table])), "no-table"
        )

    @classmethod
    def no_filter(cls, table: str, column: str) -> Self:
        """The question is filtered by a column that its table does not have."""
        text = say(
            "What this asks of the {table} cannot be filtered by {column}: they do not have it. Clear that filter.",
            table=say(table),
            column=column,
        )
        return cls(text, "no-filter")

    @classmethod
    def no_column(cls, table: str, column: str) -> Self:
        """The question needs a column that the export did not have."""
        text = say("The {table} do not say: {meaning}.", table=say(table), meaning=say(meaning(table, column)))
        if column in FOUND:
            text = say("{what} {found}", what=text, found=say(FOUND[column]))
        text = say("{what} Import an export that has it, or map a column to it on the Data page.", what=text)
        return cls(text, "no-column")

    @classmethod
    def no_such_column(cls, table: str, column: str, present: Iterable[str]) -> Self:
        """A frame lacks a column that its table always has."""
        text = say("The {table} have no {column}. Present: {present}. Rename a column, or add it.",
                   table=say(table), column=column, present=Names(tuple(sorted(present))))  # fmt: skip
        return cls(text, "no-column")

    @classmethod
    def unknown(cls, what: Message, got: Any, known: Iterable[str]) -> Self:
        """A name (an event, a channel, …) that the data does not hold, or a tuple of several."""
        return cls(_unknown(what, got, known), "unknown-name")

    @classmethod
    def too_many(cls, column: str, count: int, limit: int) -> Self:
        """A breakdown with more values than a chart or a person can take."""
        text = say(
            "{column} has too many different values, {count} were counted; a breakdown takes at most {limit}. "
            "Choose a column with fewer values, or filter first.",
            column=column,
            count=count,
            limit=limit,
        )
        return cls(text, "too-many-values")

    @classmethod
    def too_many_events(cls, count: int, limit: int) -> Self:
        """Events with more different names than a store can tell apart."""
        text = say(
            "There are {count} different names of events; at most {limit} fit. Map another column to event, one that "
            "says what was done, such as view or purchase.",
            count=count,
            limit=limit,
        )
        return cls(text, "too-many-events")

    @classmethod
    def not_text(cls, column: str, texts: Iterable[str]) -> Self:
        """A column of numbers or times where groups are to be told apart."""
        text = say(
            "{column} holds numbers or times; groups are told apart by a column of text. Choose from: {columns}.",
            column=column,
            columns=Names(tuple(sorted(texts))),
        )
        return cls(text, "not-text")

    @classmethod
    def not_number(cls, column: str) -> Self:
        """A column of text where bounds are given."""
        text = say("{column} holds text, which has no bounds. Choose the values to keep instead.", column=column)
        return cls(text, "not-number")

    @classmethod
    def no_users(cls) -> Self:
        """Nothing in the data says whose rows they are."""
        text = say("Neither events nor orders say who is meant, so people cannot be told apart. Import an export with "
                   "a user's number, or map a column to user_id on the Data page.")  # fmt: skip
        return cls(text, "no-users")

    @classmethod
    def no_segment(cls, name: str) -> Self:
        """A saved segment that is asked for and not there."""
        text = say("There is no saved segment {name}, or nobody is in it. Bring it back on the Segments page, or take "
                   "it out of what asks for it.", name=name)  # fmt: skip
        return cls(text, "no-segment")

    @classmethod
    def not_people(cls, table: str, column: str, audience: bool) -> Self:
        """Spend is to be split by people, whom nobody pays for one by one."""
        text = say("Ads are paid for by channel and day and not person by person, so {table} cannot be filtered by "
                   "{column}.", table=say(table), column=column)  # fmt: skip
        then = (
            say("Filter by audience: the spend report says which one its ads were for. Clear the other filter.")
            if audience
            else say("Bring a spend report with an audience column to see what each audience cost, or clear that "
                     "filter.")
        )  # fmt: skip
        return cls(say("{one} {other}", one=text, other=then), "not-people")

    @classmethod
    def bad_frame(cls, table: str, reason: str) -> Self:
        """A frame whose values do not fit the table's types."""
        text = say("These {table} could not be read: {reason}", table=say(table), reason=reason)
        return cls(text, "bad-frame")

    @classmethod
    def changed(cls, file: str) -> Self:
        """A file beside a notebook is gone or not the one it was made with."""
        text = say("{file} is missing or has changed since this notebook was made. Download it again.", file=file)
        return cls(text, "changed")

    @classmethod
    def no_font(cls) -> Self:
        """A picture with Chinese where no font has it."""
        text = say("No font with Chinese is installed where Sluice runs, so a picture would show boxes. Install one "
                   "such as Noto Sans CJK, or switch to English.")  # fmt: skip
        return cls(text, "no-font")

    @classmethod
    def not_reviewed(cls, message: Message) -> Self:
        """A file of people's judgements that is not of the sample that was drawn, or not filled in."""
        return cls(message, "review")

    @classmethod
    def empty(cls, message: Message) -> Self:
        """Nothing is left to compute on."""
        return cls(message, "empty")


class ImportFileError(SluiceError):
    """A file that cannot be imported."""

    @classmethod
    def because(cls, file: str, reason: Message, code: str) -> Self:
        """A file and the reason it was refused; the workspace is unchanged."""
        text = say("{file}: {reason} Nothing was imported.", file=file, reason=reason)
        return cls(text, code)

    @classmethod
    def left_out(cls, error: SluiceError) -> Self:
        """A part of a file (a member of an archive, a sheet) that was refused, while the rest was read."""
        return cls(say("{file}: {reason} It was left out.", **dict(error.message.params)), error.code)


class WorkspaceError(SluiceError):
    """A workspace that cannot be opened or changed."""

    @classmethod
    def because(cls, message: Message, code: str) -> Self:
        """Why the workspace refused."""
        return cls(message, code)


def near(got: Any, known: Iterable[str]) -> tuple[str, ...]:
    """Return up to three names in `known` that resemble `got`, best first."""
    asked = str(got)
    names = {name.casefold(): name for name in known if 2 * len(name) >= len(asked)}  # "is" is no slip for "times"
    return tuple(names[m] for m in get_close_matches(asked.casefold(), names, n=3, cutoff=0.5))


def _unknown(what: Message, got: Any, known: Iterable[str]) -> Message:
    known = tuple(known)
    each = got if isinstance(got, tuple) else (got,)
    said = Names(tuple(map(_shown, each)))
    if matches := tuple(dict.fromkeys(name for one in each for name in near(one, known))):
        return say("There is no {what} {got}. Did you mean {near}?", what=what, got=said, near=Names(matches))
    few = Names(tuple(sorted(known)[:12]))
    return say("There is no {what} {got}. Choose from: {known}.", what=what, got=said, known=few)


def _shown(got: Any) -> str:
    text = repr(got)
    return text if len(text) <= 80 else text[:77] + "…"
