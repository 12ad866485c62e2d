"""What do the words mean?"""

from ui import glossary
from ui.page import through_the_door

through_the_door()
glossary.draw()
