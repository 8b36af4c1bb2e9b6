"""Computes worked-example.json: forward pass, backward pass and one update of a 3-2-2 sigmoid network, in float64.

The numbers of docs/worked-example.md. Written without matrices and without Descent, neuron by neuron as on paper;
every derivative is confirmed by a central difference of the loss, which knows nothing of the backward pass.
w[i][j] leads from neuron i of the layer before to neuron j, b[j] belongs to neuron j (from 0; the text counts from 1).

Run: python3 test/worked-example/worked-example.py   (plain Python; fails if a derivative or the text disagrees)
"""

import copy
import json
import math
from pathlib import Path

X = [0.5, 0.5, 0.1]
TARGET = [0.9, 0.1]
LEARNING_RATE = 0.1
LAYERS = [
    {"w": [[0.2, -0.3], [0.4, 0.1], [-0.5, 0.2]], "b": [0.1, -0.2]},
    {"w": [[0.3, -0.4], [0.6, 0.2]], "b": [0.1, -0.1]},
]
DIFFERENCE_STEP = 1e-5


def sigmoid(z):
    return 1 / (1 + math.exp(-z))


def forward(layers):
    """Weighted sums z and outputs a of both layers, and the loss."""
    zs, outputs, a = [], [], X
    for layer in layers:
        z = [sum(a[i] * layer["w"][i][j] for i in range(len(a))) + layer["b"][j] for j in range(len(layer["b"]))]
        a = [sigmoid(value) for value in z]
        zs.append(z)
        outputs.append(a)
    return zs, outputs, sum((y - t) ** 2 for y, t in zip(a, TARGET)) / 2


def backward(layers, outputs):
    """Deltas dL/dz and gradients dL/dw, dL/db of both layers."""
    hidden, y = outputs
    delta2 = [(y[k] - TARGET[k]) * y[k] * (1 - y[k]) for k in range(2)]
    delta1 = [sum(delta2[k] * layers[1]["w"][j][k] for k in range(2)) * hidden[j] * (1 - hidden[j]) for j in range(2)]
    gradients = [
        {"w": [[a * d for d in delta] for a in before], "b": list(delta)}
        for before, delta in ((X, delta1), (hidden, delta2))
    ]
    return [delta1, delta2], gradients


def parameters(layers):
    """(row, index) of every parameter, so that one loop reaches weights and biases."""
    return [(row, j) for layer in layers for row in (*layer["w"], layer["b"]) for j in range(len(row))]


def central_differences(layers):
    """dL/dp of every parameter as (L(p + h) - L(p - h)) / 2h, in the layout of the layers."""
    moved, result = copy.deepcopy(layers), copy.deepcopy(layers)
    for (row, j), (result_row, _) in zip(parameters(moved), parameters(result)):
        kept = row[j]
        row[j] = kept + DIFFERENCE_STEP
        above = forward(moved)[2]
        row[j] = kept - DIFFERENCE_STEP
        below = forward(moved)[2]
        row[j] = kept
        result_row[j] = (above - below) / (2 * DIFFERENCE_STEP)
    return result


def shown(value):
    """Six significant digits, as the text writes them."""
    return f"{value:#.6g}"


def main():
    zs, outputs, loss = forward(LAYERS)
    deltas, gradients = backward(LAYERS, outputs)
    differences = central_differences(LAYERS)
    worst = max(
        abs(row[j] - difference_row[j])
        for (row, j), (difference_row, _) in zip(parameters(gradients), parameters(differences))
    )
    assert worst < 1e-10, f"a derivative is off its central difference by {worst}"

    updated = copy.deepcopy(LAYERS)
    for (row, j), (gradient_row, _) in zip(parameters(updated), parameters(gradients)):
        row[j] -= LEARNING_RATE * gradient_row[j]
    loss_after = forward(updated)[2]

    result = {
        "x": X,
        "target": TARGET,
        "learningRate": LEARNING_RATE,
        "layers": LAYERS,
        "forward": {"z": zs, "a": outputs, "loss": loss},
        "backward": {"delta": deltas, "gradients": gradients},
        "w1_11": {
            "before": LAYERS[0]["w"][0][0],
            "gradient": gradients[0]["w"][0][0],
            "centralDifference": differences[0]["w"][0][0],
            "after": updated[0]["w"][0][0],
        },
        "updatedLayers": updated,
        "lossAfter": loss_after,
    }

    hidden, y = outputs
    named = {
        "z1": zs[0], "a1": hidden, "z2": zs[1], "y": y, "error": [y[k] - TARGET[k] for k in range(2)], "L": [loss],
        "slope2": [v * (1 - v) for v in y], "delta2": deltas[1], "slope1_1": [hidden[0] * (1 - hidden[0])],
        "back": [sum(deltas[1][k] * LAYERS[1]["w"][0][k] for k in range(2))], "delta1_1": deltas[0][:1],
        "dw1_11": [gradients[0]["w"][0][0]], "w1_11 after": [updated[0]["w"][0][0]],
        "difference": [differences[0]["w"][0][0]], "L after": [loss_after],
    }  # fmt: skip
    text = (Path(__file__).resolve().parents[2] / "docs/worked-example.md").read_text()
    for name, values in named.items():
        print(f"{name:12}", *map(shown, values))
        for value in values:
            assert shown(value) in text, f"docs/worked-example.md does not state {name} = {shown(value)}"
    print(f"largest distance of a derivative from its central difference: {worst:.1e}")

    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
