"""What any right answer to topic 24 satisfies: a selector held against a plain one, a threshold against all of them."""

import numpy as np

from course_lib.grading import brief, expect, law

# Latencies, margins and budgets are sums of powers of two, so that no rounding decides at an edge.
LADDER = [("tiny", 0.80, 1.0), ("mid", 0.87, 2.0), ("big", 0.92, 8.0)]


def picks(VariantSelector, budgets, ladder=LADDER, margin=0.25):
    """Return the names that one selector picks for a list of budgets or (budget, slowdown) pairs."""
    selector = VariantSelector([tuple(variant) for variant in ladder], margin)
    return [
        selector.pick(*each) if isinstance(each, tuple) else selector.pick(each) for each in budgets
    ]


def says(found, wanted, budgets, ladder=LADDER):
    """Fail with the ladder, the budgets and the picks."""
    rungs = ", ".join(f"{name} ({accuracy:g}, {ms:g} ms)" for name, accuracy, ms in ladder)
    asked = ", ".join(
        f"{each[0]:g} (slowdown {each[1]:g})" if isinstance(each, tuple) else f"{each:g}"
        for each in budgets
    )
    expect(
        found == wanted,
        en=f"ladder {rungs}, margin 0.25; for the budgets {asked} in this order it picked {brief(found)}",
        zh=f"阶梯 {rungs}，margin 0.25；依次给预算 {asked}，选择是 {brief(found)}",
    )


@law(
    "24A",
    points=2,
    en="the first pick is the most accurate that fits",
    zh="第一次选择的是放得下的里面最准的",
)
def check_first_pick(VariantSelector):
    for budget, wanted in ((100.0, "big"), (8.0, "big"), (7.5, "mid"), (2.0, "mid"), (1.5, "tiny")):
        says(picks(VariantSelector, [budget]), [wanted], [budget])
    says(picks(VariantSelector, [4.0], LADDER[::-1]), ["mid"], [4.0], LADDER[::-1])


@law("24A", points=1, en="when none fits, the fastest runs", zh="都放不下时，运行最快的")
def check_none_fits(VariantSelector):
    says(picks(VariantSelector, [0.5]), ["tiny"], [0.5])
    says(
        picks(VariantSelector, [16.0, 0.5], LADDER[::-1]),
        ["big", "tiny"],
        [16.0, 0.5],
        LADDER[::-1],
    )


@law("24A", points=1, en="a slow-down lengthens every latency", zh="降频会拉长每个延迟")
def check_slowdown_counts(VariantSelector):
    for each, wanted in (
        ((8.0, 2.0), "mid"),
        ((16.0, 2.0), "big"),
        ((3.0, 2.0), "tiny"),
        ((4.0, 0.5), "big"),
    ):
        says(picks(VariantSelector, [each]), [wanted], [each])


@law("24A", points=2, en="it climbs only with headroom", zh="有余量才往上换")
def check_climbs_with_headroom(VariantSelector):
    budgets = [4.0, 8.0, 9.75, 10.0]
    says(picks(VariantSelector, budgets), ["mid", "mid", "mid", "big"], budgets)
    budgets = [1.0, 8.0]  # big fits, but only mid fits with headroom
    says(picks(VariantSelector, budgets), ["tiny", "mid"], budgets)


@law(
    "24A",
    points=1,
    en="it leaves at once what no longer fits, and not before",
    zh="放不下就立刻换下，放得下就不换",
)
def check_leaves_at_once(VariantSelector):
    budgets = [16.0, 8.0, 7.75]
    says(picks(VariantSelector, budgets), ["big", "big", "mid"], budgets)
    budgets = [16.0, 1.5]
    says(picks(VariantSelector, budgets), ["big", "tiny"], budgets)


@law(
    "24A",
    points=1,
    en="of equally accurate ones the faster, then the first listed",
    zh="精度相同取更快的，再相同取排在前面的",
)
def check_ties(VariantSelector):
    ladder = [("slow", 0.9, 4.0), ("quick", 0.9, 2.0), ("twin", 0.9, 2.0), ("small", 0.5, 1.0)]
    says(picks(VariantSelector, [8.0], ladder), ["quick"], [8.0], ladder)
    ladder = [("a", 0.5, 2.0), ("b", 0.7, 2.0)]
    says(picks(VariantSelector, [1.0], ladder), ["a"], [1.0], ladder)


def plain(ladder, margin, trace):
    """Follow the rules of the statement literally."""
    current, names = None, []
    for budget, slowdown in trace:
        fit = [v for v in ladder if v[2] * slowdown <= budget]
        if not fit:
            current = min(ladder, key=lambda v: v[2])
        elif current not in fit:
            current = max(fit, key=lambda v: (v[1], -v[2]))
        else:
            room = [
                v for v in fit if v[2] * slowdown * (1 + margin) <= budget and v[1] > current[1]
            ]
            current = max(room, key=lambda v: (v[1], -v[2]), default=current)
        names.append(current[0])
    return names


