"""What a lesson asked its learner to predict, read from its source; nothing is run."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from course_lib.catalog import Topic
from course_lib.interview.quotes import Value, short
from course_lib.language import Say


@dataclass(frozen=True)
class Question:
    """One question of `predict`: `labels` name the choices, empty where a number was asked for."""

    ask: Say
    unit: str = ""
    labels: Mapping[str, Say] = field(default_factory=dict)

    def named(self, value: Value) -> Say:
        """Return an answer as it was offered: a choice by its label, a number with its unit."""
        plain = short(value)
        return self.labels.get(str(value)) or (_with_unit(plain, self.unit) if self.unit else Say(plain, plain))

    def offers(self, value: Value) -> bool:
        """True when a value can be an answer: one of the choices, or a number where one was asked for."""
        return str(value) in self.labels if self.labels else not isinstance(value, str)


def questions(topic: Topic) -> Mapping[str, Question]:
    """Return the questions of a topic's lesson by the name under which the answer is kept."""
    source = topic.folder / "lesson.py"
    return _questions(source, source.stat().st_mtime_ns) if source.is_file() else {}


@cache
def _questions(source: Path, _stamp: int) -> Mapping[str, Question]:
    calls = (node for node in ast.walk(ast.parse(source.read_text("utf-8"))) if isinstance(node, ast.Call))
    found = (_read(node) for node in calls if isinstance(node.func, ast.Name) and node.func.id == "predict")
    return dict(each for each in found if each)


def _read(call: ast.Call) -> tuple[str, Question] | None:
    """Read a call whose texts are written out; None for another."""
    named = {each.arg: each.value for each in call.keywords}
    try:
        name, english = (ast.literal_eval(each) for each in call.args)
        ask = Say(english, ast.literal_eval(named["zh"]))
        unit = ast.literal_eval(named["unit"]) if "unit" in named else ""
        return name, Question(ask, unit, _labels(named["choices"]) if "choices" in named else {})
    except (ValueError, KeyError):
        return None


def _labels(choices: ast.expr) -> dict[str, Say]:
    if not isinstance(choices, ast.Dict):
        return {str(each): Say(str(each), str(each)) for each in ast.literal_eval(choices)}
    return {
        str(ast.literal_eval(key)): _label(value)
        for key, value in zip(choices.keys, choices.values, strict=True)
        if key
    }


def _label(value: ast.expr) -> Say:
    if isinstance(value, ast.Call):
        return Say(*(ast.literal_eval(each) for each in value.args))
    text = str(ast.literal_eval(value))
    return Say(text, text)


def _with_unit(number: str, unit: str) -> Say:
    """A ratio as "3.1x" in English and "3.1 倍" in Chinese; "%" stands close to its number in Chinese."""
    if unit == "x":
        return Say(f"{number}x", f"{number} 倍")
    if unit.startswith("of "):
        return Say(f"{number} {unit}", f"{number}（共 {unit.removeprefix('of ')}）")
    chinese = {"%": "%", "weights": " 个权重", "bits": " 位", "values": " 种取值", "points": " 个点"}
    return Say(f"{number} {unit}", number + chinese.get(unit, f" {unit}"))
