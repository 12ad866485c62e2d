"""Who will buy soon, and is money spent on those who will not?"""

from ui.page import draw

draw("intent")
