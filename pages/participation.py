"""Who takes part in campaign after campaign?"""

from ui.page import draw

draw("participation")
