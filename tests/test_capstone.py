"""The capstone: fair budgets, honest verdicts, unharmed by what is handed in, and a page that anybody can read."""

from __future__ import annotations

import csv
import os
import re
import shutil
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from course_lib import workbook
from course_lib.capstone import PRACTICE, Budget, Delivery, Scorecard, Tried, budgets, materials, orders
from course_lib.capstone.contained import LIMITS, Built, session
from course_lib.capstone.gate import refusal
from course_lib.capstone.grade import Outcome, grade, judged
from course_lib.capstone.judge import against, judge
from course_lib.capstone.measure import Protocol
from course_lib.capstone.page import html_page, ledger
from course_lib.capstone.questions import COUNT, _chance, questions
from course_lib.capstone.values import Unfit, from_plain, to_plain
from course_lib.core import Environment, Interval
from course_lib.deployment import Preprocessing, write_contract
from course_lib.evaluation import predict
from course_lib.language import Say
from course_lib.techniques import DynamicRange, Float16, Int8, WeightOnly

ROOT = Path(__file__).resolve().parents[1]
QUICK = Protocol(images=1000, loads=10, runs=10)
LEARNERS = [f"learner {number}" for number in range(200)]


def delivery_of(export, name):
    """What an honest build returns, without measuring: `judged` below says what its scorecard should have said."""
    model, data = materials(name)
    file = export(model, data)
    port = write_contract(file).inputs[0].name
    contract = write_contract(file, labels=data.class_names, preprocessing={port: Preprocessing(divisor=255.0)})
    tried = (Tried("int4 weights", 48_984, 0.91, 1.3), Tried("float16", 177_740, 0.918, 1.0))
    right = float((predict(file, data.x_val).argmax(1) == data.y_val).mean())
    return Delivery(file.content, contract, Scorecard(len(file.content), right, 5000, 1.0, "int8", tried))


@pytest.fixture(scope="module")
def done():
    """Two orders, delivered honestly and measured."""
    second = replace(orders("Ann")[2], budget=Budget(50_000, 0.005, 1.4))
    found = []
    for order, export in ((PRACTICE, Int8()), (second, WeightOnly(8))):
        delivery = delivery_of(export, order.model)
        one = judged(order, Built(delivery, None, 1.0), QUICK)
        honest = replace(delivery, scorecard=replace(delivery.scorecard, latency_ratio=one.measured.ratio))
        found.append(replace(one, delivery=honest, demands=judge(order, honest, one.measured)))
    return tuple(found)


@pytest.fixture(scope="module")
def outcome(done):
    words = Say("walls", "墙")
    return Outcome("Ann", 0, done, (), words, Environment.here(), "2026-01-01 00:00 UTC", 12.0)


# --- budgets -------------------------------------------------------------------------------------------------------


def test_a_budget_is_drawn_from_name_and_seed_and_nothing_else():
    assert orders("Ann Lee", 3) == orders("  ann  LEE ", 3) == orders("Ａｎｎ Lee", 3)
    assert orders("Ann Lee", 3) != orders("Ann Lee", 4)
    assert orders("") == orders("  ") == (PRACTICE,)
    assert [(order.name, order.model) for order in orders("x")] == [
        ("practice", "baseline"),
        ("own", "baseline"),
        ("second", "second"),
    ]
    assert len({orders(name)[1:] for name in LEARNERS}) > 0.95 * len(LEARNERS)


def test_eight_bits_everywhere_are_too_many_for_every_learner(done):
    largest = max(kind.high for kind in budgets.OWN)
    model, data = materials("baseline")
    exports = (DynamicRange(), Float16(), WeightOnly(8))
    files = [model, done[0].delivery.artifact, *(export(model, data) for export in exports)]
    assert all(file.raw_bytes > largest for file in files)
    assert all(order.budget.bytes <= largest for name in LEARNERS for order in orders(name)[1:])


