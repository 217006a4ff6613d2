"""The body of `python -m benchmark doctor`: every finding, and whether the main job can run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmark.doctor.finding import Finding

MAIN_JOB = "python -m benchmark run --suite quick"
Section = Callable[[], Iterator[Finding]]


def _packages() -> Iterator[Finding]:
    from benchmark.doctor.packages import package_findings

    return package_findings()


def _machine() -> Iterator[Finding]:
    from benchmark.doctor.machine import machine_findings

    return machine_findings()


def _data(data_dir: Path | None) -> Iterator[Finding]:
    from benchmark.doctor.folders import data_findings

    return data_findings(data_dir)


def _store(store: Path) -> Iterator[Finding]:
    from benchmark.doctor.folders import store_findings
    from benchmark.store.store import Store

    return store_findings(Store(store))


def examine(store: Path, data_dir: Path | None) -> list[Finding]:
    """Every finding; nothing is downloaded, and no file stays behind."""
    sections: dict[str, Section] = {
        "packages": _packages,
        "machine": _machine,
        "data": lambda: _data(data_dir),
        "store": lambda: _store(store),
    }
    return [finding for area, section in sections.items() for finding in examined(area, section)]


def examined(area: str, section: Section) -> list[Finding]:
    """The findings of a section, or the package without which it cannot be examined."""
    found: list[Finding] = []
    try:
        found.extend(section())
    except ModuleNotFoundError as error:
        name = str(error.name).partition(".")[0]
        said = f"cannot be examined without the package {name}"
        found.append(Finding(area, name, "missing", said, f"python -m pip install {name}", blocking=True))
    return found


def can_run(findings: list[Finding]) -> bool:
    """Whether nothing blocks the main job."""
    return not any(finding.blocking for finding in findings)


def findings_text(findings: list[Finding]) -> str:
    """The findings by area, a line each, and whether the main job can run."""
    lines: list[str] = []
    area = ""
    for finding in findings:
        if finding.area != area:
            area = finding.area
            lines += [*([""] if lines else []), area]
        lines.append(f"  {finding.level:<7}  {finding.name}: {finding.said}")
        if finding.remedy:
            lines.append(f"{'':<11}type: {finding.remedy}")
    blocking = [finding.name for finding in findings if finding.blocking]
    verdict = f"cannot run before these are solved: {', '.join(blocking)}" if blocking else f"can run: {MAIN_JOB}"
    return "\n".join([*lines, "", f"The main job {verdict}"])


def findings_record(findings: list[Finding]) -> dict[str, Any]:
    """The same with stable keys."""
    return {"can_run": can_run(findings), "findings": [asdict(finding) for finding in findings]}
