"""The proxy: the same calls give the same answers in this process and through a pipe to another one."""

from __future__ import annotations

from textwrap import dedent
from types import SimpleNamespace

import numpy as np
import pytest

from course_lib.grading.cells import Cell
from course_lib.grading.faults import Failed, LearnerRaised, NotPlain, Unusable
from course_lib.grading.judge import LocalSession
from course_lib.grading.laws import expect, raises, source, unchanged
from course_lib.grading.reference import run_definitions
from course_lib.grading.remote import RemoteSession

CODE = dedent(
    """
    import builtins
    import dataclasses
    import functools
    import numpy as np
    from collections import namedtuple

    ANSWER = 42
    TABLE = {"a": [1, 2.5, None], "b": {3, 4}}
    Pair = namedtuple("Pair", "x y")

    def echo(value):
        return value

    def describe(value):
        return type(value).__name__, getattr(value, "flags", None) is not None and value.flags.f_contiguous

    def kwargs(a, *rest, b=1, **more):
        return a, rest, b, more

    def nan():
        return float("nan")

    def pair():
        return Pair(1, 2)

    def count(n):
        for i in range(n):
            yield i * i

    def forever():
        while True:
            yield 1

    def apply(function, *args, **kw):
        return function(*args, **kw)

    def catch(function):
        try:
            function()
        except Exception as error:
            return type(error).__name__, str(error)

    def swallow(function, times):
        for _ in range(times):
            try:
                function()
            except Exception:
                pass
        return "done"

    def compose(f, g):
        return lambda x: f(g(x))

    def use(space):
        return space.name, space.double(4)

    def scribble(x):
        x[...] = 0
        return x.sum()

    def append(items, other=None):
        items.append(1)
        return items

    class Strange(Exception):
        pass

    def fail(kind):
        if kind == "strange":
            raise Strange("odd " * 1000)
        if kind == "mute":
            class Mute(ValueError):
                def __str__(self):
                    raise RuntimeError
            raise Mute()
        raise getattr(builtins, kind)("because")

    class Box:
        made = 0

        def __init__(self, *items):
            self.items = list(items)
            self.note = None
            Box.made += 1

        def put(self, item):
            self.items.append(item)
            return self

        @property
        def first(self):
            return self.items[0]

        def __getitem__(self, index):
            return self.items[index]

        def __setitem__(self, index, value):
            self.items[index] = value

        def __len__(self):
            return len(self.items)

        def __contains__(self, item):
            return item in self.items

        def __iter__(self):
            return iter(self.items)

        def __enter__(self):
            self.note = "open"
            return self

        def __exit__(self, *args):
            self.note = "closed"

        def __float__(self):
            return float(self.items[0])

        def __eq__(self, other):
            return True

        __hash__ = None

    class Falsy:
        def __bool__(self):
            return False

    class OldStyle:
        def __getitem__(self, index):
            if index > 2:
                raise IndexError(index)
            return index

    @dataclasses.dataclass
    class Point:
        x: float
        y: float

    def unbox(boxes):
        return [box.first for box in boxes]

    def cycle():
        loop = []
        loop.append(loop)
        return loop

    def bad_array():
        return np.array([object()])

    partial = functools.partial(kwargs, 1)
    """
)


@pytest.fixture(scope="module", params=["here", "worker"])
def session(request):
    if request.param == "here":
        yield LocalSession(run_definitions(CODE, "learner.py"))
        return
    remote = RemoteSession((Cell(1, CODE),))
    yield remote
    assert not remote.notes()
    remote.close()


@pytest.fixture
def names(session):
    checker = session.checker()
    checker.begin()
    wanted = (
        "ANSWER TABLE echo describe kwargs nan pair count forever apply catch swallow compose use scribble append fail "
        "Box Falsy OldStyle Point unbox cycle bad_array partial missing"
    )
    return SimpleNamespace(**checker.fetch(wanted.split()))


def test_plain_names_arrive_as_values_and_missing_ones_do_not(names):
    assert names.ANSWER == 42
    assert {"a": [1, 2.5, None], "b": {3, 4}} == names.TABLE
    assert not hasattr(names, "missing")


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        2**100,
        1.5,
        "ж",
        b"\0",
        (1, [2]),
        {"k": (1,)},
        {1},
        frozenset({2}),
        np.int8(3),
        range(4),
        np.float32,
    ],
    ids=repr,
)
def test_values_go_there_and_back(names, value):
    got = names.echo(value)
    assert type(got) is type(value)
    assert got == value


