"""Train what lesson 05 compares: `python topics/05_how_pruning_works/make_schedules.py`.

From the shipped baseline, on the bundled 12,000 images, four epochs each: the control (nothing pruned), one-shot (all
zeros at the first step, then healing) and gradual (the cubic schedule over the first half), at three sparsities and
three seeds; gradual with the first layer left alone; and one-shot by four rankings, the mask held for as many epochs.
For every run the 10,000 test answers are kept as one bit each, so that the lesson can pair them. Three
runs are traced: sparsity, accuracy on 1,000 validation images, how many weights came back, the third kernel's values.
The third of them learns ten times as fast, which is what it takes for a weight to come back.
Writes record_schedules.json with command, seeds and seconds, after every run; runs that are in it already are skipped.
"""

import base64
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from course_lib import FineTune, Prune, backend, fashion_mnist, float_tflite, trained
from course_lib.core import Environment
from course_lib.evaluation.weights import weighted_layers
from course_lib.models import Training, fit
from course_lib.techniques.held import holding, largest_of_all, masked
from course_lib.techniques.kernels import kernel_layers, kernel_of, shares, sparsity, wrapped

HERE = Path(__file__).parent
RECORD = HERE / "record_schedules.json"
EPOCHS, SEEDS, TARGETS = 4, (0, 1, 2), (0.9, 0.8, 0.95)
EVERY = 8  # steps between two looks of a trace
EDGES = np.linspace(-0.2, 0.2, 81)


def technique(method, target, seed):
    """Return the transform of a run. One-shot is the schedule squeezed into a single step."""
    if method == "control":
        return FineTune(epochs=EPOCHS, seed=seed)
    if method == "gradual, first layer dense":
        _, *others = kernel_layers(trained())
        return Prune({layer.name: target for layer in others}, epochs=EPOCHS, seed=seed)
    end = 1e-6 if method == "one-shot" else 0.5
    return Prune(target, end=end, epochs=EPOCHS, seed=seed)


def curvature(network, data, images=300):
    """Return the Gauss-Newton diagonal of every kernel, as in the lesson."""
    tf = backend.tensorflow()
    kernels = [layer.kernel for layer in kernel_layers(network)]
    totals = [np.zeros(kernel.shape) for kernel in kernels]

    @tf.function
    def of(image):
        with tf.GradientTape() as tape:
            logits = network(image, training=False)[0]
        p = tf.nn.softmax(logits)
        found = []
        for J in tape.jacobian(logits, kernels):
            weight = tf.reshape(p, [-1] + [1] * (len(J.shape) - 1))
            found.append(tf.reduce_sum(weight * J**2, 0) - tf.reduce_sum(weight * J, 0) ** 2)
        return found

    for image in data.x_train[:images, None]:
        for total, part in zip(totals, of(tf.constant(image)), strict=True):
            total += part.numpy() / images
    return totals


def rankings(network, data):
    """Return, by name, the scores of every kernel and whether all layers compete."""
    layers = kernel_layers(network)
    stored = [w for _, w in weighted_layers(float_tflite("baseline"))]
    scores = {
        "Keras": [np.abs(kernel_of(layer)) for layer in layers],
        "deployed": [np.abs(np.moveaxis(w, 0, -1)) for w in stored],
        "OBD": [
            kernel_of(layer) ** 2 * h / 2
            for layer, h in zip(layers, curvature(network, data), strict=True)
        ],
    }
    named = {
        name: dict(zip((layer.name for layer in layers), parts, strict=True))
        for name, parts in scores.items()
    }
    return {
        "Keras, within each layer": (named["Keras"], False),
        "Keras, over all layers": (named["Keras"], True),
        "deployed, over all layers": (named["deployed"], True),
        "OBD, over all layers": (named["OBD"], True),
    }


def held(scores, together, target, seed):
    """Return the transform that sets the smallest scores to zero at once and trains the others."""
    if together:
        masks = largest_of_all(scores, target)
    else:
        masks = {n: largest_of_all({n: part}, target)[n] for n, part in scores.items()}

    def train(network, data):
        start, training = masked(network, masks), Training(EPOCHS, seed=seed)
        return fit(start, data, training, callbacks=[holding(masks)], quiet=True)

    return train


def right(model, data):
    """Return one bit per test image, as text."""
    hits = model.predict(data.x_test, batch_size=500, verbose=0).argmax(1) == data.y_test
    return base64.b64encode(np.packbits(hits).tobytes()).decode()


def pruned(layer):
    """Return the mask of a wrapped layer, False where a weight is held at zero."""
    return layer.pruning_vars[0][1].numpy() > 0.5


