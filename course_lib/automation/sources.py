"""Anybody's model, read: a ``.tflite``, a SavedModel folder, ``.keras`` and ``.h5`` of Keras 2 or 3."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from course_lib import backend
from course_lib.automation.convert_worker import MARK
from course_lib.core import Artifact
from course_lib.inspection import inspect

Model = Any
SECONDS = 1800
_KINDS = "a .tflite, a .keras or .h5 file, or a SavedModel folder"


def load_source(path: Path, sample: tuple[int, ...] | None = None, *, trains: bool = False) -> Model | Artifact:
    """Return a Keras 2 model as such, and everything else as a float Artifact. A ``.tflite`` loads no TensorFlow.

    A Keras 3 model and a SavedModel are converted in a process of their own; that takes half a minute.

    Args:
        sample: the shape of one sample, for a model that leaves some of it open.
        trains: the model will be trained, so only Keras 2 will do; anything else is refused before it is converted.

    Raises:
        ValueError: there is no such model, it is damaged, it needs Python code that is not here, or cannot be trained.
        TensorFlowMissing: it has to be converted, and TensorFlow is not installed.
    """
    if not path.exists():
        raise ValueError(f"no model {path}: give {_KINDS}")
    if path.is_dir():
        if not (path / "saved_model.pb").is_file():
            raise ValueError(f"{path} is a folder without saved_model.pb: give {_KINDS}")
        _refuse_training(path, trains)
        return _converted(path, "savedmodel", sample)
    if path.suffix == ".tflite":
        _refuse_training(path, trains)
        artifact = Artifact.load(path)
        inspect(artifact)  # reads a damaged file without harm, and says where it breaks off
        return artifact
    if path.suffix not in (".keras", ".h5"):
        raise ValueError(f"{path.name} is neither: give {_KINDS}")
    version, config = _written_by(path)
    _refuse_lambda(path, config)
    if version.startswith("2"):
        return _keras_2(path)
    _refuse_training(path, trains)
    return _converted(path, "keras3", sample)


def to_float_artifact(model: Model, name: str, sample: tuple[int, ...] | None = None) -> Artifact:
    """Convert a Keras 2 model with several inputs or outputs, as the library's own road takes one of each."""
    with backend.scratch_folder() as folder:
        with backend.quiet_stderr():
            backend.tensorflow().saved_model.save(model, str(folder / name))
        return _converted(folder / name, "savedmodel", sample)


def _refuse_training(path: Path, trains: bool) -> None:
    if trains:
        raise ValueError(
            f"{path.name} cannot be trained here: training recipes need a Keras 2 model (.keras or .h5), because the "
            "TensorFlow Model Optimization toolkit wraps its layers only. Every recipe without training works"
        )


def _written_by(path: Path) -> tuple[str, str]:
    """Return the version of Keras that wrote a file, and its configuration as text, without loading either Keras."""
    if not backend.has_tensorflow():
        raise backend.TensorFlowMissing
    if path.suffix == ".keras" and zipfile.is_zipfile(path):
        try:
            with zipfile.ZipFile(path) as archive:
                version = str(json.loads(archive.read("metadata.json"))["keras_version"])
                return version, archive.read("config.json").decode()
        except (KeyError, ValueError, OSError, zipfile.BadZipFile) as problem:
            raise ValueError(f"{path.name} is damaged, or was not written by model.save: {problem}") from None
    import h5py

    try:
        with h5py.File(path) as file:
            config, version = file.attrs.get("model_config"), file.attrs.get("keras_version", "2")
    except OSError as problem:
        raise ValueError(f"{path.name} is damaged, or no Keras file: {problem}") from None
    if config is None:
        raise ValueError(f"{path.name} holds weights only: save the whole model with model.save({path.name!r})")
    return _text(version), _text(config)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _refuse_lambda(path: Path, config: str) -> None:
    if re.search(r'"class_name":\s*"Lambda"', config):
        raise ValueError(
            f"{path.name} has a Lambda layer: Python bytecode inside of the file, which would run here with your "
            "rights and only in the Python that wrote it. Write a graph instead: model.export('folder')"
        )


def _keras_2(path: Path) -> Model:
    keras = backend.keras()
    try:
        with backend.quiet_stderr():
            return keras.models.load_model(path, compile=False)
    except Exception as problem:
        raise ValueError(_explained(path, f"{type(problem).__name__}: {problem}")) from None


def _converted(path: Path, kind: str, sample: tuple[int, ...] | None) -> Artifact:
    if not backend.has_tensorflow():
        raise backend.TensorFlowMissing
    with backend.scratch_folder() as folder:
        out = folder / "float32.tflite"
        command = [sys.executable, "-m", "course_lib.automation.convert_worker", kind, str(path), str(out)]
        shape = json.dumps(sample if sample is None else list(sample))
        paths = filter(None, (str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH")))
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "TF_CPP_MIN_LOG_LEVEL": "3"}
        environment.pop("TF_USE_LEGACY_KERAS", None)
        run = subprocess.run([*command, shape], capture_output=True, text=True, timeout=SECONDS, env=environment)
        if run.returncode:
            lines = [line for line in run.stderr.splitlines() if line.startswith(MARK)]
            said = lines[-1].removeprefix(MARK) if lines else f"the converter ended with {run.returncode}"
            raise ValueError(_explained(path, said))
        return Artifact.load(out, path.stem)


def _explained(path: Path, said: str) -> str:
    """Say what a failed load means and what to do next."""
    line = " ".join(said.split())[:300]
    if re.search(
        r"unknown (layer|activation|object)|could not locate|custom_object|register_keras_serializable", said, re.I
    ):
        return (
            f"{path.name} uses a layer or function of somebody's own, whose code is not here ({line}). Where the model "
            "is made, write it as a graph, which needs no code: model.export('folder'), and give that folder"
        )
    if re.search(r"flex|select_tf_ops|custom op|neither a custom op nor a flex op", said, re.I):
        return f"{path.name} computes something that LiteRT has no operator for ({line}). Replace it in the model"
    return f"{path.name}: {line}"
