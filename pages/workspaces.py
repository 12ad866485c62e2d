"""Which workspaces there are, and what becomes of them."""

from ui import keeping
from ui.page import through_the_door

through_the_door()
keeping.draw()
