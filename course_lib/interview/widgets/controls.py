"""The controls of the page: made once, shown or hidden and named anew at every step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import ipywidgets

from course_lib.card import ROLES
from course_lib.interview import mock
from course_lib.interview.widgets.labels import LABELS, ticked
from course_lib.language import Say, language

_WIDE = ipywidgets.Layout(width="100%")


class Controls:
    """Everything that can be operated or read on the page; `box` is what is displayed."""

    def __init__(self) -> None:
        self.language = ipywidgets.Dropdown(
            options=[("English", "en"), ("中文", "zh")], value=language(), description="Language / 语言"
        )
        self.role = ipywidgets.Dropdown(options=ROLES, value="mobile")
        self.minutes = ipywidgets.BoundedIntText(value=30, min=mock.SHORTEST, max=mock.LONGEST)
        self.seed = ipywidgets.BoundedIntText(value=int(f"{datetime.now():%Y%m%d}"), min=0, max=10**9)
        self.screen = ipywidgets.HTML()
        self.timer = ipywidgets.HTML()
        self.typed = ipywidgets.Textarea(layout=_WIDE, rows=4)
        self.points = ipywidgets.VBox()
        self.told = ipywidgets.HTML()
        self.buttons = tuple(ipywidgets.Button() for _ in range(3))
        for control in (self.language, self.role, self.minutes, self.seed, self.typed):
            control.style.description_width = "initial"
        for button in self.buttons:
            button.layout.width = "auto"
        self.setup = ipywidgets.VBox([self.role, self.minutes, self.seed])
        row = ipywidgets.HBox(self.buttons, layout=ipywidgets.Layout(flex_flow="row wrap"))
        self.box = ipywidgets.VBox(
            [self.language, self.setup, self.screen, self.timer, self.typed, self.points, row, self.told]
        )

    def say(self, say: Say) -> str:
        """Return a text in the language of the page."""
        return say.to(self.language.value)

    def arrange(self, *, setup: bool, asking: bool, read: bool, ticking: bool) -> None:
        """Show what this phase needs and name it; `read` says whether a typed answer is read or only kept."""
        for control, name in ((self.role, "role"), (self.minutes, "minutes"), (self.seed, "seed")):
            control.description = self.say(LABELS[name])
        self.typed.description = self.say(LABELS["answer" if read else "keep"])
        for control, visible in (
            (self.setup, setup),
            (self.typed, asking),
            (self.timer, asking),
            (self.points, ticking),
        ):
            _shown(control, visible)

    def name(self, *names: str | Say) -> None:
        """Name the buttons, by a label or its key; one without a name is hidden."""
        for button, name in zip(self.buttons, (*names, "", "", "")[:3], strict=True):
            _shown(button, bool(name))
            if name:
                button.description = self.say(LABELS[name] if isinstance(name, str) else name)

    def offer(self, said: Sequence[bool]) -> None:
        """Offer a box to tick for each point, ticked as it stands."""
        self.points.children = [
            ipywidgets.Checkbox(value=each, indent=False, description=self.say(ticked(place, len(said))))
            for place, each in enumerate(said)
        ]

    @property
    def ticked(self) -> set[int]:
        """The points whose box is ticked, counted from 0."""
        return {place for place, box in enumerate(self.points.children) if box.value}


def _shown(control: Any, visible: bool) -> None:
    control.layout.display = None if visible else "none"
