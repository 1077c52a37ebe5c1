"""A peer for the benchmark of the kernel: PyTorch on one thread of the processor.

One model: nn.GRU or nn.LSTM with a batch of one, and GRUCell or LSTMCell for a single step. Many models: each with its
own weights, their products by bmm, in the equations of the kernel. The folder that is the only argument holds CELL-H.f32
with weights, state, inputs and targets as in cPeers.ts. Answers a line of standard input with one of standard output:

    version
    gradient CELL H MODELS N   after N updates: loss, then the gradient of the first model
    train CELL H MODELS N      N training passes: microseconds of processor time
    step CELL H MODELS N       N steps, likewise
"""

import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
import torch
from torch import nn

torch.set_num_threads(1)
STEPS = 32
GATES = {"gru": 3, "lstm": 4}


def read(cell, H):
    """Weights (bias, input, recurrent, head, head bias), state, inputs, targets."""
    numbers = torch.frombuffer(bytearray(open(f"{sys.argv[1]}/{cell}-{H}.f32", "rb").read()), dtype=torch.float32)
    C, state = GATES[cell] * H, H if cell == "gru" else 2 * H
    sizes = [C, C, H * C, H, 1]
    weights = [part.clone() for part in numbers.split(sizes + [len(numbers) - sum(sizes)])[:-1]]
    tail = numbers[-(state + 2 * STEPS):]
    return weights, *tail.split([state, STEPS, STEPS])


class Single:
    """The library's own layer. Its GRU resets after the product with U, which is another function than the kernel's."""

    def __init__(self, cell, H):
        (bias, w, u, v, c), state, self.inputs, self.targets = read(cell, H)
        self.H = H
        # The library's gates: r z n and i f g o; its rows are our columns.
        self.order = [1, 0, 2] if cell == "gru" else [0, 1, 3, 2]
        self.layer = (nn.GRU if cell == "gru" else nn.LSTM)(1, H)
        self.cell = (nn.GRUCell if cell == "gru" else nn.LSTMCell)(1, H)
        self.head = nn.Linear(H, 1)
        rows = lambda m: torch.cat([m.view(-1, len(self.order), H)[:, g].T for g in self.order])
        with torch.no_grad():
            self.layer.weight_ih_l0.copy_(rows(w))
            self.layer.weight_hh_l0.copy_(rows(u))
            self.layer.bias_ih_l0.copy_(rows(bias)[:, 0])
            self.layer.bias_hh_l0.zero_()
            self.head.weight.copy_(v.view(1, H))
            self.head.bias.copy_(c)
        start = state.view(-1, 1, 1, H)
        self.start = start[0] if cell == "gru" else (start[0], start[1])
        self.state = state.view(-1, 1, H)[0] if cell == "gru" else tuple(state.view(-1, 1, H))
        # Both biases of a gate would learn: one of them is not there, as in the kernel.
        self.layer.bias_hh_l0.requires_grad_(False)
        self.parameters = [p for p in [*self.layer.parameters(), *self.head.parameters()] if p.requires_grad]

    def optimiser(self, rate):
        return torch.optim.Adam(self.parameters, lr=rate)

    def loss(self):
        y, _ = self.layer(self.inputs.view(-1, 1, 1), self.start)
        return 0.5 * ((self.head(y).view(-1) - self.targets) ** 2).mean()

    def clip(self):
        nn.utils.clip_grad_norm_(self.parameters, 1.0)

    def step(self):
        state = self.cell(self.inputs[:1].view(1, 1), self.state)
        return self.head(state if torch.is_tensor(state) else state[0])

    def gradient(self):
        """In the kernel's order."""
        columns = lambda m: torch.stack([m.view(len(self.order), self.H, -1)[self.order.index(g)].T
                                         for g in range(len(self.order))], 1).reshape(-1)
        layer = self.layer
        return torch.cat([columns(layer.bias_ih_l0.grad), columns(layer.weight_ih_l0.grad),
                          columns(layer.weight_hh_l0.grad), self.head.weight.grad.view(-1), self.head.bias.grad])


