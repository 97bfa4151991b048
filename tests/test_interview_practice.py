"""Quiz, memory, deck, readiness: reproducible, never lost, never after the interview, by a rule that is shown."""

from __future__ import annotations

import json
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

from course_lib import catalog, fields
from course_lib.grading.progress import Progress
from course_lib.interview import deck, flashcards, memory, readiness, reviews
from course_lib.interview.memory import Remembered, Review
from course_lib.interview.quiz import questions
from tests import fake_course

ROOT = Path(__file__).resolve().parent.parent
TOPICS = catalog.topics(ROOT)
WRITTEN = [topic for topic in TOPICS if topic.written]
CARDS = [card for topic in WRITTEN for card in flashcards.ids(topic)]
DAY = date(2026, 11, 24)
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
        assert all(f"{weight:.0%}" in text for weight in weights)


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
