"""Where the bytes are, before and after, as an SVG with its description in words."""

from __future__ import annotations

from html import escape

from course_lib.capstone.grade import Done
from course_lib.capstone.measure import Measured
from course_lib.language import Say

WIDTH, ROW, LEFT, BAR = 720, 54, 110, 26
WEIGHTS, REST = "#0b4f9e", "#c96a12"
LINE = 'stroke="#1a1a1a" stroke-width="2" stroke-dasharray="5 3"'


def figure(done: Done, measured: Measured, language: str, number: int) -> str:
    """Return a figure element: two bars and the budget; everything in it stands in text, too."""
    budget = done.order.budget.bytes
    scale = (WIDTH - LEFT - 20) / max(measured.float_bytes, budget)
    rows = (
        (Say("float", "浮点"), measured.float_sections.get("weights", 0), measured.float_bytes),
        (Say("delivered", "交付"), measured.sections.get("weights", 0), measured.raw_bytes),
    )
    parts, x = [], f"{LEFT + budget * scale:.1f}"
    for index, (name, weights, whole) in enumerate(rows):
        top, wide = 8 + index * ROW, max(1.0, (whole - weights) * scale)
        parts += [
            f'<text x="{LEFT - 10}" y="{top + 18}" text-anchor="end">{escape(name.to(language))}</text>',
            f'<rect x="{LEFT}" y="{top}" width="{max(1.0, weights * scale):.1f}" height="{BAR}" fill="{WEIGHTS}"/>',
            f'<rect x="{LEFT + weights * scale:.1f}" y="{top}" width="{wide:.1f}" height="{BAR}" fill="{REST}"/>',
            f'<line x1="{x}" y1="{top - 5}" x2="{x}" y2="{top + BAR + 3}" {LINE}/>',
            f'<text x="{LEFT}" y="{top + BAR + 16}">{escape(_words(weights, whole).to(language))}</text>',
        ]
    title = Say(f"Bytes of order {number}", f"第 {number} 单的字节")
    caption = Say(
        f"Bytes, to scale. Dark blue: weights; orange: everything else. Dashed: the budget, {budget:,} bytes.",
        f"字节，按比例。深蓝：权重；橙色：其余。虚线：预算 {budget:,} 字节。",
    )
    alt = description(done, measured)
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {2 * ROW + 12}" role="img" aria-labelledby="t{number} d{number}" '
        f'font-size="13" fill="#1a1a1a"><title id="t{number}">{escape(title.to(language))}</title>'
        f'<desc id="d{number}">{escape(alt.to(language))}</desc>{"".join(parts)}</svg>'
        f"<figcaption>{escape(caption.to(language))}</figcaption></figure>"
    )


def description(done: Done, measured: Measured) -> Say:
    """Return what the figure shows, for who does not see it."""
    budget, size, whole = done.order.budget.bytes, measured.raw_bytes, measured.float_bytes
    within = size <= budget
    return Say(
        f"Two bars to scale. The float model has {whole:,} bytes. The delivered file has {size:,}, of which "
        f"{measured.sections.get('weights', 0):,} are weights; it ends {'within' if within else 'beyond'} the budget "
        f"of {budget:,}.",
        f"两条按比例的横条。浮点模型 {whole:,} 字节；交付的文件 {size:,} 字节，其中权重 "
        f"{measured.sections.get('weights', 0):,} 字节，{'在预算之内' if within else '超出预算'}（{budget:,}）。",
    )


def _words(weights: int, whole: int) -> Say:
    return Say(
        f"{whole:,}: weights {weights:,}, the rest {whole - weights:,}",
        f"{whole:,}：权重 {weights:,}，其余 {whole - weights:,}",
    )