def trace(network, data, prune):
    """Train as the transform does, and look at masks and accuracy on the way."""
    keras = backend.keras()
    steps = prune.training.epochs * -(-len(data.x_train) // prune.training.batch_size)
    x, y = data.x_val[:1000], data.y_val[:1000]
    rows, histograms, state = [], [], {}
    own = {
        layer.name: largest_of_all({layer.name: kernel_of(layer)}, 0.9)[layer.name]
        for layer in kernel_layers(network)
    }
    largest = np.concatenate([mask.ravel() for mask in own.values()])  # what one-shot keeps

    class Look(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            layers = [layer for layer in self.model.layers if hasattr(layer, "pruning_vars")]
            masks = np.concatenate([pruned(layer).ravel() for layer in layers])
            before = state.setdefault("masks", masks)
            state["back"] = state.get("back", 0) + int((masks & ~before).sum())
            state["masks"], state["step"] = masks, state.get("step", -1) + 1
            state["ever"] = state.get("ever", ~masks) | ~masks
            # Before anything calls the model: every call, of whatever kind, sets masked weights back to zero.
            kernel, mask = layers[2].layer.kernel.numpy(), pruned(layers[2])
            state["jump"] = max(state.get("jump", 0.0), float(np.abs(kernel[~mask]).max(initial=0)))
            if state["step"] % EVERY and state["step"] != steps - 1:
                return
            logits = np.concatenate(
                [self.model(x[i : i + 250], training=False) for i in range(0, len(x), 250)]
            )
            kernel = kernel[mask]
            rows.append(
                {
                    "step": state["step"],
                    "zeros": round(float(1 - masks.mean()), 4),
                    "accuracy_val": round(float((logits.argmax(1) == y).mean()), 4),
                    "came_back": state["back"],
                    "threshold": round(float(layers[2].pruning_vars[0][2].numpy()), 5),
                    "jump": round(state["jump"], 5),
                    "alive_again": int((masks & state["ever"]).sum()),
                }
            )
            histograms.append(np.histogram(kernel, EDGES)[0].tolist())

    wrappers = {
        name: prune._wrapper(share, steps)
        for name, share in shares(network, prune.sparsity).items()
    }
    sparse = backend.tfmot().sparsity.keras
    fit(
        network,
        data,
        prune.training,
        prepare=lambda copy: wrapped(copy, wrappers),
        callbacks=[sparse.UpdatePruningStep(), Look()],
        quiet=True,
    )
    return {
        "steps": steps,
        "weights": len(largest),
        "kept": int(state["masks"].sum()),
        "kept_of_the_largest": int((state["masks"] & largest).sum()),
        "rows": rows,
        "edges": EDGES.round(4).tolist(),
        "third_kernel": [*histograms[::4], histograms[-1]],
    }


def main():
    data, network = fashion_mnist(), trained()
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {"runs": {}, "traces": {}}
    record |= {
        "command": "python topics/05_how_pruning_works/make_schedules.py",
        "images": len(data.x_train),
        "epochs": EPOCHS,
        "environment": str(Environment.here()),
        "baseline_right": right(network, data),
    }

    def keep(shelf, name, content, start):
        record[shelf][name] = content | {"seconds": round(time.perf_counter() - start, 1)}
        RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        print(name, record[shelf][name]["seconds"], "s", flush=True)

    for method, rate in (
        ("gradual", 1e-3),
        ("one-shot", 1e-3),
        ("gradual, ten times the learning rate", 1e-2),
    ):
        if method not in record["traces"]:
            start = time.perf_counter()
            prune = replace(technique(method.split(",")[0], 0.9, 0), learning_rate=rate)
            keep("traces", method, trace(network, data, prune), start)
    plan = [
        ("control", 0.0),
        *((m, t) for t in TARGETS for m in ("one-shot", "gradual")),
        ("gradual, first layer dense", 0.9),
    ]
    scored = rankings(network, data)
    plan += [(method, target) for target in (0.9, 0.7) for method in scored]
    for seed in SEEDS:
        for method, target in plan:
            name = f"{method} {target:.0%} seed {seed}"
            if name in record["runs"]:
                continue
            start = time.perf_counter()
            if method in scored:
                model = held(*scored[method], target, seed)(network, data)
            else:
                model = technique(method, target, seed)(network, data)
            zeros = {layer: round(share, 4) for layer, share in sparsity(model).items()}
            content = {
                "method": method,
                "target": target,
                "seed": seed,
                "zeros": zeros,
                "right": right(model, data),
            }
            keep("runs", name, content, start)


if __name__ == "__main__":
    main()
