"""Running cells: the runner, its worker processes and the stages that they compute."""

RETRIED = ("failed",)
"""The ended cells that `--retry` computes again."""
