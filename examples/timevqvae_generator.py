"""TimeVQVAE: tokens of low and of high frequencies, drawn by two masked transformers (Lee, Malacarne and Aune, AISTATS 2023).

The package asks for Python 3.12. It has networks, losses and the decoding of tokens; the optimizer and the steps are this file's.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Self

import numpy as np
import torch
from pydantic import Field
from safetensors.torch import load_file, save_file
from timevqvae.maskgit import MaskGIT, PriorModelConfig
from timevqvae.vqvae import VQVAE
from torch import Tensor, nn

from benchmark import interface
from benchmark.isolation import isolated_random_state
from benchmark.training import EpochTask, adamw, as_tensor, seeded, train

Count = Annotated[int, Field(ge=1)]

AT_ONCE = 1000  # windows sampled side by side: bounds memory
# The sizes of the package's own example.
LOW = PriorModelConfig(hidden_dim=128, n_layers=4, heads=2, ff_mult=1, use_rmsnorm=True, p_unconditional=0.2)
HIGH = PriorModelConfig(hidden_dim=32, n_layers=1, heads=1, ff_mult=1, use_rmsnorm=True, p_unconditional=0.2)


class TimeVQVAE(interface.Generator):
    """Stage 1 learns the tokens, stage 2 their distribution; `vocab_size` codes a branch, AdamW in both stages."""

    def __init__(
        self,
        vocab_size: Count = 256,
        hidden: Count = 128,
        stage1_steps: Count = 4000,
        stage2_steps: Count = 8000,
        batch: Count = 64,
        learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1e-3,
    ) -> None:
        self.vocab_size, self.hidden = vocab_size, hidden
        self.stage1_steps, self.stage2_steps = stage1_steps, stage2_steps
        self.batch, self.learning_rate = batch, learning_rate

    def fit(self, windows: interface.Windows, context: interface.FitContext) -> Self:
        """Train both stages on windows (N, T, D); raises DivergedError or Interrupted."""
        _, length, features = interface.check_windows(windows, self)
        seeds = torch.randint(2**31, (4,), generator=seeded(context.seed)).tolist()
        data = as_tensor(windows, context.device).transpose(1, 2)
        with isolated_random_state(seeds[0]):
            vqvae = self._vqvae(length, features).to(context.device)
        task = _Stage(vqvae, lambda x: _rebuilding_loss(vqvae, x), data, self)
        train(task, name="stage1", steps=self.stage1_steps, context=context, rng=seeded(seeds[1]))
        vqvae.eval().requires_grad_(False)
        with isolated_random_state(seeds[2]):
            prior = self._prior(vqvae).to(context.device)
        task = _Stage(_transformers(prior), lambda x: prior(x, None).total_mask_prediction_loss, data, self)
        train(task, name="stage2", steps=self.stage2_steps, context=context, rng=seeded(seeds[3]))
        self.prior_, self.shape_ = prior.eval(), (length, features)
        return self

    @torch.no_grad()
    def sample(self, n: int, seed: int) -> interface.Windows:
        """`n` windows (n, T, D), clipped to [0, 1]."""
        interface.check_sampling(self, "prior_", n)
        device, parts = next(self.prior_.parameters()).device, []
        with isolated_random_state(seed):
            for start in range(0, n, AT_ONCE):
                low, high = self.prior_.iterative_decoding(min(AT_ONCE, n - start), device=device)
                parts.append(
                    self.prior_.decode_token_ind_to_timeseries(low, frequency="lf")
                    + self.prior_.decode_token_ind_to_timeseries(high, frequency="hf")
                )
        return torch.cat(parts).transpose(1, 2).clamp(0, 1).cpu().numpy().astype(np.float32, order="C")

    def save(self, folder: Path) -> None:
        """Write the weights of both stages, and the windows' shape."""
        for name, stage in (("vqvae", self.prior_.vqvae), ("transformers", _transformers(self.prior_))):
            tensors = {key: value.cpu().contiguous() for key, value in stage.state_dict().items()}
            save_file(tensors, folder / f"{name}.safetensors")
        interface.write_parameters(self, folder, shape=list(self.shape_))

    @classmethod
    def load(cls, folder: Path, device: str = "cpu") -> Self:
        """What `save` wrote."""
        params, fitted = interface.read_parameters(folder)
        generator = cls(**params)
        generator.shape_ = tuple(fitted["shape"])
        with isolated_random_state(0):
            vqvae = generator._vqvae(*generator.shape_)
            vqvae.load_state_dict(load_file(folder / "vqvae.safetensors"))
            prior = generator._prior(vqvae.eval().requires_grad_(False))
        _transformers(prior).load_state_dict(load_file(folder / "transformers.safetensors"))
        generator.prior_ = prior.to(device).eval()
        return generator

    @property
    def num_parameters(self) -> int:
        """Weights of both stages."""
        return sum(self.parameter_counts(*self.shape_).values())

    def parameter_counts(self, length: int, features: int) -> Mapping[str, int]:
        """Weights of the tokenizer and of the two transformers."""
        with isolated_random_state(0), torch.no_grad():
            vqvae = self._vqvae(length, features)
            vqvae(torch.zeros(2, features, length))  # a first pass tells the package its number of tokens
            parts = {"vqvae": vqvae, "transformers": _transformers(self._prior(vqvae))}
        return {name: sum(weight.numel() for weight in part.parameters()) for name, part in parts.items()}

    def training_windows(self, windows: int) -> int:
        """Windows in all batches of a fit."""
        return (self.stage1_steps + self.stage2_steps) * min(self.batch, windows)

    def _vqvae(self, length: int, features: int) -> VQVAE:
        sizes = {"hid_dim": self.hidden, "codebook_size_l": self.vocab_size, "codebook_size_h": self.vocab_size}
        return VQVAE(in_channels=features, input_length=length, **sizes)

    def _prior(self, vqvae: VQVAE) -> MaskGIT:
        return MaskGIT(
            vqvae=vqvae,
            lf_choice_temperature=10.0,
            hf_choice_temperature=0.0,
            lf_num_sampling_steps=10,
            hf_num_sampling_steps=10,
            lf_codebook_size=self.vocab_size,
            hf_codebook_size=self.vocab_size,
            transformer_embedding_dim=128,
            lf_prior_model_config=LOW,
            hf_prior_model_config=HIGH,
            classifier_free_guidance_scale=1.0,
        )


