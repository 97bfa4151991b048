"""A mock interview from its plan to its report: reproducible, in time, kept through a kill, in both languages."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from course_lib.card import LEVELS, ROLES
from course_lib.catalog import topic, topics
from course_lib.cli import app
from course_lib.grading.reference import wrong_answers
from course_lib.home import course_root
from course_lib.interview import diagnose, mock, predicted, session, store, whiteboard
from course_lib.interview.defend import Own, challenges
from course_lib.interview.markdown import markup, plain
from course_lib.interview.report import report
from course_lib.interview.report_html import html_page
from course_lib.interview.terminal import show_report
from course_lib.interview.terminal.tables import drawn
from course_lib.interview.terminal.ticks import ticks
from course_lib.interview.wrapping import wrapped
from course_lib.language import Say
from tests.interviews import finished, reading_of

ROOT = course_root()
TOPICS = topics()
NOW = datetime(2026, 11, 24, 15, 0)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A learner's own folders: progress, and a course whose workbook is theirs."""
    root = tmp_path / "course"
    root.mkdir()
    for folder in ("topics", "exercises", "notebooks"):
        (root / folder).symlink_to(ROOT / folder, target_is_directory=True)
    (root / "glossary.toml").symlink_to(ROOT / "glossary.toml")  # the reader keeps its lexicon for the whole process
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COURSE_ROOT", str(root))
    monkeypatch.setenv("COURSE_LANG", "en")
    return tmp_path


# The plan


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("minutes", [10, 11, 17, 30, 45, 90])
def test_a_plan_keeps_to_its_minutes_and_its_role(role, minutes):
    plan = mock.plan(TOPICS, role, minutes, seed=3)
    assert plan.planned <= minutes
    assert plan.planned >= minutes - 1
    assert all(step.minutes > 0 for step in plan.steps)
    assert all(role in topic(step.topic).card.roles for step in plan.steps)
    kinds = [step.kind for step in plan.steps]
    assert {"question", "diagnose", "whiteboard", "defend"} <= set(kinds)
    assert kinds.count("whiteboard") == kinds.count("diagnose") == 1
    levels = [LEVELS.index(step.level) for step in plan.steps if step.kind == "question"]
    assert levels == sorted(levels)


def test_follow_ups_belong_to_the_question_before_them():
    plan = mock.plan(TOPICS, "mobile", 60, seed=1)
    asked = None
    for step in plan.steps:
        if step.kind == "question":
            asked = step.topic
        elif step.kind == "followup":
            assert step.topic == asked


def test_the_seed_decides_everything_and_seeds_differ():
    plans = [mock.plan(TOPICS, "embedded", 30, seed) for seed in range(8)]
    assert plans == [mock.plan(TOPICS, "embedded", 30, seed) for seed in range(8)]
    assert len({tuple((step.topic, step.kind) for step in plan.steps) for plan in plans}) == len(plans)


@pytest.mark.parametrize(
    ("role", "minutes", "said"), [("desktop", 30, "mobile, embedded, research"), ("mobile", 5, "10")]
)
def test_a_plan_that_cannot_be_says_what_can(role, minutes, said):
    with pytest.raises(ValueError, match=said):
        mock.plan(TOPICS, role, minutes, 0)


def test_every_text_of_a_plan_is_there_in_both_languages_with_its_numbers_filled():
    for role in ROLES:
        for step in mock.plan(TOPICS, role, 60, seed=2).steps:
            for say in (step.ask, *step.points, *step.pitfalls, *([step.model] if step.model else [])):
                assert re.search("[\u4e00-\u9fff]", say.zh), say
                assert not re.search("[\u4e00-\u9fff]", say.en.replace("误", "")), say
                if step.kind != "whiteboard":
                    assert not re.search(r"\{[a-z_0-9]+(:[^}]*)?\}", re.sub(r"`[^`]*`|\$[^$]*\$", "", say.en)), say


# Tables to diagnose


