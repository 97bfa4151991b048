"""The `course` command."""

from course_lib.cli import (  # noqa: F401  (their commands register themselves)
    automate,
    capstone,
    classroom,
    device,
    interview,
    practice,
    security,
    study,
    teaching,
)
from course_lib.cli.commands import app

__all__ = ["app"]
