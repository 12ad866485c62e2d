"""What is made of a file: read, recognised, mapped, and its rows kept or set aside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import pandas as pd

from analysis.errors import ImportFileError, SluiceError, near
from analysis.imports.columns.amounts import LEAD
from analysis.imports.columns.elsewhere import currency_of, in_its_currency
from analysis.imports.columns.guesses import guess_for, look_of
from analysis.imports.columns.mapping import SPREAD, ColumnMapping
from analysis.imports.columns.recognition import Guess, Recognition
from analysis.imports.columns.wide import outcome_delays
from analysis.imports.file.scratch import Scratch
from analysis.imports.formats import formats
from analysis.imports.lexicon.currencies import heading_currency
from analysis.imports.lexicon.units import unit_currency
from analysis.imports.rows.choices import open_rivals
from analysis.imports.rows.clean import Cleaned, clean
from analysis.imports.rows.incoming import Incoming, incoming
from analysis.imports.rows.judged import Judged, judged
from analysis.imports.rows.reconcile import Overlap, Reconciliation, reconcile, shared
from analysis.imports.rows.shapes import questions, shaped
from analysis.imports.rows.states import StateChange
from analysis.messages import Message, Names, say

ASSUMED = 0.5
"""Confidence in what the file does not say at all."""
_PERIOD = ("period_start", "period_end")


@dataclass(frozen=True, slots=True)
class Export:
    """A file that was read, and what is made of it.

    Parameters
    ----------
    scratch : Scratch
        Its rows in a private database; :meth:`close` drops them.
    mapping : ColumnMapping
        Proposed, or corrected with :meth:`mapped`.
    samples : dict of str to list of str
        Some values of each column, by heading.
    recognition : Recognition
        Which platform's export it was taken for, and why each column.
    siblings : tuple of Export
        Every table of the file, this one too, where there are several.
    kept : str
        Name of the kept mapping that was proposed; empty where none was.
    unread : tuple of SluiceError
        What of the file could not be read: members of an archive, sheets of a workbook; each names its own.
    beside : bool
        Whether the same rows hold another table, too, which is an export of its own.
    """

    scratch: Scratch
    mapping: ColumnMapping
    samples: dict[str, list[str]]
    recognition: Recognition
    siblings: tuple[Export, ...] = ()
    kept: str = ""
    unread: tuple[SluiceError, ...] = ()
    beside: bool = False

    @property
    def title(self) -> str:
        """What the file calls this table; empty where it says nothing."""
        return self.scratch.title

    @property
    def tables(self) -> tuple[Export, ...]:
        """Every table of the file, in its order."""
        return self.siblings or (self,)

    def table(self, place: int) -> Export:
        """Return another table of the same file by its place in :attr:`tables`."""
        return replace(self.tables[place], siblings=self.siblings)

    @property
    def name(self) -> str:
        """The file's name."""
        return self.scratch.name

    @property
    def assumptions(self) -> tuple[Message, ...]:
        """What the mapping assumes that the file does not say itself, each a question to confirm."""
        return questions(self.mapping)

    @property
    def headings(self) -> tuple[str, ...]:
        """The file's columns."""
        return self.scratch.headings

    @property
    def rows(self) -> int:
        """Number of data rows in the file."""
        return self.scratch.rows

    def mapped(self, mapping: ColumnMapping) -> Export:
        """Return the same file under another mapping.

        A currency that was only assumed, or named by the amount before, gives way to the one that a newly chosen amount
        names.
        """
        amount = LEAD.get(mapping.table, "")
        heading, before = dict(mapping.columns).get(amount), dict(self.mapping.columns).get(amount)
        now = dict(self.mapping.constants).get("currency")
        named = heading_currency(before or "") or unit_currency(before or "")
        loose = self.assumed_currency is not None or (now is not None and named == now)
        same = dict(mapping.constants).get("currency") == now
        chosen = heading != before and heading if loose and same else None
        if heading != before and dict(mapping.columns).get("currency") == before:  # it named the currency, too
            mapping = mapping.replace(columns={c: h for c, h in mapping.columns if c != "currency"})
        if heading and heading != before:
            mapping = mapping.replace(columns=in_its_currency(dict(mapping.columns), heading, self.headings))
        code = currency_of(chosen, self.samples.get(chosen, ()), self.scratch.above) if chosen else None
        constants = {**dict(mapping.constants), "currency": code} if code else mapping.constants
        return replace(self, mapping=mapping.replace(constants=constants))

    def as_table(self, table: str) -> Export:
        """Return the same file, proposed as another table."""
        if table == self.mapping.table:
            return self
        found = guess_for(table, self.scratch, self.samples, self.mapping.zone)
        return replace(self, mapping=found.mapping, recognition=found, kept="")

    def spreading(self, spread: Mapping[str, str]) -> Export:
        """Return the same file with these of its columns become rows; without any, they stay columns.

        Parameters
        ----------
        spread : mapping of str to str
            The file's headings to the channel or event that each becomes.

        Examples
        --------
        >>> from analysis import read_export
        >>> export = read_export(b"date,tv,radio\\n2026-11-11,9.5,3\\n", "media.csv", zone="UTC")
        >>> found = export.as_table("spend").spreading({"tv": "TV", "radio": "Radio"}).assuming(currency="EUR")
        >>> found.reconcile().sums
        (('spend', 12.5),)
        >>> export.close()
        """
        mapping, events = self.mapping, self.mapping.table == "events"
        filled = SPREAD[mapping.table][: 1 if events else 2] if spread else ()
        columns = {c: heading for c, heading in mapping.columns if c not in filled and heading not in spread}
        constants = {c: text for c, text in mapping.constants if events or c not in filled}
        delays = dict(mapping.delays)
        if events and (spread or mapping.spread):
            delays = {} if "timestamp" in columns else outcome_delays(tuple(spread.values()))
        return self.mapped(mapping.replace(columns=columns, constants=constants, spread=spread, delays=delays))

    def assuming(self, *, currency: str) -> Export:
        """Return the same file with a currency where it names none itself; the guess says that it is assumed.

        Examples
        --------
        >>> from analysis import read_export
        >>> export = read_export(b"date,channel,cost\\n2026-11-11,search,9.5\\n", "spend.csv").assuming(currency="EUR")
        >>> dict(export.mapping.constants)["currency"], export.guess("currency").reason.text()
        ('EUR', "the file names none; the workspace's currency")
        >>> export.close()
        """
        if "currency" not in self.mapping.missing():
            return self
        mapping = self.mapping.replace(constants={**dict(self.mapping.constants), "currency": currency})
        guess = Guess("currency", "", ASSUMED, say("the file names none; the workspace's currency"))
        found = replace(self.recognition, mapping=mapping, guesses=(*self.recognition.guesses, guess))
        return replace(self, mapping=mapping, recognition=found)

    @property
    def assumed_currency(self) -> str | None:
        """The currency that was only assumed; None where the file, its platform or a person names one."""
        guess = self.guess("currency")
        return dict(self.mapping.constants).get("currency") if guess and guess.confidence <= ASSUMED else None

    def in_currency(self, code: str) -> Export:
        """Return the same file with its amounts in a currency that somebody said: no more assumed.

        Examples
        --------
        >>> from analysis import read_export
        >>> export = read_export(b"date,channel,cost\\n2026-11-11,search,9.5\\n", "spend.csv").assuming(currency="EUR")
        >>> export.reconcile().undecided, export.in_currency("EUR").reconcile().undecided
        (('currency',), ())
        >>> export.close()
        """
        columns = {c: heading for c, heading in self.mapping.columns if c != "currency"}
        mapping = self.mapping.replace(columns=columns, constants={**dict(self.mapping.constants), "currency": code})
        proposed = self.recognition.mapping
        loose = proposed.replace(constants={c: t for c, t in proposed.constants if c != "currency"})
        found = replace(self.recognition, mapping=loose) if self.assumed_currency else self.recognition
        return replace(self, mapping=mapping, recognition=found)

    def under(self, mapping: ColumnMapping, name: str) -> Export:
        """Return the same file with a mapping that was kept as its proposal.

        Which days a report without days is about and which currency its amounts are in, the file says itself: the kept
        mapping's do not count then. What looks personal in this file is hashed, whatever the kept mapping says.

        Raises
        ------
        ImportFileError
            The mapping names a heading the file does not have.
        """
        ours, fresh = dict(mapping.columns), self.recognition.mapping
        constants = {c: text for c, text in mapping.constants if c not in _PERIOD}
        if mapping.table == fresh.table:
            constants |= {c: text for c, text in fresh.constants if c in _PERIOD and not ours.keys() & set(_PERIOD)}
        if mapping.table == fresh.table and "currency" in constants:
            constants["currency"] = dict(fresh.constants).get("currency", constants["currency"])
        hashed = {*mapping.hashed, *(c for c in fresh.hashed if c in ours)}
        statuses = {**dict(fresh.statuses), **dict(mapping.statuses)}
        results = {**dict(fresh.results), **dict(mapping.results)}
        mapping = mapping.replace(
            constants=constants,
            first_day=fresh.first_day,
            hashed=tuple(sorted(hashed)),
            statuses=statuses,
            results=results,
            row_kinds={**dict(fresh.row_kinds), **dict(mapping.row_kinds)},
            row_kind=mapping.row_kind or fresh.row_kind,
            test_order=mapping.test_order or fresh.test_order,
            after_sales=mapping.after_sales or fresh.after_sales,
            result_type=mapping.result_type or fresh.result_type,
        )
        reason = say("kept as {name}", name=name)
        guesses = tuple(
            Guess(c, heading, 1.0, reason) for c, heading in {**ours, **dict.fromkeys(constants, "")}.items()
        )
        found = replace(self.recognition, mapping=mapping, guesses=guesses, rivals=())
        export = replace(self, mapping=mapping, recognition=found, kept=name)
        export._check_headings()
        return export

    def guess(self, column: str) -> Guess | None:
        """Say how sure the proposal for a table's column is, and why; None where it is empty or was corrected."""
        heading, text = dict(self.mapping.columns).get(column, ""), dict(self.mapping.constants).get(column)
        proposed = self.recognition.mapping
        if text != dict(proposed.constants).get(column) or heading != dict(proposed.columns).get(column, ""):
            return None
        found = next((g for g in self.recognition.guesses if (g.column, g.heading) == (column, heading)), None)
        if found is None and column == "currency" and heading and heading == self.mapping.names_currency:
            return Guess(column, heading, 0.9, say("named in the amount's cells"))
        return found or (self._fixed(column, text) if text else None)

    def _fixed(self, column: str, text: str) -> Guess:
        """Explain one value for all rows: the platform's, or named in the file beside the table's columns."""
        usual = next((f.constants for f in formats() if f.name == self.recognition.format), {})
        if usual.get(column) == text:
            return Guess(column, "", 0.95, say("always so in exports of {format}", format=self.recognition.format))
        return Guess(column, "", 0.9, say("named elsewhere in the file"))

    def set_aside(self) -> pd.DataFrame:
        """Return the rows an import would set aside: file, line, reason, column, text.

        Raises
        ------
        ImportFileError
            The mapping is incomplete or wrong.
        """
        set_aside: pd.DataFrame = self.clean(b"").set_aside.to_pandas()
        return set_aside

    @property
    def _hints(self) -> tuple[Message, ...]:
        """What the recognition says of a mapping that is still its own."""
        return self.recognition.hints if self.mapping.events == self.recognition.mapping.events else ()

    def reconcile(self, workspace: Stored | None = None) -> Reconciliation:
        """Say what an import would do: rows kept and set aside, totals, period, and what is stored already.

        Raises
        ------
        ImportFileError
            The mapping is incomplete or wrong.
        """
        found = reconcile(self._judged(), open_rivals(self.recognition.rivals, self.mapping, self.recognition.mapping))
        found = replace(found, questions=(*self.assumptions, *self._hints, *found.questions))
        if code := self.assumed_currency:
            asked = say("The file names no currency: which one are its amounts in? {code} is assumed.", code=code)
            undecided = tuple(sorted({*found.undecided, "currency"}))
            found = replace(found, questions=(*found.questions, asked), undecided=undecided, assumed_currency=code)
        if workspace is None:
            return found
        stored, overlaps, changes = workspace.compare(self)
        return replace(found, stored=stored, overlaps=overlaps, changes=changes)

    def shares(self, other: Export) -> int:
        """Return how many rows are about the same spend as rows of another file, and would count twice.

        Orders that another file has as well count once; of them, those that differ in amount, time or currency are
        counted here. Events are not looked at: a log in parts has the same days in each.

        Raises
        ------
        ImportFileError
            A mapping is incomplete or wrong.
        """
        if self.mapping.table != other.mapping.table or self.mapping.table == "events":
            return 0
        return shared(self._judged(), other._judged())

    def clean(self, key: bytes) -> Cleaned:
        """Apply the mapping.

        Raises
        ------
        ImportFileError
            The mapping leaves a required column open, or names a heading the file does not have.
        """
        return clean(self._judged(), key)

    def incoming(self, key: bytes) -> Incoming:
        """Return the rows to store, where they lie; errors are those of :meth:`clean`."""
        self._check()
        return incoming(self.scratch, self.mapping, key)

    def _judged(self) -> Judged:
        self._check()
        return judged(shaped(self.scratch, self.mapping))

    def _check(self) -> None:
        if missing := self.mapping.missing():
            reason = say(
                "{columns} not given. Choose the file's column for each, or type one value for all rows.",
                columns=Names(missing),
            )
            raise ImportFileError.because(self.name, reason, "mapping-incomplete")
        self._check_headings()

    def _check_headings(self) -> None:
        named = (self.mapping.columns, self.mapping.factors, self.mapping.otherwise)
        for heading in (*(heading for pairs in named for _, heading in pairs), *dict(self.mapping.spread)):
            if heading not in self.headings:
                raise ImportFileError.because(self.name, self._no_heading(heading), "no-heading")

    def preview(self, n: int = 5) -> pd.DataFrame:
        """Return the first different values of each column, and what they look like: heading, values, looks."""
        values = [" · ".join(list(dict.fromkeys(self.samples[h]))[:n]) for h in self.headings]
        looks = [look_of(self.samples[h]) for h in self.headings]
        return pd.DataFrame({"heading": self.headings, "values": values, "looks": looks})

    def close(self) -> None:
        """Drop the scratch copy of the file, with all its tables."""
        for table in self.tables:
            table.scratch.close()

    def _no_heading(self, heading: str) -> Message:
        known = Names(near(heading, self.headings) or self.headings[:12])
        return say("it has no column {heading}. Choose from: {known}.", heading=heading, known=known)


class Stored(Protocol):
    """A workspace, as far as this room needs to know one."""

    def compare(self, export: Export) -> tuple[int, tuple[Overlap, ...], tuple[StateChange, ...]]:
        """Return how many of an export's rows are stored, the batches it overlaps, what it does to orders."""
