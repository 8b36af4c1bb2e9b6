"""Records optimizers.json: trajectories of PyTorch's optimizers, the outside witness of Descent's own.

Reading guide: each run starts from models[run.model].initial, step s (0-based) takes rows (s * batch) mod rows
onwards, loss[s] is the batch mean before update s, and weights["k"] are the layers after k updates; every w is
[inSize][outSize].

Run: python3 test/oracle/optimizers.py (PyTorch on the CPU; the recorded numbers came from the version named in the
file)

What to know beside that:
- Weights, data and targets are multiples of 1/256, so JSON, float32 and float64 hold the very same numbers at the
  start.
- Every run is recorded in float32 (9 significant digits: the exact float32) and in float64 (13). `distance` is the
  largest difference between the two, over the losses (relative) and over the recorded weights (relative to the
  largest weight).
- `options` are torch's names and values; `decay_on` says whether torch's weight_decay acts on all parameters or on w
  alone. Torch adds weight_decay * w to the gradient (RMSprop): the penalty lambda * sum(w^2) with lambda =
  weight_decay / 2. AdamW decays apart from the gradient: w *= 1 - lr * weight_decay, before the step.
- `l2` is lambda of the penalty lambda * sum(w^2) over the weights w, not the biases; then `cost` = loss + penalty.
- `max_norm` clips the norm of the gradient over all parameters: factor min(1, max_norm / (norm + 1e-6)); `norm` is
  before it.
"""

import json
from pathlib import Path

import torch

STEPS = 50
RECORDED_STEPS = (1, 10, STEPS)
ROWS, BATCH = 40, 8

# name, torch class, options unlike torch's defaults, and the project's own: l2, max_norm, decay_on.
RUNS = [
    ("sgd", "SGD", {"lr": 0.1}, {}),
    ("sgd-l2", "SGD", {"lr": 0.1}, {"l2": 0.01}),
    ("momentum", "SGD", {"lr": 0.05, "momentum": 0.9}, {}),
    ("nesterov", "SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True}, {}),
    ("rmsprop", "RMSprop", {}, {}),
    ("rmsprop-weight-decay", "RMSprop", {"weight_decay": 0.02}, {"decay_on": "w"}),
    ("adam", "Adam", {"lr": 0.01}, {}),
    ("adam-clipped", "Adam", {"lr": 0.01}, {"max_norm": 0.7}),
    ("adamw", "AdamW", {"lr": 0.01, "weight_decay": 0.01}, {}),
]
ACTIVATIONS = {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "linear": lambda x: x}
# The options that are numbers of the method; the rest of torch's choose among its implementations.
METHOD_OPTIONS = (
    "lr", "momentum", "dampening", "nesterov", "alpha", "eps", "centered", "betas", "amsgrad", "weight_decay",
)  # fmt: skip


def grid(values):
    """Rounds to multiples of 1/256, in float64."""
    return torch.round(values * 256) / 256


def draw_model(generator, sizes, activations, loss):
    """A model as plain lists: sizes, activations, loss, rows of data, and weights of variance 1/inSize."""
    normal = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)
    x = grid(normal(ROWS, sizes[0]))
    # A fixed random map makes the rows learnable; the noise keeps the loss away from zero.
    answer = torch.tanh(x @ normal(sizes[0], sizes[-1])) + 0.3 * normal(ROWS, sizes[-1])
    model = {"sizes": sizes, "activations": activations, "loss": loss, "batch": BATCH, "x": x.tolist()}
    if loss == "softmax-cross-entropy":
        model["labels"] = answer.argmax(1).tolist()
    else:
        model["targets"] = grid(answer).tolist()
    model["initial"] = [
        {"w": grid(normal(i, o) / i**0.5).tolist(), "b": grid(0.2 * normal(o)).tolist()}
        for i, o in zip(sizes[:-1], sizes[1:])
    ]
    return model


def rounded(value, digits):
    """Nested lists with every float cut to so many significant digits."""
    if isinstance(value, (list, tuple)):
        return [rounded(item, digits) for item in value]
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value


