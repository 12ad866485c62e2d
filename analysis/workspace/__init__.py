"""The workspace: one DuckDB file, and what comes into it."""

from analysis.imports import ColumnMapping, Export, Overlap, Reconciliation, read_export, read_exports
from analysis.workspace.folder import WorkspaceFile, workspace_files
from analysis.workspace.kept import Kept
from analysis.workspace.mappings import FileMapping
from analysis.workspace.opening import open_workspace
from analysis.workspace.segments import Segment
from analysis.workspace.store import Batch, Workspace

__all__ = [
    "Batch",
    "ColumnMapping",
    "Export",
    "FileMapping",
    "Kept",
    "Overlap",
    "Reconciliation",
    "Segment",
    "Workspace",
    "WorkspaceFile",
    "open_workspace",
    "read_export",
    "read_exports",
    "workspace_files",
]
