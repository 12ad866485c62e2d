"""Is the audience growing, and from whom?"""

from ui.page import draw

draw("growth")
