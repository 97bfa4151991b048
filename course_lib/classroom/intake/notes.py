"""What lies beside the submissions: who returned them and when, in the words of the system that exported them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from course_lib.classroom.intake.files import NOTES, File
from course_lib.classroom.texts import readable

Parts = tuple[str, ...]
NOTE_BYTES = 4 * 2**20
# The first stamp is Blackboard's: what follows is a name that the learner gave.
BLACKBOARD = re.compile(r"(?P<head>.+?)_attempt_(?P<stamp>\d{4}(?:-\d\d){5})(?P<rest>[_.].*)?")


@dataclass(frozen=True)
class Notes:
    """What files beside the submissions say, by where it holds.

    Attributes:
        times: by folder, when it was returned.
        gradescope: by folder, the names of who returned it, and when.
        blackboard: by folder and the part of a name before `_attempt_`, the user's name.
    """

    times: Mapping[Parts, str] = field(default_factory=dict)
    gradescope: Mapping[Parts, tuple[str, str]] = field(default_factory=dict)
    blackboard: Mapping[Parts, str] = field(default_factory=dict)


def read_notes(files: list[File]) -> Notes:
    """Read what lay beside the submissions; what cannot be read says nothing."""
    times: dict[Parts, str] = {}
    gradescope: dict[Parts, tuple[str, str]] = {}
    blackboard: dict[Parts, str] = {}
    for file in files:
        try:
            with file.path.open("rb") as opened:
                text = opened.read(NOTE_BYTES).decode("utf-8-sig", "replace")
        except OSError:
            continue
        folder = file.parts[:-1]
        if file.parts[-1].lower() == NOTES[0]:
            times[folder] = text.strip()[:40]
        elif file.parts[-1].lower() == NOTES[1]:
            gradescope.update({(*folder, name): said for name, said in _gradescope(text).items()})
        elif found := re.search(r"^Name: .*\(([^()\s]+)\)\s*$", text, re.MULTILINE):
            note = BLACKBOARD.fullmatch(file.parts[-1])
            if note and note["rest"] == ".txt":  # not a file that a learner called so
                blackboard[(*folder, note["head"])] = readable(found[1])
    return Notes(times, gradescope, blackboard)


def _gradescope(text: str) -> dict[str, tuple[str, str]]:
    """Return by folder the submitters and the time of Gradescope's submission_metadata.yml.

    Read line by line: a parser of everything that YAML can say is not for files that strangers return.
    """
    found: dict[str, tuple[str, str]] = {}
    for block in re.split(r"^(?=\"?submission_\d+\"?:)", text, flags=re.MULTILINE)[1:]:
        names = re.findall(r"^\s+(?:- )?:name: (.+)$", block, re.MULTILINE)
        created = re.search(r"^\s+:created_at: (.+)$", block, re.MULTILINE)
        folder = block.partition(":")[0].strip('"')
        name = " & ".join(readable(each.strip().strip("'\"")) for each in names)
        found[folder] = name or folder, created[1].strip()[:40] if created else ""
    return found
