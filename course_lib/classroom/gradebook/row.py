"""One line of the gradebook: what one learner earned for one task, and what it was graded from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from course_lib.catalog import Topic
from course_lib.grading.results import Result
from course_lib.language import Say

_NOT_A_CHECK = {"lesson.py", "card.toml", "measured.toml"}


@dataclass(frozen=True)
class Row:
    """What one learner earned for one task.

    Attributes:
        learner, task: whose, and which.
        result: the outcome of every property; none when there is an error.
        error: why it could not be graded.
        file: the file that it was read from, inside what was returned.
        code, checks, seed: what it was graded from: digests of the code and of the checks, the seed.
        seconds: that the whole file took.
        containment: which protection was in force.
        source: what was graded in that run.
        law_seconds: by law, the seconds that it took, as far as they were taken.
    """

    learner: str
    task: str
    result: Result
    error: Say | None
    file: str
    code: str
    checks: str
    seed: int
    seconds: float
    containment: Say
    source: str
    law_seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, int]:
        """What must be equal for a grade to stand."""
        return self.code, self.checks, self.seed


def checks_digest(topic: Topic) -> str:
    """Return a digest of everything in a topic's folder that a grade depends on."""
    digest = hashlib.sha256()
    for path in sorted(topic.folder.rglob("*")):
        name = path.relative_to(topic.folder).as_posix()
        if path.is_file() and name not in _NOT_A_CHECK and "__pycache__" not in path.parts:
            digest.update(f"{name}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:32]
