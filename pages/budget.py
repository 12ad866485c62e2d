"""What would another budget earn?"""

from ui.page import draw

draw("budget")
