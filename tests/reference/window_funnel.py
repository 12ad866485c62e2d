"""Write window_funnel.csv: what ClickHouse's windowFunnel says of small logs. Needs chdb, which the tests do not.

    python tests/reference/window_funnel.py > tests/reference/window_funnel.csv

Each line: steps (the events that match each, by comma), window, mode, log (time and event, by space), level.
"""

from __future__ import annotations

import random

STEPS = ("a,b", "a,b,c", "a,a", "a,b,a", "a,b,b", "ab,b,c", "a,a,a", "ab,ab", "c,b,a,c", "a,bc,b")


def main() -> None:
    """Ask ClickHouse about random logs."""
    from chdb.session import Session  # type: ignore[import-not-found]

    session, rng = Session(), random.Random(1)
    for _ in range(360):
        steps, mode = rng.choice(STEPS), rng.choice(("", "strict_order"))
        window, ticks = rng.choice((1, 3, 9)), rng.choice((3, 6, 12))
        log = sorted((1 + rng.randrange(ticks), rng.choice("abcx")) for _ in range(rng.randint(1, 8)))
        conditions = ", ".join("e in (" + ", ".join(f"'{e}'" for e in step) + ")" for step in steps.split(","))
        rows = ", ".join(f"({time}, '{event}')" for time, event in log)
        function = f"windowFunnel({window}, '{mode}')" if mode else f"windowFunnel({window})"
        answer = session.query(f"SELECT {function}(t, {conditions}) FROM values('t UInt64, e String', {rows})", "CSV")
        written = " ".join(f"{time}{event}" for time, event in log)
        print(f'"{steps}",{window},{mode or "default"},{written},{str(answer).strip()}')


if __name__ == "__main__":
    main()
