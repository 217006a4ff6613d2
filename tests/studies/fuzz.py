"""Coverage-guided fuzzing of everything that the program reads from anybody's files, by atheris (libFuzzer).

    python -m pip install atheris
    python -m tests.studies.fuzz [--inputs 100000] [--seed 1] [--target csv]

Each target of `tests/malformed/` is fuzzed in a process of its own, whose address space is bounded. Its seeds are real files
and traps; libFuzzer mutates them (bit flips, truncation, splicing, their own words, and values inside YAML and JSON that stay
well-formed) and keeps what reaches new branches of `benchmark/`. What comes back other than a result or a documented error is a
finding: the first input of each is written to `results/measured/fuzz/found/`, and the counts to
`results/measured/fuzz/fuzz.json`.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

from tests.studies.record import MEASURED, ROOT, write

FOLDER = MEASURED / "fuzz"
SHARES = {
    "generator": 6,
    "dataset": 7,
    "suite": 7,
    "sweep": 6,
    "csv": 14,
    "array": 15.9,
    "matlab": 0.1,
    "record": 13,
    "saved": 9,
    "checkpoint": 14,
    "archive": 8,
}
"""Inputs in a hundred, by target; a MATLAB file takes a process of its own."""
MEMORY = 3 << 30
"""Bytes of address space that a target may take beyond what its imports have."""
SLOW = 5.0
"""CPU seconds of an input from which it is a finding."""


def main() -> None:
    """Fuzz every target, or one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--target", choices=SHARES)
    parser.add_argument("--output", type=Path, default=FOLDER)
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        fuzz(given.target, given.inputs, given.seed, given.inside)
        return
    results: dict[str, Any] = {"inputs": 0, "cpu_seconds": 0.0, "targets": {}}
    for name in [given.target] if given.target else SHARES:
        inputs = given.inputs if given.target else round(given.inputs * SHARES[name] / 100)
        found = in_a_process(name, inputs, given.seed, given.output / "found")
        results["targets"][name] = found
        results["inputs"] += found["inputs"]
        results["cpu_seconds"] = round(results["cpu_seconds"] + found["cpu_seconds"], 1)
        print(f"{name}: {json.dumps(found)}", flush=True)  # noqa: T201
        write(given.output / "fuzz.json", results)


def in_a_process(name: str, inputs: int, seed: int, findings: Path) -> dict[str, Any]:
    """What a process of its own found in a target."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        command = [sys.executable, "-m", "tests.studies.fuzz", "--target", name, "--inside", text]
        command += ["--inputs", str(inputs), "--seed", str(seed)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)
        if not (folder / "found.json").exists():
            raise SystemExit(f"the process of {name} ended without a result:\n{done.stderr[-3000:]}")
        found: dict[str, Any] = json.loads((folder / "found.json").read_text())
        if found["inputs"] < inputs:
            found["ended"] = done.stderr[-1500:]
        for path in (folder / "inputs").glob("*"):
            findings.mkdir(parents=True, exist_ok=True)
            (findings / f"{name}-{path.name}").write_bytes(path.read_bytes())
        return found


def fuzz(name: str, inputs: int, seed: int, folder: Path) -> None:
    """Fuzz a target and write `found.json` and the inputs of findings into `folder`; ends the process."""
    import atheris

    with atheris.instrument_imports(include=["benchmark"]):
        from tests.malformed.target import Broken, read
        from tests.malformed.targets import TARGETS

        target = TARGETS[name]
        seeds = target.seeds()
        for part in ("corpus", "inputs", "sandbox"):
            (folder / part).mkdir()
        # What the target imports, and what its libraries allocate once, comes before the bound on memory.
        read(target, seeds[0], folder / "sandbox")
    for number, data in enumerate(seeds):
        (folder / "corpus" / str(number)).write_bytes(data)
    words = sorted({word for data in seeds for word in re.findall(rb"[A-Za-z_][A-Za-z_0-9-]{2,40}", data)})
    (folder / "words").write_bytes(b"".join(b'"%s"\n' % word for word in words[:1000]))
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY, taken + MEMORY))
    warnings.simplefilter("ignore")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started, outcomes, findings = _cpu_seconds(), Counter[str](), dict[str, int]()

    def keep(sentence: str, data: bytes) -> None:
        if sentence not in findings:
            (folder / "inputs" / str(len(findings))).write_bytes(data)
        findings[sentence] = findings.get(sentence, 0) + 1

    def one(data: bytes) -> None:
        began = time.process_time()
        try:
            outcomes["read" if read(target, data, folder / "sandbox") else "refused"] += 1
        except Broken as error:
            outcomes["broken"] += 1
            keep(_signature(error), data)
        if time.process_time() - began > SLOW:
            keep("slow", data)
        done = outcomes.total()
        if done % 250 == 0 or done >= inputs - 1:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            found = {
                "inputs": done,
                "seeds": len(seeds),
                **{key: outcomes[key] for key in ("read", "refused", "broken")},
                "cpu_seconds": round(_cpu_seconds() - started, 1),
                "memory_mib": {"before": before // 1024, "peak": peak // 1024},
                "findings": findings,
            }
            (folder / "found.json").write_text(json.dumps(found))

    options = [f"-atheris_runs={inputs}", f"-seed={seed}", "-max_len=32768", "-timeout=60", "-rss_limit_mb=0"]
    options += [f"-dict={folder}/words", "-verbosity=0", f"-artifact_prefix={folder}/inputs/", str(folder / "corpus")]
    atheris.Setup([sys.argv[0], *options], one)
    atheris.Fuzz()


def _cpu_seconds() -> float:
    """CPU seconds of this process and of those that it started."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, kinds))


def _signature(error: Exception) -> str:
    """What an exception is and where in the project it was raised."""
    cause = error.__cause__
    if cause is None:
        return str(error)
    frames = [frame for frame in traceback.extract_tb(cause.__traceback__) if frame.filename.startswith(str(ROOT))]
    ours = [frame for frame in frames if "/tests/" not in frame.filename]
    place = f"{Path(ours[-1].filename).relative_to(ROOT).as_posix()}, {ours[-1].name}" if ours else "elsewhere"
    return f"{type(cause).__name__} in {place}"


if __name__ == "__main__":
    main()
