"""Laws, outcomes, points and the recognition of misconceptions, on a tiny course in this process."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from html.parser import HTMLParser
from textwrap import dedent

import numpy as np
import pytest

from course_lib import catalog
from course_lib.grading import CourseError, brief, check, grade
from course_lib.grading.laws import laws_for, laws_of
from course_lib.grading.recognise import alike
from course_lib.grading.reference import solution_namespace, wrong_answers, wrong_namespace
from tests.grading_course import CHECKS, WRONG, make_course


@pytest.fixture
def course(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_ROOT", str(make_course(tmp_path)))
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("COURSE_LANG", raising=False)
    return catalog.topic(7)


def statuses(result):
    return {each.law: each.status for each in result.outcomes}


def by_law(result, law):
    return next(each for each in result.outcomes if each.law == law)


def right(values, factor):
    if factor != factor:
        raise ValueError("nan")
    return np.asarray(values) * factor


def test_a_right_answer_gets_everything(course):
    for task in ("7A", "07A", "7a"):
        result = check(task, {"scale": right})
        assert result.passed
        assert (result.points, result.of, result.task) == (10, 10, "7A")
        assert all(each.message is None for each in result.outcomes)


def test_the_solution_passes_and_so_does_another_correct_answer(course):
    names = solution_namespace(course)
    assert all(grade(task, names).passed for task in course.tasks)
    assert grade("7A", {"scale": lambda v, f: [right(x, f) for x in v]}).passed


def test_points_are_given_law_by_law(course):
    result = check("7A", {"scale": lambda v, f: np.asarray(v) * f})
    assert statuses(result) == {
        "check_multiplies": "pass",
        "check_input_is_kept": "pass",
        "check_nan_is_refused": "fail",
    }
    assert (result.points, result.passed) == (7, False)


def test_a_missing_name_is_still_to_do(course):
    result = check("7A", {})
    assert set(statuses(result).values()) == {"todo"}
    assert not result.attempted
    assert "scale is not defined yet" in result.outcomes[0].message.en
    assert "scale" in result.outcomes[0].message.zh


def test_a_stub_is_still_to_do(course):
    def scale(values, factor):
        raise NotImplementedError

    assert set(statuses(check("7A", {"scale": scale})).values()) == {"todo"}


def test_an_exception_is_an_error_with_call_kind_and_text(course):
    def scale(values, factor):
        raise KeyError("left")

    found = by_law(check("7A", {"scale": scale}), "check_multiplies")
    assert found.status == "error"
    assert "KeyError" in found.message.en
    assert "scale(" in found.message.en
    assert "left" in found.message.zh


@pytest.mark.parametrize("value", [None, "text", [], {}, object(), (1, 2, 3), 5])
def test_a_value_of_the_wrong_form_is_the_learner_s_fault_and_is_shown(course, value):
    found = by_law(check("7A", {"scale": lambda v, f: value}), "check_multiplies")
    assert found.status == "fail"
    assert not found.course_fault
    assert found.message.en


@pytest.mark.parametrize("nothing", [None, 3, "scale", [1]])
def test_a_name_that_is_no_function_does_not_raise(course, nothing):
    result = check("7A", {"scale": nothing})
    assert result.points == 0
    assert not any(each.course_fault for each in result.outcomes)


@pytest.mark.parametrize(
    "body", ["return undefined_name", "raise KeyError('x')", "scale(object(), 1)", "return [][0]", "scale([1], 2)['a']"]
)
def test_a_broken_check_is_reported_as_the_course_s_fault(tmp_path, monkeypatch, body):
    checks = CHECKS + dedent(
        f"""

        @law("7A", points=1, en="Broken", zh="坏的")
        def check_broken(scale):
            {body}
        """
    )
    checks = checks.replace('@law("7A", points=4', '@law("7A", points=3')
    monkeypatch.setenv("COURSE_ROOT", str(make_course(tmp_path, checks_py=checks)))
    result = check("7A", {"scale": right})
    found = by_law(result, "check_broken")
    assert found.course_fault
    assert (found.status, found.points) == ("error", 0)
    assert "not your answer" in found.message.en
    assert "check_broken" in found.message.en
    assert result.points == 9


def test_an_answer_that_cannot_be_passed_back_does_not_put_the_blame_on_the_check(tmp_path, monkeypatch):
    checks = CHECKS + dedent(
        """

        @law("7A", points=1, en="Twice", zh="两次")
        def check_twice(scale):
            expect(np.allclose(scale(scale(np.ones(2), 2.0), 2.0), 4), en="not twice", zh="不是两次")
        """
    )
    checks = checks.replace('@law("7A", points=4', '@law("7A", points=3')
    monkeypatch.setenv("COURSE_ROOT", str(make_course(tmp_path, checks_py=checks)))
    deep = 1.0
    for _ in range(59):  # as deep as an answer may be, and too deep for an argument
        deep = [deep]
    found = by_law(check("7A", {"scale": lambda v, f: deep}), "check_twice")
    assert (found.status, found.points, found.course_fault) == ("fail", 0, False)
    assert "nested deeper" in found.message.en
    assert by_law(check("7A", {"scale": right}), "check_twice").status == "pass"


def test_a_failure_is_shown_in_both_languages(course, monkeypatch):
    result = check("7A", {"scale": lambda v, f: np.asarray(v) + f})
    english = str(result)
    assert "Every item is multiplied" in english
    monkeypatch.setenv("COURSE_LANG", "zh")
    chinese = str(result)
    assert "每一项都乘以系数" in chinese
    assert "加上了系数" in chinese
    assert "任务 7A：3/10 分" in chinese


def test_the_text_is_the_same_on_every_run(course):
    names = {"scale": lambda v, f: np.asarray(v) + f}
    assert str(check("7A", names)) == str(check("7A", names))


def test_the_seed_changes_the_inputs_and_nothing_else_does(course):
    def seen(seed):
        inputs = []

        def scale(values, factor):
            inputs.append(np.asarray(values).tolist())
            return right(values, factor)

        check("7A", {"scale": scale}, seed=seed)
        return inputs[0]

    assert seen(0) == seen(0)
    assert seen(0) != seen(1)


def test_random_numbers_do_not_depend_on_the_process(course):
    law = laws_for(course, "7A")[0]
    assert law.generator(0).integers(10**9) == 634601243


def test_laws_keep_the_order_of_the_file(course):
    assert [law.name for law in laws_of(course)] == [
        "check_multiplies",
        "check_input_is_kept",
        "check_nan_is_refused",
        "check_counts",
        "check_callback",
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("points=4, en", "points=5, en", "sum to 11"),
        ("points=4, en", "points=0, en", "above zero"),
        ('"7B", points=6', '"7C", points=6', "7B sum to 4"),
        ("import numpy", "import nonsense_module", "checks.py: ModuleNotFoundError"),
        ("@law", "@law(", "checks.py: SyntaxError"),
    ],
)
def test_checks_that_are_not_as_they_must_be_are_named(tmp_path, monkeypatch, old, new, message):
    monkeypatch.setenv("COURSE_ROOT", str(make_course(tmp_path, checks_py=CHECKS.replace(old, new, 1))))
    with pytest.raises(CourseError, match=message):
        check("7A", {})


def test_changed_checks_are_loaded_again(tmp_path, course):
    assert check("7A", {"scale": right}).passed
    path = course.folder / "checks.py"
    path.write_text(CHECKS.replace("values * 3.0", "values * 4.0"), "utf-8")
    assert not check("7A", {"scale": right}).passed


def test_unknown_and_unwritten_tasks_are_refused(course):
    with pytest.raises(ValueError, match="7A, 7B"):
        check("8A", {})
    (course.folder / "checks.py").unlink()
    with pytest.raises(ValueError, match="no checks yet"):
        check("7A", {})


# Misconceptions


@pytest.mark.parametrize("name", ["adds_instead", "in_place", "nan_passes", "asks_twice", "forgets_the_first"])
def test_each_wrong_answer_is_caught_where_it_says_and_recognised(course, name):
    wrong = next(each for each in wrong_answers(course) if each.name == name)
    result = grade(wrong.task, wrong_namespace(course, wrong))
    found = by_law(result, wrong.caught_by)
    assert found.status == "fail"
    assert found.misconception.name == name
    assert found.misconception.say == wrong.say


def test_another_way_to_write_a_misconception_is_recognised(course):
    def scale(values, factor):
        if np.isnan(factor):
            raise ValueError("another text")
        return [float(value) + factor for value in values]

    result = check("7A", {"scale": scale})
    assert by_law(result, "check_multiplies").misconception.name == "adds_instead"
    assert "The factor was added" in str(result)


def test_a_mistake_of_its_own_gets_no_name(course):
    result = check("7A", {"scale": lambda v, f: right(v, f) + 1e-3})
    assert all(each.misconception is None for each in result.outcomes)


def test_a_crash_is_not_taken_for_a_misconception(course):
    def scale(values, factor):
        raise KeyError

    assert all(each.misconception is None for each in check("7A", {"scale": scale}).outcomes)


def test_outputs_equal_to_the_right_ones_name_no_misconception(tmp_path, monkeypatch):
    """`late` fails for a reason that its outputs do not show; a learner who fails likewise is not told its sentence."""
    checks = """
