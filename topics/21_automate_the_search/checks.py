"""What any right answer to topic 21 satisfies: LiteRT on referee files, and a ledger of every score that was asked for."""

from functools import cache
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from course_lib.core import Artifact
from course_lib.evaluation import predict as outputs
from course_lib.grading import brief, expect, law, raises

REFEREE = Path(__file__).with_name("referee")
SAMPLES = 128  # an accuracy is a multiple of 1/128: exact in every float type


@cache
def content(name):
    return (REFEREE / f"{name}.tflite").read_bytes()


@cache
def centres():
    return np.load(REFEREE / "centres.npy")


def points(rng, *, far=False):
    """Draw points around the four centres; ``far`` pushes coordinates beyond the range of the quantized inputs."""
    c = centres()
    y = rng.integers(0, len(c), SAMPLES)
    x = c[y] + rng.normal(0, 0.4, (SAMPLES, c.shape[1]))
    if far:
        x = np.where((c[y] == c.max(axis=0)) & (c[y] > 4), 1.6 * x, x)
    return x.astype(np.float32), y


@cache
def _artifact(name):
    return Artifact(name, content(name))


def accuracy(name, x, y):
    return float((outputs(_artifact(name), x).argmax(1) == y).mean())


def close_calls(rng):
    """Draw points between two centres whose class hangs on rounding, and the classes that wide_int8 gives them."""
    one, two = rng.integers(0, len(centres()), (2, 1500))
    part = rng.uniform(0.45, 0.55, (1500, 1))
    x = part * centres()[one] + (1 - part) * centres()[two]
    x = (x + rng.normal(0, 0.05, x.shape)).astype(np.float32)
    source = Interpreter(model_content=content("wide_int8")).get_input_details()[0]
    scale, zero_point = source["quantization"]
    steps = [
        np.round(x / scale) + zero_point,
        np.trunc(x / scale + zero_point),
        np.floor(x / scale) + zero_point,
    ]
    rounded, *cut = (
        outputs(_artifact("wide_int8"), np.clip(each, -128, 127).astype(np.int8)).argmax(1)
        for each in steps
    )
    close = (rounded != cut[0]) | (rounded != cut[1])
    return x[close], rounded[close]


def files(*names):
    return {name: content(name) for name in names}


def said(smallest_passing, candidates, x, y, floor):
    """Return the learner's choice, or fail with what came instead."""
    answer = smallest_passing(candidates, x, y, floor)
    expect(
        answer is None or (isinstance(answer, str) and answer in candidates),
        en=f"expected a name of {list(candidates)} or None, got {brief(answer)}",
        zh=f"应返回 {list(candidates)} 中的一个名字或 None，实际返回 {brief(answer)}",
    )
    return answer


def expect_choice(smallest_passing, candidates, x, y, floor, right, why, why_zh):
    got = said(smallest_passing, candidates, x, y, floor)
    shown = {name: len(tflite) for name, tflite in candidates.items()}
    expect(
        got == right,
        en=f"files {shown} bytes, floor {floor:g}: you chose {got!r}. {why}",
        zh=f"各文件字节数 {shown}，门槛 {floor:g}：你选了 {got!r}。{why_zh}",
    )


@law("21A", points=2, en="of the files that reach the floor the smallest is chosen, wherever it stands",
     zh="在达到门槛的文件中选最小的，与先后顺序无关")  # fmt: skip
def check_smallest(smallest_passing, rng):
    x, y = points(rng)
    for names in (
        ("small_blind", "small", "wide"),
        ("wide", "middle", "small", "small_blind"),
        ("middle", "wide_blind", "wide"),
    ):
        right = {name: accuracy(name, x, y) for name in names}
        for floor in (0.9, 0.6):
            wanted = min((n for n in names if right[n] >= floor), key=lambda n: len(content(n)))
            expect_choice(
                smallest_passing, files(*names), x, y, floor, wanted,
                f"Their accuracies are {[round(a, 3) for a in right.values()]}.",
                f"它们的精度依次为 {[round(a, 3) for a in right.values()]}。",
            )  # fmt: skip


@law("21A", points=1, en="an accuracy of exactly the floor passes", zh="精度恰好等于门槛算通过")
def check_floor_is_met(smallest_passing, rng):
    x, y = points(rng)
    for name in ("small_blind", "wide_blind"):
        exact = accuracy(name, x, y)
        expect_choice(
            smallest_passing, files(name), x, y, exact, name,
            f"Its accuracy is {exact:g} as well.", f"它的精度也正好是 {exact:g}。",
        )  # fmt: skip
        above = said(smallest_passing, files(name), x, y, exact + 1 / SAMPLES)
        expect(
            above is None,
            en=f"{name} has accuracy {exact:g}; it does not reach {exact + 1 / SAMPLES:g}, and you chose it",
            zh=f"{name} 的精度是 {exact:g}，达不到 {exact + 1 / SAMPLES:g}，你却选了它",
        )


