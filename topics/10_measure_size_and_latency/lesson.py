# %% [markdown]
# {{title}}
#
# {{question}}
#
# After this lesson you can
#
# - **summarize** 200 latencies so that neither the warm-up nor one stall of 16 ms writes the headline (10A),
# - **bound** a speed-up by a 95 % interval, from runs of two files that took turns (10B),
# - **name** the four facts without which a latency is gossip, and the three sizes a file has (quiz).
#
# ## Predict first
#
# Two files, float32 and int8, one CPU. In a tight loop int8 is several times as fast.

# %%
from course_lib import predict

predict(
    "spaced",
    "Now one frame arrives every 33 ms, as from a camera, and nothing else runs. How many times as "
    "fast is int8 then?",
    zh="现在像摄像头那样，每 33 毫秒来一帧，机器上没有别的程序。int8 是 float32 的几倍快？",
    unit="x",
)
predict(
    "busy",
    "Other programs start to use every core. By what factor does the 99th percentile of float32's "
    "latency grow?",
    zh="其他程序开始占满所有核。float32 延迟的第 99 百分位会变成原来的几倍？",
    unit="x",
)

# %% [markdown]
# ## The first calls are not like the others
#
# Open both files afresh, call `invoke()` again and again, keep every time. Ten fresh interpreters each, so that one accident does not pass for a pattern. But before any measurement ask what else the machine is doing: a loop that only watches the clock finds out how much of a core we get. "Idle" below means that we started nothing else.

# %%
import time

import matplotlib.pyplot as plt
import numpy as np

from course_lib import Environment, Int8, fashion_mnist, float_tflite, record, show
from course_lib.evaluation.runtime import open_interpreter, sample_inputs
from course_lib.lesson import style

data = fashion_mnist()
files = {"float32": float_tflite("baseline")}
files["int8"] = Int8()(files["float32"], data)
COLOURS = {"float32": "#666666", "int8": "#0072B2"}


def fresh(name, **options):
    """Return a new interpreter over a file, its input filled, nothing run yet."""
    interpreter = open_interpreter(files[name], **options)
    for index, value in sample_inputs(interpreter).items():
        interpreter.set_tensor(index, value)
    return interpreter


def run(interpreter, count):
    """Return the times of so many invokes in µs, in the order in which they happened."""
    times = np.empty(count)
    for index in range(count):
        begin = time.perf_counter_ns()
        interpreter.invoke()
        times[index] = (time.perf_counter_ns() - begin) / 1e3
    return times


def granted(seconds=0.3):
    """Return the share of one core that the machine grants us now."""
    begin, work = time.perf_counter(), time.process_time()
    while time.perf_counter() - begin < seconds:
        pass
    return (time.process_time() - work) / (time.perf_counter() - begin)


share = granted()
advice = "quiet enough" if share > 0.95 else "not alone, so trust the medians and not the tails"
print(f"We get {100 * share:.0f} % of a core: {advice}.")
starts = {name: np.array([run(fresh(name), 200) for _ in range(10)]) for name in files}
with style():
    fig, ax = plt.subplots(figsize=(7, 3.6))
    for name, runs in starts.items():
        relative = runs / np.median(runs[:, 30:])
        ax.plot(np.arange(1, 201), relative.T, ".", color=COLOURS[name], alpha=0.25, markersize=4)
        ax.plot(np.arange(1, 201), np.median(relative, axis=0), color=COLOURS[name], label=name)
    ax.axvspan(0.9, 30, color="#E69F00", alpha=0.15, linewidth=0)
    ax.set(xscale="log", yscale="log", xlabel="call since the file was opened", xlim=(0.9, 210))
    ax.set(ylabel="time of one invoke\n(1 = the file's own median later on)")
    ax.set_xticks([1, 3, 10, 30, 100], ["1", "3", "10", "30", "100"])
    ax.set_yticks([1, 1.5, 2, 3, 5, 10, 30, 100], ["1", "1.5", "2", "3", "5", "10", "30", "100"])
    ax.set_ylim(
        0.9, max(1.6, 1.1 * max((runs / np.median(runs)).max() for runs in starts.values()))
    )
    ax.minorticks_off()
    ax.legend()
