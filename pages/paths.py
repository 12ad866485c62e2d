"""What do people do next, and how did they get here?"""

from ui.page import draw

draw("paths")
