"""Records convolutions.json: layers of image networks one by one, and whole networks trained for 20 steps by PyTorch.

Reading guide: shapes and orders are Descent's, as in a recipe: images are [rows, height, width, channels], weights of
convolutions [kernelH, kernelW, inC, outC], those of dense layers [inSize, outSize]; every array is flat.
- `layers`: one layer by itself in float64, from `x` (one or more inputs) and the gradient `dy` of its output: output
  `y`, gradient `dx` of each input (all alike for `add`), gradients of the parameters, running statistics after the
  pass, and `evaluated`, the output of evaluation with them.
- `runs`: models[run.model] trained from `initial`, step s (0-based) on rows (s * batch) mod rows onwards; loss[s] is
  the batch mean before update s, weights["k"] the parameters and running statistics after k updates, and `outputs`
  those of all rows in evaluation after the last.

Run: python3 test/oracle/convolutions.py (PyTorch on the CPU; the recorded numbers came from the version named in the
file)

What to know beside that:
- Inputs and initial parameters are whole numbers over `grid` (x, dy and data) or multiples of 1/256 (parameters): JSON,
  float32 and float64 hold the very same. The numbers recorded are float64, to the bit.
- `distance` says how far PyTorch's own float32 run is from its float64 run: losses relative, weights and outputs
  relative to the largest. The float32 run itself is not kept.
- Batches of 8 make 1/batch exact in float32, which it is in a plan.
- The seed of a model is the first for which all runs keep inputs of relu from zero, and the largest of a window from
  the second, by `margin`: float32 takes every branch that float64 takes.
"""

import json
from pathlib import Path

import torch
from torch.nn import functional

from image_layers import STATISTICS, apply_layer, draw_parameters, margin, nchw, nhwc

STEPS = 20
RECORDED_STEPS = (1, STEPS)
ROWS, BATCH, CLASSES = 16, 8, 4
GRID, WEIGHT_GRID = 32, 256
MARGIN = 3e-5


def flat(tensor):
    return tensor.detach().double().flatten().tolist()


def on_grid(values):
    """Flat whole numbers, and the tensor that they stand for."""
    whole = torch.round(values * GRID)
    return whole.long().flatten().tolist(), whole / GRID


# One layer at a time

IMAGE = [5, 4, 2]
# Recipe, shape of a row, count of inputs.
LAYERS = [
    ({"type": "conv2d", "filters": 3}, IMAGE, 1),
    ({"type": "conv2d", "filters": 3, "padding": "same", "bias": False}, IMAGE, 1),
    ({"type": "conv2d", "filters": 2, "padding": "same", "stride": 2, "activation": "tanh"}, [6, 5, 3], 1),
    ({"type": "conv2d", "filters": 2, "kernel": [2, 3], "padding": "same", "stride": [3, 2]}, [5, 4, 1], 1),
    ({"type": "conv2d", "filters": 2, "kernel": [3, 2], "stride": [1, 2], "activation": "relu"}, [4, 5, 3], 1),
    ({"type": "conv2d", "filters": 3, "kernel": 1, "stride": 2, "activation": "gelu"}, IMAGE, 1),
    ({"type": "conv2d", "filters": 2, "kernel": 2, "stride": 3}, IMAGE, 1),
    ({"type": "conv2d", "filters": 2, "kernel": 5, "padding": "same"}, [2, 3, 2], 1),
    ({"type": "maxPool2d"}, IMAGE, 1),
    ({"type": "maxPool2d", "size": 3, "stride": 2}, [5, 7, 1], 1),
    ({"type": "maxPool2d", "size": [3, 2], "stride": [2, 1], "padding": "same"}, [4, 4, 2], 1),
    ({"type": "maxPool2d", "size": 2, "stride": 3}, [5, 4, 1], 1),
    ({"type": "averagePool2d"}, IMAGE, 1),
    ({"type": "averagePool2d", "size": 3, "stride": 2}, [5, 7, 1], 1),
    ({"type": "averagePool2d", "size": [3, 2], "stride": [2, 1], "padding": "same"}, [4, 4, 2], 1),
    ({"type": "globalAveragePool2d"}, [3, 3, 3], 1),
    ({"type": "batchNorm"}, [3, 2, 3], 1),
    ({"type": "batchNorm", "momentum": 0.3, "epsilon": 0.05, "activation": "tanh"}, [5], 1),
    ({"type": "layerNorm"}, [3, 2, 3], 1),
    ({"type": "layerNorm", "epsilon": 0.05, "activation": "sigmoid"}, [5], 1),
    ({"type": "flatten"}, [2, 2, 2], 1),
    ({"type": "add"}, [2, 2, 3], 2),
    ({"type": "add", "activation": "tanh"}, [4], 3),
    ({"type": "dense", "units": 3}, [2, 3, 2], 1),
]


