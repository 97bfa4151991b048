"""A prediction before the experiment, shown again beside the measurement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from course_lib.language import Say
from course_lib.lesson import session
from course_lib.lesson.numbers import parse, with_unit
from course_lib.lesson.page import emit, in_kernel
from course_lib.lesson.place import keep_prediction, kept_prediction

Choices = Sequence[str] | Mapping[str, str | Say]

_units: dict[str, str] = {}
_labels: dict[str, dict[str, str]] = {}  # name of the prediction -> value -> label

_ANSWER_HERE = Say("your answer, then Enter", "输入后按回车")
_KEPT = Say("Kept: {0}. You may change it until you look.", "已记下：{0}。看结果之前可以修改。")
_NO_NUMBER = Say("{0} is not a number.", "{0} 不是数字。")
_STATIC = Say("Run this notebook to keep your answer.", "运行本笔记本即可记下你的答案。")


def predict(name: str, en: str, *, zh: str, unit: str = "", choices: Choices | None = None) -> None:
    """Ask for one number, or for one of ``choices``, and keep the answer. Never blocks a run.

    Args:
        name: what the answer is kept under, unique in the lesson.
        en: the question.
        zh: the question in Chinese.
        unit: shown after the number, ``"x"`` or ``"µs"``.
        choices: the possible answers; a mapping gives each a label, which may be a Say in both languages.

    Raises:
        ValueError: for a name that is no lower-case identifier, or fewer than two choices.
    """
    session.require_name(name)
    if choices is not None and len(choices) < 2:
        raise ValueError(f"predict({name!r}): {len(choices)} choice leaves nothing to predict")
    session.note_prediction(name)
    labels = _labelled(choices)
    _units[name], _labels[name] = unit, labels
    question = Say(en, zh)
    options = f" [{' / '.join(labels.values())}]" if labels else f" [{unit}]" if unit else ""
    html = (
        f"<p><b>Predict · 预测</b> {escape(en)}{escape(options)}<br><span lang='zh'>{escape(zh)}</span><br>"
        f"<i>{escape(_STATIC.en)} <span lang='zh'>{escape(_STATIC.zh)}</span></i></p>"
    )
    emit(html, f"Predict: {question}{options}", live=_control(name, question, unit, labels) if in_kernel() else None)


def reveal(name: str, measured: float | int | str, unit: str | None = None, *, modelled: bool = False) -> None:
    """Show the learner's prediction beside what was measured; without a prediction, say so.

    ``measured`` is a number, or the one of the choices that came true. ``unit`` defaults to the prediction's.
    ``modelled`` is for a number that a formula gave and no instrument.
    """
    plain: float | int | str = measured.item() if hasattr(measured, "item") else measured
    suffix = _units.get(name, "") if unit is None else unit
    labels = _labels.get(name, {})
    said = kept_prediction(name)
    value = with_unit(labels.get(str(plain), plain), suffix)
    found = Say("By the model", "模型估算") if modelled else Say("Measured here", "本机实测")
    if said is None:
        text = Say(f"{found.en}: {value} (you made no prediction).", f"{found.zh}：{value}（你没有做预测）。")
    else:
        guess = with_unit(labels.get(str(said), said), suffix)
        text = Say(f"You said {guess}. {found.en}: {value}.", f"你的预测：{guess}。{found.zh}：{value}。")
    emit(f"<p><b>{escape(str(text))}</b></p>", str(text))


def _labelled(choices: Choices | None) -> dict[str, str]:
    """Return value -> label, in the learner's language."""
    if isinstance(choices, Mapping):
        return {value: str(label) for value, label in choices.items()}
    return {choice: choice for choice in choices or ()}


def _control(name: str, question: Say, unit: str, labels: Mapping[str, str]) -> Any:
    import ipywidgets

    status = ipywidgets.HTML()
    stored = kept_prediction(name)
    wide = ipywidgets.Layout(width="max-content")

    def keep(value: float | str) -> None:
        keep_prediction(name, value)
        shown = labels.get(str(value), value)
        status.value = escape(str(_KEPT).format(with_unit(shown, unit)))

    def answered(change: Mapping[str, Any]) -> None:
        if labels:
            keep(change["new"])
            return
        number = parse(change["new"], unit)
        if number is None:
            status.value = escape(str(_NO_NUMBER).format(repr(change["new"])))
        else:
            keep(number)

    control: Any
    if labels:
        options = [(label, value) for value, label in labels.items()]
        # Radio buttons: a toggle button cuts a label that is a sentence.
        control = ipywidgets.RadioButtons(options=options, value=stored if stored in labels else None, layout=wide)
    else:
        shown = "" if stored is None else with_unit(stored)
        control = ipywidgets.Text(value=shown, placeholder=str(_ANSWER_HERE), continuous_update=False)
    control.tooltip = str(question)  # its name for a screen reader
    control.observe(answered, names="value")
    unit_label = ipywidgets.Label(unit, layout=wide)
    text = ipywidgets.HTML(f"<b>{escape(str(question))}</b>")
    return ipywidgets.VBox([text, ipywidgets.HBox([control, unit_label]), status])
