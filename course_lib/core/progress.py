"""One progress bar for all long work, silent where nobody looks."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TypeVar

Item = TypeVar("Item")


def progress(items: Iterable[Item], *, label: str, total: int | None = None, quiet: bool = False) -> Iterable[Item]:
    """Iterate with a bar on stderr; without one when quiet, in CI, or when stderr is not a terminal or notebook."""
    from tqdm.auto import tqdm

    interactive = sys.stderr.isatty() or "ipykernel" in sys.modules
    hidden = quiet or not interactive or bool(os.environ.get("CI")) or bool(os.environ.get("COURSE_QUIET"))
    return tqdm(items, desc=label, total=total, leave=False, disable=hidden)
