"""Kill a sweep with SIGKILL at twenty random moments and count what was lost.

    python benchmarks/kill_sweep.py            # two to five minutes
    python benchmarks/kill_sweep.py --kills 3

A sweep of 24 recipes in two processes runs as a child. It prints a line when a result is on disk. It is killed, with no
warning, after a random time, and started again in the same folder; when it ends by itself, the next one starts in an
empty folder. At every start, each result that was ever reported must come out of the cache, and whatever ends must have
found what an undisturbed sweep finds. The figures go to benchmarks/kill_sweep.csv.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RECIPES = 24


class Child:
    """One start of the sweep."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-u", "-m", "tests.sweep_child", str(folder), str(RECIPES), "2"]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self.lines: list[str] = []
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(line.strip() for line in self.process.stdout)

    def end(self, after: float | None = None) -> bool:
        """Wait, and kill when the time is over; True when it was killed."""
        killed = False
        try:
            self.process.wait(after)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
            killed = True
        self.reader.join()
        return killed

    @property
    def done(self) -> set[str]:
        return {line.split()[1] for line in self.lines if line.startswith("done")}

    @property
    def result(self) -> dict:
        return json.loads(self.lines[-1])


def hits_of(folder: Path) -> set[str]:
    """Return the results that a sweep with no worker would find in the folder, by name."""
    sys.path.insert(0, str(ROOT))
    from course_lib.automation import Cache
    from course_lib.automation.sweep import _entries, _score_address
    from course_lib.automation.work import Work
    from course_lib.models import float_tflite
    from tests.sweep_child import recipes, small_data

    work, store, found = Work.of(float_tflite("baseline"), small_data()), Cache(folder), set()
    for address, entry in _entries(recipes(RECIPES), work).items():
        made = store.made(address)
        if made and store.scored(_score_address(made, work, work.size)):
            found |= set(entry.names)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    draw = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as scratch:
        start = time.perf_counter()
        undisturbed = Child(Path(scratch, "undisturbed"))
        undisturbed.end()
        whole = time.perf_counter() - start
        reference = undisturbed.result
        again = Child(Path(scratch, "undisturbed"))
        again.end()
        print(f"undisturbed: {reference['seconds']:.1f} s; again: {again.result['seconds']:.3f} s, all hits")
        rows, promised, folder, number = [], set(), Path(scratch, "0"), 0
        while len(rows) < options.kills:
            after = draw.uniform(0, whole)
            child = Child(folder)
            killed = child.end(after)
            promised |= child.done
            kept = hits_of(folder)
            lost = promised - kept
            if not killed:
                same = child.result["rows"] == reference["rows"]
                assert same, "a resumed sweep found something else"
                assert not lost, f"lost: {sorted(lost)}"
                number, promised = number + 1, set()
                folder = Path(scratch, str(number))
                continue
            rows.append(
                {
                    "kill": len(rows) + 1,
                    "after_s": round(after, 2),
                    "reported": len(promised),
                    "in_cache": len(kept),
                    "lost": len(lost),
                }
            )
            print(rows[-1], flush=True)
        last = Child(folder)
        last.end()
        assert last.result["rows"] == reference["rows"], "the last sweep found something else"
        assert last.result["hits"] == len(kept), "something ran twice"
    print(f"{len(rows)} kills, {sum(row['lost'] for row in rows)} results lost, {number} sweeps ended in between")
    if options.kills >= 20:
        with Path(__file__).with_suffix(".csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    return int(any(row["lost"] for row in rows))


if __name__ == "__main__":
    sys.exit(main())
