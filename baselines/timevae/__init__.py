"""TimeVAE (Desai et al. 2021): a convolutional variational autoencoder."""