def test_every_draw_was_met_by_the_reference_and_no_learners_orders_by_a_habit():
    rows = list(csv.DictReader((ROOT / "benchmarks/capstone.csv").open(encoding="utf-8")))
    learners = list(dict.fromkeys(row["learner"] for row in rows))
    assert len(learners) >= 40
    for learner in learners:
        for order in orders(learner):
            same = [row for row in rows if (row["learner"], row["order"]) == (learner, order.name)]
            for row in same:  # the table is of today's budgets
                said = Budget(int(row["budget_bytes"]), float(row["max_drop"]), float(row["latency_ratio"]))
                assert said == order.budget
            assert len(same) == 8
    missed = {}
    for row in rows:
        bad = "missed" in [value for name, value in row.items() if name.endswith("_verdict")]
        missed.setdefault(row["answer"], set()).update({row["learner"]} if bad else set())
    assert missed.pop("reference") == set()
    assert len(missed) == 7
    assert all(each == set(learners) for each in missed.values()), {k: len(v) for k, v in missed.items()}


# --- verdicts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "at_most", "at_least"),
    [
        (0.8, 0.9, "met", "missed"),
        (0.9, 1.0, "met", "not shown"),
        (0.9, 1.1, "not shown", "not shown"),
        (1.0, 1.1, "not shown", "met"),
        (1.01, 1.1, "missed", "met"),
    ],
)
def test_a_bound_is_missed_only_when_the_whole_interval_lies_beyond_it(low, high, at_most, at_least):
    assert against(Interval(low, high), 1.0, at_most=True) == at_most
    assert against(Interval(low, high), 1.0, at_most=False) == at_least


def verdicts(order, delivery, measured):
    return {each.name: each.verdict for each in judge(order, delivery, measured)}


def test_an_honest_delivery_has_nothing_missed(done):
    for one in done:
        assert one.accepted, [(each.name, each.found.en) for each in one.demands]


@pytest.mark.parametrize(
    "lie",
    [
        {"raw_bytes": 1000},
        {"accuracy": 0.99},
        {"accuracy": 92.4},
        {"images": 10},
        {"images": 60_000},
        {"latency_ratio": 0.01},
        {"latency_ratio": -1.0},
        {"method": ""},
        {"tried": ()},
    ],
    ids=str,
)
def test_a_scorecard_that_lies_is_caught_and_nothing_else_suffers(done, lie):
    one = done[0]
    lying = replace(one.delivery, scorecard=replace(one.delivery.scorecard, **lie))
    assert verdicts(one.order, lying, one.measured) == verdicts(one.order, one.delivery, one.measured) | {
        "scorecard": "missed"
    }


def test_a_contract_that_misleads_is_caught(done):
    one = done[0]
    honest = one.delivery.contract
    port = honest.inputs[0]
    for wrong in (
        done[1].delivery.contract,
        replace(honest, labels=()),
        replace(honest, labels=honest.labels[::-1]),
        replace(honest, preprocessing={}),
        replace(honest, preprocessing={port.name: Preprocessing(divisor=1.0)}),
        replace(honest, preprocessing={port.name: Preprocessing(255.0, (0.0,) * 3, (1.0,) * 3)}),
        replace(honest, inputs=(replace(port, zero_point=0),)),
        replace(honest, sha256="0" * 64),
    ):
        assert verdicts(one.order, replace(one.delivery, contract=wrong), one.measured)["contract"] == "missed"


def test_a_tighter_budget_turns_each_verdict_alone(done):
    one = done[0]
    budget, measured = one.order.budget, one.measured
    for name, changed in {
        "bytes": replace(budget, bytes=measured.raw_bytes - 1),
        "latency": replace(budget, latency_ratio=measured.ratio_interval.low / 2),
    }.items():
        found = verdicts(replace(one.order, budget=changed), one.delivery, measured)
        assert [each for each, verdict in found.items() if verdict == "missed"] == [name]
    broken = replace(measured, difference_interval=Interval(-0.9, -0.8))
    assert verdicts(one.order, one.delivery, broken)["accuracy"] == "missed"
    assert verdicts(one.order, one.delivery, replace(measured, finite=False))["accuracy"] == "missed"


