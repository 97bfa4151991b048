"""Quiz, memory, deck, readiness: reproducible, never lost, never after the interview, by a rule that is shown."""

from __future__ import annotations

import html
import io
import json
import os
import random
import subprocess
import sys
import time
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from course_lib import catalog, fields, plan
from course_lib.cli import app
from course_lib.cli.asking import Screen
from course_lib.grading.progress import Progress
from course_lib.grading.results import Outcome, Result
from course_lib.interview import deck, flashcards, memory, picture, readiness, reviews
from course_lib.interview.markdown import plain
from course_lib.interview.memory import Remembered, Review
from course_lib.interview.quiz import Asked, Choice, questions
from course_lib.interview.texts import has_cards
from course_lib.interview.wrapping import wrapped
from course_lib.language import Say
from tests import fake_course

ROOT = Path(__file__).resolve().parent.parent
TOPICS = catalog.topics(ROOT)
WRITTEN = [topic for topic in TOPICS if has_cards(topic)]
CARDS = [card for topic in WRITTEN for card in flashcards.ids(topic)]
DAY = date(2026, 11, 24)
SAY = Say("e", "z")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


# --- quiz


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_written_topic_has_questions_without_an_unfilled_number(language):
    asked = questions(TOPICS, language)
    assert {each.topic.number for each in asked} == {topic.number for topic in WRITTEN}
    for each in asked:
        texts = [each.question, *(text for option in each.options for text in (option.text, option.why))]
        assert all(texts)
        assert not any(fields.names(text) for text in texts), each.id
        assert 0 < len(each.right) < len(each.options)
        assert each.answered(each.right)
        assert not each.answered(set(range(len(each.options))) - each.right)


@given(seed=st.integers(), count=st.integers(1, 40))
@settings(max_examples=15, deadline=None)
def test_a_seed_decides_the_order_in_both_languages(seed, count):
    some = WRITTEN[:12]
    first, again, chinese = (questions(some, code, count, seed=seed) for code in ("en", "en", "zh"))
    assert first == again
    assert [(each.id, sorted(each.right)) for each in first] == [(each.id, sorted(each.right)) for each in chinese]
    turns = [sum(other.topic == each.topic for other in first[:place]) for place, each in enumerate(first)]
    assert turns == sorted(turns), "a topic was asked again before another was asked at all"


def test_seeds_differ_and_every_place_of_the_right_option_occurs():
    orders = {tuple(each.id for each in questions(WRITTEN[:4], seed=seed)) for seed in range(8)}
    assert len(orders) > 4
    places = {min(each.right) for seed in range(8) for each in questions(WRITTEN[:4], seed=seed)}
    assert places == {0, 1, 2}


def test_a_seed_means_the_same_on_every_machine(tmp_path):
    fake_course.write(tmp_path).joinpath("measured.toml").write_text("measured_ratio = 2.0")
    asked = questions(catalog.topics(tmp_path), seed=7)
    assert [(each.index, sorted(each.right)) for each in asked] == [(2, [0]), (0, [2]), (1, [2])]


def test_where_two_options_are_right_both_are_wanted(monkeypatch, capsys):
    options = (Choice("a", True, "yes"), Choice("b", False, "no"), Choice("c", True, "too"))
    asked = Asked(WRITTEN[0], 0, "Which?", options)
    for chosen in ({0}, {0, 1}, {0, 1, 2}, {1}, set()):
        assert not asked.answered(chosen)
    assert asked.answered({2, 0})
    monkeypatch.setattr(sys, "stdin", io.StringIO("1\n1 1\n3，1\n"))
    screen = Screen()
    assert screen.ask(asked)
    screen.explain(asked)
    said = capsys.readouterr().out
    assert said.count("Type 2 numbers from 1 to 3") == 2
    assert "yes" in said
    assert "too" in said


