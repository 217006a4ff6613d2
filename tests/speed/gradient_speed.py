"""What the hand-written gradients of the metrics' networks save against autograd, on the sizes of a real data set.

    python -m tests.speed.gradient_speed [stocks] [--length 24] [--runs 5] [--openblas] [--cell]

CPU milliseconds of a training step on one thread, medians over `--runs` runs in which the variants take turns: the TS2Vec encoder
(8 windows, two views), the GRU classifier and the LSTM classifier (five repetitions of 128 + 128 windows). Autograd runs the
same operations by `torch.addmm` and `torch.baddbmm`. `--openblas` adds the hand-written encoder by SciPy's OpenBLAS. `--cell`
times one whole repetition of Context-FID (encoder training, encoding, distance) by either.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterable
from statistics import median
from typing import Any

from benchmark.run.blas import use_avx512_blas

use_avx512_blas(os.environ)
import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from benchmark.data import load_windows  # noqa: E402
from benchmark.data.catalogue import load_spec  # noqa: E402
from metrics.context_fid import ContextFID  # noqa: E402
from metrics.nets import gru, lstm, matmul, recurrent, ts2vec  # noqa: E402
from metrics.nets import ts2vec_encoder as encoder  # noqa: E402
from metrics.nets.adam import TensorFlowAdam  # noqa: E402
from metrics.nets.classifier import LastStateHead  # noqa: E402
from tests.metrics.corruptions import noise  # noqa: E402
from tests.speed.threads import single_thread  # noqa: E402
from tests.studies.record import table  # noqa: E402

R, BATCH, STEPS = 5, 128, 60


def convolve(rows: Tensor, conv: encoder.Convolution, spans: encoder.Spans, windows: int) -> Tensor:
    """A dilated convolution of rows ordered by time and window, its three taps side by side in one product."""
    if conv.before is None or conv.after is None:
        return torch.addmm(conv.bias, rows, conv.centre)
    before, after = [], []
    for start, steps in spans:
        moved = min(conv.dilation, steps)
        zeros = rows.new_zeros(moved * windows, rows.shape[1])
        before += [zeros, rows[start * windows : (start + steps - moved) * windows]]
        after += [rows[(start + moved) * windows : (start + steps) * windows], zeros]
    taps = torch.cat([conv.before, conv.centre, conv.after])
    return torch.addmm(conv.bias, torch.cat([torch.cat(before), rows, torch.cat(after)], dim=1), taps)


def encoder_output(network: encoder.Network, views: ts2vec.Views) -> Tensor:
    """The outputs (2, overlap, B, C) of both views."""
    S, B, _ = views.inputs.shape
    spans = ((0, views.first), (views.first, S - views.first))
    rows = torch.addmm(network.bias, views.inputs.flatten(0, 1), network.weight) * views.mask.view(S * B, 1)
    needed = slice((views.first - views.overlap) * B, (views.first + views.overlap) * B)
    for block in network.blocks:
        if block.first.before is None and len(rows) == S * B:
            rows = rows[needed]
        inner = convolve(functional.gelu(rows), block.first, spans, B)
        skip = rows if block.skip is None else torch.addmm(block.skip_bias, rows, block.skip)
        rows = convolve(functional.gelu(inner), block.second, spans, B) + skip
    rows = rows if len(rows) == 2 * views.overlap * B else rows[needed]
    return (rows.unflatten(0, (-1, B)) * views.dropout).unflatten(0, (2, views.overlap))


def contrast(vectors: Tensor) -> Tensor:
    """The contrastive loss of groups of vectors (G, 2M, C), in which i and i + M are a pair."""
    groups, both, _ = vectors.shape
    products = torch.bmm(vectors, vectors.transpose(1, 2))
    products = products.masked_fill(torch.eye(both, dtype=torch.bool), -torch.inf)
    shares = functional.log_softmax(products, dim=2)
    return -(shares.diagonal(both // 2, 1, 2).sum() + shares.diagonal(-both // 2, 1, 2).sum()) / (groups * both)


def hierarchical(views: Tensor) -> Tensor:
    """The hierarchical loss of two views (2, T, B, C)."""
    loss, levels = torch.zeros(()), 1
    while True:
        _, T, B, C = views.shape
        loss = loss + contrast(views.transpose(0, 1).reshape(T, 2 * B, C))
        if T == 1:
            return loss * (0.5 / levels)
        loss = loss + contrast(views.permute(2, 0, 1, 3).reshape(B, 2 * T, C))
        views = views[:, : T // 2 * 2].unflatten(1, (T // 2, 2)).amax(dim=2)
        levels += 1


def train_encoder(weights: Any, length: int, steps: Iterable[ts2vec.Views], *_: Any, **__: Any) -> ts2vec.Trained:
    """`ts2vec.train_encoder` by autograd."""
    layout = encoder.Layout(encoder.Architecture.of(weights), length)
    parameter = nn.Parameter(layout.flatten(weights))
    average, losses = parameter.detach().clone(), []
    optimizer = torch.optim.AdamW([parameter], lr=ts2vec.LEARNING_RATE, weight_decay=ts2vec.WEIGHT_DECAY, fused=True)
    for views in steps:
        loss = hierarchical(encoder_output(layout.network(parameter), views))
        parameter.grad = None
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
        average.lerp_(parameter.detach(), 1 / (len(losses) + 1))
    decays = (1 - ts2vec.LEARNING_RATE * ts2vec.WEIGHT_DECAY) ** np.arange(len(losses) + 1)
    averaged = ts2vec.restore_weights(layout, weights, average, float(decays.mean()))
    return ts2vec.Trained(averaged, averaged, torch.stack(losses).numpy())


def gru_last_state(weights: gru.Weights, inputs: Tensor) -> Tensor:
    """The last state (R, H, B) for inputs (T, R, D + 1, B)."""
    H = weights.candidate.shape[1]
    state = inputs.new_zeros(inputs.shape[1], H, inputs.shape[3])
    for x in (weights.inputs @ inputs).unbind():
        r, u = torch.baddbmm(x[:, : 2 * H], weights.gates, state).sigmoid().split(H, dim=1)
        c = torch.baddbmm(x[:, 2 * H :], weights.candidate, r * state).tanh()
        state = torch.lerp(c, state, u)
    return state


def lstm_last_state(weights: lstm.Weights, inputs: Tensor) -> Tensor:
    """The upper layer's last state (R, H, B) for inputs (T, R, D + 1, B)."""
    states = list(inputs.unbind())
    for layer in weights[:2]:
        H = layer.shape[1] // 4
        state = memory = inputs.new_zeros(inputs.shape[1], H, inputs.shape[3])
        ones, found = torch.ones_like(state[:, :1]), []
        for x in states:
            read = torch.cat([x, state] if layer is weights.lower else [x, ones, state], dim=1)
            i, f, g, o = torch.bmm(layer, read).split(H, dim=1)
            memory = f.sigmoid() * memory + i.sigmoid() * g.tanh()
            state = o.sigmoid() * memory.tanh()
            found.append(state)
        states = found
    return states[-1]


