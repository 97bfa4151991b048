"""Tables about what compression does to the answers."""

from __future__ import annotations

from course_lib.interview.cases import Case, require
from course_lib.interview.exhibits import Exhibit
from course_lib.language import Say


def _two_instruments(table: Exhibit) -> tuple[Say, ...]:
    db, poor = "SQNR of the tensor, dB", "channels with fewer than 8 integers"

    def of(column: str, network: str, layer: str) -> float:
        return table.number(column, network=network, layer=layer)

    first = of(db, "healthy", "conv2d") - of(db, "damaged", "conv2d")
    require(
        of(db, "damaged", "conv2d_1") < 5 < of(db, "damaged", "conv2d"), "the second layer collapses, not the first"
    )
    require(of(poor, "healthy", "conv2d") == 0 < of(poor, "damaged", "conv2d"), "the first layer has poor channels")
    return (
        Say(
            f"By SQNR the first layer looks healthy ({of(db, 'damaged', 'conv2d'):g} dB, {first:.0f} less than "
            f"before) and the second has collapsed ({of(db, 'damaged', 'conv2d_1'):g} dB).",
            f"只看 SQNR，第一层似乎健康（{of(db, 'damaged', 'conv2d'):g} dB，少了 {first:.0f}），"
            f"第二层已经垮了（{of(db, 'damaged', 'conv2d_1'):g} dB）。",
        ),
        Say(
            f"The second instrument finds the cause one layer earlier: {of(poor, 'damaged', 'conv2d'):.0f} of "
            f"{table.text('of', network='damaged', layer='conv2d')} channels of the first layer use fewer than 8 of "
            "256 integers.",
            f"第二件仪器在前一层就看到了原因：第一层 {table.text('of', network='damaged', layer='conv2d')} 个通道里有 "
            f"{of(poor, 'damaged', 'conv2d'):.0f} 个只用到 256 个整数中的不足 8 个。",
        ),
        Say(
            "A tensor's SQNR is dominated by its loud channels; channels of very unequal range share one activation "
            "scale.",
            "张量的 SQNR 由响亮的通道说了算；量程悬殊的通道共用一个激活 scale。",
        ),
        Say(
            "So equalize the channels across layers (no training), and do not ask for more calibration images.",
            "所以应做跨层均衡（不用训练），而不是加校准图片。",
        ),
    )


def _cameras(table: Exhibit) -> tuple[Say, ...]:
    def of(column: str, camera: str) -> float:
        return table.number(column, camera=camera)

    low, limit, zero = "levels", "at the limit, %", "at the zero point, %"
    dark, bright, noise, good = "divided by 255 twice", "three times too bright", "noise on top", "as trained"
    hidden = next(column for column in table.columns if column.startswith("accuracy"))
    require(of(low, dark) < 10 < of(low, good) and of(limit, bright) > 5 * of(limit, good), "the cameras differ")
    return (
        Say(
            f"Divided twice: only {of(low, dark):.0f} levels of 256 arrive at the input. No label is needed to see "
            "that.",
            f"除以 255 两次：输入里 256 个台阶只剩 {of(low, dark):.0f} 个，不用标签就看得出。",
        ),
        Say(
            f"Too bright: {of(limit, bright):g} % sit at the limit of the type, {of(limit, good):g} % did in "
            f"training: an alarm. Accuracy, which a device does not see, is still {of(hidden, bright):g} %: a "
            "warning, no verdict.",
            f"过亮：{of(limit, bright):g}% 顶在量程边上，训练时只有 {of(limit, good):g}%，该报警。"
            f"设备看不到的精度仍有 {of(hidden, bright):g}%：是预警，不是判决。",
        ),
        Say(
            "Inverted: the levels are all there, but the share at the limit and at the zero point changed places "
            f"({of(limit, 'inverted'):g} and {of(zero, 'inverted'):g} %).",
            f"反相：台阶一个不少，但“顶格”和“零点”的比例对调了（{of(limit, 'inverted'):g}% 和 "
            f"{of(zero, 'inverted'):g}%）。",
        ),
        Say(
            f"Noise: {of(low, noise):.0f} levels and {of(limit, noise):g} % at the limit look mild and slip through, "
            f"while accuracy is {of(hidden, noise):g} %: a histogram of the input is a first alarm, not a proof of "
            "health.",
            f"噪声：{of(low, noise):.0f} 个台阶、{of(limit, noise):g}% 顶格，看着温和，会漏过去，精度却只有 "
            f"{of(hidden, noise):g}%：输入直方图只是第一道警报，不能证明健康。",
        ),
    )


