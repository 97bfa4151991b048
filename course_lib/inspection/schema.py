"""The TFLite schema as data: which field sits in which slot of which table, read from schema.txt."""

from dataclasses import dataclass
from functools import cache

from course_lib.inspection.derive_schema import SCHEMA_FILE

WIDTHS = {"bool": 1, "i8": 1, "u8": 1, "i16": 2, "u16": 2, "i32": 4, "u32": 4, "i64": 8, "u64": 8, "f32": 4, "f64": 8}


@dataclass(frozen=True)
class Field:
    """One field of a table: its slot in the vtable and how to read it.

    ``kind`` is "scalar", "string", "table", "union" or "vector"; ``of`` names the scalar type, the table, the union, or
    what the vector holds; ``default`` is the value of a scalar that the file leaves out.
    """

    slot: int
    name: str
    kind: str
    of: str
    default: float


@dataclass(frozen=True)
class Schema:
    """tables: name -> fields by slot; slots: table -> how many it has, gaps included;
    unions: name -> {type number: table}; enums: name -> {number: key}.
    """

    tables: dict[str, tuple[Field, ...]]
    slots: dict[str, int]
    unions: dict[str, dict[int, str]]
    enums: dict[str, dict[int, str]]


@cache
def schema() -> Schema:
    """Return the schema, parsed once per process (about 2 ms)."""
    tables: dict[str, tuple[Field, ...]] = {}
    unions: dict[str, dict[int, str]] = {}
    enums: dict[str, dict[int, str]] = {}
    for line in SCHEMA_FILE.read_text().splitlines():
        kind, name, *entries = line.split(" ")
        if kind == "table":
            tables[name] = tuple(_field(entry) for entry in entries)
        elif kind == "union":
            unions[name] = {int(number): table for number, table in (entry.split("=") for entry in entries)}
        else:
            enums[name] = {int(number): key for key, number in (entry.split("=") for entry in entries)}
    slots = {name: fields[-1].slot + 1 if fields else 0 for name, fields in tables.items()}
    return Schema(tables, slots, unions, enums)


def _field(entry: str) -> Field:
    slot, name, described = entry.split(":")
    kind, _, default = described.partition("=")
    if kind in WIDTHS:
        return Field(int(slot), name, "scalar", kind, float(default or 0) if "f" in kind else int(default or 0))
    if kind == "string":
        return Field(int(slot), name, "string", kind, 0)
    if kind.startswith("union/"):
        return Field(int(slot), name, "union", kind.removeprefix("union/"), 0)
    if kind.startswith("["):
        return Field(int(slot), name, "vector", kind.strip("[]"), 0)
    return Field(int(slot), name, "table", kind, 0)
