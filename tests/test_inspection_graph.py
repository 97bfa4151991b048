"""The graph, the contract, the scheme: against LiteRT's interpreter and against files whose recipe is known."""

import json
import pickle

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as tfl
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from course_lib.inspection import inspect
from course_lib.inspection.scheme import SCHEMES
from course_lib.models import float_tflite
from course_lib.techniques import quantizer
from tests import inspection_models as models

SCHEME_OF = {
    "float32": "float32",
    "float16": "float16",
    "dynamic_range": "dynamic_range",
    "int8": "int8",
    "int16x8": "int16x8",
    "sparse": "sparse",
    "int4_channel": "int4",
    "int4_block": "int4",
    "weight_only": "dynamic_range",
    "quantizer_int8": "int8",
    "float_island": "int8",
    "mixed": "mixed",
    "loop": "float32",
}
RECIPE_OF = {
    "float32": {"wfp32_afp32"},
    "float16": {"wfp16_afp32"},
    "dynamic_range": {"dynamic_wi8_afp32", "wfp32_afp32"},
    "int8": {"static_wi8_ai8"},
    "int16x8": {"static_wi8_ai16"},
    "int4_channel": {"dynamic_wi4c_afp32", "wfp32_afp32"},
    "int4_block": {"dynamic_wi4b32_afp32", "wfp32_afp32"},
    "weight_only": {"weight_only_wi8_afp32"},
    "mixed": {"static_wi8_ai8", "wfp32_afp32"},
}


@pytest.mark.parametrize("name", models.FILES)
def test_the_scheme_is_that_of_the_recipe_which_made_the_file(name):
    assert inspect(models.content(name)).scheme == SCHEME_OF[name]


def test_every_scheme_is_tried():
    assert set(SCHEME_OF.values()) == set(SCHEMES)


@pytest.mark.parametrize("name", RECIPE_OF)
def test_recipes_have_the_quantizers_names(name):
    assert set(inspect(models.content(name)).recipes) == RECIPE_OF[name]


@pytest.mark.parametrize(
    ("recipe", "scheme", "word"),
    [
        ("dynamic_wi8_afp32", "dynamic_range", "dynamic_wi8_afp32"),
        ("dynamic_wi4c_afp32", "int4", "dynamic_wi4c_afp32"),
        ("dynamic_wi4b32_afp32", "mixed", "dynamic_wi4b32_afp32"),  # its convolutions, which have no blocks, stay float
        ("weight_only_wi4_afp32", "int4", "weight_only_wi4c_afp32"),
        ("dynamic_wi2c_afp32", "int4", "dynamic_wi2c_afp32"),
    ],
)
def test_the_course_model_through_the_quantizer(recipe, scheme, word):
    anatomy = inspect(quantizer.quantize(float_tflite("baseline").content, quantizer.named(recipe)))
    assert anatomy.scheme == scheme
    assert word in anatomy.recipes
    assert anatomy.sections["unreferenced"] == 0


def test_small_float_weights_are_tolerated_only_beside_float_activations():
    anatomy = inspect(models.content("dynamic_range"))
    assert anatomy.recipes["wfp32_afp32"] < anatomy.recipes["dynamic_wi8_afp32"]
    assert inspect(models.content("mixed")).recipes["wfp32_afp32"] == 2048 + 288


@pytest.mark.parametrize("name", models.FILES)
def test_the_contract_is_the_interpreters(name):
    content = models.content(name)
    interpreter = Interpreter(
        model_content=content, experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    )
    anatomy = inspect(content)
    for ports, details in (
        (anatomy.inputs, interpreter.get_input_details()),
        (anatomy.outputs, interpreter.get_output_details()),
    ):
        assert len(ports) == len(details)
        for port, detail in zip(ports, details, strict=True):
            assert port.tensor == detail["name"]
            assert port.dtype == np.dtype(detail["dtype"]).name
            assert port.shape == tuple(detail["shape"])
            scale, zero_point = detail["quantization"]
            assert (port.scale or 0.0, port.zero_point or 0) == (pytest.approx(scale), zero_point)
    names = {port.name for port in anatomy.inputs}
    assert names == set(interpreter.get_signature_list()["serving_default"]["inputs"])


