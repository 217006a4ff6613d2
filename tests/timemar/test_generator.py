"""TimeMAR whole: determinism, resuming, saving, refusals, and learning something."""

import json

import numpy as np
import pytest
import torch

import timemar.generator
from benchmark.errors import DivergedError, Interrupted, UserError
from benchmark.interface import FitContext
from timemar.generator import TimeMAR

TINY = {
    "vocab_size": 32,
    "z_channels": 8,
    "ch": 8,
    "stage1_steps": 12,
    "stage1_batch": 16,
    "reseed_every": 2,
    "embed_dim": 16,
    "layers": 1,
    "heads": 2,
    "stage2_steps": 10,
    "stage2_batch": 16,
}


def waves(count=60, length=24, features=2, seed=3):
    draw = np.random.default_rng(seed)
    phase, speed = draw.uniform(0, 6, (2, count, 1, features))
    return (0.5 + 0.4 * np.sin(phase + speed * np.arange(length)[:, None] / 20)).astype(np.float32)


def weights(generator):
    return [
        value.clone() for part in (generator.tokenizer_, generator.transformer_) for value in part.state_dict().values()
    ]


def equal(a, b):
    return all(torch.equal(x, y) for x, y in zip(weights(a), weights(b), strict=True))


@pytest.fixture(scope="module")
def fitted():
    return TimeMAR(**TINY).fit(waves(), FitContext(seed=5))


def test_same_seed_same_bytes_and_the_global_state_is_untouched(fitted):
    before_torch, before_numpy = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    again = TimeMAR(**TINY).fit(waves(), FitContext(seed=5))
    assert equal(fitted, again)
    assert fitted.sample(20, 1).tobytes() == again.sample(20, 1).tobytes()
    assert fitted.sample(20, 1).tobytes() != fitted.sample(20, 2).tobytes()
    assert torch.equal(before_torch, torch.get_rng_state())
    assert (before_numpy == np.random.get_state()[1]).all()  # noqa: NPY002


def test_samples_have_the_shape_type_and_range(fitted):
    sample = fitted.sample(7, 0)
    assert sample.shape == (7, 24, 2)
    assert sample.dtype == np.float32
    assert sample.min() >= 0
    assert sample.max() <= 1


def test_the_size_of_batches_does_not_change_the_tokens(fitted, monkeypatch):
    whole = fitted.sample_tokens(30, 4)
    drawn, draw = [], timemar.generator.sample_tokens
    monkeypatch.setattr("timemar.generator._CACHE_BYTES", 7 * 21 * 2 * 4 * 16 + 5)
    monkeypatch.setattr(
        "timemar.generator.sample_tokens", lambda *given, **kept: drawn.append(draw(*given, **kept)) or drawn[-1]
    )
    assert torch.equal(fitted.sample_tokens(30, 4), whole)
    assert [len(part) for part in drawn] == [7, 7, 7, 7, 2]


@pytest.mark.parametrize("stop_at", [5, 12, 17])
def test_a_resumed_fit_gives_the_bytes_of_an_uninterrupted_one(fitted, tmp_path, stop_at):
    calls = iter(range(1000))
    stopping = FitContext(seed=5, checkpoint_dir=tmp_path, stop_requested=lambda: next(calls) + 1 >= stop_at)
    with pytest.raises(Interrupted):
        TimeMAR(**TINY).fit(waves(), stopping)
    resumed = TimeMAR(**TINY).fit(waves(), FitContext(seed=5, checkpoint_dir=tmp_path))
    assert equal(fitted, resumed)
    assert resumed.facts_ == fitted.facts_


def test_save_and_load_give_the_same_samples(fitted, tmp_path):
    fitted.save(tmp_path)
    loaded = TimeMAR.load(tmp_path)
    assert loaded.sample(9, 3).tobytes() == fitted.sample(9, 3).tobytes()
    assert loaded.num_parameters == fitted.num_parameters
    assert loaded.parameters() == fitted.parameters()
    assert {path.suffix for path in tmp_path.iterdir()} == {".safetensors", ".json"}
    facts = json.loads((tmp_path / "generator.json").read_text())["fitted"]["facts"]
    assert facts["mse"] == fitted.facts_["mse"]
    assert len(facts["perplexity"]) == 6


def test_parts_add_up_to_the_fitted_size(fitted):
    assert sum(TimeMAR(**TINY).parameter_counts(24, 2).values()) == fitted.num_parameters


def test_facts_are_measured_on_the_training_windows(fitted):
    data = torch.from_numpy(waves())
    rebuilt = fitted.tokenizer_.reconstruct(fitted.tokenizer_.tokenize(data))
    assert fitted.facts_["mse"] == pytest.approx(float((rebuilt - data).square().mean()), rel=1e-5)
    assert 0 < fitted.facts_["codebook_usage"] <= 1


