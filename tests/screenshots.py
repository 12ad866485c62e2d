"""What does every page look like: in two languages, two themes, on a desk and on a phone?

`make screenshots` takes the pictures into `screenshots/`, lays them out in `screenshots/index.html`, and renews
README's two. Some pages alone: `make screenshots PAGES="funnel budget"`.
"""

from __future__ import annotations

import argparse
import html
import tempfile
from itertools import product
from pathlib import Path

from browser_tools import ROOT, addresses, browsing, opened, served, settled
from harness import PAGES

LANGUAGES = {"en": "en-US", "zh_CN": "zh-CN"}
THEMES = ("light", "dark")
WIDTHS = (1440, 390)
TALLEST = 4000
SHOWN = {"en": "home.png", "zh_CN": "home.zh_CN.png"}
"""README's pictures: the first page as it opens."""

STYLE = """
body { font: 14px/1.4 sans-serif; margin: 1rem; background: #8a929b; }
h2 { margin: 1.5rem 0 0.5rem; } section { display: flex; gap: 0.5rem; align-items: flex-start; overflow-x: auto; }
figure { margin: 0; background: #fff; } figcaption { padding: 0.25rem; }
img { display: block; height: 520px; width: auto; max-width: none; object-fit: contain; object-position: top; }
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="*", help="addresses of pages; all without any")
    parser.add_argument("--out", type=Path, default=ROOT / "screenshots")
    asked = parser.parse_args()
    asked.out.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as server, browsing() as browser:
        for language, theme, width in product(LANGUAGES, THEMES, WIDTHS):
            page = opened(browser, server, width=width, dark=theme == "dark", locale=LANGUAGES[language])
            known = addresses(page)
            known += [name for name in PAGES if name not in (*known, "home")]  # those beside another in one room
            for name in [one for one in known if not asked.pages or (one or "start") in asked.pages]:
                page.goto(f"{server}/{name}?tour=off", wait_until="domcontentloaded")
                take(page, asked.out / f"{name or 'start'}.{language}.{theme}.{width}.png", width)
                if not name and (theme, width) == ("light", 1440):
                    show(page, ROOT / "docs" / SHOWN[language])
            page.context.close()
    sheet(asked.out)
    print(f"{len(list(asked.out.glob('*.png')))} pictures: {asked.out / 'index.html'}")


def take(page, path: Path, width: int) -> None:
    """Take a picture of a page in its whole length."""
    page.set_viewport_size({"width": width, "height": 1000})
    settled(page)
    height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": width, "height": min(max(int(height), 1000), TALLEST)})
    page.wait_for_timeout(700)  # for charts to take their new place
    page.screenshot(path=path)


def show(page, path: Path) -> None:
    """Take the picture that README shows of a page: what stands on the first screen."""
    page.set_viewport_size({"width": 1280, "height": 860})
    page.wait_for_timeout(700)
    page.screenshot(path=path)


def sheet(folder: Path) -> None:
    """Write the page that shows all pictures, a row for each page of the app."""
    rows: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*.png")):
        rows.setdefault(path.name.split(".")[0], []).append(path)
    shown = "".join(
        f"<h2>{html.escape(name)}</h2><section>"
        + "".join(
            f"<figure><figcaption>{html.escape(' '.join(path.stem.split('.')[1:]))}</figcaption>"
            f'<a href="{path.name}"><img src="{path.name}" loading="lazy" alt=""></a></figure>'
            for path in paths
        )
        + "</section>"
        for name, paths in rows.items()
    )
    page = f"<!doctype html><meta charset=utf-8><title>Sluice</title><style>{STYLE}</style>{shown}"
    (folder / "index.html").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
