"""Runs every check in turn on one generator, and says what it found."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from benchmark.config.generators import GeneratorSpec, load_class, resolve
from benchmark.conformance import contract, edges, isolation, samples, stopping, storage
from benchmark.conformance.probe import Probe, Violation
from benchmark.errors import Interrupted, UserError, kind_and_line, one_line
from benchmark.interface import Generator

Check = Callable[[Probe], str | None]

CHECKS: tuple[Check, ...] = (
    contract.methods_take_what_the_harness_passes,
    contract.constructor_only_stores,
    storage.saves_and_loads,  # what would lose a long training is told first, after the cheapest fit
    samples.fits_and_samples,
    samples.samples_have_the_shape_asked_for,
    samples.samples_are_float32,
    samples.samples_lie_between_0_and_1,
    samples.same_seed_gives_the_same_samples,
    samples.another_seed_gives_other_samples,
    isolation.leaves_global_random_states_alone,  # its fit is the one that the next check looks at
    samples.same_fit_seed_gives_the_same_model,
    samples.learns_nothing_from_validation_windows,
    storage.loaded_generator_samples_alike,
    storage.saved_files_are_plain,
    contract.parameters_round_trip,
    contract.parameter_counts_sum_to_the_number_of_parameters,
    edges.learns_from_one_feature,
    edges.learns_from_few_windows,
    edges.refuses_windows_with_nan,
    edges.refuses_windows_of_another_rank,
    edges.refuses_to_sample_nothing,
    edges.refuses_to_sample_before_fit,
    stopping.fit_stops_when_asked,
    stopping.interrupted_fit_goes_on_to_the_same_model,
    stopping.fits_without_a_checkpoint_folder,
    isolation.writes_only_into_its_folders,
)

NEEDED = (contract.methods_take_what_the_harness_passes, storage.saves_and_loads, samples.fits_and_samples)
"""Where one of these fails, there is no fitted or no saved generator that the checks after it could look at."""

MARKS = {"passed": "✓", "failed": "✗", "not run": "–"}


@dataclass(frozen=True)
class Finding:
    """What one check found: its name, what it asks in a sentence, the outcome, and the reason or a remark."""

    check: str
    asks: str
    state: Literal["passed", "failed", "not run"]
    reason: str = ""


def check_generator(
    cls: type[Generator],
    params: Mapping[str, Any],
    *,
    length: int = 24,
    features: int = 5,
    checks: Sequence[Check] = CHECKS,
) -> list[Finding]:
    """Run `checks` on a generator class with complete parameters and windows of T=`length`, D=`features`.

    Everything but one loading happens in this process, on the CPU, in a temporary folder; what a generator prints goes to
    standard error.
    """
    findings: list[Finding] = []
    failed: Check | None = None
    with tempfile.TemporaryDirectory(prefix="conformance-") as root, contextlib.redirect_stdout(sys.stderr):
        probe = Probe(cls, dict(params), Path(root).resolve() / "own", length, features)
        with isolation.watched_folders(Path(root).resolve()):
            for check in checks:
                findings.append(_not_run(check, failed) if failed else _run(check, probe))
                if check in NEEDED and findings[-1].state == "failed":
                    failed = check
    return findings


def check_spec(
    spec: GeneratorSpec, overrides: Mapping[str, Any], *, length: int = 24, features: int = 5
) -> list[Finding]:
    """Run every check on a generator with the parameters it has on Sines at budget smoke; raises UserError."""
    setting = {"dataset": "sines", "features": features, "length": length, "budget": "smoke", "protocol": "paper"}
    return check_generator(load_class(spec), resolve(spec, setting, overrides).params, length=length, features=features)


def _run(check: Check, probe: Probe) -> Finding:
    name, asks = check.__name__, _asks(check)
    try:
        return Finding(name, asks, "passed", check(probe) or "")
    except Violation as violation:
        return Finding(name, asks, "failed", str(violation))
    except (Exception, Interrupted, SystemExit) as error:
        said = one_line(error) if isinstance(error, UserError) else kind_and_line(error)
        return Finding(name, asks, "failed", f"raised {said}")


def _not_run(check: Check, failed: Check) -> Finding:
    return Finding(check.__name__, _asks(check), "not run", f"run once {failed.__name__} passes")


def _asks(check: Check) -> str:
    return (check.__doc__ or "").splitlines()[0]


def as_text(title: str, findings: Sequence[Finding]) -> str:
    """The findings as a table: a mark, the check, what it asks, and under it why it failed."""
    width = max(len(finding.check) for finding in findings)
    lines = [title]
    for finding in findings:
        lines.append(f"{MARKS[finding.state]} {finding.check:<{width}}  {finding.asks}")
        if finding.reason:
            lines.append(
                f"  {'':<{width}}  ({finding.reason})"
                if finding.state == "passed"
                else f"  {'':<{width}}  {finding.reason}"
            )
    failed = sum(finding.state != "passed" for finding in findings)
    lines.append(f"{len(findings) - failed} of {len(findings)} checks passed")
    return "\n".join(lines)


def as_json(title: str, findings: Sequence[Finding]) -> dict[str, Any]:
    """The findings as a record with stable keys."""
    passed = all(finding.state == "passed" for finding in findings)
    return {"generator": title, "passed": passed, "checks": [asdict(finding) for finding in findings]}
