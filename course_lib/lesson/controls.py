"""Controls that redraw a figure, where moving something teaches more than reading."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

from course_lib.language import Say
from course_lib.lesson.figures import picture
from course_lib.lesson.page import emit, in_kernel

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def playground(fn: Callable[..., Figure], *, alt: str, **controls: Any) -> None:
    """Show controls that call ``fn`` with their values and draw the figure it returns.

    ``fn`` runs once at once, so that a fault shows when the lesson runs; later faults are shown in place of the
    figure. It runs when a slider is let go, not while it moves. Put a ``show(...)`` of one setting beside it: a page
    that cannot run shows only a line that names the controls.

    Args:
        fn: keyword arguments in, a matplotlib figure out.
        alt: what the figure shows, for a reader who cannot see it.
        controls: by argument name, what ipywidgets makes a control of: ``(0, 10)``, ``(0.0, 1.0, 0.1)``,
            ``["min-max", "percentile"]``, ``True``, or a widget.

    Raises:
        ValueError: without controls; for what ``show`` refuses of a figure.
    """
    if not controls:
        raise ValueError("playground() without controls; use show() for a figure that does not move")
    names = ", ".join(name.replace("_", " ") for name in controls)
    note = Say(f"Run this cell to move: {names}.", f"运行此单元格即可调节：{names}。")
    html = f"<p><i>{escape(note.en)} <span lang='zh'>{escape(note.zh)}</span></i></p>"
    emit(html, str(note), live=_panel(fn, alt, controls) if in_kernel() else None)


def _panel(fn: Callable[..., Figure], alt: str, controls: dict[str, Any]) -> Any:
    import ipywidgets
    import matplotlib.pyplot as plt

    widgets = {name: _control(name, value) for name, value in controls.items()}
    screen = ipywidgets.HTML()

    def draw() -> str:
        fig = fn(**{name: widget.value for name, widget in widgets.items()})
        html = picture(fig, alt=alt)
        plt.close(fig)
        return html

    def redraw(_change: object) -> None:
        # An exception in a callback would vanish in the kernel's log.
        try:
            screen.value = draw()
        except Exception as error:
            plt.close("all")
            screen.value = f"<pre>{escape(type(error).__name__)}: {escape(str(error))}</pre>"

    screen.value = draw()
    for widget in widgets.values():
        widget.observe(redraw, names="value")
    return ipywidgets.VBox([*widgets.values(), screen])


def _control(name: str, value: Any) -> Any:
    import ipywidgets

    widget = value if isinstance(value, ipywidgets.Widget) else ipywidgets.interactive.widget_from_abbrev(value)
    if widget is None or not widget.has_trait("value"):
        raise ValueError(f"playground(..., {name}={value!r}): ipywidgets can make no control of that")
    if not widget.description:
        widget.description = name.replace("_", " ")
    widget.style.description_width = "initial"
    if widget.has_trait("continuous_update"):
        widget.continuous_update = False
    return widget
