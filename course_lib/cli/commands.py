"""The `course` command. Each command imports what it needs when it runs, so that `course --help` is quick."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import Abort, TyperException

from course_lib.language import Say

if TYPE_CHECKING:
    from course_lib.grading.results import Result

_STYLES = {"✓": "green", "✗": "red", "!": "red", "…": "yellow", "○": "dim"}


class OneLineErrors(TyperGroup):
    """Every error is one line on stderr and exit code 2: a learner has no use for a traceback of the course."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **options: Any) -> Any:
        """Run the command line and exit."""
        warnings.formatwarning = lambda message, *_place, **_more: f"course: {message}\n"  # no line of our source
        try:
            code = super().main(args, *rest, **{**options, "standalone_mode": False})
        except Abort:
            sys.exit(130)
        except BrokenPipeError:
            sys.exit(1)
        except TyperException as error:
            _stop(error.format_message())
        except OSError as error:
            _stop(_in_words(error))
        except (ValueError, ImportError) as error:
            _stop(str(error) or type(error).__name__)
        sys.exit(code if isinstance(code, int) else 0)


app = typer.Typer(
    cls=OneLineErrors,
    help="TFLite (LiteRT) model compression: thirty interview questions, each a lesson and two graded exercises.",
    add_completion=False,
    rich_markup_mode=None,
)
_Task = Annotated[str, typer.Argument(metavar="TASK", help="A task, such as 4A.")]
_Topic = Annotated[str, typer.Argument(metavar="NN", help="A topic, such as 04.")]


