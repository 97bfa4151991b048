"""Store the zeros of a pruned float network by where they are not: a file that shrinks without gzip.

The converter writes kernels in the compressed sparse format of the ``.tflite`` schema. It is smaller on disk; XNNPACK
unpacks most of it when it loads and computes as before, except 1x1 convolutions on ARM (Elsen et al. 2020,
arXiv:1911.09723). Sparse and quantized at once is what XNNPACK refuses to load, so this export stays float32.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from course_lib import backend
from course_lib.core import Artifact, Dataset, Export
from course_lib.techniques import converter
from course_lib.techniques.kernels import kernel_layers, sparsity

Model = Any


@dataclass(frozen=True)
class Sparse(Export):
    """Float32 with sparse kernels, for a pruned Keras model: ``Sparse()(Prune(0.8)(model, data))``."""

    def __call__(self, model: Model | Artifact, data: Dataset | None = None) -> Artifact:
        """Return the sparse artifact.

        Raises:
            ValueError: an Artifact was passed, the model is quantization-aware or not sparse enough for the encoding
                to pay, or the runtime does not load the file.
        """
        if isinstance(model, Artifact):
            raise ValueError("the sparse encoding is written when a Keras model is converted; pass the pruned model")
        kernel_layers(model)  # refuses wrapped layers, those of quantization-aware training among them
        dense, sparse = len(converter.float32(model)), converter.sparse(model)
        if len(sparse) >= dense:
            shares = ", ".join(f"{name} {share:.0%}" for name, share in sparsity(model).items())
            raise ValueError(f"sparse takes {len(sparse)} bytes, dense {dense}: prune more first. Zeros now: {shares}")
        _check_it_loads(sparse)
        return Artifact("sparse", sparse)


def _check_it_loads(content: bytes) -> None:
    from ai_edge_litert.interpreter import Interpreter

    try:
        with backend.quiet_stderr():
            Interpreter(model_content=content).allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise ValueError(f"the runtime does not load this sparse file, so it is of no use: {error}") from error