def test_a_level_and_a_wrong_word_are_understood():
    assert {each.topic.card.level for each in questions(TOPICS, level="hard")} == {"hard"}
    for wrong in ({"level": "extreme"}, {"language": "fr"}, {"n": 0}):
        with pytest.raises(ValueError, match=r"choose one of|at least one"):
            questions(TOPICS, **wrong)


def test_every_question_leads_to_a_heading_that_the_lesson_has():
    for each in questions(TOPICS):
        lesson = (each.topic.folder / "lesson.py").read_text("utf-8").splitlines()
        assert {f"# ## {each.link.heading}", f"# ### {each.link.heading}"} & set(lesson), each.id
        assert (ROOT / each.link.notebook).is_file()
        assert " " not in each.link.url


# --- memory

ratings = st.lists(st.tuples(st.sampled_from(CARDS[:20]), st.integers(1, 4), st.integers(0, 20 * 86400)), max_size=60)


def log(answers, start=NOON):
    return [Review(start + timedelta(seconds=after), card, rating, "today") for card, rating, after in answers]


@given(answers=ratings, days=st.integers(0, 40))
@settings(max_examples=60, deadline=None)
def test_nothing_is_due_after_the_interview(answers, days):
    interview = DAY + timedelta(days=days)
    for each in memory.replay(log(answers)).values():
        due, seen = each.due(interview), each.last.astimezone().date()
        if seen <= interview and due is not None:
            assert due <= interview
            assert due >= seen
        assert each.due(None) is not None
        assert 0 <= each.recall(interview) <= 1


@given(answers=ratings)
@settings(max_examples=30, deadline=None)
def test_what_is_remembered_does_not_depend_on_the_order_of_the_log(answers):
    whole = log({(card, after): (card, rating, after) for card, rating, after in answers}.values())
    shuffled = random.Random(1).sample(whole, len(whole))
    assert memory.replay(shuffled) == memory.replay(whole)


@pytest.mark.parametrize("days", [2, 5, 14, 40])
@pytest.mark.parametrize("rating", [memory.GOOD, memory.EASY])
def test_who_comes_every_day_has_seen_everything_before_the_interview(days, rating):
    cards, interview, kept = CARDS[: 30 * max(1, days - 1)][:200], DAY + timedelta(days=days), []
    for passed in range(days):
        today = DAY + timedelta(days=passed)
        for_today = memory.session(cards, memory.replay(kept), today, interview)
        assert len(for_today.new) <= memory.NEW_AT_MOST
        at = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
        kept += [Review(at + timedelta(seconds=n), card, rating, "today") for n, card in enumerate(for_today.again)]
        kept += [Review(at + timedelta(hours=1, seconds=n), c, rating, "today") for n, c in enumerate(for_today.new)]
        once_more = memory.session(cards, memory.replay(kept), today, interview)
        assert once_more.new == once_more.again == (), "a second session of a day begins nothing new"
    seen = memory.replay(kept)
    assert set(seen) == set(cards)
    expected = [each.recall(interview) for each in seen.values()]
    assert min(expected) > 0.8


def test_what_failed_comes_back_today_and_the_weakest_comes_first():
    kept = log([("a", 3, 0), ("b", 1, 1), ("c", 4, 2), ("a", 3, 3 * 86400), ("b", 2, 3 * 86400), ("b", 1, 4 * 86400)])
    seen = memory.replay(kept)
    today = (NOON + timedelta(days=4)).date()
    assert memory.session(["a", "b", "c"], seen, today).again == ("b",)
    later = memory.session(["a", "b", "c"], seen, today + timedelta(days=60))
    assert later.again[0] == "b"
    assert set(later.again) == {"a", "b", "c"}


# --- the log


@pytest.fixture
def kept(tmp_path):
    return Progress(tmp_path / "home" / "progress.db")


