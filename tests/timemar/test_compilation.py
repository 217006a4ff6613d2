"""Compiled steps are the plain steps up to rounding: traced here, with generated kernels where a test by name asks for it."""

import pytest
import torch

from benchmark.interface import FitContext
from tests.devices import DEVICE
from tests.timemar.test_precision import TINY, waves
from timemar import compilation
from timemar.generator import TimeMAR

SHORT = {**TINY, "stage1_steps": 4, "stage2_steps": 4, "patch_nums": (1, 12), "ch_mult": (1, 2)}


def fit(compiled, device="cpu", **changes):
    losses = []

    def take(report):
        if "loss" in report.metrics:
            losses.append((report.stage, report.metrics["loss"]))

    made = TimeMAR(**{**SHORT, "compiled": compiled, **changes})
    return made.fit(waves(), FitContext(seed=2, device=device, progress=take)), losses


def agree(plain, compiled):
    (first, losses), (second, same) = plain, compiled
    assert [stage for stage, _ in losses] == [stage for stage, _ in same] == ["stage1", "stage2"]
    assert [loss for _, loss in same] == pytest.approx([loss for _, loss in losses], rel=1e-3)
    assert second.measurements_["mse"] == pytest.approx(first.measurements_["mse"], rel=1e-2)
    names = first.tokenizer_.state_dict().keys()
    assert names == second.tokenizer_.state_dict().keys()
    assert not any(name.startswith("_orig_mod") for name in names)


@pytest.fixture(scope="module")
def traced():
    """A fit by traced steps, its losses, and the modules that were traced."""
    modules, whole = [], torch.compile
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "compile", lambda module, **options: modules.append(module) or whole(module, **options))
        patch.setattr(compilation, "compile_options", lambda device: {"backend": "aot_eager"})
        return *fit(True), modules


def test_a_traced_step_is_the_plain_step(traced):
    *compiled, modules = traced
    agree(fit(False), compiled)
    assert [type(module).__name__ for module in modules] == ["DualPathVQVAE", "TokenTransformer"]


def test_a_compiled_fit_is_saved_as_a_plain_one(traced, tmp_path):
    made = traced[0]
    made.save(tmp_path)
    assert (TimeMAR.load(tmp_path).sample(5, 1) == made.sample(5, 1)).all()


def test_the_kernels_of_a_cuda_step_are_replayed_as_a_graph():
    assert compilation.compile_options(torch.device("cuda"))["mode"] == "reduce-overhead"
    assert compilation.compile_options(torch.device("cpu"))["mode"] == "default"


@pytest.mark.slow
@pytest.mark.timeout(1200)
# The CPU's kernels round bfloat16 elsewhere than the plain step does.
@pytest.mark.parametrize("precision", ["float32"] if DEVICE == "cpu" else ["float32", "bfloat16"])
def test_generated_kernels_compute_the_plain_step(precision):
    agree(fit(False, DEVICE, precision=precision), fit(True, DEVICE, precision=precision))
