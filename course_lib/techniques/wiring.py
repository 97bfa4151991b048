"""Which layer reads which, taken from a Keras model's configuration: Sequential and Functional models alike."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from course_lib import backend

Model = Any

_SUBCLASSED = "{} is a subclassed model, whose graph nobody can read: write it as a Sequential or Functional one"


@dataclass(frozen=True)
class Wiring:
    """The graph of a model.

    Args:
        inputs: layer -> the layers it reads, once for each time that it is called, in the order of the model.
        outputs: layers whose output the model returns.
        sequential: whether the model is a Sequential.
    """

    inputs: dict[str, list[str]]
    outputs: tuple[str, ...]
    sequential: bool
    config: dict[str, Any] = field(repr=False)

    @classmethod
    def of(cls, model: Model) -> Wiring:
        """Read a model's configuration.

        Raises:
            ValueError: the model is subclassed (it has no configuration of its graph), or was not built yet.
        """
        if not model.built or not hasattr(model, "inputs") or model.inputs is None:
            raise ValueError(f"{model.name} has no input shape yet: build it, or call it on data, first")
        try:
            config = model.get_config()
        except NotImplementedError as error:
            raise ValueError(_SUBCLASSED.format(model.name)) from error
        if isinstance(model, backend.keras().Sequential):
            names = [entry["config"]["name"] for entry in config["layers"]]
            chain = {name: [before] for before, name in pairwise(names)}
            return cls({names[0]: []} | chain, (names[-1],), True, config)
        if "layers" not in config or "output_layers" not in config:
            raise ValueError(_SUBCLASSED.format(model.name))
        inputs = {entry["name"]: list(_names(entry["inbound_nodes"])) for entry in config["layers"]}
        return cls(inputs, tuple(_names(config["output_layers"])), False, config)

    def readers(self, layer: str) -> list[str]:
        """Return who reads a layer's output, once for each time: layers, and ``"(output)"`` if the model returns it."""
        found = [name for name, sources in self.inputs.items() for source in sources if source == layer]
        return found + ["(output)"] * self.outputs.count(layer)

    def without(self, removed: dict[str, str]) -> dict[str, Any]:
        """Return the configuration with layers removed; who read them reads the layer that they map to."""
        config = copy.deepcopy(self.config)
        config["layers"] = [entry for entry in config["layers"] if entry["config"].get("name") not in removed]
        if not self.sequential:
            for entry in config["layers"]:
                entry["inbound_nodes"] = _renamed(entry["inbound_nodes"], removed)
            config["output_layers"] = _renamed(config["output_layers"], removed)
        return config


def _is_tensor(value: Any) -> bool:
    """Tell whether this is a reference to a tensor: [layer, call, output, ...]."""
    if not isinstance(value, list | tuple) or len(value) < 3:
        return False
    return isinstance(value[0], str) and isinstance(value[1], int)


def _names(value: Any) -> Iterator[str]:
    if _is_tensor(value):
        yield value[0]
        yield from _names(list(value[3:]))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _names(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _names(item)


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if _is_tensor(value):
        return [names.get(value[0], value[0]), *value[1:3], *(_renamed(item, names) for item in value[3:])]
    if isinstance(value, list | tuple):
        return [_renamed(item, names) for item in value]
    if isinstance(value, dict):
        return {key: _renamed(item, names) for key, item in value.items()}
    return value
