"""A mock interview on a notebook page: the terminal's interview with controls, reachable with the keyboard alone.

    labels <- controls, views      clock      panel <- entry

The controls stay the same from step to step and only change what they say, so that the focus stays where it is. What
is seen is also written: the time in words, points with their verdicts in words, tables as tables.
"""

from course_lib.interview.widgets.entry import interview
from course_lib.interview.widgets.panel import Panel

__all__ = ["Panel", "interview"]
