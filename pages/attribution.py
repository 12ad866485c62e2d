"""Who brings most?"""

from ui.page import draw

draw("attribution")
