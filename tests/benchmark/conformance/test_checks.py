"""Every check fails on the generators that break its promise, and on no other."""

from __future__ import annotations

import os
import random
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmark.conformance import CHECKS, Finding, as_json, as_text, check_generator
from benchmark.conformance.runner import NEEDED
from benchmark.validation import validate_parameters
from tests.fixtures.plugins import promise_breakers

BROKEN = {
    "SavesUnderAName": (
        "methods_take_what_the_harness_passes",
        r"save\(self, folder: .*Path.*, name: .*\) -> .* cannot be called as save\(folder\): missing .*'name'",
    ),
    "LoadsAnInstance": (
        "methods_take_what_the_harness_passes",
        r"cannot be called as load\(folder, device=device\): missing .*'folder'",
    ),
    "NeverSaves": ("methods_take_what_the_harness_passes", r"there is no save\(folder\); define it"),
    "SavesWhatItForgot": ("saves_and_loads", r"save raised AttributeError \(.*no attribute 'window_'"),
    "LoadsFromElsewhere": ("saves_and_loads", r"load raised FileNotFoundError \(.*model"),
    "BusyConstructor": ("constructor_only_stores", "also makes cache"),
    "ReturnsAList": ("fits_and_samples", "sample returned list"),
    "RunsOut": ("samples_have_the_shape_asked_for", r"sample\(49\) has shape \(48, 24, 5\), not \(49, 24, 5\)"),
    "DoublePrecision": ("samples_are_float32", r"sample\(12\) is float64, not float32"),
    "DoublePrecisionOfOne": ("samples_are_float32", r"sample\(1\) is float64, not float32"),
    "OutOfRange": ("samples_lie_between_0_and_1", r"outside \[0, 1\]"),
    "NotFinite": ("samples_lie_between_0_and_1", r"sample\(12\) holds 1 of 1440 values that are not finite"),
    "LeavesTheRangeWhenAskedForMany": (
        "samples_lie_between_0_and_1",
        r"sample\(49\) lies between 0.* outside \[0, 1\]",
    ),
    "CountsItsCalls": ("same_seed_gives_the_same_samples", "other bytes the second time"),
    "IgnoresTheSeed": ("another_seed_gives_other_samples", "seeds 5 and 6 gave the same bytes"),
    "FitsByTheClock": ("same_fit_seed_gives_the_same_model", "two fits with the same context.seed"),
    "LearnsFromValidation": ("learns_nothing_from_validation_windows", "with and without context.validation sample"),
    "SavesHalfPrecision": ("loaded_generator_samples_alike", "in a new process it samples other bytes"),
    "KeepsWeightsInItsClass": ("loaded_generator_samples_alike", "raised AttributeError"),
    "KeepsWeightsInCheckpoints": ("loaded_generator_samples_alike", "raised FileNotFoundError"),
    "SeedsByHash": ("loaded_generator_samples_alike", "in a new process it samples other bytes"),
    "SavesATorchFile": ("saved_files_are_plain", "save wrote 'model.pt'"),
    "SavesObjects": ("saved_files_are_plain", "'extra.npz' is no plain .npz file"),
    "SamplesByAnUnknownParameter": (
        "parameters_round_trip",
        "sampling_parameters names temprature, which the constructor does not take",
    ),
    "LoadsDefaults": ("parameters_round_trip", r"\{'width': 7\} were saved and \{'width': 3\} were loaded"),
    "Miscounts": (
        "parameter_counts_sum_to_the_number_of_parameters",
        "parameter_counts sum to 120, but the fitted .* num_parameters 0",
    ),
    "NeedsTwoFeatures": ("learns_from_one_feature", "raised ValueError: np.corrcoef gave a number"),
    "DeclaresThreeAndTakesTwo": ("learns_from_one_feature", "fit to D = 2 features went through"),
    "DividesByTheOthers": (
        "learns_from_one_feature",
        r"fitted to one feature, sample\(2\) holds 48 of 48 values that are not",
    ),
    "NeedsABatch": ("learns_from_few_windows", "raised IndexError"),
    "SwallowsNaN": ("refuses_windows_with_nan", "fit to windows with a NaN went through"),
    "AddsAnAxis": ("refuses_windows_of_another_rank", r"fit to windows of shape \(48, 24\) went through"),
    "GivesNothing": ("refuses_to_sample_nothing", r"sample\(0\) went through"),
    "FailsBeforeFit": ("refuses_to_sample_before_fit", "sample before fit raised AttributeError"),
    "NeverAsks": ("fit_stops_when_asked", "reported 6 steps and never asked"),
    "AsksAndGoesOn": ("fit_stops_when_asked", "fit went on after"),
    "SkipsAStepWhenResumed": ("interrupted_fit_goes_on_to_the_same_model", "interrupted and went on samples other"),
    "NeedsACheckpointFolder": ("fits_without_a_checkpoint_folder", "raised TypeError"),
    "SeedsNumPy": ("leaves_global_random_states_alone", "fit changes the global random state of NumPy"),
    "SeedsPyTorch": ("leaves_global_random_states_alone", "sample changes the global random state of PyTorch"),
    "DrawsFromPython": ("leaves_global_random_states_alone", "load changes the global random state of Python"),
    "LogsWhereItStands": ("writes_only_into_its_folders", "the current folder holds 'training.log'"),
    "CachesAtHome": ("writes_only_into_its_folders", "the home folder holds '.mymodel/last'"),
    "LeavesTemporaryFiles": ("writes_only_into_its_folders", "the temporary folder holds 'tmp.*' and .* more"),
}


