"""What any right answer to topic 22 satisfies: a convolution and a graph, computed before and after."""

from itertools import pairwise

import numpy as np

from course_lib.grading import brief, expect, law, raises, unchanged

OPS = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "max": np.maximum,
    "neg": np.negative,
}


def statistics(rng, channels, negative=False):
    """Return gamma, beta, mean and variance as a trained normalization has them, float32."""
    gamma = rng.uniform(0.3, 2.0, channels) * (-1.0 if negative else 1.0)
    parts = (
        gamma,
        rng.normal(size=channels),
        rng.normal(size=channels),
        rng.uniform(0.05, 4, channels),
    )
    return [part.astype(np.float32) for part in parts]


def layer(patches, W, b, depthwise=False):
    """Return what a convolution gives for patches of shape (n, kh, kw, in), or a dense layer for (n, in)."""
    x, W = np.float64(patches), np.float64(W)
    with np.errstate(all="ignore"):
        if depthwise:
            y = np.einsum("nhwi,hwim->nim", x, W).reshape(len(x), -1)
        else:
            y = x.reshape(len(x), -1) @ W.reshape(-1, W.shape[-1])
    return y if b is None else y + np.float64(b)


def normalized(y, gamma, beta, mean, var, eps):
    """Return batch normalization as inference computes it."""
    gamma, beta, mean, var = (np.float64(v) for v in (gamma, beta, mean, var))
    return gamma * (y - mean) / np.sqrt(var + eps) + beta


def folded(answer, W, channels, call):
    """Return (W', b') of an answer, or fail with what came instead."""
    expect(
        isinstance(answer, tuple | list) and len(answer) == 2,
        en=f"{call} must return (W', b'); it returned {brief(answer)}",
        zh=f"{call} 应返回 (W', b')，实际返回 {brief(answer)}",
    )
    kernel, bias = answer
    expect(
        kernel is not None and np.shape(kernel) == W.shape,
        en=f"{call}: W' has shape {np.shape(kernel)}, W has {W.shape}",
        zh=f"{call}：W' 的形状是 {np.shape(kernel)}，W 是 {W.shape}",
    )
    expect(
        bias is not None and np.shape(bias) == (channels,),
        en=f"{call}: b' is {brief(bias)}; {channels} numbers are needed, one per output channel",
        zh=f"{call}：b' 是 {brief(bias)}；应为 {channels} 个数，每个输出通道一个",
    )
    return np.float64(kernel), np.float64(bias)


def compare(fold_bn, rng, shape, b, stats, call, **options):
    """Expect the folded layer to give what layer and normalization give."""
    eps, depthwise = options.get("eps", 1e-3), options.get("depthwise", False)
    W = rng.normal(size=shape).astype(np.float32)
    channels = len(stats[0])
    kernel, bias = folded(fold_bn(W, b, *stats, **options), W, channels, call)
    x = rng.normal(size=(20, *shape[:-1]))
    want = normalized(layer(x, W, b, depthwise), *stats, eps)
    off = np.abs(layer(x, kernel, bias, depthwise) - want) / (1 + np.abs(want).max(0))
    worst = int(off.max(0).argmax())
    expect(
        off.max() < 1e-4,
        en=f"{call}: {int((off.max(0) >= 1e-4).sum())} of {channels} output channels differ from the layer with "
        f"its normalization; channel {worst} most, by {off.max():.3g} of its size",
        zh=f"{call}：{channels} 个输出通道里有 {int((off.max(0) >= 1e-4).sum())} 个与“原层加归一化”不一致；"
        f"通道 {worst} 差得最多，相对误差 {off.max():.3g}",
    )


@law("22A", points=2, en="a folded convolution gives what convolution and normalization gave",
     zh="折叠后的卷积与“卷积加归一化”输出相同")  # fmt: skip
def check_convolution(fold_bn, rng):
    for shape in ((3, 3, 4, 7), (3, 3, 5, 5), (1, 1, 6, 2)):
        stats, b = statistics(rng, shape[-1]), rng.normal(size=shape[-1]).astype(np.float32)
        compare(fold_bn, rng, shape, b, stats, f"kernel {shape}")


@law("22A", points=2, en="a depthwise kernel is scaled along its own channels, multiplier included",
     zh="depthwise 卷积核沿自己的通道缩放，通道倍数也算对")  # fmt: skip
def check_depthwise(fold_bn, rng):
    for shape in ((3, 3, 6, 1), (3, 3, 4, 3), (3, 3, 3, 3)):
        channels = shape[2] * shape[3]
        stats, b = statistics(rng, channels), rng.normal(size=channels).astype(np.float32)
        call = f"depthwise kernel {shape}"
        compare(fold_bn, rng, shape, b, stats, call, depthwise=True)


