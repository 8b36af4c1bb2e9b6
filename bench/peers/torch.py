"""PyTorch as a side of the benchmark: `python3 torch.py cpu|cuda|cuda-compile|cuda-graphs`; see bench/protocol.ts.

cpu and cuda run eagerly; cuda-compile puts forward, loss and gradient through torch.compile (a second argument is its
mode); cuda-graphs replays one captured step, rows picked on the device. Products and convolutions are float32, without
TF32, the latter by the fastest of cuDNN's ways. Needs PyTorch 1.13 or later. Optimizers are the library's, fused where it has them. Members share their first product as one wide
product, later ones are batched. Threads are left at the library's default: with OpenBLAS, which has threads of its own,
more were up to twenty times slower on two cores. On Debian: python3-torch, python3-numpy, libopenblas0.
"""

import json
import os
import platform
import sys
import time

# This file bears the library's name: its folder must not be searched for it.
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:] = [path for path in sys.path if os.path.realpath(path or ".") != HERE]

# Answers alone belong on the standard output, whatever libraries print.
ANSWERS = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)


def answer(value):
    ANSWERS.write(json.dumps(value) + "\n")


try:
    import numpy
    import torch
    from torch.nn import functional
except ImportError as missing:
    answer({"error": f"{missing}; Debian: python3-torch, python3-numpy"})
    sys.exit(1)

DTYPES = {"u8": numpy.uint8, "u32": numpy.uint32, "f32": numpy.float32}
ACTIVATIONS = {"linear": lambda z: z, "relu": torch.relu, "sigmoid": torch.sigmoid}


def read_workload(folder, device):
    """meta.json with tensors on the device in place of its files; inputs float32 already scaled, labels int64."""
    with open(os.path.join(folder, "meta.json"), encoding="utf-8") as file:
        meta = json.load(file)

    def array(entry):
        values = numpy.fromfile(os.path.join(folder, entry["file"]), DTYPES[entry["dtype"]])
        return values.reshape(entry["shape"])

    used_rows = meta["stepsPerEpoch"] * meta["batch"]
    scale = numpy.float32(meta["inputScale"])
    x = array(meta["inputs"])[:used_rows].astype(numpy.float32) * scale
    # Images are [rows, channels, height, width] here.
    meta["x"] = torch.from_numpy(numpy.ascontiguousarray(numpy.moveaxis(x, -1, 1) if x.ndim > 2 else x)).to(device)
    targets = array(meta["targets"])[:used_rows]
    meta["y"] = torch.from_numpy(targets if meta["loss"] == "mse" else targets.astype(numpy.int64)).to(device)
    shape = x.shape[1:]
    for layer in meta["layers"]:
        layer["inShape"], shape = shape, output_shape(layer, shape)
        for name in ("weight", "bias"):
            if name in layer:
                layer[name] = torch.from_numpy(array(layer[name])).to(device)
    meta["trained"] = [layer for layer in meta["layers"] if "weight" in layer]
    return meta


def output_shape(layer, shape):
    """[features] or [height, width, channels]."""
    if layer["type"] == "dense":
        return (layer["outSize"],)
    height, width, channels = shape
    if layer["type"] == "conv2d":
        return height - layer["kernel"][0] + 1, width - layer["kernel"][1] + 1, layer["outC"]
    return height // layer["size"][0], width // layer["size"][1], channels


def create_parameters(meta):
    """
    [(w, b)] of the layers that have them: w [in, out]; with members the first [in, members * out], later ones [members,
    in, out]. Of a convolution [outC, inC, kernelH, kernelW]; a dense w behind images has its rows in the library's order.
    """
    members = meta["members"]
    parameters = []
    for index, layer in enumerate(meta["trained"]):
        w, b = layer["weight"], layer["bias"]
        if members == 1:
            w, b = w[0], b[0]
            if layer["type"] == "conv2d":
                w = w.permute(3, 2, 0, 1)
            elif len(layer["inShape"]) == 3:
                w = w.view(*layer["inShape"], -1).permute(2, 0, 1, 3).reshape(w.shape)
        elif index == 0:
            w, b = w.permute(1, 0, 2).reshape(layer["inSize"], -1), b.reshape(-1)
        else:
            b = b.reshape(members, 1, -1)
        parameters.append(tuple(tensor.clone().contiguous().requires_grad_() for tensor in (w, b)))
    return parameters


def create_decays(meta, device):
    """2 * l2 of each layer, in a shape that goes with its weights; only for members."""
    l2 = torch.tensor(meta["l2"], dtype=torch.float32, device=device) * 2
    return [
        l2.repeat_interleave(layer["outSize"]) if index == 0 else l2.reshape(-1, 1, 1)
        for index, layer in enumerate(meta["trained"])
    ]


