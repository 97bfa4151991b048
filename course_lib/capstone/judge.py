"""Hold a delivery against its order and against what was measured. A verdict needs evidence on either side.

A bound on accuracy or time is *missed* only when the whole 95 % interval lies beyond it, *met* when the whole interval
lies within it. In between it is *not shown*: it costs nothing, and it is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from course_lib.capstone.budgets import Order
from course_lib.capstone.materials import raw_pixels, visible_data
from course_lib.capstone.measure import Measured
from course_lib.capstone.values import Delivery, Scorecard
from course_lib.core import Interval
from course_lib.deployment import Contract
from course_lib.deployment.verified import differences
from course_lib.grading.shorten import brief_text
from course_lib.language import Say

Verdict = Literal["met", "not shown", "missed"]
WORDS: dict[Verdict, Say] = {
    "met": Say("met", "达到"),
    "not shown": Say("not shown", "未能证明"),
    "missed": Say("missed", "未达到"),
}
MARKS: dict[Verdict, str] = {"met": "✓", "not shown": "?", "missed": "✗"}
# What a scorecard may differ by from what is measured here.
ACCURACY_TOLERANCE = 0.002  # other kernels break ties otherwise
LATENCY_FACTOR = 1.5  # beyond the interval, either way
LEAST_IMAGES, LEAST_TRIED = 1000, 2


@dataclass(frozen=True)
class Demand:
    """One line of the verdict: what was asked, what was found, and why."""

    name: str
    title: Say
    verdict: Verdict
    asked: Say
    found: Say


def judge(order: Order, delivery: Delivery, measured: Measured) -> tuple[Demand, ...]:
    """Return the five demands in order: bytes, accuracy, latency, contract, scorecard."""
    return (
        _bytes(order, measured),
        _accuracy(order, measured),
        _latency(order, measured),
        _contract(delivery),
        _scorecard(delivery, measured),
    )


def against(interval: Interval, bound: float, *, at_most: bool) -> Verdict:
    """Return how an interval lies to a bound from above (`at_most`) or below."""
    low, high = (interval.low, interval.high) if at_most else (-interval.high, -interval.low)
    limit = bound if at_most else -bound
    return "met" if high <= limit else "missed" if low > limit else "not shown"


def _bytes(order: Order, measured: Measured) -> Demand:
    size, most = measured.raw_bytes, order.budget.bytes
    share = f"{100 * size / measured.float_bytes:.1f}"
    return Demand(
        "bytes",
        Say("Bytes", "字节数"),
        "met" if size <= most else "missed",
        Say(f"at most {most:,}", f"不超过 {most:,}"),
        Say(
            f"{size:,}, {share} % of the float model's {measured.float_bytes:,}",
            f"{size:,}，是浮点模型 {measured.float_bytes:,} 的 {share}%",
        ),
    )


def _accuracy(order: Order, measured: Measured) -> Demand:
    drop, between = order.budget.max_drop, measured.difference_interval
    verdict = against(between, -drop, at_most=False) if measured.finite else "missed"
    floor = f"{100 * order.budget.floor(measured.float_accuracy):.2f}"
    span = f"[{100 * between.low:+.2f}, {100 * between.high:+.2f}]"
    en = (
        f"{100 * measured.accuracy:.2f} %, {100 * measured.difference:+.2f} points {span} against float on the same "
        f"{measured.images:,} test images"
    )
    zh = (
        f"{100 * measured.accuracy:.2f}%，与浮点模型在同样 {measured.images:,} 张测试图像上相差 "
        f"{100 * measured.difference:+.2f} 个百分点 {span}"
    )
    if not measured.finite:
        en, zh = en + "; some outputs are not finite", zh + "；有的输出不是有限值"
    return Demand(
        "accuracy",
        Say("Accuracy", "精度"),
        verdict,
        Say(
            f"at least {floor} %, {100 * drop:g} points below float at most",
            f"不低于 {floor}%，即最多比浮点模型低 {100 * drop:g} 个百分点",
        ),
        Say(en, zh),
    )


def _latency(order: Order, measured: Measured) -> Demand:
    most, span = order.budget.latency_ratio, measured.ratio_interval
    numbers = f"{measured.ratio:.2f} [{span.low:.2f}, {span.high:.2f}]"
    return Demand(
        "latency",
        Say("Latency", "延迟"),
        against(span, most, at_most=True),
        Say(f"at most {most:g} times the float model's", f"不超过浮点模型的 {most:g} 倍"),
        Say(
            f"{numbers} times, both in turn in one run, 1 thread, {measured.delegate}",
            f"{numbers} 倍；同一次测量中交替运行，1 个线程，{measured.delegate}",
        ),
    )


def _contract(delivery: Delivery) -> Demand:
    wrong = contract_faults(delivery)
    found = Say("it is that of the file", "与文件一致")
    if wrong:
        found = Say("; ".join(each.en for each in wrong), "；".join(each.zh for each in wrong))
    asked = Say(
        "written from this file; labels in order; raw 8-bit images prepared as in training",
        "由这个文件生成；标签顺序正确；原始 8 位图像的预处理与训练时一致",
    )
    return Demand("contract", Say("Contract", "契约"), "missed" if wrong else "met", asked, found)


def contract_faults(delivery: Delivery) -> tuple[Say, ...]:
    """Return in which points the contract is not the file's, or would mislead a caller who has raw images."""
    contract, wrong = delivery.contract, []
    for each in differences(contract, delivery.artifact):
        text = brief_text(each, 160)
        wrong.append(Say(text, f"与文件不符：{text}"))
    names = visible_data().class_names
    if contract.labels != names:
        wrong.append(Say("labels are not data.class_names in order", "labels 不是按顺序的 data.class_names"))
    if not _prepares(contract):
        wrong.append(
            Say(
                "preprocessing does not turn raw 8-bit images into what the model was trained on",
                "预处理没有把原始 8 位图像变成模型训练时的输入",
            )
        )
    return tuple(wrong)


