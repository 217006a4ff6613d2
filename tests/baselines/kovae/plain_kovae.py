"""KoVAE read literally on the weights of our network, by PyTorch's own GRU and cell: what ours is held against."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from baselines.kovae.network import KoVAENetwork
from baselines.kovae.recurrence import BidirectionalGRU, RecurrentPrior


def official_gru(ours: BidirectionalGRU) -> nn.GRU:
    """PyTorch's GRU with the weights of ours; rows of a layer's matrices are the gates r, z, n."""
    inputs, units = ours[0].inputs.shape[3], ours[0].units
    with torch.device("meta"):
        gru = nn.GRU(inputs, units, len(ours), bidirectional=True, batch_first=True)
    gru = gru.to_empty(device="cpu").to(ours[0].inputs.dtype)
    for place, layer in enumerate(ours):
        for direction, suffix in enumerate(("", "_reverse")):
            with torch.no_grad():
                gru.get_parameter(f"weight_ih_l{place}{suffix}").copy_(layer.inputs[direction].flatten(0, 1))
                gru.get_parameter(f"weight_hh_l{place}{suffix}").copy_(layer.states[direction].flatten(0, 1))
                gru.get_parameter(f"bias_ih_l{place}{suffix}").copy_(layer.input_bias[direction].flatten())
                gru.get_parameter(f"bias_hh_l{place}{suffix}").copy_(layer.state_bias[direction].flatten())
    return gru


def plain_prior(prior: RecurrentPrior, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Samples, means and log-variances (T, B, K), step by step by PyTorch's cell: each sample is fed back."""
    z, h = noise.new_zeros(noise.shape[1:]), noise.new_zeros(noise.shape[1], prior.states.shape[1])
    made = []
    for eps in noise:
        h = torch.gru_cell(z, h, prior.inputs, prior.states, prior.input_bias, prior.state_bias)
        mean, log_variance = prior.heads(h).chunk(2, dim=1)
        z = mean + (log_variance / 2).exp() * eps
        made.append((z, mean, log_variance))
    samples, means, log_variances = zip(*made, strict=True)
    return torch.stack(samples), torch.stack(means), torch.stack(log_variances)


def plain_koopman(latent: Tensor) -> Tensor:
    """The error of the best linear map from step to step, by QR with its gradient, over the norm of the prediction."""
    before, after = latent[:-1].flatten(0, 1), latent[1:].flatten(0, 1)
    orthogonal, triangle = torch.linalg.qr(before)
    predicted = before @ torch.linalg.solve_triangular(triangle, orthogonal.t() @ after, upper=True)
    return ((predicted - after) ** 2).mean() / torch.linalg.matrix_norm(predicted)


class PlainKoVAE(nn.Module):
    """The loss of windows (B, T, D) and noise (T, B, K), and windows of noise, by layers with the weights of `net`."""

    def __init__(self, net: KoVAENetwork) -> None:
        super().__init__()
        self.encoder, self.decoder = official_gru(net.encoder), official_gru(net.decoder)
        self.norm, self.posterior, self.prior, self.output = net.norm, net.posterior, net.prior, net.output

    def loss(self, windows: Tensor, noise: Tensor, prior_noise: Tensor, weights: tuple[float, float]) -> Tensor:
        """Squared error plus weighted divergence and Koopman term."""
        states = nn.functional.batch_norm(
            self.encoder(windows)[0].transpose(1, 2), None, None, self.norm.weight, self.norm.bias, training=True
        ).transpose(1, 2)
        mean, log_variance = self.posterior(states).chunk(2, dim=2)
        decoded = self.decode(mean + (log_variance / 2).exp() * noise.transpose(0, 1))
        drawn, prior_mean, prior_log = plain_prior(self.prior, prior_noise)
        prior_mean, prior_log = prior_mean.transpose(0, 1), prior_log.transpose(0, 1)
        ratio = (log_variance.exp() + (mean - prior_mean) ** 2) / prior_log.exp()
        nats = 0.5 * (prior_log - log_variance + ratio - 1)
        error = ((decoded - windows) ** 2).sum(dim=(1, 2)).mean()
        return error + weights[0] * nats.sum(dim=(1, 2)).mean() + weights[1] * plain_koopman(drawn)

    def decode(self, latent: Tensor) -> Tensor:
        """Windows (B, T, D) of latent sequences (B, T, K)."""
        return torch.sigmoid(self.output(self.decoder(latent)[0]))

    def sample(self, noise: Tensor) -> Tensor:
        """Windows (B, T, D) of noise (T, B, K)."""
        return self.decode(plain_prior(self.prior, noise)[0].transpose(0, 1))