@pytest.mark.parametrize("name", models.FILES)
def test_operators_are_the_interpreters(name):
    content = models.content(name)
    interpreter = Interpreter(
        model_content=content, experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    )
    details = interpreter._get_ops_details()
    main = inspect(content).subgraphs[0]
    assert [op.name for op in main.operators] == [detail["op_name"] for detail in details]


def test_fused_activations_are_named():
    activations = [(op.name, op.activation) for _, op in inspect(models.content("float32")).operators]
    assert activations[:3] == [("CONV_2D", "relu"), ("DEPTHWISE_CONV_2D", "relu6"), ("CONV_2D", "relu")]
    assert activations[-1] == ("SOFTMAX", None)


def test_operators_are_counted_by_name_and_type():
    anatomy = inspect(models.content("float_island"))
    assert anatomy.ops_by_dtype["SIN"] == {"float32": 1}
    assert anatomy.ops_by_dtype["CONV_2D"] == {"int8": 1}
    assert sum(anatomy.ops.values()) == sum(sum(found.values()) for found in anatomy.ops_by_dtype.values())


def test_a_float_island_is_found_and_float_files_have_none():
    [island] = inspect(models.content("float_island")).float_islands
    assert island.names == ("SIN",)
    [dense] = inspect(models.content("mixed")).float_islands
    assert dense.names == ("FULLY_CONNECTED", "FULLY_CONNECTED")
    for name in ("float32", "float16", "dynamic_range", "weight_only", "int8", "int16x8"):
        assert inspect(models.content(name)).float_islands == ()


def test_dequantized_weights_are_listed_with_both_sizes():
    items = inspect(models.content("float16")).unpacked
    assert {item.via for item in items} == {("DEQUANTIZE",)}
    assert all(item.used_bytes == 2 * item.stored_bytes for item in items)
    weights = {item.name for item in items}
    assert len(weights) == len(items) == 7
    assert inspect(models.content("float32")).unpacked == ()
    assert {item.stored for item in inspect(models.content("weight_only")).unpacked} == {"int8"}


def test_sparse_weights_are_listed_and_densified():
    anatomy = inspect(models.content("sparse"))
    assert len(anatomy.sparse_tensors) == 4
    assert all(tensor.stored_bytes < tensor.bytes for tensor in anatomy.sparse_tensors)
    assert {item.via for item in anatomy.unpacked} == {("DENSIFY",)}
    assert anatomy.sections["sparsity"] > 0
    assert inspect(models.content("float32")).sections["sparsity"] == 0


def test_constants_have_the_role_in_which_operators_use_them():
    for name in ("float32", "float16", "int8", "int16x8", "sparse", "int4_block"):
        anatomy = inspect(models.content(name))
        roles = {}
        for tensor in anatomy.subgraphs[0].tensors:
            roles.setdefault(tensor.role, []).append(tensor)
        assert sum(tensor.elements for tensor in roles["weights"]) == 144 + 72 + 512 + 2048 + 288, name
        assert all(len(tensor.shape) in {2, 4} for tensor in roles["weights"]), name
        assert all(len(tensor.shape) == 1 for tensor in roles["biases"]), name
        assert [tensor.dtype for tensor in roles["constants"]] == ["int32"], name  # the shape of the RESHAPE


def test_scales_of_blocks_count_as_scales():
    content = models.content("int4_block")
    anatomy = inspect(content)
    scales = [tensor for tensor in anatomy.subgraphs[0].tensors if tensor.role == "quantization"]
    assert scales
    assert all(tensor.dtype == "float16" for tensor in scales)
    block = next(t for t in anatomy.subgraphs[0].tensors if t.dtype == "int4")
    assert block.quantization.block == 32
    assert anatomy.sections["quantization"] >= sum(tensor.stored_bytes for tensor in scales)