def test_training_learns_to_reconstruct_and_to_predict():
    data = waves(200)
    steps = {
        "stage1_steps": 120,
        "stage2_steps": 60,
        "stage1_batch": 32,
        "stage1_learning_rate": 5e-3,
        "middle_blocks": 0,
    }
    trained = TimeMAR(**{**TINY, **steps}).fit(data, FitContext(seed=1, validation=waves(50, seed=9)))
    assert trained.facts_["mse"] < 0.5 * data.var()
    assert trained.facts_["train_nll"] < 0.9 * np.log(32)
    assert trained.facts_["held_out_nll"] < np.log(32)


@pytest.mark.parametrize(
    ("length", "changes"),
    [
        (24, {"patch_nums": (6,)}),
        (24, {"patch_nums": (1, 4, 12), "ch_mult": (1, 2)}),
        (40, {"patch_nums": (1, 2, 5, 10)}),
        (24, {"stage1_steps": None, "stage1_epochs": 2, "stage1_decay": "halving", "stage1_warmup": 0.0}),
        (24, {"temperature": 0.8, "top_k": 5, "top_p": 0.9, "corruption": 0.1}),
    ],
)
def test_other_lengths_ladders_and_schedules_work(length, changes):
    made = TimeMAR(**{**TINY, "stage1_steps": 3, "stage2_steps": 2, **changes}).fit(
        waves(20, length), FitContext(seed=0)
    )
    assert made.sample(3, 0).shape == (3, length, 2)
    assert np.isfinite(made.sample(3, 0)).all()


def test_one_feature_and_a_constant_feature_work():
    data = waves(20, features=2)
    data[..., 1] = 0.25
    made = TimeMAR(**TINY).fit(data, FitContext(seed=0))
    assert np.isfinite(made.sample(3, 0)).all()
    assert TimeMAR(**TINY).fit(waves(20, features=1), FitContext(seed=0)).sample(2, 0).shape == (2, 24, 1)


@pytest.mark.parametrize(
    ("length", "changes", "message"),
    [
        (24, {"patch_nums": (1, 2, 5)}, "L = 6"),
        (24, {"patch_nums": (1, 2, 2, 6)}, "must increase"),
        (26, {}, "divisible by 4"),
        (24, {"kernels": (3, 25)}, "kernels hold 25"),
        (24, {"embed_dim": 15}, "embed_dim 15 is not divisible"),
        (24, {"vocab_size": 1}, "'vocab_size' is 1"),
        (24, {"stage1_epochs": 3}, "both of stage1_steps and stage1_epochs"),
        (24, {"stage2_steps": None}, "neither of stage2_steps and stage2_epochs"),
        (24, {"patch_nums": ()}, "'patch_nums'"),
        (24, {"attention": 2, "middle_blocks": 1}, "attention 2 is more than its 1 middle blocks"),
        (24, {"precision": "float16"}, "'precision' is 'float16'"),
        (24, {"top_p": 0.0}, "'top_p' is 0.0"),
    ],
)
def test_sizes_that_cannot_work_are_refused(length, changes, message):
    with pytest.raises(UserError, match=message):
        TimeMAR(**{**TINY, **changes}).fit(waves(20, length), FitContext(seed=0))


def test_windows_that_cannot_work_are_refused():
    for bad in (waves()[0], waves().astype(np.float64), waves()[:0]):
        with pytest.raises(UserError, match="pass float32"):
            TimeMAR(**TINY).fit(bad, FitContext(seed=0))
    for value in (1.5, np.nan):
        bad = waves()
        bad[3, 4, 1] = value
        with pytest.raises(UserError, match="scale every feature"):
            TimeMAR(**TINY).fit(bad, FitContext(seed=0))


def test_sampling_needs_a_fit_and_a_count(fitted):
    with pytest.raises(UserError, match="call fit or load first"):
        TimeMAR().sample(3, 0)
    with pytest.raises(UserError, match="n = 0"):
        fitted.sample(0, 0)


def test_divergence_is_an_error():
    with pytest.raises(DivergedError, match="stage1"):
        TimeMAR(**{**TINY, "weight_reconstruction": 1e38, "weight_vq": 1e38}).fit(waves(), FitContext(seed=0))


def test_progress_reports_the_figures_of_both_stages():
    seen = []
    TimeMAR(**TINY).fit(waves(), FitContext(seed=5, progress=seen.append))
    metrics = {report.stage: set(report.metrics) for report in seen if report.metrics}
    terms = {"loss", "reconstruction", "vq", "trend", "season", "coarse", "fourier", "codebook_usage"}
    assert metrics["stage1"] == terms | {f"perplexity_{k}" for k in range(1, 7)}
    assert metrics["stage2"] == {"loss"}
