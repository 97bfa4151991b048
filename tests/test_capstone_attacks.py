"""What a learner's capstone might try in order to look accepted; every one must get what its file deserves."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from ai_edge_litert import schema_py_generated as tfl

from course_lib.capstone import PRACTICE, materials, orders
from course_lib.capstone.gate import refusal
from course_lib.capstone.grade import grade
from course_lib.capstone.measure import NotMeasured, Protocol, measure
from course_lib.core import Artifact
from course_lib.techniques import Int8
from tests.hostile_walls import no_walls
from tests.inspection_models import _code, finish, operator, tensor

QUICK = Protocol(images=1000, loads=10, runs=10)
# A float file: 3.5 times as large as the practice order allows, with a contract and a scorecard that look honest.
START = """
from course_lib.capstone import Delivery, Scorecard, Tried
from course_lib.deployment import Preprocessing, write_contract

def honest(model, data):
    name = write_contract(model).inputs[0].name
    contract = write_contract(model, labels=data.class_names, preprocessing={name: Preprocessing(divisor=255.0)})
    tried = (Tried("one", 1, 0.5, 1.0), Tried("two", 1, 0.5, 1.0))
    return Delivery(model.content, contract, Scorecard(model.raw_bytes, 0.92, 5000, 1.0, "nothing", tried))

def build(model, data, budget):
    return honest(model, data)
"""

PATCHES = """
import sys, threading
from course_lib.capstone import budgets, gate, grade, judge, measure, values

judge.judge = grade.judge = lambda *_: ()
judge.against = lambda *_, **__: "met"
judge.WORDS["missed"] = judge.WORDS["met"]
gate.refusal = grade.refusal = lambda _: None
grade.Done.accepted = grade.Outcome.accepted = True
measure.Measured.raw_bytes = 1
budgets.Budget.bytes = 10**9
object.__setattr__(budgets.PRACTICE.budget, "bytes", 10**9)
values.from_plain = lambda plain: plain
print("3 of 3 orders accepted")
"""

# Sizes that lie when asked, a contract that writes itself as another's, a number that equals everything.
LIES = """
from course_lib.deployment import Contract

class Small(bytes):
    def __len__(self): return 10
class Written(Contract):
    def to_json(self): return Contract.to_json(self).replace(str(351192), "10")
class Any(float):
    def __eq__(self, _): return True
    def __lt__(self, _): return True
    def __le__(self, _): return True
    __hash__ = float.__hash__

def build(model, data, budget):
    true = honest(model, data)
    contract = Written(**vars(true.contract))
    card = Scorecard(10, Any(0.92), 5000, Any(1.0), "nothing", true.scorecard.tried)
    return Delivery(Small(model.content), contract, card)
"""

# The function that the grader calls is replaced after it was defined; its answer carries a verdict.
ANSWERS = """
import threading, time, __main__
from course_lib.capstone import inside

def answer(*_):
    return {"tflite": b"TFL3", "contract": "{}", "scorecard": {}, "accepted": True, "verdict": "met", "demands": ()}

def replace(space=globals()):
    while True:
        inside.answer = answer
        space["capstone_answer"] = answer
        time.sleep(0.001)

threading.Thread(target=replace, daemon=True).start()
time.sleep(0.1)
"""


walled = pytest.mark.skipif(bool(no_walls()), reason=no_walls())


@pytest.fixture
def hand_in(tmp_path):
    def write(code: str, start: str = START):
        path = tmp_path / "31_capstone.py"
        path.write_text(start + code, "utf-8")
        return path

    return write


@pytest.mark.parametrize("code", [PATCHES, LIES], ids=["patches the judge", "lies about itself"])
def test_a_file_that_is_too_large_stays_so_whatever_its_process_claims(hand_in, code):
    found = grade(hand_in(code), protocol=QUICK)
    assert not found.accepted
    (one,) = found.done
    assert one.order == PRACTICE
    assert one.fault is None, one.fault
    assert one.measured.raw_bytes == len(materials("baseline")[0].content)
    assert next(each.verdict for each in one.demands if each.name == "bytes") == "missed"


def test_an_answer_with_a_verdict_in_it_is_no_delivery(hand_in):
    found = grade(hand_in(ANSWERS), protocol=QUICK)
    assert not found.accepted
    assert "no Delivery" in found.done[0].fault.en


@pytest.mark.timeout(120)
def test_what_a_file_leaves_running_is_gone_before_anything_is_measured(hand_in, tmp_path):
    """Otherwise it could keep the processors busy: a ratio with a wide interval is never missed."""
    beat = tmp_path / "beat"
    code = f"""
