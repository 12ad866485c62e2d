"""A notebook written out as one HTML file: it opens offline, its charts are live, and it prints on A4."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from analysis.answer import Answer
from analysis.charts import Look
from analysis.errors import SluiceError
from analysis.later import later
from analysis.messages import N_, Message, Name, say
from analysis.notebook import Cell, Notebook, Said, Unread, Words, figure_of, tell
from analysis.notebook import told as told_by
from analysis.question import Question
from analysis.records import Record
from analysis.sharing import as_read
from analysis.sharing.prose import LOWEST, Heading, prose
from analysis.tables import Tables
from analysis.values import local_day

MOST_ROWS, DIGITS = 100, 12
"""Rows of a table that are written out, and digits of the data's digest."""
MENU = {
    "CLICK_TO_VIEW_ACTIONS": N_("Save this chart"),
    "PNG_ACTION": N_("Save as PNG"),
    "SVG_ACTION": N_("Save as SVG"),
    "NO_CHART": N_("This chart could not be drawn; its figures stand in the table below."),
}
"""What Vega's own menu says, and what stands where a chart does not."""
_convert = later("vl_convert")


@dataclass(frozen=True, slots=True)
class _Part:
    """A cell in HTML; what its fold says; where the contents point, at which level."""

    html: str
    brief: str
    headings: tuple[Heading, ...] = ()


def html(
    notebook: Notebook,
    tables: Tables,
    look: Look,
    *,
    told: Mapping[str, Said] | None = None,
    workspace: str = "",
    made: dt.date | None = None,
) -> bytes:
    """Return a notebook as a report: one HTML file in UTF-8 that loads nothing from anywhere.

    Parameters
    ----------
    notebook : Notebook
    tables : Tables
        What its questions are asked of.
    look : Look
        Whose language; a report is light, as paper is.
    told : mapping of str to Said, optional
        What its cells say by their ids, from :func:`analysis.notebook.told`, where it was asked before.
    workspace : str
        Its name, where there is one.
    made : date, optional
        Written under the title; today without it.
    """
    look = replace(look, dark=False, names=tables.display)
    told = told_by(notebook, tables, look) if told is None else told
    answers = {id: said.answer for id, said in told.items() if said.answer}
    parts, level = list[str](), 1
    contents = list[Heading]()
    for cell in notebook.cells:
        if isinstance(cell.holds, Words) and cell.holds.awaited:
            continue  # what is to be written is nothing for readers
        said = told.get(cell.id) or tell(cell, answers, tables, look)
        part = _part(cell, said, answers, tables, look, level)
        if isinstance(cell.holds, Words) and part.headings:
            level = part.headings[-1].level
        contents += part.headings
        parts.append(_section(cell, part))
    about = _about(tables, look, workspace, made or dt.date.today())
    body = f"<header><h1>{escape(notebook.title)}</h1>{about}</header>{_contents(contents, look)}{''.join(parts)}"
    return _page(notebook.title, body, look, charts=any(said.answer for said in told.values()))


# ---- the page ---------------------------------------------------------------------------------------------


