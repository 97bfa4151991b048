"""The modern questions: eighteen, in both languages, every number from a lesson and every section one that exists."""

import re
from pathlib import Path

import pytest

from course_lib import fields
from course_lib.language import Say
from tools import modern
from tools.source import BuildError

ROOT = Path(__file__).resolve().parent.parent
QUESTIONS = modern.read(ROOT)


def test_there_are_eighteen_and_every_one_is_backed():
    assert len(QUESTIONS) == 18
    assert all(each.backing for each in QUESTIONS)
    assert len({each.question.en for each in QUESTIONS}) == 18


@pytest.mark.parametrize("code", ["en", "zh"])
def test_the_committed_page_is_what_the_source_renders(code):
    page = modern.render(QUESTIONS, code, ROOT)
    assert (ROOT / "docs" / modern.PAGES[code]).read_text("utf-8") == page
    links = re.findall(r"\]\(([^)]+)\)", page)
    assert len(links) > 18
    assert all((ROOT / "docs" / link).is_file() for link in links)


@pytest.mark.parametrize("each", QUESTIONS, ids=lambda each: each.question.en[:40])
def test_an_answer_takes_a_minute_and_both_languages_use_the_same_numbers(each):
    words = len(each.answer.en.split())
    assert 60 <= words <= 190, words
    characters = len(re.findall("[一-鿿]", each.answer.zh))
    assert 110 <= characters <= 380, characters
    assert sorted(fields.names(each.answer.en)) == sorted(fields.names(each.answer.zh))


def test_a_section_that_does_not_exist_is_refused():
    wrong = modern.Question(Say("q", "q"), Say("a", "a"), (("04", "No such section"),))
    with pytest.raises(BuildError, match="No such section"):
        modern.render([wrong], "en", ROOT)
