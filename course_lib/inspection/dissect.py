"""``inspect``: from the bytes of a file to its anatomy."""

from typing import Any

from course_lib.inspection.anatomy import Anatomy
from course_lib.inspection.archive import associated_files
from course_lib.inspection.calls import check_calls
from course_lib.inspection.cost import with_costs
from course_lib.inspection.decode import decode
from course_lib.inspection.errors import ModelError
from course_lib.inspection.graph import Subgraph
from course_lib.inspection.lifetimes import with_live_bytes
from course_lib.inspection.roles import with_roles
from course_lib.inspection.sections import check_tiling, name_data, tile
from course_lib.inspection.tree import TreeReader
from course_lib.inspection.walk import Walker

_MOST_NOTES = 20


def inspect(model: Any) -> Anatomy:
    """Explain a ``.tflite`` to the last byte, without TensorFlow and without running it.

    Args:
        model: the file's bytes (bytes, bytearray, memoryview), or an object with such a ``content``, like an Artifact.

    Returns:
        Its anatomy: sections that add up to the file, operators, weights, contract, costs, scheme.

    Raises:
        ModelError: (a ValueError) the bytes are not a ``.tflite``, or are truncated, corrupted, cyclic or absurdly
            large. The message names the artifact, the object and the byte. Time and memory stay proportional to the
            file's size.
    """
    content, name = bytes_of(model), getattr(model, "name", "")
    try:
        return _inspect(content)
    except ModelError as problem:
        raise ModelError(f"{name}: {problem}" if name else str(problem)) from None


def _inspect(content: bytes) -> Anatomy:
    walker = Walker(content)
    reader = TreeReader(walker)
    root = reader.model()
    decoded = decode(root, walker)
    check_calls(decoded.subgraphs)
    subgraphs = tuple(with_live_bytes(with_costs(with_roles(graph))) for graph in decoded.subgraphs)
    after = max(stop for _, stop in walker.claims)
    files, archived = associated_files(content, after)
    claims = name_data(walker.claims.values(), decoded.spans, subgraphs, decoded.metadata)
    ranges = tile(content, claims + archived)
    check_tiling(ranges, len(content))
    return Anatomy(
        content=content,
        ranges=ranges,
        description=decoded.description,
        version=decoded.version,
        subgraphs=subgraphs,
        signatures=decoded.signatures,
        metadata=decoded.metadata,
        associated_files=files,
        notes=tuple([*sorted(reader.unknown), *_notes(subgraphs)][:_MOST_NOTES]),
    )


def bytes_of(model: Any) -> bytes:
    """Return the content of an Artifact, or of anything that is bytes; raise ModelError for anything else."""
    content = getattr(model, "content", model)
    if isinstance(content, bytes):
        return content
    if isinstance(content, (bytearray, memoryview)):
        return bytes(content)
    raise ModelError(
        f"inspect takes the bytes of a .tflite file or an Artifact, got {type(model).__name__}: "
        "read the file first, Path(...).read_bytes()"
    )


def _notes(subgraphs: tuple[Subgraph, ...]) -> list[str]:
    notes = []
    for graph in subgraphs:
        for tensor in graph.tensors:
            if tensor.external:
                notes.append(f"tensor {tensor.name!r}: its values lie in another file")
            elif tensor.stored_bytes and not tensor.sparsity and tensor.bytes not in {None, tensor.stored_bytes}:
                notes.append(
                    f"tensor {tensor.name!r}: {tensor.stored_bytes:,} bytes are stored, "
                    f"its shape {list(tensor.shape)} of {tensor.dtype} needs {tensor.bytes:,}"
                )
    return notes
