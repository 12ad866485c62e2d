"""Which exports does a file hold? Each table of it, read and recognised."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from analysis.errors import ImportFileError, SluiceError
from analysis.imports.columns.recognise import recognise
from analysis.imports.export import Export
from analysis.imports.file.archive import size_of
from analysis.imports.file.read import read
from analysis.imports.file.scratch import Scratch
from analysis.messages import say
from analysis.store.watch import Watch


def read_exports(
    source: str | Path | bytes,
    name: str | None = None,
    *,
    zone: str = "Asia/Shanghai",
    progress: Callable[[int, int], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> tuple[Export, ...]:
    """Read every table of a file and propose what each is; close each when done.

    A wide table of spend by day is two where further columns of numbers are in it: spend, and controls. Parameters and
    errors are those of :func:`read_export`.

    Examples
    --------
    >>> text = b"date,tv,radio,temperature\\n2026-11-01,9.5,3,12\\n2026-11-02,8,2,9\\n"
    >>> spend, controls = read_exports(text, "media.csv")
    >>> dict(spend.mapping.spread), dict(controls.mapping.spread)
    ({'radio': 'radio', 'tv': 'tv'}, {'temperature': 'temperature'})
    >>> spend.close(); controls.close()
    """
    shown = name or (Path(source).name if isinstance(source, str | Path) else "file")
    # Each byte is looked at once for what it is, and once more for the lines it makes.
    size = 2 * (len(source) if isinstance(source, bytes) else size_of(shown, Path(source)))
    watch = Watch(
        size, progress, cancel, lambda: ImportFileError.because(shown, say("reading it was stopped."), "cancelled")
    )
    contents = watch.run(lambda: read(source, shown))
    unread = tuple(map(ImportFileError.left_out, contents.unread))
    return tuple(export for scratch in contents.tables for export in _proposed(scratch, zone, unread))


def _proposed(scratch: Scratch, zone: str, unread: tuple[SluiceError, ...]) -> Iterator[Export]:
    samples = scratch.sample()
    found = recognise(scratch, samples, zone)
    yield Export(scratch, found.mapping, samples, found, unread=unread, beside=bool(found.further))
    for more in found.further:
        yield Export(scratch.again(), more.mapping, samples, more, unread=unread, beside=True)


def read_export(
    source: str | Path | bytes,
    name: str | None = None,
    *,
    zone: str = "Asia/Shanghai",
    progress: Callable[[int, int], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Export:
    """Read a file and propose what it is; of several tables, the one that is best understood.

    Parameters
    ----------
    source : path or bytes
        CSV (comma, tab, semicolon, pipe) or columns that spaces line up, in any usual encoding, XLSX, XLS, Parquet or
        JSON Lines; plain, gzip or ZIP.
        A path is read where it lies.
    name : str, optional
        The file's name, when `source` is bytes.
    zone : str
        Time zone of times that carry none.
    progress : callable, optional
        Called about twice a second with how far the reading is and how far it goes.
    cancel : callable, optional
        Asked ten times a second; once it says True, the reading stops with an error.

    Raises
    ------
    ImportFileError
        The file cannot be read as a table, or the reading was cancelled.
    """
    found = read_exports(source, name, zone=zone, progress=progress, cancel=cancel)
    if len(found) == 1:
        return found[0]
    leads = [e for e in found if e.mapping.table != "controls"] or found
    best = max(leads, key=lambda e: (-len(e.mapping.missing()), bool(e.recognition.format), e.rows))
    return replace(best, siblings=found)
