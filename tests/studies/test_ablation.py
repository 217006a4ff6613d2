"""The table of kept ablations: Welch's intervals over training seeds, and no row where nothing was kept."""

import json
from pathlib import Path

from scipy.stats import ttest_ind

from tests.studies.ablation import collect, rows


def keep(folder: Path, part: str, seed: int, value: float, error: float | None = None) -> None:
    name = f"stocks-24-timemar_s{part}-paper-fast-s{seed}"
    scores = {score: {"mean": value} for score in ("context_fid", "spectral", "discriminative")}
    (folder / f"{name}.scores.json").write_text(json.dumps(scores))
    if error is not None:
        (folder / f"{name}.generator.json").write_text(json.dumps({"fitted": {"measurements": {"mse": error}}}))


def test_differences_are_over_training_seeds_and_told_from_noise(tmp_path: Path) -> None:
    values = [(0.10, 0.20), (0.12, 0.21), (0.11, 0.25)]
    for seed, (whole, without) in enumerate(values):
        keep(tmp_path, "", seed, whole, 1e-4)
        keep(tmp_path, "_no_coarse", seed, without)
    keep(tmp_path, "_no_frequency", 1, 0.31, 2e-4)
    made = {(row[0], row[1]): row for row in rows(collect(tmp_path), oracle=0.5)}
    low, high = ttest_ind(*zip(*((b, a) for a, b in values), strict=True), equal_var=False).confidence_interval()
    spectral = made["coarse", "Spectral distance"]
    assert spectral[2:5] == ["0.110", "0.220", f"+0.110 [{low:+.3f}, {high:+.3f}]"]
    assert spectral[5:] == ["worse without it", "3"]
    assert made["coarse", "Context-FID"][5] == "not distinguishable: below the floor"
    assert ("coarse", "Reconstruction error") not in made
    assert made["frequency", "Reconstruction error"][2:] == [
        "1.00e-04", "2.00e-04", "+1.00e-04", "nothing: one training seed", "1",
    ]  # fmt: skip
