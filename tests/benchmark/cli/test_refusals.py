"""What the system refuses, a full or read-only disk, a model too large for it: one sentence, nothing lost."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.cli import app as cli
from benchmark.cli.printing import emit
from benchmark.config.generators import load_class, load_spec
from benchmark.config.suites import SuiteSpec
from benchmark.errors import SkipCell, UserError, refusal, refused
from benchmark.files import write_bytes
from benchmark.plan import sizes
from benchmark.plan.planner import Plan, make_plan
from benchmark.plan.request import Request
from benchmark.run.events import Kind, read_event
from benchmark.run.executors import local
from benchmark.run.job import Job, dump_job
from benchmark.run.runner import Options, Runner
from benchmark.run.worker import classify
from benchmark.store.cell_folder import CellFolder
from benchmark.store.store import VERSION, Store
from tests.conftest import ROOT, CommandLine, environment

NO_SPACE = (
    "(No space left on device); free some space and give the same command again, which goes on from what is finished."
)
READ_ONLY = "(Read-only file system); make it writable, or choose another path (--store, --output)."


@pytest.fixture
def plan() -> Plan:
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("copy", "gaussian"), budget="smoke")
    return make_plan(suite, Request())


def refuse(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Let every atomic write fail as a full disk (ENOSPC) or a read-only one (EROFS) does: without naming the file."""

    def fail(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)


def test_a_full_disk_names_the_file_keeps_the_old_one_and_leaves_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "scores.json"
    write_bytes(path, b"old")
    refuse(monkeypatch, errno.ENOSPC)
    with pytest.raises(OSError, match="No space left on device") as raised:
        write_bytes(path, b"new")
    assert refused(raised.value) == f"'{path}' cannot be used {NO_SPACE}"
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("scores.json", b"old")]


@pytest.mark.parametrize(("number", "sentence"), [(errno.ENOSPC, NO_SPACE), (errno.EROFS, READ_ONLY)])
def test_a_store_that_cannot_be_written_is_refused_before_anything_is_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, sentence: str
) -> None:
    store = Store(tmp_path / "runs").create()
    refuse(monkeypatch, number)
    with pytest.raises(UserError) as raised:
        store.create()
    assert str(raised.value) == f"the store '{store.root}' cannot be used {sentence}"
    assert json.loads((store.root / "store.json").read_text())["version"] == VERSION


def test_a_table_on_a_full_disk_is_one_sentence(command: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, errno.ENOSPC)
    # Whether the store holds anything of the suite is another test's matter.
    monkeypatch.setattr("benchmark.report.available.require_results", lambda *_: None)
    done = command("tables", "--suite", "quick", "--only", "generator=copy", "--output", "table.md")
    assert (done.returncode, done.stderr) == (2, f"error: 'table.md' cannot be used {NO_SPACE}\n")


def test_an_error_of_the_program_is_no_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise OSError("a mistake of ours")

    monkeypatch.setattr(cli, "app", fail)
    with pytest.raises(OSError, match="a mistake of ours"):
        cli.main()


def test_what_was_computed_is_shown_although_its_file_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UserError, match=r"cannot be written \(Is a directory\)"):
        emit("the table", {}, str(tmp_path))
    assert capsys.readouterr().out == "the table\n"


def test_output_that_takes_nothing_is_one_sentence() -> None:
    command = [sys.executable, "-m", "benchmark", "data", "list"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, env=environment(), check=False)
    assert (done.returncode, done.stderr) == (2, f"error: a file cannot be used {NO_SPACE}\n")


