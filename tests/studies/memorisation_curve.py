"""Fidelity against memorisation while TimeMAR-S's stage 2 trains: scores at every tenth, nothing is chosen by them.

    python -m tests.studies.memorisation_curve --dataset stocks --protocol strict --budget fast --data-dir FOLDER

At each tenth of stage 2 (weights of the running average) windows are drawn and compared with those that a cell of the protocol is
scored on. Beside the scores stand nats a window of training and, under strict, validation windows with ln N, and the share of
generated windows whose tokens of the first three scales are those of a training window. Drawn with lines of `oracle`, of `copy`
and of copied windows as stage 1 reconstructs them, the limit that it sets. `--stage1-epochs` shortens stage 1.
A study that was stopped goes on: checkpoints in `runs/memorisation_curve`, results and figure in
`results/measured/memorisation_curve`.
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmark.config.generators import load_spec, resolve
from benchmark.data import WindowSet, load_windows
from benchmark.data import load_spec as load_dataset_spec
from benchmark.interface import FitContext, Progress, Windows
from benchmark.report.published import published_scores
from benchmark.training import as_tensor, build, seeded, train
from metrics.base import Blocks, Metric, ScoreContext
from metrics.registry import load
from tests.studies.record import MEASURED, ROOT, read, table, write
from timemar.architecture import Stages, make_noise, make_tokenizer
from timemar.generator import TimeMAR
from timemar.token_training import TokenTask, negative_log_likelihood
from timemar.tokenizer_training import TokenizerTask, reconstruct_all, tokenize_all
from timemar.transformer import TokenTransformer

LENGTH, TENTHS, SEEDS = 24, 10, (0, 1, 2)
SCORES = ("context_fid", "discriminative", "dcr_ratio", "duplicates")
WITH_VALIDATION = ("membership_attack", "data_copying")
HEADS = {
    "context_fid": ("Context-FID", ".4f"),
    "discriminative": ("Discriminative", ".3f"),
    "dcr_ratio": ("DCR ratio", ".2f"),
    "duplicates": ("duplicates", ".2f"),
    "membership_attack": ("attack AUC", ".3f"),
    "data_copying": ("C_T", ".1f"),
    "training_nats": ("nats a window, training", ".2f"),
    "validation_nats": ("validation", ".0f"),
    "shared_prefixes": ("shared prefixes", ".2f"),
}
LINES = {"copy": ":", "reconstruction": (0, (3, 1, 1, 1)), "oracle": "--"}
PREFIX = 3
"""Scales whose tokens are compared with those of training windows."""


def report(progress: Progress) -> None:
    """A line every thousand steps."""
    if progress.step % 1000 == 0 or progress.step == progress.total:
        print(f"{progress.stage} {progress.step} of {progress.total}", flush=True)  # noqa: T201


class Study:
    """One model on one data set under one protocol."""

    def __init__(self, dataset: str, protocol: Any, budget: str, data_dir: Path, stage1_epochs: int | None) -> None:
        name = "-".join(str(part) for part in (dataset, protocol, budget, stage1_epochs) if part is not None)
        self.folder = ROOT / "runs" / "memorisation_curve" / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.path = MEASURED / "memorisation_curve" / f"{name}.json"
        self.dataset, self.data_dir = load_dataset_spec(dataset), data_dir
        self.windows: WindowSet = load_windows(
            self.dataset, LENGTH, protocol, data_dir=data_dir, cache_dir=self.folder, seed_for_split=0
        )
        features = self.windows.train.shape[2]
        setting = {"dataset": dataset, "features": features, "length": LENGTH, "budget": budget, "protocol": protocol}
        chosen = {} if stage1_epochs is None else {"stage1_epochs": stage1_epochs, "stage1_steps": None}
        self.model = TimeMAR(**resolve(load_spec("timemar_s"), setting, chosen).params)
        self.context = FitContext(seed=0, checkpoint_dir=self.folder, progress=report)
        self.seeds = torch.randint(2**31, (4,), generator=seeded(0)).tolist()
        self.metrics: dict[str, Metric] = {
            name: load(name)() for name in (*SCORES, *(WITH_VALIDATION if self.windows.validation is not None else ()))
        }
        self.prepared: dict[str, Any] = {}

    def tokenizer(self, data: Tensor) -> Any:
        """Stage 1, as `TimeMAR.fit` trains it."""
        config = self.model.config
        schedule = config.stage1.schedule("stage1", len(data))
        tokenizer = make_tokenizer(LENGTH, data.shape[2], config.tokenizer, seeded(self.seeds[0]))
        tokenizer.fit_scaling(data)
        task = TokenizerTask(
            tokenizer, data, schedule=schedule, batch=config.stage1.batch, weight_decay=config.stage1.weight_decay,
            weights=config.weights, clip=config.clip, reseed_every=config.reseed_every, mixing=config.mixing,
        )  # fmt: skip
        train(task, name="stage1", steps=schedule.steps, context=self.context, rng=seeded(self.seeds[1]))
        return tokenizer.eval().requires_grad_(False)

    def run(self) -> dict[str, Any]:
        """Train, and score at every tenth of stage 2 that is not kept yet."""
        data, config = as_tensor(self.windows.train), self.model.config
        tokenizer = self.tokenizer(data)
        tokens = tokenize_all(tokenizer, data)
        held = self.windows.validation
        validation = None if held is None else tokenize_all(tokenizer, as_tensor(held))
        schedule = config.stage2.schedule("stage2", len(data))
        transformer = build(
            lambda: TokenTransformer(config.tokenizer.vocab_size, tokenizer.quantizer.patch_nums, config.transformer),
            seeded(self.seeds[2]),
        )
        task = TokenTask(
            transformer, tokens, schedule=schedule, batch=config.stage2.batch, weight_decay=config.stage2.weight_decay,
            corruption=config.corruption, clip=config.clip, ema=config.ema,
        )  # fmt: skip
        stream = seeded(self.seeds[3])
        results = read(self.path)["results"]
        if "controls" not in results:
            write(self.path, results := {**results, "controls": self.controls(tokenizer, tokens)})
        for tenth in range(1, TENTHS + 1):
            steps = round(schedule.steps * tenth / TENTHS)
            train(task, name="stage2", steps=steps, context=self.context, rng=stream)
            if str(steps) not in results:
                averaged = copy.deepcopy(transformer).eval()
                averaged.load_state_dict({**averaged.state_dict(), **task.average.mean})
                found = self.measured(tokenizer, averaged, tokens, validation)
                write(self.path, results := {**results, str(steps): found})
        return results

    def measured(
        self, tokenizer: Any, transformer: TokenTransformer, tokens: Tensor, validation: Tensor | None
    ) -> dict[str, float]:
        """Scores, likelihoods and shared prefixes of a model as it is now."""
        noise = make_noise(LENGTH, self.windows.train.shape[2], noisy=False)
        generator = copy.copy(self.model)
        generator._keep(Stages(tokenizer, transformer, noise), (LENGTH, self.windows.train.shape[2]))
        count = len(self.windows.test)
        found = self.scores(generator.sample(count, 1))
        length = sum(tokenizer.quantizer.patch_nums)
        found["training_nats"] = length * negative_log_likelihood(transformer, tokens)
        if validation is not None:
            found["validation_nats"] = length * negative_log_likelihood(transformer, validation)
        prefix = sum(tokenizer.quantizer.patch_nums[:PREFIX])
        known = {tuple(row) for row in tokens[:, :prefix].tolist()}
        drawn = generator.sample_tokens(count, 1)[:, :prefix].tolist()
        found["shared_prefixes"] = sum(tuple(row) in known for row in drawn) / len(drawn)
        return found

    def controls(self, tokenizer: Any, tokens: Tensor) -> dict[str, dict[str, float]]:
        """Scores of training windows drawn again, of their reconstructions, and of real windows that no test window is one of."""
        count = len(self.windows.test)
        rows = torch.randint(len(self.windows.train), (count,), generator=seeded(5))
        found = {
            "copy": self.scores(self.windows.train[rows.numpy()]),
            "reconstruction": self.scores(reconstruct_all(tokenizer, tokens[rows]).numpy()),
        }
        if self.windows.validation is not None:
            found["oracle"] = self.scores(self.windows.validation[:count])
        else:
            found["oracle"] = self.scores_of_halves()
        return {**found, "windows": {"training": len(self.windows.train), "log": math.log(len(self.windows.train))}}

    def scores_of_halves(self) -> dict[str, float]:
        """Scores of one half of the windows beside the other, as a cell of the oracle has them."""
        windows = load_windows(
            self.dataset, LENGTH, "paper", data_dir=self.data_dir, view="real_disjoint", seed_for_split=0
        )
        assert windows.real_disjoint is not None
        return self.scores(windows.real_disjoint, windows)

    def scores(self, generated: Windows, windows: WindowSet | None = None) -> dict[str, float]:
        """Every score of generated windows beside `windows`, the study's own by default; the mean over repetitions."""
        prepared, windows = ({}, windows) if windows is not None else (self.prepared, self.windows)
        numbers = windows.blocks
        blocks = Blocks(numbers["test"], numbers["train"], numbers["validation"]) if numbers else None
        found = {}
        for name, metric in self.metrics.items():
            if metric.shared and name not in prepared:
                prepared[name] = [metric.prepare(windows.test, seed) for seed in SEEDS]
            context = ScoreContext(
                seeds=SEEDS, training=windows.train, validation=windows.validation, blocks=blocks,
                prepared=prepared.get(name, ()),
            )  # fmt: skip
            values = metric.compute(windows.test, generated, context).values
            found[name] = sum(values) / len(values)
        return found


