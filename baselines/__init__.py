"""Competitors and controls: one file a model, each a Generator."""
