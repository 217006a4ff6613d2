"""An ablation: what a generator loses without one of its parts, over training seeds, and which losses are distinguishable."""
