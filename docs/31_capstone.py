# %% [markdown]
# # 31 · Capstone: meet the budget
#
# **结业项目：达到预算**
#
# You get a float model, data and a budget, and hand in one function:
#
# ```python
# def build(model: Artifact, data: Dataset, budget: Budget) -> Delivery: ...
# ```
#
# - `model` is a float32 `.tflite` (`model.content`: its bytes). Yours will be called with the
#   course's baseline, and with **a second model that you do not see**.
# - `data` has training and validation images and labels of Fashion-MNIST. There is no test split
#   in it: the verdict is measured on test images. They are public, so: do not read them.
# - `budget.bytes`: the file's size at most. `budget.max_drop`: the accuracy floor, said as the
#   distance below the float model on the same images (0.005 is half a point).
#   `budget.latency_ratio`: time of your file divided by time of the float model, in turn in one
#   run on the machine that grades, at most.
#
# 给你一个浮点模型、数据和一份预算，你交一个函数 `build`：
#
# - `model` 是 float32 的 `.tflite`（字节在 `model.content`）。
#   你的函数会用在课程的基线模型上，还会用在**你看不到的第二个模型**上。
# - `data` 含 Fashion-MNIST 的训练集和验证集，没有测试集：评判在测试图像上测量。
#   测试图像是公开的，所以请不要去读。
# - `budget.bytes`：文件体积上限。`budget.max_drop`：精度下限，写成在同一批图像上
#   最多比浮点模型低多少（0.005 即半个百分点）。`budget.latency_ratio`：在评分的机器上、
#   同一次测量中交替运行，你的文件耗时除以浮点模型耗时的上限。

# %% [markdown]
# ## What to return
#
# `Delivery(tflite, contract, scorecard)`, a frozen dataclass. Three bounds come from the budget;
# besides, these are checked:
#
# - **`tflite`**, the bytes of the file: one input (1, 28, 28, 1) and one output (1, 10), each
#   float32, int8 or uint8; one subgraph, no custom operators, no variables, and no tensor computed
#   in another type than float or 8 or 16 bits (its time must not depend on the image).
# - **`contract`**, from `course_lib.deployment.write_contract`: that of the file; `labels` are
#   `data.class_names`; `preprocessing` makes of **raw 8-bit** images what the model was trained on.
# - **`scorecard`**, a `Scorecard(raw_bytes, accuracy, images, latency_ratio, method, tried)`: the
#   bytes exactly; the accuracy (a fraction) on the first `images` validation images, 1,000 or more,
#   within 0.2 points; the time within a factor of 1.5; a method in one sentence; two or more
#   `Tried(name, raw_bytes, accuracy, latency_ratio)`, files that you measured and did not deliver.
#
# A bound on accuracy or time is *missed* only when the whole 95 % interval of the measurement lies
# beyond it, and *met* when the whole interval lies within. In between it is *not shown*: it costs
# nothing, and the page says so. Everything else is met or missed. An order is accepted when nothing
# is missed.
#
# **交什么。** `Delivery(tflite, contract, scorecard)`，冻结的 dataclass。
# 预算给出三条界限，此外检查：
#
# - **`tflite`**，文件的字节：一个输入 (1, 28, 28, 1)，一个输出 (1, 10)，类型为 float32、int8 或
#   uint8；只有一个子图，没有自定义算子和变量，计算出的张量只能是浮点、8 位或 16 位
#   （耗时不能随图像而变）。
# - **`contract`**，由 `course_lib.deployment.write_contract` 生成：与文件一致；`labels` 是
#   `data.class_names`；`preprocessing` 把**原始 8 位**图像变成模型训练时的输入。
# - **`scorecard`**，即 `Scorecard(raw_bytes, accuracy, images, latency_ratio, method, tried)`：
#   字节数完全相同；前 `images` 张（至少 1,000）验证图像上的精度（小数）相差不超过 0.2 个百分点；
#   耗时相差不超过 1.5 倍；用一句话写明方法；至少两个
#   `Tried(name, raw_bytes, accuracy, latency_ratio)`，即测过但没有交付的文件。
#
# 精度和耗时：只有测量的整个 95% 置信区间都在界外才算*未达到*，整个区间都在界内才算*达到*。
# 居中的是*未能证明*：不扣分，但页面上会写明。其余各项只有达到和未达到。
# 没有“未达到”，这一单就通过。

