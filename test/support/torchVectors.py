"""Writes test/kernel/vectors/*.json: what PyTorch says the cells, their gradients and their optimiser do.

torch.nn.GRU applies the reset gate after the product, so Cho's cell (2014, eq. 5-8) is written out here, the LSTM beside
it, and autograd differentiates them. Everything is float64. Run from the top of the repository:

    python3 test/support/torchVectors.py && npx biome format --write test/kernel/vectors

Needs torch (any version from 1.13; Debian's python3-torch will do).
"""

import json
import math
import os

import torch

torch.set_default_dtype(torch.float64)
torch.manual_seed(20141003)

FOLDER = os.path.join(os.path.dirname(__file__), "..", "kernel", "vectors")
UPDATES = 5
RATE = 0.01
CLIP = 1.0
LOG_SCALES = (-4.6, 3.0)


def gru(a, recurrent, h, width):
    """One step from a = W x + b. Rows are z, then r, then n."""
    zr = torch.sigmoid(a[: 2 * width] + recurrent[: 2 * width] @ h)
    z, r = zr[:width], zr[width:]
    n = torch.tanh(a[2 * width :] + recurrent[2 * width :] @ (r * h))
    return z * h + (1 - z) * n


def lstm(a, recurrent, h, c, width):
    """Rows are i, f, o, then g."""
    sums = a + recurrent @ h
    i, f, o = torch.sigmoid(sums[: 3 * width]).split(width)
    c = f * c + i * torch.tanh(sums[3 * width :])
    return o * torch.tanh(c), c


class Network(torch.nn.Module):
    """Parameters in matrices with one row per unit, or per output."""

    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        hidden = shape["hidden"]
        width = (3 if shape["cell"] == "gru" else 4) * hidden
        self.outputs = shape["targets"] * (2 if shape["loss"]["kind"] == "student" else 1)

        def draw(*size):
            return torch.nn.Parameter((2 * torch.rand(*size) - 1) / math.sqrt(hidden) * 1.5)

        self.layers = torch.nn.ModuleList()
        for layer in range(shape["layers"]):
            inputs = shape["inputs"] if layer == 0 else hidden
            self.layers.append(
                torch.nn.ParameterDict(
                    {"bias": draw(width), "input": draw(width, inputs), "recurrent": draw(width, hidden)}
                )
            )
        self.head = draw(self.outputs, hidden)
        self.head_bias = draw(self.outputs)
        self.skip = draw(shape["targets"], shape["skips"]) if shape["skips"] > 0 else None

    def forward(self, xs, state):
        """Raw outputs of every step, and the state afterwards in the order of src/kernel/network.ts."""
        shape, hidden = self.shape, self.shape["hidden"]
        states = list(state.split(hidden))
        ys = []
        for first in xs:
            x = first
            for number, layer in enumerate(self.layers):
                a = layer["bias"] + layer["input"] @ x
                if shape["cell"] == "gru":
                    states[number] = gru(a, layer["recurrent"], states[number], hidden)
                    x = states[number]
                else:
                    h, c = lstm(a, layer["recurrent"], states[2 * number], states[2 * number + 1], hidden)
                    states[2 * number], states[2 * number + 1] = h, c
                    x = h
            y = self.head @ x + self.head_bias
            if self.skip is not None:
                direct = self.skip @ first[: shape["skips"]]
                y = torch.cat([y[: shape["targets"]] + direct, y[shape["targets"] :]])
            ys.append(y)
        return torch.stack(ys), torch.cat(states)

    def flat(self, of):
        """In the order of src/kernel/network.ts: columns of a matrix one behind the other, but rows of the head."""
        parts = []
        for layer in self.layers:
            parts += [of(layer["bias"]), of(layer["input"]).t(), of(layer["recurrent"]).t()]
        parts += [of(self.head), of(self.head_bias)]
        if self.skip is not None:
            parts.append(of(self.skip).t())
        return [number for part in parts for number in part.reshape(-1).tolist()]


