"""TimeGAN (Yoon et al. 2019): a recurrent GAN in the latent space of an autoencoder."""
