"""Who are the best customers, and what became of them?"""

from ui.page import draw

draw("rfm")
