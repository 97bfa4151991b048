"""Racing: everybody runs in every round, in changing order, and what is returned is what was called."""

import numpy as np
import pytest

from course_lib.evaluation import race


def test_every_entrant_is_called_equally_often_and_in_changing_order():
    order = []
    calls = {name: lambda name=name: order.append(name) for name in "abc"}
    times = race(calls, seconds=0, rounds=20, runs=3, warmups=2)
    assert {name: len(each) for name, each in times.items()} == {"a": 60, "b": 60, "c": 60}
    assert order[:6] == ["a", "a", "b", "b", "c", "c"]  # the warm-ups
    blocks = np.array(order[6:]).reshape(20, 3, 4)  # one untimed call and three timed ones
    assert (blocks == blocks[:, :, :1]).all()
    assert {"".join(sorted(each)) for each in map("".join, blocks[:, :, 0])} == {"abc"}
    assert len({"".join(each) for each in blocks[:, :, 0]}) > 1


def test_times_are_microseconds_and_the_slower_one_is_slower():
    import time

    times = race({"sleeps": lambda: time.sleep(0.002), "returns": lambda: None}, seconds=0, rounds=3, runs=2)
    assert np.median(times["sleeps"]) > 1900 > np.median(times["returns"]) > 0


def test_rounds_go_on_until_the_time_is_up():
    assert len(race({"a": lambda: None}, seconds=0.05, rounds=1, runs=1)["a"]) > 100


@pytest.mark.parametrize("wrong", [{"calls": {}}, {"rounds": 0}, {"runs": 0}])
def test_nothing_to_time_is_refused(wrong):
    with pytest.raises(ValueError, match="need something to time"):
        race(**({"calls": {"a": lambda: None}} | wrong))
