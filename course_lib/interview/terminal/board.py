"""The whiteboard in a terminal: a file that is checked as often as wanted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from course_lib.catalog import Topic
from course_lib.grading.render import text
from course_lib.interview import conduct
from course_lib.interview import session as machine
from course_lib.interview.session import Session
from course_lib.interview.terminal.keys import Keyboard
from course_lib.language import Say

_FILE = Say("Write your answer in this file:", "请把答案写在这个文件里：")
_BOARD = Say(
    "Enter has the file checked, a path has that file checked, h gives a hint, d goes on when you are done.",
    "按回车检查该文件；输入路径则检查那个文件；h 给提示；d 做完了，继续。",
)


def at_the_board(
    keyboard: Keyboard, session: Session, topic: Topic, spent: Callable[[], float], keep: Callable[[Session], None]
) -> None:
    """Have a whiteboard's file checked until it passes or the candidate goes on.

    Args:
        keyboard: where lines come from; its paper is written on.
        session: at a whiteboard.
        topic: of the task.
        spent: seconds since it was last called.
        keep: takes every session that comes of it.

    Raises:
        Stopped, Skipped, Switched: as `Keyboard.ask`.
    """
    paper, language = keyboard.paper, session.language
    session = conduct.at_board(session, topic)
    keep(session)
    board = session.entry.board
    assert board is not None
    paper.show(_FILE.to(language))
    paper.line(board.file, indent=2)
    while True:
        line = keyboard.ask(_BOARD.to(language))
        if line.lower() == "h":
            from course_lib.grading import hint

            paper.card(hint(session.step.task))
            continue
        if line.lower() == "d":
            break
        file = Path(line or board.file).expanduser()
        if file.suffix not in (".py", ".ipynb") or not file.is_file():
            paper.show(Say(f"{file} is no .py or .ipynb file that is there.", f"没有 {file} 这个 .py 或 .ipynb 文件。"))
            continue
        try:
            session, result = conduct.checked(session, file, spent())
        except ValueError as error:
            paper.show(error)
            continue
        keep(session)
        paper.block(text(result))
        if result.passed:
            break
    keep(machine.skip(session, spent()))
