"""The TS2Vec encoder, its losses and its training against fixtures recorded from the reference code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from metrics.nets import ts2vec_loss
from metrics.nets.ts2vec import Views, train_encoder
from metrics.nets.ts2vec_encoder import Architecture, Layout, Pass, encode

GOLDEN = Path(__file__).parents[2] / "fixtures" / "golden"


def translated(arrays, prefix: str) -> dict[str, np.ndarray]:
    """Our names and axes for the reference's weights: linear (in, out), convolution (3, in, out)."""
    weights = {}
    for key in arrays.files:
        if not key.startswith(prefix + "."):
            continue
        name = key.removeprefix(prefix + ".").replace("input_fc", "input").replace("feature_extractor.net.", "block")
        name = name.replace(".conv.", ".").replace("projector", "skip")
        value = arrays[key]
        if value.ndim == 3:
            value = value.transpose(2, 1, 0)
        if ".skip.weight" in name:
            value = value[0]
        weights[name] = np.ascontiguousarray(value.T if name == "input.weight" else value)
    return weights


def test_encoder_outputs():
    arrays = np.load(GOLDEN / "exact_ts2vec_encoder.npz")
    weights = translated(arrays, "sd")
    assert {name: value.shape for name, value in weights.items()} == Architecture(3, 8, 12, 4).shapes()
    layout = Layout(Architecture.of(weights), 24)
    network = layout.network(layout.flatten(weights))
    inputs = torch.from_numpy(arrays["x"]).transpose(0, 1).contiguous()
    mask = torch.ones(24, 6, 1)
    for expected in ("y_all_true", "y_mask_last"):
        output = Pass(network, inputs, [(0, 24)], mask=mask).output
        np.testing.assert_allclose(output.transpose(0, 1), arrays[expected], atol=2e-6, rtol=1e-5)
        mask[-1] = 0
    np.testing.assert_allclose(encode(weights, arrays["x"]), arrays["pooled_full_series"], atol=2e-6, rtol=1e-5)


@pytest.mark.parametrize("case", range(5))
def test_losses(case):
    arrays = np.load(GOLDEN / "exact_ts2vec_losses.npz")
    views = torch.from_numpy(np.stack([arrays[f"z1_{case}"], arrays[f"z2_{case}"]])).transpose(1, 2).contiguous()
    for function, name in (
        (ts2vec_loss.hierarchical_loss, "hier"),
        (ts2vec_loss.instance_loss, "inst"),
        (ts2vec_loss.temporal_loss, "temp"),
    ):
        assert float(function(views)[0]) == pytest.approx(float(arrays[f"{name}_{case}"]), rel=1e-5, abs=1e-6)


def traced_views(arrays, step: int) -> Views:
    x, overlap = arrays[f"it{step}.x"], int(arrays[f"it{step}.overlap_len"])
    inputs, mask = [], []
    for view in (1, 2):
        length = int(arrays[f"it{step}.view{view}_len"])
        steps = arrays[f"it{step}.view{view}_start"] + np.arange(length)[:, None]
        inputs.append(x[np.arange(len(x)), steps])
        mask.append(arrays[f"it{step}.mask{view}"].T[:, :, None])
    first = len(inputs[0])
    return Views(
        torch.from_numpy(np.concatenate(inputs)), torch.from_numpy(np.concatenate(mask)).float(), first, overlap
    )


def test_training_follows_the_reference_trace():
    arrays = np.load(GOLDEN / "exact_ts2vec_train_trace.npz")
    steps = [traced_views(arrays, step) for step in range(int(arrays["n_iters"]))]

    trained = train_encoder(translated(arrays, "init"), 24, steps)

    np.testing.assert_allclose(trained.losses, arrays["loss"], atol=1e-6, rtol=0)
    for ours, prefix in ((trained.final, "final"), (trained.averaged, "averaged")):
        theirs = translated(arrays, prefix)
        assert ours.keys() == theirs.keys()
        for name, value in ours.items():
            np.testing.assert_allclose(value, theirs[name], atol=1e-6, rtol=0, err_msg=f"{prefix} {name}")
