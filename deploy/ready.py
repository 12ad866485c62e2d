"""Wait until an address answers 200, such as /readyz; end with an error where it does not in time.

python deploy/ready.py http://127.0.0.1:8501/readyz --wait 120
"""

from __future__ import annotations

import argparse
import sys
import time
import urllib.error
import urllib.request

OTHER = "and a page: it is another program that answers there"


def main() -> None:
    """Ask again and again, and say what the last answer was."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--wait", type=float, default=60, help="seconds in which it has to answer (60)")
    asked = parser.parse_args()
    until, said = time.monotonic() + asked.wait, "nothing"
    while (left := until - time.monotonic()) > 0:
        try:
            with urllib.request.urlopen(asked.url, timeout=max(1.0, left)) as answer:
                said = in_a_line(answer.status, answer.read(500))
                if answer.status == 200 and not said.endswith(OTHER):
                    return
        except urllib.error.HTTPError as error:
            said = in_a_line(error.code, error.read(500))
        except OSError as error:
            said = str(error)
        time.sleep(min(0.5, max(0.0, until - time.monotonic())))
    sys.exit(f"{asked.url} does not answer within {asked.wait:g} s; last: {said}")


def in_a_line(status: int, body: bytes) -> str:
    """Return an answer in a line; of a page, which is never this server's, only that it is one."""
    text = " ".join(body.decode(errors="replace").split())
    if text.startswith("<"):
        return f"{status} {OTHER}"
    return f"{status} {text}"


if __name__ == "__main__":
    main()
