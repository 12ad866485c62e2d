"""Are a text's columns lined up by spaces, as in a print-out, and where are their edges?

A print-out has no separator. Columns are told by a rule of dashes under the headings, or by the places that every line
leaves blank, two or more beside each other. A line that does not keep to them proves that there are no such columns.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from analysis.imports.file import limits
from analysis.imports.file.plain import fresh

_WIDE = re.compile(r"\S {2,}\S")
_RULED = "-=_─━═"
_PADDED = re.compile(r"[,;|](?=$| )|(?<= )[,;|]")
"""A separator beside spaces: then these only pad the cells."""
_BLANKS = str.maketrans({"\xa0": " ", "\u3000": "  ", "\x0c": ""})
_HEAD = 65_536
_SAMPLE = 200
_LONGEST = 10_000
"""Signs in a line of a print-out, at most."""
_ABOVE = 20
"""Lines of several words far apart that may stand above the headings."""
_FILL = "\x00"
"""Stands in the second place of a sign that is two places wide."""

Gaps = tuple[tuple[int, int], ...]
"""Places between columns: the first that every line leaves blank, and where the next column begins."""


@dataclass(frozen=True, slots=True)
class Aligned:
    """A text with its columns laid apart: a copy parted by commas, and each record's line in the original."""

    path: Path
    lines: tuple[int, ...]


def aligned(path: Path, folder: Path) -> Aligned | None:
    """Lay the columns of a text apart that spaces line up; None where they do not.

    Parameters
    ----------
    path : Path
        Text in UTF-8.
    folder : Path
        Where the copy is made.
    """
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        head = file.read(_HEAD)
    if not _likely(head) or path.stat().st_size > limits.STACKED:
        return None
    text = path.read_text(encoding="utf-8-sig", errors="replace").removesuffix("\n").translate(_BLANKS)
    lines = [line.rstrip() for line in text.split("\n")]
    if max(map(len, lines)) > _LONGEST:
        return None
    for spread in (_displayed, str) if not text.isascii() else (str,):
        placed = [spread(line) for line in lines]
        found = _ruled(placed) or _blank(placed)
        apart = found is not None and not _separated(lines[found[0] :], found[1])
        if found and apart and (made := _written(fresh(folder, ".csv"), placed, *found)):
            return made
    return None


def _likely(head: str) -> bool:
    """Say whether words stand far apart in many lines, and no tab does it."""
    lines = [line for line in head.translate(_BLANKS).split("\n") if line.strip()]
    return "\t" not in head and 3 * sum(bool(_WIDE.search(line)) or _is_rule(line) for line in lines) >= len(lines) > 1


def _is_rule(line: str) -> bool:
    return not line.strip(f" +{_RULED}") and any(2 * sign in line for sign in _RULED)


def _displayed(line: str) -> str:
    """Return a line with a sign for every place that it takes on paper: Chinese signs are two places wide."""
    if line.isascii():
        return line
    return "".join(c + _FILL if unicodedata.east_asian_width(c) in "WF" else c for c in line)


# ---- where the edges are ----------------------------------------------------------------------------------


def _ruled(lines: Sequence[str]) -> tuple[int, Gaps] | None:
    """Return the line of the headings and the gaps that a rule under them leaves, if all lines to the next blank do."""
    rules = (i for i, line in enumerate(lines) if i and _is_rule(line) and len(line.split()) > 1)
    at = next((i for i in rules if lines[i - 1].strip() and not _is_rule(lines[i - 1])), None)
    if at is None:
        return None
    groups = [match.span() for match in re.finditer(r"\S+", lines[at])]
    gaps = tuple((end, start) for (_, end), (start, _) in pairwise(groups))
    below = next((i for i in range(at, len(lines)) if not lines[i].strip()), len(lines))
    rows = [line for line in (lines[at - 1], *lines[at:below]) if not _is_rule(line)]
    # With a row above the line above it, the rule stands under rows: there may be a total below.
    above = at > 1 and sum(map(bool, _cells(lines[at - 2], gaps))) > 1 and _keeps(lines[at - 2], gaps)
    return (at - 1, gaps) if len(rows) > 1 and not above and all(_keeps(line, gaps) for line in rows) else None


