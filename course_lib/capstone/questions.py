"""Five questions about a learner's own numbers, each with what a good answer mentions.

Every question quotes what was measured of this delivery or what its scorecard says, and can be answered by nobody who
does not know how the number came about. The same outcome gives the same questions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from course_lib.capstone.grade import Done, Outcome
from course_lib.capstone.measure import Measured
from course_lib.capstone.values import Delivery, Tried
from course_lib.language import Say

COUNT = 5


@dataclass(frozen=True)
class Question:
    """What is asked, and what a good answer mentions. `about` is the name of the order that it is about."""

    name: str
    about: str
    ask: Say
    points: tuple[Say, ...]


def questions(outcome: Outcome) -> tuple[Question, ...]:
    """Return five questions, or fewer when nothing was delivered; what was missed or not shown comes first."""
    delivered = [each for each in outcome.done if each.delivery is not None and each.measured is not None]
    if not delivered:
        return ()
    found: list[Question] = []
    for each in delivered:
        found += _open(each)
    first, last = delivered[0], delivered[-1]
    if last is not first:
        found.append(_same_code(first, last))
    for index, kind in enumerate((_rejected, _ledger, _elsewhere, _flips, _pixel, _binding)):
        done = delivered[-1 - index % len(delivered)]
        question = kind(done, *_parts(done))
        if question is not None:
            found.append(question)
    chosen: dict[str, Question] = {}
    for question in found:
        chosen.setdefault(question.name, question)
    return tuple(chosen.values())[:COUNT]


def _parts(done: Done) -> tuple[Delivery, Measured]:
    assert done.delivery is not None
    assert done.measured is not None
    return done.delivery, done.measured


def _open(done: Done) -> Iterator[Question]:
    """Questions on what was not shown or missed."""
    _, measured = _parts(done)
    for demand in done.demands:
        if demand.verdict == "met" or demand.name not in ("bytes", "accuracy", "latency"):
            continue
        if demand.name == "accuracy":
            yield _more_images(done, measured, demand.verdict)
        else:
            yield Question(
                f"missed {demand.name}",
                done.order.name,
                Say(
                    f"{done.order.title.en}: {demand.asked.en} was asked, and it is {demand.found.en}. What would you "
                    "try next, and what would it cost in the other two demands?",
                    f"{done.order.title.zh}：要求{demand.asked.zh}，实际 {demand.found.zh}。"
                    "下一步你会试什么？在另外两项要求上要付出什么代价？",
                ),
                (
                    Say("Names one change and which layers it touches.", "说出一个具体改动，以及它动到哪些层。"),
                    Say("Says what it costs in accuracy, bytes and time, with numbers from the scorecard.",
                        "用记分卡里的数字说明它在精度、字节和耗时上的代价。"),
                ),
            )  # fmt: skip


def _more_images(done: Done, measured: Measured, verdict: str) -> Question:
    between, drop = measured.difference_interval, done.order.budget.max_drop
    gap = abs(measured.difference + drop)
    half = (between.high - between.low) / 2
    needed = math.ceil(measured.images * (half / gap) ** 2) if gap > 1e-6 else None
    number = f"{needed:,}" if needed else "no number of"
    shown = Say("not shown", "未能证明") if verdict == "not shown" else Say("missed", "未达到")
    return Question(
        "accuracy open",
        done.order.name,
        Say(
            f"{done.order.title.en}: your file differs from float by {100 * measured.difference:+.2f} points "
            f"[{100 * between.low:+.2f}, {100 * between.high:+.2f}] on {measured.images:,} images, the bound is "
            f"{-100 * drop:+.2f}: {shown.en}. What does that verdict say, and how many images would decide it if the "
            "difference stayed as it is?",
            f"{done.order.title.zh}：在 {measured.images:,} 张图像上，你的文件与浮点模型相差 "
            f"{100 * measured.difference:+.2f} 个百分点 [{100 * between.low:+.2f}, {100 * between.high:+.2f}]，界限是 "
            f"{-100 * drop:+.2f}：{shown.zh}。这个结论说明了什么？如果差值不变，需要多少张图像才能定论？",
        ),
        (
            Say("The interval decides, not the point: only when all of it lies beyond the bound is the bound missed.",
                "起决定作用的是区间而不是点估计：整个区间都在界外才算未达到。"),
            Say(f"The width falls with the square root of the images: about {number} of them, with this difference.",
                f"区间宽度随图像数的平方根缩小：差值不变时大约需要 {number if needed else '再多也不够的'} 张。"),
            Say(f"The comparison is paired: only the {measured.only_float + measured.only_file:,} images on which the "
                "two disagree carry information.",
                f"这是成对比较：只有两个模型对错不同的 {measured.only_float + measured.only_file:,} 张图像提供信息。"),
        ),
    )  # fmt: skip


def _rejected(done: Done, delivery: Delivery, measured: Measured) -> Question | None:
    card = delivery.scorecard
    others = [each for each in card.tried if each.raw_bytes > 0 and 0 <= each.accuracy <= 1]
    if not others or not 0 <= card.accuracy <= 1:
        return None
    near: Tried = min(others, key=lambda each: abs(math.log(each.raw_bytes / max(1, measured.raw_bytes))))
    size = f"{near.raw_bytes - measured.raw_bytes:+,}"
    points = f"{100 * (near.accuracy - card.accuracy):+.2f}"
    within = near.raw_bytes <= done.order.budget.bytes
    return Question(
        "rejected",
        done.order.name,
        Say(
            f"{done.order.title.en}: you delivered “{card.method}” with {measured.raw_bytes:,} bytes. Your scorecard "
            f"also lists “{near.name}”: {size} bytes, {points} points on validation, {near.latency_ratio:.2f} of "
            f"float's time against your {card.latency_ratio:.2f}. Why not that one?",
            f"{done.order.title.zh}：你交付的是“{card.method}”，{measured.raw_bytes:,} 字节。你的记分卡里还有"
            f"“{near.name}”：{size} 字节，验证集上 {points} 个百分点，耗时是浮点的 {near.latency_ratio:.2f} 倍，"
            f"而你的是 {card.latency_ratio:.2f} 倍。为什么不选它？",
        ),
        (
            Say(
                f"It {'fits' if within else 'does not fit'} the {done.order.budget.bytes:,} bytes: says so, and which "
                "of the three demands decided.",
                f"它{'放得进' if within else '放不进'} {done.order.budget.bytes:,} 字节："
                "说清这一点，以及是哪项要求定的胜负。",
            ),
            _chance(near.accuracy, card.accuracy, card.images, len(card.tried) + 1),
            Say(
                f"How much margin was kept for test images: they gave {100 * measured.difference:+.2f} points.",
                f"给测试图像留了多少余量：测试集上是 {100 * measured.difference:+.2f} 个百分点。",
            ),
        ),
    )


def _chance(other: float, own: float, images: int, files: int) -> Say:
    """Return what a difference of two accuracies, fractions of as many images, says.

    Which images the two share is unknown, so the width is that of independent samples: wider than the paired one for
    files of one network, which err on much the same images.
    """
    points = f"{100 * (other - own):+.2f}"
    width = 1.96 * math.sqrt((other * (1 - other) + own * (1 - own)) / max(1, images))
    if abs(other - own) > width:
        return Say(
            f"{points} points on {images:,} images is more than chance: says whether "
            "the accuracy floor or the ranking ruled it out.",
            f"{images:,} 张图像上 {points} 个百分点不像偶然：说清是精度下限还是排序把它排除的。",
        )
    return Say(
        f"A difference of {points} points on {images:,} images may be chance; choosing the best of {files} makes it "
        "look better than it is.",
        f"{images:,} 张图像上 {points} 个百分点的差别可能是偶然；从 {files} 个里挑最好的，会让它看起来比实际更好。",
    )


def _ledger(done: Done, _delivery: Delivery, measured: Measured) -> Question:
    weights = measured.sections.get("weights", 0)
    rest = measured.raw_bytes - weights
    share = f"{100 * rest / measured.raw_bytes:.0f}"
    before = measured.float_sections.get("weights", 0)
    factor = f"{before / weights:.1f}" if weights else "?"
    whole = f"{measured.float_bytes / measured.raw_bytes:.1f}"
    return Question(
        "ledger",
        done.order.name,
        Say(
            f"{done.order.title.en}: the weights became {factor} times smaller ({before:,} to {weights:,} bytes), the "
            f"file only {whole} times. What are the other {rest:,} bytes ({share} %), and which of them could go?",
            f"{done.order.title.zh}：权重缩小到 1/{factor}（{before:,} 到 {weights:,} 字节），文件只缩小到 1/{whole}。"
            f"剩下的 {rest:,} 字节（{share}%）是什么？哪些还能去掉？",
        ),
        (
            Say(
                "Names them: scales and zero points, biases, descriptions of tensors and operators, names, padding.",
                "说得出：scale 和 zero_point、偏置、张量和算子的描述、名字、填充。",
            ),
            Say(
                f"Of these the scales take {measured.sections.get('quantization', 0):,} bytes and the names "
                f"{measured.sections.get('strings', 0):,}; names can be shortened, scales per tensor cost accuracy.",
                f"其中 scale 占 {measured.sections.get('quantization', 0):,} 字节，名字占 "
                f"{measured.sections.get('strings', 0):,} 字节；名字可以缩短，改成每张量一个 scale 会损失精度。",
            ),
            Say(
                f"In a download it is {measured.gzip_bytes:,} bytes after gzip; says which of the two the "
                "budget means.",
                f"下载时经 gzip 是 {measured.gzip_bytes:,} 字节，并说清预算指的是哪一个。",
            ),
        ),
    )


def _flips(done: Done, _delivery: Delivery, measured: Measured) -> Question:
    lost, won = measured.only_float, measured.only_file
    return Question(
        "flips",
        done.order.name,
        Say(
            f"{done.order.title.en}: of {measured.images:,} test images, {lost:,} are right in float and wrong in your "
            f"file, {won:,} the other way round. The accuracy moved by {100 * measured.difference:+.2f} points only. "
            "Is that fine for a product, and what would you look at?",
            f"{done.order.title.zh}：{measured.images:,} 张测试图像里，有 {lost:,} 张浮点对、你的文件错，"
            f"{won:,} 张反过来，而精度只变了 {100 * measured.difference:+.2f} 个百分点。"
            "对产品来说可以接受吗？你会看什么？",
        ),
        (
            Say(
                f"{lost + won:,} answers changed in being right or wrong: equal accuracy is not equal behaviour.",
                f"{lost + won:,} 个答案的对错变了：精度相同不等于行为相同。",
            ),
            Say(
                "Looks per class: whether the flips crowd in one pair of classes.",
                "按类别看：翻转是否集中在某两类之间。",
            ),
            Say(
                "Knows that the validation images chose the file, so they cannot be the last word.",
                "知道文件是用验证集挑出来的，所以验证集不能做最后的结论。",
            ),
        ),
    )


def _elsewhere(done: Done, delivery: Delivery, measured: Measured) -> Question:
    span = measured.ratio_interval
    faster = measured.ratio < 1
    said = f"{delivery.scorecard.latency_ratio:.2f}"
    return Question(
        "elsewhere",
        done.order.name,
        Say(
            f"{done.order.title.en}: your file takes {measured.ratio:.2f} [{span.low:.2f}, {span.high:.2f}] of float's "
            f"time here ({measured.delegate}; your scorecard said {said}). Which layers make the difference, and what "
            "may you promise for a phone?",
            f"{done.order.title.zh}：你的文件在这里耗时是浮点的 {measured.ratio:.2f} 倍 "
            f"[{span.low:.2f}, {span.high:.2f}]（{measured.delegate}；你的记分卡写的是 {said}）。"
            "差别来自哪些层？对手机你能承诺什么？",
        ),
        (
            Say(
                "Integer kernels of the delegate do more per instruction; layers with weights of few bits that it does "
                "not take run on slower kernels."
                if faster
                else "Fewer bytes are not less time: what the delegate does not take, or what is unpacked for each "
                "call, runs slower than float.",
                "delegate 的整数算子实现一条指令做得更多；它不接的低位宽层则走更慢的实现。"
                if faster
                else "字节少不等于快：delegate 不接的层、每次调用都要解包的权重，会比浮点更慢。",
            ),
            Say(
                f"The interval covers this machine ({measured.environment.cpu}) and this run, not another processor.",
                f"区间只涵盖这台机器（{measured.environment.cpu}）和这次测量，不涵盖别的处理器。",
            ),
            Say("Promises nothing for the phone before it is measured there, both files in turn.",
                "在手机上两个文件交替测过之前，什么都不承诺。"),
        ),
    )  # fmt: skip


def _pixel(done: Done, delivery: Delivery, _measured: Measured) -> Question | None:
    port = delivery.contract.inputs[0] if delivery.contract.inputs else None
    if port is None or not port.scale or port.zero_point is None:
        return None
    least, most = {"int8": (-128, 127), "uint8": (0, 255)}.get(port.dtype, (0, 0))
    if least == most or not 1e-6 < port.scale < 1e6:
        return None
    stored = max(least, min(most, round(128 / 255 / port.scale) + port.zero_point))
    return Question(
        "pixel",
        done.order.name,
        Say(
            f"{done.order.title.en}: the contract's input is {port.dtype}, scale {port.scale:.6f}, zero point "
            f"{port.zero_point}. A camera gives the raw value 128. What goes into the input tensor?",
            f"{done.order.title.zh}：契约里的输入是 {port.dtype}，scale {port.scale:.6f}，"
            f"zero_point {port.zero_point}。"
            "相机给出原始值 128，送进输入张量的是多少？",
        ),
        (
            Say(f"First the preprocessing: 128 / 255 = {128 / 255:.4f}.", f"先做预处理：128 / 255 = {128 / 255:.4f}。"),
            Say(
                f"Then divide by the scale, round, add the zero point, saturate: {stored}.",
                f"再除以 scale、取整、加 zero_point、饱和：{stored}。",
            ),
            Say(
                "Knows that nothing warns when a step is left out.",
                "知道漏掉哪一步都不会有任何报错。",
            ),
        ),
    )


def _binding(done: Done, delivery: Delivery, measured: Measured) -> Question:
    budget = done.order.budget
    spare = f"{budget.bytes - measured.raw_bytes:,}"
    points = f"{100 * (measured.difference + budget.max_drop):.2f}"
    return Question(
        "binding",
        done.order.name,
        Say(
            f"{done.order.title.en}: {spare} bytes and {points} points of accuracy were left over, and the time is "
            f"{measured.ratio:.2f} of {budget.latency_ratio:g} allowed. Tomorrow the budget is half the bytes. What "
            "do you change first?",
            f"{done.order.title.zh}：还剩 {spare} 字节、{points} 个百分点的精度，耗时 {measured.ratio:.2f}，"
            f"上限 {budget.latency_ratio:g}。明天字节预算减半，你先改什么？",
        ),
        (
            Say(
                "Says which demand was binding, and trades the one that has slack.",
                "说清哪项要求卡住了，用有余量的去换。",
            ),
            Say(
                f"Starts at the layers that hold the {measured.sections.get('weights', 0):,} bytes of weights.",
                f"从占 {measured.sections.get('weights', 0):,} 字节权重的那些层下手。",
            ),
            Say(
                f"Where bits end, a smaller model begins: names pruning of channels or distillation, which “"
                f"{delivery.scorecard.method}” did not use, and what they need.",
                f"位宽到头就该换更小的模型：提到“{delivery.scorecard.method}”没有用到的通道剪枝或蒸馏，以及它们需要什么。",
            ),
        ),
    )


def _same_code(first: Done, last: Done) -> Question:
    one, other = _parts(first)[0].scorecard, _parts(last)[0].scorecard
    there, here, size = first.order.budget, last.order.budget, _parts(last)[1].raw_bytes
    return Question(
        "same code",
        last.order.name,
        Say(
            f"The same function chose “{one.method}” for the baseline and “{other.method}” for the second model, "
            f"{size:,} of {here.bytes:,} bytes. What in the model or the budget made the "
            "difference, and how did your code find out?",
            f"同一个函数给基线模型选了“{one.method}”，给第二个模型选了“{other.method}”，"
            f"用了 {here.bytes:,} 字节中的 {size:,}。"
            "是模型或预算里的什么造成了不同？你的代码是怎么发现的？",
        ),
        (
            Say(
                "Names a property of the model: kinds of layers, where its weights are, how much is structure.",
                "说出模型的一个性质：有哪些层、权重在哪里、结构占多少。",
            ),
            Say(
                f"Compares what the budgets left: {there.bytes:,} bytes and {there.latency_ratio:g} of float's time "
                f"there, {here.bytes:,} and {here.latency_ratio:g} here.",
                f"比较两份预算：那边是 {there.bytes:,} 字节、浮点的 {there.latency_ratio:g} 倍耗时，"
                f"这边是 {here.bytes:,} 字节、{here.latency_ratio:g} 倍。",
            ),
            Say(
                "Says what was measured inside build, and what a third model could break.",
                "说明 build 里测了什么，以及第三个模型可能在哪里让它失效。",
            ),
        ),
    )
