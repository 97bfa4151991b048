"""What ``course measure`` and ``course compare`` print."""

from __future__ import annotations

import json as jsonlib
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

from course_lib.core import Artifact, Report
from course_lib.data import digits, fashion_mnist
from course_lib.data.npz import read_samples
from course_lib.evaluation.comparison import MARGIN, Comparison, compare
from course_lib.evaluation.measuring import Samples, measure
from course_lib.evaluation.runtime import open_interpreter

DATA_SETS = {"fashion_mnist": fashion_mnist, "digits": digits}


def measure_command(model: str, data: str = "fashion_mnist", json: bool = False, *, lang: str = "en") -> str:
    """Return the text of ``course measure MODEL``: a table, or one JSON object.

    Args:
        model: path of a ``.tflite`` file.
        data: "fashion_mnist" or "digits" (their test images), or the path of an .npz with ``x`` and ``y`` (all of it).
        lang: "en" or "zh", for the table.

    Raises:
        ValueError: a file is missing or is not what it should be, or model and data do not fit.
    """
    artifact = _artifact(model)
    report = measure(artifact, read_data(data, artifact))
    return as_json(report.to_dict()) if json else _render(_report_rows(report), report.name, lang)


def compare_command(
    a: str, b: str, data: str = "fashion_mnist", json: bool = False, *, margin: float = MARGIN, lang: str = "en"
) -> str:
    """Return the text of ``course compare A B``: a table and the verdict, or one JSON object. A is the reference.

    Args:
        a, b: paths of ``.tflite`` files.
        data: as for ``measure_command``.
        margin: the largest acceptable loss of accuracy, a fraction.
        lang: "en" or "zh", for the table.

    Raises:
        ValueError: a file is missing or is not what it should be, or models and data do not fit.
    """
    one, two = _artifact(a), _artifact(b)
    if one.name == two.name:  # two folders, one file name
        one, two = replace(one, name=a), replace(two, name=b)
    comparison = compare(one, two, read_data(data, one), margin=margin)
    if json:
        return as_json(comparison.to_dict())
    table = _render(_comparison_rows(comparison), f"{comparison.a} | {comparison.b}", lang)
    return f"{table}\n{comparison.sentence_zh if lang == 'zh' else comparison.sentence}"


def read_data(name: str, artifact: Artifact) -> Samples:
    """Return a bundled data set by name, or all samples of an .npz, with the channel axis that the artifact expects.

    Raises:
        ValueError: neither a known name nor a readable .npz with ``x`` and ``y``.
    """
    if name in DATA_SETS:
        return DATA_SETS[name]()
    path = Path(name)
    if not path.is_file():
        raise ValueError(f"no data {name!r}: give {' or '.join(DATA_SETS)}, or the path of an .npz file with x and y")
    x, y = read_samples(path)
    inputs = open_interpreter(artifact).get_input_details()
    if x.shape[-1] == 1 and inputs and len(inputs[0]["shape"]) == x.ndim - 1:
        x = x[..., 0]
    return x, y


def as_json(values: dict[str, Any]) -> str:
    """Return standard JSON: infinity (the SQNR of equal outputs) and NaN become null."""
    return jsonlib.dumps(_finite(values), indent=2, ensure_ascii=False)


def _artifact(path: str) -> Artifact:
    if not Path(path).is_file():
        raise ValueError(f"no such file: {path}")
    return Artifact.load(path)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


Row = tuple[str, str, str]  # English label, Chinese label, value


def _report_rows(report: Report) -> list[Row]:
    low, high = 100 * report.accuracy_interval.low, 100 * report.accuracy_interval.high
    level = f"{100 * report.accuracy_interval.level:g}%"
    rows = [
        ("size", "大小", f"{report.raw_bytes:,} B, gzip {report.gzip_bytes:,} B"),
        (
            f"accuracy ({level} interval)",
            f"准确率（{level} 置信区间）",
            f"{100 * report.accuracy:.2f} % ({low:.2f} - {high:.2f}), n = {report.images:,}",
        ),
        ("macro F1", "宏平均 F1", f"{report.macro_f1 or 0:.4f}"),
        ("calibration error", "校准误差", f"{report.calibration_error:.4f} ({report.scores})"),
    ]
    if report.latency is not None:
        steady = report.latency
        times = f"{report.load_ms:.2f} ms, {report.first_us:.1f} µs"
        rows += [
            ("load, first inference", "加载、首次推理", times),
            ("latency, median and p95", "延迟，中位数与 p95", f"{steady.median_us:.1f} µs, {steady.p95_us:.1f} µs"),
            (
                "protocol",
                "测法",
                f"{steady.warmups} + {steady.runs} runs, {steady.threads} thread(s), delegate: {steady.delegate}",
            ),
        ]
    if report.peak_memory_mb is not None:
        rows.append(("peak memory", "峰值内存", f"{report.peak_memory_mb:.2f} MB"))
    weakest = sorted(report.per_class, key=lambda score: score.f1)[:3]
    listed = ", ".join(f"{score.name} {score.f1:.3f}" for score in weakest)
    return [*rows, ("lowest F1", "F1 最低的类", listed), ("machine", "机器", str(report.environment))]


def _comparison_rows(result: Comparison) -> list[Row]:
    rows = [
        ("accuracy", "准确率", f"{100 * result.accuracy_a:.2f} % | {100 * result.accuracy_b:.2f} %"),
        ("flipped predictions", "预测翻转", f"{result.flips} / {result.images:,}"),
        ("worse, better", "变错、变对", f"{result.only_a}, {result.only_b}"),
        ("size ratio", "大小之比", f"{result.bytes_ratio:.2f}x"),
    ]
    if result.sqnr_db is not None:
        rows.append(("output SQNR", "输出 SQNR", f"{result.sqnr_db:.1f} dB"))
    if result.latency_ratio is not None and result.latency_interval is not None:
        span = f"{result.latency_interval.low:.2f} - {result.latency_interval.high:.2f}"
        rows.append(("latency ratio", "延迟之比", f"{result.latency_ratio:.2f}x ({span})"))
    return [*rows, ("machine", "机器", str(result.environment))]


def _render(rows: list[Row], title: str, lang: str) -> str:
    """Return a two-column table as plain text that stays readable in a log."""
    import io

    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=False)
    for english, chinese, value in rows:
        table.add_row(chinese if lang == "zh" else english, value)
    out = io.StringIO()
    Console(file=out, width=110).print(table)
    lines = [title, *(line.rstrip() for line in out.getvalue().splitlines())]
    return "\n".join(lines)
