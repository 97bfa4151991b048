# %% [markdown]
# {{title}}
#
# {{question}}
#
# After this lesson you can
#
# - **model** the microjoules of an inference from a price list, arithmetic and traffic apart, and name what the model leaves out (15A),
# - **count** multiplications, weight bytes and activation bytes of every operator of a file (15B),
# - **convert** a latency, a rate and two powers into hours, and say when compression cannot matter (quiz).
#
# ## Predict first
#
# Int8 multiplications take about a fifteenth of float's energy, and int8 weights a quarter of the bytes. So an int8 network takes a fourth to a fifteenth of the energy?

# %%
from course_lib import predict

predict(
    "best_saving",
    "The course's CNN, float32 against int8, on a chip with 128 KiB of on-chip memory. "
    "How many times less energy per inference, by the model below?",
    zh="课程里的 CNN，float32 对 int8，芯片有 128 KiB 片上内存。按下面的模型，"
    "每次推理的能耗相差几倍？",
    unit="x",
)
predict(
    "int16_time",
    "By the same model int16x8 needs about a quarter of float's energy. Measured on this CPU, "
    "its time is how many times float's?",
    zh="按同一个模型，int16x8 的能耗约为浮点的四分之一。在这颗 CPU 上实测，它的耗时是浮点的几倍？",
    unit="x",
)

# %% [markdown]
# ## Is there a meter?
#
# An energy figure is one of three things: measured, modelled, or made up. Before anything else, look for an instrument. Linux exposes some: RAPL counters of the processor, a battery's gauge, current sensors on a board.

# %%
from pathlib import Path

from course_lib import record, table

METERS = {
    "processor energy counter (RAPL)": ("/sys/class/powercap", "*/energy_uj"),
    "battery gauge": ("/sys/class/power_supply", "*/power_now"),
    "power sensor on the board": ("/sys/class/hwmon", "*/power*_input"),
}


def readable(folder, pattern):
    """Count the files that match and that this user may read."""
    count = 0
    for path in Path(folder).glob(pattern):
        try:
            count += bool(path.read_text().strip())
        except OSError:
            continue
    return count


meters = {name: readable(*where) for name, where in METERS.items()}
verdict = "readable here" if sum(meters.values()) else "none on this machine"
record("meters", sum(meters.values()))
table(
    [{"instrument": name, "readable": count} for name, count in meters.items()],
    caption=f"Energy meters: {verdict}. From here on, every table says MODEL or MEASURED.",
    name="meters",
)

# %% [markdown]
# The machine that built this page has {meters} of them; a virtual machine usually hides the counters of its host. So joules below come from a **model**: a price list times counts. Time is **measured**. Never let the two meet in one table without a label.
#
# ## The price list
#
# Horowitz published what operations cost on a 45 nm chip: a float32 multiplication and addition 4.6 pJ, int8 with a 32-bit accumulator 0.3 pJ, 64 bits from DRAM 1,300 to 2,600 pJ, from an on-chip memory 10 (8 KiB) to 100 pJ (1 MiB). Today's chips are cheaper in everything, so take ratios and ignore absolutes. Here is the CNN, operator by operator, with its weights in DRAM.

# %%
import matplotlib.pyplot as plt
import numpy as np

from course_lib import (
    DynamicRange,
    Float16,
    Int4,
    Int8,
    Int16x8,
    fashion_mnist,
    float_tflite,
    inspect,
    reveal,
    show,
)
from course_lib.deployment import EnergyModel
from course_lib.lesson import style

data = fashion_mnist()
float32 = float_tflite("baseline")
exports = (Float16(), DynamicRange(), Int8(), Int16x8(), Int4())
files = {"float32": float32} | {export.name: export(float32, data) for export in exports}
from_dram = EnergyModel(weights="dram", on_chip_bytes=64 * 1024)
parts = {name: from_dram(files[name]).to_frame() for name in ("float32", "int8")}
TERMS = {"compute_uj": "arithmetic", "weights_uj": "weights", "activations_uj": "activations"}

