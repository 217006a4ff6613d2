"""DiffTime: a CSDI-like diffusion model of whole windows."""