def train(model, optimizer_name, options, extra, dtype):
    """Runs STEPS updates; returns losses (and cost, norm where they apply) and the recorded weights, unrounded."""
    tensor = lambda values: torch.tensor(values, dtype=dtype)
    ws = [tensor(layer["w"]).requires_grad_() for layer in model["initial"]]
    bs = [tensor(layer["b"]).requires_grad_() for layer in model["initial"]]
    x = tensor(model["x"])
    classifies = "labels" in model
    target = torch.tensor(model["labels"]) if classifies else tensor(model["targets"])
    criterion = torch.nn.CrossEntropyLoss() if classifies else torch.nn.MSELoss()
    groups = [{"params": ws}, {"params": bs, "weight_decay": 0.0}] if extra.get("decay_on") == "w" else ws + bs
    optimizer = getattr(torch.optim, optimizer_name)(groups, **options)

    result = {"loss": [], "weights": {}}
    for step in range(STEPS):
        start = step * BATCH % ROWS
        y = x[start : start + BATCH]
        for w, b, activation in zip(ws, bs, model["activations"]):
            y = ACTIVATIONS[activation](y @ w + b)
        loss = criterion(y, target[start : start + BATCH])
        result["loss"].append(loss.item())
        cost = loss
        if "l2" in extra:
            cost = loss + extra["l2"] * sum((w**2).sum() for w in ws)
            result.setdefault("cost", []).append(cost.item())
        optimizer.zero_grad()
        cost.backward()
        if "max_norm" in extra:
            norm = torch.nn.utils.clip_grad_norm_(ws + bs, extra["max_norm"])
            result.setdefault("norm", []).append(norm.item())
        optimizer.step()
        if step + 1 in RECORDED_STEPS:
            result["weights"][str(step + 1)] = [{"w": w.tolist(), "b": b.tolist()} for w, b in zip(ws, bs)]
    kept = {name: optimizer.defaults[name] for name in METHOD_OPTIONS if name in optimizer.defaults}
    return result, kept


def flat(weights):
    """All numbers of all layers in one float64 vector."""
    parts = [layer[part] for layer in weights for part in ("w", "b")]
    return torch.cat([torch.tensor(part, dtype=torch.float64).flatten() for part in parts])


def distance(low, high):
    """Largest relative difference of the losses, and of the weights at each recorded step (over the largest weight)."""
    a, b = (torch.tensor(run["loss"], dtype=torch.float64) for run in (low, high))
    weights = {}
    for step, layers in high["weights"].items():
        exact = flat(layers)
        weights[step] = ((flat(low["weights"][step]) - exact).abs().max() / exact.abs().max()).item()
    return {"loss": ((a - b).abs() / b.abs()).max().item(), "weights": weights}


def round_run(run, digits):
    """The run as it is written, with so many significant digits."""
    layers = lambda weights: [{part: rounded(layer[part], digits) for part in ("w", "b")} for layer in weights]
    scalars = {name: rounded(run[name], digits) for name in ("loss", "cost", "norm") if name in run}
    return {**scalars, "weights": {step: layers(weights) for step, weights in run["weights"].items()}}


def main():
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(7)
    models = {
        "classifier": draw_model(generator, [6, 8, 3], ["tanh", "linear"], "softmax-cross-entropy"),
        "regressor": draw_model(generator, [4, 7, 2], ["sigmoid", "linear"], "mse"),
    }
    runs = []
    for model_name, model in models.items():
        for name, optimizer_name, options, extra in RUNS:
            low, kept = train(model, optimizer_name, options, extra, torch.float32)
            high, _ = train(model, optimizer_name, options, extra, torch.float64)
            apart = distance(low, high)
            norms = f" norm {min(high['norm']):.3f}..{max(high['norm']):.3f}" if "norm" in high else ""
            print(
                f"{model_name:10} {name:20} loss {high['loss'][0]:.4f} -> {high['loss'][-1]:.4f}"
                f"  float32 to float64: loss {apart['loss']:.1e}, weights {apart['weights'][str(STEPS)]:.1e}{norms}"
            )
            head = {"name": name, "model": model_name, "optimizer": optimizer_name, "options": kept}
            if kept["weight_decay"] > 0:
                head["decay_on"] = extra.get("decay_on", "all")
            head.update({key: extra[key] for key in ("l2", "max_norm") if key in extra})
            head["distance"] = {
                "loss": rounded(apart["loss"], 3),
                "weights": {step: rounded(value, 3) for step, value in apart["weights"].items()},
            }
            runs.append({**head, "float32": round_run(low, 9), "float64": round_run(high, 13)})

    # One line per model and per run: small, and a change shows which run it touches.
    dump = lambda value: json.dumps(value, separators=(",", ":"))
    lines = ["{", f'"torch":{dump(torch.__version__)},', f'"steps":{STEPS},', '"models":{']
    lines.append(",\n".join(f"{dump(name)}:{dump(model)}" for name, model in models.items()))
    lines += ["},", '"runs":[', ",\n".join(dump(run) for run in runs), "]", "}", ""]
    path = Path(__file__).with_suffix(".json")
    path.write_text("\n".join(lines))
    print(f"{path.name}: {path.stat().st_size} bytes, torch {torch.__version__}")


if __name__ == "__main__":
    main()
