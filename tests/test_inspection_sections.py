"""The byte accounting: every byte once, in the section where it belongs."""

import io
import zipfile

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as tfl

from course_lib.core import Artifact
from course_lib.inspection import ModelError, inspect
from course_lib.inspection.sections import SECTIONS
from tests import inspection_models as models


@pytest.mark.parametrize("name", models.FILES)
def test_sections_tile_the_file(name):
    content = models.content(name)
    anatomy = inspect(content)
    stops = [0, *(claim.stop for claim in anatomy.ranges)]
    assert [claim.start for claim in anatomy.ranges] == stops[:-1]
    assert stops[-1] == len(content) == sum(anatomy.sections.values())
    assert tuple(anatomy.sections) == tuple(SECTIONS)
    assert anatomy.sections["unreferenced"] == 0


@pytest.mark.parametrize("name", models.FILES)
def test_litert_reads_the_same_graph(name):
    content = models.content(name)
    assert models.differences(inspect(content), content) == []


def test_the_referee_notices_a_difference():
    assert models.differences(inspect(models.content("int8")), models.content("float32"))


@pytest.mark.parametrize("name", models.FILES)
def test_buffer_bytes_are_those_that_litert_finds(name):
    content = models.content(name)
    referee = tfl.ModelT.InitFromPackedBuf(content, 0)
    stored = sum(len(buffer.data) for buffer in referee.buffers if buffer.data is not None)
    metadata = sum(len(referee.buffers[entry.buffer].data) for entry in referee.metadata or ())
    sections = inspect(content).sections
    constants = sum(sections[role] for role in ("weights", "biases", "constants"))
    scales = sum(t.stored_bytes for g in inspect(content).subgraphs for t in g.tensors if t.role == "quantization")
    assert constants + metadata + scales == stored


def test_an_artifact_is_accepted_and_other_things_are_not():
    content = models.content("int8")
    assert inspect(Artifact("a", content)).sections == inspect(bytearray(content)).sections
    with pytest.raises(ModelError, match="read the file first"):
        inspect("model.tflite")


def test_trailing_bytes_are_unreferenced_and_zeros_are_padding():
    content = models.dense()
    before = inspect(content).sections
    anatomy = inspect(content + bytes(5) + b"\1hidden\0\0secret" + bytes(3))
    assert anatomy.sections["unreferenced"] == len(b"\1hidden\0\0secret")
    assert anatomy.sections["padding"] == before["padding"] + 8
    [found] = anatomy.unreferenced
    assert found.start == len(content) + 5


def test_a_buffer_that_nothing_uses_is_unreferenced():
    payload = bytes(range(1, 100))
    anatomy = inspect(models.dense(buffers=[payload]))
    assert anatomy.sections["unreferenced"] == len(payload)
    assert "buffers[2]" in anatomy.unreferenced[0].label


def test_metadata_is_metadata_and_readable_text_is_read():
    anatomy = inspect(models.dense(buffers=[b"1.5.0\0\0\0"], metadata=[("min_runtime_version", 2)]))
    [entry] = anatomy.metadata
    assert (entry.name, entry.bytes, entry.text) == ("min_runtime_version", 8, "1.5.0")
    assert anatomy.sections["unreferenced"] == 0
    assert anatomy.sections["metadata"] > 8


def test_a_shared_buffer_counts_once():
    weights = np.arange(1, 25, dtype=np.uint8).tobytes()
    tensors = [
        models.tensor([1, 3], name="in"),
        models.tensor([2, 3], buffer=1, name="w"),
        models.tensor([2, 3], buffer=1, name="w again"),
        models.tensor([1, 2], name="a"),
        models.tensor([1, 2], name="b"),
    ]
    operators = [models.operator(0, [0, 1, -1], [3]), models.operator(0, [0, 2, -1], [4])]
    anatomy = inspect(models.pack(["FULLY_CONNECTED"], [models.subgraph(tensors, operators, [0], [3, 4])], [weights]))
    assert anatomy.sections["weights"] == len(weights)
    assert len(anatomy.weights) == 1


def test_weights_behind_the_flatbuffer_are_found_there():
    weights = np.arange(1, 25, dtype=np.uint8).tobytes()
    shell = with_outside_weights(offset=2**20, size=len(weights))  # to learn how long it is
    offset = -(-len(shell) // 16) * 16
    shell = with_outside_weights(offset, len(weights))
    content = shell.ljust(offset, b"\0") + weights
    anatomy = inspect(content)
    assert anatomy.subgraphs[0].tensors[1].span == (offset, offset + len(weights))
    assert anatomy.sections["weights"] == len(weights)
    assert anatomy.sections["unreferenced"] == 0
    with pytest.raises(ModelError, match="buffer 1, stored behind the flatbuffer"):
        inspect(content[:-1])


def with_outside_weights(offset, size):
    model = tfl.ModelT.InitFromPackedBuf(models.dense(), 0)
    model.buffers[1].data, model.buffers[1].offset, model.buffers[1].size = None, offset, size
    return models.finish(model)


def test_outside_weights_may_not_lie_inside_the_flatbuffer():
    with pytest.raises(ModelError, match="overlap"):
        inspect(with_outside_weights(offset=16, size=24))


def test_an_appended_archive_is_explained():
    labels = io.BytesIO()
    with zipfile.ZipFile(labels, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("labels.txt", "cat\ndog\n" * 50)
        archive.writestr("vocabulary.txt", "one two")
    content = models.dense()
    anatomy = inspect(content + labels.getvalue())
    assert [(file.name, file.bytes) for file in anatomy.associated_files] == [
        ("labels.txt", 400),
        ("vocabulary.txt", 7),
    ]
    assert anatomy.sections["archive"] == len(labels.getvalue())
    assert anatomy.sections["unreferenced"] == 0
    in_place = io.BytesIO(content)
    with zipfile.ZipFile(in_place, "a") as archive:  # as the metadata writer does: offsets count from the file's start
        archive.writestr("labels.txt", "cat\ndog\n")
    assert inspect(in_place.getvalue()).sections["unreferenced"] == 0


def test_a_broken_archive_stays_unreferenced():
    labels = io.BytesIO()
    with zipfile.ZipFile(labels, "w") as archive:
        archive.writestr("labels.txt", "cat")
    broken = bytearray(labels.getvalue())
    broken[0] = 0  # no longer a local header
    anatomy = inspect(models.dense() + bytes(broken))
    assert anatomy.associated_files == ()
    assert anatomy.sections["archive"] == 0
    assert anatomy.sections["unreferenced"] > 0


def test_a_size_prefixed_file_is_read():
    model = tfl.ModelT.InitFromPackedBuf(models.dense(), 0)
    builder = flatbuffers.Builder(1024)
    builder.FinishSizePrefixed(model.Pack(builder), b"TFL3")
    content = bytes(builder.Output())
    assert content[8:12] == b"TFL3"
    anatomy = inspect(content)
    assert sum(anatomy.sections.values()) == len(content)
    assert anatomy.ops == {"FULLY_CONNECTED": 1}


def test_a_vtable_may_declare_more_than_its_table_has():
    """Writers in Python share vtables by slots alone, so the declared size of a table can reach into its neighbour."""
    content = bytearray(models.content("float32"))
    root = int.from_bytes(content[:4], "little")
    vtable = root - int.from_bytes(content[root : root + 4], "little", signed=True)
    size = int.from_bytes(content[vtable + 2 : vtable + 4], "little")
    content[vtable + 2 : vtable + 4] = (size + 2).to_bytes(2, "little")
    assert inspect(bytes(content)).sections == inspect(models.content("float32")).sections
