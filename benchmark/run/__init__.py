"""Running cells: the stages, the child process that computes them, and the runner that watches over it."""
