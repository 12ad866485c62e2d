"""Where do people drop off?"""

from ui.page import draw

draw("funnel")
