"""Numbers written in words, in English ("twice", "two thirds") and Chinese ("三分之一", "快一倍").

Words give a value and no unit; what they measure stands in numbers.py, beside the digits.
"""

from __future__ import annotations

import re

_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_DECADES = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_TENS = {word: 20 + 10 * place for place, word in enumerate(_DECADES)}
_VALUES = {word: value for value, word in enumerate(_ONES)} | _TENS | {"a": 1, "an": 1}
_SCALES = {"hundred": 100, "thousand": 1000, "dozen": 12, "million": 1_000_000}
_PARTS = {"half": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8}
_PARTS |= {"ninth": 9, "tenth": 10, "sixteenth": 16, "hundredth": 100, "thousandth": 1000}

_ONE = "|".join(_ONES)
_SMALL = rf"(?:(?:{'|'.join(_TENS)})(?:[- ](?:{_ONE}))?|{_ONE})"
# "eighty", "twenty-five", "two hundred", "a dozen", "one and a half", "two point five", "half a"
WORDS = (
    rf"(?:\b(?:{_SMALL}|a)(?:[- ](?:{'|'.join(_SCALES)}))+|\bhalf an?(?= )|"
    rf"\b{_SMALL}(?: and a half| point (?:{_ONE}))?)(?![a-z])"
)
_PART = "|".join(_PARTS)
_FRACTION = re.compile(
    rf"\b(?P<by>by )?(?P<over>an?|one|two|three|four|five|seven|nine)[- ](?P<part>{_PART})(?:s|(?<=hal)ves)?\b"
    r"(?=,? of\b|\.?$|,| as\b| the\b| its\b|[ .](?:smaller|larger|faster|slower|less|fewer|in)\b)"
)
_FIXED = (
    (r"\bthrice\b|\btripl(?:es?|ed|ing)\b", 3.0),
    (r"\bquadrupl(?:es?|ed|ing)\b", 4.0),
    (r"\btwice (?:as|the|that|its|what|of)\b|\btwofold\b|\bdoubl(?:es|ed|ing)\b|\bdouble (?:the|its|that)\b", 2.0),
    (
        r"(?<!one )(?<!and a )\bhalf (?:of )?(?:the|its|as|that|our)\b|\b(?:in|by|to) half\b|\bhal(?:ves|ved|ving)\b",
        0.5,
    ),
    (r"\bten[- ]?fold\b|\b(?:an|one) order of magnitude\b|一个数量级", 10.0),
    (r"\b(?:two|2) orders of magnitude\b|[两二2]\s*个数量级", 100.0),
    (r"\b(?:three|3) orders of magnitude\b|三个数量级", 1000.0),
    (r"[快慢大小多高长短少升加涨省贵]了?(?:将近|差不多|大约|大概|整整|足足)?\s*[一1]\s*倍", 2.0),
    (r"翻了?(?:一)?(?:倍|番)", 2.0),
    (r"(?<!另)一半|减半|对半", 0.5),
    (r"(?<![十几百数好上])一?百倍", 100.0),
)
_SLASH = re.compile(r"(?<![\d/.a-z])1\s*/\s*(\d+(?:\.\d+)?)(?![\d/])")
_HAN_FRACTION = re.compile(
    r"(?P<under>[二三四五六七八九]|十[一二三四五六七八九]?|\d+)\s*分之\s*(?P<over>[一二两三四五六七八九十]|\d+)"
)
_HAN = {han: value for value, han in enumerate("零一二三四五六七八九十")} | {"两": 2}


def word_value(words: str) -> float:
    """Return the value of a match of WORDS: "twenty-five" is 25, "one and a half" is 1.5, "half a" is 0.5.

    Raises:
        KeyError: when a word is no number.
    """
    if words.startswith("half"):
        return 0.5
    words = words.strip()
    if words.endswith(" and a half"):
        return word_value(words.removesuffix(" and a half")) + 0.5
    whole, _, decimals = words.partition(" point ")
    value, scale = 0.0, 1.0
    for word in re.split(r"[- ]", whole):
        if word in _SCALES:
            scale *= _SCALES[word]
        else:
            value += _VALUES[word]
    return value * scale + (_VALUES[decimals] / 10 if decimals else 0.0)


def ratios(text: str) -> list[tuple[int, int, float]]:
    """Return (start, end, factor) of each ratio in words in `text` (lower case): "a third of", "快一倍", "1/4"."""
    found = [(m.start(), m.end(), value) for pattern, value in _RATIOS for m in pattern.finditer(text)]
    for match in _FRACTION.finditer(text):
        value = _VALUES[match["over"]] / _PARTS[match["part"]]
        if match["by"]:
            value = 1 - value
        if 0 < value < 1:
            found.append((match.start(), match.end(), value))
    found += [(m.start(), m.end(), 1 / float(m[1])) for m in _SLASH.finditer(text) if float(m[1]) > 1]
    for match in _HAN_FRACTION.finditer(text):
        over, under = _han(match["over"]), _han(match["under"])
        if 0 < over < under:
            found.append((match.start(), match.end(), over / under))
    return found


def _han(digits: str) -> float:
    if digits.isascii():
        return float(digits)
    return float(sum(_HAN[digit] for digit in digits))


_RATIOS = tuple((re.compile(pattern), value) for pattern, value in _FIXED)
