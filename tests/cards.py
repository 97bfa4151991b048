"""The rules for a card: the same in two languages, complete, its numbers measured."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from course_lib import fields
from course_lib.catalog import Topic
from course_lib.grading.laws import laws_of
from course_lib.grading.reference import wrong_answers
from course_lib.interview.reading import read_answer
from tests.pages import lesson_cells

HAN = re.compile(r"[\u4e00-\u9fff]")
# Eight English words in a row are a sentence that was not written in Chinese; fewer are names and terms.
ENGLISH = re.compile(r"(?:[A-Za-z][A-Za-z'’-]*[ ,;]+){7}[A-Za-z]+")
# A number that stands for itself, with its sign and unit left out: not the 8 of int8, not 28x28.
NUMBER = re.compile(r"(?<![A-Za-z0-9_.])\d[\d,]*(?:\.\d+)?(?=x\b|\.?(?![A-Za-z0-9_.])|\.(?!\d))")
# Limits of integer types and word lengths are facts of arithmetic; years are dates.
FACTS = {12, 15, 16, 24, 31, 32, 48, 63, 64, 127, 128, 255, 256, 512, 1024, 2048, 4096, 32767, 32768, 65535, 65536}


def card_text(topic: Topic, language: str) -> Iterator[tuple[str, str]]:
    """Yield (where, text) for every text of one language of a card; `listen` is cues and no text."""
    data = tomllib.loads((topic.folder / "card.toml").read_text("utf-8"))
    yield from ((where, text) for where, text in _strings(data[language], f"[{language}]") if ".listen[" not in where)


def _strings(value: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _strings(item, f"{where}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _strings(item, f"{where}[{index}]")


def languages_agree(topic: Topic, _root: Path) -> Iterator[str]:
    """[en] and [zh] have the same keys and the same counts, and say the same of what is measured and correct."""
    data = tomllib.loads((topic.folder / "card.toml").read_text("utf-8"))
    yield from _same(data["en"], data["zh"], "")


def _same(a: Any, b: Any, where: str) -> Iterator[str]:
    if type(a) is not type(b):
        yield f"card{where}: {type(a).__name__} in [en], {type(b).__name__} in [zh]"
    elif isinstance(a, dict):
        if a.keys() != b.keys():
            yield f"card{where}: [en] and [zh] differ in {', '.join(sorted(a.keys() ^ b.keys()))}"
        for key in a.keys() & b.keys():
            if key != "listen":  # what is listened for is a matter of the language
                yield from _same(a[key], b[key], f"{where}.{key}")
    elif isinstance(a, list):
        if len(a) != len(b):
            yield f"card{where}: {len(a)} in [en], {len(b)} in [zh]"
        for index, (first, second) in enumerate(zip(a, b, strict=False)):
            yield from _same(first, second, f"{where}[{index}]")
    elif not isinstance(a, str) or where.endswith(".evidence"):
        if a != b:
            yield f"card{where}: {a!r} in [en], {b!r} in [zh]"
    elif set(fields.names(a)) != set(fields.names(b)):
        yield f"card{where}: [en] and [zh] quote different numbers"


def chinese_is_chinese(topic: Topic, _root: Path) -> Iterator[str]:
    """Every Chinese text of the card, the laws and the wrong answers is written in Chinese."""
    texts = [(w, t) for w, t in card_text(topic, "zh") if not w.endswith(".evidence")]
    texts += [(f"law {law.name}", law.sentence.zh) for law in laws_of(topic)]
    texts += [(f"wrong answer {wrong.name}", wrong.say.zh) for wrong in wrong_answers(topic)]
    for where, text in texts:
        prose = fields.without(text)
        if not HAN.search(prose) and re.search(r"[A-Za-z]{2,} +[A-Za-z]{2,}", prose):
            yield f"{where}: no Chinese in {text.strip()[:60]!r}"
        english = ENGLISH.search(prose)
        if english:
            yield f"{where}: an English sentence in the Chinese text: {english[0][:60]!r}"


def card_is_complete(topic: Topic, _root: Path) -> Iterator[str]:
    """An answer, points with evidence, pitfalls, three follow-ups, three quiz items, three hints, the task texts."""
    card = topic.card
    for name, page in (("en", card.en), ("zh", card.zh)):
        counts = {
            "answer": bool(page.answer.strip()),
            "points": len(page.points) > 2,
            "pitfalls": len(page.pitfalls) > 0,
        }
        counts |= {"three followups": len(page.followups) == 3, "three quiz items": len(page.quiz) == 3}
        yield from (f"card [{name}] lacks: {what}" for what, there in counts.items() if not there)
        for quiz in page.quiz:
            if sum(option.correct for option in quiz.options) != 1 or len(quiz.options) < 3:
                yield f"card [{name}]: {quiz.q[:40]!r} needs three options or more, one of them correct"
        for task in topic.tasks:
            if len(page.hints.get(task[-1], ())) != 3:
                yield f"card [{name}]: task {task} needs three hints: concept, approach, near-code"
    if len(topic.tasks) != 2:
        yield f"card: {len(topic.tasks)} tasks; a topic has two"
    if not card.sources or not card.roles:
        yield "card: no sources or no roles"


def numbers_are_measured(topic: Topic, _root: Path) -> Iterator[str]:
    """Fields and evidence are recorded names; a number in an answer, a point or a pitfall is a field.

    A number of two or more digits may be typed when it is a literal in the lesson's code, where it is a setting or is
    asserted, or a fact of arithmetic (255).
    """
    measured = set(topic.measured)
    stated = FACTS | {abs(value) for value in lesson_literals(topic)}
    for language in ("en", "zh"):
        for where, text in card_text(topic, language):
            if where.endswith(".evidence"):
                if text not in measured:
                    yield f"card {where}: the evidence {text!r} was not recorded"
                continue
            for name in fields.names(text):
                if name not in measured:
                    yield f"card {where}: {{{name}}} was not recorded"
            if re.match(r"\[\w+\]\.(answer|points|pitfalls)", where):
                for number in typed_numbers(text):
                    if float(number.replace(",", "")) not in stated:
                        yield f"card {where}: {number} is typed; record it as a {{name}}, or assert it in the lesson"


def typed_numbers(text: str) -> list[str]:
    """Return the numbers of two or more significant digits that were typed, years left out."""
    found = [match[0].rstrip(",") for match in NUMBER.finditer(fields.without(text))]
    return [number for number in found if _digits(number) > 1 and not re.fullmatch(r"(19|20)\d\d", number)]


def _digits(number: str) -> int:
    plain = number.replace(",", "").lstrip("0.")
    return len(plain.replace(".", "")) if "." in number else len(plain.rstrip("0"))


def lesson_literals(topic: Topic) -> set[float]:
    """Return the numbers that the lesson's code states."""
    found: set[float] = set()
    for cell in lesson_cells(topic):
        if cell.kind == "code":
            nodes = ast.walk(ast.parse(cell.source))
            found |= {float(n.value) for n in nodes if isinstance(n, ast.Constant) and type(n.value) in (int, float)}
    return found


