"""What an application for TFLite Micro has to know of a model, as a C++ header: operators, arena, quantization."""

from __future__ import annotations

from course_lib.core import Artifact
from course_lib.deployment.c_source import check_symbol
from course_lib.deployment.micro import MicroArena
from course_lib.inspection import inspect
from course_lib.inspection.ports import Port

_SPELLED = {
    "BATCH_MATMUL": "BatchMatMul",
    "CUMSUM": "CumSum",
    "PADV2": "PadV2",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "UnidirectionalSequenceLSTM",
}


def micro_header(artifact: Artifact, symbol: str = "g_model", arena: MicroArena | None = None) -> str:
    """Return a header that registers exactly the operators of a model and states its arena and quantization.

    Args:
        symbol: the name that ``c_array`` was given.
        arena: as ``run_micro`` found it; without it the header leaves the size to you.

    Raises:
        ValueError: custom operators, which only their author can register; or a bad symbol.
    """
    check_symbol(symbol)
    anatomy = inspect(artifact)
    if anatomy.custom_ops:
        raise ValueError(f"{artifact.name}: custom operators need code of their own: {', '.join(anatomy.custom_ops)}")
    guard = f"{symbol.upper()}_MICRO_H_"
    operators = sorted(anatomy.ops)
    variables = {
        (op.options.get("container"), op.options.get("shared_name"))
        for _, op in anatomy.operators
        if op.name == "VAR_HANDLE"
    }
    size = (
        "// Found on x86-64 with reference kernels. Pointers of 4 bytes take less, optimized kernels may take more:\n"
        "// print arena_used_bytes() on the device.\n"
        f"constexpr unsigned int {symbol}_arena_bytes = {arena.smallest};\n"
        if arena is not None
        else ""
    )
    adds = "".join(f"  TF_LITE_ENSURE_STATUS(resolver.{resolver_method(name)}());\n" for name in operators)
    return (
        f"// For the model with SHA-256 {artifact.sha256}; generated.\n"
        f"#ifndef {guard}\n#define {guard}\n\n"
        '#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"\n\n'
        f"{size}constexpr unsigned int {symbol}_resource_variables = {len(variables)};\n"
        f"{_ports(symbol, 'input', anatomy.inputs)}{_ports(symbol, 'output', anatomy.outputs)}\n"
        f"using {symbol}_resolver = tflite::MicroMutableOpResolver<{len(operators)}>;\n\n"
        f"inline TfLiteStatus {symbol}_register({symbol}_resolver& resolver) {{\n{adds}  return kTfLiteOk;\n}}\n\n"
        f"#endif  // {guard}\n"
    )


def resolver_method(operator: str) -> str:
    """Return the name of MicroMutableOpResolver's method for a builtin operator: ``CONV_2D`` -> ``AddConv2D``."""
    parts = (part if part[0].isdigit() else part.capitalize() for part in operator.split("_"))
    return "Add" + _SPELLED.get(operator, "".join(parts))


def _ports(symbol: str, side: str, ports: tuple[Port, ...]) -> str:
    lines = []
    for index, port in enumerate(ports):
        lines.append(f"// {side} {index}: {port.dtype} {list(port.shape)}\n")
        if port.scale is not None:
            lines.append(f"constexpr float {symbol}_{side}_{index}_scale = {float(port.scale)!r}f;\n")
            lines.append(f"constexpr int {symbol}_{side}_{index}_zero_point = {port.zero_point};\n")
    return "".join(lines)
