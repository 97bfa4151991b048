"""Names and widths of tensor types."""

from course_lib.inspection.schema import schema

BITS = {
    "float64": 64,
    "float32": 32,
    "float16": 16,
    "bfloat16": 16,
    "float8_e4m3fn": 8,
    "float8_e5m2": 8,
    "complex64": 64,
    "complex128": 128,
    "int64": 64,
    "uint64": 64,
    "int32": 32,
    "uint32": 32,
    "int16": 16,
    "uint16": 16,
    "int8": 8,
    "uint8": 8,
    "bool": 8,
    "int4": 4,
    "uint4": 4,
    "int2": 2,
}
"""Bits per element; string, resource and variant tensors have no fixed width."""
FLOATS = frozenset({"float64", "float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2"})
QUANTIZED = frozenset({"int8", "uint8", "int16", "int4", "uint4", "int2"})
"""Types that stand for real numbers by a scale and a zero point."""


def dtype_name(code: int) -> str:
    """Return the type's name in lower case, ``type_99`` for one that the schema does not know."""
    return schema().enums["TensorType"].get(code, f"type_{code}").lower()


def dense_bytes(dtype: str, elements: int) -> int | None:
    """Return the bytes of a dense tensor, packed without gaps (int4: two in a byte), or None without a fixed width."""
    bits = BITS.get(dtype)
    return None if bits is None else (elements * bits + 7) // 8