def test_subgraphs_signatures_and_calls():
    anatomy = inspect(models.content("loop"))
    assert len(anatomy.subgraphs) == 3
    [loop] = [op for _, op in anatomy.operators if op.name == "WHILE"]
    assert loop.calls == (1, 2)
    [signature] = anatomy.signatures
    assert set(signature.inputs) == {"x", "steps"}
    assert set(signature.outputs) == {"state"}


def test_a_custom_operator_and_its_options():
    import flatbuffers.flexbuffers

    options = np.frombuffer(bytes(flatbuffers.flexbuffers.Dumps({"max_detections": 10})), np.uint8)
    tensors = [models.tensor([1, 4]), models.tensor([1, 4])]
    custom = models.operator(0, [0], [1], customOptions=options)
    anatomy = inspect(models.pack(["custom:MyDetector"], [models.subgraph(tensors, [custom], [0], [1])]))
    assert anatomy.custom_ops == ("MyDetector",)
    [(_, op)] = anatomy.operators
    assert op.custom_options == {"max_detections": 10}
    assert op.macs is None
    assert anatomy.unknown_macs == ("MyDetector",)


def test_a_stored_size_that_does_not_fit_is_noted():
    assert "20 bytes are stored" in inspect(models.dense(weights=b"\1" * 20)).notes[0]
    assert inspect(models.dense()).notes == ()


def test_a_field_of_a_newer_schema_is_noted_not_refused():
    model = tfl.ModelT.InitFromPackedBuf(models.dense(), 0)
    content = bytearray(models.finish(model))
    root = int.from_bytes(content[:4], "little")
    vtable = root - int.from_bytes(content[root : root + 4], "little", signed=True)
    length = int.from_bytes(content[vtable : vtable + 2], "little")
    end = -(-len(content) // 4) * 4
    size = int.from_bytes(content[vtable + 2 : vtable + 4], "little")
    longer = content[vtable : vtable + length].ljust(4 + 2 * 14, b"\0") + (4).to_bytes(2, "little")
    longer[0:2] = len(longer).to_bytes(2, "little")
    content += bytes(end - len(content)) + longer
    content[root : root + 4] = (root - end).to_bytes(4, "little", signed=True)
    anatomy = inspect(bytes(content))
    assert anatomy.notes == ("Model has fields that this reader's schema does not know",)
    assert size > 4
    assert sum(anatomy.sections.values()) == len(content)


@pytest.mark.parametrize("name", models.FILES)
def test_the_json_has_what_the_report_promises(name):
    anatomy = inspect(models.content(name))
    told = json.loads(json.dumps(anatomy.to_json(), allow_nan=False))
    assert {"file_bytes", "gzip_bytes", "sections", "scheme", "ops", "inputs", "outputs", "custom_ops"} <= set(told)
    assert {"subgraphs", "tensors", "macs", "weights", "operators", "signatures", "metadata"} <= set(told)
    assert sum(told["sections"].values()) == told["file_bytes"]
    assert 0 < told["gzip_bytes"] <= told["file_bytes"] + 64
    assert sum(told["ops"].values()) == len(told["operators"])
    assert told["macs"] == sum(op["macs"] or 0 for op in told["operators"])


def test_an_anatomy_can_be_sent_to_another_process():
    anatomy = inspect(models.content("sparse"))
    copied = pickle.loads(pickle.dumps(anatomy))
    assert copied.to_json() == anatomy.to_json()
    [first, *_] = copied.to_json()["sparse_tensors"]
    assert first["stored_bytes"] < first["dense_bytes"]
    assert "sparse_csr" in first["formats"]


def test_the_anatomy_is_frozen():
    anatomy = inspect(models.content("int8"))
    with pytest.raises(AttributeError):
        anatomy.notes = ()
