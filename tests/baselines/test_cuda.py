"""Every generator trains on an accelerator, and what it saved there samples on the CPU."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from benchmark.config.generators import generator_names, load_class, load_spec, resolve
from benchmark.interface import FitContext

PLACE = {"dataset": "sines", "features": 5, "length": 24, "budget": "smoke", "protocol": "paper"}


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("name", generator_names())
def test_a_cuda_device_fits_samples_saves_and_loads(name: str, tmp_path: Path) -> None:
    spec = load_spec(name)
    cls, params = load_class(spec), resolve(spec, PLACE, {}).params
    windows = np.random.default_rng(0).random((48, 24, 5), dtype=np.float32)
    context = FitContext(seed=1, device="cuda", real_disjoint=windows if cls.uses_real_disjoint else None)
    made = cls(**params).fit(windows, context)
    drawn = made.sample(70, 2)
    assert (drawn.shape, drawn.dtype) == ((70, 24, 5), np.float32)
    assert np.isfinite(drawn).all()
    made.save(tmp_path)
    assert np.isfinite(cls.load(tmp_path).sample(3, 2)).all()
    np.testing.assert_allclose(cls.load(tmp_path, "cuda").sample(70, 2), drawn, atol=1e-3)