show(
    fig,
    alt="Time of each of the first 200 calls for float32 and int8, ten fresh interpreters each: "
    "the first calls lie above the later ones, with single outliers anywhere.",
    caption="The knee on the left is the warm-up, shaded to call 30. The lonely dots further right "
    "are the machine doing something else.",
    caption_zh="左侧的拐点是预热（阴影到第 30 次）。右边零星的点，是机器抽空去干了别的事。",
)
for name, runs in starts.items():
    record(f"first_{name}", np.median(runs[:, 0]))
    record(f"steady_{name}", np.median(runs[:, 30:]))

# %% [markdown]
# The first call costs {first_float32:.0f} µs instead of {steady_float32:.0f}, and {first_int8:.0f} instead of {steady_int8:.0f}: caches, page tables and branch predictors have not met this model yet. Both numbers are true. They answer different questions, and dividing one kind by the other answers none.
#
# ## How to lie with latency
#
# Seven people measure the same two files on the same machine, twenty times each, and report "int8 is so many times as fast". Nobody types a wrong number. For the busy machine, two endless loops for every core run beside us.

# %%
import contextlib
import os
import subprocess
import sys

from course_lib.evaluation import race


@contextlib.contextmanager
def busy():
    """Keep every core busy with other programs."""
    loop = [sys.executable, "-c", "while True: pass"]
    others = [subprocess.Popen(loop) for _ in range(2 * os.cpu_count())]
    time.sleep(0.3)  # until they have started
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


REPORTS = 20
warm = {name: fresh(name) for name in files}
for interpreter in warm.values():
    run(interpreter, 50)
calls = {name: interpreter.invoke for name, interpreter in warm.items()}


def in_turn(seed):
    """Return the ratio of medians of 200 runs each, in short blocks that take turns."""
    times = race(calls, seconds=0, rounds=40, runs=5, warmups=0, seed=seed)
    return np.median(times["float32"]) / np.median(times["int8"])


def label_times(ax):
    """Label a logarithmic x axis with 1x, 2x, 3x, 5x, or with 1x, 3x where it is long."""
    left, right = ax.get_xlim()
    steps = (1, 2, 3, 5) if right < 50 * left else (1, 3)
    ticks = [step * 10.0**power for power in range(-3, 5) for step in steps]
    ticks = [tick for tick in ticks if left < tick < right]
    ax.set_xticks(ticks, [f"{tick:g}x" for tick in ticks])
    ax.minorticks_off()


claims = {}
claims["one cold call each"] = [
    run(fresh("float32"), 1)[0] / run(fresh("int8"), 1)[0] for _ in range(REPORTS)
]
claims["mean of 10, no warm-up"] = [
    run(fresh("float32"), 10).mean() / run(fresh("int8"), 10).mean() for _ in range(REPORTS)
]
hobbled = fresh("float32", xnnpack=False)
claims["float32 without its delegate"] = [
    np.median(run(hobbled, 200)) / np.median(run(warm["int8"], 200)) for _ in range(REPORTS)
]
idle_int8 = [run(warm["int8"], 200).mean() for _ in range(REPORTS)]
claims["median of 200, in turn"] = [in_turn(seed) for seed in range(REPORTS)]
with busy():
    busy_means = np.array([[run(warm[name], 200).mean() for name in files] for _ in range(REPORTS)])
    claims["median of 200, in turn, busy machine"] = [in_turn(seed) for seed in range(REPORTS)]
claims["mean of 200, busy machine"] = busy_means[:, 0] / busy_means[:, 1]
claims["float32 on busy, int8 on idle machine"] = busy_means[:, 0] / np.array(idle_int8)

honest = [name for name in claims if "in turn" in name]
order = [*[name for name in claims if name not in honest], *honest]
jitter = np.random.default_rng(0).uniform(-0.25, 0.25, REPORTS)
with style():
    fig, ax = plt.subplots(figsize=(8, 3.9))
    for row, name in enumerate(order):
        colour = "#009E73" if name in honest else "#D55E00"
        ax.plot(claims[name], row + jitter, "o", color=colour, alpha=0.6, markersize=5)
    ax.set_yticks(range(len(order)), order)
    ax.invert_yaxis()
    ax.set(xscale="log", xlabel='reported "times as fast"', ylabel="how it was measured")
    label_times(ax)
