"""Who still buys, and who is being lost?"""

from ui.page import draw

draw("states")
