"""COT-GAN (Xu et al. 2020): a GAN trained by causal optimal transport."""