show(
    fig,
    alt="Strip chart of twenty reported speed-ups for each of seven ways to measure: the five "
    "careless ways scatter or are shifted, the two that take turns and use medians lie on one "
    "spot.",
    caption="Every dot is one report on the same two files. Orange: careless. Green: in turn, "
    "medians; the last row was measured while every core was busy.",
    caption_zh="每个点都是对同样两个文件的一次报告。橙色：随手一测；绿色：交替测量、取中位数，其"
    "中最后一行是在所有核都被占满时测的。",
)
steady = np.median(claims["median of 200, in turn"])
record("speedup", steady)
record("turn_low", np.min(claims["median of 200, in turn, busy machine"]))
record("turn_high", np.max(claims["median of 200, in turn, busy machine"]))
record("mean_low", np.min(claims["mean of 200, busy machine"]))
record("mean_high", np.max(claims["mean of 200, busy machine"]))
record("hobbled", np.median(claims["float32 without its delegate"]))
record("claim_low", min(np.min(values) for values in claims.values()))
record("claim_high", max(np.max(values) for values in claims.values()))

# %% [markdown]
# Anything from {claim_low:.1f}x to {claim_high:.0f}x, all of it "measured". On the busy machine the twenty reports by means run from {mean_low:.1f}x to {mean_high:.1f}x, those by medians in turn from {turn_low:.2f}x to {turn_high:.2f}x. The third row needs no noise at all: a baseline that was denied its optimized kernels makes any candidate look good, {hobbled:.0f}x here, every single time.
#
# ## Where the mean goes wrong
#
# Look at the whole distribution of float32 on both machines. The curve says which share of the runs took longer than a given time; the logarithm shows the one run in a thousand that the mean hangs on.

# %%
from course_lib import reveal, table

RUNS = 4000
traces = {
    ("float32", "idle"): run(warm["float32"], RUNS),
    ("int8", "idle"): run(warm["int8"], RUNS),
}
with busy():
    for name in files:
        traces[name, "busy"] = run(warm[name], RUNS)

with style():
    fig, ax = plt.subplots(figsize=(7, 3.6))
    for (name, machine), times in traces.items():
        ax.step(
            np.sort(times),
            100 * (1 - np.arange(RUNS) / RUNS),
            color=COLOURS[name],
            linestyle="-" if machine == "idle" else ":",
            label=f"{name}, {machine}",
        )
    ax.set(
        xscale="log",
        yscale="log",
        xlabel="time of one invoke (µs)",
        ylabel="runs slower than this (%)",
    )
    ax.axhline(1, color="black", linewidth=1)
    ax.annotate("p99", (ax.get_xlim()[1], 1), ha="right", va="bottom")
    ax.legend()
show(
    fig,
    alt="Share of runs slower than a given time for float32 and int8 on an idle and a busy "
    "machine: the curves coincide down to about one per cent, then the busy ones run out to "
    "milliseconds.",
    caption="Nearly every run takes as long as on an idle machine. A few wait for their turn on "
    "the core, a hundred times as long as they compute.",
    caption_zh="绝大多数运行与空闲时一样快；少数几次在排队等核，等待时间是计算时间的上百倍。",
)
rows = []
for (name, machine), times in traces.items():
    p50, p90, p99 = np.percentile(times, [50, 90, 99])
    rows.append(
        {
            "file": name, "machine": machine, "mean µs": times.mean(), "min": times.min(),
            "p50": p50, "p90": p90, "p99": p99, "max": times.max(),
        }
    )  # fmt: skip
table(rows, caption=f"{RUNS:,} runs each, 1 thread, XNNPACK. {Environment.here()}", name="tails")
idle, loaded = traces["float32", "idle"], traces["float32", "busy"]
record("p50_growth", np.median(loaded) / np.median(idle))
record("mean_growth", loaded.mean() / idle.mean())
record("p99_idle", np.percentile(idle, 99))
record("p99_busy", np.percentile(loaded, 99))
reveal("busy", np.percentile(loaded, 99) / np.percentile(idle, 99))

# %% [markdown]
# Same file, same work: the median is {p50_growth:.2f} times the idle one, the mean {mean_growth:.1f} times, and the 99th percentile went from {p99_idle:,.0f} to {p99_busy:,.0f} µs. The scheduler hands out slices of milliseconds; who is put aside for one waits as long as a hundred inferences. Int8 meets just as many stalls in a second, but more of its runs fit between two of them, so its curve leaves later: a percentile counts runs, and stalls come by the clock. Quote the median for the file, the percentile for the system, and never mix them.
#
# ## One number with its doubt
#
# A ratio deserves an interval. The bootstrap needs no formula: draw as many runs again from those you have, with replacement, compute the ratio, repeat. Do it for both ways of averaging, on runs that took turns on the busy machine.

