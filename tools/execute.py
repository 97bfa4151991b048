"""Run a notebook in a clean kernel and keep of its outputs only what belongs in a repository."""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from tqdm import tqdm

import course_lib
from tools.source import BuildError

_LIBRARY = str(Path(course_lib.__file__).resolve().parent.parent)
CELL_SECONDS = 180
FIGURE_BYTES = 80_000
WIDGET = "application/vnd.jupyter.widget-view+json"
# Threads are fixed because another count gives other bytes; everything else keeps a lesson quiet and repeatable.
ENVIRONMENT = {
    "COURSE_LANG": "en",
    "OMP_NUM_THREADS": "2",
    "OPENBLAS_NUM_THREADS": "2",
    "TF_NUM_INTRAOP_THREADS": "2",
    "TF_NUM_INTEROP_THREADS": "2",
    "TF_DETERMINISTIC_OPS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TQDM_DISABLE": "1",
    "COURSE_QUIET": "1",  # our own bars say disable=False, which overrules tqdm's switch
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "COLUMNS": "100",
}
# What would differ on another machine, or change what a kernel shows.
_REMOVED = ("MPLBACKEND", "COURSE_STRICT", "COURSE_RECORD", "PYTHONWARNINGS", "PYTHONSTARTUP", "FORCE_COLOR")
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
PATHS = re.compile(
    r"(?<![\w.:/])/(?:home|root|tmp|Users|work|mnt|var|opt|usr)/[\w.-]+[\w./-]*|\b[A-Za-z]:\\\w[\w.\\-]*"
)
ADDRESSES = re.compile(r"<[^<>\n]* at 0x[0-9a-fA-F]+>")
_WIDGET_NOTE = "(a control: run this cell to move it)"


def run(
    notebook: NotebookNode, folder: Path, *, root: Path, topic: str, title: str, locate: Callable[[int], str]
) -> list[dict[str, Any]]:
    """Execute ``notebook`` in place, in ``folder``, and return the records that it made.

    ``root`` is the folder that holds topics/, ``topic`` the topic's name; ``locate(index)`` names the source line of a
    cell. The progress of a learner is not touched. Raises BuildError, quoting what the kernel said, when a cell fails,
    takes longer than 180 s, or leaves an output that clean() refuses.
    """
    importlib.import_module("matplotlib.font_manager")  # on a new machine, its font cache is announced on stderr
    with tempfile.TemporaryDirectory(prefix="course-build-") as scratch:
        record = Path(scratch, "record.jsonl")
        environment = {name: value for name, value in os.environ.items() if name not in _REMOVED} | ENVIRONMENT
        environment |= {
            "COURSE_HOME": str(Path(scratch, "home")),
            "COURSE_RECORD": str(record),
            "IPYTHONDIR": str(Path(scratch, "ipython")),
        }
        environment |= {"COURSE_ROOT": str(root), "COURSE_TOPIC": topic}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (_LIBRARY, os.environ.get("PYTHONPATH"))))
        _execute(notebook, folder, environment, title, locate)
        records = [json.loads(line) for line in record.read_text("utf-8").splitlines()] if record.exists() else []
    clean(notebook, locate, private=(scratch, str(root)))
    return records


def _execute(
    notebook: NotebookNode, folder: Path, environment: dict[str, str], title: str, locate: Callable[[int], str]
) -> None:
    # Only the kernel of this interpreter: a kernelspec in somebody's home could name another Python.
    specs = KernelSpecManager(kernel_dirs=[], ensure_native_kernel=True)
    manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=specs)
    quiet = bool(os.environ.get("CI")) or not sys.stderr.isatty()
    total = sum(cell.cell_type == "code" for cell in notebook.cells)
    current = 0
    with tqdm(total=total, desc=title, unit="cell", disable=quiet, leave=False) as bar:

        def started(cell: NotebookNode, cell_index: int) -> None:
            nonlocal current
            current = cell_index

        def executed(cell: NotebookNode, cell_index: int, execute_reply: dict[str, Any]) -> None:
            bar.update()

        client = NotebookClient(
            notebook,
            km=manager,
            timeout=CELL_SECONDS,
            allow_errors=False,
            record_timing=False,
            store_widget_state=False,
            coalesce_streams=True,
            extra_arguments=["--log-level=ERROR"],
            resources={"metadata": {"path": str(folder)}},
            on_cell_execute=started,
            on_cell_executed=executed,
        )
        try:
            client.execute(env=environment, cleanup_kc=True)
        except CellExecutionError as error:
            trace = _ANSI.sub("", error.traceback)
            raise BuildError(f"{locate(current)}: the cell raised {error.ename}: {error.evalue}\n{trace}") from None
        except CellTimeoutError:
            raise BuildError(f"{locate(current)}: the cell ran longer than {CELL_SECONDS} s") from None
        except DeadKernelError:
            raise BuildError(f"{locate(current)}: the kernel died in this cell: memory, or a crash") from None


def clean(notebook: NotebookNode, locate: Callable[[int], str], *, private: Sequence[str] = ()) -> None:
    """Tidy the outputs of an executed notebook in place.

    Live widgets keep their text, never their model id, which means nothing after the kernel is gone. Raises BuildError
    for what a reader should not get: text on stderr, a path or an object's address of the machine that ran the
    build (``private`` names more such paths), a figure over 80 KB, a figure that was displayed without lesson.show.
    """
    notebook.metadata.pop("widgets", None)
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        cell.metadata.pop("execution", None)
        cell.outputs = [_tidy(output) for output in cell.outputs]
        for output in cell.outputs:
            complaint = _complaint(output, private)
            if complaint:
                raise BuildError(f"{locate(index)}: {complaint}")


def _tidy(output: NotebookNode) -> NotebookNode:
    data = output.get("data")
    if data is not None:
        if data.pop(WIDGET, None) is not None and "text/html" not in data:
            data["text/plain"] = _WIDGET_NOTE
        output["metadata"].clear()
    return output


def _complaint(output: NotebookNode, private: Sequence[str]) -> str | None:
    data = output.get("data", {})
    if output.output_type == "stream" and output.name == "stderr":
        return f"the cell wrote to stderr; fix what warns, or catch it:\n{output.text}"
    if "image/png" in data:
        return "a figure was displayed without alt text and caption; pass it to show(fig, alt=..., caption=...)"
    text = readable(output)
    for path in private:
        if path in text:
            return f"the output holds the path {path!r} of this machine"
    for pattern, what in ((PATHS, "a path of this machine"), (ADDRESSES, "an object's address")):
        found = pattern.search(text)
        if found:
            return f"the output holds {what}: {found[0]!r}"
    for picture in re.findall(r"data:image/png;base64,([A-Za-z0-9+/=]+)", text_of(data.get("text/html", ""))):
        size = len(picture) * 3 // 4
        if size > FIGURE_BYTES:
            return f"a figure of {size // 1000} KB; the limit is {FIGURE_BYTES // 1000} KB"
    return None


def readable(output: NotebookNode) -> str:
    """Return the text that a reader sees of an output, without the bytes of embedded pictures."""
    if output.output_type == "stream":
        return text_of(output.text)
    if output.output_type == "error":
        return _ANSI.sub("", "\n".join([output.ename, output.evalue, *output.traceback]))
    parts = [text_of(value) for kind, value in output.get("data", {}).items() if kind.startswith("text/")]
    return re.sub(r"data:image/[a-z+]+;base64,[A-Za-z0-9+/=]+", "", "\n".join(parts))


def text_of(value: Any) -> str:
    """Join what the notebook format stores as a list of lines."""
    return "".join(value) if isinstance(value, list) else str(value)
