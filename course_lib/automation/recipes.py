"""The recipes that go by name on the command line: one table, which lists, explains and runs them."""

from __future__ import annotations

from dataclasses import dataclass

from course_lib.core import Recipe
from course_lib.language import Say
from course_lib.techniques import (
    Cluster,
    DynamicRange,
    Float16,
    Float32,
    FoldBatchNorm,
    Int4,
    Int8,
    Int16x8,
    Prune,
    PruneChannels,
    PruneNM,
    QuantizeAware,
    Sparse,
    WeightOnly,
)


@dataclass(frozen=True)
class Named:
    """A recipe, and what it is good for and costs. ``calibrates``: it needs samples; ``trains``: labelled ones."""

    recipe: Recipe
    about: Say
    calibrates: bool = False

    @property
    def name(self) -> str:
        """The name on the command line."""
        return self.recipe.name

    @property
    def trains(self) -> bool:
        """Tell whether it has steps: those work on a Keras 2 model, with labelled data."""
        return bool(self.recipe.steps)


RECIPES = (
    Named(
        Recipe("float32", Float32()),
        Say("No compression: the reference.", "不压缩，作为对照。"),
    ),
    Named(
        Recipe("float16", Float16()),
        Say(
            "Weights as float16: half the bytes, no speed on a CPU.",
            "权重存为 float16：体积减半，在 CPU 上不提速。",
        ),
    ),
    Named(
        Recipe("dynamic", DynamicRange()),
        Say(
            "Weights as int8, activations quantized at run time: a quarter of the bytes, no data needed.",
            "权重存为 int8，激活值在运行时量化：体积约为四分之一，不需要数据。",
        ),
    ),
    Named(
        Recipe("int8", Int8()),
        Say(
            "Weights, activations, input and output as int8, calibrated: the usual choice for CPUs and NPUs.",
            "权重、激活值、输入和输出全部为 int8，需校准：CPU 和 NPU 上的常规选择。",
        ),
        calibrates=True,
    ),
    Named(
        Recipe("int8-float-io", Int8(integer_io=False)),
        Say(
            "As int8, but input and output stay float32: the calling code need not change.",
            "同 int8，但输入和输出保持 float32：调用方代码无需改动。",
        ),
        calibrates=True,
    ),
    Named(
        Recipe("int16x8", Int16x8()),
        Say(
            "Int8 weights, int16 activations: close to float, slow on a CPU, which has reference kernels only.",
            "int8 权重配 int16 激活值：精度接近浮点；CPU 上只有参考实现，很慢。",
        ),
        calibrates=True,
    ),
    Named(
        Recipe("weight-only-8", WeightOnly(8)),
        Say(
            "Int8 on disk, float32 arithmetic: for downloads, not for speed.",
            "磁盘上为 int8，计算仍用 float32：为了下载体积，而非速度。",
        ),
    ),
    Named(
        Recipe("weight-only-4", WeightOnly(4)),
        Say(
            "Int4 on disk, float32 arithmetic: an eighth of the bytes; measure what it costs.",
            "磁盘上为 int4，计算仍用 float32：体积约为八分之一；精度代价请实测。",
        ),
    ),
    Named(
        Recipe("int4", Int4()),
        Say(
            "Int4 weights, a scale per channel, activations quantized at run time.",
            "int4 权重，每通道一个 scale，激活值在运行时量化。",
        ),
    ),
    Named(
        Recipe("int4-blocks", Int4(32)),
        Say(
            "Int4 weights of dense layers, a scale per 32 values: finer than int4, for large dense layers.",
            "全连接层 int4 权重，每 32 个值一个 scale：比 int4 更细，适合大的全连接层。",
        ),
    ),
    Named(
        Recipe("prune-80-int8", Int8(), (Prune(0.8),)),
        Say(
            "80 % of the weights zero, then int8: smaller after gzip only, and no faster.",
            "80% 的权重置零，再转 int8：只有 gzip 之后更小，速度不变。",
        ),
        calibrates=True,
    ),
    Named(
        Recipe("prune-80-sparse", Sparse(), (Prune(0.8),)),
        Say(
            "80 % zeros in the file's sparse format: smaller as it lies, float32.",
            "80% 零值，用文件的稀疏格式保存：文件本身变小，仍为 float32。",
        ),
    ),
    Named(
        Recipe("prune-2-4-int8", Int8(), (PruneNM(2, 4),)),
        Say(
            "Two of four weights zero, then int8: for hardware that skips them.",
            "每四个权重中两个置零，再转 int8：适合能跳过零的硬件。",
        ),
        calibrates=True,
    ),
    Named(
        Recipe("channels-50-int8", Int8(), (PruneChannels(0.5, align=8),)),
        Say(
            "Half of the channels gone, then int8: smaller and faster everywhere.",
            "去掉一半通道，再转 int8：在任何硬件上都更小、更快。",
        ),
        calibrates=True,
    ),
    Named(
        Recipe("cluster-16-int8", Int8(), (Cluster(16),)),
        Say(
            "16 different weights per layer, then int8: smaller after gzip only.",
            "每层只有 16 种权重值，再转 int8：只有 gzip 之后更小。",
        ),
        calibrates=True,
    ),
    Named(
        Recipe("qat", Int8(), (QuantizeAware(),)),
        Say(
            "Quantization-aware training, then int8: when int8 alone loses too much.",
            "量化感知训练，再转 int8：用于直接 int8 掉点过多时。",
        ),
    ),
    Named(
        Recipe("pqat", Int8(), (Prune(0.8), QuantizeAware(preserve="sparsity"))),
        Say(
            "80 % zeros that survive quantization-aware training.",
            "80% 的零在量化感知训练中保持不变。",
        ),
    ),
    Named(
        Recipe("pcqat", Int8(), (FoldBatchNorm(), Prune(0.8), Cluster(16), QuantizeAware(preserve="both"))),
        Say(
            "Zeros and 16 clusters that survive quantization-aware training: the smallest after gzip.",
            "零值和 16 个聚类在量化感知训练中都保持：gzip 之后最小。",
        ),
    ),
)


def named(name: str) -> Named:
    """Return the recipe of that name.

    Raises:
        ValueError: there is none; the message lists them.
    """
    for entry in RECIPES:
        if entry.name == name:
            return entry
    known = ", ".join(entry.name for entry in RECIPES)
    raise ValueError(f"no recipe {name!r}; `course recipes` explains them: {known}")