def test_reviews_go_through_the_database_and_json_and_meet_without_doubles(kept, tmp_path):
    whole = log([("a", 3, 0), ("中/quiz/0", 1, 1), ("a", 4, 2)])
    assert reviews.add(kept, whole[:2]) == 2
    assert reviews.parse(reviews.export(reviews.load(kept)), "x") == whole[:2]
    assert reviews.add(kept, whole) == 1
    assert reviews.add(kept, whole) == 0
    assert reviews.load(kept) == whole
    reviews.save(whole, tmp_path / "out.json")
    assert reviews.parse((tmp_path / "out.json").read_text("utf-8"), "x") == whole
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["out.json"]


def entry(at="2026-11-24T12:00:00+00:00", rating=3, source="quiz"):
    return {"format": reviews.FORMAT, "reviews": [{"at": at, "card": "a", "rating": rating, "source": source}]}


@pytest.mark.parametrize(
    "whole",
    [
        [],
        {"format": reviews.FORMAT},
        {"format": "other", "reviews": []},
        {"format": reviews.FORMAT, "reviews": [{"card": "a", "rating": 3, "source": "quiz"}]},
        entry(at="2026-11-24T12:00:00"),
        entry(at="9999-11-24T12:00:00+00:00"),
        entry(rating=5),
        entry(source="interview"),
    ],
)
def test_a_file_that_holds_no_reviews_is_refused_by_name(whole):
    assert reviews.parse(json.dumps(entry()), "mine.json")
    with pytest.raises(ValueError, match=r"mine\.json"):
        reviews.parse(json.dumps(whole), "mine.json")
    with pytest.raises(ValueError, match=r"mine\.json is not JSON"):
        reviews.parse(json.dumps(whole)[:-1], "mine.json")


WRITER = """
import sys
from datetime import timedelta
from pathlib import Path
from course_lib.grading.progress import Progress
from course_lib.interview import memory, reviews
kept, start = Progress(Path(sys.argv[1])), memory.now()
print("ready", flush=True)
for number in range(100_000):
    reviews.add(kept, [memory.Review(start + timedelta(seconds=number), f"{sys.argv[2]}/quiz/{number}", 3, "quiz")])
    print(number, flush=True)
"""


def test_a_kill_at_any_moment_loses_no_answered_review(tmp_path):
    chance, kept_in_all = random.Random(5), 0
    for name, file in [("a", "one"), ("b", "one"), ("c", "two"), ("d", "two")]:
        path = tmp_path / file
        child = subprocess.Popen([sys.executable, "-c", WRITER, path, name], stdout=subprocess.PIPE, text=True)
        assert child.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0, 0.15))
        child.kill()
        said = [int(line) for line in child.stdout.read().splitlines()]
        child.wait()
        child.stdout.close()
        found = sorted(int(each.card.split("/")[-1]) for each in reviews.load(Progress(path)) if each.card[0] == name)
        assert found == list(range(len(found)))
        assert len(said) <= len(found) <= len(said) + 1, "what was said to be kept is kept, and no half answer"
        kept_in_all += len(found)
    assert kept_in_all > 4
    assert not list(tmp_path.glob("*.broken-*"))


# --- deck


@pytest.fixture(scope="module")
def packed():
    return {code: deck.deck(WRITTEN[:3], code, 1.7e9) for code in ("en", "zh")}


def test_a_deck_read_back_has_every_card_once(packed):
    found = {code: deck.contents(each) for code, each in packed.items()}
    cards = {card for topic in WRITTEN[:3] for card in flashcards.ids(topic)}
    for each in found.values():
        assert {fields[-1] for fields in each.notes.values()} == cards
        assert each.cards == len(cards) == len(set(each.ids.values()))
    assert found["en"].deck != found["zh"].deck
    assert not set(found["en"].notes) & set(found["zh"].notes)
    assert not set(found["en"].ids.values()) & set(found["zh"].ids.values())


def test_the_same_cards_make_the_same_bytes(packed):
    assert deck.deck(WRITTEN[:3], "en", 1.7e9) == packed["en"]


