"""The networks: their published sizes, what ships, and that training never touches what it was given."""

import gzip

import numpy as np
import pytest

from course_lib.data import digits, fashion_mnist
from course_lib.evaluation import predict
from course_lib.models import Training, clone, fit, float_tflite, record, shipped, trained, zoo

# baseline as designed; LeNet-300-100 and LeNet-5 as in Deep Compression (arXiv:1510.00149, table 1).
PARAMETERS = {"baseline": 87_594, "lenet_300_100": 266_610, "lenet_5": 431_080}


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_networks_have_their_published_number_of_parameters(name):
    assert zoo.ARCHITECTURES[name]().count_params() == PARAMETERS[name]


def test_what_ships_is_small_and_as_good_as_promised():
    data = fashion_mnist()
    for suffix in (".weights.h5", ".tflite"):
        assert (shipped.FOLDER / f"baseline{suffix}").stat().st_size < 500_000
    correct = float((predict(float_tflite(), data.x_test).argmax(1) == data.y_test).mean())
    assert correct >= 0.918
    assert record()["accuracy_test"] == pytest.approx(correct, abs=0.001)
    assert record()["images"] == 55_000


def test_the_weights_and_the_tflite_are_the_same_network():
    images = fashion_mnist().x_val[:200]
    keras_logits = trained().predict(images, verbose=0)
    np.testing.assert_allclose(predict(float_tflite(), images), keras_logits, atol=1e-3)


def test_an_unknown_model_lists_the_shipped_ones():
    with pytest.raises(ValueError, match="shipped: baseline"):
        float_tflite("resnet")


def test_training_is_repeatable_and_leaves_the_given_model_alone():
    data = digits()
    model = zoo.student()
    before = [weight.copy() for weight in model.get_weights()]
    first = fit(model, data, Training(1, seed=3), quiet=True)
    second = fit(model, data, Training(1, seed=3), quiet=True)
    other = fit(model, data, Training(1, seed=4), quiet=True)
    for kept, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, now)
    for one, two in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    assert any((one != two).any() for one, two in zip(first.get_weights(), other.get_weights(), strict=True))


def test_a_clone_shares_nothing():
    model = zoo.student()
    copy = clone(model)
    copy.layers[0].set_weights([weight + 1 for weight in copy.layers[0].get_weights()])
    assert all((a != b).all() for a, b in zip(model.layers[0].get_weights(), copy.layers[0].get_weights(), strict=True))


@pytest.mark.parametrize("wrong", [{"epochs": 0}, {"epochs": 1, "batch_size": 0}, {"epochs": 1, "learning_rate": 2.0}])
def test_a_training_out_of_range_is_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        Training(**wrong)


def test_the_shipped_files_do_not_compress_to_a_placeholder():
    assert len(gzip.compress(float_tflite().content)) > 200_000