def record_layer(generator, layer, in_shape, input_count):
    normal = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)
    rows = 3 if len(in_shape) == 1 else 2
    whole, inputs = zip(*(on_grid(normal(rows, *in_shape)) for _ in range(input_count)))
    inputs = [x.requires_grad_() for x in inputs]
    own = draw_parameters(normal, layer, in_shape, WEIGHT_GRID)
    initial = {name: flat(tensor) for name, tensor in own.items()}
    trained = [name for name in own if name not in STATISTICS]
    for name in trained:
        own[name].requires_grad_()
    run = lambda training: nhwc(apply_layer(layer, own, [nchw(x) for x in inputs], training))
    y = run(True)
    whole_dy, dy = on_grid(normal(*y.shape))
    y.backward(dy)
    recorded = {"recipe": layer, "rows": rows, "inShape": in_shape, "outShape": list(y.shape[1:]), "x": whole}
    recorded.update(initial=initial, dy=whole_dy, y=flat(y), dx=flat(inputs[0].grad))
    assert all(torch.equal(x.grad, inputs[0].grad) for x in inputs)
    if own:
        recorded["gradients"] = {name: flat(own[name].grad) for name in trained}
    if layer["type"] == "batchNorm":
        recorded["statistics"] = {name: flat(own[name]) for name in STATISTICS}
        recorded["evaluated"] = flat(run(False))
    return recorded


# Whole networks

BLOCK = {"type": "batchNorm", "activation": "relu"}
MODELS = {
    # Three convolutions with batch normalisation.
    "chain": {
        "inShape": [8, 8, 3],
        "loss": "crossEntropy",
        "layers": [
            {"type": "conv2d", "filters": 5, "padding": "same"},
            BLOCK,
            {"type": "maxPool2d"},
            {"type": "conv2d", "filters": 7, "stride": 2, "padding": "same"},
            BLOCK,
            {"type": "conv2d", "filters": 4, "kernel": 1},
            {"type": "globalAveragePool2d"},
            {"type": "dense", "units": CLASSES},
        ],
    },
    # Without superfluous biases, whose gradients are nothing but rounding errors: Adam would follow them.
    "residual": {
        "inShape": [8, 8, 3],
        "loss": "crossEntropy",
        "layers": [
            {"type": "conv2d", "filters": 5, "padding": "same", "bias": False},
            BLOCK,
            {"type": "maxPool2d"},
            {"type": "conv2d", "filters": 7, "stride": 2, "padding": "same", "bias": False},
            {**BLOCK, "name": "trunk"},
            {"type": "conv2d", "filters": 7, "kernel": [1, 3], "padding": "same", "bias": False},
            {"type": "batchNorm", "name": "branch"},
            {"type": "add", "inputs": ["trunk", "branch"], "activation": "relu"},
            {"type": "conv2d", "filters": 4, "kernel": 1},
            {"type": "globalAveragePool2d"},
            {"type": "dense", "units": CLASSES},
        ],
    },
    "windows": {
        "inShape": [7, 9, 2],
        "loss": "mse",
        "layers": [
            {"type": "conv2d", "filters": 5, "kernel": [3, 2], "activation": "relu"},
            {"type": "maxPool2d", "size": 3, "stride": 2, "padding": "same"},
            {"type": "batchNorm", "momentum": 0.25, "epsilon": 2**-6},
            {"type": "conv2d", "filters": 6, "padding": "same", "activation": "tanh"},
            {"type": "layerNorm"},
            {"type": "averagePool2d", "size": [2, 3], "stride": 1},
            {"type": "conv2d", "filters": 4, "kernel": 2, "padding": "same", "activation": "gelu"},
            {"type": "flatten"},
            {"type": "layerNorm", "epsilon": 2**-6},
            {"type": "dense", "units": CLASSES},
        ],
    },
}
# Model, torch class, options unlike torch's defaults.
RUNS = [
    ("chain", "SGD", {"lr": 0.05, "momentum": 0.9}),
    ("residual", "SGD", {"lr": 0.05, "momentum": 0.9}),
    ("residual", "Adam", {"lr": 0.01}),
    ("windows", "SGD", {"lr": 0.05, "momentum": 0.9}),
    ("windows", "Adam", {"lr": 0.01}),
]


def name_layers(layers):
    """[(name, layer)]: types are counted as Descent does."""
    counts, named = {}, []
    for layer in layers:
        number = counts[layer["type"]] = counts.get(layer["type"], 0) + 1
        named.append((layer.get("name", f"{layer['type']}{number}"), layer))
    return named


def own_parameters(parameters, name):
    return {full.rsplit(".", 1)[1]: tensor for full, tensor in parameters.items() if full.rsplit(".", 1)[0] == name}


def predict(model, parameters, x, training):
    """Outputs of a network for rows x; `parameters` are named `layer.parameter`."""
    made, y = {}, nchw(x)
    for name, layer in name_layers(model["layers"]):
        inputs = [made[source] for source in layer.get("inputs", [])] or [y]
        y = made[name] = apply_layer(layer, own_parameters(parameters, name), inputs, training)
    return y


