"""TimeMAR whole: resuming in stage 2, facts, refusals, and learning something."""

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


def test_the_size_of_batches_does_not_change_the_tokens(fitted, monkeypatch):
    whole = fitted.sample_tokens(30, 4)
    drawn, draw = [], timemar.generator.sample_tokens
    monkeypatch.setattr("timemar.generator._CACHE_BYTES", 7 * 21 * 2 * 4 * 16 + 5)
    monkeypatch.setattr(
        "timemar.generator.sample_tokens", lambda *given, **kept: drawn.append(draw(*given, **kept)) or drawn[-1]
    )
    assert torch.equal(fitted.sample_tokens(30, 4), whole)
    assert [len(part) for part in drawn] == [7, 7, 7, 7, 2]


def test_a_resumed_fit_gives_the_bytes_of_an_uninterrupted_one(fitted, tmp_path):
    calls, stop_at = iter(range(1000)), 17  # inside stage 2
    stopping = FitContext(seed=5, checkpoint_dir=tmp_path, stop_requested=lambda: next(calls) + 1 >= stop_at)
    with pytest.raises(Interrupted):
        TimeMAR(**TINY).fit(waves(), stopping)
    resumed = TimeMAR(**TINY).fit(waves(), FitContext(seed=5, checkpoint_dir=tmp_path))
    assert equal(fitted, resumed)
    assert resumed.measurements_ == fitted.measurements_


def test_facts_are_measured_on_the_training_windows(fitted):
    data = torch.from_numpy(waves())
    rebuilt = fitted.tokenizer_.reconstruct(fitted.tokenizer_.tokenize(data))
    assert fitted.measurements_["mse"] == pytest.approx(float((rebuilt - data).square().mean()), rel=1e-5)
    assert 0 < fitted.measurements_["codebook_usage"] <= 1


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
    assert trained.measurements_["mse"] < 0.5 * data.var()
    assert trained.measurements_["train_nll"] < 0.9 * np.log(32)
    assert trained.measurements_["validation_nll"] < np.log(32)


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
def test_other_lengths_patch_numbers_and_schedules_work(length, changes):
    made = TimeMAR(**{**TINY, "stage1_steps": 3, "stage2_steps": 2, **changes}).fit(
        waves(20, length), FitContext(seed=0)
    )
    assert made.sample(3, 0).shape == (3, length, 2)
    assert np.isfinite(made.sample(3, 0)).all()


def test_a_constant_feature_works():
    data = waves(20, features=2)
    data[..., 1] = 0.25
    made = TimeMAR(**TINY).fit(data, FitContext(seed=0))
    assert np.isfinite(made.sample(3, 0)).all()


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


def test_a_window_to_hold_out_leaves_one_to_train_on():
    with pytest.raises(UserError, match="holdout needs at least two training windows"):
        TimeMAR(**TINY, holdout=0.05).fit(waves(1), FitContext(seed=0))
    TimeMAR(**TINY, holdout=0.05).fit(waves(2), FitContext(seed=0))


@pytest.mark.parametrize("holdout", [0.0, 0.2])
def test_training_windows_are_those_of_all_batches(holdout):
    seen = {}
    made = TimeMAR(**{**TINY, "stage2_batch": 8}, holdout=holdout)
    made.fit(waves(), FitContext(seed=5, progress=lambda report: seen.update({report.stage: report.step})))
    search, batches = seen.get("stage2_length", 0), 16 * seen["stage1"] + 8 * seen["stage2"]
    assert made.training_windows(60) == batches + 8 * search + (8 * (10 - seen["stage2"]))


def test_divergence_is_an_error():
    with pytest.raises(DivergedError, match="stage1"):
        TimeMAR(**{**TINY, "weight_reconstruction": 1e38, "weight_vq": 1e38}).fit(waves(), FitContext(seed=0))


def test_progress_reports_the_metrics_of_both_stages():
    seen = []
    TimeMAR(**TINY).fit(waves(), FitContext(seed=5, progress=seen.append))
    metrics = {report.stage: set(report.metrics) for report in seen if report.metrics}
    terms = {"loss", "reconstruction", "vq", "trend", "season", "coarse", "fourier", "codebook_usage"}
    assert metrics["stage1"] == terms | {f"perplexity_{k}" for k in range(1, 7)}
    assert metrics["stage2"] == {"loss"}