def test_a_journal_on_a_full_disk_is_named(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left on device") as raised:
        CellFolder(tmp_path).note("fit", "started")
    assert raised.value.filename == str(tmp_path / "journal.jsonl")


def test_a_refusal_is_told_from_an_error_of_the_program() -> None:
    assert refusal(OSError(errno.ENOSPC, "full")) is not None
    assert refusal(FileNotFoundError(errno.ENOENT, "gone", "a")) is None
    assert refusal(ValueError("I/O error (os error 2)")) is None
    found = refusal(ValueError("I/O error: Read-only file system (os error 30)"))
    assert found is not None
    assert (found.errno, found.strerror) == (errno.EROFS, "Read-only file system")


def test_a_child_that_can_write_nothing_ends_its_cell_in_a_sentence(tmp_path: Path, plan: Plan) -> None:
    (tmp_path / "file").write_text("")
    job = Job(plan.cells[0], (), tmp_path / "file" / "runs")
    command = [sys.executable, "-m", "benchmark.run.worker"]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), cwd=tmp_path
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    with process, process.stdin:
        process.stdin.write(dump_job(job).encode() + b"\n")
        process.stdin.flush()
        event, err = read_event(process.stdout.readline().decode()), process.stderr.read()
    assert event is not None
    assert (event.kind, event.state) == (Kind.END, "storage")
    assert "cannot be used (Not a directory); a file is where a folder is needed" in event.reason
    assert b"Traceback" not in err


def test_a_runner_that_can_start_no_child_stops_the_others_cleanly(
    tmp_path: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    class Child:
        """The first one runs until it is asked to stop; the second finds no space."""

        def __init__(self, job: Job, on_event: object) -> None:
            if told:
                raise OSError(errno.ENOSPC, "No space left on device", "cells/x")
            told.append("started")
            self.job = job
            self.started, self.exceeded = float("inf"), None

        def stop(self) -> None:
            told.append("stopped")

        def wait(self, seconds: float) -> bool:
            return True

        def kill(self) -> None:
            told.append("killed")

    monkeypatch.setattr(local, "WorkerProcess", Child)
    with pytest.raises(OSError, match="No space left on device"):
        Runner(Store(tmp_path / "runs").create(), Options(workers=2), []).run(plan)
    assert told == ["started", "stopped", "killed"]


def test_memory_that_is_not_there_is_refused_by_arithmetic(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = load_spec("timemar_s")
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("timemar_s",), budget="smoke")
    params = make_plan(suite, Request()).cells[0].params
    from timemar.generator import TimeMAR

    generator = TimeMAR(**params)
    count = sizes.count_parameters(generator, 24, 5, spec.name)
    monkeypatch.setattr(sizes, "_memory", lambda device: 16 * count)
    sizes.check_memory(generator, 24, 5, "cpu")
    monkeypatch.setattr(sizes, "_memory", lambda device: 16 * count - 1)
    with pytest.raises(
        MemoryError, match=f"its {count:,} parameters take 0 GB to train, but this machine has 0 GB"
    ) as raised:
        sizes.check_memory(generator, 24, 5, "cpu")
    assert classify(raised.value)[0] == "out of memory"


def test_memory_is_that_of_the_container(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "usable_memory", lambda: 1)
    generator = load_class(load_spec("timemar_s"))()
    with pytest.raises(MemoryError, match="but this machine has 0 GB"):
        sizes.check_memory(generator, 24, 5, "cpu")


def test_the_reason_of_a_skip_is_a_clause() -> None:
    assert str(SkipCell("the file is not here.")) == str(SkipCell("the file is not here")) == "the file is not here"


def test_an_allocators_text_becomes_a_sentence() -> None:
    text = (
        "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate "
        "12799999999872 bytes. Error code 12 (Cannot allocate memory)"
    )
    assert classify(RuntimeError(text)) == (
        "out of memory",
        "no room for 12,799,999,999,872 bytes more; choose a smaller generator or data set, or a machine with more",
    )


def test_many_seeds_share_one_look_at_a_generator(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[str] = []
    real = sizes.count_parameters
    monkeypatch.setattr(
        "benchmark.plan.planner.count_parameters", lambda *given: looks.append(given[-1]) or real(*given)
    )
    suite = SuiteSpec(name="x", datasets=("sines",), generators=("copy", "gaussian"), budget="smoke", seeds=1000)
    assert len({cell.key for cell in make_plan(suite, Request()).cells}) == 2000
    assert looks == ["generator 'copy'", "generator 'gaussian'"]


def test_ctrl_c_while_modules_are_loaded_ends_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(9)\n")
    paths = environment()["PYTHONPATH"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmark", "list"],
        cwd=ROOT,
        env=environment(PYTHONPATH=f"{tmp_path}{os.pathsep}{paths}"),
        capture_output=True,
        text=True,
        check=False,
        # A shell's background jobs ignore SIGINT and hand that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")
