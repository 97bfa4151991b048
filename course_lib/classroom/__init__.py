"""A class: grade many returned notebooks that nobody has read, and say how it was done."""
