"""Grade a task: run its laws against a session, recognise misconceptions, sum the points."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from course_lib import catalog
from course_lib.catalog import Topic
from course_lib.grading.judge import LAW_SECONDS, Judged, LocalSession, Session, broken, judge
from course_lib.grading.laws import Law, laws_for
from course_lib.grading.recognise import recognise
from course_lib.grading.reference import reference_run
from course_lib.grading.results import Misconception, Outcome, Result
from course_lib.grading.shorten import brief_text
from course_lib.language import Say

SECONDS_AFTER_TIMEOUT = 1.0


def check(task: str, namespace: Mapping[str, Any] | None = None, *, seed: int = 0) -> Result:
    """Check your answer to a task, property by property, and say what was seen.

    Args:
        task: "4A" ("04A" and "4a" are the same task).
        namespace: the names to check; default: those of the notebook or script that calls.
        seed: changes the random inputs.

    Returns:
        A Result, which shows itself. The attempt is kept when the caller's own names are checked.

    Raises:
        ValueError: when there is no such task, or its topic has no checks yet.
    """
    if inert():
        return Result(str(task))
    if namespace is not None:
        return grade(task, namespace, seed=seed)
    result = grade(task, sys._getframe(1).f_globals, seed=seed)
    from course_lib.grading.progress import progress

    progress().save_attempt(result, where="notebook")
    if not _shown_by_itself():
        print(result)
    return result


def inert() -> bool:
    """True in a grading worker, where the course's own calls in a notebook do nothing."""
    return os.environ.get("COURSE_WORKER") == "1"


def grade(task: str, namespace: Mapping[str, Any], *, seed: int = 0, seconds: float = LAW_SECONDS) -> Result:
    """Check the names in `namespace` in this process; nothing is kept. See `check`."""
    wanted = catalog.task_id(task)
    topic = catalog.topic(wanted)
    session = LocalSession(namespace)
    result = run_laws(topic, laws_for(topic, wanted), session, seed, seconds)
    text = brief_text(session.printed.getvalue().strip())
    notes = (Say(f"Your code printed:\n{text}", f"你的代码输出了：\n{text}"),) if text else ()
    return Result(result.task, result.outcomes, notes)


def run_laws(topic: Topic, laws: tuple[Law, ...], session: Session, seed: int, seconds: float) -> Result:
    """Run the laws of one task in order and return the result with recognised misconceptions.

    After one law has reached its time limit of `seconds`, the others get one second each: a loop that never ends
    must not cost a learner half a minute.
    """
    judged: dict[str, Judged] = {}
    for law in laws:
        judged[law.name] = _settle(topic, law, judge(law, session, seed, seconds), seed)
        if judged[law.name].status == "timeout":
            seconds = min(seconds, SECONDS_AFTER_TIMEOUT)
    known = recognise(topic, laws, judged, seed)
    return Result(laws[0].task, tuple(_outcome(law, judged[law.name], known.get(law.name)) for law in laws))


def _settle(topic: Topic, law: Law, judged: Judged, seed: int) -> Judged:
    """Decide whose fault it is that the check's code raised: the course's if it raises on the solution too."""
    if not judged.puzzled:
        return judged
    right = reference_run(topic, law, seed)
    no_answer_seen = not any(operation != "fetch" for operation, _ in judged.trace.events)
    if right.status != "pass" if right is not None else no_answer_seen:
        return Judged("error", broken(law, judged.puzzled), judged.trace, course_fault=True)
    return judged


def _outcome(law: Law, judged: Judged, misconception: Misconception | None) -> Outcome:
    say = judged.message
    return Outcome(
        law=law.name,
        sentence=law.sentence,
        status=judged.status,
        points=law.points if judged.status == "pass" else 0,
        of=law.points,
        message=None if say is None else Say(brief_text(say.en), brief_text(say.zh)),
        misconception=misconception,
        course_fault=judged.course_fault,
    )


def _shown_by_itself() -> bool:
    """True where the last value of a cell or line is displayed: IPython and the interactive interpreter."""
    return hasattr(sys, "ps1") or _in_ipython()


def _in_ipython() -> bool:
    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None
