"""Records schedules.json: learning rates of PyTorch's schedulers, the outside witness of Descent's schedules.

Reading guide: each case holds the recipe's `optimizer.learningRate`, its `schedule`, its length in `steps` with
`stepsPerEpoch`, and `rates`, the rate of every step. The case `plateau` holds `losses`, one per evaluation, and the
rate after each of them.

Run: python3 test/oracle/schedules.py (PyTorch; the recorded numbers came from the version named in the file)
"""

import json
from pathlib import Path

import torch
from torch.optim import SGD
from torch.optim.lr_scheduler import CosineAnnealingLR, CyclicLR, OneCycleLR, ReduceLROnPlateau, StepLR


def optimizer(rate):
    return SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)


def rates_of(base, make, steps, per_epoch=1):
    """The rate of each step; the scheduler is moved on after every `per_epoch` steps."""
    moved = optimizer(base)
    scheduler = make(moved)
    rates = []
    for step in range(steps):
        rates.append(moved.param_groups[0]["lr"])
        moved.step()
        if (step + 1) % per_epoch == 0 and step + 1 < steps:
            scheduler.step()
    return rates


def case(base, schedule, make, steps, per_epoch=1, every_epoch=False):
    rates = rates_of(base, make, steps, per_epoch if every_epoch else 1)
    return {"learningRate": base, "schedule": schedule, "steps": steps, "stepsPerEpoch": per_epoch, "rates": rates}


def plateau():
    losses = [1.0, 0.9, 0.9, 0.89999, 0.8, 0.81, 0.8, 0.79999, 0.85, 0.8, 0.9, 0.5, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6]
    moved = optimizer(0.2)
    scheduler = ReduceLROnPlateau(moved, factor=0.3, patience=1, threshold=1e-4, min_lr=1e-3)
    rates = []
    for loss in losses:
        scheduler.step(loss)
        rates.append(moved.param_groups[0]["lr"])
    schedule = {"type": "plateau", "factor": 0.3, "patience": 1, "threshold": 1e-4, "minimum": 1e-3}
    return {"learningRate": 0.2, "schedule": schedule, "losses": losses, "rates": rates}


def main():
    one_cycle = lambda steps, **options: lambda o: OneCycleLR(o, 0.3, total_steps=steps, **options)
    cases = [
        case(0.1, {"type": "oneCycle", "etaMax": 0.3}, one_cycle(50), 50),
        case(
            0.1,
            {"type": "oneCycle", "etaMax": 0.3, "riseFraction": 0.45, "startFactor": 10, "endFactor": 100},
            one_cycle(23, pct_start=0.45, div_factor=10, final_div_factor=100),
            23,
        ),
        case(
            0.1,
            {"type": "cyclic", "etaMin": 1e-5, "etaMax": 0.1, "stepSize": 7},
            lambda o: CyclicLR(o, 1e-5, 0.1, step_size_up=7, cycle_momentum=False),
            40,
        ),
        case(0.2, {"type": "cosine", "minimum": 0.01}, lambda o: CosineAnnealingLR(o, 30, 0.01), 30),
        case(
            0.2,
            {"type": "step", "everyEpochs": 2, "factor": 0.5},
            lambda o: StepLR(o, 2, 0.5),
            30,
            per_epoch=4,
            every_epoch=True,
        ),
    ]
    dump = lambda value: json.dumps(value, separators=(",", ":"))
    lines = ",\n".join(map(dump, cases))
    text = f'{{\n"torch":{dump(torch.__version__)},\n"cases":[\n{lines}\n],\n"plateau":{dump(plateau())}\n}}\n'
    Path(__file__).with_suffix(".json").write_text(text)


if __name__ == "__main__":
    main()
