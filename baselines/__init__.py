"""Competitors and controls: a folder a model, each a Generator."""
