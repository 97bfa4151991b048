"""What can go wrong while a check runs, and whose fault each kind is."""

from __future__ import annotations

from course_lib.language import Say


class CourseError(ValueError):
    """The course's own files are at fault (a card, checks.py, wrong.toml, an unknown task), never the learner."""


class Failed(Exception):
    """A property does not hold: raised by `expect` and `raises`, in the checker only."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.say = Say(en, zh)


class LearnerRaised(Exception):
    """The learner's code raised; only the kind and the message cross over, never the exception itself.

    Attributes:
        kind: the class's name, "ValueError".
        kinds: qualified names of the class and all its bases, ("builtins.ValueError", ...).
        message: what the exception said, shortened.
        call: the call that raised, for people: "choose_qparams(nan, 1.0)".
    """

    def __init__(self, kind: str, kinds: tuple[str, ...], message: str, call: str = "") -> None:
        super().__init__(f"{kind}: {message}" if message else kind)
        self.kind, self.kinds, self.message, self.call = kind, kinds, message, call

    def is_a(self, exception: type[BaseException]) -> bool:
        """True when the learner's exception is of this class or of a subclass of it."""
        return f"{exception.__module__}.{exception.__qualname__}" in self.kinds


class LearnerLacks(LearnerRaised, AttributeError):
    """The learner's object has no such attribute (so that `hasattr` works on it)."""


class NotPlain(Exception):
    """A value may not cross between the learner and the checker; the message says which and why."""


class Unusable(LearnerRaised):
    """The learner's function returned something that may not cross over."""

    def __init__(self, message: str, call: str = "") -> None:
        super().__init__("Unusable", (), message, call)


class Garbled(Exception):
    """The other side sent bytes that are not a message."""


class Lost(Exception):
    """The learner's process is gone: killed at a limit, crashed, or ended by its own code."""

    def __init__(self, say: Say, *, timeout: bool = False) -> None:
        super().__init__(say.en)
        self.say, self.timeout = say, timeout


class TimeUp(BaseException):
    """The time limit was reached. Not an Exception, so that a learner's `except Exception` lets it pass."""
