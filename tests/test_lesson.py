"""The lesson's helpers: what they refuse, what they keep, and what a page without a kernel still says."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pandas
import pytest
from matplotlib import pyplot as plt
from PIL import Image

from course_lib.grading.progress import progress
from course_lib.language import Say
from course_lib.lesson import (
    figures,
    numbers,
    place,
    playground,
    predict,
    predictions,
    receipt,
    record,
    reveal,
    session,
    show,
    style,
    table,
)
from course_lib.lesson.controls import _panel
from course_lib.lesson.tables import _html

ALT = "A line that rises from the origin"


@pytest.fixture(autouse=True)
def own_run(tmp_path, monkeypatch):
    """A run of its own: progress, topic, records, and no figure left open."""
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COURSE_TOPIC", "04_quantize_with_the_tools")
    monkeypatch.setenv("COURSE_LANG", "en")
    monkeypatch.setenv("COURSE_RECORD", str(tmp_path / "record.jsonl"))
    for name, fresh in (("_recorded", {}), ("_predicted", []), ("_tables", []), ("_figures", 0)):
        monkeypatch.setattr(session, name, fresh)
    with mpl.rc_context({"backend": "agg"}):
        yield
        plt.close("all")


def figure(**labels):
    fig, ax = plt.subplots(figsize=(3, 2))
    ax.plot([0, 1], [0, 2])
    ax.set(**{"xlabel": "time (s)", "ylabel": "distance (m)"} | labels)
    return fig


def told(tmp_path):
    return [json.loads(line) for line in (tmp_path / "record.jsonl").read_text("utf-8").splitlines()]


# Numbers


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("3.2", "", 3.2),
        (" 3,2x ", "x", 3.2),
        ("80 %", "%", 80.0),
        ("351,272 bytes", "bytes", 351272.0),
        ("1，5", "", 1.5),
        ("1e3", "", 1000.0),
        ("-2 dB", "dB", -2.0),
        ("fast", "x", None),
        ("", "", None),
        ("nan", "", None),
        ("inf", "", None),
    ],
)
def test_what_a_learner_types_is_read(text, unit, value):
    assert numbers.parse(text, unit) == value


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(3.1849, "x", "3.18x"), (351272, "bytes", "351,272 bytes"), (12345.6, "µs", "12,346 µs"), ("int8", "", "int8")],
)
def test_numbers_are_written_with_three_digits(value, unit, text):
    assert numbers.with_unit(value, unit) == text


# Records


def test_a_record_reaches_the_build_the_learner_and_the_receipt(tmp_path, capsys):
    record("ratio", np.float32(2.5))
    record("mode", "int8")
    assert told(tmp_path) == [{"name": "ratio", "value": 2.5}, {"name": "mode", "value": "int8"}]
    assert progress().records("04_quantize_with_the_tools") == {"ratio": 2.5, "mode": "int8"}
    assert record.value("ratio") == 2.5
    receipt()
    assert capsys.readouterr().out == "recorded: ratio, mode\npredicted: nothing\ntables: nothing\nfigures: 0\n"
    with pytest.raises(ValueError, match="nothing was recorded as 'size' in this run; recorded: ratio, mode"):
        record.value("size")


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("Ratio", 1, ValueError),
        ("a b", 1, ValueError),
        ("a", float("nan"), ValueError),
        ("a", True, TypeError),
        ("a", [1], TypeError),
        ("a", np.ones(2), TypeError),
        ("a", None, TypeError),
    ],
)
def test_what_no_card_could_use_is_not_recorded(tmp_path, name, value, error):
    with pytest.raises(error):
        record(name, value)
    assert not (tmp_path / "record.jsonl").exists()


def test_a_grading_worker_keeps_nothing(monkeypatch):
    monkeypatch.setenv("COURSE_WORKER", "1")
    record("ratio", 2.5)
    monkeypatch.delenv("COURSE_WORKER")
    assert progress().records(place.topic_name()) == {}


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("COURSE_TOPIC", "05_how_pruning_works"),
        ("JPY_SESSION_NAME", "/some/where/notebooks/05_how_pruning_works.ipynb"),
        ("JPY_SESSION_NAME", "C:\\course\\notebooks\\05_how_pruning_works.ipynb"),
        ("JPY_SESSION_NAME", "/some/where/topics/05_how_pruning_works/lesson.py"),
    ],
)
def test_the_topic_is_known_wherever_a_lesson_runs(monkeypatch, variable, value):
    monkeypatch.delenv("COURSE_TOPIC")
    assert place.topic_name() == ""
    monkeypatch.setenv(variable, value)
    assert place.topic_name() == "05_how_pruning_works"


# Predictions


def test_a_prediction_is_kept_and_shown_beside_the_measurement(capsys):
    predict("speedup", "How many times faster?", zh="快几倍？", unit="x")
    reveal("speedup", 3.18)
    place.keep_prediction("speedup", 4.0)
    reveal("speedup", np.float64(3.18))
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "Predict: How many times faster? [x]",
        "Measured here: 3.18x (you made no prediction).",
        "You said 4x. Measured here: 3.18x.",
    ]


def test_a_modelled_number_does_not_call_itself_measured(capsys, monkeypatch):
    predict("saving", "How many times less energy?", zh="能耗相差几倍？", unit="x")
    reveal("saving", 31.3, modelled=True)
    monkeypatch.setenv("COURSE_LANG", "zh")
    reveal("saving", 31.3, modelled=True)
    assert capsys.readouterr().out.splitlines()[1:] == [
        "By the model: 31.3x (you made no prediction).",
        "模型估算：31.3x（你没有做预测）。",
    ]


def test_predictions_speak_chinese(capsys, monkeypatch):
    monkeypatch.setenv("COURSE_LANG", "zh")
    predict(
        "mode", "Which?", zh="哪一种？", choices={"int8": Say("eight bits", "八位"), "int4": Say("four bits", "四位")}
    )
    place.keep_prediction("mode", "int4")
    reveal("mode", "int8")
    assert capsys.readouterr().out == "Predict: 哪一种？ [八位 / 四位]\n你的预测：四位。本机实测：八位。\n"


def test_the_control_keeps_what_is_typed_and_refuses_words():
    box = predictions._control("speedup", Say("How?", "怎么？"), "x", {})
    text, status = box.children[1].children[0], box.children[2]
    text.value = "fast"
    assert "is not a number" in status.value
    assert place.kept_prediction("speedup") is None
    text.value = "3,5x"
    assert place.kept_prediction("speedup") == 3.5
    again = predictions._control("speedup", Say("How?", "怎么？"), "x", {})
    assert again.children[1].children[0].value == "3.5"


def test_a_choice_is_kept_by_its_value():
    box = predictions._control("mode", Say("Which?", "哪个？"), "", {"int8": "eight bits", "int4": "four bits"})
    control = box.children[1].children[0]
    assert control.value is None
    control.value = "int4"
    assert place.kept_prediction("mode") == "int4"
    assert "four bits" in box.children[2].value


LIVE = """
import json
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from matplotlib import pyplot as plt
InteractiveShell.instance()
from course_lib.lesson import playground, predict