@law("21A", points=2, en="an int8 file is fed by its own scale and zero point, rounded and clipped",
     zh="int8 文件按它自己的 scale 和 zero_point 输入，先舍入再截断")  # fmt: skip
def check_int8_inputs(smallest_passing, rng):
    for far in (False, True):
        x, y = points(rng, far=far)
        where = (
            "some coordinates lie beyond the input's range" if far else "all points lie in range"
        )
        where_zh = "有些坐标超出输入量程" if far else "所有点都在量程内"
        exact = accuracy("wide_int8", x, y)
        expect_choice(
            smallest_passing, files("wide", "wide_int8", "small_blind"), x, y, 0.9, "wide_int8",
            f"Fed as it asks to be, wide_int8 has accuracy {exact:g} ({where}).",
            f"按要求输入时，wide_int8 的精度为 {exact:g}（{where_zh}）。",
        )  # fmt: skip
    x, y = close_calls(rng)
    expect_choice(
        smallest_passing, files("wide_int8"), x, y, 0.9, "wide_int8",
        f"{len(x)} points lie so near a border that the nearest step and the step below give different classes; "
        "with the nearest its accuracy is 1.",
        f"这 {len(x)} 个点紧挨分界，取最近的整数和直接去掉小数会得到不同的类别；取最近的整数时精度为 1。",
    )  # fmt: skip


@law("21A", points=1, en="an int16 input has limits of its own", zh="int16 输入有它自己的取值范围")
def check_int16_inputs(smallest_passing, rng):
    x, y = points(rng, far=True)
    exact = accuracy("wide_int16", x, y)
    expect_choice(
        smallest_passing, files("wide", "wide_int16", "small_blind"), x, y, 0.9, "wide_int16",
        f"wide_int16 takes int16 and has accuracy {exact:g}.",
        f"wide_int16 的输入是 int16，精度为 {exact:g}。",
    )  # fmt: skip


@law("21A", points=2, en="a file that does not load is skipped, whatever is wrong with it",
     zh="无法加载的文件一律跳过，不管坏在哪里")  # fmt: skip
def check_broken_files(smallest_passing, rng):
    x, y = points(rng)
    broken = {
        "half_written": content("wide")[:3000],
        "error_page": b"<html>404 not found</html>",
        "unknown_operator": content("small_custom"),
    }
    for name, tflite in broken.items():
        candidates = {"middle": content("middle"), name: tflite, "wide": content("wide")}
        expect_choice(
            smallest_passing, candidates, x, y, 0.9, "middle",
            f"{name} does not load.", f"{name} 无法加载。",
        )  # fmt: skip
    expect_choice(
        smallest_passing, broken | files("wide"), x, y, 0.9, "wide",
        "Three broken files stand before a good one.", "一个好文件前面有三个坏文件。",
    )  # fmt: skip


@law("21A", points=1, en="of two files of equal size the one that stands first is chosen",
     zh="体积相同时选排在前面的")  # fmt: skip
def check_ties(smallest_passing, rng):
    x, y = points(rng)
    for names in (
        ("small", "small_twin"),
        ("small_twin", "small"),
        ("wide", "small_twin", "small"),
    ):
        wanted = next(name for name in names if name.startswith("small"))
        expect_choice(
            smallest_passing, files(*names), x, y, 0.9, wanted,
            "Both small files pass, with the same number of bytes.",
            "两个小文件都达标，字节数相同。",
        )  # fmt: skip


@law("21A", points=1, en="where no file passes, and where there is none, the answer is None",
     zh="没有文件达标，或根本没有文件，返回 None")  # fmt: skip
def check_nothing_passes(smallest_passing, rng):
    x, y = points(rng)
    for candidates in ({}, files("small_blind", "wide_blind"), {"torn": content("small")[:900]}):
        got = said(smallest_passing, candidates, x, y, 0.9)
        expect(
            got is None,
            en=f"no file of {list(candidates)} reaches 0.9, and you chose {got!r}",
            zh=f"{list(candidates)} 中没有文件达到 0.9，你却选了 {got!r}",
        )


