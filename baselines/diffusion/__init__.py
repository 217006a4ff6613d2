"""What the diffusion models share: noise schedules, samplers, layers and the training loop."""
