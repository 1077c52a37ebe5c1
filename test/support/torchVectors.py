"""Writes test/kernel/vectors/gru.json: what PyTorch says the cell, its gradient and its optimiser do.

torch.nn.GRU applies the reset gate after the product, so Cho's cell (2014, eq. 5-8) is written out here and autograd
differentiates it. Everything is float64. Run from the top of the repository:

    python3 test/support/torchVectors.py && npx biome format --write test/kernel/vectors/gru.json

Needs torch (any version from 1.13; Debian's python3-torch will do).
"""

import json
import math
import os

import torch

torch.set_default_dtype(torch.float64)
torch.manual_seed(20141003)

OUT = os.path.join(os.path.dirname(__file__), "..", "kernel", "vectors", "gru.json")
UPDATES = 5
RATE = 0.01
CLIP = 1.0


class Cell(torch.nn.Module):
    """Parameters in matrices with one row per unit; rows are z, then r, then n."""

    def __init__(self, hidden, inputs, outputs):
        super().__init__()
        self.hidden = hidden

        def draw(*shape):
            return torch.nn.Parameter((2 * torch.rand(*shape) - 1) / math.sqrt(hidden) * 1.5)

        self.bias = draw(3 * hidden)
        self.input = draw(3 * hidden, inputs)
        self.recurrent = draw(3 * hidden, hidden)
        self.head = draw(outputs, hidden)
        self.head_bias = draw(outputs)
        self.skip = draw(outputs)

    def forward(self, xs, h):
        H = self.hidden
        ys = []
        for x in xs:
            a = self.bias + self.input @ x
            zr = torch.sigmoid(a[: 2 * H] + self.recurrent[: 2 * H] @ h)
            z, r = zr[:H], zr[H:]
            n = torch.tanh(a[2 * H :] + self.recurrent[2 * H :] @ (r * h))
            h = z * h + (1 - z) * n
            ys.append(self.head @ h + self.head_bias + self.skip * x[0])
        return torch.stack(ys), h

    def flat(self, of):
        """In the order of src/kernel/layout.ts: columns of input and recurrent one behind the other."""
        parts = [self.bias, self.input, self.recurrent, self.head, self.head_bias, self.skip]
        columns = [self.input, self.recurrent]
        return [
            number
            for part in parts
            for number in (of(part).t() if any(part is c for c in columns) else of(part)).reshape(-1).tolist()
        ]


def masked_loss(ys, targets):
    known = ~torch.isnan(targets)
    e = ys[known] - targets[known]
    return 0.5 * (e * e).mean()


def vector(hidden, inputs, outputs, steps, masked, scale):
    cell = Cell(hidden, inputs, outputs)
    xs = torch.randn(steps, inputs)
    state = 2 * torch.rand(hidden) - 1
    targets = scale * torch.randn(steps, outputs)
    for t, o in masked:
        targets[t, o] = math.nan

    result = {
        "hidden": hidden,
        "inputs": inputs,
        "outputs": outputs,
        "steps": steps,
        "rate": RATE,
        "clip": CLIP,
        "updates": UPDATES,
        "weights": cell.flat(lambda p: p.detach()),
        "x": xs.reshape(-1).tolist(),
        "state": state.tolist(),
        "targets": [None if math.isnan(y) else y for y in targets.reshape(-1).tolist()],
    }
    optimiser = torch.optim.Adam(cell.parameters(), lr=RATE)
    for update in range(UPDATES):
        optimiser.zero_grad()
        ys, h = cell(xs, state)
        loss = masked_loss(ys, targets)
        loss.backward()
        if update == 0:
            result["forecasts"] = ys.reshape(-1).tolist()
            result["lastState"] = h.tolist()
            result["loss"] = loss.item()
            result["gradient"] = cell.flat(lambda p: p.grad)
        norm = math.sqrt(sum((p.grad**2).sum().item() for p in cell.parameters()))
        if norm > CLIP:
            for p in cell.parameters():
                p.grad *= CLIP / norm
        optimiser.step()
    result["updated"] = cell.flat(lambda p: p.detach())
    return result


vectors = [
    vector(4, 1, 1, 8, [], 1.0),
    vector(5, 3, 2, 10, [(0, 0), (3, 1), (9, 0), (9, 1)], 1.0),
    # Large targets, so that the gradient is clipped.
    vector(8, 2, 3, 12, [(11, 1), (11, 2)], 20.0),
]
os.makedirs(os.path.dirname(OUT), exist_ok=True)
with open(OUT, "w", encoding="utf-8") as file:
    json.dump(vectors, file)
    file.write("\n")
