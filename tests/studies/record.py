"""What the studies share: their results as JSON with provenance, and tables written between the marks of a page."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmark.store import provenance

ROOT = Path(__file__).resolve().parents[2]
MEASURED = ROOT / "results" / "measured"


def read(path: Path) -> dict[str, Any]:
    """The results so far; a study goes on where it was stopped."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"results": {}}


def write(path: Path, results: dict[str, Any]) -> None:
    """Write the results with the command, the machine, the versions and the commit; whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    command = " ".join(["python -m", *(_plain(word) for word in sys.argv)])
    facts = {"command": command, "machine": provenance.machine("cpu"), "versions": provenance.versions()}
    text = json.dumps({**facts, **provenance.commit(), "results": results}, indent=1, ensure_ascii=False) + "\n"
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def _plain(word: str) -> str:
    """A word of the command as it is typed in the repository's folder: modules by name, other paths without their folders."""
    path = Path(word).resolve()
    if path.is_relative_to(ROOT) and path.suffix == ".py":
        return ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return Path(word).name


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def insert(page: Path, mark: str, text: str) -> None:
    """Replace what stands between `<!-- mark -->` and `<!-- end mark -->` of a page."""
    begin, end = f"<!-- {mark} -->", f"<!-- end {mark} -->"
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise SystemExit(f"'{page.name}' has no place marked {begin} … {end}; add the two marks.")
    page.write_text(f"{before}{begin}\n{text.strip()}\n{end}{after}", encoding="utf-8")
