"""What came of the campaign, and why?"""

from ui.page import draw

draw("review")
