"""Data sets: what they are, where their files are, and how they become windows."""

from benchmark.data.card import card, card_text, check, window_counts
from benchmark.data.catalogue import DATASETS, load_spec, own_spec, spec_from_csv
from benchmark.data.fetch import fetch, fetch_missing
from benchmark.data.locate import download_folder, expected_fingerprint, fingerprint, locate
from benchmark.data.roles import WindowSet
from benchmark.data.series import Series, load_series
from benchmark.data.spec import DatasetSpec, Recipe
from benchmark.data.windows import check_strict_length, load_windows, require_windows

__all__ = [
    "DATASETS",
    "DatasetSpec",
    "Recipe",
    "Series",
    "WindowSet",
    "card",
    "card_text",
    "check",
    "check_strict_length",
    "download_folder",
    "expected_fingerprint",
    "fetch",
    "fetch_missing",
    "fingerprint",
    "load_series",
    "load_spec",
    "load_windows",
    "locate",
    "own_spec",
    "require_windows",
    "spec_from_csv",
    "window_counts",
]
