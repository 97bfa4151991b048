"""Measured numbers in text: `{int8_ratio:.1f}` in a card or a lesson's prose.

A field is `{identifier}` or `{identifier:format}`, the identifier in lower case. Nothing inside `` `code` ``, a fenced
block or `$math$` is a field, so LaTeX and f-strings keep their braces; any other brace is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

_FIELD = re.compile(r"\{([a-z_][a-z0-9_]*)(?::([^{}]*))?\}")
# Fenced blocks; code spans of any length; $$display$$; $inline$, whose dollars touch what they enclose (as in
# Pandoc), so that "costs $5 or $6" is no mathematics.
_LITERAL = re.compile(
    r"```.*?```|(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)|\$\$.+?\$\$|(?<![\\$])\$(?=[^\s$])[^$\n]*?(?<=[^\s\\])\$(?!\d)",
    re.DOTALL,
)


class FieldError(ValueError):
    """A field names no measured number, or its format does not fit the number."""


def fill(text: str, numbers: Mapping[str, float | int | str]) -> str:
    """Return `text` with its fields replaced by `numbers`.

    Raises:
        FieldError: for a name that is not in `numbers`, or a format that does not fit.
    """

    def value(match: re.Match[str]) -> str:
        name, spec = match[1], match[2] or ""
        if name not in numbers:
            known = ", ".join(sorted(numbers)) or "nothing yet"
            raise FieldError(
                f"{match[0]} names no measured number (recorded: {known}); record({name!r}, ...) in the lesson, "
                "or put literal braces in `code` or $math$"
            )
        try:
            return format(numbers[name], spec)
        except (ValueError, TypeError) as error:
            raise FieldError(f"{match[0]} does not fit {numbers[name]!r}: {error}") from None

    return _outside_literals(text, lambda part: _FIELD.sub(value, part))


def names(text: str) -> tuple[str, ...]:
    """Return the names of the fields in `text`, in order, with repetitions."""
    found: list[str] = []

    def collect(part: str) -> str:
        found.extend(match[1] for match in _FIELD.finditer(part))
        return part

    _outside_literals(text, collect)
    return tuple(found)


def without(text: str) -> str:
    """Return `text` without its fields, code and mathematics: what somebody typed."""
    return _LITERAL.sub(" ", _outside_literals(text, lambda part: _FIELD.sub(" ", part)))


def _outside_literals(text: str, change: Callable[[str], str]) -> str:
    parts, position = [], 0
    for match in _LITERAL.finditer(text):
        parts += [change(text[position : match.start()]), match[0]]
        position = match.end()
    return "".join([*parts, change(text[position:])])
