"""An ablation: what a generator loses without one of its parts, over training seeds, and what can be concluded."""