@law(
    "24A",
    points=2,
    en="two selectors follow two traces, each with its own memory",
    zh="两个选择器各走各的轨迹，各记各的状态",
)
def check_long_traces(VariantSelector, rng):
    for margin in (0.0, 0.25, 0.5):
        accuracies = np.arange(1, 6) / 8
        low = int(rng.integers(0, 4))
        accuracies[[low, low + 1]] = accuracies[
            [low + 1, low]
        ]  # one rung is slower and worse than another
        ladder = [(f"m{k}", float(accuracies[k]), 2.0**k) for k in rng.permutation(5).tolist()]
        one, two = (VariantSelector(list(ladder), margin) for _ in range(2))
        slow = rng.choice([1, 1.5, 2], (2, 40))
        budgets = (
            2.0 ** rng.integers(0, 5, (2, 40))
            * slow
            * rng.choice([0.875, 1, 1.125, 1.25, 1.5, 1.75], (2, 40))
        )
        traces = [
            list(zip(b.tolist(), s.tolist(), strict=True))
            for b, s in zip(budgets, slow, strict=True)
        ]
        found = ([], [])
        for first, second in zip(*traces, strict=True):
            found[0].append(one.pick(*first))
            found[1].append(two.pick(*second))
        for names, trace in zip(found, traces, strict=True):
            wanted = plain(ladder, margin, trace)
            at = next(
                (k for k, (a, b) in enumerate(zip(names, wanted, strict=True)) if a != b), None
            )
            if at is not None:
                before = names[at - 1] if at else None
                expect(
                    False,
                    en=f"ladder {ladder}, margin {margin}: while {before} ran, pick{trace[at]} gave {brief(names[at])} "
                    "(two selectors were in use at once)",
                    zh=f"阶梯 {ladder}，margin {margin}：正在运行 {before} 时，pick{trace[at]} 得到 {brief(names[at])}"
                    "（同时在用两个选择器）",
                )


def samples(rng, count=64):
    """Return confidences with ties, and who is right; the large model mostly is."""
    conf = np.round(rng.uniform(0.2, 1.0, count), 2)
    small = rng.random(count) < conf
    big = rng.random(count) < 0.85
    return conf, small, big


def effect(tau, conf, small, big, cost_small, cost_big):
    """Return the cost and the accuracy of a threshold."""
    asked = conf < tau
    return cost_small + float(asked.mean()) * cost_big, float(np.where(asked, big, small).mean())


def best(conf, small, big, cost_small, cost_big, min_acc):
    """Return (cost, -accuracy) of the best of all thresholds, None when none is accurate enough."""
    found = [effect(tau, conf, small, big, cost_small, cost_big) for tau in (0.0, *conf, np.inf)]
    return min(((cost, -acc) for cost, acc in found if acc >= min_acc), default=None)


def triple(answer):
    """Return (threshold, cost, accuracy) as floats, or fail with what came instead."""
    expect(
        isinstance(answer, tuple | list) and len(answer) == 3,
        en=f"early_exit_threshold must return (tau, cost, acc) here; it returned {brief(answer)}",
        zh=f"early_exit_threshold 在这里应返回 (tau, cost, acc)，实际返回 {brief(answer)}",
    )
    return tuple(float(each) for each in answer)


@law("24B", points=2, en="four samples by hand", zh="四个样本，手算核对")
def check_four_samples(early_exit_threshold):
    conf = np.array([0.9, 0.8, 0.6, 0.4])
    small, big = np.array([True, True, False, False]), np.array([True, True, True, False])
    tau, cost, acc = triple(early_exit_threshold(conf, small, big, 1.0, 10.0, 0.75))
    expect(
        np.allclose((tau, cost, acc), (0.8, 6.0, 0.75)),
        en=f"confidences 0.9 0.8 0.6 0.4, small right on the first two, big on the first three, costs 1 and 10, "
        f"accuracy 0.75 wanted: got {(tau, cost, acc)}",
        zh=f"置信度 0.9 0.8 0.6 0.4，小模型对前两个，大模型对前三个，开销 1 和 10，要求精度 0.75：得到 {(tau, cost, acc)}",
    )


