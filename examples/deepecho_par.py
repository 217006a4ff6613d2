"""DeepEcho's PAR: a GRU that predicts the distribution of the next time step (Zhang, Patki and Veeramachaneni 2022)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

import numpy as np
import torch
from deepecho import PARModel
from deepecho.models.par import PARNet
from pydantic import Field
from safetensors.torch import load_file, save_file

from benchmark import interface
from benchmark.isolation import isolated_random_state


class PAR(interface.Generator):
    """PAR without context, every feature continuous; each of its `epochs` is one step on all windows."""

    def __init__(self, epochs: Annotated[int, Field(ge=1)] = 128) -> None:
        self.epochs = epochs

    def fit(self, windows: interface.Windows, context: interface.FitContext) -> Self:
        """Train on windows (N, T, D)."""
        interface.check_windows(windows, self)
        sequences = [{"context": [], "data": window.T.tolist()} for window in windows]
        self.model_ = PARModel(epochs=self.epochs, cuda=context.device, verbose=False)
        with isolated_random_state(context.seed):  # DeepEcho draws its first weights from torch's global state
            self.model_.fit_sequences(sequences, [], ["continuous"] * windows.shape[2])
        return self

    def sample(self, n: int, seed: int) -> interface.Windows:
        """`n` windows (n, T, D)."""
        interface.check_sampling(self, "model_", n)
        with isolated_random_state(seed):
            drawn = np.array([self.model_.sample_sequence([]) for _ in range(n)])
        return np.clip(drawn.transpose(0, 2, 1), 0.0, 1.0).astype(np.float32)

    def save(self, folder: Path) -> None:
        """Write the weights, the window's length, and the mean and spread of each feature."""
        save_file(self.model_._model.state_dict(), folder / "network.safetensors")
        features = [facts for facts in self.model_._data_map.values() if facts["type"] == "continuous"]
        scale = [[float(facts["mu"]), float(facts["std"])] for facts in features]
        interface.write_parameters(self, folder, length=self.model_._max_length, scale=scale)

    @classmethod
    def load(cls, folder: Path, device: str = "cpu") -> Self:
        """What `save` wrote."""
        params, fitted = interface.read_parameters(folder)
        generator, features = cls(**params), len(fitted["scale"])
        model = generator.model_ = PARModel(epochs=generator.epochs, cuda=device, verbose=False)
        blank = {"context": [], "data": [[0.0] * fitted["length"]] * features}
        model._build([blank], [], ["continuous"] * features)
        for i, (mean, spread) in enumerate(fitted["scale"]):
            model._data_map[i].update(mu=mean, std=spread)
        model._model = _network(features).to_empty(device=device)
        model._model.load_state_dict(load_file(folder / "network.safetensors", device=device))
        return generator

    @property
    def num_parameters(self) -> int:
        """Weights of the network."""
        return sum(weight.numel() for weight in self.model_._model.parameters())

    def parameter_counts(self, length: int, features: int) -> Mapping[str, int]:
        """Weights of the network before training."""
        return {"network": sum(weight.numel() for weight in _network(features).parameters())}


def _network(features: int) -> PARNet:
    """The network without values: three inputs a feature, and three for the start, the end and the inside of a window."""
    with torch.device("meta"):
        return PARNet(3 * features + 3, context_size=0)