# %%
from course_lib import latency_ratio

with busy():
    turns = race(calls, seconds=0, rounds=40, runs=5, warmups=0)
rng = np.random.default_rng(0)
drawn = {
    name: times[rng.integers(0, len(times), (2000, len(times)))] for name, times in turns.items()
}
spreads = {
    "ratio of means": drawn["float32"].mean(1) / drawn["int8"].mean(1),
    "ratio of medians": np.median(drawn["float32"], 1) / np.median(drawn["int8"], 1),
}
with style():
    fig, ax = plt.subplots(figsize=(7, 3))
    edges = np.geomspace(*np.quantile(spreads["ratio of means"], [0.001, 0.999]) * [0.9, 1.1], 70)
    for (label, values), colour in zip(spreads.items(), ("#D55E00", "#009E73"), strict=True):
        low, high = np.quantile(values, [0.025, 0.975])
        ax.hist(values, edges, color=colour, alpha=0.7, label=f"{label}: {low:.2f} to {high:.2f}")
        record(f"{label.split()[-1]}_width", 100 * (high - low) / np.median(values))
    ax.set(xscale="log", yscale="log", xlabel="speed-up of int8 in a resample", ylabel="resamples")
    label_times(ax)
    ax.legend(title="95 % interval")
show(
    fig,
    alt="Bootstrap histograms of the speed-up on a busy machine: ratios of means spread widely, "
    "ratios of medians form one narrow spike.",
    caption="The same 200 runs of each file, resampled 2,000 times. What the mean is unsure "
    "about is the scheduler.",
    caption_zh="每个文件同样的 200 次运行，重采样 2,000 次。均值拿不准的其实是调度器。",
)
ratio, interval = latency_ratio(files["float32"], files["int8"])
record("ratio", ratio)
record("ratio_low", interval.low)
record("ratio_high", interval.high)
print(f"int8 is {ratio:.2f}x as fast, 95 % interval {interval.low:.3f} to {interval.high:.3f}")
print("batch 1, 1 thread, XNNPACK, 20 loads of 20 runs in turn,", Environment.here().cpu)

# %% [markdown]
# The last two lines are what a report should look like. `latency_ratio` goes one step further than the histogram: it opens both files anew twenty times, because where a model happens to lie in memory is part of the luck. The interval speaks of this machine and of no other.
#
# ## Four questions, four speed-ups
#
# Now the honest number itself gets questioned. A tight loop keeps weights and code in the cache, the core awake and its clock high. No app looks like that.

# %%
FRAME_MS = 33  # 30 frames a second
image = (255 * data.x_test[0]).astype(np.uint8)


def app(name):
    """Return a function that does what an app does: pixels in, class out."""
    interpreter = warm[name]
    inside, outside = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    scale, zero_point = inside["quantization"]

    def answer():
        pixels = image.astype(np.float32)[np.newaxis] / 255
        if scale:
            pixels = np.clip(np.round(pixels / scale) + zero_point, -128, 127).astype(np.int8)
        interpreter.set_tensor(inside["index"], pixels)
        interpreter.invoke()
        return interpreter.get_tensor(outside["index"]).argmax()

    return answer


