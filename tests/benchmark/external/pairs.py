"""Two files of windows as `score` reads them, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmark.external.windows import Pair, file_windows, make_pair


def load_pair(real: Path, fake: Path, length: int | None, ranges: Sequence[str]) -> Pair:
    return make_pair(file_windows(real, length), file_windows(fake, length), ranges, (str(real), str(fake)))
