"""One capstone of a class: measured as `course capstone --check` does, told in the values of the gradebook."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from course_lib.capstone.budgets import orders
from course_lib.capstone.contained import LIMITS
from course_lib.capstone.grade import Done, Outcome, grade
from course_lib.capstone.judge import WORDS
from course_lib.capstone.materials import MODELS, model
from course_lib.capstone.measure import Protocol
from course_lib.capstone.page import html_page
from course_lib.classroom.values import Capstone, Containment, Limits, Measuring, Order
from course_lib.grading.cells import Cell
from course_lib.grading.shorten import brief_text
from course_lib.language import LANGUAGES, Say

_NAMED = re.compile(r"""^LEARNER *= *(["'])(?P<name>[^"'\\\n]{1,80})\1""", re.MULTILINE)


def measuring(
    seed: int,
    contain: Containment = "auto",
    protocol: Protocol | None = None,
    limits: Limits = LIMITS,
    watch: Callable[[int, int], None] = lambda _done, _of: None,
) -> Measuring:
    """Return how the capstones of a class are measured; see `grade` for the arguments."""

    def measure(cells: tuple[Cell, ...], learner: str, drawn: int) -> Capstone:
        return measured(cells, learner, drawn, contain, protocol, limits)

    return Measuring(seed, measure, digest(protocol or Protocol()), watch)


def digest(protocol: Protocol) -> str:
    """Return a digest of what a verdict depends on besides the code: what measures, and the models."""
    found = hashlib.sha256(repr(protocol).encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        found.update(f"{path.name}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    for name in MODELS:
        found.update(model(name).content)
    return found.hexdigest()[:32]


def measured(
    cells: tuple[Cell, ...],
    learner: str,
    seed: int,
    contain: Containment = "auto",
    protocol: Protocol | None = None,
    limits: Limits = LIMITS,
) -> Capstone:
    """Measure one learner's code on their orders. Never raises, neither for the code's faults nor the machine's."""
    try:
        outcome = grade(cells, learner, seed, protocol=protocol, contain=contain, limits=limits)
        pages = {language: html_page(outcome, language) for language in LANGUAGES}
    except Exception as fault:  # one capstone must not take the others' with it
        what = brief_text(f"{type(fault).__name__}: {fault}", 300)
        return Capstone((), Say(f"{what}.", f"{what}。"), (), 0.0, Say("", ""), {})
    return Capstone(
        orders=tuple(_order(each) for each in outcome.done),
        error=None,
        notes=(*_named(cells, outcome), *outcome.notes),
        seconds=outcome.seconds,
        containment=outcome.containment,
        pages=pages,
    )


def _order(done: Done) -> Order:
    budget, measured = done.order.budget, done.measured
    why = done.fault
    if why is None:
        open_ = [each for each in done.demands if each.verdict != "met"]
        said = [(each.title, WORDS[each.verdict], each.found) for each in open_]
        why = Say(
            "; ".join(f"{title.en} {word.en}: {found.en}" for title, word, found in said),
            "；".join(f"{title.zh}{word.zh}：{found.zh}" for title, word, found in said),
        )
    return Order(
        name=done.order.name,
        title=done.order.title,
        verdict=done.verdict,
        why=why,
        budget=(budget.bytes, budget.max_drop, budget.latency_ratio),
        found=(measured.raw_bytes, -measured.difference, measured.ratio) if measured else None,
    )


def _named(cells: tuple[Cell, ...], outcome: Outcome) -> tuple[Say, ...]:
    """Say so when the learner practised under a name that draws other orders; nobody can choose theirs by it."""
    found = [match["name"] for cell in cells for match in _NAMED.finditer(cell.code)]
    if not found or orders(found[-1], outcome.seed) in (orders(outcome.learner, outcome.seed), orders()):
        return ()
    other = brief_text(found[-1], 60)
    return (
        Say(
            f'Practised as "{other}"; the orders were drawn for "{outcome.learner}".',
            f"练习时用的名字是“{other}”；各单按“{outcome.learner}”抽取。",
        ),
    )
