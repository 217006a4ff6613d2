"""Data cards: what a reader should know about a data set before trusting a number measured on it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmark.data.generated import feature_names
from benchmark.data.locate import expected_fingerprint, file_sha256, fingerprint, locate
from benchmark.data.scale import bounds
from benchmark.data.series import Series, load_series
from benchmark.data.spec import DatasetSpec
from benchmark.data.split import count_windows
from benchmark.errors import SkipCell, UserError

LENGTHS = (24, 64, 128, 256)


def window_counts(
    spec: DatasetSpec, lengths: tuple[int, ...] = LENGTHS, *, series: Series | None = None, within: bool | None = None
) -> dict[int, int] | None:
    """Windows by length under protocol paper, from the stated facts or from `series`; None where rows are not known.

    `within` overrides the data set's `within_series`.
    """
    if spec.recipe is not None:
        return dict.fromkeys(lengths, spec.recipe.sequences)
    if spec.holds_windows:
        return {len(series.parts[0]): len(series.parts)} if series is not None else None
    if series is not None:
        rows = [len(part) for part in series.parts]
    elif spec.rows is None or spec.series_column is not None:
        return None
    else:
        each = spec.series_length or spec.rows
        rows = [each] * (spec.rows // each)
    inside = spec.within_series if within is None else within
    kept = rows if inside else [sum(rows)]
    return {length: count_windows(kept, length, spec.stride) for length in lengths}


def check(spec: DatasetSpec, data_dir: Path | None) -> dict[str, Any]:
    """Facts on whether the data set can be used here; `problem` is the sentence that says why not, else None."""
    return _inspect(spec, data_dir)[0]


def _inspect(spec: DatasetSpec, data_dir: Path | None) -> tuple[dict[str, Any], Series | None]:
    series = None
    facts: dict[str, Any] = {
        "id": spec.id,
        "generated": spec.recipe is not None,
        "present": False,
        "path": None,
        "sha256": None,
        "checksum": None,
        "rows": None,
        "features": spec.features,
        "windows": None,
        "problem": None,
    }
    try:
        if spec.recipe is None:
            path = locate(spec, data_dir)
            facts |= {"present": True, "path": str(path), "sha256": file_sha256(path)}
            if spec.sha256 is not None:
                facts["checksum"] = "right" if facts["sha256"] == spec.sha256 else "wrong"
            series = load_series(spec, data_dir)
            facts |= {"rows": series.rows, "features": len(series.names), "windows": window_counts(spec, series=series)}
        else:
            fingerprint(spec, data_dir)
            facts |= {"present": True, "windows": window_counts(spec)}
    except (SkipCell, UserError) as reason:
        facts["problem"] = str(reason)
    return facts, series


def card(spec: DatasetSpec, data_dir: Path | None) -> dict[str, Any]:
    """Everything known about a data set, JSON-able; ranges and names of a recorded set only where its file is here."""
    facts, series = _inspect(spec, data_dir)
    names: tuple[str, ...] = ()
    ranges = None
    if series is not None:
        names = series.names
        low, high = bounds(series.parts)
        ranges = {name: [float(a), float(b)] for name, a, b in zip(names, low, high, strict=True)}
    elif spec.recipe is not None:
        names = feature_names(spec.recipe)
    counts = window_counts(spec, series=series)
    timeline = series.timeline if series is not None else None
    constant = [name for name, (low, high) in (ranges or {}).items() if low == high]
    inside = window_counts(spec, series=series, within=True) if spec.has_series and not spec.within_series else None
    return {
        "id": spec.id,
        "title": spec.title or spec.id,
        "summary": spec.summary,
        "origin": spec.origin,
        "licence": spec.licence,
        "url": spec.url,
        "sha256": spec.sha256 or (facts["sha256"] if spec.recipe is None else expected_fingerprint(spec)),
        "generated": spec.recipe is not None,
        "present": facts["present"],
        "path": facts["path"],
        "problem": facts["problem"],
        "rows": facts["rows"] or spec.rows,
        "published_rows": spec.published_rows,
        "series": None if series is None or series.windows else len(timeline.whole if timeline else series.parts),
        "features": facts["features"],
        "names": list(names),
        "ranges": ranges,
        "time": asdict(timeline) if timeline else None,
        "lost_to_gaps": _lost(spec, series, counts),
        "constant": constant,
        "stride": spec.stride,
        "windows": {str(length): count for length, count in counts.items()} if counts else None,
        "windows_within_series": {str(length): count for length, count in inside.items()} if inside else None,
        "notes": list(spec.notes),
        "score_notes": dict(spec.score_notes),
        "strict_note": spec.strict_note,
    }


def card_text(facts: dict[str, Any]) -> str:
    """A card as plain text: a line a fact, features with their ranges, then the known disagreements."""
    lines = [f"{facts['title']} ({facts['id']})", facts["summary"], ""]
    rows = "generated for each length" if facts["generated"] else _number(facts["rows"])
    if facts["published_rows"]:
        rows += f" (the papers say {_number(facts['published_rows'])})"
    entries = {
        "Origin": facts["origin"],
        "Licence": facts["licence"],
        "Address": facts["url"],
        "Recipe" if facts["generated"] else "SHA-256": facts["sha256"],
        "File": facts["path"],
        "Missing" if not facts["present"] else "Problem": facts["problem"],
        "Rows": rows,
        "Series": _number(facts["series"]) if facts["series"] not in (None, 1) else None,
        "Features": _number(facts["features"]),
        "Time": _time_text(facts["time"]),
        "Constant": ", ".join(facts["constant"]),
        "Windows": _counts(facts["windows"]),
        "  lost to gaps": _counts(facts["lost_to_gaps"]),
        "  within series": _counts(facts["windows_within_series"]),
    }
    width = max(len(name) for name in entries)
    lines += [f"{name:<{width}}  {value}" for name, value in entries.items() if value]
    if facts["ranges"]:
        longest = max(len(name) for name in facts["ranges"])
        lines += [
            "",
            "Ranges",
            *(f"  {name:<{longest}}  {a:.6g} to {b:.6g}" for name, (a, b) in facts["ranges"].items()),
        ]
    elif facts["names"]:
        lines += ["", "Names", f"  {', '.join(facts['names'])}"]
    remarks = [*facts["notes"], *(f"score {name}: {text}" for name, text in facts["score_notes"].items())]
    remarks += [f"protocol strict: {facts['strict_note']}"] if facts["strict_note"] else []
    if remarks:
        lines += ["", "Known disagreements and remarks", *(f"  - {remark}" for remark in remarks)]
    return "\n".join(lines) + "\n"


def _lost(spec: DatasetSpec, series: Series | None, counts: dict[int, int] | None) -> dict[str, int] | None:
    """Windows by length that the gaps in time cost."""
    if series is None or counts is None or series.timeline is None or not series.timeline.gaps:
        return None
    whole = series.timeline.whole
    return {str(length): count_windows(whole, length, spec.stride) - count for length, count in counts.items()}


def _time_text(time: dict[str, Any] | None) -> str | None:
    if time is None:
        return None
    words = [f"column '{time['column']}'{' (recognised)' if time['recognised'] else ''}, step {time['step']}"]
    if time["unordered"]:
        words.append(f"sorted: {time['unordered']:,} row{'s' if time['unordered'] > 1 else ''} stood out of order")
    gaps = time["gaps"]
    words.append(
        f"{gaps:,} gap{'s' if gaps > 1 else ''}, the largest {time['largest']}; no window crosses one"
        if gaps
        else "no gap"
    )
    return "; ".join(words)


def _number(value: int | None) -> str:
    return "not known" if value is None else f"{value:,}"


def _counts(counts: dict[str, int] | None) -> str | None:
    return ", ".join(f"{count:,} at {length}" for length, count in counts.items()) if counts else None
