"""Tables about time, bytes and memory."""

from __future__ import annotations

from course_lib.interview.cases import Case, require
from course_lib.interview.exhibits import Exhibit
from course_lib.language import Say


def _ledger(table: Exhibit) -> tuple[Say, ...]:
    column = "what is stored"
    weights = table.number("bytes", what_is_stored="parameters")
    moments = table.number("bytes", what_is_stored="Adam's two moments")
    whole = table.number("bytes", what_is_stored="the checkpoint that training saves")
    file = table.number("bytes", what_is_stored="the float32 .tflite")
    require(weights < file < whole and table.columns[0] == column, "the file holds the parameters alone")
    return (
        Say(
            f"The optimizer's two moments are {100 * moments / whole:.0f} % of the checkpoint: they serve training, "
            "and inference never reads them.",
            f"优化器的两组动量占 checkpoint 的 {moments / whole:.0%}：只有训练用得到，推理从不读它们。",
        ),
        Say(
            f"Parameters are {100 * weights / file:.1f} % of the .tflite, {weights:,.0f} of {file:,.0f} bytes: every "
            "weight still has its 32 bits.",
            f".tflite 里 {weights / file:.1%} 是参数（{file:,.0f} 字节中的 {weights:,.0f}）：每个权重仍是 32 位。",
        ),
        Say(
            f"So {whole / file:.1f}x smaller is what was left out, not compression; to compress, the weights need "
            "fewer bits or there must be fewer of them.",
            f"所以缩小 {whole / file:.1f} 倍靠的是“不带走”，不是压缩；要压缩，得减少每个权重的位数或减少权重个数。",
        ),
    )


def _eight_versions(table: Exhibit) -> tuple[Say, ...]:
    def us(name: str) -> float:
        return table.number("median µs", model=name)

    def kb(name: str) -> float:
        return table.number("raw bytes", model=name)

    def delegate(name: str) -> str:
        return table.text("delegate", model=name)

    slow, small = us("int16x8") / us("float32"), kb("float32") / kb("int16x8")
    four = us("int4") / us("int8")
    zipped = table.number("gzip bytes", model="float32") / table.number("gzip bytes", model="pruned 80 %")
    require(slow > 1 and four > 1 and zipped > 2, "smaller files can be slower")
    return (
        Say(
            f"int16x8 is {small:.1f}x smaller and {slow:.0f}x slower than float32. The delegate column says why: "
            f"{delegate('int16x8')}; nobody wrote a fast kernel for it here.",
            f"int16x8 体积缩小 {small:.1f} 倍，却比 float32 慢 {slow:.0f} 倍。原因写在 delegate 一栏："
            f"{delegate('int16x8')}，这里没有它的快速算子实现。",
        ),
        Say(
            f"int4 is the smallest file and {four:.1f}x slower than int8: {delegate('int4')}, the rest runs in the "
            "built-in kernels.",
            f"int4 文件最小，却比 int8 慢 {four:.1f} 倍：delegate 只接管了一部分（{delegate('int4')}），"
            "其余走内置实现。",
        ),
        Say(
            f"float16 halves the bytes and nothing else: {us('float16'):g} against {us('float32'):g} µs, and the peak "
            "memory of float32, since the CPU expands the weights when it loads them.",
            f"float16 只减半了字节，时间和峰值内存与 float32 相同（{us('float16'):g} 对 {us('float32'):g} µs）：CPU "
            "加载时会展开它。",
        ),
        Say(
            f"The pruned file has exactly float32's size; only gzip sees the zeros: {zipped:.1f}x less than float32's "
            "gzip, which is the fair comparison.",
            f"剪枝文件与 float32 一样大，只有 gzip 看得见那些零：比 float32 的 gzip 缩小 {zipped:.1f} 倍，"
            "这样比才公平。",
        ),
    )