def test_notes_keep_their_ids_when_texts_and_neighbours_change(packed, tmp_path):
    for number, text in enumerate((fake_course.CARD, fake_course.CARD.replace("It is linear.", "It is straight."))):
        folder = fake_course.write(tmp_path / str(number), card_toml=text)
        (folder / "measured.toml").write_text('measured_ratio = 2.0\nkind = "exact"\n')
    (before,), (after,) = (catalog.topics(tmp_path / name) for name in "01")
    old, new = (deck.contents(deck.deck([topic], "en", when)) for topic, when in ((before, 1.7e9), (after, 1.8e9)))
    assert old.ids == new.ids
    changed = {guid for guid in old.notes if old.notes[guid] != new.notes[guid]}
    assert [old.notes[guid][-1] for guid in changed] == ["01_double_it/question/0"]
    alone = deck.contents(deck.deck(WRITTEN[1:2], "en", 1.9e9))
    assert alone.ids.items() <= deck.contents(packed["en"]).ids.items()


def test_a_broken_deck_is_noticed(packed, tmp_path):
    with pytest.raises(ValueError, match="read back"):
        deck.contents(packed["en"][:-100])
    with zipfile.ZipFile(tmp_path / "x.apkg", "w") as files:
        files.writestr("media", "{}")
        files.writestr("collection.anki2", b"no database" * 100)
    with pytest.raises(ValueError, match="read back"):
        deck.contents((tmp_path / "x.apkg").read_bytes())
    with pytest.raises(ValueError, match="cards yet"):
        deck.deck([], "en", 0)


def test_a_card_with_markup_stays_text():
    fronts = [card.front for card in flashcards.flashcards(WRITTEN) if "<" in card.front or "`" in card.front]
    assert fronts
    assert deck._html("a <b> & `c<d>`") == "<p>a &lt;b&gt; &amp; <code>c&lt;d&gt;</code></p>"


# --- readiness


def seen_after(answers):
    return memory.replay(log(answers))


@given(
    best=st.dictionaries(st.sampled_from([task for topic in WRITTEN for task in topic.tasks]), st.integers(0, 10)),
    more=st.tuples(st.sampled_from([task for topic in WRITTEN for task in topic.tasks]), st.integers(0, 10)),
)
@settings(max_examples=40, deadline=None)
def test_readiness_never_falls_when_more_checks_pass(best, more):
    task, points = more
    better = {**best, task: max(points, best.get(task, 0))}
    low, high = (readiness.readiness(TOPICS, each, {}, DAY) for each in (best, better))
    assert all(a.whole <= b.whole for a, b in zip(low, high, strict=True))
    low_roles, high_roles = readiness.by_role(low), readiness.by_role(high)
    assert all(low_roles[role] <= high_roles[role] for role in low_roles)
    assert all(0 <= value <= 1 for value in high_roles.values())


def test_readiness_is_nothing_at_first_and_nearly_whole_when_all_is_known():
    assert set(readiness.by_role(readiness.readiness(TOPICS, {}, {}, DAY)).values()) == {0}
    best = {task: 10 for topic in WRITTEN for task in topic.tasks}
    seen = seen_after([(card, 4, number) for number, card in enumerate(CARDS)])
    whole = readiness.readiness(TOPICS, best, seen, DAY)
    assert min(each.whole for each in whole) > 0.95
    assert readiness.weakest(whole, 3, "mobile")[0].whole <= whole[0].whole


def test_the_weights_sum_to_one_and_stand_in_the_rule():
    weights = (readiness.CHECKS, readiness.QUIZ, readiness.MEMORY)
    assert sum(weights) == pytest.approx(1)
    for text in (readiness.RULE.en, readiness.RULE.zh):
        assert all(f"{weight:.0%}" in text.replace(" %", "%") for weight in weights)


