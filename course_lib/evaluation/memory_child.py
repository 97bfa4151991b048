"""Run by memory.py in a process of its own: load one model, run it, print what it cost as one JSON line."""

import contextlib
import json
import sys
from pathlib import Path


def status() -> dict[str, int]:
    """Return the memory lines of /proc/self/status in KiB (Linux), or the resident size alone elsewhere."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        import psutil

        return {"VmRSS": psutil.Process().memory_info().rss // 1024}
    pairs = (line.split(":", 1) for line in lines if line.startswith(("VmHWM", "VmRSS", "Rss")))
    return {name: int(value.split()[0]) for name, value in pairs}


def mapped(path: str) -> int:
    """Return how many KiB of a mapped file are resident."""
    total, inside = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if "-" in line.split(" ", 1)[0]:
            inside = line.endswith(path)
        elif inside and line.startswith("Rss:"):
            total += int(line.split()[1])
    return total


def main(path: str, threads: int, xnnpack: bool, invokes: int) -> None:
    """Print base, peak and code sizes in KiB."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    resolver = OpResolverType.AUTO if xnnpack else OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # start the high-water mark again from here
    before = status()
    # The path, not the bytes: as in an app, the file is mapped and only the pages that are read become resident.
    interpreter = Interpreter(model_path=path, num_threads=threads, experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    for _ in range(invokes):
        interpreter.invoke()
    after = status()
    result = {"base": before["VmRSS"], "peak": max(after.get("VmHWM", 0), after["VmRSS"]), "exact": "RssFile" in after}
    if result["exact"]:
        files = sum(after[kind] - before[kind] for kind in ("RssFile", "RssShmem"))
        result["code"] = max(0, files - mapped(path))
    print(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3] == "1", int(sys.argv[4]))