# %% [markdown]
# ## Rules
#
# - Your file runs in a closed process: no network, no TensorFlow, 120 seconds for each call of
#   `build`. NumPy, SciPy, LiteRT, LiteRT Quantizer and `course_lib` are there.
# - The budgets are drawn for you, from your name and the course's seed, and all can be met. Each
#   learner has the practice order below, one more on the baseline, and one on the second model.
#   `course capstone --learner "Your name"` shows them, with `--seed N` if your instructor gave one.
# - `build` is called once for each order. It has to look at the model and the budget.
# - `course capstone --check FILE --learner "Your name" --out PAGE.html` measures, and writes a page
#   with the verdict and five questions about your own numbers. Be ready to answer them aloud.
#
# **规则。** 你的文件在封闭的进程里运行：没有网络，没有 TensorFlow，每次调用 `build` 限 120 秒。
# NumPy、SciPy、LiteRT、LiteRT Quantizer 和 `course_lib` 都可以用。
# 预算按你的名字和课程种子抽取，都能达到。
# 每人三单：下面的练习单，基线模型上另一份预算，第二个模型上一份预算；
# `course capstone --learner "你的名字"` 会显示；老师给了种子的话，再加 `--seed N`。
# 每单调用一次 `build`，它必须看模型和预算行事。
# `course capstone --check 文件 --learner "你的名字" --out 页面.html` 进行测量，
# 写出一页结果和关于你自己数字的五个问题。请准备好当面回答。

# %%
from course_lib.capstone import (
    PRACTICE,
    Budget,
    Delivery,
    Scorecard,
    Tried,
    materials,
    orders,
    practice,
)
from course_lib.core import Artifact, Dataset
from course_lib.deployment import Preprocessing, write_contract
from course_lib.evaluation import latency_ratio, predict, sensitivity
from course_lib.techniques import DynamicRange, Float16, Int4, Int8, Mixed, WeightOnly

# %% [markdown]
# ## Warm-up: what one export gives
#
# Three exports of the baseline, held against the practice budget on validation images. One of them
# is enough here. No single export is enough for your other two orders.
#
# **热身。** 基线模型的三种导出，在验证图像上与练习预算对照。这里有一种就够了；
# 另外两单，任何单一导出都不够。

# %%
model, data = materials("baseline")
budget = PRACTICE.budget
reference = (predict(model, data.x_val).argmax(1) == data.y_val).mean()
for export in (Int8(), Int4(), Float16()):
    file = export(model, data)
    drop = reference - (predict(file, data.x_val).argmax(1) == data.y_val).mean()
    ratio, interval = latency_ratio(file, model, loads=10, runs=10)
    within = {
        "bytes": file.raw_bytes <= budget.bytes,
        "accuracy": drop <= budget.max_drop,
        "time": ratio <= budget.latency_ratio,
    }
    print(f"{file.name}: {file.raw_bytes:,} bytes, {0 - 100 * drop:+.2f} points, time {ratio:.2f}")
    print("   within the budget:", ", ".join(name for name, fits in within.items() if fits))

# %% [markdown]
# ## The contract of a file
#
# It is read from the file; what no file knows (labels, and how raw pixels are prepared) you add.
#
# **文件的契约。** 它从文件里读出；文件不知道的（标签、原始像素如何预处理）由你补上。


# %%
def contract_of(file: Artifact, data: Dataset):
    """Write the contract of a file for whoever has raw 8-bit images."""
    name = write_contract(file).inputs[0].name
    prepare = {name: Preprocessing(divisor=255.0)}
    return write_contract(file, labels=data.class_names, preprocessing=prepare)


