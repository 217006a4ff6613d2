"""Which modules a process imports: the project's own first, whatever lies in the current folder, which plug-ins may come from."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmark.errors import UserError

ROOT = Path(__file__).resolve().parent.parent
OWN = ("timemar", "baselines", "benchmark", "metrics")


def own_modules_first() -> None:
    """Put the project's folder first on the path of imports and the current folder last.

    Raises UserError where another module of one of the project's names has been imported already.
    """
    here = Path.cwd().resolve()
    others = [entry for entry in sys.path if entry and Path(entry).resolve() not in (here, ROOT)]
    sys.path[:] = [str(ROOT), *others, *([str(here)] if here != ROOT else [])]
    for name in OWN:
        file = getattr(sys.modules.get(name), "__file__", None)
        if file is not None and not Path(file).resolve().is_relative_to(ROOT):
            raise UserError(f"the module '{file}' has the name of the benchmark's own '{name}'; rename it.")


def shadowed(module: str) -> str:
    """A sentence on a file in the current folder that has the name of one of the project's packages; "" where there is none."""
    top = module.partition(".")[0]
    for file in (Path(f"{top}.py"), Path(top) / "__init__.py"):
        if top in OWN and file.is_file() and not file.resolve().is_relative_to(ROOT / top):
            return f"'{file}' has the name of the benchmark's own package '{top}', which is imported in its place; rename it"
    return ""


def python_module(name: str) -> list[str]:
    """The command that runs a module of the project in a new process."""
    return [sys.executable, "-P", "-m", name]


def child_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of such a process: the project is found whatever the current folder holds."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "PYTHONPATH": path, **extra}
