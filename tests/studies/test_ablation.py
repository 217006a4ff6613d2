"""The table of kept ablations: differences paired by seed, and no row where nothing was kept."""

import json
from pathlib import Path

from tests.studies.ablation import collect, rows


def keep(folder: Path, part: str, seed: int, value: float, error: float | None = None) -> None:
    name = f"stocks-24-timemar_s{part}-paper-fast-s{seed}"
    scores = {score: {"mean": value} for score in ("context_fid", "spectral", "discriminative")}
    (folder / f"{name}.scores.json").write_text(json.dumps(scores))
    if error is not None:
        (folder / f"{name}.generator.json").write_text(json.dumps({"fitted": {"measurements": {"mse": error}}}))


def test_differences_are_paired_by_seed_and_told_from_noise(tmp_path: Path) -> None:
    for seed, (whole, without) in enumerate([(0.10, 0.20), (0.30, 0.41), (0.20, 0.29)]):
        keep(tmp_path, "", seed, whole, 1e-4)
        keep(tmp_path, "_no_coarse", seed, without)
    keep(tmp_path, "_no_frequency", 1, 0.31, 2e-4)
    made = {(row[0], row[1]): row for row in rows(collect(tmp_path), oracle=0.5)}
    # Differences 0.10, 0.11, 0.09: mean 0.1, deviation 0.01, t(0.975, 2) = 4.303, half-width 4.303 · 0.01 / √3 = 0.0248.
    spectral = made["coarse", "Spectral distance"]
    assert spectral[2:5] == ["0.200", "0.300", "+0.100 [+0.075, +0.125]"]
    assert spectral[5:] == ["worse without it", "3"]
    assert made["coarse", "Context-FID"][5] == "not distinguishable: below the floor"
    assert ("coarse", "Reconstruction error") not in made
    assert made["frequency", "Reconstruction error"][2:] == [
        "1.00e-04", "2.00e-04", "+1.00e-04 [+1.00e-04, +1.00e-04]", "nothing: one training seed", "1",
    ]  # fmt: skip
