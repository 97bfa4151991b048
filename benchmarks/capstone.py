"""Are the capstone's budgets fair? Draw forty learners' orders and hold several answers against every one.

    python benchmarks/capstone.py             # about 15 minutes on two busy cores; writes capstone.csv
    python benchmarks/capstone.py --learners 3

The reference solution (docs/31_capstone.py) builds anew for each order, as a learner's function would; what it delivers
is measured and judged as `course capstone --check` does. The other answers are the single exports that take no look at
the budget: none of them may be accepted on all orders of any learner. A file is measured once and judged as often as
it is delivered, so a ratio and its interval are those of one run.

capstone.csv is of 2026-11-24, two cores of an AMD EPYC with AVX-512 VNNI, LiteRT 2.3.0: the reference met all demands
of all 120 orders with its whole interval (at most 86 % of the allowed time, at least 0.3 points above the floor), and
no export met all orders of one learner.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from course_lib.capstone import Budget, Delivery, Scorecard, Tried, materials, orders  # noqa: E402
from course_lib.capstone.judge import judge  # noqa: E402
from course_lib.capstone.materials import model as float_model  # noqa: E402
from course_lib.capstone.measure import Measured, Protocol, measure  # noqa: E402
from course_lib.core import Artifact, Dataset  # noqa: E402
from course_lib.deployment import Preprocessing, write_contract  # noqa: E402
from course_lib.techniques import DynamicRange, Float16, Int4, Int8, WeightOnly  # noqa: E402
from tools.source import solution_text  # noqa: E402

CSV = Path(__file__).with_suffix(".csv")
EXPORTS: dict[str, Callable[..., Artifact]] = {
    "float file": lambda model, _data: model,
    "Int8()": Int8(),
    "DynamicRange()": DynamicRange(),
    "Float16()": Float16(),
    "Int4()": Int4(),
    "WeightOnly(8)": WeightOnly(8),
    "WeightOnly(4)": WeightOnly(4),
}
NAMES = ("bytes", "accuracy", "latency", "contract", "scorecard")


def reference() -> Callable[[Artifact, Dataset, Budget], Delivery]:
    """Return the reference's build, from the source of the notebooks."""
    source = ROOT / "docs" / "31_capstone.py"
    code = solution_text(source.read_text("utf-8"), source.relative_to(ROOT))
    code = code[: code.index("# ## Practice")]
    found: dict[str, Any] = {}
    exec(compile(code, str(source), "exec"), found)
    build: Callable[[Artifact, Dataset, Budget], Delivery] = found["build"]
    return build


@cache
def measured(content: bytes, model: str) -> Measured:
    """Measure each file once."""
    return measure(Artifact("delivered", content), float_model(model), Protocol())


@cache
def exported(name: str, model: str) -> bytes:
    """Return the file of a single export."""
    return EXPORTS[name](*materials(model)).content


def single(name: str, model: str) -> Delivery:
    """Return an export with a contract and a scorecard to which there is no objection."""
    content = exported(name, model)
    artifact, found, data = Artifact(name, content), measured(content, model), materials(model)[1]
    prepare = {write_contract(artifact).inputs[0].name: Preprocessing(divisor=255.0)}
    contract = write_contract(artifact, labels=data.class_names, preprocessing=prepare)
    tried = tuple(Tried(other, 1, 0.5, 1.0) for other in ("one", "two"))
    card = Scorecard(found.raw_bytes, found.val_accuracy(5000), 5000, found.ratio, name, tried)
    return Delivery(content, contract, card)


def main() -> None:
    """Judge every answer on every order and write the table."""
    parser = argparse.ArgumentParser(description="Hold answers against many learners' budgets.")
    parser.add_argument("--learners", type=int, default=40)
    parser.add_argument("--out", type=Path, default=CSV)
    options = parser.parse_args()
    build, rows = reference(), []
    passed: dict[str, int] = dict.fromkeys(("reference", *EXPORTS), 0)
    for number in range(options.learners):
        learner = f"learner {number:02d}"
        accepted = dict.fromkeys(passed, True)
        for order in orders(learner):
            for answer in passed:
                begin = time.perf_counter()
                if answer == "reference":
                    delivery = build(*materials(order.model), order.budget)
                else:
                    delivery = single(answer, order.model)
                seconds = time.perf_counter() - begin
                found = measured(delivery.tflite, order.model)
                verdicts = {each.name: each.verdict for each in judge(order, delivery, found)}
                accepted[answer] &= "missed" not in verdicts.values()
                rows.append(
                    {
                        "learner": learner,
                        "order": order.name,
                        "budget_bytes": order.budget.bytes,
                        "max_drop": order.budget.max_drop,
                        "latency_ratio": order.budget.latency_ratio,
                        "answer": answer,
                        "method": delivery.scorecard.method,
                        "bytes": found.raw_bytes,
                        "difference": round(found.difference, 4),
                        "ratio": round(found.ratio, 3),
                        **{f"{name}_verdict": verdicts[name] for name in NAMES},
                        "build_seconds": round(seconds, 1) if answer == "reference" else "",
                    }
                )
        for answer, every in accepted.items():
            passed[answer] += every
        print(f"{learner}: reference {'accepted' if accepted['reference'] else 'MISSED'}", flush=True)
    with options.out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    for answer, count in passed.items():
        print(f"{answer:16} all orders accepted for {count} of {options.learners} learners")


if __name__ == "__main__":
    main()
