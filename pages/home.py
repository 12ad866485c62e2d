"""How is the campaign going, and what is most worth acting on?"""

from ui.home.page import body
from ui.page import draw

draw("home", body)