def _blank(lines: Sequence[str]) -> tuple[int, Gaps] | None:
    """Return the first line of the table and its gaps: the places that all lines with words far apart leave blank."""
    wide = [i for i, line in enumerate(lines) if _WIDE.search(line) and not _is_rule(line)]
    found = [
        (len(gaps), -start)
        for n, start in enumerate(wide[:_ABOVE])
        if (gaps := _common(sample := [lines[i] for i in wide[n : n + _SAMPLE]])) and _agree(sample, gaps)
    ]
    if not found:
        return None
    start = -max(found)[1]
    rows = [lines[i] for i in wide if i >= start]
    gaps = _common(rows)
    given = sum(bool(line.strip()) and not _is_rule(line) for line in lines[start:])
    above = wide.index(start)
    several = len(rows) > 2 * above + (1 if len(gaps) > 1 else 2)
    return (start, gaps) if gaps and several and 2 * len(rows) >= given and _agree(rows, gaps) else None


def _common(rows: Sequence[str]) -> Gaps:
    """Return the places that every line leaves blank: two beside each other, or one that :func:`_parts` columns."""
    width = max(map(len, rows))
    inked = bytearray(width)
    for row in rows:
        for match in re.finditer(r"\S+", row):
            inked[match.start() : match.end()] = b"\x01" * (match.end() - match.start())
    first = inked.find(1)
    runs = [match.span() for match in re.finditer(rb"\x00+", inked) if match.start() > first]
    ends = [(0, 0), *runs, (width, width)]
    return tuple(
        gap for (_, begin), gap, (end, _) in zip(ends, runs, ends[2:], strict=False)
        if gap[1] - gap[0] > 1 or _parts(rows, begin, gap[0], end)
    )  # fmt: skip


def _parts(rows: Sequence[str], begin: int, place: int, end: int) -> bool:
    """Say whether one blank place lies between columns, not words: most lines that have both leave more there.

    The headings are among them.
    """
    both = [bool(row[begin:place].strip() and row[place + 1 : end].strip()) for row in rows]
    wide = [" " in (row[place - 1], row[place + 1]) for row, beside in zip(rows, both, strict=True) if beside]
    return both[0] and 2 * sum(wide) > len(wide)


def _agree(rows: Sequence[str], gaps: Gaps) -> bool:
    """Say whether no line has words far apart inside a column."""
    return not any("  " in cell for row in rows for cell in _cells(row, gaps))


def _keeps(line: str, gaps: Gaps) -> bool:
    return not any(line[begin:end].strip() for begin, end in gaps)


def _separated(lines: Sequence[str], gaps: Gaps) -> bool:
    """Say whether a separator parts the lines, into more cells or with spaces beside it."""
    rows = [line for line in lines if line.strip() and not _is_rule(line)][:_SAMPLE]
    if 2 * sum(bool(_PADDED.search(line)) for line in rows) > len(rows):
        return True
    for separator in ",;|":
        widths = {len(next(csv.reader([line], delimiter=separator))) for line in rows}
        if len(widths) == 1 and widths.pop() > max(1, len(gaps)):
            return True
    return False


# ---- the copy ---------------------------------------------------------------------------------------------


def _cells(line: str, gaps: Gaps) -> list[str]:
    starts = (0, *(start for _, start in gaps))
    return [line[a:b].strip() for a, b in zip(starts, (*starts[1:], None), strict=True)]


def _written(out: Path, lines: Sequence[str], start: int, gaps: Gaps) -> Aligned | None:
    """Write the records, without rules; None where a line below the headings goes across the edges."""
    kept = list[int]()
    with out.open("w", encoding="utf-8", newline="") as file:
        write = csv.writer(file, lineterminator="\n").writerow
        for number, line in enumerate(lines, 1):
            if _is_rule(line):
                continue
            kept.append(number)
            if number > start and _keeps(line, gaps):
                record = _cells(line, gaps)
            elif number > start and _WIDE.search(line):
                return None
            else:  # a title, or a note
                record = [" ".join(line.split())]
            write([cell.replace(_FILL, "") for cell in record] if line.strip() else [])
    return Aligned(out, tuple(kept))
