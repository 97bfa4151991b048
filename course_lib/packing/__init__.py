"""Pack a deployed ``.tflite`` without loss, and get the same bytes back.

Deep Compression's coder (relative index, codebook, Huffman) for files with few or mostly zero weights, with everything
counted that the decoder needs. A runtime cannot run a packed file: it saves transfer and storage, not memory.
"""

from course_lib.packing.container import Packed, pack, unpack
from course_lib.packing.errors import PackingError

__all__ = ["Packed", "PackingError", "pack", "unpack"]
