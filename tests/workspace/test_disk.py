"""On a disk that fills, a workspace refuses in words that name it, is unchanged, and goes on once there is room."""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from analysis.errors import WorkspaceError
from analysis.workspace import disk
from analysis.workspace.disk import room

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["unshare", "--mount", "--map-root-user"]
"""A disk of one's own for a moment, that other programs do not see."""
FILLS = """
import os, subprocess, sys
from pathlib import Path
from analysis import Contents, open_workspace, read_export
from analysis.errors import WorkspaceError
disk = Path(sys.argv[1])

def size(megabytes):
    subprocess.run(["mount", "-o", f"remount,size={megabytes}m", str(disk)], check=True)

subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)], check=True)
rows = "".join(f"k{i * 7919 % 200_000},2026-10-{1 + i % 28:02d} 10:00:00,view,s{i}\\n" for i in range(200_000))
big = read_export(("user_id,timestamp,event,session_id\\n" + rows).encode(), "big.csv", zone="UTC")
here = open_workspace(disk / "w.duckdb")
here.keep("first", Contents())
for change in (lambda: here.add(big), lambda: here.copy(disk / "copy.duckdb")):
    try:
        change()
        print("done")
    except WorkspaceError as error:
        print(error.code, str(disk) in str(error))
    filler = os.open(disk / "filler", os.O_CREAT | os.O_WRONLY)
    try:
        while True:
            os.write(filler, b"0" * 4096)
    except OSError:
        os.close(filler)
try:
    for i in range(1000):
        here.keep(f"more {i}", Contents())
except WorkspaceError as error:
    print(error.code, str(disk) in str(error))
print(len(here.batches()), here.tables().count("events"), sorted(p.name for p in disk.glob("copy*")))
size(64)
kept = len(here.kept(Contents))
here.keep("next", Contents())
print(here.add(big).files[0].rows)
here.close()
again = open_workspace(disk / "w.duckdb")
print(len(again.kept(Contents)) - kept, again.tables().count("events"))
"""


@pytest.mark.skipif(shutil.which("unshare") is None, reason="no mounts of one's own here")
@pytest.mark.long
def test_a_full_disk_is_named_and_nothing_is_lost(tmp_path: Path) -> None:
    if subprocess.run([*SMALL, "true"], capture_output=True).returncode:
        pytest.skip("no mounts of one's own here")
    command = [*SMALL, sys.executable, "-c", FILLS, str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == [
        "disk-full True",  # the import
        "disk-full True",  # a copy
        "disk-full True",  # questions kept
        "0 0 []",
        "200000",
        "1 200000",
    ]


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        duckdb.IOException('IO Error: Could not write file "w.duckdb": No space left on device'),
        duckdb.IOException("IO Error: Cannot write: There is not enough space on the disk."),
        duckdb.OutOfMemoryException("failed to offload data block: set by the 'max_temp_directory_size' setting"),
    ],
    ids=["system", "DuckDB", "Windows", "spilling"],
)
def test_what_hides_a_full_disk_is_looked_behind(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(WorkspaceError) as raised, room(tmp_path / "w.duckdb"):
        try:
            raise error
        except Exception:
            raise duckdb.TransactionException("Current transaction is aborted") from None
    assert raised.value.code == "disk-full"
    assert str(tmp_path) in str(raised.value)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PermissionError(errno.EACCES, "Permission denied"), "Permission denied"),
        (OSError(errno.EROFS, "Read-only file system"), "Read-only file system"),
        (duckdb.IOException('IO Error: Cannot open file "w.duckdb": Permission denied'), "Permission denied"),
        (NotADirectoryError(errno.ENOTDIR, "Not a directory"), "Not a directory"),
    ],
    ids=["system", "read-only", "DuckDB", "no folder"],
)
def test_what_may_not_be_used_is_not_called_damaged(tmp_path: Path, error: Exception, reason: str) -> None:
    with pytest.raises(WorkspaceError) as raised, room(tmp_path / "w.duckdb"):
        raise error
    assert (raised.value.code, f"cannot be used: {reason}." in str(raised.value)) == ("unreadable", True)


def test_the_folder_at_fault_is_named_and_whose_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a path of which the first part alone is there, that one; of a file that is somebody else's, the file."""
    monkeypatch.setattr(disk, "user", lambda: "sluice")
    monkeypatch.setattr(disk, "owner_of", lambda path: "root")
    missing = tmp_path / "backups" / "sluice"
    said = str(disk.refused(missing, "Permission denied"))
    assert said.startswith(
        f"{missing} cannot be used: Permission denied. {tmp_path} belongs to root, and Sluice runs as s"
    )
    there = tmp_path / "w.duckdb"
    there.touch()
    assert disk.in_the_way(there) == tmp_path  # what may be read and written lies in a folder that may not
    monkeypatch.setattr("os.access", lambda *_: False)
    assert disk.in_the_way(there) == there
    assert "Check who may" in str(disk.refused(there, "Read-only file system"))


def test_a_file_of_ones_own_is_not_called_somebody_elses(tmp_path: Path) -> None:
    assert disk.owner_of(tmp_path) == disk.user() != ""
    said = str(disk.refused(tmp_path / "w.duckdb", "Permission denied"))
    assert "belongs to" not in said and f"its folder {tmp_path}" in said


@pytest.mark.parametrize(
    "said",
    ["Corrupt database file: computed checksum 1 does not match stored checksum 2 in block at location 12288",
     'IO Error: Could not read enough bytes from file "w.duckdb": attempted to read 3192 bytes from location 5000'],
)  # fmt: skip
def test_damage_is_called_that(tmp_path: Path, said: str) -> None:
    with pytest.raises(WorkspaceError, match=r"w\.duckdb is damaged") as raised, room(tmp_path / "w.duckdb"):
        raise duckdb.Error(said)
    assert raised.value.code == "damaged"


def test_what_is_not_the_disk_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(duckdb.ConstraintException), room(tmp_path / "w.duckdb"):
        raise duckdb.ConstraintException("duplicate key")
