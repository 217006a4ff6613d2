"""Checks on what a generator must leave alone: the global random states, and files that are not its own."""

from __future__ import annotations

import contextlib
import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import numpy as np

from benchmark.conformance.probe import SAMPLE_SEED, SAMPLES, Probe, Violation
from benchmark.isolation import isolated_random_state

WATCHED = ("current", "home", "temporary")
UNLIKELY_SEED = 2_871_409_633
"""What no generator would use, so that setting a state shows."""


def leaves_global_random_states_alone(probe: Probe) -> None:
    """`fit`, `sample`, `save` and `load` leave the global random states of Python, NumPy and PyTorch as they were.

    Drawing from a state or setting it is detected; setting it and putting it back is not.
    """
    _ = probe.saved, probe.samples  # a library's first import may draw a number, which is not the generator's doing
    calls: dict[str, Callable[[], object]] = {
        "fit": probe.fit_again,
        "sample": lambda: probe.fitted.sample(SAMPLES, SAMPLE_SEED),
        "save": lambda: probe.fitted.save(probe.empty_folder()),
        "load": lambda: probe.cls.load(probe.saved),
    }
    for what, act in calls.items():
        with isolated_random_state(UNLIKELY_SEED):
            before = _states()
            act()
            changed = [library for library, state in _states().items() if before.get(library, state) != state]
        if changed:
            raise Violation(
                f"{what} changes the global random state of {' and '.join(changed)}; draw from the seed passed in."
            )


def writes_only_into_its_folders(probe: Probe) -> None:
    """Nothing is left in the current, home or temporary folder by all that was done before.

    Those three are empty folders while checks run; a file written elsewhere by its whole path is not detected.
    """
    found = [path for name in WATCHED for path in sorted((probe.folder.parent / name).rglob("*")) if path.is_file()]
    if found:
        path = found[0].relative_to(probe.folder.parent)
        kind, rest = path.parts[0], "/".join(path.parts[1:])
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        raise Violation(f"the {kind} folder holds '{rest}'{more}; write into checkpoint_dir or save's folder only.")


@contextlib.contextmanager
def watched_folders(root: Path) -> Iterator[None]:
    """Make empty folders under `root` the current, home and temporary folder of this process, for a while."""
    folders = {name: root / name for name in WATCHED}
    for folder in folders.values():
        folder.mkdir()
    home, temporary = str(folders["home"]), str(folders["temporary"])
    variables = {"HOME": home, "USERPROFILE": home, "TMPDIR": temporary, "TEMP": temporary, "TMP": temporary}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    with (
        mock.patch.dict(os.environ, {**kept, **variables}, clear=True),
        mock.patch.object(tempfile, "tempdir", temporary),
        contextlib.chdir(folders["current"]),
    ):
        yield


def _states() -> dict[str, object]:
    states: dict[str, object] = {"Python": random.getstate()}
    name, keys, *rest = np.random.get_state(legacy=True)  # noqa: NPY002 - the state that must not change
    states["NumPy"] = (name, np.asarray(keys).tobytes(), *rest)
    torch = sys.modules.get("torch")
    if torch is not None:
        states["PyTorch"] = torch.random.get_rng_state().numpy().tobytes()
    return states