with style():
    fig, axes = plt.subplots(1, 2, figsize=(8.4, 3), sharey=True)
    for ax, (name, frame) in zip(axes, parts.items(), strict=True):
        frame = frame[frame.op != "RESHAPE"]
        labels = [f"conv {i + 1}" for i in range(len(frame) - 1)] + ["dense"]
        left = np.zeros(len(frame))
        for (term, label), colour in zip(
            TERMS.items(), ("#D55E00", "#0072B2", "#56B4E9"), strict=True
        ):
            ax.barh(labels, frame[term], left=left, label=label, color=colour)
            left += frame[term].to_numpy()
        total = frame.total_uj.sum()
        ax.set(xlabel="modelled energy (µJ)")
        ax.set_title(f"{name}: {total:.0f} µJ, {frame.compute_uj.sum() / total:.0%} arithmetic")
    axes[0].set_ylabel("operator")
    axes[0].invert_yaxis()
    axes[1].legend(fontsize=9, loc="upper right")
show(
    fig,
    alt="Stacked bars of modelled energy per operator for float32 and int8: reading weights "
    "dominates in both, and the "
    "dense layer, with hardly any multiplications, is among the longest bars.",
    caption="MODEL. The dense layer multiplies almost nothing and costs more than the second "
    "convolution.",
    caption_zh="模型估算。全连接层几乎不做乘法，能耗却超过第二个卷积：它的权重每个只用一次。",
)
whole = parts["float32"]
dense = whole[whole.op == "FULLY_CONNECTED"].iloc[0]
record("dense_macs", 100 * dense.macs / whole.macs.sum())
record("dense_energy", 100 * dense.total_uj / whole.total_uj.sum())
record("compute_saving", whole.compute_uj.sum() / parts["int8"].compute_uj.sum())
record("dram_saving", whole.total_uj.sum() / parts["int8"].total_uj.sum())
record("weights_share", 100 * whole.weights_uj.sum() / whole.total_uj.sum())

# %% [markdown]
# The dense layer has {dense_macs:.1f} % of the multiplications and {dense_energy:.0f} % of the energy. Int8 divides arithmetic by {compute_saving:.0f} and the total by {dram_saving:.1f}: {weights_share:.0f} % of float's energy was reading weights, and those shrink by four. Count multiplications, and you optimize the small term.
#
# ## The cliff
#
# What if weights need not come from DRAM at all? Sweep the capacity of the on-chip memory. Weights stay there between inferences when all of them fit beside the activations.

# %%
CAPACITIES = [int(2**power) for power in np.arange(13, 20.01, 0.125)]
SHOWN = {"float32": "#999999", "int16x8": "#CC79A7", "int8": "#0072B2", "int4": "#D55E00"}
anatomies = {name: inspect(artifact.content) for name, artifact in files.items()}
curves = {
    name: [EnergyModel(on_chip_bytes=size)(anatomies[name]).total_uj for size in CAPACITIES]
    for name in SHOWN
}
with style():
    fig, ax = plt.subplots(figsize=(7, 3.8))
    for name, colour in SHOWN.items():
        ax.step(np.array(CAPACITIES) / 1024, curves[name], where="post", color=colour, label=name)
    ax.axvline(128, color="black", linewidth=1, linestyle=":")
    ax.set(xscale="log", yscale="log", xlabel="on-chip memory (KiB)", ylabel="modelled energy (µJ)")
    ax.set_xticks(
        [8, 16, 32, 64, 128, 256, 512, 1024], ["8", "16", "32", "64", "128", "256", "512", "1024"]
    )
    ax.minorticks_off()
    ax.legend(fontsize=9)
show(
    fig,
    alt="Modelled energy against on-chip memory for four files; each curve falls off a cliff at "
    "the capacity where its "
    "weights fit, int8 and int4 far to the left of float32.",
    caption="MODEL. Between int8's cliff and float's, the same compression saves several times "
    "more than outside.",
    caption_zh="模型估算。在 int8 的断崖和浮点的断崖之间，同样的压缩，省下的能量比两侧多好几倍。",
)


