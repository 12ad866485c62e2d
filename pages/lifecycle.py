"""How far has everyone come, and who moved on?"""

from ui.page import draw

draw("lifecycle")