def test_a_wrong_answer_lowers_and_only_the_last_counts():
    topic = WRITTEN[0]
    card = flashcards.ids(topic)[0]
    values = [
        readiness.readiness([topic], {}, seen_after([(card, rating, n * 60) for n, rating in enumerate(given)]), DAY)
        for given in ([], [3], [3, 1], [1, 3])
    ]
    none, right, then_wrong, then_right = (each[0].quiz for each in values)
    assert (none, then_wrong) == (0, 0)
    assert right == then_right == pytest.approx(1 / 3)


def test_interview_answers_cannot_be_reviews():
    with pytest.raises(ValueError, match="source"):
        Review(NOON, "a", 3, "interview")
    assert Remembered.__dataclass_fields__.keys() == {"card", "first", "last", "rating", "state"}


# --- the commands


@pytest.fixture
def course(tmp_path, monkeypatch):
    folder = fake_course.write(tmp_path / "course")
    (folder / "measured.toml").write_text('measured_ratio = 2.0\nkind = "exact"\n')
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path / "course"))
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COURSE_LANG", "en")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)
    return Progress(tmp_path / "home" / "progress.db")


@pytest.fixture
def run(capsys, monkeypatch):
    def call(*arguments, typed=""):
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        with pytest.raises(SystemExit) as ended:
            app(list(arguments))
        out, err = capsys.readouterr()
        return ended.value.code, out, err

    return call


def flat(text):
    """Without the breaks of lines, which a terminal's width decides."""
    return "".join(text.split())


def shown(text):
    """The same of a card's text, without the marks of its Markdown."""
    return flat(plain(text))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_whatever_is_chosen_its_reason_the_right_one_and_the_lesson_are_said(capsys, monkeypatch, language):
    monkeypatch.setenv("COURSE_LANG", language)
    screen = Screen()
    for each in questions(WRITTEN[3:8], language, seed=2):
        for place, option in enumerate(each.options):
            monkeypatch.setattr(sys, "stdin", io.StringIO(f"{place + 1}\n"))
            assert screen.ask(each) is option.correct
            before = flat(capsys.readouterr().out)
            screen.explain(each)
            said = flat(capsys.readouterr().out)
            assert shown(each.question) in before
            assert all(shown(other.text) in before for other in each.options)
            right = [each.options[number] for number in each.right]
            assert all(shown(text.why) in said for text in [option, *right])
            assert all(shown(text.text) in said for text in right) or option.correct
            assert each.link.url in said
            assert "`" not in before + said
            assert ("✓" if option.correct else "✗") in said


def test_a_quiz_is_answered_by_numbers_and_its_end_is_kind(course, run):
    code, out, err = run("quiz", "01", "--seed", "5", typed="1\nsix\n0\n2\n")
    assert (code, err) == (0, "")
    assert out.count("Type a number from 1 to 3") == 2
    assert "Ended after 2 of 3" in out
    assert [each.source for each in reviews.load(course)] == ["quiz", "quiz"]
    assert run("quiz", "01", "--seed", "5", typed="1\nsix\n0\n2\n")[1] == out
    for ending in ("", "q\n", "Q"):
        code, out, _ = run("quiz", typed=ending)
        assert code == 0
        assert "Nothing was answered." in out
    assert len(reviews.load(course)) == 4


def test_a_language_is_that_of_one_command(course, run):
    _, out, _ = run("quiz", "--lang", "zh", typed="1\n")
    assert "两倍是多少" in out
    assert "What is" not in out
    assert os.environ["COURSE_LANG"] == "en"
    code, _, err = run("quiz", "--lang", "fr")
    assert (code, err) == (2, "course: no language 'fr'; choose one of: en, zh\n")


def test_what_is_unknown_is_said_in_one_line(course, run):
    for arguments, words in [
        (["quiz", "99"], "the topics are 01"),
        (["quiz", "--level", "extreme"], "easy, medium, hard"),
        (["quiz", "01", "--level", "hard"], "topic 01 is easy, not hard"),
        (["quiz", "--n", "0"], "n"),
        (["today", "--import", "nothing.json"], "there is no file nothing.json"),
        (["progress", "--plot", "x.jpeg"], ".png, .svg, .pdf"),
    ]:
        code, _, err = run(*arguments)
        assert code == 2
        assert words in err
        assert err.count("\n") == 1
    assert reviews.load(course) == []


