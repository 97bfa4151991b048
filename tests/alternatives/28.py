"""Right solutions of topic 28, built differently from ours, from the statement alone."""

from ai_edge_litert import schema_py_generated as schema


def graph_diff(before, after):
    """Read with the accessors of the flatbuffer, without unpacking it into objects, and subtract by hand."""

    def enumerated(kind):
        return {getattr(kind, name): name for name in dir(kind) if not name.startswith("_")}

    builtin, types = enumerated(schema.BuiltinOperator), enumerated(schema.TensorType)

    def tally(tflite):
        model = schema.Model.GetRootAsModel(tflite, 0)
        operators, dtypes = {}, {}
        for g in range(model.SubgraphsLength()):
            graph = model.Subgraphs(g)
            for o in range(graph.OperatorsLength()):
                code = model.OperatorCodes(graph.Operators(o).OpcodeIndex())
                number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
                name = code.CustomCode().decode() if builtin[number] == "CUSTOM" else builtin[number]
                operators[name] = operators.get(name, 0) + 1
            for t in range(graph.TensorsLength()):
                dtype = types[graph.Tensors(t).Type()].lower()
                dtypes[dtype] = dtypes.get(dtype, 0) + 1
        return operators, dtypes

    (a, ta), (b, tb) = tally(before), tally(after)
    return {
        "removed": {n: c - b.get(n, 0) for n, c in a.items() if c > b.get(n, 0)},
        "added": {n: c - a.get(n, 0) for n, c in b.items() if c > a.get(n, 0)},
        "retyped": {t: [ta.get(t, 0), tb.get(t, 0)] for t in sorted({*ta, *tb}) if ta.get(t, 0) != tb.get(t, 0)},
    }


def channel_groups(layers, ties):
    """Move the smaller group into the larger one; no tree, no path."""
    group = {layer: [layer] for layer in layers}
    for one, other in ties:
        if one not in group or other not in group:
            raise ValueError("no such layer")
        small, large = sorted((group[one], group[other]), key=len)
        if small is not large:
            large.extend(small)
            for layer in small:
                group[layer] = large
    unique = {id(members): members for members in group.values()}
    return sorted(map(sorted, unique.values()))
