"""The catalog: found by looking, one spelling of every id, and cards whose errors name the key."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from course_lib import catalog
from course_lib.card import CardError, parse_card
from course_lib.home import course_root
from tests.grading_course import CARD, make_course

ALL = catalog.topics(Path(__file__).resolve().parents[1])


def test_thirty_topics_in_order():
    assert [topic.number for topic in ALL] == list(range(1, 31))
    assert all(topic.name == f"{topic.number:02d}_{topic.slug}" for topic in ALL)


@pytest.mark.parametrize("topic", ALL, ids=lambda topic: topic.name)
def test_every_card_has_both_languages_and_needs_earlier_topics(topic):
    card = topic.card
    assert not any("\u4e00" <= character <= "\u9fff" for character in card.en.title + card.en.question)
    assert any("\u4e00" <= character <= "\u9fff" for character in card.zh.title)
    assert any("\u4e00" <= character <= "\u9fff" for character in card.zh.question)
    assert card.roles
    assert all(int(need) < topic.number for need in card.needs)


def test_titles_and_questions_differ():
    for language in ("en", "zh"):
        assert len({topic.card.page(language).title for topic in ALL}) == len(ALL)
        assert len({topic.card.page(language).question for topic in ALL}) == len(ALL)


@pytest.mark.parametrize("which", [7, "7", "07", "7A", "07b", "07_scale_a_list"])
def test_a_topic_has_many_names(tmp_path, which):
    assert catalog.topic(which, make_course(tmp_path)).name == "07_scale_a_list"


@pytest.mark.parametrize("which", [8, "", "x", "7 A", "007A1", "-7", "7C4", "08_other"])
def test_an_unknown_topic_lists_the_known(tmp_path, which):
    with pytest.raises(ValueError, match="the topics are 07"):
        catalog.topic(which, make_course(tmp_path))


@pytest.mark.parametrize("which", ["7A", "07A", "7a", " 07a "])
def test_a_task_has_one_id(tmp_path, which):
    assert catalog.task_id(which, make_course(tmp_path)) == "7A"


@pytest.mark.parametrize(("which", "listed"), [("7C", "7A, 7B"), ("8A", "7A, 7B"), ("7", "7A, 7B")])
def test_an_unknown_task_lists_the_known(tmp_path, which, listed):
    with pytest.raises(ValueError, match=listed):
        catalog.task_id(which, make_course(tmp_path))


def test_written_means_all_parts_are_there(tmp_path):
    topic = catalog.topic(7, make_course(tmp_path))
    assert topic.written
    (topic.folder / "wrong.toml").unlink()
    assert not topic.written


def test_course_root_can_be_set(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_ROOT", str(make_course(tmp_path)))
    assert course_root() == tmp_path.resolve()
    assert [topic.number for topic in catalog.topics()] == [7]


def test_no_topics_folder_says_what_to_do(tmp_path):
    with pytest.raises(ValueError, match="COURSE_ROOT"):
        catalog.topics(tmp_path)


def test_two_topics_with_one_number_are_refused(tmp_path):
    (make_course(tmp_path) / "topics" / "07_again").mkdir()
    with pytest.raises(ValueError, match="same number"):
        catalog.topics(tmp_path)


def test_other_folders_are_no_topics(tmp_path):
    for name in ("__pycache__", "7_short", "08-dash", "notes"):
        (make_course(tmp_path) / "topics" / name).mkdir()
    assert len(catalog.topics(tmp_path)) == 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('level = "easy"', 'level = "trivial"', "'level' must be one of easy, medium, hard"),
        ('level = "easy"', "", "'level' is missing"),
        ("core = 5", 'core = "5"', "'core' must be a whole number"),
        ("core = 5", "core = true", "'core' must be a whole number"),
        ("core = 5", "core = 50", "core <= whole"),
        ('roles = ["mobile"]', 'roles = ["cook"]', "'cook'"),
        ("needs = []", "needs = [4]", "holds 4"),
        ("needs = []", "need = []", "unknown key 'need'"),
        ('title = "Scale a list"', 'title = ""', r"\[en\]: 'title' is empty"),
        ('title = "缩放列表"', "", r"\[zh\]: 'title' is missing"),
        ('question = "怎样缩放？"', 'question = "怎样缩放？"\nquiz = [{q="?"}]', "'options'|right option"),
        ("[zh]", '[zh]\nfollowups = ["x"]', r"followups\[0\] must be a table"),
        ("[zh]", '[zh]\nfollowups = [{q = "a", answer = "b"}]', "unknown key 'answer'"),
        ("[zh]", '[zh]\npoints = [{text = "a", listen = ["a || b"]}]', r"points\[0\]: 'listen'.*alternative is empty"),
        ("[zh]", '[zh]\npoints = [{text = "a", listen = ["against a & "]}]', "alternative is empty"),
        ("[zh]", '[zh]\npoints = [{text = "a", listen = ["unless a"]}]', "what it does not listen for"),
        ("[zh]", '[zh]\npitfalls = [{says = "a", why = "b", costs = "c", denies = [0]}]', "'denies' holds 0"),
    ],
)
def test_a_card_s_error_names_the_key(old, new, message):
    assert old in CARD
    with pytest.raises(CardError, match=message):
        parse_card(tomllib.loads(CARD.replace(old, new, 1)))


@pytest.mark.parametrize("options", ["[true, true]", "[false, false]", "[]"])
def test_a_quiz_question_needs_a_right_and_a_wrong_option(options):
    rows = ", ".join(f'{{text="t", why="w", correct={each}}}' for each in options.strip("[]").split(", ") if each)
    text = CARD.replace("[zh]", f'quiz = [{{q = "?", options = [{rows}]}}]\n[zh]', 1)
    with pytest.raises(CardError, match="right option and a wrong one"):
        parse_card(tomllib.loads(text))


def test_a_damaged_card_names_its_file(tmp_path):
    root = make_course(tmp_path, card_toml="level = ")
    with pytest.raises(CardError, match="07_scale_a_list/card"):
        _ = catalog.topic("07_scale_a_list", root).card


def test_numbers_fill_a_text(tmp_path):
    topic = catalog.topic(7, make_course(tmp_path))
    (topic.folder / "measured.toml").write_text('ratio = 3.25\nname = "XNNPACK"\nruns = 12000\n', "utf-8")
    assert topic.fill("{ratio:.1f}x with {name}, {runs:,} runs, {} and {A: 1}") == (
        "3.2x with XNNPACK, 12,000 runs, {} and {A: 1}"
    )


@pytest.mark.parametrize(("text", "message"), [("{speed}", "speed.*recorded: ratio"), ("{ratio:d}", "does not fit")])
def test_a_number_that_is_not_measured_is_an_error(tmp_path, text, message):
    topic = catalog.topic(7, make_course(tmp_path))
    (topic.folder / "measured.toml").write_text("ratio = 3.25\n", "utf-8")
    with pytest.raises(CardError, match=message):
        topic.fill(text)


def test_a_changed_card_is_read_again(tmp_path):
    root = make_course(tmp_path)
    assert catalog.topic(7, root).card.en.title == "Scale a list"
    make_course(tmp_path, card_toml=CARD.replace("Scale a list", "Scale another"))
    assert catalog.topic(7, root).card.en.title == "Scale another"
