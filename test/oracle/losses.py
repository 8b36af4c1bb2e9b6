"""Records losses.json: the first ten losses of small models, from PyTorch in float64.

Reading guide: each model starts from `initial` (every w is [inSize][outSize]), each step takes all rows, and
losses[s] is the mean over them before update s (for regressions: over rows and outputs). `fields` are those of a
recipe that the loss adds. Weights and data are multiples of 1/256, exact in JSON and in float32.

Run: python3 test/oracle/losses.py   (the recorded numbers came from the PyTorch version named in the file)
"""

import json
from pathlib import Path

import torch

STEPS = 10
# gelu is torch's default, the exact one: x * (1 + erf(x / sqrt(2))) / 2.
ACTIVATIONS = {"relu": torch.relu, "gelu": torch.nn.functional.gelu, "linear": lambda x: x}


def grid(values):
    """Rounds to multiples of 1/256."""
    return torch.round(values * 256) / 256


def draw_layers(generator, sizes):
    """Weights of variance 2/inSize and small biases, as plain lists."""
    normal = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)
    return [
        {"w": grid(normal(i, o) * (2 / i) ** 0.5).tolist(), "b": grid(0.1 * normal(o)).tolist()}
        for i, o in zip(sizes[:-1], sizes[1:])
    ]


def record(model, criterion, target, optimizer_class, options):
    """Adds the optimizer's hyper-parameters and ten losses to the model."""
    x = torch.tensor(model["x"], dtype=torch.float64)
    layers = [
        {part: torch.tensor(layer[part], dtype=torch.float64).requires_grad_() for part in ("w", "b")}
        for layer in model["initial"]
    ]
    optimizer = optimizer_class([value for layer in layers for value in layer.values()], **options)
    losses = []
    for _ in range(STEPS):
        y = x
        for layer, activation in zip(layers, model["activations"]):
            z = y @ layer["w"] + layer["b"]
            # A relu input within rounding of zero could take the other branch in float32.
            assert activation != "relu" or z.abs().min() > 1e-4
            y = ACTIVATIONS[activation](z)
        # Nor may the slope of an absolute difference have the other sign.
        assert model["loss"] != "mae" or (y - target).abs().min() > 1e-4
        loss = criterion(y, target)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return {**model, "optimizer": optimizer_class.__name__, "options": options, "losses": losses}


def main():
    generator = torch.Generator().manual_seed(11)
    normal = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)

    x = grid(normal(20, 5))
    labels = (x @ normal(5, 3)).argmax(1)
    a = {"sizes": [5, 4, 3], "activations": ["relu", "linear"], "loss": "softmax-cross-entropy"}
    a.update(x=x.tolist(), labels=labels.tolist(), initial=draw_layers(generator, [5, 4, 3]))
    a = record(a, torch.nn.CrossEntropyLoss(), labels, torch.optim.SGD, {"lr": 0.1})

    x = grid(normal(16, 2))
    targets = grid(torch.sin(2 * x[:, :1]) + 0.5 * x[:, 1:])
    b = {"sizes": [2, 6, 1], "activations": ["gelu", "linear"], "loss": "mse"}
    b.update(x=x.tolist(), targets=targets.tolist(), initial=draw_layers(generator, [2, 6, 1]))
    b = record(b, torch.nn.MSELoss(), targets, torch.optim.Adam, {"lr": 0.01, "betas": [0.9, 0.999], "eps": 1e-8})

    # 16 rows with 2 outputs or 4 classes: every scale of the loss is exact.
    y = grid(torch.stack([torch.sin(2 * x[:, 0]), x[:, 0] * x[:, 1]], 1))
    start = draw_layers(generator, [2, 6, 2])
    adam = {"lr": 0.01, "betas": [0.9, 0.999], "eps": 1e-8}

    def regression(loss, criterion, fields):
        model = {"sizes": [2, 6, 2], "activations": ["gelu", "linear"], "loss": loss, "fields": fields}
        model.update(x=x.tolist(), targets=y.tolist(), initial=start)
        return record(model, criterion, y, torch.optim.Adam, adam)

    mae = regression("mae", torch.nn.L1Loss(), {})
    huber = regression("huber", torch.nn.HuberLoss(delta=0.5), {"huberDelta": 0.5})

    classes = (x @ normal(2, 4)).argmax(1)
    start4 = draw_layers(generator, [2, 6, 4])
    weights = [0.5, 2, 1, 3]

    def weighted(logits, labels):
        """As Keras's class_weight: each row times the weight of its class, mean over the rows."""
        rows = torch.nn.functional.cross_entropy(logits, labels, reduction="none", label_smoothing=0.125)
        return (rows * torch.tensor(weights, dtype=torch.float64)[labels]).mean()

    def classification(criterion, fields):
        model = {"sizes": [2, 6, 4], "activations": ["gelu", "linear"], "loss": "softmax-cross-entropy", "fields": fields}
        model.update(x=x.tolist(), labels=classes.tolist(), initial=start4)
        return record(model, criterion, classes, torch.optim.Adam, adam)

    smoothed = classification(torch.nn.CrossEntropyLoss(label_smoothing=0.25), {"labelSmoothing": 0.25})
    balanced = classification(weighted, {"labelSmoothing": 0.125, "classWeights": weights})

    models = {"a": a, "b": b, "mae": mae, "huber": huber, "smoothed": smoothed, "weighted": balanced}
    dump = lambda value: json.dumps(value, separators=(",", ":"))
    head = f'"torch":{dump(torch.__version__)},\n"steps":{STEPS},\n'
    body = ",\n".join(f"{dump(name)}:{dump(model)}" for name, model in models.items())
    text = f'{{\n{head}"models":{{\n{body}\n}}\n}}\n'
    path = Path(__file__).with_suffix(".json")
    path.write_text(text)
    for name, model in models.items():
        print(name, model["sizes"], " ".join(f"{loss:.6f}" for loss in model["losses"]))
    print(f"{path.name}: {path.stat().st_size} bytes, torch {torch.__version__}")


if __name__ == "__main__":
    main()
