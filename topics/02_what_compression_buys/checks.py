"""What any right answer to topic 02 satisfies: a real file's shapes, counting by hand, and the laws of a roofline."""

from math import isclose
from pathlib import Path

from course_lib.grading import brief, expect, law, raises
from course_lib.inspection import inspect

REFEREE = Path(__file__).parent / "referee" / "convs.tflite"
MATRIX = {"CONV_2D", "DEPTHWISE_CONV_2D"}


def cost(conv_cost, *shape, **options):
    """Return (out, params, macs) of a call, or fail with what came instead."""
    found = conv_cost(*shape, **options)
    ok = isinstance(found, dict) and {"out", "params", "macs"} <= set(found)
    expect(ok, en=f"conv_cost{shape} returned {brief(found)}; a dict with out, params and macs is due",
           zh=f"conv_cost{shape} 返回了 {brief(found)}；应为含 out、params、macs 的字典")  # fmt: skip
    out = found["out"]
    ok = isinstance(out, tuple | list) and len(out) == 3
    expect(ok, en=f"out came as {brief(out)}; it is (height, width, channels)",
           zh=f"out 得到 {brief(out)}；应为（高、宽、通道）")  # fmt: skip
    return tuple(int(size) for size in out), found["params"], found["macs"]


def walked(h, w, cin, cout, k, stride, padding, depthwise):
    """Count by walking over the image: (rows, columns), MACs."""
    starts = [
        [i for i in range(0, size, stride) if padding == "same" or i + k <= size] for size in (h, w)
    ]
    macs = 0
    for _ in range(cin if depthwise else cout):
        macs += len(starts[0]) * len(starts[1]) * k * k * (1 if depthwise else cin)
    return (len(starts[0]), len(starts[1])), macs


def layers(rng, count=25):
    """Yield random layers."""
    for _ in range(count):
        k, stride = int(rng.integers(1, 6)), int(rng.integers(1, 4))
        h, w, cin, cout = (int(n) for n in rng.integers((k, k, 1, 1), (24, 24, 9, 9)))
        yield (
            (h, w, cin, cout, k),
            {"stride": stride, "padding": ("same", "valid")[int(rng.integers(2))]},
        )


def verdict(roofline, macs, bytes_moved, peak_gmacs, bw_gbs):
    """Return (latency, bound, intensity), or fail with what came instead."""
    call = f"roofline({macs:g}, {bytes_moved:g}, {peak_gmacs:g}, {bw_gbs:g})"
    found = roofline(macs, bytes_moved, peak_gmacs, bw_gbs)
    ok = isinstance(found, dict) and {"latency_s", "bound", "intensity"} <= set(found)
    expect(ok, en=f"{call} returned {brief(found)}; a dict with latency_s, bound and intensity is due",
           zh=f"{call} 返回了 {brief(found)}；应为含 latency_s、bound、intensity 的字典")  # fmt: skip
    return float(found["latency_s"]), found["bound"], float(found["intensity"])


def machines(rng, count=20):
    """Yield (peak in GMAC/s, bandwidth in GB/s), from a microcontroller to a server."""
    for _ in range(count):
        yield float(10 ** rng.uniform(-1, 3)), float(10 ** rng.uniform(-1, 2))


@law(
    "2A",
    points=2,
    en="shapes, weights and MACs are those of a real file",
    zh="形状、权重数和 MAC 与真实文件一致",
)
def check_real_file(conv_cost):
    graph = inspect(REFEREE.read_bytes()).subgraphs[0]
    for op in graph.operators:
        x, kernel, bias, out = (graph.tensors[i] for i in (*op.inputs, op.outputs[0]))
        depthwise = op.name == "DEPTHWISE_CONV_2D"
        shape = (*x.shape[1:], out.shape[-1], kernel.shape[1])
        found = cost(conv_cost, *shape, stride=op.options["stride_h"], depthwise=depthwise)
        expect(
            found[0] == out.shape[1:],
            en=f"{op.name} {x.shape[1:]} stride {op.options['stride_h']}: out is {found[0]}, the file's is another",
            zh=f"{op.name} {x.shape[1:]} 步长 {op.options['stride_h']}：得到 out {found[0]}，与文件中的形状不同",
        )
        expect(
            found[1] == kernel.elements + bias.elements,
            en=f"{op.name} {x.shape[1:]}: {brief(found[1])} parameters; the file stores another number of them",
            zh=f"{op.name} {x.shape[1:]}：得到 {brief(found[1])} 个参数，与文件中存储的个数不同",
        )
        expect(
            found[2] == op.macs,
            en=f"{op.name} {x.shape[1:]} -> {out.shape[1:]}: {brief(found[2])} MACs, which is not what it computes",
            zh=f"{op.name} {x.shape[1:]} -> {out.shape[1:]}：得到 {brief(found[2])} 次 MAC，与实际计算量不符",
        )


