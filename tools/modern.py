"""Render docs/modern.toml, the questions that the thirty lessons do not ask, into one page a language.

`python tools/modern.py` writes docs/modern_questions.md and docs/modern_questions.zh.md; `--check` writes nothing and
fails when a page is not what its source renders. A field `{t12_wi4c_dense:.1f}` is lesson 12's measured number.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from course_lib import fields
from course_lib.catalog import Topic, topic, topics
from course_lib.core.files import write_whole
from course_lib.home import course_root
from course_lib.language import LANGUAGES, Say
from tools.source import BuildError

SOURCE = "modern.toml"
PAGES = {"en": "modern_questions.md", "zh": "modern_questions.zh.md"}
_TITLE = Say("Eighteen questions that interviewers ask today", "今天的面试官还会问的十八个问题")
_ABOUT = Say(
    "The thirty topics answer a public list of questions. These are asked as well. Each has an answer for sixty "
    "seconds and the section of a lesson that backs it; every number in it was measured there, on the machine that the "
    "lesson names. Where the course measures nothing, the answer says so.",
    "三十个主题来自一份公开的题目清单。下面这些问题同样常被问到：每题一份六十秒的回答，并给出支撑它的课程小节；"
    "其中的数字都在该课程中实测得到，机器见课程说明。课程没有测量的部分，回答里会直说。",
)
_BACKED = Say("Backed by", "依据")


@dataclass(frozen=True)
class Question:
    """A question and its answer in both languages, and the sections ("12", "int4, on both shapes") that back it."""

    question: Say
    answer: Say
    backing: tuple[tuple[str, str], ...]


def read(root: Path) -> tuple[Question, ...]:
    """Read docs/modern.toml.

    Raises:
        BuildError: a key is missing.
    """
    rows = tomllib.loads((root / "docs" / SOURCE).read_text("utf-8"))["question"]
    try:
        return tuple(
            Question(
                Say(row["en"]["question"], row["zh"]["question"]),
                Say(row["en"]["answer"].strip(), row["zh"]["answer"].strip()),
                tuple((each["lesson"], each["section"]) for each in row["backing"]),
            )
            for row in rows
        )
    except KeyError as problem:
        raise BuildError(f"docs/modern.toml: a question has no {problem}") from None


def render(questions: Sequence[Question], code: str, root: Path) -> str:
    """Return one page.

    Raises:
        BuildError: a lesson has no such section. FieldError: a lesson recorded no such number.
    """
    numbers = {f"t{each.number:02d}_{name}": value for each in topics(root) for name, value in each.measured.items()}
    other = next(each for each in LANGUAGES if each != code)
    parts = [f"# {_TITLE.to(code)}", _ABOUT.to(code), f"[{Say('English', '中文').to(other)}]({PAGES[other]})"]
    for place, each in enumerate(questions, 1):
        parts.append(f"## {place}. {each.question.to(code)}")
        parts.append(fields.fill(each.answer.to(code), numbers))
        links = "; ".join(_link(lesson, section, code, root) for lesson, section in each.backing)
        parts.append(f"*{_BACKED.to(code)}: {links}*")
    return "\n\n".join(parts) + "\n"


def _link(lesson: str, section: str, code: str, root: Path) -> str:
    found: Topic = topic(lesson, root)
    headings = re.findall(r"^# #{2,3} (.+)$", (found.folder / "lesson.py").read_text("utf-8"), re.MULTILINE)
    if section not in headings:
        raise BuildError(f"docs/modern.toml: lesson {lesson} has no section {section!r}; it has {'; '.join(headings)}")
    title = found.card.page(code).title
    return f"[{lesson} {title}](../notebooks/{found.name}.ipynb), “{section}”"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    checking = "--check" in (sys.argv[1:] if arguments is None else arguments)
    root = course_root()
    questions = read(root)
    stale = []
    for code, name in PAGES.items():
        text, path = render(questions, code, root), root / "docs" / name
        if not path.is_file() or path.read_text("utf-8") != text:
            stale.append(name)
            if not checking:
                write_whole(path, text)
    if checking and stale:
        print(f"error: {', '.join(stale)} is stale; run `python tools/modern.py`", file=sys.stderr)
    return 1 if checking and stale else 0


if __name__ == "__main__":
    sys.exit(main())
