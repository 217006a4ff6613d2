"""What a plug-in's source is: the content of its module and of the modules beside it that it imports."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from benchmark.files import sha256
from benchmark.imports import ROOT

SHIPPED = ("timemar", "baselines")
"""Packages of the project's own generators: their `version` says when a result changes."""
INSTALLED = ("site-packages", "dist-packages")


def source_digest(module: str) -> str:
    """Sixteen hexadecimal digits of a plug-in's source, wherever it lies; "" for a shipped generator and where there is no file.

    Modules beside it are those of its package; for a module in no package, those of its folder, unless packages are installed
    there. They are found by reading import statements, so nothing is executed.
    """
    path = _file_of(module)
    if path is None or _is_shipped(module, path):
        return ""
    base = path.parents[module.count(".") + (path.name == "__init__.py")]
    top = module.partition(".")[0]
    alone = top if base.name in INSTALLED or module != top or path.name == "__init__.py" else None
    found: dict[str, Path] = {module: path}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        for imported in _imports(found[name], name):
            if imported in found or imported.partition(".")[0] in (*SHIPPED, "benchmark", "metrics"):
                continue
            file = _beside(base, imported)
            if file is not None and alone in (None, imported.partition(".")[0]):
                found[imported] = file
                waiting.append(imported)
    digest = hashlib.sha256()
    for name in sorted(found):
        digest.update(name.encode() + b"\0" + bytes.fromhex(sha256(found[name])))
    return digest.hexdigest()[:16]


def _file_of(module: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError, AttributeError):
        return None
    return Path(spec.origin).resolve() if spec is not None and spec.has_location and spec.origin else None


def _is_shipped(module: str, path: Path) -> bool:
    return module.partition(".")[0] in SHIPPED and path.is_relative_to(ROOT)


def _beside(base: Path, module: str) -> Path | None:
    """The file of a module below a folder; None where there is none."""
    stem = base.joinpath(*module.split("."))
    return next((path for path in (stem.with_suffix(".py"), stem / "__init__.py") if path.is_file()), None)


def _imports(path: Path, module: str) -> Iterator[str]:
    """Dotted names that a file imports, `from a import b` as a and a.b; relative ones made absolute."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            head = ".".join([*start, *([node.module] if node.module else [])])
            names = [head, *(f"{head}.{alias.name}" if head else alias.name for alias in node.names)]
        else:
            continue
        for name in filter(None, names):
            parts = name.split(".")
            yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))