def _tail(table: Exhibit) -> tuple[Say, ...]:
    def of(column: str, file: str, machine: str) -> float:
        return table.number(column, file=file, machine=machine)

    idle = of("p50", "float32", "idle") / of("p50", "int8", "idle")
    busy = of("p50", "float32", "busy") / of("p50", "int8", "busy")
    mean = of("mean µs", "float32", "busy") / of("mean µs", "float32", "idle")
    require(mean > 1.3 and abs(idle - busy) < 0.5, "the median stays where the mean moves")
    far = of("p99", "int8", "busy") / of("p99", "int8", "idle")
    dragged = of("mean µs", "int8", "busy") / of("mean µs", "int8", "idle")
    trap = Say(
        f"int8's p99 hardly moved ({far:.2f} times) though its mean grew {dragged:.1f} times: that is no robustness. "
        "Its runs are shorter, so fewer than one in a hundred meets a slice; look further out in the tail.",
        f"int8 的 p99 几乎没动（{far:.2f} 倍），均值却变为 {dragged:.1f} 倍：这不是更稳。它跑得短，"
        "撞上时间片的不到百分之一；要看更远的尾部。",
    )
    return (
        Say(
            f"The medians describe the files: int8 is {idle:.1f}x as fast idle and {busy:.1f}x busy.",
            f"中位数说的是文件：int8 空闲时快 {idle:.1f} 倍，繁忙时快 {busy:.1f} 倍。",
        ),
        Say(
            f"The mean belongs to the neighbours: float32's grew {mean:.1f} times while its median did not move.",
            f"均值说的是邻居：float32 的均值变为 {mean:.1f} 倍，中位数没动。",
        ),
        Say(
            f"p99 went from {of('p99', 'float32', 'idle'):,.0f} to {of('p99', 'float32', 'busy'):,.0f} µs with the "
            "same file: those are slices of the scheduler, and what a user feels.",
            f"同一个文件，p99 从 {of('p99', 'float32', 'idle'):,.0f} 变成 {of('p99', 'float32', 'busy'):,.0f} µs："
            "那是调度器的时间片，也是用户感到的卡顿。",
        ),
        Say(
            "Report medians of both files in turn for the comparison, and a percentile for the promise to users.",
            "比较两个文件用交替测得的中位数；对用户的承诺用高百分位。",
        ),
        *((trap,) if far < 1.5 < dragged else ()),
    )


def _islands(table: Exhibit) -> tuple[Say, ...]:
    slow = table.number("times float32", network="int8, by the book")
    mixed = table.number("times float32", network="int8, suspects in float")
    saved = 1 - table.number("raw bytes", network="int8, by the book") / table.number("raw bytes", network="float32")
    taken = table.text("delegate", network="int8, by the book")
    islands = table.text("float islands", network="int8, suspects in float")
    require(slow > 1.5 and mixed < slow / 2, "int8 by the book is slow and the repair is not")
    return (
        Say(
            f"int8 by the book is {slow:.1f}x slower than float32, though {100 * saved:.0f} % smaller: quantized is "
            "not faster by itself.",
            f"照章办事的 int8 小了 {saved:.0%}，却比 float32 慢 {slow:.1f} 倍：量化本身不等于更快。",
        ),
        Say(
            f"The delegate is the clue: {taken}; the operators that it leaves run in slow built-in kernels, and every "
            "border costs.",
            f"线索在 delegate：{taken}；剩下的算子走慢速的内置实现，每道边界都要花时间。",
        ),
        Say(
            f"With the suspects kept in float there are {islands} float islands, and the time is {mixed:.2f} of "
            "float32's: more conversions, all of them delegated.",
            f"把可疑算子留在浮点，多出 {islands} 个浮点岛，时间却回到 float32 的 {mixed:.2f} 倍：转换多了，"
            "但全部被接管。",
        ),
        Say(
            "Next step: list the operators that the delegate refuses, then change the network or keep those in float.",
            "下一步：列出 delegate 拒绝的算子，然后改网络，或只把它们留在浮点。",
        ),
    )


def _arena(table: Exhibit) -> tuple[Say, ...]:
    def kb(column: str, file: str, kernels: str) -> float:
        return table.number(column, file=file, kernels=kernels)

    fast, plain = kb("added at peak kB", "int8", "XNNPACK"), kb("added at peak kB", "int8", "built-in")
    known = kb("file + arena kB", "int8", "XNNPACK")
    require(fast > plain > known, "the fast kernels take more memory than file and arena")
    return (
        Say(
            f"File and arena of int8 are {known:,.0f} kB, the process grew by {fast:,.0f} kB: "
            f"{kb('unexplained kB', 'int8', 'XNNPACK'):,.0f} kB are in neither.",
            f"int8 的文件加 arena 是 {known:,.0f} kB，进程却涨了 {fast:,.0f} kB：有 "
            f"{kb('unexplained kB', 'int8', 'XNNPACK'):,.0f} kB 两处都不算。",
        ),
        Say(
            f"{fast - plain:,.0f} kB of that belong to the delegate: without XNNPACK the same file adds {plain:,.0f} "
            "kB. It packs the weights anew for its kernels.",
            f"其中 {fast - plain:,.0f} kB 属于 delegate：不用 XNNPACK，同一文件只涨 {plain:,.0f} kB；"
            "它会为自己的算子重排一份权重。",
        ),
        Say(
            "Quantizing shrank the arena "
            f"{kb('arena kB', 'float32', 'XNNPACK') / kb('arena kB', 'int8', 'XNNPACK'):.1f}x, the peak "
            f"{kb('added at peak kB', 'float32', 'XNNPACK') / fast:.1f}x: measure the process, not the plan.",
            f"量化让 arena 缩小 {kb('arena kB', 'float32', 'XNNPACK') / kb('arena kB', 'int8', 'XNNPACK'):.1f} 倍，"
            f"峰值只缩小 {kb('added at peak kB', 'float32', 'XNNPACK') / fast:.1f} 倍：要量进程，而不是看规划。",
        ),
    )


