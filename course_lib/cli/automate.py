"""The commands that compress anybody's model: one recipe, many, and the gate before what is out there is replaced."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from course_lib.cli.commands import app
from course_lib.language import Say, language

if TYPE_CHECKING:
    from course_lib.automation import Sweep, Trial
    from course_lib.core import Dataset

_Anything = Annotated[
    Path, typer.Argument(metavar="MODEL", help="A .tflite, .keras or .h5 file, or a SavedModel folder.")
]
_Bound = Annotated[float | None, typer.Option(min=0, max=1, help="A fraction, such as 0.9.")]


@app.command()
def recipes() -> None:
    """List the recipes for `course compress` and `course sweep`, and what each needs."""
    from rich.console import Console
    from rich.table import Table

    from course_lib.automation.recipes import RECIPES

    table = Table(box=None, pad_edge=False)
    for head in (Say("Recipe", "配方"), Say("Needs", "需要"), Say("What it does", "作用")):
        table.add_column(str(head), no_wrap=head.en != "What it does")
    for entry in RECIPES:
        needs = (
            Say("x, y, Keras 2", "x、y、Keras 2")
            if entry.trains
            else Say("x", "x")
            if entry.calibrates
            else Say("", "")
        )
        table.add_row(entry.name, str(needs), str(entry.about))
    Console(highlight=False).print(table)
    print(
        Say(
            "x: samples as the model takes them; y: their labels. Both in one .npz file.",
            "x：模型所需格式的样本；y：对应标签。两者放在同一个 .npz 文件中。",
        )
    )


@app.command()
def compress(
    model: _Anything,
    recipe: Annotated[str, typer.Option(metavar="NAME", help="See `course recipes`.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="The .tflite to write.")],
    data: Annotated[Path | None, typer.Option(metavar="FILE.npz", help="x to calibrate; x and y to train.")] = None,
) -> None:
    """Compress a model with a named recipe.

    The file is written whole or not at all.
    """
    from course_lib.automation.compress import compress as run
    from course_lib.automation.recipes import named

    entry = named(recipe)
    if not out.parent.is_dir():
        raise ValueError(f"no folder {out.parent}: make it first, or write elsewhere with -o")
    if out.is_dir():
        raise ValueError(f"{out} is a folder: say which file to write with -o")
    made = run(model, entry, data)
    made.artifact.save(out)
    size = f"{made.artifact.raw_bytes:,}"
    if made.float_bytes:
        ratio = made.float_bytes / made.artifact.raw_bytes
        print(
            Say(
                f"{out}: {size} bytes, {ratio:.2f} times smaller than {made.float_bytes:,} in float.",
                f"{out}：{size} 字节，比浮点的 {made.float_bytes:,} 字节小 {ratio:.2f} 倍。",
            )
        )
    else:
        print(Say(f"{out}: {size} bytes.", f"{out}：{size} 字节。"))


@app.command()
def sweep(
    model: _Anything,
    data: Annotated[str, typer.Option(help="fashion_mnist, digits, or an .npz file with x and y.")],
    recipe: Annotated[list[str] | None, typer.Option(help="Only this one; may be given more than once.")] = None,
    train: Annotated[bool, typer.Option("--train", help="Also the recipes that train.")] = False,
    max_bytes: Annotated[int | None, typer.Option(min=1, help="Choose the most accurate that fits.")] = None,
    min_accuracy: _Bound = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes on this machine.")] = 1,
    scheduler: Annotated[str | None, typer.Option(metavar="tcp://...", help="A Dask scheduler instead.")] = None,
    cache: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Where results are kept.")] = None,
    html: Annotated[Path, typer.Option(metavar="FILE", help="The page to write.")] = Path("sweep.html"),
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="FILE", help="Write the chosen .tflite.")] = None,
) -> None:
    """Try many recipes on a model: the front of bytes and accuracy, and the one to take.

    Results are kept: a sweep that was stopped goes on where it was, and a second one takes no time. Exit code 1 when
    nothing keeps the bounds.
    """
    from rich.progress import Progress

    from course_lib.automation import sweep as run
    from course_lib.automation.compress import prepare
    from course_lib.automation.pareto import as_good
    from course_lib.automation.recipes import RECIPES, named
    from course_lib.automation.report_html import html_page
    from course_lib.core.files import write_whole

    if out is not None and max_bytes is None and min_accuracy is None:
        raise ValueError("-o writes the chosen model: say how to choose, with --max-bytes, --min-accuracy or both")
    entries = [named(name) for name in recipe] if recipe else [one for one in RECIPES if train or not one.trains]
    samples = _samples(data)
    source = prepare(model, samples, trains=any(entry.trains for entry in entries), labelled=True)
    console = _console()
    with Progress(console=console, transient=True) as bar:
        line = bar.add_task(model.name, total=len(entries))

        def done(name: str) -> None:
            bar.advance(line)

        found = run(
            [entry.recipe for entry in entries],
            source,
            samples,
            cache=cache,
            workers=workers,
            scheduler=scheduler,
            done=done,
        )
    chosen, wish = _choice(found, min_accuracy, max_bytes)
    _print_sweep(found, chosen)
    write_whole(html, html_page(found, model.name, samples.name, chosen, wish, language()))
    print(wish if chosen is None else f"{wish}: {chosen.name}")
    alike = as_good(chosen, found.trials) if chosen is not None else ()
    if chosen is not None and alike:
        names = ", ".join(other.name for other in alike)
        print(
            Say(
                f"{chosen.images:,} samples cannot tell these from it: {names}. Choose by time on the device.",
                f"凭 {chosen.images:,} 个样本无法把它与这些区分开：{names}。请按设备上的实测速度在其中取舍。",
            )
        )
    print(
        Say(
            f"{found.hits} of {found.wanted} from the cache, {found.seconds:.1f} s; {html}",
            f"{found.wanted} 项中 {found.hits} 项来自缓存，用时 {found.seconds:.1f} 秒；{html}",
        )
    )
    if chosen is not None and out is not None:
        print(chosen.artifact().save(out))
    if chosen is None and (max_bytes is not None or min_accuracy is not None):
        raise typer.Exit(1)


@app.command()
def gate(
    reference: Annotated[Path, typer.Argument(help="The .tflite that is out there.")],
    candidate: Annotated[Path, typer.Argument(help="The .tflite that may replace it.")],
    data: Annotated[str, typer.Option(help="fashion_mnist, digits, or an .npz file with x and y.")] = "fashion_mnist",
    max_loss: Annotated[float, typer.Option(help="Of accuracy, a fraction.")] = 0.005,
    max_growth: Annotated[float, typer.Option(min=0, help="Of the file, a fraction.")] = 0.0,
    max_bytes: Annotated[int | None, typer.Option(min=1, help="Of the file.")] = None,
) -> None:
    """Hold a candidate against the model that it would replace; exit code 1 when it must not (for CI)."""
    from course_lib.automation import gate as run
    from course_lib.core import Artifact
    from course_lib.evaluation.command import read_data

    for path in (reference, candidate):
        if not path.is_file():
            raise ValueError(f"no such file: {path}")
    one, two = Artifact.load(reference, str(reference)), Artifact.load(candidate, str(candidate))
    result = run(one, two, read_data(data, one), max_loss=max_loss, max_growth=max_growth, max_bytes=max_bytes)
    for demand in result.demands:
        print("✓" if demand.met else "✗", demand.sentence)
    raise typer.Exit(0 if result.passed else 1)


def _samples(data: str) -> Any:
    """Return a bundled data set by name, or somebody's own samples as their model takes them."""
    from course_lib.automation.inputs import read_inputs
    from course_lib.evaluation.command import DATA_SETS

    samples: Dataset = DATA_SETS[data]() if data in DATA_SETS else read_inputs(Path(data), labelled=True)
    return samples