class Many:
    """Independent models side by side, each with weights of its own."""

    def __init__(self, cell, H, models):
        weights, state, inputs, targets = read(cell, H)
        shapes = [(1, -1), (1, -1), (H, -1), (H, 1), (1, 1)]
        own = lambda m, shape: m.view(1, *shape).repeat(models, 1, 1).requires_grad_()
        self.cell, self.H = cell, H
        self.parameters = [own(m, shape) for m, shape in zip(weights, shapes)]
        self.start = state.view(1, -1, H).repeat(models, 1, 1)
        self.inputs = inputs.view(-1, 1, 1, 1).repeat(1, models, 1, 1)
        self.targets = targets.view(-1, 1, 1, 1)

    def optimiser(self, rate):
        return torch.optim.Adam(self.parameters, lr=rate)

    def next(self, sums, h, c):
        H, u = self.H, self.parameters[2]
        if self.cell == "lstm":
            a = torch.baddbmm(sums, h, u)
            i, f, o = torch.sigmoid(a[..., :3 * H]).split(H, -1)
            c = f * c + i * torch.tanh(a[..., 3 * H:])
            return o * torch.tanh(c), c
        z, r = torch.sigmoid(torch.baddbmm(sums[..., :2 * H], h, u[..., :2 * H])).split(H, -1)
        n = torch.tanh(torch.baddbmm(sums[..., 2 * H:], r * h, u[..., 2 * H:]))
        return n + z * (h - n), c

    def loss(self):
        bias, w, _, v, y0 = self.parameters
        h, c = self.start[:, :1], self.start[:, -1:]
        sums, states = self.inputs * w + bias, []
        for t in range(STEPS):
            h, c = self.next(sums[t], h, c)
            states.append(h)
        # All heads at once: of each model, STEPS rows.
        y = torch.baddbmm(y0, torch.cat(states, 1), v)
        return 0.5 * ((y - self.targets.view(1, -1, 1)) ** 2).mean((1, 2)).sum()

    def clip(self):
        norms = sum((p.grad ** 2).sum((1, 2)) for p in self.parameters).sqrt()
        scale = (1 / norms.clamp(min=1.0)).view(-1, 1, 1)
        for p in self.parameters:
            p.grad.mul_(scale)

    def step(self):
        bias, w, _, v, y0 = self.parameters
        h, _ = self.next(self.inputs[0] * w + bias, self.start[:, :1], self.start[:, -1:])
        return torch.baddbmm(y0, h, v)

    def gradient(self):
        return torch.cat([p.grad[0].view(-1) for p in self.parameters])


def make(cell, H, models):
    return Single(cell, H) if models == 1 else Many(cell, H, models)


def train(model, optimiser):
    optimiser.zero_grad(set_to_none=True)
    loss = model.loss()
    loss.backward()
    model.clip()
    optimiser.step()
    return loss


def answer(task, cell="", H="0", models="1", n="0"):
    if task == "version":
        return torch.__version__
    H, models, n = int(H), int(models), int(n)
    if task == "gradient":
        model = make(cell, H, models)
        optimiser = model.optimiser(1e-3)
        for _ in range(n):
            train(model, optimiser)
        optimiser.zero_grad(set_to_none=True)
        loss = model.loss()
        loss.backward()
        return " ".join("%.9g" % x for x in [loss.item() / models, *model.gradient().tolist()])
    if (cell, H, models) not in made:
        model = make(cell, H, models)
        made[cell, H, models] = model, model.optimiser(1e-4)
    model, optimiser = made[cell, H, models]
    # The first turn fills the caches and is not counted.
    if task == "train":
        train(model, optimiser)
        begin = time.process_time()
        for _ in range(n):
            train(model, optimiser)
    else:
        with torch.inference_mode():
            for _ in range(1 + n // 8):
                model.step()
            begin = time.process_time()
            for _ in range(n):
                model.step()
    return "%.3f" % (1e6 * (time.process_time() - begin))


made = {}
for line in sys.stdin:
    print(answer(*line.split()), flush=True)