def draw_model(seed, name):
    """The model with data that it can learn and its initial parameters."""
    generator = torch.Generator().manual_seed(seed)
    normal = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)
    model = MODELS[name]
    in_shape = model["inShape"]
    whole, x = on_grid(normal(ROWS, *in_shape))
    answer = x.flatten(1) @ normal(x[0].numel(), CLASSES) / x[0].numel() ** 0.5
    is_classes = model["loss"] == "crossEntropy"
    targets = {"labels": answer.argmax(1).tolist()} if is_classes else {"targets": on_grid(answer)[0]}
    initial, made, y = {}, {}, nchw(x)
    for layer_name, layer in name_layers(model["layers"]):
        inputs = [made[source] for source in layer.get("inputs", [])] or [y]
        own = draw_parameters(normal, layer, nhwc(inputs[0]).shape[1:], WEIGHT_GRID)
        initial.update({f"{layer_name}.{key}": tensor for key, tensor in own.items()})
        y = made[layer_name] = apply_layer(layer, {key: tensor.clone() for key, tensor in own.items()}, inputs, True)
    return {**model, "seed": seed, "x": whole, **targets}, initial


def train(model, initial, optimizer_name, options, dtype):
    """Runs STEPS updates; returns losses, recorded weights and the outputs of evaluation, unrounded."""
    x = torch.tensor(model["x"], dtype=dtype).reshape(ROWS, *model["inShape"]) / GRID
    is_classes = "labels" in model
    target = torch.tensor(model["labels"]) if is_classes else torch.tensor(model["targets"], dtype=dtype) / GRID
    target = target if is_classes else target.reshape(ROWS, CLASSES)
    criterion = functional.cross_entropy if is_classes else functional.mse_loss
    parameters = {name: tensor.to(dtype).clone() for name, tensor in initial.items()}
    trained = [tensor for name, tensor in parameters.items() if name.rsplit(".", 1)[1] not in STATISTICS]
    for tensor in trained:
        tensor.requires_grad_()
    optimizer = getattr(torch.optim, optimizer_name)(trained, **options)
    result = {"loss": [], "weights": {}}
    for step in range(STEPS):
        start = step * BATCH % ROWS
        rows = slice(start, start + BATCH)
        loss = criterion(predict(model, parameters, x[rows], True), target[rows])
        result["loss"].append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step + 1 in RECORDED_STEPS:
            result["weights"][str(step + 1)] = {name: flat(tensor) for name, tensor in parameters.items()}
    with torch.no_grad():
        result["outputs"] = flat(predict(model, parameters, x, False))
    return result


def relative(low, high):
    """Largest difference over the largest number."""
    a, b = (torch.tensor(values, dtype=torch.float64) for values in (low, high))
    return ((a - b).abs().max() / b.abs().max()).item()


def distance(low, high):
    joined = lambda weights: [value for tensor in weights.values() for value in tensor]
    losses = max(abs(a - b) / abs(b) for a, b in zip(low["loss"], high["loss"]))
    weights = {step: relative(joined(low["weights"][step]), joined(each)) for step, each in high["weights"].items()}
    return {"loss": losses, "weights": weights, "outputs": relative(low["outputs"], high["outputs"])}


def record_model(name):
    """The model of the first seed that keeps its margin, and its runs."""
    for seed in range(1000):
        margin.reset()
        model, initial = draw_model(seed, name)
        runs = []
        for model_name, optimizer, options in RUNS:
            if model_name != name:
                continue
            low, high = (train(model, initial, optimizer, options, dtype) for dtype in (torch.float32, torch.float64))
            described = {"model": name, "optimizer": optimizer, "options": options}
            runs.append({**described, "distance": distance(low, high), **high})
        if margin.smallest < MARGIN:
            continue
        for run in runs:
            apart = run["distance"]
            print(
                f"{name:9} {run['optimizer']:5} loss {run['loss'][0]:.4f} -> {run['loss'][-1]:.4f}  float32 to float64:"
                f" loss {apart['loss']:.1e}, weights {apart['weights'][str(STEPS)]:.1e},"
                f" outputs {apart['outputs']:.1e}; seed {seed}, margin {margin.smallest:.1e}"
            )
        return {**model, "initial": {key: flat(tensor) for key, tensor in initial.items()}}, runs
    raise ValueError(f"no seed of {name} keeps its margin")


def main():
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(3)
    layers = [record_layer(generator, *described) for described in LAYERS]
    recorded = {name: record_model(name) for name in MODELS}

    # One line per layer, model and run: a change shows what it touches.
    dump = lambda value: json.dumps(value, separators=(",", ":"))
    head = {"torch": torch.__version__, "steps": STEPS, "batch": BATCH, "grid": GRID}
    lines = [f"{{{dump(head)[1:-1]},", '"layers":[', ",\n".join(map(dump, layers)), '],"models":{']
    lines.append(",\n".join(f"{dump(name)}:{dump(model)}" for name, (model, _) in recorded.items()))
    lines += ['},"runs":[', ",\n".join(dump(run) for _, runs in recorded.values() for run in runs), "]}", ""]
    path = Path(__file__).with_suffix(".json")
    path.write_text("\n".join(lines))
    print(f"{path.name}: {path.stat().st_size} bytes, torch {torch.__version__}")


if __name__ == "__main__":
    main()