def saving(name, kib):
    model = EnergyModel(on_chip_bytes=kib * 1024)
    return model(anatomies["float32"]).total_uj / model(anatomies[name]).total_uj


record("saving_64", saving("int8", 64))
record("saving_128", saving("int8", 128))
record("saving_1024", saving("int8", 1024))
reveal("best_saving", saving("int8", 128), modelled=True)

# %% [markdown]
# One file, one format, three answers: {saving_64:.1f}x with 64 KiB, {saving_128:.0f}x with 128 KiB, {saving_1024:.0f}x with a megabyte. The middle one exceeds both the fifteen of arithmetic and the four of bytes, because it is neither. Int8 fits on the chip, and float does not. If you can choose how far to compress, the border of the memory is where to stop.
#
# ## What the model does not know
#
# Prices times counts describe a chip that wastes nothing. A CPU runs kernels. Time is what we can measure, and at a constant power time is proportional to energy, so put the two beside each other.

# %%
from course_lib.evaluation import race
from course_lib.evaluation.runtime import open_interpreter, sample_inputs


def ready(artifact, threads=1):
    interpreter = open_interpreter(artifact, threads=threads)
    for index, value in sample_inputs(interpreter).items():
        interpreter.set_tensor(index, value)
    return interpreter


times = race({name: ready(artifact).invoke for name, artifact in files.items()}, seconds=2)
micros = {name: float(np.quantile(each, 0.25)) for name, each in times.items()}
modelled = {name: from_dram(anatomy).total_uj for name, anatomy in anatomies.items()}
table(
    [
        {
            "file": name,
            "MODEL µJ": round(modelled[name], 1),
            "of float32": round(modelled[name] / modelled["float32"], 2),
            "MEASURED µs": round(micros[name], 1),
            "of float32 ": round(micros[name] / micros["float32"], 2),
        }
        for name in files
    ],
    caption="Counting (weights in DRAM) against the clock (one thread, XNNPACK, interleaved runs)",
    name="model and clock",
)
record("int16_model", modelled["int16x8"] / modelled["float32"])
record("int16_time", micros["int16x8"] / micros["float32"])
record("int8_model", modelled["int8"] / modelled["float32"])
record("int8_time", micros["int8"] / micros["float32"])
record("int4_model", modelled["int4"] / modelled["float32"])
record("int4_time", micros["int4"] / micros["float32"])
reveal("int16_time", micros["int16x8"] / micros["float32"])

# %% [markdown]
# For int8 model and clock agree roughly. For int16x8 they contradict each other: {int16_model:.2f} of float's energy by counting, {int16_time:.0f} times its time, because no fast kernel exists for it here. Int4 likewise: {int4_model:.2f} against {int4_time:.2f}. A count of operations is a lower bound that some piece of software has to reach. Whoever quotes a modelled saving owes you the kernel.
#
# ## From microjoules to hours
#
# A battery does not feed a network alone. Between inferences the device idles, and something else may be on: a screen, a camera, a radio. The average power is idle power times the idle share plus active power times the busy share; the busy share, the duty cycle, is rate times latency. Move everything, *other load* first. The two powers are assumptions about a phone; the latencies are those measured above, times the size of *your* network.

# %%
from course_lib import playground
from course_lib.deployment import modelled_battery_hours

PHONE_MWH, RATES = 15_000, np.geomspace(1 / 600, 60, 60)


def hours(name, rate, other_mw=30, active_mw=1500, size=50):
    latency = micros[name] * size / 1e6
    return modelled_battery_hours(PHONE_MWH, other_mw, other_mw + active_mw, latency, rate)


def battery(rate=30.0, other_load=30, active=1500, network_size=50, file="int8"):
    with style():
        fig, ax = plt.subplots(figsize=(7, 3.6))
        for name, colour in {"float32": "#999999", file: "#0072B2"}.items():
            ax.plot(
                RATES,
                [hours(name, r, other_load, active, network_size) for r in RATES],
                color=colour,
                label=name,
            )
        before, after = (
            hours(n, rate, other_load, active, network_size) for n in ("float32", file)
        )
        ax.axvline(rate, color="black", linewidth=1, linestyle=":")
        ax.set(
            xscale="log",
            xlabel="inferences per second",
            ylabel="battery life (hours)",
            ylim=(0, None),
        )
        ax.set_title(
            f"at {rate:g}/s: {before:.0f} h with float32, "
            f"{after:.0f} h with {file} ({after / before - 1:+.1%})"
        )
        ax.legend(fontsize=9, loc="lower left")
    return fig