class Ledger:
    """A score that remembers what it was asked, and cannot be asked without end."""

    def __init__(self, table):
        self.table, self.asked = table, []

    def __call__(self, cfg, budget):
        self.asked.append((cfg, budget))
        expect(
            len(self.asked) <= 2000,
            en="2,000 scores were asked for, and there is no end: one survivor left means one last score",
            zh="已经请求了 2000 次打分还没结束：只剩一个时，打完最后一次分就该停",
        )
        return self.table(cfg, budget)

    def rounds(self):
        """Return [(budget, [configurations in the order asked])], budgets in the order in which they first came."""
        found = {}
        for cfg, budget in self.asked:
            found.setdefault(float(budget), []).append(cfg)
        return list(found.items())


def halve(successive_halving, cfgs, table, *options):
    """Return what the learner returns, as (best, total), and the ledger."""
    ledger = Ledger(table)
    answer = successive_halving(cfgs, lambda cfg, budget: ledger(cfg, budget), *options)
    right = isinstance(answer, tuple | list) and len(answer) == 2
    expect(right, en=f"expected (best, total_budget), got {brief(answer)}",
           zh=f"应返回 (best, total_budget)，实际返回 {brief(answer)}")  # fmt: skip
    total = answer[1]
    expect(
        isinstance(total, int | float | np.number) and not isinstance(total, bool),
        en=f"total_budget must be a number, got {brief(total)}",
        zh=f"total_budget 应为数字，实际是 {brief(total)}",
    )
    return answer[0], float(total), ledger


