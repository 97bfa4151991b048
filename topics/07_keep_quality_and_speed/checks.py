"""What any right answer to topic 07 satisfies: means that come back, and a search that is greedy and frugal."""

import numpy as np

from course_lib.grading import brief, expect, law, unchanged

BITS = (3, 4, 8)
CLOSE = 2e-4  # float32 arithmetic is welcome; wrong answers are off by hundredths and more


def rounded(W, bits):
    """Return the values that W's integers stand for: symmetric, one scale for the tensor."""
    limit = 2 ** (bits - 1) - 1
    scale = np.abs(W).max() / limit
    return np.clip(np.rint(W / scale), -limit, limit) * scale


def batch(rng, n=200, k=24):
    """Return the inputs of a layer behind a ReLU: never negative, every input with a mean of its own."""
    return np.maximum(rng.normal(rng.uniform(-0.5, 2.0, k), 1.0, (n, k)), 0.0)


def case(rng, bits=4, m=6, k=24):
    """Return W, Wq, b and the batch of a dense layer."""
    W = rng.normal(size=(m, k)) * 10.0 ** rng.uniform(-1.0, 0.5, (m, 1))
    return W, rounded(W, bits), rng.normal(size=m), batch(rng, k=k)


def vector(answer, m):
    """Return the answer as float64 of shape (m,), or fail with what came instead."""
    shape = np.shape(answer)
    expect(
        shape == (m,) and np.asarray(answer).dtype.kind == "f",
        en=f"bias_correct returned {brief(answer)}; {m} real numbers are needed, one per output",
        zh=f"bias_correct 返回 {brief(answer)}；应为 {m} 个实数，每个输出一个",
    )
    return np.asarray(answer, np.float64)


@law("7A", points=3, en="on the batch, every output has its float mean back",
     zh="在这批数据上，每个输出的均值都回到浮点时的值")  # fmt: skip
def check_the_mean_comes_back(bias_correct, rng):
    for bits in BITS:
        W, Wq, b, x = case(rng, bits)
        found = vector(bias_correct(W, Wq, b, x.mean(0)), len(b))
        wanted, before = (W @ x.T).mean(1) + b, (Wq @ x.T).mean(1) + b
        after = (Wq @ x.T).mean(1) + found
        expect(
            np.allclose(after, wanted, atol=CLOSE),
            en=f"{bits} bits: before the correction the means are off by up to {np.abs(before - wanted).max():.3g}, "
            f"after it by up to {np.abs(after - wanted).max():.3g}",
            zh=f"{bits} 位：校正前均值最多偏 {np.abs(before - wanted).max():.3g}，"
            f"校正后最多偏 {np.abs(after - wanted).max():.3g}",
        )


@law("7A", points=2, en="an output whose weights were not changed keeps its bias",
     zh="权重没有变化的输出，偏置保持不变")  # fmt: skip
def check_exact_rows_keep_their_bias(bias_correct, rng):
    W, Wq, b, x = case(rng)
    Wq[1], Wq[4] = W[1], W[4]
    found = vector(bias_correct(W, Wq, b, x.mean(0)), len(b))
    expect(
        np.allclose(found[[1, 4]], b[[1, 4]], atol=CLOSE)
        and not np.allclose(found, b, atol=10 * CLOSE),
        en=f"rows 1 and 4 of Wq equal W; their biases moved by {brief(found[[1, 4]] - b[[1, 4]])}, "
        f"the others by {brief(np.delete(found - b, [1, 4]))}",
        zh=f"Wq 的第 1、4 行与 W 相同；它们的偏置移动了 {brief(found[[1, 4]] - b[[1, 4]])}，"
        f"其余移动了 {brief(np.delete(found - b, [1, 4]))}",
    )
    same = vector(bias_correct(W, W, b, x.mean(0)), len(b))
    expect(
        np.allclose(same, b, atol=CLOSE),
        en=f"with Wq equal to W the biases moved by up to {np.abs(same - b).max():.3g}",
        zh=f"Wq 与 W 完全相同，偏置却移动了最多 {np.abs(same - b).max():.3g}",
    )


@law("7A", points=2, en="twice the mean input, twice the correction; inputs of mean 0 need none",
     zh="输入均值翻倍，校正量也翻倍；均值为 0 则无须校正")  # fmt: skip
