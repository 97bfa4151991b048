"""What any right answer to topic 29 satisfies: the definition of dominance, and a gate that lets nothing slip through."""

import numpy as np

from course_lib.grading import brief, expect, law, unchanged


def dominates(one, other, maximize):
    """Tell whether the first point is nowhere worse and somewhere better."""
    gains = [(a - b) if up else (b - a) for a, b, up in zip(one, other, maximize, strict=True)]
    return min(gains) >= 0 and max(gains) > 0


def front_of(points, maximize):
    return [
        index
        for index, own in enumerate(points)
        if not any(dominates(other, own, maximize) for other in points)
    ]


def indices(answer):
    """Return the answer as a list of whole numbers, or fail with what came instead."""
    whole = isinstance(answer, list | tuple | np.ndarray) and all(
        isinstance(each, int | np.integer) and not isinstance(each, bool | np.bool_)
        for each in answer
    )
    expect(whole, en=f"expected a list of indices, got {brief(answer)}",
           zh=f"应返回下标的列表，实际返回 {brief(answer)}")  # fmt: skip
    return [int(each) for each in answer]


def drawn(rng, count, criteria):
    """Return points on a small grid, so that ties in single criteria happen."""
    return [tuple(float(value) for value in row) for row in rng.integers(0, 6, (count, criteria))]


@law("29A", points=3, en="kept are exactly the points that no other dominates, whatever the directions",
     zh="留下的恰好是不被任何点支配的点，每个指标方向任意")  # fmt: skip
def check_definition(pareto_front, rng):
    for criteria in (2, 3, 2, 3, 4):
        points = drawn(rng, 12, criteria)
        maximize = [bool(up) for up in rng.integers(0, 2, criteria)]
        said = indices(pareto_front(points, maximize))
        right = front_of(points, maximize)
        extra, missing = sorted(set(said) - set(right)), sorted(set(right) - set(said))
        expect(
            not extra,
            en=f"maximize={maximize}: you keep {brief(points[extra[0]]) if extra else ''}, which another point dominates",
            zh=f"maximize={maximize}：你留下了 {brief(points[extra[0]]) if extra else ''}，它被另一个点支配",
        )
        expect(
            not missing,
            en=f"maximize={maximize}: you drop {brief(points[missing[0]]) if missing else ''}, which no point dominates",
            zh=f"maximize={maximize}：你丢掉了 {brief(points[missing[0]]) if missing else ''}，没有点支配它",
        )


@law("29A", points=2, en="equal points share their fate", zh="相同的点同进同退")
def check_equal_points(pareto_front, rng):
    pair = [(2.0, 5.0), (2.0, 5.0), (3.0, 1.0), (1.0, 1.0)]
    said = indices(pareto_front(pair, [True, True]))
    expect(
        set(said) == {0, 1, 2},
        en=f"two files are equal in everything and nothing beats them; of indices 0 to 3 you keep {said}",
        zh=f"有两个文件各项完全相同，且没有点胜过它们；在下标 0 到 3 中你留下 {said}",
    )
    for _ in range(4):
        points = drawn(rng, 9, 2)
        doubled = points + points
        said = set(indices(pareto_front(doubled, [True, False])))
        expect(
            said == set(front_of(doubled, [True, False])),
            en=f"every point was given twice; you keep {len(said & set(range(9)))} of the first and {len(said - set(range(9)))} of the second half",
            zh=f"每个点都给了两遍；前一半你留下 {len(said & set(range(9)))} 个，后一半留下 {len(said - set(range(9)))} 个",
        )


@law("29A", points=2, en="a point that ties in one criterion and loses in another is out",
     zh="一项打平、另一项更差的点要出局")  # fmt: skip
def check_ties(pareto_front):
    for points, maximize in (
        ([(0.9, 10.0), (0.9, 12.0)], [True, False]),
        ([(0.9, 10.0), (0.8, 10.0)], [True, False]),
        ([(1.0, 1.0, 1.0), (1.0, 1.0, 2.0)], [False, False, False]),
    ):
        said = indices(pareto_front(points, maximize))
        expect(
            said == [0],
            en=f"of {points} with maximize={maximize} you keep {said}",
            zh=f"{points}，maximize={maximize}：你留下 {said}",
        )


