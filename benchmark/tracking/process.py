"""The process that delivers while a suite runs: `python -m benchmark.tracking.process`.

The first line of standard input is the job; each further line is "begin", the key of a cell that has ended, or "finish".
Standard input stays open, and its end means that the runner is gone, so this process goes too. The answer to "finish" says why
something could not be delivered.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from pathlib import Path

from benchmark.store.store import Store
from benchmark.tracking.destination import Place
from benchmark.tracking.mlflow_upload import SILENT, Result, Tracker, UnreachableError, deliver, one_line
from benchmark.tracking.suite_runs import SuiteBook

BEGIN = "begin"
FINISH = "finish"
NICENESS = 10


def main() -> int:
    """Deliver what is asked for until all is; the exit status is 0 whatever came of it."""
    # A run's own work goes first.
    os.nice(NICENESS)
    job = json.loads(sys.stdin.readline())
    lines: queue.Queue[str] = queue.Queue()
    worker = _Worker(Store(Path(job["store"])), Place(**job["place"]), job["run"])
    threading.Thread(target=_read, args=(lines, worker), daemon=True).start()
    cells: set[str] = set()
    while True:
        asked = {lines.get()}
        while not lines.empty():
            asked.add(lines.get())
        cells |= asked - {FINISH, BEGIN}
        reason = worker.deliver(None if FINISH in asked else cells)
        if FINISH in asked:
            _answer(reason)
            return 0
        cells = cells if reason else set()


class _Worker:
    """Makes the tracker when it is first needed, and again after a failure to make it."""

    def __init__(self, store: Store, place: Place, run: str) -> None:
        self.store = store
        self.place = place
        self.run = run
        self.tracker: Tracker | None = None
        self.reason = ""

    def deliver(self, cells: set[str] | None) -> str:
        """Deliver; why something was not, "" where all was."""
        self.reason = self._deliver(cells)
        return self.reason

    def _deliver(self, cells: set[str] | None) -> str:
        book = SuiteBook(self.store)
        try:
            with self.store.lock("tracking", wait=True):
                self.tracker = self.tracker or Tracker(self.place, self.store)
                result: Result = deliver(book.get(self.run), book, self.tracker, cells)
        except UnreachableError as error:
            return str(error)
        except Exception as error:
            return one_line(error, self.place)
        return next(iter(result.failed.values()), "")


def _answer(reason: str) -> None:
    print(json.dumps({"reason": reason}), flush=True)  # noqa: T201 - the answer to the runner


def _read(lines: queue.Queue[str], worker: _Worker) -> None:
    for line in sys.stdin:
        if line.strip() == FINISH and worker.reason == SILENT:
            # The tracker has let a request wait before, and the main thread may be waiting again; a run does not.
            _answer(SILENT)
            os._exit(0)
        lines.put(line.strip())
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