print(contract_of(Int8()(model, data), data).inputs)

# %% [markdown]
# ## Yours
#
# Write `build`. Helpers may stand in cells of their own, above or below.
#
# **轮到你了。** 写 `build`。辅助函数可以放在自己的单元格里，放在上面或下面都行。


# %%
def build(model: Artifact, data: Dataset, budget: Budget) -> Delivery:
    """Return the file, its contract and its scorecard."""

    # BEGIN SOLUTION
    def accuracy(file):
        return float((predict(file, data.x_val).argmax(1) == data.y_val).mean())

    def measured(name, file):
        ratio = latency_ratio(file, model, loads=10, runs=10)[0]
        return Tried(name, file.raw_bytes, accuracy(file), ratio)

    # Candidates: whole exports, and 4 or 8 bits for each of the three largest layers, with
    # depthwise layers in 8 bits or in float, which spares them the slow hybrid kernel.
    table = sensitivity(model, data, bits=(4, 8))
    weights = {row.scope: row.weights for row in table.rows}
    depthwise = {row.scope for row in table.rows if "DEPTHWISE" in row.op}
    large = sorted(weights.keys() - depthwise, key=lambda scope: -weights[scope])[:3]
    candidates = {"int8 weights and activations": (0.0, Int8()(model, data))}
    candidates["int8 weights only"] = (0.0, WeightOnly(8)(model, data))
    candidates["int8 weights, activations as it runs"] = (0.0, DynamicRange()(model, data))
    for choice in range(2 ** len(large)):
        for width in (8, 32) if depthwise else (8,):
            bits = {scope: width if scope in depthwise else 8 for scope in weights}
            bits |= {scope: 4 for place, scope in enumerate(large) if choice >> place & 1}
            harm = sum(table.row(scope, each).kl for scope, each in bits.items() if each < 32)
            name = f"4 bits in {choice.bit_count()} of the largest layers ({choice:03b})"
            name += ", depthwise float" if depthwise and width == 32 else ""
            candidates[name] = (harm, Mixed(bits)(model, data))

    # What fits in bytes is measured, the least harmful first, until three fit in everything
    # with a margin.
    wanted = accuracy(model)
    order = sorted(candidates, key=lambda name: candidates[name][0])
    seen = []
    fitting = []
    for name in order:
        file = candidates[name][1]
        if file.raw_bytes <= budget.bytes and len(fitting) < 3:
            seen.append(measured(name, file))
            slow = seen[-1].latency_ratio > 0.9 * budget.latency_ratio
            if wanted - seen[-1].accuracy <= 0.8 * budget.max_drop and not slow:
                fitting.append(seen[-1])

    def excess(each):
        drop = (wanted - each.accuracy) / budget.max_drop
        return max(drop, each.latency_ratio / budget.latency_ratio)

    best = max(fitting, key=lambda each: each.accuracy) if fitting else min(seen, key=excess)
    others = [each for each in seen if each is not best]
    for name in order:
        if len(others) < 2 and name not in {each.name for each in seen}:
            others.append(measured(name, candidates[name][1]))
    card = Scorecard(
        raw_bytes=best.raw_bytes,
        accuracy=best.accuracy,
        images=len(data.y_val),
        latency_ratio=best.latency_ratio,
        method=best.name,
        tried=tuple(others),
    )
    file = candidates[best.name][1]
    return Delivery(file.content, contract_of(file, data), card)
    # END SOLUTION


# %% [markdown]
# ## Practice
#
# The practice order on validation images, in this notebook. Put your name in and the second order
# is tried as well. The verdict is another matter: `course capstone --check`.
#
# **练习。** 在本 notebook 里用验证图像试做练习单；填上名字，也会试第二单。
# 真正的评判用 `course capstone --check`。

# %%
LEARNER = ""  # as your instructor writes it
SEED = 0  # of your course, if your instructor gave one
for order in orders(LEARNER, SEED):
    print(order.title, order.budget)
practice(build, LEARNER, SEED)