def draw(k):
    fig, ax = plt.subplots()
    ax.set(xlabel="x", ylabel="y")
    return fig

with capture_output() as shown:
    predict("speedup", "How?", zh="怎么？")
    playground(draw, alt="An empty plot with two axes", k=(0, 3))
print(json.dumps([sorted(output.data) for output in shown.outputs]))
"""


def test_a_running_notebook_gets_the_control_and_a_page_the_words():
    run = subprocess.run([sys.executable, "-c", LIVE], capture_output=True, text=True, timeout=120, check=True)
    live = ["application/vnd.jupyter.widget-view+json", "text/html", "text/plain"]
    assert json.loads(run.stdout.splitlines()[-1]) == [live, live]


def test_one_choice_is_no_prediction():
    with pytest.raises(ValueError, match="nothing to predict"):
        predict("mode", "Which?", zh="哪个？", choices=["int8"])


# Figures


def test_a_figure_has_its_description_and_both_captions_and_is_closed(capsys):
    fig = figure()
    html = figures.picture(fig, alt='A "line" that rises from 0', caption="Up & up", caption_zh="上升")
    assert 'alt="A &quot;line&quot; that rises from 0"' in html
    assert "<figcaption>Up &amp; up<br><span lang='zh'>上升</span></figcaption>" in html
    show(fig, alt=ALT, caption="Up")
    assert capsys.readouterr().out == f"[figure] {ALT}\n"
    assert not plt.fignum_exists(fig.number)
    receipt()
    assert "figures: 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ({"xlabel": ""}, "x axis of panel 0"),
        ({"ylabel": "", "title": "speed"}, "y axis of 'speed'"),
    ],
)
def test_an_axis_without_a_label_is_named(labels, words):
    with pytest.raises(ValueError, match=words):
        show(figure(**labels), alt=ALT, caption="Up")


def test_axes_that_need_no_label():
    fig, axes = plt.subplots(2, 2, sharex=True, sharey=True)
    for ax in axes.flat:
        ax.plot([0, 1], [0, 2])
    fig.supxlabel("time (s)")
    fig.supylabel("distance (m)")
    assert figures.unlabelled(fig) == []
    picture, (left, right) = plt.subplots(1, 2)
    picture.colorbar(left.imshow(np.eye(3)), ax=left)
    right.axis("off")
    assert figures.unlabelled(picture) == []
    shared, panels = plt.subplots(2, 1, sharex=True)
    for ax in panels:
        ax.plot([0, 1], [0, 2])
        ax.set_ylabel("distance (m)")
    assert figures.unlabelled(shared) == ["the x axis of panel 1"]


@pytest.mark.parametrize(("alt", "caption", "words"), [("A figure", "Up", "describes nothing"), (ALT, " ", "is empty")])
def test_a_figure_without_words_is_refused(alt, caption, words):
    with pytest.raises(ValueError, match=words):
        show(figure(), alt=alt, caption=caption)


def test_a_large_figure_gets_coarser_and_at_last_is_refused():
    rng = np.random.default_rng(0)
    fig, ax = plt.subplots(figsize=(7, 4))
    ax.imshow(rng.random((60, 100)), aspect="auto")
    assert len(figures.png(fig)) <= figures.FIGURE_BYTES
    noise, ax = plt.subplots(figsize=(7, 4))
    ax.imshow(rng.random((400, 700, 3)))
    with pytest.raises(ValueError, match=r"the limit is 80 KB\. Draw fewer points"):
        figures.png(noise)


def test_the_same_figure_gives_the_same_bytes_in_true_colours():
    first, second = figures.png(figure()), figures.png(figure())
    assert first == second
    colours = {colour for _, colour in Image.open(io.BytesIO(first)).convert("RGB").getcolors(1 << 20)}
    assert (255, 255, 255) in colours


def test_the_style_leaves_nothing_behind():
    before = dict(mpl.rcParams)
    with style():
        assert mpl.rcParams["axes.grid"]
        assert mpl.rcParams["axes.prop_cycle"].by_key()["color"][0] == figures.COLOURS[0]
    assert dict(mpl.rcParams) == before


# Playground


def test_a_playground_says_what_could_be_moved(capsys):
    playground(lambda slope: figure(), alt=ALT, slope=(0.0, 1.0))
    assert capsys.readouterr().out == "Run this cell to move: slope.\n"
    with pytest.raises(ValueError, match="without controls"):
        playground(lambda: figure(), alt=ALT)


def test_a_playground_redraws_when_a_control_is_let_go():
    seen = []

    def draw(slope, mode):
        seen.append((slope, mode))
        if slope > 2:
            raise ValueError("too <steep>")
        return figure()

    panel = _panel(draw, ALT, {"slope": (0.0, 3.0, 0.5), "mode": ["a", "b"]})
    slope, mode, screen = panel.children
    assert not slope.continuous_update
    assert f'alt="{ALT}"' in screen.value
    mode.value = "b"
    slope.value = 2.5
    assert seen == [(1.5, "a"), (1.5, "b"), (2.5, "b")]
    assert screen.value == "<pre>ValueError: too &lt;steep&gt;</pre>"
    slope.value = 1.0
    assert "<figure" in screen.value
    assert plt.get_fignums() == []


def test_a_playground_that_cannot_draw_fails_at_once():
    with pytest.raises(ValueError, match="x axis of panel 0"):
        _panel(lambda slope: figure(xlabel=""), ALT, {"slope": (0.0, 1.0)})
    with pytest.raises(ValueError, match="can make no control"):
        _panel(lambda slope: figure(), ALT, {"slope": object()})


# Tables


class Measured:
    def row(self):
        return {"model": "int8 <a>", "bytes": 94920, "accuracy %": np.float32(92.25), "delegate": "XNNPACK"}


def test_a_table_reads_the_same_as_html_and_text(tmp_path, capsys):
    rows = [Measured(), {"model": "float", "bytes": 351272, "accuracy %": None, "SQNR dB": float("nan")}]
    table(rows, caption="Two files", name="files")
    assert capsys.readouterr().out == (
        "Two files\n"
        "model       bytes  accuracy %  delegate  SQNR dB\n"
        "int8 <a>   94,920       92.25  XNNPACK         –\n"
        "float     351,272           –  –               –\n"
    )
    (told_row,) = told(tmp_path)
    assert told_row["table"] == "files"
    assert told_row["rows"][0] == {"model": "int8 <a>", "bytes": 94920, "accuracy %": 92.25, "delegate": "XNNPACK"}
    assert told_row["rows"][1]["SQNR dB"] is None
    receipt()
    assert "tables: files" in capsys.readouterr().out


def test_a_table_as_html():
    html = _html(["model", "bytes"], [["<a>", "1,000"]], [False, True], "Sizes & more")
    assert "<caption" in html
    assert "Sizes &amp; more" in html
    assert re.search(r'<th scope="col" style="text-align:right">bytes</th>', html)
    assert re.search(r'<td style="text-align:left">&lt;a&gt;</td>', html)


def test_a_data_frame_is_a_table(capsys):
    table(pandas.DataFrame({"k": ["a", "b"], "n": [1, 2]}), caption="Counts")
    assert capsys.readouterr().out == "Counts\nk  n\na  1\nb  2\n"


def test_tables_of_nothing_are_refused():
    with pytest.raises(ValueError, match="has no rows"):
        table([], caption="Nothing")
    with pytest.raises(ValueError, match="is empty"):
        table([{"a": 1}], caption="")
    with pytest.raises(TypeError, match="a row is a mapping or a Report, got int"):
        table([1], caption="Numbers")
