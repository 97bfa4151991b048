"""Which topic this kernel runs, and what the learner's progress keeps of it."""

from __future__ import annotations

import os
import re
import sys
from pathlib import PurePath

from course_lib.grading.progress import progress
from course_lib.grading.run import inert

_TOPIC = re.compile(r"\d\d_[a-z0-9_]+")


def topic_name() -> str:
    """Return the folder name of the topic whose notebook runs, ``04_quantize_with_the_tools``; "" when unknown.

    The build says it in COURSE_TOPIC, Jupyter in JPY_SESSION_NAME (the notebook's path), VS Code in a global name.
    """
    main = vars(sys.modules["__main__"])
    for said in (
        os.environ.get("COURSE_TOPIC"),
        os.environ.get("JPY_SESSION_NAME"),
        main.get("__vsc_ipynb_file__"),
        main.get("__file__"),
    ):
        path = PurePath(str(said or "").replace("\\", "/"))
        for part in (path.stem, path.parent.name):
            if _TOPIC.fullmatch(part):
                return part
    return ""


def keep_record(name: str, value: float | int | str) -> None:
    """Keep a measured number in the learner's progress."""
    if not inert():
        progress().save_record(topic_name(), name, value)


def keep_prediction(name: str, value: float | int | str) -> None:
    """Keep a prediction in the learner's progress."""
    if not inert():
        progress().save_prediction(topic_name(), name, value)


def kept_prediction(name: str) -> float | int | str | None:
    """Return the learner's prediction, or None."""
    return None if inert() else progress().prediction(topic_name(), name)
