"""Reading a text as a file, and what comes out of it once what the file does not say was given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from analysis.imports import Export, read_export
from analysis.imports.rows.reconcile import Reconciliation


@contextmanager
def opened(text: str | bytes, name: str = "file.csv", zone: str = "UTC", **given: str) -> Iterator[Export]:
    """Read a text as a file; what it lacks of what is `given` is given for all rows."""
    export = read_export(text.encode() if isinstance(text, str) else text, name, zone=zone)
    try:
        lacking = {column: value for column, value in given.items() if column in export.mapping.missing()}
        mapping = export.mapping
        yield export.mapped(mapping.replace(constants={**dict(mapping.constants), **lacking})) if lacking else export
    finally:
        export.close()


def reconciled(text: str | bytes, name: str = "file.csv", **given: str) -> Reconciliation:
    """Say what an import of a text would do."""
    with opened(text, name, **given) as export:
        return export.reconcile()


def rows(export: Export) -> list[dict[str, Any]]:
    """Return the rows to store."""
    return export.clean(b"k" * 32).rows.to_pylist()  # type: ignore[no-any-return]