import subprocess, sys, threading, time
def beat():
    while True:
        open({str(beat)!r}, "w").close()
        time.sleep(0.02)
threading.Thread(target=beat, daemon=True).start()
again = "import time\\nwhile True: open({str(beat)!r}, 'w').close(); time.sleep(0.02)"
subprocess.Popen([sys.executable, "-c", again], start_new_session=True)
time.sleep(0.5)
"""
    silent = []
    grade(
        hand_in(code),
        contain="process",  # where it could be seen from here
        protocol=QUICK,
        watch=lambda done: silent.append((time.time() - beat.stat().st_mtime, done)),
    )
    ((seconds, done),) = silent
    assert done.measured is not None, done.fault
    assert seconds > 0.5  # starting the measuring process alone takes longer


def test_orders_are_those_of_the_learner_and_not_of_a_name_in_the_file(hand_in):
    code = 'LEARNER = "Bob"\ndef build(model, data, budget): raise ValueError(str(budget.bytes))\n'
    found = grade(hand_in(code), "Ann", 3, protocol=QUICK)
    assert [each.order for each in found.done] == list(orders("Ann", 3)) != list(orders("Bob", 3))
    for each in found.done:
        assert str(each.order.budget.bytes) in each.fault.en


def changed(change: Callable[[Any], None]) -> bytes:
    """Return the baseline with something changed in it."""
    model = tfl.ModelT.InitFromPackedBuf(materials("baseline")[0].content, 0)
    change(model)
    return finish(model)


def remembers(model):
    extra = tensor([1, 10], name="memory")
    extra.isVariable = True
    model.subgraphs[0].tensors.append(extra)


def counts_the_dark(model):
    """By such a number the file could leave out its work on noise, with which time is measured."""
    graph = model.subgraphs[0]
    model.operatorCodes.append(_code("CAST"))
    options = tfl.CastOptionsT()
    options.inDataType, options.outDataType = tfl.TensorType.FLOAT32, tfl.TensorType.INT32
    graph.tensors.append(tensor([1, 28, 28, 1], "INT32", name="whole"))
    code, made = len(model.operatorCodes) - 1, len(graph.tensors) - 1
    graph.operators.append(operator(code, [int(graph.inputs[0])], [made], options))


def takes_many(model):
    for index in (*model.subgraphs[0].inputs, *model.subgraphs[0].outputs):
        made = model.subgraphs[0].tensors[index]
        made.shape, made.shapeSignature = [64, *made.shape[1:]], None


@pytest.mark.parametrize(
    ("change", "why"), [(remembers, "variables"), (counts_the_dark, "int32"), (takes_many, "(1, 28, 28, 1)")]
)
def test_a_file_whose_time_is_not_that_of_one_image_is_refused(change, why):
    assert refusal(changed(lambda _: None)) is None
    assert why in refusal(changed(change)).en


def does_not_run(model):
    """The runtime refuses it when it is opened, which the gate cannot know without running it."""
    graph = model.subgraphs[0]
    graph.tensors[graph.operators[0].outputs[0]].type = tfl.TensorType.INT8


@walled
def test_behind_walls_a_file_is_measured_as_it_is_without():
    model, data = materials("baseline")
    file = Int8()(model, data)
    inside, outside = (measure(file, model, QUICK, walled=each) for each in (True, False))
    assert inside.accuracy == outside.accuracy
    assert (inside.val_right == outside.val_right).all()
    assert inside.delegate == outside.delegate


@walled
@pytest.mark.parametrize(("change", "seconds"), [(does_not_run, 60.0), (lambda _: None, 0.05)], ids=["broken", "late"])
def test_behind_walls_a_file_that_does_not_run_is_told_so(change, seconds):
    model = materials("baseline")[0]
    with pytest.raises(NotMeasured, match=r"ended with code|not measured within"):
        measure(Artifact("file", changed(change)), model, replace(QUICK, seconds=seconds), walled=True)
