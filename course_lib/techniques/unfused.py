"""The baseline for fusion: a file in which batch normalization and activations are operators of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from course_lib.core import Artifact, Dataset, Export
from course_lib.techniques import converter
from course_lib.techniques.roads import refuse_quantization_aware

Model = Any


@dataclass(frozen=True)
class Unfused(Export):
    """Float32 with every intermediate as an output, which keeps the converter from fusing. Keras models only.

    To time against, not to deploy. The first output is the logits, equal to the fused file's up to float rounding.
    """

    def __call__(self, model: Model | Artifact, data: Dataset | None = None) -> Artifact:
        """Return the artifact.

        Raises:
            ValueError: ``model`` is an Artifact (what was fused cannot be taken apart), or quantization-aware.
        """
        if isinstance(model, Artifact):
            raise ValueError(f"{model.name} is fused already: Unfused() takes the Keras model that it was made of")
        refuse_quantization_aware(model, "Unfused")
        return Artifact("unfused", converter.unfused(model))
