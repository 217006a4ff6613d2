"""Diffusion-TS (Yuan and Qiao 2024): a diffusion transformer that decomposes into trend and seasonality."""
