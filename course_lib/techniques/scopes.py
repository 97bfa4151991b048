"""Which operators of a ``.tflite`` a quantization recipe means.

LiteRT Quantizer scopes a recipe by a regular expression on the names of an operator's outputs, and says nothing when
none matches: the file then comes back as float as it went in. Here a name that matches nothing is an error. The name of
a weight matches too, because the converter calls the output of the last layer ``StatefulPartitionedCall:0``, whatever
the layer was called.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Operator:
    """One operator of a file.

    Args:
        op: its kind in LiteRT Quantizer's words, e.g. ``CONV_2D``; empty for one that it does not know.
        outputs: names of its output tensors, as scopes match them.
        weights: names of its constant inputs of rank 2 and more.
        depth: number of values that one output of a dense layer sums up; 0 for other operators.
    """

    op: str
    outputs: tuple[str, ...]
    weights: tuple[str, ...]
    depth: int = 0

    @property
    def scope(self) -> str:
        """The text that the tool matches a recipe's regular expression with."""
        return "".join(f"{name};" for name in self.outputs)

    def matches(self, pattern: str) -> bool:
        """Tell whether a regular expression is found in the name of an output or of the weights."""
        return any(re.search(pattern, name) for name in (*self.outputs, *self.weights))


def operators(model: bytes) -> tuple[Operator, ...]:
    """Return the operators of a ``.tflite`` in the order of the file."""
    from ai_edge_litert.schema_py_generated import Model
    from litert_quantizer.utils.tfl_flatbuffer_utils import TFL_OP_CODE_TO_NAME

    root = Model.GetRootAs(model)
    found = []
    for graph in (root.Subgraphs(index) for index in range(root.SubgraphsLength())):
        for position in range(graph.OperatorsLength()):
            operator = graph.Operators(position)
            code = root.OperatorCodes(operator.OpcodeIndex())
            known = TFL_OP_CODE_TO_NAME.get(max(code.BuiltinCode(), code.DeprecatedBuiltinCode()))
            outputs = [graph.Tensors(operator.Outputs(k)) for k in range(operator.OutputsLength())]
            inputs = [operator.Inputs(k) for k in range(operator.InputsLength())]
            constants = [graph.Tensors(index) for index in inputs if index >= 0]
            constants = [t for t in constants if t.ShapeLength() >= 2 and root.Buffers(t.Buffer()).DataLength()]
            found.append(
                Operator(
                    op=known.value if known is not None else "",
                    outputs=tuple(t.Name().decode() for t in outputs),
                    weights=tuple(t.Name().decode() for t in constants),
                    depth=int(constants[0].Shape(1)) if known == "FULLY_CONNECTED" and constants else 0,
                )
            )
    return tuple(found)


def select(model: bytes, names: Iterable[str]) -> tuple[Operator, ...]:
    """Return the operators that the given names mean, in the order of the file.

    Args:
        names: each the exact name of an output or weight, or else a regular expression found in one.

    Raises:
        ValueError: a name means no operator.
    """
    wanted: set[Operator] = set()
    every = operators(model)
    for name in names:
        exact = [one for one in every if name in (*one.outputs, *one.weights)]
        found = exact or [one for one in every if one.matches(name)]
        if not found:
            known = ", ".join(one.weights[0] if one.weights else one.outputs[0] for one in every if one.outputs)
            raise ValueError(
                f"no operator is called {name!r}, and none matches it, so it would have changed nothing. "
                f"The operators of this file: {known}"
            )
        wanted.update(found)
    return tuple(one for one in every if one in wanted)


def check_names(names: Any) -> None:
    """Raise ValueError unless these are a tuple of regular expressions; a lone string would be read by its letters."""
    if not isinstance(names, tuple):
        raise ValueError(f"keep_float takes a tuple of names, got {names!r}; for one name write (name,)")
    for name in names:
        try:
            re.compile(name)
        except (re.error, TypeError) as error:
            raise ValueError(f"keep_float: {name!r} is no regular expression: {error}") from error


def exactly(operator: Operator) -> str:
    """Return the regular expression that means this operator alone: the tool ends each output's name by a semicolon."""
    return f"^{re.escape(operator.scope)}$"


def check(model: bytes, recipe: Iterable[dict[str, Any]]) -> None:
    """Raise ValueError when an entry of a recipe applies to no operator: the tool would leave it out silently."""
    every = [one for one in operators(model) if one.op]
    for entry in recipe:
        if entry["operation"] in ("INPUT", "OUTPUT"):
            continue
        if not any(_applies(entry, one) for one in every if entry["operation"] in ("*", one.op)):
            raise ValueError(
                f"the scope {entry['regex']!r} for {entry['operation']!r} would have changed nothing: no operator of "
                "this model matches it and can be quantized like that. The tool matches the regular expression with "
                + ", ".join(one.scope for one in every)
            )


def _applies(entry: dict[str, Any], operator: Operator) -> bool:
    from litert_quantizer.qtyping import TFLOperationName
    from litert_quantizer.recipe_manager import RecipeManager

    if entry["algorithm_key"] == "no_quantize":
        return re.search(entry["regex"], operator.scope) is not None
    rules = RecipeManager()
    rules.load_quantization_recipe([entry])
    algorithm, _ = rules.get_quantization_configs(TFLOperationName(operator.op), operator.scope)
    return bool(algorithm != "no_quantize")


def quantized_tensors(model: bytes) -> tuple[tuple[str, str], ...]:
    """Return (name, type) of the tensors that are quantized, or stored as float16; empty for a float32 file."""
    from ai_edge_litert.schema_py_generated import Model, TensorType

    types = {value: name.lower() for name, value in vars(TensorType).items() if isinstance(value, int)}
    root = Model.GetRootAs(model)
    found = []
    for graph in (root.Subgraphs(index) for index in range(root.SubgraphsLength())):
        for tensor in (graph.Tensors(index) for index in range(graph.TensorsLength())):
            quantization = tensor.Quantization()
            scaled = quantization is not None and (quantization.ScaleLength() or quantization.DetailsType())
            if scaled or types[tensor.Type()] == "float16":
                found.append((tensor.Name().decode(), types[tensor.Type()]))
    return tuple(found)
