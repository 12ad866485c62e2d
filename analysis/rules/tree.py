"""Which tree of settings does a text stand for, before anything is made of it?

YAML is read, and JSON as a part of it, so that both know their lines. Anchors, aliases, types and texts without end
are refused: a small text cannot stand for a large one, or for itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

import yaml

from analysis.errors import QuestionError
from analysis.messages import Message, say

LONGEST = 2_000_000
"""Characters of a text that is read."""
DEEPEST = 40
"""Most lists and settings within one another."""
TABBED = say("there is a tab. YAML is indented with spaces: write two spaces for each tab.")
NESTED = say("lists and settings stand within one another too deep. A few levels of all and any are enough.")
UNQUOTED = say('put the sign of a comparison in quotes: is: ">".')
_SIGN = re.compile(r"\bis\s*:\s*[<>]=?\s*(,|}|$)")
_ESCAPED = re.compile(r"\\(?:(u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|.)", re.DOTALL)
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def tree(text: str) -> yaml.Node:
    """Return the root of what a text in YAML or JSON says.

    Raises
    ------
    QuestionError
        It is neither, empty, too long or too deep, or says what no rule set needs; the line is named.

    Examples
    --------
    >>> tree("name: mine").value[0][1].value
    'mine'
    >>> tree(chr(9) + "name: mine")
    Traceback (most recent call last):
    analysis.errors.QuestionError: Line 1: there is a tab. YAML is indented with spaces: write two spaces for each tab.
    """
    if len(text) > LONGEST:
        reason = say("a text of {n} characters is too long; {most} are read. Split the rules over two sets.",
                     n=len(text), most=LONGEST)  # fmt: skip
        raise QuestionError.in_text(1, "", reason)
    text = text.removeprefix("\ufeff")
    if text.lstrip().startswith(("{", "[")):
        # JSON may be indented with tabs, and holds none elsewhere; it may write one sign as two halves.
        text = _ESCAPED.sub(_joined, text.replace("\t", " "))
    lines = re.split("\r\n|\r|\n", text)
    if tab := next((n for n, line in enumerate(lines, 1) if re.match(r" *\t\s*\S", line)), None):
        raise QuestionError.in_text(tab, "", TABBED)
    try:
        _look(yaml.parse(text, Loader=_Loader))
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        raise _unreadable(error, lines) from error
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        reason = say("there is a sign that a text cannot hold. Type the line again.")
        raise QuestionError.in_text(_line_at(text, error), "", reason) from error
    if root is None:
        raise QuestionError.in_text(1, "", say("the text is empty. Begin with a name and rules, or with a ready set."))
    return root


def _joined(escape: re.Match[str]) -> str:
    return str(json.loads(f'"{escape[0]}"')) if escape[1] else escape[0]


def _look(events: Iterable[yaml.Event]) -> None:
    """Refuse what a rule set has no use for, before anything is made of it."""
    deep = documents = 0
    for event in events:
        deep += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        documents += isinstance(event, yaml.DocumentStartEvent)
        if reason := _needless(event, deep, documents):
            raise QuestionError.in_text(event.start_mark.line + 1 if event.start_mark else 1, "", reason)


def _needless(event: yaml.Event, deep: int, documents: int) -> Message | None:
    name, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
    if name is not None:
        return say("names such as &{name} and *{name} are not read, as a text could then hold itself. Write it out.",
                   name=str(name)[:40])  # fmt: skip
    if tag not in (None, "!"):
        return say("types such as {name} are not read. Leave it out.", name=str(tag)[:40])
    if deep > DEEPEST:
        return NESTED
    if documents > 1:
        return say("a text holds one rule set, and here a second begins. Take out the line ---.")
    return None


def _line_at(text: str, error: Exception) -> int:
    at = getattr(error, "position", getattr(error, "start", 0))
    return text[: at if isinstance(at, int) else 0].count("\n") + 1


def _unreadable(error: yaml.MarkedYAMLError, lines: list[str]) -> QuestionError:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    if "depth" in str(error.problem):  # libyaml looks ahead, and gives up by itself
        return QuestionError.in_text(line + 1, "", NESTED)
    for near in (line, line - 1):
        if 0 <= near < len(lines) and _SIGN.search(lines[near]):
            return QuestionError.in_text(near + 1, "", UNQUOTED)
        if 0 <= near < len(lines) and "\t" in lines[near]:
            return QuestionError.in_text(near + 1, "", TABBED)
    reason = say("this cannot be read from column {n} on. Look at the indentation, and for a colon, quote or bracket "
                 "that is missing before it.", n=column + 1)  # fmt: skip
    return QuestionError.in_text(line + 1, "", reason)