@law(
    "2A",
    points=2,
    en="SAME rounds up: 7 pixels at stride 2 give 4",
    zh="SAME 向上取整：7 个像素、步长 2 得 4",
)
def check_same_rounds_up(conv_cost):
    for size, stride in ((7, 2), (7, 3), (28, 2), (5, 4), (1, 2)):
        out, _, _ = cost(conv_cost, size, size + 1, 1, 1, 3, stride=stride)
        starts = len(range(0, size, stride)), len(range(0, size + 1, stride))
        expect(
            out[:2] == starts,
            en=f"SAME, {size} x {size + 1} pixels at stride {stride}: out is {out[:2]}",
            zh=f"SAME，{size} x {size + 1} 像素，步长 {stride}：得到 {out[:2]}",
        )


@law("2A", points=2, en="VALID keeps the kernel inside the image", zh="VALID 让卷积核不越出图像")
def check_valid_stays_inside(conv_cost, rng):
    out, params, macs = cost(conv_cost, 5, 5, 1, 1, 5, padding="valid", bias=False)
    expect(out[:2] == (1, 1), en=f"5 x 5 pixels, kernel 5, VALID: out is {out[:2]}",
           zh=f"5 x 5 像素，核 5，VALID：得到 {out[:2]}")  # fmt: skip
    for shape, options in layers(rng):
        stride = options["stride"]
        out, _, _ = cost(conv_cost, *shape, stride=stride, padding="valid")
        (rows, columns), _ = walked(*shape, stride, "valid", False)
        expect(
            out[:2] == (rows, columns),
            en=f"VALID, {shape[0]} x {shape[1]} pixels, kernel {shape[4]}, stride {stride}: out is {out[:2]}",
            zh=f"VALID，{shape[0]} x {shape[1]} 像素，核 {shape[4]}，步长 {stride}：得到 {out[:2]}",
        )


@law(
    "2A",
    points=2,
    en="MACs are outputs times what one output needs",
    zh="MAC 等于输出个数乘以每个输出所需的乘加",
)
def check_macs_are_counted(conv_cost, rng):
    for shape, options in layers(rng):
        _, macs = walked(*shape, options["stride"], options["padding"], False)
        _, _, found = cost(conv_cost, *shape, **options)
        expect(
            found == macs,
            en=f"conv_cost{shape} {options}: {brief(found)} MACs; walking over the image counts another number",
            zh=f"conv_cost{shape} {options}：得到 {brief(found)} 次 MAC；在图像上逐点数出来的不是这个数",
        )


@law(
    "2A",
    points=1,
    en="a depthwise layer keeps its channels and ignores cout",
    zh="逐通道（depthwise）层通道数不变，忽略 cout",
)
def check_depthwise(conv_cost, rng):
    for shape, options in layers(rng, 10):
        several = [
            cost(conv_cost, *shape[:3], cout, shape[4], depthwise=True, **options)
            for cout in (1, 7, 64)
        ]
        expect(several[0] == several[1] == several[2] and several[0][0][2] == shape[2],
               en=f"{shape[2]} channels in, cout 1, 7 and 64: {brief([one[0] for one in several])}",
               zh=f"输入 {shape[2]} 个通道，cout 取 1、7、64：得到 {brief([one[0] for one in several])}")  # fmt: skip
        _, macs = walked(*shape, options["stride"], options["padding"], True)
        expect(several[0][2] == macs, en=f"depthwise {shape[:3]}, kernel {shape[4]}: {brief(several[0][2])} MACs",
               zh=f"depthwise {shape[:3]}，核 {shape[4]}：得到 {brief(several[0][2])} 次 MAC")  # fmt: skip


@law(
    "2A", points=1, en="a bias is one number for each output channel", zh="偏置是每个输出通道一个数"
)
def check_bias(conv_cost, rng):
    for shape, options in layers(rng, 10):
        for depthwise in (False, True):
            out, params, macs = cost(conv_cost, *shape, depthwise=depthwise, **options)
            _, bare, same = cost(conv_cost, *shape, depthwise=depthwise, bias=False, **options)
            expect(
                params - bare == out[2] and macs == same,
                en=f"bias added {brief(params - bare)} parameters to {out[2]} channels, {brief(macs - same)} MACs",
                zh=f"偏置使 {out[2]} 个通道多出 {brief(params - bare)} 个参数、{brief(macs - same)} 次 MAC",
            )


@law(
    "2B",
    points=2,
    en="compute-bound: the time is MACs over the peak",
    zh="计算受限：耗时等于 MAC 除以算力峰值",
)
def check_compute_side(roofline, rng):
    for peak, bandwidth in machines(rng):
        macs = float(10 ** rng.uniform(4, 9))
        ridge = peak / bandwidth
        latency, bound, _ = verdict(
            roofline, macs, macs / (ridge * rng.uniform(2, 50)), peak, bandwidth
        )
        expect(
            bound == "compute" and isclose(latency * peak * 1e9, macs, rel_tol=1e-6),
            en=f"{macs:.3g} MACs, few bytes, {peak:.3g} GMAC/s: bound {brief(bound)}, {latency:.3g} s",
            zh=f"{macs:.3g} 次 MAC、字节很少、{peak:.3g} GMAC/s：bound 为 {brief(bound)}，{latency:.3g} 秒",
        )