def _page(title: str, body: str, look: Look, *, charts: bool) -> bytes:
    scripts = (_library(), _file("report.js")) if charts else ()
    policy = (
        f"default-src 'none'; script-src {' '.join(map(_hash, scripts)) or chr(39) + 'none' + chr(39)}; "
        "style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    words = _data({name: look(said) for name, said in MENU.items()})
    without = look(N_("The charts need JavaScript; their figures stand in the tables."))
    return "\n".join([
        f'<!DOCTYPE html>\n<html lang="{escape(look.language.replace("_", "-"))}">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        f"<title>{escape(title)}</title>\n<style>\n{_file('report.css')}</style>\n</head>\n<body>\n<main>",
        *([f'<noscript><p class="box">{escape(without)}</p></noscript>'] if charts else []),
        f'{body}\n</main>\n<script type="application/json" id="words">{words}</script>',
        *(f"<script>{script}</script>" for script in scripts),
        "</body>\n</html>\n",
    ]).encode()  # fmt: skip


def _hash(script: str) -> str:
    """Return what lets a browser run this script and no other."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


@cache
def _library() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script."""
    from altair.utils._importers import vl_version_for_vl_convert

    found: str = _convert.javascript_bundle(vl_version=vl_version_for_vl_convert())
    return found.replace("</script", "<\\/script").replace("<!--", "<\\!--")


@cache
def _file(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _data(held: Any) -> str:
    """Return JSON that may stand between script tags, whatever texts are in it."""
    text = json.dumps(_finite(held), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _finite(held: Any) -> Any:
    """Return what JSON can hold: a number that is none is null."""
    match held:
        case dict():
            return {name: _finite(part) for name, part in held.items()}
        case list():
            return [_finite(part) for part in held]
        case float() if not math.isfinite(held):
            return None
    return held


def _about(tables: Tables, look: Look, workspace: str, made: dt.date) -> str:
    """Return whose data this is, of when, and when it was written."""
    lines = list[Message | str]()
    if campaign := tables.campaign:
        name = Name(campaign.name, "campaign")
        lines.append(say("{name}, {start} to {end}", name=name, start=campaign.start, end=campaign.end))
    if workspace:
        lines.append(say("Workspace: {name}", name=workspace))
    if span := tables.span():
        first, last = (local_day(moment, tables.zone) for moment in span)
        lines.append(say("Data from {first} to {last}", first=first, last=last))
    digest = tables.version[:DIGITS]
    lines.append(say("Written on {day} · mark of the data: {digest} (reports with the same mark are of the same data)",
                     digest=digest, day=made.isoformat()))  # fmt: skip
    return "".join(f'<p class="about">{escape(look(line))}</p>' for line in lines)


def _contents(headings: Sequence[Heading], look: Look) -> str:
    if len(headings) < 2:
        return ""
    lines = (f'<li class="l{h.level}"><a href="#{h.anchor}">{escape(h.text)}</a></li>' for h in headings)
    title = escape(look(N_("Contents")))
    return f'<nav aria-label="{title}"><h2>{title}</h2><ul>{"".join(lines)}</ul></nav>\n'


# ---- cells ------------------------------------------------------------------------------------------------


def _section(cell: Cell, part: _Part) -> str:
    inside = part.html
    if cell.folded:
        inside = f'<details class="folded"><summary>{escape(part.brief)}</summary>{inside}</details>'
    return f'<section class="{type(cell.holds).kind}">{inside}</section>\n'


def _part(cell: Cell, said: Said, answers: Mapping[str, Answer], tables: Tables, look: Look, level: int) -> _Part:
    anchor = "c" + hashlib.sha256(cell.id.encode()).hexdigest()[:12]
    match cell.holds:
        case Words() as words:
            figures = [figure_of(quote, answers, look) for quote in words.quotes]
            found = prose(words, figures, anchor=anchor, gone=look(N_("This figure is not there any more.")))
            first = next(iter(found.headings), None)
            return _Part(found.html, first.text if first else look(N_("Text")), found.headings)
        case Question() as question:
            scope = " · ".join(look(each) for each in as_read.scope(question, tables))
            return _question(said, scope, look, Heading(min(level + 1, LOWEST), look(question.title), anchor))
        case Record() as record:
            rows = (f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in as_read.record(record, look))
            return _Part(f"<dl>{''.join(rows)}</dl>", record.title)
        case Unread() as unread:
            return _Part(_box(look(unread.why)), look(N_("A cell that cannot be read")))
    raise TypeError(type(cell.holds))  # a cell holds nothing else


def _question(said: Said, scope: str, look: Look, heading: Heading) -> _Part:
    tag = f"h{heading.level}"
    top = f'<{tag} id="{heading.anchor}">{escape(heading.text)}</{tag}>'
    if scope:
        top += f'<p class="scope">{escape(scope)}</p>'
    if said.answer is None:
        return _Part(top + _box(_why(said.error, look)), heading.text, (heading,))
    headline = said.answer.say(said.answer.headline, look.language)
    # Together on one printed page: what is asked, what was found, and the chart.
    chart = _data(said.answer.chart(look).to_dict())
    top += f'<p class="headline">{escape(headline)}</p><figure><div class="chart"></div>'
    top += f'<script type="application/json">{chart}</script></figure>'
    shown = f'<div class="finding">{top}</div>{_beside(said.answer, look)}'
    return _Part(shown, f"{heading.text} {headline}", (heading,))


def _beside(answer: Answer, look: Look) -> str:
    """Return the caveat that changes how an answer is read, and behind folds all else."""
    parts = list[str]()
    if first := answer.caveat:
        parts.append(f'<p class="note">{escape(answer.say(first.message, look.language))}</p>')
    rest = [answer.say(note.message, look.language) for note in answer.notes if note is not first]
    if rest:
        listed = "".join(f"<li>{escape(note)}</li>" for note in rest)
        parts.append(_fold(look(N_("How this is counted")), f"<ul>{listed}</ul>"))
    parts.append(_fold(look(N_("Table")), _table(as_read.table(answer, "table", look, MOST_ROWS), look)))
    parts.append(_fold(look(N_("Code")), f"<pre>{escape(repr(answer.question))}.run(tables)</pre>"))
    return "".join(parts)


def _table(shown: as_read.Written, look: Look) -> str:
    kinds = ['class="n"' if number else "" for number in shown.numbers]
    head = _row("th", shown.heads, kinds)
    rows = "".join(_row("td", row, kinds) for row in shown.rows)
    text = say("{n} rows", n=shown.count)
    if len(shown.rows) < shown.count:
        text = say("The first {shown} of {n} rows", shown=len(shown.rows), n=shown.count)
    return (
        f'<div class="wide"><table><thead>{head}</thead><tbody>{rows}</tbody></table></div>'
        f'<p class="rows">{escape(look(text))}</p>'
    )


def _row(tag: str, cells: Iterable[str], kinds: Iterable[str]) -> str:
    inside = (f"<{tag} {kind}>{escape(cell)}</{tag}>" for cell, kind in zip(cells, kinds, strict=True))
    return f"<tr>{''.join(inside)}</tr>"


def _fold(title: str, inside: str) -> str:
    return f"<details><summary>{escape(title)}</summary>{inside}</details>"


def _box(words: str) -> str:
    return f'<p class="box">{escape(words)}</p>'


def _why(error: SluiceError | None, look: Look) -> str:
    return look(error.message) if error else ""
