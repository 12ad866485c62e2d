"""What an import would do, said before it is done: rows, totals, days, what is stored already."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from analysis.imports.columns.amounts import MONEY
from analysis.imports.rows.clean import REASONS
from analysis.messages import Message, Money, Names, say
from analysis.sharing import downloads
from analysis.values import local_day
from analysis.workspace import Export, Overlap, Reconciliation
from ui.language import N_, _, shown
from ui.staging import Staged, unknown

VERDICTS = {
    "match": N_("matches"),
    "rounding": N_("matches, but for rounding"),
    "differ": N_("differs"),
}
MARKS = {
    "match": ":green[:material/check:]",
    "rounding": ":green[:material/check:]",
    "differ": ":red[:material/close:]",
}
OVERLAP = {
    "keep": (N_("Keep both"), N_("All new rows are added beside the old ones. Days that are the same count twice.")),
    "replace": (
        N_("Replace"),
        N_(
            "All earlier rows of these channels and days are taken out, from whichever file, and the new ones put in "
            "their place. Undoing the batch brings them back."
        ),
    ),
    "skip": (
        N_("Skip"),
        N_("The earlier rows stay. New rows of days that an earlier batch covers are left out and listed as such."),
    ),
}
DIFFERING = {
    "keep": N_("Both are added up under their number, as further lines of one order are."),
    "replace": N_("The new orders stand in place of those of their number. Undoing the batch brings these back."),
    "skip": N_("The orders that were there stay as they are, and the new ones of their number do not count."),
}


def line(staged: Staged, found: Reconciliation | None, points: Sequence[Message]) -> str:
    """Return a file in one line of markdown: what it is, how much, which days, totals, what is to be decided."""
    export = staged.export
    assert export is not None
    table = "" if unknown(staged) else _(export.mapping.table)
    parts = [f"**{shown(staged.name)}**", shown(export.recognition.format), table]
    parts += _figures(found) if found else [_("{n} rows", n=export.rows)]
    if code := export.assumed_currency:
        assumed = _("currency {code} assumed", code=code)
        parts.append(f":orange[{assumed}]")
    if export.kept:
        parts.append(shown(_("mapping {name}", name=export.kept)))
    if points:
        parts.append(":orange[**" + "; ".join(shown(p) for p in points) + "**]")
    icon = ":orange[:material/pending:]" if points else ":green[:material/check_circle:]"
    if not points and found and (found.lost or not found.matches):
        icon = ":orange[:material/warning:]"
    return f"{icon} " + " · ".join(filter(None, parts))


def _figures(found: Reconciliation) -> list[str]:
    parts = [_("{n} rows", n=found.kept)]
    if found.lost:
        parts.append(":orange[" + _("{n} set aside", n=found.lost) + "]")
    if found.days:
        parts.append(_days(*found.days))
    if found.totals:
        parts.append(_("totals match") if found.matches else ":red[" + _("totals differ") + "]")
    return parts


def _days(first: str, last: str) -> str:
    return first if first == last else _("{first} to {last}", first=first, last=last)


def panel(staged: Staged, found: Reconciliation) -> None:
    """Draw everything that is known before the import."""
    lines = [
        _rows(staged, found),
        *_reasons(found),
        *_sums(found),
        *_totals(found),
        _scope(found),
        *_doubts(staged, found),
        *(shown(change.words) for change in found.changes if change.verdict != "differ"),
        *(shown(note) for note in found.notes),
    ]
    st.markdown("\n".join(f"- {text}" for text in lines))
    if found.set_aside and staged.export:
        _set_aside(staged, staged.export)


def _rows(staged: Staged, found: Reconciliation) -> str:
    aside = found.lines - found.kept
    if staged.export and staged.export.mapping.spread:
        return "**" + _("{lines} lines with {cells} filled cells to make rows of: {kept} kept, {aside} set aside.",
                        lines=staged.export.rows, cells=found.lines, kept=found.kept, aside=aside) + "**"  # fmt: skip
    return "**" + _("{lines} lines read: {kept} kept, {aside} set aside.", lines=found.lines, kept=found.kept,
                    aside=aside) + "**"  # fmt: skip


def _reasons(found: Reconciliation) -> list[str]:
    return [_("Set aside, {reason}: {n} rows", reason=say(REASONS.get(c, c)), n=n) for c, n in found.set_aside]


def _sums(found: Reconciliation) -> list[str]:
    """Say what we add up to where the file has no totals to compare with."""
    if found.totals or not found.sums:
        return []
    sums = " · ".join(f"`{column}` {_amount(found, column, total)}" for column, total in found.sums)
    return [_("We count {sums}. The file has no totals of its own to compare with.", sums=sums)]


def _totals(found: Reconciliation) -> list[str]:
    return [
        f"{MARKS[check.verdict]} `{check.column}`: "
        + _(
            "the file says {file}, we count {ours}: {verdict}",
            file=_amount(found, check.column, check.file),
            ours=_amount(found, check.column, check.ours),
            verdict=say(VERDICTS[check.verdict]),
        )
        for check in found.totals
    ]


def _amount(found: Reconciliation, column: str, value: float) -> str:
    """Return an amount with its currency, where it is money in one; else the bare number, whole where it is whole."""
    if column in MONEY and len(found.currencies) == 1:
        return shown(_("{amount}", amount=Money(value, found.currencies[0], exact=True)))
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def _scope(found: Reconciliation) -> str:
    parts = [_days(*found.days)] if found.days else []
    parts.append(_("times without a zone are read as {zone}", zone=found.zone))
    if found.currencies:
        parts.append(_("currency {codes}", codes=Names(found.currencies)))
    return " · ".join(shown(part) for part in parts)


def _doubts(staged: Staged, found: Reconciliation) -> list[str]:
    assumed = staged.export.assumptions if staged.export else ()  # these are asked below, each with its checkbox
    doubts = [shown(question) for question in found.questions if question not in assumed]
    if found.unknown_events:
        names = Names(found.unknown_events[:12])
        doubts.append(shown(_("Event names kept as they are: {names}.", names=names)))
    if found.duplicates:
        doubts.append(_("{n} rows repeat another row of the file exactly; all are kept.", n=found.duplicates))
    doubts += [shown(change.words) for change in found.changes if change.verdict == "differ"]
    if found.stored and not found.changes:
        doubts.append(_("{n} rows are in this workspace already.", n=found.stored))
    doubts += [_overlap(overlap, found.zone) for overlap in found.overlaps[:12]]
    return [f":orange[:material/warning:] {text}" for text in doubts]


def _overlap(overlap: Overlap, zone: str) -> str:
    first, last = (local_day(moment, zone) for moment in (overlap.start, overlap.end))
    days = {"batch": overlap.batch, "n": overlap.rows, "first": first, "last": last}
    if not overlap.channel:
        return shown(_("Batch {batch} has {n} rows of the same days ({first} to {last}).", **days))
    text = _(
        "Batch {batch} has {n} rows of {channel} in the same days ({first} to {last}).",
        channel=overlap.channel,
        **days,
    )
    return shown(text)


def _set_aside(staged: Staged, export: Export) -> None:
    """Offer the rows set aside, before anything is imported."""

    def made() -> bytes:
        with staged.lock:  # in another thread than the page, on the same scratch database
            return downloads.csv(export.set_aside())

    with st.container(horizontal=True, vertical_alignment="center", key=f"data.aside.of.{staged.id}"):
        st.download_button(
            _("Rows set aside as CSV"),
            data=made,
            file_name=f"{staged.name}-set-aside.csv",
            icon=":material/download:",
            on_click="ignore",
            key=f"data.aside.csv.{staged.id}",
        )
        look = st.toggle(_("Look at them"), key=f"data.aside.look.{staged.id}")
    if look:
        with staged.lock:
            frame = export.set_aside()
        table(frame)


def table(frame: pd.DataFrame) -> None:
    """Draw rows set aside, up to a thousand."""
    head = frame.head(1000).assign(reason=lambda f: f["reason"].map(lambda code: _(REASONS.get(code, code))))
    st.dataframe(
        head,
        hide_index=True,
        width="stretch",
        placeholder="",
        column_config={
            "file": _("File"),
            "line": st.column_config.NumberColumn(_("Line"), format="%d"),
            "reason": _("Reason"),
            "column": _("Column"),
            "text": _("What it said"),
        },
    )


def overlap_choice(found: Sequence[Reconciliation], *, twice: bool) -> str | None:
    """Ask what to do with what is stored or in two files and may be other rows; None while open, "keep" without any.

    Days are asked about, and orders of one number that differ.
    """
    stored, differing = any(f.overlaps for f in found), any(f.differing for f in found)
    if not stored and not twice and not differing:
        return "keep"
    if stored:
        asked = _("Some days of these files are stored already. What should happen?")
    elif twice:
        asked = _("Some days are in several of these files. What should happen?")
    else:
        asked = _("Some orders are stored with another amount, time or currency. What should happen to them?")
    of_days = [_(caption) for _label, caption in OVERLAP.values()] if stored or twice else [""] * len(OVERLAP)
    of_orders = [_(DIFFERING[o]) for o in OVERLAP] if differing else [""] * len(OVERLAP)
    chosen = st.radio(
        asked,
        list(OVERLAP),
        index=None,
        format_func=lambda o: _(OVERLAP[o][0]),
        captions=[" ".join(filter(None, both)) for both in zip(of_days, of_orders, strict=True)],
        key="data.overlap",
    )
    return str(chosen) if chosen else None