def table_of(results: dict[str, Any]) -> str:
    """Every score at each tenth and of the controls, as the page shows them."""
    steps = sorted(int(key) for key in results if key.isdigit())
    scores = [score for score in HEADS if score in results[str(steps[0])]]

    def row(title: str, found: dict[str, float]) -> list[str]:
        texts = (format(found[score], HEADS[score][1]) if score in found else "" for score in scores)
        return [title, *texts]

    rows = [row(f"{step:,}", results[str(step)]) for step in steps]
    rows += [row(f"*{name}*", results["controls"][name]) for name in LINES if name in results["controls"]]
    return table(["steps", *(HEADS[score][0] for score in scores)], rows)


def draw(results: dict[str, Any], path: Path, published: float | None) -> None:
    """Context-FID, distance to the closest training window and nats a window along stage 2."""
    from matplotlib.figure import Figure

    from benchmark.plots.style import COLOURS, DOUBLE, style

    steps = sorted(int(key) for key in results if key.isdigit())
    along = {name: [results[str(step)].get(name) for step in steps] for name in results[str(steps[0])]}
    with style():
        figure = Figure(figsize=(DOUBLE, 2.5), layout="constrained")
        fidelity, closest, nats = figure.subplots(1, 3)
        fidelity.plot(steps, along["context_fid"], marker="o", markersize=3, color=COLOURS[0], label="TimeMAR-S")
        closest.plot(steps, along["dcr_ratio"], marker="o", markersize=3, color=COLOURS[0], label="distance")
        closest.plot(
            steps, along["shared_prefixes"], marker="s", markersize=3, color=COLOURS[1], label="shared prefixes"
        )
        nats.plot(steps, along["training_nats"], marker="o", markersize=3, color=COLOURS[0], label="training")
        if "validation_nats" in along:
            nats.plot(steps, along["validation_nats"], marker="s", markersize=3, color=COLOURS[1], label="validation")
        for name, line in LINES.items():
            if name in results["controls"]:
                fidelity.axhline(results["controls"][name]["context_fid"], linestyle=line, color="black", label=name)
                closest.axhline(results["controls"][name]["dcr_ratio"], linestyle=line, color="black", label=name)
        if published is not None:
            fidelity.axhline(published, linestyle="-.", color=COLOURS[2], label="published")
        nats.axhline(results["controls"]["windows"]["log"], linestyle=":", color="black", label="ln N")
        fidelity.set_yscale("log")
        nats.set_yscale("log")
        for panel, name in ((fidelity, "Context-FID"), (closest, "DCR ratio, share"), (nats, "nats a window")):
            panel.set_xlabel("steps of stage 2")
            panel.set_ylabel(name)
            panel.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncol=2)
        figure.savefig(path, dpi=200)


def main() -> None:
    """Run, draw and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="stocks")
    parser.add_argument("--protocol", default="strict", choices=("paper", "strict"))
    parser.add_argument("--budget", default="fast")
    parser.add_argument("--stage1-epochs", type=int, help="epochs of stage 1, instead of the budget's")
    parser.add_argument("--data-dir", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    started = time.process_time()
    study = Study(arguments.dataset, arguments.protocol, arguments.budget, arguments.data_dir, arguments.stage1_epochs)
    results = study.run()
    published = published_scores().get(("context_fid", arguments.dataset, LENGTH, "timemar_s"))
    comparable = arguments.protocol == "paper" and published is not None
    draw(results, study.path.with_suffix(".png"), published.value if comparable else None)
    print(f"{time.process_time() - started:.0f} CPU s\n{table_of(results)}")  # noqa: T201


if __name__ == "__main__":
    main()
