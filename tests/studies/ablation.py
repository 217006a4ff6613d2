"""What leaving a part of TimeMAR-S out changes, from the kept scores of single fits: the table of an `ablate` run in parts.

    python -m tests.studies.ablation results/measured/ablation_stocks_fast --oracle 0.0041

The folder holds `<data set>-24-timemar_s[_no_<part>]-paper-fast-s<seed>.scores.json` as the store wrote them, and beside them,
where they were kept, the fitted generators' `.generator.json` with the reconstruction error. Intervals are those of `ablate`, by
Welch's test over training seeds; `--oracle` is a perfect generator's Context-FID, within which a difference of it is noise.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

from benchmark.ablate.effects import RECONSTRUCTION, conclude
from benchmark.statistics import difference, summarise
from metrics import registry
from tests.studies.record import table

SCORES = ("context_fid", "spectral", "discriminative")
NAME = re.compile(r"(?P<dataset>\w+)-24-timemar_s(_no_(?P<part>\w+))?-paper-fast-s(?P<seed>\d+)\.scores\.json")

Values = dict[str, dict[str, dict[int, float]]]
"""By quantity, part left out ("" for the whole model) and training seed."""


def collect(folder: Path) -> Values:
    """The values of every kept fit in a folder."""
    found: Values = defaultdict(lambda: defaultdict(dict))
    for path in sorted(folder.glob("*.scores.json")):
        if (name := NAME.fullmatch(path.name)) is None:
            continue
        part, seed = name["part"] or "", int(name["seed"])
        scores: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for score in SCORES:
            found[score][part][seed] = float(scores[score]["mean"])
        measurements = path.with_name(path.name.replace(".scores.", ".generator."))
        if measurements.exists():
            fitted = json.loads(measurements.read_text(encoding="utf-8"))["fitted"]
            found[RECONSTRUCTION][part][seed] = float(fitted["measurements"][RECONSTRUCTION])
    return found


def rows(found: Values, oracle: float) -> list[list[str]]:
    """A row a part and quantity: whole, without, their difference, what it allows to say."""
    made = []
    for part in sorted({part for by_part in found.values() for part in by_part} - {""}):
        for quantity, by_part in found.items():
            whole, without = by_part[""], by_part.get(part, {})
            seeds = sorted(set(whole) & set(without))
            if not seeds:
                continue
            title, form, log_scale = "Reconstruction error", ".2e", False
            if quantity != RECONSTRUCTION:
                info = registry.load(quantity).info
                title, form, log_scale = info.title, f".{info.decimals}f", info.log_scale
            sides = [[side[seed] for seed in seeds] for side in (whole, without)]
            means = [summarise(side).mean for side in sides]
            told = difference(*sides, paired=False, log_scale=log_scale)
            margin = oracle if quantity == "context_fid" else None
            interval = "" if told.low is None else f" [{told.low:+{form}}, {told.high:+{form}}]"
            made.append(
                [
                    part,
                    title,
                    f"{means[0]:{form}}",
                    f"{means[1]:{form}}",
                    f"{told.mean:+{form}}{interval}",
                    conclude(told, margin),
                    str(len(seeds)),
                ]
            )
    return made


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--oracle", type=float, required=True)
    arguments = parser.parse_args()
    header = ["without", "quantity", "whole", "without it", "difference", "conclusion", "seeds"]
    print(table(header, rows(collect(arguments.folder), arguments.oracle)))  # noqa: T201


if __name__ == "__main__":
    main()
