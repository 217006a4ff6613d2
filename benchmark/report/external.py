"""The table of samples from elsewhere, in the form of a suite's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmark.config.budgets import is_shortened
from benchmark.report.frame import COLUMNS
from benchmark.report.layouts import methods
from benchmark.report.table import make_table
from benchmark.report.text_table import TextTable


def external_table(result: dict[str, Any]) -> TextTable:
    """The result as the table that suites print."""
    import pandas as pd

    rows = []
    for name, scores in {"given": result["scores"], **result["controls"]}.items():
        base = {
            "cell": name,
            "generator": name,
            "altered": "",
            "title": {"given": Path(result["fake"]).name}.get(name, name.title()),
            "size_class": "other" if name == "given" else "control",
            "dataset": Path(result["real"]).name,
            "length": result["length"],
            "protocol": result["protocol"],
            "budget": result["budget"] or "none",
            "seed": 0,
            "sampling_seed": 0,
            "status": "done",
            "reason": "",
        }
        for metric, entry in scores.items():
            shared = {"metric": metric, "floor": entry["floor"], "n": entry["n"]}
            if "problem" in entry:
                rows.append({**base, **shared, "status": entry["status"], "reason": entry["problem"]})
            for repetition, value in enumerate(entry["repetitions"]):
                rows.append({**base, **shared, "repetition": repetition, "value": value})
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    table = make_table(frame, title=f"{result['fake']} against {result['real']}", dataset_titles={})
    return replace(methods(table), caption=_caption(result))


FLOOR = (
    "The floor is what a perfect generator scores: by a formula at this number of windows, or the oracle, one half of the real "
    "windows against the other."
)


def _caption(result: dict[str, Any]) -> str:
    oracle = ", oracle {:,} against {:,}".format(*result["n_oracle"]) if result["controls"] else ""
    sentences = [
        f"Windows: {result['n_fake']:,} generated against {result['n_real']:,} real{oracle}.",
        result["scaling"]["sentence"],
        f"± is the half-width of a 95 % t-interval over {result['repetitions']} repetitions of a metric on the given windows."
        if result["repetitions"] > 1
        else "",
        FLOOR,
        f"Budget {result['budget']}: a quick look; for values to report leave --budget out."
        if result["budget"] and is_shortened(result["budget"])
        else "",
    ]
    return " ".join(filter(None, sentences))
