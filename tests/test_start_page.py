"""The start page: thirty topics, what is done, where to begin, in both languages."""

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest

from course_lib import catalog, start_page, workbook
from course_lib.cli import app

ROOT = Path(__file__).resolve().parent.parent


def row(number=1, points=0, written=True, needs=(), title="Title", question="Why?"):
    lesson, exercise = (f"../notebooks/{number:02d}_x.ipynb", f"{number:02d}_x.ipynb") if written else ("", "")
    return start_page.Row(number, title, question, "easy", 15, 45, needs, written, lesson, exercise, points, 20)


@pytest.fixture
def course(tmp_path):
    """The real topics, in a folder whose workbook may be written."""
    for name in ("topics", "notebooks", "exercises", "docs"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


@pytest.mark.parametrize("code", ["en", "zh"])
def test_every_topic_is_on_the_page_with_its_level_minutes_and_title(monkeypatch, code):
    monkeypatch.setenv("COURSE_LANG", code)
    text = start_page.page(start_page.rows({}, ROOT))
    lines = [line for line in text.splitlines() if line.startswith("<tr><td")]
    topics = catalog.topics(ROOT)
    assert len(lines) == len(topics) == 30
    for line, topic in zip(lines, topics, strict=True):
        assert f">{topic.number:02d}<" in line
        assert topic.card.page(code).title.split("&")[0] in line
        assert f">{topic.card.minutes.core} / {topic.card.minutes.whole}<" in line
    assert "编写" not in text
    assert "still being written" not in text
    switch = f"`course lang {'en' if code == 'zh' else 'zh'}`"  # for who reads the other language, in theirs
    assert switch in text
    rest = "\n".join(line for line in text.splitlines() if switch not in line)
    assert bool(re.search("[一-鿿]", rest)) is (code == "zh")


def test_every_link_leads_to_a_file(course):
    path, _, _ = start_page.write(course)
    text = path.read_text("utf-8")
    links = re.findall(r'href="([^"]+)"|\]\(([^)]+)\)', text)
    targets = [(path.parent / unquote(first or second)).resolve() for first, second in links]
    assert targets
    assert all(target.is_file() for target in targets)


def test_a_topic_that_is_not_written_has_no_link_and_says_so():
    text = start_page.page([row(1), row(2, written=False, title="Later")])
    (line,) = [line for line in text.splitlines() if "<b>Later</b>" in line]
    assert "being&nbsp;written" in line
    assert "href" not in line
    assert "1 of 2 topics are still being written" in text


def test_points_are_the_best_of_each_task_and_a_full_topic_is_done():
    topic = next(topic for topic in catalog.topics(ROOT) if topic.written)
    first = topic.tasks[0]
    (some,) = [row for row in start_page.rows({first: 7}, ROOT) if row.number == topic.number]
    assert (some.points, some.done) == (7, False)
    (full,) = [row for row in start_page.rows(dict.fromkeys(topic.tasks, 10), ROOT) if row.number == topic.number]
    assert (full.points, full.done) == (full.of, True)
    text = start_page.page([full, row(30, written=False)])
    assert "20 / 20 ✓" in text
    assert "1 of 1 topics done, 20 of 20 points" in text


@pytest.mark.parametrize(
    ("topics", "number"),
    [
        ([row(1), row(2)], 1),
        ([row(1, 20), row(2)], 2),  # what is done is not proposed
        ([row(1), row(2, 5)], 2),  # what was begun comes first
        ([row(1, needs=("02",)), row(2)], 2),  # what something needs comes before it
        ([row(1, written=False), row(2, needs=("01",))], 2),  # what nobody can do yet is no obstacle
        ([row(1, needs=("02",)), row(2, needs=("01",))], 1),  # a circle is no reason to propose nothing
        ([row(1, 20), row(2, written=False)], None),
        ([], None),
    ],
)
def test_where_to_go_on(topics, number):
    chosen = start_page.next_topic(topics)
    assert (chosen.number if chosen else None) == number


def test_the_page_proposes_that_topic_before_the_table():
    text = start_page.page([row(1, 20), row(2, title="Second")])
    assert "Go on with **[02 · Second](../notebooks/02_x.ipynb)**" in text.split("<table")[0]
    done = start_page.page([replace(row(1), points=20)])
    assert "Everything that is written so far is done" in done


def test_what_a_card_says_cannot_break_the_page():
    nasty = row(1, title="<b>*a* [x](y) `z`", question="1 < 2 & <script>alert(1)</script>")
    text = start_page.page([nasty])
    assert not re.search(r"(?<!\\)<script", text)
    assert r"\<b\>\*a\* \[x\](y) \`z\`" in text


@pytest.mark.parametrize("number", ["00", "01"])
def test_a_changed_exercise_is_announced_with_the_command_that_renews_it(course, capsys, monkeypatch, number):
    monkeypatch.setenv("COURSE_ROOT", str(course))
    workbook.prepare(course)
    origin = course / "workbook" / workbook.ORIGIN
    older = re.sub(rf'("{number}_[^"]*": )"[0-9a-f]{{64}}"', r'\1"an older one"', origin.read_text("utf-8"))
    origin.write_text(older, "utf-8")
    assert start_page.main() == 0
    assert f"course reset {number}" in capsys.readouterr().out
    assert f"`course reset {number}`" in (course / "workbook" / "START.md").read_text("utf-8").split("<table")[0]


def test_nothing_but_the_page_is_written_anew(course):
    start_page.write(course)
    mine = course / "workbook" / "notes.md"
    mine.write_text("mine", "utf-8")
    page = course / "workbook" / "START.md"
    page.write_text("old", "utf-8")
    before = {path: path.read_bytes() for path in page.parent.iterdir() if path != page}
    start_page.write(course)
    assert page.read_text("utf-8") != "old"
    assert {path: path.read_bytes() for path in page.parent.iterdir() if path != page} == before


def test_a_broken_card_is_one_line_that_names_it(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "topics" / "01_broken"
    folder.mkdir(parents=True)
    (folder / "card.toml").write_text("level = ", "utf-8")
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    assert start_page.main() == 1
    assert re.fullmatch(r"course: topics/01_broken/card\.toml: .*\n", capsys.readouterr().err)


def test_the_interviews_page_is_copied_linked_and_renewed_like_an_exercise(course, monkeypatch):
    monkeypatch.setenv("COURSE_ROOT", str(course))
    path, made, _ = start_page.write()
    copy = course / "workbook" / "00_interview.ipynb"
    assert copy in made
    assert "(00_interview.ipynb)" in path.read_text("utf-8").split("<table")[0]
    copy.write_text("mine", "utf-8")
    start_page.write()
    assert copy.read_text("utf-8") == "mine"
    fresh, backup = workbook.reset("00")
    assert (fresh, backup.read_text("utf-8")) == (copy, "mine")


def call(*arguments):
    with pytest.raises(SystemExit) as ended:
        app(list(arguments))
    return ended.value.code


def test_a_new_language_and_a_new_plan_are_on_the_page_at_once(course, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_ROOT", str(course))
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("COURSE_LANG", raising=False)

    assert not start_page.refresh(course)
    page, _, _ = start_page.write(course)
    assert call("lang", "zh") == 0
    assert "四条路线" in page.read_text("utf-8")
    day = (date.today() + timedelta(days=9)).isoformat()
    assert date.today().isoformat() not in page.read_text("utf-8")
    assert call("plan", "--date", day, "--hours", "5") == 0
    assert date.today().isoformat() in page.read_text("utf-8")


def test_an_exercise_that_was_begun_afresh_is_no_longer_said_to_have_changed(course, monkeypatch):
    monkeypatch.setenv("COURSE_ROOT", str(course))
    source = next(ROOT.glob("exercises/01_*.ipynb"))
    (course / "exercises").unlink()
    (course / "exercises").mkdir()
    mine = course / "exercises" / source.name
    mine.write_bytes(source.read_bytes())
    start_page.write(course)
    mine.write_text(source.read_text("utf-8").replace("def ", "def new_", 1), "utf-8")
    page, _, _ = start_page.write(course)
    assert "has changed" in page.read_text("utf-8")
    assert call("reset", "01") == 0
    assert "has changed" not in page.read_text("utf-8")


def test_somebody_elses_copy_says_how_to_get_one_of_ones_own(course, monkeypatch, capsys):
    def refuse():
        raise PermissionError(13, "Permission denied", ".part")

    monkeypatch.setenv("COURSE_ROOT", str(course))
    monkeypatch.setattr(start_page, "write", refuse)
    assert start_page.main() == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    script = re.search(r"`sh (\S+) ", said)
    assert script
    assert Path(script[1]).is_file()
