"""The workspace: one DuckDB file, and what comes into it."""

from analysis.imports import ColumnMapping, Export, Overlap, Reconciliation, read_export, read_exports
from analysis.workspace.mappings import KeptMapping
from analysis.workspace.segments import Segment
from analysis.workspace.store import Batch, Saved, Workspace, open_workspace

__all__ = [
    "Batch",
    "ColumnMapping",
    "Export",
    "KeptMapping",
    "Overlap",
    "Reconciliation",
    "Saved",
    "Segment",
    "Workspace",
    "open_workspace",
    "read_export",
    "read_exports",
]
