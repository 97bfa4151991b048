"""A mock interview in a terminal, with the keyboard alone; through a pipe every prompt takes one line.

    countdown <- keys <- board      ticks, tables <- views      all <- interview      report

Everything that is asked for is written out, so that a screen reader and a pipe hear all of it.
"""

from course_lib.interview.terminal.interview import Interview
from course_lib.interview.terminal.keys import Stopped
from course_lib.interview.terminal.report import show_report

__all__ = ["Interview", "Stopped", "show_report"]
