"""Sketches: files written without TensorFlow that load, run, count, and quantize like converted ones."""

import subprocess
import sys

import numpy as np
import pytest

from course_lib.core import Artifact
from course_lib.evaluation import predict
from course_lib.evaluation.runtime import delegate_name, open_interpreter, sample_inputs
from course_lib.inspection import inspect
from course_lib.models import Sketch
from course_lib.techniques import quantizer


def branched(seed=0):
    net = Sketch((1, 12, 12, 3), seed=seed)
    stem = net.conv(net.input, 8, strides=2)
    branch = net.conv(net.depthwise(stem), 8, 1, relu=False)
    return net.artifact(net.dense(net.mean(net.unary("LOGISTIC", net.add(stem, branch))), 5, relu=False))


def test_a_sketch_has_the_operators_shapes_and_macs_that_were_drawn():
    anatomy = inspect(branched().content)
    names = [op.name for op in anatomy.subgraphs[0].operators]
    assert names == ["CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D", "ADD", "LOGISTIC", "MEAN", "FULLY_CONNECTED"]
    assert anatomy.macs == 36 * 8 * 27 + 36 * 8 * 9 + 36 * 8 * 8 + 8 * 5
    assert [port.shape for port in (*anatomy.inputs, *anatomy.outputs)] == [(1, 12, 12, 3), (1, 5)]
    assert not anatomy.notes
    assert not anatomy.unreferenced


def test_dense_layers_compute_what_numpy_does():
    net = Sketch((2, 3, 2))
    artifact = net.artifact(net.dense(net.dense(net.flatten(net.input), 7), 4, relu=False))
    constants = {tensor.name: tensor for tensor in inspect(artifact.content).subgraphs[0].tensors if tensor.span}

    def weights(name):
        tensor = constants[name]
        return np.frombuffer(artifact.content[slice(*tensor.span)], np.float32).reshape(tensor.shape)

    x = np.random.default_rng(1).normal(size=(2, 3, 2)).astype(np.float32)
    expected = np.maximum(x.reshape(2, 6) @ weights("weights_1").T, 0) @ weights("weights_2").T
    np.testing.assert_allclose(predict(artifact, x), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("xnnpack", [True, False])
def test_a_sketch_runs_with_and_without_the_delegate(xnnpack):
    interpreter = open_interpreter(branched(), xnnpack=xnnpack)
    for index, value in sample_inputs(interpreter).items():
        interpreter.set_tensor(index, value)
    interpreter.invoke()
    assert np.isfinite(interpreter.get_tensor(interpreter.get_output_details()[0]["index"])).all()
    assert (delegate_name(interpreter) == "XNNPACK") == xnnpack


@pytest.mark.parametrize("recipe", ["dynamic_wi8_afp32", "dynamic_wi4c_afp32", "static_wi8_ai8", "static_wi8_ai16"])
def test_every_recipe_takes_a_sketch(recipe):
    images = np.random.default_rng(0).random((4, 12, 12, 3), np.float32)
    content = quantizer.quantize(branched().content, quantizer.named(recipe), images)
    assert inspect(content).scheme != "float32"
    open_interpreter(Artifact(recipe, content)).invoke()


def test_the_seed_decides_the_weights():
    assert branched(1).content == branched(1).content
    assert branched(1).content != branched(2).content


def test_adding_what_does_not_fit_is_refused():
    net = Sketch((1, 4, 4, 1))
    with pytest.raises(ValueError, match="one shape"):
        net.add(net.input, net.conv(net.input, 2))


def test_drawing_loads_no_tensorflow():
    code = (
        "import sys; from course_lib.models import Sketch; net = Sketch((1, 4)); "
        "net.artifact(net.dense(net.input, 2)); print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
