"""Training of stage 2: next-token prediction over the frozen tokenizer's tokens."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from benchmark.training import NetworkTask, WeightAverage, adamw, is_reported, set_dropout_rng, set_learning_rate
from benchmark.training.averaging import inverse_decay
from benchmark.training.tokens import shift_right, token_nats
from timemar.compilation import training_pass
from timemar.precision import Precision, mixed
from timemar.schedule import Schedule
from timemar.transformer import TokenTransformer


def corrupt(inputs: Tensor, share: float, vocab_size: int, rng: torch.Generator) -> Tensor:
    """Inputs (B, n) with each token after [BOS] replaced by a random code with probability `share`."""
    random = torch.randint(vocab_size, inputs.shape, generator=rng, device=inputs.device)
    replaced = torch.rand(inputs.shape, generator=rng, device=inputs.device) < share
    replaced[:, 0] = False
    return torch.where(replaced, random, inputs)


class TokenTask(NetworkTask[TokenTransformer]):
    """Stage 2 as a task of the training loop, over tokens (N, n) on the model's device."""

    def __init__(
        self,
        model: TokenTransformer,
        tokens: Tensor,
        *,
        schedule: Schedule,
        batch: int,
        weight_decay: float,
        corruption: float,
        clip: float,
        ema: float,
        precision: Precision = "float32",
        compiled: bool = False,
        validation: Tensor | None = None,
    ) -> None:
        optimizer = adamw(model.parameters(), schedule.peak, betas=(0.9, 0.95), decay=weight_decay)
        super().__init__(model, optimizer)
        self.tokens, self.validation = tokens, validation
        self.schedule, self.batch, self.corruption, self.clip = schedule, batch, corruption, clip
        self.precision = mixed(tokens.device, precision)
        self.forward = training_pass(model, tokens.device, compiled=compiled)
        self.average = WeightAverage(model, partial(inverse_decay, largest=ema))

    def step(self, step: int, rng: torch.Generator) -> Mapping[str, Tensor]:
        """One optimizer step on a random batch; the metrics are nats a token, of the batch and of held-out windows."""
        set_learning_rate(self.optimizer, self.schedule.learning_rate(step))
        set_dropout_rng(self.network, rng)
        rows = torch.randint(len(self.tokens), (self.batch,), generator=rng, device=self.tokens.device)
        targets = self.tokens[rows]
        inputs = shift_right(targets, self.network.vocab_size)
        if self.corruption > 0:
            inputs = corrupt(inputs, self.corruption, self.network.vocab_size, rng)
        with self.precision:
            logits = self.forward(inputs)
        loss = functional.cross_entropy(logits.flatten(0, 1).float(), targets.flatten())
        self.descend_clipped(loss, self.clip)
        self.average.update(step)
        metrics = {"loss": loss.detach()}
        if self.validation is not None and is_reported(step, self.schedule.steps):
            self.network.eval()
            metrics["validation"] = torch.tensor(negative_log_likelihood(self.network, self.validation))
            self.network.train()
        return metrics

    def state(self) -> dict[str, Tensor]:
        """Weights, their running average and the optimizer's moments."""
        return {**super().state(), **self.average.state()}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take back what `state` returned."""
        super().load_state(state)
        self.average.load_state(state)


@torch.no_grad()
def window_nats(model: TokenTransformer, tokens: Tensor, batch: int = 1024) -> Tensor:
    """−ln P of each window's tokens (N, n), in nats, float64 (N,); call it in evaluation mode."""
    start = model.vocab_size
    nats = [token_nats(model(shift_right(part, start)), part).double().sum(dim=1) for part in tokens.split(batch)]
    return torch.cat(nats)


def negative_log_likelihood(model: TokenTransformer, tokens: Tensor) -> float:
    """Mean over windows and tokens (N, n) of −ln P(y_i | y_<i), in nats a token; call it in evaluation mode."""
    return float(window_nats(model, tokens).mean()) / tokens.shape[1]