def test_every_table_can_be_diagnosed_and_its_numbers_are_the_lessons():
    found = diagnose.diagnoses(TOPICS)
    assert len(found) == len(diagnose.CASES) >= 6  # NoExhibit would have left one out
    assert len({each.topic.name for each in found}) >= 6
    for each in found:
        committed = (ROOT / "notebooks" / f"{each.topic.name}.ipynb").read_text("utf-8")
        assert all(cell in committed for row in each.exhibit.rows for cell in row if cell.isascii() and '"' not in cell)
        assert len(each.shows) >= 3
        assert each.exhibit.caption.en in committed.replace('\\"', '"').replace("&#x27;", "'")
        assert re.search("[\u4e00-\u9fff]", each.exhibit.caption.zh), each.exhibit.caption
        assert set(re.findall(r"\d+", each.exhibit.caption.en)) == set(re.findall(r"\d+", each.exhibit.caption.zh))
        numbers = [re.findall(r"\d+(?:\.\d+)?", say.en) for say in each.shows]
        assert sum(map(bool, numbers)) >= len(each.shows) - 2, "an answer states what the table shows, in numbers"


def test_a_table_that_shows_something_else_is_not_asked_about():
    case = next(case for case in diagnose.CASES if case.topic == 13)
    table = diagnose.exhibit(topic(13), case.columns)
    column = table.columns.index("p McNemar")
    other = tuple(tuple("0.9" if place == column else cell for place, cell in enumerate(row)) for row in table.rows)
    changed = type(table)(**{**table.__dict__, "rows": other})
    with pytest.raises(diagnose.NoExhibit):
        case.shows(changed)


def test_a_ledger_is_drawn_as_bars_in_proportion():
    table = next(each.exhibit for each in diagnose.diagnoses(TOPICS) if each.exhibit.bars)
    lengths = [len(bar) for bar in table.histogram(40)]
    values = [float(row[table.columns.index(table.bars)].replace(",", "")) for row in table.rows]
    assert max(lengths) == 40
    assert all(
        abs(length - max(1, 40 * value / max(values))) <= 0.5 for length, value in zip(lengths, values, strict=True)
    )


# Numbers to defend


def defended(own=None, seed="x", count=1000):
    return challenges(TOPICS, own or Own(), mock.Random(seed), count)


def test_own_numbers_are_quoted_and_the_difference_is_told():
    ours, other = topic(1), topic(4)
    mine = {**ours.measured, "xnnpack_speedup": 0.61}
    differs = next(each for each in defended(Own({ours.name: mine})) if each.name == "xnnpack_speedup")
    assert (differs.kind, differs.mine) == ("differs", True)
    for text in (differs.ask.en, differs.ask.zh):
        assert "0.6" in text
    assert "either side of 1" in " ".join(point.en for point in differs.points)
    nearer = defended(Own({ours.name: {**ours.measured, "xnnpack_speedup": 1.3}}))
    (same,) = [point.en for each in nearer if each.kind == "differs" for point in each.points if "1.3 here" in point.en]
    assert "direction is the same" in same
    own = Own({ours.name: mine, other.name: dict(other.measured)})
    for seed in range(8):  # the learner's numbers come first, of both topics, by different kinds
        first, second = defended(own, seed, 2)
        assert first.mine
        assert second.mine
        assert first.topic != second.topic
        assert first.kind != second.kind
    plan = mock.plan(TOPICS, "mobile", 30, 0, own)
    assert plan.own


def test_a_wrong_prediction_is_asked_about_as_the_lesson_asked_it():
    ours = topic(2)
    asked = predicted.questions(ours)["float16_memory"]

    def first(guess):
        return defended(Own({ours.name: dict(ours.measured)}, {ours.name: {"float16_memory": guess}}), count=1)[0]

    wrong = first(50)
    assert (wrong.kind, wrong.name, wrong.mine) == ("predicted", "float16_memory", True)
    assert asked.ask.en in wrong.ask.en
    assert asked.ask.zh in wrong.ask.zh
    assert "50 %" in wrong.ask.en
    assert "50%" in wrong.ask.zh
    assert "float16_memory" not in wrong.ask.en, "a learner does not know the names of the code"
    assert first(ours.measured["float16_memory"] * 1.02).kind != "predicted", "it was right: nothing corrected it"
    shirt = topic(13)  # the number of points was predicted, the class was recorded under that name
    strange = Own({shirt.name: dict(shirt.measured)}, {shirt.name: {"worst_class": 4}})
    assert isinstance(shirt.measured["worst_class"], str)
    assert "predicted" not in {each.kind for each in defended(strange)}


