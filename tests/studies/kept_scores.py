"""A folder of kept scores as a results frame, so that `report` and `tables` read it: `results.csv` beside them.

    python -m tests.studies.kept_scores results/measured/ablation_stocks_fast

Each `NAME.scores.json` with its `NAME.provenance.json` is a cell; NAME is data set, length, generator, protocol, budget and
training seed, such as `stocks-24-timemar_s-paper-fast-s0`, as a store names its folders. `likelihoods.json`, where it lies
beside them, holds what `tests.studies.kept_likelihood` measured of their models.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

import pandas as pd

from benchmark.config.generators import load_spec
from benchmark.files import read_json, write_bytes
from benchmark.plan.planner import size_class
from benchmark.plan.score_name import ScoreName
from benchmark.report.frame import COLUMNS, score_rows
from benchmark.store.records import Provenance, ScoreRecord, State

NAME = re.compile(
    r"(?P<dataset>[a-z]+)-(?P<length>\d+)-(?P<generator>\w+)-(?P<protocol>paper|strict)-(?P<budget>\w+)-s(?P<seed>\d+)"
)


def rows(path: Path) -> list[dict[str, Any]]:
    """The rows of one cell's file of scores."""
    name = path.name.removesuffix(".scores.json")
    parts = NAME.fullmatch(name)
    if parts is None:
        raise SystemExit(f"'{path}' has no name of a cell, such as stocks-24-timemar_s-paper-fast-s0.scores.json.")
    # Some were kept before records had checksums; a repository's history tells what was altered in it.
    provenance = Provenance.parse(read_json(path.with_name(f"{name}.provenance.json"))) or Provenance()
    fit, sample = provenance.stage("fit"), provenance.stage("sample")
    memory = [stage.peak_memory_mib for stage in (fit, sample) if stage.peak_memory_mib is not None]
    cell = {
        **parts.groupdict(),
        "cell": name,
        "title": load_spec(parts["generator"]).title,
        "size_class": size_class(fit.parameters) if fit.parameters else "control",
        "parameters": fit.parameters,
        "fit_seconds": fit.wall_seconds,
        "sample_seconds": sample.seconds_sampling_only,
        "peak_memory_mib": max(memory, default=None),
        "device": fit.machine.device,
        "commit": fit.commit,
        "dirty": fit.dirty,
        "data_sha256": provenance.data_sha256,
        "warnings": " ".join(fit.warnings),
        **read_json(path.with_name("likelihoods.json")).get(name, {}),
    }
    found = []
    for score, entry in read_json(path).items():
        record, parsed = ScoreRecord.parse(entry), ScoreName.parse(score)
        if record is not None:
            named = {**cell, "sampling_seed": parsed.sampling_seed, "metric": parsed.base}
            found += score_rows(named, record, State.DONE)
    return found


def frame(folder: Path) -> pd.DataFrame:
    """The cells of a folder, in the order of their names."""
    found = [row for path in sorted(folder.glob("*.scores.json")) for row in rows(path)]
    return pd.DataFrame(found, columns=list(COLUMNS))


def main() -> None:
    """Write the frame."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="+")
    for folder in parser.parse_args().folder:
        found = frame(folder)
        write_bytes(folder / "results.csv", found.to_csv(index=False).encode())
        print(f"{found['cell'].nunique()} cells in {len(found)} rows of {folder / 'results.csv'}")  # noqa: T201


if __name__ == "__main__":
    main()