# --- what is handed in ---------------------------------------------------------------------------------------------


def test_a_delivery_crosses_over_unchanged_and_numpy_numbers_may_be_in_it(done):
    delivery = done[0].delivery
    card = replace(delivery.scorecard, accuracy=np.float64(0.5), raw_bytes=np.int64(7), latency_ratio=np.float32(0.25))
    assert from_plain(to_plain(replace(delivery, scorecard=card))).scorecard == replace(
        delivery.scorecard, accuracy=0.5, raw_bytes=7, latency_ratio=0.25
    )
    assert from_plain(to_plain(delivery)) == delivery


def test_what_is_no_delivery_is_refused_in_words(done):
    good = to_plain(done[0].delivery)
    card = good["scorecard"]
    bad = [None, b"TFL3", 7, {}, {"tflite": b""}, good | {"tflite": "text"}, good | {"tflite": bytes(9_000_000)}]
    bad += [good | {"contract": text} for text in ("", "{}", "[" * 50_000, '{"format": 1}', "x" * 200_000)]
    bad += [good | {"scorecard": each} for each in ({}, card | {"accuracy": float("nan")}, card | {"raw_bytes": True})]
    bad += [good | {"scorecard": card | {field: object()}} for field in (each.name for each in fields(Scorecard))]
    bad += [good | {"scorecard": card | {"tried": [card["tried"][0]] * 100}}]
    for plain in bad:
        with pytest.raises(Unfit) as refused:
            from_plain(plain)
        assert re.search("[一-鿿]", refused.value.say.zh)


