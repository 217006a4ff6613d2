"""KoVAE whole: official schedule, the variant without its Koopman term, sampling, resuming, refusals, learning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from baselines.kovae.generator import KoVAE, SequenceTask
from baselines.kovae.network import KoVAENetwork, Sizes
from benchmark.config.generators import load_spec, resolve
from benchmark.errors import DivergedError, Interrupted, UserError
from benchmark.interface import FitContext, Windows
from benchmark.training import build

FEATURES = {"sines": 5, "stocks": 6, "etth": 7, "mujoco": 14, "energy": 28, "fmri": 50}
TINY: dict[str, Any] = {"latent": 3, "hidden": 4, "layers": 2, "epochs": None, "steps": 6, "batch": 16}


def waves(count: int = 40, length: int = 12, features: int = 2) -> Windows:
    draw = np.random.default_rng(3)
    phase, speed = draw.uniform(0, 6, (2, count, 1, features))
    return (0.5 + 0.4 * np.sin(phase + speed * np.arange(length)[:, None] / 10)).astype(np.float32)


def parameters(name: str, dataset: str, budget: str = "paper", length: int = 24) -> dict[str, Any]:
    place = {"dataset": dataset, "features": FEATURES[dataset], "length": length, "budget": budget, "protocol": "paper"}
    return resolve(load_spec(name), place, {}).params


@pytest.fixture(scope="module")
def fitted() -> KoVAE:
    return KoVAE(**TINY).fit(waves(), FitContext(seed=5))


def test_the_paper_budget_is_the_official_schedule() -> None:
    weights = {"sines": (0.007, 0.005), "stocks": (0.009, 0.03)}
    for dataset in FEATURES:
        params = parameters("kovae", dataset)
        assert (params["divergence_weight"], params["koopman_weight"]) == weights.get(dataset, (0.007, 0.005))
        assert (params["epochs"], params["steps"], params["batch"], params["learning_rate"]) == (600, None, 64, 7e-4)
        assert (params["latent"], params["hidden"], params["layers"], params["decay"]) == (16, 20, 3, "constant")
        assert params["clip"] is None
        assert parameters("kovae", dataset, length=64) == params
        assert parameters("kovae", dataset, length=128) == {**params, "clip": 10}


@pytest.mark.parametrize("budget", ["smoke", "quick", "fast", "paper"])
@pytest.mark.parametrize("length", [24, 64, 128, 256])
def test_the_variant_lacks_the_koopman_weight_and_nothing_else(budget: str, length: int) -> None:
    for dataset in FEATURES:
        whole, without = (parameters(name, dataset, budget, length) for name in ("kovae", "kovae_no_koopman"))
        assert whole["koopman_weight"] > 0
        assert without == {**whole, "koopman_weight": 0}


def test_an_epoch_on_stocks_is_58_steps() -> None:
    assert KoVAE().training_windows(3662) == 600 * 58 * 64


def test_the_koopman_weight_changes_the_prior_and_a_weight_of_0_is_its_absence() -> None:
    def after(weight: float) -> dict[str, torch.Tensor]:
        network = build(lambda: KoVAENetwork(2, Sizes(3, 4, 2)), torch.Generator().manual_seed(0))
        values = {**KoVAE(**TINY, koopman_weight=weight).parameters()}
        task = SequenceTask(network, torch.from_numpy(waves()), values, 6)
        metrics = task.step(0, torch.Generator().manual_seed(1))
        total = metrics["reconstruction"] + 0.007 * metrics["divergence"] + weight * metrics["koopman"]
        assert float(metrics["loss"]) == pytest.approx(float(total), rel=1e-6)
        assert float(metrics["koopman"]) > 0
        return {name: parameter.grad for name, parameter in network.named_parameters() if parameter.grad is not None}

    without, weighted, twice = after(0.0), after(10.0), after(20.0)
    for name, gradient in without.items():
        if name.startswith("prior"):
            assert torch.allclose(twice[name] - gradient, 2 * (weighted[name] - gradient), atol=1e-4)
            assert not torch.equal(weighted[name], gradient)
        else:
            assert torch.equal(weighted[name], gradient), name


def test_sampling_ignores_the_encoder_and_its_norm(fitted: KoVAE, tmp_path: Path) -> None:
    fitted.save(tmp_path)
    changed = KoVAE.load(tmp_path)
    for part in ("encoder", "norm", "posterior"):
        for value in changed.network_.get_submodule(part).state_dict().values():
            value.fill_(7)
    assert changed.sample(9, 3).tobytes() == fitted.sample(9, 3).tobytes()


def test_a_sample_is_decoded_from_the_priors_own_run(fitted: KoVAE) -> None:
    noise = torch.randn((9, 12, 3), generator=torch.Generator().manual_seed(4))
    network = fitted.network_
    z, h, latent = torch.zeros(9, 3), torch.zeros(9, 4), []
    for step in range(12):
        prior = network.prior
        h = torch.gru_cell(z, h, prior.inputs, prior.states, prior.input_bias, prior.state_bias)
        mean, log_variance = prior.heads(h).chunk(2, dim=1)
        z = mean + (log_variance / 2).exp() * noise[:, step]
        latent.append(z)
    expected = network.decode(torch.stack(latent)).numpy()
    assert np.allclose(fitted.sample(9, 4), expected, atol=1e-5)


def test_the_size_of_batches_changes_no_sample(fitted: KoVAE, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = fitted.sample(7, 0)
    monkeypatch.setattr("baselines.kovae.generator._SAMPLE_STEPS", 24)
    assert np.allclose(fitted.sample(7, 0), sample, atol=1e-6)


@pytest.mark.parametrize("changes", [{}, {"decay": "cosine", "clip": 1.0}])
def test_a_resumed_fit_gives_the_bytes_of_an_uninterrupted_one(changes: dict[str, Any], tmp_path: Path) -> None:
    whole = KoVAE(**TINY, **changes).fit(waves(), FitContext(seed=5))
    calls = iter(range(1000))
    stopping = FitContext(seed=5, checkpoint_dir=tmp_path, stop_requested=lambda: next(calls) >= 4)
    with pytest.raises(Interrupted):
        KoVAE(**TINY, **changes).fit(waves(), stopping)
    resumed = KoVAE(**TINY, **changes).fit(waves(), FitContext(seed=5, checkpoint_dir=tmp_path))
    assert resumed.sample(9, 3).tobytes() == whole.sample(9, 3).tobytes()
    for name, value in whole.network_.state_dict().items():
        assert torch.equal(resumed.network_.state_dict()[name], value), name  # the norm's running statistics among them


def test_a_clipped_gradient_has_the_norm_it_is_cut_to() -> None:
    network = build(lambda: KoVAENetwork(2, Sizes(3, 4, 2)), torch.Generator().manual_seed(0))
    task = SequenceTask(network, torch.from_numpy(waves()), KoVAE(**TINY, clip=0.5).parameters(), 6)
    task.step(0, torch.Generator().manual_seed(1))
    norm = torch.cat([parameter.grad.flatten() for parameter in network.parameters()]).norm()  # type: ignore[union-attr]
    assert float(norm) == pytest.approx(0.5, rel=1e-4)


def test_training_learns_level_and_spread() -> None:
    data = waves(200, features=1)
    options = {**TINY, "hidden": 12, "steps": 160, "learning_rate": 1e-2, "divergence_weight": 0.02, "decay": "cosine"}
    sample = KoVAE(**options, clip=10.0).fit(data, FitContext(seed=1)).sample(300, 0)
    assert abs(sample.mean() - data.mean()) < 0.1
    assert sample.std() == pytest.approx(data.std(), rel=0.35)


@pytest.mark.parametrize(("count", "length", "features"), [(1, 2, 1), (20, 2, 1), (17, 7, 1)])
def test_one_window_one_feature_and_two_steps_work(count: int, length: int, features: int) -> None:
    sample = KoVAE(**TINY).fit(waves(count, length, features), FitContext(seed=0)).sample(1, 0)
    assert sample.shape == (1, length, features)
    assert np.isfinite(sample).all()


@pytest.mark.parametrize(("given", "options"), [("both", {"epochs": 3}), ("neither", {"steps": None})])
def test_both_and_neither_of_steps_and_epochs_are_refused(given: str, options: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=f"KoVAE was given {given} of steps and epochs"):
        KoVAE(**{**TINY, **options}).fit(waves(), FitContext(seed=0))


def test_what_cannot_work_is_refused() -> None:
    with pytest.raises(UserError, match="give it windows of T = 2 or more, not 1"):
        KoVAE(**TINY).fit(waves(length=1), FitContext(seed=0))
    with pytest.raises(UserError, match="'koopman_weight' is -1"):
        KoVAE(**TINY, koopman_weight=-1).fit(waves(), FitContext(seed=0))
    with pytest.raises(DivergedError, match="the loss of vae"):
        KoVAE(**{**TINY, "learning_rate": 1e38}).fit(waves(), FitContext(seed=0))