playground(
    battery,
    alt="Battery life against the rate of inferences for float32 and another file, with the hours "
    "at one rate.",
    rate=[30.0, 60.0, 10.0, 1.0, 1 / 60],
    other_load=(0, 2000, 10),
    active=(200, 4000, 100),
    network_size=(1, 400),
    file=["int8", "int4", "float16", "int16x8"],
)
show(
    battery(30.0, 30, 1500, 50, "int8"),
    alt="Two curves of battery life against rate: equal up to about one inference per second, far "
    "apart at thirty.",
    caption="MODEL on measured latencies. Left: the phone idles, and no compression is visible. "
    "Right: it decides.",
    caption_zh="基于实测延迟的模型。左侧手机基本在待机，怎么压缩都看不出来；右侧由它决定。",
)
record("gain_minute", 100 * (hours("int8", 1 / 60) / hours("float32", 1 / 60) - 1))
record("gain_30", 100 * (hours("int8", 30) / hours("float32", 30) - 1))
record("gain_screen", 100 * (hours("int8", 30, 1000) / hours("float32", 30, 1000) - 1))
record("even_rate", 30 / (1500 * micros["float32"] * 50 / 1e6))

# %% [markdown]
# A network of fifty times our CNN, int8 for float32: {gain_minute:.2f} % more hours at one inference a minute, {gain_30:.0f} % at thirty a second, and {gain_screen:.0f} % at thirty a second with a screen and a camera that take a watt. One number tells you in advance: at {even_rate:.0f} inferences a second the float network draws as much as the idle phone. Far below that rate, leave the battery out of the argument.
#
# ## What the folk answer gets wrong
#
# {{myths}}
#
# Test the first two by pushing them to the limit: a network that takes no time at all, and a file in which four of five weights are zero.

# %%
zeroed = bytearray(float32.content)
for tensor in anatomies["float32"].subgraphs[0].tensors:
    if tensor.role == "weights":
        values = np.frombuffer(zeroed, np.float32, tensor.elements, tensor.span[0])
        values[np.abs(values) < np.quantile(np.abs(values), 0.8)] = 0
pruned = inspect(bytes(zeroed))
assert pruned.gzip_bytes < 0.45 * anatomies["float32"].gzip_bytes  # the download shrinks
same = from_dram(anatomies["float32"]).total_uj
assert from_dram(pruned).total_uj == same  # the traffic does not
assert len(zeroed) == float32.raw_bytes

free = modelled_battery_hours(PHONE_MWH, 30, 1530, 0.0, 1 / 60)  # an inference that takes no time
spent = hours("float32", 1 / 60)  # the network of fifty times ours
assert free < 1.01 * spent
print(f"80 % zeros: gzip {pruned.gzip_bytes / anatomies['float32'].gzip_bytes:.2f}, traffic 1.00")
print(f"once a minute, an infinitely fast network gains {free / spent - 1:.3%} battery life")

# %% [markdown]
# ## The answer in sixty seconds
#
# {{answer}}
#
# %% [markdown]
# ## Deeper
#
# Which assumption carries the result, how to measure in earnest, and how fast to run.

# %% [markdown]
# ### Which assumption carries the result?
#
# The model has a handful of numbers that are somebody's guess about your chip. Vary each over its plausible range and see how far "float32 over int8" moves. What moves it most is what you have to find out first.

# %%
from course_lib.deployment.arithmetic import mac_pj


def ratio(dram=1300.0, chip=None, arithmetic=1.0, weights="dram", kib=64):
    """Return float32 / int8 of the modelled energy, with one assumption changed at a time."""
    totals = []
    for name in ("float32", "int8"):
        energy = EnergyModel(kib * 1024, chip, dram, weights)(anatomies[name])
        totals.append(energy.total_uj + (arithmetic - 1) * energy.compute_uj)
    return totals[0] / totals[1]


