"""Running a model that is not trusted: whatever it does to the runtime, the caller gets an answer or a ModelError."""

import time

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as tfl
from ai_edge_litert.interpreter import Interpreter

from course_lib.inspection import ModelError, inspect, run_isolated, sandbox
from tests import inspection_models as models


def images(count=1):
    return np.random.default_rng(0).random((count, 12, 12, 2), np.float32)


def test_the_outputs_are_those_of_the_runtime_here():
    content = models.content("float32")
    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], images())
    interpreter.invoke()
    expected = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    [found] = run_isolated(content, [images()])
    np.testing.assert_array_equal(found, expected)


def test_inputs_go_by_name_and_may_be_resized():
    [by_signature] = run_isolated(models.content("float32"), {"conv2d_input": images(3)})
    [by_tensor] = run_isolated(models.content("float32"), {"serving_default_conv2d_input:0": images(3)})
    assert by_signature.shape == (3, 9)
    np.testing.assert_array_equal(by_signature, by_tensor)
    with pytest.raises(ModelError, match="the model's inputs are conv2d_input, not picture"):
        run_isolated(models.content("float32"), {"picture": images()})


def endless_recursion():
    """A branch that runs itself: 700 bytes that are a well-formed flatbuffer, and that overflow the runtime's stack."""
    options = tfl.IfOptionsT()
    options.thenSubgraphIndex = options.elseSubgraphIndex = 1

    def graph():
        flags = [models.tensor([1], "BOOL"), models.tensor([1], "BOOL")]
        return models.subgraph(flags, [models.operator(0, [0, 0], [1], options)], [0], [1])

    return models.pack(["IF"], [graph(), graph()])


def test_a_native_crash_is_an_error_and_names_the_signal():
    with pytest.raises(ModelError, match=r"the runtime crashed with SIG(SEGV|BUS|ABRT|ILL)"):
        run_isolated(endless_recursion(), [np.ones(1, bool)])
    with pytest.raises(ModelError, match="subgraph 1 runs itself"):
        inspect(endless_recursion())  # and inspection refuses the file without running it


def test_an_endless_loop_is_stopped():
    begun = time.monotonic()
    inputs = {"x": np.ones((1, 8), np.float32), "steps": np.int32(2**31 - 1)}
    with pytest.raises(ModelError, match="did not finish within 2 s"):
        run_isolated(models.content("loop"), inputs, timeout_s=2)
    assert time.monotonic() - begun < 30


@pytest.mark.skipif("sys.platform != 'linux'")
def test_memory_is_limited():
    length = np.array([2**29], np.int32).tobytes()
    tensors = [models.tensor([1], "INT32", buffer=1), models.tensor([]), models.tensor([2**29])]  # 2 GiB of output
    graph = models.subgraph(tensors, [models.operator(0, [0, 1], [2])], [1], [2])
    with pytest.raises(ModelError, match=r"refused|crashed"):
        run_isolated(models.pack(["FILL"], [graph], [length]), [np.float32(0)], memory_mb=1000)


@pytest.mark.parametrize(
    ("content", "inputs", "says"),
    [
        (b"no model at all", [], "refused"),
        (b"", [], "refused"),
        (models.content("int8")[:5000], [np.zeros((1, 12, 12, 2), np.int8)], "refused"),
        (models.content("int8"), [images()], "refused: ValueError: .*type"),
        (models.content("int8"), [], "has 1 inputs, 0 were given"),
        (models.content("int8"), [np.array([None])], "Python objects"),
        (12, [], "bytes of a .tflite"),
    ],
    ids=["text", "empty", "truncated", "type", "missing", "objects", "number"],
)
def test_what_the_runtime_refuses_is_said(content, inputs, says):
    with pytest.raises(ModelError, match=says):
        run_isolated(content, inputs)


@pytest.mark.parametrize(
    ("program", "says"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "crashed with SIGSEGV"),
        ("import sys; sys.exit(7)", "ended with code 7"),
        ("print('not an archive')", "answer cannot be read"),
        ("pass", "answer cannot be read"),
        ("import numpy, sys; numpy.save(sys.stdout.buffer, [None], allow_pickle=True)", "answer cannot be read"),
        ("import sys, subprocess; subprocess.run(['sleep', '60'])", "did not finish"),
    ],
    ids=["crash", "exit", "noise", "silence", "pickle", "child"],
)
def test_a_worker_that_was_taken_over_cannot_harm_the_caller(monkeypatch, program, says):
    monkeypatch.setattr(sandbox, "_start", lambda: program)
    begun = time.monotonic()
    with pytest.raises(ModelError, match=says):
        run_isolated(models.content("int8"), [np.zeros((1, 12, 12, 2), np.int8)], timeout_s=3)
    assert time.monotonic() - begun < 30
