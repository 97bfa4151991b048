"""The picture of the frontier: test accuracy against bytes, gzip bytes and microseconds."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter

AXES = {"raw_bytes": "bytes of the file", "gzip_bytes": "bytes after gzip", "median_us": "µs, batch 1, one thread"}
FLOOR = 0.86  # recipes below are counted in the caption of the axis, not drawn: they would flatten all others
MARKERS = "osD^v<>PX*hp8d"


def draw(summary: pd.DataFrame, environment: str, path: Path) -> None:
    """Draw three panels and write them as PNG.

    Args:
        summary: one row per recipe: family, the columns of AXES, accuracy_val, accuracy_test, low, high, chosen.
    """
    mpl.use("Agg")
    families = list(dict.fromkeys(summary["family"]))
    colours = plt.get_cmap("tab20")(np.linspace(0, 1, 20))
    shown = summary[summary["accuracy_test"] >= FLOOR]
    figure, panels = plt.subplots(1, 3, figsize=(15, 5.6), sharey=True)
    for panel, (column, label) in zip(panels, AXES.items(), strict=True):
        for place, family in enumerate(families):
            rows = shown[shown["family"] == family]
            colour, marker = colours[place % 20], MARKERS[place % len(MARKERS)]
            accuracy = 100 * rows["accuracy_test"]
            spread = [accuracy - 100 * rows["low"], 100 * rows["high"] - accuracy]
            panel.errorbar(rows[column], accuracy, yerr=spread, fmt=marker, color=colour, ms=6, lw=1, label=family)
            best = rows[rows["chosen"]]
            panel.plot(best[column], 100 * best["accuracy_test"], "o", ms=13, mfc="none", mec=colour)
        front = pareto(shown, column)
        panel.plot(front[column], 100 * front["accuracy_test"], color="0.6", lw=1, zorder=0)
        panel.set(xscale="log", xlabel=label)
        panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        panel.xaxis.set_major_formatter(EngFormatter(sep=""))
        panel.xaxis.set_minor_formatter(NullFormatter())
        panel.grid(alpha=0.3, which="both")
    left_out = len(summary) - len(shown)
    panels[0].set_ylabel("test accuracy %" + (f" ({left_out} recipes lie below {100 * FLOOR:.0f})" if left_out else ""))
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="lower center", ncols=8, fontsize=8, frameon=False)
    figure.suptitle(
        "Every recipe on the baseline. Bars: least and most of the seeds. Rings: chosen on validation. "
        f"Line: best by validation at each size.\n{environment}",
        fontsize=9,
    )
    figure.tight_layout(rect=(0, 0.09, 1, 0.97))
    figure.savefig(path, dpi=80, metadata={"Software": None})
    plt.close(figure)


def pareto(summary: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return the recipes that no cheaper one reaches in validation accuracy, cheapest first."""
    ordered = summary.sort_values([column, "accuracy_val"], ascending=[True, False])
    before = ordered["accuracy_val"].cummax().shift(fill_value=-1.0)
    return ordered[ordered["accuracy_val"] > before]