def _choice(found: Sweep, min_accuracy: float | None, max_bytes: int | None) -> tuple[Trial | None, str]:
    """Return the chosen trial, or None, and the wish in words, or why nothing fulfils it."""
    bounds = []
    if max_bytes is not None:
        bounds.append(str(Say(f"at most {max_bytes:,} bytes", f"不超过 {max_bytes:,} 字节")))
    if min_accuracy is not None:
        bounds.append(str(Say(f"at least {100 * min_accuracy:g} %", f"至少 {100 * min_accuracy:g}%")))
    if not bounds:
        return None, str(
            Say(
                "No bound given: every recipe on the front is a fair choice.",
                "未给出约束：前沿上的每个配方都是合理选择。",
            )
        )
    try:
        return found.choose(min_accuracy=min_accuracy, max_bytes=max_bytes), str(Say(", ", "，")).join(bounds)
    except ValueError as problem:
        return None, str(problem)


def _print_sweep(found: Sweep, chosen: Trial | None) -> None:
    from rich.table import Table

    table, front = Table(box=None, pad_edge=False), found.front()
    heads = (
        ("", ""),
        ("Recipe", "配方"),
        ("Bytes", "字节"),
        ("gzip", "gzip"),
        ("Accuracy %", "准确率 %"),
        ("95 %", "95%"),
    )
    for en, zh in heads:
        table.add_column(str(Say(en, zh)), justify="left" if en in ("", "Recipe") else "right")
    for trial in found.trials:
        mark = "→" if trial is chosen else "*" if trial in front else ""
        interval = f"{100 * trial.interval.low:.2f} - {100 * trial.interval.high:.2f}"
        numbers = (f"{trial.raw_bytes:,}", f"{trial.gzip_bytes:,}", f"{100 * trial.accuracy:.2f}", interval)
        table.add_row(mark, trial.name, *numbers)
    _console().print(table)
    for name, why in found.failures.items():
        print(f"! {name}: {why}")
    print(
        Say("* on the front: nothing is smaller and at least as accurate", "* 位于前沿：没有更小且至少同样准确的结果")
    )


def _console() -> Any:
    from rich.console import Console

    return Console(highlight=False)
