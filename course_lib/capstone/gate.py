"""What a delivered file must be before it is run: read, not executed, byte by byte."""

from __future__ import annotations

import numpy as np

from course_lib.grading.shorten import brief_text
from course_lib.inspection import Anatomy, ModelError, inspect, run_isolated
from course_lib.language import Say

# A state would let a file answer the second time otherwise than the first; chance likewise.
_REFUSED = {"VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE", "RANDOM_UNIFORM", "RANDOM_STANDARD_NORMAL", "MULTINOMIAL"}
INPUT, CLASSES = (28, 28, 1), 10


def refusal(content: bytes) -> Say | None:
    """Return why a file is not measured, or None when it is a classifier of the course's images that runs.

    The file is read first, without running it; then it runs once on one image in a process of its own.
    """
    try:
        anatomy = inspect(content)
        said = _unfit(anatomy)
        if said is None:
            port = anatomy.inputs[0]
            run_isolated(content, [np.zeros((1, *INPUT), port.dtype)], timeout_s=30.0)
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
    if tuple(shapes[0][1:]) != INPUT or tuple(shapes[1][1:]) != (CLASSES,):
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
    return None
