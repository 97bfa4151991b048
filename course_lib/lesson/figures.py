"""Figures with a style, labelled axes, a caption, and a description for those who cannot see them."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Any

from course_lib.lesson import session
from course_lib.lesson.page import emit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

FIGURE_BYTES = 80_000
_RESOLUTIONS = (120, 100, 80)
# Okabe and Ito's palette, which colour-blind readers can tell apart; yellow last, since it is weak on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#F0E442")


@contextmanager
def style() -> Iterator[None]:
    """Draw in the course's style: ``with style(): fig, ax = plt.subplots()``. Nothing global is changed."""
    import matplotlib as mpl
    from cycler import cycler

    settings: dict[Any, Any] = {
        "axes.prop_cycle": cycler(color=COLOURS),
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 12,
        "axes.labelsize": 11,
        "figure.figsize": (7.0, 4.0),
        "figure.constrained_layout.use": True,
        "font.size": 11,
        "grid.alpha": 0.3,
        "image.cmap": "viridis",
        "legend.frameon": False,
        "lines.linewidth": 2.0,
        "xtick.labelsize": 10,
        "ytick.labelsize": 10,
    }
    with mpl.rc_context(settings):
        yield


def show(fig: Figure, *, alt: str, caption: str, caption_zh: str | None = None) -> None:
    """Display a matplotlib figure as a PNG of at most 80 KB, with its description and caption, and close it.

    Args:
        fig: the figure; every axis that is drawn carries a label with its unit (images need none).
        alt: what the figure shows, for a reader who cannot see it; at least 20 characters.
        caption: what to notice.
        caption_zh: the same in Chinese, shown below it.

    Raises:
        ValueError: for a missing label (it names the axis), a short ``alt``, an empty caption, too many bytes.
    """
    import matplotlib.pyplot as plt

    if not caption.strip():
        raise ValueError("show(..., caption=...) is empty; say what to notice")
    html = picture(fig, alt=alt, caption=caption, caption_zh=caption_zh)
    plt.close(fig)
    session.count_figure()
    emit(html, f"[figure] {alt}")


def picture(fig: Figure, *, alt: str, caption: str = "", caption_zh: str | None = None) -> str:
    """Return a figure as HTML: ``<figure>``, the picture embedded, its description and its caption."""
    if len(alt.strip()) < 20:
        raise ValueError(f"alt={alt!r} describes nothing; say in a sentence what the figure shows")
    missing = unlabelled(fig)
    if missing:
        raise ValueError(f"{missing[0]} has no label; name the quantity and its unit, or switch the axis off")
    data = base64.b64encode(png(fig)).decode()
    below = escape(caption)
    if caption_zh:
        below += f"<br><span lang='zh'>{escape(caption_zh)}</span>"
    figcaption = f"<figcaption>{below}</figcaption>" if below else ""
    image = f'<img alt="{escape(alt, quote=True)}" src="data:image/png;base64,{data}" style="max-width:100%">'
    return f'<figure style="margin:0">{image}{figcaption}</figure>'


def png(fig: Figure) -> bytes:
    """Return the figure as a PNG of 256 colours, at the finest of 120, 100 and 80 dpi that stays under 80 KB.

    Raises:
        ValueError: when none does.
    """
    from PIL import Image

    size = 0
    for dpi in _RESOLUTIONS:
        raw = io.BytesIO()
        fig.savefig(raw, format="png", dpi=dpi, bbox_inches="tight", metadata={"Software": None})
        reduced = io.BytesIO()
        # A drawing has few colours; a palette makes it a third of the size.
        Image.open(raw).convert("RGB").quantize(256).save(reduced, format="png", optimize=True)
        size = len(reduced.getvalue())
        if size <= FIGURE_BYTES:
            return reduced.getvalue()
    width, height = fig.get_size_inches()
    raise ValueError(
        f"the figure takes {size / 1000:.0f} KB at {_RESOLUTIONS[-1]} dpi ({width:.0f} x {height:.0f} inches); "
        f"the limit is {FIGURE_BYTES / 1000:.0f} KB. Draw fewer points or panels, or a histogram in place of a scatter"
    )


def unlabelled(fig: Figure) -> list[str]:
    """Name every axis that is drawn with ticks but has no label, as ``x axis of 'title'``."""
    missing = []
    for index, ax in enumerate(fig.axes):
        if not ax.axison or ax.images or not ax.get_visible() or _is_colorbar(ax):
            continue
        where = repr(ax.get_title()) if ax.get_title() else f"panel {index}"
        if _shown(ax.xaxis, "labelbottom", "labeltop") and not (ax.get_xlabel() or fig.get_supxlabel()):
            missing.append(f"the x axis of {where}")
        if _shown(ax.yaxis, "labelleft", "labelright") and not (ax.get_ylabel() or fig.get_supylabel()):
            missing.append(f"the y axis of {where}")
    return missing


def _is_colorbar(ax: Axes) -> bool:
    return ax.get_label() == "<colorbar>"


def _shown(axis: Axis, *sides: str) -> bool:
    """True when the axis shows tick labels: the inner panels of a shared axis do not, and need no label."""
    if not axis.get_visible() or len(axis.get_ticklocs()) == 0:
        return False
    ticks = axis.get_tick_params(which="major")
    return any(ticks.get(side, side in ("labelbottom", "labelleft")) for side in sides)
