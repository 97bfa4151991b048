"""A class: grade many returned notebooks that nobody has read, and say how it was done.

Data flows one way, and so do the imports (tests/test_house.py holds the table):

    intake/     a folder or zip  ->  submissions: whose file, which tasks; and what could not be matched
    sandbox/    submissions      ->  graded submissions: the code runs behind walls, the checks where it never was
    gradebook/  graded           ->  one SQLite file, the CSV tables, whose points changed
    pages/      the gradebook    ->  a page for each learner and the instructor's overview

`run.py` joins the four (`course grade`), and `capstones.py` has capstones measured beside them, which
`course_lib.capstone` does. `values.py` has what passes between them all, `texts.py` makes strangers' text fit to be
shown, and `nbgrader.py` exports the exercises to nbgrader.
"""