@law(
    "22A",
    points=1,
    en="without a bias the folded layer still gets one",
    zh="原层没有 bias，折叠后也要有",
)
def check_no_bias(fold_bn, rng):
    for shape in ((3, 3, 2, 4), (5, 3)):
        compare(fold_bn, rng, shape, None, statistics(rng, shape[-1]), f"kernel {shape}, b=None")


@law("22A", points=1, en="a negative gamma turns the sign around", zh="gamma 为负时符号翻转")
def check_negative_gamma(fold_bn, rng):
    stats = statistics(rng, 5, negative=True)
    b = rng.normal(size=5).astype(np.float32)
    compare(fold_bn, rng, (3, 3, 2, 5), b, stats, "all gamma negative")


@law("22A", points=2, en="eps is the one that was passed, and a variance of 0 survives it",
     zh="使用传入的 eps；方差为 0 也没问题")  # fmt: skip
def check_eps(fold_bn, rng):
    for eps in (1e-5, 1e-3, 0.3):
        stats = statistics(rng, 4)
        stats[3] = np.float32([0.0, 1e-7, 1e-3, 1.0])
        b = rng.normal(size=4).astype(np.float32)
        compare(fold_bn, rng, (3, 3, 2, 4), b, stats, f"eps={eps:g}, smallest variance 0", eps=eps)


@law(
    "22A", points=1, en="the channel's old bias is normalized too", zh="原来的 bias 也要经过归一化"
)
def check_bias_is_scaled(fold_bn, rng):
    stats = statistics(rng, 6)
    stats[3] = rng.uniform(0.01, 0.05, 6).astype(np.float32)  # a strong scale
    b = rng.normal(size=6).astype(np.float32) * 10
    compare(fold_bn, rng, (1, 1, 3, 6), b, stats, "a large bias")


@law("22A", points=1, en="dense kernels fold too, and what was passed in stays as it was",
     zh="全连接层同样适用，且传入的数组保持原样")  # fmt: skip
def check_inputs_stay(fold_bn, rng):
    W, b = rng.normal(size=(8, 3)).astype(np.float32), rng.normal(size=3).astype(np.float32)
    stats = statistics(rng, 3)
    kernel, bias = folded(unchanged(fold_bn, W, b, *stats), W, 3, "dense kernel (8, 3)")
    x = rng.normal(size=(20, 8))
    want = normalized(layer(x, W, b), *stats, 1e-3)
    off = np.abs(layer(x, kernel, bias) - want).max()
    expect(
        off < 1e-3,
        en=f"a dense kernel of shape (8, 3): the outputs differ by up to {off:.3g}",
        zh=f"形状 (8, 3) 的全连接核：输出最多相差 {off:.3g}",
    )


def reads(node):
    """Return the names that a node reads."""
    return list(node[1:]) if node[0] in OPS else []


def graph_of(answer, call="the graph"):
    """Return an answer as name -> tuple, or fail with what came instead."""
    fine = isinstance(answer, dict) and all(
        isinstance(n, str) and isinstance(v, tuple | list) and len(v) and isinstance(v[0], str)
        for n, v in answer.items()
    )
    expect(
        fine,
        en=f"{call}: a dictionary of nodes is needed, name -> (op, ...); it returned {brief(answer)}",
        zh=f"{call}：应返回节点字典 name -> (op, ...)，实际返回 {brief(answer)}",
    )
    nodes = {name: tuple(node) for name, node in answer.items()}
    for name, node in nodes.items():
        for source in reads(node):
            expect(
                source in nodes,
                en=f"{call}: {name} reads {source}, which is gone",
                zh=f"{call}：{name} 要读 {source}，而它已经不在了",
            )
    return nodes


def evaluate(nodes, outputs, feed):
    """Return the values of outputs; feed has those of inputs and random nodes by name."""
    values, stack = {}, list(outputs)
    while stack:
        name, node = stack[-1], nodes[stack[-1]]
        missing = [source for source in reads(node) if source not in values]
        if missing:
            stack += missing
            continue
        stack.pop()
        if node[0] == "const":
            values[name] = np.asarray(node[1])
        elif node[0] in OPS:
            values[name] = np.asarray(OPS[node[0]](*(values[source] for source in reads(node))))
        else:
            values[name] = feed[name]
    return [values[name] for name in outputs]