@law(
    "24B",
    points=2,
    en="cost and accuracy are those of the threshold",
    zh="返回的开销和精度就是该阈值的",
)
def check_cost_and_accuracy_are_true(early_exit_threshold, rng):
    for _ in range(6):
        conf, small, big = samples(rng)
        target = float(np.mean(big)) - 0.0626
        given = (conf, small, big, 3.0, 17.0, target)
        tau, cost, acc = triple(early_exit_threshold(*given))
        true = effect(tau, conf, small, big, 3.0, 17.0)
        expect(
            np.allclose((cost, acc), true, rtol=1e-9),
            en=f"threshold {tau:g} asks the large model on {100 * np.mean(conf < tau):.1f} % of {len(conf)} samples, costs 3 "
            f"and 17: you say cost {cost:.4f}, accuracy {acc:.4f}; it has cost {true[0]:.4f}, accuracy {true[1]:.4f}",
            zh=f"阈值 {tau:g} 会在 {len(conf)} 个样本的 {100 * np.mean(conf < tau):.1f}% 上询问大模型，开销 3 和 17：你的结果是 "
            f"开销 {cost:.4f}、精度 {acc:.4f}；它实际的开销 {true[0]:.4f}、精度 {true[1]:.4f}",
        )


@law(
    "24B",
    points=3,
    en="no threshold that is accurate enough is cheaper",
    zh="没有更便宜又达标的阈值",
)
def check_cheapest(early_exit_threshold, rng):
    conf, never, always = np.array([0.5, 0.7]), np.zeros(2, bool), np.ones(2, bool)
    tau, cost, acc = triple(early_exit_threshold(conf, never, always, 2.0, 9.0, 1.0))
    expect(
        tau > 0.7 and np.isclose(cost, 11.0),
        en=f"the small model is always wrong, the large one always right, accuracy 1 is wanted: got threshold {tau:g}, "
        f"cost {cost:g}, accuracy {acc:g}",
        zh=f"小模型全错，大模型全对，要求精度 1：得到阈值 {tau:g}、开销 {cost:g}、精度 {acc:g}",
    )
    for target in (0.5, 0.7, 0.75, 0.8, 0.82, 0.85):
        conf, small, big = samples(rng)
        target = min(target, float(np.mean(big))) - 1e-6
        wanted = best(conf, small, big, 2.0, 9.0, target)
        tau, _, _ = triple(early_exit_threshold(conf, small, big, 2.0, 9.0, target))
        cost, acc = effect(tau, conf, small, big, 2.0, 9.0)
        expect(
            acc >= target and cost <= wanted[0] + 1e-9,
            en=f"accuracy {target:.4f} wanted, costs 2 and 9: threshold {tau:g} has accuracy {acc:.4f} and cost {cost:.4f}; "
            f"one that is accurate enough costs {wanted[0]:.4f}",
            zh=f"要求精度 {target:.4f}，开销 2 和 9：阈值 {tau:g} 的精度 {acc:.4f}、开销 {cost:.4f}；"
            f"达标的阈值里有开销 {wanted[0]:.4f} 的",
        )


@law(
    "24B",
    points=1,
    en="an accuracy that no threshold reaches gives None",
    zh="没有阈值能达到的精度，返回 None",
)
def check_out_of_reach(early_exit_threshold, rng):
    conf, small, big = samples(rng)
    small[0] = big[0] = False
    answer = early_exit_threshold(conf, small, big, 1.0, 5.0, 1.0)
    expect(
        answer is None,
        en=f"one sample is wrong with both models and accuracy 1 was asked for: got {brief(answer)}",
        zh=f"有一个样本两个模型都答错，却要求精度 1：得到 {brief(answer)}",
    )


@law(
    "24B",
    points=1,
    en="a small model that is always right is never helped",
    zh="小模型全对时，永远不问大模型",
)
def check_small_is_enough(early_exit_threshold, rng):
    conf, small, big = samples(rng)
    _, cost, acc = triple(early_exit_threshold(conf, np.ones_like(small), big, 4.0, 50.0, 1.0))
    expect(
        np.isclose(cost, 4.0) and acc == 1.0,
        en=f"the small model costs 4 and is right on all {len(conf)} samples: got cost {cost:.4f}, accuracy {acc:.4f}",
        zh=f"小模型开销 4，{len(conf)} 个样本全对：得到开销 {cost:.4f}、精度 {acc:.4f}",
    )


@law("24B", points=1, en="of equal costs the more accurate", zh="开销相同时取更准的")
def check_equal_costs(early_exit_threshold, rng):
    for _ in range(4):
        conf, small, big = samples(rng)
        wanted = -best(conf, small, big, 1.0, 0.0, 0.3)[1]
        tau, _, _ = triple(early_exit_threshold(conf, small, big, 1.0, 0.0, 0.3))
        _, acc = effect(tau, conf, small, big, 1.0, 0.0)
        expect(
            np.isclose(acc, wanted),
            en=f"the large model is free, so all thresholds cost the same: {tau:g} has accuracy {acc:.4f}, the best {wanted:.4f}",
            zh=f"大模型不花钱，所有阈值开销相同：{tau:g} 的精度 {acc:.4f}，最好的有 {wanted:.4f}",
        )
