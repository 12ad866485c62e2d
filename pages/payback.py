"""When has a new customer paid back what they cost?"""

from ui.page import draw

draw("payback")