def drawn(rng, operations=24):
    """Return a random graph in random order, with its outputs: inputs, constants, a random node, operators."""
    nodes = {f"in{k}": ("input",) for k in range(3)}
    nodes |= {f"c{k}": ("const", rng.normal(size=3).astype(np.float32)) for k in range(5)}
    nodes["noise"] = ("random",)
    for k in range(operations):
        op = str(rng.choice(list(OPS)))
        among = [n for n in nodes if n[0] == "c" or n[0] == "k"] if k % 2 else list(nodes)
        sources = rng.choice(among, 1 if op == "neg" else 2)
        kind = "k" if all(str(s)[0] in "ck" for s in sources) else "y"
        nodes[f"{kind}{k}"] = (op, *(str(s) for s in sources))
    computed = [n for n in nodes if nodes[n][0] in OPS]
    outputs = [str(n) for n in rng.choice(computed, 3, replace=False)]
    outputs[0] = computed[-1]
    order = rng.permutation(len(nodes))
    names = list(nodes)
    return {names[k]: nodes[names[k]] for k in order}, list(dict.fromkeys(outputs))


def foldable(nodes):
    """Return names of operators that read constants alone."""
    return [
        n
        for n, node in nodes.items()
        if reads(node) and all(nodes[s][0] == "const" for s in reads(node))
    ]


def needed(nodes, outputs):
    """Return the names that outputs need."""
    found, stack = set(), list(outputs)
    while stack:
        name = stack.pop()
        if name not in found:
            found.add(name)
            stack += reads(nodes[name])
    return found


@law("22B", points=2, en="chains of constants become one constant", zh="常量链折叠成一个常量")
def check_chains_fold(optimize_graph, rng):
    two, three = np.float32([2, 4]), np.float32([3, 5])
    nodes = {
        "x": ("input",),
        "y": ("mul", "x", "c"),
        "c": ("neg", "b"),
        "b": ("add", "a", "two"),
        "a": ("mul", "two", "three"),
        "two": ("const", two),
        "three": ("const", three),
    }
    for graph, outputs in ((nodes, ["y"]), *(drawn(rng) for _ in range(5))):
        result = graph_of(optimize_graph(graph, outputs))
        left = foldable(result)
        expect(
            graph is not nodes or "c" in result,
            en=f"y = x * c has lost its constant c; left are {sorted(result)}",
            zh=f"y = x * c 的常量 c 不见了；剩下 {sorted(result)}",
        )
        expect(
            not left,
            en=f"{len(left)} operators still read nothing but constants: {brief(left)}",
            zh=f"还有 {len(left)} 个算子只读常量：{brief(left)}",
        )
        if graph is nodes:
            expect(
                np.array_equal(result["c"][1], -(two * three + two)),
                en=f"c = -(two * three + two) with two = {two} and three = {three} became {brief(result['c'])}",
                zh=f"two = {two}、three = {three} 时，c = -(two * three + two) 变成了 {brief(result['c'])}",
            )


@law("22B", points=2, en="the smaller graph gives the same bits, whatever is fed",
     zh="精简后的图，无论喂什么，输出逐位相同")  # fmt: skip
def check_same_bits(optimize_graph, rng):
    big = np.float32([1e8, 3e7, -2e8])
    tricky = {
        "x": ("input",),
        "big": ("const", big),
        "less": ("neg", "big"),
        "up": ("add", "x", "big"),
        "back": ("add", "up", "less"),
        "none": ("const", np.zeros(3, np.float32)),
        "gone": ("mul", "x", "none"),
        "dead": ("max", "up", "none"),
    }
    cases = [(tricky, ["back", "gone"]), *(drawn(rng) for _ in range(5))]
    for graph, outputs in cases:
        result = graph_of(optimize_graph(graph, outputs))
        lost = [name for name in outputs if name not in result]
        expect(
            not lost,
            en=f"the outputs {lost} are gone from the graph",
            zh=f"输出 {lost} 从图里消失了",
        )
        expect(
            len(result) < len(graph),
            en=f"{len(graph)} nodes came in and {len(result)} came out; some of them could go",
            zh=f"输入 {len(graph)} 个节点，输出 {len(result)} 个；其中有可以去掉的",
        )
        feeds = [n for n in graph if graph[n][0] in ("input", "random")]
        feed = {n: rng.normal(size=3).astype(np.float32) for n in feeds}
        for special in (None, np.inf, np.nan):
            if special is not None:
                feed = {
                    n: np.where(np.arange(3) == 1, np.float32(special), v) for n, v in feed.items()
                }
            with np.errstate(all="ignore"):
                before, after = evaluate(graph, outputs, feed), evaluate(result, outputs, feed)
            for name, old, new in zip(outputs, before, after, strict=True):
                same = new.dtype == old.dtype and np.array_equal(new, old, equal_nan=True)
                expect(
                    same,
                    en=f"output {name} was {brief(old)} and is {brief(new)} now, fed with {brief(feed[feeds[0]])}",
                    zh=f"输出 {name} 原为 {brief(old)}，现在是 {brief(new)}（输入 {brief(feed[feeds[0]])}）",
                )


@law("22B", points=2, en="what no output needs is gone, constants that were folded away included",
     zh="没有输出需要的节点都被删除，折叠后多余的常量也不例外")  # fmt: skip
