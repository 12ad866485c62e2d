"""The notebook: many questions, one piece of work."""

from analysis.notebook.book import Cell, Notebook, Seen, Unread, Words, filled, new_id
from analysis.notebook.told import Said, dated, digest_of, looked, tell, told
from analysis.quotes import Quote, called_of, figure_of, quotable

__all__ = [
    "Cell",
    "Notebook",
    "Quote",
    "Said",
    "Seen",
    "Unread",
    "Words",
    "called_of",
    "dated",
    "digest_of",
    "figure_of",
    "filled",
    "looked",
    "new_id",
    "quotable",
    "tell",
    "told",
]
