"""How far does the private domain carry?"""

from ui.page import draw

draw("private_domain")
