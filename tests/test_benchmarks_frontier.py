"""The frontier's recipes can be built and have controls, and its committed record has a row for each."""

import sys
from pathlib import Path

import pandas as pd
import pytest

FOLDER = Path(__file__).resolve().parent.parent / "benchmarks"


@pytest.fixture(scope="module")
def recipes():
    sys.path.insert(0, str(FOLDER))
    try:
        import frontier_recipes
    finally:
        sys.path.remove(str(FOLDER))
    return frontier_recipes


@pytest.fixture(scope="module")
def record():
    return pd.read_csv(FOLDER / "frontier.csv", comment="#", keep_default_na=False)


def test_names_are_unique_and_what_trains_has_a_control_that_trains_as_long(recipes):
    entries = list(recipes.entries(seed=1))
    names = [entry.recipe.name for entry in entries]
    assert len(names) == len(set(names))
    for entry in entries:
        other = recipes.control(entry)
        trains = [step for step in entry.recipe.steps if hasattr(step, "control")]
        if [type(step).__name__ for step in trains] in ([], ["FineTune"]):
            assert other is None
            continue
        kept = [step for step in other.recipe.steps if hasattr(step, "training")]
        assert [step.training for step in kept] == [step.training for step in trains]
        assert all(step.seed == 1 for step in trains)


def test_the_record_covers_every_recipe_for_every_seed(recipes, record):
    planned = {entry.recipe.name for entry in recipes.entries(seed=0)}
    own = record[record["control_of"] == ""]
    counted = own.groupby("recipe")["seed"].nunique()
    assert planned <= set(counted.index)
    assert (counted[list(planned)] == record["seed"].nunique()).all()
    trained = record[record["control_of"] != ""]
    assert set(trained["control_of"]) <= planned
    assert (FOLDER / "frontier.csv").read_text("utf-8").startswith("# python benchmarks/frontier.py | ")


def test_the_choice_is_the_fastest_of_the_smallest_within_half_a_point_of_its_control_on_validation(record):
    own = record[record["control_of"] == ""].astype({"control_val": float})
    columns = ["accuracy_val", "control_val", "gzip_bytes", "median_us"]
    means = own.groupby(["family", "recipe"])[columns].mean().reset_index()
    expected = set()
    for _, family in means[means["accuracy_val"] >= means["control_val"] - 0.005].groupby("family"):
        small = family[family["gzip_bytes"] <= 1.02 * family["gzip_bytes"].min()]
        expected.add(small.sort_values("median_us")["recipe"].iloc[0])
    assert set(own[own["chosen"].astype(str) == "True"]["recipe"]) == expected


def test_every_allocation_is_compared_with_uniform_files_and_says_why_where_it_does_not_dominate(record):
    note = (FOLDER / "frontier.md").read_text("utf-8")
    verdicts = [line for line in note.splitlines() if line.startswith("- seed")]
    mixed = record[record["family"] == "mixed"]
    assert mixed["seed"].nunique() == record["seed"].nunique()
    for row in mixed.itertuples():
        about = [line for line in verdicts if line.startswith(f"- seed {row.seed}, {row.recipe} (")]
        assert about
        assert all(line.endswith(("dominates.", "fewer.", "here.", "of this size.")) for line in about)
    for seed in mixed["seed"].unique():
        assert any(line.startswith(f"- seed {seed}, ") and line.endswith("dominates.") for line in verdicts)