def _paired(table: Exhibit) -> tuple[Say, ...]:
    def of(column: str, file: str) -> float:
        return table.number(column, file=file)

    require(of("p unpaired", "int4") > 0.05 > of("p McNemar", "int4"), "only the paired test sees int4")
    return (
        Say(
            f"int4 loses {-of('difference', 'int4'):.2f} points. Two accuracies apart say p = "
            f"{of('p unpaired', 'int4'):g}: noise. Paired on the same images, McNemar says "
            f"{of('p McNemar', 'int4'):g}: real.",
            f"int4 掉 {-of('difference', 'int4'):.2f} 个点。当两个独立精度比，p = {of('p unpaired', 'int4'):g}，"
            f"像噪声；在同一批图片上成对比，McNemar 的 p = {of('p McNemar', 'int4'):g}，是真的。",
        ),
        Say(
            f"The evidence is in the flips: {of('flips', 'int4'):.0f} answers changed, {of('worse', 'int4'):.0f} "
            f"became wrong and {of('better', 'int4'):.0f} became right.",
            f"证据在翻转里：{of('flips', 'int4'):.0f} 个答案变了，{of('worse', 'int4'):.0f} 个变错，"
            f"{of('better', 'int4'):.0f} 个变对。",
        ),
        Say(
            f"int8 gained {of('difference', 'int8'):.2f} points on {of('flips', 'int8'):.0f} flips (p = "
            f"{of('p McNemar', 'int8'):g}): not an improvement to boast of.",
            f"int8 “涨”了 {of('difference', 'int8'):.2f} 个点，只有 {of('flips', 'int8'):.0f} 个翻转（p = "
            f"{of('p McNemar', 'int8'):g}）：不值得吹嘘。",
        ),
        Say(
            "Inconclusive at half a point means: the interval straddles the limit; ask for more images or decide for "
            "safety.",
            "在半个点的界限上“无定论”，意思是区间跨过了界限：要么加图片，要么按安全来定。",
        ),
    )