@app.callback(invoke_without_command=True)
def _main(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command("list")
def list_topics() -> None:
    """List the thirty topics and your points."""
    from rich.table import Table

    from course_lib import catalog
    from course_lib.grading.progress import progress
    from course_lib.language import language

    best = progress().best()
    table = Table(box=None, pad_edge=False)
    heads = (
        ("", ""),
        ("Topic", "题目"),
        ("Level", "难度"),
        ("Minutes", "分钟"),
        ("Points", "得分"),
    )
    for en, zh in heads:
        table.add_column(str(Say(en, zh)))
    for topic in catalog.topics():
        points = sum(best.get(task, 0) for task in topic.tasks)
        minutes = f"{topic.card.minutes.core}-{topic.card.minutes.whole}"
        earned = f"{points}/{10 * len(topic.tasks)}" if topic.written else str(Say("not yet written", "尚未编写"))
        title = topic.card.page(language()).title
        table.add_row(f"{topic.number:02d}", title, topic.card.level, minutes, earned)
    _console().print(table)


@app.command()
def run(topic: _Topic) -> None:
    """Run a lesson and print its measured tables."""
    from rich.progress import Progress

    from course_lib import catalog
    from course_lib.cli.lessons import run_lesson

    found = catalog.topic(topic)
    with Progress(console=_console(stderr=True), transient=True) as bar:
        line = bar.add_task(found.name, total=None)
        result = run_lesson(found, lambda begun, total: bar.update(line, completed=begun - 1, total=total))
    for each in result.tables:
        _print_table(each.caption, each.rows)
    if not result.tables:
        for name, value in result.numbers.items():
            print(f"{name} = {value}")


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A notebook (.ipynb) or script (.py).")],
    task: Annotated[list[str] | None, typer.Option(help="Only this task; may be given more than once.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
    seed: Annotated[int, typer.Option(help="Changes the random inputs of the checks.")] = 0,
) -> None:
    """Grade a notebook or script.

    Its code runs in a separate process with limits. The exit code is 1 when a task is not passed.
    """
    from course_lib.grading.progress import progress
    from course_lib.grading.remote import grade_file

    results = grade_file(file, tuple(task) if task else None, seed=seed)
    for result in results:
        progress().save_attempt(result, where="file")
    passed = all(result.passed for result in results)
    if json:
        from json import dumps

        report = {"file": str(file), "passed": passed, "results": [result.as_dict() for result in results]}
        print(dumps(report, ensure_ascii=False, indent=1))
    else:
        for result in results:
            _print_result(result)
    raise typer.Exit(0 if passed else 1)


@app.command()
def hint(task: _Task) -> None:
    """Show the next of a task's three hints."""
    from course_lib.grading import hint as next_hint
    from course_lib.interview.paper import Paper

    Paper().card(next_hint(task))


@app.command()
def solution(task: _Task) -> None:
    """Show one right answer, after an attempt."""
    from course_lib.grading import solution as show

    print(show(task))


@app.command()
def reset(topic: _Topic) -> None:
    """Start an exercise afresh; yours is kept.

    31 is the capstone, 00 the interview's page. The fresh copy goes into workbook/, yours gets a name with the date.
    """
    from course_lib import start_page
    from course_lib.workbook import reset as renew

    copy, backup = renew(topic)
    start_page.refresh()  # it may have said that this exercise has changed
    print(Say(f"A fresh copy is in {copy}.", f"新的练习在 {copy}。"))
    if backup:
        print(Say(f"Yours is kept as {backup}.", f"你的版本保留为 {backup}。"))


@app.command()
def lang(code: Annotated[str, typer.Argument(metavar="en|zh")]) -> None:
    """Choose the language: en or zh."""
    from course_lib import start_page
    from course_lib.language import choose, speaking

    choose(code)
    said = Say("The course speaks English now.", "课程已切换为中文。").to(code)
    with speaking(code):
        again = Say(" Close START.md and open it again.", "请关闭 START.md 后重新打开。").to(code)
        print(said + (again if start_page.refresh() else ""))


@app.command()
def train(
    name: Annotated[str, typer.Argument(help="A network, such as baseline.")],
    full: Annotated[bool, typer.Option("--full", help="Train on the full set, not the bundled part.")] = False,
    out: Annotated[Path, typer.Option(help="The folder to write to.")] = Path("build/trained"),
) -> None:
    """Train a network again (needs TensorFlow).

    Saves its weights and its .tflite.
    """
    from course_lib.automation.train import train_and_save

    facts = train_and_save(name, full=full, out=out)
    tested = 100 * facts["accuracy_test"]
    print(Say(f"{tested:.2f} % on test. Saved in {out}.", f"测试精度 {tested:.2f}%。已保存到 {out}。"))


@app.command()
def measure(
    model: Annotated[Path, typer.Argument(help="A .tflite file.")],
    data: Annotated[str, typer.Option(help="fashion_mnist, digits, or an .npz file with x and y.")] = "fashion_mnist",
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Measure a model: accuracy with its interval, size, speed, memory."""
    from course_lib.evaluation.command import measure_command
    from course_lib.language import language

    print(measure_command(str(model), data, json, lang=language()))


@app.command()
def compare(
    a: Annotated[Path, typer.Argument(help="The reference, a .tflite file.")],
    b: Annotated[Path, typer.Argument(help="The .tflite file to judge against it.")],
    data: Annotated[str, typer.Option(help="fashion_mnist, digits, or an .npz file with x and y.")] = "fashion_mnist",
    margin: Annotated[float, typer.Option(help="The largest acceptable loss of accuracy, as a fraction.")] = 0.005,
    json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON.")] = False,
) -> None:
    """Compare two models on the same samples: flips, verdict, SQNR, latency ratio."""
    from course_lib.evaluation.command import compare_command
    from course_lib.language import language

    print(compare_command(str(a), str(b), data, json, margin=margin, lang=language()))


@app.command()
def inspect(
    model: Annotated[Path, typer.Argument(help="A .tflite file; it is read, never run.")],
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write a page with the byte map to this file.")] = None,
) -> None:
    """Explain a model to the last byte.

    Sections that add up to the file, operators, inputs and outputs, scheme, costs. Nothing is run.
    """
    from course_lib.inspection.command import inspect_command
    from course_lib.language import language

    inspect_command(model, json=json, html=html, language=language())


@app.command()
def lab() -> None:
    """Say how to open the course in JupyterLab."""
    print(Say("In the course's folder run: python start.py lab", "在课程文件夹中运行：python start.py lab"))


def _stop(message: str) -> None:
    print("course:", " ".join(message.split()), file=sys.stderr)
    sys.exit(2)


def _in_words(error: OSError) -> str:
    """Return what an operating system's error means, without its number: which file, and what is wrong with it."""
    if isinstance(error, FileNotFoundError) and error.filename:
        return str(Say(f"no such file: {error.filename}", f"没有这个文件：{error.filename}"))
    if error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    return error.strerror or str(error) or type(error).__name__


def _console(stderr: bool = False) -> Any:
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def _print_result(result: Result) -> None:
    """Print a result, coloured where the terminal has colours; the text is a learner's and is never markup."""
    from rich.text import Text

    for line in str(result).splitlines():
        _console().print(Text(line, style=_STYLES.get(line.strip()[:1], "")), soft_wrap=True)


def _print_table(caption: str, rows: Sequence[dict[str, Any]]) -> None:
    """Print a table that a lesson showed; one too wide for the terminal is turned on its side."""
    from rich.measure import Measurement
    from rich.text import Text

    console = _console()
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [names, *([_cell(row.get(name)) for name in names] for row in rows)]
    table = _grid(lines)
    unbounded = console.options.update(max_width=10_000)
    if len(rows) < len(names) and Measurement.get(console, unbounded, table).maximum > console.width:
        table = _grid([list(line) for line in zip(*lines, strict=True)])
    console.print(Text(f"\n{caption}", style="bold"))
    console.print(table)


def _grid(lines: Sequence[Sequence[str]]) -> Any:
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, header_style="italic")
    for index, head in enumerate(lines[0]):
        grid.add_column(Text(head), justify="right" if index else "left", overflow="fold")
    for line in lines[1:]:
        grid.add_row(*(Text(cell) for cell in line))
    return grid


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
