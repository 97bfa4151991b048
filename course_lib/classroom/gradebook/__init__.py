"""What every learner earned, why, and from which file: kept, compared, and written as tables.

database.py  the SQLite file: its tables, and how it is recognised
capstones.py what was measured of the capstones, in a table of their own
book.py      what is read from it and written to it, a submission at a time
row.py       one learner's task, and what its grade was made from: an equal one is not graded again
changes.py   whose points differ between two gradebooks, and why
tables.py    points.csv, results.csv, and what Moodle and Canvas import
"""
