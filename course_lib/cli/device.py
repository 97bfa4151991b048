"""The commands that bring a model onto a device: contract, C source, what it takes there, and packing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from course_lib.cli.commands import app
from course_lib.cli.files import Model, Out, free_path, read_contract
from course_lib.language import Say

if TYPE_CHECKING:
    from course_lib.core import Artifact
    from course_lib.deployment import Plan


@app.command()
def contract(
    model: Model,
    version: Annotated[int, typer.Option(min=1, help="Of the model; it counts up.")] = 1,
    check: Annotated[bool, typer.Option("--check", help="Compare the model with the contract beside it.")] = False,
) -> None:
    """Write a model's input and output contract beside it.

    Names, shapes, types and quantization as JSON, read from the file. With --check the model is held against it.
    """
    from course_lib.core import Artifact
    from course_lib.deployment import load_verified, write_contract
    from course_lib.deployment.contract import path_beside

    artifact, path = Artifact.load(model), path_beside(model)
    if check:
        load_verified(artifact, read_contract(path))
        print(Say(f"{model} keeps {path}.", f"{model} 符合 {path}。"))
    else:
        print(write_contract(artifact, version=version).save(path))


@app.command()
def export(
    model: Model,
    to: Annotated[Literal["c", "micro"], typer.Option(help="c: an array. micro: for TFLite Micro too.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FOLDER", help="Where to write.")] = Path(),
    symbol: Annotated[str | None, typer.Option(help="The C name of the array.")] = None,
) -> None:
    """Write a model as C source.

    For TFLite Micro also a header with its operators, arena and quantization. Where the runtime is installed, the model
    is run on it and compared with LiteRT first.
    """
    from course_lib.core import Artifact
    from course_lib.core.files import write_whole
    from course_lib.deployment import c_array, check_on_micro, has_tflite_micro, micro_header
    from course_lib.deployment.c_source import symbol_for

    artifact = Artifact.load(model)
    source = c_array(artifact, symbol or symbol_for(artifact.name))
    files = {f"{source.symbol}.h": source.header, f"{source.symbol}.c": source.source}
    if to == "micro":
        checked = check_on_micro(artifact) if has_tflite_micro() else None
        files[f"{source.symbol}_micro.h"] = micro_header(artifact, source.symbol, checked.arena if checked else None)
        if checked is None:
            print(
                Say(
                    "TFLite Micro is not installed (it exists for Linux on x86-64 alone): the arena was not found.",
                    "此处没有安装 TFLite Micro（只有 Linux x86-64 版本），因此没有测出 arena 大小。",
                )
            )
        else:
            equal, arena = 100 * checked.equal, checked.arena.smallest
            print(
                Say(
                    f"TFLite Micro against LiteRT: {equal:.1f} % of {checked.values:,} outputs equal, largest "
                    f"difference {checked.largest:.3g}. Smallest arena: {arena:,} bytes.",
                    f"TFLite Micro 与 LiteRT 对比：{checked.values:,} 个输出中 {equal:.1f}% 完全相同，最大差异 "
                    f"{checked.largest:.3g}。最小 arena：{arena:,} 字节。",
                )
            )
    out.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        print(write_whole(out / name, text))


@app.command()
def device(
    model: Model,
    on_chip: Annotated[int, typer.Option(min=0, help="Bytes of on-chip memory.")] = 256 * 1024,
    battery: Annotated[float, typer.Option(min=0, help="Energy of the battery in mWh.")] = 1000.0,
    idle: Annotated[float, typer.Option(min=0, help="Power between inferences in mW.")] = 1.0,
    rate: Annotated[float, typer.Option(min=0, help="Inferences per second.")] = 1.0,
) -> None:
    """Say what a model takes on a small device.

    The arena is planned and, where it can be, found on real runtimes. Energy and battery life are a model, not a
    measurement.
    """
    from course_lib.core import Artifact
    from course_lib.deployment import (
        LITERT,
        MICRO,
        EnergyModel,
        litert_arena,
        modelled_battery_hours_by_energy,
        plan_model,
    )

    artifact = Artifact.load(model)
    energy = EnergyModel(on_chip_bytes=on_chip)(artifact)
    found = litert_arena(artifact)
    hours = modelled_battery_hours_by_energy(battery, idle, energy.total_uj, rate)
    print(Say("Memory (bytes)", "内存（字节）"))
    _plan_line("LiteRT", plan_model(artifact, LITERT))
    if found is not None:
        print(
            Say(
                f"  LiteRT, found: {found.bytes:,} with {found.scratch:,} of scratch",
                f"  LiteRT 实测：{found.bytes:,}，其中临时缓冲 {found.scratch:,}",
            )
        )
    _plan_line("TFLite Micro", plan_model(artifact, MICRO))
    _print_micro(artifact)
    where = Say("on chip", "片上") if energy.weights_on_chip else Say("in DRAM", "DRAM")
    print(
        Say(
            f"Energy of one inference, modelled after Horowitz (45 nm), weights {where}: {energy.total_uj:.2f} µJ = "
            f"{energy.compute_uj:.2f} arithmetic + {energy.weights_uj:.2f} weights + {energy.activations_uj:.2f} "
            "activations",
            f"单次推理能耗（按 Horowitz 45 nm 数据建模，权重位于{where}）：{energy.total_uj:.2f} µJ = 运算 "
            f"{energy.compute_uj:.2f} + 权重 {energy.weights_uj:.2f} + 激活 {energy.activations_uj:.2f}",
        )
    )
    if energy.unknown:
        print(f"  {Say('not counted', '未计入')}: {', '.join(energy.unknown)}")
    print(
        Say(
            f"Battery of {battery:g} mWh, {idle:g} mW idle, {rate:g} inferences/s: {hours:,.1f} h. A model, not a "
            "measurement: measure at the power rail before you promise it.",
            f"电池 {battery:g} mWh、待机 {idle:g} mW、每秒 {rate:g} 次推理：{hours:,.1f} 小时。"
            "这是模型估算而非实测，承诺之前请在电源轨上测量。",
        )
    )


@app.command()
def pack(model: Model, out: Out = None) -> None:
    """Pack a model without loss, for transfer and storage.

    Relative index, codebook and Huffman, as in Deep Compression. A runtime cannot run a packed file.
    """
    from course_lib.core import Artifact
    from course_lib.core.files import write_whole
    from course_lib.packing import pack as packed_of
    from course_lib.packing import unpack as unpacked

    artifact = Artifact.load(model)
    packed = packed_of(artifact)
    if unpacked(packed.content) != artifact.content:
        raise ValueError(f"{model}: packing did not come back to the same bytes; nothing was written. Please report it")
    path = write_whole(out or model.with_name(model.name + ".packed"), packed.content)
    size = len(packed.content)
    for part, count in packed.sizes.items():
        print(f"  {part:<12} {count:>10,}")
    print(
        Say(
            f"{path}: {artifact.raw_bytes:,} -> {size:,} bytes ({artifact.raw_bytes / size:.2f}x; gzip "
            f"{artifact.gzip_bytes:,}). Unpacked again: the same bytes.",
            f"{path}：{artifact.raw_bytes:,} -> {size:,} 字节（{artifact.raw_bytes / size:.2f} 倍；gzip "
            f"{artifact.gzip_bytes:,}）。已解包验证：逐字节一致。",
        )
    )


@app.command()
def unpack(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `course pack` wrote.")], out: Out = None
) -> None:
    """Unpack a packed model: the same bytes as before."""
    from course_lib.core.files import write_whole
    from course_lib.packing import unpack as unpacked

    plain = file.with_suffix("") if file.suffix == ".packed" else file.with_name(file.name + ".tflite")
    print(write_whole(free_path(out or plain, given=out is not None), unpacked(file.read_bytes())))


def _plan_line(runtime: str, plan: Plan) -> None:
    print(
        Say(
            f"  {runtime}, planned: {plan.total:,} (without sharing {plan.naive:,}; at least {plan.lower_bound:,})",
            f"  {runtime} 规划：{plan.total:,}（不复用 {plan.naive:,}；下界 {plan.lower_bound:,}）",
        )
    )


def _print_micro(artifact: Artifact) -> None:
    from course_lib.deployment import MicroRefusedError, check_on_micro, has_tflite_micro

    if not has_tflite_micro():
        return
    try:
        arena = check_on_micro(artifact, samples=1).arena
    except (MicroRefusedError, ValueError) as problem:
        print(Say(f"  TFLite Micro refuses it: {problem}", f"  TFLite Micro 拒绝该模型：{problem}"))
        return
    print(
        Say(
            f"  TFLite Micro, found: {arena.smallest:,} ({arena.head:,} shared, {arena.tail:,} for good)",
            f"  TFLite Micro 实测：{arena.smallest:,}（复用区 {arena.head:,}，常驻区 {arena.tail:,}）",
        )
    )
