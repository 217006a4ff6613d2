"""How large the page of `report` is, how many CPU seconds it takes to make, and how long Chromium takes to open it.

    python -m tests.speed.report_speed [--generators 17] [--datasets 12] [--runs 5] [--frame results.csv]

Without `--frame` the frame is made up: a cell for each generator and data set, four scores of five repetitions. Opening is from
the navigation to the load event with all styles, then everything closed is opened: median, smallest and largest of the runs.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmark.html_report.content import of_frame
from benchmark.html_report.page import page
from benchmark.report.kept_frame import read_frame
from tests.benchmark.html_report.browser import CHROMIUM, chromium
from tests.benchmark.html_report.frames import many

OPEN_ALL = "document.querySelectorAll('details').forEach(one => one.open = true); document.body.offsetHeight"


def _opening(browser: Any, address: str) -> tuple[float, float]:
    """Seconds to open the page, and to open everything that is closed in it."""
    tab = browser.new_page(viewport={"width": 1440, "height": 900})
    start = time.perf_counter()
    tab.goto(address, wait_until="load")
    tab.evaluate("document.body.offsetHeight")
    loaded = time.perf_counter()
    tab.evaluate(OPEN_ALL)
    opened = time.perf_counter()
    tab.close()
    return loaded - start, opened - loaded


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--generators", type=int, default=17)
    parser.add_argument("--datasets", type=int, default=12)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--frame", type=Path, default=None)
    arguments = parser.parse_args()
    frame = read_frame(arguments.frame) if arguments.frame else many(arguments.generators, arguments.datasets)
    start = time.process_time()
    content = of_frame(frame, "The speed of the report")
    known = time.process_time()
    text = page(content).encode()
    print(f"cells {sum(len(part.cards) for part in content.parts)}, {len(text) / 1024**2:.2f} MiB")  # noqa: T201
    print(f"content {known - start:.1f} CPU s, page {time.process_time() - known:.1f} CPU s")  # noqa: T201
    if CHROMIUM is None:
        print("no Chromium on this machine")  # noqa: T201
        return
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        path = Path(folder) / "report.html"
        path.write_bytes(text)
        times = [_opening(browser, path.as_uri()) for _ in range(arguments.runs)]
    for what, seconds in zip(("opening", "everything open"), zip(*times, strict=True), strict=True):
        print(f"{what} {median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f})")  # noqa: T201


if __name__ == "__main__":
    main()