def check_linear_in_the_mean(bias_correct, rng):
    W, Wq, b, x = case(rng)
    mean = x.mean(0) * np.where(
        rng.random(x.shape[1]) < 0.5, -1.0, 1.0
    )  # also after a signed layer
    once = vector(bias_correct(W, Wq, b, mean), len(b)) - b
    twice = vector(bias_correct(W, Wq, b, 2 * mean), len(b)) - b
    other = vector(bias_correct(W, Wq, b, -mean), len(b)) - b
    none = vector(bias_correct(W, Wq, b, 0 * mean), len(b)) - b
    expect(
        np.allclose(twice, 2 * once, atol=CLOSE) and np.abs(once).max() > 100 * CLOSE,
        en=f"the correction went from {brief(once)} to {brief(twice)} when x_mean was doubled",
        zh=f"x_mean 翻倍后，校正量从 {brief(once)} 变成 {brief(twice)}",
    )
    expect(
        np.allclose(other, -once, atol=CLOSE) and np.allclose(none, 0, atol=CLOSE),
        en=f"x_mean negated: {brief(other)} after {brief(once)}; x_mean = 0: {brief(none)}",
        zh=f"x_mean 取反：{brief(once)} 之后得到 {brief(other)}；x_mean = 0：{brief(none)}",
    )


@law("7A", points=2, en="biases of 0 are corrected too", zh="偏置为 0 时同样要校正")
def check_a_bias_of_zero(bias_correct, rng):
    for bits in BITS:
        W, Wq, b, x = case(rng, bits)
        found = vector(bias_correct(W, Wq, np.zeros_like(b), x.mean(0)), len(b))
        wanted = ((W - Wq) @ x.T).mean(1)
        expect(
            np.allclose(found, wanted, atol=CLOSE),
            en=f"{bits} bits, b = 0: the means stay off by up to {np.abs(found - wanted).max():.3g}",
            zh=f"{bits} 位、b = 0：均值仍然最多偏 {np.abs(found - wanted).max():.3g}",
        )


@law("7A", points=1, en="the arguments are left as they were, and integer weights in Wq are welcome",
     zh="不改动传入的参数；Wq 是整数数组也可以")  # fmt: skip
def check_arguments_are_left_alone(bias_correct, rng):
    W, b, x = rng.normal(0, 3, (5, 8)), rng.normal(size=5), batch(rng, k=8)
    found = vector(unchanged(bias_correct, W, np.rint(W).astype(np.int8), b, x.mean(0)), 5)
    off = np.abs(found + (np.rint(W) - W) @ x.mean(0) - b).max()
    expect(
        off < CLOSE,
        en=f"with scale 1 and int8 weights the means stay off by {off:.3g}",
        zh=f"scale 为 1、权重为 int8 时，均值仍偏 {off:.3g}",
    )


class Meter:
    """A metric that counts its calls: accuracy of a network in which `kept` layers stay float."""

    def __init__(self, n, value):
        self.n, self.value, self.calls = n, value, []

    def __call__(self, kept):
        kept = frozenset(int(layer) for layer in kept)
        expect(
            kept <= frozenset(range(self.n)),
            en=f"metric was called with layers {sorted(kept)}; there are {self.n}, from 0 to {self.n - 1}",
            zh=f"调用 metric 时传入了层 {sorted(kept)}；只有 {self.n} 层，编号 0 到 {self.n - 1}",
        )
        self.calls.append(kept)
        return float(self.value(kept))


def run(min_float_layers, n, value, target):
    """Return (layers, value, calls) of one search, or fail with what came instead."""
    meter = Meter(n, value)

    def metric(kept):
        return meter(kept)

    answer = min_float_layers(metric, n, target)
    pair = isinstance(answer, tuple | list) and len(answer) == 2
    pair = (
        pair
        and isinstance(answer[0], tuple | list)
        and isinstance(answer[1], int | float | np.number)
    )
    expect(
        pair,
        en=f"min_float_layers must return (layers, value), a list and a number; it returned {brief(answer)}",
        zh=f"min_float_layers 应返回 (layers, value)，即一个列表和一个数；实际返回 {brief(answer)}",
    )
    return [int(layer) for layer in answer[0]], float(answer[1]), meter.calls


def additive(rng, n):
    """Return a metric to which each layer adds its own points, and those points."""
    gains = rng.permutation(n) + rng.uniform(0.1, 0.9, n)
    return (lambda kept: 50 + sum(gains[layer] for layer in kept)), gains


@law(
    "7B",
    points=2,
    en="one sick layer: that layer, and nothing else",
    zh="只有一层有问题：就选这一层，别的都不选",
)
def check_the_one_sick_layer(min_float_layers, rng):
    for _ in range(4):
        n = int(rng.integers(3, 9))
        sick = int(rng.integers(n))
        extra = rng.uniform(0, 0.2, n)
        layers, value, _ = run(
            min_float_layers,
            n,
            lambda kept, sick=sick, extra=extra: (
                70 + 20 * (sick in kept) + sum(extra[k] for k in kept)
            ),
            88.0,
        )
        expect(
            layers == [sick] and np.isclose(value, 90 + extra[sick]),
            en=f"{n} layers, keeping layer {sick} float reaches the target alone; got {layers} and {value:.4g}",
            zh=f"共 {n} 层，单独保留第 {sick} 层就能达标；得到 {layers} 和 {value:.4g}",
        )


