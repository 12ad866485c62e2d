"""Who comes back, and when?"""

from ui.page import draw

draw("retention")
