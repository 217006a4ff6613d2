"""Checks on a clean stop and on going on from there."""

from __future__ import annotations

from benchmark.conformance.probe import SAMPLE_SEED, SAMPLES, Probe, Trace, Violation

NO_STEPS = "fit reports no steps"


def fit_stops_when_asked(probe: Probe) -> str | None:
    """A fit that reports steps raises Interrupted when `stop_requested` says so.

    A fit that neither reports steps nor asks whether to stop is taken for one that has none.
    """
    if not probe.trace.steps and not probe.trace.polls:
        return NO_STEPS
    if not probe.trace.polls:
        raise Violation(f"fit reported {probe.trace.steps} steps and never asked context.stop_requested().")
    if not probe.halfway[0]:
        raise Violation("fit went on after context.stop_requested() said yes; save a checkpoint and raise Interrupted.")
    return None


def interrupted_fit_goes_on_to_the_same_model(probe: Probe) -> str | None:
    """A fit that was interrupted halfway, called again with its checkpoint folder, ends where an uninterrupted one does."""
    if not probe.trace.polls or not probe.halfway[0]:
        return NO_STEPS if not probe.trace.steps else "not asked: fit does not stop"
    context = probe.context(probe.features, trace=Trace(), folder=probe.halfway[1])
    resumed = probe.new().fit(probe.windows(probe.count, probe.features), context)
    if resumed.sample(SAMPLES, SAMPLE_SEED).tobytes() != probe.samples.tobytes():
        raise Violation("a fit that was interrupted and went on samples other bytes than one that was not.")
    return None


def fits_without_a_checkpoint_folder(probe: Probe) -> None:
    """A fit that is given no checkpoint folder ends with the same model.

    Of a generator that no two fits of make the same, which another check says, this cannot be told.
    """
    if probe.depends_on(checkpoints=False):
        raise Violation(
            "fits with and without context.checkpoint_dir sample different bytes; only keep checkpoints there."
        )
