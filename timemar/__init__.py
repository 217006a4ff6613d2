"""TimeMAR (paper sections 3 and 4): a dual-path multi-scale VQ-VAE and a token transformer, tied into one generator."""
