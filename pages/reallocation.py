"""What would rules that move the budget have earned?"""

from ui.page import draw

draw("reallocation")
