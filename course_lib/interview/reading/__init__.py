"""Typed answers, read offline against the card: each point heard, contradicted or unsure, with the sentence.

The same answer always gives the same reading. It prefers silence to a wrong verdict: unsure is a fine answer.
"""

from course_lib.interview.reading.read import read_answer
from course_lib.interview.reading.values import Fallen, Heard, NumberSaid, Reading

__all__ = ["Fallen", "Heard", "NumberSaid", "Reading", "read_answer"]
