"""Which touchpoints and plays go with buying?"""

from ui.page import draw

draw("nodes")
