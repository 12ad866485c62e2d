"""Will we reach our goals?"""

from ui.page import draw

draw("plan")
