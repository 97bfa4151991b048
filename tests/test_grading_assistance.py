"""Hints in three steps, the solution after an attempt, the grade table at the end."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import catalog
from course_lib.grading import NotPassed, finish, hint, solution
from course_lib.grading.assistance import solution_code
from course_lib.grading.progress import progress
from course_lib.grading.reference import solution_namespace
from course_lib.grading.run import grade
from tests.grading_course import EXERCISE, make_course


@pytest.fixture(autouse=True)
def topic(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_ROOT", str(make_course(tmp_path)))
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("COURSE_STRICT", raising=False)
    monkeypatch.delenv("COURSE_LANG", raising=False)
    return catalog.topic(7)


def wrong(values, factor):
    return np.asarray(values) + factor


def test_hints_come_one_after_another():
    shown = [hint("07a") for _ in range(4)]
    assert [each.body for each in shown] == [
        "think of a factor",
        "multiply each item",
        "return [k * v for v in values]",
        "return [k * v for v in values]",
    ]
    assert [each.title.en for each in shown[:2]] == ["Hint 1 of 3 for 7A: concept", "Hint 2 of 3 for 7A: approach"]


def test_hints_are_in_the_learner_s_language(monkeypatch):
    monkeypatch.setenv("COURSE_LANG", "zh")
    assert str(hint("7A")) == "7A 的提示 1/3：概念\n\n想想系数"
    assert 'lang="zh"' in hint("7A")._repr_html_()


def test_a_task_without_hints_says_so():
    with pytest.raises(ValueError, match="7B has no hints"):
        hint("7B")
    with pytest.raises(ValueError, match="7A, 7B"):
        hint("8A")


def test_the_solution_opens_after_an_attempt():
    assert "opens after your first attempt" in str(solution("7A"))
    assert "return np.asarray(values) * factor" not in solution("7A")._repr_html_()
    progress().save_attempt(grade("7A", {}), where="notebook")
    assert "opens after your first attempt" in str(solution("7A"))
    progress().save_attempt(grade("7A", {"scale": wrong}), where="notebook")
    assert "return np.asarray(values) * factor" in str(solution("7A"))
    assert "opens after your first attempt" in str(solution("7B"))


def test_the_solution_s_code_is_the_task_s_and_has_no_markers(topic):
    code = solution_code(topic, "7A")
    assert "def scale" in code
    assert "Counter" not in code
    assert "SOLUTION" not in code
    names: dict[str, object] = {}
    exec(code, names)
    assert grade("7A", names).passed
    assert solution_code(topic, "7B").startswith("class Counter:")


def test_a_solution_that_is_not_there_is_said(topic):
    (topic.folder / "exercise.py").write_text(EXERCISE.replace("# BEGIN SOLUTION", "# BEGIN", 1), "utf-8")
    with pytest.raises(ValueError, match="no solution region for 7A"):
        solution("7A")
    (topic.folder / "exercise.py").write_text(EXERCISE.replace("# BEGIN SOLUTION", "# BEGIN"), "utf-8")
    with pytest.raises(ValueError, match="comes without its answers"):  # as in a kit
        solution("7A")
    (topic.folder / "exercise.py").unlink()
    with pytest.raises(ValueError, match="no solution yet"):
        solution("7A")


TABLE = """\
Task 任务 7A  3/10  not passed yet 尚未通过
  ✗ fail 未通过  0/4  Every item is multiplied
      每一项都乘以系数
  ✓ pass 通过  3/3  The input is not touched
      输入保持不变
  ✗ fail 未通过  0/3  A factor that is not a number is refused
      系数不是数时报错
Task 任务 7B  0/10  not passed yet 尚未通过
  ○ to do 待完成  0/6  It counts what it is given
      统计所给的内容
  ○ to do 待完成  0/4  It asks the callable once per item
      每项只调用一次
Sum 合计  3/20  0 of 2 tasks passed 题通过
"""


@pytest.mark.parametrize("language", ["en", "zh"])
def test_finish_prints_one_text_in_both_languages(capsys, monkeypatch, language):
    monkeypatch.setenv("COURSE_LANG", language)
    finish("07", {"scale": wrong})
    assert capsys.readouterr().out == TABLE


def test_finish_reads_the_caller_s_names(capsys, topic):
    exec("finish(7)", {**solution_namespace(topic), "finish": finish})
    assert capsys.readouterr().out.endswith("Sum 合计  20/20  2 of 2 tasks passed 题通过\n")


def test_finish_raises_only_when_asked_to_be_strict(monkeypatch, topic):
    finish("07", {"scale": wrong})
    monkeypatch.setenv("COURSE_STRICT", "1")
    with pytest.raises(NotPassed, match=r"7A \(3 of 10 points\), 7B \(0 of 10 points\)"):
        finish("07", {"scale": wrong})
    half = {**solution_namespace(topic), "scale": wrong}
    with pytest.raises(NotPassed, match=r"not passed: 7A \(3 of 10 points\);"):
        finish("07", half)
    finish("07", solution_namespace(topic))


def test_finish_does_not_count_as_an_attempt():
    finish("07", {"scale": wrong})
    assert not progress().attempted("7A")
