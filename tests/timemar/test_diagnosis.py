"""Collapse and overfitting are seen, said and kept."""

import logging

import numpy as np
import pytest
import torch

from benchmark.interface import FitContext
from timemar.diagnosis import warnings_of
from timemar.generator import TimeMAR

TINY = {
    "vocab_size": 16, "z_channels": 8, "ch": 8, "middle_blocks": 0, "embed_dim": 32, "layers": 1, "heads": 2, "dropout": 0.0,
    "stage1_steps": 60, "stage1_batch": 16, "stage1_learning_rate": 5e-3, "stage2_steps": 3, "stage2_batch": 16,
}  # fmt: skip


def noise(count, seed):
    return np.random.default_rng(seed).uniform(size=(count, 24, 2)).astype(np.float32)


@pytest.mark.parametrize(
    ("measurements", "words"),
    [
        ({"codebook_usage": 0.9, "train_nll": 2.0}, []),
        ({"codebook_usage": 0.2, "train_nll": 2.0, "validation_nll": 2.5}, []),
        ({"codebook_usage": 0.05, "train_nll": 2.0}, ["use 5% of 384 codes"]),
        ({"codebook_usage": 0.9, "train_nll": 2.0, "validation_nll": 2.75}, ["cost 0.75 nats a token more"]),
        ({"codebook_usage": 0.0, "train_nll": 1.0, "validation_nll": 9.0}, ["collapsed", "overfits"]),
    ],
)
def test_what_is_worth_a_sentence(measurements, words):
    found = warnings_of(measurements, 384)
    assert len(found) == len(words)
    assert all(word in sentence for word, sentence in zip(words, found, strict=True))


def test_a_collapsed_codebook_is_said_and_kept(caplog, tmp_path):
    constant = np.full((40, 24, 2), 0.5, dtype=np.float32)
    with caplog.at_level(logging.WARNING, logger="timemar"):
        made = TimeMAR(**{**TINY, "vocab_size": 256}).fit(constant, FitContext(seed=1))
    assert made.measurements_["codebook_usage"] < 0.2
    assert "the codebook collapsed" in caplog.text
    made.save(tmp_path)
    assert TimeMAR.load(tmp_path).measurements_["warnings"] == made.measurements_["warnings"] != []


def test_learning_by_heart_is_seen_in_the_held_out_likelihood():
    by_heart = {**TINY, "stage2_steps": 250, "stage2_learning_rate": 1e-2}
    made = TimeMAR(**by_heart).fit(noise(12, 1), FitContext(seed=1, validation=noise(40, 2)))
    assert made.measurements_["train_nll"] < 0.5
    assert made.measurements_["validation_nll"] > made.measurements_["train_nll"] + 0.5
    overfits, repeats = made.measurements_["warnings"]
    assert "overfits" in overfits
    assert f"{made.measurements_['repeated_share']:.0%} of its samples" in repeats


@pytest.fixture(scope="module")
def reported():
    """A short fit and its reports."""
    seen = []
    context = FitContext(seed=1, validation=noise(9, 2), progress=seen.append)
    return TimeMAR(**{**TINY, "stage1_steps": 8}).fit(noise(40, 1), context), seen


def test_the_measurements_are_the_last_report(reported):
    made, seen = reported
    assert seen[-1].stage == "measurements"
    likelihoods = {
        "train_nll",
        "train_nats",
        "uniform_nats",
        "repeated_share",
        "duplicate_share",
        "validation_nll",
        "validation_nats",
    }
    names = {"mse", "mae", "codebook_usage", *likelihoods}
    assert dict(seen[-1].metrics) == {name: made.measurements_[name] for name in names}


def test_the_validation_error_of_stage_1_is_that_of_the_tokenizer(reported):
    (made, seen), validation = reported, noise(9, 2)
    last = [report for report in seen if report.stage == "stage1"][-1]
    tokens = made.tokenizer_.tokenize(torch.tensor(validation))
    error = (made.tokenizer_.reconstruct(tokens).numpy() - validation) ** 2
    assert last.metrics["validation"] == pytest.approx(error.mean(), rel=1e-5)
    assert any(report.stage == "stage2" and report.metrics.get("validation", 0) > 0 for report in seen)
