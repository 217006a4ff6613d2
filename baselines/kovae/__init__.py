"""KoVAE (Naiman et al. 2024): a sequential VAE with a recurrent prior and a penalty on what one linear map cannot predict."""
