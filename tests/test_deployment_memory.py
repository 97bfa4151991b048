"""The arena plan: laws on random lives, and what both runtimes really do with real files."""

import pytest
from ai_edge_litert.interpreter import Interpreter
from hypothesis import given
from hypothesis import strategies as st

from course_lib.core import Artifact
from course_lib.deployment import LITERT, MICRO, Rules, litert_arena, plan_arena, plan_model
from course_lib.inspection import inspect
from course_lib.inspection.lifetimes import Lifetime
from course_lib.models import float_tflite
from tests import inspection_models as models
from tests import third_party

LIVES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5), st.integers(0, 300)), max_size=25).map(
    lambda drawn: [Lifetime(i, first, first + length, size) for i, (first, length, size) in enumerate(drawn)]
)
RULES = st.builds(Rules, alignment=st.sampled_from([1, 4, 16, 64]), ties=st.sampled_from(["first", "last"]))


@given(LIVES, RULES)
def test_who_lives_at_the_same_time_shares_no_byte(lives, rules):
    plan = plan_arena(lives, rules)
    assert [(b.tensor, b.bytes, b.first, b.last) for b in plan.blocks] == [
        (life.tensor, life.bytes, life.first, life.last) for life in lives
    ]
    for number, one in enumerate(plan.blocks):
        assert one.offset >= 0
        assert one.offset % rules.alignment == 0
        for other in plan.blocks[:number]:
            apart = one.last < other.first or other.last < one.first
            assert apart or one.end <= other.offset or other.end <= one.offset or not (one.bytes and other.bytes)


@given(LIVES, RULES)
def test_the_total_lies_between_the_bound_and_no_sharing(lives, rules):
    plan = plan_arena(lives, rules)
    assert plan.lower_bound <= plan.total <= plan.naive
    assert plan.total == max((-(-b.end // rules.alignment) * rules.alignment for b in plan.blocks), default=0)
    alive = [
        sum(-(-life.bytes // rules.alignment) * rules.alignment for life in lives if life.first <= at <= life.last)
        for at in range(20)
    ]
    assert plan.lower_bound == max(alive)


@given(LIVES)
def test_planning_the_same_lives_twice_gives_the_same_plan(lives):
    assert plan_arena(lives) == plan_arena(iter(lives))


def test_nothing_to_place_takes_nothing():
    plan = plan_arena([])
    assert (plan.blocks, plan.total, plan.naive, plan.lower_bound) == ((), 0, 0, 0)


def test_a_chain_needs_its_two_largest_neighbours():
    chain = [Lifetime(i, i, i + 1, size) for i, size in enumerate([16, 160, 64, 320, 16])]
    assert plan_arena(chain).total == 64 + 320


@pytest.mark.parametrize("life", [Lifetime(0, 0, 0, -1), Lifetime(0, 3, 2, 8)])
def test_impossible_lives_are_refused(life):
    with pytest.raises(ValueError, match="tensor 0"):
        plan_arena([life])


@pytest.mark.parametrize("fields", [{"alignment": 0}, {"alignment": 16, "ties": "random"}])
def test_impossible_rules_are_refused(fields):
    with pytest.raises(ValueError, match=r"must be"):
        Rules(**fields)


def test_a_subgraph_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="1 subgraphs"):
        plan_model(float_tflite(), subgraph=1)


def test_the_plan_is_at_least_the_anatomys_peak():
    for name in models.FILES:
        anatomy = inspect(models.content(name))
        assert plan_model(anatomy, Rules(alignment=1)).lower_bound == anatomy.peak_live_bytes, name


def test_keeping_inputs_never_needs_less():
    anatomy = inspect(float_tflite())
    kept = plan_model(anatomy, Rules(alignment=16, keep_inputs=True))
    assert kept.lower_bound == plan_model(anatomy).lower_bound + 28 * 28 * 4  # at its peak the input is long dead


@pytest.mark.parametrize("name", ["float32", "int8", "quantizer_int8", "mixed", "int16x8", "weight_only"])
def test_litert_places_a_plain_graph_as_planned(name):
    plan, real = plan_model(models.content(name), LITERT), litert_arena(Artifact(name, models.content(name)))
    assert plan.total - LITERT.alignment < real.bytes <= plan.total


@pytest.mark.parametrize(
    ("package", "name"),
    [
        ("pymicro-wakeword", "alexa"),
        ("pymicro-wakeword", "okay_nabu"),
        ("pyopen-wakeword", "hey_mycroft"),
        ("mediapipe", "face_landmark"),
        ("mediapipe", "hand_landmark_full"),
        ("mediapipe", "pose_detection"),
    ],
)
def test_litert_places_strangers_graphs_as_planned(package, name):
    content = third_party.model(package, name)
    plan, real = plan_model(content, LITERT), litert_arena(Artifact(name, content))
    assert plan.total - LITERT.alignment < real.bytes <= plan.total


def test_looking_for_the_arena_leaves_the_interpreter_alone(monkeypatch):
    """A view that stays alive would make the interpreter refuse to run."""
    used = []
    monkeypatch.setattr(
        "course_lib.deployment.litert_memory.open_interpreter", lambda *a, **k: used.append(_opened(a[0])) or used[0]
    )
    litert_arena(float_tflite())
    used[0].invoke()


def _opened(artifact):
    interpreter = Interpreter(model_content=artifact.content)
    interpreter.allocate_tensors()
    return interpreter


def test_an_arena_that_is_no_block_is_none():
    assert litert_arena(Artifact("nmp", third_party.model("basic-pitch", "nmp"))) is None


def test_the_order_of_equal_tensors_decides_a_third_of_a_real_arena():
    """TFLite Micro takes the last one first: 663,552 bytes where 454,656 would do."""
    content = third_party.model("pyopen-wakeword", "embedding_model")
    first = plan_model(content, Rules(alignment=16))
    assert first.total == first.lower_bound == 454_656
    assert plan_model(content, MICRO).total == 663_552