class _Stage(EpochTask[nn.Module]):
    """AdamW on `loss` of batches (B, D, T)."""

    def __init__(self, network: nn.Module, loss: Callable[[Tensor], Tensor], data: Tensor, settings: TimeVQVAE) -> None:
        optimizer = adamw(network.train().parameters(), settings.learning_rate)
        super().__init__(network, data, optimizer, batch=settings.batch, keep_short=False)
        self.loss = loss

    def step(self, step: int, rng: torch.Generator) -> Mapping[str, Tensor]:
        """One step; the package draws codes, masks and dropout from the global state, which `rng` seeds each time."""
        batch = self.batches.draw(step, rng)
        with isolated_random_state(int(torch.randint(2**31, (), generator=rng))):
            loss = self.loss(batch)
        self.descend(loss)
        return {"loss": loss.detach()}


def _rebuilding_loss(vqvae: VQVAE, windows: Tensor) -> Tensor:
    """Errors of both branches in time, and what holds their latents to their codes."""
    made = vqvae(windows)
    return sum(made.recons_loss.values()) + sum(branch["loss"] for branch in made.vq_losses.values())


def _transformers(prior: MaskGIT) -> nn.ModuleList:
    """What stage 2 trains; the tokenizer inside the prior is another attribute of it."""
    return nn.ModuleList([prior.transformer_l, prior.transformer_h])