@pytest.fixture(autouse=True)
def _random_states_come_back() -> Iterator[None]:
    """Some generators here change the global states on purpose; the other tests shall not notice."""
    states = random.getstate(), np.random.get_state(), torch.random.get_rng_state()  # noqa: NPY002
    yield
    random.setstate(states[0])
    np.random.set_state(states[1])  # noqa: NPY002
    torch.random.set_rng_state(states[2])


def findings(name: str) -> list[Finding]:
    cls = getattr(promise_breakers, name)
    given = {"width": 7} if name == "LoadsDefaults" else {}
    return check_generator(cls, validate_parameters(cls, given, owner=name))


@pytest.mark.usefixtures("forked")
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_promise_fails_its_check_and_no_other(name: str) -> None:
    check, reason = BROKEN[name]
    found = findings(name)
    assert [finding.check for finding in found if finding.state == "failed"] == [check]
    assert re.search(reason, next(finding.reason for finding in found if finding.check == check))
    left_out = {finding.check for finding in found if finding.state == "not run"}
    assert bool(left_out) == (check in {needed.__name__ for needed in NEEDED})


def test_every_check_is_failed_by_some_generator() -> None:
    assert {check for check, _ in BROKEN.values()} == {check.__name__ for check in CHECKS}


def test_a_generator_that_trains_in_steps_and_keeps_its_promises_passes_them_all() -> None:
    found = findings("Stepping")
    assert [finding for finding in found if finding.state != "passed" or finding.reason] == []
    assert as_text("mine", found).endswith("26 of 26 checks passed")
    assert as_json("mine", found)["passed"] is True


@pytest.mark.usefixtures("forked")
def test_the_current_home_and_temporary_folders_come_back() -> None:
    before = Path.cwd(), dict(os.environ), tempfile.gettempdir()
    findings("LogsWhereItStands")
    assert (Path.cwd(), dict(os.environ), tempfile.gettempdir()) == before
    assert not Path("training.log").exists()


def test_what_a_generator_prints_does_not_reach_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    class Chatty(promise_breakers.Copy):
        def sample(self, n: int, seed: int) -> np.ndarray:
            print("sampling")  # noqa: T201
            return super().sample(n, seed)

    check_generator(Chatty, {})
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "sampling" in captured.err