def heads(count, eta):
    """Return how many are alive in each round."""
    found = [count]
    while found[-1] > 1:
        found.append(max(1, found[-1] // eta))
    return found


@law("21B", points=2, en="with a score that budgets do not change, the best configuration wins",
     zh="打分不随预算变化时，胜出的就是最好的配置")  # fmt: skip
def check_noiseless(successive_halving, rng):
    for count, eta in ((8, 2), (13, 2), (9, 3), (20, 4), (2, 2), (3, 5)):
        worth = rng.permutation(count)
        cfgs = [{"number": place} for place in range(count)]
        best, _, _ = halve(
            successive_halving, cfgs, lambda cfg, _, w=worth: float(w[cfg["number"]]), 1, eta
        )
        expect(
            best == cfgs[int(worth.argmax())],
            en=f"{count} configurations, eta {eta}, scores {worth.tolist()}: you return {brief(best)}",
            zh=f"{count} 个配置，eta {eta}，得分 {worth.tolist()}：你返回 {brief(best)}",
        )


@law("21B", points=2, en="each round scores the survivors once, with a budget eta times the last one's, down to the lone survivor",
     zh="每轮给幸存者各打一次分，预算是上一轮的 eta 倍，最后一个幸存者也要打分")  # fmt: skip
def check_rounds(successive_halving, rng):
    for count, least, eta in ((8, 1, 2), (11, 3, 2), (27, 1, 3), (10, 2, 4), (3, 1, 8)):
        worth = rng.permutation(count)
        _, _, ledger = halve(
            successive_halving,
            list(range(count)),
            lambda cfg, _, w=worth: float(w[cfg]),
            least,
            eta,
        )
        got = [(budget, len(asked)) for budget, asked in ledger.rounds()]
        right = [(float(least * eta**turn), alive) for turn, alive in enumerate(heads(count, eta))]
        expect(
            got == right and all(len(set(asked)) == len(asked) for _, asked in ledger.rounds()),
            en=f"{count} configurations, min_budget {least}, eta {eta}: (budget, scores asked for) were {got}",
            zh=f"{count} 个配置，min_budget {least}，eta {eta}：各轮的（预算，打分次数）为 {got}",
        )


@law("21B", points=1, en="the total is what was spent: 32 units for 8 configurations and eta 2",
     zh="总预算等于实际花费：8 个配置、eta 为 2 时共 32 个单位")  # fmt: skip
def check_total(successive_halving, rng):
    for count, least, eta in ((8, 1, 2), (5, 4, 2), (10, 1, 3)):
        worth = rng.permutation(count)
        _, total, ledger = halve(
            successive_halving,
            list(range(count)),
            lambda cfg, _, w=worth: float(w[cfg]),
            least,
            eta,
        )
        spent = sum(budget for _, budget in ledger.asked)
        due = sum(least * eta**turn * alive for turn, alive in enumerate(heads(count, eta)))
        expect(
            total == spent == due,
            en=f"{count} configurations, min_budget {least}, eta {eta}: your scores cost {spent:g} units, you report {total:g}",
            zh=f"{count} 个配置，min_budget {least}，eta {eta}：打分实际花了 {spent:g} 个单位，你报告 {total:g}",
        )


@law("21B", points=2, en="of equal scores the configuration that stands first in cfgs goes first, in every round",
     zh="得分相同时，每一轮都以 cfgs 中排在前面的为先")  # fmt: skip
def check_ties_go_first(successive_halving, rng):
    for count, eta in ((8, 2), (7, 2), (9, 3)):
        best, _, _ = halve(successive_halving, list(range(count)), lambda cfg, budget: 0.5, 1, eta)
        expect(
            best == 0,
            en=f"{count} configurations with the same score: you return number {brief(best)}, not the first",
            zh=f"{count} 个配置得分相同：你返回第 {brief(best)} 个，而不是第一个",
        )
    # ahead in the first round, level in the second: the order of cfgs decides, not the last round's
    first = np.append(0.5, rng.permutation(3) + 1.0)
    low, high = sorted(int(place) for place in np.argsort(first)[2:])
    if first[low] > first[high]:
        first[low], first[high] = first[high], first[low]
    best, _, _ = halve(
        successive_halving,
        list(range(4)),
        lambda cfg, budget: float(first[cfg]) if budget == 1 else 7.0,
    )
    expect(
        best == low,
        en=f"first round {first.tolist()}, then level: {low} and {high} are left, and {low} stands first; you return {brief(best)}",
        zh=f"第一轮 {first.tolist()}，之后打平：剩下 {low} 和 {high}，{low} 排在前面；你返回 {brief(best)}",
    )


@law("21B", points=1, en="a round is decided by its own scores, and who was dropped is never scored again",
     zh="每一轮只看本轮得分；被淘汰的不再打分")  # fmt: skip
def check_own_scores(successive_halving, rng):
    # What a budget of 1 thinks best is worst at 2, and so on: sums or maxima over rounds choose someone else.
    order = [0, *(int(place) + 1 for place in rng.permutation(7))]
    tables = {
        1: {place: 100.0 + rank if rank > 3 else float(rank) for rank, place in enumerate(order)},
        2: {place: -10.0 * rank for rank, place in enumerate(order)},
        4: {place: 1.0 * rank for rank, place in enumerate(order)},
        8: dict.fromkeys(order, 0.0),
    }

    def table(budget):
        return tables[max((known for known in tables if known <= budget), default=1)]

    best, _, ledger = halve(successive_halving, list(range(8)), lambda cfg, b: table(b)[cfg])
    alive = set(range(8))
    for budget, asked in ledger.rounds():
        expect(
            set(asked) <= alive,
            en=f"with budget {budget:g} you score {sorted(asked)}, but only {sorted(alive)} were left",
            zh=f"预算 {budget:g} 时你给 {sorted(asked)} 打分，而此时只剩 {sorted(alive)}",
        )
        scores = table(budget)
        kept = max(1, len(asked) // 2)
        alive = set(sorted(asked, key=lambda cfg, s=scores: -s[cfg])[:kept])
    expect(
        best == order[5],
        en=f"the rounds rank differently; by its own scores each time, {brief(best)} is not who is left",
        zh=f"各轮的排名不同；每轮只看自己的得分，剩下的不会是 {brief(best)}",
    )


@law("21B", points=1, en="a failed run scores NaN and goes last, also where it stands first",
     zh="运行失败得 NaN，排在最后，哪怕它站在第一位")  # fmt: skip
def check_nan_last(successive_halving, rng):
    nan = float("nan")
    for scores in ([nan, 3.0, nan, 1.0], [2.0, nan, nan, 5.0], [nan, nan, 4.0], [nan, -2.0]):
        best, _, _ = halve(
            successive_halving, list(range(len(scores))), lambda cfg, _, s=scores: s[cfg]
        )
        right = int(np.nanargmax(scores))
        expect(
            best == right,
            en=f"scores {scores}: you return number {brief(best)}",
            zh=f"得分 {scores}：你返回第 {brief(best)} 个",
        )


@law("21B", points=1, en="one configuration is scored once; none, or an eta below 2, is a ValueError",
     zh="只有一个配置也打一次分；没有配置，或 eta 小于 2，抛出 ValueError")  # fmt: skip
def check_ends(successive_halving):
    best, total, ledger = halve(successive_halving, ["only"], lambda cfg, budget: 1.0, 5)
    expect(
        best == "only" and total == 5 and len(ledger.asked) == 1,
        en=f"one configuration, min_budget 5: {brief(best)}, {total:g} units, {len(ledger.asked)} scores",
        zh=f"一个配置，min_budget 为 5：得到 {brief(best)}，{total:g} 个单位，打分 {len(ledger.asked)} 次",
    )
    patient = Ledger(lambda cfg, budget: 1.0)
    raises(ValueError, successive_halving, [], lambda cfg, budget: patient(cfg, budget))
    raises(ValueError, successive_halving, [1, 2], lambda cfg, budget: patient(cfg, budget), 1, 1)
