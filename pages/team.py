"""Who uses this server, whose is what, and who did what."""

from ui import team
from ui.page import through_the_door

through_the_door()
team.draw()
