"""DiffWave (Kong et al. 2021): a diffusion model of dilated convolutions."""
