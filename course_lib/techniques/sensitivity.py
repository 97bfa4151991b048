"""How much each layer minds: prune one layer at a time, train nothing, look at the validation images.

The table is an argument, not a decision: read it, or let ``shares_above`` turn it into what ``Prune`` and
``PruneChannels`` take. It knows nothing of what training would heal, nor of layers that suffer together (Li et al.
2017, arXiv:1608.08710, section 3.2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from course_lib.core import Dataset
from course_lib.core.progress import progress
from course_lib.models.training import accuracy
from course_lib.techniques.channel_groups import channel_groups
from course_lib.techniques.held import largest_of_all, masked
from course_lib.techniques.kernels import check_share, kernel_layers, kernel_of
from course_lib.techniques.prune_channels import PruneChannels

Model = Any
Table = dict[str, dict[float, float]]

SHARES = (0.25, 0.5, 0.75, 0.9)


def weight_sensitivity(
    model: Model, data: Dataset, shares: Sequence[float] = SHARES, *, images: int = 1000, quiet: bool = False
) -> Table:
    """Return layer -> share of its smallest weights set to zero -> accuracy on the first validation images.

    Raises:
        ValueError: a share is not in (0, 1), or the model has no kernel.
    """
    for share in shares:
        check_share("share", share)
    x, y = data.x_val[:images], data.y_val[:images]
    table: Table = {}
    for layer in progress(kernel_layers(model), label="weight sensitivity", quiet=quiet):
        own = {layer.name: kernel_of(layer)}
        table[layer.name] = {share: accuracy(masked(model, largest_of_all(own, share)), x, y) for share in shares}
    return table


def channel_sensitivity(
    model: Model, data: Dataset, shares: Sequence[float] = SHARES, *, images: int = 1000, quiet: bool = False
) -> Table:
    """Return layer -> share of its channels removed -> accuracy; tied layers count once, under the first one's name.

    Raises:
        ValueError: a share is not in (0, 1), or no channel of the model can go.
    """
    for share in shares:
        check_share("share", share)
    x, y = data.x_val[:images], data.y_val[:images]
    names = [family[0] for family in channel_groups(model).families()]
    table: Table = {}
    for name in progress(names, label="channel sensitivity", quiet=quiet):
        steps = {share: PruneChannels({name: share}, epochs=0) for share in shares}
        table[name] = {share: accuracy(step(model, data), x, y) for share, step in steps.items()}
    return table


def shares_above(table: Mapping[str, Mapping[float, float]], floor: float) -> dict[str, float]:
    """Return for every layer the largest share up to which accuracy stays at ``floor`` or above; others are left out.

    Raises:
        ValueError: no layer stays above the floor.
    """
    chosen: dict[str, float] = {}
    for name, row in table.items():
        for share in sorted(row):
            if row[share] < floor:
                break
            chosen[name] = share
    if not chosen:
        best = max(value for row in table.values() for value in row.values())
        raise ValueError(f"no layer keeps {floor} at any share of the table; the best accuracy in it is {best}")
    return chosen