from course_lib.grading import expect, law

calls = []

@law("7A", points=10, en="e", zh="z")
def check_state(scale):
    scale([1], 2)
    calls.append(1)
    expect(len(calls) % 2 == 0, en="odd", zh="奇")

@law("7B", points=10, en="e", zh="z")
def check_b(Counter):
    pass
"""
    wrong = """
[[A]]
name = "late"
caught_by = "check_state"
en = "Too late."
zh = "太晚。"
code = '''
def scale(values, factor):
    return values
'''
"""
    exercise = "def scale(values, factor):\n    return values\n\nclass Counter: pass\n"
    root = make_course(tmp_path, checks_py=checks, wrong_toml=wrong, exercise_py=exercise)
    monkeypatch.setenv("COURSE_ROOT", str(root))
    assert check("7A", {"scale": lambda v, f: v}).outcomes[0].misconception is None


def test_when_several_match_the_other_laws_decide(tmp_path, monkeypatch):
    twin = """
[[A]]
name = "adds_and_lets_nan_pass"
caught_by = "check_nan_is_refused"
en = "Added, and NaN went through."
zh = "相加，而且放过了 NaN。"
code = '''
def scale(values, factor):
    return np.asarray(values) + factor
'''
"""
    monkeypatch.setenv("COURSE_ROOT", str(make_course(tmp_path, wrong_toml=WRONG + twin)))
    both = check("7A", {"scale": lambda v, f: np.asarray(v) + f})
    assert by_law(both, "check_multiplies").misconception.name == "adds_and_lets_nan_pass"
    assert by_law(both, "check_nan_is_refused").misconception.name == "adds_and_lets_nan_pass"

    def careful(values, factor):
        if factor != factor:
            raise ValueError
        return np.asarray(values) + factor

    assert by_law(check("7A", {"scale": careful}), "check_multiplies").misconception.name == "adds_instead"


def test_a_wrong_answer_that_does_not_run_costs_the_sentence_only(tmp_path, monkeypatch):
    monkeypatch.setenv(
        "COURSE_ROOT", str(make_course(tmp_path, wrong_toml=WRONG.replace("values *= factor", "values *=")))
    )
    result = check("7A", {"scale": lambda v, f: np.asarray(v) + f})
    assert by_law(result, "check_multiplies").status == "fail"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [("caught_by", "catched_by", "needs the strings"), ('"adds_instead"', '"adds instead"', "identifier")],
)
def test_wrong_answers_that_are_not_as_they_must_be_are_named(tmp_path, old, new, message):
    topic = catalog.topic(7, make_course(tmp_path, wrong_toml=WRONG.replace(old, new, 1)))
    with pytest.raises(CourseError, match=message):
        wrong_answers(topic)


@pytest.mark.parametrize(
    ("a", "b", "equal", "equal_types"),
    [
        (1.0, 1.0 + 1e-12, True, True),
        (1.0, 1.0 + 1e-6, False, False),
        (float("nan"), float("nan"), True, True),
        (float("inf"), float("-inf"), False, False),
        (1, 1.0, False, False),
        (True, 1, False, False),
        ([1, 2], (1, 2), True, False),
        ([1.0, 2.0], np.array([1.0, 2.0]), True, False),
        (np.float32([1.0]), np.float32([1.0 + 2e-7]), True, True),
        (np.float32([1.0]), np.float64([1.0]), True, False),
        (np.int8([1]), np.int64([1]), True, False),
        (np.zeros((2, 1)), np.zeros((1, 2)), False, False),
        ({"a": [1.0]}, {"a": [1.0 + 1e-13]}, True, True),
        ({"a": 1}, {"b": 1}, False, False),
        ({1, 2}, frozenset({2, 1}), True, False),
        ("a", "a", True, True),
        ("a", b"a", False, False),
        (None, 0, False, False),
        ([1, "a"], np.array([1, 2]), False, False),
    ],
)
def test_outputs_are_compared_by_value_and_when_asked_by_type(a, b, equal, equal_types):
    assert alike(a, b) is equal
    assert alike(b, a) is equal
    assert alike(a, b, strict=True) is equal_types


# Time


def test_an_endless_loop_ends_in_timeout_and_the_other_laws_keep_their_points(course):
    def scale(values, factor):
        while len(values) == 5:
            pass
        return right(values, factor)

    earlier, left = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)[0]
    result = grade("7A", {"scale": scale}, seconds=0.3)
    assert statuses(result) == {
        "check_multiplies": "timeout",
        "check_input_is_kept": "pass",
        "check_nan_is_refused": "pass",
    }
    assert "after 0.3 s" in result.outcomes[0].message.en
    assert signal.getsignal(signal.SIGALRM) is earlier
    assert bool(signal.getitimer(signal.ITIMER_REAL)[0]) == bool(left)  # whoever had set an alarm still has it


def test_after_a_timeout_the_other_laws_get_less_time(course):
    def scale(values, factor):
        while True:
            pass

    result = grade("7A", {"scale": scale}, seconds=1.5)
    seen = [each.message.en.split(":")[0] for each in result.outcomes]
    assert seen == ["Stopped after 1.5 s", "Stopped after 1 s", "Stopped after 1 s"]


def test_a_loop_that_catches_everything_ends_too(course):
    def scale(values, factor):
        for _ in range(3):
            try:
                while True:
                    time.sleep(0.01)
            except BaseException:
                pass
        return right(values, factor)

    assert by_law(grade("7A", {"scale": scale}, seconds=0.2), "check_multiplies").status != "fail"


def test_a_timer_that_ran_before_runs_on(course):
    rang = []
    earlier = signal.signal(signal.SIGALRM, lambda *_: rang.append(1))
    signal.setitimer(signal.ITIMER_REAL, 60)
    try:
        check("7A", {"scale": right})
        assert 30 < signal.getitimer(signal.ITIMER_REAL)[0] <= 60
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, earlier)
    assert not rang


def test_the_limit_holds_in_other_threads(course):
    def scale(values, factor):
        while True:
            pass

    found = []
    thread = threading.Thread(target=lambda: found.append(grade("7A", {"scale": scale}, seconds=0.3)))
    thread.start()
    thread.join(30)
    assert set(statuses(found[0]).values()) == {"timeout"}


@pytest.mark.parametrize("body", ["pass", "while True: pass"], ids=["in time", "too late"])
def test_code_can_be_traced_after_a_limit_in_another_thread(body):
    """On CPython 3.11 it hung: a debugger, or Hypothesis explaining a failure, waited for ever at the first line."""
    script = f"""
        import sys, threading
        from course_lib.grading.faults import TimeUp
        from course_lib.grading.limits import time_limit

        def limited():
            for _ in range(20):
                try:
                    with time_limit(0.01):
                        {body}
                except TimeUp:
                    pass

        thread = threading.Thread(target=limited)
        thread.start()
        thread.join()
        sys.settrace(lambda *_: None)
        print(max(3, 4))
        (lambda: print("traced"))()
    """
    told = subprocess.run([sys.executable, "-c", dedent(script)], capture_output=True, text=True, timeout=60)
    assert told.stdout.endswith("traced\n"), told.stderr


# How it shows


def test_what_the_learner_prints_is_shown_shortened(course):
    def scale(values, factor):
        print("looking at \x1b[31m", factor)
        return right(values, factor)

    (note,) = check("7A", {"scale": scale}).notes
    assert "looking at" in note.en
    assert "\x1b" not in note.en

    def noisy(values, factor):
        print("x" * 10**6)
        return right(values, factor)

    assert len(check("7A", {"scale": noisy}).notes[0].en) < 1000


class Outline(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.open, self.words = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_the_html_is_well_formed_and_says_everything_in_words(course):
    def scale(values, factor):
        return np.asarray(values) + factor

    outline = Outline()
    outline.feed(check("7A", {"scale": scale})._repr_html_())
    assert not outline.open
    words = " ".join(outline.words)
    for expected in ("Task 7A: 3 of 10", "fail", "pass", "Every item is multiplied", "added, not multiplied", "0/4"):
        assert expected in words
    assert "caption" in [tag for tag, _ in outline.tags]
    assert all(attrs.get("scope") in ("col", "row") for tag, attrs in outline.tags if tag == "th")
    styles = " ".join(attrs.get("style") or "" for _, attrs in outline.tags)
    assert "background" not in styles
    assert "color:" not in styles.replace("color:inherit", "")


def test_what_the_learner_says_is_never_markup(course):
    def scale(values, factor):
        raise ValueError("<script>alert(1)</script> \x1b[2J [bold]")

    result = check("7A", {"scale": scale})
    assert "<script>" not in result._repr_html_()
    assert "\x1b" not in str(result)


def test_a_result_becomes_json(course):
    data = json.loads(json.dumps(check("7A", {"scale": lambda v, f: np.asarray(v) + f}).as_dict()))
    assert (data["task"], data["points"], data["passed"]) == ("7A", 3, False)
    assert data["outcomes"][0]["misconception"]["name"] == "adds_instead"
    assert data["outcomes"][0]["sentence"]["zh"] == "每一项都乘以系数"


def test_check_reads_the_caller_s_names_and_keeps_the_attempt(course, capsys):
    from course_lib.grading.progress import progress

    names = {"scale": right, "check": check}
    exec("result = check('7A')", names)
    assert names["result"].passed
    assert "Task 7A: 10 of 10 points, passed" in capsys.readouterr().out
    assert [each["points"] for each in progress().attempts("7A")] == [10]


def test_inside_a_worker_the_course_s_calls_do_nothing(course, monkeypatch, capsys):
    from course_lib.grading import finish, hint, solution

    monkeypatch.setenv("COURSE_WORKER", "1")
    assert str(check("7A")) == ""
    assert check("nonsense")._repr_html_() == ""
    assert (hint("7A"), solution("7A"), finish("07")) == (None, None, None)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([np.int64(5), np.float64(0.5), np.bool_(True)], "[5, 0.5, True]"),
        ({"n": np.int64(2), "mean": (np.float64(5.5),)}, "{'n': 2, 'mean': (5.5,)}"),
        ([np.int8(-3), np.float32(0.5)], "[int8(-3), float32(0.5)]"),
        ({}, "{}"),
        ({k: k for k in range(13)}, "dict of 13 items"),
    ],
)
def test_numbers_in_messages_read_as_numbers_and_narrow_ones_name_their_type(value, text):
    assert brief(value) == text
