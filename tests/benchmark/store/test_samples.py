from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.data import load_spec
from benchmark.data.series import load_series
from benchmark.data.units import Units
from benchmark.store.samples import read_units, write_samples

UNITS = Units(("pressure", "Außentemperatur"), np.array([99_000.0, -0.1]), np.array([101_000.0, 30.0]))
SAMPLES = np.linspace(0, 1, 48, dtype=np.float32).reshape(4, 6, 2)


def test_names_and_ranges_stand_beside_the_samples_without_pickling(tmp_path: Path) -> None:
    write_samples(tmp_path / "samples.npz", SAMPLES, UNITS)
    with np.load(tmp_path / "samples.npz", allow_pickle=False) as archive:
        assert archive.files == ["samples", "features", "minimum", "maximum"]
        np.testing.assert_array_equal(archive["samples"], SAMPLES)
        assert archive["samples"].dtype == np.float32
    found = read_units(tmp_path / "samples.npz")
    assert found is not None
    assert found.features == UNITS.features
    np.testing.assert_array_equal(found.minimum, UNITS.minimum)
    np.testing.assert_array_equal(found.maximum, UNITS.maximum)


def test_equal_samples_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz"):
        write_samples(tmp_path / name, SAMPLES, UNITS)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


@pytest.mark.parametrize("damage", ["of other arrays", "broken", "absent"])
def test_an_archive_without_names_or_whole_content_has_no_units(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "samples.npz"
    if damage == "of other arrays":
        np.savez_compressed(path, samples=SAMPLES)
    elif damage == "broken":
        path.write_bytes(b"PK\x03\x04 and nothing more")
    assert read_units(path) is None


def test_the_archive_is_read_as_windows_by_other_commands(tmp_path: Path) -> None:
    write_samples(tmp_path / "samples.npz", SAMPLES, UNITS)
    series = load_series(load_spec(str(tmp_path / "samples.npz")), None)
    np.testing.assert_array_equal(np.stack(series.parts), SAMPLES)
