"""Where a learner's progress is kept, and where the course itself lies."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

APP = "litert-compression-course"


def home() -> Path:
    """Return the folder for progress and settings (not created here).

    `COURSE_HOME` when it is set, otherwise the user's data directory of this platform.
    """
    chosen = os.environ.get("COURSE_HOME")
    if chosen:
        return Path(chosen).expanduser()
    return Path(platformdirs.user_data_dir(APP, appauthor=False))


def course_root() -> Path:
    """Return the folder that holds `topics/`: `COURSE_ROOT` when it is set, otherwise this checkout."""
    chosen = os.environ.get("COURSE_ROOT")
    if chosen:
        return Path(chosen).expanduser().resolve()
    return Path(__file__).resolve().parent.parent