def create_loss(meta):
    """The mean loss of a batch, [] or [members]."""
    members, layers = meta["members"], meta["layers"]

    def losses_of_members(parameters, x, y):
        h = x
        for index, ((w, b), layer) in enumerate(zip(parameters, layers)):
            if index == 0:
                h = torch.addmm(b, h, w).view(len(x), members, layer["outSize"]).transpose(0, 1)
            else:
                h = torch.baddbmm(b, h, w)
            h = ACTIVATIONS[layer["activation"]](h)
        if meta["loss"] == "mse":
            return functional.mse_loss(h, y.expand_as(h), reduction="none").mean((1, 2))
        each = functional.cross_entropy(h.flatten(0, 1), y.repeat(members), reduction="none")
        return each.view(members, -1).mean(1)

    def loss_of_one(parameters, x, y):
        h = x
        remaining = iter(parameters)
        for layer in layers:
            if layer["type"] == "maxPool2d":
                h = functional.max_pool2d(h, layer["size"])
                continue
            w, b = next(remaining)
            z = functional.conv2d(h, w, b) if layer["type"] == "conv2d" else torch.addmm(b, h.flatten(1), w)
            h = ACTIVATIONS[layer["activation"]](z)
        return functional.mse_loss(h, y) if meta["loss"] == "mse" else functional.cross_entropy(h, y)

    return losses_of_members if members > 1 else loss_of_one


def create_optimizer(meta, parameters, is_captured):
    """The library's optimizer, fused if it has that for this device; l2 of one model as its weight decay."""
    spec = meta["optimizer"]
    decay = 2 * meta["l2"][0] if meta["members"] == 1 else 0
    groups = [
        {"params": [w for w, _ in parameters], "weight_decay": decay},
        {"params": [b for _, b in parameters]},
    ]
    options = {"lr": spec["learningRate"]}
    if spec["type"] == "adam":
        kind = torch.optim.Adam
        options.update(betas=(spec["beta1"], spec["beta2"]), eps=spec["epsilon"], capturable=is_captured)
    else:
        kind = torch.optim.SGD
        options.update(momentum=spec.get("momentum", 0))
    try:
        return kind([dict(group) for group in groups], fused=True, **options)
    except (TypeError, RuntimeError):
        return kind(groups, **options)


