"""How much memory does a learner need? Each lesson in a kernel of its own, and the most that it held.

    python benchmarks/memory.py              print the table
    python benchmarks/memory.py --write      and keep it as benchmarks/memory.csv (half an hour on 2 cores)
    python benchmarks/memory.py 04 17        these lessons only

`kernel_mb` is the kernel's own peak resident memory and `child_mb` that of its largest child, as the operating system
counted them; a JupyterLab server takes its own on top (row `server`). `tensorflow` says whether the lesson loaded it:
those that did not also run in the core tier.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pandas as pd
from nbclient import NotebookClient

from course_lib import catalog
from course_lib.home import course_root

RECORD = Path(__file__).with_suffix(".csv")
ASK = """
import json, resource, sys
held = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps([*held, "tensorflow" in sys.modules]))
"""


def lesson(topic: catalog.Topic) -> dict[str, float | int | str]:
    """Run one lesson's notebook in a fresh kernel and ask that kernel what it held."""
    import json

    notebook = nbformat.read(course_root() / "notebooks" / f"{topic.name}.ipynb", as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(ASK))
    client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(course_root() / "notebooks")}})
    began = time.monotonic()
    client.execute(env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"})
    own, child, tensorflow = json.loads(notebook.cells[-1].outputs[0].text)
    return {
        "what": topic.name,
        "kernel_mb": round(own / 1024),
        "child_mb": round(child / 1024),
        "tensorflow": int(tensorflow),
        "seconds": round(time.monotonic() - began),
    }


def alone(what: str, command: list[str]) -> dict[str, float | int | str]:
    """Run a program to its end and return the most that it held."""
    code = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL); "
    code += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, check=True)
    taken = round(time.monotonic() - began)
    return {"what": what, "kernel_mb": round(int(done.stdout) / 1024), "child_mb": 0, "tensorflow": 0, "seconds": taken}


def page(table: pd.DataFrame) -> str:
    """Return the record as a page that says what a hub has to give each learner."""
    lessons = table[~table.what.isin(("server", "check"))]
    whole = lessons.kernel_mb + lessons.child_mb + int(table.kernel_mb[table.what == "server"].iloc[0])
    light = lessons[lessons.tensorflow == 0]
    check = int(table.kernel_mb[table.what == "check"].iloc[0])
    most, middle = f"{whole.max() / 1000:.1f} GB ({lessons.what[whole.idxmax()]})", f"{whole.median() / 1000:.1f} GB"
    summary = (
        f"One open lesson with its server needs at most {most}, and {middle} in the middle. A check of two tasks holds "
        f"{check} MB. {len(light)} of {len(lessons)} lessons never load TensorFlow: {', '.join(light.what.str[:2])}. "
        "A kernel that stays open keeps what it holds: shut a lesson's kernel down before the next."
    )
    lines = [
        "# Memory per learner, lesson by lesson",
        "",
        summary,
        "",
        "Written by `python benchmarks/memory.py --write`: peak resident memory in MB.",
        "",
        "| what | kernel | largest child | TensorFlow | seconds |",
        "|---|---:|---:|---|---:|",
    ]
    for row in table.itertuples():
        loads = "yes" if row.tensorflow else "no"
        lines.append(f"| {row.what} | {row.kernel_mb} | {row.child_mb} | {loads} | {row.seconds} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("topics", nargs="*")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    chosen = [catalog.topic(each) for each in options.topics] or [each for each in catalog.topics() if each.written]
    rows = []
    if not options.topics:
        ask = "import jupyterlab, jupyter_server.serverapp, jupyterlab_server, notebook_shim"
        rows.append(alone("server", [sys.executable, "-c", ask]))
        solved = course_root() / "solutions/04_quantize_with_the_tools.ipynb"
        rows.append(alone("check", [str(Path(sys.executable).with_name("course")), "check", str(solved)]))
    for topic in chosen:
        rows.append(lesson(topic))
        print(rows[-1], flush=True)
    table = pd.DataFrame(rows)
    print(table.to_string(index=False))
    if options.write:
        table.to_csv(RECORD, index=False)
        RECORD.with_suffix(".md").write_text(page(table), encoding="utf-8")


if __name__ == "__main__":
    main()
