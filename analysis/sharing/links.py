"""A question as a short text for a URL, and back."""

from __future__ import annotations

import base64
import binascii
import zlib

from analysis.errors import QuestionError
from analysis.question import Question

LONGEST = 20_000
"""Most characters a link may carry; also bounds what it may unpack to."""


def encode(question: Question) -> str:
    """Return a question as URL-safe text.

    Examples
    --------
    >>> from analysis import Funnel
    >>> question = Funnel(steps=("view", "cart"))
    >>> decode(encode(question)) == question
    True
    """
    packed = zlib.compress(question.to_json().encode(), 9)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def decode(text: str) -> Question:
    """Read a question back.

    Raises
    ------
    QuestionError
        The text is not a question's, was cut off, or the question is not valid.
    """
    if len(text) > LONGEST:
        raise QuestionError.unreadable()
    try:
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        unpacker = zlib.decompressobj()
        plain = unpacker.decompress(packed, 10 * LONGEST).decode()
    except (binascii.Error, zlib.error, ValueError) as error:
        raise QuestionError.unreadable() from error
    return Question.from_json(plain)
