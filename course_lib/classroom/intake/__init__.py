"""From a folder or zip to submissions; nothing in it is run, and every file counts or is listed with the reason.

walk.py         the files one by one, with unzip.py for zips and files.py for what may be opened at all
reading.py      their code and names, read by a process that may die of them (reading_child.py)
signs.py        which tasks a file holds
owners.py       whose it is: exports.py for systems' exports, by_hand.py for hand-made folders, notes.py for what
                lies beside the files
submissions.py  all of it together: `find(source, workdir)`, the latest answer to each task counts
"""
