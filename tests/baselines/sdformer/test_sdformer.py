"""SDformer whole: published sizes and schedules, determinism, resuming, saving, refusals, and learning something."""

import json
import re

import numpy as np
import pytest
import torch

from baselines.sdformer.generator import SDformer
from baselines.sdformer.objective import OBJECTIVES
from baselines.sdformer.training import window_nats
from benchmark.config.generators import load_spec, resolve
from benchmark.errors import DivergedError, Interrupted, UserError
from benchmark.interface import FitContext

FEATURES = {"sines": 5, "stocks": 6, "etth": 7, "mujoco": 14, "energy": 28, "fmri": 50}
TINY = {
    "vocab_size": 16,
    "width": 8,
    "code_dim": 8,
    "weight_commitment": 0.5,
    "stage1_steps": 10,
    "stage1_warmup": 3,
    "stage1_batch": 16,
    "stage1_learning_rate": 1e-3,
    "embed_dim": 16,
    "heads": 2,
    "stage2_steps": 8,
    "stage2_batch": 16,
}
TINY_STEPS = 3 + 10 + 8
TINY_WINDOWS = (3 + 10) * 16 + 8 * 16


def parameters(name, dataset, length=24, budget="paper"):
    place = {"dataset": dataset, "features": FEATURES[dataset], "length": length, "budget": budget, "protocol": "paper"}
    return resolve(load_spec(name), place, {}).params


def waves(count=60, length=24, features=2, seed=3):
    draw = np.random.default_rng(seed)
    phase, speed = draw.uniform(0, 6, (2, count, 1, features))
    return (0.5 + 0.4 * np.sin(phase + speed * np.arange(length)[:, None] / 20)).astype(np.float32)


def weights(generator):
    return [*generator.network_.vqvae.state_dict().values(), *generator.network_.transformer.state_dict().values()]


def equal(a, b):
    return all(torch.equal(x, y) for x, y in zip(weights(a), weights(b), strict=True))


@pytest.fixture(scope="module", params=["autoregressive", "masked"])
def fitted(request):
    return SDformer(objective=request.param, **TINY).fit(waves(), FitContext(seed=5))


# Counts of the instantiated official code: VQ-VAE, codebook, transformer; the last holds a learned table (L, 1024) that the
# official forward pass never reads and that is left out here.
@pytest.mark.parametrize(
    ("dataset", "vqvae", "codebook", "transformer", "latent"),
    [
        ("stocks", 18_647_046, 131_072, 25_725_952, 6),
        ("mujoco", 18_671_630, 262_144, 26_250_240, 6),
        ("energy", 18_714_652, 262_144, 26_250_240, 6),
        ("fmri", 10_648_626, 262_144, 26_256_384, 12),
        ("etth", 18_650_119, 262_144, 26_250_240, 6),
        ("sines", 18_643_973, 262_144, 26_250_240, 6),
    ],
)
@pytest.mark.parametrize("budget", ["smoke", "quick", "fast", "paper"])
@pytest.mark.parametrize("name", ["sdformer", "sdformer_m"])
def test_published_parameter_counts(name, dataset, vqvae, codebook, transformer, latent, budget):
    parts = SDformer(**parameters(name, dataset, budget=budget)).parameter_counts(24, FEATURES[dataset])
    assert parts["encoder"] + parts["decoder"] == vqvae
    assert parts["codebook"] == codebook
    assert parts["transformer"] == transformer - 1024 * latent


def test_halves_of_the_vqvae_on_stocks():
    parts = SDformer(**parameters("sdformer", "stocks")).parameter_counts(24, 6)
    assert (parts["encoder"], parts["decoder"]) == (9_192_448, 9_454_598)


@pytest.mark.parametrize("dataset", FEATURES)
@pytest.mark.parametrize("length", [64, 128, 256])
def test_longer_windows_change_no_count(dataset, length):
    made = SDformer(**parameters("sdformer", dataset, length))
    assert made.parameter_counts(length, FEATURES[dataset]) == made.parameter_counts(24, FEATURES[dataset])


def test_the_paper_budget_is_the_published_schedule():
    names = ("weight_commitment", "down_t", "stage1_batch", "stage1_steps", "stage2_batch", "stage2_steps", "pkeep")
    published = {
        "stocks": (2, 2, 64, 100_000, 1024, 20_000, 0.7),
        "mujoco": (0.5, 2, 128, 200_000, 1024, 62_500, 0.9),
        "energy": (0.001, 2, 128, 100_000, 4096, 62_500, 0.9),
        "fmri": (0.01, 1, 128, 400_000, 1024, 62_500, 0.9),
    }
    ours = {"sines": published["energy"], "etth": published["energy"]}
    for dataset, values in {**published, **ours}.items():
        params = parameters("sdformer", dataset)
        assert tuple(params[name] for name in names) == values
        assert (params["stage1_learning_rate"], params["stage2_learning_rate"]) == (1e-4, 8e-4)
        assert (params["stage1_warmup"], params["stage1_drop"]) == (999, 200_000)
    assert parameters("sdformer_m", "stocks")["objective"] == "masked"


def test_the_size_of_batches_does_not_change_the_tokens(fitted, monkeypatch):
    whole = fitted.sample_tokens(30, 4)
    monkeypatch.setattr("baselines.sdformer.generator._SAMPLE_TOKENS", 7 * 6)
    assert torch.equal(fitted.sample_tokens(30, 4), whole)