def test_the_gate_lets_only_classifiers_of_these_images_through(done):
    content = done[0].delivery.tflite
    assert refusal(content) is None
    other = (ROOT / "topics/01_what_tflite_is/phone_net.tflite").read_bytes()
    rng = np.random.default_rng(0)
    for bad in (b"", b"\0\0\0\0TFL3" + rng.bytes(500), content[: len(content) // 2], other):
        assert refusal(bad) is not None


HOSTILE = """
import os, sys, time
from course_lib.capstone import Budget, Delivery, Scorecard, Tried
from course_lib.deployment import write_contract

def build(model, data, budget):
    assert len(data.x_test) == len(data.y_test) == 0 and len(data.x_train) > 10_000 and len(data.x_val) == 5000
    honest = Delivery(model.content, write_contract(model), Scorecard(model.raw_bytes, 0.9, 5000, 1.0, "none"))
    match budget.bytes:
        case 1: return None
        case 2: return {"tflite": model.content, "verdict": "met"}
        case 3: return model.content
        case 4: return Delivery(b"\\0\\0\\0\\0TFL3" + os.urandom(900), honest.contract, honest.scorecard)
        case 5: return Delivery("text", honest.contract, honest.scorecard)
        case 6: raise MemoryError("out of\\x1b[2Jluck")
        case 7:
            print("3 of 3 orders accepted"); sys.__stdout__ and sys.__stdout__.write("accepted")
            os._exit(0)
        case 8:
            while True: time.sleep(0.01)
        case 9: os.write(1, b"R" * 100); os.write(3, b"R" * 100); os.close(3); os._exit(0)
    return honest
"""


def test_hostile_files_fail_kindly_and_the_next_order_is_served(tmp_path):
    path = tmp_path / "hostile.py"
    path.write_text(HOSTILE, "utf-8")
    limits = replace(LIMITS, law_seconds=4.0, total_seconds=120.0)
    with session(path, "process", limits) as running:
        for number in range(1, 10):
            order = replace(PRACTICE, budget=Budget(number, 0.005, 1.0))
            one = judged(order, running.build(order), QUICK)
            assert not one.accepted
            assert one.fault is not None, number
            assert "\x1b" not in one.fault.en
            assert re.search("[一-鿿]", one.fault.zh)
        honest = running.build(PRACTICE)
        assert honest.fault is None
        assert honest.delivery.tflite == materials("baseline")[0].content


def test_a_file_without_build_or_that_is_no_notebook_is_told_so(tmp_path):
    path = tmp_path / "empty.py"
    path.write_text("x = 1\n1 / 0\n", "utf-8")
    found = grade(path, contain="process", protocol=QUICK)
    assert not found.accepted
    assert "ZeroDivisionError" in found.done[0].fault.en
    with pytest.raises(ValueError, match=r"only \.ipynb and \.py"):
        grade(tmp_path / "page.html")


@pytest.mark.timeout(120)
def test_an_honest_file_is_accepted_behind_the_walls_that_there_are(tmp_path):
    path = tmp_path / "honest.py"
    path.write_text(
        "from course_lib.capstone import *\n"
        "from course_lib.deployment import Preprocessing, write_contract\n"
        "from course_lib.evaluation import latency_ratio, predict\n"
        "from course_lib.techniques import DynamicRange, Int8, WeightOnly\n"
        "def measured(name, file, model, data):\n"
        "    right = (predict(file, data.x_val[:1000]).argmax(1) == data.y_val[:1000]).mean()\n"
        "    return Tried(name, file.raw_bytes, right, latency_ratio(file, model, loads=10, runs=10)[0])\n"
        "def build(model, data, budget):\n"
        "    best, *rest = [(e.name, e(model, data)) for e in (Int8(), DynamicRange(), WeightOnly(8))]\n"
        "    card, *tried = [measured(*each, model, data) for each in (best, *rest)]\n"
        "    name = write_contract(best[1]).inputs[0].name\n"
        "    contract = write_contract(best[1], labels=data.class_names,\n"
        "        preprocessing={name: Preprocessing(divisor=255.0)})\n"
        "    return Delivery(best[1].content, contract,\n"
        "        Scorecard(card.raw_bytes, card.accuracy, 1000, card.latency_ratio, 'int8', tuple(tried)))\n"
        "practice(build)\n",
        "utf-8",
    )
    found = grade(path, protocol=QUICK)
    assert found.accepted, [(each.name, each.found.en) for one in found.done for each in one.demands or ()]
    assert found.notes == ()


# --- questions and page --------------------------------------------------------------------------------------------


def numbers(text):
    return set(re.findall(r"\d[\d,]*\.?\d*", text))


def test_five_questions_carry_the_learners_numbers_in_both_languages(outcome):
    asked = questions(outcome)
    assert len(asked) == COUNT == len({each.name for each in asked})
    assert asked == questions(outcome)
    for question in asked:
        one = next(each for each in outcome.done if each.order.name == question.about)
        own = f"{one.measured.raw_bytes:,} {one.measured.ratio:.2f} {100 * one.measured.difference:+.2f}"
        own += " " + " ".join(f"{value:,}" for value in (one.measured.only_float, *one.measured.sections.values()))
        assert numbers(question.ask.en) & numbers(own), question.ask.en
        assert numbers(question.ask.en) <= numbers(question.ask.zh) | {"1"}
        assert len(question.points) >= 2
        assert all(re.search("[一-鿿]", each.zh) for each in (question.ask, *question.points))


def test_what_was_missed_or_not_shown_is_asked_first(outcome, done):
    one = done[1]
    open_ = replace(one.measured, difference_interval=Interval(-0.02, 0.01), only_float=9, only_file=2)
    late = replace(one, measured=open_, demands=judge(one.order, one.delivery, open_))
    assert late.verdict == "not shown"
    assert late.accepted
    assert questions(replace(outcome, done=(done[0], late)))[0].name == "accuracy open"
    nothing = replace(one, delivery=None, measured=None, demands=(), fault=Say("x", "无"))
    assert questions(replace(outcome, done=(nothing,))) == ()
    assert "<h1>" in html_page(replace(outcome, done=(nothing,)))


def test_every_byte_stands_in_the_ledger(done):
    for one in done:
        rows = ledger(one.measured)
        assert sum(row[1] for row in rows) == one.measured.float_bytes
        assert sum(row[2] for row in rows) == one.measured.raw_bytes


def test_a_page_is_one_file_without_script_and_strangers_text_is_only_text(outcome, done):
    card = replace(done[0].delivery.scorecard, method="<script>alert(1)</script>\u202e")
    odd = replace(done[0], delivery=replace(done[0].delivery, scorecard=card))
    page = html_page(replace(outcome, learner='<img src=x onerror="1">', done=(odd, done[1])))
    assert "<script" not in page
    assert "<img" not in page
    assert "\u202e" not in page
    assert not re.search(r"(?:src|href)=", page.replace("&lt;img src=", ""))
    assert "default-src &#x27;none&#x27;" in page or "default-src 'none'" in page


@pytest.mark.timeout(120)
def test_pages_have_no_accessibility_faults(outcome, done, tmp_path):
    chromium = next(
        (each for name in ("chromium", "chromium-browser", "google-chrome") if (each := shutil.which(name))), None
    )
    if chromium is None:
        reason = "no Chromium here: install it, for example with `apt-get install chromium`"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs the extras: `make setup`")
    from playwright.sync_api import sync_playwright

    failed = replace(done[1], delivery=None, measured=None, demands=(), fault=Say("it did not run", "没有运行"))
    pages = {
        "en.html": html_page(outcome, "en"),
        "zh.html": html_page(
            replace(outcome, done=(done[0], failed), notes=(Say("a cell failed", "单元格失败"),)), "zh"
        ),
    }
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, text in pages.items():
            (tmp_path / name).write_text(text, "utf-8")
            tab = browser.new_page()
            tab.goto((tmp_path / name).as_uri())
            tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
            found = axe.Axe().run(tab)
            assert found.violations_count == 0, found.generate_report()
            # Nothing is wider than a narrow window, tables aside, which scroll.
            tab.set_viewport_size({"width": 400, "height": 800})
            assert tab.evaluate("document.documentElement.scrollWidth") <= 400
        browser.close()


# --- the notebook --------------------------------------------------------------------------------------------------


def test_the_notebook_holds_no_answer_and_is_never_overwritten(tmp_path):
    source = tmp_path / "notebooks/31_capstone.ipynb"
    source.parent.mkdir()
    shutil.copy(ROOT / "notebooks/31_capstone.ipynb", source)
    copy, fresh = workbook.place("notebooks/31_capstone.ipynb", tmp_path)
    assert fresh
    text = copy.read_text("utf-8")
    assert "raise NotImplementedError" in text
    solution = (ROOT / "solutions/31_capstone.ipynb").read_text("utf-8")
    assert "depthwise" in solution
    assert "depthwise" not in text
    copy.write_text("mine", "utf-8")
    assert workbook.place("notebooks/31_capstone.ipynb", tmp_path) == (copy, False)
    assert copy.read_text("utf-8") == "mine"
    assert workbook.changed(tmp_path) == []
    fresh, backup = workbook.reset("31", tmp_path)
    assert (fresh, fresh.read_text("utf-8")) == (copy, text)
    assert backup.read_text("utf-8") == "mine"
    source.write_text(source.read_text("utf-8").replace("Capstone", "Finale"), "utf-8")
    assert workbook.changed(tmp_path) == [copy]


@pytest.mark.parametrize(
    ("other", "images", "says"), [(0.90, 5_000, "more than chance"), (0.918, 5_000, "may be chance")]
)
def test_a_difference_is_called_chance_only_within_its_width(other, images, says):
    assert says in _chance(other, 0.92, images, 3).en
