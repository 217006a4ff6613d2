from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.config.suites import SuiteSpec
from benchmark.errors import AlteredFileError
from benchmark.plan.planner import make_plan
from benchmark.plan.request import Request
from benchmark.run.prepared import Prepared, prepare_all
from benchmark.store.store import Store

SCORE = "context_fid"


@pytest.mark.parametrize("damage", ["bit", "half", "record"])
def test_an_altered_encoder_is_set_aside_and_trained_again(damage: str, tmp_path: Path) -> None:
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("copy",), budget="smoke", scores=(SCORE,))
    (cell,), store = make_plan(suite, Request()).cells, Store(tmp_path).create()
    real = np.random.default_rng(0).random((32, 24, 5), dtype=np.float32)
    told: list[str] = []

    def set_aside(error: AlteredFileError) -> None:
        store.set_aside(error.path)
        told.append(str(error))

    def prepare() -> Prepared:
        return prepare_all(cell, SCORE, real, store, "cpu", lambda done, total: None, set_aside)

    first = prepare()
    assert told == []
    archive = min(store.root.glob("shared/*/prepared.npz"))
    whole = archive.read_bytes()
    if damage == "record":
        archive.with_name("record.json").write_text("{")
    else:
        flipped = whole[:500] + bytes([whole[500] ^ 1]) + whole[501:]
        archive.write_bytes(flipped if damage == "bit" else whole[: len(whole) // 2])
    again = prepare()
    assert told == [f"'{archive.parent.name}' was altered after it was written"]
    assert archive.read_bytes() == whole
    assert (store.root / "set_aside" / "shared" / archive.parent.name / "record.json").exists()
    for before, after in zip(first.arrays, again.arrays, strict=True):
        assert {name: value.tobytes() for name, value in before.items()} == {
            name: value.tobytes() for name, value in after.items()
        }
    assert (prepare().seconds, len(told)) == (0.0, 1)