def train_classifier(
    last_state: Callable[[Any, Tensor], Tensor], parameters: Tensor, layout: Any, windows: Tensor, batches: list[Tensor]
) -> list[Tensor]:
    """R classifiers by autograd, `parameters` (R, size) in place, windows (N, T, D + 1); the losses (R,) of each step."""
    optimizer, losses = TensorFlowAdam(parameters), []
    signs = torch.cat([-torch.ones(BATCH), torch.ones(BATCH)])
    for rows in batches:
        leaf = parameters.detach().requires_grad_()
        weights = layout.views(leaf)
        inputs = windows[rows.view(-1)].view(*rows.shape, *windows.shape[1:]).permute(2, 0, 3, 1).contiguous()
        logits = torch.baddbmm(weights.dense_bias, weights.dense, last_state(weights, inputs))
        loss = functional.softplus(logits * signs).sum(dim=(1, 2)) / BATCH
        loss.sum().backward()
        optimizer.step(leaf.grad)
        losses.append(loss.detach())
    return losses


def seconds(work: Callable[[], object]) -> tuple[float, Any]:
    """CPU seconds of one call, and what it returned."""
    started = time.process_time()
    found = work()
    return time.process_time() - started, found


def classifiers(real: np.ndarray, fake: np.ndarray, kind: str) -> dict[str, Callable[[], Any]]:
    """The training of R classifiers by hand-written gradients and by autograd, from equal weights on equal batches."""
    rngs = [np.random.default_rng(seed) for seed in range(R)]
    ones = torch.from_numpy(gru.with_ones(np.concatenate([real, fake])))
    plain, D = ones[:, :, :-1].contiguous(), real.shape[2]
    pools = [[np.arange(len(real))] * R, [len(real) + np.arange(len(fake))] * R]
    batches = list(recurrent.draw_batches(rngs, pools, STEPS, "cpu"))
    head = LastStateHead(BATCH, BATCH, real.shape[1], "cpu")
    if kind == "GRU":
        layout: Any = gru.Layout(D, max(1, D // 2))
        start = recurrent.initial_rows(rngs, layout, "cpu")
        hand = lambda: recurrent.train(start.clone(), layout, ones, batches, head)  # noqa: E731
        last_state: Any = gru_last_state
    else:
        layout = lstm.Layout(D, max(8, D // 2))
        start = torch.from_numpy(np.stack([layout.initial(rng) for rng in rngs]))
        hand = lambda: lstm.train(start.clone(), layout, plain, batches, head)  # noqa: E731
        last_state = lstm_last_state
    return {
        "hand-written": hand,
        "autograd": lambda: torch.stack(train_classifier(last_state, start.clone(), layout, ones, batches)),
    }


def encoders(real: np.ndarray, openblas: bool) -> dict[str, Callable[[], Any]]:
    """The training of one encoder by each variant, from equal weights on equal views."""
    rng, architecture = np.random.default_rng(0), encoder.Architecture(real.shape[2])
    weights = encoder.initial_weights(rng, architecture)
    views = list(ts2vec.draw_steps(rng, real, STEPS, architecture.output))
    length = real.shape[1]

    def by_openblas() -> Any:
        rule, matmul.is_amd_with_avx512 = matmul.is_amd_with_avx512, lambda: True  # type: ignore[assignment, misc]
        try:
            return ts2vec.train_encoder(weights, length, views).losses
        finally:
            matmul.is_amd_with_avx512 = rule  # type: ignore[misc]

    variants: dict[str, Callable[[], Any]] = {
        "hand-written": lambda: ts2vec.train_encoder(weights, length, views).losses,
        "autograd": lambda: train_encoder(weights, length, views).losses,
    }
    return {**variants, "hand-written by OpenBLAS": by_openblas} if openblas else variants


def cells(real: np.ndarray, fake: np.ndarray) -> dict[str, Callable[[], Any]]:
    """One repetition of Context-FID as published, with the encoder trained by either."""

    def by_autograd() -> Any:
        kept, ts2vec.train_encoder = ts2vec.train_encoder, train_encoder  # type: ignore[assignment]
        try:
            return ContextFID().compute(real, fake).values
        finally:
            ts2vec.train_encoder = kept

    return {"hand-written": lambda: ContextFID().compute(real, fake).values, "autograd": by_autograd}


def compared(name: str, variants: dict[str, Callable[[], Any]], runs: int, unit: float) -> list[list[str]]:
    """Rows of medians and of the ratio to the hand-written variant; prints how far the results lie apart."""
    times: dict[str, list[float]] = {variant: [] for variant in variants}
    found = {}
    for run in range(runs + 1):
        for variant, work in variants.items():
            took, found[variant] = seconds(work)
            if run:  # the first run warms up
                times[variant].append(took * unit)
    first = np.asarray(found["hand-written"])
    rows = []
    for variant, values in times.items():
        ratio = median(value / hand for value, hand in zip(values, times["hand-written"], strict=True))
        apart = np.abs(np.asarray(found[variant]) - first).max()
        spread = f"{median(values):.2f} ({min(values):.2f} to {max(values):.2f})"
        rows.append([name, variant, spread, f"{ratio:.2f}", f"{apart:.1e}"])
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", nargs="?", default="stocks")
    parser.add_argument("--length", type=int, default=24)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--openblas", action="store_true")
    parser.add_argument("--cell", action="store_true")
    arguments = parser.parse_args()
    single_thread()
    real = load_windows(load_spec(arguments.dataset), arguments.length, "paper", seed_for_split=0).train
    fake = noise(real, 0.1, 0)
    step = 1e3 / STEPS
    rows = compared("TS2Vec encoder, ms a step", encoders(real, arguments.openblas), arguments.runs, step)
    for kind in ("GRU", "LSTM"):
        rows += compared(f"{kind} classifier, ms a step", classifiers(real, fake, kind), arguments.runs, step)
    if arguments.cell:
        rows += compared("Context-FID, s a repetition", cells(real, fake), arguments.runs, 1.0)
    print(f"{arguments.dataset}, length {arguments.length}, D = {real.shape[2]}, {arguments.runs} runs")  # noqa: T201
    print(table(["what", "gradient", "CPU time, median (range)", "ratio", "results apart"], rows))  # noqa: T201


if __name__ == "__main__":
    main()