class Trainer:
    """One workload on the device; `time_steps` and `epoch` return once the device has finished."""

    def __init__(self, meta, device, mode):
        self.meta, self.device, self.mode = meta, device, mode
        self.batch = meta["batch"]
        self.rows = len(meta["x"])
        self.parameters = create_parameters(meta)
        self.decays = create_decays(meta, device) if meta["members"] > 1 and any(meta["l2"]) else []
        self.loss = create_loss(meta)
        if mode == "compile":
            self.loss = torch.compile(self.loss, mode=sys.argv[2] if len(sys.argv) > 2 else None)
        self.optimizer = create_optimizer(meta, self.parameters, mode == "graphs")
        self.position = 0
        if mode == "graphs":
            self.capture()

    def learn(self, x, y):
        """One step; its losses stay on the device."""
        self.optimizer.zero_grad(set_to_none=True)
        losses = self.loss(self.parameters, x, y)
        losses.sum().backward()
        with torch.no_grad():
            for (w, _), decay in zip(self.parameters, self.decays):
                w.grad.addcmul_(w, decay)
        self.optimizer.step()
        return losses.detach()

    def capture(self):
        """Captures one step that takes its rows from `order` at `place`, and leaves everything as it was before."""
        tensors = [tensor for pair in self.parameters for tensor in pair]
        initial = [tensor.detach().clone() for tensor in tensors]
        self.file_order = torch.arange(self.rows, device=self.device)
        self.order = self.file_order.clone()
        self.place = torch.zeros((), dtype=torch.int64, device=self.device)
        offsets = torch.arange(self.batch, device=self.device)

        def step():
            indices = self.order.index_select(0, self.place + offsets)
            losses = self.learn(self.meta["x"].index_select(0, indices), self.meta["y"].index_select(0, indices))
            self.place.add_(self.batch).remainder_(self.rows)
            return losses

        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                step()
        torch.cuda.current_stream().wait_stream(stream)
        self.optimizer.zero_grad(set_to_none=True)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.captured_losses = step()
        with torch.no_grad():
            for tensor, value in zip(tensors, initial):
                tensor.copy_(value)
            for state in self.optimizer.state.values():
                for value in state.values():
                    if isinstance(value, torch.Tensor):
                        value.zero_()
            self.place.zero_()

    def next(self):
        """The next step over the rows in file order."""
        if self.mode == "graphs":
            self.graph.replay()
            return self.captured_losses
        start = self.position
        self.position = (start + self.batch) % self.rows
        rows = slice(start, start + self.batch)
        return self.learn(self.meta["x"][rows], self.meta["y"][rows])

    def synchronize(self):
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def train(self, steps):
        return [value for _ in range(steps) for value in self.next().reshape(-1).tolist()]

    def time_steps(self, steps):
        for _ in range(steps):
            self.next()
        self.synchronize()

    def epoch(self):
        order = torch.randperm(self.rows, device=self.device)
        if self.mode == "graphs":
            self.order.copy_(order)
            self.place.zero_()
            for _ in range(self.rows // self.batch):
                self.graph.replay()
            self.order.copy_(self.file_order)
        else:
            for indices in order.split(self.batch):
                self.learn(self.meta["x"][indices], self.meta["y"][indices])
        self.synchronize()


def product(request, device):
    """Milliseconds of one product, and the elements of y that are checked; see bench/protocol.ts."""
    m, n, k, kind = request["m"], request["n"], request["k"], request["kind"]
    left = ((numpy.arange(m * k) * 37 % 101 - 50) / 64).astype(numpy.float32)
    right = ((numpy.arange(k * n) * 53 % 97 - 48) / 64).astype(numpy.float32)
    a = torch.from_numpy(left.reshape((k, m) if kind == "weight" else (m, k))).to(device)
    b = torch.from_numpy(right.reshape((n, k) if kind == "input" else (k, n))).to(device)
    a, b = (a.t() if kind == "weight" else a), (b.t() if kind == "input" else b)

    def run(repeats):
        for _ in range(repeats):
            y = torch.mm(a, b)
        if device.type == "cuda":
            torch.cuda.synchronize()
        return y

    run(1)
    start = time.perf_counter()
    y = run(request["repeats"])
    elapsed_ms = (time.perf_counter() - start) * 1000
    indices = [index * (m * n - 1) // 7 for index in range(8)]
    return {"ms": elapsed_ms / request["repeats"], "sample": y.reshape(-1)[indices].tolist()}


def describe_cpu():
    """Threads and linear algebra library. With Debian's reference BLAS products take 8 times as long as with OpenBLAS."""
    torch.mm(torch.ones(2, 2), torch.ones(2, 2))
    library = "unknown BLAS"
    if os.path.exists("/proc/self/maps"):
        with open("/proc/self/maps", encoding="utf-8") as file:
            mapped = file.read().lower()
        known = [name for name in ("mkl_core", "openblas", "blis", "atlas") if name in mapped]
        library = known[0] if known else "reference BLAS" if "libblas" in mapped else library
    return f"{platform.machine()}, {torch.get_num_threads()} threads, {library}"


def open_device(mode):
    if mode not in ("cpu", "cuda", "compile", "graphs"):
        raise ValueError("usage: python3 torch.py cpu|cuda|cuda-compile|cuda-graphs")
    if mode == "cpu":
        return torch.device("cpu"), describe_cpu()
    if not torch.cuda.is_available():
        raise RuntimeError("no CUDA device, or a PyTorch without CUDA")
    if mode == "compile" and not hasattr(torch, "compile"):
        raise RuntimeError(f"PyTorch {torch.__version__} has no torch.compile")
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True
    return torch.device("cuda"), torch.cuda.get_device_name(0)


def timed(work):
    start = time.perf_counter()
    work()
    return {"ms": (time.perf_counter() - start) * 1000}


def main():
    argument = sys.argv[1] if len(sys.argv) > 1 else ""
    mode = argument[len("cuda-") :] if argument.startswith("cuda-") else argument
    try:
        device, adapter = open_device(mode)
    except (RuntimeError, ValueError) as error:
        answer({"error": str(error)})
        sys.exit(1)
    answer({"side": f"torch-{argument}", "version": torch.__version__, "adapter": adapter})
    trainer = None
    for line in sys.stdin:
        request = json.loads(line)
        do = request["do"]
        if do == "quit":
            break
        try:
            if do == "product":
                result = product(request, device)
            elif do == "load":
                trainer = None
                trainer = Trainer(read_workload(request["data"], device), device, mode)
                result = {"loaded": request["workload"]}
            elif trainer is None:
                raise ValueError(f'"{do}" before a workload was loaded')
            elif do == "train":
                result = {"losses": trainer.train(request["steps"])}
            elif do == "time":
                result = timed(lambda: trainer.time_steps(request["steps"]))
            elif do == "epoch":
                result = timed(trainer.epoch)
            else:
                raise ValueError(f'no request "{do}"')
        except Exception as error:  # the parent notes it and goes on
            result = {"error": f"{type(error).__name__}: {error}"}
        answer(result)


main()
