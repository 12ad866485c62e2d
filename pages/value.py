"""What are customers worth from now on?"""

from ui.page import draw

draw("value")
