"""What browser tests share."""

from __future__ import annotations


def settled(page) -> None:
    """Wait until the script has run to its end and the page shows what it said."""
    page.wait_for_selector("[data-testid=stMain]")
    page.wait_for_timeout(300)
    page.wait_for_function(
        "document.querySelector('[data-testid=stMain]').innerText.trim()"
        " && !document.querySelector('[data-testid=stStatusWidget]')"
        " && !document.querySelector('[data-testid=stSpinner]')"
        " && !document.querySelector('[data-testid=stSkeleton]')"
        " && !document.querySelector('[data-stale=true]')"
    )


def headline(page) -> str:
    """Return the first answer's headline."""
    settled(page)
    return page.locator("[data-testid=stMain] h4").first.inner_text()
