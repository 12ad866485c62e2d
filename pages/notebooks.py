"""Many questions, one piece of work."""

from ui.notebook import page
from ui.page import through_the_door

through_the_door()
page.draw()
