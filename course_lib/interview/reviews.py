"""The log of reviews in the learner's progress database, and as a JSON file.

An answer is one row, written in one transaction before anything is said about it: whenever the program is killed, what
was answered is there. Two logs are joined by taking the rows of both.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from course_lib.grading.progress import Progress
from course_lib.interview.memory import Review, now
from course_lib.language import Say

FORMAT = "course-reviews-1"
_TABLE = """
CREATE TABLE IF NOT EXISTS reviews (
    at TEXT NOT NULL, card TEXT NOT NULL, rating INTEGER NOT NULL, source TEXT NOT NULL, PRIMARY KEY (at, card))
"""


def add(progress: Progress, reviews: Iterable[Review]) -> int:
    """Keep reviews, all or none, and return how many were not there before. They are on the disk when it returns."""
    rows = [(each.at.isoformat(timespec="microseconds"), each.card, each.rating, each.source) for each in reviews]

    def work(db: sqlite3.Connection) -> int:
        db.execute("PRAGMA synchronous=FULL")  # an answer costs a minute of somebody's life
        db.execute(_TABLE)
        before = db.total_changes
        db.executemany("INSERT OR IGNORE INTO reviews (at, card, rating, source) VALUES (?,?,?,?)", rows)
        return db.total_changes - before

    return progress.transact(work)


def load(progress: Progress) -> list[Review]:
    """Return all reviews, oldest first."""

    def work(db: sqlite3.Connection) -> list[tuple[str, str, int, str]]:
        db.execute(_TABLE)
        return db.execute("SELECT at, card, rating, source FROM reviews ORDER BY at, card").fetchall()

    return [
        Review(datetime.fromisoformat(at), card, rating, source) for at, card, rating, source in progress.transact(work)
    ]


def export(reviews: Iterable[Review]) -> str:
    """Return reviews as JSON, which `parse` reads back."""
    rows = [
        {
            "at": each.at.isoformat(timespec="microseconds"),
            "card": each.card,
            "rating": each.rating,
            "source": each.source,
        }
        for each in reviews
    ]
    return json.dumps({"format": FORMAT, "reviews": rows}, indent=1) + "\n"


def parse(text: str, where: str) -> list[Review]:
    """Read what `export` wrote.

    Raises:
        ValueError: it is something else; the message names `where` and the entry.
    """
    try:
        whole: Any = json.loads(text)
    except ValueError as error:
        raise ValueError(str(Say(f"{where} is not JSON: {error}", f"{where} 不是 JSON：{error}"))) from None
    if not isinstance(whole, dict) or whole.get("format") != FORMAT or not isinstance(whole.get("reviews"), list):
        raise ValueError(
            str(
                Say(
                    f'{where} holds no reviews of this course (it has no "format": "{FORMAT}"); '
                    "`course today --export FILE` writes such a file",
                    f'{where} 不是本课程的复习记录（缺少 "format": "{FORMAT}"）；'
                    "这样的文件由 `course today --export FILE` 生成",
                )
            )
        )
    reviews = []
    for number, row in enumerate(whole["reviews"], 1):
        try:
            review = Review(datetime.fromisoformat(row["at"]), str(row["card"]), row["rating"], row["source"])
            if review.at > now() + timedelta(days=1):
                raise ValueError(f"{row['at']} is still to come")
            reviews.append(review)
        except (KeyError, TypeError, ValueError) as error:
            what = f"{type(error).__name__}: {error}"
            raise ValueError(
                str(Say(f"{where}, review {number}: {what}", f"{where}，第 {number} 条：{what}"))
            ) from None
    return reviews


def read(path: Path) -> list[Review]:
    """Read a file that `save` wrote.

    Raises:
        ValueError: there is no such file, or it is something else.
        OSError: it cannot be read.
    """
    try:
        text = path.read_text("utf-8", errors="replace")
    except FileNotFoundError:
        raise ValueError(str(Say(f"there is no file {path}", f"没有文件 {path}"))) from None
    return parse(text, str(path))


def save(reviews: Iterable[Review], path: Path) -> None:
    """Write reviews to a JSON file, whole or not at all.

    Raises:
        OSError: it cannot be written there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_text(export(reviews), "utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