@law(
    "7B",
    points=1,
    en="a network that is good enough needs no float layer",
    zh="本来就达标，一层都不用保留",
)
def check_nothing_to_do(min_float_layers, rng):
    for target in (50.0, 45.0):  # reached exactly, and with room
        value, _ = additive(rng, 5)
        layers, found, calls = run(min_float_layers, 5, value, target)
        expect(
            layers == [] and found == 50.0 and len(calls) == 1,
            en=f"all layers int8 give 50, target {target:.0f}: got {layers}, {found:.4g} after {len(calls)} calls of metric",
            zh=f"全部 int8 就有 50，目标 {target:.0f}：得到 {layers}、{found:.4g}，metric 调用了 {len(calls)} 次",
        )


@law(
    "7B",
    points=2,
    en="after each addition the rest is measured again",
    zh="每加一层之后，其余各层要重新测",
)
def check_the_rest_is_measured_again(min_float_layers, rng):
    for _ in range(4):
        # Layers a and b repair the same fault; c looks weaker at first and is what is left.
        a, b, c, d = (int(layer) for layer in rng.permutation(4))

        def value(kept, a=a, b=b, c=c, d=d):
            return (
                60
                + 20 * (a in kept)
                + 18 * (b in kept and a not in kept)
                + 9 * (c in kept)
                + 1 * (d in kept)
            )

        layers, found, _ = run(min_float_layers, 4, value, 88.0)
        expect(
            layers == [a, c] and np.isclose(found, 89),
            en=f"layers {a} and {b} repair the same fault, {c} another; got {layers} and {found:.4g}",
            zh=f"第 {a}、{b} 层修的是同一处，第 {c} 层修另一处；得到 {layers} 和 {found:.4g}",
        )


@law("7B", points=2, en="it goes on when no single layer helps: a sick tensor has two ends",
     zh="哪一层单独保留都没用时也要继续：有问题的张量有两端")  # fmt: skip
def check_a_tensor_has_two_ends(min_float_layers, rng):
    for n in (3, 6):
        first = int(rng.integers(n - 1))
        both = {first, first + 1}

        def value(kept, both=both):
            kept = set(kept)
            return 90.0 if both <= kept else 40.0 - (len(kept) if not kept & both else 0)

        layers, found, _ = run(min_float_layers, n, value, 89.0)
        expect(
            set(layers) == both and found == 90.0,
            en=f"{n} layers; keeping one of {first} and {first + 1} changes nothing, keeping both repairs the network; "
            f"got {layers} and {found:.4g}",
            zh=f"共 {n} 层；只保留 {first}、{first + 1} 之一毫无变化，两层都保留才修好；得到 {layers} 和 {found:.4g}",
        )


@law(
    "7B",
    points=1,
    en="out of reach: all layers, and the value of all",
    zh="达不到目标：返回所有层，以及全部保留时的值",
)
def check_out_of_reach(min_float_layers, rng):
    for n in (1, 4, 7):
        value, gains = additive(rng, n)
        layers, found, _ = run(min_float_layers, n, value, 1000.0)
        expect(
            layers == [int(i) for i in np.argsort(-gains)] and np.isclose(found, 50 + gains.sum()),
            en=f"gains of {brief(gains)} points by layer, target out of reach: got {layers} and {found:.4g}",
            zh=f"各层分别贡献 {brief(gains)} 点，目标达不到：得到 {layers} 和 {found:.4g}",
        )
    layers, found, _ = run(min_float_layers, 0, lambda kept: 12.0, 50.0)
    expect(
        layers == [] and found == 12.0,
        en=f"a network without layers, metric 12: got {layers} and {found:.4g}",
        zh=f"没有层的网络，metric 为 12：得到 {layers} 和 {found:.4g}",
    )


@law("7B", points=1, en="of equals the lowest index, and the order is that of adding",
     zh="打平时取编号最小的；顺序就是加入的顺序")  # fmt: skip
def check_ties(min_float_layers, rng):
    layers, _, _ = run(
        min_float_layers, 5, lambda kept: 10 + 2 * len(kept) + 5 * (3 in kept), 100.0
    )
    expect(
        layers == [3, 0, 1, 2, 4],
        en=f"layer 3 gains most, the others the same: got {layers}",
        zh=f"第 3 层收益最大，其余相同：得到 {layers}",
    )


@law("7B", points=1, en="at most n(n+1)/2 + 1 measurements", zh="测量不超过 n(n+1)/2 + 1 次")
def check_frugal(min_float_layers, rng):
    for n in (4, 6):
        value, gains = additive(rng, n)
        layers, found, calls = run(min_float_layers, n, value, 1000.0)
        limit = n * (n + 1) // 2 + 1
        expect(
            len(layers) == n and len(calls) <= limit,
            en=f"{n} layers: metric was called {len(calls)} times, at most {limit} are needed",
            zh=f"共 {n} 层：metric 调用了 {len(calls)} 次，最多只需 {limit} 次",
        )
