"""What does advertising bring?"""

from ui.page import draw

draw("performance")
