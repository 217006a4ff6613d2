"""TimeGAN's losses and its three phases as tasks of the shared loop; sequences are (T, B, ·)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from baselines.timegan.networks import Networks
from benchmark.training import adamw, descend, restore_training, training_state


def supervised_loss(latent: Tensor, predicted: Tensor) -> Tensor:
    """Mean square of the next latent step minus its prediction, both (T, B, H) (the paper's equation 9)."""
    return functional.mse_loss(predicted[:-1], latent[1:])


def moment_loss(fake: Tensor, real: Tensor) -> Tensor:
    """Mean distance of the batch's standard deviations plus that of its means, both (T, B, D) (official code only)."""
    stds = [(x.var(dim=1, correction=0) + 1e-6).sqrt() for x in (fake, real)]
    means = (fake.mean(dim=1) - real.mean(dim=1)).abs().mean()
    return (stds[0] - stds[1]).abs().mean() + means


def reconstruction_loss(windows: Tensor, rebuilt: Tensor) -> Tensor:
    """Ten times the root of the mean square error."""
    return 10 * functional.mse_loss(rebuilt, windows).sqrt()


def discriminator_loss(networks: Networks, windows: Tensor, noise: Tensor, gamma: float) -> Tensor:
    """Cross-entropy in nats of telling real latent steps from supervised and plain generated ones, the last times `gamma`."""
    with torch.no_grad():
        real = networks.embedder(windows)
        plain = networks.generator(noise)
        fake = networks.supervisor(plain)
    # One pass over the three: the network has no statistics of a batch.
    real_logit, fake_logit, plain_logit = networks.discriminator(torch.cat((real, fake, plain), dim=1)).chunk(3, dim=1)
    return (
        functional.softplus(-real_logit).mean()
        + functional.softplus(fake_logit).mean()
        + gamma * functional.softplus(plain_logit).mean()
    )


def generator_loss(networks: Networks, windows: Tensor, noise: Tensor, gamma: float) -> dict[str, Tensor]:
    """The generator's loss and its terms: adversarial (both fakes), supervised (100 √S) and moments (100 V)."""
    with torch.no_grad():
        real = networks.embedder(windows)
    plain = networks.generator(noise)
    fake, predicted = networks.supervisor(torch.cat((plain, real), dim=1)).chunk(2, dim=1)
    fake_logit, plain_logit = networks.discriminator(torch.cat((fake, plain), dim=1)).chunk(2, dim=1)
    adversarial = functional.softplus(-fake_logit).mean() + gamma * functional.softplus(-plain_logit).mean()
    supervised = supervised_loss(real, predicted)
    moments = moment_loss(networks.recovery(fake), windows)
    return {
        "loss": adversarial + 100 * supervised.sqrt() + 100 * moments,
        "adversarial": adversarial,
        "supervised": supervised,
        "moments": moments,
    }


class _Phase:
    """Batches of sequences (T, N, D), and a state of networks and optimizers."""

    def __init__(self, networks: Networks, series: Tensor, batch: int) -> None:
        self.networks, self.series = networks, series
        self.batch = min(batch, series.shape[1])
        self.optimizers: dict[str, torch.optim.Optimizer] = {}

    def add(self, name: str, learning_rate: float, *parts: str) -> None:
        """An Adam of its own over some networks (AdamW without decay is Adam)."""
        parameters = [p for part in parts for p in getattr(self.networks, part).parameters()]
        self.optimizers[name] = adamw(parameters, learning_rate, decay=0.0)

    def draw(self, rng: torch.Generator) -> Tensor:
        """A batch (T, B, D) of different windows."""
        order = torch.randperm(self.series.shape[1], generator=rng, device=self.series.device)
        return self.series.index_select(1, order[: self.batch])

    def noise(self, rng: torch.Generator) -> Tensor:
        """Uniform noise (T, B, D) in (0, 1)."""
        shape = (self.series.shape[0], self.batch, self.series.shape[2])
        return torch.rand(shape, generator=rng, device=self.series.device)

    def state(self) -> dict[str, Tensor]:
        """All weights and every optimizer's moments."""
        return training_state(self.networks, **self.optimizers)

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take back what `state` returned."""
        restore_training(state, self.networks, **self.optimizers)


class EmbeddingTask(_Phase):
    """Phase 1: embedder and recovery learn to rebuild windows."""

    def __init__(self, networks: Networks, series: Tensor, *, batch: int, learning_rate: float) -> None:
        super().__init__(networks, series, batch)
        self.add("autoencoder", learning_rate, "embedder", "recovery")

    def step(self, step: int, rng: torch.Generator) -> Mapping[str, Tensor]:
        """One optimizer step; the metric is the reconstruction loss."""
        del step
        windows = self.draw(rng)
        loss = reconstruction_loss(windows, self.networks.recovery(self.networks.embedder(windows)))
        descend(self.optimizers["autoencoder"], loss)
        return {"loss": loss.detach()}


class SupervisedTask(_Phase):
    """Phase 2: the supervisor learns the next latent step; the generator is in the official list too, but has no gradient."""

    def __init__(self, networks: Networks, series: Tensor, *, batch: int, learning_rate: float) -> None:
        super().__init__(networks, series, batch)
        self.add("supervisor", learning_rate, "supervisor")

    def step(self, step: int, rng: torch.Generator) -> Mapping[str, Tensor]:
        """One optimizer step; the metric is the supervised loss."""
        del step
        with torch.no_grad():
            latent = self.networks.embedder(self.draw(rng))
        loss = supervised_loss(latent, self.networks.supervisor(latent))
        descend(self.optimizers["supervisor"], loss)
        return {"loss": loss.detach()}


class JointTask(_Phase):
    """Phase 3: twice generator then autoencoder, then the discriminator where its loss exceeds `threshold`."""

    def __init__(
        self, networks: Networks, series: Tensor, *, batch: int, learning_rate: float, gamma: float, threshold: float
    ) -> None:
        super().__init__(networks, series, batch)
        self.gamma, self.threshold = gamma, threshold
        self.add("generator", learning_rate, "generator", "supervisor")
        self.add("joint_autoencoder", learning_rate, "embedder", "recovery")
        self.add("discriminator", learning_rate, "discriminator")

    def step(self, step: int, rng: torch.Generator) -> Mapping[str, Tensor]:
        """One iteration; metrics: the generator's loss and its terms, the autoencoder's and the discriminator's loss."""
        del step
        nets = self.networks
        for _ in range(2):
            windows = self.draw(rng)
            terms = generator_loss(nets, windows, self.noise(rng), self.gamma)
            descend(self.optimizers["generator"], terms["loss"])
            latent = nets.embedder(windows)
            rebuilt = reconstruction_loss(windows, nets.recovery(latent))
            descend(
                self.optimizers["joint_autoencoder"], rebuilt + 0.1 * supervised_loss(latent, nets.supervisor(latent))
            )
        judged = discriminator_loss(nets, self.draw(rng), self.noise(rng), self.gamma)
        if float(judged.detach()) > self.threshold:
            descend(self.optimizers["discriminator"], judged)
        return {
            **{name: value.detach() for name, value in terms.items()},
            "reconstruction": rebuilt.detach(),
            "discriminator": judged.detach(),
        }