@law("29A", points=2, en="units do not matter: another scale, even a bent one, keeps the same points",
     zh="与单位无关：换刻度，哪怕是弯曲的刻度，留下的点不变")  # fmt: skip
def check_units(pareto_front, rng):
    # three bends with a dent between them, and a crowd that is dominated
    dent = [(0.90, 100.0), (0.82, 60.0), (0.80, 10.0)]
    crowd = [(0.8 - float(gap), 10 + float(more)) for gap, more in 0.1 + 0.2 * rng.random((9, 2))]
    points = [(dent + crowd)[int(index)] for index in rng.permutation(12)]
    right = front_of(points, [True, False])
    for how, scaled in {
        "as they are": points,
        "the second in thousands": [(a, b / 1000) for a, b in points],
        "the second as a logarithm": [(a, float(np.log(b))) for a, b in points],
        "the first cubed": [(a**3, b) for a, b in points],
    }.items():
        said = indices(pareto_front(scaled, [True, False]))
        expect(
            set(said) == set(right),
            en=f"criteria {how}: {len(said)} points kept, not the same as by definition",
            zh=f"指标刻度（{how}）：留下 {len(said)} 个点，与定义不一致",
        )


@law("29A", points=1, en="indices ascend; none, one and a single criterion work; the points stay as they are",
     zh="下标升序；空输入、单个点、单个指标都成立；不改动输入")  # fmt: skip
def check_form(pareto_front):
    expect(
        indices(pareto_front([], [True, False])) == [],
        en="no points: expected []",
        zh="没有点时应返回 []",
    )
    expect(
        indices(pareto_front([(1.0, 2.0)], [True, True])) == [0],
        en="one point: expected [0]",
        zh="只有一个点时应返回 [0]",
    )
    one = [(3.0,), (5.0,), (5.0,), (1.0,)]
    said = indices(pareto_front(one, [True]))
    expect(
        said == [1, 2],
        en=f"one criterion, {one}: you keep {said}",
        zh=f"单个指标 {one}：你留下 {said}",
    )
    points = [(1.0, 9.0), (0.0, 0.0), (5.0, 5.0), (9.0, 1.0)]
    said = indices(unchanged(pareto_front, points, [True, True]))
    expect(said == [0, 2, 3], en=f"expected ascending indices, got {brief(said)}",
           zh=f"应返回升序的下标，实际为 {brief(said)}")  # fmt: skip


def verdict(answer):
    """Return (ok, violations), or fail with what came instead."""
    right = (
        isinstance(answer, list | tuple)
        and len(answer) == 2
        and isinstance(answer[0], bool | np.bool_)
        and isinstance(answer[1], list | tuple)
        and all(isinstance(each, str) for each in answer[1])
    )
    expect(right, en=f"expected (ok, list of metric names), got {brief(answer)}",
           zh=f"应返回 (ok, 指标名列表)，实际返回 {brief(answer)}")  # fmt: skip
    return bool(answer[0]), list(answer[1])


def expect_gate(regression_gate, base, cand, rules, violations):
    ok, said = verdict(regression_gate(base, cand, rules))
    expect(
        said == violations and ok == (not violations),
        en=f"base {base}, candidate {cand}, rules {rules}: you say {(ok, said)}",
        zh=f"基线 {base}，候选 {cand}，规则 {rules}：你的结论是 {(ok, said)}",
    )


@law("29B", points=2, en="worse by more than the tolerance fails, in the metric's own direction; exactly at it passes",
     zh="按指标自己的方向，变差超过容差就失败；恰好等于容差则通过")  # fmt: skip
def check_tolerance(regression_gate):
    up, down = {"better": "higher", "abs": 0.25}, {"better": "lower", "abs": 0.25}
    for metric, rule, after, violations in (
        ("accuracy", up, 0.75, []),
        ("accuracy", up, 0.5, ["accuracy"]),
        ("latency", down, 1.25, []),
        ("latency", down, 1.5, ["latency"]),
    ):
        expect_gate(regression_gate, {metric: 1.0}, {metric: after}, {metric: rule}, violations)
    expect_gate(
        regression_gate, {"bytes": 64}, {"bytes": 65}, {"bytes": {"better": "lower"}}, ["bytes"]
    )
    expect_gate(regression_gate, {"bytes": 64}, {"bytes": 64}, {"bytes": {"better": "lower"}}, [])


