"""The learner's side: called in the process that ran the learner's code. Nothing here decides anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from course_lib.capstone.materials import visible_data
from course_lib.capstone.values import Budget, to_plain
from course_lib.core import Artifact

# The last cell that the learner's process runs; `build` is looked up when it is called.
CELL = """
def capstone_answer(content, size, drop, ratio):
    from course_lib.capstone.inside import answer
    return answer(build, content, size, drop, ratio)
"""


def answer(build: Callable[..., Any], content: bytes, size: int, drop: float, ratio: float) -> dict[str, Any]:
    """Call `build` as the statement says and return its Delivery as plain values."""
    return to_plain(build(Artifact("float32", content), visible_data(), Budget(size, drop, ratio)))
