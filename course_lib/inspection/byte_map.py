"""Pictures of a file as SVG: where its bytes are, and how much memory each operator needs."""

from html import escape

from course_lib.inspection.anatomy import Anatomy
from course_lib.inspection.words import word

COLOURS = {
    "weights": "#0072b2",
    "biases": "#56b4e9",
    "constants": "#009e73",
    "quantization": "#e69f00",
    "sparsity": "#a6611a",
    "operators": "#d55e00",
    "tensors": "#cc79a7",
    "subgraphs": "#882255",
    "signatures": "#aa4499",
    "buffers": "#999933",
    "metadata": "#117733",
    "strings": "#ddcc77",
    "vtables": "#6a51a3",
    "header": "#1a1a1a",
    "archive": "#44aa99",
    "padding": "#d9d9d9",
    "unreferenced": "#e31a1c",
}
"""Section -> fill. Colour is never the only sign: the table beside the picture says the same."""
_COLUMNS, _ROWS, _CELL = 80, 24, 10
_BARS = 160


def byte_map(anatomy: Anatomy, language: str = "en") -> str:
    """Return an ``<svg>`` of the file in reading order, with a title and a description for who cannot see it."""
    cells, cell_bytes = sections_in_order(anatomy)
    rows = -(-len(cells) // _COLUMNS)
    shapes = []
    for row in range(rows):
        line = cells[row * _COLUMNS : (row + 1) * _COLUMNS]
        start = 0
        for column in range(1, len(line) + 1):
            if column == len(line) or line[column] != line[start]:
                shapes.append(
                    f'<rect x="{start * _CELL}" y="{row * _CELL}" width="{(column - start) * _CELL}" '
                    f'height="{_CELL - 1}" fill="{COLOURS[line[start]]}"><title>{line[start]}</title></rect>'
                )
                start = column
    description = word("map text", language, cell=cell_bytes)
    return _svg("map", _COLUMNS * _CELL, rows * _CELL, word("in order", language), description, shapes)


def sections_in_order(anatomy: Anatomy) -> tuple[list[str], int]:
    """Cut the file into at most 1,920 cells of equal size; return the section that fills most of each, and the size."""
    cell_bytes = max(1, -(-anatomy.file_bytes // (_COLUMNS * _ROWS)))
    filled: list[dict[str, int]] = [{} for _ in range(-(-anatomy.file_bytes // cell_bytes))]
    for claim in anatomy.ranges:
        for cell in range(claim.start // cell_bytes, (claim.stop - 1) // cell_bytes + 1):
            inside = min(claim.stop, (cell + 1) * cell_bytes) - max(claim.start, cell * cell_bytes)
            filled[cell][claim.section] = filled[cell].get(claim.section, 0) + inside
    return [max(cell, key=lambda name: cell[name]) for cell in filled], cell_bytes


def live_bytes_chart(anatomy: Anatomy, language: str = "en") -> str:
    """Return an ``<svg>`` of the activation bytes alive at each operator of the main subgraph, "" without any."""
    operators = anatomy.subgraphs[0].operators
    peak = max(operators, key=lambda op: op.live_bytes, default=None)
    if peak is None or peak.live_bytes == 0:
        return ""
    group = -(-len(operators) // _BARS)  # so many operators share a bar: it shows the largest of them
    heights = [
        max(op.live_bytes for op in operators[start : start + group]) for start in range(0, len(operators), group)
    ]
    width = _COLUMNS * _CELL / len(heights)
    shapes = []
    for index, height in enumerate(heights):
        tall = max(0.5, 100 * height / peak.live_bytes)
        fill = COLOURS["operators"] if height == peak.live_bytes else COLOURS["weights"]
        shapes.append(
            f'<rect x="{index * width:.2f}" y="{100 - tall:.2f}" width="{max(width - 1, width * 0.8):.2f}" '
            f'height="{tall:.2f}" fill="{fill}"/>'
        )
    description = word("live text", language, op=peak.index, name=peak.name, bytes=peak.live_bytes)
    return _svg("live", _COLUMNS * _CELL, 100, word("live", language), description, shapes)


def _svg(name: str, width: int, height: int, title: str, description: str, shapes: list[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-labelledby="{name}-title {name}-text" '
        f'xmlns="http://www.w3.org/2000/svg"><title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-text">{escape(description)}</desc>{"".join(shapes)}</svg>'
    )
