"""Which modules a process imports: the project's own first, whatever lies in the current folder, which plug-ins may come from."""

from __future__ import annotations

import importlib.util
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


def is_file_module(place: str) -> bool:
    """Whether the first half of `place:Class` is a Python file's path instead of a module's name."""
    return place.endswith(".py")


def module_name(place: str) -> str:
    """The name under which `package.module` or `folder/file.py` is imported; the file's folder joins the path of imports.

    A file's module is named by its stem wherever the file lies, so that it is the module that a program in its folder imports.

    Raises:
        UserError: There is no such file, or its name is another module's or none that a module can have.
    """
    if not is_file_module(place):
        return place
    file = Path(place)
    if not file.is_file():
        raise UserError(f"the file '{place}' does not exist; check the path.")
    if "." in file.stem:
        raise UserError(f"the file '{place}' has a dot in its name, which no module has; rename it.")
    folder = str(file.resolve().parent)
    if folder not in sys.path:
        sys.path.append(folder)
        importlib.invalidate_caches()
    other = _origin(file.stem)
    if other != file.resolve():
        raise UserError(f"the file '{place}' has the name of another module, '{other or file.stem}'; rename it.")
    return file.stem


def _origin(module: str) -> Path | None:
    """The file of the module that an import would find; None where it has none."""
    try:
        spec = importlib.util.find_spec(module)
    except ValueError:  # a module without a specification, such as __main__
        return None
    return Path(spec.origin).resolve() if spec is not None and spec.has_location and spec.origin else None


def python_module(name: str) -> list[str]:
    """The command that runs a module of the project in a new process."""
    return [sys.executable, "-P", "-m", name]


def child_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of such a process: the project is found whatever the current folder holds."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "PYTHONPATH": path, **extra}
