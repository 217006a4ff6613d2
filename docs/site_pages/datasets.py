"""The data sets' page: every shipped data set's card as far as it needs no file."""

from __future__ import annotations

from benchmark.data import DATASETS
from benchmark.data.card import LENGTHS, window_counts
from benchmark.data.spec import DatasetSpec
from site_pages.markdown import literal, table


def text() -> str:
    """All shipped data sets as Markdown."""
    specs = [DATASETS.load(name) for name in DATASETS.names()]
    heads = ("name", "title", "rows", "features", *[f"windows at {length}" for length in LENGTHS])
    return "\n".join(
        [
            table(heads, map(_line, specs)),
            *map(_section, specs),
        ]
    )


def _line(spec: DatasetSpec) -> tuple[str, ...]:
    counts = window_counts(spec) or {}
    rows = f"{spec.rows:,}" if spec.rows else "generated"
    windows = [f"{counts[length]:,}" if length in counts else "" for length in LENGTHS]
    return (f"[{literal(spec.id)}](#{spec.id})", spec.title, rows, f"{spec.features}", *windows)


def _section(spec: DatasetSpec) -> str:
    lines = [f"({spec.id})=\n## {spec.title}\n", f"{spec.summary}.\n", f"**Origin**: {spec.origin}\n"]
    if spec.url:
        lines.append(f"**File**: [{spec.file}]({spec.url}), SHA-256 {literal(spec.sha256)}\n")
    lines.append(f"**Licence**: {spec.licence}\n")
    lines.append(f"**Scaling**: {'min-max of each feature to [0, 1]' if spec.scaling == 'minmax' else 'none'}\n")
    if spec.published_rows:
        lines.append(f"**Published row count**: {spec.published_rows:,}\n")
    lines += [f"- {note}" for note in spec.notes]
    lines += [f"- Score {literal(score)}: {note}" for score, note in spec.score_notes.items()]
    if spec.strict_note:
        lines.append(f"- Protocol `strict`: {spec.strict_note}")
    return "\n".join(lines) + "\n"