@law(
    "29B",
    points=2,
    en="an improvement never fails, however large",
    zh="变好永远不算失败，无论好多少",
)
def check_improvement(regression_gate, rng):
    for _ in range(5):
        before, gain = float(rng.uniform(1, 10)), float(rng.uniform(1, 1000))
        rules = {
            "accuracy": {"better": "higher", "rel": 0.01},
            "latency": {"better": "lower", "abs": 0.5},
        }
        base = {"accuracy": before, "latency": before}
        cand = {"accuracy": before + gain, "latency": before - gain}
        expect_gate(regression_gate, base, cand, rules, [])
    # and the same distance the other way does fail, so that the law is not one of silence
    expect_gate(regression_gate, base, {"accuracy": before - gain, "latency": before + gain}, rules, ["accuracy", "latency"])  # fmt: skip


@law("29B", points=2, en="abs and rel: the one that allows more counts, rel is of the size of the base",
     zh="abs 与 rel 取宽的那个；rel 相对于基线的绝对值")  # fmt: skip
def check_abs_and_rel(regression_gate):
    rule = {"better": "lower", "abs": 2.0, "rel": 0.5}
    for before, after, violations in (
        (1.0, 2.75, []),
        (1.0, 3.5, ["us"]),
        (16.0, 23.0, []),
        (16.0, 25.0, ["us"]),
        (-16.0, -9.0, []),
        (-16.0, -7.0, ["us"]),
    ):
        expect_gate(regression_gate, {"us": before}, {"us": after}, {"us": rule}, violations)
    only = {"better": "higher", "rel": 0.25}
    expect_gate(regression_gate, {"db": 40.0}, {"db": 31.0}, {"db": only}, [])
    expect_gate(regression_gate, {"db": 40.0}, {"db": 29.0}, {"db": only}, ["db"])


@law("29B", points=2, en="what is missing, NaN or infinite on either side fails",
     zh="任何一侧缺失、为 NaN 或无穷，都算失败")  # fmt: skip
def check_missing(regression_gate):
    rules = {"accuracy": {"better": "higher", "abs": 8.0}, "us": {"better": "lower", "rel": 8.0}}
    good = {"accuracy": 0.5, "us": 4.0}
    expect_gate(regression_gate, good, good, rules, [])
    expect_gate(regression_gate, good, {"us": 4.0}, rules, ["accuracy"])
    expect_gate(regression_gate, {"accuracy": 0.5}, good, rules, ["us"])
    for bad in (float("nan"), float("inf"), -float("inf"), None):
        expect_gate(regression_gate, good, good | {"us": bad}, rules, ["us"])
        expect_gate(regression_gate, good | {"accuracy": bad}, good, rules, ["accuracy"])


@law("29B", points=2, en="every violation is listed, in the order of the rules; a metric without a rule is ignored",
     zh="所有违规都列出，按规则的顺序；没有规则的指标忽略")  # fmt: skip
def check_all_reported(regression_gate, rng):
    names = ["accuracy", "bytes", "us", "mb", "db"]
    for _ in range(6):
        order = [names[index] for index in rng.permutation(5)]
        broken = {name for name in names if rng.random() < 0.6}
        rules = {name: {"better": "lower", "abs": 1.0} for name in order}
        base = dict.fromkeys(names, 10.0) | {"other": 1.0}
        cand = {name: 20.0 if name in broken else 10.5 for name in names} | {"other": 99.0}
        ok, said = verdict(unchanged(regression_gate, base, cand, rules))
        right = [name for name in order if name in broken]
        expect(
            said == right and ok == (not right),
            en=f"{len(right)} of 5 metrics are worse, in the order {right}; you say {(ok, said)}",
            zh=f"5 个指标中有 {len(right)} 个变差，顺序为 {right}；你的结论是 {(ok, said)}",
        )
    expect_gate(regression_gate, base, cand, {}, [])
