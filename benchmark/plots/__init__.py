"""Figures of what a store holds: windows, their distributions, a suite's scores. PNG and PDF, equal bytes for equal results."""