def own_points_are_heard(topic: Topic, _root: Path) -> Iterator[str]:
    """Points and pitfalls have cues in both languages; a point's own text, as an answer, is heard and no pitfall."""
    for language in ("en", "zh"):
        page = topic.card.page(language)
        for kind, rows in (("points", page.points), ("pitfalls", page.pitfalls)):
            yield from (
                f"card [{language}] {kind}[{index}] has no `listen`" for index, row in enumerate(rows) if not row.listen
            )
        for index, point in enumerate(page.points):
            reading = read_answer(topic, topic.fill(point.text), language)
            if point.listen and reading.points[index].verdict != "heard":
                yield f"card [{language}] points[{index}]: its own text is not heard"
            for pitfall in reading.pitfalls:
                yield f"card [{language}] points[{index}]: its own text falls into pitfalls[{pitfall.pitfall}]"


def truths_are_no_pitfalls(topic: Topic, _root: Path) -> Iterator[str]:
    """What the card says as true, typed as an answer, falls into no pitfall and contradicts no point."""
    for language in ("en", "zh"):
        page = topic.card.page(language)
        truths = {"answer": page.answer}
        truths |= {f"followups[{index}].a": row.a for index, row in enumerate(page.followups)}
        truths |= {f"pitfalls[{index}].why": row.why for index, row in enumerate(page.pitfalls)}
        for where, text in truths.items():
            reading = read_answer(topic, topic.fill(text), language)
            for fallen in reading.pitfalls:
                yield f"card [{language}] {where} falls into pitfalls[{fallen.pitfall}]: {fallen.sentence!r}"
            for point in reading.points:
                if point.verdict == "contradicted":
                    yield f"card [{language}] {where} contradicts points[{point.point}]: {point.sentence!r}"


RULES = (
    languages_agree,
    chinese_is_chinese,
    card_is_complete,
    numbers_are_measured,
    own_points_are_heard,
    truths_are_no_pitfalls,
)
