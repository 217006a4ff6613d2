"""Records, saved generators and checkpoints that were damaged."""

from __future__ import annotations

import json
import struct
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.api.saved import load as load_saved
from benchmark.files import read_json
from benchmark.store.check import check_cell
from benchmark.store.sealed_record import sealed
from benchmark.store.store import Store
from tests.malformed.target import (
    DEEP,
    STRUCTURED,
    odd_choices,
    structured,
)

RECORDS = ("status.json", "scores.json", "provenance.json", "cell.json", "stages/fit.json", "journal.jsonl")


@cache
def finished_cell() -> dict[str, bytes]:
    """The files of a cell of a control, and an archive of its store under `archive`."""
    import tempfile

    from benchmark.config.suites import SuiteSpec
    from benchmark.plan.planner import make_plan
    from benchmark.plan.request import Request
    from benchmark.run.stages import CellRun
    from benchmark.store.archive import export_store

    suite = SuiteSpec(name="x", datasets=("sines",), generators=("gaussian",), budget="smoke", scores=("duplicates",))
    plan = make_plan(suite, Request())
    (cell,) = plan.cells
    with tempfile.TemporaryDirectory() as text:
        store = Store(Path(text, "runs")).create()
        folder = store.cell(cell)
        folder.path.mkdir()
        folder.write_record(cell)
        run = CellRun(cell, store, "cpu", None, lambda progress: None, lambda: False)
        for stage in store.state(cell, plan.score_names).missing:
            run.run(stage)
        export_store(store, Path(text, "one.tar"))
        files = {path.relative_to(folder.path).as_posix(): path for path in folder.path.rglob("*") if path.is_file()}
        return {name: path.read_bytes() for name, path in files.items()} | {
            "archive": Path(text, "one.tar").read_bytes()
        }


def read_record(data: bytes, folder: Path) -> None:
    """The first byte: r for bytes as they are, s for JSON with a checksum of its own; the second: which record."""
    number, body = data[1:2], data[2:]
    name = RECORDS[number[0] % len(RECORDS)] if number else RECORDS[0]
    if data[:1] == b"s" and body[:1] == STRUCTURED and name != "journal.jsonl":
        body = structured(body[:1] + b"\0" + body[1:], [finished_cell().get(name, b"{}")], json.loads, json.dumps)
    if data[:1] == b"s":
        try:
            values = json.loads(body)
            if isinstance(values, dict):
                marked = {key: sealed(entry) if isinstance(entry, dict) else entry for key, entry in values.items()}
                body = json.dumps(marked if name == "scores.json" else sealed(values)).encode()
        except (ValueError, RecursionError):
            pass
    store = Store(folder / "runs")
    if not store.root.exists():
        store.create()
    path = store.root / "cells" / "sines-24-gaussian-0123456789abcdef"
    for kept in RECORDS:
        (path / kept).parent.mkdir(parents=True, exist_ok=True)
        (path / kept).write_bytes(body if kept == name else finished_cell().get(kept, b""))
    (cell,) = store.folders()
    list(check_cell(cell, store.root))
    cell.journal(), cell.scores(), cell.status(), cell.provenance(), cell.record(), cell.altered_records()
    cell.is_finished("fit", cell.finished("fit").key)


def record_seeds() -> list[bytes]:
    deep = b'{"a":' * DEEP
    seeds = [
        mark + bytes([n]) + finished_cell().get(name, b"") for mark in (b"r", b"s") for n, name in enumerate(RECORDS)
    ]
    outside = b'{"key": "x", "files": {"../../../store.json": "0", "/etc/passwd": "0", "a\\u0000b": "0"}}'
    odd = [
        deep,
        b"[" * DEEP,
        outside,
        b'{"a": NaN}',
        b'{"a": 1' + b"0" * 5000 + b"}",
        b"\xff",
        b'{"\\ud800": 1}',
        b"null",
    ]
    seeds += [b"s" + bytes([n]) + STRUCTURED + one[2:] for n in range(5) for one in odd_choices()[::9]]
    return seeds + [mark + bytes([n]) + one for mark in (b"r", b"s") for n in range(len(RECORDS)) for one in odd]


