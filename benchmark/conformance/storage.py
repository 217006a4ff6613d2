"""Checks on what `save` writes and `load` reads."""

from __future__ import annotations

import json
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from unittest import mock

import numpy as np

from benchmark.conformance.probe import SAMPLE_SEED, SAMPLES, Probe, Violation
from benchmark.errors import one_line
from benchmark.interface import Generator


def saves_and_loads(probe: Probe) -> str | None:
    """`save` writes a fitted generator into an empty folder, and `load` makes one of it; tried on the smallest fit there is."""
    if (fitted := probe.smallest) is None:
        return "fit does not end, which another check says"
    folder, what = probe.empty_folder(), "save"
    try:
        fitted.save(folder)
        what = "load"
        made = probe.cls.load(folder)
    except Exception as error:
        raise Violation(f"{what} raised {type(error).__name__} ({one_line(error)}).") from None
    if not isinstance(made, probe.cls):
        raise Violation(f"load returned {type(made).__name__}; return a {probe.name}.")
    return None


def loaded_generator_samples_alike(probe: Probe) -> None:
    """Loaded in a new process it samples the same bytes as the saved one: the files hold all of it, no seed is the process's."""
    hashes = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"  # other than here, where it may be set
    with (
        mock.patch.dict(os.environ, {"PYTHONHASHSEED": hashes}),
        ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool,
    ):
        drawn = pool.submit(_load_and_sample, probe.cls, probe.saved).result()
    if drawn != probe.samples.tobytes():
        raise Violation("loaded in a new process it samples other bytes than the saved one with the same seed.")


def _load_and_sample(cls: type[Generator], folder: Path) -> bytes:
    return cls.load(folder).sample(SAMPLES, SAMPLE_SEED).tobytes()


def saved_files_are_plain(probe: Probe) -> None:
    """The saved folder holds safetensors, npz, npy and JSON only, each readable as what it is called; no pickle."""
    files = sorted(path for path in probe.saved.rglob("*") if path.is_file())
    if not files:
        raise Violation("save wrote no file.")
    for path in files:
        read = READERS.get(path.suffix)
        if read is None:
            raise Violation(f"save wrote '{path.name}'; only {', '.join(READERS)} may be written.")
        try:
            read(path)
        except Exception as error:
            raise Violation(
                f"'{path.name}' is no plain {path.suffix} file ({type(error).__name__}: {one_line(error)})."
            ) from None


def _json(path: Path) -> None:
    json.loads(path.read_text(encoding="utf-8"))


def _numpy(path: Path) -> None:
    """Arrays of objects are pickles, and NumPy refuses them here."""
    found = np.load(path, allow_pickle=False)
    if isinstance(found, np.ndarray):
        return
    with found as archive:
        for name in archive.files:
            if not isinstance(archive[name], np.ndarray):
                raise ValueError(f"its member '{name}' is no array")


def _safetensors(path: Path) -> None:
    from safetensors import safe_open

    with safe_open(path, framework="np") as file:
        file.keys()


READERS = {".safetensors": _safetensors, ".npz": _numpy, ".npy": _numpy, ".json": _json}