def _orders(table: Exhibit) -> tuple[Say, ...]:
    def of(column: str, file: str) -> float:
        return table.number(column, int8_file=file)

    naive, kept, plain = "prune, cluster, naive QAT", "prune, cluster, QAT that preserves", "prune, cluster"
    late, values = "cluster, prune", "values a channel"
    require(of("zeros %", naive) < of("zeros %", kept) - 5, "naive QAT undoes the pruning")
    require(of(values, late) > 2 * of(values, plain), "pruning last undoes the clustering")
    return (
        Say(
            f"The naive third step undid the first two: zeros fell from {of('zeros %', plain):g} to "
            f"{of('zeros %', naive):g} %, values per channel rose from {of('values a channel', plain):g} to "
            f"{of('values a channel', naive):g}.",
            f"朴素的第三步毁了前两步：零从 {of('zeros %', plain):g}% 掉到 {of('zeros %', naive):g}%，每通道的取值从 "
            f"{of('values a channel', plain):g} 个变成 {of('values a channel', naive):g} 个。",
        ),
        Say(
            f"The download pays: {of('packed kB', naive):g} in place of {of('packed kB', kept):g} kB, while accuracy "
            f"differs by {abs(of('accuracy %', naive) - of('accuracy %', kept)):.2f} points; accuracy alone does not "
            "show the fault.",
            f"代价在下载：{of('packed kB', naive):g} kB 而不是 {of('packed kB', kept):g} kB；精度只差 "
            f"{abs(of('accuracy %', naive) - of('accuracy %', kept)):.2f} 个点，只看精度发现不了。",
        ),
        Say(
            f"Pruning after clustering undid the clustering: {of(values, late):g} values a channel instead of "
            f"{of(values, plain):g}, and {of('packed kB', late):g} kB: the last step has to keep what the first made.",
            f"先聚类再剪枝，聚类就白做了：每通道 {of(values, late):g} 个取值而不是 {of(values, plain):g} 个，"
            f"{of('packed kB', late):g} kB：后一步必须保住前一步的成果。",
        ),
        Say(
            f"QAT that preserves keeps {of('zeros %', kept):g} % zeros and saves nothing over stopping after two "
            f"steps ({of('packed kB', plain):g} kB): ask whether the step is needed at all.",
            f"保持结构的 QAT 留住 {of('zeros %', kept):g}% 的零，但与两步就停相比没省什么（{of('packed kB', plain):g} "
            "kB）：先问这一步要不要。",
        ),
        Say(
            f"Everything is against the control ({of('accuracy %', 'control'):g} %), which trained as long; not "
            "against the untouched model.",
            f"比较对象是训练同样久的对照（{of('accuracy %', 'control'):g}%），不是没动过的模型。",
        ),
    )


def _bits(table: Exhibit) -> tuple[Say, ...]:
    def of(column: str, bits: str) -> float:
        return table.number(column, bits=bits)

    require(of("gain", "8") < 0.2 < 3 < of("gain", "3") < of("gain", "2"), "training helps below four bits")
    return (
        Say(
            f"At 8 bits training with quantization gains {of('gain', '8'):g} points over the control, and no seed is "
            f"beyond chance (p {table.text('p, seed by seed', bits='8')}).",
            f"8 位时，量化感知训练比对照只多 {of('gain', '8'):g} 个点，没有一个种子超出偶然（p "
            f"{table.text('p, seed by seed', bits='8')}）。",
        ),
        Say(
            f"It pays where rounding hurts: +{of('gain', '3'):.1f} points at 3 bits, +{of('gain', '2'):.0f} at 2.",
            f"舍入真疼的地方才值：3 位多 {of('gain', '3'):.1f} 个点，2 位多 {of('gain', '2'):.0f} 个点。",
        ),
        Say(
            f"4 bits are the border: +{of('gain', '4'):.2f}, with seeds that disagree (p "
            f"{table.text('p, seed by seed', bits='4')}).",
            f"4 位是分界：多 {of('gain', '4'):.2f}，种子之间不一致（p {table.text('p, seed by seed', bits='4')}）。",
        ),
        Say(
            "The control, trained as long and then rounded, is the fair partner; against the start the gain would "
            "include the extra epochs.",
            "公平的对手是训练同样久再舍入的对照；拿起点来比，就把多训的几轮也算成了收益。",
        ),
    )