def test_what_was_failed_is_asked_again_and_today_comes_to_an_end(course, run):
    code, out, _ = run("today", typed="q\n")
    assert code == 0
    assert "0 to see again, 8 new" in out
    topic = catalog.topics()[0]
    cards = flashcards.ids(topic)
    assert len(cards) == 8
    _, out, _ = run("today", "--n", "3", typed="1\n1\n1\n1\n1\n1\n1\n1\n1\n1\n1\n")
    seen = memory.replay(reviews.load(course))
    assert set(seen) == set(cards[:3])
    assert len(reviews.load(course)) > 3, "no card that was failed came back"
    for _ in range(9):
        _, out, _ = run("today", typed="3\n1\n2\n3\n1\n2\n3\n3\n3\n3\n3\n2\n1\n")
    assert set(memory.replay(reviews.load(course))) == set(cards)
    assert "Next:" in out or "left for today" in out


def test_the_interview_of_the_plan_bounds_what_is_put_off(course, run):
    interview = date.today() + timedelta(days=6)
    plan.save(plan.Wish(interview, 5, "mobile"))
    _, out, _ = run("today", typed="".join("4\n" for _ in range(20)))
    assert f"The interview is on {interview} (days left: 6)" in out
    for each in memory.replay(reviews.load(course)).values():
        assert each.due(interview) is None or each.due(interview) <= interview


def test_on_the_day_of_the_interview_nothing_is_new(course, run):
    for days, new, words in ((0, 0, "The interview is today"), (1, 8, "The interview is tomorrow")):
        plan.save(plan.Wish(date.today() + timedelta(days=days), 5, "mobile"))
        _, out, _ = run("today", typed="q\n")
        assert words in out
        assert f"{new} new" in out or (new == 0 and "Nothing is due today" in out)
        assert "0 seen" not in out
    plan.save(plan.Wish(date.today() - timedelta(days=1), 5, "mobile"))
    assert "The day in your plan is past." in run("today", typed="q\n")[1]


def test_reviews_move_to_another_computer(course, run, tmp_path, monkeypatch):
    run("quiz", typed="1\n1\n1\n")
    assert "mine.json: 3." in run("today", "--export", "mine.json")[1]
    before = reviews.load(course)
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "other"))
    assert "before: 3." in run("today", "--import", "mine.json")[1]
    assert "before: 0." in run("today", "--import", "mine.json")[1]
    assert reviews.load(Progress(tmp_path / "other" / "progress.db")) == before


def test_a_broken_progress_file_is_set_aside_in_the_language_of_the_command(course, run):
    course.path.parent.mkdir(parents=True)
    course.path.write_bytes(b"no database" * 500)
    code, _, err = run("quiz", "--lang", "zh", typed="1\n")
    (aside,) = course.path.parent.glob("progress.db.broken-*")
    assert code == 0
    assert aside.read_bytes() == b"no database" * 500
    assert err == f"进度文件无法读取，已原样保留为 {aside}，并新建了一个。\n"
    assert len(reviews.load(course)) == 1


def test_a_quiz_that_is_killed_keeps_what_was_answered(course, tmp_path):
    command = [sys.executable, "-c", "from course_lib.cli import app; app()", "quiz", "--seed", "1"]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for answered in (1, 2):
        child.stdin.write("1\n")
        child.stdin.flush()
        while "Lesson:" not in child.stdout.readline():
            pass
        assert len(reviews.load(course)) == answered
    child.kill()
    child.wait()
    child.stdin.close()
    child.stdout.close()
    assert len(reviews.load(course)) == 2


