"""The check in the notebook: the practice order, on validation images, in this process. Not the verdict."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from course_lib.capstone import gate, values
from course_lib.capstone.budgets import Order, orders
from course_lib.capstone.judge import MARKS, WORDS, contract_faults
from course_lib.capstone.materials import materials
from course_lib.evaluation import latency_ratio, predict
from course_lib.grading.run import inert
from course_lib.language import Say


def practice(build: Callable[..., Any], learner: str = "", seed: int = 0) -> None:
    """Call `build` for every order whose model the statement shows, and print how it stands on validation images.

    It does nothing where a file is graded, and never raises for what `build` does.

    Args:
        build: yours.
        learner: your name as your instructor writes it; without one, the practice order alone.
        seed: of the course, if your instructor gave one.
    """
    if inert():
        return
    for order in orders(learner, seed):
        if order.model == "baseline":
            print("\n".join(_lines(build, order)))


def _lines(build: Callable[..., Any], order: Order) -> list[str]:
    model, data = materials(order.model)
    title = str(order.title)
    try:
        delivery = values.from_plain(values.to_plain(build(model, data, order.budget)))
    except NotImplementedError:
        return [f"… {title}: {Say('build is not written yet', 'build 还没有写')}"]
    except values.Unfit as unfit:
        return [f"✗ {title}: {unfit.say}"]
    except Exception as error:
        return [f"✗ {title}: {Say('build stopped with', 'build 出错：')} {type(error).__name__}: {error}"]
    refused = gate.refusal(delivery.tflite)
    if refused is not None:
        return [f"✗ {title}: {refused}"]
    artifact, budget = delivery.artifact, order.budget
    right, wanted = ((predict(each, data.x_val).argmax(1) == data.y_val).mean() for each in (artifact, model))
    ratio = latency_ratio(artifact, model, loads=10, runs=10)[0]
    drop = float(wanted - right)
    shown = [
        (artifact.raw_bytes <= budget.bytes, Say("bytes", "字节数"), f"{artifact.raw_bytes:,} / {budget.bytes:,}"),
        (drop <= budget.max_drop, Say("accuracy", "精度"), f"{-100 * drop:+.2f} / {-100 * budget.max_drop:+.2f}"),
        (ratio <= budget.latency_ratio, Say("latency", "延迟"), f"{ratio:.2f} / {budget.latency_ratio:g}"),
    ]
    lines = [title, *(f"  {MARKS['met' if fine else 'missed']} {name}: {text}" for fine, name, text in shown)]
    faults = contract_faults(delivery)
    lines += [f"  {MARKS['missed']} {Say('contract', '契约')}: {each}" for each in faults]
    if not faults:
        lines.append(f"  {MARKS['met']} {Say('contract', '契约')}: {WORDS['met']}")
    return lines
