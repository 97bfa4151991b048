"""The capstones' place in the gradebook: what was measured of each, and from what."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from course_lib.classroom.texts import message
from course_lib.classroom.values import Capstone, Order
from course_lib.language import Say

SCHEMA = """
CREATE TABLE IF NOT EXISTS capstones (
    learner TEXT PRIMARY KEY, file TEXT NOT NULL, code TEXT NOT NULL, made TEXT NOT NULL, seed INTEGER NOT NULL,
    accepted INTEGER NOT NULL, orders TEXT NOT NULL, error TEXT NOT NULL, notes TEXT NOT NULL, seconds REAL NOT NULL,
    containment TEXT NOT NULL, containment_zh TEXT NOT NULL, page_en TEXT NOT NULL, page_zh TEXT NOT NULL,
    at TEXT NOT NULL);
"""


@dataclass(frozen=True)
class CapstoneRow:
    """What one learner's capstone came to, the file that it was read from, and what it was measured from."""

    learner: str
    result: Capstone
    file: str
    code: str
    made: str
    seed: int

    @property
    def key(self) -> tuple[str, str, int]:
        """What must be equal for a verdict to stand."""
        return self.code, self.made, self.seed


class CapstoneTable:
    """Reads and writes the table; a capstone is one statement, so that an interrupted run keeps what it has."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def save(self, row: CapstoneRow) -> None:
        """Put one in the place of what the learner had."""
        result = row.result
        orders = json.dumps([_plain(each) for each in result.orders])
        error = json.dumps(_pair(result.error) if result.error else None)
        values = (
            *(row.learner, row.file, row.code, row.made, row.seed, result.accepted, orders, error),
            *(json.dumps([_pair(each) for each in result.notes]), result.seconds, *_pair(result.containment)),
            *(result.pages.get("en", ""), result.pages.get("zh", "")),
            datetime.now(UTC).isoformat(timespec="seconds"),
        )
        self._db.execute(f"INSERT OR REPLACE INTO capstones VALUES ({','.join('?' * len(values))})", values)

    def rows(self) -> tuple[CapstoneRow, ...]:
        """Return all, in the order of the tables."""
        if not self._db.execute("SELECT 1 FROM sqlite_master WHERE name='capstones'").fetchone():
            return ()  # an older gradebook, opened for reading
        sql = """SELECT learner, file, code, made, seed, orders, error, notes, seconds, containment, containment_zh,
                 page_en, page_zh FROM capstones"""
        found = []
        for learner, file, code, made, seed, orders, error, notes, seconds, en, zh, *pages in self._db.execute(sql):
            said = json.loads(error)
            result = Capstone(
                orders=tuple(_order(each) for each in json.loads(orders)),
                error=Say(*said) if said else None,
                notes=tuple(Say(*each) for each in json.loads(notes)),
                seconds=seconds,
                containment=Say(en, zh),
                pages={name: page for name, page in zip(("en", "zh"), pages, strict=True) if page},
            )
            found.append(CapstoneRow(learner, result, file, code, made, seed))
        return tuple(sorted(found, key=lambda row: (row.learner.casefold(), row.learner)))


def _pair(say: Say) -> list[str]:
    return [message(say.en), message(say.zh)]


def _plain(order: Order) -> dict[str, Any]:
    return {
        "name": order.name,
        "title": _pair(order.title),
        "verdict": order.verdict,
        "why": _pair(order.why),
        "budget": order.budget,
        "found": order.found,
    }


def _order(plain: Mapping[str, Any]) -> Order:
    found = plain["found"]
    return Order(
        name=plain["name"],
        title=Say(*plain["title"]),
        verdict=plain["verdict"],
        why=Say(*plain["why"]),
        budget=tuple(plain["budget"]),
        found=tuple(found) if found else None,
    )
