"""The one line of the notebook: the controls where there is a kernel, and where there is none how to begin."""

from __future__ import annotations

import sys
from typing import Any

from course_lib.interview.markdown import markup
from course_lib.interview.widgets.panel import Panel
from course_lib.language import Say

_NOTE = Say(
    "Run this cell to hold a mock interview here; or type `course interview` in a terminal. Nothing leaves this "
    "machine.",
    "运行此单元格即可在这里进行模拟面试；也可以在终端输入 `course interview`。任何内容都不会离开这台机器。",
)


def interview() -> None:
    """Show the interview's controls in a notebook, or a line that says how to begin where there is no kernel."""
    text = str(_NOTE)
    if "IPython" not in sys.modules:
        print(text)
        return
    import IPython.display

    if IPython.get_ipython() is None:
        print(text)
        return
    html = f"<p><i>{markup(_NOTE.en)} <span lang='zh'>{markup(_NOTE.zh)}</span></i></p>"
    live = dict(Panel().box._repr_mimebundle_())
    display: Any = IPython.display.display  # it carries no types
    display(live | {"text/html": html, "text/plain": text}, raw=True)