def _policies(table: Exhibit) -> tuple[Say, ...]:
    def of(column: str, policy: str) -> float:
        return table.number(column, policy=policy)

    greedy, calm = "selector, margin 0", "selector, margin 0.2"
    missed = "deadlines missed %"
    require(of("switches", greedy) > 4 * of("switches", calm), "a margin calms the selector")
    student, accuracy = "always student", "mean accuracy %"
    require(of(accuracy, calm) > of(accuracy, student) and of(missed, calm) < of(missed, student), "one is dominated")
    return (
        Say(
            f"The selector with a margin of 0.2: {of(accuracy, calm):g} % at {of(missed, calm):g} % missed, which "
            f"beats “always student” on both ({of(accuracy, student):g} %, {of(missed, student):g} %). Always the "
            "smallest only where a missed frame is never allowed.",
            f"上线余量 0.2 的选择器：精度 {of(accuracy, calm):g}%、错过 {of(missed, calm):g}%，两项都胜过“一直用 "
            f"student”（{of(accuracy, student):g}%、{of(missed, student):g}%）。只有一帧都不许错过时，才一直用最小的。",
        ),
        Say(
            f"Always the best model misses {of(missed, 'always baseline'):g} % of the deadlines, always the smallest "
            f"none, for {of('mean accuracy %', 'always baseline') - of('mean accuracy %', 'always tiny'):.1f} points.",
            f"一直用最好的模型会错过 {of(missed, 'always baseline'):g}% 的截止时间；一直用最小的一次不错过，代价是 "
            f"{of('mean accuracy %', 'always baseline') - of('mean accuracy %', 'always tiny'):.1f} 个点。",
        ),
        Say(
            f"The selector without a margin switches {of('switches', greedy):.0f} times: it climbs, heats the phone "
            f"and falls back. With a margin of 0.2 it switches {of('switches', calm):.0f} times.",
            f"没有余量的选择器切换 {of('switches', greedy):.0f} 次：升上去、发热、又掉下来。余量 0.2 时只切换 "
            f"{of('switches', calm):.0f} 次。",
        ),
        Say(
            f"The calm costs {of('mean accuracy %', greedy) - of('mean accuracy %', calm):.1f} points of mean "
            f"accuracy and misses fewer deadlines ({of(missed, calm):g} % against {of(missed, greedy):g} %).",
            f"平稳的代价是平均精度少 {of('mean accuracy %', greedy) - of('mean accuracy %', calm):.1f} 个点，"
            f"错过的截止时间更少（{of(missed, calm):g}% 对 {of(missed, greedy):g}%）。",
        ),
    )


CASES = (
    Case(
        1,
        ("what is stored", "bytes"),
        Say(
            "A ledger of sizes. Somebody reads it and says: conversion to .tflite has compressed the model. Is that "
            "what it shows? Where did the bytes go?",
            "这是一张体积账单。有人看了说：转换成 .tflite 就把模型压缩了。账单说的是这个吗？那些字节去哪了？",
        ),
        _ledger,
        bars="bytes",
    ),
    Case(
        2,
        ("model", "raw bytes", "gzip bytes", "peak kB", "median µs", "delegate"),
        Say(
            "Eight files of one network. Which rows contradict “smaller is faster”, and which column explains each?",
            "同一网络的八个文件。哪几行与“越小越快”矛盾？分别由哪一栏解释？",
        ),
        _eight_versions,
    ),
    Case(
        10,
        ("file", "machine", "mean µs", "p50", "p99"),
        Say(
            "Latencies of two files, the machine once idle and once busy. Which numbers describe the files, which "
            "the machine, and what do you put into the report?",
            "两个文件的延迟，机器空闲和繁忙各测一次。哪些数说的是文件，哪些说的是机器？报告里写什么？",
        ),
        _tail,
    ),
    Case(
        12,
        ("network", "raw bytes", "float islands", "times float32", "delegate"),
        Say(
            "A phone network, quantized by the book, became slower. Read the trace: why, and what would you do next?",
            "一个手机网络照章做了 int8 量化，反而变慢了。请读这张表：为什么？下一步做什么？",
        ),
        _islands,
    ),
    Case(
        23,
        ("file", "kernels", "file kB", "arena kB", "file + arena kB", "added at peak kB", "unexplained kB"),
        Say(
            "The memory budget was computed as file plus arena, and the device ran out of memory. What does the "
            "table say that the budget did not?",
            "内存预算按“文件 + arena”来算，设备却内存不足。表里有什么是预算没算到的？",
        ),
        _arena,
    ),
    Case(
        24,
        ("policy", "deadlines missed %", "switches", "mean accuracy %"),
        Say(
            "Five policies over the same frames of a simulated phone. Which one do you ship, and what does the "
            "column of switches tell you?",
            "在同一段模拟手机帧序列上比较五种策略。上线哪一种？“切换次数”（switches）一栏说明了什么？",
        ),
        _policies,
    ),
)
