"""YAML and CSV of anybody's making."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from benchmark.config.files import shipped
from benchmark.config.generators import load_class, load_spec, resolve
from benchmark.data import load_series, load_windows, own_spec, spec_from_csv
from tests.malformed.target import (
    DEEP,
    ROWS,
    SMALL,
    SOUND_CSV,
    Target,
    odd_choices,
    structured,
)


def yaml_target(read_it: Callable[[Path], object], sound: Callable[[], list[bytes]]) -> Target:
    def seeds() -> list[bytes]:
        return [*sound(), *YAML_TRAPS, *odd_choices()]

    def run(data: bytes, folder: Path) -> None:
        path = folder / "own.yaml"
        path.write_bytes(structured(data, kept(), yaml.safe_load, yaml.safe_dump))
        read_it(path)

    kept = cache(sound)
    return Target(seeds, run)


def shipped_yaml(folder: str) -> list[bytes]:
    """The six smallest YAML files of a folder."""
    return [
        path.read_bytes() for path in sorted(shipped(folder).glob("*.yaml"), key=lambda path: path.stat().st_size)[:6]
    ]


YAML_TRAPS = [
    b"[" * DEEP,
    b"{a: " * DEEP,
    b"a: &a [x, x, x, x, x, x, x, x]\n"
    + b"".join(b"%c: &%c [%s]\n" % (c, c, b", ".join([b"*%c" % (c - 1)] * 8)) for c in range(ord("b"), ord("m"))),
    b"a: &a [*a]\n",
    b"params: &a {b: *a}\n",
    b"a: 2001-99-99\n",
    b"seeds: " + b"9" * 5000,
    b"seeds: 0x" + b"f" * 9000,
    b"title: \x00\n",
    b'title: "\\0"\n',
    b'datasets: ["\\0.csv"]\n',
    b"1: 2\n",
    b"!!python/object/apply:os.system [true]\n",
    b"? [a, b]\n: c\n",
    b"<<: [{a: 1}]\n",
    b'title: "\\ud800"\n',
    b"lengths: [.nan, .inf]\n",
    b"extends: [a]\n",
    b"",
    b"\xff\xfe\x00",
]


def read_generator(path: Path) -> None:
    spec = load_spec(str(path))
    if spec.class_.startswith(("baselines.", "timemar.")):  # anything else would import what the bytes name
        load_class(spec)
        resolve(spec, SMALL, {})


def read_dataset(path: Path) -> None:
    (path.parent / "rows.csv").write_bytes(ROWS)
    spec = own_spec(path)
    if spec.recipe is None and spec.url is None:
        load_series(spec, path.parent)


def dataset_seeds() -> list[bytes]:
    return [
        b"file: rows.csv\ntitle: Rows\ncolumns: [a, b]\nscaling: minmax\nstride: 2\n",
        b"file: rows.csv\nmissing: drop\ndrop: [a]\n",
        b"file: rows.csv\nseries_column: a\none_hot: [b]\nmissing: interpolate\n",
        b'file: rows.csv\ntime_column: a\ntime_format: "%Y-%m-%d"\n',
        b"extends: stocks\nfile: rows.csv\n",
        b"file: ../../rows.csv\n",
        b"file: rows.mat\narray: x\n",
        b"recipe: {process: sines, seed: 1, count: 10, features: 2}\n",
    ]


def sweep_seeds() -> list[bytes]:
    return [
        b"generator: gaussian\ndataset: sines\nparam: {a: [1, 2], b: {low: 0.1, high: 1, log: true}}\ntrials: 3\n",
    ]


def read_csv(data: bytes, folder: Path) -> None:
    path = folder / "own.csv"
    path.write_bytes(structured(data, SOUND_CSV, _cells, _csv_text))
    load_windows(spec_from_csv(path), 8, "paper", seed_for_split=0)


def _cells(data: bytes) -> list[Any]:
    return [line.split(",") for line in data.decode().splitlines()]


def _csv_text(rows: list[Any]) -> str:
    return "\n".join(",".join(map(str, row)) if isinstance(row, list) else str(row) for row in rows)


def csv_seeds() -> list[bytes]:
    dated = SOUND_CSV[1]
    return [
        *SOUND_CSV,
        *odd_choices(),
        dated.replace(b"2024-01-", b"01/02/20"),
        ROWS.replace(b"3", b""),
        ROWS.replace(b"3", b"nan"),
        ROWS.replace(b"3", b"1e999"),
        b"a;b\n1;2\n",
        b'a,b\n"' + b"x" * 200_000,
        b"a,b\n" + b"9" * 5000 + b",1\n",
        b"\xef\xbb\xbfa,b\n1,2\x00\n",
        b"a,a\n1,2\n",
        b",".join(b"c%d" % i for i in range(3000)) + b"\n",
        b"a,b\r1,2\r\r3,4",
        b"",
    ]
