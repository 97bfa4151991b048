"""``course compress``: one recipe on anybody's model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib.automation.inputs import ModelInputs, check_fit, read_inputs
from course_lib.automation.recipes import Named
from course_lib.automation.sources import load_source, to_float_artifact
from course_lib.core import Artifact
from course_lib.evaluation.runtime import open_interpreter
from course_lib.techniques.scopes import quantized_tensors

Model = Any


@dataclass(frozen=True)
class Compressed:
    """What came out, and the bytes of the float model where they are known."""

    artifact: Artifact
    float_bytes: int | None


def compress(model: Path, named: Named, data: Path | None) -> Compressed:
    """Apply a named recipe to a model file.

    Args:
        data: an ``.npz`` with ``x``, and with ``y`` for a recipe that trains; None for a recipe that needs neither.

    Raises:
        ValueError: model, data and recipe do not fit; nothing was written.
    """
    if data is None and (named.calibrates or named.trains):
        what = "labelled samples (x and y)" if named.trains else "samples to calibrate with (x)"
        raise ValueError(f"recipe {named.name} needs {what}: give --data FILE.npz")
    inputs = None if data is None else read_inputs(data, labelled=named.trains)
    source = prepare(model, inputs, trains=named.trains)
    try:
        artifact = named.recipe(source, inputs)  # type: ignore[arg-type]  # what needs no data takes None
    except ValueError:
        raise
    except Exception as problem:  # the converter's and the quantizer's own, in whatever kind they come
        line = " ".join(str(problem).split())[:300]
        raise ValueError(
            f"recipe {named.name} cannot be applied to {model.name}: {type(problem).__name__}: {line}"
        ) from None
    open_interpreter(artifact)  # what LiteRT refuses is not handed out
    return Compressed(artifact, source.raw_bytes if isinstance(source, Artifact) else None)


def prepare(model: Path, inputs: ModelInputs | None, *, trains: bool, labelled: bool | None = None) -> Model | Artifact:
    """Load a model and hold the data against it.

    Args:
        trains: it must stay a Keras model, with one input and one output of logits.
        labelled: check the labels too; None does where it trains.

    Raises:
        ValueError: they do not fit, or the model cannot be trained here.
    """
    sample = None if inputs is None else inputs.x_train.shape[1:]
    source = load_source(model, sample, trains=trains)
    if isinstance(source, Artifact):
        _refuse_quantized(source)
        if inputs is not None:
            open_interpreter(source)
    elif len(source.inputs) != 1 or len(source.outputs) != 1 or None in source.inputs[0].shape[1:]:
        if trains:
            raise ValueError(f"{model.name} cannot be trained here: it needs one input of a fixed shape and one output")
        source = to_float_artifact(source, model.stem, sample)
    if trains:
        _refuse_softmax(source)
    if inputs is not None:
        check_fit(source, inputs, labelled=trains if labelled is None else labelled)
    return source


def _refuse_quantized(artifact: Artifact) -> None:
    found = quantized_tensors(artifact.content)
    if found:
        kinds = ", ".join(sorted({kind for _, kind in found}))
        raise ValueError(
            f"{artifact.name} is compressed already ({len(found)} tensors as {kinds}): start from the float32 model "
            "that it was made of"
        )


def _refuse_softmax(model: Model) -> None:
    last = model.layers[-1]
    activation = getattr(getattr(last, "activation", None), "__name__", "")
    if activation == "softmax" or type(last).__name__ == "Softmax":
        raise ValueError(
            f"{model.name} ends in a softmax; what trains here computes its loss on logits. Rebuild the last layer "
            "with activation=None (the ranking of the classes stays), or use a recipe that does not train"
        )
