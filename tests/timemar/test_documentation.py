"""The tables of sizes in timemar/README.md are what the code counts."""

from pathlib import Path

import pytest

import timemar
from benchmark.config.generators import load_spec
from tests.timemar.test_configuration import size

PUBLISHED = {"Sines": 61.2, "Stocks": 60.9, "ETTh": 82.9, "MuJoCo": 61.2, "Energy": 61.3, "fMRI": 63.8}
LENGTHS = (24, 64, 128, 256)
ABLATIONS = ("", "_no_frequency", "_no_decompose", "_no_multiscale", "_no_coarse")


def size_table():
    rows = [
        "| data set | " + " | ".join(f"S, {length}" for length in LENGTHS) + " | Table 5 | "
        + " | ".join(f"L, {length}" for length in LENGTHS) + " |",
        "|---" * (2 + 2 * len(LENGTHS)) + "|",
    ]  # fmt: skip
    for dataset, published in PUBLISHED.items():
        small = [f"{size('timemar_s', dataset.lower(), length):,}" for length in LENGTHS]
        large = [f"{size('timemar_l', dataset.lower(), length) / 1e6:.1f} M" for length in LENGTHS]
        large[0] += f" ({size('timemar_l', dataset.lower(), 24) / published / 1e4 - 100:+.1f} %)"
        rows.append(f"| {dataset} | " + " | ".join([*small, f"{published} M", *large]) + " |")
    return "\n".join(rows)


def ablation_table():
    rows = ["| on Stocks at 24 | parameters | change |", "|---|---|---|"]
    for generator in ("timemar_s", "timemar_l"):
        whole = size(generator, "stocks", 24)
        for suffix in ABLATIONS:
            count = size(generator + suffix, "stocks", 24)
            change = f"{100 * (count / whole - 1):+.1f} %" if suffix else ""
            rows.append(f"| {load_spec(generator + suffix).title} | {count:,} | {change} |")
    return "\n".join(rows)


@pytest.mark.parametrize("table", [size_table, ablation_table])
def test_a_table_of_sizes_is_what_the_code_counts(table):
    text = (Path(timemar.__file__).parent / "README.md").read_text(encoding="utf-8")
    assert table() in text
