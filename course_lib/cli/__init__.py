"""The `course` command."""

from course_lib.cli import automate, device, interview, kit, practice, security, study  # noqa: F401  (their commands register themselves)
from course_lib.cli.commands import app

__all__ = ["app"]
