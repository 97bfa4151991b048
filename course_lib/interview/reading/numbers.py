"""Numbers with their units in an answer, beside those that the card measured. A remark, never a mark.

A number agrees when it is near any measured number of its unit on the card: a factor or a size within a quarter, a
percentage within two points. It disagrees only where the sentence shows a point that states a number of this unit. What
the sentence denies ("not 4x", "并不是 4 倍") is nobody's number: it neither agrees nor disagrees.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from course_lib.card import Page
from course_lib.interview.reading.number_limits import bounded, denied
from course_lib.interview.reading.number_words import WORDS, ratios, word_value
from course_lib.interview.reading.values import NumberSaid

_NEAR = 1.25
_DIGITS = r"\d+(?:,\d{3})*(?:\.\d+)?"
_HAN_DIGITS = {han: value for value, han in enumerate("零一二三四五六七八九十")} | {"两": 2}
# The unit as it is written: what it measures, and how many of the base unit (s, bytes) it is.
_UNITS: tuple[tuple[str, str, float], ...] = (
    (r"x(?![a-z0-9])|×|times(?! (?:an?|per|out|in|each|every)\b)|fold|-fold|倍", "factor", 1),
    (r"(?:percentage )?points?(?![a-z]| in\b)|个?百分点|个点|点", "points", 1),
    (r"%|percent(?![a-z])", "percent", 1),
    (r"ms(?![a-z])|milliseconds?|毫秒", "time", 1e-3),
    (r"[µμu]s(?![a-z])|microseconds?|微秒", "time", 1e-6),
    (r"seconds?(?![a-z])|s(?![a-z])|秒", "time", 1),
    (r"ki?b(?![a-z])|kilobytes?", "bytes", 1e3),
    (r"mi?b(?![a-z])|megabytes?", "bytes", 1e6),
    (r"bytes?(?![a-z])|字节", "bytes", 1),
    (r"bits?(?![a-z])|位|比特", "bits", 1),
    (r"db(?![a-z])", "db", 1),
)
_UNIT = "|".join(f"(?P<u{index}>{pattern})" for index, (pattern, _, _) in enumerate(_UNITS))
_NUMBER = rf"{_DIGITS}|{WORDS}"
_SAID = re.compile(
    rf"(?<![\w.])(?P<low>{_NUMBER})(?:\s*(?:-|–|~|\bto\b|\bor\b|到|至)\s*(?P<high>{_NUMBER}))?[\s-]*(?:{_UNIT})"
)
_HAN = "[零一二两三四五六七八九十]{1,3}(?:点[零一二三四五六七八九]{1,2})?"
_HAN_SAID = re.compile(
    rf"百分之(?P<percent>{_HAN})(?![零一二两三四五六七八九十点几多])|(?<![零一二三四五六七八九十百点几])"
    rf"(?:(?P<factor>{_HAN})倍|(?P<points>{_HAN}|半)个(?:百分)?点|(?P<tenths>{_HAN})成(?![功为熟立本分员了])|"
    rf"(?P<ms>{_HAN})毫秒|(?P<us>{_HAN})微秒|(?P<s>{_HAN})秒)"
)
_HAN_UNITS = {"tenths": ("percent", 10.0), "ms": ("time", 1e-3), "us": ("time", 1e-6), "s": ("time", 1.0)}
_FIELD = re.compile(r"\{([a-z_][a-z0-9_]*)(?::[^{}]*)?\}")
_AFTER_FIELD = re.compile(rf"\s*(?:{_UNIT})")


@dataclass(frozen=True)
class Quantity:
    """A number from `low` to `high` in the base unit of its kind (factor, points, percent, time, bytes, bits, db).

    `bound`: it was said as a limit ("less than 80 %"). `denied`: it was said not to be so.
    """

    text: str
    kind: str
    low: float
    high: float
    bound: bool = False
    denied: bool = False


def quantities(text: str) -> tuple[Quantity, ...]:
    """Return the numbers of a text that have a unit, in order."""
    plain = unicodedata.normalize("NFKC", text).lower()
    found: list[tuple[int, int, str, float, float]] = [
        (start, end, "factor", value, value) for start, end, value in ratios(plain)
    ]
    for match in _SAID.finditer(plain):
        kind, unit = _unit(match)
        low = _value(match["low"])
        high = _value(match["high"]) if match["high"] else low
        found.append((*match.span(), kind, low * unit, high * unit))
    for match in _HAN_SAID.finditer(plain):
        name = match.lastgroup or "factor"
        kind, unit = _HAN_UNITS.get(name, (name, 1.0))
        low, high = _han(match[name])
        found.append((*match.span(), kind, low * unit, high * unit))
    kept: list[Quantity] = []
    until = 0
    for start, end, kind, low, high in sorted(found, key=lambda each: (each[0], -each[1])):
        if start < until:  # "快一倍" holds "一倍", and "two and a half times" holds "half"
            continue
        until = end
        said = plain[start:end].strip()
        kept.append(Quantity(said, kind, low, high, bounded(plain, start, end), denied(plain, start, end)))
    return tuple(kept)


def stated(text: str, measured: Mapping[str, float | int | str]) -> tuple[Quantity, ...]:
    """Return the measured numbers that a text of a card quotes, with the unit that follows the field."""
    found = []
    for match in _FIELD.finditer(text):
        value = measured.get(match[1])
        if isinstance(value, str) or value is None:
            continue
        after = _AFTER_FIELD.match(unicodedata.normalize("NFKC", text[match.end() :]).lower())
        kind, unit = _unit(after) if after else ("factor", 1.0) if text[: match.start()].endswith("1/") else ("", 1.0)
        if kind:
            shown = f"{value:.3g}{after[0].rstrip() if after else 'x'}"
            found.append(Quantity(shown, kind, value * unit, value * unit))
    return tuple(found)


def agree(said: Quantity, known: Quantity) -> bool:
    """Return whether a number said is near enough to a measured one of the same kind.

    "4x" is near 3.7x and 0.25 times; a range is near what lies in it; "a fifth" is 20 %. What is denied is near none.
    """
    if said.denied:
        return False
    if said.kind == "factor" and known.kind == "percent" and said.high < 1:
        return abs(abs(known.low) - 100 * said.low) <= 2.0
    if said.kind != known.kind:
        return False
    value, low, high = abs(known.low), abs(said.low), abs(said.high)
    if said.kind == "percent":
        slack = max(min(2.0, 0.3 * value), 0.1 * min(value, abs(100 - value)))
        return low - slack <= value <= high + slack
    if said.kind == "points":
        slack = max(0.3, (_NEAR - 1) * value)
        return low - slack <= value <= high + slack
    values = (value, 1 / value) if said.kind == "factor" and value else (value,)
    return any(low / _NEAR <= each <= high * _NEAR for each in values)


def compare_numbers(
    page: Page,
    measured: Mapping[str, float | int | str],
    said: Iterable[tuple[str, frozenset[int]]],
) -> tuple[NumberSaid, ...]:
    """Return every number of an answer that has a unit, beside the measured one.

    Args:
        page: the card in the answer's language.
        measured: the topic's measured numbers.
        said: the sentences as typed, each with the points that it shows.
    """
    of_point = [stated(point.text, measured) for point in page.points]
    texts = [page.answer, *(pitfall.why for pitfall in page.pitfalls)]
    everything = [
        *(each for known in of_point for each in known),
        *(q for text in texts for q in stated(text, measured)),
    ]
    typed = [each for text in [page.answer, *(point.text for point in page.points)] for each in quantities(text)]
    found = []
    for sentence, points in said:
        for number in quantities(sentence):
            expected = [each for point in sorted(points) for each in of_point[point] if each.kind == number.kind]
            near = [each for each in expected or everything if agree(number, each)]
            near = near or [each for each in everything if each.kind != number.kind and agree(number, each)]
            if near:
                nearest = min(near, key=lambda each, number=number: _apart(number, each))  # type: ignore[misc]
                found.append(NumberSaid(number.text, "agrees", nearest.text, sentence))
            elif (
                expected
                and not number.bound
                and not number.denied
                and not any(agree(number, each) for each in (*everything, *typed))
            ):
                found.append(NumberSaid(number.text, "disagrees", expected[0].text, sentence))
            else:
                found.append(NumberSaid(number.text, "unknown", "", sentence))
    return tuple(found)


def _apart(said: Quantity, known: Quantity) -> float:
    """How far a number is from a measured one of its kind, 0 inside a range; "4x" and 0.25 times are the same."""
    value, low, high = abs(known.low), abs(said.low), abs(said.high)
    if said.kind != known.kind:
        low, high = 100 * low, 100 * high
    values = (value, 1 / value) if known.kind == "factor" and value else (value,)
    return min(max(low - each, each - high, 0.0) for each in values)


def _unit(match: re.Match[str]) -> tuple[str, float]:
    for index, (_, kind, unit) in enumerate(_UNITS):
        if match[f"u{index}"]:
            return kind, unit
    raise AssertionError("the pattern ends with a unit")


def _value(digits: str) -> float:
    return word_value(digits) if digits[0].isalpha() else float(digits.replace(",", ""))


def _han(digits: str) -> tuple[float, float]:
    """Return the value of a Chinese number below one hundred, "三十五" or "一点八", as a range: "三四" is 3 to 4."""
    if digits == "半":
        return 0.5, 0.5
    whole, _, decimals = digits.partition("点")
    if decimals:
        value = _whole(whole) + sum(_HAN_DIGITS[digit] / 10 ** (place + 1) for place, digit in enumerate(decimals))
        return value, value
    if len(whole) == 2 and "十" not in whole:
        return float(_HAN_DIGITS[whole[0]]), float(_HAN_DIGITS[whole[1]])
    return _whole(whole), _whole(whole)


def _whole(digits: str) -> float:
    tens, ten, ones = digits.rpartition("十")
    if not ten:
        return float(_HAN_DIGITS[digits[-1]])
    return float(10 * (_HAN_DIGITS[tens[-1]] if tens else 1) + (_HAN_DIGITS[ones[-1]] if ones else 0))
