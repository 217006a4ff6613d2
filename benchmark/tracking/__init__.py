"""Tracking with MLflow: derived from the store, delivered by a process of its own, and never in a run's way."""
