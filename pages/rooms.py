"""Guest rooms: who is where in a workshop."""

from ui import rooms
from ui.page import through_the_door

through_the_door()
rooms.draw()
