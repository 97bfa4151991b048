"""From the results of the frontier to its record: a table, a figure and the verdicts, all computed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from frontier_figure import draw

from course_lib.core import Environment
from course_lib.evaluation import mcnemar

TOLERANCE = 0.005  # of validation accuracy against the control: what a choice may cost
_WHAT_DOMINATES = """\
An allocation dominates a uniform file when it is no larger and no less accurate on the test images, and better in one
of the two. Compared are the uniform files of the same seed from 1 % fewer to 5 % more bytes, and where there is none
the next larger one; p is McNemar's, exact."""
_HEAD = """\
# The frontier

Written by `python benchmarks/frontier.py`; see there for what was run and how. Seeds {seeds}. {environment}, 1 thread.

Means over the seeds. *Gain* is against the control: the same export after as many epochs of ordinary training, or the
float baseline where nothing was trained. **Bold** is each family's choice on the validation images: the smallest after
gzip that costs at most {tolerance:.1f} points against its control, and of those within 2 % of it the fastest.

| family | recipe | test accuracy % (least to most) | gain, points | bytes | gzip | µs |
|---|---|---|---|---|---|---|"""
COLUMNS = [
    "family", "recipe", "seed", "control_of", "raw_bytes", "gzip_bytes", "accuracy_val", "accuracy_test", "control_val",
    "control_test", "gain_over_control", "median_us", "p95_us", "delegate", "seconds", "uniform", "chosen", "settings",
]  # fmt: skip
ANSWERS = "frontier_answers.npz"


def write_record(results: list[dict[str, Any]], cache: Path, out: Path) -> None:
    """Write frontier.csv, frontier.png, frontier.md and the answers that the verdicts compare into a folder.

    Seeds that are in the folder's record and not in ``results`` are kept: one seed can be run at a time.
    """
    answers = _answers(results, cache)
    table = pd.DataFrame(results)
    if (out / "frontier.csv").exists():
        known = pd.read_csv(out / "frontier.csv", comment="#", keep_default_na=False)
        table = pd.concat([known[~known["seed"].isin(table["seed"])], table]).sort_values("seed", kind="stable")
        with np.load(out / ANSWERS) as kept:
            answers = {name: kept[name] for name in kept.files} | answers
    table = with_controls(table.reset_index(drop=True))
    table["chosen"] = table["recipe"].isin(choices(table)) & (table["control_of"] == "")
    environment = str(Environment.here())
    header = f"# python benchmarks/frontier.py | {environment}, 1 thread\n"
    (out / "frontier.csv").write_text(header + table[COLUMNS].to_csv(index=False))
    np.savez_compressed(out / ANSWERS, **answers)
    summary = means(table)
    draw(summary, environment, out / "frontier.png")
    (out / "frontier.md").write_text(
        "\n".join([_head(table, environment), *_rows(summary), "", *verdicts(table, answers)])
    )


def _answers(results: list[dict[str, Any]], cache: Path) -> dict[str, np.ndarray]:
    """Return, for each file that a verdict compares, one bit per test image: answered right."""
    found = {}
    for row in results:
        if not row["control_of"] and (row["uniform"] or row["family"] == "mixed"):
            with np.load(cache / f"{row['address']}.npz") as right:
                found[f"{row['seed']} {row['recipe']}"] = np.packbits(right["test"])
    return found


def with_controls(table: pd.DataFrame) -> pd.DataFrame:
    """Add each recipe's control, of the same seed: its own, or without training the float baseline."""
    own = table[table["control_of"] != ""].set_index(["control_of", "seed"])
    base = table[table["recipe"] == "float32"].set_index("seed")
    for split in ("val", "test"):
        table[f"control_{split}"] = [
            own[f"accuracy_{split}"].get((row.recipe, row.seed), base[f"accuracy_{split}"].get(row.seed, np.nan))
            for row in table.itertuples()
        ]
    table["gain_over_control"] = (table["accuracy_test"] - table["control_test"]).round(4)
    return table