def test_every_question_of_the_lessons_can_be_read():
    for each in TOPICS:
        called = re.findall(r"^predict\(", (each.folder / "lesson.py").read_text("utf-8"), re.M)
        assert len(predicted.questions(each)) == len(called), each.name


def test_a_colleague_is_refuted_with_numbers_that_refute_him():
    found = [each for each in defended() if each.kind == "refute"]
    assert len({each.topic.name for each in found}) > 20
    for each in found:
        why, costs = each.points[:2]
        assert re.search(r"\d", why.en), each.ask
        assert re.search(r"\d", why.zh), each.ask
        assert costs.en
        assert "cell below" not in why.en
    myth = next(each for each in found if each.topic.number == 2 and "memory as its file" in each.ask.en)
    mine = {**myth.topic.measured, "stack_peak_ratio": 1.0}  # on this machine the colleague is right
    own = defended(Own({myth.topic.name: mine}))
    assert not [each for each in own if each.mine and each.kind == "refute" and "memory as its file" in each.ask.en]


def test_without_own_runs_the_numbers_are_the_courses_and_the_question_says_so():
    plan = mock.plan(TOPICS, "mobile", 30, 0)
    assert not plan.own
    for each in defended():
        assert not each.mine
        assert each.kind in ("refute", "method")
        assert "course's numbers, not yours" in each.ask.en
        assert "不是你的" in each.ask.zh
        assert len(each.points) >= 2


def test_what_is_quoted_says_the_same_in_both_languages_and_stands_alone():
    asked = defended()
    assert {each.topic.name for each in asked} == {each.name for each in TOPICS if each.written}
    for each in asked:
        quoted = [re.search("“(.*)”", text, re.S)[1].replace(",", "") for text in (each.ask.en, each.ask.zh)]
        if each.kind == "method":
            english, chinese = (set(re.findall(r"\d+(?:\.\d+)?|SIG[A-Z]+", text)) for text in quoted)
            assert english & chinese, each.ask
            assert not re.match(r"(It|They|This|That|But|So)\b", quoted[0]), each.ask
            assert not re.search(r"\b(it|they|them|ours)\b", quoted[0]), each.ask


def test_the_machine_is_asked_for_where_the_number_is_a_time_and_images_where_it_is_an_answer():
    methods = [each for each in defended() if each.kind == "method"]

    def of(words):
        (found,) = [each for each in methods if words in each.ask.en]
        return found.ask.en, " ".join(point.en for point in found.points)

    for words, asked, machine, images in (
        ("one x86 thread ran", "how many runs", True, False),
        ("of our CNN's file is weights", "in which file", False, False),
        ("Somebody who changes one bit", "how many samples", False, True),
    ):
        ask, points = of(words)
        assert asked in ask
        assert ("Names the machine" in points) is machine
        assert ("other images" in points) is images
    for each in methods:
        assert any("withdraw" in point.en for point in each.points)
        if re.search(r"\b(latency|faster|slower|µs|ms)\b", each.ask.en.splitlines()[0]):
            assert any("Names the machine" in point.en for point in each.points), each.ask


def test_records_of_another_version_of_a_lesson_do_not_stop_the_plan():
    ours = topic(10)
    strange = dict.fromkeys(ours.measured, "text") | {"unknown": 3}
    assert mock.plan(TOPICS, "mobile", 30, 0, Own({ours.name: strange, "no_such_topic": {"a": 1}})).steps


# The whiteboard


