"""What a lesson says in code: predict, show, tabulate, record, reveal.

Importing this loads neither matplotlib nor pandas nor ipywidgets; each helper does when it is called.
"""

from course_lib.lesson.controls import playground
from course_lib.lesson.figures import show, style
from course_lib.lesson.predictions import predict, reveal
from course_lib.lesson.session import receipt, record
from course_lib.lesson.tables import table

__all__ = ["playground", "predict", "receipt", "record", "reveal", "show", "style", "table"]
