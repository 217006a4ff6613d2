"""Tracking with MLflow: derived from the store and uploaded by a process of its own."""
