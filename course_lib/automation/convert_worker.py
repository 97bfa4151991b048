"""A Keras 3 model or a SavedModel becomes a float ``.tflite``: run as a process of its own.

    python -m course_lib.automation.convert_worker keras3|savedmodel SOURCE OUT.tflite [SHAPE as JSON]

Keras 2 and Keras 3 cannot live in one process, and a SavedModel is somebody else's graph. What goes wrong is the last
line of stderr, after ``CONVERT-ERROR``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from course_lib import backend
from course_lib.core.files import write_whole

MARK = "CONVERT-ERROR "


def main(kind: str, source: str, out: str, shape: str = "null") -> None:
    """Convert, and write the file whole."""
    wanted = json.loads(shape)
    if kind == "savedmodel":
        content = from_saved_model(Path(source), wanted)
    else:
        with backend.scratch_folder() as folder:
            export(source, folder / "exported")
            content = from_saved_model(folder / "exported", wanted)
    write_whole(out, content)


def export(source: str, folder: Path) -> None:
    """Write a Keras 3 model as a SavedModel: a graph that needs no Python class."""
    model = backend.keras_3().saving.load_model(source, compile=False)
    model.export(str(folder), format="tf_saved_model", verbose=False)


def from_saved_model(folder: Path, wanted: list[int] | None) -> bytes:
    """Convert the serving signature to float32, with a batch of 1.

    Args:
        wanted: the shape of one sample, for an input that leaves some of its dimensions open; None when unknown.

    Raises:
        ValueError: there is no signature to serve by, or an input is open and no shape was given.
    """
    tf = sys.modules.get("tensorflow") or backend.tensorflow()
    loaded = tf.saved_model.load(str(folder))
    if not loaded.signatures:
        raise ValueError("it has no signature: save it with signatures=..., or with model.export(folder)")
    names = list(loaded.signatures)
    name = next((known for known in ("serving_default", "serve") if known in names), names[0])
    serve = loaded.signatures[name]
    inputs = serve.structured_input_signature[1]
    specs = {port: _fixed(tf, port, spec, wanted) for port, spec in inputs.items()}

    @tf.function(input_signature=[specs])  # type: ignore[untyped-decorator,unused-ignore]
    def run(samples: dict[str, Any]) -> Any:
        return serve(**samples)

    owner = tf.Module()
    owner.run, owner.loaded = run, loaded
    with backend.scratch_folder() as scratch:
        # Through a SavedModel again: its signature gives the file the names of inputs and outputs.
        by_name = tf.function(lambda **samples: serve(**samples))
        concrete = by_name.get_concrete_function(**specs)
        tf.saved_model.save(owner, str(scratch / "fixed"), signatures=concrete)
        converter = tf.lite.TFLiteConverter.from_saved_model(str(scratch / "fixed"))
        content: bytes = converter.convert()
    return content


def _fixed(tf: Any, port: str, spec: Any, wanted: list[int] | None) -> Any:
    if spec.shape.rank is None:
        raise ValueError(f"input {port} has no rank: give it a shape where it is made")
    sizes = spec.shape.as_list()
    rest = sizes[1:]
    if None in rest:
        if wanted is None or len(wanted) != len(rest):
            raise ValueError(f"input {port} has the open shape {tuple(sizes)}: give --data, its samples settle it")
        rest = [given if size is None else size for size, given in zip(rest, wanted, strict=True)]
    return tf.TensorSpec([1, *rest] if sizes else [], spec.dtype, name=port)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Exception as problem:  # whatever it is, the process that asked reads one line
        line = " ".join(str(problem).split()) or type(problem).__name__
        sys.exit(f"{MARK}{type(problem).__name__}: {line[:2000]}")
