"""Are there different sorts of users?"""

from ui.page import draw

draw("clusters")
