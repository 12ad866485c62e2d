"""Who is in the saved segments, and what do they bring?"""

from ui.page import draw

draw("saved_segments")
