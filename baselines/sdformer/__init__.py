"""SDformer (Chen et al. 2024): a VQ-VAE with a transformer over its tokens."""
