"""Derive the schema table that the walker follows from LiteRT's own generated schema module.

    python -m course_lib.inspection.derive_schema        # rewrites schema.txt beside this file

The generated module (20,000 lines) takes longer to import than a model takes to inspect, and its accessors do not check
bounds. So its facts, field slots, kinds and defaults, are kept as 300 short lines. A test derives them again from the
installed ai-edge-litert and compares: after an upgrade the test fails until this command has been run.
"""

import importlib.util
import re
from pathlib import Path

SCHEMA_FILE = Path(__file__).with_name("schema.txt")
_SCALARS = {
    "Bool": "bool",
    "Int8": "i8",
    "Uint8": "u8",
    "Int16": "i16",
    "Uint16": "u16",
    "Int32": "i32",
    "Uint32": "u32",
    "Int64": "i64",
    "Uint64": "u64",
    "Float32": "f32",
    "Float64": "f64",
}


def derive(source: str) -> str:
    """Return the text of schema.txt for the text of a flatc-generated Python module.

    There are three kinds of line: ``enum NAME KEY=VALUE ...``, ``union NAME VALUE=TABLE ...`` and
    ``table NAME SLOT:FIELD:KIND ...``. KIND is a scalar with its default (``i32=1``), ``string``, a table,
    ``union/NAME``, or a vector of one of them (``[i32]``).

    Raises ValueError for a construct that this reader does not know: better than a table with a hole in it.
    """
    bodies = {m[1]: m[2] for m in re.finditer(r"^class (\w+)\(object\):\n(.*?)(?=^class |\Z)", source, re.M | re.S)}
    unions = dict(
        _union(m[1], m[2]) for m in re.finditer(r"^def (\w+)Creator\(.*?\):\n(.*?)(?=^\S)", source, re.M | re.S)
    )
    lines = []
    for name, body in bodies.items():
        values = re.findall(r"^    (\w+) = (-?\d+)$", body, re.M)
        if name in unions:
            number = dict(values)
            lines.append(f"union {name} " + " ".join(f"{number[key]}={table}" for key, table in unions[name]))
        elif "self._tab" in body:
            lines.append(f"table {name} " + " ".join(_fields(name, body, bodies.get(name + "T", ""))))
        elif values:
            lines.append(f"enum {name} " + " ".join(f"{key}={value}" for key, value in values))
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _union(name: str, body: str) -> tuple[str, list[tuple[str, str]]]:
    members = re.findall(rf"if unionType == {name}\.\w+:\n\s+return (\w+)T\.InitFromBuf", body)
    numbers = re.findall(rf"if unionType == {name}\.(\w+):", body)
    return name, list(zip(numbers, members, strict=True))


def _fields(name: str, body: str, object_api: str) -> list[str]:
    fields = []
    pattern = rf"^def {name}Add(\w+)\(builder, (\w+)\):\n    builder\.Prepend(\w+?)Slot\((\d+), .*, (\S+)\)$"
    for accessor, parameter, kind, slot, default in re.findall(pattern, body, re.M):
        field = re.sub(r"(?<!^)(?=[A-Z])", "_", parameter).lower()
        if kind in _SCALARS:
            value = {"False": "0", "True": "1"}.get(default, default)
            described = _SCALARS[kind] + ("" if float(value) == 0 else f"={value}")
        elif kind == "UOffsetTRelative":
            described = _reference(name, accessor, body, object_api)
        else:
            raise ValueError(f"{name}.{field}: Prepend{kind}Slot is unknown to derive_schema")
        fields.append(f"{slot}:{field}:{described}")
    return fields


def _reference(name: str, accessor: str, body: str, object_api: str) -> str:
    read = re.search(rf"^    def {accessor}\(self.*?(?=^    # |^def )", body, re.M | re.S)
    if read is None:
        raise ValueError(f"{name}.{accessor}: no accessor in the generated module")
    table = re.search(r"obj = (\w+)\(\)$", read[0], re.M)
    scalar = re.search(r"number_types\.(\w+)Flags, a \+", read[0])
    if "self._tab.Union(" in read[0]:
        union = re.search(rf"= (\w+)Creator\(self\.\w+, \w+\.{accessor}\(\)\)", object_api)
        if union is None:
            raise ValueError(f"{name}.{accessor}: a union without a creator")
        return f"union/{union[1]}"
    if "self._tab.Vector(" not in read[0]:
        return table[1] if table else "string"
    if table:
        return f"[{table[1]}]"
    return f"[{_SCALARS[scalar[1]]}]" if scalar else "[string]"


def main() -> None:
    """Write schema.txt from the installed ai-edge-litert."""
    spec = importlib.util.find_spec("ai_edge_litert.schema_py_generated")
    if spec is None or spec.origin is None:
        raise SystemExit("ai-edge-litert is not installed: run ``pip install ai-edge-litert``")
    SCHEMA_FILE.write_text(derive(Path(spec.origin).read_text()))


if __name__ == "__main__":
    main()