def losses(shape, ys, targets):
    """The loss, and what is differentiated: the same, but for Student's, whose weights are not differentiated."""
    known = ~torch.isnan(targets)
    means = ys[:, : shape["targets"]]
    e = means[known] - targets[known]
    kind = shape["loss"]["kind"]
    if kind == "squared":
        loss = (0.5 * e * e).mean()
        return loss, loss
    if kind == "huber":
        loss = torch.nn.functional.huber_loss(e, torch.zeros_like(e), delta=shape["loss"]["delta"])
        return loss, loss
    freedom = shape["loss"]["freedom"]
    s = ys[:, shape["targets"] :].clamp(*LOG_SCALES)[known]

    def nll(error, scale):
        return scale + 0.5 * (freedom + 1) * torch.log1p(error**2 / (freedom * torch.exp(2 * scale)))

    surrogate = torch.exp(2 * s.detach()) * nll(e, s.detach()) + 0.5 * nll(e.detach(), s)
    return nll(e, s).mean(), surrogate.mean()


def vector(shape, steps, masked, scale):
    network = Network(shape)
    xs = torch.randn(steps, shape["inputs"])
    state = 2 * torch.rand(shape["hidden"] * shape["layers"] * (1 if shape["cell"] == "gru" else 2)) - 1
    targets = scale * torch.randn(steps, shape["targets"])
    for t, m in masked:
        targets[t, m] = math.nan
    result = {
        "shape": {**shape, "lookback": steps},
        "steps": steps,
        "rate": RATE,
        "clip": CLIP,
        "updates": UPDATES,
        "weights": network.flat(lambda p: p.detach()),
        "inputs": xs.reshape(-1).tolist(),
        "state": state.tolist(),
        "targets": [None if math.isnan(y) else y for y in targets.reshape(-1).tolist()],
    }
    optimiser = torch.optim.Adam(network.parameters(), lr=RATE)
    for update in range(UPDATES):
        optimiser.zero_grad()
        ys, after = network(xs, state)
        loss, differentiated = losses(shape, ys, targets)
        differentiated.backward()
        if update == 0:
            result["outputs"] = ys.reshape(-1).tolist()
            result["lastState"] = after.tolist()
            result["loss"] = loss.item()
            result["gradient"] = network.flat(lambda p: p.grad)
        norm = math.sqrt(sum((p.grad**2).sum().item() for p in network.parameters()))
        if norm > CLIP:
            for p in network.parameters():
                p.grad *= CLIP / norm
        optimiser.step()
    result["updated"] = network.flat(lambda p: p.detach())
    return result


def shape(cell, layers, hidden, inputs, targets, skips, loss):
    names = ["cell", "layers", "hidden", "inputs", "targets", "skips", "loss"]
    return dict(zip(names, [cell, layers, hidden, inputs, targets, skips, loss]))


SQUARED = {"kind": "squared"}
HUBER = {"kind": "huber", "delta": 0.5}
STUDENT = {"kind": "student", "freedom": 4}

os.makedirs(FOLDER, exist_ok=True)
for cell in ["gru", "lstm"]:
    vectors = [
        vector(shape(cell, 1, 4, 1, 1, 0, SQUARED), 8, [], 1.0),
        # Large targets, so that the gradient is clipped.
        vector(shape(cell, 1, 5, 2, 3, 1, SQUARED), 10, [(9, 1), (9, 2)], 20.0),
        vector(shape(cell, 2, 4, 3, 2, 3, HUBER), 9, [(0, 0), (3, 1), (8, 0)], 1.0),
        vector(shape(cell, 1, 4, 7, 3, 1, STUDENT), 12, [(11, 0), (11, 1), (11, 2), (4, 1)], 1.0),
        vector(shape(cell, 3, 3, 1, 1, 1, STUDENT), 6, [(2, 0)], 2.0),
    ]
    with open(os.path.join(FOLDER, f"{cell}.json"), "w", encoding="utf-8") as file:
        json.dump(vectors, file)
        file.write("\n")
