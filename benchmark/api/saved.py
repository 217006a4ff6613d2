"""Fitted generators on the disk: folders that `Estimator.save` wrote, and cells of a store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmark.api.estimator import Estimator
from benchmark.api.values import plain
from benchmark.config.generators import GeneratorSpec, load_class, load_spec
from benchmark.data import load_spec as load_dataset_spec
from benchmark.data.units import Units
from benchmark.errors import SkipCell, UserError, one_line
from benchmark.files import read_json, replacing, sha256, write_json
from benchmark.run.device import choose_device
from benchmark.store.cell_folder import CellFolder
from benchmark.store.cell_record import CellRecord
from benchmark.store.fitted import find_cell, open_fitted
from benchmark.store.samples import read_units
from benchmark.store.store import Store
from benchmark.store.windows import cell_windows

RECORD = "estimator.json"
MODEL = "model"
FORMAT = "timemar-benchmark generator"


def save(estimator: Estimator, folder: Path) -> None:
    """Write `estimator.json` and the generator's own files in `model/`; raises UserError where the folder holds other files."""
    if folder.exists() and not folder.is_dir():
        raise UserError(f"'{folder}' is a file; name a folder.")
    held = {path.name for path in folder.iterdir()} if folder.exists() else set()
    others = sorted(held - {RECORD, MODEL} if _record(folder) else held)
    if others:
        raise UserError(
            f"'{folder}' holds '{others[0]}', which is no part of a saved generator; choose another folder."
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    cls, units = type(estimator.generator_), estimator.units_
    record = {
        "format": FORMAT,
        "generator": estimator.generator if isinstance(estimator.generator, str) else None,
        "class": f"{cls.__module__}:{cls.__qualname__}",
        "budget": estimator.budget,
        "seed": plain(estimator.seed),
        "params": plain(estimator.params),
        "params_": plain(estimator.params_),
        "shape": estimator.shape_,
        "setting": estimator.setting_,
        "units": units
        and {"features": units.features, "minimum": units.minimum.tolist(), "maximum": units.maximum.tolist()},
    }
    with replacing(folder) as part:
        (part / MODEL).mkdir(parents=True)
        estimator.generator_.save(part / MODEL)
        write_json(part / RECORD, {**record, "files": _checksums(part)})


def _checksums(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file of the model in a folder."""
    files = sorted(path for path in (folder / MODEL).rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256(path) for path in files}


def load(folder: Path, device: str) -> Estimator:
    """The estimator that `save` wrote; raises UserError."""
    record = _record(folder)
    if not record:
        raise UserError(f"'{folder}' holds no saved generator; name a folder that save wrote.")
    try:
        return _load(folder, record, device)
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError):
        raise UserError(f"'{folder / RECORD}' was altered after save wrote it; save the generator again.") from None


def _load(folder: Path, record: dict[str, Any], device: str) -> Estimator:
    name, chosen = record["setting"][0], choose_device(device)
    spec = GeneratorSpec.model_validate({"name": name, "class": record["class"]})
    if record["generator"] is not None:
        # Where a shipped module lies may have changed since; a name has not.
        spec = load_spec(record["generator"])
    if record["files"] != _checksums(folder):
        raise UserError(f"the model in '{folder}' was altered after save wrote it; save the generator again.")
    cls = load_class(spec)
    found = Estimator(record["generator"] or cls, record["budget"], record["seed"], device, **record["params"])
    try:
        found.generator_ = cls.load(folder / MODEL, device=chosen)
    except Exception as error:  # somebody else's code reads its own files here, and may raise anything
        reason = one_line(error)[:200].rstrip(".")
        raise UserError(f"the model in '{folder}' cannot be read ({reason}); save it again.") from None
    found.params_, found.shape_ = record["params_"], (record["shape"][0], record["shape"][1])
    found.setting_ = tuple(record["setting"])
    units = record["units"]
    found.units_ = units and Units(
        tuple(units["features"]), np.asarray(units["minimum"], float), np.asarray(units["maximum"], float)
    )
    return found


def _record(folder: Path) -> dict[str, Any]:
    record = read_json(folder / RECORD)
    return record if record.get("format") == FORMAT else {}


def of_cell(name: str, root: Path, device: str, data_dir: Path | None) -> Estimator:
    """The fitted generator of a cell; raises UserError."""
    store, chosen = Store(root), choose_device(device)
    folder = find_cell(store, name)
    record, status = folder.record(), folder.status()
    if record is None:
        raise UserError(
            f"the cell '{folder.path.name}' has no readable record: its cell.json is missing, damaged or altered; run its suite "
            "again."
        )
    if not folder.is_finished("fit", record.key):
        why = f"{status.state}{': ' + status.reason if status.reason else ''}"
        raise UserError(
            f"the cell '{folder.path.name}' has no trained model as its run left it ({why.rstrip('.')}); run its suite again."
        )
    found = Estimator(record.generator, record.budget.name, record.seed, device, **record.params)
    try:
        found.generator_ = open_fitted(folder, record, chosen)
        found.units_ = read_units(folder.samples) or _units_of_data(folder, record, store, data_dir)
    except SkipCell as reason:
        raise UserError(f"the cell '{folder.path.name}' cannot be sampled: {reason}.") from None
    found.params_ = record.params
    found.setting_ = (record.generator, record.dataset.id, record.length, record.protocol)
    found.shape_ = (record.length, len(found.units_.features))
    return found


def _units_of_data(folder: CellFolder, record: CellRecord, store: Store, data_dir: Path | None) -> Units:
    """The names and ranges of a cell whose samples are missing or damaged, from its data; raises SkipCell."""
    name = record.dataset.id
    try:
        spec = load_dataset_spec(name)
    except UserError:
        raise SkipCell(
            f"'{folder.samples.name}' is missing or damaged, and its data set '{name}' is not a shipped one; run its "
            "suite again, which draws the samples anew"
        ) from None
    return cell_windows(record, spec, store, data_dir).units
