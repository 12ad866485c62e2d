"""What a first start would make people wait for, done ahead: compiled kernels, the sample campaign, its first answers.

python -m ui.prepare
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Collection

from analysis import ResponseCurves
from analysis.store.kernels import forget_stale
from ui import session
from ui.screens import SCREENS

LONGEST = "reallocation"
"""The screen whose kernels take longer to compile than all others': they are compiled in another process meanwhile."""


def main() -> None:
    """Ask every screen's first question of the sample once."""
    forget_stale(session.ROOT / "analysis")
    # A workspace is open in one process: the other one has a sample of its own.
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "SLUICE_WORKSPACES": folder}
        with subprocess.Popen([sys.executable, "-m", "ui.prepare", LONGEST], cwd=session.ROOT, env=env) as beside:
            ask(SCREENS.keys() - {LONGEST})
            # The joint fit has kernels of its own, which the sample's claims do not ask for.
            tables = session.sample().tables()
            ResponseCurves(basis="effects", form="hyperbolic", where=tables.current()).run(tables)
    if beside.returncode:
        raise SystemExit(beside.returncode)


def ask(names: Collection[str]) -> None:
    """Ask some screens' first questions of the sample."""
    logging.getLogger("streamlit").setLevel(logging.CRITICAL)  # it warns of running without a browser
    tables = session.sample().tables()
    for name, screen in SCREENS.items():
        if name in names:
            screen.kind.suggested(tables).run(tables)


if __name__ == "__main__":
    if sys.argv[1:]:
        ask(sys.argv[1:])
    else:
        main()
