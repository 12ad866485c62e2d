"""A sample Double 11 campaign: the files, the generator that writes them, and the truth planted in them."""