def check_dead_nodes_go(optimize_graph, rng):
    for _ in range(5):
        graph, outputs = drawn(rng)
        result = graph_of(optimize_graph(graph, outputs))
        for name in outputs:
            expect(
                name in result,
                en=f"the output {name} is gone from the graph",
                zh=f"输出 {name} 从图里消失了",
            )
        dead = {n for n in result if result[n][0] != "input"} - needed(result, outputs)
        expect(
            not dead,
            en=f"{len(dead)} nodes are left that no output needs, such as {sorted(dead)[0] if dead else ''}",
            zh=f"还剩 {len(dead)} 个没有输出需要的节点，例如 {sorted(dead)[0] if dead else ''}",
        )


@law("22B", points=1, en="every input stays, read or not", zh="所有输入都保留，不论是否被读取")
def check_inputs_stay_there(optimize_graph, rng):
    graph = {
        "image": ("input",),
        "unused": ("input",),
        "one": ("const", np.ones(3, np.float32)),
        "dead": ("add", "unused", "one"),
        "y": ("add", "image", "one"),
    }
    result = graph_of(optimize_graph(graph, ["y"]))
    inputs = sorted(n for n, node in result.items() if node[0] == "input")
    expect(
        inputs == ["image", "unused"],
        en=f"inputs image and unused came in, {inputs} came out: the caller still feeds both",
        zh=f"原有输入 image 和 unused，结果只有 {inputs}：调用方仍会同时喂两个",
    )
    expect(
        "dead" not in result,
        en="dead = unused + one is still there, and no output needs it",
        zh="dead = unused + one 还在，而没有输出需要它",
    )


@law("22B", points=1, en="a random node is never folded", zh="random 节点绝不折叠")
def check_random_stays(optimize_graph, rng):
    half = np.full(3, 0.5, np.float32)
    graph = {
        "x": ("input",),
        "noise": ("random",),
        "half": ("const", half),
        "quarter": ("mul", "half", "half"),
        "small": ("mul", "noise", "quarter"),
        "y": ("add", "x", "small"),
    }
    result = graph_of(optimize_graph(graph, ["y"]))
    kinds = {name: node[0] for name, node in result.items()}
    expect(
        kinds.get("noise") == "random" and kinds.get("small") == "mul",
        en=f"noise and noise * quarter have to stay; the result is {brief(kinds)}",
        zh=f"noise 和 noise * quarter 必须保留；结果是 {brief(kinds)}",
    )
    expect(
        kinds.get("quarter") == "const",
        en=f"quarter = half * half is {brief(kinds.get('quarter'))}, not a constant",
        zh=f"quarter = half * half 应成为常量，现在是 {brief(kinds.get('quarter'))}",
    )


@law(
    "22B",
    points=1,
    en="a cycle, or a name that no node has, is refused",
    zh="有环、或引用不存在的名字，都要拒绝",
)
def check_cycles_are_refused(optimize_graph):
    x, one = ("input",), ("const", np.ones(2, np.float32))
    wrong = [
        ({"x": x, "a": ("add", "x", "b"), "b": ("neg", "a")}, ["b"]),
        ({"x": x, "a": ("neg", "a"), "y": ("neg", "x")}, ["y"]),
        ({"x": x, "one": one, "y": ("add", "x", "two")}, ["y"]),
        ({"x": x, "y": ("neg", "x")}, ["z"]),
    ]
    for graph, outputs in wrong:
        raises(ValueError, optimize_graph, graph, outputs)


@law("22B", points=1, en="5,000 nodes in a row are no problem, and nothing passed in changes",
     zh="五千个节点连成一串也没问题，传入的图保持不变")  # fmt: skip
def check_long_chains(optimize_graph, rng):
    one = np.ones(2, np.float32)
    names = [f"n{k}" for k in range(5000)]
    chain = {"x": ("input",), "n0": ("const", one)}
    chain |= {b: ("neg", a) for a, b in pairwise(names)}
    chain["y"] = ("add", "x", names[-1])
    graph = dict(reversed(chain.items()))
    result = graph_of(unchanged(optimize_graph, graph, ["y"]))
    expect(
        len(result) == 3 and not foldable(result),
        en=f"x + a chain of 4,999 negations of a constant: {len(result)} nodes are left, 3 are enough",
        zh=f"x 加上一串对常量取负的 4999 个节点：剩下 {len(result)} 个节点，3 个就够",
    )
    before, after = (evaluate(nodes, ["y"], {"x": one})[0] for nodes in (chain, result))
    expect(
        np.array_equal(before, after),
        en=f"y = 1 + the chain was {brief(before)} and is {brief(after)} now",
        zh=f"y = 1 + 这串节点，原为 {brief(before)}，现在是 {brief(after)}",
    )
