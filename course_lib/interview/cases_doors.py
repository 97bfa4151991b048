"""Tables about files that are right, and what a tool or a caller makes of them."""

from __future__ import annotations

from course_lib.interview.cases import Case, require
from course_lib.interview.exhibits import Exhibit
from course_lib.language import Say


def _callers(table: Exhibit) -> tuple[Say, ...]:
    good, raw, old = "as the contract says", "output not dequantized", "scale of version 1"

    def of(column: str, app: str) -> float:
        return table.number(column, what_the_app_does=app)

    wrong, sure, right = "wrong actions per 1,000", "mean confidence", "accuracy %"
    require(of(right, raw) == of(right, good) and of(wrong, raw) > 2 * of(wrong, good), "accuracy misses one bug")
    require(of(right, old) > of(right, good) - 4, "one bug looks like quantization")
    times = of(wrong, raw) / of(wrong, good)
    return (
        Say(
            f"Accuracy never finds the output that is not dequantized: {of(right, raw):g} % as before, since the "
            f"order of the classes stays; but confidence is {of(sure, raw):g}, and a threshold lets {times:.1f}x as "
            "many wrong actions through.",
            f"精度永远发现不了“输出没有反量化”：仍是 {of(right, raw):g}%，因为类别的次序没变；可置信度成了 "
            f"{of(sure, raw):g}，过门槛的错误动作变成 {times:.1f} 倍。",
        ),
        Say(
            f"The old version's scale ({of(right, old):g} %) is the one that passes a review: it looks like the price "
            "of int8. Compare with the same file called by the contract, never with float alone.",
            f"沿用旧版 scale（{of(right, old):g}%）最容易混过评审：看着就像 int8 的代价。"
            "要和“按约定调用的同一个文件”比，不能只和浮点比。",
        ),
        Say(
            f"Low accuracy with high confidence is no uncertain model: {of(right, 'rows and columns swapped'):g} % at "
            f"{of(sure, 'rows and columns swapped'):g} means another input than in training.",
            f"精度低、置信度高，不是模型没把握：{of(right, 'rows and columns swapped'):g}% 配 "
            f"{of(sure, 'rows and columns swapped'):g}，说明输入和训练时不是一回事。",
        ),
        Say(
            "Next step: one picture with its expected output integers in the app's tests, and scale and zero point "
            "read from the file, not typed.",
            "下一步：在 App 的测试里放一张图片和它应得的输出整数；scale 和 zero_point 从文件里读，不手填。",
        ),
    )


def _two_tools(table: Exhibit) -> tuple[Say, ...]:
    new, old = "int8, LiteRT Quantizer", "int8, converter"

    def of(column: str, tool: str) -> float:
        return table.number(column, tool=tool)

    sqnr, clipped, right, span = "SQNR dB", "float, only clipped, dB", "accuracy %", "logits it can express"
    require(of(sqnr, new) < of(sqnr, old) - 10, "one tool has far less SQNR")
    require(abs(of(right, new) - of(right, old)) < 0.5, "both tools are as accurate")
    require(abs(of(clipped, new) - of(sqnr, new)) < 1, "clipping explains it")
    return (
        Say(
            f"No: {of(sqnr, old) - of(sqnr, new):.0f} dB less, and accuracy is {of(right, new):g} against "
            f"{of(right, old):g} %. SQNR is a symptom to explain, no verdict.",
            f"不退：SQNR 少了 {of(sqnr, old) - of(sqnr, new):.0f} dB，精度却是 {of(right, new):g}% 对 "
            f"{of(right, old):g}%。SQNR 是要解释的症状，不是判决。",
        ),
        Say(
            "The third column explains it: float logits that are only clipped, not rounded, have "
            f"{of(clipped, new):g} dB too. All of the difference is clipping; rounding is nothing beside it.",
            f"第三栏给出解释：浮点 logit 只截断、不舍入，也是 {of(clipped, new):g} dB。差别全在截断，"
            "舍入几乎没有代价。",
        ),
        Say(
            f"The output range is {table.text(span, tool=new)} instead of {table.text(span, tool=old)}: the logits "
            "farthest from zero are cut, they carry most of the energy, and the first class nearly always stays the "
            "first.",
            f"输出范围是 {table.text(span, tool=new)}，而不是 {table.text(span, tool=old)}：被截的是离零最远的 logit，"
            "能量大半在它们身上，而第一名几乎总还是第一名。".replace(" to ", " 到 "),
        ),
        Say(
            "It matters where more than the class is used: confidence, thresholds, distillation, ties at the limit. "
            "Then calibrate the output's range, or leave the last layer in float.",
            "只要用到的不止类别就有影响：置信度、门槛、蒸馏、顶格时的并列。那就重新校准输出范围，"
            "或把最后一层留在浮点。",
        ),
    )


CASES = (
    Case(
        4,
        ("tool", "SQNR dB", "float, only clipped, dB", "accuracy %", "logits it can express"),
        Say(
            "Two official tools, the same scheme, the same images. A reviewer wants the first file rejected for its "
            "SQNR. Do you agree? What is the difference, and when would it matter?",
            "两个官方工具，同一种方案，同样的图片。评审说第一个文件 SQNR 太低，要退回。你同意吗？差别是什么，"
            "什么时候才要紧？",
        ),
        _two_tools,
    ),
    Case(
        8,
        ("what the app does", "accuracy %", "mean confidence", "wrong actions per 1,000"),
        Say(
            "One int8 file in seven apps, and no error message anywhere; an app acts when it is 90 % sure. Which bug "
            "does an accuracy test never find? Which would pass your review? What do you add to the tests?",
            "同一个 int8 文件，七种调用方式，都不报错；App 有 90% 把握时才动作。哪个 bug 靠测精度永远发现不了？"
            "哪个会混过评审？测试里要加什么？",
        ),
        _callers,
    ),
)
