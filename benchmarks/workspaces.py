"""What do 300 workspaces of one server hold, and how long does their list take, good files and bad ones?

Each workspace is opened, written to and asked in turn, and somebody goes on holding it. The list is that of the Data
page. Bad files are damaged, of zeros, misnamed, of a newer release, and one that another program has open.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from analysis import Contents, Funnel, open_workspace, read_export
from analysis.workspace import workspace_files
from analysis.workspace.shelf import Shelf

ROOT = Path(__file__).resolve().parents[1]
HOLDS = """
import sys
from analysis import open_workspace
here = open_workspace(sys.argv[1])
print("open", flush=True)
input()
"""


def rows(short: bool) -> Iterator[tuple[str, float, float, float, str]]:
    """Yield memory and threads, and seconds of lists."""
    many = 100 if short else 300
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as name:
        folder = Path(name)
        _made(folder, many)
        first, again = _timed(folder), _timed(folder)
        yield f"list of {many} workspaces, first time, s", first, 3.0, first / 3, "at most 3 s"
        yield f"list of {many} workspaces, s", again, 0.2, again / 0.2, "at most 0.2 s"
        with _bad(folder):
            with_bad = _timed(folder)
            yield "the same with eight bad files, s", with_bad, again + 1, with_bad / (again + 1), "at most 1 s more"
        shelf, held = Shelf(threads=4), []
        for file in workspace_files(folder):
            if file.state == "ready":
                held.append(shelf.open(file.path))
                held[-1].keep("all", Contents())
                Funnel(steps=("view", "cart"), window="5h").run(held[-1].tables())
        megabytes, threads = _figures()
        yield f"{len(held)} workspaces opened in turn, MB", megabytes, 1000.0, megabytes / 1000, "under 1 GB"
        yield f"{len(held)} workspaces opened in turn, threads", threads, 100.0, threads / 100, "under 100"
        shelf.close()


def _made(folder: Path, many: int) -> None:
    lines = "".join(f"u{i % 997},2026-11-{1 + i % 20:02d} 10:00:00,{('view', 'cart')[i % 2]}\n" for i in range(5000))
    first = open_workspace(folder / f"{0:012x}.duckdb")
    first.add(read_export(f"user_id,timestamp,event\n{lines}".encode(), "events.csv", zone="UTC"))
    first.close()
    for i in range(1, many):
        (folder / f"{i:012x}.duckdb").write_bytes(first.path.read_bytes())


class _bad:
    """Bad files of each kind, for a while."""

    def __init__(self, folder: Path) -> None:
        whole = (folder / f"{0:012x}.duckdb").read_bytes()
        half, zeros, text = whole[: len(whole) // 2], bytes(len(whole)), b"no more"
        contents = {"a" * 12: half, "b" * 12: text, "c" * 12: zeros, "d" * 12: b"", "October (copy)": whole,
                    "October (copy 2)": text, "e" * 12: whole, "f" * 12: whole}  # fmt: skip
        self._paths = [folder / f"{name}.duckdb" for name in contents]
        for path, content in zip(self._paths, contents.values(), strict=True):
            path.write_bytes(content)
        with duckdb.connect(str(self._paths[6])) as con:
            con.execute("UPDATE meta SET value = '99' WHERE key = 'format'")

    def __enter__(self) -> None:
        command = [sys.executable, "-c", HOLDS, str(self._paths[7])]
        self._holder = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._holder.stdout is not None and self._holder.stdout.readline() == "open\n"

    def __exit__(self, *_error: object) -> None:
        self._holder.communicate("\n")
        for path in self._paths:
            path.unlink()


def _timed(folder: Path) -> float:
    begin = time.perf_counter()
    workspace_files(folder)
    return time.perf_counter() - begin


def _figures() -> tuple[float, float]:
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines["VmRSS"].split()[0]) / 1000, float(lines["Threads"])


def main(argv: list[str] | None = None) -> None:
    """Print the figures; `--short` for a third of the workspaces."""
    for what, ours, _bound, _ratio, aim in rows("--short" in (sys.argv[1:] if argv is None else argv)):
        print(f"{what:48} {ours:9.2f}   {aim}")


if __name__ == "__main__":
    main()