def test_a_stub_is_one_task_and_runs_without_its_solution():
    for each in TOPICS:
        if not each.written:
            continue
        solution = (each.folder / "exercise.py").read_text("utf-8")
        for task, lines in whiteboard.tasks(each):
            text = whiteboard.stub(each, task, "zh")
            ast.parse(text)
            assert "raise NotImplementedError" in text
            assert lines > 0
            removed = [
                line.strip() for line in re.findall(r"# BEGIN SOLUTION\n(.*?)# END", solution, re.S)[0].splitlines()
            ]
            assert not [line for line in removed if len(line) > 30 and line in text]


def test_a_stub_is_never_written_over_another_file(tmp_path):
    first = whiteboard.write_stub(topic(4), "4A", "en", tmp_path)
    first.write_text("mine")
    second = whiteboard.write_stub(topic(4), "4A", "en", tmp_path)
    assert second != first
    assert first.read_text() == "mine"


# The session


def written(state, width=80):
    """Return the report as a terminal of this width shows it."""
    out = io.StringIO()
    show_report(state, TOPICS, Console(file=out, width=width, highlight=False))
    return out.getvalue()


def begun(minutes=10, seed=0, language="en"):
    return session.start(mock.plan(TOPICS, "mobile", minutes, seed), language, NOW)


def test_heard_is_only_a_proposal_and_the_learner_overrules_it():
    state = begun()
    state = session.answer(state, "text", 12, reading_of(state.step))
    assert state.entry.said[:3] == (True, False, False)
    state = session.overrule(state, 0, said=False)
    state = session.overrule(state, 1, said=True)
    assert state.entry.overruled == (0, 1)
    state = session.tick(state, None, 3)
    assert state.entries[0].said[:3] == (False, True, False)
    assert state.seconds == 15
    found = report(state, TOPICS)
    assert any("sentence 1" in each.sentence for each in found.strengths)
    assert "you overruled" in html_page(found, ROOT, "en")


def test_steps_out_of_turn_are_refused_and_change_nothing():
    state = begun()
    for wrong in (lambda: session.tick(state, {0}, 1), lambda: session.overrule(state, 0, said=True)):
        with pytest.raises(ValueError, match="before an answer"):
            wrong()
    answered = session.answer(state, "", 1)
    with pytest.raises(ValueError, match="no point 99"):
        session.tick(answered, {98}, 1)
    with pytest.raises(ValueError, match="tick the points first"):
        session.answer(answered, "again", 1)
    over = session.finish(state)
    with pytest.raises(ValueError, match="over"):
        session.skip(over, 1)


def test_time_that_is_over_is_said_and_stops_nobody():
    state = session.tick(session.answer(begun(), "", 10_000), {0}, 0)
    assert state.over
    assert state.phase == "asking"
    assert "over time" in written(state)


def test_the_order_of_what_to_redo_follows_the_rule_that_is_shown():
    state = begun(30)
    weights = {}
    while state.phase != "done":
        step = state.step
        if step.kind == "question" and not weights:
            state = session.tick(session.answer(state, "x", 1, reading_of(step)), None, 1)
            weights[step.topic] = 1
        else:
            state = session.skip(state, 1)
    found = report(state, TOPICS)
    assert [each.weight for each in found.redo] == sorted((each.weight for each in found.redo), reverse=True)
    assert {each.kind for each in found.gaps} >= {"contradicted", "pitfall", "missed", "skipped"}
    for redo in found.redo:
        for section in redo.sections:
            assert (ROOT / section.notebook).is_file()
            if section.heading:
                assert f"# {section.heading}" in (ROOT / section.notebook).read_text("utf-8").replace('\\"', '"')


def test_an_unsolved_whiteboard_counts_once_however_many_checks_fail():
    state = finished(20)
    board = next(place for place, step in enumerate(state.plan.steps) if step.kind == "whiteboard")
    entry = state.entries[board]
    many = replace(entry, board=replace(entry.board, laws=entry.board.laws * 5))
    more = replace(state, entries=(*state.entries[:board], many, *state.entries[board + 1 :]))
    few_gaps, many_gaps = report(state, TOPICS), report(more, TOPICS)
    assert len(many_gaps.gaps) > len(few_gaps.gaps)
    assert [redo.weight for redo in many_gaps.redo] == [redo.weight for redo in few_gaps.redo]


# What is kept