def read_saved(data: bytes, folder: Path) -> None:
    """The first byte: e for `estimator.json`, g for `generator.json`, n for an archive of the model."""
    names = {b"e": "estimator.json", b"g": "model/generator.json", b"n": "model/gaussian.npz"}
    name, body = names.get(data[:1], "estimator.json"), data[1:]
    if name.endswith(".json"):
        body = structured(body, [saved_files()[name]], json.loads, json.dumps)
    for kept, content in saved_files().items():
        (folder / "saved" / kept).parent.mkdir(parents=True, exist_ok=True)
        (folder / "saved" / kept).write_bytes(body if kept == name else content)
    if _names_a_module(folder / "saved" / "estimator.json"):
        return
    found = load_saved(folder / "saved", "cpu")
    found.sample(2, seed=0)


def _names_a_module(path: Path) -> bool:
    """Whether a record names a module that would be imported, instead of a generator."""
    values = read_json(path)
    return values.get("generator") is None and values.get("class") != "baselines.controls.gaussian:Gaussian"


@cache
def saved_files() -> dict[str, bytes]:
    import tempfile

    from benchmark import api

    with tempfile.TemporaryDirectory() as text:
        windows = np.random.default_rng(0).random((12, 8, 2)).astype(np.float32)
        api.generator("gaussian").fit(windows).save(Path(text, "saved"))
        root = Path(text, "saved")
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def saved_seeds() -> list[bytes]:
    files = saved_files()
    whole = [b"e" + files["estimator.json"], b"g" + files["model/generator.json"], b"n" + files["model/gaussian.npz"]]
    record = json.loads(files["estimator.json"])
    odd = [{**record, key: value} for key in record if key != "class" for value in (None, [], {"a": 1}, -1, "x")]
    whole += [mark + one for mark in (b"e", b"g") for one in odd_choices()[::5]]
    return whole + [b"e" + json.dumps(one).encode() for one in odd] + [b"e" + b'{"a":' * DEEP, b"g" + b"[" * DEEP]


def read_checkpoint(data: bytes, folder: Path) -> None:
    """The first byte: r for bytes as they are, s for a file sealed anew."""
    import torch

    from benchmark import sealed_file
    from benchmark.training.loop import _restore

    path = folder / "stage.safetensors"
    path.write_bytes(data[1:])
    if data[:1] == b"s":
        with suppress(ValueError, OSError):
            sealed_file.seal(path)
    _restore(_Task(), path, torch.Generator())


class _Task:
    """A training of one tensor."""

    def step(self, step: int, rng: Any) -> dict[str, Any]:
        return {}

    def state(self) -> dict[str, Any]:
        import torch

        return {"weight": torch.zeros(2, 2)}

    def load_state(self, state: Any) -> None:
        """Nothing: what a task makes of an intact file that is another task's is its own matter."""


def checkpoint_seeds() -> list[bytes]:
    import torch
    from safetensors.torch import save

    from benchmark import sealed_file

    tensors = {"weight": torch.ones(2, 2), "random_state": torch.Generator().get_state()}
    metadata = {"progress": json.dumps({"step": 3}), sealed_file.SEAL: sealed_file.BLANK}
    whole, unsealed = save(tensors, metadata), save(tensors, {"progress": json.dumps({"step": 3})})
    lost = save({"weight": torch.ones(2, 2)}, metadata)
    huge = struct.pack("<Q", 2**62) + b"{}"
    deep = struct.pack("<Q", 5 * DEEP) + b'{"a":' * DEEP
    sealed_ones, raw = (whole, lost), (whole, unsealed, unsealed[:-9], huge, deep, b"", whole[:7])
    return [b"s" + one for one in sealed_ones] + [b"r" + one for one in raw]
