"""What a compression changed in the graph: operators that went and came, tensors by type before and after."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from course_lib.inspection.anatomy import Anatomy
from course_lib.inspection.dissect import inspect


@dataclass(frozen=True)
class GraphDiff:
    """removed, added: operator name -> how many fewer, more. retyped: tensor type -> (count before, count after)."""

    removed: dict[str, int]
    added: dict[str, int]
    retyped: dict[str, tuple[int, int]]

    def __bool__(self) -> bool:
        return bool(self.removed or self.added or self.retyped)


def graph_diff(before: Any, after: Any) -> GraphDiff:
    """Compare two models (bytes, Artifacts or anatomies) by their operators and the types of their tensors.

    Only what differs is listed, so a model compared with itself gives an empty, false, difference.
    Raises ModelError when one of them is not a ``.tflite``.
    """
    old, new = (model if isinstance(model, Anatomy) else inspect(model) for model in (before, after))
    had, has = Counter(old.ops), Counter(new.ops)
    types = sorted(old.tensors_by_dtype.keys() | new.tensors_by_dtype.keys())
    counts = {dtype: (old.tensors_by_dtype.get(dtype, 0), new.tensors_by_dtype.get(dtype, 0)) for dtype in types}
    return GraphDiff(
        removed=dict(sorted((had - has).items())),
        added=dict(sorted((has - had).items())),
        retyped={dtype: pair for dtype, pair in counts.items() if pair[0] != pair[1]},
    )
