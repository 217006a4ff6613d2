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
    """Windows by length under protocol paper, from the stated counts or from `series`; None where rows are not known.

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
    record: dict[str, Any] = {
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
            record |= {"present": True, "path": str(path), "sha256": file_sha256(path)}
            if spec.sha256 is not None:
                record["checksum"] = "right" if record["sha256"] == spec.sha256 else "wrong"
            series = load_series(spec, data_dir)
            record |= {
                "rows": series.rows,
                "features": len(series.names),
                "windows": window_counts(spec, series=series),
            }
        else:
            fingerprint(spec, data_dir)
            record |= {"present": True, "windows": window_counts(spec)}
    except (SkipCell, UserError) as reason:
        record["problem"] = str(reason)
    return record, series


def card(spec: DatasetSpec, data_dir: Path | None) -> dict[str, Any]:
    """Everything known about a data set, JSON-able; ranges and names of a recorded set only where its file is here."""
    record, series = _inspect(spec, data_dir)
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
        "sha256": spec.sha256 or (record["sha256"] if spec.recipe is None else expected_fingerprint(spec)),
        "generated": spec.recipe is not None,
        "present": record["present"],
        "path": record["path"],
        "problem": record["problem"],
        "rows": record["rows"] or spec.rows,
        "published_rows": spec.published_rows,
        "series": None if series is None or series.windows else len(series.whole),
        "features": record["features"],
        "names": list(names),
        "ranges": ranges,
        "time": asdict(timeline) if timeline else None,
        "missing": asdict(series.missing) if series is not None and series.missing else None,
        "one_hot": dict(series.one_hot) if series is not None else {},
        "remarks": series.remarks if series is not None else [],
        "lost_to_gaps": _lost(spec, series, counts),
        "constant": constant,
        "stride": spec.stride,
        "windows": {str(length): count for length, count in counts.items()} if counts else None,
        "windows_within_series": {str(length): count for length, count in inside.items()} if inside else None,
        "notes": list(spec.notes),
        "score_notes": dict(spec.score_notes),
        "strict_note": spec.strict_note,
    }


def card_text(record: dict[str, Any]) -> str:
    """A card as plain text: an entry a line, features with their ranges, then the known disagreements."""
    lines = [f"{record['title']} ({record['id']})", record["summary"], ""]
    rows = "generated for each length" if record["generated"] else _number(record["rows"])
    if record["published_rows"]:
        rows += f" (the papers say {_number(record['published_rows'])})"
    entries = {
        "Origin": record["origin"],
        "Licence": record["licence"],
        "Address": record["url"],
        "Recipe" if record["generated"] else "SHA-256": record["sha256"],
        "File": record["path"],
        "Missing" if not record["present"] else "Problem": record["problem"],
        "Rows": rows,
        "Series": _number(record["series"]) if record["series"] not in (None, 1) else None,
        "Features": _number(record["features"]),
        "Time": _time_text(record["time"]),
        "Cells": "; ".join(record["remarks"]),
        "Constant": ", ".join(record["constant"]),
        "Windows": _counts(record["windows"]),
        "  lost to gaps": _counts(record["lost_to_gaps"]),
        "  within series": _counts(record["windows_within_series"]),
    }
    width = max(len(name) for name in entries)
    lines += [f"{name:<{width}}  {value}" for name, value in entries.items() if value]
    if record["ranges"]:
        longest = max(len(name) for name in record["ranges"])
        lines += [
            "",
            "Ranges",
            *(f"  {name:<{longest}}  {a:.6g} to {b:.6g}" for name, (a, b) in record["ranges"].items()),
        ]
    elif record["names"]:
        lines += ["", "Names", f"  {', '.join(record['names'])}"]
    remarks = [*record["notes"], *(f"score {name}: {text}" for name, text in record["score_notes"].items())]
    remarks += [f"protocol strict: {record['strict_note']}"] if record["strict_note"] else []
    if remarks:
        lines += ["", "Known disagreements and remarks", *(f"  - {remark}" for remark in remarks)]
    return "\n".join(lines) + "\n"


def _lost(spec: DatasetSpec, series: Series | None, counts: dict[int, int] | None) -> dict[str, int] | None:
    """Windows by length that gaps in time and rows left out cost."""
    if series is None or counts is None or not series.gaps:
        return None
    return {str(length): count_windows(series.whole, length, spec.stride) - count for length, count in counts.items()}


def _time_text(time: dict[str, Any] | None) -> str | None:
    if time is None:
        return None
    known = ", ".join(filter(None, ["recognised" if time["recognised"] else "", time["form"]]))
    words = [f"column '{time['column']}'{f' ({known})' if known else ''}, step {time['step']}"]
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
