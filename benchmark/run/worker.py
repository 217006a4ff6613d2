"""The worker process: computes the unfinished stages of one cell and reports to its runner how that ended.

Run as `python -m benchmark.run.worker`. The first line of standard input is the job; standard input then stays open, and its
end means that the runner is gone, so the worker ends too. Standard output carries events; whatever a generator prints goes to
standard error, which the runner keeps in a file.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from filelock import Timeout

from benchmark.errors import DivergedError, Interrupted, SkipCell, UserError, one_line, refusal, refused
from benchmark.imports import own_modules_first
from benchmark.interface import Progress
from benchmark.plan.cell import Cell
from benchmark.run.device import limit_memory
from benchmark.run.events import Event, EventWriter, Kind
from benchmark.run.job import Job, parse_job
from benchmark.store.altered import set_aside_altered
from benchmark.store.records import Ending, State, Status, most_severe
from benchmark.store.status import METRIC_STAGE, all_stages
from benchmark.store.store import Store
from metrics.base import NotApplicable

REPORT_SECONDS = 0.2


class StopFlag:
    """Set by SIGTERM; asked by whatever can stop cleanly."""

    def __init__(self) -> None:
        self.stop = False

    def __call__(self) -> bool:
        """Whether a stop was asked for."""
        return self.stop

    def set(self, *_: Any) -> None:
        """Ask for a stop."""
        self.stop = True


class Reporter:
    """Progress as events at a bounded rate, and as lines of metrics in the cell's log."""

    def __init__(self, send: EventWriter, log: Path) -> None:
        self.send = send
        self.log = log
        self.sent_at = 0.0

    def __call__(self, progress: Progress) -> None:
        """Pass one report on."""
        # A plug-in's numbers may be NumPy's or torch's.
        metrics = {name: float(value) for name, value in progress.metrics.items()}
        step, total = int(progress.step), int(progress.total)
        if metrics:
            line = {"stage": progress.stage, "step": step, **metrics}
            with self.log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        now = time.monotonic()
        if now - self.sent_at >= REPORT_SECONDS or step == total:
            self.send(Event(Kind.PROGRESS, progress.stage, step, total, metrics=metrics))
            self.sent_at = now


def main() -> int:
    """Run one job; the exit status is 0 whatever the outcome, since the outcome is an event."""
    own_modules_first()
    send = EventWriter(os.dup(1))
    os.dup2(2, 1)
    job = parse_job(sys.stdin.readline())
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    stop = StopFlag()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, stop.set)
    store = Store(job.store)
    folder = store.cell(job.cell)
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        with store.lock(job.cell.key, timeout=0, lost=lambda: _leave(send)):
            status = _attempt(job.cell, job, store, send, stop)
            folder.write_status(status)
    except Timeout:
        status = Status(state=State.BUSY, reason="another runner is computing this cell")
    except OSError as error:
        # Nothing can be written here, so only the runner is told.
        status = Status(state=State.STORAGE, reason=refused(error, folder.path))
    send(Event(Kind.END, stage=status.stage, state=status.state, reason=status.reason))
    return 0