VARIED = {
    "64 bits from DRAM: 1300 to 2600 pJ": (ratio(), ratio(dram=2600)),
    "64 bits on chip: 10 to 100 pJ": (ratio(chip=10), ratio(chip=100)),
    "arithmetic: a fifth to twice the table": (ratio(arithmetic=0.2), ratio(arithmetic=2)),
    "activations: spilled to DRAM or not": (ratio(kib=4), ratio()),
    "weights: from DRAM or on chip": (ratio(), ratio(weights="on chip")),
    "on-chip memory: 64 or 128 KiB": (ratio(weights="fit"), ratio(weights="fit", kib=128)),
}
ordered = sorted(VARIED.items(), key=lambda each: abs(each[1][1] - each[1][0]))
with style():
    fig, ax = plt.subplots(figsize=(7.4, 3.4))
    for place, (_, (one, two)) in enumerate(ordered):
        ax.barh(place, two - one, left=one, color="#0072B2", height=0.55)
    ax.set_yticks(range(len(ordered)), [label for label, _ in ordered])
    ax.axvline(ratio(), color="black", linewidth=1)
    ax.set(
        xscale="log", xlabel="modelled saving, float32 / int8", ylabel="assumption and its range"
    )
    ax.set_xticks([3, 4, 5, 6, 8, 10, 20, 30], ["3x", "4x", "5x", "6x", "8x", "10x", "20x", "30x"])
    ax.minorticks_off()
show(
    fig,
    alt="Tornado diagram: the prices of DRAM and arithmetic hardly move the saving, where the "
    "weights live moves it most.",
    caption="MODEL. Prices hardly matter for the ratio. Where the weights live does.",
    caption_zh="模型估算。单价对比值影响很小，权重放在哪里影响最大。",
)
assert mac_pj("float32", "float32") / mac_pj("int8", "int8") > 14
price_only = [label for label in VARIED if "pJ" in label or "table" in label]
record("price_low", min(min(VARIED[label]) for label in price_only))
record("price_high", max(max(VARIED[label]) for label in price_only))

# %% [markdown]
# With the weights in DRAM, every price in its whole range keeps the saving between {price_low:.1f}x and {price_high:.1f}x. Where the memory border falls moves it from {saving_64:.1f}x to {saving_128:.0f}x. That is a question for the data sheet, and no joule has to be measured to ask it.
#
# ### Planning the measurement
#
# On a device there *is* a meter: power rails that the phone reports, or a shunt in the supply line. It samples slowly, is noisy, and its zero drifts with temperature. How long must you measure to know one inference's energy within 5 %? The following is a **simulation**: a gauge with four readings a second, 15 mW of noise and a drifting zero, and a network that adds 50 mW when it runs back to back.

# %%
rng = np.random.default_rng(0)
READINGS, NOISE_MW, DRIFT_MW, TRUE_MW = 4, 15.0, 0.5, 50.0
SECONDS = np.array([10, 20, 40, 80, 160, 320, 640])


