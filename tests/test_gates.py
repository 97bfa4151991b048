"""Each gate closes on a deliberately bad notebook, and stays open for a good one; real nbval lets the bad ones pass."""

from __future__ import annotations

import os
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests import gates

ERROR = new_output("error", ename="ValueError", evalue="no", traceback=["ValueError: no"])


def said(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def cell(source, *outputs, count=1, tags=()):
    return new_code_cell(source, outputs=list(outputs), execution_count=count, metadata={"tags": list(tags)})


LAST = ("print('done')", said("done\n"))

# name of the gate -> (a bad cell, a word of what the gate says, what nbval --nbval-lax makes of the cell)
BAD = {
    "unknown magic": (cell("%no_such_magic\nraise ValueError", said("UsageError")), "magic", "PASSED"),
    "failing command": (cell("!false"), "shell", "PASSED"),
    "failing install": (cell("%pip install --no-index no-such-package"), "magic", "PASSED"),
    "command without a mark": (cell("ls", said("a file\n")), "command", "PASSED"),
    "command through the shell object": (cell("get_ipython().system('false')"), "get_ipython", "PASSED"),
    "skip tag": (cell("raise ValueError", tags=["nbval-skip"]), "nbval-skip", "SKIPPED"),
    "skip comment": (cell("# NBVAL_SKIP\nraise ValueError"), "nbval-skip", "SKIPPED"),
    "exception that never came": (cell("1", tags=["raises-exception"]), "should raise", "PASSED"),
    "comment for an exception": (cell("# NBVAL_RAISES_EXCEPTION\n1"), "should raise", "PASSED"),
    "swallowed assert": (cell("try:\n    assert False\nexcept Exception:\n    pass"), "assert", "PASSED"),
    "bare except": (cell("try:\n    assert False\nexcept:\n    pass"), "assert", "PASSED"),
    "cleared print": (cell("print('hello')"), "no output is stored", "PASSED"),
    "cleared value": (cell("x = 1\nx"), "no output is stored", "PASSED"),
    "unrun compared cell": (cell("print(1)", count=None, tags=["nbval-check-output"]), "none is stored", "PASSED"),
    "failure as text": (cell("print('ERROR: no')", said("ERROR: no\n")), "a failure", "PASSED"),
    "missing command as text": (cell("print(0)", said("sh: x: command not found\n")), "a failure", "PASSED"),
    "warning as text": (cell("print(0)", said("UserWarning: old\n")), "a warning", "PASSED"),
    "text on stderr": (cell("print(0)", said("hm\n", "stderr")), "stderr", "PASSED"),
    "a machine's path": (cell("print(0)", said("saved in /home/ann/x.tflite\n")), "a path", "PASSED"),
    "an address": (cell("print(0)", said("<object object at 0x7f00>\n")), "address", "PASSED"),
    "out of order": (cell("1", count=99), "execution count 99", "PASSED"),
    "outputs without a count": (cell("print(0)", said("0\n"), count=None), "execution count None", "FAILED"),
    "stored error": (cell("1", ERROR), "an error is stored", "PASSED"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_gate_closes(name):
    bad, words, _nbval = BAD[name]
    notebook = new_notebook(cells=[bad, cell(*LAST, count=2)])
    found = [sentence for sentence in gates.problems_of(notebook) if sentence.startswith("cell 0")]
    assert any(words in sentence for sentence in found), found


def test_the_last_cell_speaks():
    notebook = new_notebook(cells=[cell("x = 1")])
    assert gates.problems_of(notebook) == [
        "cell 0: the last cell has no output; a notebook ends with receipt() or finish()"
    ]


def test_a_large_notebook_is_refused(tmp_path):
    path = tmp_path / "large.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell("a" * 1_100_000), cell(*LAST)]), path)
    assert gates.problems(path) == ["1.1 MB; the limit is 1 MB"]


def test_a_good_notebook_passes(tmp_path):
    path = tmp_path / "good.ipynb"
    cells = [
        new_markdown_cell("# Title with 100 % and a !"),
        cell("x = 7 % 4\nassert x != 2"),
        cell("raise ValueError('no')", ERROR, count=2, tags=["raises-exception"]),
        cell("try:\n    int('a')\nexcept ValueError:\n    print('no number')", said("no number\n"), count=3),
        cell("print('see /notebooks, 3 W/m and 1/2')", said("see /notebooks, 3 W/m and 1/2\n"), count=4),
        cell(*LAST, count=5, tags=["nbval-check-output"]),
    ]
    nbformat.write(new_notebook(cells=cells), path)
    assert gates.problems(path) == []


def test_nbval_lets_them_through(tmp_path):
    """One notebook, one kernel: every bad cell is an item of its own."""
    path = tmp_path / "bad.ipynb"
    nbformat.write(new_notebook(cells=[bad for bad, _words, _nbval in BAD.values()]), path)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "--nbval-lax",
            "--nbval-current-env",
            "-rA",
            "-p",
            "no:cacheprovider",
            path.name,
        ],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    for index, (name, (_bad, _words, wanted)) in enumerate(BAD.items()):
        if wanted == "SKIPPED":
            assert f"{path.name}::Cell {index}\n" not in run.stdout, f"{name}: nbval ran it\n{run.stdout[-3000:]}"
        else:
            assert f"{wanted} {path.name}::Cell {index}\n" in run.stdout.replace(" - ", "\n"), (
                f"{name}\n{run.stdout[-3000:]}"
            )
