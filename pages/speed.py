"""Do slow pages cost conversions?"""

from ui.page import draw

draw("speed")
