"""How are sales going?"""

from ui.page import draw

draw("sales")