def estimate(seconds, block, repeats=400):
    """Return estimates of the added power when busy and idle take turns every ``block`` seconds."""
    steps = seconds * READINGS
    busy = (np.arange(steps) // (block * READINGS)) % 2 == 1
    drift = rng.normal(0, DRIFT_MW / np.sqrt(READINGS), (repeats, steps)).cumsum(1)
    power = 30 + TRUE_MW * busy + drift + rng.normal(0, NOISE_MW, (repeats, steps))
    return power[:, busy].mean(1) - power[:, ~busy].mean(1)


with style():
    fig, ax = plt.subplots(figsize=(7, 3.4))
    for label, plan, colour in (
        ("idle for half of it, then busy", lambda s: s // 2, "#D55E00"),
        ("idle and busy in turns of 5 s", lambda s: 5, "#0072B2"),
    ):
        errors = [
            100 * np.quantile(np.abs(estimate(s, plan(int(s))) / TRUE_MW - 1), 0.95)
            for s in SECONDS.tolist()
        ]
        ax.plot(SECONDS, errors, marker="o", color=colour, label=label)
        record("error_turns" if "turns" in label else "error_halves", errors[-1])
    ax.axhline(5, color="black", linewidth=1, linestyle=":")
    ax.set(xscale="log", yscale="log", xlabel="duration of the measurement (s)")
    ax.set(ylabel="error that 95 % stay below (%)")
    ax.set_xticks(SECONDS, [str(s) for s in SECONDS])
    ax.set_yticks([2, 5, 10, 20], ["2", "5", "10", "20"])
    ax.minorticks_off()
    ax.legend(fontsize=9)
show(
    fig,
    alt="Error of a simulated power measurement against its duration: taking turns falls "
    "steadily, one long idle and one "
    "long busy phase gets worse after a while.",
    caption="SIMULATION. Longer is better only while idle and busy take turns; otherwise you "
    "measure the drift.",
    caption_zh="仿真。待机与运行轮流测，时间越长越准；各测一整段，测到的就是零点漂移。",
)

# %% [markdown]
# After ten minutes, 95 % of the estimates lie within {error_turns:.0f} % when idle and busy take turns, and within {error_halves:.0f} % when one long phase follows the other. So: run back to back in blocks, thousands of inferences each, subtract the idle power *measured in between*, divide by the number of inferences, and quote the spread over blocks.
#
# ### Race to idle, or take your time?
#
# A faster clock finishes earlier and needs more voltage, so dynamic power grows about with the cube of the frequency. But while anything runs, the rest of the platform is awake too. Energy per inference is (awake power + dynamic power) times time. Where is its minimum?

# %%
CLOCK = np.linspace(0.3, 2.4, 200)  # GHz
CYCLES, WATTS_AT_1_GHZ = 5e6, 0.25
best = {}
with style():
    fig, ax = plt.subplots(figsize=(7, 3.2))
    for awake, colour in ((0.05, "#0072B2"), (0.5, "#E69F00"), (2.0, "#D55E00")):
        energy = (awake + WATTS_AT_1_GHZ * CLOCK**3) * CYCLES / (CLOCK * 1e9) * 1e3
        best[awake] = float(CLOCK[energy.argmin()])
        ax.plot(
            CLOCK, energy, color=colour, label=f"{awake:g} W awake: best at {best[awake]:.1f} GHz"
        )
        ax.plot(best[awake], energy.min(), "o", color=colour)
    ax.set(xlabel="clock (GHz)", ylabel="energy per inference (mJ)", ylim=(0, None))
    ax.legend(fontsize=9)
show(
    fig,
    alt="Energy per inference against clock frequency for three powers of the awake platform; the "
    "minimum moves to "
    "higher clocks as the awake power grows.",
    caption="MODEL. A bare sensor should run slowly. A phone that has to keep memory and display "
    "awake should hurry.",
    caption_zh="模型估算。孤零零的传感器宜慢跑；要让内存和屏幕一起醒着的手机，宜快跑完去睡。",
)
assert best[0.05] < best[0.5] < best[2.0]
record("best_clock_bare", best[0.05])
record("best_clock_awake", best[2.0])

# %% [markdown]
# So the fastest setting and the most frugal one are different questions: {best_clock_bare:.1f} GHz for the bare sensor and {best_clock_awake:.1f} GHz for the platform with 2 W awake, with one and the same network. The same holds for threads, for the large cores of a phone, and for an NPU that must be woken: compression that makes a network fast enough for the small core may save more than its own factor.
#
# ## Follow-ups
#
# {{followups}}
#
# ## What this does not show
#
# Any energy. The joules are Horowitz's prices for one 45 nm process times counts, without instructions, leakage, voltage scaling or heat; good for ratios and for finding the dominant term. The latencies are a server CPU's, the powers of the phone are assumed. Sustained load heats a phone until it slows down, which a battery formula with one latency cannot express. Asked for milliwatts, say which device, which rail, how long, and that you would subtract idle.
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
