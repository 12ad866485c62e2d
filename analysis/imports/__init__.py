"""From a file to typed rows: read it, recognise its columns, map them, clean the rows, set aside the rest.

A file goes up through the folders, each of which imports only from those before it: `formats` and `lexicon` (what
exports are known to look like), `file` (the tables in it), `columns` (what each is), `rows` (which are kept), `export`
(all of it, as one frozen value), and `read` (from a file to that).
"""

from analysis.imports.columns.mapping import ColumnMapping
from analysis.imports.export import Export
from analysis.imports.read import read_export, read_exports
from analysis.imports.rows.checks import Check
from analysis.imports.rows.reconcile import Overlap, Reconciliation

__all__ = [
    "Check",
    "ColumnMapping",
    "Export",
    "Overlap",
    "Reconciliation",
    "read_export",
    "read_exports",
]
