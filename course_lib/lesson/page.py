"""One door for everything a lesson displays: HTML in a notebook, text in a terminal."""

from __future__ import annotations

import sys
from typing import Any


def emit(html: str, text: str, live: Any = None) -> None:
    """Display ``html`` where it can be rendered and ``text`` elsewhere.

    ``live`` is an ipywidgets widget that a running notebook shows instead of ``html``. A page that cannot run keeps
    ``html``, so the HTML must make sense alone.
    """
    if not in_kernel():
        print(text)
        return
    import IPython.display

    display: Any = IPython.display.display  # it carries no types
    bundle = {} if live is None else dict(live._repr_mimebundle_())
    display(bundle | {"text/html": html, "text/plain": text}, raw=True)


def in_kernel() -> bool:
    """True in IPython, False in plain Python (without importing IPython to find out)."""
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return get_ipython() is not None