def means(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row per recipe, controls left out: means over the seeds, and the range of the accuracy."""
    grouped = table[table["control_of"] == ""].groupby(["family", "recipe"], sort=False)
    summary = grouped[
        ["raw_bytes", "gzip_bytes", "accuracy_val", "accuracy_test", "control_val", "control_test"]
    ].mean()
    summary[["median_us", "gain"]] = grouped[["median_us", "gain_over_control"]].mean()
    summary["low"], summary["high"] = grouped["accuracy_test"].min(), grouped["accuracy_test"].max()
    summary["seeds"] = grouped["seed"].count()
    if "chosen" in table:
        summary["chosen"] = grouped["chosen"].first()
    return summary.reset_index()


def choices(table: pd.DataFrame) -> list[str]:
    """Return one recipe per family: the smallest after gzip that costs at most half a point of validation accuracy.

    Of recipes within two percent of the smallest, the fastest.
    """
    summary = means(table)
    good = summary[summary["accuracy_val"] >= summary["control_val"] - TOLERANCE]
    small = good[good["gzip_bytes"] <= 1.02 * good.groupby("family")["gzip_bytes"].transform("min")]
    return list(small.loc[small.groupby("family")["median_us"].idxmin(), "recipe"])


def verdicts(table: pd.DataFrame, answers: dict[str, np.ndarray]) -> list[str]:
    """Say for every allocation whether it dominates the uniform files of its size, seed by seed."""
    plain = table[table["control_of"] == ""]
    lines = ["## Mixed precision against one number of bits for all", "", _WHAT_DOMINATES, ""]
    for mixed in plain[plain["family"] == "mixed"].itertuples():
        peers = plain[(plain["seed"] == mixed.seed) & plain["uniform"].astype(bool)]
        peers = peers[(peers["raw_bytes"] >= 0.99 * mixed.raw_bytes) & (peers["raw_bytes"] <= 1.05 * mixed.raw_bytes)]
        if peers.empty:
            lines.append(
                f"- seed {mixed.seed}, {mixed.recipe} ({mixed.raw_bytes:,} bytes): no uniform file of this size."
            )
        for peer in peers.itertuples():
            lines.append(_verdict(mixed, peer, answers))
    return [*lines, ""]


def _verdict(mixed: Any, peer: Any, answers: dict[str, np.ndarray]) -> str:
    one, two = (np.unpackbits(answers[f"{row.seed} {row.recipe}"]).astype(bool) for row in (mixed, peer))
    p = mcnemar(int(np.sum(one & ~two)), int(np.sum(two & ~one)))
    smaller, better = peer.raw_bytes - mixed.raw_bytes, 100 * (mixed.accuracy_test - peer.accuracy_test)
    text = (
        f"- seed {mixed.seed}, {mixed.recipe} ({mixed.raw_bytes:,} bytes) against {peer.recipe} "
        f"({peer.raw_bytes:,}): {better:+.2f} points, p = {p:.2g}: "
    )
    if smaller >= 0 and better >= 0 and (smaller or better):
        return text + "dominates."
    if better > 0:
        share = -100 * smaller / peer.raw_bytes
        return text + f"more accurate, but {-smaller:,} bytes ({share:.1f} %) larger: no allocation fits in fewer."
    return text + "smaller or equal, but less accurate: the summed divergence did not predict the accuracy here."


def _head(table: pd.DataFrame, environment: str) -> str:
    seeds = ", ".join(str(seed) for seed in sorted(table["seed"].unique()))
    return _HEAD.format(seeds=seeds, environment=environment, tolerance=100 * TOLERANCE)


def _rows(summary: pd.DataFrame) -> list[str]:
    return [
        f"| {row.family} | {'**' * row.chosen}{row.recipe}{'**' * row.chosen} | {100 * row.accuracy_test:.2f} "
        f"({100 * row.low:.2f} to {100 * row.high:.2f}) | {100 * row.gain:+.2f} | {row.raw_bytes:,.0f} "
        f"| {row.gzip_bytes:,.0f} | {row.median_us:.1f} |"
        for row in summary.itertuples()
    ]
