"""The committed schema table is that of the installed LiteRT, and cannot send the walker round in circles."""

import importlib.util
from pathlib import Path

from course_lib.inspection.derive_schema import SCHEMA_FILE, derive
from course_lib.inspection.schema import WIDTHS, schema


def test_the_schema_table_is_that_of_the_installed_litert():
    origin = importlib.util.find_spec("ai_edge_litert.schema_py_generated").origin
    assert derive(Path(origin).read_text()) == SCHEMA_FILE.read_text(), (
        "ai-edge-litert has another schema: run `python -m course_lib.inspection.derive_schema`"
    )


def test_every_reference_leads_to_a_known_table():
    found = schema()
    for name, fields in found.tables.items():
        assert [field.slot for field in fields] == sorted({field.slot for field in fields}), name
        for field in fields:
            if field.kind in {"table", "union"} or (field.kind == "vector" and field.of not in {*WIDTHS, "string"}):
                assert field.of in (found.unions if field.kind == "union" else found.tables), f"{name}.{field.name}"
            if field.kind == "union":
                assert any(other.name == f"{field.name}_type" and other.slot < field.slot for other in fields)


def test_tables_do_not_contain_themselves():
    """So the walker's recursion is as deep as the schema, whatever a file says."""
    found = schema()

    def depth(name, path=()):
        assert name not in path, f"{name} contains itself: {path}"
        below = [0]
        for field in found.tables[name]:
            inside = found.unions[field.of].values() if field.kind == "union" else [field.of]
            below += [depth(table, (*path, name)) for table in inside if table in found.tables]
        return 1 + max(below)

    assert depth("Model") <= 8
