"""The constitution: every written topic keeps every rule. The rules are in constitution.py, cards.py and pages.py."""

from __future__ import annotations

import pytest

from course_lib.catalog import topics
from course_lib.home import course_root
from tests import cards, constitution, pages

TOPICS = topics()
WRITTEN = [topic for topic in TOPICS if topic.written]
RULES = (*constitution.RULES, *cards.RULES, *pages.RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("topic", WRITTEN, ids=lambda topic: topic.name)
def test_rule(topic, rule):
    breaches = list(rule(topic, course_root()))
    assert not breaches, f"{rule.__doc__}\n- " + "\n- ".join(breaches)


def test_the_course_has_thirty_topics():
    assert [topic.number for topic in TOPICS] == list(range(1, 31))


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_every_card_reads_and_asks_in_both_languages(topic):
    card = topic.card
    assert all([card.en.title, card.en.question, card.roles])
    assert cards.HAN.search(card.zh.title)
    assert cards.HAN.search(card.zh.question)


def test_no_topic_needs_itself_by_any_road():
    needs = {topic.number: {int(number) for number in topic.card.needs} for topic in TOPICS}
    assert set().union(*needs.values()) <= set(needs)
    reached: set[int] = set()
    while ready := [number for number, before in needs.items() if number not in reached and before <= reached]:
        reached |= set(ready)
    assert reached == set(needs), "these topics wait for each other"