def all_phases():
    state = begun()
    yield state
    state = session.answer(state, "typed «text»\nwith lines", 5, reading_of(state.step))
    yield state
    while state.phase != "done":
        state = session.tick(state, {0}, 1) if state.phase == "ticking" else session.skip(state, 1)
        yield state


def test_every_step_is_kept_exactly_and_a_finished_one_makes_room(home):
    for state in all_phases():
        path = store.save(state)
        assert (store.current() if state.phase != "done" else store.last_finished()) == state
    assert store.current() is None
    assert path.name.startswith("finished-")


def hostile(good):
    """Yield damaged contents of a saved interview."""
    data = json.loads(good)
    yield b"", "empty"
    yield good[: len(good) // 2], "cut"
    yield b"\xff\xfe\x00", "no text"
    yield b"[" * 100_000, "deep"
    yield b'{"version": 1, "session": null}', "null"
    for change in (
        lambda s: s.update(at=99),
        lambda s: s.update(at=-1),
        lambda s: s.update(language="xx"),
        lambda s: s.update(phase="ticking"),
        lambda s: s["plan"].update(role="root"),
        lambda s: s["plan"]["steps"][0].update(topic="../../etc"),
        lambda s: s["plan"]["steps"][0].update(minutes="2"),
        lambda s: s["plan"]["steps"][0].update(extra=1),
        lambda s: s["plan"]["steps"][0].pop("ask"),
        lambda s: s["plan"]["steps"][0].update(task="4A"),
        lambda s: s.update(entries=[{}]),
        lambda s: s.update(entries=[s["entries"][0], s["entries"][0], s["entries"][0]]),
        lambda s: s["entries"][0].update(seconds=float("nan")),
        lambda s: s["entries"][0].update(seconds=float("inf")),
        lambda s: s["entries"][0].update(said=[True] * 50),
    ):
        copy = json.loads(good)
        change(copy["session"])
        yield json.dumps(copy).encode(), str(change)
    data["version"] = 99
    yield json.dumps(data).encode(), "newer"


def test_a_broken_state_is_set_aside_with_a_message_and_never_overwritten(home, capsys):
    state = session.tick(session.answer(begun(), "", 5), {0}, 1)
    good = store.save(state).read_bytes()
    for count, (content, name) in enumerate(hostile(good), 1):
        path = store.folder() / "current.json"
        path.write_bytes(content)
        assert store.current() is None, name
        assert "could not be read" in capsys.readouterr().err, name
        kept = sorted(store.folder().glob("broken-*.json"), key=lambda each: each.stat().st_mtime_ns)
        assert len(kept) == count, name
        assert content in [each.read_bytes() for each in kept]
        assert not path.exists()
    path.write_bytes(good)
    assert store.current() == state


def test_nothing_that_a_saved_text_holds_becomes_markup(home):
    evil = "<script>alert(1)</script>\"'><img src=x onerror=y>"
    state = session.answer(begun(), evil, 5, reading_of(begun().step))
    page = html_page(report(session.finish(state), TOPICS), ROOT, "en")
    assert "<script" not in page
    assert "<img" not in page


# The terminal


def test_points_are_ticked_by_number_or_changed_one_by_one():
    marked = (True, False, True)
    assert ticks("", marked) is None
    assert ticks("1，3", marked) == {0, 2}
    assert ticks("+2 -1", marked) == {1, 2}
    assert ticks("a", marked) == {0, 1, 2}
    assert ticks("0", marked) == set()
    for wrong in ("yes", "+", "1 +2", "-", "²", "4", "+4", "-0"):
        with pytest.raises(ValueError, match=r"not understood|no point"):
            ticks(wrong, marked)
    assert ticks("yes", (False,)) == {0}
    assert ticks("n", (True,)) == set()


def lines_for(plan, language, folder):
    """What a candidate types through a pipe: answers, ticks, a wrong whiteboard and then a right one."""
    lines = []
    for step in plan.steps:
        if step.kind == "whiteboard":
            wrong, right = files_for(step.task, folder)
            lines += ["h", str(folder / "nothing.py"), str(wrong), str(right)]
        elif step.kind == "question":
            lines += ["", step.points[0].to(language), "", "1 2"]
        elif step.kind == "defend":
            lines += ["s"]
        else:
            lines += ["", "", "1"]
    return "\n".join(lines) + "\n"


def files_for(task, folder):
    ours = topic(task)
    code = re.sub(r"^\s*# (BEGIN|END) SOLUTION\n", "", (ours.folder / "exercise.py").read_text("utf-8"), flags=re.M)
    wrong = next(each for each in wrong_answers(ours) if each.task == task)
    (folder / "right.py").write_text(code, "utf-8")
    (folder / "wrong.py").write_text(f"{code}\n\n# %%\n{wrong.code}", "utf-8")
    return folder / "wrong.py", folder / "right.py"


def course(*arguments, typed=""):
    command = [sys.executable, "-c", "from course_lib.cli import app; app()", "interview", *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "COLUMNS": "100"}
    return subprocess.run(
        command,
        input=typed,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_whole_mock_through_a_pipe(home, language):
    plan = mock.plan(TOPICS, "embedded", 12, 4)
    page = home / "out" / "report.html"
    run = course("--role", "embedded", "--minutes", "12", "--seed", "4", "--lang", language, "--report", str(page),
                 typed=lines_for(plan, language, home))  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "")
    said = re.sub(r"\s+", "", run.stdout)
    for step in plan.steps:
        assert re.sub(r"[\s`*#]+", "", step.ask.to(language).splitlines()[0]) in said.replace("`", "").replace("*", "")
    for en, zh in (
        ("not passed yet", "尚未通过"),
        ("10 of 10 points", "10/10"),
        ("Hint 1 of 3", "提示 1/3"),
        ("nothing.py is no .py or .ipynb file", "nothing.py 这个 .py 或 .ipynb 文件"),
        ("What to redo, in order", "接下来重做什么（按顺序）"),
        ("passed over", "跳过"),
    ):
        assert re.sub(r"\s+", "", Say(en, zh).to(language)) in said
    html = page.read_text("utf-8")
    assert f'lang="{"zh-CN" if language == "zh" else "en"}"' in html
    assert "http" not in html
    for link in re.findall(r'href="([^"#]*)', html):
        assert (page.parent / link).resolve().exists() or "workbook/" in link, link
    assert json.loads((home / "home" / "interview").glob("finished-*.json").__next__().read_text("utf-8"))
    again = course("--resume")
    assert "What to redo" in again.stdout or "接下来" in again.stdout


def test_a_killed_interview_is_resumed_where_it_was(home):
    plan = mock.plan(TOPICS, "mobile", 20, 9)
    assert plan.steps[1].kind == "followup"
    command = [
        sys.executable,
        "-c",
        "from course_lib.cli import app; app()",
        "interview",
        "--minutes",
        "20",
        "--seed",
        "9",
    ]
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"},
    )  # fmt: skip
    child.stdin.write("\nI would measure it first.\n\n1\n\n\n1\n\n\n")
    child.stdin.flush()
    for line in child.stdout:
        if line.startswith("3/"):
            break
    child.kill()
    child.wait(20)
    kept = store.current()
    assert kept.at == 2
    assert kept.entries[0].text == "I would measure it first."
    run = course("--resume", typed="q\n")
    assert "3/" in run.stdout
    assert "1/" not in run.stdout
    assert "Kept" in run.stderr
    assert store.current().entries[:2] == kept.entries[:2]


