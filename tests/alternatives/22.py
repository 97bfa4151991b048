"""Topic 22 answered from the statement alone, built otherwise: channel by channel, and a walk with its own stack."""

import math

import numpy as np


def fold_bn(W, b, gamma, beta, mean, var, eps=1e-3, depthwise=False):
    kernel = np.array(W, dtype=np.float64)
    bias = []
    for channel in range(len(gamma)):
        root = math.sqrt(float(var[channel]) + eps)
        if depthwise:
            i, m = divmod(channel, kernel.shape[3])
            kernel[:, :, i, m] *= float(gamma[channel]) / root
        else:
            kernel[..., channel] *= float(gamma[channel]) / root
        old = 0.0 if b is None else float(b[channel])
        bias.append(float(gamma[channel]) * (old - float(mean[channel])) / root + float(beta[channel]))
    return [kernel, bias]


OPS = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "max": np.maximum, "neg": np.negative}


def optimize_graph(nodes, outputs):
    new, state = {}, dict.fromkeys(nodes, "white")
    for root in [*nodes, *outputs]:
        stack = [root]
        while stack:
            name = stack[-1]
            if name not in nodes:
                raise ValueError(f"{name} is not there")
            node = nodes[name]
            sources = [] if node[0] not in OPS else node[1:]
            if state[name] == "white":
                state[name] = "grey"
                if any(state.get(source) == "grey" for source in sources):
                    raise ValueError("a cycle")
                stack.extend(source for source in sources if state.get(source) != "black")
                continue
            stack.pop()
            if state[name] == "grey":
                parts = [new[source] for source in sources]
                constant = sources and all(part[0] == "const" for part in parts)
                new[name] = ["const", OPS[node[0]](*[part[1] for part in parts])] if constant else list(node)
                state[name] = "black"
    live, front = set(), set(outputs)
    while front:
        live |= front
        front = {source for name in front if new[name][0] in OPS for source in new[name][1:]} - live
    return {name: new[name] for name in new if name in live or new[name][0] == "input"}