def test_a_resumed_fit_gives_the_bytes_of_an_uninterrupted_one(fitted, tmp_path):
    state = torch.random.get_rng_state()
    calls, stop_at = iter(range(1000)), 17  # inside stage 2
    stopping = FitContext(seed=5, checkpoint_dir=tmp_path, stop_requested=lambda: next(calls) + 1 >= stop_at)
    with pytest.raises(Interrupted):
        SDformer(**fitted.parameters()).fit(waves(), stopping)
    resumed = SDformer(**fitted.parameters()).fit(waves(), FitContext(seed=5, checkpoint_dir=tmp_path))
    assert equal(fitted, resumed)
    assert resumed.measurements_ == fitted.measurements_
    assert torch.equal(torch.random.get_rng_state(), state)


def test_codes_count_as_parameters_and_facts_are_kept(fitted, tmp_path):
    fitted.save(tmp_path)
    stored = [*fitted.network_.parameters(), fitted.network_.vqvae.quantizer.codes]
    assert fitted.num_parameters == sum(tensor.numel() for tensor in stored)
    assert json.loads((tmp_path / "generator.json").read_text())["fitted"]["measurements"] == fitted.measurements_


def test_facts_are_measured_on_the_training_windows(fitted):
    data = torch.from_numpy(waves())
    tokens = fitted.network_.vqvae.tokenize(data)
    rebuilt = fitted.network_.vqvae.reconstruct(tokens)
    assert fitted.measurements_["mse"] == pytest.approx(float((rebuilt - data).square().mean()), rel=1e-5)
    assert fitted.measurements_["codebook_usage"] == len(set(tokens.flatten().tolist())) / 16
    _, hits = np.unique(tokens.numpy(), return_counts=True)
    share = hits / hits.sum()
    assert fitted.measurements_["perplexity"] == pytest.approx(np.exp(-(share * np.log(share)).sum()), rel=1e-4)
    # Without dropout: the network is in evaluation mode by now.
    objective = OBJECTIVES[fitted.objective](fitted.pkeep)
    nats = window_nats(fitted.network_.transformer, tokens, objective)
    assert fitted.measurements_["train_nll"] == pytest.approx(float(nats.mean()) / tokens.shape[1])
    assert ("repeated_share" in fitted.measurements_) == objective.causal


def test_a_codebook_that_does_not_tell_windows_apart_is_warned_of(caplog):
    # A step of 1 drives every latent the same way at once.
    collapsed = SDformer(**{**TINY, "stage1_learning_rate": 1.0, "stage1_warmup": 0}).fit(waves(), FitContext(seed=5))
    few, far = collapsed.measurements_["warnings"]
    assert "the codebook collapsed" in few
    assert all(name in vars(collapsed) for name in re.findall(r"stage1_\w+", few))
    assert f"use {collapsed.measurements_['codebook_usage']:.0%} of 16 codes" in few
    left = collapsed.measurements_["mse"] / waves().var(axis=0).mean()
    assert f"stage 1 is undertrained: reconstructions leave {left:.0%} of the windows' variance" in far
    assert few in caplog.text
    assert far in caplog.text


@pytest.mark.parametrize("objective", ["autoregressive", "masked"])
def test_training_learns_to_reconstruct_and_to_predict(objective):
    data = waves(200, features=1)
    sizes = {"width": 32, "code_dim": 32, "weight_commitment": 0.05}
    steps = {"stage1_steps": 100, "stage2_steps": 60, "stage1_batch": 32, "stage1_learning_rate": 2e-3}
    trained = SDformer(objective=objective, **{**TINY, **sizes, **steps}).fit(
        data, FitContext(seed=1, validation=waves(50, features=1, seed=9))
    )
    assert trained.measurements_["mse"] < 0.15 * data.var()
    assert trained.measurements_["train_nll"] < 0.9 * np.log(16)
    assert trained.measurements_["validation_nll"] < 0.9 * np.log(16)
    assert trained.measurements_["warnings"] == []


@pytest.mark.parametrize(
    ("count", "length", "features", "changes"),
    [
        (20, 40, 2, {}),
        (5, 24, 2, {"vocab_size": 64}),
        (20, 24, 2, {"down_t": 1, "stage1_warmup": 0}),
        (20, 24, 2, {"dropout": 0.0, "layers": 2}),
    ],
)
def test_other_lengths_counts_and_sizes_work(count, length, features, changes):
    short = {**TINY, "stage1_steps": 3, "stage2_steps": 2, **changes}
    made = SDformer(**short).fit(waves(count, length, features), FitContext(seed=0))
    assert made.sample(3, 0).shape == (3, length, features)
    assert np.isfinite(made.sample(3, 0)).all()


@pytest.mark.parametrize(
    ("length", "changes", "message"),
    [
        (26, {}, "divisible by 4"),
        (24, {"embed_dim": 18, "heads": 4}, "embed_dim 18 is not divisible"),
        (24, {"vocab_size": 1}, "'vocab_size' is 1"),
        (24, {"objective": "diffusion"}, "'objective' is 'diffusion'"),
        (24, {"pkeep": 1.5}, "'pkeep' is 1.5"),
    ],
)
def test_sizes_that_cannot_work_are_refused(length, changes, message):
    with pytest.raises(UserError, match=message):
        SDformer(**{**TINY, **changes}).fit(waves(20, length), FitContext(seed=0))


def test_divergence_is_an_error():
    with pytest.raises(DivergedError, match="stage1"):
        SDformer(**{**TINY, "stage1_learning_rate": 1e30, "stage1_warmup": 0}).fit(waves(), FitContext(seed=0))


def test_training_windows_are_those_of_all_batches():
    seen = {}
    made = SDformer(**TINY)
    made.fit(waves(), FitContext(seed=5, progress=lambda report: seen.update({report.stage: report.step})))
    assert made.training_windows(60) == 16 * sum(seen.values()) == TINY_WINDOWS
