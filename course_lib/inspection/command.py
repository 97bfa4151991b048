"""``course inspect MODEL [--json] [--html OUT]``."""

from pathlib import Path

from course_lib.inspection.dissect import inspect
from course_lib.inspection.errors import ModelError

LARGEST = 4 * 2**30
"""Bytes of the largest file that is read: more would not fit a phone, and is most likely something else."""


def inspect_command(path: Path, *, json: bool = False, html: Path | None = None, language: str = "en") -> None:
    """Print what is in a ``.tflite``: a report, or with ``json`` the keys of ``to_json``; with ``html`` write a page.

    Raises:
        ModelError: the file is no ``.tflite`` or is damaged. OSError: it cannot be read, or the page not be written.
    """
    size = path.stat().st_size
    if size > LARGEST:
        raise ModelError(f"{path}: {size:,} bytes, more than the {LARGEST:,} that are read")
    try:
        anatomy = inspect(path.read_bytes())
    except ModelError as problem:
        raise ModelError(f"{path}: {problem}") from None
    if html is not None:
        from course_lib.inspection.render_html import html_page

        html.write_text(html_page(anatomy, name=path.name, language=language), encoding="utf-8")
    if json:
        import json as json_module

        print(json_module.dumps(anatomy.to_json(), indent=1, ensure_ascii=False, allow_nan=False))
    elif html is None:
        from rich.console import Console

        from course_lib.inspection.render_text import report

        Console(highlight=False).print(report(anatomy, name=path.name, language=language))
    else:
        print(html)