def _prepares(contract: Contract) -> bool:
    """True when the contract's preprocessing makes of raw pixels what data.x_val holds."""
    prepare = contract.preprocessing.get(contract.inputs[0].name) if contract.inputs else None
    if prepare is None:
        return False
    try:
        with np.errstate(all="ignore"):
            made = prepare(raw_pixels(8))
    except ValueError:
        return False
    return made.shape == (8, 28, 28, 1) and bool(np.allclose(made, visible_data().x_val[:8], atol=1e-6))


def _scorecard(delivery: Delivery, measured: Measured) -> Demand:
    wrong = scorecard_faults(delivery.scorecard, measured)
    found = Say("its numbers agree with those measured here", "其中的数字与这里测到的一致")
    if wrong:
        found = Say("; ".join(each.en for each in wrong), "；".join(each.zh for each in wrong))
    asked = Say(
        f"bytes exact; accuracy within {100 * ACCURACY_TOLERANCE:g} points; time within a factor of "
        f"{LATENCY_FACTOR:g}; a method; {LEAST_TRIED} alternatives or more",
        f"字节数完全相同；精度相差不超过 {100 * ACCURACY_TOLERANCE:g} 个百分点；耗时相差不超过 {LATENCY_FACTOR:g} 倍；"
        f"写明方法；至少 {LEAST_TRIED} 个备选",
    )
    return Demand("scorecard", Say("Scorecard", "记分卡"), "missed" if wrong else "met", asked, found)


def scorecard_faults(card: Scorecard, measured: Measured) -> tuple[Say, ...]:
    """Return where a scorecard says something else than what was measured, or nothing at all."""
    wrong = []
    if card.raw_bytes != measured.raw_bytes:
        said, found = f"{card.raw_bytes:,}", f"{measured.raw_bytes:,}"
        wrong.append(Say(f"it says {said} bytes, the file has {found}", f"它说 {said} 字节，文件是 {found}"))
    if not LEAST_IMAGES <= card.images <= len(measured.val_right):
        least, most = f"{LEAST_IMAGES:,}", f"{len(measured.val_right):,}"
        wrong.append(
            Say(
                f"its accuracy is of {card.images:,} validation images; {least} to {most} are asked",
                f"它的精度取自 {card.images:,} 张验证图像；要求 {least} 到 {most} 张",
            )
        )
    elif abs(card.accuracy - measured.val_accuracy(card.images)) > ACCURACY_TOLERANCE:
        said, found = f"{100 * card.accuracy:.2f}", f"{100 * measured.val_accuracy(card.images):.2f}"
        wrong.append(
            Say(
                f"it says {said} % on {card.images:,} validation images, measured here: {found} %",
                f"它说 {card.images:,} 张验证图像上为 {said}%，这里测得 {found}%",
            )
        )
    span = measured.ratio_interval
    if not span.low / LATENCY_FACTOR <= card.latency_ratio <= span.high * LATENCY_FACTOR:
        said, found = f"{card.latency_ratio:.2f}", f"{measured.ratio:.2f} [{span.low:.2f}, {span.high:.2f}]"
        wrong.append(
            Say(
                f"it says {said} times float's time, measured here: {found}",
                f"它说耗时是浮点的 {said} 倍，这里测得 {found}",
            )
        )
    if not card.method:
        wrong.append(Say("it does not say what was done", "没有写做了什么"))
    if len({each.name for each in card.tried}) < LEAST_TRIED:
        wrong.append(
            Say(
                f"it lists {len(card.tried)} alternatives that were measured, not {LEAST_TRIED}",
                f"只列出 {len(card.tried)} 个测过的备选，少于 {LEAST_TRIED} 个",
            )
        )
    return tuple(wrong)
