"""Faults put into a small suite, and whether a plain run of it afterwards ends with the bytes of an undisturbed one.

    python -m tests.studies.faults [--faults 200] [--seed 0] [--folder FOLDER]

One store takes all faults, one after the other (`fault_kinds.py` lists them). After each, the same command runs again, and three
things are counted: losses (files of results that are missing or differ), stages that were computed twice without need, and
tracebacks. A stage is needed where its cell was taken out before the fault or a file of it was damaged. A file system that is
read-only or full takes the right to mount one. Results go to `results/measured/faults/faults.json`; a study that was stopped
goes on.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.benchmark.run.conftest import bytes_of, run_suite
from tests.studies.fault_kinds import KINDS, SUITE
from tests.studies.record import MEASURED, read, table, write


def finished(store: Path) -> Counter[tuple[str, str]]:
    """How often each stage was finished, by cell and stage, from what can be read of the journals."""
    found: Counter[tuple[str, str]] = Counter()
    for path in store.glob("cells/*/journal.jsonl"):
        for line in path.read_text(errors="replace").splitlines():
            try:
                entry = json.loads(line)
                found[path.parent.name, entry["stage"]] += entry["event"] == "finished"
            except (ValueError, TypeError, KeyError):
                continue
    return found


def strike(folder: Path, kind: str, rng: random.Random, expected: dict[str, str]) -> dict[str, Any]:
    """Put one fault into the store, run the suite again and compare."""
    store, before = folder / "runs", finished(folder / "runs")
    started = time.perf_counter()
    struck = KINDS[kind][0](folder, rng)
    again = run_suite(folder, "--workers", "2", text=SUITE)
    after, now = finished(store), bytes_of(store)
    twice = {
        stage: count - (0 if stage[0] in struck.cells else before[stage])
        for stage, count in after.items()
        if count > (1 + before[stage] if stage[0] in struck.cells and not struck.codes else 1) and count > before[stage]
    }
    said = struck.output + again.stdout + again.stderr
    is_broken = bool(again.returncode) or "Traceback" in said
    return {
        "kind": kind,
        "what": struck.what,
        "codes": struck.codes,
        "code": again.returncode,
        "lost": sorted(name for name in expected if now.get(name) != expected[name]),
        "twice": [" ".join(stage) for stage in twice],
        "traceback": "Traceback" in said,
        "seconds": round(time.perf_counter() - started, 1),
        **({"said": said[-2000:].replace(str(folder), "FOLDER")} if is_broken else {}),
    }


def summary(results: dict[str, Any]) -> str:
    """The table by kind."""
    rows = []
    for kind in KINDS:
        found = [one for one in results.values() if one["kind"] == kind]
        rows.append([
            kind,
            str(len(found)),
            ", ".join(f"{code}: {count}" for code, count in sorted(Counter(c for o in found for c in o["codes"]).items())),
            str(sum(one["code"] != 0 for one in found)),
            str(sum(bool(one["lost"]) for one in found)),
            str(sum(bool(one["twice"]) for one in found)),
            str(sum(one["traceback"] for one in found)),
        ])  # fmt: skip
    rows.append(["all", str(len(results)), "", *(str(sum(int(row[i]) for row in rows)) for i in range(3, 7))])
    return table(
        ["fault", "times", "exit status of the disturbed runs", "run again failed", "losses", "twice", "tracebacks"],
        rows,
    )


def main() -> None:
    """Strike, compare, keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="where the store is (default: a temporary folder)")
    parser.add_argument("--only", help="one kind of fault")
    parser.add_argument("--output", type=Path, default=MEASURED / "faults" / "faults.json")
    arguments = parser.parse_args()
    results = read(arguments.output)["results"]
    kinds = [arguments.only] if arguments.only else list(KINDS)
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        assert run_suite(folder, "--workers", "2", text=SUITE).returncode == 0
        expected = bytes_of(folder / "runs")
        for number in range(arguments.faults):
            name = f"{arguments.seed}-{number}"
            if name in results:
                continue
            rng = random.Random(name)
            kind = rng.choices(kinds, [KINDS[one][1] for one in kinds])[0]
            results[name] = strike(folder, kind, rng, expected)
            write(arguments.output, results)
            print(name, json.dumps(results[name]), flush=True)  # noqa: T201
    print(summary(results))  # noqa: T201


if __name__ == "__main__":
    main()
