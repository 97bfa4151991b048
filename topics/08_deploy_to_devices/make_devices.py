"""Ask a microcontroller's runtime and an NPU's compiler about lesson 08's files, and keep what they answer.

    PYTHONPATH=. python topics/08_deploy_to_devices/make_devices.py --openvino FOLDER

Writes record_devices.json. FOLDER holds libopenvino.so of OpenVINO 2026.3.1 (`pip install openvino==2026.3.1` anywhere,
then site-packages/openvino/libs). TFLite Micro comes with the extras (`tflite-micro`, Linux x86-64). Seed 0, no
TensorFlow, about ten seconds.
"""

import argparse
import json
import runpy
import tempfile
import time
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import numpy as np

from course_lib import (
    Artifact,
    DynamicRange,
    Environment,
    Float16,
    Int4,
    fashion_mnist,
    float_tflite,
    inspect,
)
from course_lib.deployment import MicroRefusedError, check_on_micro
from course_lib.models import Sketch
from course_lib.techniques import quantizer

HERE = Path(__file__).parent


def files():
    """Return the lesson's files by name."""
    data, float32 = fashion_mnist(), float_tflite()
    images = data.x_train[np.linspace(0, len(data.x_train) - 1, 200).astype(int)]

    def static(artifact, name):
        return quantizer.quantize(artifact.content, quantizer.named(name), images)

    net = Sketch((1, 28, 28, 1))
    x = net.conv(net.unary("SIN", net.conv(net.input, 16, strides=2)), 16, strides=2)
    sine = net.artifact(net.dense(net.flatten(x), 10, relu=False))
    return {
        "float32": float32,
        "float16": Float16()(float32),
        "dynamic range": DynamicRange()(float32),
        "int4": Int4()(float32),
        "int16x8": Artifact("int16x8", static(float32, "static_wi8_ai16")),
        "int8": Artifact("int8", static(float32, "static_wi8_ai8")),
        "int8 with SIN": Artifact("int8 with SIN", static(sine, "static_wi8_ai8")),
    }


def micro(artifact):
    """Return what check_on_micro found, or why TFLite Micro refuses."""
    try:
        return asdict(check_on_micro(artifact, samples=3))
    except MicroRefusedError as refusal:
        return {"refused": str(refusal)}


def main():
    """Probe every file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--openvino", required=True, help="folder that holds libopenvino.so of 2026.3.1"
    )
    openvino = parser.parse_args().openvino
    script = next(HERE.parent.glob("12_*/make_accelerators.py"))
    npu = runpy.run_path(str(script))["npu"]
    begin, found = time.perf_counter(), {}
    with tempfile.TemporaryDirectory() as folder:
        for name, artifact in files().items():
            path = Path(folder, "model.tflite")
            path.write_bytes(artifact.content)
            claimed, partitions = npu(str(path), openvino)
            found[name] = {
                "operators": len(inspect(artifact).subgraphs[0].operators),
                "claimed": claimed,
                "partitions": partitions,
                "micro": micro(artifact),
            }
    record = {
        "command": "PYTHONPATH=. python topics/08_deploy_to_devices/make_devices.py --openvino FOLDER",
        "seconds": round(time.perf_counter() - begin, 1),
        "tflite-micro": version("tflite-micro"),
        "npu": f"Intel LNL, OpenVINO 2026.3.1, partitioned offline by ai-edge-litert {version('ai-edge-litert')}",
        "environment": str(Environment.here()),
        "files": found,
    }
    (HERE / "record_devices.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