def _outliers(table: Exhibit) -> tuple[Say, ...]:
    one, sixty = "same token %, outliers x 1", "same token %, outliers x 60"

    def of(column: str, recipe: str) -> float:
        return table.number(column, recipe=recipe)

    require(of(one, "static int8") - of(sixty, "static int8") > 10, "outliers hurt")
    require(of(sixty, "smoothed, dynamic int8") > of(sixty, "dynamic int8") + 10, "smoothing helps")
    return (
        Say(
            "The same function in all columns, only the outliers grow: static int8 falls from "
            f"{of(one, 'static int8'):g} to {of(sixty, 'static int8'):g} %, dynamic from {of(one, 'dynamic int8'):g} "
            f"to {of(sixty, 'dynamic int8'):g} %.",
            f"各栏的函数完全相同，只是离群值变大：静态 int8 从 {of(one, 'static int8'):g}% 掉到 "
            f"{of(sixty, 'static int8'):g}%，动态从 {of(one, 'dynamic int8'):g}% 掉到 {of(sixty, 'dynamic int8'):g}%。",
        ),
        Say(
            f"Weight-only holds {of(sixty, 'weight-only int8'):g} %: the activations are what suffers, since one loud "
            "channel sets the scale for all.",
            f"只量化权重仍有 {of(sixty, 'weight-only int8'):g}%：受伤的是激活，一个响亮的通道决定了所有通道的 scale。",
        ),
        Say(
            f"Smoothing moves the outliers into the weights: {of(sixty, 'smoothed, dynamic int8'):g} % at x 60 as at "
            "x 1, with nothing trained.",
            f"平滑把离群值挪进权重：x 60 时与 x 1 时同为 {of(sixty, 'smoothed, dynamic int8'):g}%，不用训练。",
        ),
        Say(
            "It is no free lunch: without outliers the smoothed static file is below the plain one "
            f"({of(one, 'smoothed, static int8'):g} against {of(one, 'static int8'):g} %).",
            f"但没有免费的午餐：没有离群值时，平滑过的静态文件反而略低（{of(one, 'smoothed, static int8'):g}% 对 "
            f"{of(one, 'static int8'):g}%）。",
        ),
    )


CASES = (
    Case(
        7,
        ("network", "layer", "SQNR of the tensor, dB", "channels with fewer than 8 integers", "of"),
        Say(
            "Two networks compute the same function; after the same int8 export one is as good as before and the "
            "other is lost. SQNR per layer and a second instrument: where does the damage begin, and what is it?",
            "两个网络算的是同一个函数；做同样的 int8 导出后，一个完好，另一个全毁。这里有逐层 SQNR 和第二件仪器："
            "损坏从哪里开始？是什么问题？",
        ),
        _two_instruments,
    ),
    Case(
        9,
        ("camera", "levels", "at the limit, %", "at the zero point, %"),
        Say(
            "What a device can see of its own input, without labels, for five cameras. Which cameras would you stop "
            "from these statistics alone, and which would slip through?",
            "五种摄像头下，设备不看标签就能得到的输入统计。仅凭这些，你会拦下哪些？哪一种会漏过去？",
        ),
        _cameras,
    ),
    Case(
        13,
        ("file", "difference", "flips", "worse", "better", "p unpaired", "p McNemar", "at half a point"),
        Say(
            "Your colleague says: int4 lost less than one point of accuracy, that is within the noise. Is it?",
            "同事说：int4 的精度掉了不到一个点，属于噪声。是吗？",
        ),
        _paired,
    ),
    Case(
        19,
        ("int8 file", "zeros %", "values a channel", "packed kB", "accuracy %"),
        Say(
            "Pruning, clustering and quantization-aware training were combined in several ways. In which two rows "
            "did a step undo an earlier one, and why does the accuracy not tell?",
            "剪枝、聚类、量化感知训练的几种组合。哪两行里，后一步毁了前一步？为什么看精度看不出来？",
        ),
        _orders,
    ),
    Case(
        27,
        ("bits", "control, rounded", "straight-through", "gain", "p, seed by seed"),
        Say(
            "Quantization-aware training against a control, by number of bits. For which widths would you pay for "
            "it, and why is the column of the control there?",
            "按位宽比较量化感知训练与对照。哪些位宽值得花这个代价？为什么要有“对照”（control）这一栏？",
        ),
        _bits,
    ),
    Case(
        30,
        ("recipe", "same token %, outliers x 1", "same token %, outliers x 60"),
        Say(
            "Agreement with the float model while outliers in the activations grow. Explain the first three rows, "
            "then the last two.",
            "激活里的离群值逐渐变大时，与浮点模型的一致率。先解释前三行，再解释后两行。",
        ),
        _outliers,
    ),
)
