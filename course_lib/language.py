"""The learner's language: one text in English and Chinese, shown in the one that was chosen."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from course_lib.home import home

LANGUAGES = ("en", "zh")
_FILE = "language"


@dataclass(frozen=True)
class Say:
    """One text in both languages. `str(say)` is the text in the learner's language."""

    en: str
    zh: str

    def __str__(self) -> str:
        return self.zh if language() == "zh" else self.en

    def to(self, code: str) -> str:
        """Return the text in `code`, which is "en" or "zh"."""
        return {"en": self.en, "zh": self.zh}[code]


def language() -> str:
    """Return "en" or "zh": `COURSE_LANG`, else what `course lang` stored, else "en".

    `COURSE_LANG` may be a locale such as `zh_CN.UTF-8`; only its first letters count.
    """
    wanted = os.environ.get("COURSE_LANG", "").strip()
    if not wanted:
        try:
            wanted = _path().read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            wanted = ""
    code = wanted.lower().replace("-", "_").split("_")[0].split(".")[0]
    return code if code in LANGUAGES else "en"


@contextmanager
def speaking(code: str | None) -> Iterator[str]:
    """Speak `code` inside the block, and yield it; None leaves the language as it is. For `--lang` of one command.

    Raises:
        ValueError: for a code other than "en" or "zh".
    """
    if code is None:
        yield language()
        return
    _known(code)
    before = os.environ.get("COURSE_LANG")
    os.environ["COURSE_LANG"] = code
    try:
        yield code
    finally:
        if before is None:
            del os.environ["COURSE_LANG"]
        else:
            os.environ["COURSE_LANG"] = before


def choose(code: str) -> Path:
    """Store `code` ("en" or "zh") under `COURSE_HOME` and return the file.

    Raises:
        ValueError: for any other code.
        OSError: when `COURSE_HOME` cannot be written.
    """
    _known(code)
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(code + "\n", "utf-8")
    return path


def _known(code: str) -> None:
    if code not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise ValueError(str(Say(f"no language {code!r}; choose one of: {known}", f"没有语言 {code!r}；可选：{known}")))


def _path() -> Path:
    return home() / _FILE
