"""Distillation: the loss and its gradient are what the paper says, and teacher, student and control stay comparable."""

import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from course_lib import backend
from course_lib.core import Recipe, key
from course_lib.data import digits
from course_lib.models import Training, fit, zoo
from course_lib.techniques import Distill, DistillPrune, FineTune, Float32, Int8, Prune, PruneChannels
from course_lib.techniques import distill as distill_module
from course_lib.techniques.distill import pooled_features
from course_lib.techniques.grid import rounded, straight_through
from course_lib.techniques.held import largest_of_all
from course_lib.techniques.kernels import kernel_layers, kernel_of
from course_lib.techniques.teacher import keep_top, soft_and_hard, soft_targets

CLASSES, IMAGES = 10, 32


@pytest.fixture(scope="module")
def data():
    return digits()


@pytest.fixture(scope="module")
def teacher(data):
    return FineTune(epochs=3, batch_size=64, learning_rate=4e-3)(zoo.student(1), data)


@pytest.fixture(scope="module")
def pruned(teacher, data):
    return DistillPrune(0.8, 15, epochs=2, batch_size=64)(teacher, data)


@pytest.fixture
def logits():
    rng = np.random.default_rng(0)
    return SimpleLogits(
        student=rng.normal(0, 3, (IMAGES, CLASSES)).astype(np.float32),
        teacher=rng.normal(0, 3, (IMAGES, CLASSES)).astype(np.float32),
        labels=rng.integers(0, CLASSES, IMAGES),
    )


class SimpleLogits:
    def __init__(self, student, teacher, labels):
        self.student, self.teacher, self.labels = student, teacher, labels

    def loss_and_gradient(self, temperature, alpha, student=None, teacher=None):
        """Return the loss per image and its gradient with respect to the student's logits."""
        tf = backend.tensorflow()
        student = tf.constant(self.student if student is None else student)
        targets = softmax((self.teacher if teacher is None else teacher) / temperature, axis=1).astype(np.float32)
        loss = soft_and_hard(self.labels, targets, temperature, alpha)
        with tf.GradientTape() as tape:
            tape.watch(student)
            values = loss(np.arange(IMAGES), student)
        return values.numpy(), tape.gradient(values, student).numpy()


# ---------------------------------------------------------------- the loss


