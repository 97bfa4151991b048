"""Topic 01 answered from the statement alone, built otherwise than our solution: memoryview casts, and one pass."""

import struct


def parse_tflite_header(buf):
    """Unpack both fields at once; whatever goes wrong is the same refusal."""
    try:
        offset, name = struct.unpack("<I4s", bytes(buf[:8]))
    except struct.error as error:
        raise ValueError("no header") from error
    if name != b"TFL3" or not offset < len(buf):
        raise ValueError("no .tflite")
    return {"identifier": name.decode("ascii"), "root_offset": offset}


def partition_delegate(ops, supported, min_nodes=1):
    """Walk once from left to right: close a run when it ends, and glue it to the last segment where both are CPU."""
    segments = []

    def close(run, wanted):
        if not run:
            return
        flag = wanted and len(run) >= min_nodes
        if segments and segments[-1][0] == flag:
            segments[-1] = (flag, segments[-1][1] + run)
        else:
            segments.append((flag, run))

    run, wanted = [], False
    for index, op in enumerate(ops):
        if (op in supported) != wanted:
            close(run, wanted)
            run, wanted = [], not wanted
        run.append(index)
    close(run, wanted)
    return tuple(segments)
