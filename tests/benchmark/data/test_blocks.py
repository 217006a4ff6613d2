"""Which windows overlap: the block of each window by role."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.data import DatasetSpec, load_windows
from benchmark.data.split import strict_blocks


@pytest.fixture
def spec(tmp_path: Path) -> DatasetSpec:
    rows = np.arange(400.0)
    (tmp_path / "line.csv").write_text("value\n" + "\n".join(f"{row}" for row in rows) + "\n")
    return DatasetSpec(id="line", file="line.csv", title="Line")


def test_a_window_has_the_number_of_the_block_that_holds_its_rows(spec: DatasetSpec, tmp_path: Path) -> None:
    windows = load_windows(spec, 6, "strict", data_dir=tmp_path, seed_for_split=0)
    blocks = strict_blocks([400], 6)
    assert windows.validation is not None
    for role, held in (("train", windows.train), ("validation", windows.validation), ("test", windows.test)):
        # The rows are their own numbers, so undoing the scaling gives the rows of each window.
        rows = np.round(held[:, :, 0].astype(np.float64) * (windows.high - windows.low) + windows.low)
        numbers = windows.blocks[role]
        assert len(numbers) == len(held) > 0
        for window, number in zip(rows, numbers, strict=True):
            assert blocks[number].role == role
            assert blocks[number].start <= window.min()
            assert window.max() < blocks[number].stop


def test_a_subset_keeps_the_blocks_of_its_windows(spec: DatasetSpec, tmp_path: Path) -> None:
    whole, part = (load_windows(spec, 6, "strict", data_dir=tmp_path, seed_for_split=0, limit=n) for n in (None, 12))
    known = {row.tobytes(): number for row, number in zip(whole.train, whole.blocks["train"], strict=True)}
    assert len(part.train) == 12
    assert [known[row.tobytes()] for row in part.train] == list(part.blocks["train"])


def test_independent_windows_have_a_number_each_and_protocol_paper_has_none() -> None:
    spec = DatasetSpec.model_validate(
        {"id": "waves", "title": "Waves", "recipe": {"process": "sines", "sequences": 40, "seed": 1}}
    )
    strict = load_windows(spec, 6, "strict", seed_for_split=0)
    numbers = np.concatenate([strict.blocks[role] for role in ("train", "validation", "test")])
    assert len(set(numbers)) == len(numbers) == 3 * 40
    assert not load_windows(spec, 6, "paper", seed_for_split=0).blocks