def here(monkeypatch, *arguments, typed=""):
    """Run the command in this process; return its exit code."""
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    with pytest.raises(SystemExit) as ended:
        app(["interview", *arguments])
    return ended.value.code


def test_what_cannot_be_started_is_one_line(home, monkeypatch, capsys):
    for arguments, said in (
        (("--role", "desktop"), "mobile, embedded, research"),
        (("--minutes", "3"), "from 10 to 90"),
        (("--lang", "fr"), "en, zh"),
        (("--resume",), "no mock interview to resume"),
    ):
        assert here(monkeypatch, *arguments) == 2
        told = capsys.readouterr().err
        assert said in told
        assert len(told.strip().splitlines()) == 1
    assert store.current() is None


def test_an_unfinished_interview_is_put_away_when_a_new_one_begins(home, monkeypatch, capsys):
    assert here(monkeypatch, "--seed", "1", typed="q\n") == 0
    assert here(monkeypatch, "--seed", "2", typed="q\n") == 0
    assert "kept as" in re.sub(r"\s+", " ", capsys.readouterr().out)
    assert len(list(store.folder().glob("left-*.json"))) == 1
    assert store.current().plan.seed == 2


def test_the_language_changes_in_the_middle_and_is_kept(home, monkeypatch, capsys):
    here(monkeypatch, "--seed", "1", typed="zh\nq\n")
    assert store.current().language == "zh"
    here(monkeypatch, "--resume", typed="q\n")
    assert "请出声回答" in capsys.readouterr().out.rsplit("1/", 1)[1]


