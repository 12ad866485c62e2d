"""What a first start would make people wait for, done ahead: compiled kernels, the sample campaign, its first answers.

python -m ui.prepare
"""

from __future__ import annotations

import logging

from analysis import ResponseCurves
from analysis.store.kernels import forget_stale
from ui import session
from ui.screens import SCREENS


def main() -> None:
    """Ask every screen's first question of the sample once."""
    forget_stale(session.ROOT / "analysis")
    logging.getLogger("streamlit").setLevel(logging.CRITICAL)  # it warns of running without a browser
    tables = session.sample().tables()
    for screen in SCREENS.values():
        screen.kind.suggested(tables).run(tables)
    # The joint fit has kernels of its own, which the sample's claims do not ask for.
    ResponseCurves(basis="effects", form="hyperbolic", where=tables.current()).run(tables)


if __name__ == "__main__":
    main()
