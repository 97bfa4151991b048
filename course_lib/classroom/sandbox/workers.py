"""Where learners' processes come from: warm processes behind walls, or one fresh process each."""

from __future__ import annotations

from collections.abc import Callable

from course_lib import catalog
from course_lib.catalog import Topic
from course_lib.classroom.sandbox import contain, preload
from course_lib.classroom.sandbox.warm import NoWalls, WarmWorker, Zygote
from course_lib.classroom.values import Containment, Limits
from course_lib.grading.faults import CourseError
from course_lib.grading.process import Worker
from course_lib.grading.remote import Running


class Workers:
    """Starts a process for each submission, warm and behind walls where they stand; `words` say what is in force."""

    def __init__(self, contained: Containment) -> None:
        """Try the walls. Raises NoWalls when "bubblewrap" is asked for and does not work here."""
        self._zygotes: dict[bool, Zygote] = {}
        self._failed: dict[bool, str] = {}
        self.words = contain.joined(contain.ALONE, contain.NOT_ALONE)
        self.warm = False
        if contained == "process":
            return
        reason = contain.obstacle()
        try:
            if reason:
                raise NoWalls(reason)
            filtered = self._zygote(False).filtered
        except NoWalls as error:
            if contained == "bubblewrap":
                raise
            self.words = contain.joined(contain.ALONE, contain.NOT_ALONE, contain.because(str(error)))
            return
        self.warm = True
        self.words = contain.joined(contain.CONTAINED, contain.CALLS if filtered else contain.NO_CALLS)

    def starter(self, topics: list[Topic], limits: Limits) -> Callable[[], Running]:
        """Return what starts a process for the exercises of these topics."""
        if not self.warm:
            return Worker
        heavy = any(preload.is_heavy(topic) for topic in topics)

        def start() -> WarmWorker:
            if heavy in self._failed:
                raise CourseError(self._failed[heavy])
            try:
                return self._zygote(heavy).start(limits)
            except NoWalls as error:
                self._failed[heavy] = f"the warm process did not start: {error}"
                raise CourseError(self._failed[heavy]) from None

        return start

    def close(self) -> None:
        """End the warm processes."""
        for zygote in self._zygotes.values():
            zygote.close()

    def _zygote(self, heavy: bool) -> Zygote:
        known = self._zygotes.get(heavy)
        if known is None or not known.alive:
            if known is not None:
                known.close()
            self._zygotes[heavy] = known = Zygote(preload.imports(catalog.topics(), heavy))
        return known