@pytest.mark.parametrize(
    "array",
    [
        np.array(3.0),
        np.asfortranarray(np.ones((2, 3))),
        np.arange(10)[::2],
        np.zeros((0, 4), bool),
        np.random.default_rng(1).normal(size=(512, 1024)),
    ],
    ids=["zero-d", "fortran", "strided", "empty", "4 MB"],
)
def test_arrays_go_there_and_back(names, array):
    got = names.echo(array)
    assert (got.dtype, got.shape, got.tobytes()) == (array.dtype, array.shape, array.tobytes())
    assert not np.shares_memory(got, array)


def test_the_learner_sees_an_array_with_its_order(names):
    assert names.describe(np.asfortranarray(np.ones((2, 3)))) == ("ndarray", True)
    assert names.describe(np.ones((2, 3))) == ("ndarray", False)


def test_nan_is_nan(names):
    assert np.isnan(names.nan())


def test_arguments_go_by_position_and_by_name(names):
    assert names.kwargs(1, 2, 3, b=4, c=5) == (1, (2, 3), 4, {"c": 5})
    assert names.partial(2, b=3) == (1, (2,), 3, {})


def test_a_named_tuple_is_a_tuple(names):
    assert type(names.pair()) is tuple
    assert names.pair() == (1, 2)


def test_what_the_learner_does_to_an_argument_stays_there(names):
    mine = np.arange(4.0)
    assert names.scribble(mine) == 0
    assert mine.tolist() == [0, 1, 2, 3]


def test_unchanged_tells_which_argument_was_written_to(names):
    assert unchanged(names.echo, [1, 2]) == [1, 2]
    with pytest.raises(Failed, match="argument 1") as caught:
        unchanged(names.scribble, np.ones(3))
    assert "就地修改了第 1 个参数" in caught.value.say.zh
    with pytest.raises(Failed, match="argument 1"):
        unchanged(names.append, [1], other=[2])
    with pytest.raises(Failed, match="items"):
        unchanged(names.append, items=[1])
    assert unchanged(names.scribble, np.zeros(3)) == 0  # written, but not changed


def test_generators_are_consumed_one_by_one(names):
    assert list(names.count(4)) == [0, 1, 4, 9]
    endless = iter(names.forever())
    assert [next(endless) for _ in range(3)] == [1, 1, 1]


def test_the_learner_calls_the_check_s_function(names):
    seen = []

    def add(a, b=1):
        seen.append((a, b))
        return a + b

    assert names.apply(add, 2) == 3
    assert names.apply(add, np.arange(2), b=1.5).tolist() == [1.5, 2.5]
    assert seen[0] == (2, 1)
    assert names.apply(max, [3, 9, 4]) == 9


def test_a_function_of_the_check_comes_home_as_itself(names):
    def mine():
        return 1

    assert names.echo(mine) is mine
    assert names.echo([mine])[0] is mine


def test_the_learner_s_function_comes_home_as_itself(names):
    assert names.echo(names.echo) == names.echo
    assert names.apply(names.echo, 5) == 5


def test_calls_nest_both_ways(names):
    def twice(x):
        return names.echo(x) * 2

    composed = names.compose(twice, names.echo)
    assert composed(21) == 42
    assert names.apply(lambda f: f(3), lambda x: names.apply(twice, x)) == 6


def test_several_functions_go_as_a_namespace(names):
    assert names.use(SimpleNamespace(name="n", double=lambda x: 2 * x)) == ("n", 8)


def test_what_the_check_s_function_raises_reaches_the_learner(names):
    def bad():
        raise KeyError("nothing there")

    assert names.catch(bad) == ("KeyError", "'nothing there'") or names.catch(bad)[0] == "KeyError"
    with pytest.raises(LearnerRaised) as caught:
        names.apply(bad)
    assert caught.value.is_a(KeyError)
    assert caught.value.is_a(LookupError)


def test_an_expect_inside_a_callback_cannot_be_swallowed(names):
    def limited():
        expect(False, en="called too often", zh="调用太多")

    with pytest.raises(Failed, match="called too often"):
        names.swallow(limited, 3)
    assert names.echo(1) == 1  # and the connection is still in step


@pytest.mark.parametrize("kind", ["ValueError", "KeyError", "ZeroDivisionError", "NotImplementedError", "SystemExit"])
def test_exceptions_arrive_by_kind(names, kind):
    with pytest.raises(LearnerRaised) as caught:
        names.fail(kind)
    assert caught.value.kind == kind
    assert "because" in caught.value.message
    assert caught.value.call == f"fail('{kind}')"


