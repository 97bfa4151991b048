"""Whether a number in an answer is a bound ("less than 80 %"), or is said not to be so ("not 4x", "并不是 4 倍")."""

from __future__ import annotations

import re

# Who gives a bound gives no number that could be wrong by being far away.
_BOUND_BEFORE = re.compile(
    r"(?:less than|more than|fewer than|under|below|over|above|at least|at most|up to|"
    r"不到|超过|至少|最多|近|不止|不低于|不高于)\s*$"
)
_DENIED_BEFORE = re.compile(
    r"(?:\b(?:not|never|neither|nor|rather than|instead of|far from|hardly|without|no)|n['’]t)"
    r"(?! (?:only|just|less|more)\b)"
    r"\s+(?:(?!(?:but|rather|only|just|because|so|it|they)\b)[a-z'-]+\s+){0,4}$|"
    r"(?:不是|并非|而非|绝非|远非|没有|没|不会|并不|不可能|不能|达不到|做不到|哪有|哪来)(?!只|仅|止)[^,，。；;、\d而但就]{0,5}$"
)
_DENIED_AFTER = re.compile(
    r"\s*(?:[a-z]+\s+){0,2}(?:is|are|was|would be)\s+"
    r"(?:not|never|wrong|false|(?:a |pure )?(?:myth|nonsense|misconception))\b|"
    r"[^,，。；;、]{0,6}(?:是(?:错|不对|误解|误区|谣言|不可能)|不成立|不现实|做不到|并不存在)"
)
_BOUND_AFTER = re.compile(r"\s*(?:or more|or less|以上|以下|以内|多|几)")


def bounded(text: str, start: int, end: int) -> bool:
    """Return whether `text[start:end]` (lower case) is a limit; such a number is not wrong by being far away."""
    return bool(_BOUND_BEFORE.search(text[:start]) or _BOUND_AFTER.match(text[end:]))


def denied(text: str, start: int, end: int) -> bool:
    """Return whether the speaker says that the number `text[start:end]` (lower case) is not the case."""
    return bool(_DENIED_BEFORE.search(text[:start]) or _DENIED_AFTER.match(text[end:]))