@pytest.mark.parametrize("temperature", [1.0, 4.0, 20.0])
def test_the_soft_loss_is_the_divergence_times_the_square_of_the_temperature(temperature, logits):
    teacher, student = logits.teacher / temperature, logits.student / temperature
    p = softmax(teacher, axis=1)
    divergence = (p * (log_softmax(teacher, axis=1) - log_softmax(student, axis=1))).sum(axis=1)
    loss, gradient = logits.loss_and_gradient(temperature, alpha=1.0)
    np.testing.assert_allclose(loss, temperature**2 * divergence, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(gradient, temperature * (softmax(student, axis=1) - p), rtol=1e-3, atol=1e-4)


def test_a_student_that_equals_its_teacher_has_nothing_to_learn(logits):
    loss, gradient = logits.loss_and_gradient(4.0, alpha=1.0, student=logits.teacher)
    np.testing.assert_allclose(loss, 0, atol=1e-4)
    np.testing.assert_allclose(gradient, 0, atol=1e-5)


def test_without_a_weight_the_teacher_is_ignored(logits):
    loss, gradient = logits.loss_and_gradient(4.0, alpha=0.0)
    expected = -log_softmax(logits.student, axis=1)[np.arange(IMAGES), logits.labels]
    np.testing.assert_allclose(loss, expected, rtol=1e-4, atol=1e-5)
    one_hot = np.eye(CLASSES)[logits.labels]
    np.testing.assert_allclose(gradient, softmax(logits.student, axis=1) - one_hot, atol=1e-5)
    other, _ = logits.loss_and_gradient(4.0, alpha=0.0, teacher=-logits.teacher)
    np.testing.assert_array_equal(loss, other)


def test_alpha_mixes_the_two_losses(logits):
    (soft, soft_gradient), (hard, hard_gradient) = (logits.loss_and_gradient(4.0, alpha) for alpha in (1.0, 0.0))
    loss, gradient = logits.loss_and_gradient(4.0, 0.3)
    np.testing.assert_allclose(loss, 0.3 * soft + 0.7 * hard, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(gradient, 0.3 * soft_gradient + 0.7 * hard_gradient, atol=1e-4)


def test_a_high_temperature_is_regression_of_centred_logits(logits):
    _, gradient = logits.loss_and_gradient(300.0, alpha=1.0)
    difference = logits.student - logits.teacher
    np.testing.assert_allclose(gradient, (difference - difference.mean(axis=1, keepdims=True)) / CLASSES, atol=0.02)


def test_the_factor_keeps_the_gradient_in_one_order_of_magnitude(logits):
    sizes = [np.abs(logits.loss_and_gradient(temperature, alpha=1.0)[1]).mean() for temperature in (2.0, 8.0, 32.0)]
    assert max(sizes) < 4 * min(sizes)


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
def test_gradients_of_an_image_sum_to_zero_and_huge_logits_stay_finite(alpha, logits):
    _, gradient = logits.loss_and_gradient(4.0, alpha)
    np.testing.assert_allclose(gradient.sum(axis=1), 0, atol=1e-4)
    loss, gradient = logits.loss_and_gradient(4.0, alpha, logits.student * 1e3, logits.teacher * 1e3)
    assert np.isfinite(loss).all()
    assert np.isfinite(gradient).all()


# ---------------------------------------------------------------- what the teacher says


def test_targets_are_the_softened_probabilities(teacher, data):
    images = data.x_train[:100]
    expected = softmax(teacher.predict(images, verbose=0) / 3.0, axis=1)
    np.testing.assert_allclose(soft_targets(teacher, images, 3.0), expected, atol=1e-5)


@pytest.mark.parametrize("top", [1, 3, 9, 10])
def test_the_top_few_keep_their_probability_and_the_rest_share_what_is_left(top):
    p = softmax(np.random.default_rng(0).normal(0, 2, (50, CLASSES)), axis=1).astype(np.float32)
    kept = keep_top(p, top)
    np.testing.assert_allclose(kept.sum(axis=1), 1, atol=1e-5)
    assert kept.min() >= 0
    np.testing.assert_array_equal(kept.argmax(axis=1), p.argmax(axis=1))
    listed = np.argsort(-p, axis=1)[:, :top]
    np.testing.assert_array_equal(np.take_along_axis(kept, listed, 1), np.take_along_axis(p, listed, 1))
    others = np.take_along_axis(kept, np.argsort(-p, axis=1)[:, top:], 1)
    np.testing.assert_allclose(others, others[:, :1].repeat(CLASSES - top, 1) if top < CLASSES else others)


def test_all_of_the_top_changes_nothing_and_more_is_refused():
    p = softmax(np.eye(CLASSES, dtype=np.float32), axis=1)
    assert keep_top(p, CLASSES) is p
    with pytest.raises(ValueError, match="top must lie in 1 to 10 classes, got 11"):
        keep_top(p, 11)


def test_probabilities_are_refused_where_logits_belong(teacher, data):
    keras = backend.keras()
    softmaxed = keras.Sequential([keras.Input((28, 28, 1)), teacher, keras.layers.Softmax()])
    with pytest.raises(ValueError, match="is a softmax"):
        Distill(zoo.student())(softmaxed, data)
    with pytest.raises(ValueError, match="is a softmax"):
        Distill(softmaxed)(teacher, data)


def test_pooled_features_are_standardized(teacher, data):
    features = pooled_features(teacher, teacher.layers[5].name, data.x_train[:200])
    assert features.shape == (200, 16)
    np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-4)
    alive = features.std(axis=0) > 0
    np.testing.assert_allclose(features.std(axis=0)[alive], 1, atol=1e-2)


# ---------------------------------------------------------------- the techniques


def test_the_student_comes_near_the_teacher_and_neither_is_changed(teacher, data):
    student = zoo.student(7)
    before = [model.get_weights() for model in (teacher, student)]
    technique = Distill(student, alpha=1.0, epochs=4, batch_size=64)
    trained, again = technique(teacher, data), technique(teacher, data)
    for weights, model in zip(before, (teacher, student), strict=True):
        for one, other in zip(weights, model.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
    for one, other in zip(trained.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    answers = {name: model.predict(data.x_test, verbose=0) for name, model in
               {"teacher": teacher, "before": student, "after": trained}.items()}  # fmt: skip
    agreement = {name: np.mean(a.argmax(1) == answers["teacher"].argmax(1)) for name, a in answers.items()}
    assert agreement["after"] > 0.7 > 0.3 > agreement["before"]


def test_labels_matter_only_by_their_weight(teacher, data):
    from dataclasses import replace

    wrong = replace(data, y_train=(data.y_train + 1) % CLASSES)
    pure = Distill(zoo.student(7), alpha=1.0, epochs=1)
    for one, other in zip(pure(teacher, data).get_weights(), pure(teacher, wrong).get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_control_ignores_the_teacher_and_takes_as_many_steps(teacher, data, monkeypatch):
    steps = []

    def counting(*args, **kwargs):
        trained = fit(*args, **kwargs)
        steps.append(int(trained.optimizer.iterations))
        return trained

    monkeypatch.setattr(distill_module, "fit", counting)
    student = zoo.student(7)
    technique = Distill(student, epochs=2, features=(teacher.layers[5].name, student.layers[5].name))
    technique(teacher, data)
    control = technique.control()
    alone = control(teacher, data).get_weights()
    assert steps == [20, 20]
    other = control(zoo.student(3), data).get_weights()
    plain = FineTune(epochs=2, learning_rate=control.learning_rate)(student, data).get_weights()
    for one, two, three in zip(alone, other, plain, strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_allclose(one, three, atol=1e-4)


def test_features_give_a_student_of_the_same_architecture(teacher, data):
    student = zoo.student(7)
    names = (teacher.layers[5].name, student.layers[5].name)
    with_features = Distill(student, features=names, feature_weight=5.0, epochs=1)(teacher, data)
    assert [v.shape for v in with_features.variables] == [v.shape for v in student.variables]
    without = Distill(student, epochs=1)(teacher, data)
    assert any((a != b).any() for a, b in zip(with_features.get_weights(), without.get_weights(), strict=True))
    Float32()(with_features)
    with pytest.raises(ValueError, match=f"student has no layer 'nowhere'; it has {student.layers[0].name}"):
        Distill(student, features=(names[0], "nowhere"))(teacher, data)


def test_self_distillation_starts_anew_in_the_same_architecture(teacher, data):
    twin = Distill(epochs=1, learning_rate=1e-7)(teacher, data)
    assert [v.shape for v in twin.variables] == [v.shape for v in teacher.variables]
    kernels = [[kernel_of(layer) for layer in kernel_layers(model)] for model in (twin, teacher)]
    assert all(np.abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.6 for a, b in zip(*kernels, strict=True))


def test_a_student_with_other_outputs_is_refused(teacher, data):
    keras = backend.keras()
    narrow = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(3)])
    with pytest.raises(ValueError, match="the teacher has 10 outputs, the student 3"):
        Distill(narrow)(teacher, data)


def test_the_log_line_and_the_key_tell_students_apart():
    one, other = zoo.student(1), zoo.student(2)
    assert repr(Distill(one)).startswith("Distill(student=student, ")
    assert key(Distill(one)) == key(Distill(one))
    assert key(Distill(one)) != key(Distill(other))


# ---------------------------------------------------------------- distil while pruning


def test_one_threshold_for_all_layers_takes_exactly_the_share(pruned):
    kernels = [kernel_of(layer) for layer in kernel_layers(pruned)]
    assert sum(np.sum(kernel == 0) for kernel in kernels) >= round(0.8 * sum(kernel.size for kernel in kernels))
    shares = [np.mean(kernel == 0) for kernel in kernels]
    assert max(shares) - min(shares) > 0.05


def test_the_kept_weights_lie_on_a_grid_of_each_channel(pruned):
    for layer in kernel_layers(pruned):
        kernel = kernel_of(layer)
        largest = np.abs(kernel).max(axis=tuple(range(kernel.ndim - 1)))
        codes = kernel / np.where(largest, largest, 1) * 7
        np.testing.assert_allclose(codes, np.round(codes), atol=1e-4)


def test_the_grid_leaves_few_codes_in_the_int8_file(pruned, teacher, data):
    grid, plain = Int8(50)(pruned, data), Int8(50)(teacher, data)
    assert grid.raw_bytes <= plain.raw_bytes
    assert grid.gzip_bytes < 0.6 * plain.gzip_bytes


@pytest.mark.parametrize("sparsity", [0.0, 0.25, 0.8, 0.99])
def test_the_largest_of_all_are_exactly_the_share(sparsity):
    rng = np.random.default_rng(0)
    kernels = {"a": rng.normal(size=(3, 3, 4, 5)), "b": np.ones((7, 6)), "c": rng.normal(0, 9, (11,))}
    masks = largest_of_all(kernels, sparsity)
    kept = np.concatenate([np.abs(kernels[name])[mask] for name, mask in masks.items()])
    gone = np.concatenate([np.abs(kernels[name])[~mask] for name, mask in masks.items()])
    assert len(gone) == round(sparsity * (180 + 42 + 11))
    assert not len(gone) or gone.max() <= kept.min()


def test_a_grid_is_symmetric_and_a_channel_of_zeros_stays():
    kernel = np.array([[1.0, 0.0, -7.0], [-0.4, 0.0, 3.4]], np.float32)
    np.testing.assert_allclose(rounded(kernel, 15), [[1, 0, -7], [-3 / 7, 0, 3]], atol=1e-6)


def test_the_gradient_moves_the_weights_behind_the_grid(teacher, data):
    names = [layer.name for layer in kernel_layers(teacher)]
    seen = {}

    def look(batch, logs):
        seen.update({name: kernel_of(looking.model.get_layer(name)) for name in names})

    looking = backend.keras().callbacks.LambdaCallback(on_batch_begin=look)
    after = fit(teacher, data, Training(1), callbacks=[straight_through(names, 3, 0), looking], quiet=True)
    for layer, before in zip(kernel_layers(after), kernel_layers(teacher), strict=True):
        assert max(len(np.unique(seen[layer.name][..., channel])) for channel in range(layer.kernel.shape[-1])) <= 3
        moved = np.abs(kernel_of(layer) - kernel_of(before))
        assert 0 < np.median(moved) < 0.02, (
            layer.name
        )  # the step's change, added to the free weight and not to the grid


def test_the_mask_freezes_early_and_the_control_is_dense(teacher, data):
    technique = DistillPrune(0.5, freeze=1.0, epochs=1)
    after = technique(teacher, data)
    kernels = [kernel_of(layer) for layer in kernel_layers(after)]
    assert sum(np.sum(kernel == 0) for kernel in kernels) == round(0.5 * sum(kernel.size for kernel in kernels))
    control = technique.control()
    assert (control.sparsity, control.levels, control.training) == (0.0, None, technique.training)
    assert all(np.all(kernel_of(layer) != 0) for layer in kernel_layers(control(teacher, data)))


def test_pruning_while_distilling_leaves_its_input_and_repeats(teacher, data):
    before = teacher.get_weights()
    technique = DistillPrune(0.5, 7, epochs=1)
    first, second = technique(teacher, data), technique(teacher, data)
    for kept, now, one, two in zip(
        before, teacher.get_weights(), first.get_weights(), second.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(kept, now)
        np.testing.assert_array_equal(one, two)


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("build", "complaint"),
    [
        (lambda: Distill(temperature=0.0), "temperature must be positive, got 0.0"),
        (lambda: Distill(alpha=1.5), r"must lie in \[0, 1\], got 1.5"),
        (lambda: Distill(top=0), "top must be 1 or more"),
        (lambda: Distill(features=("one",)), "one of the student"),
        (lambda: Distill(feature_weight=-1.0), "feature_weight must be 0 or more"),
        (lambda: Distill(epochs=0), "epochs must be 1 or more"),
        (lambda: DistillPrune(1.0), r"sparsity must lie in \[0, 1\)"),
        (lambda: DistillPrune(0.5, 16), "odd number from 3 to 255"),
        (lambda: DistillPrune(0.5, freeze=0.0), r"freeze must lie in \(0, 1\]"),
        (lambda: DistillPrune(0.5, frequency=0), "1 or more"),
        (lambda: DistillPrune(0.5, alpha=-0.1), r"must lie in \[0, 1\]"),
    ],
)
def test_what_is_out_of_range_is_refused(build, complaint):
    with pytest.raises(ValueError, match=complaint):
        build()


def test_distilling_after_compressing_is_refused_because_the_student_knows_nothing_of_it():
    for step, lost in ((Prune(0.5), "zeros"), (PruneChannels(0.5), "shape")):
        with pytest.raises(ValueError, match=f"Distill would undo the {lost} that {type(step).__name__} made"):
            Recipe("wrong", Int8(), steps=(step, Distill()))
        Recipe("right", Int8(), steps=(Distill(), step))
