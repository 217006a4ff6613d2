"""The pages of the site that are made from the registry at build time."""