def _attempt(cell: Cell, job: Job, store: Store, send: EventWriter, stop: StopFlag) -> Status:
    """Compute the missing stages; how that ended. A failing score does not stop the other scores."""
    from benchmark.run.stages import CellRun

    folder = store.cell(cell)
    found = store.state(cell, job.scores, verify=True)
    stages = list(all_stages(job.scores) if job.force else found.missing)
    model = folder.finished("fit").files
    set_aside_altered(store, cell)
    if job.force and not folder.forced.exists():
        shutil.rmtree(folder.checkpoint, ignore_errors=True)
        folder.checkpoint.mkdir()
        folder.forced.touch()
    folder.write_record(cell)
    # What other suites' scores came to stays known, as long as their samples do.
    others = all(stage.startswith(METRIC_STAGE) for stage in stages)
    held: dict[str, Ending] = {}
    if others and not (job.force or job.retry):
        held = {one: end for one in stages if (end := found.status.ending(one)) is not None and end.is_final}
        stages = [stage for stage in stages if stage not in held]
    earlier = {stage: one for stage, one in folder.status().endings.items() if others and stage not in stages}
    earlier |= held
    folder.write_status(Status(state=State.RUNNING, endings=earlier))
    if not held:
        (folder.path / "error.txt").unlink(missing_ok=True)
    report = Reporter(send, folder.path / "log.jsonl")

    def altered(sentence: str) -> None:
        send(Event(Kind.ALTERED, reason=sentence))

    run = CellRun(cell, store, job.device, job.data_dir, report, stop, altered)
    limit = limit_memory(job.device, job.gpu_memory_mib, job.gpu_share)
    endings: dict[str, Ending] = {}
    for stage in stages:
        send(Event(Kind.STAGE, stage))
        try:
            run.run(stage)
            # A model that another machine fitted again need not have the bytes of the first, whose samples are then stale.
            other = stage == "fit" and model not in (None, folder.finished("fit").files)
            if job.force or other:
                folder.forget_after(stage)
            if other:
                stages[:] = all_stages(job.scores)
        except (Exception, Interrupted) as error:
            state, reason = classify(error, folder.path)
            if state is State.OUT_OF_MEMORY and limit:
                reason = f"{reason}; {limit}"
            folder.note(stage, state)
            if state is not State.INTERRUPTED:
                (folder.path / "error.txt").write_text(traceback.format_exc(), encoding="utf-8")
            endings[stage] = Ending(state=state, reason=reason)
            if not stage.startswith(METRIC_STAGE) or state is State.INTERRUPTED:
                break
            folder.write_status(Status(state=State.RUNNING, endings={**earlier, **endings}))
    warnings = folder.provenance().stage("fit").warnings
    if not held | endings:
        return Status(state=State.DONE, warnings=warnings, endings=earlier)
    stage, ending = most_severe(held | endings)
    return Status(
        state=ending.state, reason=ending.reason, stage=stage, warnings=warnings, endings={**earlier, **endings}
    )


def classify(error: BaseException, folder: Path | None = None) -> tuple[State, str]:
    """An exception as a state and one line that says why; `folder` is where files are written."""
    text = one_line(error)
    if isinstance(error, Interrupted):
        return State.INTERRUPTED, text
    if isinstance(error, SkipCell | NotApplicable):
        return State.SKIPPED, text
    if isinstance(error, DivergedError):
        return State.DIVERGED, text
    if isinstance(error, UserError):
        return State.FAILED, text
    disk = refusal(error)
    if disk is not None:
        return State.STORAGE, refused(disk, folder)
    if isinstance(error, MemoryError) or "out of memory" in text or "can't allocate memory" in text:
        return (
            State.OUT_OF_MEMORY,
            f"{_asked_for(text)}; choose a smaller generator or data set, or a machine with more",
        )
    return State.FAILED, f"{type(error).__name__}: {text[:300]}"


def _asked_for(text: str) -> str:
    """What was asked for, out of an allocator's text about itself; the text where it is another's."""
    found = re.search(r"allocate (\d+) bytes", text)
    return f"no room for {int(found[1]):,} bytes more" if found else text[:200].rstrip(".;")


def _leave(send: EventWriter) -> None:
    """End at once, because another host computes the cell now; nothing more is written into its folder."""
    send(Event(Kind.END, state=State.BUSY, reason="another host has taken the cell over"))
    _exit()


def _exit_with_parent() -> None:
    """Wait for the end of standard input, which comes when the runner is gone, however it went."""
    try:
        while os.read(0, 1024):
            pass
    finally:
        _exit()


def _exit() -> None:
    """End this process with whatever the generator started, but never a group that is not the worker's own."""
    if os.getpgid(0) == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
