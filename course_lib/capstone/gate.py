"""What a delivered file must be before it is run: read, not executed, byte by byte."""

from __future__ import annotations

import numpy as np

from course_lib.grading.shorten import brief_text
from course_lib.inspection import Anatomy, ModelError, inspect, run_isolated
from course_lib.language import Say

# A state would let a file answer the second time otherwise than the first; chance likewise.
_REFUSED = {"VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE", "RANDOM_UNIFORM", "RANDOM_STANDARD_NORMAL", "MULTINOMIAL"}
INPUT, OUTPUT = (1, 28, 28, 1), (1, 10)
# What may be computed on the way. A file that computes whole numbers or truth values can make its sizes depend on the
# image, and be quick on the noise with which time is measured.
_COMPUTED = {"float32", "float16", "bfloat16", "int8", "uint8", "int16"}


def refusal(content: bytes, *, run: bool = True) -> Say | None:
    """Return why a file is not measured, or None when it is a classifier of the course's images that runs.

    The file is read first, without running it; then it runs once on one image in a process of its own, unless `run` is
    False: then whoever measures it finds out.
    """
    try:
        anatomy = inspect(content)
        said = _unfit(anatomy)
        if said is None and run:
            port = anatomy.inputs[0]
            run_isolated(content, [np.zeros(INPUT, port.dtype)], timeout_s=30.0)
        return said
    except ModelError as error:
        why = brief_text(str(error), 250)
        return Say(f"the file was refused: {why}", f"文件被拒绝：{why}")


def _unfit(anatomy: Anatomy) -> Say | None:
    if len(anatomy.subgraphs) != 1:
        return Say("the file must have one subgraph: no branches, no loops", "文件只能有一个子图：不要分支，不要循环")
    odd = sorted(set(anatomy.custom_ops) | (_REFUSED & set(anatomy.ops)))
    if odd:
        names = brief_text(", ".join(odd), 120)
        return Say(f"operators that are not accepted here: {names}", f"这里不接受的算子：{names}")
    if len(anatomy.inputs) != 1 or len(anatomy.outputs) != 1:
        return Say("the file must have one input and one output", "文件必须只有一个输入、一个输出")
    shapes = anatomy.inputs[0].shape, anatomy.outputs[0].shape
    if shapes != (INPUT, OUTPUT):
        return Say(
            f"input and output must be (1, 28, 28, 1) and (1, 10), they are {shapes[0]} and {shapes[1]}",
            f"输入输出必须是 (1, 28, 28, 1) 和 (1, 10)，实际是 {shapes[0]} 和 {shapes[1]}",
        )
    kinds = {anatomy.inputs[0].dtype, anatomy.outputs[0].dtype} - {"float32", "int8", "uint8"}
    if kinds:
        return Say(
            f"input and output must be float32, int8 or uint8, not {', '.join(sorted(kinds))}",
            f"输入输出必须是 float32、int8 或 uint8，不能是 {', '.join(sorted(kinds))}",
        )
    graph = anatomy.subgraphs[0]
    if any(tensor.is_variable for tensor in graph.tensors):
        return Say("the file has variables: it could remember", "文件带有变量：它能记住以前的输入")
    computed = {graph.tensors[index].dtype for op in graph.operators for index in op.outputs if index >= 0}
    if computed - _COMPUTED:
        names = ", ".join(sorted(computed - _COMPUTED))
        return Say(
            f"the file computes {names} values, by which its time could depend on the image",
            f"文件会计算 {names} 类型的值，其耗时可能随图像而变",
        )
    return None
