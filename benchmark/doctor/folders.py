"""Data files, the store, the free space of its disk, and its MLflow database."""

from __future__ import annotations

import shlex
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmark.config.suites import load_suite
from benchmark.data import DATASETS, DatasetSpec, fingerprint
from benchmark.data.locate import MUJOCO_VERSION
from benchmark.doctor.finding import Finding
from benchmark.errors import SkipCell, UserError, refused
from benchmark.store.store import Store
from benchmark.tracking.database import damage_of, is_database
from benchmark.tracking.destination import DATABASE

MAIN_SUITE = "quick"
"""The suite of the main job."""
LEAST_BYTES, SCARCE_BYTES = 100 * 2**20, 2 * 2**30
"""Free space below which the main job may not fit on the disk, and below which larger suites may not."""


def data_findings(data_dir: Path | None) -> Iterator[Finding]:
    """Every shipped data set: here, missing, or not the one that its checksum describes."""
    main = load_suite(MAIN_SUITE).datasets
    for name in DATASETS.names():
        spec = DATASETS.load(name)
        try:
            fingerprint(spec, data_dir)
        except SkipCell:
            yield _absent(spec)
        except UserError as error:
            # A run refuses a wrong file, and leaves out a missing one that it cannot download.
            remedy = f"python -m benchmark data fetch {name}"
            yield Finding("data", name, "missing", str(error).rstrip("."), remedy, blocking=name in main)
        else:
            yield Finding("data", name, "ok", "generated" if spec.recipe else f"{spec.file} has the right checksum")


def _absent(spec: DatasetSpec) -> Finding:
    if spec.recipe is not None:
        said, remedy = (
            "MuJoCo, which simulates it, is not installed",
            f'python -m pip install "mujoco=={MUJOCO_VERSION}"',
        )
    else:
        said = f"{spec.file} is in none of the data folders; `run` downloads it too"
        remedy = f"python -m benchmark data fetch {spec.id}"
    return Finding("data", spec.id, "missing", said, remedy)


def store_findings(store: Store) -> Iterator[Finding]:
    """Whether results can be written, the free space there, and the state of the MLflow database."""
    root = store.root
    there = next(path for path in (root.absolute(), *root.absolute().parents) if path.exists())
    elsewhere = f"python -m benchmark run --suite {MAIN_SUITE} --store FOLDER"
    try:
        store.refuse_foreign()
        with tempfile.TemporaryFile(dir=there):
            pass
    except UserError as error:
        yield Finding("store", str(root), "missing", str(error).rstrip("."), elsewhere, blocking=True)
    except OSError as error:
        yield Finding("store", str(root), "missing", refused(error, there).rstrip("."), elsewhere, blocking=True)
    else:
        said = "can be written" if root.is_dir() else "is made by the first run"
        yield Finding("store", str(root), "ok", said)
    yield _space(there, elsewhere)
    yield _database(root)


def _space(folder: Path, elsewhere: str) -> Finding:
    free = shutil.disk_usage(folder).free
    said = f"{free / 2**30:.1f} GiB free"
    if free >= SCARCE_BYTES:
        return Finding("store", "disk", "ok", said)
    if free >= LEAST_BYTES:
        return Finding("store", "disk", "warning", f"{said}, which large suites may fill", elsewhere)
    return Finding("store", "disk", "missing", f"{free / 2**20:.0f} MiB free", elsewhere, blocking=True)


def _database(root: Path) -> Finding:
    path = root / DATABASE
    if not is_database(path):
        return Finding("store", "MLflow database", "ok", "none yet, the first tracked run makes it")
    damage = damage_of(path)
    if not damage:
        return Finding("store", "MLflow database", "ok", f"{path} can be read")
    named, where = shlex.quote(str(path)), shlex.quote(str(root))
    return Finding(
        "store",
        "MLflow database",
        "warning",
        damage.partition(";")[0],
        f"mv {named} {named}.damaged && python -m benchmark sync --store {where}",
    )