def keep_awake(seconds):
    """Let time pass without giving the core away."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


def waiting(count, pause, wait=time.sleep):
    """Return times of single invokes, each after a pause in seconds, the files in turn."""
    times = {name: [] for name in files}
    for _ in range(count):
        for name, found in times.items():
            wait(pause)
            found.append(run(warm[name], 1)[0])
    return {name: np.array(found) for name, found in times.items()}


def first_answer(name):
    """Open the file and run it once."""
    return lambda: fresh(name).invoke()


questions = {
    "a tight loop": race(calls),
    "a tight loop with pre- and postprocessing": race({name: app(name) for name in files}),
    "the first answer after opening the file": race({name: first_answer(name) for name in files}),
    "one frame every 33 ms": waiting(30, FRAME_MS / 1000),
    "one frame every 33 ms, the core kept awake": waiting(30, FRAME_MS / 1000, keep_awake),
}
medians = {
    question: {name: float(np.median(times[name])) for name in files}
    for question, times in questions.items()
}
speedups = {question: found["float32"] / found["int8"] for question, found in medians.items()}
table(
    [
        {"question": question}
        | {f"{name} µs": round(value, 1) for name, value in found.items()}
        | {"times as fast": f"{speedups[question]:.2f}x"}
        for question, found in medians.items()
    ],
    caption="Medians, batch 1, 1 thread, XNNPACK, idle machine, the two files in turn",
    name="questions",
)
record("spaced_float32", medians["one frame every 33 ms"]["float32"])
record("spaced_speedup", speedups["one frame every 33 ms"])
record("app_speedup", speedups["a tight loop with pre- and postprocessing"])
record("opening_speedup", speedups["the first answer after opening the file"])
awake, asleep = (
    medians[question]["float32"]
    for question in ("one frame every 33 ms, the core kept awake", "one frame every 33 ms")
)
loop = medians["a tight loop"]["float32"]
record("awake_speedup", speedups["one frame every 33 ms, the core kept awake"])
record("sleep_share", 100 * (asleep - awake) / (asleep - loop))
reveal("spaced", speedups["one frame every 33 ms"])

# %% [markdown]
# A camera that delivers a frame every 33 ms sees {spaced_speedup:.1f}x, not {speedup:.1f}x. After a pause the model runs cold, which costs both files about as much, and a fixed cost shrinks every ratio. Why cold? "The core fell asleep" is the usual answer, and the last row is its control: a loop passes the time and keeps the core awake, and int8 is {awake_speedup:.1f}x as fast. Of what the pause adds to float32, sleep explains {sleep_share:.0f} % here (below 0: none of it); the rest is what a processor forgets of a model in 33 ms, such as its caches and predictors, and this table cannot tell those apart. With the image conversion around it int8 gains {app_speedup:.1f}x. None of these numbers is wrong. Only the sentence "int8 is {speedup:.1f}x faster", without its question, is.
#
# ## Turn the knobs
#
# Interpreters opened afresh, 300 alternating calls of both files, recorded once on an idle and once on a busy machine. You decide what to throw away, how many runs to keep and which statistic to print. How large a headline can you make?

# %%
from course_lib import playground

STATISTICS = {
    "mean": np.mean,
    "median": np.median,
    "p99": lambda times: np.percentile(times, 99),
    "minimum": np.min,
}


def alternating(count=300):
    """Return the times of both files from the first call on, one call each in turn."""
    opened = {name: fresh(name) for name in files}
    pairs = [[run(opened[name], 1)[0] for name in files] for _ in range(count)]
    return dict(zip(files, np.array(pairs).T, strict=True))


recorded = {"idle": alternating()}
with busy():
    recorded["busy"] = alternating()


def headline(warm_up=0, runs=10, statistic="mean", machine="busy"):
    found = {}
    with style():
        fig, ax = plt.subplots(figsize=(7, 3.4))
        for name, times in recorded[machine].items():
            kept = np.arange(warm_up, min(warm_up + runs, len(times)))
            found[name] = STATISTICS[statistic](times[kept])
            ax.plot(np.arange(len(times)), times, ".", color="#CCCCCC", markersize=4)
            ax.plot(kept, times[kept], ".", color=COLOURS[name], markersize=6, label=name)
            ax.axhline(found[name], color=COLOURS[name], linewidth=1)
        ax.set(yscale="log", xlabel="call since the files were opened", ylabel="time (µs)")
        ax.set_title(f'"int8 is {found["float32"] / found["int8"]:.2f} times as fast"')
        ax.legend(loc="upper right")
    return fig


playground(
    headline,
    alt="Times of alternating calls of both files, those that were kept in colour, and the "
    "headline.",
    warm_up=(0, 100, 5),
    runs=(5, 200, 5),
    statistic=list(STATISTICS),
    machine=["busy", "idle"],
)
show(
    headline(30, 200, "median", "busy"),
    alt="300 calls of both files on a busy machine; 200 of them after 30 warm-ups are kept, and "
    "lines mark the medians.",
    caption="The setting to end on: 30 warm-ups, 200 runs, the median. It hardly cares whether the "
    "machine is busy.",
    caption_zh="最后应停在这里：预热 30 次、测 200 次、取中位数。机器忙不忙，几乎不影响它。",
)

# %% [markdown]
# ## Three sizes
#
# "How small is it?" has the same problem as "how fast?". The file on disk, the file as it is downloaded and the memory it takes at run time are three rulers. Four files, everything that belongs into a report; the pruned one (80 % zeros, int8) is the file that lesson 13 puts on trial.

# %%
from course_lib import Artifact, Float16, measure
from course_lib.catalog import topic

files["float16"] = Float16()(files["float32"], data)
files["pruned"] = Artifact.load(topic("13").folder / "pruned80_int8.tflite", "pruned")
reports = {name: measure(files[name], data) for name in ("float32", "float16", "int8", "pruned")}
table(
    [
        report.row() | {"load ms": round(report.load_ms, 2), "first µs": round(report.first_us, 1)}
        for report in reports.values()
    ],
    caption=f"Accuracy on all 10,000 test images; median of 200 after 30. {Environment.here()}",
    name="report",
)

# %% [markdown]
# ## What the folk answer gets wrong
#
# {{myths}}
#
# Bytes first, since they can be asserted: which file is smaller depends on the ruler. Then one stall of 16 ms among the idle runs, added by hand. Then the utilisation of a core while each file runs flat out.

# %%
base = reports["float32"]
table(
    [
        {
            "file": name,
            "times smaller on disk": base.raw_bytes / report.raw_bytes,
            "as a download (gzip)": base.gzip_bytes / report.gzip_bytes,
            "in memory": base.peak_memory_mb / report.peak_memory_mb,
        }
        for name, report in reports.items()
        if name != "float32"
    ],
    caption="One file, three sizes, each against float32",
    name="rulers",
)
pruned, int8 = reports["pruned"], reports["int8"]
assert abs(pruned.raw_bytes / int8.raw_bytes - 1) < 0.01  # no difference on disk
assert pruned.gzip_bytes < 0.5 * int8.gzip_bytes  # less than half to download
record("pruned_disk", base.raw_bytes / pruned.raw_bytes)
record("pruned_download", base.gzip_bytes / pruned.gzip_bytes)
record("int8_disk", base.raw_bytes / int8.raw_bytes)
record("int8_download", base.gzip_bytes / int8.gzip_bytes)
record("float16_disk", base.raw_bytes / reports["float16"].raw_bytes)
record("float16_memory", base.peak_memory_mb / reports["float16"].peak_memory_mb)

few = traces["float32", "idle"][:200]
stalled = np.append(few, 16_000.0)
by_mean = stalled.mean() - few.mean()
by_median = np.median(stalled) - np.median(few)
assert by_mean > 10 * abs(by_median)
record("stall_mean", by_mean)
record("stall_median", by_median)

usage = {name: [] for name in warm}
for _ in range(30):  # slices of 10 ms, in turn; the best tenth is what nobody interrupted
    for name, interpreter in warm.items():
        begin, work, answers = time.perf_counter(), time.process_time(), 0
        while time.perf_counter() - begin < 0.01:
            interpreter.invoke()
            answers += 1
        wall, work = time.perf_counter() - begin, time.process_time() - work
        usage[name].append((100 * work / wall, answers / wall))
usage = {name: np.percentile(slices, 90, axis=0) for name, slices in usage.items()}
for name, (percent, _) in usage.items():
    record(f"usage_{name}", percent)
record("rate_ratio", usage["int8"][1] / usage["float32"][1])
table(
    [
        {"file": name, "CPU %": round(percent, 1), "inferences/s": round(rate)}
        for name, (percent, rate) in usage.items()
    ],
    caption="One thread, each file as fast as it goes, the best tenth of 30 slices of 10 ms",
    name="utilisation",
)

# %% [markdown]
# The stall moved the mean of 200 runs by {stall_mean:.0f} µs and the median by {stall_median:.2f}. And the utilisation says nothing: {usage_float32:.0f} % and {usage_int8:.0f} %, with {rate_ratio:.1f} times the answers from int8. A core that computes is busy, whatever it computes.
#
# ## The answer in sixty seconds
#
# {{answer}}
#
# %% [markdown]
# ## Deeper
#
# How many runs are enough, and whether the ruler itself is straight.

# %% [markdown]
# ### How many runs?
#
# As many as the interval needs. Take the first n of the recorded runs, resample, and look at the width of the 95 % interval of the speed-up, idle and busy, by mean and by median.

# %%
counts = np.array([10, 30, 100, 300, 1000])
with style():
    fig, ax = plt.subplots(figsize=(7, 3.6))
    for machine, line in (("idle", "-"), ("busy", ":")):
        for label, average, colour in (
            ("mean", np.mean, "#D55E00"),
            ("median", np.median, "#009E73"),
        ):
            widths = []
            for n in counts:
                picks = rng.integers(0, n, (2, 500, n))
                tops = average(traces["float32", machine][:n][picks[0]], axis=1)
                ratios = tops / average(traces["int8", machine][:n][picks[1]], axis=1)
                low, high = np.quantile(ratios, [0.025, 0.975])
                widths.append(max(100 * (high - low) / np.median(ratios), 0.01))
            ax.plot(counts, widths, line, marker="o", color=colour, label=f"{label}, {machine}")
    ax.axhline(4, color="black", linewidth=1)
    ax.annotate("±2 %", (counts[-1], 4), ha="right", va="bottom")
    ax.set(
        xscale="log", yscale="log", xlabel="runs of each file", ylabel="width of the interval (%)"
    )
    ax.set_xticks(counts, [f"{n:,}" for n in counts])
    ax.minorticks_off()
    fig.legend(loc="outside upper center", ncols=4)
show(
    fig,
    alt="Width of the bootstrap interval against the number of runs for mean and median on an "
    "idle and a busy machine, with a line at plus or minus two per cent.",
    caption="The median is below the line early; the mean of a busy machine may never get there.",
    caption_zh="中位数很早就降到线以下；忙碌机器上的均值可能永远降不下去。",
)

# %% [markdown]
# More runs in one sitting sharpen the interval and not always the truth: stalls come in bursts, and the file lies at the same address all the time. Beyond a few hundred runs, spend the time on opening the files again.
#
# ### First test the ruler
#
# Before comparing A with B, compare A with A. An honest 95 % interval contains 1.00 in about nineteen of twenty tries. Two harnesses take the test with float32 against itself: two open interpreters whose 200 runs each are resampled, and `latency_ratio`, which reopens.

# %%
TRIES = 20
inside = {"two interpreters, runs resampled": 0, "reopened 20 times, loads resampled": 0}
widest = dict.fromkeys(inside, 0.0)
for attempt in range(TRIES):
    pair = {"a": fresh("float32").invoke, "b": fresh("float32").invoke}
    times = race(pair, seconds=0, rounds=40, runs=5, seed=attempt)
    again = {
        key: np.median(found[rng.integers(0, len(found), (500, len(found)))], 1)
        for key, found in times.items()
    }
    low, high = np.quantile(again["a"] / again["b"], [0.025, 0.975])
    _, spread = latency_ratio(files["float32"], files["float32"], seed=attempt)
    for key, (bottom, top) in zip(inside, ((low, high), (spread.low, spread.high)), strict=True):
        inside[key] += bottom <= 1 <= top
        widest[key] = max(widest[key], 100 * abs(np.sqrt(bottom * top) - 1))
table(
    [
        {
            "harness": key,
            "intervals that contain 1": f"{count} of {TRIES}",
            "largest error of the middle %": round(widest[key], 2),
        }
        for key, count in inside.items()
    ],
    caption="float32 against itself",
    name="ruler",
)
naive, reopened = inside.values()
record("naive_failed", TRIES - naive)
record("reopened_failed", TRIES - reopened)

# %% [markdown]
# The first harness found float32 "significantly" faster or slower than float32 in {naive_failed} of 20 tries, the second in {reopened_failed}. A few tenths of a per cent are at stake, which no product cares about; but a harness that calls them significant will one day do so in a review.
#
# ## Follow-ups
#
# {{followups}}
#
# ## What this does not show
#
# A phone. There the clock falls with the temperature, big and little cores differ by a factor, and after some minutes of sustained load the first minute's numbers are history. Measure on the worst device you support, for minutes, with `benchmark_model` or the app itself, and report the percentile over time. This network fits into the L2 cache; a larger one is bound by memory, and its ratio is another. Asked "which phone?", give the ratio, the machine, the threads and the delegate, and say what you would run on the device before promising anything.
#
# ## Sources
#
# {{sources}}
#
# {{exercise}}
#
# {{next}}

# %%
# NBVAL_CHECK_OUTPUT
from course_lib import receipt

receipt()
