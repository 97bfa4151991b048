"""The energy model: arithmetic laws, the published table, and honesty about being a model."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import deployment
from course_lib.deployment import EnergyModel, modelled_battery_hours, modelled_battery_hours_by_energy
from course_lib.deployment.arithmetic import mac_pj
from course_lib.inspection import inspect
from course_lib.models import float_tflite
from tests import inspection_models as models
from tests import third_party

DRAM = EnergyModel(weights="dram")


def test_the_total_is_the_sum_of_its_parts_and_of_its_operators():
    for name in models.FILES:
        energy = EnergyModel()(models.content(name))
        assert energy.total_uj == pytest.approx(energy.compute_uj + energy.weights_uj + energy.activations_uj)
        assert energy.total_uj == pytest.approx(sum(op.total_uj for op in energy.operators))
        assert energy.total_uj == pytest.approx(energy.to_frame()["total_uj"].sum())


def test_the_table_is_horowitzs():
    assert mac_pj("float32", "float32") == pytest.approx(4.6)
    assert mac_pj("float16", "float16") == pytest.approx(1.5)
    assert mac_pj("int8", "int8") == pytest.approx(0.3)
    assert 14 < mac_pj("float32", "float32") / mac_pj("int8", "int8") < 16
    assert mac_pj("int32", "int32") - 0.2 == pytest.approx(3.1, rel=0.04)  # interpolated against the published product


def test_narrower_operands_never_cost_more():
    kinds = ["int2", "int4", "int8", "int16"]
    for activations in kinds:
        costs = [mac_pj(activations, weights) for weights in kinds]
        assert costs == sorted(costs)
    assert mac_pj("int8", "int8") < mac_pj("int16", "int8") < mac_pj("float16", "float16") < mac_pj("float32", "int8")


def test_the_counts_are_the_anatomys():
    anatomy = inspect(float_tflite())
    energy = DRAM(anatomy)
    assert sum(op.macs for op in energy.operators) == anatomy.macs
    assert energy.compute_uj == pytest.approx(anatomy.macs * 4.6 / 1e6)
    weights = sum(op.weight_bytes for op in anatomy.subgraphs[0].operators if op.name != "RESHAPE")
    assert energy.weights_uj == pytest.approx(weights / 8 * 1300 / 1e6)


def test_int8_reads_a_quarter_of_the_weights():
    one, two = DRAM(models.content("float32")), DRAM(models.content("int8"))
    kernels = [
        [op.weight_bytes for op in energy.operators if op.op in ("CONV_2D", "FULLY_CONNECTED")] for energy in (one, two)
    ]
    assert len(kernels[0]) == len(kernels[1]) > 0
    assert 3 < sum(kernels[0]) / sum(kernels[1]) <= 4  # biases keep their four bytes
    assert one.compute_uj / two.compute_uj == pytest.approx(mac_pj("float32", "float32") / mac_pj("int8", "int8"))


def test_what_is_unpacked_at_load_computes_in_float():
    half, full = DRAM(models.content("float16")), DRAM(models.content("float32"))
    assert {op.op for op in half.operators} == {op.op for op in full.operators}  # no DEQUANTIZE: it runs once
    assert half.compute_uj == pytest.approx(full.compute_uj)
    assert half.weights_uj == pytest.approx(full.weights_uj)


def test_dynamic_range_multiplies_integers():
    kinds = {op.arithmetic for op in DRAM(models.content("dynamic_range")).operators if op.op == "FULLY_CONNECTED"}
    assert kinds == {"int8 x int8", "float32 x float32"}  # one layer is too small to be quantized
    assert "float32 x float32" in {op.arithmetic for op in DRAM(models.content("weight_only")).operators}
    assert "int8 x int4" in {op.arithmetic for op in DRAM(models.content("int4_channel")).operators}
    assert "int16 x int8" in {op.arithmetic for op in DRAM(models.content("int16x8")).operators}


def test_views_move_nothing():
    moved = [op.total_uj for op in DRAM(float_tflite()).operators if op.op == "RESHAPE"]
    assert moved == [0.0]


def test_weights_that_fit_on_chip_cost_less():
    content = models.content("int8")
    anatomy = inspect(content)
    need = anatomy.peak_live_bytes + sum(
        t.bytes for t in anatomy.subgraphs[0].tensors if t.role in ("weights", "biases")
    )
    small, large = EnergyModel(on_chip_bytes=need - 1), EnergyModel(on_chip_bytes=need + 100)
    assert not small(content).weights_on_chip
    assert large(content).weights_on_chip
    assert large(content).weights_uj < small(content).weights_uj / 10
    assert replace(small, weights="on chip")(content).weights_on_chip
    assert not replace(large, weights="dram")(content).weights_on_chip


@given(st.integers(0, 2**22), st.integers(0, 2**22))
def test_more_on_chip_memory_never_costs_more_at_one_price(one, two):
    model = inspect(models.content("int8"))
    small, large = (EnergyModel(on_chip_bytes=size, on_chip_pj_per_64b=20.0)(model) for size in sorted((one, two)))
    assert large.total_uj <= small.total_uj


def test_the_price_follows_the_size_of_the_memory():
    prices = [EnergyModel(on_chip_bytes=size).on_chip_pj for size in (0, 8192, 8193, 32768, 2**20, 2**30)]
    assert prices == [10.0, 10.0, 20.0, 20.0, 100.0, 100.0]
    assert EnergyModel(on_chip_pj_per_64b=7.0).on_chip_pj == 7.0
    assert EnergyModel(on_chip_pj_per_64b=0.0).on_chip_pj == 0.0


@pytest.mark.parametrize(
    "fields",
    [{"on_chip_bytes": -1}, {"dram_pj_per_64b": -1.0}, {"on_chip_pj_per_64b": -1.0}, {"weights": "sram"}],
)
def test_impossible_hardware_is_refused(fields):
    with pytest.raises(ValueError, match=r"negative|weights must be"):
        EnergyModel(**fields)


@pytest.mark.parametrize(("package", "name"), [("pymicro-wakeword", "okay_nabu"), ("mediapipe", "pose_landmark_full")])
def test_strangers_models_have_an_energy(package, name):
    energy = EnergyModel(on_chip_bytes=2**20)(third_party.model(package, name))
    assert math.isfinite(energy.total_uj)
    assert energy.total_uj > 0
    assert energy.weights_on_chip == (package == "pymicro-wakeword")


def test_custom_operators_are_named_as_unknown():
    energy = EnergyModel()(third_party.model("mediapipe", "face_landmark_with_attention"))
    assert "TransformTensorBilinear" in energy.unknown


def test_every_public_name_says_that_it_is_a_model():
    names = [name for name in deployment.__all__ if "nergy" in name or "attery" in name]
    assert len(names) >= 4
    assert all("odel" in name for name in names)
    for name in names:
        assert "measure" in (getattr(deployment, name).__doc__ + _module(name).__doc__).lower()


def _module(name):
    import sys

    return sys.modules[getattr(deployment, name).__module__]


POWERS_MW = st.just(0.0) | st.floats(1e-6, 1e6)


@given(st.floats(1, 1e6), POWERS_MW, POWERS_MW, st.floats(0, 10), st.floats(0, 1e3))
def test_a_battery_obeys_its_duty_cycle(capacity, idle, extra, latency, rate):
    hours = modelled_battery_hours(capacity, idle, idle + extra, latency, rate)
    assert hours <= modelled_battery_hours(capacity, idle, idle, latency, rate)
    assert modelled_battery_hours(capacity, idle, idle + extra, latency, 0) == hours or rate * latency * extra > 0
    assert modelled_battery_hours(capacity, idle, idle + extra, 2 * latency, rate) <= hours
    if idle > extra:
        assert modelled_battery_hours(capacity, idle, idle + extra, latency / 2, rate) < 2 * hours


def test_a_device_that_cannot_keep_up_is_always_busy():
    assert modelled_battery_hours(1000, 10, 100, 1.0, 5.0) == 10.0
    assert modelled_battery_hours(1000, 10, 100, 0.0, 5.0) == 100.0
    assert modelled_battery_hours(1000, 0, 0, 0.0, 0.0) == math.inf


def test_energy_and_duty_cycle_agree():
    by_duty = modelled_battery_hours(1000, 10, 110, 0.002, 30)
    by_energy = modelled_battery_hours_by_energy(1000, 10, energy_uj=100 * 0.002 * 1e3, rate_hz=30)
    assert by_duty == pytest.approx(by_energy)


@pytest.mark.parametrize(
    "numbers", [(0, 1, 1, 1, 1), (1, -1, 1, 1, 1), (1, 2, 1, 1, 1), (1, 1, 1, np.nan, 1), (1, 1, 1, 1, np.inf)]
)
def test_impossible_batteries_are_refused(numbers):
    with pytest.raises(ValueError, match=r"must be|at least"):
        modelled_battery_hours(*numbers)