def test_another_language_at_the_ticking_shows_the_points_again_in_it(home, monkeypatch, capsys):
    point = mock.plan(TOPICS, "mobile", 30, 1).steps[0].points[0]
    here(monkeypatch, "--seed", "1", typed="\n\nzh\nq\n")
    out = "".join(capsys.readouterr().out.split())
    assert "".join(plain(point.en).split()) in out
    assert "".join(plain(point.zh).split()) in out
    assert store.current().phase == "ticking"


@pytest.mark.parametrize("ending", ["", "q\n"])
def test_what_was_typed_when_the_candidate_stops_is_an_answer(home, monkeypatch, ending):
    here(monkeypatch, "--seed", "1", typed=f"\nI would measure it.\nOn the device.\n{ending}")
    kept = store.current()
    assert kept.entries[0].text == "I would measure it.\nOn the device."
    assert kept.phase == "ticking"


def test_a_resumed_interview_says_so_and_keeps_to_its_plan(home, monkeypatch, capsys):
    here(monkeypatch, "--seed", "1", "--role", "embedded", typed="s\nq\n")
    assert here(monkeypatch, "--resume", "--seed", "2", typed="q\n") == 2
    assert "leave out --minutes, --role and --seed" in capsys.readouterr().err
    here(monkeypatch, "--resume", typed="q\n")
    assert re.search(r"goes\s+on\s+at\s+step\s+2\s+of", capsys.readouterr().out)
    assert store.current().plan.role == "embedded"


def test_a_report_that_cannot_be_written_is_said_before_the_interview(home, monkeypatch, capsys):
    assert here(monkeypatch, "--report", str(home), typed="") == 2
    assert "is a folder" in capsys.readouterr().err
    assert store.current() is None


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_report_fits_the_terminal_and_has_no_marks_of_markdown(width, language):
    said = written(finished(language=language), width)
    for line in said.splitlines():
        assert line == line.rstrip()
        assert cell_len(line) <= width or ".ipynb" in line
    assert "`" not in said
    assert "**" not in said


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_word_of_a_table_is_cut(width):
    for each in diagnose.diagnoses(TOPICS):
        out = io.StringIO()
        Console(file=out, width=width).print(drawn(each.exhibit, width))
        said = out.getvalue()
        assert all(cell_len(line) <= width for line in said.splitlines())
        words = {word for row in (each.exhibit.columns, *each.exhibit.rows) for cell in row for word in cell.split()}
        cut = words - set(said.split())
        assert not cut or (width, each.topic.number) == (60, 13), cut  # eight columns, and four words that are wide


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are of POSIX")
def test_in_a_terminal_the_seconds_are_counted_down_and_nothing_is_stopped_by_it(home):
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", "from course_lib.cli import app; app()", "interview", "--minutes", "10"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm", "PYTHONUTF8": "1"}
    child = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    said = ""
    try:
        while "59 s" not in said:
            said += os.read(ours, 4096).decode("utf-8", "replace")
        os.write(ours, b"\n")
        while "Enter alone goes" not in said:
            said += os.read(ours, 4096).decode("utf-8", "replace")
        os.write(ours, b"q\n")
        while "Kept" not in said:
            said += os.read(ours, 4096).decode("utf-8", "replace")
        assert child.wait(20) == 0
    finally:
        child.kill()
        os.close(ours)
    assert " 60 s" in said
    typed = re.sub("\x1b7.*?\x1b8", "", said, flags=re.S)  # the clock goes above the line, and comes back to it
    assert "59 s" not in typed
    assert "\r" not in typed.replace("\r\n", "")


