"""Is the provider there, at the address that was set? Asked of the page on which it says what it is."""

from __future__ import annotations

import json
import urllib.request

from analysis.messages import Message, say

PATIENCE = 5.0
"""Seconds in which it is to answer."""


def trouble(address: str, patience: float = PATIENCE) -> Message | None:
    """Return what is wrong with a provider's discovery page; None where it says how people sign in."""
    try:
        with urllib.request.urlopen(address, timeout=patience) as answer:
            said = json.load(answer)
    except (OSError, ValueError) as error:
        reason = str(getattr(error, "reason", "") or error)
        return unreachable(address, "it gives no JSON" if isinstance(error, json.JSONDecodeError) else reason)
    if not isinstance(said, dict) or "authorization_endpoint" not in said:
        return unreachable(address, "it names no authorization_endpoint")
    return None


def unreachable(address: str, reason: str) -> Message:
    """Return what is said where a provider does not answer as one."""
    return say("The provider cannot be reached at {address}: {reason}. Until it can, nobody signs in; look at "
               "oidc.issuer, and whether this machine gets there.", address=address, reason=reason)  # fmt: skip
