"""Writes test/kernel/vectors/{gru,lstm}.json: what PyTorch says networks, gradients and the optimiser do.

As much as possible is PyTorch's own: torch.nn.LSTM, the losses, torch.optim.Adam. torch.nn.GRU applies the reset gate
after the product, so Cho's cell (2014, eq. 5-8) is written out here and autograd differentiates it. Everything is
float64. Weights, inputs and targets have three decimals, which keeps the files short. Run from the top of the
repository:

    python3 test/support/torchVectors.py && npx biome format --write test/kernel/vectors

Needs torch (any version from 1.13; Debian's python3-torch will do).
"""

import json
import math
import os

import torch

torch.set_default_dtype(torch.float64)
torch.manual_seed(20141003)

OUT = os.path.join(os.path.dirname(__file__), "..", "kernel", "vectors")
UPDATES = 5
RATE = 0.01
CLIP = 1.0
LOG_SCALE_MIN, LOG_SCALE_MAX = -4.6, 3.0


def short(numbers):
    """Three decimals."""
    return torch.round(1000 * numbers) / 1000


def draw(bound, *shape):
    """Uniform within +- bound."""
    return short(bound * (2 * torch.rand(*shape) - 1))


class Gru(torch.nn.Module):
    """Parameters in matrices with one row per unit; rows are z, then r, then n. Inputs are (steps, inputs)."""

    def __init__(self, hidden, layers, inputs):
        super().__init__()
        self.hidden = hidden
        reads = [inputs] + [hidden] * (layers - 1)
        parameter = torch.nn.Parameter
        self.biases = torch.nn.ParameterList([parameter(torch.empty(3 * hidden)) for _ in reads])
        self.inputs = torch.nn.ParameterList([parameter(torch.empty(3 * hidden, read)) for read in reads])
        self.recurrents = torch.nn.ParameterList([parameter(torch.empty(3 * hidden, hidden)) for _ in reads])

    def forward(self, xs, state):
        H = self.hidden
        last = []
        for bias, W, U, h in zip(self.biases, self.inputs, self.recurrents, state.split(H)):
            hs = []
            for x in xs:
                a = bias + W @ x
                z, r = torch.sigmoid(a[: 2 * H] + U[: 2 * H] @ h).split(H)
                n = torch.tanh(a[2 * H :] + U[2 * H :] @ (r * h))
                h = z * h + (1 - z) * n
                hs.append(h)
            xs = torch.stack(hs)
            last.append(h)
        return xs, torch.cat(last)

    def parts(self, of):
        """In the order of src/kernel/network.ts: columns of input and recurrent one behind the other."""
        for bias, W, U in zip(self.biases, self.inputs, self.recurrents):
            yield from (of(bias), of(W).t(), of(U).t())


class Lstm(torch.nn.Module):
    """torch.nn.LSTM. Its rows are i, f, g, o; ours i, f, o, g. It has two biases, of which one stays 0."""

    def __init__(self, hidden, layers, inputs):
        super().__init__()
        self.hidden = hidden
        self.layers = layers
        self.lstm = torch.nn.LSTM(inputs, hidden, layers)
        for layer in range(layers):
            getattr(self.lstm, f"bias_hh_l{layer}").requires_grad_(False)

    def forward(self, xs, state):
        # Ours: h and c of one layer behind those of the other.
        h, c = state.reshape(self.layers, 2, self.hidden).unbind(1)
        hs, (h, c) = self.lstm(xs.unsqueeze(1), (h.unsqueeze(1).contiguous(), c.unsqueeze(1).contiguous()))
        return hs.squeeze(1), torch.cat([h, c], dim=1).reshape(-1)

    def parts(self, of):
        for layer in range(self.layers):
            for name in ("bias_ih", "weight_ih", "weight_hh"):
                i, f, g, o = of(getattr(self.lstm, f"{name}_l{layer}")).chunk(4)
                yield torch.cat([i, f, o, g]).t()


class Network(torch.nn.Module):
    """Layers of a cell, and a head that reads the last one, with skips from the first inputs to the means."""

    def __init__(self, shape):
        super().__init__()
        hidden, inputs, means, skips = (shape[name] for name in ("hidden", "inputs", "targets", "skips"))
        outputs = 2 * means if shape["loss"]["kind"] == "student" else means
        self.means = means
        self.cells = {"gru": Gru, "lstm": Lstm}[shape["cell"]](hidden, shape["layers"], inputs)
        self.head = torch.nn.Linear(hidden, outputs)
        self.skip = torch.nn.Parameter(torch.empty(skips, means))
        with torch.no_grad():
            for p in self.parameters():
                p.copy_(draw(0.9, *p.shape) if p.requires_grad else torch.zeros(*p.shape))

    def forward(self, xs, state):
        """Means and logarithms of scales, not clamped, each (steps, means); the last state."""
        hs, last = self.cells(xs, state)
        ys, scales = self.head(hs).split([self.means, self.head.out_features - self.means], dim=1)
        return ys + xs[:, : self.skip.shape[0]] @ self.skip, scales, last

    def flat(self, of):
        parts = [*self.cells.parts(of), of(self.head.weight), of(self.head.bias), of(self.skip)]
        return [number for part in parts for number in part.reshape(-1).tolist()]


def let_back_in(scales):
    """Clamped. A gradient passes as if it were not, but for what would lead farther out."""

    def inward(grad):
        outward = ((scales <= LOG_SCALE_MIN) & (grad > 0)) | ((scales >= LOG_SCALE_MAX) & (grad < 0))
        return torch.where(outward, torch.zeros_like(grad), grad)

    scales.register_hook(inward)
    return scales + (scales.clamp(LOG_SCALE_MIN, LOG_SCALE_MAX) - scales).detach()


