"""Where the worker processes of a run are: on this machine (`local`), or on those of a Ray cluster (`ray`)."""

EXECUTORS = ("local", "ray")
"""The default first."""