def test_a_learner_s_own_exception_arrives_shortened(names):
    with pytest.raises(LearnerRaised) as caught:
        names.fail("strange")
    assert caught.value.kind == "Strange"
    assert len(caught.value.message) <= 300
    assert caught.value.is_a(Exception)
    assert not caught.value.is_a(ValueError)


def test_an_exception_whose_text_raises_still_arrives(names):
    with pytest.raises(LearnerRaised) as caught:
        names.fail("mute")
    assert caught.value.is_a(ValueError)
    assert caught.value.message == ""


def test_raises_accepts_the_kind_and_subclasses_only(names):
    raises(ValueError, names.fail, "ValueError")
    raises(LookupError, names.fail, "KeyError")
    with pytest.raises(Failed, match="KeyError instead of ValueError"):
        raises(ValueError, names.fail, "KeyError")
    with pytest.raises(Failed, match="returned 3"):
        raises(ValueError, names.echo, 3)
    with pytest.raises(LearnerRaised):  # a stub is still to do, not a failure
        raises(ValueError, names.fail, "NotImplementedError")
    with pytest.raises(LearnerRaised):
        raises(Exception, names.fail, "NotImplementedError")
    raises(NotImplementedError, names.fail, "NotImplementedError")


def test_objects_work_through_a_handle(names):
    box = names.Box(5, 6)
    assert box.items == [5, 6]
    assert box.first == 5
    assert (len(box), box[1], 6 in box, 7 in box) == (2, 6, True, False)
    box[0] = 9
    assert list(box) == [9, 6]
    assert float(box) == 9.0
    box.put(1).put(2)
    assert box.items == [9, 6, 1, 2]
    box.note = "mine"
    assert box.note == "mine"
    with box as inner:
        assert inner == box
        assert box.note == "open"
    assert box.note == "closed"


def test_two_objects_are_two(names):
    one, two = names.Box(1), names.Box(2)
    assert (one.first, two.first) == (1, 2)
    assert names.unbox([two, one]) == [2, 1]


def test_an_object_that_equals_everything_equals_nothing(names):
    box = names.Box(1)
    assert box not in (1, names.Box(1), None)
    assert box == box
    assert box != 1


def test_a_handle_has_no_arithmetic(names):
    with pytest.raises(TypeError):
        names.Box(1) + 1
    with pytest.raises(TypeError):
        abs(names.Box(1))


def test_what_the_class_lacks_the_handle_lacks(names):
    point = names.Point(1.0, 2.0)
    assert (point.x, point.y) == (1.0, 2.0)
    assert not callable(point)
    assert callable(names.Point)
    with pytest.raises(TypeError):
        len(point)
    with pytest.raises(TypeError):
        iter(point)
    assert not hasattr(point, "z")
    assert hasattr(point, "x")
    assert bool(point)
    assert not names.Falsy()


def test_iteration_by_index_ends(names):
    assert list(names.OldStyle()) == [0, 1, 2]


def test_dunder_attributes_are_not_reached(names):
    for name in ("__dict__", "__globals__", "__code__", "__subclasses__", "__array__"):
        with pytest.raises(AttributeError):
            getattr(names.echo, name)


def test_what_cannot_be_read_says_why(names):
    with pytest.raises(Unusable, match="contains itself"):
        names.cycle()
    with pytest.raises(Unusable, match="dtype object"):
        names.bad_array()
    with pytest.raises(Unusable):
        raises(ValueError, names.cycle)


def test_a_check_that_passes_an_object_is_told(names):
    with pytest.raises(NotPlain, match="a check passed object"):
        names.echo(object())
    with pytest.raises(NotPlain):
        names.echo([ValueError])


def test_the_source_of_a_function_can_be_read(names):
    assert source(names.echo).startswith("def echo(value):")
    assert "class Box:" in source(names.Box)


def test_handles_of_an_earlier_law_are_gone(session):
    checker = session.checker()
    checker.begin()
    old = checker.fetch(["echo"])["echo"]
    checker.begin()
    with pytest.raises(LearnerRaised):
        old(1)


def test_a_callback_from_another_thread_is_refused(session):
    code = """
import threading
def threaded(function):
    found = []
    def run():
        try:
            found.append(function())
        except RuntimeError as error:
            found.append(str(error))
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found[0]
"""
    here = LocalSession(run_definitions(code, "threads.py"))
    other = RemoteSession((Cell(1, code),))
    for each in (here, other):
        checker = each.checker()
        checker.begin()
        assert "thread" in checker.fetch(["threaded"])["threaded"](lambda: 1)
    other.close()