def test_the_deck_is_written_whole_or_not_at_all(course, run, tmp_path):
    code, out, _ = run("deck", "--lang", "zh")
    assert code == 0
    found = deck.contents((tmp_path / "tflite-interview-zh.apkg").read_bytes())
    assert found.cards == 8
    assert str(found.cards) in out
    (tmp_path / "folder.apkg").mkdir()
    assert run("deck", "--out", "folder.apkg")[0] == 2
    assert sorted(path.name for path in tmp_path.glob("*.apkg*")) == ["folder.apkg", "tflite-interview-zh.apkg"]
    assert not list(tmp_path.glob(".*.new"))


def test_progress_shows_the_rule_and_answers_of_an_interview_change_nothing(course, run, tmp_path):
    course.save_attempt(Result("1A", (Outcome("check_double", SAY, "pass", 10, 10),)), "file")
    right = questions(catalog.topics(), seed=4)[0]
    run("quiz", "--seed", "4", "--n", "1", typed=f"{min(right.right) + 1}\n")
    code, out, _ = run("progress", "--plot", "mine.svg")
    assert code == 0
    for words in ("50 %", "33 %", flat("checks (points earned in its exercises"), "1A", "Three panels"):
        assert words in out or words in flat(out)
    alt = out.rsplit("mine.svg: ", 1)[1].strip()
    drawn = (tmp_path / "mine.svg").read_text("utf-8")
    assert html.escape(alt, quote=False) in drawn

    def typed(db):
        db.execute("CREATE TABLE answers (topic TEXT, text TEXT, heard INTEGER)")
        db.executemany("INSERT INTO answers VALUES (?, ?, ?)", [("01_double_it", "It is linear.", 3)] * 50)

    course.transact(typed)
    course.save_record("01_double_it", "measured_ratio", 2.0)
    assert run("progress")[1] == out[: out.index("mine.svg")]
    _, chinese, _ = run("progress", "--lang", "zh")
    assert "准备度" in chinese
    assert "Readiness" not in chinese


@pytest.mark.parametrize("suffix", picture.FORMATS)
def test_the_picture_has_labels_with_units_and_carries_its_description(tmp_path, suffix):
    seen = seen_after([(card, 3, number) for number, card in enumerate(CARDS[:30])])
    ready = readiness.readiness(WRITTEN[:6], {"1A": 10}, seen, DAY)
    days = [picture.Day(DAY, ("1A",), 30), picture.Day(DAY + timedelta(days=3), (), 2)]
    path = tmp_path / f"x{suffix}"
    alt = picture.save(ready, days, path)
    assert alt == picture.description(ready, days)
    assert path.stat().st_size > 5000
    figure = picture.draw(ready, days)
    assert all(axis.get_xlabel() and axis.get_ylabel() for axis in figure.axes)
    assert {axis.get_xlabel() for axis in figure.axes} == {"Readiness (%)", "Day"}
    assert picture.draw(ready, []).axes


@given(text=st.text(alphabet="ab 中，。（）1.\n", max_size=80), width=st.integers(4, 30))
def test_wrapped_lines_fit_and_lose_nothing(text, width):
    lines = wrapped(text, width)
    assert all(cell_len(line) <= width for line in lines)
    assert flat("".join(lines)) == flat(text)


def test_a_number_stands_with_its_unit():
    for width in range(8, 40):
        lines = wrapped("Here 92.3 % are right, in 57 µs and 94 kB, by 3 dB more than 5 % of all.", width)
        assert not [line for line in lines if line.split()[0] in {"%", "µs", "kB", "dB"}]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_progress_stands_in_straight_columns(course, run, monkeypatch, language):
    monkeypatch.setenv("COLUMNS", "44")
    monkeypatch.setenv("COURSE_ROOT", str(ROOT))
    _, out, _ = run("progress", "--lang", language)
    table = out.split("\n\n")[1].splitlines()
    assert len(table) > 30
    assert max(cell_len(line) for line in table) <= 44
    assert {cell_len(line.rstrip()) for line in table if line.rstrip().endswith("%")} == {cell_len(table[0].rstrip())}
