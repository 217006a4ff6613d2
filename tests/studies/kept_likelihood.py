"""Fill the likelihood columns of kept results frames from the models in a store, which fits before these columns did not record.

    python -m tests.studies.kept_likelihood --store runs/fast results/measured/generators_fast/results.csv

Rows of cells that the store does not hold, and of generators without a likelihood, stay as they are. What was measured stands in
`likelihoods.json` beside each frame too, from which `tests.studies.kept_scores` writes a frame again.
"""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

import baselines.sdformer.training as sdformer
import timemar.token_training as timemar
from baselines.sdformer.generator import SDformer
from baselines.sdformer.objective import Autoregressive
from benchmark.data import load_spec
from benchmark.files import read_json, write_bytes, write_json
from benchmark.interface import Generator, Windows
from benchmark.report.fit_notes import LIKELIHOODS
from benchmark.store.cell_folder import CellFolder
from benchmark.store.fitted import open_fitted
from benchmark.store.store import Store
from benchmark.store.windows import cell_windows
from benchmark.training import likelihood_measurements
from tests.studies.keep_cells import read
from timemar.generator import TimeMAR
from timemar.tokenizer_training import tokenize_all


@torch.no_grad()
def nats(model: Generator, windows: Windows) -> tuple[Tensor, Tensor] | None:
    """Tokens (N, n) of windows and −ln P (N,) of them in nats; None for a model that has no joint distribution of tokens."""
    data = torch.from_numpy(windows)
    if isinstance(model, TimeMAR):
        tokens = tokenize_all(model.tokenizer_, data)
        return tokens, timemar.window_nats(model.transformer_, tokens)
    if isinstance(model, SDformer) and model.objective == "autoregressive":
        tokens = model.network_.vqvae.tokenize(data)
        return tokens, sdformer.window_nats(model.network_.transformer, tokens, Autoregressive(model.pkeep))
    return None


def measured(folder: CellFolder, store: Store) -> Mapping[str, float]:
    """The likelihoods of a cell's model; none where it is no token model."""
    record = folder.record()
    assert record is not None, folder.path
    model = open_fitted(folder, record)
    windows = cell_windows(record, load_spec(record.dataset.id), store, None)
    training = nats(model, windows.train)
    if training is None:
        return {}
    validation = None if windows.validation is None else nats(model, windows.validation)
    return likelihood_measurements(*training, None if validation is None else validation[1])


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("frames", type=Path, nargs="+")
    parser.add_argument("--store", type=Path, required=True)
    arguments = parser.parse_args()
    store = Store(arguments.store)
    folders = [folder for folder in store.folders() if folder.model.exists()]
    known: dict[str, Mapping[str, float]] = {}
    for path in arguments.frames:
        rows = read(path)
        for row in rows:
            cell = row["cell"]
            # Ablations name a cell without its key.
            found = [one for one in folders if one.path.name == cell or one.path.name.startswith(f"{cell}-")]
            if len(found) == 1 and cell not in known:
                known[cell] = measured(found[0], store)
                if known[cell]:
                    print(cell, {name: round(value, 4) for name, value in known[cell].items()}, flush=True)  # noqa: T201
            for name in LIKELIHOODS:
                row[name] = str(known.get(cell, {}).get(name, row.get(name, "")))
        beside = path.with_name("likelihoods.json")
        cells = {row["cell"] for row in rows} & {cell for cell, values in known.items() if values}
        found_here = {cell: {name: known[cell][name] for name in LIKELIHOODS if name in known[cell]} for cell in cells}
        if found_here:
            write_json(beside, {**read_json(beside), **found_here})
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_bytes(path, text.getvalue().encode())


if __name__ == "__main__":
    main()