@law(
    "2B",
    points=2,
    en="memory-bound: the time is bytes over the bandwidth",
    zh="访存受限：耗时等于字节数除以带宽",
)
def check_memory_side(roofline, rng):
    for peak, bandwidth in machines(rng):
        moved = float(10 ** rng.uniform(3, 8))
        latency, bound, _ = verdict(
            roofline, moved * peak / bandwidth / rng.uniform(2, 50), moved, peak, bandwidth
        )
        expect(
            bound == "memory" and isclose(latency * bandwidth * 1e9, moved, rel_tol=1e-6),
            en=f"{moved:.3g} bytes, few MACs, {bandwidth:.3g} GB/s: bound {brief(bound)}, {latency:.3g} s",
            zh=f"{moved:.3g} 字节、MAC 很少、{bandwidth:.3g} GB/s：bound 为 {brief(bound)}，{latency:.3g} 秒",
        )


@law("2B", points=1, en="exactly on the ridge counts as compute", zh="恰在脊点上算计算受限")
def check_ridge(roofline):
    for macs, moved, peak, bandwidth in (
        (8e6, 2e6, 32.0, 8.0),
        (1e6, 1e6, 16.0, 16.0),
        (3e6, 12e6, 4.0, 16.0),
    ):
        _, bound, _ = verdict(roofline, macs, moved, peak, bandwidth)
        expect(bound == "compute", en=f"{macs:g} MACs, {moved:g} bytes at {peak} GMAC/s, {bandwidth} GB/s: {brief(bound)}",
               zh=f"{macs:g} 次 MAC、{moved:g} 字节，{peak} GMAC/s、{bandwidth} GB/s：得到 {brief(bound)}")  # fmt: skip


@law(
    "2B",
    points=1,
    en="intensity is MACs per byte, whatever the machine",
    zh="强度是每字节的 MAC 数，与机器无关",
)
def check_intensity(roofline, rng):
    for peak, bandwidth in machines(rng, 8):
        macs, moved = (float(n) for n in 10 ** rng.uniform(3, 8, 2))
        _, _, intensity = verdict(roofline, macs, moved, peak, bandwidth)
        expect(isclose(intensity * moved, macs, rel_tol=1e-6),
               en=f"{macs:.3g} MACs over {moved:.3g} bytes came out as {intensity:.3g}",
               zh=f"{macs:.3g} 次 MAC、{moved:.3g} 字节，得到 {intensity:.3g}")  # fmt: skip


@law(
    "2B",
    points=2,
    en="halving the bytes does nothing when compute-bound, and halves the time when memory-bound",
    zh="字节减半：计算受限时毫无作用，访存受限时耗时减半",
)
def check_halving_bytes(roofline, rng):
    for peak, bandwidth in machines(rng):
        moved = float(10 ** rng.uniform(3, 8))
        for bound, factor, gain in (("compute", 5.0, 1.0), ("memory", 0.1, 2.0)):
            macs = moved * peak / bandwidth * factor
            before, _, _ = verdict(roofline, macs, moved, peak, bandwidth)
            after, _, _ = verdict(roofline, macs, moved / 2, peak, bandwidth)
            expect(
                after > 0 and isclose(before / after, gain, rel_tol=1e-6),
                en=f"{bound}-bound: half the bytes took the time from {before:.3g} to {after:.3g} s",
                zh=f"{bound} 受限：字节减半，耗时从 {before:.3g} 变为 {after:.3g} 秒",
            )


@law(
    "2B",
    points=1,
    en="more work never helps, a better machine never hurts",
    zh="活多不会更快，机器好不会更慢",
)
def check_monotone(roofline, rng):
    for peak, bandwidth in machines(rng, 12):
        macs, moved = (float(n) for n in 10 ** rng.uniform(4, 8, 2))
        arguments = [macs, moved, peak, bandwidth]
        before, _, _ = verdict(roofline, *arguments)
        for place, name in enumerate(("macs", "bytes_moved", "peak_gmacs", "bw_gbs")):
            more = list(arguments)
            more[place] *= float(rng.uniform(1.1, 20))
            after, _, _ = verdict(roofline, *more)
            ok = before > 0 and (
                after >= before * (1 - 1e-9) if place < 2 else after <= before * (1 + 1e-9)
            )
            expect(ok, en=f"more {name} took the time from {before:.3g} to {after:.3g} s",
                   zh=f"{name} 变大，耗时从 {before:.3g} 变为 {after:.3g} 秒")  # fmt: skip


@law(
    "2B",
    points=1,
    en="a machine without speed is refused with a ValueError",
    zh="没有速度的机器以 ValueError 拒绝",
)
def check_no_machine(roofline):
    for arguments in ((1e6, 1e6, 0, 10), (1e6, 1e6, 10, 0), (1e6, 1e6, -1, 10), (1e6, 0, 10, 10)):
        raises(ValueError, roofline, *arguments)
