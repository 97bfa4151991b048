"""The commands that hand the course out: an offline kit for a room, and an nbgrader course."""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from typing import Annotated

import typer

from course_lib.cli.commands import app


def _this_machine() -> str:
    system = {"linux": "linux", "darwin": "macos", "win32": "windows"}.get(sys.platform, sys.platform)
    machine = {"AMD64": "x86_64"}.get(platform.machine(), platform.machine())
    return f"{system}-{machine}"


@app.command()
def kit(
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="A new folder, or that of an earlier kit.")],
    platforms: Annotated[
        list[str] | None,
        typer.Option(
            "--platform", help="linux-x86_64, linux-aarch64, macos-arm64, windows-x86_64; repeat. Default: this one."
        ),
    ] = None,
    pythons: Annotated[
        list[str] | None, typer.Option("--python", help="3.11, 3.12, 3.13; repeat. Default: this one.")
    ] = None,
    tier: Annotated[str, typer.Option(help="core (no TensorFlow) or full.")] = "core",
) -> None:
    """Make an offline bundle for a room: wheels, the course, installers; the answers in a folder apart."""
    from course_lib.kit.folder import made, make_kit

    this = ".".join(map(str, sys.version_info[:2]))
    for step in make_kit(out, platforms or [_this_machine()], pythons or [this], tier):
        print(f"{step} ...", flush=True)
    found = made(out)
    print(f"{found.learner}: {found.wheels} wheels, {found.stick_bytes / 1e6:.0f} MB; copy this to the sticks")
    print(f"{found.instructor}: the solutions and the agenda; keep this")


@app.command()
def export_nbgrader(
    topics: Annotated[list[str] | None, typer.Argument(metavar="[NN...]", help="04 17; default: all.")] = None,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The course folder of nbgrader.")] = Path("nbgrader"),
) -> None:
    """Write the exercises as an nbgrader course that a stock nbgrader generates, releases and autogrades."""
    from course_lib import catalog
    from course_lib.classroom import nbgrader

    chosen = [catalog.topic(each) for each in topics] if topics else list(catalog.topics())
    written = list(nbgrader.export(chosen, out))
    print(f"{out}: {len(written)} assignments; in it, `nbgrader generate_assignment {written[0].parent.name}`")
