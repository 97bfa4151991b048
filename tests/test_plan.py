"""The plan fits the time, respects what topics need, and says what it leaves out."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import catalog, plan, start_page
from course_lib.cli import app

ROOT = Path(__file__).resolve().parent.parent
TODAY = date(2026, 11, 24)
TOPICS = catalog.topics(ROOT)
WRITTEN = {topic.number: topic for topic in TOPICS if topic.written}


def made(hours=12.0, role="mobile", days=14, done=()):
    return plan.plan(TOPICS, plan.Wish(TODAY + timedelta(days=days), hours, role), TODAY, done)


@settings(max_examples=60, deadline=None)
@given(
    hours=st.floats(0.1, 60),
    role=st.sampled_from(plan.ROLES),
    days=st.integers(0, 60),
    done=st.sets(st.sampled_from(sorted(WRITTEN))),
)
def test_a_plan_fits_the_time_and_every_topic_comes_after_what_it_needs(hours, role, days, done):
    found = made(hours, role, days, done)
    assert found.minutes <= round(60 * hours)
    numbers = [step.topic.number for step in found.steps]
    assert sorted([*numbers, *found.left_out, *done]) == sorted(WRITTEN)
    for place, step in enumerate(found.steps):
        needed = {int(each) for each in step.topic.card.needs} & WRITTEN.keys()
        assert needed <= {*numbers[:place], *done}
        card = step.topic.card
        assert step.minutes == (card.minutes.whole if step.whole else card.minutes.core)
    dates = [step.day for step in found.steps]
    assert dates == sorted(dates)
    last = TODAY + timedelta(days=max(days - 1, 0))
    assert all(TODAY <= day <= last for day in dates)


def test_little_time_goes_to_the_first_road_and_unlimited_time_to_everything():
    few = made(hours=1)
    first = [number for number in plan.ROADS[0].topics if number in WRITTEN]
    assert [step.topic.number for step in few.steps] == first[: len(few.steps)]
    assert not any(step.whole for step in few.steps)
    everything = made(hours=200)
    assert all(step.whole for step in everything.steps)
    assert everything.left_out == ()


def test_the_role_decides_what_comes_after_the_road():
    hours = 8
    chosen = {role: {step.topic.number for step in made(hours, role).steps} for role in plan.ROLES}
    extra = set.union(*chosen.values()) - set.intersection(*chosen.values())
    assert extra
    for role, numbers in chosen.items():
        needed = {int(each) for number in numbers for each in WRITTEN[number].card.needs}
        assert all(role in WRITTEN[number].card.roles for number in (numbers & extra) - needed)


def test_roads_lead_through_real_topics_each_once_and_reach_all_thirty():
    for road in plan.ROADS:
        assert len(set(road.topics)) == len(road.topics)
    assert {number for road in plan.ROADS for number in road.topics} == set(range(1, 31))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ((TODAY, 0, "mobile"), "more than 0"),
        ((TODAY, float("nan"), "mobile"), "more than 0"),
        ((TODAY, 1, "x"), "embedded"),
    ],
)
def test_a_wish_that_cannot_be_planned_says_why(values, says):
    with pytest.raises(ValueError, match=says):
        plan.Wish(*values)


def test_a_day_that_is_past_is_refused():
    with pytest.raises(ValueError, match="2026-11-23 is past"):
        made(days=-1)


@pytest.mark.parametrize("code", ["en", "zh"])
def test_the_command_prints_the_plan_and_the_start_page_shows_it(tmp_path, monkeypatch, capsys, code):
    monkeypatch.setenv("COURSE_HOME", str(tmp_path))
    monkeypatch.setenv("COURSE_LANG", code)
    monkeypatch.setenv("COLUMNS", "200")
    day = (date.today() + timedelta(days=10)).isoformat()
    with pytest.raises(SystemExit) as ended:
        app(["plan", "--date", day, "--hours", "5", "--role", "embedded"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert WRITTEN[1].card.page(code).title in out
    assert str(plan.RULE) in out
    assert plan.saved() == plan.Wish(date.fromisoformat(day), 5.0, "embedded")
    page = start_page.page(start_page.rows({}, ROOT), made=made())
    for road in plan.ROADS:
        assert f"**{road.name}**" in page
    assert f"- **{TODAY.isoformat()}**: " in page
    (tmp_path / "plan.json").write_text("{")
    assert plan.saved() is None
