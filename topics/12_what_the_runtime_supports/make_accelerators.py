"""Ask two more runtimes about the files of operators.zip: TFLite Micro runs them, an NPU's compiler claims them.

    PYTHONPATH=. python topics/12_what_the_runtime_supports/make_accelerators.py --openvino FOLDER

Writes accelerators.json. FOLDER holds libopenvino.so of OpenVINO 2026.3.1 (`pip install openvino==2026.3.1` anywhere,
then site-packages/openvino/libs); with it the plugin in the ai-edge-litert wheel partitions for an Intel NPU, offline.
TFLite Micro comes with the extras (`tflite-micro`, Linux x86-64). Every file runs in a process of its own, because a
kernel of TFLite Micro may end the process. No TensorFlow; about a minute.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import ai_edge_litert

from course_lib import Environment

HERE = Path(__file__).parent
MODES = ("float32", "wi8", "int8", "int8 converter", "int16x8", "int16x8 converter", "wi4c")
SOC = "LNL"
MICRO = """
import sys
import numpy as np
from tflite_micro.python.tflite_micro import runtime
interpreter = runtime.Interpreter.from_file(sys.argv[1], arena_size=1 << 20)
details = interpreter.get_input_details(0)
values = np.random.default_rng(0).uniform(-1, 1, details["shape"])
scales = details["quantization_parameters"]["scales"]
if len(scales):
    limits = np.iinfo(details["dtype"])
    values = np.clip(np.round(values / scales[0]) + details["quantization_parameters"]["zero_points"][0],
                     limits.min, limits.max)
interpreter.set_input(values.astype(details["dtype"]), 0)
interpreter.invoke()
print("ran", interpreter.get_output(0).shape)
"""


def micro(path):
    """Return "runs", or the last thing that TFLite Micro said."""
    done = subprocess.run(
        [sys.executable, "-c", MICRO, path], capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode == 0 and "ran" in done.stdout:
        return "runs"
    lines = [
        line
        for line in done.stderr.splitlines()
        if line.strip() and not line.startswith(("Traceback", " "))
    ]
    wanted = [line for line in lines if "Error" not in line and "INFO" not in line] or lines
    return wanted[0].strip()[:120] if wanted else f"exit status {done.returncode}"


def npu(path, openvino):
    """Return [operators claimed, operators, partitions] of an Intel NPU's compiler."""
    wheel = Path(ai_edge_litert.__file__).parent
    with tempfile.TemporaryDirectory() as folder:
        command = [
            str(wheel / "tools" / "apply_plugin_main"), "--cmd=partition", "--soc_manufacturer=IntelOpenVINO",
            f"--soc_model={SOC}", f"--libs={wheel / 'vendors' / 'intel_openvino' / 'compiler'}",
            f"--model={path}", f"--o={Path(folder) / 'out.tflite'}",
        ]  # fmt: skip
        environment = os.environ | {"LD_LIBRARY_PATH": f"{openvino}:{wheel}"}
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=60, check=False
        )
    said = done.stdout + done.stderr
    if "Loaded 1 plugins" not in said:
        raise SystemExit(
            f"the plugin did not load; is {openvino} the folder of libopenvino.so?\n{said[-600:]}"
        )
    parts = [
        int(count)
        for count in re.findall(r"new subgraphs graph\)LiteRtSubgraph : \[ #ops=(\d+)", said)
    ]
    return [sum(parts), len(parts)]


def main():
    """Probe every file of the chosen modes, and the whole phone network of lesson 01."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--openvino", required=True, help="folder that holds libopenvino.so of 2026.3.1"
    )
    openvino = parser.parse_args().openvino
    begin = time.perf_counter()
    found = {}
    with (
        zipfile.ZipFile(HERE / "operators.zip") as archive,
        tempfile.TemporaryDirectory() as folder,
    ):
        for name in archive.namelist():
            if name.removesuffix(".tflite").split("/")[1] in MODES:
                path = str(archive.extract(name, folder))
                found[name] = {"micro": micro(path), "npu": npu(path, openvino)}
    record = {
        "command": "PYTHONPATH=. python topics/12_what_the_runtime_supports/make_accelerators.py --openvino FOLDER",
        "seconds": round(time.perf_counter() - begin, 1),
        "tflite-micro": version("tflite-micro"),
        "npu": f"Intel {SOC}, OpenVINO 2026.3.1, partitioned offline by ai-edge-litert {version('ai-edge-litert')}",
        "environment": asdict(Environment.here()),
        "files": found,
    }
    (HERE / "accelerators.json").write_text(json.dumps(record, indent=1) + "\n")
    print(len(found), "files in", record["seconds"], "s")


if __name__ == "__main__":
    main()
