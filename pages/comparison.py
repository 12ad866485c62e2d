"""What differs between two questions?"""

from ui.page import draw

draw("comparison")
