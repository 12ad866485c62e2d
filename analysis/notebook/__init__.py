"""The notebook: many questions, one piece of work."""

from analysis.notebook.book import Cell, Notebook, Quote, Seen, Unread, Words, new_id
from analysis.notebook.quotes import figure_of, filled, quotable
from analysis.notebook.told import Said, digest_of, looked, tell, told

__all__ = [
    "Cell",
    "Notebook",
    "Quote",
    "Said",
    "Seen",
    "Unread",
    "Words",
    "digest_of",
    "figure_of",
    "filled",
    "looked",
    "new_id",
    "quotable",
    "tell",
    "told",
]
