"""Running cells: the runner, its worker processes and the stages that they compute."""
