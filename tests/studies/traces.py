"""The largest differences from exact traces of the reference evaluation, written into `metrics/README.md`.

python -m tests.studies.traces
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from metrics.common.frechet import frechet_distance, moments
from metrics.nets import ts2vec_loss
from metrics.nets.classifier import predict_is_real, train_classifiers
from metrics.nets.gru import Layout, with_ones
from metrics.nets.predictor import inputs_and_targets, mean_absolute_errors, train_predictors
from metrics.nets.ts2vec import train_encoder
from metrics.nets.ts2vec_encoder import encode
from tests.metrics.nets.test_recurrent_traces import kernels, largest_difference
from tests.metrics.nets.test_ts2vec_traces import traced_views, translated
from tests.studies.record import ROOT, insert, table

GOLDEN = Path(ROOT / "tests" / "fixtures" / "golden")


def _largest(ours: np.ndarray, theirs: np.ndarray) -> float:
    return float(np.abs(np.asarray(ours, np.float64) - np.asarray(theirs, np.float64)).max())


def classifier() -> list[tuple[str, float]]:
    """Thirty steps of the discriminative score."""
    trace = np.load(GOLDEN / "exact_disc_trace_sines.npz")
    layout = Layout(features=5, units=2)
    parameters = torch.from_numpy(layout.pack(kernels(trace, "init", "discriminator", "d_cell"))[None])
    n = len(trace["real"])
    windows = torch.from_numpy(with_ones(np.concatenate([trace["real"], trace["fake"]])))
    rows = np.concatenate([trace["idx_real"].astype(np.int64), n + trace["idx_fake"].astype(np.int64)], axis=1)
    losses = train_classifiers(parameters, layout, windows, torch.from_numpy(rows[:, None]), 128, 128)
    final = kernels(trace, "final", "discriminator", "d_cell")
    tests = np.concatenate([trace["eval_idx_real"].astype(np.int64), n + trace["eval_idx_fake"].astype(np.int64)])
    called = predict_is_real(parameters, layout, windows, torch.from_numpy(tests[None]))[0]
    score = abs((called[:40].mean() + 1 - called[40:].mean()) / 2 - 0.5)
    return [
        ("discriminative: losses of 30 steps", _largest(losses[:, 0].numpy(), trace["loss"])),
        ("discriminative: weights after them", largest_difference(layout.unpack(parameters[0].numpy()), final)),
        ("discriminative: the score then", _largest(score, trace["score"][0])),
    ]


def predictor() -> list[tuple[str, float]]:
    """Thirty steps of the predictive score."""
    trace = np.load(GOLDEN / "exact_pred_trace_sines.npz")
    layout = Layout(features=4, units=2)
    parameters = torch.from_numpy(layout.pack(kernels(trace, "init", "predictor", "p_cell"))[None])
    inputs, targets = (torch.from_numpy(part) for part in inputs_and_targets(trace["fake"]))
    batches = torch.from_numpy(trace["idx_fake"].astype(np.int64))[:, None]
    losses = train_predictors(parameters, layout, inputs, targets, batches)
    final = kernels(trace, "final", "predictor", "p_cell")
    inputs, targets = (torch.from_numpy(part) for part in inputs_and_targets(trace["real"]))
    score = mean_absolute_errors(parameters, layout, inputs, targets)[0]
    return [
        ("predictive: losses of 30 steps", _largest(losses[:, 0].numpy(), trace["loss"])),
        ("predictive: weights after them", largest_difference(layout.unpack(parameters[0].numpy()), final)),
        ("predictive: the score then", _largest(score, trace["score"])),
    ]


def context_fid() -> list[tuple[str, float]]:
    """Encoding, losses, eight steps of training, and the distance of two samples."""
    encoder = np.load(GOLDEN / "exact_ts2vec_encoder.npz")
    encoded = _largest(encode(translated(encoder, "sd"), encoder["x"]), encoder["pooled_full_series"])
    losses = np.load(GOLDEN / "exact_ts2vec_losses.npz")
    worst = 0.0
    for case in range(5):
        views = torch.from_numpy(np.stack([losses[f"z1_{case}"], losses[f"z2_{case}"]])).transpose(1, 2).contiguous()
        worst = max(worst, _largest(float(ts2vec_loss.hierarchical_loss(views)[0]), losses[f"hier_{case}"]))
    trace = np.load(GOLDEN / "exact_ts2vec_train_trace.npz")
    steps = [traced_views(trace, step) for step in range(int(trace["n_iters"]))]
    trained = train_encoder(translated(trace, "init"), 24, steps)
    averaged = translated(trace, "averaged")
    sets = np.load(GOLDEN / "exact_fid_formula.npz")
    distance = frechet_distance(*moments(sets["full_a"]), *moments(sets["full_b"]))
    return [
        ("TS2Vec: encoded windows", encoded),
        ("TS2Vec: hierarchical loss, five cases", worst),
        ("TS2Vec: losses of 8 steps", _largest(trained.losses, trace["loss"])),
        ("TS2Vec: averaged weights after them", max(_largest(trained.averaged[k], averaged[k]) for k in averaged)),
        ("Fréchet distance, relative", abs(distance / float(sets["full_fid"]) - 1)),
    ]


def main() -> None:
    """Compare and write the table."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    torch.set_num_threads(1)
    rows = [[what, f"{error:.1e}"] for what, error in (*classifier(), *predictor(), *context_fid())]
    insert(ROOT / "metrics" / "README.md", "traces", table(["what", "largest difference"], rows))


if __name__ == "__main__":
    main()