# The notebook's controls, without a browser


def test_the_controls_lead_through_a_whole_interview_and_keep_it(home):
    from course_lib.interview.widgets import Panel

    panel = Panel()
    controls = panel.controls
    controls.minutes.value, controls.seed.value = 12, 4
    first, second, third = controls.buttons
    first.click()
    while panel.session.phase != "done":
        assert 'role="alert"' not in controls.told.value
        step = panel.session.step
        if panel.session.phase == "ticking":
            controls.points.children[0].value = True
            again = Panel()  # another page, after a kill
            again.controls.buttons[1].click()
            assert again.session == panel.session
            first.click()
        elif step.kind == "whiteboard":
            assert Path(panel.session.entry.board.file).parent == home / "course" / "workbook"
            second.click()
            assert "Hint" in controls.told.value
            third.click()
        else:
            second.click()
            assert f"{step.speak} seconds left" in controls.timer.value
            controls.typed.value = "I say this."
            first.click()
            assert all(len(each.description) > 1 for each in controls.buttons if each.layout.display is None)
    assert "What to redo, in order" in controls.screen.value
    controls.language.value = "zh"
    assert "接下来重做什么" in controls.screen.value
    first.click()
    assert list((home / "course" / "workbook").glob("interview_*.html"))
    assert store.last_finished().entries[0].text == "I say this."


# The page


class Outline(HTMLParser):
    """Collect headings, and complain about what a self-contained accessible page does not have."""

    def __init__(self):
        super().__init__()
        self.levels, self.faults, self.scopes = [], [], 0

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if tag == "th" and "scope" not in found:
            self.faults.append("th without scope")
        if tag in ("script", "link", "iframe", "img") or "src" in found:
            self.faults.append(tag)


def test_marks_of_a_card_are_no_text_and_code_keeps_its_stars():
    assert plain("# 4B\n\n`2**bits` and `3**k` are **bold `x`**, 2**8 - 3**2 not") == (
        "4B\n\n2**bits and 3**k are bold x, 2**8 - 3**2 not"
    )
    assert markup("**a `2**b`**") == "<strong>a <code>2**b</code></strong>"
    said = "The *same* file, *同一个*文件, a *longer\nword*: `f(*a, *b)`, **bold**, 2 * 3 * 4, x*y*z."
    shown = "The same file, 同一个文件, a longer\nword: f(*a, *b), bold, 2 * 3 * 4, x*y*z."
    assert plain(said) == shown
    assert markup("The *same* `*a*` **b** <") == "The <em>same</em> <code>*a*</code> <strong>b</strong> &lt;"


@pytest.mark.parametrize("width", range(20, 60))
def test_no_chinese_line_ends_with_what_opens_or_begins_with_a_stop(width):
    lines = wrapped("为什么要有“对照”（control）这一栏？它说明了什么，又（没有）说明什么（例如“噪声”）？", width)
    assert len(lines) > 1
    assert not any(line[-1] in "（“" for line in lines)
    assert not any(line[0] in "，。？）" for line in lines)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_has_an_outline_and_loads_nothing(language):
    page = html_page(report(finished(language=language), TOPICS), ROOT, language)
    outline = Outline()
    outline.feed(page)
    assert outline.faults == []
    assert outline.levels[0] == 1
    assert outline.levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(outline.levels, outline.levels[1:], strict=False))
    assert Path(ROOT / "notebooks").is_dir()


def test_an_interview_opens_quickly_and_needs_no_tensorflow(home):
    code = (
        "import sys, time; from course_lib.interview import terminal, widgets; widgets.Panel();"
        "print('tensorflow' in sys.modules, time.process_time() < 3)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60, check=True)
    assert run.stdout.strip() == "False True"