def negative_log_likelihood(freedom, ys, scales, targets):
    """Of Student's t, without its constant."""
    constant = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2) - 0.5 * math.log(freedom * math.pi)
    return constant - torch.distributions.StudentT(freedom, ys, scales.exp()).log_prob(targets)


def losses(loss, ys, scales, targets):
    """The loss that is reported, and the one that is differentiated."""
    known = ~torch.isnan(targets)
    ys, targets = ys[known], targets[known]
    if loss["kind"] == "squared":
        mean = 0.5 * torch.nn.functional.mse_loss(ys, targets)
        return mean, mean
    if loss["kind"] == "huber":
        mean = torch.nn.functional.huber_loss(ys, targets, delta=loss["delta"])
        return mean, mean
    freedom = loss["freedom"]
    scales = let_back_in(scales)[known]
    # M. Seitzer et al. 2022, beta-NLL with beta = 1, on the means; half of the likelihood on the scales.
    of_means = (2 * scales.detach()).exp() * negative_log_likelihood(freedom, ys, scales.detach(), targets)
    of_scales = 0.5 * negative_log_likelihood(freedom, ys.detach(), scales, targets)
    return negative_log_likelihood(freedom, ys, scales, targets).mean(), (of_means + of_scales).mean()


def straddle_bounds(network, xs, state, targets):
    """Puts the scales of two means about either bound, and targets so near or far that both pull in both directions."""
    with torch.no_grad():
        ys, scales, _ = network(xs, state)
        # Six of the eight steps lie beyond the bound; of the errors of every other step one is small, one large.
        ordered = scales.sort(0).values
        network.head.bias[2] += short(LOG_SCALE_MIN - ordered[5:7, 0].mean())
        network.head.bias[3] += short(LOG_SCALE_MAX - ordered[1:3, 1].mean())
        targets.copy_(short(ys + torch.tensor([[0.0, 1.0], [1.0, 60.0]]).repeat(4, 1)))


def vector(cell, layers, hidden, inputs, means, skips, loss, masked, scale=None):
    """`masked` are pairs of step and mean; `scale` multiplies the targets. Without it scales are about their bounds."""
    steps = 8
    shape = {
        "cell": cell,
        "hidden": hidden,
        "layers": layers,
        "inputs": inputs,
        "targets": means,
        "skips": skips,
        "loss": loss,
        "lookback": steps,
    }
    network = Network(shape)
    xs = draw(1.5, steps, inputs)
    state = draw(0.9, layers * hidden * (2 if cell == "lstm" else 1))
    targets = draw(1.5 * (scale or 1), steps, means)
    if scale is None:
        straddle_bounds(network, xs, state, targets)
    for t, m in masked:
        targets[t, m] = math.nan

    result = {
        "shape": shape,
        "steps": steps,
        "rate": RATE,
        "clip": CLIP,
        "updates": UPDATES,
        "weights": network.flat(lambda p: p.detach()),
        "x": xs.reshape(-1).tolist(),
        "state": state.tolist(),
        "targets": [None if math.isnan(y) else y for y in targets.reshape(-1).tolist()],
    }
    trained = [p for p in network.parameters() if p.requires_grad]
    optimiser = torch.optim.Adam(trained, lr=RATE)
    for update in range(UPDATES):
        optimiser.zero_grad()
        ys, scales, last = network(xs, state)
        reported, differentiated = losses(loss, ys, scales, targets)
        differentiated.backward()
        if update == 0:
            result["outputs"] = torch.cat([ys, scales.clamp(LOG_SCALE_MIN, LOG_SCALE_MAX)], dim=1).reshape(-1).tolist()
            result["lastState"] = last.tolist()
            result["loss"] = reported.item()
            result["gradient"] = network.flat(lambda p: p.grad)
        # torch.nn.utils.clip_grad_norm_ adds 1e-6 to the norm.
        norm = math.sqrt(sum((p.grad**2).sum().item() for p in trained))
        if norm > CLIP:
            for p in trained:
                p.grad *= CLIP / norm
        optimiser.step()
    result["updated"] = network.flat(lambda p: p.detach())
    return result


SQUARED = {"kind": "squared"}
HUBER = {"kind": "huber", "delta": 0.7}
STUDENT = {"kind": "student", "freedom": 4}
MASKED = [(0, 0), (3, 1), (7, 0), (7, 1)]

os.makedirs(OUT, exist_ok=True)
for cell in ("gru", "lstm"):
    vectors = [
        # Large targets in some, so that the gradient is clipped.
        vector(cell, 1, 4, 1, 1, 1, SQUARED, [], 1),
        vector(cell, 2, 3, 3, 2, 1, SQUARED, MASKED, 20),
        vector(cell, 3, 3, 2, 1, 0, SQUARED, [(7, 0)], 1),
        vector(cell, 1, 5, 3, 2, 2, HUBER, MASKED, 1),
        vector(cell, 2, 4, 1, 1, 0, HUBER, [(2, 0)], 5),
        vector(cell, 3, 3, 2, 2, 2, HUBER, MASKED, 1),
        vector(cell, 1, 5, 2, 2, 1, STUDENT, MASKED, 1),
        vector(cell, 2, 3, 3, 2, 3, STUDENT, MASKED, 5),
        vector(cell, 3, 3, 1, 1, 0, STUDENT, [(5, 0)], 1),
        vector(cell, 1, 4, 2, 2, 2, STUDENT, [(5, 0), (6, 1)]),
    ]
    with open(os.path.join(OUT, f"{cell}.json"), "w", encoding="utf-8") as file:
        json.dump(vectors, file)
        file.write("\n")
